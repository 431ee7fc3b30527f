//! How requests are read: where parameters may stand, which are needed, and which verb counts.

use std::sync::Arc;

use contract::chatwork::clauses::{
    BODY_ONLY, JSON_IGNORED, METHOD_OVERRIDE, METHOD_OVERRIDE_ABOLISHED, QUERY_MERGED, REQUIRED, UNKNOWN_ENDPOINT,
};
use contract::service::Service;
use contract::wire::form::Form;
use http::Method;

use super::super::found::deviates;
use super::messages::{clear, id_of, look, refused_with_400, with_message};
use super::refusals::NO_ENDPOINT;
use super::text::form;
use super::tour;
use super::verdicts::kept;
use crate::ask::server::{Call, Server, Talk};
use crate::check::{Area, Check, Kind, Level, Needs, Plan};

const BASE: Check =
    Check { kind: Kind::Api, area: Area::Requests, needs: Needs::Write, ..Check::blank(Service::Chatwork) };

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.api.missing-parameter-is-named",
        level: Level::Must,
        title: "a message without a body is answered 400 \"Parameter 'body' is required\"",
        rationale: "The sentence tells whoever writes a client what is wrong. It is printed in the notice of 2025-04-03, and \
                    clients look for it.",
        hint: "Look for required parameters before anything is stored, and name the one that is missing.",
        clauses: &[&REQUIRED],
        plan: Plan::Dialogue { calls: &["POST /rooms/{room_id}/messages without a body"], hold: missing },
        ..BASE
    },
    Check {
        id: "chatwork.api.query-of-post-is-ignored",
        level: Level::Must,
        title: "since 2025-07-03: parameters of POST count in the body alone",
        rationale: "A client that still sends them in the query has stopped working against the service. A stand-in that takes \
                    them hides that.",
        hint: "Read the parameters of POST and PUT from the body alone, or run with --chatwork-edition documented, if \
               the server is meant to keep the API as it was before then.",
        clauses: &[&BODY_ONLY],
        plan: Plan::Dialogue {
            calls: &["POST /rooms/{room_id}/messages?body=…", "DELETE of it, if it was stored"],
            hold: query_ignored,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.query-of-post-is-read",
        title: "before 2025-07-03: parameters of POST count in the query too",
        rationale: "Older clients send them there, and this worked.",
        hint: "Take query and body together, where the body wins; or run with --chatwork-edition 2025-07, if the \
               server is meant to follow the API since then.",
        clauses: &[&QUERY_MERGED],
        plan: Plan::Dialogue { calls: &["POST /rooms/{room_id}/messages?body=…", "DELETE of it"], hold: query_read },
        ..BASE
    },
    Check {
        id: "chatwork.api.method-override-is-honoured",
        level: Level::Must,
        title: "before 2025-07-03: POST with ?method=DELETE deletes",
        rationale: "Clients behind a proxy that lets only GET and POST through have no other way.",
        hint: "Let ?method=PUT and ?method=DELETE take the place of POST, or run with --chatwork-edition 2025-07, if \
               the server is meant to follow the API since then.",
        clauses: &[&METHOD_OVERRIDE],
        plan: Plan::Dialogue {
            calls: &["POST of a message", "POST /rooms/{room_id}/messages/{message_id}?method=DELETE"],
            hold: honoured,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.method-override-is-gone",
        level: Level::Must,
        title: "since 2025-07-03: POST with ?method=DELETE deletes nothing",
        rationale: "It was abolished: with it, a form on any page could delete what its visitor may delete.",
        hint: "Look at the request's own verb alone, or run with --chatwork-edition documented, if the server is \
               meant to keep the API as it was before then.",
        clauses: &[&METHOD_OVERRIDE_ABOLISHED],
        plan: Plan::Dialogue {
            calls: &["POST of a message", "POST /rooms/{room_id}/messages/{message_id}?method=DELETE", "DELETE of it"],
            hold: gone,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.json-body-is-not-read",
        title: "a message in JSON instead of a form is answered 400",
        rationale: "The service reads forms. A stand-in that takes JSON lets a client pass that fails in production.",
        hint: "Read application/x-www-form-urlencoded alone: parameters in JSON are missing.",
        clauses: &[&JSON_IGNORED],
        plan: Plan::Dialogue {
            calls: &["POST /rooms/{room_id}/messages with JSON", "DELETE of it, if it was stored"],
            hold: json,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.unknown-verb-is-400",
        title: "a verb that its path does not know is answered 400 'Invalid Endpoint or HTTP method'",
        rationale: "Web frameworks answer 405 by themselves, but existing clients look for this status and sentence.",
        hint: "Let the router answer 400 in the envelope of errors for known paths with another verb too.",
        clauses: &[&UNKNOWN_ENDPOINT],
        plan: Plan::Dialogue { calls: &["PATCH /me"], hold: unknown_verb },
        ..BASE
    },
];

fn missing(server: &mut dyn Server) -> Talk {
    let room = tour::place(server)?;
    let heard = server.call(&form(Method::POST, format!("/rooms/{room}/messages"), &[]));
    refused_with_400(server, &heard, room, "a message without a body")?;
    let sentence = heard.json().unwrap_or_default()["errors"][0].as_str().unwrap_or_default().to_owned();
    if sentence == SENTENCE {
        return Ok(());
    }
    Err(deviates("another-text", "the refusal does not name the parameter", SENTENCE, sentence))
}

fn in_query(room: u64) -> Call {
    let mut query = Form::default();
    query.push("body", "conformance test: a body in the query");
    form(Method::POST, format!("/rooms/{room}/messages?{}", query.encode()), &[])
}

fn query_ignored(server: &mut dyn Server) -> Talk {
    let room = tour::place(server)?;
    let heard = server.call(&in_query(room));
    refused_with_400(server, &heard, room, "a message whose body stands in the query")
}

fn query_read(server: &mut dyn Server) -> Talk {
    let room = tour::place(server)?;
    let heard = server.call(&in_query(room));
    let status = heard.answer()?.status().as_u16();
    let Some(id) = id_of(&heard).filter(|_| status == 200) else {
        return Err(deviates(
            "not-taken",
            format!("a message whose body stands in the query was answered with {status}"),
            "200 with its message_id",
            format!("status {status}"),
        ));
    };
    let outcome = kept(server, &heard).map(drop);
    let _ = clear(server, room, &[id]);
    outcome
}

fn overridden(room: u64, id: &str) -> Call {
    form(Method::POST, format!("/rooms/{room}/messages/{id}?method=DELETE"), &[])
}

fn honoured(server: &mut dyn Server) -> Talk {
    with_message(server, "deleted by POST", |server, room, id| {
        let heard = server.call(&overridden(room, id));
        let status = heard.answer()?.status().as_u16();
        if status == 200 && look(server, room, id)?["body"] == "[deleted]" {
            return Ok(());
        }
        server.show(&[Arc::clone(&heard)]);
        Err(deviates(
            "not-honoured",
            format!("POST with ?method=DELETE was answered with {status}, and deleted nothing"),
            "200, and the message is deleted",
            format!("status {status}"),
        ))
    })
}

fn gone(server: &mut dyn Server) -> Talk {
    with_message(server, "not deleted by POST", |server, room, id| {
        let heard = server.call(&overridden(room, id));
        let status = heard.answer()?.status().as_u16();
        let left = look(server, room, id)?["body"] != "[deleted]";
        if status >= 400 && left {
            return Ok(());
        }
        server.show(&[Arc::clone(&heard)]);
        let fate = if left { "is still there" } else { "is deleted" };
        Err(deviates(
            "still-honoured",
            format!("POST with ?method=DELETE was answered with {status}, and the message {fate}"),
            "a refusal, and the message is still there",
            format!("status {status}, and the message {fate}"),
        ))
    })
}

fn json(server: &mut dyn Server) -> Talk {
    let room = tour::place(server)?;
    let call = Call::new(Method::POST, format!("/rooms/{room}/messages"))
        .carrying("application/json", r#"{"body":"conformance test: a body in JSON"}"#);
    let heard = server.call(&call);
    refused_with_400(server, &heard, room, "a message in JSON")
}

fn unknown_verb(server: &mut dyn Server) -> Talk {
    let heard = server.call(&Call::new(Method::PATCH, "/me"));
    let status = heard.answer()?.status().as_u16();
    let sentence = heard.json().unwrap_or_default()["errors"][0].as_str().unwrap_or_default().to_owned();
    if status == 400 && sentence == NO_ENDPOINT {
        return Ok(());
    }
    Err(deviates(
        "otherwise",
        format!("PATCH /me was answered with {status}"),
        format!("400 '{NO_ENDPOINT}'"),
        format!("{status} '{sentence}'"),
    ))
}

const SENTENCE: &str = "Parameter 'body' is required";
