//! How much is asked where nothing goes wrong.

use std::time::Duration;

use contract::chatday::clauses as chatday_clauses;
use contract::chatwork::clauses as chatwork_clauses;
use contract::service::Service;

use super::look::{deviates, is_send, line, same, seconds, succeeded};
use super::{blank, chatday, moot};
use crate::ask::observed::{ClientCall, Observation};
use crate::check::{Area, Check, Level, Plan};
use crate::run::verdict::Judgement;

const AT_ONCE: Check = Check {
    area: Area::Limits,
    level: Level::May,
    title: "at most ten requests are open at the same moment",
    rationale: "A room takes ten messages in ten seconds: more at once only reach the limit sooner, and one refusal \
                in the middle of many is hard to put right.",
    hint: "Hand requests out from one queue with a few workers.",
    plan: Plan::Scenarios { scenarios: &["all-is-well"], judge: few_at_once },
    ..blank(Service::Chatwork)
};

/// Of clients of Chatwork, in report order.
pub const CHATWORK: &[Check] = &[
    Check { id: "chatwork.client.few-requests-at-once", clauses: &[&chatwork_clauses::LOAD], ..AT_ONCE },
    Check {
        id: "chatwork.client.looks-for-news-in-measure",
        area: Area::Limits,
        title: "a program that polls for new messages leaves a second between two looks",
        rationale: "300 requests in 5 minutes are one a second, for everything that an account does. A loop without a \
                    pause uses them up in a moment, and then sees nothing for minutes.",
        hint: "Look no more often than every few seconds, or let a webhook tell of new messages.",
        clauses: &[&chatwork_clauses::ACCOUNT_LIMIT],
        plan: Plan::Scenarios { scenarios: &["all-is-well"], judge: polls_in_measure },
        ..blank(Service::Chatwork)
    },
];

/// Of clients of Chatday, in report order.
pub const CHATDAY: &[Check] = &[
    chatday!(
        AT_ONCE,
        "chatday.client.few-requests-at-once",
        &[&chatday_clauses::CLIENT_LOAD],
        rationale: "Messages that are sent all at once arrive in any order, and one refusal in the middle of many is \
                    hard to put right."
    ),
    Check {
        id: "chatday.client.registers-once",
        service: Service::Chatday,
        area: Area::Limits,
        title: "Register is called once at the start, not before each message",
        rationale: "Register activates the token and answers the signature token, which stays the same: called before \
                    each message it doubles the requests and the ways to fail.",
        hint: "Register at the start (that is allowed) or once and for all, keep the signature token, and just send afterwards.",
        clauses: &[&chatday_clauses::REGISTER_AGAIN, &chatday_clauses::CLIENT_LOAD],
        plan: Plan::Scenarios { scenarios: &["all-is-well"], judge: registers_once },
        ..blank(Service::Chatday)
    },
];

fn few_at_once(seen: &Observation) -> Judgement {
    match seen.peak_in_flight {
        0 => moot("the program made no request"),
        1..=10 => Judgement::Held,
        peak => deviates(
            "many-at-once",
            Level::May,
            format!("{peak} requests were open at the same moment"),
            "at most ten",
            peak.to_string(),
        ),
    }
}

/// Looks that follow each other without anything between.
fn polls_in_measure(seen: &Observation) -> Judgement {
    let is_poll = |call: &&ClientCall| call.operation.as_deref() == Some("get-messages");
    if seen.calls.iter().filter(is_poll).count() < 2 {
        return moot("the program does not look for messages more than once");
    }
    let runs = seen.calls.chunk_by(|one, next| is_poll(&one) && same(one, next));
    let Some(longest) = runs.max_by_key(|run| run.len()).filter(|run| run.len() >= POLLS) else {
        return Judgement::Held;
    };
    let (Some(first), Some(last)) = (longest.first(), longest.last()) else { return Judgement::Held };
    let span = last.at.saturating_sub(first.at);
    if span >= Duration::from_secs(longest.len() as u64 - 1) {
        return Judgement::Held;
    }
    deviates(
        "polls-without-a-pause",
        Level::Should,
        format!("{} was sent {} times in a row within {}", line(first), longest.len(), seconds(span)),
        "at most one look a second",
        format!("{} looks in {}", longest.len(), seconds(span)),
    )
}

/// Fewer than this are no loop.
const POLLS: usize = 10;

fn registers_once(seen: &Observation) -> Judgement {
    let registered = seen.calls_of("register").filter(|call| succeeded(call)).count();
    let sent = seen.calls.iter().filter(|call| is_send(call)).count();
    match registered {
        0 => moot("the program does not register"),
        // A suite may register for each of its tests; what counts is whether each message has its own.
        3.. if registered >= sent && sent > 0 => deviates(
            "registers-each-time",
            Level::Should,
            format!("Register was called {registered} times for {sent} messages"),
            "once",
            format!("{registered} times"),
        ),
        _ => Judgement::Held,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::client::watched::*;
    use crate::checks::transcript::short;

    #[test]
    fn more_than_ten_at_once_are_noted() {
        for service in Service::ALL {
            let judged = |peak| {
                let watched = seen(service, "all-is-well", vec![]);
                short(&few_at_once(&Observation { peak_in_flight: peak, ..watched }))
            };
            assert_eq!((judged(0), judged(10), judged(11)), ("moot".into(), "held".into(), "may many-at-once".into()));
        }
    }

    #[test]
    fn a_loop_that_looks_without_a_pause_is_warned_of() {
        let judged = |count: u64, pause: u64| {
            let list = |at| call(Service::Chatwork, at, "GET", "/rooms/7/messages", "get-messages", 200);
            let mut calls: Vec<ClientCall> = (0..count).map(|number| list(number * pause)).collect();
            calls.insert(0, look(Service::Chatwork, 0, 200));
            short(&polls_in_measure(&seen(Service::Chatwork, "all-is-well", calls)))
        };
        assert_eq!(judged(12, 50), "should polls-without-a-pause");
        assert_eq!(judged(12, 1_000), "held");
        assert_eq!(judged(5, 10), "held");
        assert_eq!(judged(1, 10), "moot");
    }

    #[test]
    fn registering_before_each_message_is_warned_of() {
        let judged = |registers: usize, messages: usize| {
            let mut calls = vec![look(Service::Chatday, 0, 200); registers];
            calls.extend(vec![send(Service::Chatday, 20, "hello", 200); messages]);
            short(&registers_once(&seen(Service::Chatday, "all-is-well", calls)))
        };
        assert_eq!(judged(1, 5), "held");
        assert_eq!(judged(2, 2), "held");
        assert_eq!(judged(4, 4), "should registers-each-time");
        assert_eq!(judged(0, 4), "moot");
    }
}
