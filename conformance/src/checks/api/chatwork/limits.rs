//! The limits: what each answer says of them, and whether it adds up over the run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contract::chatwork::clauses::{ACCOUNT_LIMIT, ACCOUNT_LIMIT_SCOPE, RATE_HEADERS, ROOM_LIMIT, WINDOW};
use contract::chatwork::limits::{ACCOUNT, ROOM};
use contract::service::Service;
use contract::wire::header::{RATE_LIMIT, RATE_REMAINING, RATE_RESET};
use http::Method;

use super::super::found::{deviates, settle, unsettled};
use super::messages::clear;
use super::text::form;
use super::tour;
use super::verdicts::{Aspect, found};
use crate::ask::server::{Call, Heard, Server, Talk, Who};
use crate::check::{Area, Check, Kind, Level, Needs, Plan};

const BASE: Check = Check { kind: Kind::Api, area: Area::Limits, ..Check::blank(Service::Chatwork) };

const ALL: &[&str] = &["GET of every path that reads, where this run has not yet"];

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.api.limits-are-told-on-every-answer",
        level: Level::Must,
        title: "every answer to a request with a token carries the three X-RateLimit headers, refusals too",
        rationale: "A client paces itself by them. Where they are missing it goes on blindly until it is shut out.",
        hint: "Add X-RateLimit-Limit, -Remaining and -Reset as single integers to every answer after the token was accepted.",
        clauses: &[&RATE_HEADERS],
        plan: Plan::Dialogue { calls: ALL, hold: told_everywhere },
        ..BASE
    },
    Check {
        id: "chatwork.api.limit-is-300",
        level: Level::Must,
        title: "the limit in X-RateLimit-Limit is 300 requests",
        rationale: "Programs that plan ahead take the documented number.",
        hint: "Answer X-RateLimit-Limit: 300.",
        clauses: &[&ACCOUNT_LIMIT],
        plan: Plan::Dialogue { calls: ALL, hold: limit },
        ..BASE
    },
    Check {
        id: "chatwork.api.reset-is-a-moment-ahead",
        level: Level::Must,
        title: "the reset is a moment in Unix seconds that lies at most 5 minutes ahead",
        rationale: "A client waits until then. Seconds left instead of a moment make it not wait at all, milliseconds \
                    make it wait for ever.",
        hint: "Answer the end of the window in Unix seconds.",
        clauses: &[&RATE_HEADERS, &ACCOUNT_LIMIT],
        plan: Plan::Dialogue { calls: ALL, hold: reset },
        ..BASE
    },
    Check {
        id: "chatwork.api.window-stays",
        title: "the reset stays the same until it has passed",
        rationale: "A reset that moves with each request is one that never comes: whoever waits for it waits for ever.",
        hint: "Open a window with its first request, and keep its end until then.",
        clauses: &[&WINDOW],
        plan: Plan::Dialogue { calls: ALL, hold: window_stays },
        ..BASE
    },
    Check {
        id: "chatwork.api.remaining-falls",
        title: "until the reset X-RateLimit-Remaining falls with each request, refused ones included",
        rationale: "A client paces itself by dividing what remains by the time that is left. A number that does not fall makes it go too fast.",
        hint: "Count each request with a token, whatever its answer, and tell what is left after it.",
        clauses: &[&WINDOW, &ACCOUNT_LIMIT_SCOPE],
        plan: Plan::Dialogue { calls: ALL, hold: remaining_falls },
        ..BASE
    },
    Check {
        id: "chatwork.api.remaining-adds-up",
        title: "X-RateLimit-Remaining accounts for all the requests that this run has made",
        rationale: "Where requests are counted late, a client goes on too long and is refused without a warning.",
        hint: "What remains is the limit less the requests since the window opened.",
        clauses: &[&WINDOW],
        plan: Plan::Dialogue { calls: ALL, hold: adds_up },
        ..BASE
    },
    Check {
        id: "chatwork.api.room-limit-is-10-in-10-seconds",
        level: Level::Must,
        title: "messages to one room are refused with 429 beyond 10 in 10 seconds, and not earlier",
        rationale: "A program that answers a burst of events reaches this limit first. It is tried only against a \
                    server on this machine.",
        hint: "Count new messages and tasks of a room together, 10 in 10 seconds, and answer 429 with \
               \"Rate limit for message posting per room exceeded.\".",
        clauses: &[&ROOM_LIMIT],
        needs: Needs::Write,
        load: true,
        plan: Plan::Dialogue {
            calls: &["POST /rooms/{room_id}/messages, 11 to 20 times (this machine only)", "DELETE of each"],
            hold: room_limit,
        },
        ..BASE
    },
];

/// Every exchange of the owner so far; the whole tour when there were few.
fn owned(server: &mut dyn Server) -> Talk<Vec<Arc<Heard>>> {
    let own: Vec<_> = tour::whole(server)?
        .into_iter()
        .filter(|heard| heard.call.who == Who::Owner && heard.status().is_some() && heard.status() != Some(401))
        .collect();
    if own.is_empty() {
        return Err(unsettled("no request of the token was answered, so nothing is known of its limit"));
    }
    Ok(own)
}

fn told_everywhere(server: &mut dyn Server) -> Talk {
    let found = owned(server)?.iter().flat_map(|heard| found(heard, &[Aspect::Rate])).collect();
    settle(server, found)
}

/// Every answer's numbers: limit, remaining, reset. Those that lack any are another check's.
fn numbers(server: &mut dyn Server) -> Talk<Vec<(Arc<Heard>, [i64; 3])>> {
    let all: Vec<_> = owned(server)?
        .into_iter()
        .filter_map(|heard| {
            let [limit, remaining, reset] = [&RATE_LIMIT, &RATE_REMAINING, &RATE_RESET].map(|name| heard.number(name));
            Some((Arc::clone(&heard), [limit?, remaining?, reset?]))
        })
        .collect();
    if all.is_empty() {
        return Err(unsettled("no answer carries the headers of the limit"));
    }
    Ok(all)
}

fn limit(server: &mut dyn Server) -> Talk {
    let documented = i64::from(ACCOUNT.requests);
    let all = numbers(server)?;
    match all.iter().find(|(_, [limit, ..])| *limit != documented) {
        None => Ok(()),
        Some((heard, [limit, ..])) => {
            server.show(&[Arc::clone(heard)]);
            Err(deviates(
                "another-limit",
                format!("{} says that the limit is {limit}", heard.call.words()),
                format!("X-RateLimit-Limit: {documented}"),
                format!("X-RateLimit-Limit: {limit}"),
            ))
        }
    }
}

fn reset(server: &mut dyn Server) -> Talk {
    let window = i64::from(ACCOUNT.seconds);
    for (heard, [.., reset]) in numbers(server)? {
        // The server's clock where it tells it; it need not agree with this machine's.
        let now = heard.moment().seconds();
        let ahead = reset.saturating_sub(now);
        if (-SLACK..=window + SLACK).contains(&ahead) {
            continue;
        }
        server.show(&[Arc::clone(&heard)]);
        return Err(deviates(
            "no-moment",
            format!("{} says that the window ends at {reset}, {ahead} s from its answer", heard.call.words()),
            format!("a Unix second at most {window} s ahead"),
            format!("X-RateLimit-Reset: {reset}"),
        ));
    }
    Ok(())
}

fn window_stays(server: &mut dyn Server) -> Talk {
    let all = numbers(server)?;
    for ((before, [_, left_before, reset_before]), (after, [_, left, reset])) in all.iter().zip(all.iter().skip(1)) {
        // A window that has ended gives way to a new one, which has more left.
        let ended = after.moment().seconds() >= reset_before - SLACK;
        if reset == reset_before || ended || left > left_before {
            continue;
        }
        server.show(&[Arc::clone(before), Arc::clone(after)]);
        return Err(deviates(
            "moves",
            format!("the window's end went from {reset_before} to {reset} while requests were still counted in it"),
            format!("X-RateLimit-Reset: {reset_before}"),
            format!("X-RateLimit-Reset: {reset}"),
        ));
    }
    Ok(())
}

fn remaining_falls(server: &mut dyn Server) -> Talk {
    let all = numbers(server)?;
    let mut pairs = 0;
    for ((before, [_, left_before, reset_before]), (after, [_, left, reset])) in all.iter().zip(all.iter().skip(1)) {
        if reset != reset_before {
            continue;
        }
        pairs += 1;
        // Another program of the same account may make it fall faster.
        if left < left_before || (*left == 0 && *left_before == 0) {
            continue;
        }
        server.show(&[Arc::clone(before), Arc::clone(after)]);
        return Err(deviates(
            "does-not-fall",
            format!("after {} what remains is {left}, and before it was {left_before}", after.call.words()),
            format!("X-RateLimit-Remaining: {}", left_before - 1),
            format!("X-RateLimit-Remaining: {left}"),
        ));
    }
    if pairs == 0 { Err(unsettled("no two answers tell of the same window")) } else { Ok(()) }
}

fn adds_up(server: &mut dyn Server) -> Talk {
    let mut made: BTreeMap<i64, i64> = BTreeMap::new();
    for (heard, [limit, remaining, reset]) in numbers(server)? {
        let made = made.entry(reset).or_default();
        *made += 1;
        let counted = limit - remaining;
        if counted >= *made {
            continue;
        }
        server.show(&[Arc::clone(&heard)]);
        return Err(deviates(
            "too-few",
            format!("{} of {made} requests of the window are counted", counted.max(0)),
            format!("X-RateLimit-Remaining: {} or less", limit - *made),
            format!("X-RateLimit-Remaining: {remaining}"),
        ));
    }
    Ok(())
}

fn room_limit(server: &mut dyn Server) -> Talk {
    let room = tour::place(server)?;
    let path = format!("/rooms/{room}/messages");
    let (mut posted, mut refused) = (Vec::new(), None);
    let most = usize::try_from(ROOM.requests).unwrap_or_default() * 2;
    for number in 0..most {
        let text = format!("conformance test: message {number} of a burst, to be deleted");
        let call = Call { wants_limit: true, ..form(Method::POST, path.as_str(), &[("body", &text)]) };
        let heard = server.call(&call);
        match heard.status() {
            Some(200) => posted.extend(heard.json().and_then(|body| body["message_id"].as_str().map(str::to_owned))),
            Some(429) => {
                refused = Some(heard);
                break;
            }
            _ => break,
        }
    }
    let recent = refused.as_ref().map_or(0, |refused| stored_before(server, refused, &path));
    let cleared = clear(server, room, &posted);
    let Some(refused) = refused else {
        return Err(deviates(
            "no-limit",
            format!("{} messages to one room were taken, one right after the other", posted.len()),
            "429 after 10 in 10 seconds",
            "no refusal",
        ));
    };
    server.show(&[Arc::clone(&refused)]);
    if recent < u64::from(ROOM.requests) {
        return Err(deviates(
            "too-early",
            format!("a message was refused after {recent} in {} seconds", ROOM.seconds),
            "429 after 10 in 10 seconds",
            format!("429 after {recent}"),
        ));
    }
    let body = refused.json().unwrap_or_default();
    if body["errors"][0] != SENTENCE {
        return Err(deviates(
            "another-text",
            "the refusal has another sentence",
            SENTENCE,
            body["errors"][0].to_string(),
        ));
    }
    cleared
}

/// Messages and tasks of a room that were stored within the limit's time before a refusal.
fn stored_before(server: &dyn Server, refused: &Heard, messages: &str) -> u64 {
    let since = refused.sent.saturating_sub(Duration::from_secs(ROOM.seconds.into()) + Duration::from_secs(1));
    let tasks = messages.replace("/messages", "/tasks");
    let stored = server.log().into_iter().filter(|heard| {
        heard.call.method == Method::POST
            && [messages, tasks.as_str()].contains(&heard.call.path.split('?').next().unwrap_or_default())
            && heard.status() == Some(200)
            && heard.sent >= since
            && heard.sent < refused.sent
    });
    stored.count() as u64
}

/// Clocks differ, and an answer takes a while.
const SLACK: i64 = 5;
/// What the service says.
const SENTENCE: &str = "Rate limit for message posting per room exceeded.";
