//! The only scheduler: checks in report order, cases in the check's order, one request at a time, so that no verdict is
//! about two of them at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::event::{CaseReport, CheckCard, CheckReport, Event, RunCard, RunReport, Shard, Subject, Tool};
use super::evidence::{Evidence, millis};
use super::replay::ReplayId;
use super::session::Session;
use super::shell::{curl, quote};
use super::stop::Why;
use super::verdict::{Deviation, Hint, Judgement, Status, Summary};
use crate::ask::case::{Case, Role, Trial};
use crate::ask::policy::ForgeryAnswer;
use crate::check::{Check, Kind, Level, Plan};
use courier::exchange::{Exchange, Fault};

/// What a run is made of besides its session.
#[derive(Debug)]
pub struct Run<'a> {
    /// The chosen checks, in report order.
    pub checks: &'a [&'static Check],
    /// A deviation from a SHOULD fails the run.
    pub strict: bool,
    /// How long to wait for the subject to come up.
    pub patience: Duration,
}

/// What is out of the ordinary about a run.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Of a check with this id, only the case with this name is sent.
    pub only_cases: BTreeMap<String, String>,
    /// Of a check with this id, this case is sent in place of its own.
    pub kept_cases: BTreeMap<String, Case>,
    /// How often a check may be repeated until it passes, by its id. Not listed: never.
    pub attempts: BTreeMap<String, u32>,
    /// Which part of the chosen checks this is.
    pub shard: Option<Shard>,
    /// The file with the CA that a printed command needs.
    pub ca_file: Option<PathBuf>,
    /// What else the user declared, in words.
    pub declared: Vec<String>,
}

impl Run<'_> {
    /// Runs everything, each check once, and tells of it.
    pub fn carry_out(&self, session: &mut Session, tell: &mut dyn FnMut(&Event)) -> RunReport {
        self.carry_out_as(&Terms::default(), session, tell)
    }

    /// Runs everything and tells of it.
    pub fn carry_out_as(&self, terms: &Terms, session: &mut Session, tell: &mut dyn FnMut(&Event)) -> RunReport {
        let started = Instant::now();
        tell(&Event::RunStarted(self.card(terms, session)));
        let reached = session.reach(self.patience);
        let mut summary = Summary::default();
        for (index, check) in self.checks.iter().enumerate() {
            tell(&Event::CheckStarted(CheckCard::of(check, level(check, session), index + 1)));
            let report = match (&reached, session.settings().stop.why()) {
                // Who presses Ctrl-C knows what is missing; otherwise it has to count.
                (_, Some(why @ Why::Asked)) => unrun(check, level(check, session), Status::Skip, why.before_a_check()),
                (_, Some(why)) => unrun(check, level(check, session), Status::Error, why.before_a_check()),
                (Ok(()), None) => self.repeated(check, terms, session, tell),
                (Err(fault), None) => unrun(check, level(check, session), Status::Error, &unreachable(session, fault)),
            };
            summary.count(report.status, report.cases);
            tell(&Event::CheckFinished(Box::new(report)));
        }
        summary.requests = session.requests();
        let report = RunReport {
            verdict: summary.verdict(),
            summary,
            duration_ms: millis(started.elapsed()),
            stopped: session.settings().stop.why() == Some(Why::Asked),
            objections: Vec::new(),
        };
        tell(&Event::RunFinished(report.clone()));
        report
    }

    fn card(&self, terms: &Terms, session: &Session) -> RunCard {
        let settings = session.settings();
        let mut declared = match settings.policy.forgery_answer {
            ForgeryAnswer::Refuse => Vec::new(),
            ForgeryAnswer::Any => {
                vec!["forged events are dropped whatever their answer says (--forgery-answer any)".to_owned()]
            }
        };
        declared.extend(terms.declared.iter().cloned());
        RunCard {
            tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            subject: Subject {
                kind: Kind::Webhook,
                service: settings.policy.service.name().to_owned(),
                target: settings.endpoint.url(&settings.endpoint.target),
            },
            seed: settings.seed,
            started_at: settings.now.to_rfc3339(),
            checks: self.checks.len(),
            shard: terms.shard,
            declared,
        }
    }

    /// Runs a check as often as it may be, until it passes. One that comes out both ways is flaky.
    fn repeated(
        &self,
        check: &Check,
        terms: &Terms,
        session: &mut Session,
        tell: &mut dyn FnMut(&Event),
    ) -> CheckReport {
        let attempts = terms.attempts.get(check.id).copied().unwrap_or(1);
        let first = self.check(check, terms, session, tell);
        if first.status != Status::Fail {
            return first;
        }
        for attempt in 2..=attempts {
            let again = self.check(check, terms, session, tell);
            if again.status == Status::Pass {
                let message = format!("passed in attempt {attempt} of at most {attempts}; before: {}", first.message);
                return CheckReport { status: Status::Flaky, message, ..first };
            }
            if session.is_stopped() {
                break;
            }
        }
        first
    }

    fn check(&self, check: &Check, terms: &Terms, session: &mut Session, tell: &mut dyn FnMut(&Event)) -> CheckReport {
        let started = Instant::now();
        let Plan::Examples { cases, judge } = check.plan;
        let mut judged = Vec::new();
        let mut cases = match terms.kept_cases.get(check.id) {
            Some(kept) => vec![kept.clone()],
            None => cases(&session.craft(check.id)),
        };
        cases.retain(|case| terms.only_cases.get(check.id).is_none_or(|only| *only == case.name));
        let planned = cases.len();
        for case in cases {
            if session.is_stopped() {
                break;
            }
            let steps = Steps::of(check, &case, session);
            let judgement = capped(judge(&steps.trial(&case, session)), level(check, session));
            let status = judgement.status(self.strict);
            tell(&Event::CaseFinished(CaseReport {
                check: check.id.to_owned(),
                case: case.name.clone(),
                status,
                deviation: match &judgement {
                    Judgement::Deviates(deviation) => Some(deviation.name.to_owned()),
                    Judgement::Held | Judgement::Unsettled(_) => None,
                },
                outcome: session.settings().secret.mask(&steps.own.outcome.to_string()),
                duration_ms: millis(steps.own.took),
                response: Evidence::of(&case.name, &steps.own, &session.settings().secret).response,
            }));
            judged.push(Judged { case, steps, judgement, status });
        }
        let duration_ms = millis(started.elapsed());
        let report = CheckReport { duration_ms, ..summed_up(check, terms, &judged, session) };
        if judged.len() < planned && report.status < Status::Error {
            // Half a check shows nothing.
            let message = session.settings().stop.why().unwrap_or(Why::Asked).in_a_check().to_owned();
            return CheckReport { status: Status::Error, message, ..report };
        }
        report
    }
}

/// The exchanges of one case.
struct Steps {
    before: Option<Exchange>,
    own: Exchange,
    after: Option<Exchange>,
}

impl Steps {
    fn of(check: &Check, case: &Case, session: &mut Session) -> Self {
        match case.role {
            Role::Genuine => {
                let own = session.send(&case.delivery);
                // Is it this event, or any event at all?
                let accepted = session.settings().policy.accepts(&own);
                let after = (!accepted).then(|| session.control_after(check.id));
                Self { before: None, own, after }
            }
            Role::Forged => {
                let before = session.control_before(check.id);
                let own = session.send(&case.delivery);
                let after = session.control_after(check.id);
                Self { before: Some(before), own, after: Some(after) }
            }
        }
    }

    fn trial<'a>(&'a self, case: &'a Case, session: &'a Session) -> Trial<'a> {
        Trial {
            case,
            policy: &session.settings().policy,
            secret: &session.settings().secret,
            before: self.before.as_ref(),
            exchange: &self.own,
            after: self.after.as_ref(),
        }
    }

    fn evidence(&self, case: &Case, session: &Session) -> Vec<Evidence> {
        let secret = &session.settings().secret;
        let steps = [
            ("control before", self.before.as_ref()),
            (&case.name, Some(&self.own)),
            ("control after", self.after.as_ref()),
        ];
        steps.into_iter().filter_map(|(step, exchange)| Some(Evidence::of(step, exchange?, secret))).collect()
    }
}

struct Judged {
    case: Case,
    steps: Steps,
    judgement: Judgement,
    status: Status,
}

fn level(check: &Check, session: &Session) -> Level {
    check.level_under(&session.settings().policy.profile)
}

/// A deviation never weighs more than its check.
fn capped(judgement: Judgement, level: Level) -> Judgement {
    match judgement {
        Judgement::Deviates(deviation) => {
            Judgement::Deviates(Deviation { level: deviation.level.min(level), ..deviation })
        }
        other => other,
    }
}

fn unreachable(session: &Session, fault: &Fault) -> String {
    format!("{} could not be reached: {fault}", session.settings().endpoint.authority)
}

/// A check of which nothing was sent.
fn unrun(check: &Check, level: Level, status: Status, message: &str) -> CheckReport {
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

/// What sends a case again that no shell can be given as a line.
fn replay_line(replay: &str, session: &Session) -> String {
    let settings = session.settings();
    let url = settings.endpoint.url(&settings.endpoint.target);
    format!("conformance replay {} {} --secret-env {}", quote(replay), quote(&url), settings.secret.variable())
}

/// The report of a check: the worst case decides, the first of several.
fn summed_up(check: &Check, terms: &Terms, judged: &[Judged], session: &Session) -> CheckReport {
    let worst = judged.iter().map(|judged| judged.status).max();
    let Some(deciding) = judged.iter().find(|judged| Some(judged.status) == worst) else {
        return unrun(check, level(check, session), Status::Error, "the check sent nothing");
    };
    let total = judged.len();
    let alike = judged.iter().filter(|judged| judged.status == deciding.status).count();
    let where_seen = format!("(case {}, {alike} of {total})", deciding.case.name);
    let settings = session.settings();
    let mask = |text: &str| settings.secret.mask(text);
    let replay =
        ReplayId { check: check.id.to_owned(), seed: settings.seed, case: deciding.case.name.clone() }.to_string();
    let report = CheckReport {
        cases: total as u64,
        evidence: deciding.steps.evidence(&deciding.case, session),
        reproduce: curl(&settings.endpoint, &deciding.case.delivery, terms.ca_file.as_deref())
            .or_else(|| Some(replay_line(&replay, session))),
        replay: Some(replay),
        ..unrun(check, level(check, session), deciding.status, "")
    };
    match &deciding.judgement {
        Judgement::Held => CheckReport { message: format!("{total} of {total} cases as the contract asks"), ..report },
        Judgement::Unsettled(reason) => CheckReport { message: format!("{} {where_seen}", mask(reason)), ..report },
        Judgement::Deviates(deviation) => CheckReport {
            message: format!("{} {where_seen}", mask(&deviation.message)),
            expected: Some(deviation.expected.clone()),
            actual: Some(mask(&deviation.actual)),
            hint: Some(match &deviation.hint {
                Hint::OfCheck => check.hint.to_owned(),
                Hint::Besides(more) => format!("{} {more}", check.hint),
                Hint::Instead(other) => other.clone(),
            }),
            ..report
        },
    }
}
