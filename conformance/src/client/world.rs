//! The world of a scenario: what it is made from, its secrets, and what was written in it.

use mock_server::core::description::DEFAULT_WORLD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::scenario::Scenario;
use crate::ask::observed::StoredMessage;

/// The world of a scenario: the default one, changed, with tokens that nobody else has.
pub(super) fn of(scenario: &Scenario, tokens: &Tokens) -> Result<Value, String> {
    let mut world: Value = serde_json::from_str(DEFAULT_WORLD).map_err(|error| error.to_string())?;
    // Whether somebody has registered before is no concern of most clients.
    set(&mut world, "/chatday/applications/0/registered", json!(true));
    if let Some(change) = scenario.world {
        change(&mut world);
    }
    set(&mut world, "/chatwork/accounts/0/token", json!(tokens.chatwork));
    set(&mut world, "/chatday/applications/0/token", json!(tokens.chatday));
    set(&mut world, "/chatday/applications/0/signature_token", json!(tokens.signature));
    Ok(world)
}

fn set(world: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = world.pointer_mut(pointer) {
        *place = value;
    }
}

/// The secrets of one scenario: others than those of any other, so that what is found of them says where it is from.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) chatwork: String,
    pub(super) chatday: String,
    pub(super) signature: String,
}

impl Tokens {
    pub(super) fn of(seed: u64, scenario: &str) -> Self {
        let make = |what: &str| {
            let digest = Sha256::digest(format!("conformance client {seed} {scenario} {what}"));
            digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        Self { chatwork: make("chatwork"), chatday: make("chatday"), signature: make("signature") }
    }
}

/// Messages that the first account and the first application wrote between two states.
pub(super) fn stored(before: &Value, after: &Value) -> Vec<StoredMessage> {
    let mut found = Vec::new();
    let old: Vec<(String, String, String)> = written(before);
    for (place, id, text) in written(after) {
        if !old.iter().any(|(own, known, _)| *own == place && *known == id) {
            found.push((id.parse::<u128>().unwrap_or_default(), StoredMessage { place, text }));
        }
    }
    found.sort_by_key(|(id, _)| *id);
    found.into_iter().map(|(_, message)| message).collect()
}

/// Place, id and text of what they wrote.
fn written(state: &Value) -> Vec<(String, String, String)> {
    let list = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut found = Vec::new();
    let account = state.pointer("/chatwork/accounts/0/id");
    for room in state.pointer("/chatwork/rooms").and_then(Value::as_array).into_iter().flatten() {
        for message in list(room, "messages").iter().filter(|message| message.get("account") == account) {
            found.push((text(room, "id"), text(message, "id"), text(message, "body")));
        }
    }
    for chat in state.pointer("/chatday/chats").and_then(Value::as_array).into_iter().flatten() {
        for (place, message) in list(chat, "messages").iter().enumerate() {
            if message.get("from").and_then(Value::as_str) == Some("application") {
                let data = message.pointer("/message/data").map(plain).unwrap_or_default();
                found.push((text(chat, "chat_id"), place.to_string(), data));
            }
        }
    }
    found
}

/// A value as text: ids are numbers in one service and texts in the other.
pub(super) fn text(value: &Value, key: &str) -> String {
    value.get(key).map(plain).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
