//! Cases on their way: as many at once as the run allows, with control events around those that no service would send.

use super::evidence::Evidence;
use super::session::Session;
use crate::ask::case::{Case, Role, Trial};
use courier::exchange::Exchange;

/// The exchanges of one case.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) before: Option<Exchange>,
    pub(super) own: Exchange,
    pub(super) after: Option<Exchange>,
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
        let mut batch = vec![first];
        while batch.len() < jobs.max(1) && cases.peek().is_some_and(|next| next.role == role) {
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
            Steps { before: None, own, after }
        }
        Role::Forged | Role::Hostile => {
            let before = session.control_before(check);
            let own = session.send_case(case);
            let after = session.control_after(check);
            Steps { before: Some(before), own, after: Some(after) }
        }
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
    let all: Vec<&Case> = batch.iter().collect();
    let sent = session.send_all(&all);
    let after = controlled.then(|| session.control_after(check));
    let lost = |session: &Session| {
        let policy = &session.settings().policy;
        let accepted = |control: &Option<Exchange>| control.as_ref().is_some_and(|control| policy.accepts(control));
        accepted(&before) && !accepted(&after)
    };
    let unclear = controlled && lost(session);
    batch
        .into_iter()
        .zip(sent)
        .map(|(case, own)| {
            // An event that is refused among others may be acknowledged alone.
            let again = unclear || (!controlled && !session.settings().policy.accepts(&own));
            let steps = Steps { before: before.clone(), own, after: after.clone() };
            if !again {
                return (case, steps);
            }
            let lone = alone(check, &case, session);
            // What could not be sent a second time tells nothing new.
            let settled = lone.before.as_ref().is_none_or(|control| session.settings().policy.accepts(control))
                && !lone.own.fault().is_some_and(courier::exchange::Fault::is_out_of_reach);
            (case, if settled { lone } else { Steps { after: steps.after.or(lone.after), ..steps } })
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
