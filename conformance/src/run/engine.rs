//! The only scheduler: checks in report order, cases in the check's order, one request at a time, so that no verdict is
//! about two of them at once.

use std::time::{Duration, Instant};

use super::event::{CaseReport, CheckCard, CheckReport, Event, RunCard, RunReport, Subject, Tool};
use super::evidence::{Evidence, curl, millis};
use super::session::Session;
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

impl Run<'_> {
    /// Runs everything and tells of it.
    pub fn carry_out(&self, session: &mut Session, tell: &mut dyn FnMut(&Event)) -> RunReport {
        let started = Instant::now();
        tell(&Event::RunStarted(self.card(session)));
        let reached = session.reach(self.patience);
        let mut summary = Summary::default();
        for (index, check) in self.checks.iter().enumerate() {
            tell(&Event::CheckStarted(CheckCard::of(check, level(check, session), index + 1)));
            let report = match &reached {
                _ if session.is_stopped() => {
                    unrun(check, level(check, session), Status::Skip, "the run was stopped before this check")
                }
                Ok(()) => self.check(check, session, tell),
                Err(fault) => unrun(check, level(check, session), Status::Error, &unreachable(session, fault)),
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
        };
        tell(&Event::RunFinished(report.clone()));
        report
    }

    fn card(&self, session: &Session) -> RunCard {
        let settings = session.settings();
        let declared = match settings.policy.forgery_answer {
            ForgeryAnswer::Refuse => Vec::new(),
            ForgeryAnswer::Any => {
                vec!["forged events are dropped whatever their answer says (--forgery-answer any)".to_owned()]
            }
        };
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
            declared,
        }
    }

    fn check(&self, check: &Check, session: &mut Session, tell: &mut dyn FnMut(&Event)) -> CheckReport {
        let started = Instant::now();
        let Plan::Examples { cases, judge } = check.plan;
        let mut judged = Vec::new();
        let cases = cases(&session.craft(check.id));
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
            }));
            judged.push(Judged { case, steps, judgement, status });
        }
        let duration_ms = millis(started.elapsed());
        let report = CheckReport { duration_ms, ..summed_up(check, &judged, session) };
        if judged.len() < planned && report.status < Status::Error {
            // Half a check shows nothing.
            let message = "the run was stopped in the middle of this check".to_owned();
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

/// The report of a check: the worst case decides, the first of several.
fn summed_up(check: &Check, judged: &[Judged], session: &Session) -> CheckReport {
    let worst = judged.iter().map(|judged| judged.status).max();
    let Some(deciding) = judged.iter().find(|judged| Some(judged.status) == worst) else {
        return unrun(check, level(check, session), Status::Error, "the check sent nothing");
    };
    let total = judged.len();
    let alike = judged.iter().filter(|judged| judged.status == deciding.status).count();
    let where_seen = format!("(case {}, {alike} of {total})", deciding.case.name);
    let settings = session.settings();
    let mask = |text: &str| settings.secret.mask(text);
    let report = CheckReport {
        cases: total as u64,
        evidence: deciding.steps.evidence(&deciding.case, session),
        reproduce: Some(curl(&settings.endpoint, &deciding.case.delivery)),
        replay: Some(format!("{}@{}/{}", check.id, settings.seed, deciding.case.name)),
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
