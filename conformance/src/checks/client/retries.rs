//! What is tried again, and how.

use std::time::Duration;

use contract::chatday::clauses as chatday_clauses;
use contract::chatwork::clauses as chatwork_clauses;
use contract::service::Service;

use super::look::{
    deviates, faulted, is_send, line, media_type, repeats, same, seconds, succeeded, texts, timed_out, usual,
};
use super::{blank, chatday, moot};
use crate::ask::observed::{ClientCall, Ending, Observation};
use crate::check::{Area, Check, Level, Plan};
use crate::run::verdict::Judgement;

const UNAUTHORIZED: Check = Check {
    area: Area::Refusals,
    level: Level::Must,
    title: "after 401 the same request is sent at most once more",
    rationale: "A wrong token stays wrong. A client that keeps trying keeps both sides busy until somebody notices, \
                and looks as if it were guessing tokens.",
    hint: "Treat 401 as the end: report it and stop. Keep it out of the list of statuses that a retry library repeats.",
    plan: Plan::Scenarios { scenarios: &["wrong-token"], judge: stops_at_401 },
    ..blank(Service::Chatwork)
};

const REFUSED: Check = Check {
    area: Area::Refusals,
    title: "a request that was refused for its content is not repeated",
    rationale: "400, 403 and 404 are about what was asked: asked again, the answer is the same. The repetitions eat \
                up the limit that other requests need.",
    hint: "Repeat after 429, 5xx and broken connections only, not after every status from 400 on.",
    plan: Plan::Scenarios { scenarios: &["refused-400", "refused-403", "refused-404"], judge: does_not_repeat },
    ..blank(Service::Chatwork)
};

const BOUNDED: Check = Check {
    area: Area::Refusals,
    title: "a client does not try again for ever",
    rationale: "A client without a bound goes on for ever when a service is down or a limit stays reached, in a job \
                that nobody watches; and many such clients keep the service down.",
    hint: "Give up after a number of attempts or a total time, and end with a status other than 0. Double the pause between \
           attempts.",
    plan: Plan::Scenarios { scenarios: &["always-limited", "server-errors"], judge: gives_up },
    ..blank(Service::Chatwork)
};

const UNAVAILABLE: Check = Check {
    area: Area::Refusals,
    title: "after 503 nothing is repeated before the time that Retry-After names",
    rationale: "The header says when it is worth trying again: as seconds or as a date. A client that reads one form only, or \
                none, adds to the load that it should wait out.",
    hint: "Read both forms of Retry-After (RFC 9110, 10.2.3), and wait at least that long before the next attempt.",
    plan: Plan::Scenarios {
        scenarios: &["unavailable-for-seconds", "unavailable-until-a-date"],
        judge: waits_while_unavailable,
    },
    ..blank(Service::Chatwork)
};

const LOST: Check = Check {
    area: Area::Refusals,
    title: "a message whose answer was lost is not written twice",
    rationale: "When the connection breaks before the answer, the message may be in the room already. Chatwork takes \
                no key by which it could recognise a repetition: everybody reads the message twice.",
    hint: "Do not repeat a POST whose outcome is unknown: report it, or look first (read the newest messages) whether it has \
           arrived. Retry libraries repeat connection errors of every verb unless told otherwise.",
    plan: Plan::Scenarios { scenarios: &["lost-answer", "late-answer"], judge: writes_once },
    ..blank(Service::Chatwork)
};

const SILENCE: Check = Check {
    area: Area::Refusals,
    title: "a service that never answers is given up",
    rationale: "Without a timeout one silent connection stops a program for ever: a worker, a job, a whole queue.",
    hint: "Set a timeout for each request: timeout= in requests, AbortSignal.timeout in fetch, --max-time in curl, \
           CURLOPT_TIMEOUT in PHP. Several libraries have none unless told.",
    plan: Plan::Scenarios { scenarios: &["silence"], judge: gives_up_silence },
    ..blank(Service::Chatwork)
};

const UNCHANGED: Check = Check {
    area: Area::Refusals,
    level: Level::Must,
    title: "a repeated request has the body of the first",
    rationale: "A body that is a stream is empty the second time. The service then refuses a request that was right \
                or, worse, answers a success that changed nothing.",
    hint: "Build the request anew for each attempt, or rewind the stream. Look at middleware that repeats requests without \
           knowing their bodies.",
    plan: Plan::Scenarios { scenarios: &[], judge: repeats_whole },
    ..blank(Service::Chatwork)
};

/// Of clients of Chatwork, in report order.
pub const CHATWORK: &[Check] = &[
    Check {
        id: "chatwork.client.wrong-token-is-not-tried-again",
        clauses: &[&chatwork_clauses::TOKEN_FINAL],
        ..UNAUTHORIZED
    },
    Check {
        id: "chatwork.client.refused-request-is-not-repeated",
        clauses: &[&chatwork_clauses::REFUSED_IS_FINAL],
        ..REFUSED
    },
    Check {
        id: "chatwork.client.attempts-have-an-end",
        clauses: &[&chatwork_clauses::UNAVAILABLE, &chatwork_clauses::ODD_LIMITS],
        ..BOUNDED
    },
    Check {
        id: "chatwork.client.retry-after-is-waited-for",
        clauses: &[&chatwork_clauses::UNAVAILABLE],
        ..UNAVAILABLE
    },
    Check {
        id: "chatwork.client.lost-answer-leaves-one-message",
        clauses: &[&chatwork_clauses::UNKNOWN_OUTCOME],
        ..LOST
    },
    Check { id: "chatwork.client.silence-is-given-up", clauses: &[&chatwork_clauses::BROKEN_ANSWERS], ..SILENCE },
    Check { id: "chatwork.client.repeated-request-is-whole", clauses: &[&chatwork_clauses::FORM_BODY], ..UNCHANGED },
];

/// Of clients of Chatday, in report order.
pub const CHATDAY: &[Check] = &[
    Check {
        level: Level::Should,
        ..chatday!(
            UNAUTHORIZED,
            "chatday.client.wrong-token-is-not-tried-again",
            &[&chatday_clauses::CLIENT_REFUSED_IS_FINAL]
        )
    },
    Check {
        plan: Plan::Scenarios { scenarios: &["refused-400", "refused-404"], judge: does_not_repeat },
        ..chatday!(
            REFUSED,
            "chatday.client.refused-request-is-not-repeated",
            &[&chatday_clauses::CLIENT_REFUSED_IS_FINAL],
            rationale: "400 and 404 are about what was asked: asked again, the answer is the same. The repetitions \
                        only keep both sides busy."
        )
    },
    chatday!(
        BOUNDED,
        "chatday.client.attempts-have-an-end",
        &[&chatday_clauses::CLIENT_UNAVAILABLE, &chatday_clauses::CLIENT_ODD_LIMITS]
    ),
    chatday!(UNAVAILABLE, "chatday.client.retry-after-is-waited-for", &[&chatday_clauses::CLIENT_UNAVAILABLE]),
    chatday!(
        LOST,
        "chatday.client.lost-answer-leaves-one-message",
        &[&chatday_clauses::CLIENT_UNKNOWN_OUTCOME],
        rationale: "When the connection breaks before the answer, the message may be in the chat already. Chatday \
                    takes no key by which it could recognise a repetition: the end-user reads the message twice.",
        hint: "Do not repeat a message whose outcome is unknown: report it. Chatday has no call that would tell \
               whether it has arrived. Retry libraries repeat connection errors of every verb unless told otherwise."
    ),
    chatday!(SILENCE, "chatday.client.silence-is-given-up", &[&chatday_clauses::CLIENT_BROKEN_ANSWERS]),
    chatday!(
        UNCHANGED,
        "chatday.client.repeated-request-is-whole",
        &[&chatday_clauses::SEND_BODY],
        rationale: "A body that is a stream is empty the second time, and the service then refuses a request that was \
                    right."
    ),
];

/// The request that was sent most often beyond what is usual for it, and how often beyond the first time.
fn most_repeated(seen: &Observation) -> Option<(&ClientCall, usize)> {
    let extra = |call: &ClientCall| {
        let all = seen.calls.iter().filter(|other| same(other, call) && other.fault.is_some()).count();
        all.saturating_sub(usual(seen, call))
    };
    faulted(seen).map(|call| (call, extra(call))).max_by_key(|(_, extra)| *extra)
}

fn stops_at_401(seen: &Observation) -> Judgement {
    let Some((call, extra)) = most_repeated(seen) else { return moot("the program made no request") };
    if extra <= 1 {
        return Judgement::Held;
    }
    deviates(
        "repeats-after-401",
        Level::Must,
        format!("{} was answered 401 each time, and sent {extra} times more", line(call)),
        "at most one further attempt",
        format!("{extra} further attempts"),
    )
}

fn does_not_repeat(seen: &Observation) -> Judgement {
    let Some((call, extra)) = most_repeated(seen) else { return moot("the program made no request that was refused") };
    if extra == 0 {
        return Judgement::Held;
    }
    deviates(
        "repeats-what-was-refused",
        Level::Should,
        format!("{} was answered {} and sent {extra} times more as it was", line(call), call.status),
        "no repetition",
        format!("{extra} repetitions"),
    )
}

fn gives_up(seen: &Observation) -> Judgement {
    let Some((call, extra)) = most_repeated(seen) else { return moot("the program made no request that failed so") };
    let running = timed_out(seen);
    // Who backs off has made few attempts by then, and may be about to give up.
    if extra >= MANY || (running && extra >= SEVERAL) {
        let message = format!(
            "{} failed each time and was sent {extra} times more in {}{}",
            line(call),
            seconds(seen.took),
            if running { ", and the program went on when its time was over" } else { "" }
        );
        return deviates(
            "no-end-of-attempts",
            Level::Should,
            message,
            "an end after a few attempts",
            format!("{extra} further attempts"),
        );
    }
    if running {
        moot("the program was still waiting when its time was over, after few attempts")
    } else {
        Judgement::Held
    }
}

/// So many repetitions are too many, whether or not an end was in sight.
const MANY: usize = 50;
/// So many are, if there was none in sight when the time was over.
const SEVERAL: usize = 10;

fn waits_while_unavailable(seen: &Observation) -> Judgement {
    let mut any = false;
    for refused in faulted(seen).filter(|call| call.status == 503) {
        let Some(end) = refused.answered_at else { continue };
        // A date has whole seconds, and a clock may be read rounded.
        let (until, grace) = match retry_after(refused) {
            Some(RetryAfter::Seconds(wait)) => (end + wait, Duration::from_millis(250)),
            Some(RetryAfter::Date(at)) => (seen.at_unix(at), Duration::from_secs(1)),
            None => continue,
        };
        let usual = usual(seen, refused) > 1;
        let Some(next) = repeats(seen, refused).next().filter(|_| !usual) else { continue };
        any = true;
        if next.at + grace < until {
            return deviates(
                "repeated-while-unavailable",
                Level::Should,
                format!(
                    "{} was answered 503 with Retry-After, and sent again {} later, {} too early",
                    line(refused),
                    seconds(next.at.saturating_sub(end)),
                    seconds(until.saturating_sub(next.at))
                ),
                "no repetition before that",
                format!("after {}", seconds(next.at.saturating_sub(end))),
            );
        }
    }
    if any { Judgement::Held } else { moot("the program repeats nothing after 503") }
}

enum RetryAfter {
    Seconds(Duration),
    Date(i64),
}

fn retry_after(call: &ClientCall) -> Option<RetryAfter> {
    let text = std::str::from_utf8(call.answer_header("retry-after")?).ok()?.trim();
    match text.parse::<u64>() {
        Ok(seconds) => Some(RetryAfter::Seconds(Duration::from_secs(seconds))),
        Err(_) => jiff::fmt::rfc2822::parse(text).ok().map(|date| RetryAfter::Date(date.timestamp().as_second())),
    }
}

fn writes_once(seen: &Observation) -> Judgement {
    let Some(lost) = faulted(seen).find(|call| is_send(call)) else { return moot("the program sent no message") };
    let again = repeats(seen, lost).filter(|call| succeeded(call)).count();
    // The same text under another spelling of the request, such as another boundary or another order of the fields.
    let text = texts(lost);
    let rewritten =
        seen.calls.iter().filter(|call| is_send(call) && !same(call, lost) && succeeded(call) && texts(call) == text);
    let copies = again + rewritten.filter(|call| call.at > lost.at && call.target == lost.target).count();
    if copies == 0 {
        return Judgement::Held;
    }
    if usual(seen, lost) > 1 {
        return moot("the program sends the same message several times where nothing goes wrong");
    }
    deviates(
        "message-written-twice",
        Level::Should,
        format!(
            "the answer to {} did not come in time, the message was stored, and the program sent it again",
            line(lost)
        ),
        "one message, and a report that its outcome is unknown or a look whether it is there",
        format!("{} copies of the message", copies + 1),
    )
}

fn gives_up_silence(seen: &Observation) -> Judgement {
    let Some(silent) = faulted(seen).next() else { return moot("the program made no request that was not answered") };
    let later = seen.calls.iter().any(|call| call.at > silent.at && call.connection != silent.connection);
    match &seen.ending {
        Ending::TimedOut if !later => {
            let waited = seen.took.saturating_sub(silent.at);
            if waited < PATIENCE {
                return moot(format!(
                    "the program still waited after {}, which a timeout of 30 seconds explains: give it more with --command-timeout",
                    seconds(waited)
                ));
            }
            deviates(
                "waits-for-ever",
                Level::Should,
                format!("{} was never answered, and the program still waited after {}", line(silent), seconds(waited)),
                "a timeout, at most 30 seconds",
                format!("waiting after {}", seconds(waited)),
            )
        }
        _ => Judgement::Held,
    }
}

/// Longer than the usual default of 30 seconds.
const PATIENCE: Duration = Duration::from_secs(33);

fn repeats_whole(seen: &Observation) -> Judgement {
    let mut any = false;
    for (index, failed) in seen.calls.iter().enumerate() {
        let again = matches!(failed.status, 0 | 307 | 308 | 429) || failed.status >= 500;
        if !again || failed.body.is_empty() || failed.method == "GET" {
            continue;
        }
        let later = seen.calls.iter().skip(index + 1);
        let mut later = later.filter(|call| call.method == failed.method && call.target == failed.target);
        let Some(next) = later.find(|call| failed.answered_at.is_none_or(|end| call.at >= end)) else { continue };
        any = true;
        let cut = next.body.len() < failed.body.len() && failed.body.starts_with(&next.body);
        let (name, what) = if next.body.is_empty() {
            ("repeated-without-body", "without its body")
        } else if cut && seen.peak_in_flight <= 1 && !succeeded(next) {
            ("repeated-in-part", "with the start of its body only")
        } else if media_type(next).is_empty() && !media_type(failed).is_empty() {
            ("repeated-without-type", "without its Content-Type")
        } else {
            continue;
        };
        return deviates(
            name,
            Level::Must,
            format!("{} failed and was sent again {what}", line(failed)),
            &format!("the same {} bytes", failed.body.len()),
            format!("{} bytes", next.body.len()),
        );
    }
    if any { Judgement::Held } else { moot("the program repeats no request that has a body") }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::checks::client::watched::*;
    use crate::checks::transcript::short;

    fn attempts(service: Service, status: u16, count: u64, pause: u64) -> Observation {
        let calls = (0..count).map(|number| met("fault", send(service, number * pause, "hello", status))).collect();
        seen(service, "wrong-token", calls)
    }

    #[test]
    fn one_further_attempt_after_401_is_fine_and_two_are_not() {
        for service in Service::ALL {
            assert_eq!(short(&stops_at_401(&attempts(service, 401, 2, 100))), "held");
            assert_eq!(short(&stops_at_401(&attempts(service, 401, 3, 100))), "must repeats-after-401");
            assert_eq!(short(&stops_at_401(&seen(service, "wrong-token", vec![]))), "moot");
        }
    }

    #[test]
    fn a_suite_that_always_asks_the_same_does_not_repeat() {
        let suite = usually(attempts(Service::Chatwork, 401, 3, 100), &["hello", "hello", "hello"]);
        assert_eq!(short(&stops_at_401(&suite)), "held");
    }

    #[test]
    fn a_refused_request_is_not_repeated() {
        for service in Service::ALL {
            assert_eq!(short(&does_not_repeat(&attempts(service, 400, 1, 0))), "held");
            assert_eq!(short(&does_not_repeat(&attempts(service, 404, 2, 100))), "should repeats-what-was-refused");
            assert_eq!(short(&does_not_repeat(&seen(service, "refused-400", vec![]))), "moot");
        }
    }

    #[test]
    fn who_tries_for_ever_is_seen_and_who_backs_off_is_not_blamed() {
        for service in Service::ALL {
            assert_eq!(short(&gives_up(&attempts(service, 429, 5, 1_000))), "held");
            let slow = ended(attempts(service, 429, 5, 4_000), Ending::TimedOut);
            assert_eq!(short(&gives_up(&slow)), "moot");
            let endless = ended(attempts(service, 429, 20, 1_000), Ending::TimedOut);
            assert_eq!(short(&gives_up(&endless)), "should no-end-of-attempts");
            assert_eq!(short(&gives_up(&attempts(service, 500, 60, 10))), "should no-end-of-attempts");
        }
    }

    #[test]
    fn retry_after_counts_as_seconds_and_as_a_date() {
        // The observation starts at Unix second 1000: 00:16:40.
        for (value, early, late) in [("3", 2_000, 3_020), ("Thu, 01 Jan 1970 00:16:44 GMT", 2_500, 3_100)] {
            let watched = |at| {
                let first =
                    answered(met("unavailable", send(Service::Chatwork, 0, "hello", 503)), "retry-after", value);
                let calls = vec![first, send(Service::Chatwork, at, "hello", 200)];
                short(&waits_while_unavailable(&seen(Service::Chatwork, "unavailable", calls)))
            };
            assert_eq!(watched(early), "should repeated-while-unavailable", "{value}");
            assert_eq!(watched(late), "held", "{value}");
        }
        assert_eq!(short(&waits_while_unavailable(&attempts(Service::Chatday, 503, 1, 0))), "moot");
    }

    #[test]
    fn a_message_that_was_stored_and_sent_again_is_there_twice() {
        for service in Service::ALL {
            let lost = ClientCall { answered_at: None, ..met("lost", send(service, 0, "hello", 0)) };
            let watched = |calls| short(&writes_once(&seen(service, "lost-answer", calls)));
            assert_eq!(watched(vec![lost.clone()]), "held");
            assert_eq!(watched(vec![lost.clone(), send(service, 50, "another", 200)]), "held");
            assert_eq!(watched(vec![lost.clone(), send(service, 50, "hello", 200)]), "should message-written-twice");
            assert_eq!(watched(vec![look(service, 0, 200)]), "moot");
        }
    }

    #[test]
    fn silence_is_given_up_within_reason() {
        for service in Service::ALL {
            let silent = ClientCall { answered_at: None, ..met("silence", send(service, 0, "hello", 0)) };
            let mut watched = seen(service, "silence", vec![silent]);
            assert_eq!(short(&gives_up_silence(&watched)), "held");
            watched.ending = Ending::TimedOut;
            watched.took = ms(20_000);
            assert_eq!(short(&gives_up_silence(&watched)), "moot");
            watched.took = ms(40_000);
            assert_eq!(short(&gives_up_silence(&watched)), "should waits-for-ever");
            watched.calls.push(ClientCall { connection: 1, ..send(service, 30_000, "hello", 200) });
            assert_eq!(short(&gives_up_silence(&watched)), "held");
        }
    }

    #[test]
    fn a_repetition_without_its_body_or_type_fails() {
        for service in Service::ALL {
            let watched = |change: fn(&mut ClientCall)| {
                let mut again = send(service, 100, "hello", 400);
                change(&mut again);
                short(&repeats_whole(&seen(service, "x", vec![met("limit", send(service, 0, "hello", 429)), again])))
            };
            assert_eq!(watched(|_| ()), "held");
            assert_eq!(watched(|call| call.body = Bytes::from_static(b"another body")), "held");
            assert_eq!(watched(|call| call.body = Bytes::new()), "must repeated-without-body");
            assert_eq!(watched(|call| call.body.truncate(5)), "must repeated-in-part");
            assert_eq!(watched(|call| call.headers.truncate(2)), "must repeated-without-type");
            assert_eq!(short(&repeats_whole(&seen(service, "x", vec![send(service, 0, "hello", 200)]))), "moot");
        }
    }
}
