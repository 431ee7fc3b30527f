//! What is being done right now, on one line of a terminal that is wiped again.

use std::io::{self, Write};

use super::Reporter;
use super::text::counted;
use crate::run::event::Event;

/// Shows the check that is running. Only for terminals.
#[derive(Debug)]
pub struct Progress<W> {
    out: W,
    checks: usize,
    /// Of the check that is running.
    line: String,
    cases: u64,
}

impl<W: Write> Progress<W> {
    /// Shows it on a terminal.
    pub fn new(out: W) -> Self {
        Self { out, checks: 0, line: String::new(), cases: 0 }
    }
}

impl<W: Write> Reporter for Progress<W> {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(card) => self.checks = card.checks,
            Event::CheckStarted(card) => {
                let title: String = card.title.chars().take(TITLE).collect();
                self.line = format!("[{}/{}] {title}", card.position, self.checks);
                self.cases = 0;
                write!(self.out, "\r{WIPE}{}", self.line)?;
            }
            Event::CaseFinished(_) => {
                self.cases += 1;
                write!(self.out, "\r{WIPE}{} ({})", self.line, counted(self.cases, "case"))?;
            }
            Event::CheckFinished(_) | Event::RunFinished(_) => write!(self.out, "\r{WIPE}")?,
        }
        self.out.flush()
    }
}

/// Erases the line.
const WIPE: &str = "\x1b[2K";
/// Characters of a title: a line that wraps could not be wiped.
const TITLE: usize = 60;
