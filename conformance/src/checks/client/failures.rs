//! Whether a failure is told as one.

use contract::chatday::clauses as chatday_clauses;
use contract::chatwork::clauses as chatwork_clauses;
use contract::service::Service;

use super::look::{deviates, ending, faulted, is_send, line, plain, succeeded, tells_of_failure, timed_out};
use super::{blank, chatday, moot};
use crate::ask::observed::{ClientCall, Ending, Observation};
use crate::check::{Area, Check, Level, Plan};
use crate::run::verdict::{Hint, Judgement};

const WORKS: Check = Check {
    area: Area::Answers,
    title: "where nothing goes wrong, the program ends with status 0",
    rationale: "All other scenarios are compared with this one. A program that fails where the service answers as \
                documented has misread an answer, or sends what the service does not take.",
    hint: "Run the program against mock-server by itself and look at the inspector (/_mock/ui): the first answer with a status \
           of 400 or more says what is wrong.",
    plan: Plan::Scenarios { scenarios: &["all-is-well"], judge: works },
    ..blank(Service::Chatwork)
};

const LIMITED: Check = Check {
    area: Area::Refusals,
    level: Level::Must,
    title: "a message that a limit kept from being sent is not reported as sent",
    rationale: "429 is an everyday answer. A program that takes it for a success, or ends with status 0 after it, \
                loses the message silently.",
    hint: "Look at the status of each answer. Wait for the reset and send again, or end with a status other than 0.",
    plan: Plan::Scenarios {
        scenarios: &["limit-resets-soon", "always-limited", "limited-in-the-middle"],
        judge: tells_limits,
    },
    ..blank(Service::Chatwork)
};

const REFUSED: Check = Check {
    area: Area::Refusals,
    level: Level::Must,
    title: "a message that was refused is not reported as sent",
    rationale: "Whoever calls a program learns from its exit status how it went. One that ends with 0 after a refusal \
                lets every job that depends on it go on.",
    hint: "Check each status (raise_for_status, response.ok, curl --fail, CURLINFO_RESPONSE_CODE) and let the program \
           end with another status than 0. Look for 'except: pass', for promises that nobody awaits, and for '|| \
           true'.",
    plan: Plan::Scenarios {
        scenarios: &["wrong-token", "refused-400", "refused-403", "refused-404", "server-errors"],
        judge: tells_refusals,
    },
    ..blank(Service::Chatwork)
};

const BROKEN: Check = Check {
    area: Area::Refusals,
    title: "a broken answer is reported as a failure, in bounded time and without a crash",
    rationale: "Proxies answer with HTML, connections break in the middle of an answer, and something else altogether may \
                listen at the port. A program that hangs then, or takes it for a success, hides it.",
    hint: "Treat what cannot be read as a failure of the request: a 5xx before its body is parsed, an answer shorter than its \
           Content-Length, an answer that is no HTTP.",
    plan: Plan::Scenarios {
        scenarios: &["html-error", "cut-answer", "no-http", "connection-reset"],
        judge: survives_broken_answers,
    },
    ..blank(Service::Chatwork)
};

const REDIRECTED: Check = Check {
    area: Area::Refusals,
    title: "a message that is redirected is not silently lost",
    rationale: "After 301, 302 and 303 most libraries go on with GET and without a body: the answer is a success, and \
                the message is gone. Behind a proxy, or after a change of host, every message is redirected.",
    hint: "Do not follow redirects of a POST: treat a 3xx as an error. Or follow 307 and 308 only, which keep verb and body.",
    plan: Plan::Scenarios {
        scenarios: &["redirect-301", "redirect-302", "redirect-303", "redirect-307", "redirect-308"],
        judge: follows_whole,
    },
    ..blank(Service::Chatwork)
};

const PENDING: Check = Check {
    area: Area::Refusals,
    title: "no message is lost because the program ends before it is sent",
    rationale: "A queue, a worker thread or a promise that nobody waits for dies with the program, and with it what was still \
                to be sent. It shows only when answers take their time.",
    hint: "Wait for everything that was begun before the program ends: await it, join the threads, flush the queue.",
    plan: Plan::Scenarios { scenarios: &["slow-answers"], judge: sends_everything },
    ..blank(Service::Chatwork)
};

/// Of clients of Chatwork, in report order.
pub const CHATWORK: &[Check] = &[
    Check { id: "chatwork.client.works-where-all-is-well", clauses: &[&chatwork_clauses::KNOWN_REQUESTS], ..WORKS },
    Check {
        id: "chatwork.client.limited-message-is-not-reported-as-sent",
        clauses: &[&chatwork_clauses::STATUS_TELLS],
        ..LIMITED
    },
    Check {
        id: "chatwork.client.refused-message-is-not-reported-as-sent",
        clauses: &[&chatwork_clauses::STATUS_TELLS],
        ..REFUSED
    },
    Check { id: "chatwork.client.broken-answers-are-told", clauses: &[&chatwork_clauses::BROKEN_ANSWERS], ..BROKEN },
    Check { id: "chatwork.client.redirects-lose-nothing", clauses: &[&chatwork_clauses::REDIRECTS], ..REDIRECTED },
    Check { id: "chatwork.client.pending-messages-are-sent", clauses: &[&chatwork_clauses::STATUS_TELLS], ..PENDING },
];

/// Of clients of Chatday, in report order.
pub const CHATDAY: &[Check] = &[
    chatday!(WORKS, "chatday.client.works-where-all-is-well", &[&chatday_clauses::CLIENT_KNOWN_REQUESTS]),
    chatday!(LIMITED, "chatday.client.limited-message-is-not-reported-as-sent", &[&chatday_clauses::SEND_EFFECT]),
    Check {
        plan: Plan::Scenarios {
            scenarios: &["wrong-token", "refused-400", "refused-404", "server-errors", "not-registered-yet"],
            judge: tells_refusals,
        },
        ..chatday!(REFUSED, "chatday.client.refused-message-is-not-reported-as-sent", &[&chatday_clauses::SEND_EFFECT])
    },
    chatday!(BROKEN, "chatday.client.broken-answers-are-told", &[&chatday_clauses::CLIENT_BROKEN_ANSWERS]),
    chatday!(REDIRECTED, "chatday.client.redirects-lose-nothing", &[&chatday_clauses::CLIENT_REDIRECTS]),
    chatday!(PENDING, "chatday.client.pending-messages-are-sent", &[&chatday_clauses::SEND_EFFECT]),
];

fn works(seen: &Observation) -> Judgement {
    if seen.calls.is_empty() {
        return Judgement::Unsettled(format!(
            "the program made no request to the address that it finds in its environment, so nothing is judged: {}",
            ending(seen)
        ));
    }
    if seen.claims_success() {
        return Judgement::Held;
    }
    let refused = seen.calls.iter().find(|call| call.status >= 400);
    deviates(
        "fails-where-all-is-well",
        Level::Should,
        match refused {
            Some(call) => format!("{}; {} was answered {}", ending(seen), line(call), call.status),
            None => format!("{}, though every request was answered with success", ending(seen)),
        },
        "status 0",
        ending(seen),
    )
}

/// Messages that the program usually gets stored and that are missing here: how many, of how many.
fn missing(seen: &Observation) -> Option<(usize, usize)> {
    let usually = match seen.plain.as_deref() {
        Some(plain) if plain.claims_success() => plain.stored.len(),
        _ => {
            // Without a run to compare with, each text that was to be sent counts once.
            let mut wanted: Vec<&ClientCall> = Vec::new();
            for call in seen.calls.iter().filter(|call| is_send(call)) {
                if !wanted.iter().any(|own| own.body == call.body && own.target == call.target) {
                    wanted.push(call);
                }
            }
            wanted.len()
        }
    };
    (seen.stored.len() < usually).then(|| (usually - seen.stored.len(), usually))
}

/// A program that says that all went well, though messages are missing, or nothing that it asked for was served.
fn false_success(seen: &Observation, level: Level) -> Option<Judgement> {
    let failed = faulted(seen).last()?;
    let (message, level) = match missing(seen) {
        Some((gone, of)) => {
            (format!("the program ended with status 0, but {gone} of {of} messages never got through"), level)
        }
        None if !seen.calls.iter().any(succeeded) => {
            ("the program ended with status 0, but none of its requests was served".to_owned(), Level::Should)
        }
        None => return None,
    };
    // Some programs say it in words only. Whoever calls them does not read, so it weighs the same; but the cure differs.
    let told = tells_of_failure(seen, failed.status);
    let answer =
        if failed.status == 0 { "was not answered".to_owned() } else { format!("was answered {}", failed.status) };
    let mut judgement = deviates(
        if told { "failure-told-in-words-only" } else { "failure-reported-as-success" },
        level,
        format!("{message}: {} {answer}", line(failed)),
        "a status other than 0, or another attempt that succeeds",
        ending(seen),
    );
    if let (Judgement::Deviates(deviation), true) = (&mut judgement, told) {
        deviation.hint = Hint::Besides("Its output does mention the failure; only its status does not.".to_owned());
    }
    Some(judgement)
}

fn tells(seen: &Observation, level: Level, what: &str) -> Judgement {
    if faulted(seen).next().is_none() {
        return moot(format!("the program made no request that {what}"));
    }
    match &seen.ending {
        Ending::Exited(0) if seen.claims_success() => false_success(seen, level).unwrap_or(Judgement::Held),
        // It has not said anything yet: other checks look at how long it takes.
        Ending::TimedOut | Ending::Flooded => moot("the program had not ended when its time was over"),
        Ending::Exited(_) | Ending::Signalled(_) => Judgement::Held,
        Ending::NotStarted(why) => Judgement::Unsettled(format!("the program could not be started: {why}")),
    }
}

fn tells_limits(seen: &Observation) -> Judgement {
    tells(seen, Level::Must, "met a limit")
}

fn tells_refusals(seen: &Observation) -> Judgement {
    // Nobody has to be registered twice: this scenario has no fault, only a service that has not seen the token yet.
    if seen.scenario.ends_with("not-registered-yet") && faulted(seen).next().is_none() {
        let refused = seen.calls.iter().find(|call| is_send(call) && call.status >= 400);
        let Some(refused) = refused else { return moot("the program registers before it sends, or sends nothing") };
        if !seen.claims_success() || missing(seen).is_none() {
            return Judgement::Held;
        }
        return deviates(
            if tells_of_failure(seen, refused.status) {
                "failure-told-in-words-only"
            } else {
                "failure-reported-as-success"
            },
            Level::Must,
            format!(
                "the token was not registered, {} was answered {}, and the program ended with status 0",
                line(refused),
                refused.status
            ),
            "Register first, or a status other than 0",
            ending(seen),
        );
    }
    tells(seen, Level::Must, "was refused")
}

fn survives_broken_answers(seen: &Observation) -> Judgement {
    let Some(broken) = faulted(seen).next() else { return moot("the program made no request that is answered so") };
    match &seen.ending {
        Ending::Signalled(signal) => deviates(
            "crashes",
            Level::Should,
            format!("a broken answer to {} ended the program by signal {signal}", line(broken)),
            "a failure that the program tells itself",
            ending(seen),
        ),
        // As long as it asks again it does not hang; how often it may is another check's matter.
        Ending::TimedOut if seen.calls.last().is_some_and(|last| seen.took.saturating_sub(last.at).as_secs() < 10) => {
            moot("the program was still asking again when its time was over")
        }
        Ending::TimedOut => deviates(
            "hangs",
            Level::Should,
            format!("after a broken answer to {} the program neither asked again nor ended", line(broken)),
            "an end in bounded time",
            ending(seen),
        ),
        _ => tells(seen, Level::Should, "is answered so"),
    }
}

fn follows_whole(seen: &Observation) -> Judgement {
    let Some(redirected) = faulted(seen).find(|call| is_send(call)) else {
        return moot("the program sent no message");
    };
    if !seen.claims_success() {
        return if timed_out(seen) {
            moot("the program had not ended when its time was over")
        } else {
            Judgement::Held
        };
    }
    let after = seen.calls.iter().find(|call| call.at > redirected.at);
    let turned = after.filter(|call| call.method == "GET");
    if let Some((gone, of)) = missing(seen) {
        let how = match turned {
            Some(get) => format!("it went on with {}", line(get)),
            None => "it did not send the message again".to_owned(),
        };
        return deviates(
            "message-lost-by-redirect",
            Level::Should,
            format!(
                "{} was answered {}, {how}, and ended with status 0: {gone} of {of} messages are missing",
                line(redirected),
                redirected.status
            ),
            "the same POST at the other place, or a status other than 0",
            ending(seen),
        );
    }
    let twice = plain(seen).is_ok_and(|plain| seen.stored.len() > plain.stored.len());
    if twice {
        return deviates(
            "message-doubled-by-redirect",
            Level::Should,
            format!("after {} was answered {} the message was written twice", line(redirected), redirected.status),
            "one message",
            format!("{} messages", seen.stored.len()),
        );
    }
    Judgement::Held
}

fn sends_everything(seen: &Observation) -> Judgement {
    let plain = match plain(seen) {
        Ok(plain) => plain,
        Err(why) => return moot(why),
    };
    if plain.stored.is_empty() {
        return moot("the program writes no message");
    }
    if !seen.claims_success() {
        return moot(format!("the program does not say that all went well: {}", ending(seen)));
    }
    match missing(seen) {
        None => Judgement::Held,
        Some((gone, of)) => deviates(
            "ends-before-it-is-done",
            Level::Should,
            format!(
                "where answers take their time the program ended with status 0 before {gone} of {of} messages were sent"
            ),
            "all messages, and then the end",
            format!("{} of {of} messages", of - gone),
        ),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::checks::client::watched::*;
    use crate::checks::transcript::short;

    fn refused(service: Service, status: u16) -> Observation {
        let call = met("refused", send(service, 0, "hello", status));
        usually(seen(service, "refused-400", vec![call]), &["hello"])
    }

    #[test]
    fn a_program_that_works_where_all_is_well_ends_with_0() {
        for service in Service::ALL {
            let fine = seen(service, "all-is-well", vec![look(service, 0, 200)]);
            assert_eq!(short(&works(&fine)), "held");
            assert_eq!(short(&works(&ended(fine, Ending::Exited(1)))), "should fails-where-all-is-well");
            assert_eq!(short(&works(&seen(service, "all-is-well", vec![]))), "unsettled");
        }
    }

    #[test]
    fn a_swallowed_refusal_fails_and_so_does_one_that_is_told_in_words_only() {
        for service in Service::ALL {
            for (judge, status) in [(tells_refusals as fn(&Observation) -> Judgement, 403), (tells_limits, 429)] {
                assert_eq!(short(&judge(&refused(service, status))), "must failure-reported-as-success");
                assert_eq!(short(&judge(&ended(refused(service, status), Ending::Exited(1)))), "held");
                assert_eq!(short(&judge(&ended(refused(service, status), Ending::TimedOut))), "moot");
                let mut told = refused(service, status);
                told.stderr = Bytes::from(format!("got {status}"));
                assert_eq!(short(&judge(&told)), "must failure-told-in-words-only");
                assert_eq!(short(&judge(&seen(service, "refused-400", vec![look(service, 0, 200)]))), "moot");
            }
        }
    }

    #[test]
    fn a_message_that_got_through_later_was_sent() {
        for service in Service::ALL {
            let calls = vec![met("limit", send(service, 0, "hello", 429)), send(service, 3_000, "hello", 200)];
            assert_eq!(
                short(&tells_limits(&usually(seen(service, "limit-resets-soon", calls.clone()), &["hello"]))),
                "held"
            );
            assert_eq!(
                short(&tells_limits(&seen(service, "limit-resets-soon", calls))),
                "held",
                "nothing to compare with"
            );
        }
    }

    #[test]
    fn a_reader_whose_every_request_failed_is_warned_of() {
        let reader = seen(Service::Chatwork, "wrong-token", vec![met("token", look(Service::Chatwork, 0, 401))]);
        assert_eq!(short(&tells_refusals(&usually(reader, &[]))), "should failure-reported-as-success");
    }

    #[test]
    fn sending_before_registering_is_fine_if_the_program_says_that_it_failed() {
        let watched = |calls| usually(seen(Service::Chatday, "not-registered-yet", calls), &["hello"]);
        let early = || vec![send(Service::Chatday, 0, "hello", 403)];
        assert_eq!(short(&tells_refusals(&watched(early()))), "must failure-reported-as-success");
        assert_eq!(short(&tells_refusals(&ended(watched(early()), Ending::Exited(3)))), "held");
        let order = vec![look(Service::Chatday, 0, 200), send(Service::Chatday, 20, "hello", 200)];
        assert_eq!(short(&tells_refusals(&watched(order))), "moot");
    }

    #[test]
    fn a_broken_answer_may_neither_hang_nor_crash_nor_be_a_success() {
        for service in Service::ALL {
            let broken = || refused(service, 0);
            assert_eq!(short(&survives_broken_answers(&broken())), "should failure-reported-as-success");
            assert_eq!(short(&survives_broken_answers(&ended(broken(), Ending::Exited(1)))), "held");
            assert_eq!(short(&survives_broken_answers(&ended(broken(), Ending::Signalled(11)))), "should crashes");
            let mut hung = ended(broken(), Ending::TimedOut);
            assert_eq!(short(&survives_broken_answers(&hung)), "moot");
            hung.took = ms(20_000);
            assert_eq!(short(&survives_broken_answers(&hung)), "should hangs");
        }
    }

    #[test]
    fn a_redirected_message_is_sent_again_or_told_as_a_failure() {
        for service in Service::ALL {
            let first = || met("redirect", send(service, 0, "hello", 302));
            let watched = |calls| usually(seen(service, "redirect-302", calls), &["hello"]);
            let turned = watched(vec![first(), look(service, 20, 200)]);
            assert_eq!(short(&follows_whole(&turned)), "should message-lost-by-redirect");
            assert_eq!(short(&follows_whole(&ended(turned, Ending::Exited(1)))), "held");
            assert_eq!(short(&follows_whole(&watched(vec![first(), send(service, 20, "hello", 200)]))), "held");
            let twice = vec![first(), send(service, 20, "hello", 200), send(service, 40, "hello", 200)];
            assert_eq!(short(&follows_whole(&watched(twice))), "should message-doubled-by-redirect");
            assert_eq!(short(&follows_whole(&watched(vec![look(service, 0, 200)]))), "moot");
        }
    }

    #[test]
    fn what_is_still_to_be_sent_when_the_program_ends_is_missed() {
        for service in Service::ALL {
            let watched = |calls| usually(seen(service, "slow-answers", calls), &["one", "two"]);
            let half = vec![send(service, 0, "one", 200)];
            assert_eq!(short(&sends_everything(&watched(half.clone()))), "should ends-before-it-is-done");
            assert_eq!(short(&sends_everything(&watched([half, vec![send(service, 9, "two", 200)]].concat()))), "held");
            assert_eq!(short(&sends_everything(&usually(seen(service, "slow-answers", vec![]), &[]))), "moot");
        }
    }
}
