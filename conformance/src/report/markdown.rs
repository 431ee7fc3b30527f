//! Markdown, for a pull request or a page.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Reporter;
use super::diff;
use super::document::{Collector, Document};
use super::look::{objection, request_line, response_line, subject, totals, transcript};
use super::text::sign;
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

/// The document as a page.
pub(crate) fn page(document: &Document) -> String {
    let mut page = format!("# {}: {}\n\n", subject(document), document.verdict.word());
    let part = document.shard.map(|shard| format!(", part {} of {}", shard.index, shard.of)).unwrap_or_default();
    let _ =
        writeln!(page, "{}, seed {}{part}, {}\n", code(&document.subject.target), document.seed, document.started_at);
    let _ = writeln!(page, "{}\n", totals(&document.summary, document.duration_ms));
    for text in &document.objections {
        let (sentence, lines) = objection(text);
        let _ = writeln!(page, "**Fails the run:** {}\n", inline(sentence));
        if let Some(lines) = lines {
            fenced(&mut page, "diff", lines);
            page.push('\n');
        }
    }
    if document.stopped {
        page.push_str("Stopped before its end: this is the report so far.\n\n");
    }
    for declared in &document.declared {
        let _ = writeln!(page, "Declared: {}.\n", inline(declared));
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
        fenced(page, "sh", curl);
    }
    if let Some(lines) = check.expected.as_ref().zip(check.actual.as_ref()).and_then(|(old, new)| diff::of(old, new)) {
        let lines: Vec<String> = lines.iter().map(|line| format!("{} {}", line.side.sign(), line.text)).collect();
        fenced(page, "diff", &lines.join("\n"));
    }
    for evidence in &check.evidence {
        let (sent, received) = transcript(evidence);
        let line = format!("{}: {} → {}", evidence.step, request_line(evidence), response_line(evidence));
        let _ = write!(page, "\n<details><summary>{}</summary>\n", html(&line));
        fenced(page, "http", &sent);
        fenced(page, "http", &received);
        page.push_str("\n</details>\n");
    }
}

/// A block that ends where it should, whatever stands in it.
fn fenced(page: &mut String, language: &str, text: &str) {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let _ = write!(page, "\n{fence}{language}\n{text}\n{fence}\n");
}

/// Text in a line, between backticks.
fn code(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    let pad = if text.contains('`') { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", text.replace('\n', " "))
}

/// The most backticks in a row.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

/// Text inside an HTML element, on one line.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', " ")
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
            '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '#' => {
                safe.push('\\');
                safe.push(character);
            }
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_in_a_text_do_not_end_its_block() {
        let mut page = String::new();
        fenced(&mut page, "sh", "a ```` b");
        assert_eq!(page, "\n`````sh\na ```` b\n`````\n");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("plain"), "`plain`");
    }
}
