//! The only scheduler: checks in report order, cases in the check's order, a few of one kind at once. Where that leaves open
//! which of them did what, they are sent again one by one, so that no verdict is about two of them.

use std::time::{Duration, Instant};

use super::event::{CaseReport, CheckCard, CheckReport, Event, RunCard, RunReport, Subject, Tool};
use super::evidence::{curl, millis};
use super::property::{self, Property};
use super::sequence;
use super::session::Session;
use super::tally::{Decided, Tally, unrun};
use super::trial::{self, Go, Steps};
use super::verdict::{Judgement, Status, Summary};
use crate::ask::case::Case;
use crate::ask::craft::Craft;
use crate::ask::effects::Effect;
use crate::ask::policy::ForgeryAnswer;
use crate::ask::scene::{Course, Scene};
use crate::check::{Check, Kind, Level, Needs, Plan};
use courier::exchange::Fault;

/// Generated cases of a check unless the user says otherwise.
pub const CASES: u64 = 24;
/// Exchanges in flight within one check unless the user says otherwise.
pub const JOBS: usize = 8;

/// What a run is made of besides its session.
#[derive(Debug)]
pub struct Run<'a> {
    /// The chosen checks, in report order.
    pub checks: &'a [&'static Check],
    /// A deviation from a SHOULD fails the run.
    pub strict: bool,
    /// How long to wait for the subject to come up.
    pub patience: Duration,
    /// Generated cases of each check that has any.
    pub cases: u64,
    /// Exchanges in flight within one check; those of two checks never are.
    pub jobs: usize,
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
            let report = match (&reached, session.ended()) {
                (_, Some(ended)) => unrun(check, level(check, session), ended.status(), ended.before()),
                (Ok(()), None) => self.check(check, session, tell),
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
        let level = level(check, session);
        let effect = match lacking(check, session) {
            Ok(effect) => effect,
            Err(Lack { status, why }) => return unrun(check, level, status, why),
        };
        let known =
            if session.settings().policy.effect.is_some() { "declared" } else { "as seen after a control event" };
        let note = effect.map(|effect| format!("{known}: {}", effect.words()));
        let mut tally = Tally::new(check, level, self.strict).noting(note);
        let strict = self.strict;
        let mut told = |session: &Session, case: &Case, steps: &Steps, judgement: &Judgement| {
            tell(&Event::CaseFinished(CaseReport {
                check: check.id.to_owned(),
                case: case.name.clone(),
                status: judgement.status(strict),
                deviation: judgement.deviation().map(|deviation| deviation.name.to_owned()),
                outcome: session.settings().secret.mask(&steps.own.outcome.to_string()),
                duration_ms: millis(steps.own.took),
            }));
        };
        let planned = match check.plan {
            Plan::Examples { cases, judge } => {
                let cases = cases(&session.craft(check.id));
                let planned = cases.len() as u64;
                trial::run(check.id, cases, self.jobs, session, &mut |session, case, steps| {
                    if session.ended().is_some() && steps.own.fault() == Some(&Fault::Stopped) {
                        return Go::Enough;
                    }
                    let judgement = tally.capped(judge(&steps.trial(&case, session)), case.most);
                    told(session, &case, &steps, &judgement);
                    let (status, weight) = tally.weigh(&judgement);
                    tally.count(status, weight, || Decided {
                        name: case.name.clone(),
                        judgement,
                        evidence: steps.evidence(&case, session),
                        reproduce: Some(curl(&session.settings().endpoint, &case.delivery)),
                        remark: None,
                    });
                    Go::On
                });
                planned
            }
            Plan::Property { sketches, make, judge } => {
                let property = Property { sketches, make, judge };
                property::judge(check, property, (self.cases, self.jobs), &mut tally, session, &mut told);
                self.cases
            }
            Plan::Sequence { scenes, judge } => self.scenes(check, scenes, judge, effect, &mut tally, session, tell),
        };
        tally.report(planned, session)
    }

    /// Plays the scenes of a check; how many there are.
    #[expect(clippy::too_many_arguments, reason = "the parts of one plan, taken apart where it is matched")]
    fn scenes(
        &self,
        check: &Check,
        scenes: fn(&Craft<'_>) -> Vec<Scene>,
        judge: fn(&Course<'_>) -> Judgement,
        effect: Option<Effect>,
        tally: &mut Tally<'_>,
        session: &mut Session,
        tell: &mut dyn FnMut(&Event),
    ) -> u64 {
        // What puts a load on the subject is measured by its latest answer.
        session.control_before(check.id);
        let scenes = scenes(&session.craft(check.id));
        for scene in &scenes {
            if session.ended().is_some() {
                break;
            }
            let started = Instant::now();
            let played = sequence::play(check.id, scene, effect, session);
            if session.ended().is_some() {
                break;
            }
            let judgement = tally.capped(judge(&played.course(session, effect)), tally.level());
            let (status, weight) = tally.weigh(&judgement);
            tell(&Event::CaseFinished(CaseReport {
                check: check.id.to_owned(),
                case: scene.name.clone(),
                status,
                deviation: judgement.deviation().map(|deviation| deviation.name.to_owned()),
                outcome: session.settings().secret.mask(&played.outcome()),
                duration_ms: millis(started.elapsed()),
            }));
            tally.count(status, weight, || played.decided(scene, judgement, session));
        }
        scenes.len() as u64
    }
}

/// Why a check is not run.
struct Lack {
    status: Status,
    why: &'static str,
}

/// What a check needs and the run does not have; or, for those that look at effects, which one is expected.
fn lacking(check: &Check, session: &mut Session) -> Result<Option<Effect>, Lack> {
    let skip = |why| Err(Lack { status: Status::Skip, why });
    match check.needs {
        Needs::Nothing => Ok(None),
        Needs::OldSecret if session.settings().policy.old_secret.is_none() => {
            skip("there is no old secret to try: name one that is no longer valid with --old-secret-env")
        }
        Needs::OldSecret => Ok(None),
        Needs::Effects | Needs::Replies if session.effects().is_none() => {
            skip("what the integration does after an event is seen only beside the mock: run with --with-mock")
        }
        Needs::Effects | Needs::Replies => match (session.effect(check.id), check.needs) {
            (None, _) => Err(Lack {
                status: Status::Error,
                why: "what the integration does with a valid event is not known: the control event was not accepted",
            }),
            (Some(Effect::None), Needs::Replies) => {
                skip("the integration sends no message after a valid text event, so there is none to look at")
            }
            (effect, _) => Ok(effect),
        },
    }
}

fn level(check: &Check, session: &Session) -> Level {
    check.level_under(&session.settings().policy.profile)
}

fn unreachable(session: &Session, fault: &Fault) -> String {
    format!("{} could not be reached: {fault}", session.settings().endpoint.authority)
}
