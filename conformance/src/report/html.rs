//! One HTML file: no network, no script needed to read it, every text escaped by construction.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::Reporter;
use super::diff::{self, Side};
use super::document::{Collector, Document};
use super::look::{objection, request_line, response_line, subject, totals, transcript};
use super::text::{counted, sign};
use crate::check::Area;
use crate::run::event::{CheckReport, Event};
use crate::run::evidence::Evidence;
use crate::run::verdict::{Status, Verdict};

/// Writes the page at the end of the run.
#[derive(Debug)]
pub struct Html<W> {
    out: W,
    collector: Collector,
}

impl<W: Write> Html<W> {
    /// A report to a writer.
    pub fn new(out: W) -> Self {
        Self { out, collector: Collector::default() }
    }
}

impl<W: Write> Reporter for Html<W> {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        let Some(document) = self.collector.tell(event) else { return Ok(()) };
        self.out.write_all(page(&document).into_string().as_bytes())?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

fn page(document: &Document) -> Markup {
    let title = format!("{}: {}", subject(document), word(document.verdict));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(document, &title))
                main { @for area in areas(document) { (section(document, area)) } }
                footer { p { (document.tool.name) " " (document.tool.version) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn head(document: &Document, title: &str) -> Markup {
    html! {
        header {
            h1 .(document.verdict.word()) { (sign(mood(document.verdict))) " " (title) }
            dl {
                dt { "at" } dd { code { (document.subject.target) } }
                dt { "when" } dd { (document.started_at) ", seed " (document.seed) }
                @if let Some(shard) = document.shard { dt { "part" } dd { (shard.index) " of " (shard.of) } }
                dt { "result" } dd { (totals(&document.summary, document.duration_ms)) }
                @for declared in &document.declared { dt { "declared" } dd dir="auto" { (declared) } }
            }
            @for text in &document.objections { (objected(text)) }
            @if document.stopped { p { strong { "Stopped before its end: this is the report so far." } } }
            p .filter hidden {
                @for status in statuses(document) {
                    label { input type="checkbox" checked value=(status.word()); " " (sign(status)) " " (status.word()) }
                }
            }
        }
    }
}

fn objected(text: &str) -> Markup {
    let (sentence, lines) = objection(text);
    html! {
        p .objection dir="auto" { strong { "✘ fails the run: " } (sentence) }
        @if let Some(lines) = lines { pre { (lines) } }
    }
}

fn section(document: &Document, area: Area) -> Markup {
    html! {
        section {
            h2 { (area.heading()) }
            @for check in document.checks.iter().filter(|check| check.area == area) { (entry(check)) }
        }
    }
}

fn entry(check: &CheckReport) -> Markup {
    html! {
        details .check .(check.status.word()) id=(check.id) open[check.status != Status::Pass] {
            summary {
                span .status { (sign(check.status)) " " (check.status.word()) }
                " " (check.title)
                @if check.cases > 0 { small { " (" (counted(check.cases, "case")) ", " (check.duration_ms) " ms)" } }
            }
            dl {
                dt { "check" } dd { code { (check.id) } " (" (check.level) ")" }
                dt { "happened" } dd dir="auto" { (check.message) }
                @if let Some(expected) = &check.expected { dt { "expected" } dd dir="auto" { (expected) } }
                @if let Some(actual) = &check.actual { dt { "actual" } dd dir="auto" { (actual) } }
                @if let Some(lines) = difference(check) {
                    dt { "difference" }
                    dd { pre .diff { @for line in &lines { (compared(line)) } } }
                }
                dt { "clause" } dd { (check.clause) }
                @if let Some(hint) = &check.hint { dt { "hint" } dd { (hint) } }
                @if let Some(command) = &check.reproduce { dt { "again" } dd { (copied(command)) } }
                @if let Some(replay) = &check.replay { dt { "replay" } dd { (copied(replay)) } }
            }
            @if check.status != Status::Pass { @for evidence in &check.evidence { (exchange(evidence)) } }
        }
    }
}

fn exchange(evidence: &Evidence) -> Markup {
    let (sent, received) = transcript(evidence);
    html! {
        details .exchange {
            summary dir="auto" {
                (evidence.step) ": " (request_line(evidence)) " → " (response_line(evidence))
                small { " (" (evidence.duration_ms) " ms)" }
            }
            p { "sent" } pre { (sent) }
            p { "received" } pre { (received) }
        }
    }
}

fn compared(line: &diff::Line) -> Markup {
    let text = format!("{} {}\n", line.side.sign(), line.text);
    match line.side {
        Side::Both => html! { (text) },
        Side::Expected => html! { del { (text) } },
        Side::Actual => html! { ins { (text) } },
    }
}

/// A line that is there to be copied: a click selects it, and the script adds a button.
fn copied(line: &str) -> Markup {
    html! { div .copied { pre { (line) } button type="button" hidden { "copy" } } }
}

fn difference(check: &CheckReport) -> Option<Vec<diff::Line>> {
    diff::of(check.expected.as_ref()?, check.actual.as_ref()?)
}

fn areas(document: &Document) -> Vec<Area> {
    let mut areas: Vec<Area> = document.checks.iter().map(|check| check.area).collect();
    areas.dedup();
    areas
}

fn statuses(document: &Document) -> Vec<Status> {
    let mut statuses: Vec<Status> = document.checks.iter().map(|check| check.status).collect();
    statuses.sort_unstable_by(|one, other| other.cmp(one));
    statuses.dedup();
    statuses
}

pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "passed",
        Verdict::Fail => "failed",
        Verdict::Error => "not settled",
    }
}

pub(super) fn mood(verdict: Verdict) -> Status {
    match verdict {
        Verdict::Pass => Status::Pass,
        Verdict::Fail => Status::Fail,
        Verdict::Error => Status::Error,
    }
}

/// Nothing is loaded, and nothing runs but what stands here.
pub(super) fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

pub(super) const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_and_the_script_load_nothing() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("http") && !text.contains("url(") && !text.contains("</"), "{text}");
        }
    }
}
