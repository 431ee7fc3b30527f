//! What becomes of messages that are written. Each is deleted again.

use std::sync::Arc;

use contract::chatwork::clauses::{
    MESSAGE_AUTHOR, MESSAGE_DELETED, MESSAGE_POSTED, MESSAGE_READ, MESSAGES_NEW_ONLY, NOT_FOUND,
};
use contract::chatwork::limits::BODY_MAX;
use contract::service::Service;
use http::Method;
use serde_json::Value;

use super::super::found::{deviates, unsettled};
use super::text::{form, message};
use super::tour::{self, NO_MESSAGE, success};
use super::verdicts::kept;
use crate::ask::server::{Call, Heard, Server, Talk};
use crate::check::{Area, Check, Kind, Level, Needs, Plan};

const BASE: Check =
    Check { kind: Kind::Api, area: Area::Requests, needs: Needs::Write, ..Check::blank(Service::Chatwork) };

const POST: &str = "POST /rooms/{room_id}/messages";
const ONE: &str = "GET /rooms/{room_id}/messages/{message_id}";
const DELETE: &str = "DELETE /rooms/{room_id}/messages/{message_id}";

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.api.message-is-stored-as-written",
        level: Level::Must,
        title: "a new message is answered with its id, and read back as it was written",
        rationale: "Notation such as [To:1], characters that forms escape and other scripts have to come through; \
                    otherwise what people read is not what was sent.",
        hint: "Decode the form once, as UTF-8 with + for a space, and store the text as it is.",
        clauses: &[&MESSAGE_POSTED],
        plan: Plan::Dialogue { calls: &["GET /me", POST, ONE, DELETE], hold: stored },
        ..BASE
    },
    Check {
        id: "chatwork.api.message-too-long-is-400",
        level: Level::Must,
        title: "a message of 65,536 characters is answered 400",
        rationale: "A text that is cut off, or answered 500, is lost without anybody knowing.",
        hint: "Count characters, not bytes, and answer 400 beyond 65,535.",
        clauses: &[&MESSAGE_POSTED],
        plan: Plan::Dialogue { calls: &[POST], hold: too_long },
        ..BASE
    },
    Check {
        id: "chatwork.api.message-is-changed-by-its-author",
        level: Level::Must,
        title: "a message that its author changes keeps its id, and gets the new text and update_time",
        rationale: "Programs keep the id of a message to bring it up to date, and tell edited messages by update_time.",
        hint: "Answer the id of the path, and set update_time.",
        clauses: &[&MESSAGE_AUTHOR],
        plan: Plan::Dialogue {
            calls: &[POST, "PUT /rooms/{room_id}/messages/{message_id}", ONE, DELETE],
            hold: changed,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.deleted-message-leaves-its-place",
        title: "DELETE of a message answers 200 with its id, and the message stays with the body [deleted]",
        rationale: "Clients read the id from the answer, so 204 breaks them; and they skip [deleted] in lists.",
        hint: "Answer 200 with {\"message_id\":\"…\"}, and keep the message with the body [deleted].",
        clauses: &[&MESSAGE_DELETED],
        plan: Plan::Dialogue { calls: &[POST, DELETE, ONE], hold: deleted },
        ..BASE
    },
    Check {
        id: "chatwork.api.new-messages-come-once",
        level: Level::Must,
        title: "with force=0 a message is listed once, with force=1 each time",
        rationale: "Bots poll like this. A message that comes twice is answered twice; one that never comes, never.",
        hint: "Keep for each account and room how far it has fetched, and answer 204 when nothing has come since.",
        clauses: &[&MESSAGES_NEW_ONLY],
        plan: Plan::Dialogue {
            calls: &[POST, "GET /rooms/{room_id}/messages", "GET /rooms/{room_id}/messages?force=1", DELETE],
            hold: once,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.read-position-moves",
        level: Level::Must,
        title: "messages can be marked as unread and read, and are answered 400 where nothing would change",
        rationale: "Programs that mark what they have dealt with learn from 400 that it was marked already.",
        hint: "Answer unread_num and mention_num of the room, and 400 where the read position would not move.",
        clauses: &[&MESSAGE_READ],
        plan: Plan::Dialogue {
            calls: &[POST, "PUT /rooms/{room_id}/messages/unread", "PUT /rooms/{room_id}/messages/read", DELETE],
            hold: read_position,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.unknown-message-is-not-changed",
        level: Level::Must,
        title: "changing or deleting a message that is not in the room is answered 404",
        rationale: "A program that keeps a message up to date learns from 404 that the message is gone.",
        hint: "Look the message up before anything else that can fail, and answer 404.",
        clauses: &[&NOT_FOUND],
        plan: Plan::Dialogue {
            calls: &["PUT /rooms/{room_id}/messages/{unknown}", "DELETE /rooms/{room_id}/messages/{unknown}"],
            hold: unknown,
        },
        ..BASE
    },
];

/// Posts a message, goes on with its id, and deletes it whatever came of that.
pub(super) fn with_message(
    server: &mut dyn Server,
    what: &str,
    then: impl FnOnce(&mut dyn Server, u64, &str) -> Talk,
) -> Talk {
    let room = tour::place(server)?;
    let text = message(what, server.facts().seed);
    let heard = server.call(&form(Method::POST, format!("/rooms/{room}/messages"), &[("body", &text)]));
    let id = id_of(&heard);
    let answered = kept(server, &heard).map(drop);
    let Some(id) = id else {
        answered?;
        return Err(unsettled("the message that was posted has no message_id, so it cannot be followed, nor deleted"));
    };
    let outcome = match answered {
        Ok(()) => then(server, room, &id),
        early => early,
    };
    let _ = server.call(&Call::new(Method::DELETE, format!("/rooms/{room}/messages/{id}")).tidying());
    outcome
}

/// The id that an answer gives to a new message, however it is written: what was made has to be deleted.
pub(super) fn id_of(heard: &Heard) -> Option<String> {
    match heard.json()?.get("message_id")? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Deletes messages.
pub(super) fn clear(server: &mut dyn Server, room: u64, ids: &[String]) -> Talk {
    let left = ids
        .iter()
        .filter(|id| {
            server.call(&Call::new(Method::DELETE, format!("/rooms/{room}/messages/{id}")).tidying()).status()
                != Some(200)
        })
        .count();
    if left == 0 {
        Ok(())
    } else {
        Err(unsettled(format!("{left} messages could not be deleted again: look at the room")))
    }
}

/// A message as it is now.
pub(super) fn look(server: &mut dyn Server, room: u64, id: &str) -> Talk<Value> {
    let heard = server.call(&Call::get(format!("/rooms/{room}/messages/{id}")));
    success(&heard)?;
    kept(server, &heard)
}

fn stored(server: &mut dyn Server) -> Talk {
    let me = tour::own_account(server)?;
    let text = message("stored as written", server.facts().seed);
    with_message(server, "stored as written", |server, room, id| {
        let seen = look(server, room, id)?;
        if seen["body"] != text.as_str() {
            return Err(deviates(
                "another-text",
                "the message reads back as another text",
                text,
                seen["body"].to_string(),
            ));
        }
        if seen["account"]["account_id"].as_u64() != Some(me) || seen["update_time"] != 0 || seen["message_id"] != id {
            return Err(deviates(
                "otherwise",
                "the message does not read back as a new one of its author",
                format!("message_id \"{id}\", the caller's account_id, update_time 0"),
                format!("message_id {}, update_time {}", seen["message_id"], seen["update_time"]),
            ));
        }
        Ok(())
    })
}

fn too_long(server: &mut dyn Server) -> Talk {
    let room = tour::place(server)?;
    // Two bytes each: 65,536 characters, but fewer than 65,536 of anything that is counted in larger units.
    let text = "é".repeat(BODY_MAX + 1);
    let heard = server.call(&form(Method::POST, format!("/rooms/{room}/messages"), &[("body", &text)]));
    refused_with_400(server, &heard, room, "a message of 65,536 characters")
}

/// A message that has to be refused; one that was stored is deleted.
pub(super) fn refused_with_400(server: &mut dyn Server, heard: &Arc<Heard>, room: u64, what: &str) -> Talk {
    let status = heard.answer()?.status().as_u16();
    if let Some(id) = id_of(heard).filter(|_| status < 300) {
        let _ = clear(server, room, &[id]);
        server.show(&[Arc::clone(heard)]);
    }
    if status == 400 {
        return kept(server, heard).map(drop);
    }
    Err(deviates("not-400", format!("{what} was answered with {status}"), "status 400", format!("status {status}")))
}

fn changed(server: &mut dyn Server) -> Talk {
    let text = message("changed", server.facts().seed + 1);
    with_message(server, "to be changed", |server, room, id| {
        let heard = server.call(&form(Method::PUT, format!("/rooms/{room}/messages/{id}"), &[("body", &text)]));
        success(&heard)?;
        let answer = kept(server, &heard)?;
        if answer["message_id"] != id {
            return Err(deviates(
                "another-id",
                "the change is answered with another id",
                id,
                answer["message_id"].to_string(),
            ));
        }
        let seen = look(server, room, id)?;
        if seen["body"] != text.as_str() || seen["update_time"].as_i64().unwrap_or_default() <= 0 {
            return Err(deviates(
                "not-changed",
                "the message does not read back as changed",
                format!("the new text, and a time in update_time: {text}"),
                format!("update_time {}: {}", seen["update_time"], seen["body"]),
            ));
        }
        Ok(())
    })
}

fn deleted(server: &mut dyn Server) -> Talk {
    with_message(server, "to be deleted", |server, room, id| {
        let heard = server.call(&Call::new(Method::DELETE, format!("/rooms/{room}/messages/{id}")));
        let status = heard.answer()?.status().as_u16();
        if status != 200 {
            return Err(deviates(
                "not-200",
                format!("deleting a message was answered with {status}"),
                "200 with its message_id",
                format!("status {status}"),
            ));
        }
        kept(server, &heard)?;
        let seen = look(server, room, id)?;
        if seen["body"] == "[deleted]" {
            return Ok(());
        }
        Err(deviates(
            "no-tombstone",
            "the deleted message does not read as deleted",
            "body \"[deleted]\"",
            seen["body"].to_string(),
        ))
    })
}

fn once(server: &mut dyn Server) -> Talk {
    with_message(server, "listed once", |server, room, id| {
        let path = format!("/rooms/{room}/messages");
        let mut fetch = |path: &str| -> Talk<bool> {
            let heard = server.call(&Call::get(path));
            success(&heard)?;
            let listed = kept(server, &heard)?;
            Ok(listed.as_array().into_iter().flatten().any(|message| message["message_id"] == id))
        };
        let told = |name, message: &str, expected: &str, actual: &str| Err(deviates(name, message, expected, actual));
        if !fetch(&path)? {
            return told(
                "not-listed",
                "the next fetch does not list a new message",
                "the message",
                "a list without it",
            );
        }
        if fetch(&path)? {
            return told(
                "listed-twice",
                "a second fetch lists the message again",
                "204, or newer messages",
                "the message again",
            );
        }
        if !fetch(&format!("{path}?force=1"))? {
            return told("not-forced", "force=1 does not list the newest message", "the message", "a list without it");
        }
        Ok(())
    })
}

fn read_position(server: &mut dyn Server) -> Talk {
    with_message(server, "marked as unread and read", |server, room, id| {
        for (verb, again) in [("unread", "all of it is unread"), ("read", "nothing is unread")] {
            let path = format!("/rooms/{room}/messages/{verb}");
            let call = form(Method::PUT, path, &[("message_id", id)]);
            let heard = server.call(&call);
            success(&heard)?;
            let counts = kept(server, &heard)?;
            let unread = counts["unread_num"].as_i64().unwrap_or_default();
            if verb == "unread" && unread < 1 {
                return Err(deviates(
                    "not-unread",
                    "a message marked as unread is not counted",
                    "unread_num 1 or more",
                    format!("unread_num {unread}"),
                ));
            }
            let heard = server.call(&call);
            let status = heard.answer()?.status().as_u16();
            if status != 400 {
                return Err(deviates(
                    "not-400",
                    format!("PUT {verb} was answered with {status} where {again}"),
                    "status 400",
                    format!("status {status}"),
                ));
            }
            kept(server, &heard)?;
        }
        Ok(())
    })
}

fn unknown(server: &mut dyn Server) -> Talk {
    let room = tour::place(server)?;
    let path = format!("/rooms/{room}/messages/{NO_MESSAGE}");
    for call in
        [form(Method::PUT, path.as_str(), &[("body", "conformance test")]), Call::new(Method::DELETE, path.as_str())]
    {
        let heard = server.call(&call);
        let status = heard.answer()?.status().as_u16();
        if status != 404 {
            return Err(deviates(
                "not-404",
                format!("{} was answered with {status}", call.words()),
                "status 404",
                format!("status {status}"),
            ));
        }
        kept(server, &heard)?;
    }
    Ok(())
}
