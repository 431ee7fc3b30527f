//! Connections: how many, how long, and what follows when one is gone.

use std::time::Duration;

use contract::chatday::clauses as chatday_clauses;
use contract::chatwork::clauses as chatwork_clauses;
use contract::service::Service;

use super::look::{deviates, ending, plain, timed_out};
use super::{blank, chatday, moot};
use crate::ask::observed::{Connection, Observation};
use crate::check::{Area, Check, Level, Plan};
use crate::run::verdict::Judgement;

const PILE: Check = Check {
    area: Area::Connections,
    title: "connections do not pile up",
    rationale: "A connection that is neither used nor closed stays until its server gives up. A program that leaves one behind \
                with each failure runs out of sockets in the middle of the night.",
    hint: "Read every answer to its end or close it, also after an error; share one client or session instead of \
           making one for each request.",
    plan: Plan::Scenarios { scenarios: &[], judge: do_not_pile_up },
    ..blank(Service::Chatwork)
};

const REUSED: Check = Check {
    area: Area::Connections,
    level: Level::May,
    title: "requests that follow each other share a connection",
    rationale: "A new connection costs several round trips and a TLS handshake each time: most of the time that a small request \
                takes.",
    hint: "Keep one client or session (requests.Session, an Agent with keepAlive, one curl handle) for all requests.",
    plan: Plan::Scenarios { scenarios: &["all-is-well"], judge: are_reused },
    ..blank(Service::Chatwork)
};

const REPLACED: Check = Check {
    area: Area::Connections,
    title: "a connection that was closed while idle is replaced without a loss",
    rationale: "Servers and proxies close idle connections without warning. A client that takes one from its pool \
                then loses the request, unless it notices or tries once more on a new one.",
    hint: "Let the library check a pooled connection before it is used, keep idle ones for a few seconds at most, and repeat a \
           GET once on a new connection.",
    plan: Plan::Scenarios { scenarios: &["connections-close-when-idle"], judge: are_replaced },
    ..blank(Service::Chatwork)
};

/// Of clients of Chatwork, in report order.
pub const CHATWORK: &[Check] = &[
    Check { id: "chatwork.client.connections-do-not-pile-up", clauses: &[&chatwork_clauses::CONNECTIONS], ..PILE },
    Check { id: "chatwork.client.connections-are-reused", clauses: &[&chatwork_clauses::CONNECTIONS], ..REUSED },
    Check {
        id: "chatwork.client.closed-connection-is-replaced",
        clauses: &[&chatwork_clauses::CONNECTIONS],
        ..REPLACED
    },
];

/// Of clients of Chatday, in report order.
pub const CHATDAY: &[Check] = &[
    chatday!(PILE, "chatday.client.connections-do-not-pile-up", &[&chatday_clauses::CLIENT_CONNECTIONS]),
    chatday!(REUSED, "chatday.client.connections-are-reused", &[&chatday_clauses::CLIENT_CONNECTIONS]),
    chatday!(REPLACED, "chatday.client.closed-connection-is-replaced", &[&chatday_clauses::CLIENT_CONNECTIONS]),
];

/// Most connections that were open at the same moment.
fn most_open(connections: &[Connection]) -> usize {
    let open_at = |moment: Duration| {
        let open = |connection: &&Connection| {
            connection.opened_at <= moment && connection.closed_at.is_none_or(|closed| closed > moment)
        };
        connections.iter().filter(open).count()
    };
    connections.iter().map(|connection| open_at(connection.opened_at)).max().unwrap_or_default()
}

fn do_not_pile_up(seen: &Observation) -> Judgement {
    if seen.calls.len() < 10 {
        return moot("the program made fewer than ten requests");
    }
    let (open, needed) = (most_open(&seen.connections), seen.peak_in_flight.max(1));
    // A pool may hold some for later.
    if open <= (needed * 2).max(needed + 8) {
        return Judgement::Held;
    }
    deviates(
        "connections-pile-up",
        Level::Should,
        format!("{open} connections were open at the same moment, for at most {needed} requests at once"),
        "about as many connections as requests at once",
        format!("{open} connections"),
    )
}

fn are_reused(seen: &Observation) -> Judgement {
    let used = seen.connections.iter().filter(|connection| connection.requests > 0).count();
    if seen.calls.len() < 5 || seen.peak_in_flight > 1 {
        return moot("the program did not make five requests one after the other");
    }
    if used < seen.calls.len() {
        return Judgement::Held;
    }
    deviates(
        "connection-for-each-request",
        Level::May,
        format!("{} requests, one after the other, came on as many connections", seen.calls.len()),
        "one connection for several requests",
        format!("{used} connections"),
    )
}

fn are_replaced(seen: &Observation) -> Judgement {
    let plain = match plain(seen) {
        Ok(plain) => plain,
        Err(why) => return moot(why),
    };
    if plain.calls.len() < 2 || plain.connections.iter().all(|connection| connection.requests < 2) {
        return moot("the program never uses a connection twice");
    }
    let (now, usually) = (seen.stored.len(), plain.stored.len());
    if seen.claims_success() && now < usually {
        return deviates(
            "lost-on-a-closed-connection",
            Level::Should,
            format!(
                "idle connections were closed, and the program ended with status 0 without {} of its messages",
                usually - now
            ),
            "every message, on a new connection",
            format!("{now} of {usually} messages"),
        );
    }
    if timed_out(seen) {
        return deviates(
            "hangs-on-a-closed-connection",
            Level::Should,
            "idle connections were closed, and the program did not end".to_owned(),
            "the same requests on new connections",
            ending(seen),
        );
    }
    if seen.claims_success() {
        return Judgement::Held;
    }
    // The close may come in the very moment in which the connection is taken again: then a POST cannot be saved.
    deviates(
        "fails-on-a-closed-connection",
        Level::May,
        format!("idle connections were closed, and the program gave up: {}", ending(seen)),
        "the same requests on new connections",
        ending(seen),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::observed::Ending;
    use crate::checks::client::watched::*;
    use crate::checks::transcript::short;

    fn many(service: Service, count: u64) -> Observation {
        seen(service, "all-is-well", (0..count).map(|number| look(service, number * 20, 200)).collect())
    }

    #[test]
    fn connections_that_stay_open_pile_up() {
        for service in Service::ALL {
            let mut watched = many(service, 20);
            assert_eq!(short(&do_not_pile_up(&watched)), "held");
            watched.connections.iter_mut().for_each(|connection| connection.closed_at = None);
            assert_eq!(short(&do_not_pile_up(&watched)), "should connections-pile-up");
            watched.peak_in_flight = 12;
            assert_eq!(short(&do_not_pile_up(&watched)), "held", "as many as there are workers");
            assert_eq!(short(&do_not_pile_up(&many(service, 3))), "moot");
        }
    }

    #[test]
    fn a_connection_for_each_request_is_noted() {
        for service in Service::ALL {
            let mut watched = many(service, 6);
            assert_eq!(short(&are_reused(&watched)), "may connection-for-each-request");
            watched.connections.truncate(2);
            assert_eq!(short(&are_reused(&watched)), "held");
            assert_eq!(short(&are_reused(&many(service, 2))), "moot");
        }
    }

    #[test]
    fn what_is_lost_on_a_closed_connection_is_warned_of_and_an_honest_failure_noted() {
        for service in Service::ALL {
            let reusing = |texts: &[&str]| {
                let calls = texts.iter().map(|text| send(service, 0, text, 200)).collect();
                let mut watched = usually(seen(service, "connections-close-when-idle", calls), &["a", "b"]);
                let mut plain = (**watched.plain.as_ref().unwrap()).clone();
                plain.connections[0].requests = 2;
                watched.plain = Some(plain.into());
                watched
            };
            assert_eq!(short(&are_replaced(&reusing(&["a", "b"]))), "held");
            assert_eq!(short(&are_replaced(&reusing(&["a"]))), "should lost-on-a-closed-connection");
            assert_eq!(
                short(&are_replaced(&ended(reusing(&["a"]), Ending::TimedOut))),
                "should hangs-on-a-closed-connection"
            );
            assert_eq!(
                short(&are_replaced(&ended(reusing(&["a"]), Ending::Exited(1)))),
                "may fails-on-a-closed-connection"
            );
            let single = usually(seen(service, "connections-close-when-idle", vec![]), &["a"]);
            assert_eq!(short(&are_replaced(&single)), "moot");
        }
    }
}
