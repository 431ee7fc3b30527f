//! The only scheduler: checks in report order, cases in the check's order, a few of one kind at once. Where that leaves open
//! which of them did what, they are sent again one by one, so that no verdict is about two of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::event::{CaseReport, CheckCard, CheckReport, Event, RunCard, RunReport, Shard, Subject, Tool};
use super::evidence::{Evidence, millis};
use super::property::{self, Property};
use super::sequence;
use super::session::{Habit, Session};
use super::shell::again;
use super::tally::{Decided, Tally, unrun};
use super::trial::{self, Go, Steps};
use super::verdict::{Judgement, Status, Summary};
use crate::ask::case::{Case, Trial};
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

/// What is out of the ordinary about a run.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Of a check with this id, only the case or scene with this name is sent.
    pub only_cases: BTreeMap<String, String>,
    /// Of a check with this id, this case is sent in place of its own.
    pub kept_cases: BTreeMap<String, Case>,
    /// How often a check may be repeated until it passes, by its id. Not listed: never.
    pub attempts: BTreeMap<String, u32>,
    /// Which part of the chosen checks this is.
    pub shard: Option<Shard>,
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
        if let (Ok(()), Some(first), true) = (&reached, self.checks.first(), session.is_watched()) {
            // What the integration does with a plain event is looked at before it has anything else to do.
            session.habit(first.id);
        }
        let mut summary = Summary::default();
        for (index, check) in self.checks.iter().enumerate() {
            tell(&Event::CheckStarted(CheckCard::of(check, level(check, session), index + 1)));
            let report = match (&reached, session.ended()) {
                (_, Some(ended)) => unrun(check, level(check, session), ended.status(), ended.before()),
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
            stopped: session.is_stopped(),
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
        declared.extend(session.watched_at().map(|place| {
            format!("what the integration calls is looked at too, as far as it calls {place} (--with-mock)")
        }));
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
            if session.ended().is_some() {
                break;
            }
        }
        first
    }

    fn check(&self, check: &Check, terms: &Terms, session: &mut Session, tell: &mut dyn FnMut(&Event)) -> CheckReport {
        let level = level(check, session);
        let habit = match lacking(check, session) {
            Ok(habit) => habit,
            Err(Lack { status, why }) => return unrun(check, level, status, why),
        };
        let known =
            if session.settings().policy.effect.is_some() { "declared" } else { "as seen after a control event" };
        let note = habit.map(|habit| format!("{known}: {}", habit.effect.words()));
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
                response: Evidence::of(&case.name, &steps.own, &session.settings().secret).response,
            }));
        };
        let only = terms.only_cases.get(check.id).map(String::as_str);
        let kept = terms.kept_cases.get(check.id).map(|kept| vec![kept.clone()]);
        let planned = match (&check.plan, kept) {
            (Plan::Examples { judge, .. } | Plan::Property { judge, .. }, Some(kept)) => {
                self.examples(check, kept, *judge, &mut tally, session, &mut told)
            }
            (Plan::Examples { cases, judge }, None) => {
                let mut cases = cases(&session.craft(check.id));
                cases.retain(|case| only.is_none_or(|only| only == case.name));
                self.examples(check, cases, *judge, &mut tally, session, &mut told)
            }
            (Plan::Property { sketches, make, judge }, None) => {
                let property = Property { sketches: *sketches, make: *make, judge: *judge };
                // The wanted one is as far along as its number says.
                let cases = only.and_then(property::number).map_or(self.cases, |number| number + 1);
                property::judge(check, property, (cases, self.jobs, only), &mut tally, session, &mut told);
                if only.is_some() { 1 } else { self.cases }
            }
            (Plan::Sequence { scenes, judge }, _) => {
                self.scenes(check, (*scenes, only), *judge, habit, &mut tally, session, tell)
            }
            (Plan::Scenarios { .. } | Plan::Dialogue { .. }, _) => {
                return unrun(check, level, Status::Skip, OF_ANOTHER_KIND);
            }
        };
        tally.report(planned, session)
    }

    /// Sends cases that are judged each on its own; how many there are.
    fn examples(
        &self,
        check: &Check,
        cases: Vec<Case>,
        judge: fn(&Trial<'_>) -> Judgement,
        tally: &mut Tally<'_>,
        session: &mut Session,
        told: &mut dyn FnMut(&Session, &Case, &Steps, &Judgement),
    ) -> u64 {
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
                reproduce: Some(again(check.id, &case, session)),
                remark: None,
            });
            Go::On
        });
        planned
    }

    /// Plays the scenes of a check; how many there are.
    #[expect(clippy::too_many_arguments, reason = "the parts of one plan, taken apart where it is matched")]
    fn scenes(
        &self,
        check: &Check,
        (scenes, only): (Scenes, Option<&str>),
        judge: fn(&Course<'_>) -> Judgement,
        habit: Option<Habit>,
        tally: &mut Tally<'_>,
        session: &mut Session,
        tell: &mut dyn FnMut(&Event),
    ) -> u64 {
        // What puts a load on the subject is measured by its latest answer.
        session.control_before(check.id);
        let mut scenes = scenes(&session.craft(check.id));
        scenes.retain(|scene| only.is_none_or(|only| only == scene.name));
        for scene in &scenes {
            if session.ended().is_some() {
                break;
            }
            let started = Instant::now();
            let played = sequence::play(check.id, scene, habit, session);
            if session.ended().is_some() {
                break;
            }
            let judgement = tally.capped(played.judged(judge, habit, session), tally.level());
            let (status, weight) = tally.weigh(&judgement);
            tell(&Event::CaseFinished(CaseReport {
                check: check.id.to_owned(),
                case: scene.name.clone(),
                status,
                deviation: judgement.deviation().map(|deviation| deviation.name.to_owned()),
                outcome: session.settings().secret.mask(&played.outcome()),
                duration_ms: millis(started.elapsed()),
                response: None,
            }));
            tally.count(status, weight, || played.decided(check.id, scene, judgement, session));
        }
        scenes.len() as u64
    }
}

/// Why a check is not run that is no business of an endpoint's.
const OF_ANOTHER_KIND: &str = "this is asked of a client, not of an endpoint";

/// What makes the scenes of a check.
type Scenes = fn(&Craft<'_>) -> Vec<Scene>;

/// Why a check is not run.
struct Lack {
    status: Status,
    why: &'static str,
}

/// What a check needs and the run does not have; or, for those that look at effects, which one is expected.
fn lacking(check: &Check, session: &mut Session) -> Result<Option<Habit>, Lack> {
    let skip = |why| Err(Lack { status: Status::Skip, why });
    match check.needs {
        Needs::Nothing => Ok(None),
        Needs::OldSecret if session.settings().policy.old_secret.is_none() => {
            skip("there is no old secret to try: name one that is no longer valid with --old-secret-env")
        }
        Needs::OldSecret => Ok(None),
        Needs::Write => skip(OF_ANOTHER_KIND),
        Needs::Effects | Needs::Replies if !session.is_watched() => {
            skip("what the integration does after an event is seen only beside the mock: run with --with-mock")
        }
        Needs::Effects | Needs::Replies => match (session.habit(check.id), check.needs) {
            (Some(habit), _)
                if habit.lag.is_none() && session.effects().is_some_and(|effects| effects.is_refused()) =>
            {
                Err(Lack {
                    status: Status::Error,
                    why: "the integration called the mock with a token that nobody has there: give it the one that \
                          /_mock/info shows, or name its own with --api-token-env",
                })
            }
            (None, _) => Err(Lack {
                status: Status::Error,
                why: "what the integration does with a valid event is not known: the control event was not accepted",
            }),
            (Some(Habit { effect: Effect::None, .. }), Needs::Replies) => {
                skip("the integration sends no message after a valid text event, so there is none to look at")
            }
            (habit, _) => Ok(habit),
        },
    }
}

fn level(check: &Check, session: &Session) -> Level {
    check.level_under(&session.settings().policy.profile)
}

fn unreachable(session: &Session, fault: &Fault) -> String {
    format!("{} could not be reached: {fault}", session.settings().endpoint.authority)
}
