//! `conformance snapshots`.

use std::io::{self, BufRead, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use super::{Failure, Voice};
use crate::cli::{Decision, Snapshots};
use crate::exit::Exit;
use crate::snapshot::shelf::{Pending, comparison, pending};

pub(super) fn run(typed: &Snapshots, voice: &mut Voice) -> Result<Exit, Failure> {
    let folder = typed.dir.display();
    let waiting = pending(&typed.dir)
        .map_err(|error| Failure::Usage(format!("the snapshots in {folder} cannot be read: {error}; see --dir")))?;
    let mut out = voice.results();
    if waiting.is_empty() {
        writeln!(out, "no snapshot in {folder} waits for a decision")?;
        return Ok(Exit::Passed);
    }
    let asks = typed.decision == Decision::Review && io::stdin().is_terminal() && io::stdout().is_terminal();
    for pending in &waiting {
        let check = &pending.new.check;
        match typed.decision {
            Decision::Accept => {
                changed(pending.accept(), pending)?;
                writeln!(out, "accepted  {check}")?;
            }
            Decision::Reject => {
                changed(pending.reject(), pending)?;
                writeln!(out, "rejected  {check}")?;
            }
            Decision::Review => {
                show(&mut out, pending)?;
                if asks {
                    ask(&mut out, pending)?;
                }
            }
        }
    }
    if typed.decision == Decision::Review && !asks {
        writeln!(
            out,
            "\n{} to decide: conformance snapshots accept --dir {folder}, or reject; on a terminal, review asks",
            waiting.len()
        )?;
    }
    Ok(Exit::Passed)
}

fn show(out: &mut impl Write, pending: &Pending) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "\n{bold}{}{bold:#}  {}", pending.new.check, pending.file.display())?;
    for line in comparison(&pending.old, &pending.new.contents).lines() {
        let style = match line.chars().next() {
            Some('-') => AnsiColor::Red.on_default(),
            Some('+') => AnsiColor::Green.on_default(),
            _ => Style::new(),
        };
        writeln!(out, "  {style}{line}{style:#}")?;
    }
    Ok(())
}

fn ask(out: &mut impl Write, pending: &Pending) -> Result<(), Failure> {
    loop {
        write!(out, "  (a)ccept, (r)eject or (s)kip? ")?;
        out.flush()?;
        let mut answer = String::new();
        if io::stdin().lock().read_line(&mut answer)? == 0 {
            return Ok(());
        }
        match answer.trim() {
            "a" | "accept" => return changed(pending.accept(), pending),
            "r" | "reject" => return changed(pending.reject(), pending),
            "s" | "skip" => return Ok(()),
            _ => {}
        }
    }
}

fn changed(done: io::Result<()>, pending: &Pending) -> Result<(), Failure> {
    done.map_err(|error| Failure::Harness(format!("{} cannot be changed: {error}", pending.file.display())))
}
