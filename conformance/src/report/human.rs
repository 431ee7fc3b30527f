//! For a person at a terminal or in a log: grouped, at most 100 columns, signs and words beside every colour.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::Reporter;
use super::diff::{self, Side};
use super::look::{deciding, objection, request_line, response_line, totals};
use super::text::{WIDTH, counted, sign, wrapped};
use crate::check::Area;
use crate::run::event::{CheckReport, Event, RunCard, RunReport};
use crate::run::verdict::{Status, Verdict};

/// Writes lines as the run goes on. Styles are always written: the stream below takes them out where they are not wanted.
#[derive(Debug)]
pub struct Human<W> {
    out: W,
    area: Option<Area>,
    deviated: bool,
    /// Of the last check that was not run: the next one's is mostly the same.
    unrun: Option<String>,
}

impl<W: Write> Human<W> {
    /// A report to a writer.
    pub fn new(out: W) -> Self {
        Self { out, area: None, deviated: false, unrun: None }
    }

    fn begin(&mut self, card: &RunCard) -> io::Result<()> {
        let bold = Style::new().bold();
        writeln!(self.out, "{bold}{} {}{bold:#}", card.tool.name, card.tool.version)?;
        write!(
            self.out,
            "{}",
            wrapped("  judged    ", &format!("{} of {}", card.subject.kind.word(), card.subject.service))
        )?;
        write!(self.out, "{}", wrapped("  at        ", &card.subject.target))?;
        let part = card.shard.map(|shard| format!(", part {} of {}", shard.index, shard.of)).unwrap_or_default();
        writeln!(self.out, "  with      {}, seed {}{part}", counted(card.checks as u64, "check"), card.seed)?;
        for sentence in &card.declared {
            write!(self.out, "{}", wrapped("  declared  ", sentence))?;
        }
        Ok(())
    }

    fn check(&mut self, report: &CheckReport) -> io::Result<()> {
        if self.area != Some(report.area) {
            self.area = Some(report.area);
            let heading = Style::new().bold();
            writeln!(self.out, "\n{heading}{}{heading:#}", report.area.heading())?;
        }
        let style = style(report.status);
        let word = label(report.status);
        let took = match report.cases {
            0 => String::new(),
            cases => format!(" ({}, {} ms)", counted(cases, "case"), report.duration_ms)
                .replace(' ', "\u{a0}")
                .replacen('\u{a0}', " ", 1),
        };
        // The label is styled after wrapping, so that escapes do not count as characters.
        let line = wrapped(&format!("  {} {word:<6}", sign(report.status)), &format!("{}{took}", report.title));
        let plain = format!("{} {word}", sign(report.status));
        write!(self.out, "{}", line.replacen(&plain, &format!("{style}{plain}{style:#}"), 1))?;
        if report.status == Status::Pass {
            return Ok(());
        }
        self.deviated = true;
        if report.cases == 0 {
            if self.unrun.as_ref() == Some(&report.message) {
                return Ok(());
            }
            self.unrun = Some(report.message.clone());
        }
        self.details(report)
    }

    fn details(&mut self, report: &CheckReport) -> io::Result<()> {
        let out = &mut self.out;
        let row =
            |out: &mut W, name: &str, text: &str| write!(out, "{}", wrapped(&format!("           {name:<9} "), text));
        row(out, "check", &format!("{} ({})", report.id, report.level))?;
        row(out, "happened", &report.message)?;
        if let Some(expected) = &report.expected {
            row(out, "expected", expected)?;
        }
        if let Some(actual) = &report.actual {
            row(out, "actual", actual)?;
        }
        if let (Some(expected), Some(actual)) = (&report.expected, &report.actual) {
            difference(out, expected, actual)?;
        }
        if let Some(evidence) = deciding(report) {
            row(out, "sent", &bounded(&format!("{} {}", request_line(evidence), evidence.request.body)))?;
            let body = evidence.response.as_ref().map(|answer| answer.body.as_str()).unwrap_or_default();
            row(out, "received", &bounded(&format!("{} {body}", response_line(evidence))))?;
        }
        if !matches!(report.status, Status::Skip | Status::Error) {
            row(out, "clause", &report.clause)?;
        }
        if let Some(hint) = &report.hint {
            row(out, "hint", hint)?;
        }
        if let Some(curl) = &report.reproduce {
            // Not wrapped: it is there to be copied.
            writeln!(out, "           again     {curl}")?;
        }
        if let Some(replay) = &report.replay {
            row(out, "replay", replay)?;
        }
        Ok(())
    }

    fn end(&mut self, report: &RunReport) -> io::Result<()> {
        let (word, status) = match report.verdict {
            Verdict::Pass => ("PASS", Status::Pass),
            Verdict::Fail => ("FAIL", Status::Fail),
            Verdict::Error => ("NOT SETTLED", Status::Error),
        };
        let style = style(status);
        let totals = totals(&report.summary, report.duration_ms);
        writeln!(self.out, "\n{style}{} {word}{style:#}  {totals}", sign(status))?;
        for text in &report.objections {
            let (sentence, lines) = objection(text);
            write!(self.out, "{}", wrapped("  fails the run  ", sentence))?;
            for line in lines.into_iter().flat_map(str::lines).take(DIFFERENCE_SHOWN) {
                let line: String = line.chars().take(WIDTH - 17).collect();
                writeln!(self.out, "                 {line}")?;
            }
        }
        if report.stopped {
            writeln!(self.out, "  stopped before its end: what is above is the report so far")?;
        }
        if self.deviated {
            writeln!(self.out, "  conformance explain CHECK tells what a check asks, why, and who says so")?;
        }
        self.out.flush()
    }
}

/// What differs, where that says more than the two sentences.
fn difference(out: &mut impl Write, expected: &str, actual: &str) -> io::Result<()> {
    let Some(lines) = diff::of(expected, actual) else { return Ok(()) };
    for (place, line) in lines.iter().take(DIFFERENCE_SHOWN).enumerate() {
        let style = match line.side {
            Side::Both => Style::new(),
            Side::Expected => AnsiColor::Red.on_default(),
            Side::Actual => AnsiColor::Green.on_default(),
        };
        let name = if place == 0 { "differs" } else { "" };
        let text: String = line.text.chars().take(WIDTH - 24).collect();
        writeln!(out, "           {name:<9} {style}{} {text}{style:#}", line.side.sign())?;
    }
    if lines.len() > DIFFERENCE_SHOWN {
        writeln!(out, "                     … {} more lines", lines.len() - DIFFERENCE_SHOWN)?;
    }
    Ok(())
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(BYTES_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Characters of what was sent and received: a log has more to show than this one check.
const BYTES_SHOWN: usize = 300;
/// Lines of a comparison.
const DIFFERENCE_SHOWN: usize = 30;

impl<W: Write> Reporter for Human<W> {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(card) => self.begin(card),
            Event::CheckStarted(_) | Event::CaseFinished(_) => Ok(()),
            Event::CheckFinished(report) => self.check(report),
            Event::RunFinished(report) => self.end(report),
        }
    }
}

fn label(status: Status) -> String {
    if status == Status::Fail { "FAIL".to_owned() } else { status.word().to_owned() }
}

fn style(status: Status) -> Style {
    let colour = match status {
        Status::Pass => AnsiColor::Green,
        Status::Skip => AnsiColor::BrightBlack,
        Status::Warn | Status::Flaky => AnsiColor::Yellow,
        Status::Error => AnsiColor::Magenta,
        Status::Fail => return AnsiColor::Red.on_default().bold(),
    };
    colour.on_default()
}
