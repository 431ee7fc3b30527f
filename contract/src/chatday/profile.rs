//! The profile: every value that the public document leaves open, from one TOML file.
//!
//! A user's file states what its author knows; what it leaves out has the value of the default profile, whose text with
//! a comment on each key is [`DEFAULT_TOML`]. A [`Profile`] remembers what the user's file stated ([`Profile::states`]),
//! since only that may turn a clause of ours into a MUST ([`Profile::certainty`]).

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;

use super::chat_id::IdKind;
use super::clauses;
use super::errors::ErrorRules;
use super::rate_limit::RateLimit;
use super::schema::Schema;
use super::toml_text::{self, escape};
use crate::clause::{Certainty, Clause};
use crate::reader::{Fault, Faults, Node};

/// The default profile as text: the file to copy and edit.
pub const DEFAULT_TOML: &str = include_str!("../../../fixtures/chatday/profile.toml");

/// Everything that a profile decides. The fields follow the tables of the file; units and ranges stand in
/// [`DEFAULT_TOML`].
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Spelling of JSON keys.
    pub keys: Keys,
    /// Values of the status key.
    pub words: Words,
    /// JSON kinds of ids.
    pub ids: Ids,
    /// Names under which the service is reached, in lower case.
    pub hosts: Vec<String>,
    /// Value of `WWW-Authenticate`.
    pub challenge: HeaderValue,
    /// Register.
    pub register: RegisterRules,
    /// Send Message.
    pub send: SendRules,
    /// Sizes and rates.
    pub limits: Limits,
    /// Webhooks.
    pub webhook: WebhookRules,
    /// Form of an error's sentences.
    pub error_format: ErrorFormat,
    /// Status and sentence of each error; complete.
    pub errors: ErrorRules,
    /// Message types by name, each with the schema of its data.
    pub message_types: BTreeMap<String, Schema>,
    stated: BTreeSet<String>,
}

/// Spelling of JSON keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The message.
    pub message: String,
    /// The message's type (`keys.type` in the file).
    pub kind: String,
    /// The message's content.
    pub data: String,
    /// The room's id.
    pub chat_id: String,
    /// The outcome.
    pub status: String,
    /// The sentences of an error.
    pub errors: String,
    /// The id of a new message.
    pub message_id: String,
    /// The signature token.
    pub signature_token: String,
}

/// Values of the status key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Success.
    pub success: String,
    /// Error.
    pub error: String,
}

/// JSON kinds of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// Of chats.
    pub chat_id: IdKind,
    /// Of messages.
    pub message_id: IdKind,
}

/// Register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterRules {
    /// Method.
    pub method: Method,
    /// Full path.
    pub path: String,
    /// Status of success.
    pub status: StatusCode,
    /// Whether the body carries the signature token.
    pub token_in_body: bool,
    /// The header that carries the signature token, if one does.
    pub header: Option<HeaderName>,
    /// How long a rotated signature token stays valid, in milliseconds.
    pub rotation_grace_ms: i64,
}

/// Send Message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendRules {
    /// Method.
    pub method: Method,
    /// Full path.
    pub path: String,
    /// Status of success.
    pub status: StatusCode,
    /// What to do with a type that is not listed.
    pub unknown_types: UnknownTypes,
}

/// What Send Message does with a type that the profile doesn't list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownTypes {
    /// 400, with the list of known types.
    Refuse,
    /// Any data is taken.
    Accept,
}

/// Sizes and rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest body in bytes.
    pub body_bytes: usize,
    /// Rate for each token, if there is one.
    pub rate: Option<RateLimit>,
}

/// Webhooks.
#[derive(Clone, Debug, PartialEq)]
pub struct WebhookRules {
    /// Method.
    pub method: Method,
    /// Value of `Content-Type`.
    pub content_type: HeaderValue,
    /// Header that carries the signature token.
    pub signature_header: HeaderName,
    /// Time for the whole answer in milliseconds.
    pub timeout_ms: u64,
    /// Waits before the repetitions in milliseconds, each from the failure before it.
    pub retry_delays_ms: Vec<u64>,
    /// What acknowledges a webhook.
    pub answer: AnswerRules,
    /// The event that setting the URL sends, if it does.
    pub verification: Option<Verification>,
}

/// What acknowledges a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRules {
    /// The status, exactly.
    pub status: StatusCode,
    /// The key in the body.
    pub key: String,
    /// Its value, exactly.
    pub word: String,
    /// Whether another media type than JSON fails the delivery.
    pub json_media_type: bool,
}

/// The event that setting the webhook URL sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// Type of its message.
    pub kind: String,
    /// Data of its message.
    pub data: Value,
    /// Its chat id, in the kind of the profile.
    pub chat_id: Value,
}

/// Form of an error's sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorFormat {
    /// A list of texts.
    List,
    /// One text.
    Text,
}

impl Profile {
    /// The default profile, which states nothing by itself. Parsed once.
    pub fn default_profile() -> Arc<Self> {
        static PARSED: OnceLock<Arc<Profile>> = OnceLock::new();
        #[expect(clippy::expect_used, reason = "the text is part of the program, and a test reads it")]
        let parsed = PARSED.get_or_init(|| {
            let nothing = Value::Object(serde_json::Map::new());
            Arc::new(Self::from_value(&nothing).expect("the embedded profile has no fault"))
        });
        Arc::clone(parsed)
    }

    /// The default profile as a JSON value, in the form of the file.
    pub fn default_value() -> &'static Value {
        static PARSED: OnceLock<Value> = OnceLock::new();
        #[expect(clippy::expect_used, reason = "the text is part of the program, and a test reads it")]
        PARSED.get_or_init(|| toml_text::to_json(DEFAULT_TOML).expect("the embedded profile is TOML"))
    }

    /// Reads a user's profile.
    ///
    /// # Errors
    /// Every fault with its place as a JSON pointer, ordered by place: text that is no TOML (then only that), unknown
    /// keys, values of another kind or out of range, keys and operations that collide, schemas that are not understood.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Fault>> {
        Self::from_value(&toml_text::to_json(text)?)
    }

    /// The same from a JSON value in the form of the file.
    ///
    /// # Errors
    /// As [`Profile::from_toml`].
    pub fn from_value(stated: &Value) -> Result<Self, Vec<Fault>> {
        let mut whole = Self::default_value().clone();
        let mut pointers = BTreeSet::new();
        lay_over(&mut whole, stated, "", &mut pointers);
        let faults = Faults::default();
        let profile = read::profile(&Node::root(&whole, &faults), pointers);
        match profile {
            Some(profile) if faults.is_empty() => Ok(profile),
            _ => Err(faults.into_sorted()),
        }
    }

    /// Whether the user's own file stated the value at a JSON pointer, such as `/webhook/timeout_ms`, or a part of it.
    pub fn states(&self, pointer: &str) -> bool {
        self.stated.contains(pointer)
    }

    /// How well a clause is known under this profile: a clause of ours counts as documented where the user's file states
    /// every key that decides it.
    pub fn certainty(&self, clause: &Clause) -> Certainty {
        let keys = clauses::profile_keys(clause);
        if !keys.is_empty() && keys.iter().all(|key| self.states(key)) {
            return Certainty::Documented;
        }
        clause.certainty
    }
}

impl Default for Profile {
    /// A copy of [`Profile::default_profile`].
    fn default() -> Self {
        (*Self::default_profile()).clone()
    }
}

/// Lays what the user stated over the defaults and collects the pointers of all that is stated. A table is laid over
/// key by key; a schema, like every other value, is replaced whole.
fn lay_over(under: &mut Value, over: &Value, pointer: &str, stated: &mut BTreeSet<String>) {
    stated.insert(pointer.to_owned());
    let schema = pointer.strip_prefix("/message_types/").is_some_and(|rest| !rest.contains('/'));
    let data = pointer == "/webhook/verification/data";
    match (under, over) {
        (Value::Object(under), Value::Object(over)) if !schema && !data => {
            for (key, value) in over {
                let below = format!("{pointer}/{}", escape(key));
                match under.get_mut(key) {
                    Some(known) => lay_over(known, value, &below, stated),
                    None => {
                        stated.insert(below);
                        under.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (under, over) => *under = over.clone(),
    }
}

#[cfg(test)]
mod tests;
