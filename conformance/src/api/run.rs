//! A run over a server: the chosen checks in report order, each a dialogue, told in the events that every reporter knows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::service::Service;

use super::session::{Looked, Session};
use super::shown::evidence;
use crate::ask::server::{Facts, Heard, Server, Who};
use crate::check::{Check, Kind, Level, Needs, Plan};
use crate::run::event::{CaseReport, CheckCard, CheckReport, Event, RunCard, RunReport, Subject, Tool};
use crate::run::evidence::{Evidence, millis};
use crate::run::session::Ended;
use crate::run::shell;
use crate::run::tally::unrun;
use crate::run::verdict::{Deviation, Hint, Judgement, Status, Summary};

/// What a run is made of besides its session.
#[derive(Debug)]
pub struct Run<'a> {
    /// The chosen checks, in report order.
    pub checks: &'a [&'static Check],
    /// A deviation from a SHOULD fails the run.
    pub strict: bool,
    /// How long to wait for the server to come up.
    pub patience: Duration,
}

impl Run<'_> {
    /// Runs everything and tells of it.
    pub fn carry_out(&self, session: &mut Session, tell: &mut dyn FnMut(&Event)) -> RunReport {
        let started = Instant::now();
        tell(&Event::RunStarted(self.card(session)));
        let reached = session.reach(self.patience);
        let mut summary = Summary::default();
        for (index, check) in self.checks.iter().enumerate() {
            let level = check.level_under(&session.facts().profile);
            tell(&Event::CheckStarted(CheckCard::of(check, level, index + 1)));
            let report = match (session.ended(), &reached, spared(check, session.facts())) {
                (Some(Ended::Stopped), ..) => {
                    unrun(check, level, Status::Skip, "the run was stopped before this check")
                }
                (Some(ended), ..) => unrun(check, level, Status::Error, before(ended)),
                (None, Err(fault), _) => {
                    let host = &session.settings().endpoint.authority;
                    unrun(check, level, Status::Error, &format!("{host} could not be reached: {fault}"))
                }
                (None, Ok(()), Some(why)) => unrun(check, level, Status::Skip, &why),
                (None, Ok(()), None) => self.check(check, level, session, tell),
            };
            summary.count(report.status, report.cases);
            tell(&Event::CheckFinished(Box::new(report)));
        }
        summary.requests = session.requests();
        let report = RunReport {
            verdict: summary.verdict(),
            summary,
            duration_ms: millis(started.elapsed()),
            stopped: session.is_stopped(),
            objections: Vec::new(),
        };
        tell(&Event::RunFinished(report.clone()));
        report
    }

    fn card(&self, session: &Session) -> RunCard {
        let (settings, facts) = (session.settings(), session.facts());
        RunCard {
            tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            subject: Subject {
                kind: Kind::Api,
                service: facts.service.name().to_owned(),
                target: settings.endpoint.url(&settings.endpoint.target),
            },
            seed: facts.seed,
            started_at: settings.now.to_rfc3339(),
            checks: self.checks.len(),
            shard: None,
            declared: declared(facts),
        }
    }

    fn check(
        &self,
        check: &'static Check,
        level: Level,
        session: &mut Session,
        tell: &mut dyn FnMut(&Event),
    ) -> CheckReport {
        let Plan::Dialogue { hold, .. } = check.plan else {
            return unrun(check, level, Status::Skip, "this check is of another kind of subject");
        };
        let started = Instant::now();
        let _ = session.looked();
        let judgement = match hold(session) {
            Ok(()) => Judgement::Held,
            Err(judgement) => *judgement,
        };
        let looked = session.looked();
        let judgement = settled(judgement, level, &looked, session.ended());
        let report = self.report(check, level, &judgement, &looked, session);
        for heard in &looked.seen {
            tell(&Event::CaseFinished(case(check, heard, &judgement, self.strict, session)));
        }
        CheckReport { duration_ms: millis(started.elapsed()), ..report }
    }

    fn report(
        &self,
        check: &Check,
        level: Level,
        judgement: &Judgement,
        looked: &Looked,
        session: &Session,
    ) -> CheckReport {
        let mask = |text: &str| session.settings().token.mask(text);
        let cases = looked.seen.len() as u64;
        let report = CheckReport { cases, ..unrun(check, level, judgement.status(self.strict), "") };
        match judgement {
            Judgement::Held => CheckReport { message: format!("as the contract asks, in {cases} answers"), ..report },
            Judgement::Moot(reason) => CheckReport { message: mask(reason), ..report },
            Judgement::Unsettled(reason) => {
                CheckReport { message: mask(reason), evidence: shown(looked, session), ..report }
            }
            Judgement::Deviates(deviation) | Judgement::Wavers(deviation) => CheckReport {
                message: mask(&deviation.message),
                expected: Some(mask(&deviation.expected)),
                actual: Some(mask(&deviation.actual)),
                evidence: shown(looked, session),
                reproduce: deciding(looked).and_then(|heard| again(heard, session)),
                hint: Some(match &deviation.hint {
                    Hint::OfCheck => check.hint.to_owned(),
                    Hint::Besides(more) => mask(&format!("{} {more}", check.hint)),
                    Hint::Instead(other) => mask(other),
                }),
                ..report
            },
        }
    }
}

/// Why a check is not asked of this server at all.
fn spared(check: &Check, facts: &Facts) -> Option<String> {
    if let Some(clause) = check.clauses.first().filter(|clause| !facts.edition.keeps(clause.holds)) {
        return Some(format!("{} does not hold in the edition {}", clause.id, facts.edition));
    }
    if check.needs == Needs::Write && !facts.write {
        let flag = match facts.service {
            Service::Chatwork => "--room-id",
            Service::Chatday => "--chat-id",
        };
        return Some(format!("it changes something: allow that with --write, and say where with {flag}"));
    }
    let heavy = (check.load || check.hostile) && !facts.local;
    heavy.then(|| "it sends a lot: only a server on this machine is asked".to_owned())
}

/// What a judgement comes to: it weighs no more than its check, and nothing looked at shows nothing.
fn settled(judgement: Judgement, level: Level, looked: &Looked, ended: Option<Ended>) -> Judgement {
    match judgement {
        Judgement::Deviates(deviation) => {
            Judgement::Deviates(Deviation { level: deviation.level.min(level), ..deviation })
        }
        Judgement::Unsettled(reason) => match ended {
            Some(Ended::Stopped) => Judgement::Moot("the run was stopped in the middle of this check".to_owned()),
            Some(ended) => {
                Judgement::Unsettled(before(ended).replace("before this check", "in the middle of this check"))
            }
            None => Judgement::Unsettled(reason),
        },
        Judgement::Held if looked.seen.is_empty() => Judgement::Unsettled("the check looked at no answer".to_owned()),
        other => other,
    }
}

fn before(ended: Ended) -> &'static str {
    match ended {
        Ended::Stopped => "the run was stopped before this check",
        Ended::TimeOver => "the run's time was over before this check",
        Ended::LeftAlone => {
            "the server answered 5xx or nothing several times in a row before this check: it is left alone"
        }
    }
}

/// What the run may do, in words.
fn declared(facts: &Facts) -> Vec<String> {
    let mut declared = vec![match (&facts.place, facts.write) {
        (Some(place), true) => match facts.service {
            Service::Chatwork => format!("room {place} may be written in (--write)"),
            Service::Chatday => format!("chat {place} may be written in, and the token is registered (--write)"),
        },
        _ => "nothing is changed: only GET requests are sent".to_owned(),
    }];
    if facts.service == Service::Chatwork {
        declared.push(format!("the server follows the edition {}", facts.edition));
    }
    declared
}

/// The call that decided: the one that was named, or else the last one.
fn deciding(looked: &Looked) -> Option<&Arc<Heard>> {
    looked.shown.last().or(looked.seen.last())
}

fn shown(looked: &Looked, session: &Session) -> Vec<Evidence> {
    let (facts, token) = (session.facts(), &session.settings().token);
    let named = if looked.shown.is_empty() {
        deciding(looked).into_iter().collect()
    } else {
        looked.shown.iter().rev().collect::<Vec<_>>()
    };
    named.into_iter().take(EVIDENCE_MAX).map(|heard| evidence(heard, facts, token)).collect()
}

/// A command that makes the call again. None where it would show what reports leave out, or could not be typed.
fn again(heard: &Heard, session: &Session) -> Option<String> {
    let call = &heard.call;
    if call.private || call.who == Who::InQuery || call.names.is_some() {
        return None;
    }
    shell::curl(&session.settings().endpoint, &heard.exchange.sent, session.settings().ca_file.as_deref())
}

fn case(check: &Check, heard: &Arc<Heard>, judgement: &Judgement, strict: bool, session: &Session) -> CaseReport {
    let shown = evidence(heard, session.facts(), &session.settings().token);
    let outcome = match (&shown.response, &shown.fault) {
        (Some(answer), None) => format!("{} with {} bytes", answer.status, answer.body_bytes),
        (Some(answer), Some(fault)) => format!("{}, then {fault}", answer.status),
        (None, fault) => fault.clone().unwrap_or_default(),
    };
    CaseReport {
        check: check.id.to_owned(),
        case: heard.call.words(),
        status: judgement.status(strict),
        deviation: judgement.deviation().map(|deviation| deviation.name.to_owned()),
        outcome,
        duration_ms: shown.duration_ms,
        response: shown.response,
    }
}

/// Calls in the evidence of one check.
const EVIDENCE_MAX: usize = 4;
