//! Everything that is told of a run, and what becomes of what it writes to.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, BufWriter, IsTerminal, Write};

use super::{Failure, Voice};
use crate::cli::{Format, LogLevel, Output, ReportKind};
use crate::exit::Exit;
use crate::report::Reporter;
use crate::report::github::{Annotations, StepSummary};
use crate::report::html::Html;
use crate::report::human::Human;
use crate::report::json::Json;
use crate::report::jsonl::Jsonl;
use crate::report::junit::Junit;
use crate::report::markdown::Markdown;
use crate::report::progress::Progress;
use crate::run::event::{Event, RunReport};
use crate::settings;

/// The reporters of one run. One that cannot write does not cost the others anything.
pub(super) struct Reporters(Vec<Told>);

struct Told {
    /// What it writes to, in words; nothing for the output itself.
    place: Option<String>,
    reporter: Box<dyn Reporter>,
    refused: Option<io::Error>,
}

impl Reporters {
    /// Opens everything that is to be written, before anything is sent.
    pub(super) fn open(output: &Output, voice: &mut Voice) -> Result<Self, Failure> {
        let format = output.format;
        let mut told = Vec::new();
        let files = settings::create(&output.report)?;
        if format == Format::Human && io::stderr().is_terminal() && io::stdout().is_terminal() {
            told.push(Told::new(None, Box::new(Progress::new(io::stderr()))));
        }
        let (mut annotations, mut summary): (Option<Box<dyn Reporter>>, Option<Told>) = (None, None);
        if output.github {
            // What people read goes where commands are read from; a document is not to be mixed with them.
            let out: Box<dyn Write> = match format {
                Format::Human => Box::new(io::stdout()),
                Format::Json | Format::Jsonl => Box::new(io::stderr()),
            };
            annotations = Some(Box::new(Annotations::new(out, unguessable())));
            summary = match settings::step_summary()? {
                Some(file) => Some(Told::new(
                    Some("the step summary".to_owned()),
                    Box::new(StepSummary::new(BufWriter::new(file))),
                )),
                None => {
                    voice.say(LogLevel::Info, "GITHUB_STEP_SUMMARY is not set, so no page is written");
                    None
                }
            };
        }
        let printed: Box<dyn Reporter> = match format {
            Format::Human => Box::new(Human::new(voice.results())),
            Format::Json => Box::new(Json::new(voice.results())),
            Format::Jsonl => Box::new(Jsonl::new(voice.results())),
        };
        told.push(Told::new(None, Box::new(Printed { annotations, printed })));
        told.extend(files.into_iter().map(|(report, file)| {
            Told::new(Some(format!("the report {}", report.file.display())), reporter(report.kind, file))
        }));
        told.extend(summary);
        Ok(Self(told))
    }

    /// Tells everybody.
    pub(super) fn tell(&mut self, event: &Event) {
        for told in &mut self.0 {
            if told.refused.is_none() {
                told.refused = told.reporter.tell(event).err();
            }
        }
    }

    /// How the call ends, now that everything is told.
    pub(super) fn end(self, report: &RunReport, voice: &mut Voice) -> Result<Exit, Failure> {
        let mut fault = false;
        for Told { place, refused, .. } in self.0 {
            let Some(error) = refused else { continue };
            match place {
                Some(place) => {
                    fault = true;
                    voice.say(LogLevel::Error, &format!("error: {place} could not be written: {error}"));
                }
                // `conformance webhook … | head`: whoever reads has had enough.
                None if error.kind() == io::ErrorKind::BrokenPipe => {}
                None => {
                    fault = true;
                    voice.say(LogLevel::Error, &format!("error: the output cannot be written: {error}"));
                }
            }
        }
        match report.stopped {
            true => Ok(Exit::Stopped),
            false if fault => Ok(Exit::Fault),
            false => Ok(report.verdict.exit()),
        }
    }
}

impl Told {
    fn new(place: Option<String>, reporter: Box<dyn Reporter>) -> Self {
        Self { place, reporter, refused: None }
    }
}

/// What is printed, and the annotations around it: commands are off while it is, and on again after it.
struct Printed {
    annotations: Option<Box<dyn Reporter>>,
    printed: Box<dyn Reporter>,
}

impl Reporter for Printed {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        let (first, second) = match event {
            Event::RunFinished(_) => (Some(&mut self.printed), self.annotations.as_mut()),
            _ => (self.annotations.as_mut(), Some(&mut self.printed)),
        };
        for reporter in [first, second].into_iter().flatten() {
            reporter.tell(event)?;
        }
        Ok(())
    }
}

fn reporter(kind: ReportKind, file: File) -> Box<dyn Reporter> {
    let file = BufWriter::new(file);
    match kind {
        ReportKind::Json => Box::new(Json::new(file)),
        ReportKind::Junit => Box::new(Junit::new(file)),
        ReportKind::Html => Box::new(Html::new(file)),
        ReportKind::Markdown => Box::new(Markdown::new(file)),
    }
}

/// A word that an endpoint cannot know. The hasher's keys are the system's own random numbers.
fn unguessable() -> String {
    let number = || RandomState::new().build_hasher().finish();
    format!("conformance-{:016x}{:016x}", number(), number())
}
