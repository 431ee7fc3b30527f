//! The whole language between the engine and the reporters.

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Received};
use super::verdict::{Status, Summary, Verdict};
use crate::check::{Area, Check, Kind, Level};

/// Something that a reporter may want to know. Events come in the order of this list, the middle ones repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Before anything is sent.
    RunStarted(RunCard),
    /// Before the first case of a check.
    CheckStarted(CheckCard),
    /// After each case.
    CaseFinished(CaseReport),
    /// After the last case of a check.
    CheckFinished(Box<CheckReport>),
    /// After the last check, also when the run was stopped.
    RunFinished(RunReport),
}

/// What is known of a run before it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunCard {
    /// This program.
    pub tool: Tool,
    /// What is judged.
    pub subject: Subject,
    /// Repeats the run's choices.
    pub seed: u64,
    /// RFC 3339.
    pub started_at: String,
    /// How many checks were chosen.
    pub checks: usize,
    /// Which part of the chosen checks this run is, when it is split.
    pub shard: Option<Shard>,
    /// What the user declared about the subject, in words.
    pub declared: Vec<String>,
}

/// This program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `conformance`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// What kind of thing it is.
    pub kind: Kind,
    /// `chatwork` or `chatday`.
    pub service: String,
    /// Its URL.
    pub target: String,
}

/// One of several runs that together run every chosen check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// From 1.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

/// What is known of a check before it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckCard {
    /// Its id.
    pub id: String,
    /// What is asked.
    pub title: String,
    /// Its heading.
    pub area: Area,
    /// Its level.
    pub level: Level,
    /// From 1.
    pub position: usize,
}

/// How one case came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseReport {
    /// The check's id.
    pub check: String,
    /// The case's name.
    pub case: String,
    /// How it came out.
    pub status: Status,
    /// Stable name of the deviation, if there is one.
    pub deviation: Option<String>,
    /// What was answered, or what went wrong, on one line.
    pub outcome: String,
    /// Of the case's own exchange, without its control events.
    pub duration_ms: u64,
    /// What came back; nothing when there was no head.
    pub response: Option<Received>,
}

/// How one check came out: the `checks` entry of the JSON report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Its id.
    pub id: String,
    /// What is asked.
    pub title: String,
    /// Its heading.
    pub area: Area,
    /// Its level.
    pub level: Level,
    /// The sentence of the contract that it rests on, with id, source and certainty.
    pub clause: String,
    /// How it came out.
    pub status: Status,
    /// Cases judged.
    pub cases: u64,
    /// Control events included.
    pub duration_ms: u64,
    /// What happened, in a sentence.
    pub message: String,
    /// What the contract asks for, where it was not met.
    pub expected: Option<String>,
    /// What was seen instead.
    pub actual: Option<String>,
    /// The exchanges of the case that decided.
    pub evidence: Vec<Evidence>,
    /// A command that sends the deciding case again.
    pub reproduce: Option<String>,
    /// Names the deciding case: check, seed and case.
    pub replay: Option<String>,
    /// Cause and cure.
    pub hint: Option<String>,
}

/// How the run came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunReport {
    /// How the run came out.
    pub verdict: Verdict,
    /// Counts.
    pub summary: Summary,
    /// Of the whole run.
    pub duration_ms: u64,
    /// Whether it was stopped before its end.
    pub stopped: bool,
    /// What fails the run besides its checks, in sentences: a baseline that is out of date, behaviour that changed.
    pub objections: Vec<String>,
}

impl CheckCard {
    /// What is known of a check before it runs.
    pub fn of(check: &Check, level: Level, position: usize) -> Self {
        Self { id: check.id.to_owned(), title: check.title.to_owned(), area: check.area, level, position }
    }
}
