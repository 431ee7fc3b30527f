//! Cases on their way: as many at once as the run allows, with control events around those that no service would send.

use std::time::Duration;

use super::evidence::Evidence;
use super::session::{Habit, Session};
use crate::ask::case::{Case, Fate, Role, Trial};
use crate::ask::effects::{Call, Mark};
use courier::exchange::Exchange;

/// The exchanges of one case.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) before: Option<Exchange>,
    pub(super) own: Exchange,
    pub(super) after: Option<Exchange>,
    pub(super) fate: Fate,
}

/// Sends cases in order, up to `jobs` of one role at once, and hands each over with its exchanges as soon as they are
/// known. Ends early when `take` says so.
pub(super) fn run(
    check: &str,
    cases: Vec<Case>,
    jobs: usize,
    session: &mut Session,
    take: &mut dyn FnMut(&mut Session, Case, Steps) -> Go,
) -> Go {
    let mut cases = cases.into_iter().peekable();
    while let Some(first) = cases.next() {
        let role = first.role;
        // Who does not say what a message is about can be watched with one event at a time only.
        let watched = if role == Role::Forged { session.sees_drops(check) } else { None };
        let jobs = if watched.is_some_and(|habit| !habit.quotes) { 1 } else { jobs.max(1) };
        let mut batch = vec![first];
        while batch.len() < jobs && cases.peek().is_some_and(|next| next.role == role) {
            batch.extend(cases.next());
        }
        for (case, steps) in send(check, batch, session) {
            if take(session, case, steps) == Go::Enough {
                return Go::Enough;
            }
        }
    }
    Go::On
}

/// Whether more cases are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Go {
    /// They are.
    On,
    /// They are not.
    Enough,
}

/// One case on its own.
pub(super) fn alone(check: &str, case: &Case, session: &mut Session) -> Steps {
    match case.role {
        Role::Genuine => {
            let own = session.send_case(case);
            // Is it this event, or any event at all?
            let accepted = session.settings().policy.accepts(&own);
            let after = (!accepted).then(|| session.control_after(check));
            Steps { before: None, own, after, fate: Fate::Unseen }
        }
        Role::Forged if let Some(habit) = session.sees_drops(check) => alone_and_watched(check, case, habit, session),
        Role::Forged | Role::Hostile => {
            let before = session.control_before(check);
            let own = session.send_case(case);
            let after = session.control_after(check);
            Steps { before: Some(before), own, after: Some(after), fate: Fate::Unseen }
        }
    }
}

/// A forged event on its own. Where it is answered like a valid one, what the integration calls then shows whether it was
/// dropped.
fn alone_and_watched(check: &str, case: &Case, habit: Habit, session: &mut Session) -> Steps {
    // Who does not say what a message is about must be done with everything else.
    let before =
        if habit.quotes { session.control_before(check) } else { session.settled_control(check, habit).control };
    let mark = session.mark();
    let own = session.send_case(case);
    let taken = session.settings().policy.accepts(&own);
    let calls = match mark.filter(|_| taken && !habit.quotes) {
        Some(mark) => session.observe(mark, &session.numbers_of(&case.delivery), 0, habit),
        None => Vec::new(),
    };
    let after = session.control_after(check);
    let fate = match mark.filter(|_| taken) {
        None => Fate::Unseen,
        Some(mark) if habit.quotes => fates(&[case], mark, &after, habit, session).pop().unwrap_or_default(),
        Some(_) => fate(&calls),
    };
    Steps { before: Some(before), own, after: Some(after), fate }
}

/// What became of forged events that were followed by a valid one, where each message says what it is about.
fn fates(cases: &[&Case], mark: Mark, after: &Exchange, habit: Habit, session: &mut Session) -> Vec<Fate> {
    let accepted = session.settings().policy.accepts(after);
    if !accepted || !session.see_through(mark, after, habit) {
        return vec![Fate::Unseen; cases.len()];
    }
    let now = session.settings().now;
    let calls = session.effects().map(|effects| effects.calls_since(mark, 0, Duration::ZERO, Duration::ZERO));
    let calls = calls.unwrap_or_default();
    let of = |case: &&Case| {
        let own = session.numbers_of(&case.delivery);
        let about: Vec<Call> = calls.iter().filter(|call| !call.quoted(now).is_disjoint(&own)).cloned().collect();
        if own.is_empty() { Fate::Unseen } else { fate(&about) }
    };
    cases.iter().map(of).collect()
}

fn fate(calls: &[Call]) -> Fate {
    match calls.iter().find(|call| call.is_effect()) {
        Some(call) => Fate::ActedOn(call.words()),
        None => Fate::Dropped,
    }
}

/// Several cases of one role at once. Where that leaves it open which of them did what, they are sent once more, one by one.
fn send(check: &str, batch: Vec<Case>, session: &mut Session) -> Vec<(Case, Steps)> {
    if batch.len() < 2 {
        return batch
            .into_iter()
            .map(|case| {
                let steps = alone(check, &case, session);
                (case, steps)
            })
            .collect();
    }
    let controlled = batch.iter().any(|case| case.role != Role::Genuine);
    let before = controlled.then(|| session.control_before(check));
    let watched = if batch.iter().all(|case| case.role == Role::Forged) { session.sees_drops(check) } else { None };
    let mark = session.mark();
    let all: Vec<&Case> = batch.iter().collect();
    let sent = session.send_all(&all);
    let after = controlled.then(|| session.control_after(check));
    let taken = sent.iter().any(|own| session.settings().policy.accepts(own));
    let fates = match (watched.filter(|habit| taken && habit.quotes), mark, &after) {
        (Some(habit), Some(mark), Some(after)) => fates(&all, mark, after, habit, session),
        _ => vec![Fate::Unseen; all.len()],
    };
    let lost = |session: &Session| {
        let policy = &session.settings().policy;
        let accepted = |control: &Option<Exchange>| control.as_ref().is_some_and(|control| policy.accepts(control));
        accepted(&before) && !accepted(&after)
    };
    let unclear = controlled && lost(session);
    batch
        .into_iter()
        .zip(sent.into_iter().zip(fates))
        .map(|(case, (own, fate))| {
            // An event that is refused among others may be acknowledged alone.
            let again = unclear || (!controlled && !session.settings().policy.accepts(&own));
            let steps = Steps { before: before.clone(), own, after: after.clone(), fate };
            if !again {
                return (case, steps);
            }
            let lone = alone(check, &case, session);
            // What could not be sent a second time tells nothing new.
            let settled = lone.before.as_ref().is_none_or(|control| session.settings().policy.accepts(control))
                && !lone.own.fault().is_some_and(courier::exchange::Fault::is_out_of_reach);
            if !settled {
                return (case, Steps { after: steps.after.or(lone.after), ..steps });
            }
            // The second time it may have been dropped as a duplicate.
            let fate = if matches!(lone.fate, Fate::ActedOn(_)) { lone.fate } else { steps.fate };
            (case, Steps { fate, ..lone })
        })
        .collect()
}

impl Steps {
    pub(super) fn trial<'a>(&'a self, case: &'a Case, session: &'a Session) -> Trial<'a> {
        Trial {
            case,
            policy: &session.settings().policy,
            secret: &session.settings().secret,
            before: self.before.as_ref(),
            exchange: &self.own,
            after: self.after.as_ref(),
            fate: &self.fate,
        }
    }

    pub(super) fn evidence(&self, case: &Case, session: &Session) -> Vec<Evidence> {
        let secret = &session.settings().secret;
        let steps = [
            ("control before", self.before.as_ref()),
            (&case.name, Some(&self.own)),
            ("control after", self.after.as_ref()),
        ];
        steps.into_iter().filter_map(|(step, exchange)| Some(Evidence::of(step, exchange?, secret))).collect()
    }
}
