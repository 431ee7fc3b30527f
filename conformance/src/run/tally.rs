//! How the cases of one check came out: counts, and the one case that decides. Nothing else is kept, however many there are.

use std::time::Instant;

use super::event::CheckReport;
use super::evidence::{Evidence, millis};
use super::session::{Ended, Session};
use super::shell::replay_id;
use super::verdict::{Deviation, Hint, Judgement, Status};
use crate::check::{Check, Level};

/// The worst case so far, the first of several, and how often each outcome was seen.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    check: &'a Check,
    level: Level,
    strict: bool,
    /// What a report adds to every message of the check.
    note: Option<String>,
    started: Instant,
    counts: [u64; Status::ALL.len()],
    deciding: Option<Decided>,
}

/// A case that may decide.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) name: String,
    pub(super) judgement: Judgement,
    pub(super) evidence: Vec<Evidence>,
    pub(super) reproduce: Option<String>,
    /// What a report adds to the name, in words.
    pub(super) remark: Option<String>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(check: &'a Check, level: Level, strict: bool) -> Self {
        Self {
            check,
            level,
            strict,
            note: None,
            started: Instant::now(),
            counts: [0; Status::ALL.len()],
            deciding: None,
        }
    }

    /// The same, with something that every message of the check says besides.
    pub(super) fn noting(self, note: Option<String>) -> Self {
        Self { note, ..self }
    }

    /// The level of the check.
    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// A deviation never weighs more than its check, nor than its case allows.
    pub(super) fn capped(&self, judgement: Judgement, most: Level) -> Judgement {
        match judgement {
            Judgement::Deviates(deviation) => {
                Judgement::Deviates(Deviation { level: deviation.level.min(self.level).min(most), ..deviation })
            }
            other => other,
        }
    }

    /// Counts a case. What decides is made only if the case does.
    pub(super) fn count(&mut self, status: Status, weight: Weight, decided: impl FnOnce() -> Decided) {
        self.counts[status as usize] += 1;
        if self.deciding.as_ref().is_none_or(|sofar| weight > Weight::of(&sofar.judgement, self.strict)) {
            self.deciding = Some(decided());
        }
    }

    /// The status and weight of a judgement in this run.
    pub(super) fn weigh(&self, judgement: &Judgement) -> (Status, Weight) {
        (judgement.status(self.strict), Weight::of(judgement, self.strict))
    }

    /// The report of the check. `planned` cases make a whole one.
    pub(super) fn report(self, planned: u64, session: &Session) -> CheckReport {
        let duration_ms = millis(self.started.elapsed());
        let total: u64 = self.counts.iter().sum();
        let Some(deciding) = &self.deciding else {
            let why = session.ended().map_or("the check sent nothing", |ended| ended.before());
            return CheckReport { duration_ms, ..unrun(self.check, self.level, Status::Error, why) };
        };
        let status = deciding.judgement.status(self.strict);
        let told = self.told(deciding, status, total, session);
        let note = self.note.as_deref().map(|note| format!("; {note}")).unwrap_or_default();
        let report = CheckReport { duration_ms, message: format!("{}{note}", told.message), ..told };
        match session.ended() {
            // Half a check shows nothing.
            Some(ended) if total < planned && report.status < Status::Error => {
                CheckReport { status: Status::Error, message: ended.amid().to_owned(), ..report }
            }
            _ => report,
        }
    }

    fn told(&self, deciding: &Decided, status: Status, total: u64, session: &Session) -> CheckReport {
        let settings = session.settings();
        let mask = |text: &str| settings.secret.mask(text);
        let remark = deciding.remark.as_deref().map(|remark| format!(", {}", mask(remark))).unwrap_or_default();
        let alike = self.counts[status as usize];
        let where_seen = format!("(case {}, {alike} of {total}{remark})", deciding.name);
        let report = CheckReport {
            cases: total,
            evidence: deciding.evidence.clone(),
            reproduce: deciding.reproduce.clone(),
            replay: Some(replay_id(self.check.id, &deciding.name, session).to_string()),
            ..unrun(self.check, self.level, status, "")
        };
        match &deciding.judgement {
            Judgement::Held => {
                CheckReport { message: format!("{total} of {total} cases as the contract asks"), ..report }
            }
            Judgement::Moot(reason) | Judgement::Unsettled(reason) => {
                CheckReport { message: format!("{} {where_seen}", mask(reason)), ..report }
            }
            Judgement::Wavers(deviation) => CheckReport {
                message: format!("{}; sent once more, it did not happen again {where_seen}", mask(&deviation.message)),
                expected: Some(deviation.expected.clone()),
                actual: Some(mask(&deviation.actual)),
                hint: Some(self.hint(deviation)),
                ..report
            },
            Judgement::Deviates(deviation) => CheckReport {
                message: format!("{} {where_seen}", mask(&deviation.message)),
                expected: Some(deviation.expected.clone()),
                actual: Some(mask(&deviation.actual)),
                hint: Some(self.hint(deviation)),
                ..report
            },
        }
    }

    fn hint(&self, deviation: &Deviation) -> String {
        match &deviation.hint {
            Hint::OfCheck => self.check.hint.to_owned(),
            Hint::Besides(more) => format!("{} {more}", self.check.hint),
            Hint::Instead(other) => other.clone(),
        }
    }
}

/// What decides between two cases: the status, then whether there is anything to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Weight(Status, bool);

impl Weight {
    fn of(judgement: &Judgement, strict: bool) -> Self {
        Self(judgement.status(strict), *judgement != Judgement::Held)
    }
}

impl Ended {
    /// Of a check of which nothing was sent.
    pub(super) fn status(self) -> Status {
        match self {
            Self::Stopped => Status::Skip,
            // Who presses Ctrl-C knows what is missing; otherwise it has to count.
            Self::TimeOver | Self::LeftAlone => Status::Error,
        }
    }

    /// For a check of which nothing was sent.
    pub(super) fn before(self) -> &'static str {
        match self {
            Self::Stopped => "the run was stopped before this check",
            Self::TimeOver => "the run's time was over before this check",
            Self::LeftAlone => {
                "not run: the endpoint answered one event after another with 5xx or not at all, so it is left alone"
            }
        }
    }

    /// For a check of which a part was sent.
    fn amid(self) -> &'static str {
        match self {
            Self::Stopped => "the run was stopped in the middle of this check",
            Self::TimeOver => "the run's time was over in the middle of this check",
            Self::LeftAlone => {
                "stopped in the middle of this check: the endpoint answered one event after another with 5xx or not at all"
            }
        }
    }
}

/// A check of which nothing was sent.
pub(crate) fn unrun(check: &Check, level: Level, status: Status, message: &str) -> CheckReport {
    CheckReport {
        id: check.id.to_owned(),
        title: check.title.to_owned(),
        area: check.area,
        level,
        clause: check.clauses.first().map(|clause| format!("{}: {clause}", clause.id)).unwrap_or_default(),
        status,
        cases: 0,
        duration_ms: 0,
        message: message.to_owned(),
        expected: None,
        actual: None,
        evidence: Vec::new(),
        reproduce: None,
        replay: None,
        hint: None,
    }
}
