//! What follows a limit that says nothing useful about its end.

use std::time::Duration;

use contract::chatday::clauses as chatday_clauses;
use contract::chatwork::clauses as chatwork_clauses;
use contract::service::Service;

use super::look::{densest, deviates, ending, faulted, line, number, repeats, seconds, timed_out, usual};
use super::{blank, chatday, moot};
use crate::ask::observed::{ClientCall, Observation};
use crate::check::{Area, Check, Level, Plan};
use crate::run::verdict::Judgement;

const ODD: Check = Check {
    area: Area::Limits,
    title: "a reset in the past, far away, missing or garbled causes neither a hot loop nor an endless sleep",
    rationale: "Proxies drop headers, clocks differ, and formats change. The difference between a strange reset and now may be \
                negative, empty, or fifty thousand years: a client that sleeps for it asks without a pause or never again.",
    hint: "Keep every wait between a shortest (1 second, growing with each attempt) and a longest one, and use a \
           default where the header cannot be read.",
    plan: Plan::Scenarios {
        scenarios: &["reset-in-the-past", "reset-far-away", "reset-missing", "reset-garbled", "reset-in-milliseconds"],
        judge: survives_odd_resets,
    },
    ..blank(Service::Chatwork)
};

/// Of clients of Chatwork, in report order.
pub const CHATWORK: &[Check] = &[
    Check {
        id: "chatwork.client.odd-resets-are-survived",
        clauses: &[&chatwork_clauses::ODD_LIMITS, &chatwork_clauses::RATE_HEADERS],
        ..ODD
    },
    Check {
        id: "chatwork.client.clocks-may-differ",
        area: Area::Limits,
        title: "a clock that is five minutes off causes neither a hot loop nor a long sleep",
        rationale: "X-RateLimit-Reset is a moment on the service's clock. Compared with one's own clock, where that \
                    is wrong, it lies in the past or minutes away.",
        hint: "Take the difference between X-RateLimit-Reset and the answer's own Date header, which come from the same clock, \
               and put bounds on it.",
        clauses: &[&chatwork_clauses::ODD_LIMITS, &chatwork_clauses::RATE_HEADERS],
        plan: Plan::Scenarios { scenarios: &["clock-ahead", "clock-behind"], judge: survives_other_clocks },
        ..blank(Service::Chatwork)
    },
];

/// Of clients of Chatday, in report order.
pub const CHATDAY: &[Check] = &[Check {
    plan: Plan::Scenarios {
        scenarios: &["reset-far-away", "reset-missing", "reset-garbled"],
        judge: survives_odd_resets,
    },
    ..chatday!(
        ODD,
        "chatday.client.odd-resets-are-survived",
        &[&chatday_clauses::CLIENT_ODD_LIMITS],
        title: "a Retry-After that is far away, missing or garbled causes neither a hot loop nor an endless sleep",
        rationale: "Proxies drop headers, and formats change. A client that sleeps for whatever the header says asks \
                    without a pause, or never again."
    )
}];

/// So many equal requests in a second are no retry any more.
const HOT: usize = 8;

fn hot_loop(seen: &Observation) -> Option<Judgement> {
    let (count, call) = densest(seen)?;
    if count < HOT || call.fault.is_none() || usual(seen, call) > 2 {
        return None;
    }
    Some(deviates(
        "hot-loop",
        Level::Should,
        format!("{} was answered 429 and sent {count} times within a second", line(call)),
        "a pause between attempts, whatever the reset says",
        format!("{count} requests in a second"),
    ))
}

/// How long it had been waiting when its time was over.
fn waited(seen: &Observation) -> Option<(&ClientCall, Duration)> {
    let last = seen.calls.last().filter(|call| call.status == 429)?;
    timed_out(seen).then(|| (last, seen.took.saturating_sub(last.answered_at.unwrap_or(last.at))))
}

fn survives_odd_resets(seen: &Observation) -> Judgement {
    if faulted(seen).next().is_none() {
        return moot("the program made no request that met the limit");
    }
    if let Some(judgement) = hot_loop(seen) {
        return judgement;
    }
    let Some((last, waited)) = waited(seen).filter(|(_, waited)| *waited >= Duration::from_secs(8)) else {
        return Judgement::Held;
    };
    // To wait for five minutes is what such an answer asks for; for what cannot be read a fixed wait is as good as any.
    if seen.scenario.ends_with("reset-far-away") {
        return Judgement::Held;
    }
    let level = if seen.scenario.ends_with("reset-in-the-past") { Level::Should } else { Level::May };
    deviates(
        "long-sleep",
        level,
        format!(
            "{} was answered 429, and after {} the program had neither asked again nor ended",
            line(last),
            seconds(waited)
        ),
        "another attempt after a pause of bounded length, or an end",
        ending(seen),
    )
}

fn survives_other_clocks(seen: &Observation) -> Judgement {
    if faulted(seen).next().is_none() {
        return moot("the program made no request that met the limit");
    }
    if let Some(judgement) = hot_loop(seen) {
        return judgement;
    }
    if let Some(judgement) = early_by_its_own_clock(seen) {
        return judgement;
    }
    match waited(seen).filter(|(_, waited)| *waited >= Duration::from_secs(8)) {
        None => Judgement::Held,
        // Most clients trust their clock, and most clocks are right.
        Some((last, waited)) => deviates(
            "trusts-its-own-clock",
            Level::May,
            format!(
                "{} was answered 429 by a server with another clock, and after {} the program still slept",
                line(last),
                seconds(waited)
            ),
            "a wait that is measured against the Date header of the answer",
            ending(seen),
        ),
    }
}

/// By the other clock the window is still closed, and by one's own it has long been open.
fn early_by_its_own_clock(seen: &Observation) -> Option<Judgement> {
    if !seen.scenario.ends_with("clock-behind") {
        return None;
    }
    let limited = faulted(seen).next().filter(|call| call.status == 429 && usual(seen, call) < 2)?;
    let opens = seen.at_unix(number(limited, "x-ratelimit-reset")?.saturating_add(BEHIND));
    let next = repeats(seen, limited).next().filter(|call| call.at + Duration::from_secs(1) < opens)?;
    Some(deviates(
        "early-by-its-own-clock",
        Level::Should,
        format!(
            "{} was answered 429 by a server whose clock is behind, and sent again {} before the reset on that clock",
            line(limited),
            seconds(opens.saturating_sub(next.at))
        ),
        "a wait that is measured against the Date header of the answer",
        format!("a request {} too early", seconds(opens.saturating_sub(next.at))),
    ))
}

/// How far behind the clock is in that scenario, in seconds.
const BEHIND: i64 = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::observed::Ending;
    use crate::checks::client::watched::*;
    use crate::checks::transcript::short;

    fn attempts(service: Service, scenario: &'static str, count: u64, pause: u64) -> Observation {
        let calls = (0..count).map(|number| met("limit", send(service, number * pause, "hello", 429))).collect();
        seen(service, scenario, calls)
    }

    #[test]
    fn a_hot_loop_is_warned_of_and_attempts_with_pauses_are_not() {
        for service in Service::ALL {
            let judged =
                |count, pause| short(&survives_odd_resets(&attempts(service, "chatwork.reset-missing", count, pause)));
            assert_eq!(judged(10, 20), "should hot-loop");
            assert_eq!(judged(10, 500), "held");
            assert_eq!(judged(3, 0), "held");
            assert_eq!(judged(0, 0), "moot");
        }
    }

    #[test]
    fn a_long_sleep_weighs_by_what_was_answered() {
        let sleeping = |scenario| {
            let mut watched = ended(attempts(Service::Chatwork, scenario, 1, 0), Ending::TimedOut);
            watched.took = ms(12_000);
            short(&survives_odd_resets(&watched))
        };
        assert_eq!(sleeping("chatwork.reset-in-the-past"), "should long-sleep");
        assert_eq!(sleeping("chatwork.reset-missing"), "may long-sleep");
        assert_eq!(sleeping("chatwork.reset-far-away"), "held");
    }

    #[test]
    fn another_clock_is_noted_when_it_makes_a_client_sleep_and_warned_of_when_it_makes_it_loop() {
        let watched = attempts(Service::Chatwork, "chatwork.clock-ahead", 1, 0);
        assert_eq!(short(&survives_other_clocks(&watched)), "held");
        let sleeper = Observation { took: ms(12_000), ..ended(watched, Ending::TimedOut) };
        assert_eq!(short(&survives_other_clocks(&sleeper)), "may trusts-its-own-clock");
        let hot = attempts(Service::Chatwork, "chatwork.clock-behind", 10, 10);
        assert_eq!(short(&survives_other_clocks(&hot)), "should hot-loop");
        // It starts at second 1000; the server says 704 and means 1004.
        let first = || answered(met("limit", send(Service::Chatwork, 0, "hello", 429)), "x-ratelimit-reset", "704");
        let next = |at| {
            seen(Service::Chatwork, "chatwork.clock-behind", vec![first(), send(Service::Chatwork, at, "hello", 200)])
        };
        assert_eq!(short(&survives_other_clocks(&next(500))), "should early-by-its-own-clock");
        assert_eq!(short(&survives_other_clocks(&next(3_500))), "held");
        assert_eq!(short(&survives_other_clocks(&seen(Service::Chatwork, "chatwork.clock-ahead", vec![]))), "moot");
    }
}
