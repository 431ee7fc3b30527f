//! The Chatday part of a world description: read with every fault, written back as it was.
//!
//! ```json
//! {
//!   "applications": [{
//!     "name": "shop",                      1 to 64 characters, unique
//!     "token": "…",                        Chatday-Token; made up where it is missing
//!     "signature_token": "…",              made up where it is missing
//!     "registered": false,                 whether Register was called
//!     "webhook_url": "http://…",           only with "registered": true
//!     "previous_signature": {"signature_token": "…", "valid_until": TIME},
//!     "window": {"started": TIME, "used": 3}
//!   }],
//!   "chats": [{
//!     "chat_id": "70001",                  text or integer, unique
//!     "application": "shop",
//!     "visitor": {"name": "สมชาย"},
//!     "messages": [{"from": "visitor", "message": {"type": "text", "data": "…"}, "time": TIME, "message_id": "1"}]
//!   }],
//!   "next_message_id": 2
//! }
//! ```
//!
//! Only `applications` (one or more), their names, and what makes a chat and a message are required. TIME is Unix
//! seconds, RFC 3339, or a text such as `26h ago`. A message without `message_id` gets the next free one. Transcripts
//! are not held against the profile's message types: one description serves many profiles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::chatday::chat_id::ChatId;
use contract::chatday::message::Message;
use contract::chatday::rate_limit::Window;
use contract::chatday::{gate, webhook};
use contract::reader::{Node, Object};
use serde_json::{Value, json};

use super::chats::{Author, Chat, Line};
use super::secret::Secret;
use super::signatures::{Previous, Signature};
use super::state::{Application, State};
use crate::core::Origin;
use crate::core::moment;

/// Largest id that a description may give a message.
const MOST_ID: i64 = 1 << 62;
/// Largest id that it may name as the next one: leaves room for more messages than anybody sends.
const MOST_NEXT_ID: i64 = MOST_ID + (1 << 40);

impl State {
    /// Reads the Chatday part of a world description and notes every fault in it. After a fault the state is not to be
    /// used.
    pub fn load(node: &Node<'_>, origin: &Origin<'_>) -> Self {
        let object = node.object();
        let applications = applications(&object, origin);
        let names: BTreeSet<&str> = applications.iter().map(|application| application.name.as_str()).collect();
        let mut drafts = Vec::new();
        let mut taken = BTreeSet::new();
        let mut chat_index = BTreeMap::new();
        for node in object.list("chats") {
            if let Some(draft) = chat(&node, origin, &names, &mut taken) {
                if chat_index.insert(draft.chat.chat_id.clone(), drafts.len()).is_some() {
                    node.fault(format!("another chat has the id '{}' too", draft.chat.chat_id));
                }
                drafts.push(draft);
            }
        }
        let free = taken.last().map_or(1, |last| last.saturating_add(1));
        let mut next_message_id = object.optional_integer("next_message_id", 1, MOST_NEXT_ID).unwrap_or(free);
        if next_message_id < free {
            object.fault_at("next_message_id", format!("expected {free} or more: a message has the id {}", free - 1));
        }
        object.finish();
        let mut chats = Vec::new();
        for Draft { mut chat, lines } in drafts {
            for (id, mut line) in lines {
                line.message_id = id.unwrap_or(next_message_id);
                next_message_id = next_message_id.saturating_add(i64::from(id.is_none()));
                chat.messages.push(line);
            }
            chats.push(chat);
        }
        let profile = Arc::clone(&origin.defaults.chatday_profile);
        Self { profile, applications, chats, chat_index, next_message_id }
    }

    /// The same as a description: loading it gives an equal state, whatever the origin says about time and tokens.
    pub fn dump(&self) -> Value {
        let applications: Vec<Value> = self.applications.iter().map(dump_application).collect();
        let chats: Vec<Value> = self.chats.iter().map(Chat::to_value).collect();
        json!({"applications": applications, "chats": chats, "next_message_id": self.next_message_id})
    }
}

/// A chat whose messages may still lack their ids.
struct Draft {
    chat: Chat,
    lines: Vec<(Option<i64>, Line)>,
}

fn applications(object: &Object<'_>, origin: &Origin<'_>) -> Vec<Application> {
    let Some(list) = object.required("applications") else { return Vec::new() };
    let nodes = list.list();
    if nodes.is_empty() && list.value().is_array() {
        list.fault("expected at least one application");
    }
    let mut names = BTreeSet::new();
    let mut tokens = BTreeSet::new();
    let mut found = Vec::new();
    for node in nodes {
        let application = application(&node, origin);
        if !application.name.is_empty() && !names.insert(application.name.clone()) {
            node.fault(format!("another application has the name '{}' too", application.name));
        }
        if !tokens.insert(application.token.reveal().to_owned()) {
            node.fault("another application has the same token");
        }
        found.push(application);
    }
    found
}

fn application(node: &Node<'_>, origin: &Origin<'_>) -> Application {
    let object = node.object();
    let name = short_text(&object, "name");
    let token = object.optional("token").and_then(|node| {
        let text = node.text()?;
        if text.len() > 512 || !gate::is_token(text) {
            node.fault(
                "expected a token of 1 to 512 letters, digits and -._~+/, then any =: no other can stand behind Bearer",
            );
        }
        Some(text.to_owned())
    });
    let signature_token = object.optional("signature_token").and_then(|node| signature_text(&node));
    let mut signature =
        Signature::new(signature_token.unwrap_or_else(|| origin.token(&format!("chatday/{name}/signature"))));
    signature.previous = object.optional("previous_signature").and_then(|node| {
        let object = node.object();
        let token = object.required("signature_token").and_then(|node| signature_text(&node));
        let until = object.required("valid_until").and_then(|node| moment::read(&node, origin.now));
        object.finish();
        Some(Previous { token: Secret::new(token?), until: until? })
    });
    let registered = object.optional_flag("registered").unwrap_or(false);
    let webhook_url = object.optional_text("webhook_url");
    if webhook_url.is_some() && !registered {
        object.fault_at("webhook_url", "only after Register can the webhook URL be set: say \"registered\": true too");
    }
    if webhook_url.as_deref().is_some_and(|url| !super::webhooks::is_http_url(url)) {
        object.fault_at("webhook_url", "expected an absolute http or https URL");
    }
    let window = object.optional("window").map(|node| window(&node, origin)).unwrap_or_default();
    object.finish();
    let token = Secret::new(token.unwrap_or_else(|| origin.token(&format!("chatday/{name}"))));
    Application { name, token, registered, signature, webhook_url, window }
}

fn window(node: &Node<'_>, origin: &Origin<'_>) -> Window {
    let object = node.object();
    let started = object.required("started").and_then(|node| moment::read(&node, origin.now));
    let used = u32::try_from(object.integer("used", 0, u32::MAX.into())).unwrap_or_default();
    object.finish();
    Window { started: started.unwrap_or_default(), used }
}

fn chat(node: &Node<'_>, origin: &Origin<'_>, names: &BTreeSet<&str>, taken: &mut BTreeSet<i64>) -> Option<Draft> {
    let object = node.object();
    let kind = origin.defaults.chatday_profile.ids.chat_id;
    let chat_id = object
        .required("chat_id")
        .and_then(|node| ChatId::from_description(kind, node.value()).map_err(|detail| node.fault(detail)).ok());
    let application = object.text("application");
    if !application.is_empty() && !names.contains(application.as_str()) {
        let known: Vec<&str> = names.iter().copied().collect();
        object.fault_at(
            "application",
            format!("there is no application '{application}': expected one of {}", known.join(", ")),
        );
    }
    let visitor_name = object
        .required("visitor")
        .map(|node| {
            let object = node.object();
            let name = short_text(&object, "name");
            object.finish();
            name
        })
        .unwrap_or_default();
    let lines = object.list("messages").iter().filter_map(|node| line(node, origin, taken)).collect();
    object.finish();
    Some(Draft { chat: Chat { chat_id: chat_id?, application, visitor_name, messages: Vec::new() }, lines })
}

fn line(node: &Node<'_>, origin: &Origin<'_>, taken: &mut BTreeSet<i64>) -> Option<(Option<i64>, Line)> {
    let object = node.object();
    let id = object.optional("message_id").and_then(|node| {
        let number = node.value().as_i64().or_else(|| {
            let text = node.value().as_str()?;
            text.parse::<i64>().ok().filter(|number| number.to_string() == text)
        });
        let number = number.filter(|number| (1..=MOST_ID).contains(number));
        match number {
            None => node.expected("a positive integer, also as a text"),
            Some(number) if !taken.insert(number) => node.fault(format!("another message has the id {number} too")),
            Some(_) => {}
        }
        number
    });
    let from = object.required("from").and_then(|node| node.one_of(Author::WORDS));
    let message = object.required("message").and_then(|node| {
        let object = node.object();
        let kind = short_text(&object, "type");
        let data = object.required("data").map(|node| node.value().clone());
        object.finish();
        Some(Message::new(kind, data?))
    });
    let time = object.required("time").and_then(|node| moment::read(&node, origin.now));
    object.finish();
    Some((id, Line { message_id: 0, from: from?, message: message?, time: time? }))
}

/// A required text of 1 to 64 characters without control characters; empty after a fault.
fn short_text(object: &Object<'_>, key: &'static str) -> String {
    let Some(node) = object.required(key) else { return String::new() };
    let Some(text) = node.text() else { return String::new() };
    if !(1..=64).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        node.expected("1 to 64 characters without control characters");
    }
    text.to_owned()
}

fn signature_text(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if !webhook::can_be_sent(text) {
        node.fault("expected 1 to 512 visible ASCII characters without blanks: no other can stand in a header");
    }
    Some(text.to_owned())
}

fn dump_application(application: &Application) -> Value {
    let mut value = json!({
        "name": application.name,
        "token": application.token.reveal(),
        "signature_token": application.signature.current(),
        "registered": application.registered,
    });
    let mut add = |key: &str, part: Option<Value>| {
        if let (Some(map), Some(part)) = (value.as_object_mut(), part) {
            map.insert(key.to_owned(), part);
        }
    };
    add("webhook_url", application.webhook_url.clone().map(Value::from));
    let previous = application.signature.previous.as_ref();
    add(
        "previous_signature",
        previous.map(
            |previous| json!({"signature_token": previous.token.reveal(), "valid_until": previous.until.to_rfc3339()}),
        ),
    );
    let window = application.window;
    add(
        "window",
        (window != Window::default()).then(|| json!({"started": window.started.to_rfc3339(), "used": window.used})),
    );
    value
}

#[cfg(test)]
mod tests;
