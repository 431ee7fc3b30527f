//! What is refused, and how.

use contract::chatwork::clauses::{ERROR_ENVELOPE, INVALID_PARAMETER, NOT_FOUND, ROOM_FORBIDDEN, UNKNOWN_ENDPOINT};
use contract::service::Service;

use super::super::found::{deviates, settle, unsettled};
use super::tour::{self, NO_ITEM, NO_MESSAGE, NO_ROOM, NOWHERE};
use super::verdicts::{Aspect, found};
use crate::ask::server::{Call, Server, Talk, Who};
use crate::check::{Area, Check, Kind, Level, Plan};

const BASE: Check = Check { kind: Kind::Api, area: Area::Refusals, ..Check::blank(Service::Chatwork) };

const UNKNOWN: Check = Check {
    level: Level::Must,
    rationale: "A program that keeps an id learns only from 404 that it is gone, and forgets it. Another status makes \
                it try for ever, or give up the whole room.",
    hint: "Answer 404 with the envelope of errors where the room is the caller's and the id is not in it.",
    clauses: &[&NOT_FOUND],
    ..BASE
};

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.api.unknown-path-is-400",
        title: "an unknown path is answered 400 'Invalid Endpoint or HTTP method'",
        rationale: "Not 404: that status says that a message, task or file is gone. Existing clients tell the two \
                    apart by the status.",
        hint: "Let the fallback of the router answer 400 in the envelope of errors, after the token was accepted.",
        clauses: &[&UNKNOWN_ENDPOINT],
        plan: Plan::Dialogue {
            calls: &["GET of a path that is not there"],
            hold: |server| no_endpoint(server, NOWHERE),
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.room-id-that-is-no-number-is-400",
        title: "a room id that is no number is answered 400 'Invalid Endpoint or HTTP method'",
        rationale: "This is how the real service answered a client that sent such ids: the path does not fit the route.",
        hint: "Route digits alone; let everything else fall through to the same 400.",
        clauses: &[&UNKNOWN_ENDPOINT],
        plan: Plan::Dialogue {
            calls: &["GET /rooms/rid123/messages"],
            hold: |server| no_endpoint(server, "/rooms/rid123/messages"),
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.room-of-others-is-403",
        title: "a room that the caller is not in, or that nobody has, is answered 403",
        rationale: "403 and not 404: whoever is not in a room is not told whether it exists. Programs take 403 as the \
                    sign that they were removed.",
        hint: "Answer 403 in the envelope of errors both where the caller is no member and where there is no such room.",
        clauses: &[&ROOM_FORBIDDEN],
        plan: Plan::Dialogue { calls: &["GET /rooms/{unknown}"], hold: room_of_others },
        ..BASE
    },
    Check {
        id: "chatwork.api.unknown-message-is-404",
        title: "a message that is not in the room is answered 404",
        plan: Plan::Dialogue {
            calls: &["GET /rooms/{room_id}/messages/{unknown}"],
            hold: |server| missing(server, &format!("messages/{NO_MESSAGE}")),
        },
        ..UNKNOWN
    },
    Check {
        id: "chatwork.api.unknown-task-is-404",
        title: "a task that is not in the room is answered 404",
        plan: Plan::Dialogue {
            calls: &["GET /rooms/{room_id}/tasks/{unknown}"],
            hold: |server| missing(server, &format!("tasks/{NO_ITEM}")),
        },
        ..UNKNOWN
    },
    Check {
        id: "chatwork.api.unknown-file-is-404",
        title: "a file that is not in the room is answered 404",
        plan: Plan::Dialogue {
            calls: &["GET /rooms/{room_id}/files/{unknown}"],
            hold: |server| missing(server, &format!("files/{NO_ITEM}")),
        },
        ..UNKNOWN
    },
    Check {
        id: "chatwork.api.bad-value-is-400",
        title: "a parameter whose value is none of those allowed is answered 400",
        rationale: "Where a misspelt value is ignored, the answer is a list that nobody asked for, and nobody notices.",
        hint: "Compare each parameter with the values that it allows, and answer 400 with a sentence that names it.",
        clauses: &[&INVALID_PARAMETER],
        plan: Plan::Dialogue {
            calls: &["GET /my/tasks?status=nonsense"],
            hold: |server| expect(server, &Call::get("/my/tasks?status=nonsense"), 400),
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.errors-stand-in-their-envelope",
        level: Level::Must,
        title: "every refusal is {\"errors\":[…]} with at least one sentence",
        rationale: "Clients show the sentences to people. Under another key, or in another form, they show nothing, or fail \
                    while they report the failure.",
        hint: "Answer {\"errors\":[\"…\"]} with every status from 400 on, also where the framework answers.",
        clauses: &[&ERROR_ENVELOPE],
        plan: Plan::Dialogue { calls: &["GET of what is not there, and with a made-up token"], hold: envelopes },
        ..BASE
    },
];

fn expect(server: &mut dyn Server, call: &Call, status: u16) -> Talk {
    let heard = server.recall(call);
    let actual = heard.answer()?.status().as_u16();
    match actual {
        _ if actual == status => return Ok(()),
        401 => return Err(unsettled(format!("{}: 401, so the token is not taken: check it", call.words()))),
        _ => {}
    }
    Err(deviates(
        "another-status",
        format!("{} was answered with {actual}", call.words()),
        format!("status {status}"),
        format!("status {actual}"),
    ))
}

fn no_endpoint(server: &mut dyn Server, path: &str) -> Talk {
    let call = Call::get(path);
    expect(server, &call, 400)?;
    let body = server.recall(&call).json().unwrap_or_default();
    let sentence = body["errors"][0].as_str().unwrap_or_default();
    if sentence == NO_ENDPOINT {
        return Ok(());
    }
    let actual = if sentence.is_empty() { "no sentence" } else { sentence };
    Err(deviates("another-text", format!("{}: another sentence", call.words()), NO_ENDPOINT, actual))
}

fn room_of_others(server: &mut dyn Server) -> Talk {
    expect(server, &Call::get(format!("/rooms/{NO_ROOM}")), 403)
}

fn missing(server: &mut dyn Server, below: &str) -> Talk {
    let room = tour::any_room(server)?;
    expect(server, &Call::get(format!("/rooms/{room}/{below}")), 404)
}

fn envelopes(server: &mut dyn Server) -> Talk {
    let room = tour::any_room(server)?;
    let mut calls = tour::without_such(room).to_vec();
    calls.extend([
        Call::get(NOWHERE),
        Call::get(format!("/rooms/{NO_ROOM}")),
        Call::get("/my/tasks?status=nonsense"),
        Call::get("/me").by(Who::Nobody),
        Call::get("/me").by(Who::Stranger),
    ]);
    for call in &calls {
        server.recall(call);
    }
    let found = tour::whole(server)?.iter().flat_map(|heard| found(heard, &[Aspect::Errors])).collect();
    settle(server, found)
}

/// What the service was recorded to say of an unknown path or verb.
pub(super) const NO_ENDPOINT: &str = "Invalid Endpoint or HTTP method";
