//! Answers held against the contract with the profile in hand, and calls as the profile spells them.

use std::sync::Arc;

use contract::chatday::endpoints::{Found as Route, Operation};
use contract::chatday::{endpoints, judge};
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::super::found::{Found, deviates, moot, settle};
use crate::ask::server::{Call, Facts, Heard, Server, Talk};

/// What of an answer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aspect {
    /// Status and fields.
    Body,
    /// The content type.
    Media,
    /// Headers that go with it.
    Headers,
}

/// What departs from the contract in one answer.
pub(super) fn found(facts: &Facts, heard: &Arc<Heard>, aspects: &[Aspect]) -> Vec<Found> {
    let Ok(response) = heard.answer() else { return Vec::new() };
    let path = heard.call.path.split('?').next().unwrap_or_default();
    let operation = match endpoints::find(&facts.profile, &heard.call.method, path) {
        Route::Endpoint(row) => Some(row.operation),
        Route::WrongMethod(_) | Route::UnknownPath => None,
    };
    let violations = judge::exchange(&facts.profile, operation, &response).into_iter();
    let aspect = |place: &str| match place {
        _ if place == CONTENT_TYPE.as_str() => Aspect::Media,
        _ if place.is_empty() || place == "status" || place.starts_with('/') => Aspect::Body,
        _ => Aspect::Headers,
    };
    violations
        .filter(|violation| aspects.contains(&aspect(&violation.place)))
        .map(|violation| Found {
            what: operation.map_or_else(|| heard.call.words(), |operation| operation.id().to_owned()),
            violation,
            proposal: None,
            heard: Arc::clone(heard),
        })
        .collect()
}

/// Holds the whole answer against the contract.
pub(super) fn kept(server: &mut dyn Server, heard: &Arc<Heard>) -> Talk {
    heard.answer()?;
    let found = found(server.facts(), heard, &[Aspect::Body, Aspect::Media, Aspect::Headers]);
    settle(server, found)
}

/// An answer of this status.
pub(super) fn expect(heard: &Heard, status: http::StatusCode, what: &str) -> Talk {
    let actual = heard.answer()?.status();
    if actual == status {
        return Ok(());
    }
    Err(deviates(
        "another-status",
        format!("{what} was answered with {}", actual.as_u16()),
        format!("status {}", status.as_u16()),
        format!("status {}", actual.as_u16()),
    ))
}

/// Register.
pub(super) fn register(facts: &Facts) -> Call {
    Call::new(facts.profile.register.method.clone(), facts.profile.register.path.clone())
}

/// The signature token that Register answered with, in the body or in the header.
pub(super) fn signature_token(facts: &Facts, heard: &Heard) -> Option<String> {
    let body = heard.json().unwrap_or_default();
    let stated = body[&facts.profile.keys.signature_token].as_str().map(str::to_owned);
    let header = facts.profile.register.header.as_ref();
    stated.or_else(|| header.and_then(|name| heard.header(name)).map(str::to_owned)).filter(|token| !token.is_empty())
}

/// The chat that the user named, as the wire carries its id.
pub(super) fn chat(facts: &Facts) -> Talk<Value> {
    let id = facts.place.as_deref().ok_or_else(|| moot("there is no chat to write in: name one with --chat-id"))?;
    Ok(facts.profile.ids.chat_id.render(id))
}

/// The body of Send Message.
pub(super) fn body(facts: &Facts, chat: Value, kind: &str, data: &Value) -> Map<String, Value> {
    let keys = &facts.profile.keys;
    let mut message = Map::new();
    message.insert(keys.kind.clone(), Value::from(kind));
    message.insert(keys.data.clone(), data.clone());
    let mut body = Map::new();
    body.insert(keys.message.clone(), Value::Object(message));
    body.insert(keys.chat_id.clone(), chat);
    body
}

/// Send Message with these bytes, as JSON.
pub(super) fn send(facts: &Facts, bytes: impl Into<bytes::Bytes>) -> Call {
    let rules = &facts.profile.send;
    Call::new(rules.method.clone(), rules.path.clone()).carrying("application/json; charset=utf-8", bytes)
}

/// Send Message with a text to the chat that the user named.
pub(super) fn send_text(facts: &Facts, what: &str) -> Talk<Call> {
    let text = Value::from(format!("conformance test {}: {what} – สวัสดีค่ะ 🙂", facts.seed));
    Ok(send(facts, Value::Object(body(facts, chat(facts)?, "text", &text)).to_string()))
}

/// Calls Register, so that messages may be sent.
pub(super) fn registered(server: &mut dyn Server) -> Talk<Arc<Heard>> {
    let call = register(server.facts());
    let heard = server.recall(&call);
    let status = heard.answer()?.status();
    let success = server.facts().profile.register.status;
    if status == success {
        return Ok(heard);
    }
    Err(super::super::found::unsettled(format!(
        "{} was answered with {}, so nothing that comes after it can be asked",
        Operation::Register.id(),
        status.as_u16()
    )))
}
