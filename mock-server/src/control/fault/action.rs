//! What happens to a request that meets a fault rule.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use contract::reader::{Faults, Node};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::super::only_true;

mod canned;
mod headers;
mod limited;

pub use canned::{CannedAnswer, CannedBody};
pub use limited::{RateLimited, Scope};

/// Most bytes that an action sends in the place of an answer: 1 MiB.
pub const MOST_FAULT_BYTES: usize = 1024 * 1024;
/// Longest delay of an action: 10 minutes of real time.
pub const MOST_DELAY_MS: u64 = 600_000;
/// Longest pause between two pieces of an answer: 1 minute of real time.
pub const MOST_PAUSE_MS: u64 = 60_000;

/// What happens to a request: one deed, and before it a delay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultAction {
    /// How long the answer, or what stands in its place, is held back: milliseconds of real time, since a client's
    /// time-outs are real too. The request is served first, where it is served at all.
    pub delay_ms: u64,
    /// What is done then.
    pub deed: Deed,
}

/// What is done to a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Deed {
    /// It is served and answered as any other.
    #[default]
    Answer,
    /// It is not served; this is the answer.
    Respond(CannedAnswer),
    /// It is served, and the answer comes in pieces.
    Drip {
        /// Bytes of a piece, 1 or more.
        bytes: u64,
        /// Pause between two pieces, in milliseconds of real time.
        pause_ms: u64,
    },
    /// The connection is reset (TCP RST). Without bytes the request is not served.
    Reset {
        /// How many bytes of the answer are sent before, its head included.
        after_bytes: u64,
    },
    /// It is served, and the connection is closed (TCP FIN) after so many bytes of the answer, its head included.
    CloseAfterBytes(u64),
    /// It is not served, and nothing comes until the client leaves or the mock ends.
    Stall,
    /// It is not served; the answer is the documented one of a limit.
    RateLimit(RateLimited),
    /// It is served, its effect stays, and the connection is closed without a word.
    DropAfterCommit,
    /// It is not served; these bytes come instead of an answer, and the connection is closed.
    Garbage(Option<Bytes>),
}

impl FaultAction {
    /// Only a delay.
    pub fn delay(by: Duration) -> Self {
        Self { delay_ms: millis(by), deed: Deed::Answer }
    }

    /// Another answer, without headers and body so far.
    pub fn respond(status: u16) -> Self {
        let answer = CannedAnswer { status, headers: Vec::new(), body: CannedBody::Text(String::new()) };
        Self::from(Deed::Respond(answer))
    }

    /// One more header of [`FaultAction::respond`], or another one of a limit's answer.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        match &mut self.deed {
            Deed::Respond(answer) => answer.headers.push((name.into(), value.into())),
            Deed::RateLimit(limited) => limited.headers.push((name.into(), Some(value.into()))),
            _ => {}
        }
        self
    }

    /// A header that a limit's answer goes without.
    #[must_use]
    pub fn without_header(mut self, name: impl Into<String>) -> Self {
        if let Deed::RateLimit(limited) = &mut self.deed {
            limited.headers.push((name.into(), None));
        }
        self
    }

    /// The body of [`FaultAction::respond`].
    #[must_use]
    pub fn body(mut self, text: impl Into<String>) -> Self {
        if let Deed::Respond(answer) = &mut self.deed {
            answer.body = CannedBody::Text(text.into());
        }
        self
    }

    /// The answer in pieces of so many bytes.
    pub fn drip(bytes: u64, pause: Duration) -> Self {
        Self::from(Deed::Drip { bytes, pause_ms: millis(pause) })
    }

    /// A reset before any byte.
    pub fn reset() -> Self {
        Self::from(Deed::Reset { after_bytes: 0 })
    }

    /// A reset after so many bytes of the answer.
    pub fn reset_after(bytes: u64) -> Self {
        Self::from(Deed::Reset { after_bytes: bytes })
    }

    /// A close after so many bytes of the answer.
    pub fn close_after_bytes(bytes: u64) -> Self {
        Self::from(Deed::CloseAfterBytes(bytes))
    }

    /// Silence.
    pub fn stall() -> Self {
        Self::from(Deed::Stall)
    }

    /// The documented 429 of the account's limit, or of Chatday's; see [`RateLimited::reset_in_s`].
    pub fn rate_limit(reset_in_s: Option<i64>) -> Self {
        Self::from(Deed::RateLimit(RateLimited { reset_in_s, scope: None, headers: Vec::new() }))
    }

    /// The documented 429 of a room's limit; see [`RateLimited::reset_in_s`].
    pub fn room_limit(reset_in_s: Option<i64>) -> Self {
        Self::from(Deed::RateLimit(RateLimited { reset_in_s, scope: Some(Scope::Room), headers: Vec::new() }))
    }

    /// The effect without the answer.
    pub fn drop_after_commit() -> Self {
        Self::from(Deed::DropAfterCommit)
    }

    /// Bytes that are no HTTP.
    pub fn garbage() -> Self {
        Self::from(Deed::Garbage(None))
    }

    /// These bytes, whatever they are.
    pub fn garbage_of(bytes: impl Into<Bytes>) -> Self {
        Self::from(Deed::Garbage(Some(bytes.into())))
    }

    /// Reads an action and notes every fault.
    pub(super) fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let delay = object.optional_integer("delay_ms", 0, i64::try_from(MOST_DELAY_MS).unwrap_or(i64::MAX));
        let mut deeds: Vec<Deed> = Vec::new();
        deeds.extend(object.optional("respond").map(|node| Deed::Respond(CannedAnswer::load(&node))));
        deeds.extend(object.optional("drip").map(|node| drip(&node)));
        deeds.extend(object.optional("reset").map(|node| reset(&node)));
        deeds.extend(object.optional("close_after_bytes").map(|node| Deed::CloseAfterBytes(count(&node, 0))));
        deeds.extend(object.optional("rate_limit").map(|node| Deed::RateLimit(RateLimited::load(&node))));
        deeds.extend(only_true(&object, "stall").then_some(Deed::Stall));
        deeds.extend(only_true(&object, "drop_after_commit").then_some(Deed::DropAfterCommit));
        deeds.extend(object.optional("garbage").map(|node| garbage(&node)));
        object.finish();
        // What is asked for, not what could be read: a value that is at fault is named already.
        let keys = node.value().as_object().into_iter().flat_map(Map::keys);
        let asked = keys.filter(|key| DEEDS.contains(&key.as_str())).count();
        match node.value() {
            Value::Object(_) if asked > 1 => {
                node.fault(format!("{asked} actions in one rule: give one (beside delay_ms), and one rule for each"));
            }
            Value::Object(map) if asked == 0 && !map.contains_key("delay_ms") => {
                node.fault(format!(
                    "no action is asked for: give one of delay_ms, {}, such as {EXAMPLE}",
                    DEEDS.join(", ")
                ));
            }
            _ => {}
        }
        let delay_ms = delay.and_then(|millis| u64::try_from(millis).ok()).unwrap_or(0);
        Self { delay_ms, deed: deeds.pop().unwrap_or_default() }
    }

    fn to_value(&self) -> Value {
        let mut map = Map::new();
        if self.delay_ms > 0 || self.deed == Deed::Answer {
            map.insert("delay_ms".into(), json!(self.delay_ms));
        }
        let deed = match &self.deed {
            Deed::Answer => None,
            Deed::Respond(answer) => Some(("respond", answer.to_value())),
            Deed::Drip { bytes, pause_ms } => Some(("drip", json!({"bytes": bytes, "pause_ms": pause_ms}))),
            Deed::Reset { after_bytes: 0 } => Some(("reset", json!(true))),
            Deed::Reset { after_bytes } => Some(("reset", json!({"after_bytes": after_bytes}))),
            Deed::CloseAfterBytes(bytes) => Some(("close_after_bytes", json!(bytes))),
            Deed::Stall => Some(("stall", json!(true))),
            Deed::RateLimit(limited) => Some(("rate_limit", limited.to_value())),
            Deed::DropAfterCommit => Some(("drop_after_commit", json!(true))),
            Deed::Garbage(None) => Some(("garbage", json!(true))),
            Deed::Garbage(Some(bytes)) => Some(("garbage", json!({"bytes_base64": STANDARD.encode(bytes)}))),
        };
        map.extend(deed.map(|(key, value)| (key.to_owned(), value)));
        Value::Object(map)
    }
}

impl From<Deed> for FaultAction {
    fn from(deed: Deed) -> Self {
        Self { delay_ms: 0, deed }
    }
}

impl Serialize for FaultAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FaultAction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (value, faults) = (Value::deserialize(deserializer)?, Faults::default());
        let read = Self::load(&Node::root(&value, &faults));
        if faults.is_empty() {
            return Ok(read);
        }
        let sentences: Vec<String> = faults.into_sorted().iter().map(ToString::to_string).collect();
        Err(D::Error::custom(sentences.join("; ")))
    }
}

fn drip(node: &Node<'_>) -> Deed {
    let object = node.object();
    let most = i64::try_from(MOST_FAULT_BYTES).unwrap_or(i64::MAX);
    let bytes = object.integer("bytes", 1, most);
    let pause = object.integer("pause_ms", 0, i64::try_from(MOST_PAUSE_MS).unwrap_or(i64::MAX));
    object.finish();
    let unsigned = |number| u64::try_from(number).unwrap_or(1);
    Deed::Drip { bytes: unsigned(bytes), pause_ms: unsigned(pause) }
}

fn reset(node: &Node<'_>) -> Deed {
    let mut after_bytes = 0;
    match node.value() {
        Value::Bool(true) => {}
        Value::Object(_) => {
            let object = node.object();
            after_bytes = object.optional("after_bytes").map_or(0, |node| count(&node, 0));
            object.finish();
        }
        _ => node.expected("true, or an object with after_bytes"),
    }
    Deed::Reset { after_bytes }
}

fn garbage(node: &Node<'_>) -> Deed {
    let mut bytes = None;
    match node.value() {
        Value::Bool(true) => {}
        Value::Object(_) => {
            let object = node.object();
            bytes = object.required("bytes_base64").and_then(|node| base64(&node));
            if bytes.as_ref().is_some_and(|bytes| bytes.len() > MOST_FAULT_BYTES) {
                object.fault_at("bytes_base64", format!("more than the {MOST_FAULT_BYTES} bytes that are taken"));
            }
            object.finish();
        }
        _ => node.expected("true, or an object with bytes_base64"),
    }
    Deed::Garbage(bytes)
}

fn count(node: &Node<'_>, least: i64) -> u64 {
    node.integer(least, i64::MAX).and_then(|count| u64::try_from(count).ok()).unwrap_or_default()
}

fn base64(node: &Node<'_>) -> Option<Bytes> {
    let decoded = STANDARD.decode(node.text()?);
    if decoded.is_err() {
        node.fault("this is no base64: expected the standard alphabet with padding");
    }
    decoded.ok().map(Bytes::from)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The keys of an action beside `delay_ms`.
const DEEDS: [&str; 8] =
    ["respond", "drip", "reset", "close_after_bytes", "stall", "rate_limit", "drop_after_commit", "garbage"];
const EXAMPLE: &str = r#"{"respond":{"status":503,"headers":{"retry-after":"2"},"body":"later"}} or {"reset":true}"#;
#[cfg(test)]
mod tests;
