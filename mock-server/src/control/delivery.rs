//! The control API's values about webhooks that the mock sends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One delivery of a webhook, and what became of it. All times are the world's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRecord {
    /// Counts up from 1 in each world.
    pub id: u64,
    /// When the event happened, Unix milliseconds.
    pub at_ms: i64,
    /// `chatwork` or `chatday`.
    pub service: String,
    /// `message_created`, `message_updated`, `mention_to_me`; for Chatday `message` or `verification`.
    pub event: String,
    /// Id of the Chatwork setting, or name of the Chatday application.
    pub setting: String,
    /// Where it goes.
    pub url: String,
    /// `waiting`, `delivered`, `failed`, `given-up`, `refused` or `dropped`.
    pub verdict: String,
    /// Why, where that needs a reason.
    pub why: Option<String>,
    /// When it is due, Unix milliseconds, while it waits or is on its way.
    pub due_ms: Option<i64>,
    /// The modes that were applied to it.
    pub modes: Vec<String>,
    /// The delivery that this one repeats on demand.
    pub replay_of: Option<u64>,
    /// The delivery that this one is a copy of.
    pub copy_of: Option<u64>,
    /// What is sent, the same in each attempt.
    pub request: SentRequest,
    /// Each attempt, oldest first.
    pub attempts: Vec<DeliveryAttempt>,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRequest {
    /// The method.
    pub method: String,
    /// Path and query on the request line.
    pub target: String,
    /// Lower-case names. A Chatday signature token is masked; a Chatwork signature opens nothing but its own body.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: String,
    /// The body's bytes, only where it is no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// True where only a part of the body stands here, as in an event of `GET /_mock/events` of more than 64 KiB.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub body_is_cut: bool,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryAttempt {
    /// When it began, Unix milliseconds.
    pub began_ms: i64,
    /// When it ended, Unix milliseconds; none while it lasts.
    pub ended_ms: Option<i64>,
    /// What came back, if anything did.
    pub answer: Option<DeliveryAnswer>,
    /// The stable name of what was wrong: `connect-refused`, `head-timeout`, `other-status`.
    pub fault: Option<String>,
    /// The same in one sentence.
    pub why: Option<String>,
}

/// An answer to a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryAnswer {
    /// Its status.
    pub status: u16,
    /// Lower-case names; values of a repeated header are joined by `, `.
    pub headers: BTreeMap<String, String>,
    /// The first 4 KiB of the body as text.
    pub body: String,
    /// The same bytes, only where they are no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// Bytes of body that were read; never more than 64 KiB.
    pub length: usize,
}

/// The deliveries that were asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryLog {
    /// Oldest first.
    pub deliveries: Vec<DeliveryRecord>,
    /// How many were forgotten because there were too many.
    pub dropped: u64,
}

/// Answer to `POST /_mock/deliveries/settle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Whether nothing was due and nothing on its way before the time was over.
    pub settled: bool,
    /// Deliveries on their way.
    pub in_flight: usize,
    /// Deliveries that wait: for their moment, for their turn, or for a mode to let them go.
    pub waiting: usize,
    /// In how many milliseconds of the world's time the next one is due.
    pub next_due_in_ms: Option<i64>,
}

/// Answer to `POST /_mock/chatday/messages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorMessage {
    /// Id of the message.
    pub message_id: String,
    /// The webhook that followed, after its first attempt; none where the application has set no URL.
    pub delivery: Option<DeliveryRecord>,
}
