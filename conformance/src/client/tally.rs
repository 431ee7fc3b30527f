//! How the scenarios of one check came out: counts, and the one scenario that decides.

use std::time::Duration;

use super::excerpt::{self, Masks};
use super::run::Line;
use crate::ask::observed::Observation;
use crate::check::{Check, Level};
use crate::run::event::CheckReport;
use crate::run::evidence::{Evidence, millis};
use crate::run::replay::ReplayId;
use crate::run::tally::unrun;
use crate::run::verdict::{Deviation, Hint, Judgement, Status};

/// The worst scenario so far, the first of several.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    check: &'a Check,
    level: Level,
    strict: bool,
    counts: [u64; Status::ALL.len()],
    /// Of the longest: they are played side by side.
    took: Duration,
    deciding: Option<Decided>,
}

/// A scenario that may decide, and what is shown of it.
#[derive(Debug)]
struct Decided {
    scenario: &'static str,
    judgement: Judgement,
    evidence: Vec<Evidence>,
    remark: String,
}

impl<'a> Tally<'a> {
    pub(super) fn new(check: &'a Check, level: Level, strict: bool) -> Self {
        Self { check, level, strict, counts: [0; Status::ALL.len()], took: Duration::ZERO, deciding: None }
    }

    /// Counts what a scenario showed, or why it showed nothing; gives the judgement as it weighs, and its status.
    pub(super) fn count(
        &mut self,
        scenario: &'static str,
        seen: Option<&Observation>,
        judgement: Judgement,
    ) -> (Judgement, Status) {
        let judgement = match judgement {
            Judgement::Deviates(deviation) => {
                Judgement::Deviates(Deviation { level: deviation.level.min(self.level), ..deviation })
            }
            other => other,
        };
        let status = judgement.status(self.strict);
        self.counts[status as usize] += 1;
        self.took = self.took.max(seen.map_or(Duration::ZERO, |seen| seen.took));
        let weight = weight(&judgement, self.strict);
        if self.deciding.as_ref().is_none_or(|sofar| weight > self::weight(&sofar.judgement, self.strict)) {
            self.deciding = Some(Decided {
                scenario,
                evidence: seen.map(excerpt::of).unwrap_or_default(),
                remark: seen.map(excerpt::ending).unwrap_or_default(),
                judgement: judgement.clone(),
            });
        }
        (judgement, status)
    }

    /// The report of the check.
    pub(super) fn report(self, line: &Line<'_>, masks: &Masks) -> CheckReport {
        let total: u64 = self.counts.iter().sum();
        let Some(deciding) = &self.deciding else {
            return unrun(self.check, self.level, Status::Skip, "none of its scenarios was played");
        };
        let status = deciding.judgement.status(self.strict);
        let mask = |text: &str| masks.mask(text);
        let alike = self.counts[status as usize];
        let id = ReplayId { check: self.check.id.to_owned(), seed: line.seed, case: deciding.scenario.to_owned() };
        let report = CheckReport {
            cases: total,
            duration_ms: millis(self.took),
            // What did not apply in one run does not apply in the next.
            reproduce: (status != Status::Skip).then(|| line.again(deciding.scenario, self.check.id)),
            replay: (status != Status::Skip).then(|| id.to_string()),
            ..unrun(self.check, self.level, status, "")
        };
        match &deciding.judgement {
            Judgement::Held => {
                let held = self.counts[Status::Pass as usize];
                let moot = self.counts[Status::Skip as usize];
                let rest = if moot > 0 { format!("; it did not apply in the other {moot}") } else { String::new() };
                CheckReport { message: format!("as the contract asks in {held} of {total} scenarios{rest}"), ..report }
            }
            Judgement::Moot(reason) if total > 1 => {
                let scenario = deciding.scenario;
                CheckReport { message: format!("{} ({scenario}; in no other either)", mask(reason)), ..report }
            }
            Judgement::Moot(reason) => {
                CheckReport { message: format!("{} ({})", mask(reason), deciding.scenario), ..report }
            }
            Judgement::Unsettled(reason) => {
                let told = format!("{} ({}{})", mask(reason), deciding.scenario, mask(&deciding.remark));
                CheckReport { message: told, evidence: deciding.evidence.clone(), ..report }
            }
            Judgement::Wavers(deviation) | Judgement::Deviates(deviation) => CheckReport {
                message: format!(
                    "{} ({}, {alike} of {total}{})",
                    mask(&deviation.message),
                    deciding.scenario,
                    mask(&deciding.remark)
                ),
                expected: Some(mask(&deviation.expected)),
                actual: Some(mask(&deviation.actual)),
                hint: Some(mask(&hint(self.check, deviation))),
                evidence: deciding.evidence.clone(),
                ..report
            },
        }
    }
}

fn hint(check: &Check, deviation: &Deviation) -> String {
    match &deviation.hint {
        Hint::OfCheck => check.hint.to_owned(),
        Hint::Besides(more) => format!("{} {more}", check.hint),
        Hint::Instead(other) => other.clone(),
    }
}

/// What decides between two scenarios. That something did not apply weighs least: elsewhere it did.
fn weight(judgement: &Judgement, strict: bool) -> (Option<Status>, bool) {
    match judgement {
        Judgement::Moot(_) => (None, false),
        other => (Some(other.status(strict)), *other != Judgement::Held),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    fn deviation(level: Level) -> Judgement {
        let (message, expected, actual) = ("it said secret-of-a-test".to_owned(), "a".to_owned(), "b".to_owned());
        Judgement::Deviates(Deviation { name: "x", level, message, expected, actual, hint: Hint::OfCheck })
    }

    fn told(judgements: Vec<Judgement>) -> CheckReport {
        let check = catalog::find("chatwork.client.token-in-its-header").unwrap();
        let mut tally = Tally::new(check, Level::Should, false);
        for (judgement, scenario) in judgements.into_iter().zip(["chatwork.a", "chatwork.b", "chatwork.c"]) {
            tally.count(scenario, None, judgement);
        }
        let line = Line { service: contract::service::Service::Chatwork, seed: 1, flags: "", command: "'true'" };
        tally.report(&line, &Masks::of(["secret-of-a-test"]))
    }

    #[test]
    fn a_check_holds_where_it_applied_and_is_skipped_where_it_never_did() {
        let moot = || Judgement::Moot("it sent nothing".to_owned());
        let held = told(vec![moot(), Judgement::Held, moot()]);
        assert_eq!(held.status, Status::Pass);
        assert_eq!(held.message, "as the contract asks in 1 of 3 scenarios; it did not apply in the other 2");
        let skipped = told(vec![moot(), moot()]);
        assert_eq!((skipped.status, skipped.cases), (Status::Skip, 2));
        assert!(skipped.message.starts_with("it sent nothing"), "{}", skipped.message);
    }

    #[test]
    fn the_worst_scenario_decides_and_never_weighs_more_than_its_check() {
        let report = told(vec![Judgement::Held, deviation(Level::May), deviation(Level::Must)]);
        assert_eq!((report.status, report.level), (Status::Warn, Level::Should));
        assert_eq!(report.replay.as_deref(), Some("chatwork.client.token-in-its-header@1/chatwork.c"));
        assert!(report.message.starts_with("it said [token] (chatwork.c, 1 of 3"), "{}", report.message);
        let again = "conformance client --service chatwork --seed 1 --scenario chatwork.c \
                     --only chatwork.client.token-in-its-header -- 'true'";
        assert_eq!(report.reproduce.as_deref(), Some(again));
        let unsettled = told(vec![deviation(Level::Must), Judgement::Unsettled("no request".to_owned())]);
        assert_eq!(unsettled.status, Status::Error, "what could not be settled weighs more than a warning");
    }
}
