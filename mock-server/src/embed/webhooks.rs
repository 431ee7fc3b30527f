//! Webhooks that the mock sends: who is told, what was sent, and what is sent otherwise.

use std::time::Duration;

use contract::chatwork::webhook::EventKind;
use http::Method;
use serde_json::{Map, Value, json};

use super::mock::{Mock, MockError};
use crate::control::{DeliveryLog, DeliveryModeRule, DeliveryRecord, MOST_WITHIN_MS, Settlement, VisitorMessage};

/// A webhook setting of Chatwork as it was made.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatworkWebhook {
    /// Its id; a text of digits.
    pub id: String,
    /// Base64 of the key that its deliveries are signed with. Debug output hides it.
    pub token: String,
}

impl std::fmt::Debug for ChatworkWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatworkWebhook").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How a replay differs from what was sent. The default changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayEdit {
    /// Headers that are set, or with `None` left out.
    pub headers: Vec<(String, Option<String>)>,
    /// Another body.
    pub body: Option<String>,
    /// Another target.
    pub url: Option<String>,
    /// Whether it is signed anew over what it holds now, with the secret that its setting has now.
    pub sign: bool,
}

impl Mock {
    /// Makes a webhook setting for the messages of a room: the world's first account is told of them at `url`.
    ///
    /// # Errors
    /// The URL is none, or leads to a host that was not allowed; the account is not in the room, or has 5 settings.
    pub fn add_room_webhook(
        &self,
        url: &str,
        room_id: u64,
        events: &[EventKind],
    ) -> Result<ChatworkWebhook, MockError> {
        self.add_webhook(url, Some(room_id), events)
    }

    /// Makes a webhook setting for mentions of the world's first account.
    ///
    /// # Errors
    /// As [`Mock::add_room_webhook`].
    pub fn add_mention_webhook(&self, url: &str) -> Result<ChatworkWebhook, MockError> {
        self.add_webhook(url, None, &[EventKind::MentionToMe])
    }

    fn add_webhook(&self, url: &str, room: Option<u64>, events: &[EventKind]) -> Result<ChatworkWebhook, MockError> {
        let events: Vec<&str> = events.iter().map(|kind| kind.word()).collect();
        let body = json!({"url": url, "events": events, "room_id": room});
        let made: Value = self.ask(Method::POST, "/chatwork/webhooks", Some(&body))?;
        let text = |key: &str| made.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(ChatworkWebhook { id: text("webhook_setting_id"), token: text("token") })
    }

    /// All webhook settings of Chatwork with their counts, tokens included, as the control API shows them.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn webhooks(&self) -> Result<Vec<Value>, MockError> {
        let mut list: Value = self.ask::<(), _>(Method::GET, "/chatwork/webhooks", None)?;
        let found = list.get_mut("webhooks").and_then(Value::as_array_mut).map(std::mem::take);
        Ok(found.unwrap_or_default())
    }

    /// Makes a setting valid again, after too many failures have switched it off.
    ///
    /// # Errors
    /// There is no such setting.
    pub fn enable_webhook(&self, id: &str) -> Result<(), MockError> {
        self.send(Method::PATCH, format!("/chatwork/webhooks/{id}"), Some(&json!({"status": "valid"}))).map(drop)
    }

    /// Removes a setting. What waits for it is not sent.
    ///
    /// # Errors
    /// There is no such setting.
    pub fn remove_webhook(&self, id: &str) -> Result<(), MockError> {
        self.send::<()>(Method::DELETE, format!("/chatwork/webhooks/{id}"), None).map(drop)
    }

    /// Another member of a room writes; gives the message's id. State, unread counts and webhooks follow; no rate limit
    /// counts it.
    ///
    /// # Errors
    /// The account is not in the room, or may only read it.
    pub fn member_writes(&self, room_id: u64, account_id: u64, body: &str) -> Result<String, MockError> {
        let message = json!({"room_id": room_id, "account_id": account_id, "body": body});
        let written: Value = self.ask(Method::POST, "/chatwork/messages", Some(&message))?;
        Ok(written.get("message_id").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// The same, with an id that is chosen here: a text of digits, higher than those of all messages of the world.
    ///
    /// # Errors
    /// As [`Mock::member_writes`]; or the id is not higher.
    pub fn member_writes_as(&self, room_id: u64, account_id: u64, id: &str, body: &str) -> Result<(), MockError> {
        let message = json!({"room_id": room_id, "account_id": account_id, "message_id": id, "body": body});
        self.send(Method::POST, "/chatwork/messages".to_owned(), Some(&message)).map(drop)
    }

    /// Another member of a room changes a message of theirs.
    ///
    /// # Errors
    /// There is no such message, or it is somebody else's.
    pub fn member_edits(&self, room_id: u64, account_id: u64, id: &str, body: &str) -> Result<(), MockError> {
        let message = json!({"room_id": room_id, "account_id": account_id, "body": body});
        self.send(Method::PUT, format!("/chatwork/messages/{id}"), Some(&message)).map(drop)
    }

    /// Sets where the webhooks of the world's first Chatday application go, or with `None` takes that away.
    ///
    /// # Errors
    /// Before Register; or the URL is none, or leads to a host that was not allowed.
    pub fn set_chatday_webhook(&self, url: Option<&str>) -> Result<(), MockError> {
        self.send(Method::PUT, "/chatday/webhook".to_owned(), Some(&json!({"url": url}))).map(drop)
    }

    /// A visitor writes in the widget. Waits for the first attempt of the webhook that follows.
    ///
    /// # Errors
    /// There is no such chat, or the data does not fit its type.
    pub fn visitor_writes(&self, chat_id: &str, kind: &str, data: &Value) -> Result<VisitorMessage, MockError> {
        let message = json!({"chat_id": chat_id, "message": {"type": kind, "data": data}});
        self.ask(Method::POST, "/chatday/messages", Some(&message))
    }

    /// Gives the world's first Chatday application a new signature token, and gives that. The old one stays valid for the
    /// grace, or for that of the profile.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn rotate_signature_token(&self, grace: Option<Duration>) -> Result<String, MockError> {
        let mut body = json!({});
        if let (Some(map), Some(grace)) = (body.as_object_mut(), grace) {
            map.insert("grace_ms".to_owned(), json!(i64::try_from(grace.as_millis()).unwrap_or(i64::MAX)));
        }
        let rotated: Value = self.ask(Method::POST, "/chatday/rotate", Some(&body))?;
        Ok(rotated.get("signature_token").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// Every delivery that this world still remembers, oldest first.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn deliveries(&self) -> Result<Vec<DeliveryRecord>, MockError> {
        let log: DeliveryLog = self.ask::<(), _>(Method::GET, "/deliveries?limit=1000000", None)?;
        Ok(log.deliveries)
    }

    /// One delivery.
    ///
    /// # Errors
    /// There is none with that id, or it was forgotten.
    pub fn delivery(&self, id: u64) -> Result<DeliveryRecord, MockError> {
        self.ask::<(), _>(Method::GET, &format!("/deliveries/{id}"), None)
    }

    /// Forgets all deliveries that are settled.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn clear_deliveries(&self) -> Result<(), MockError> {
        self.send::<()>(Method::DELETE, "/deliveries".to_owned(), None).map(drop)
    }

    /// Waits until no delivery is due and none is on its way, at most 60 s. What waits for a later moment of the world's
    /// clock stays: [`Mock::advance`] sends it.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn settle(&self) -> Result<Settlement, MockError> {
        self.ask(Method::POST, "/deliveries/settle", Some(&json!({"within_ms": MOST_WITHIN_MS})))
    }

    /// Sends a delivery again, as it was or with edits, and waits for it.
    ///
    /// # Errors
    /// There is no such delivery; an edit is refused.
    pub fn replay(&self, id: u64, edit: &ReplayEdit) -> Result<DeliveryRecord, MockError> {
        let mut body = json!({"sign": edit.sign});
        if let Some(map) = body.as_object_mut() {
            map.extend(edit.body.iter().map(|text| ("body".to_owned(), json!(text))));
            map.extend(edit.url.iter().map(|text| ("url".to_owned(), json!(text))));
            let headers: Map<String, Value> =
                edit.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            map.insert("headers".to_owned(), Value::Object(headers));
        }
        self.ask(Method::POST, &format!("/deliveries/{id}/replay"), Some(&body))
    }

    /// Does something to the next deliveries that fit a rule; gives the rule's id.
    ///
    /// # Errors
    /// The rule has faults: all are named.
    pub fn add_delivery_mode(&self, rule: &DeliveryModeRule) -> Result<u64, MockError> {
        let made: Value = self.ask(Method::POST, "/deliveries/modes", Some(&rule.to_value()))?;
        Ok(made.get("id").and_then(Value::as_u64).unwrap_or_default())
    }

    /// Takes all such rules away, and lets go what they held.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn clear_delivery_modes(&self) -> Result<(), MockError> {
        self.send::<()>(Method::DELETE, "/deliveries/modes".to_owned(), None).map(drop)
    }
}
