//! The whole run as one value: the JSON report, and what other reports that are written at the end are made from.

use serde::{Deserialize, Serialize};

use crate::run::event::{CheckReport, Event, RunCard, Shard, Subject, Tool};
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
