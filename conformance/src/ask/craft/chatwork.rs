//! Chatwork's events.

use bytes::Bytes;
use contract::chatwork::signature::WebhookKey;
use contract::chatwork::webhook::{self, Detail, Event, EventKind, Mention, RoomMessage};
use serde_json::{Value as Json, json};

use super::Craft;
use courier::exchange::{Delivery, Value};

/// The account that the judged integration would belong to, as far as events say.
const RECEIVER: u64 = 1_002;
/// The account that writes.
const AUTHOR: u64 = 1_001;
/// Who writes in the mock's world, where the integration may be anybody: the one, or the other if that is the integration.
const AUTHORS_OF_THE_MOCK: [u64; 2] = [1_003, 1_004];
/// The room that it writes in.
const ROOM: u64 = 5_001;

/// The room that events come from.
pub fn room_id(craft: &Craft<'_>) -> u64 {
    craft.policy.origin.room_id.unwrap_or(ROOM)
}

/// The account of the integration.
pub fn receiver(craft: &Craft<'_>) -> u64 {
    craft.policy.origin.account.unwrap_or(RECEIVER)
}

/// The account that writes: never the integration's own.
pub fn author(craft: &Craft<'_>) -> u64 {
    let [usual, other] = AUTHORS_OF_THE_MOCK;
    match craft.policy.origin.account {
        None => AUTHOR,
        Some(own) if own == usual => other,
        Some(_) => usual,
    }
}

/// A real event with this text.
pub fn event(craft: &Craft<'_>, kind: EventKind, text: &str) -> Event {
    let time = craft.now.seconds();
    let text = &*craft.marked(text);
    let message_id = craft.fresh_number().to_string();
    let room = |text: &str, update_time| RoomMessage {
        message_id: message_id.clone(),
        room_id: room_id(craft),
        account_id: author(craft),
        body: text.to_owned(),
        send_time: time,
        update_time,
    };
    let detail = match kind {
        EventKind::MessageCreated => Detail::Created(room(text, 0)),
        EventKind::MessageUpdated => Detail::Updated(RoomMessage { send_time: time - 60, ..room(text, time) }),
        EventKind::MentionToMe => Detail::Mention(Mention {
            from_account_id: author(craft),
            to_account_id: receiver(craft),
            room_id: room_id(craft),
            message_id: message_id.clone(),
            body: format!("[To:{}] {text}", receiver(craft)),
            send_time: time,
            update_time: 0,
        }),
    };
    let made_up = if kind == EventKind::MentionToMe { "247" } else { "246" };
    let setting_id = craft.policy.origin.setting_id.clone().unwrap_or_else(|| made_up.to_owned());
    Event { setting_id, time, detail }
}

/// A real event as a JSON value, for checks that add to it.
pub fn event_json(craft: &Craft<'_>, kind: EventKind, text: &str) -> Json {
    serde_json::to_value(event(craft, kind, text)).unwrap_or_else(|_| json!({}))
}

/// The signature of a body under the real token.
pub fn sign(craft: &Craft<'_>, body: &[u8]) -> String {
    craft.secret.key().map(|key| key.sign(body)).unwrap_or_default()
}

/// The signature of a body under another key.
pub fn signature_under(key: &[u8], body: &[u8]) -> Option<String> {
    WebhookKey::from_bytes(key).ok().map(|key| key.sign(body))
}

/// A real event, correctly signed. It is made anew, with another message id, until its signature holds neither `+` nor
/// `/`: whether a receiver reads those is a question of its own, and would otherwise make every answer a matter of chance.
pub fn signed(craft: &Craft<'_>, body: impl Fn() -> Bytes) -> Delivery {
    signed_with(craft, |signature| !signature.contains(['+', '/']), body)
}

/// A real event whose signature fits, correctly signed. It is made anew until it does.
pub fn signed_with(craft: &Craft<'_>, fits: impl Fn(&str) -> bool, body: impl Fn() -> Bytes) -> Delivery {
    let mut signature = String::new();
    let mut made = Bytes::new();
    for _ in 0..SIGNATURE_TRIES {
        made = body();
        signature = sign(craft, &made);
        if fits(&signature) {
            break;
        }
    }
    delivery(craft, made, Some(&signature))
}

/// A body with a signature, right or not, in the header and in the query copy; or in neither.
pub fn delivery(craft: &Craft<'_>, body: Bytes, signature: Option<&str>) -> Delivery {
    let target = match signature {
        Some(signature) => webhook::with_query_copy(craft.target, signature),
        None => craft.target.to_owned(),
    };
    let headers = webhook::headers(signature).into_iter().map(|(name, value)| (name, Value::Plain(value))).collect();
    Delivery { method: http::Method::POST, target, headers, body }
}

/// A new message, correctly signed.
pub fn control(craft: &Craft<'_>) -> Delivery {
    // A text of its own: an integration that says each thing once still answers every control event.
    let text = || format!("conformance: control event {}", craft.fresh_number());
    signed(craft, || event(craft, EventKind::MessageCreated, &text()).body())
}

/// A quarter of all signatures holds neither `+` nor `/`, and another quarter just one of them.
const SIGNATURE_TRIES: usize = 1_000;
