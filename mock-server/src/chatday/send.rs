//! Send Message: shows a message in the visitor's chat box.

use std::sync::Arc;

use contract::chatday::errors::ApiError;
use contract::chatday::message::Outgoing;
use contract::chatday::{answer, clauses, strict_json};
use contract::wire::header::is_json;
use contract::wire::{Request, Response};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::chats::Author;
use super::state::State;
use crate::control::event::Change;
use crate::core::Turn;

/// Answers Send Message for an application that passed the gate.
pub(super) fn handle(
    state: &mut State,
    application: &str,
    registered: bool,
    request: &Request,
    turn: &mut Turn<'_>,
) -> Result<Response, ApiError> {
    let profile = Arc::clone(&state.profile);
    if request.body().len() > profile.limits.body_bytes {
        return Err(ApiError::BodyTooLarge);
    }
    sent_as_json(request.headers())?;
    let body = strict_json::read(request.body()).map_err(|detail| ApiError::MalformedJson { detail })?;
    let outgoing = Outgoing::read(&profile, &body).map_err(ApiError::InvalidFields)?;
    if !registered {
        return Err(ApiError::NotRegistered);
    }
    let unknown_chat = || ApiError::UnknownChat { chat_id: outgoing.chat_id.to_string() };
    // A chat of another application is answered as one that doesn't exist: its ids are nobody else's business.
    let message_id = state
        .chat_of(&outgoing.chat_id, Some(application))
        .map(|_| ())
        .and_then(|()| state.write(&outgoing.chat_id, Author::Application, outgoing.message.clone(), turn.now))
        .ok_or_else(unknown_chat)?;
    turn.changed(Change::ChatWritten {
        chat_id: outgoing.chat_id.to_string(),
        message_id: message_id.to_string(),
        from: Author::Application.word().to_owned(),
    });
    if !outgoing.ignored.is_empty() {
        turn.note(&clauses::SEND_UNKNOWN_KEYS, format!("ignored keys: {}", outgoing.ignored.join(", ")));
    }
    Ok(answer::sent(&profile, &message_id.to_string()))
}

/// One JSON media type, UTF-8, not encoded further.
fn sent_as_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let refuse = |detail: String| Err(ApiError::NotJson { detail });
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let Some(value) = types.next() else { return refuse("there is no Content-Type".to_owned()) };
    if types.next().is_some() {
        return refuse("Content-Type stands more than once".to_owned());
    }
    let Ok(text) = value.to_str() else { return refuse("Content-Type is not ASCII".to_owned()) };
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    if !is_json(&essence) {
        return refuse(format!("found '{}'", text.chars().take(80).collect::<String>()));
    }
    for (name, charset) in parts.filter_map(|part| part.split_once('=')) {
        let charset = charset.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("charset")
            && !["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
        {
            return refuse(format!("found the charset '{}'", charset.chars().take(40).collect::<String>()));
        }
    }
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            refuse("the body has a Content-Encoding".to_owned())
        }
        _ => Ok(()),
    }
}
