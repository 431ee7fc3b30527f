//! Scenes: several deliveries in the order, and on the connections, that they name; judged together.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::evidence::Evidence;
use super::session::{Habit, Session, Settled};
use super::shell::{again, replay_id, replay_line};
use super::tally::Decided;
use super::verdict::Judgement;
use crate::ask::case::{Case, Role};
use crate::ask::effects::Call;
use crate::ask::scene::{Act, Course, Scene, Step};
use courier::exchange::Exchange;
use courier::line::Connection;

/// What became of a scene.
#[derive(Debug)]
pub(super) struct Played {
    before: Exchange,
    steps: Vec<Step>,
    calls: Vec<Vec<Call>>,
    after: Option<Exchange>,
    /// The integration has not even done yet what the control event before led to.
    is_busy: bool,
}

/// Plays a scene between two control events. With a habit the integration's calls are looked at.
pub(super) fn play(check: &str, scene: &Scene, habit: Option<Habit>, session: &mut Session) -> Played {
    // Where an effect is awaited the control event is one of the scene's own, and what comes of it is over before the scene.
    let settled = match habit {
        Some(habit) => session.settled_control(check, habit),
        None => Settled { control: session.control_before(check), has_come: true },
    };
    let mut played = Played {
        before: settled.control,
        steps: Vec::new(),
        calls: Vec::new(),
        after: None,
        is_busy: !settled.has_come,
    };
    if session.settings().policy.accepts(&played.before) && !played.is_busy {
        played.act(scene, habit, session);
        if let Some(effects) = session.effects() {
            effects.slow_down(Duration::ZERO);
        }
    }
    played.after = Some(session.control_after(check));
    played
}

fn sent(act: &Act, session: &mut Session) -> Vec<Step> {
    let fresh = |cases: &[Case], exchanges: Vec<Exchange>| -> Vec<Step> {
        let sent = cases.iter().cloned().zip(exchanges);
        sent.map(|(case, exchange)| Step { case, exchange, connection: Connection::Fresh }).collect()
    };
    match act {
        Act::Each(cases) => {
            let exchanges = cases.iter().map(|case| session.send_case(case)).collect();
            fresh(cases, exchanges)
        }
        Act::Together(cases) => {
            let all: Vec<&Case> = cases.iter().collect();
            let exchanges = session.send_all(&all);
            fresh(cases, exchanges)
        }
        Act::Line(cases) => {
            let exchanges = session.send_in_line(cases);
            let sent = cases.iter().zip(exchanges);
            sent.map(|((_, case), (exchange, connection))| Step { case: case.clone(), exchange, connection }).collect()
        }
        Act::Beside(slow, others) => {
            let exchanges = session.send_beside(slow, others);
            let cases: Vec<Case> = [slow.as_ref()].into_iter().chain(others).cloned().collect();
            fresh(&cases, exchanges)
        }
        Act::Waves(waves, within) => {
            let started = Instant::now();
            let mut steps = Vec::new();
            for wave in waves {
                steps.extend(sent(&Act::Together(wave.clone()), session));
                if started.elapsed() >= *within {
                    break;
                }
            }
            steps
        }
        Act::Again | Act::Observe { .. } | Act::SlowApi(_) => Vec::new(),
    }
}

impl Played {
    fn act(&mut self, scene: &Scene, habit: Option<Habit>, session: &mut Session) {
        let own: BTreeSet<u64> = scene.deliveries().flat_map(|delivery| session.numbers_of(delivery)).collect();
        let mut mark = session.mark();
        for act in &scene.acts {
            match act {
                Act::Observe { calls: events } => {
                    if let (Some(habit), Some(since)) = (habit, mark) {
                        self.calls.push(session.observe(since, &own, *events, habit));
                        mark = session.mark();
                    }
                }
                Act::SlowApi(delay) => {
                    if let Some(effects) = session.effects() {
                        effects.slow_down(*delay);
                    }
                }
                Act::Again => {
                    let policy = &session.settings().policy;
                    let missed = self
                        .steps
                        .iter()
                        .filter(|step| step.case.role == Role::Genuine && !policy.accepts(&step.exchange));
                    let cases = missed.map(|step| step.case.clone()).collect();
                    self.steps.extend(sent(&Act::Each(cases), session));
                }
                _ => self.steps.extend(sent(act, session)),
            }
        }
    }

    /// What is thought of it; nothing can be where the integration is still busy with something else.
    pub(super) fn judged(
        &self,
        judge: fn(&Course<'_>) -> Judgement,
        habit: Option<Habit>,
        session: &Session,
    ) -> Judgement {
        if self.is_busy {
            return Judgement::Unsettled(BUSY.to_owned());
        }
        judge(&self.course(session, habit))
    }

    fn course<'a>(&'a self, session: &'a Session, habit: Option<Habit>) -> Course<'a> {
        let settings = session.settings();
        Course {
            policy: &settings.policy,
            secret: &settings.secret,
            timeout: settings.socket.timeout,
            before: &self.before,
            steps: &self.steps,
            calls: &self.calls,
            usual: habit.map_or(1, |habit| habit.usual),
            after: self.after.as_ref().unwrap_or(&self.before),
        }
    }

    /// What came back, on one line.
    pub(super) fn outcome(&self) -> String {
        let odd: Vec<String> = self.steps.iter().map(|step| step.exchange.outcome.to_string()).collect::<Vec<_>>();
        match odd.as_slice() {
            [] => self.before.outcome.to_string(),
            [only] => only.clone(),
            [.., last] => format!("{} exchanges, the last: {last}", odd.len()),
        }
    }

    /// The scene as a report shows it: the deliveries that went otherwise than one would think, or else the first ones.
    pub(super) fn decided(&self, check: &str, scene: &Scene, judgement: Judgement, session: &Session) -> Decided {
        let settings = session.settings();
        let odd = |step: &&Step| {
            let accepted = settings.policy.accepts(&step.exchange);
            match step.case.role {
                Role::Genuine => !accepted,
                Role::Forged | Role::Hostile => accepted,
            }
        };
        let mut shown: Vec<&Step> = self.steps.iter().filter(odd).take(SHOWN).collect();
        if shown.is_empty() {
            shown = self.steps.iter().take(SHOWN).collect();
        }
        let own = shown.iter().map(|step| (step.case.name.as_str(), &step.exchange));
        let after = self.after.as_ref().map(|after| ("control after", after));
        let all = [("control before", &self.before)].into_iter().chain(own).chain(after);
        Decided {
            name: scene.name.clone(),
            judgement,
            evidence: all.map(|(step, exchange)| Evidence::of(step, exchange, &settings.secret)).collect(),
            // One delivery says it all, or only the whole scene does.
            reproduce: match self.steps.as_slice() {
                [only] => Some(again(check, &Case { name: scene.name.clone(), ..only.case.clone() }, session)),
                _ => Some(replay_line(&replay_id(check, &scene.name, session), session)),
            },
            remark: None,
        }
    }
}

/// Why nothing is said about a scene that was not played.
const BUSY: &str = "the integration did not act on a valid event within twice the time of an exchange, though it acts on such \
                    events: what it calls later cannot be told from what this check looks for";
/// Deliveries of a scene in a report.
const SHOWN: usize = 4;
