//! Chats and their transcripts: what the visitor sees in the chat box.

use contract::chatday::chat_id::ChatId;
use contract::chatday::message::Message;
use contract::time::UnixMillis;
use serde_json::{Value, json};

use super::state::State;

/// One visitor's chat.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chat {
    pub(super) chat_id: ChatId,
    /// Name of the application that it belongs to.
    pub(super) application: String,
    pub(super) visitor_name: String,
    /// Oldest first.
    pub(super) messages: Vec<Line>,
}

/// One message of a transcript.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) message_id: i64,
    pub(super) from: Author,
    pub(super) message: Message,
    pub(super) time: UnixMillis,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    Visitor,
    Application,
}

impl Author {
    pub(super) const WORDS: &'static [(&'static str, Self)] =
        &[("visitor", Self::Visitor), ("application", Self::Application)];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Application => "application",
        }
    }
}

impl Chat {
    /// The chat as the control API shows it and as a world description holds it. The spelling is fixed: the profile is
    /// about the wire.
    pub(super) fn to_value(&self) -> Value {
        let messages: Vec<Value> = self.messages.iter().map(Line::to_value).collect();
        json!({
            "chat_id": self.chat_id.as_str(),
            "application": self.application,
            "visitor": {"name": self.visitor_name},
            "messages": messages,
        })
    }
}

impl Line {
    fn to_value(&self) -> Value {
        json!({
            "message_id": self.message_id.to_string(),
            "from": self.from.word(),
            "message": {"type": self.message.kind, "data": self.message.data},
            "time": self.time.to_rfc3339(),
        })
    }
}

impl State {
    /// The chat box as its end-user sees it, oldest message first: `{"chat_id","application","visitor":{"name"},
    /// "messages":[{"message_id","from","message":{"type","data"},"time"}]}`. `None` for an id that no chat has.
    pub fn chat_view(&self, chat_id: &str) -> Option<Value> {
        let id = ChatId::from_description(self.profile.ids.chat_id, &Value::from(chat_id)).ok()?;
        self.chat_of(&id, None).map(Chat::to_value)
    }

    /// A chat by its id, if it belongs to the application (to anyone with `None`).
    pub(super) fn chat_of(&self, chat_id: &ChatId, application: Option<&str>) -> Option<&Chat> {
        self.chats
            .get(*self.chat_index.get(chat_id)?)
            .filter(|chat| application.is_none_or(|application| chat.application == application))
    }

    /// Adds a message to a chat's transcript and gives its id: a counter over the world. `None` for an unknown chat.
    pub(super) fn write(&mut self, chat_id: &ChatId, from: Author, message: Message, now: UnixMillis) -> Option<i64> {
        let chat = self.chats.get_mut(*self.chat_index.get(chat_id)?)?;
        let message_id = self.next_message_id;
        chat.messages.push(Line { message_id, from, message, time: now });
        self.next_message_id = message_id.saturating_add(1);
        Some(message_id)
    }
}
