//! Scenes: several deliveries in the order, and on the connections, that they name; judged together.

use std::time::{Duration, Instant};

use super::evidence::Evidence;
use super::session::{QUIET, Session};
use super::shell::{again, replay_id, replay_line};
use super::tally::Decided;
use super::verdict::Judgement;
use crate::ask::case::{Case, Role};
use crate::ask::effects::{Call, Effect};
use crate::ask::scene::{Act, Course, Scene, Step};
use courier::exchange::Exchange;
use courier::line::Connection;

/// What became of a scene.
#[derive(Debug)]
pub(super) struct Played {
    before: Exchange,
    steps: Vec<Step>,
    calls: Vec<Vec<Call>>,
    after: Exchange,
}

/// Plays a scene between two control events.
pub(super) fn play(check: &str, scene: &Scene, effect: Option<Effect>, session: &mut Session) -> Played {
    let before = before(check, effect, session);
    let mut steps = Vec::new();
    let mut calls = Vec::new();
    if session.settings().policy.accepts(&before) {
        let mut mark = session.effects().map(|effects| effects.mark());
        for act in &scene.acts {
            match act {
                Act::Observe { calls: count } => {
                    let within = session.settings().socket.timeout;
                    if let (Some(effects), Some(since)) = (session.effects(), mark) {
                        calls.push(effects.calls_since(since, *count, QUIET, within));
                        mark = Some(effects.mark());
                    }
                }
                Act::SlowApi(delay) => {
                    if let Some(effects) = session.effects() {
                        effects.slow_down(*delay);
                    }
                }
                Act::Again => {
                    let policy = &session.settings().policy;
                    let missed = steps
                        .iter()
                        .filter(|step: &&Step| step.case.role == Role::Genuine && !policy.accepts(&step.exchange));
                    let cases = missed.map(|step| step.case.clone()).collect();
                    steps.extend(sent(&Act::Each(cases), session));
                }
                _ => steps.extend(sent(act, session)),
            }
        }
        if let Some(effects) = session.effects() {
            effects.slow_down(Duration::ZERO);
        }
    }
    let after = session.control_after(check);
    Played { before, steps, calls, after }
}

/// The control event before a scene. Where its effect is awaited it is one of its own, and what comes of it is over before
/// the scene begins.
fn before(check: &str, effect: Option<Effect>, session: &mut Session) -> Exchange {
    let Some(effect) = effect else { return session.control_before(check) };
    let since = session.effects().map(|effects| effects.mark());
    let before = session.control_after(check);
    let within = session.settings().socket.timeout;
    if let (Some(effects), Some(since)) = (session.effects(), since) {
        effects.calls_since(since, usize::from(effect == Effect::Reply), QUIET, within);
    }
    before
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
    pub(super) fn course<'a>(&'a self, session: &'a Session, effect: Option<Effect>) -> Course<'a> {
        let settings = session.settings();
        Course {
            policy: &settings.policy,
            secret: &settings.secret,
            timeout: settings.socket.timeout,
            before: &self.before,
            steps: &self.steps,
            calls: &self.calls,
            effect,
            after: &self.after,
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
        let all = [("control before", &self.before)].into_iter().chain(own).chain([("control after", &self.after)]);
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

/// Deliveries of a scene in a report.
const SHOWN: usize = 4;
