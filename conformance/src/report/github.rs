//! Annotations for GitHub Actions: one workflow command for each check that did not pass.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Reporter;
use super::document::{Collector, Document};
use super::look::totals;
use super::markdown;
use crate::run::event::{CheckReport, Event};
use crate::run::verdict::Status;

/// Writes annotations at the end of the run. Until then, what an endpoint made the other reports print cannot be taken for
/// a command.
#[derive(Debug)]
pub struct Annotations<W> {
    out: W,
    collector: Collector,
    token: String,
}

impl<W: Write> Annotations<W> {
    /// Annotations to a writer. Nobody may be able to guess `token`: it switches commands on again.
    pub fn new(out: W, token: String) -> Self {
        Self { out, collector: Collector::default(), token }
    }
}

impl<W: Write> Reporter for Annotations<W> {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        let document = self.collector.tell(event);
        if matches!(event, Event::RunStarted(_)) {
            writeln!(self.out, "::stop-commands::{}", self.token)?;
        }
        if let Some(document) = document {
            writeln!(self.out, "::{}::", self.token)?;
            self.out.write_all(annotations(&document).as_bytes())?;
        }
        self.out.flush()
    }
}

fn annotations(document: &Document) -> String {
    let mut lines = String::new();
    for check in &document.checks {
        let command = match check.status {
            Status::Fail | Status::Error => "error",
            Status::Warn | Status::Flaky => "warning",
            Status::Pass | Status::Skip => continue,
        };
        let title = format!("{} {}: {}", check.status.word(), check.id, check.title);
        let _ = writeln!(lines, "::{command} title={}::{}", property(&title), data(&text(check)));
    }
    for objection in &document.objections {
        let _ = writeln!(lines, "::error title=conformance::{}", data(objection));
    }
    lines
}

fn text(check: &CheckReport) -> String {
    let rows = [
        (None, Some(&check.message)),
        (Some("expected"), check.expected.as_ref()),
        (Some("actual"), check.actual.as_ref()),
        (Some("clause"), Some(&check.clause)),
        (Some("hint"), check.hint.as_ref()),
        (Some("replay"), check.replay.as_ref()),
    ];
    let lines = rows.into_iter().filter_map(|(name, text)| match (name, text) {
        (_, None) => None,
        (None, Some(text)) => Some(text.clone()),
        (Some(name), Some(text)) => Some(format!("{name}: {text}")),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// As the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As the value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The page that GitHub shows under a job, appended to the file that it names.
#[derive(Debug)]
pub struct StepSummary<W> {
    out: W,
    collector: Collector,
}

impl<W: Write> StepSummary<W> {
    /// A summary to a writer.
    pub fn new(out: W) -> Self {
        Self { out, collector: Collector::default() }
    }
}

impl<W: Write> Reporter for StepSummary<W> {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        let Some(document) = self.collector.tell(event) else { return Ok(()) };
        let mut page = markdown::page(&document);
        if page.len() > SUMMARY_MAX {
            // GitHub takes all of it or nothing.
            page = format!(
                "# conformance: {}\n\n{}\n\nThe whole report is too long for this page: write it with `--report html=FILE`.\n",
                document.verdict.word(),
                totals(&document.summary, document.duration_ms)
            );
        }
        self.out.write_all(page.as_bytes())?;
        self.out.flush()
    }
}

/// GitHub's own bound is 1 MiB for a step, which others may write to as well.
const SUMMARY_MAX: usize = 768 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_would_take_for_its_own_is_escaped() {
        assert_eq!(data("50 %\r\n::set-output::x"), "50 %25%0D%0A::set-output::x");
        assert_eq!(property("a: b, c"), "a%3A b%2C c");
    }
}
