//! Send Message, into the chat that the user named. What is sent there stays: the API cannot take it back.

use contract::chatday::clauses::{AUTHORIZATION_HEADER_ONLY, MESSAGE_TYPES, SEND_ANSWER, SEND_BODY, SEND_UNKNOWN_KEYS};
use contract::service::Service;
use serde_json::Value;

use super::super::found::{deviates, moot};
use super::verdicts::{body, chat, expect, kept, registered, send, send_text};
use crate::ask::server::{Call, Server, Talk};
use crate::check::{Area, Check, Kind, Level, Needs, Plan};

const BASE: Check =
    Check { kind: Kind::Api, area: Area::Requests, needs: Needs::Write, ..Check::blank(Service::Chatday) };

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatday.api.message-is-taken",
        level: Level::Must,
        title: "a message with type, data and chat_id is accepted",
        rationale: "Sending messages is what the API is for.",
        hint: "Check that the chat exists (--chat-id), and that your profile spells the keys as the server does.",
        clauses: &[&SEND_BODY],
        plan: Plan::Dialogue { calls: &["GET register", "POST messages"], hold: taken },
        ..BASE
    },
    Check {
        id: "chatday.api.message-is-answered-with-its-id",
        title: "Send Message answers with the words and keys of the profile, and a new id for each message",
        rationale: "A program keeps the id to know what it has sent. The same id twice makes it think that nothing was sent.",
        hint: "Answer {\"status\":\"SUCCESS\",\"message_id\":\"…\"} with an id of its own for each message.",
        clauses: &[&SEND_ANSWER],
        plan: Plan::Dialogue { calls: &["GET register", "POST messages, twice"], hold: answered },
        ..BASE
    },
    Check {
        id: "chatday.api.each-type-is-taken",
        title: "a message of each type of the profile is accepted",
        rationale: "The form of data depends on the type. That a type is refused is noticed only when a customer should get such a message.",
        hint: "Accept data as the profile describes it for each type, or describe your own types in a profile.",
        clauses: &[&MESSAGE_TYPES],
        plan: Plan::Dialogue { calls: &["GET register", "POST messages, one of each type"], hold: types },
        ..BASE
    },
    Check {
        id: "chatday.api.more-keys-are-ignored",
        title: "keys that the contract does not name are ignored",
        rationale: "Clients send keys of their own, and newer clients send new ones. A refusal breaks them on the day of an update.",
        hint: "Read the keys that you know, and pass over the others.",
        clauses: &[&SEND_UNKNOWN_KEYS],
        plan: Plan::Dialogue { calls: &["GET register", "POST messages with one more key"], hold: more_keys },
        ..BASE
    },
    Check {
        id: "chatday.api.bearer-in-any-case",
        title: "the scheme Bearer is read in any case",
        rationale: "Schemes have no case (RFC 9110, 11.1), and HTTP libraries write bearer in small letters.",
        hint: "Compare the scheme without regard to case.",
        clauses: &[&AUTHORIZATION_HEADER_ONLY],
        plan: Plan::Dialogue { calls: &["GET register, with the scheme in small letters"], hold: any_case },
        ..BASE
    },
];

fn taken(server: &mut dyn Server) -> Talk {
    registered(server)?;
    let call = send_text(server.facts(), "a text")?;
    let heard = server.recall(&call);
    let status = heard.answer()?.status();
    if status.is_success() {
        return Ok(());
    }
    Err(deviates(
        "not-taken",
        format!("a text was answered with {}", status.as_u16()),
        "success",
        format!("status {}", status.as_u16()),
    ))
}

fn answered(server: &mut dyn Server) -> Talk {
    registered(server)?;
    let mut ids = Vec::new();
    for what in ["a text", "another text"] {
        let call = send_text(server.facts(), what)?;
        let heard = server.recall(&call);
        expect(&heard, server.facts().profile.send.status, "a text")?;
        kept(server, &heard)?;
        ids.push(heard.json().unwrap_or_default()[&server.facts().profile.keys.message_id].clone());
    }
    match ids.as_slice() {
        [one, other] if one == other => {
            Err(deviates("same-id", "two messages were answered with the same id", "an id for each", one.to_string()))
        }
        _ => Ok(()),
    }
}

fn types(server: &mut dyn Server) -> Talk {
    registered(server)?;
    let facts = server.facts().clone();
    let mut sent = 0;
    for (kind, schema) in &facts.profile.message_types {
        let Some(data) = schema.examples().first() else { continue };
        let call = send(&facts, Value::Object(body(&facts, chat(&facts)?, kind, data)).to_string());
        let heard = server.recall(&call);
        expect(&heard, facts.profile.send.status, &format!("a message of the type '{kind}'"))?;
        sent += 1;
    }
    if sent == 0 { Err(moot("no type of the profile has an example to send")) } else { Ok(()) }
}

fn more_keys(server: &mut dyn Server) -> Talk {
    registered(server)?;
    let facts = server.facts().clone();
    let mut body = body(&facts, chat(&facts)?, "text", &Value::from("conformance test: one more key"));
    body.insert("conformance_test".to_owned(), Value::from(true));
    let heard = server.recall(&send(&facts, Value::Object(body).to_string()));
    expect(&heard, facts.profile.send.status, "a message with one more key")
}

fn any_case(server: &mut dyn Server) -> Talk {
    registered(server)?;
    let facts = server.facts().clone();
    let call = Call { small_scheme: true, ..super::verdicts::register(&facts) };
    let heard = server.call(&call);
    expect(&heard, facts.profile.register.status, "Register with the scheme in small letters")
}
