//! What follows a limit that says when it ends.

use std::collections::BTreeSet;
use std::time::Duration;

use contract::chatday::clauses as chatday_clauses;
use contract::chatwork::clauses as chatwork_clauses;
use contract::service::Service;

use super::look::{
    deviates, ending, faulted, is_send, line, opens, plain, repeats, same, seconds, stored, timed_out, usual,
};
use super::{blank, chatday, moot};
use crate::ask::observed::{ClientCall, Observation};
use crate::check::{Area, Check, Level, Plan};
use crate::run::verdict::Judgement;

const WAITED: Check = Check {
    area: Area::Limits,
    level: Level::Must,
    title: "after 429 no request is sent before the limit is reset",
    rationale: "The answer says when the next request can succeed. Whoever asks again before that is refused again, \
                keeps the service busy, and may be shut out.",
    hint: "X-RateLimit-Reset is a moment in Unix seconds, not a number of seconds to wait. Sleep until then, and a \
           little longer, before the next attempt, in all workers.",
    plan: Plan::Scenarios { scenarios: &["limit-resets-soon"], judge: waits },
    ..blank(Service::Chatwork)
};

const ANY_CASE: Check = Check {
    area: Area::Answers,
    level: Level::Must,
    title: "the headers of a limit are found in upper and lower case",
    rationale: "The names of headers mean the same in upper and lower case, and proxies and HTTP/2 change it. A \
                client that looks for one spelling finds no header on the day when a proxy comes between, and then \
                does not wait.",
    hint: "Use the library's own look-up, which ignores case (response.headers in requests and fetch), not a plain map or a \
           search in the text of the head.",
    plan: Plan::Scenarios { scenarios: &["headers-in-title-case"], judge: waits_for_headers_in_any_case },
    ..blank(Service::Chatwork)
};

const BATCH: Check = Check {
    area: Area::Limits,
    level: Level::Must,
    title: "when a limit comes between several messages, none is lost, doubled or out of order",
    rationale: "The limit meets the third or the hundredth message of a batch, not the first: what was sent is sent, and what \
                was not has to follow, in its order.",
    hint: "Repeat the message that was refused, and that one only, before the next: do not start the batch again, and do not \
           go on without it.",
    plan: Plan::Scenarios { scenarios: &["limited-in-the-middle"], judge: keeps_the_batch },
    ..blank(Service::Chatwork)
};

/// Of clients of Chatwork, in report order.
pub const CHATWORK: &[Check] = &[
    Check {
        id: "chatwork.client.limit-is-waited-for",
        clauses: &[&chatwork_clauses::LIMITED_IS_LATER, &chatwork_clauses::RATE_HEADERS],
        ..WAITED
    },
    Check {
        id: "chatwork.client.limit-headers-in-any-case",
        clauses: &[&chatwork_clauses::HEADER_NAMES, &chatwork_clauses::RATE_HEADERS],
        ..ANY_CASE
    },
    Check {
        id: "chatwork.client.batch-survives-a-limit",
        clauses: &[&chatwork_clauses::MESSAGE_POSTED, &chatwork_clauses::STATUS_TELLS],
        ..BATCH
    },
    Check {
        id: "chatwork.client.room-limit-is-heeded",
        area: Area::Limits,
        title: "the limit of a room is heeded beside that of the account",
        rationale: "10 messages in 10 seconds are what a room takes. Its 429 comes while the account has hundreds of requests \
                    left, so a client that looks at X-RateLimit-Remaining alone goes on at once, and is refused again.",
        hint: "Wait about 10 seconds after a 429 whose text is 'Rate limit for message posting per room exceeded.', whatever \
               the headers say; do not wait for X-RateLimit-Reset then, which may be five minutes away.",
        clauses: &[&chatwork_clauses::ROOM_LIMIT, &chatwork_clauses::ROOM_PAUSE],
        plan: Plan::Scenarios { scenarios: &["room-limit"], judge: heeds_the_room },
        ..blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.client.refusals-are-the-exception",
        area: Area::Limits,
        title: "a program that sends many requests waits before it is refused, not after",
        rationale: "X-RateLimit-Remaining tells before the next request that it will be refused. A program that sends \
                    it all the same spends most of its requests on refusals.",
        hint: "When X-RateLimit-Remaining is 0, wait until X-RateLimit-Reset before the next request, in one place for all workers.",
        clauses: &[&chatwork_clauses::RATE_HEADERS, &chatwork_clauses::LOAD],
        plan: Plan::Scenarios { scenarios: &["few-requests-allowed"], judge: few_refusals },
        ..blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.client.workers-resume-apart",
        area: Area::Limits,
        level: Level::May,
        title: "workers that waited for the same reset do not all go on in the same moment",
        rationale: "All clocks reach the reset together. The burst that follows uses the new window up at once, or meets the \
                    limit of the room.",
        hint: "Add a random part to each wait (jitter), or let one place hand out the requests.",
        clauses: &[&chatwork_clauses::LOAD],
        plan: Plan::Scenarios { scenarios: &["few-requests-allowed"], judge: resumes_apart },
        ..blank(Service::Chatwork)
    },
];

/// Of clients of Chatday, in report order.
pub const CHATDAY: &[Check] = &[
    Check {
        level: Level::Should,
        ..chatday!(
            WAITED,
            "chatday.client.limit-is-waited-for",
            &[&chatday_clauses::CLIENT_LIMITED_IS_LATER, &chatday_clauses::ERROR_RATE_LIMIT],
            title: "after 429 no request is sent before the seconds of Retry-After are over",
            hint: "Retry-After is a number of seconds to wait. Sleep that long, and a little longer, before the next \
                   attempt, in all workers."
        )
    },
    Check {
        level: Level::Should,
        ..chatday!(
            ANY_CASE,
            "chatday.client.limit-headers-in-any-case",
            &[&chatday_clauses::CLIENT_OPEN_ENDED_ANSWERS, &chatday_clauses::CLIENT_LIMITED_IS_LATER]
        )
    },
    chatday!(BATCH, "chatday.client.batch-survives-a-limit", &[&chatday_clauses::SEND_EFFECT]),
];

/// How much earlier than the reset a request may come: clocks are read rounded, and resets are whole seconds.
fn grace(service: Service) -> Duration {
    match service {
        Service::Chatwork => Duration::from_secs(1),
        Service::Chatday => Duration::from_millis(250),
    }
}

/// A request in the closed window, and what is wrong with it.
fn early<'a>(seen: &'a Observation, limited: &ClientCall) -> Option<(&'a ClientCall, Level)> {
    let (opens, end) = (opens(seen, limited)?, limited.answered_at?);
    let inside = |call: &&ClientCall| call.at > end && call.at + grace(seen.service) < opens;
    // Another worker may have begun its request before it could hear of the refusal.
    let heard =
        |call: &&ClientCall| call.connection == limited.connection || call.at > end + Duration::from_millis(200);
    let repeated = seen.calls.iter().filter(inside).find(|call| same(call, limited) && usual(seen, limited) < 2);
    let other = || seen.calls.iter().filter(inside).find(|call| heard(call) && !same(call, limited));
    repeated.map(|call| (call, Level::Must)).or_else(|| other().map(|call| (call, Level::Should)))
}

fn waits(seen: &Observation) -> Judgement {
    waited(seen, Level::Should)
}

/// What other requests do in the meantime is the other check's matter.
fn waits_for_headers_in_any_case(seen: &Observation) -> Judgement {
    waited(seen, Level::Must)
}

/// Looks at requests in the closed window that weigh at least so much.
fn waited(seen: &Observation, least: Level) -> Judgement {
    let limited: Vec<&ClientCall> = faulted(seen).filter(|call| call.status == 429).collect();
    let Some(first) = limited.first() else { return moot("the program made no request that met the limit") };
    let found: Vec<(&ClientCall, &ClientCall, Level)> = limited
        .iter()
        .filter_map(|refused| early(seen, refused).map(|(call, level)| (*refused, call, level)))
        .filter(|(_, _, level)| *level >= least)
        .collect();
    if let Some((refused, call, level)) = found.iter().max_by_key(|(_, _, level)| *level) {
        let end = refused.answered_at.unwrap_or(refused.at);
        let left = opens(seen, refused).unwrap_or_default().saturating_sub(call.at);
        let (name, what) = if *level == Level::Must {
            ("repeated-before-the-reset", "was sent again")
        } else {
            ("asked-before-the-reset", "was sent")
        };
        return deviates(
            name,
            *level,
            format!(
                "{} was answered 429 with a reset in {}; {} {what} {} later, {} too early",
                line(refused),
                seconds(opens(seen, refused).unwrap_or_default().saturating_sub(end)),
                line(call),
                seconds(call.at.saturating_sub(end)),
                seconds(left)
            ),
            "no request before the reset, or an end with a status other than 0",
            format!("a request {} before the reset", seconds(left)),
        );
    }
    let last = limited.last().unwrap_or(first);
    let opened = opens(seen, last).unwrap_or_default();
    let went_on = seen.calls.iter().any(|call| call.at > last.at);
    if timed_out(seen) && !went_on && seen.took > opened + Duration::from_secs(5) {
        return deviates(
            "sleeps-past-the-reset",
            Level::Should,
            format!(
                "the limit was reset after {}, and the program was still waiting at {}: it may take the moment of the reset \
                 for a number of seconds, or wait a fixed time",
                seconds(opened),
                seconds(seen.took)
            ),
            "another attempt soon after the reset, or an end",
            ending(seen),
        );
    }
    Judgement::Held
}

fn heeds_the_room(seen: &Observation) -> Judgement {
    let Some(limited) = faulted(seen).find(|call| call.status == 429) else {
        return moot("the program wrote no message that met the room's limit");
    };
    let end = limited.answered_at.unwrap_or(limited.at);
    match repeats(seen, limited).next().filter(|_| usual(seen, limited) < 2) {
        Some(next) if next.at.saturating_sub(end) < AT_ONCE => deviates(
            "repeated-at-once-in-a-full-room",
            Level::Should,
            format!(
                "the room was full, and {} was sent again {} later",
                line(limited),
                seconds(next.at.saturating_sub(end))
            ),
            "a pause of about 10 seconds, or an end with a status other than 0",
            format!("after {}", seconds(next.at.saturating_sub(end))),
        ),
        Some(_) => Judgement::Held,
        None if timed_out(seen) => deviates(
            "waits-for-the-other-limit",
            Level::May,
            "the program waits longer than a room needs, perhaps for the account's limit, which was not used up"
                .to_owned(),
            "a pause of about 10 seconds",
            ending(seen),
        ),
        None => Judgement::Held,
    }
}

/// What comes sooner than this was not waited for at all.
const AT_ONCE: Duration = Duration::from_millis(500);

fn keeps_the_batch(seen: &Observation) -> Judgement {
    let plain = match plain(seen) {
        Ok(plain) => plain,
        Err(why) => return moot(why),
    };
    let Some(limited) = faulted(seen).find(|call| is_send(call)) else {
        return moot("the program writes fewer than three messages");
    };
    let (now, usually) = (stored(seen), stored(plain));
    let known = now.keys().any(|text| usually.contains_key(text));
    // Texts with a time or a number of their own differ from run to run: then they can only be counted.
    let doubled = now.iter().find(|(text, count)| **count > usually.get(*text).copied().unwrap_or(1)).filter(|_| known);
    if doubled.is_some() || seen.stored.len() > plain.stored.len() {
        return deviates(
            "batch-doubled",
            Level::Must,
            format!("after {} met a limit, messages that had been written before were written again", line(limited)),
            &format!("{} messages, each once", plain.stored.len()),
            format!("{} messages", seen.stored.len()),
        );
    }
    if !seen.claims_success() {
        // What it did not send it has told of by its status.
        return Judgement::Held;
    }
    let missing = plain.stored.len().saturating_sub(seen.stored.len());
    if missing > 0 || (known && usually.iter().any(|(text, count)| now.get(text).copied().unwrap_or_default() < *count))
    {
        return deviates(
            "batch-lost",
            Level::Must,
            format!(
                "after {} met a limit the program ended with status 0 without {} of its messages",
                line(limited),
                missing.max(1)
            ),
            &format!("all {} messages", plain.stored.len()),
            format!("{} messages", seen.stored.len()),
        );
    }
    if known && seen.stored != plain.stored && one_worker(seen) && one_worker(plain) {
        return deviates(
            "batch-reordered",
            Level::Must,
            format!("after {} met a limit the messages came in another order than without it", line(limited)),
            "the order in which they are written where nothing goes wrong",
            "another order".to_owned(),
        );
    }
    Judgement::Held
}

/// Whether one worker sent all messages, as far as that can be told: on one connection, and never two at once. Several
/// workers promise no order, and take turns by chance where the machine is busy.
fn one_worker(seen: &Observation) -> bool {
    let used: BTreeSet<usize> = seen.calls.iter().filter(|call| is_send(call)).map(|call| call.connection).collect();
    used.len() == 1 && seen.peak_in_flight <= 1
}

fn few_refusals(seen: &Observation) -> Judgement {
    let refused = seen.calls.iter().filter(|call| call.status == 429).count();
    let all = seen.calls.len();
    if all < 10 {
        return moot("the program made fewer than ten requests");
    }
    if refused * 2 <= all {
        return Judgement::Held;
    }
    deviates(
        "lives-on-refusals",
        Level::Should,
        format!("{refused} of {all} requests were refused with 429"),
        "a pause when X-RateLimit-Remaining is 0",
        format!("{refused} of {all} refused"),
    )
}

fn resumes_apart(seen: &Observation) -> Judgement {
    let refused: Vec<&ClientCall> = seen.calls.iter().filter(|call| call.status == 429).collect();
    let waiting: BTreeSet<usize> = refused.iter().map(|call| call.connection).collect();
    let (Some(last), true) = (refused.last(), waiting.len() >= 3) else {
        return moot("fewer than three workers met the limit together");
    };
    let Some(opens) = opens(seen, last) else { return moot("the answers named no reset") };
    let resumed = seen.calls.iter().filter(|call| call.at + grace(seen.service) >= opens);
    let mut times: Vec<Duration> = resumed.map(|call| call.at).collect();
    times.sort_unstable();
    match (times.first(), times.get(2)) {
        (Some(first), Some(third)) if third.saturating_sub(*first) < Duration::from_millis(30) => deviates(
            "workers-resume-together",
            Level::May,
            format!(
                "{} workers met the limit, and three requests came within {} ms of each other after it",
                waiting.len(),
                (*third - *first).as_millis()
            ),
            "requests that are spread over a moment",
            format!("three requests in {} ms", (*third - *first).as_millis()),
        ),
        (Some(_), Some(_)) => Judgement::Held,
        _ => moot("fewer than three requests came after the reset"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::observed::Ending;
    use crate::checks::client::watched::*;
    use crate::checks::transcript::short;

    /// A refusal at 0 ms whose window ends at 4 s.
    fn limit(call: ClientCall) -> ClientCall {
        let (name, value) =
            if call.target.starts_with("/v2") { ("x-ratelimit-reset", "1004") } else { ("retry-after", "4") };
        answered(met("limit", call), name, value)
    }

    fn after(service: Service, next: Option<ClientCall>) -> Observation {
        let calls = std::iter::once(limit(send(service, 0, "hello", 429))).chain(next).collect();
        seen(service, "limit-resets-soon", calls)
    }

    #[test]
    fn a_request_in_the_closed_window_is_seen_and_the_same_one_fails() {
        for service in Service::ALL {
            let next = |at, text| short(&waits(&after(service, Some(send(service, at, text, 200)))));
            assert_eq!(next(1_000, "hello"), "must repeated-before-the-reset");
            assert_eq!(next(1_000, "another"), "should asked-before-the-reset");
            let another = after(service, Some(send(service, 1_000, "another", 200)));
            assert_eq!(short(&waits_for_headers_in_any_case(&another)), "held");
            assert_eq!(next(3_900, "hello"), "held", "rounded");
            assert_eq!(next(5_000, "hello"), "held");
            assert_eq!(short(&waits(&after(service, None))), "held", "gave up");
            assert_eq!(short(&waits(&seen(service, "limit-resets-soon", vec![]))), "moot");
        }
    }

    #[test]
    fn another_worker_that_had_begun_already_is_not_blamed() {
        let other = ClientCall { connection: 1, ..send(Service::Chatwork, 100, "another", 200) };
        assert_eq!(short(&waits(&after(Service::Chatwork, Some(other)))), "held");
    }

    #[test]
    fn who_sleeps_far_beyond_the_reset_is_warned_of() {
        let mut sleeper = ended(after(Service::Chatwork, None), Ending::TimedOut);
        assert_eq!(short(&waits(&sleeper)), "held", "it had not the time to go on");
        sleeper.took = ms(20_000);
        assert_eq!(short(&waits(&sleeper)), "should sleeps-past-the-reset");
    }

    #[test]
    fn a_full_room_gets_a_pause() {
        let next = |at| {
            let calls =
                vec![met("room", send(Service::Chatwork, 0, "hello", 429)), send(Service::Chatwork, at, "hello", 200)];
            short(&heeds_the_room(&seen(Service::Chatwork, "room-limit", calls)))
        };
        assert_eq!(next(100), "should repeated-at-once-in-a-full-room");
        assert_eq!(next(2_000), "held");
        let alone =
            || seen(Service::Chatwork, "room-limit", vec![met("room", send(Service::Chatwork, 0, "hello", 429))]);
        assert_eq!(short(&heeds_the_room(&ended(alone(), Ending::TimedOut))), "may waits-for-the-other-limit");
        assert_eq!(short(&heeds_the_room(&ended(alone(), Ending::Exited(1)))), "held");
        assert_eq!(short(&heeds_the_room(&seen(Service::Chatwork, "room-limit", vec![]))), "moot");
    }

    #[test]
    fn a_batch_is_whole_single_and_in_order_after_a_limit() {
        for service in Service::ALL {
            let judged = |texts: &[&str]| {
                let mut calls: Vec<ClientCall> =
                    texts.iter().zip(1..).map(|(text, at)| send(service, at * 100, text, 200)).collect();
                calls.insert(0, met("limit", send(service, 0, "c", 429)));
                short(&keeps_the_batch(&usually(seen(service, "limited-in-the-middle", calls), &["a", "b", "c", "d"])))
            };
            assert_eq!(judged(&["a", "b", "c", "d"]), "held");
            assert_eq!(judged(&["a", "b", "d"]), "must batch-lost");
            assert_eq!(judged(&["a", "b", "a", "b", "c", "d"]), "must batch-doubled");
            assert_eq!(judged(&["a", "b", "d", "c"]), "must batch-reordered");
            assert_eq!(judged(&["1", "2", "3", "4"]), "held", "texts that differ from run to run");
            let unmet = usually(seen(service, "limited-in-the-middle", vec![]), &["a"]);
            assert_eq!(short(&keeps_the_batch(&unmet)), "moot");
        }
    }

    #[test]
    fn workers_on_connections_of_their_own_may_overtake_each_other() {
        for service in Service::ALL {
            let mut calls = vec![met("limit", send(service, 0, "a", 429))];
            calls.extend(["b", "a"].iter().zip(1..).map(|(text, at)| send(service, at * 100, text, 200)));
            calls[1].connection = 1;
            let watched = usually(seen(service, "limited-in-the-middle", calls), &["a", "b"]);
            assert_eq!(short(&keeps_the_batch(&watched)), "held");
        }
    }

    #[test]
    fn a_batch_that_ends_with_another_status_has_told_of_what_is_missing() {
        let calls = vec![send(Service::Chatwork, 0, "a", 200), met("limit", send(Service::Chatwork, 50, "b", 429))];
        let watched = usually(seen(Service::Chatwork, "limited-in-the-middle", calls), &["a", "b"]);
        assert_eq!(short(&keeps_the_batch(&ended(watched.clone(), Ending::Exited(1)))), "held");
        assert_eq!(short(&keeps_the_batch(&watched)), "must batch-lost");
    }

    #[test]
    fn mostly_refused_is_warned_of_where_there_is_much_to_ask() {
        let watched = |refused, all| {
            let status = |number| if number < refused { 429 } else { 200 };
            let calls = (0..all).map(|number| look(Service::Chatwork, number * 50, status(number))).collect();
            short(&few_refusals(&seen(Service::Chatwork, "few-requests-allowed", calls)))
        };
        assert_eq!(watched(9, 12), "should lives-on-refusals");
        assert_eq!(watched(3, 12), "held");
        assert_eq!(watched(2, 3), "moot");
    }

    #[test]
    fn workers_that_go_on_in_one_moment_are_noted() {
        let watched = |pause: u64| {
            let refused =
                (0..3).map(|worker| ClientCall { connection: worker, ..limit(look(Service::Chatwork, 0, 429)) });
            let resumed = (0..3).map(|worker| look(Service::Chatwork, 4_000 + worker * pause, 200));
            short(&resumes_apart(&seen(Service::Chatwork, "few-requests-allowed", refused.chain(resumed).collect())))
        };
        assert_eq!(watched(5), "may workers-resume-together");
        assert_eq!(watched(100), "held");
        assert_eq!(short(&resumes_apart(&after(Service::Chatwork, None))), "moot");
    }
}
