//! Chatday's events.

use bytes::Bytes;
use contract::chatday::{Message, webhook};
use serde_json::Value as Json;

use super::Craft;
use courier::exchange::{Delivery, Hidden, Value};

/// The chat that events come from; digits, so that it can be a number where the profile says so.
const CHAT: &str = "70001";

/// The body of a real event.
pub fn body(craft: &Craft<'_>, message: &Message) -> Bytes {
    let marked = match &message.data {
        Json::String(text) if message.kind == "text" => Message::text(craft.marked(text)),
        _ => message.clone(),
    };
    webhook::body(&craft.policy.profile, &chat_id(craft), &marked)
}

/// The body of a real text event as a JSON value, for checks that add to it.
pub fn body_json(craft: &Craft<'_>, text: &str) -> Json {
    serde_json::from_slice(&body(craft, &Message::text(text))).unwrap_or_default()
}

/// The id of the chat, as the profile spells ids.
pub fn chat_id(craft: &Craft<'_>) -> Json {
    craft.policy.profile.ids.chat_id.render(CHAT)
}

/// A body with the right secret.
pub fn signed(craft: &Craft<'_>, body: Bytes) -> Delivery {
    delivery(craft, body, Some(secret(craft, "[secret]", "", |secret| secret.to_owned())))
}

/// A body with a secret, right or not, or with none.
pub fn delivery(craft: &Craft<'_>, body: Bytes, secret: Option<Value>) -> Delivery {
    let rules = &craft.policy.profile.webhook;
    let content_type = rules.content_type.to_str().unwrap_or("application/json; charset=utf-8").to_owned();
    let mut headers = vec![(http::header::CONTENT_TYPE, Value::Plain(content_type))];
    headers.extend(secret.map(|secret| (rules.signature_header.clone(), secret)));
    Delivery { method: rules.method.clone(), target: craft.target.to_owned(), headers, body }
}

/// A value made from the secret. `filter` is a shell command that does the same as `change`; empty for none.
pub fn secret(craft: &Craft<'_>, shown: &str, filter: &str, change: impl Fn(&str) -> String) -> Value {
    let variable = craft.secret.variable();
    let shell = if filter.is_empty() {
        format!("${{{variable}}}")
    } else {
        format!("$(printf %s \"${{{variable}}}\" | {filter})")
    };
    Value::Secret(Hidden { sent: change(craft.secret.reveal()), shown: shown.to_owned(), shell })
}

/// A text message with the right secret. Chatday's events have no id, so the text makes each of them different.
pub fn control(craft: &Craft<'_>) -> Delivery {
    let text = format!("conformance: control event {}", craft.fresh_number());
    signed(craft, body(craft, &Message::text(text)))
}
