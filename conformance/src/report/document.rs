//! The whole run as one value: the JSON report, and what other reports that are written at the end are made from.

use serde::{Deserialize, Serialize};

use crate::run::event::{CheckCard, CheckReport, Event, RunCard, RunReport, Shard, Subject, Tool};
use crate::run::verdict::{Summary, Verdict};

/// The name and version of the JSON report's form; its schema is `fixtures/conformance/report.schema.json`.
pub const SCHEMA: &str = "conformance-report/1";

/// The JSON report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// This program.
    pub tool: Tool,
    /// What was judged.
    pub subject: Subject,
    /// Repeats the run's choices.
    pub seed: u64,
    /// RFC 3339.
    pub started_at: String,
    /// Of the whole run.
    pub duration_ms: u64,
    /// How it came out.
    pub verdict: Verdict,
    /// Whether it was stopped before its end.
    pub stopped: bool,
    /// Which part of the chosen checks this is, when the run is split.
    #[serde(default)]
    pub shard: Option<Shard>,
    /// What the user declared about the subject, in words.
    pub declared: Vec<String>,
    /// What fails the run besides its checks, in sentences.
    #[serde(default)]
    pub objections: Vec<String>,
    /// Counts.
    pub summary: Summary,
    /// Every chosen check, in report order.
    pub checks: Vec<CheckReport>,
}

/// Gathers a document from events.
#[derive(Debug, Default)]
pub struct Collector {
    card: Option<RunCard>,
    checks: Vec<CheckReport>,
}

impl Collector {
    /// Takes note of an event; gives the document after the last one.
    pub fn tell(&mut self, event: &Event) -> Option<Document> {
        match event {
            Event::RunStarted(card) => {
                self.card = Some(card.clone());
                None
            }
            Event::CheckFinished(report) => {
                self.checks.push(report.as_ref().clone());
                None
            }
            Event::CheckStarted(_) | Event::CaseFinished(_) => None,
            Event::RunFinished(report) => {
                let card = self.card.take()?;
                Some(Document {
                    schema: SCHEMA.to_owned(),
                    tool: card.tool,
                    subject: card.subject,
                    seed: card.seed,
                    started_at: card.started_at,
                    duration_ms: report.duration_ms,
                    verdict: report.verdict,
                    stopped: report.stopped,
                    shard: card.shard,
                    declared: card.declared,
                    objections: report.objections.clone(),
                    summary: report.summary,
                    checks: std::mem::take(&mut self.checks),
                })
            }
        }
    }
}

impl Document {
    /// The run as it was told, so that every report can be made of a document.
    pub fn events(&self) -> Vec<Event> {
        let mut events = vec![Event::RunStarted(RunCard {
            tool: self.tool.clone(),
            subject: self.subject.clone(),
            seed: self.seed,
            started_at: self.started_at.clone(),
            checks: self.checks.len(),
            shard: self.shard,
            declared: self.declared.clone(),
        })];
        for (index, check) in self.checks.iter().enumerate() {
            events.push(Event::CheckStarted(CheckCard {
                id: check.id.clone(),
                title: check.title.clone(),
                area: check.area,
                level: check.level,
                position: index + 1,
            }));
            events.push(Event::CheckFinished(Box::new(check.clone())));
        }
        events.push(Event::RunFinished(RunReport {
            verdict: self.verdict,
            summary: self.summary,
            duration_ms: self.duration_ms,
            stopped: self.stopped,
            objections: self.objections.clone(),
        }));
        events
    }

    /// The parts of one run as a whole, its checks in this order. A document that is no part is a whole already.
    ///
    /// # Errors
    /// One sentence: parts of different runs, or not all of them.
    pub fn joined(mut parts: Vec<(String, Self)>, order: &[&str]) -> Result<Self, String> {
        parts.sort_by_key(|(_, document)| document.shard);
        let Some((first_name, first)) = parts.first().cloned() else {
            return Err("there is nothing to join".to_owned());
        };
        let Some(shard) = first.shard else {
            return match parts.get(1) {
                None => Ok(first),
                Some((_, _)) => Err(format!("{first_name} is no part of a run: it was made without --shard")),
            };
        };
        for (name, part) in &parts {
            let differs = [
                ("was made by another version", part.tool != first.tool),
                ("judges another subject", part.subject != first.subject),
                ("was run with another seed", part.seed != first.seed),
                ("was told something else about the subject", part.declared != first.declared),
                ("belongs to another split", part.shard.is_none_or(|part| part.of != shard.of)),
            ];
            if let Some((difference, _)) = differs.iter().find(|(_, differs)| *differs) {
                return Err(format!("{name} {difference} than {first_name}: only parts of one run can be joined"));
            }
        }
        for index in 1..=shard.of {
            let found = parts.iter().filter(|(_, part)| part.shard == Some(Shard { index, of: shard.of })).count();
            match found {
                0 => return Err(format!("part {index} of {} is missing", shard.of)),
                1 => {}
                _ => return Err(format!("part {index} of {} is there {found} times", shard.of)),
            }
        }
        let place = |id: &str| order.iter().position(|known| *known == id).unwrap_or(usize::MAX);
        let mut checks: Vec<CheckReport> = parts.iter().flat_map(|(_, part)| part.checks.clone()).collect();
        checks.sort_by_key(|check| place(&check.id));
        let mut summary = Summary::default();
        checks.iter().for_each(|check| summary.count(check.status, check.cases));
        summary.requests = parts.iter().map(|(_, part)| part.summary.requests).sum();
        let objections: Vec<String> = parts.iter().flat_map(|(_, part)| part.objections.clone()).collect();
        Ok(Self {
            started_at: parts.iter().map(|(_, part)| part.started_at.clone()).min().unwrap_or_default(),
            duration_ms: parts.iter().map(|(_, part)| part.duration_ms).max().unwrap_or_default(),
            verdict: if objections.is_empty() { summary.verdict() } else { Verdict::Fail },
            stopped: parts.iter().any(|(_, part)| part.stopped),
            shard: None,
            objections,
            summary,
            checks,
            ..first
        })
    }
}
