//! The control API's values, shared by the server and by [`crate::embed::Mock`].

pub mod delivery;
pub mod event;
pub mod mode;
mod tls;

pub use delivery::{
    DeliveryAnswer, DeliveryAttempt, DeliveryLog, DeliveryRecord, SentRequest, Settlement, VisitorMessage,
};
pub use mode::{DeliveryMatch, DeliveryMode, DeliveryModeRule, Encoding, ModeReport};

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::reader::{Node, Object};
use contract::service::Service;
use contract::time::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::clock::{MOST_ADVANCE_MS, moment};
pub use tls::{Certificate, CertificateChange, CertificateTally, Client, Handshake, Listener, Shaken, TlsState};

mod fault;

pub use fault::{
    CannedAnswer, CannedBody, Deed, FaultAction, FaultList, FaultMatch, FaultReport, FaultRule, MOST_DELAY_MS,
    MOST_FAULT_BYTES, MOST_PAUSE_MS, RateLimited, Scope,
};

/// Longest wait of one expectation: 60 s of real time.
pub const MOST_WITHIN_MS: u64 = 60_000;
/// Wait of an expectation that does not say how long: 5 s of real time.
pub const DEFAULT_WITHIN_MS: u64 = 5_000;

/// How one world is reached, as `POST /_mock/worlds` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorldCard {
    /// The world's id, for the header `X-Mock-World`.
    pub id: String,
    /// `base_url`, `token`, `account_id`, `room_id`.
    pub chatwork: Value,
    /// `base_url`, `token`, `chat_id`.
    pub chatday: Value,
}

/// The ready line, also `GET /_mock/info`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Info {
    /// Always true: there is no such answer before everything accepts.
    pub ready: bool,
    /// Process id of the mock.
    pub pid: u32,
    /// Where the control API is, without a trailing slash.
    pub control_url: String,
    /// Where the inspector page is.
    pub ui_url: Option<String>,
    /// The default world's Chatwork.
    pub chatwork: Value,
    /// The default world's Chatday.
    pub chatday: Value,
    /// The TLS listener.
    pub tls_url: Option<String>,
    /// The intercepting proxy.
    pub intercept_proxy: Option<String>,
    /// The certificate to trust for both.
    pub ca_file: Option<String>,
}

/// A departure from the contract that the mock noticed in a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Id of the clause.
    pub clause: String,
    /// What was seen.
    pub detail: String,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedRequest {
    /// Counts up from 1 in each world.
    pub id: u64,
    /// The world's time, Unix milliseconds.
    pub at_ms: i64,
    /// `chatwork` or `chatday`.
    pub service: String,
    /// Upper-case method.
    pub method: String,
    /// Path as it stood in the target, mount included.
    pub path: String,
    /// Query as it stood in the target, without the question mark.
    pub query: String,
    /// Lower-case names; values of a repeated header are joined by `, `. Secrets are masked.
    pub headers: BTreeMap<String, String>,
    /// The body as text; bytes that are no UTF-8 read as U+FFFD.
    pub body: String,
    /// The body's bytes, only where it is no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// True where the body was longer than 1 MiB and the rest is not kept.
    #[serde(default, skip_serializing_if = "is_false")]
    pub body_is_cut: bool,
    /// Who called: `chatwork/1001`. Never the token.
    pub token_id: Option<String>,
    /// Status of the answer; 0 where a fault let no answer begin (`reset` before any byte, `stall`, `garbage`). Where the
    /// answer was cut or dropped (`close_after_bytes`, `reset` after some bytes, `drop_after_commit`) it is that of the
    /// answer that there was.
    pub status: u16,
    /// The fault rule that the request met: `f1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What the request turned out to be: `get-room-messages`.
    pub operation: Option<String>,
    /// What was wrong with the request although it may have been served.
    pub violations: Vec<Violation>,
}

/// The journal, or the part of it that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestLog {
    /// Oldest first.
    pub requests: Vec<RecordedRequest>,
    /// How many entries were forgotten because the journal was full.
    pub dropped: u64,
}

/// Which requests are meant. A field that is not given allows anything.
///
/// `*` in `path`, `operation`, `token_id`, `query`, `headers` and `form` values stands for any run of characters, also none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Match {
    /// `chatwork` or `chatday`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Method, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path with its mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Parameters of the query, decoded.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// Headers, names in any case.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Parameters of a form body, decoded.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub form: BTreeMap<String, String>,
    /// The body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyMatch>,
    /// Status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What the request turned out to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Who called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
}

/// What a body must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyMatch {
    /// This text, somewhere. A bare text in the JSON means the same.
    Contains(String),
    /// Exactly this text.
    Equals(String),
    /// JSON in which every key of this value has this value; further keys are allowed, lists are compared whole.
    Json(Value),
}

/// How many requests are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// At least; 1 unless said, 0 where `max` is 0.
    pub min: u64,
    /// At most; no bound unless said. 0 means never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

/// `POST /_mock/expect`.
///
/// With `min` of 1 or more the wait ends as soon as that many were seen and `max` was not passed. With `min` 0 it lasts
/// for the whole `within_ms`, because only its end can show that nothing more came. Passing `max` ends every wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// Which requests.
    #[serde(rename = "match")]
    pub matching: Match,
    /// How many.
    pub count: Count,
    /// Only entries of the journal after this id count; 0 for all.
    pub after: u64,
    /// How long to wait, in milliseconds of real time, at most [`MOST_WITHIN_MS`].
    pub within_ms: u64,
}

/// Answer to an [`Expectation`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether the count was kept.
    pub satisfied: bool,
    /// How many requests matched.
    pub matched: u64,
    /// Where too few matched: the request that came closest.
    pub nearest: Option<Nearest>,
}

/// A request that almost matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearest {
    /// The request.
    pub request: RecordedRequest,
    /// Why it did not match, one sentence for each difference.
    pub differences: Vec<String>,
}

/// A world's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// The world's time as RFC 3339.
    pub now: String,
    /// The same as Unix milliseconds.
    pub now_ms: i64,
    /// Whether it stands still until told to move.
    pub frozen: bool,
}

/// `POST /_mock/clock`; carried out in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockChange {
    /// Go to this moment.
    pub set: Option<UnixMillis>,
    /// Go on by this many milliseconds.
    pub advance_ms: Option<i64>,
    /// Stand still.
    pub freeze: bool,
    /// Run.
    pub resume: bool,
}

impl Match {
    /// Reads a match and notes every fault.
    pub fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let found = Self::fields(&object);
        object.finish();
        found
    }

    /// Reads the fields of a match from an object that may have others beside them.
    fn fields(object: &Object<'_>) -> Self {
        let services = Service::ALL.map(|service| (service.name(), service));
        Self {
            service: object
                .optional("service")
                .and_then(|word| word.one_of(&services))
                .map(|service| service.name().to_owned()),
            method: object.optional_text("method"),
            path: object.optional_text("path"),
            query: texts(object, "query"),
            headers: texts(object, "headers"),
            form: texts(object, "form"),
            body: object.optional("body").and_then(|body| BodyMatch::load(&body)),
            status: object.optional_integer("status", 100, 599).and_then(|status| u16::try_from(status).ok()),
            operation: object.optional_text("operation"),
            token_id: object.optional_text("token_id"),
        }
    }
}

impl BodyMatch {
    fn load(node: &Node<'_>) -> Option<Self> {
        match node.value() {
            Value::String(text) => return Some(Self::Contains(text.clone())),
            Value::Object(map) if map.len() == 1 => {}
            _ => {
                node.expected("a text, or an object with one of the keys contains, equals, json");
                return None;
            }
        }
        let object = node.object();
        let found = (object.optional_text("contains").map(Self::Contains))
            .or_else(|| object.optional_text("equals").map(Self::Equals))
            .or_else(|| object.optional("json").map(|value| Self::Json(value.value().clone())));
        object.finish();
        found
    }
}

impl Expectation {
    /// At least this many requests, within 5 s.
    pub fn at_least(min: u64, matching: Match) -> Self {
        Self { matching, count: Count { min, max: None }, after: 0, within_ms: DEFAULT_WITHIN_MS }
    }

    /// No such request, for the whole time.
    pub fn never(matching: Match, within_ms: u64) -> Self {
        Self { matching, count: Count { min: 0, max: Some(0) }, after: 0, within_ms }
    }

    /// Reads an expectation and notes every fault.
    pub fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let matching = object.required("match").map(|node| Match::load(&node)).unwrap_or_default();
        let count = object.optional("count").map_or(Count { min: 1, max: None }, |node| Count::load(&node));
        let most = i64::try_from(MOST_WITHIN_MS).unwrap_or(i64::MAX);
        let within = object.optional_integer("within_ms", 0, most).and_then(|millis| u64::try_from(millis).ok());
        let after = object.optional_integer("after", 0, i64::MAX).and_then(|id| u64::try_from(id).ok());
        object.finish();
        Self { matching, count, after: after.unwrap_or(0), within_ms: within.unwrap_or(DEFAULT_WITHIN_MS) }
    }
}

impl Count {
    fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let number = |key| object.optional_integer(key, 0, i64::MAX).and_then(|number: i64| u64::try_from(number).ok());
        let (min, max) = (number("min"), number("max"));
        object.finish();
        let default = u64::from(max != Some(0));
        let min = min.unwrap_or(default);
        if max.is_some_and(|max| max < min) {
            node.fault(format!("min is {min} but max is {}: no count can satisfy both", max.unwrap_or_default()));
        }
        Self { min, max }
    }
}

impl ClockChange {
    /// Reads a change and notes every fault.
    pub fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let change = Self {
            set: object.optional("set").and_then(|at| moment(&at)),
            advance_ms: object.optional_integer("advance_ms", 0, MOST_ADVANCE_MS),
            freeze: only_true(&object, "freeze"),
            resume: only_true(&object, "resume"),
        };
        let asked = ["set", "advance_ms", "freeze", "resume"];
        if node.value().as_object().is_some_and(|map| !asked.iter().any(|key| map.contains_key(*key))) {
            node.fault("nothing is asked for: expected one of set, advance_ms, freeze, resume");
        }
        if change.freeze && change.resume {
            node.fault("freeze and resume contradict each other: give one of them");
        }
        object.finish();
        change
    }
}

/// A body as text, and as base64 where it is no UTF-8.
pub(crate) fn text_or_base64(bytes: &[u8]) -> (String, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (String::from_utf8_lossy(bytes).into_owned(), Some(STANDARD.encode(bytes))),
    }
}

fn texts(object: &Object<'_>, key: &'static str) -> BTreeMap<String, String> {
    let entries = object.optional(key).map(|node| node.object().entries()).unwrap_or_default();
    entries.into_iter().filter_map(|(name, node)| Some((name.to_owned(), node.text()?.to_owned()))).collect()
}

fn only_true(object: &Object<'_>, key: &'static str) -> bool {
    match object.optional(key) {
        Some(node) if node.value() != &Value::Bool(true) => {
            node.expected("true");
            false
        }
        node => node.is_some(),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reader::Faults;
    use serde_json::json;

    fn faults_of<T>(value: &Value, load: impl Fn(&Node<'_>) -> T) -> (T, Vec<String>) {
        let faults = Faults::default();
        let read = load(&Node::root(value, &faults));
        (read, faults.into_sorted().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_fault_of_an_expectation_is_named() {
        let value = json!({"match": {"service": "slack", "pth": "/", "status": 99, "body": {"like": "x"}},
            "count": {"min": 2, "max": 1}, "within_ms": 60001});
        let (_, faults) = faults_of(&value, Expectation::load);
        assert_eq!(
            faults,
            [
                "/count: min is 2 but max is 1: no count can satisfy both",
                "/match/body/like: unknown key 'like': expected one of contains, equals, json",
                "/match/pth: unknown key 'pth': did you mean 'path'?",
                "/match/service: expected one of chatwork, chatday, found the text \"slack\"",
                "/match/status: expected an integer from 100 to 599, found the number 99",
                "/within_ms: expected an integer from 0 to 60000, found the number 60001",
            ]
        );
    }

    #[test]
    fn a_max_of_zero_alone_means_never() {
        let (expectation, faults) = faults_of(&json!({"match": {}, "count": {"max": 0}}), Expectation::load);
        assert_eq!((expectation.count, faults), (Count { min: 0, max: Some(0) }, vec![]));
        assert_eq!(expectation.within_ms, DEFAULT_WITHIN_MS);
    }

    #[test]
    fn what_the_library_writes_the_server_reads() {
        let expectation = Expectation {
            matching: Match {
                service: Some("chatwork".into()),
                path: Some("/v2/*".into()),
                form: BTreeMap::from([("body".into(), "สวัสดี*".into())]),
                body: Some(BodyMatch::Json(json!({"a": 1}))),
                status: Some(200),
                ..Match::default()
            },
            count: Count { min: 1, max: Some(3) },
            after: 4,
            within_ms: 10,
        };
        let (read, faults) = faults_of(&serde_json::to_value(&expectation).unwrap(), Expectation::load);
        assert_eq!((read, faults), (expectation, vec![]));
    }

    #[test]
    fn a_clock_change_that_asks_nothing_or_contradicts_itself_is_a_fault() {
        assert_eq!(faults_of(&json!({}), ClockChange::load).1.len(), 1);
        assert_eq!(faults_of(&json!({"freeze": true, "resume": true}), ClockChange::load).1.len(), 1);
        assert_eq!(faults_of(&json!({"freeze": false}), ClockChange::load).1.len(), 1);
        assert_eq!(faults_of(&json!({"advance_ms": -1}), ClockChange::load).1.len(), 1);
        let (change, faults) = faults_of(&json!({"set": "1970-01-01T00:00:01Z", "advance_ms": 5}), ClockChange::load);
        assert_eq!((change.set, change.advance_ms, faults), (Some(UnixMillis(1000)), Some(5), vec![]));
    }
}
