//! What Send Message carries: a message with type and data, and the chat it goes to.

use std::fmt;

use serde_json::{Map, Value};

use super::chat_id::ChatId;
use super::profile::{Profile, UnknownTypes};
use crate::reader::describe;

/// A message: its type, and data whose form depends on the type.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The type, such as `text`.
    pub kind: String,
    /// The content.
    pub data: Value,
}

/// One field that is missing or ill-typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// The field, from the body's root: `message.data.url`, `message.data[2]`.
    pub path: String,
    /// What is wrong, as the rest of a sentence.
    pub detail: String,
}

impl FieldFault {
    /// A fault at a path.
    pub fn new(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), detail: detail.into() }
    }
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.detail)
    }
}

/// A body of Send Message, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// Where it goes.
    pub chat_id: ChatId,
    /// What is said.
    pub message: Message,
    /// Paths of keys that the contract doesn't name; they were ignored.
    pub ignored: Vec<String>,
}

impl Outgoing {
    /// Reads a body (clauses `chatday.send.body`, `chatday.send.spelling`).
    ///
    /// # Errors
    /// Every missing and every ill-typed field, in the order in which the contract lists them.
    pub fn read(profile: &Profile, body: &Value) -> Result<Self, Vec<FieldFault>> {
        let Some(map) = body.as_object() else {
            return Err(vec![FieldFault::new("body", format!("expected an object, found {}", describe(body)))]);
        };
        let keys = &profile.keys;
        let mut faults = Vec::new();
        let message = find(map, &keys.message, "", &mut faults)
            .and_then(|value| Message::read(profile, value, &keys.message, &mut faults));
        let chat_id = find(map, &keys.chat_id, "", &mut faults).and_then(|value| {
            ChatId::from_wire(profile.ids.chat_id, value)
                .map_err(|detail| faults.push(FieldFault::new(&keys.chat_id, detail)))
                .ok()
        });
        match (message, chat_id) {
            (Some(message), Some(chat_id)) if faults.is_empty() => {
                let mut ignored = unknown(map, &[&keys.message, &keys.chat_id], "");
                if let Some(inner) = map.get(&keys.message).and_then(Value::as_object) {
                    ignored.extend(unknown(inner, &[&keys.kind, &keys.data], &format!("{}.", keys.message)));
                }
                Ok(Self { chat_id, message, ignored })
            }
            _ => Err(faults),
        }
    }
}

impl Message {
    /// A message.
    pub fn new(kind: impl Into<String>, data: Value) -> Self {
        Self { kind: kind.into(), data }
    }

    /// A text message.
    pub fn text(text: impl Into<String>) -> Self {
        Self { kind: "text".to_owned(), data: Value::String(text.into()) }
    }

    /// The message in the profile's spelling, type first.
    pub fn to_wire(&self, profile: &Profile) -> Value {
        let mut map = Map::new();
        map.insert(profile.keys.kind.clone(), Value::from(self.kind.clone()));
        map.insert(profile.keys.data.clone(), self.data.clone());
        Value::Object(map)
    }

    /// Reads a message in the profile's spelling and holds its data against the schema of its type. Notes every fault
    /// under `path`; gives nothing after one.
    pub fn read(profile: &Profile, value: &Value, path: &str, faults: &mut Vec<FieldFault>) -> Option<Self> {
        let before = faults.len();
        let Some(map) = value.as_object() else {
            faults.push(FieldFault::new(path, format!("expected an object, found {}", describe(value))));
            return None;
        };
        let inner = format!("{path}.");
        let kind = find(map, &profile.keys.kind, &inner, faults).and_then(|value| {
            let kind = value.as_str();
            if kind.is_none() {
                let detail = format!("expected a string, found {}", describe(value));
                faults.push(FieldFault::new(format!("{inner}{}", profile.keys.kind), detail));
            }
            kind
        });
        let data = find(map, &profile.keys.data, &inner, faults);
        let (Some(kind), Some(data)) = (kind, data) else { return None };
        match profile.message_types.get(kind) {
            Some(schema) => faults.extend(schema.faults(data, &format!("{inner}{}", profile.keys.data))),
            None if profile.send.unknown_types == UnknownTypes::Accept => {}
            None => {
                let known: Vec<&str> = profile.message_types.keys().map(String::as_str).collect();
                let detail = format!("unknown type {}: expected one of {}", quoted(kind), known.join(", "));
                faults.push(FieldFault::new(format!("{inner}{}", profile.keys.kind), detail));
            }
        }
        (faults.len() == before).then(|| Self { kind: kind.to_owned(), data: data.clone() })
    }
}

/// The value of a key. Where it is missing but another spelling of it stands there, the fault says which is right.
fn find<'a>(map: &'a Map<String, Value>, key: &str, prefix: &str, faults: &mut Vec<FieldFault>) -> Option<&'a Value> {
    if let Some(value) = map.get(key) {
        return Some(value);
    }
    let other = map.keys().find(|other| squeezed(other) == squeezed(key));
    let detail = other.map_or_else(
        || "is missing".to_owned(),
        |other| format!("is missing; the key is spelt {}, not {}", quoted(key), quoted(other)),
    );
    faults.push(FieldFault::new(format!("{prefix}{key}"), detail));
    None
}

/// A key without what people vary: case, `_`, `-` and blanks.
fn squeezed(key: &str) -> String {
    key.chars().filter(|character| !matches!(character, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

fn unknown(map: &Map<String, Value>, known: &[&String], prefix: &str) -> Vec<String> {
    map.keys().filter(|key| !known.contains(key)).map(|key| format!("{prefix}{}", cut(key))).collect()
}

fn quoted(text: &str) -> String {
    format!("'{}'", cut(text).escape_debug())
}

fn cut(text: &str) -> String {
    if text.chars().count() <= 64 { text.to_owned() } else { text.chars().take(64).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(profile: &Profile, body: &Value) -> Vec<String> {
        Outgoing::read(profile, body).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_text_in_any_language_is_read_as_it_stands() {
        let profile = Profile::default_profile();
        let body = json!({"chat_id": "70001", "message": {"data": "สวัสดี 日本 👨‍👩‍👧", "type": "text", "note": 1}, "x": {}});
        let outgoing = Outgoing::read(&profile, &body).unwrap();
        assert_eq!(outgoing.message, Message::text("สวัสดี 日本 👨‍👩‍👧"));
        assert_eq!(outgoing.chat_id.as_str(), "70001");
        assert_eq!(outgoing.ignored, ["x", "message.note"]);
    }

    #[test]
    fn every_fault_is_named_with_the_path_of_its_field() {
        let profile = Profile::default_profile();
        assert_eq!(faults(&profile, &json!([])), ["body: expected an object, found a list of 0"]);
        assert_eq!(faults(&profile, &json!({})), ["message: is missing", "chat_id: is missing"]);
        assert_eq!(
            faults(&profile, &json!({"message": {"type": 7}, "chat_id": 70001})),
            [
                "message.type: expected a string, found the number 7",
                "message.data: is missing",
                "chat_id: expected a string, found the number 70001",
            ]
        );
        assert_eq!(
            faults(&profile, &json!({"message": {"type": "image", "data": {"size": -1}}, "chat_id": "70001"})),
            ["message.data.url: is missing", "message.data.size: expected 0 or more, found -1"]
        );
        assert_eq!(
            faults(&profile, &json!({"message": {"type": "txet", "data": ""}, "chat_id": "1"})),
            ["message.type: unknown type 'txet': expected one of audio, file, image, location, sticker, text, video"]
        );
    }

    #[test]
    fn another_spelling_is_answered_with_the_right_one() {
        let profile = Profile::default_profile();
        assert_eq!(
            faults(&profile, &json!({"Message": {"type": "text", "data": "a"}, "chatId": "1"})),
            [
                "message: is missing; the key is spelt 'message', not 'Message'",
                "chat_id: is missing; the key is spelt 'chat_id', not 'chatId'",
            ]
        );
        let capital = Profile::from_toml("[keys]\nmessage = 'Message'").unwrap();
        assert_eq!(
            faults(&capital, &json!({"message": {"type": "text", "data": "a"}, "chat_id": "1"})),
            ["Message: is missing; the key is spelt 'Message', not 'message'"]
        );
    }

    #[test]
    fn a_text_has_one_to_five_thousand_characters() {
        let profile = Profile::default_profile();
        let body = |length: usize| json!({"message": {"type": "text", "data": "ก".repeat(length)}, "chat_id": "1"});
        assert!(Outgoing::read(&profile, &body(1)).is_ok());
        assert!(Outgoing::read(&profile, &body(5000)).is_ok());
        assert_eq!(faults(&profile, &body(5001)), ["message.data: expected 1 to 5000 characters, found 5001"]);
        assert_eq!(faults(&profile, &body(0)), ["message.data: expected 1 to 5000 characters, found 0"]);
    }

    #[test]
    fn an_unlisted_type_is_taken_where_the_profile_says_so() {
        let profile = Profile::from_toml("[send]\nunknown_types = 'accept'").unwrap();
        let body = json!({"message": {"type": "carousel", "data": null}, "chat_id": "1"});
        assert_eq!(Outgoing::read(&profile, &body).unwrap().message, Message::new("carousel", Value::Null));
    }

    #[test]
    fn every_example_of_the_profile_can_be_sent() {
        let profile = Profile::default_profile();
        for (kind, schema) in &profile.message_types {
            assert!(!schema.examples().is_empty(), "{kind} has no example");
            for data in schema.examples() {
                let message = Message::new(kind, data.clone());
                let body = json!({"message": message.to_wire(&profile), "chat_id": "1"});
                assert_eq!(Outgoing::read(&profile, &body).unwrap().message, message);
            }
        }
    }
}
