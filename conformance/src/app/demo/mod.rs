//! `conformance demo`: the mock, integrations and clients that are right and wrong, the judge, and its reports, on one machine.

mod subject;
mod summary;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};

use super::interrupt::stop_on_interrupt;
use super::{Failure, Voice};
use crate::cli::{self, LogLevel};
use crate::client::sweep;
use crate::exit::Exit;
use crate::report::Reporter;
use crate::report::document::{Collector, Document};
use crate::report::html::Html;
use crate::report::index;
use crate::run::event::Event;
use crate::run::stop;
use subject::Subject;

pub(super) fn run(typed: &cli::Demo, voice: &mut Voice) -> Result<Exit, Failure> {
    let folder = typed
        .out
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("conformance-demo-{}", std::process::id())));
    fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    let (stopper, stop) = stop::channel();
    stop_on_interrupt(stopper)?;
    // Clients are processes; none outlives the demo.
    sweep::adopt();
    let subjects = subject::all();
    voice.say(
        LogLevel::Info,
        &format!("judging {} programs at the same time, which takes some ten seconds", subjects.len()),
    );
    let (teller, told) = mpsc::channel();
    // All at once: most of the time is spent on waiting for what must not happen.
    let judged: Result<Vec<Document>, String> = std::thread::scope(|scope| {
        let running: Vec<_> = subjects
            .iter()
            .map(|subject| {
                let (teller, stop) = (teller.clone(), stop.clone());
                let path = folder.join(subject.file);
                scope.spawn(move || {
                    judge(subject, stop, &path, &mut |event| {
                        let step = match event {
                            Event::RunStarted(card) => Step::Begun(card.checks),
                            Event::CheckFinished(_) => Step::Judged,
                            _ => return,
                        };
                        // Whoever shows the progress may have gone.
                        let _ = teller.send(step);
                    })
                })
            })
            .collect();
        drop(teller);
        show(&told, &mut io::stderr());
        let harness = |_| Err("a part of the demo ended in a panic".to_owned());
        running.into_iter().map(|thread| thread.join().unwrap_or_else(harness)).collect()
    });
    sweep::end_all();
    let judged = judged.map_err(Failure::Harness)?;
    let page = write_index(&folder, &subjects, &judged)?;
    let mut out = voice.results();
    summary::print(&mut out, &subjects, &judged, &page)?;
    drop(out);
    if stop.is_asked() {
        return Ok(Exit::Stopped);
    }
    let odd = subjects.iter().zip(&judged).find(|(subject, document)| subject.expected != document.verdict);
    match odd {
        None => Ok(Exit::Passed),
        Some((subject, document)) => Err(Failure::Harness(format!(
            "the demo did not end as it should: '{}' came out as {}; its report says why",
            subject.words,
            document.verdict.word()
        ))),
    }
}

/// Judges one of them, and writes its report.
fn judge(subject: &Subject, stop: stop::Stop, path: &Path, tell: &mut dyn FnMut(&Event)) -> Result<Document, String> {
    let told = |error: io::Error| format!("the report {} cannot be written: {error}", path.display());
    let file = fs::File::create(path).map_err(told)?;
    let (mut html, mut collector) = (Html::new(io::BufWriter::new(file)), Collector::default());
    let (mut document, mut refused) = (None, None);
    subject.judge(stop, &mut |event| {
        tell(event);
        refused = refused.take().or(html.tell(event).err());
        document = collector.tell(event).or(document.take());
    })?;
    match (document, refused) {
        (_, Some(error)) => Err(told(error)),
        (Some(document), None) => Ok(document),
        (None, None) => Err(format!("the run of '{}' came to no end", subject.words)),
    }
}

/// What is told of the progress.
enum Step {
    /// A run has begun, with so many checks.
    Begun(usize),
    /// A check is judged.
    Judged,
}

/// Counts the checks on one line of a terminal, until nobody tells of any more.
fn show(told: &Receiver<Step>, out: &mut io::Stderr) {
    let is_shown = out.is_terminal();
    let (mut done, mut total) = (0, 0);
    while let Ok(step) = told.recv() {
        match step {
            Step::Begun(checks) => total += checks,
            Step::Judged => done += 1,
        }
        if is_shown {
            let _ = write!(out, "\r\x1b[2K[{done}/{total}] checks").and_then(|()| out.flush());
        }
    }
    if is_shown {
        let _ = write!(out, "\r\x1b[2K");
    }
}

fn write_index(folder: &Path, subjects: &[Subject], judged: &[Document]) -> Result<PathBuf, Failure> {
    let entries: Vec<index::Entry<'_>> = subjects
        .iter()
        .zip(judged)
        .map(|(subject, document)| index::Entry { words: &subject.words, file: subject.file, document })
        .collect();
    let path = folder.join("index.html");
    fs::write(&path, index::page("What the judge found", &entries)).map_err(|error| unwritable(&path, &error))?;
    Ok(path.canonicalize().unwrap_or(path))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("{} cannot be written: {error}; choose another folder with --out", path.display()))
}
