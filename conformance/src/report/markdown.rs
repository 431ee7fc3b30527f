//! Markdown, for a pull request or a page.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Reporter;
use super::document::{Collector, Document};
use super::text::{counted, counts, sign};
use crate::run::event::{CheckReport, Event};
use crate::run::verdict::Status;

/// Writes the document at the end of the run.
#[derive(Debug)]
pub struct Markdown<W> {
    out: W,
    collector: Collector,
}

impl<W: Write> Markdown<W> {
    /// A report to a writer.
    pub fn new(out: W) -> Self {
        Self { out, collector: Collector::default() }
    }
}

impl<W: Write> Reporter for Markdown<W> {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        let Some(document) = self.collector.tell(event) else { return Ok(()) };
        self.out.write_all(page(&document).as_bytes())?;
        self.out.flush()
    }
}

fn page(document: &Document) -> String {
    let mut page =
        format!("# {} of {}: {}\n\n", document.subject.kind.word(), document.subject.service, document.verdict.word());
    let _ = writeln!(page, "`{}`, seed {}, {}\n", document.subject.target, document.seed, document.started_at);
    let summary = &document.summary;
    let _ = writeln!(
        page,
        "{} ({}, {}, {} ms)\n",
        counts(summary),
        counted(summary.cases, "case"),
        counted(summary.requests, "request"),
        document.duration_ms
    );
    if document.stopped {
        page.push_str("Stopped before its end: this is the report so far.\n\n");
    }
    for declared in &document.declared {
        let _ = writeln!(page, "Declared: {declared}.\n");
    }
    page.push_str("| | check | level | cases |\n|---|---|---|---|\n");
    for check in &document.checks {
        let (sign, word) = (sign(check.status), check.status.word());
        let _ = writeln!(page, "| {sign} {word} | {} | {} | {} |", cell(&check.title), check.level, check.cases);
    }
    document.checks.iter().filter(|check| check.status != Status::Pass).for_each(|check| details(&mut page, check));
    page
}

fn details(page: &mut String, check: &CheckReport) {
    let _ = write!(page, "\n## {} {}\n\n{}\n\n", sign(check.status), check.id, inline(&check.message));
    let rows = [
        ("expected", check.expected.as_ref()),
        ("actual", check.actual.as_ref()),
        ("clause", Some(&check.clause)),
        ("hint", check.hint.as_ref()),
        ("replay", check.replay.as_ref()),
    ];
    for (name, text) in rows {
        if let Some(text) = text {
            let _ = writeln!(page, "- **{name}** {}", inline(text));
        }
    }
    if let Some(curl) = &check.reproduce {
        let _ = write!(page, "\n```sh\n{curl}\n```\n");
    }
}

/// Text that may hold anything, as one cell of a table.
fn cell(text: &str) -> String {
    inline(text).replace('|', "\\|")
}

/// Text that may hold anything, without letting it be markup.
fn inline(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => safe.push(' '),
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '`' | '*' | '_' | '[' | ']' | '\\' => {
                safe.push('\\');
                safe.push(character);
            }
            _ => safe.push(character),
        }
    }
    safe
}
