//! What happens in the widget and on the settings page, and the webhook calls that follow from it. The calls are only
//! described here: whoever owns the sockets sends them, and repeats them as the profile says.

use std::sync::Arc;

use bytes::Bytes;
use contract::chatday::chat_id::ChatId;
use contract::chatday::message::Message;
use contract::chatday::webhook::{self, Headers};
use contract::time::UnixMillis;
use http::{Method, Uri};
use serde_json::Value;

use super::chats::Author;
use super::state::{Application, State};

/// One webhook call to make. Its headers hold the signature token, marked sensitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Name of the application that it is for.
    pub application: String,
    /// Where it goes.
    pub url: String,
    /// Method.
    pub method: Method,
    /// Headers, in order; `Host` and `Content-Length` are the sender's.
    pub headers: Headers,
    /// The exact body, also of each repetition.
    pub body: Bytes,
}

/// A visitor's message that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its id.
    pub message_id: String,
    /// The call that follows; none while the application has set no webhook URL.
    pub event: Option<Event>,
}

/// Why a call of the operator was refused. One sentence each; [`Refused::status`] is the status for the control API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No application has this name.
    #[error("there is no Chatday application '{0}' in this world")]
    UnknownApplication(String),
    /// No chat has this id.
    #[error("there is no Chatday chat '{0}' in this world")]
    UnknownChat(String),
    /// Only after Register can the webhook URL be set (clause `chatday.token.webhook-after-register`).
    #[error("the application '{0}' has not called Register yet: only then can its webhook URL be set")]
    NotRegistered(String),
    /// Something in the call is wrong: one sentence for each fault.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
}

impl Refused {
    /// 400, 404 or 409.
    pub fn status(&self) -> u16 {
        match self {
            Self::UnknownApplication(_) | Self::UnknownChat(_) => 404,
            Self::NotRegistered(_) => 409,
            Self::Invalid(_) => 400,
        }
    }

    /// The sentences for the control API's `errors`.
    pub fn sentences(&self) -> Vec<String> {
        match self {
            Self::Invalid(faults) => faults.clone(),
            other => vec![other.to_string()],
        }
    }
}

impl State {
    /// Names of the applications, in the order of the description. There is at least one.
    pub fn applications(&self) -> impl Iterator<Item = &str> {
        self.applications.iter().map(|application| application.name.as_str())
    }

    /// Where an application's webhooks go, if that is set.
    pub fn webhook_url(&self, application: &str) -> Option<&str> {
        self.applications.iter().find(|found| found.name == application)?.webhook_url.as_deref()
    }

    /// Whether an application could set its webhook URL at all.
    ///
    /// # Errors
    /// [`Refused::UnknownApplication`]; [`Refused::NotRegistered`] before Register.
    pub fn may_set_webhook_url(&self, application: &str) -> Result<(), Refused> {
        match self.applications.iter().find(|found| found.name == application) {
            None => Err(Refused::UnknownApplication(application.to_owned())),
            Some(found) if !found.registered => Err(Refused::NotRegistered(application.to_owned())),
            Some(_) => Ok(()),
        }
    }

    /// The settings page: sets the webhook URL of an application, or takes it away with `None`. Gives the verification
    /// call where the profile wants one. Whether the host may be called at all is the shell's question.
    ///
    /// # Errors
    /// [`Refused::UnknownApplication`]; [`Refused::NotRegistered`] before Register; [`Refused::Invalid`] for a text that
    /// is no absolute http or https URL.
    pub fn set_webhook_url(&mut self, application: &str, url: Option<&str>) -> Result<Option<Event>, Refused> {
        let profile = Arc::clone(&self.profile);
        self.may_set_webhook_url(application)?;
        let found = self.application_mut(application)?;
        if let Some(url) = url.filter(|url| !is_http_url(url)) {
            let shown: String = url.chars().take(80).collect();
            return Err(Refused::Invalid(vec![format!(
                "url: expected an absolute http or https URL, found '{shown}'"
            )]));
        }
        found.webhook_url = url.map(str::to_owned);
        let Some(verification) = &profile.webhook.verification else { return Ok(None) };
        let message = Message::new(&verification.kind, verification.data.clone());
        Ok(self.event(application, &verification.chat_id, &message))
    }

    /// A visitor writes in the widget: the message stands in the transcript, and the webhook call is described.
    ///
    /// `chat_id` is a text or an integer; `message` is `{"type","data"}` in this spelling, whatever the profile says.
    /// Data of a type that the profile lists must fit its schema; other types are taken as they are, since a receiver
    /// must cope with them.
    ///
    /// # Errors
    /// [`Refused::Invalid`] or [`Refused::UnknownChat`]; nothing was written then.
    pub fn visitor_writes(&mut self, chat_id: &Value, message: &Value, now: UnixMillis) -> Result<Written, Refused> {
        let kind = self.profile.ids.chat_id;
        let id = ChatId::from_description(kind, chat_id)
            .map_err(|detail| Refused::Invalid(vec![format!("chat_id: {detail}")]))?;
        let message = self.visitor_message(message)?;
        let unknown = || Refused::UnknownChat(id.to_string());
        let application = self.chat_of(&id, None).ok_or_else(unknown)?.application.clone();
        let message_id = self.write(&id, Author::Visitor, message.clone(), now).ok_or_else(unknown)?;
        let event = self.event(&application, &kind.render(id.as_str()), &message);
        Ok(Written { message_id: message_id.to_string(), event })
    }

    fn visitor_message(&self, value: &Value) -> Result<Message, Refused> {
        let faults = contract::reader::Faults::default();
        let node = contract::reader::Node::root(value, &faults);
        let object = node.object();
        let kind = object.text("type");
        let data = object.required("data").map(|node| node.value().clone());
        object.finish();
        let mut sentences: Vec<String> = faults
            .into_sorted()
            .iter()
            .map(|fault| format!("message{}: {}", fault.pointer.replace('/', "."), fault.message))
            .collect();
        if let (Some(schema), Some(data)) = (self.profile.message_types.get(&kind), &data) {
            sentences.extend(schema.faults(data, "message.data").iter().map(ToString::to_string));
        }
        match data {
            Some(data) if sentences.is_empty() => Ok(Message::new(kind, data)),
            _ => Err(Refused::Invalid(sentences)),
        }
    }

    pub(super) fn application_mut(&mut self, name: &str) -> Result<&mut Application, Refused> {
        self.applications
            .iter_mut()
            .find(|application| application.name == name)
            .ok_or_else(|| Refused::UnknownApplication(name.to_owned()))
    }

    fn event(&self, application: &str, chat_id: &Value, message: &Message) -> Option<Event> {
        let found = self.applications.iter().find(|found| found.name == application)?;
        let url = found.webhook_url.clone()?;
        let (method, headers, body) = webhook::request(&self.profile, found.signature.current(), chat_id, message);
        Some(Event { application: application.to_owned(), url, method, headers, body })
    }
}

pub(super) fn is_http_url(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    use crate::chatday::testing::{NOW, load_at};

    const URL: &str = "http://127.0.0.1:9000/hook";

    fn state(profile: &str, registered: bool) -> State {
        let world = json!({
            "applications": [{"name": "shop", "token": "t", "signature_token": "s-1", "registered": registered}],
            "chats": [{"chat_id": 70001, "application": "shop", "visitor": {"name": "さくら"}}],
        });
        load_at(&world, NOW, profile).unwrap()
    }

    fn signature(event: &Event) -> &str {
        event.headers[1].1.to_str().unwrap()
    }

    #[test]
    fn the_url_is_refused_before_register_and_where_it_is_no_url() {
        let mut early = state("", false);
        let refused = early.set_webhook_url("shop", Some(URL)).unwrap_err();
        assert_eq!((refused.status(), early.webhook_url("shop")), (409, None));
        let mut mock = state("", true);
        for url in ["", "/hook", "ftp://a/b", "http://", "http://a b/", "127.0.0.1:9000"] {
            assert_eq!(mock.set_webhook_url("shop", Some(url)).unwrap_err().status(), 400, "{url}");
        }
        assert_eq!(mock.set_webhook_url("hotel", Some(URL)).unwrap_err().status(), 404);
        assert_eq!(mock.set_webhook_url("shop", Some(URL)), Ok(None));
        assert_eq!(mock.webhook_url("shop"), Some(URL));
        assert_eq!(mock.set_webhook_url("shop", None), Ok(None));
        assert_eq!(mock.webhook_url("shop"), None);
    }

    #[test]
    fn a_visitors_message_stands_in_the_transcript_and_calls_the_url_with_the_signature_token() {
        let mut mock = state("", true);
        let message = json!({"type": "text", "data": "こんにちは 🌸"});
        let silent = mock.visitor_writes(&json!("70001"), &message, NOW).unwrap();
        assert_eq!(silent, Written { message_id: "1".to_owned(), event: None });
        mock.set_webhook_url("shop", Some(URL)).unwrap();
        let event = mock.visitor_writes(&json!(70001), &message, NOW).unwrap().event.unwrap();
        assert_eq!((event.url.as_str(), event.method.as_str(), signature(&event)), (URL, "POST", "s-1"));
        assert_eq!(event.body, r#"{"message":{"type":"text","data":"こんにちは 🌸"},"chat_id":"70001"}"#);
        assert!(!format!("{event:?}").contains("s-1"));
        let view = mock.chat_view("70001").unwrap();
        assert_eq!(view["messages"].as_array().unwrap().len(), 2);
        assert_eq!(view["messages"][1]["from"], "visitor");
    }

    #[test]
    fn what_no_visitor_could_write_is_refused_and_nothing_is_written() {
        let mut mock = state("", true);
        for (chat_id, message, status, sentence) in [
            (json!("9"), json!({"type": "text", "data": "a"}), 404, "there is no Chatday chat '9' in this world"),
            (
                json!(null),
                json!({"type": "text", "data": "a"}),
                400,
                "chat_id: expected a text or an integer, found null",
            ),
            (
                json!("70001"),
                json!({"type": "text", "data": ""}),
                400,
                "message.data: expected 1 to 5000 characters, found 0",
            ),
            (json!("70001"), json!({"type": "text"}), 400, "message: the key 'data' is missing"),
            (json!("70001"), json!("a"), 400, "message: expected an object, found the text \"a\""),
        ] {
            let refused = mock.visitor_writes(&chat_id, &message, NOW).unwrap_err();
            assert_eq!((refused.status(), refused.sentences()), (status, vec![sentence.to_owned()]));
        }
        assert_eq!(mock.chat_view("70001").unwrap()["messages"], json!([]));
        assert!(mock.visitor_writes(&json!("70001"), &json!({"type": "poke", "data": null}), NOW).is_ok());
    }

    #[test]
    fn the_verification_event_and_the_kind_of_chat_ids_follow_the_profile() {
        let mut mock = state("ids.chat_id = 'integer'\nwebhook.verification = { enabled = true, chat_id = -1 }", true);
        let verification = mock.set_webhook_url("shop", Some(URL)).unwrap().unwrap();
        assert_eq!(verification.body, r#"{"message":{"type":"verify","data":null},"chat_id":-1}"#);
        let event = mock.visitor_writes(&json!("70001"), &json!({"type": "text", "data": "a"}), NOW).unwrap().event;
        assert_eq!(event.unwrap().body, r#"{"message":{"type":"text","data":"a"},"chat_id":70001}"#);
    }

    #[test]
    fn a_rotated_signature_goes_out_at_once_and_the_old_one_is_accepted_for_its_grace() {
        let mut mock = state("register.rotation_grace_ms = 500", true);
        mock.set_webhook_url("shop", Some(URL)).unwrap();
        assert_eq!(mock.accepted_signatures("shop", NOW), ["s-1"]);
        mock.rotate_signature("shop", None, NOW).unwrap();
        let accepted = mock.accepted_signatures("shop", NOW.plus_millis(499));
        assert_eq!((accepted.len(), accepted[1].as_str()), (2, "s-1"));
        assert_eq!(mock.accepted_signatures("shop", NOW.plus_millis(500)), accepted[..1]);
        let event = mock.visitor_writes(&json!("70001"), &json!({"type": "text", "data": "a"}), NOW).unwrap().event;
        assert_eq!(signature(&event.unwrap()), accepted[0]);
        mock.rotate_signature("shop", Some(0), NOW).unwrap();
        let after = mock.accepted_signatures("shop", NOW);
        assert_eq!(after.len(), 1);
        assert_eq!(mock.secrets().len(), 2, "a token without grace is forgotten");
        assert_ne!(after[0], accepted[0]);
        assert_eq!(mock.rotate_signature("shop", Some(-1), NOW).unwrap_err().status(), 400);
        assert_eq!(mock.rotate_signature("hotel", None, NOW).unwrap_err().status(), 404);
        assert_eq!(mock.accepted_signatures("hotel", NOW), [""; 0]);
    }
}
