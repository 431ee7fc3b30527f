//! What is thought of one case, of one check, and of the whole run.

use serde::{Deserialize, Serialize};

use crate::check::Level;
use crate::exit::Exit;

/// What is thought of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// As the contract asks.
    Held,
    /// Not as the contract asks.
    Deviates(Deviation),
    /// It deviated, and when the same was sent once more it did not.
    Wavers(Deviation),
    /// The subject did nothing that this is about, and what it would have had to do.
    Moot(String),
    /// Nothing can be said, and why: the subject was out of reach, or a control event was not accepted.
    Unsettled(String),
}

/// A named difference between what the contract asks and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// In words, stable: two cases with the same name failed in the same way.
    pub name: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// One sentence on what happened.
    pub message: String,
    /// What the contract asks for.
    pub expected: String,
    /// What was seen instead.
    pub actual: String,
    /// Cause and cure.
    pub hint: Hint,
}

/// Cause and cure of a deviation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The check's own.
    OfCheck,
    /// The check's own, and this besides.
    Besides(String),
    /// This one: the deviation has another cause than the check's usual one.
    Instead(String),
}

/// How one case or one check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As the contract asks.
    Pass,
    /// Not run.
    Skip,
    /// A deviation that does not fail the run.
    Warn,
    /// Sometimes one way, sometimes the other.
    Flaky,
    /// Could not be settled. Never counts as passed.
    Error,
    /// A deviation that fails the run.
    Fail,
}

impl Status {
    /// Every status, in order.
    pub const ALL: [Self; 6] = [Self::Pass, Self::Skip, Self::Warn, Self::Flaky, Self::Error, Self::Fail];

    /// The word that reports print.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Warn => "warn",
            Self::Flaky => "flaky",
            Self::Error => "error",
            Self::Fail => "fail",
        }
    }
}

impl Judgement {
    /// The deviation, if there is one.
    pub fn deviation(&self) -> Option<&Deviation> {
        match self {
            Self::Deviates(deviation) | Self::Wavers(deviation) => Some(deviation),
            Self::Held | Self::Moot(_) | Self::Unsettled(_) => None,
        }
    }

    /// How the case came out. Under `strict` a deviation from a SHOULD counts.
    pub fn status(&self, strict: bool) -> Status {
        match self {
            Self::Held => Status::Pass,
            Self::Moot(_) => Status::Skip,
            Self::Unsettled(_) => Status::Error,
            Self::Wavers(_) => Status::Flaky,
            Self::Deviates(deviation) => match deviation.level {
                Level::Must => Status::Fail,
                Level::Should if strict => Status::Fail,
                Level::Should => Status::Warn,
                Level::May => Status::Pass,
            },
        }
    }
}

/// How many checks came out how, and what it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Checks that hold.
    pub passed: u64,
    /// Checks that fail the run.
    pub failed: u64,
    /// Checks with a deviation that does not fail the run.
    pub warned: u64,
    /// Checks that were not run.
    pub skipped: u64,
    /// Checks that could not be settled.
    pub errored: u64,
    /// Checks that came out differently when repeated.
    pub flaky: u64,
    /// Cases judged, over all checks.
    pub cases: u64,
    /// Requests sent, control events included.
    pub requests: u64,
}

impl Summary {
    /// Counts one check.
    pub fn count(&mut self, status: Status, cases: u64) {
        let counter = match status {
            Status::Pass => &mut self.passed,
            Status::Skip => &mut self.skipped,
            Status::Warn => &mut self.warned,
            Status::Flaky => &mut self.flaky,
            Status::Error => &mut self.errored,
            Status::Fail => &mut self.failed,
        };
        *counter += 1;
        self.cases += cases;
    }

    /// How the run came out. A failure is certain, so it weighs more than what could not be settled; a run in which
    /// nothing passed has shown nothing.
    pub fn verdict(&self) -> Verdict {
        if self.failed > 0 {
            Verdict::Fail
        } else if self.errored > 0 || self.passed + self.warned + self.flaky == 0 {
            Verdict::Error
        } else {
            Verdict::Pass
        }
    }
}

/// How the run came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every check that counts passed.
    Pass,
    /// At least one check failed.
    Fail,
    /// Not settled.
    Error,
}

impl Verdict {
    /// The word that reports print.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }

    /// The exit status that says the same.
    pub fn exit(self) -> Exit {
        match self {
            Self::Pass => Exit::Passed,
            Self::Fail => Exit::Failed,
            Self::Error => Exit::Unsettled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(statuses: &[Status]) -> Summary {
        let mut summary = Summary::default();
        statuses.iter().for_each(|status| summary.count(*status, 1));
        summary
    }

    #[test]
    fn a_failure_weighs_more_than_an_error_and_an_error_more_than_a_pass() {
        assert_eq!(summary(&[Status::Pass, Status::Error, Status::Fail]).verdict(), Verdict::Fail);
        assert_eq!(summary(&[Status::Pass, Status::Error]).verdict(), Verdict::Error);
        assert_eq!(summary(&[Status::Pass, Status::Warn]).verdict(), Verdict::Pass);
    }

    #[test]
    fn nothing_judged_is_never_a_pass() {
        assert_eq!(summary(&[]).verdict(), Verdict::Error);
        assert_eq!(summary(&[Status::Skip]).verdict(), Verdict::Error);
    }

    #[test]
    fn a_should_fails_only_under_strict() {
        let deviation = Deviation {
            name: "x",
            level: Level::Should,
            message: String::new(),
            expected: String::new(),
            actual: String::new(),
            hint: Hint::OfCheck,
        };
        assert_eq!(Judgement::Deviates(deviation.clone()).status(false), Status::Warn);
        assert_eq!(Judgement::Deviates(deviation).status(true), Status::Fail);
    }
}
