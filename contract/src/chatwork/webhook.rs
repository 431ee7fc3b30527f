//! Webhooks of Chatwork: which events there are, their bodies and headers, and which answers count as received.
//!
//! The same values serve the mock, which sends them, and the judge, which sends them in spoilt forms too.

use std::fmt;

use bytes::Bytes;
use http::{HeaderName, StatusCode, header};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::source::source;
use crate::clause::Clause;
use crate::wire::{header::CHATWORK_SIGNATURE, json};

/// How a receiver tells a real event from a forged one.
pub const SIGNATURE: Clause = Clause::documented(
    "chatwork.webhooks.signature",
    source!(WH),
    "The header x-chatworkwebhooksignature carries Base64(HMAC-SHA256(key, raw body)), where the key is the \
     Base64-decoded token of the webhook setting; a request whose signature differs does not come from Chatwork.",
);

/// The second place of the signature.
pub const QUERY_COPY: Clause = Clause::documented(
    "chatwork.webhooks.query-copy",
    source!(WH),
    "The same signature is appended to the URL as the query parameter chatwork_webhook_signature, percent-encoded.",
);

/// The answer that counts as received.
pub const ACKNOWLEDGED: Clause = Clause::documented(
    "chatwork.webhooks.acknowledged",
    source!(WH),
    "The receiver answers with status 200; every other answer is an error, and failed deliveries are never resent.",
);

/// How long the answer may be.
pub const ANSWER_SIZE: Clause = Clause::documented(
    "chatwork.webhooks.answer-size",
    source!(WH),
    "The body of the answer may be anything of at most 2,048 bytes; more counts as an error.",
);

/// What an event holds.
pub const BODY: Clause = Clause::documented(
    "chatwork.webhooks.body",
    source!(WH),
    "The body is JSON with webhook_setting_id, webhook_event_type (message_created, message_updated or \
     mention_to_me), webhook_event_time and webhook_event; a message's text is passed on as it was written.",
);

/// What a receiver does with what it does not know yet.
pub const OPEN_ENDED: Clause = Clause::assumed(
    "chatwork.webhooks.open-ended",
    "A receiver acknowledges events of a type, and with fields, that it does not know: failed deliveries are never \
     resent and a growing error rate switches the webhook off.",
);

/// How many settings there can be.
pub const SETTINGS: Clause = Clause::documented(
    "chatwork.webhooks.settings",
    source!(WH),
    "Webhook settings are made in the admin screen, at most 5 for each account: a room event for message_created \
     and message_updated in one room, or an account event for mention_to_me; its token is Base64.",
);

/// What happens to a setting whose deliveries fail.
pub const SWITCH_OFF: Clause = Clause::documented(
    "chatwork.webhooks.switch-off",
    source!(WH),
    "When the error rate grows, the setting is made invalid automatically, and the user must enable it again by hand.",
);

/// When exactly.
pub const SWITCH_OFF_AFTER: Clause = Clause::assumed(
    "chatwork.webhooks.switch-off-after",
    "A setting is made invalid after 10 failed deliveries in a row, and sends nothing until it is enabled again.",
);

/// How long a receiver may take.
pub const TIMEOUT: Clause = Clause::assumed(
    "chatwork.webhooks.timeout",
    "A connection must come about within 2 seconds, and the whole answer within 5.",
);

/// Who is told of what.
pub const WHOM: Clause = Clause::assumed(
    "chatwork.webhooks.whom",
    "Every message of the room causes a room event, one's own and those that the service writes too; a message that \
     mentions the owner causes one account event, however many tags it has, and an edit only where it mentions them \
     for the first time. Whoever is not in the room is told nothing, and deletions cause no event.",
);

/// How the transport is spoken.
pub const HTTP: Clause = Clause::assumed(
    "chatwork.webhooks.http",
    "A receiver reads HTTP/1.1 as RFC 9110 and RFC 9112 have it: header names in any case, media types with \
     parameters, bodies in chunks or in pieces, several requests on one connection. What it does not support it \
     refuses with a status.",
);

/// What becomes of requests that no service sends.
pub const SURVIVES: Clause = Clause::assumed(
    "chatwork.webhooks.survives",
    "A request that Chatwork would never send is answered with a status below 500, and the next event is received.",
);

/// How events come.
pub const MANY: Clause = Clause::assumed(
    "chatwork.webhooks.many",
    "Neither order nor exactly-once is promised: events may come several at once, in bursts, in another order, or twice.",
);

/// Whose messages events are about.
pub const OWN_POSTS: Clause = Clause::observed(
    "chatwork.webhooks.own-posts",
    "public bots that filter by account_id",
    "A room event is delivered for one's own messages too, so an integration that answers every message answers itself.",
);

/// How soon an event is answered.
pub const PROMPT: Clause = Clause::assumed(
    "chatwork.webhooks.prompt",
    "The time allowed is not published: a receiver answers within 5 seconds, and does slow work afterwards.",
);

/// What an answer to a message is made of.
pub const EFFECTS: Clause = Clause::assumed(
    "chatwork.webhooks.effects",
    "What an integration does after an event follows from that event alone: once, in its room, with its text as it was.",
);

/// Every clause of this file, in reading order.
pub const CLAUSES: [&Clause; 17] = [
    &SIGNATURE,
    &QUERY_COPY,
    &ACKNOWLEDGED,
    &ANSWER_SIZE,
    &BODY,
    &OPEN_ENDED,
    &SETTINGS,
    &SWITCH_OFF,
    &SWITCH_OFF_AFTER,
    &TIMEOUT,
    &WHOM,
    &HTTP,
    &SURVIVES,
    &MANY,
    &OWN_POSTS,
    &PROMPT,
    &EFFECTS,
];

/// Most settings of one account, both families together ([`SETTINGS`]).
pub const SETTINGS_MAX: usize = 5;
/// Failed deliveries in a row after which a setting is switched off ([`SWITCH_OFF_AFTER`]).
pub const FAILURES_MAX: u32 = 10;
/// Time for a connection to come about, in milliseconds ([`TIMEOUT`]).
pub const CONNECT_TIMEOUT_MS: u64 = 2_000;
/// Time from the start of connecting to the end of the answer, in milliseconds ([`TIMEOUT`]).
pub const TIMEOUT_MS: u64 = 5_000;

/// The only status that acknowledges an event ([`ACKNOWLEDGED`]).
pub const ANSWER_STATUS: StatusCode = StatusCode::OK;
/// The largest answer body in bytes ([`ANSWER_SIZE`]).
pub const ANSWER_BODY_MAX: usize = 2_048;
/// The name of the signature's copy in the query ([`QUERY_COPY`]).
pub const QUERY_PARAMETER: &str = "chatwork_webhook_signature";
/// `Content-Type` of an event.
pub const CONTENT_TYPE: &str = "application/json";
/// `User-Agent` of an event, as the documentation's sample has it.
pub const USER_AGENT: &str = "ChatWork-Webhook/1.0.0";

/// The types of event, in the document's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// A message was posted in the room of a room event setting.
    MessageCreated,
    /// A message was edited in the room of a room event setting.
    MessageUpdated,
    /// Somebody mentioned the account of an account event setting.
    MentionToMe,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::MessageCreated, Self::MessageUpdated, Self::MentionToMe];

    /// The word in `webhook_event_type`.
    pub fn word(self) -> &'static str {
        match self {
            Self::MessageCreated => "message_created",
            Self::MessageUpdated => "message_updated",
            Self::MentionToMe => "mention_to_me",
        }
    }

    /// The kind that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One event. Serialises with its fields in the document's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Id of the webhook setting; a string of digits.
    pub setting_id: String,
    /// When Chatwork recorded the event, in Unix seconds.
    pub time: i64,
    /// What happened.
    pub detail: Detail,
}

/// What happened, by family of setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// `message_created`: `update_time` is 0.
    Created(RoomMessage),
    /// `message_updated`.
    Updated(RoomMessage),
    /// `mention_to_me`.
    Mention(Mention),
}

impl Detail {
    /// The type of this event.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Created(_) => EventKind::MessageCreated,
            Self::Updated(_) => EventKind::MessageUpdated,
            Self::Mention(_) => EventKind::MentionToMe,
        }
    }
}

/// `webhook_event` of the room family.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RoomMessage {
    /// Id of the message; a string of digits, since it exceeds 2^53.
    pub message_id: String,
    /// Id of the room.
    pub room_id: u64,
    /// Id of the author.
    pub account_id: u64,
    /// The text with its notation.
    pub body: String,
    /// When it was sent, in Unix seconds.
    pub send_time: i64,
    /// When it was edited, in Unix seconds; 0 for never.
    pub update_time: i64,
}

/// `webhook_event` of the account family.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Mention {
    /// Id of the author.
    pub from_account_id: u64,
    /// Id of the account that is mentioned: the owner of the setting.
    pub to_account_id: u64,
    /// Id of the room.
    pub room_id: u64,
    /// Id of the message; a string of digits.
    pub message_id: String,
    /// The text with its notation.
    pub body: String,
    /// When it was sent, in Unix seconds.
    pub send_time: i64,
    /// When it was edited, in Unix seconds; 0 for never.
    pub update_time: i64,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Event", 4)?;
        fields.serialize_field("webhook_setting_id", &self.setting_id)?;
        fields.serialize_field("webhook_event_type", self.detail.kind().word())?;
        fields.serialize_field("webhook_event_time", &self.time)?;
        match &self.detail {
            Detail::Created(message) | Detail::Updated(message) => fields.serialize_field("webhook_event", message)?,
            Detail::Mention(mention) => fields.serialize_field("webhook_event", mention)?,
        }
        fields.end()
    }
}

impl Event {
    /// The body as Chatwork sends it: compact JSON, non-ASCII as `\u` escapes.
    pub fn body(&self) -> Bytes {
        Bytes::from(json::to_ascii(self))
    }
}

/// The headers of an event, in the order they are sent. Without a signature: a forgery's.
pub fn headers(signature: Option<&str>) -> Vec<(HeaderName, String)> {
    let mut headers =
        vec![(header::CONTENT_TYPE, CONTENT_TYPE.to_owned()), (header::USER_AGENT, USER_AGENT.to_owned())];
    headers.extend(signature.map(|signature| (CHATWORK_SIGNATURE, signature.to_owned())));
    headers
}

/// A request target in origin form with the query copy of a signature appended.
pub fn with_query_copy(target: &str, signature: &str) -> String {
    let joint = if target.contains('?') { '&' } else { '?' };
    let value: String = form_urlencoded::byte_serialize(signature.as_bytes()).collect();
    format!("{target}{joint}{QUERY_PARAMETER}={value}")
}

/// What keeps an answer from counting as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// The status is not 200 ([`ACKNOWLEDGED`]).
    #[error("the status is {}: expected 200", .0.as_u16())]
    Status(StatusCode),
    /// The body has this many bytes, more than [`ANSWER_BODY_MAX`] ([`ANSWER_SIZE`]).
    #[error("the body has {0} bytes: at most 2,048 are allowed")]
    Size(usize),
}

impl AnswerFault {
    /// The fault in words, as reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Status(status) if status.is_redirection() => "redirect",
            Self::Status(_) => "other-status",
            Self::Size(_) => "too-large",
        }
    }
}

/// Holds an answer against the delivery rules.
///
/// # Errors
/// The first rule that the answer breaks.
pub fn judge_answer(status: StatusCode, body: &[u8]) -> Result<(), AnswerFault> {
    if status != ANSWER_STATUS {
        return Err(AnswerFault::Status(status));
    }
    if body.len() > ANSWER_BODY_MAX {
        return Err(AnswerFault::Size(body.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created() -> Event {
        Event {
            setting_id: "246".to_owned(),
            time: 1_760_000_000,
            detail: Detail::Created(RoomMessage {
                message_id: "1999000111222333444".to_owned(),
                room_id: 5001,
                account_id: 1001,
                body: "こんにちは [To:1002]".to_owned(),
                send_time: 1_760_000_000,
                update_time: 0,
            }),
        }
    }

    #[test]
    fn the_body_is_the_documented_one_byte_for_byte() {
        let expected = r#"{"webhook_setting_id":"246","webhook_event_type":"message_created","webhook_event_time":1760000000,"webhook_event":{"message_id":"1999000111222333444","room_id":5001,"account_id":1001,"body":"\u3053\u3093\u306b\u3061\u306f [To:1002]","send_time":1760000000,"update_time":0}}"#;
        assert_eq!(created().body(), expected);
    }

    #[test]
    fn a_mention_has_the_fields_of_the_recorded_one() {
        let recorded = r#"{"webhook_setting_id":"581","webhook_event_type":"mention_to_me","webhook_event_time":1516629767,"webhook_event":{"from_account_id":2861671,"to_account_id":2739132,"room_id":93207172,"message_id":"1007287971738591232","body":"[rp aid=2739132 to=93207172-1007287785163345920] sue445\ntest","send_time":1516629766,"update_time":0}}"#;
        let event = Event {
            setting_id: "581".to_owned(),
            time: 1_516_629_767,
            detail: Detail::Mention(Mention {
                from_account_id: 2_861_671,
                to_account_id: 2_739_132,
                room_id: 93_207_172,
                message_id: "1007287971738591232".to_owned(),
                body: "[rp aid=2739132 to=93207172-1007287785163345920] sue445\ntest".to_owned(),
                send_time: 1_516_629_766,
                update_time: 0,
            }),
        };
        assert_eq!(event.body(), recorded);
    }

    #[test]
    fn the_query_copy_is_percent_encoded_and_joined_to_what_is_there() {
        let signature = "H1Bn+cx4v/dgYCIUEboYy76tt4Cn5AZp9axNxiEr7nU=";
        assert_eq!(
            with_query_copy("/hook", signature),
            "/hook?chatwork_webhook_signature=H1Bn%2Bcx4v%2FdgYCIUEboYy76tt4Cn5AZp9axNxiEr7nU%3D"
        );
        assert!(with_query_copy("/hook?team=1", signature).starts_with("/hook?team=1&chatwork_webhook_signature="));
    }

    #[test]
    fn only_status_200_with_at_most_2048_bytes_counts_as_received() {
        assert_eq!(judge_answer(StatusCode::OK, &[0; 2_048]), Ok(()));
        assert_eq!(judge_answer(StatusCode::OK, &[0; 2_049]), Err(AnswerFault::Size(2_049)));
        let no_content = StatusCode::NO_CONTENT;
        assert_eq!(judge_answer(no_content, b""), Err(AnswerFault::Status(no_content)));
    }

    #[test]
    fn every_kind_is_found_by_its_word() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(EventKind::from_word("message_deleted"), None);
    }
}
