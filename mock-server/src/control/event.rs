//! What `GET /_mock/events` tells.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ClockState, RecordedRequest};

/// One event of a world's feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Counts up from 1 in each world, over all kinds, and goes on over a reset. For [`Happening::Lost`] the id of the
    /// last event that is missing.
    pub id: u64,
    /// What it was.
    pub what: Happening,
}

/// What happened in a world.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// A request was answered. Of its body the first [`MOST_EVENT_BODY`] bytes stand here; the journal has the rest.
    Request(Box<RecordedRequest>),
    /// Something else changed.
    State(Change),
    /// The reader came too late for this many events, of any kind: the mock remembers so many and no more.
    Lost(u64),
    /// An event of a kind that this version does not know.
    Other {
        /// The word after `event:`.
        name: String,
        /// The JSON after `data:`.
        data: Value,
    },
}

/// A change of a world, other than an entry of its journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Change {
    /// The world is back at its seed.
    Reset,
    /// The world became another description.
    Replaced,
    /// Settings changed.
    Settings,
    /// A fault rule was added or removed, or all were.
    Faults,
    /// The clock was set, moved, stopped or started; this is how it stands now.
    Clock(ClockState),
    /// The journal was emptied.
    JournalCleared,
    /// A further world began. Told in the default world.
    WorldCreated {
        /// Its id.
        world: String,
    },
    /// A world ended. Told in the default world.
    WorldDeleted {
        /// Its id.
        world: String,
    },
    /// A message was written into a Chatday chat.
    ChatWritten {
        /// The chat.
        chat_id: String,
        /// The message.
        message_id: String,
        /// `visitor` or `application`.
        from: String,
    },
    /// An application of Chatday called Register for the first time.
    Registered {
        /// Its name.
        application: String,
    },
    /// Another member wrote a message into a Chatwork room, by the control API. What the API itself does is a request.
    MessageWritten {
        /// The room.
        room_id: u64,
        /// Who wrote.
        account_id: u64,
        /// The message.
        message_id: String,
    },
    /// A webhook was queued, tried or settled; this is how it stands now.
    Delivery {
        /// Its id, for `GET /_mock/deliveries/{id}`.
        delivery: u64,
        /// `chatwork` or `chatday`.
        service: String,
        /// What it tells of.
        event: String,
        /// `waiting`, `delivered`, `failed`, `given-up`, `refused` or `dropped`.
        verdict: String,
        /// How often it was tried.
        attempts: usize,
    },
    /// Somebody allowed an OAuth client what it asked for, on the page or through the control API.
    Consented {
        /// The client.
        client_id: String,
        /// Who.
        account_id: u64,
    },
    /// A change of a kind that this version does not know.
    #[serde(untagged)]
    Other(Value),
}

/// First event of every stream: the data of `event: hello`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The world that is told about.
    pub world: String,
    /// The id of its newest event; 0 before the first.
    pub last_id: u64,
}

/// The data of `event: lost`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// How many events are missing here.
    pub lost: u64,
}

/// Last event of a stream that the mock ends: the data of `event: bye`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bye {
    /// Why.
    pub reason: Reason,
}

/// Why the mock ends a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The mock ends.
    MockEnds,
    /// The world was deleted.
    WorldDeleted,
}

/// The kinds of events that a reader may choose among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Happening::Request`].
    Request,
    /// [`Happening::State`].
    State,
}

impl Kind {
    /// All of them, with their words.
    pub const WORDS: [(&'static str, Self); 2] = [("request", Self::Request), ("state", Self::State)];
}

impl Change {
    /// Bytes that it holds beside its own size.
    pub(crate) fn heap_size(&self) -> usize {
        match self {
            Self::Clock(clock) => clock.now.capacity(),
            Self::WorldCreated { world } | Self::WorldDeleted { world } => world.capacity(),
            Self::ChatWritten { chat_id, message_id, from } => {
                chat_id.capacity() + message_id.capacity() + from.capacity()
            }
            Self::Registered { application } => application.capacity(),
            Self::MessageWritten { message_id, .. } => message_id.capacity(),
            Self::Delivery { service, event, verdict, .. } => {
                service.capacity() + event.capacity() + verdict.capacity()
            }
            Self::Consented { client_id, .. } => client_id.capacity(),
            // Only ever read from another mock.
            Self::Reset | Self::Replaced | Self::Settings | Self::Faults | Self::JournalCleared | Self::Other(_) => 0,
        }
    }
}

impl Happening {
    /// The word after `event:`.
    pub fn name(&self) -> &str {
        match self {
            Self::Request(_) => "request",
            Self::State(_) => "state",
            Self::Lost(_) => "lost",
            Self::Other { name, .. } => name,
        }
    }

    /// The JSON after `data:`.
    pub(crate) fn data(&self) -> Vec<u8> {
        let written = match self {
            Self::Request(record) => serde_json::to_vec(record),
            Self::State(change) => serde_json::to_vec(change),
            Self::Lost(lost) => serde_json::to_vec(&Lost { lost: *lost }),
            Self::Other { data, .. } => serde_json::to_vec(data),
        };
        written.unwrap_or_default()
    }

    /// From the words after `event:` and `data:`. What cannot be read as its name says is [`Happening::Other`].
    pub(crate) fn read(name: &str, data: Value) -> Self {
        let known = match name {
            "request" => serde_json::from_value(data.clone()).ok().map(Self::Request),
            "state" => serde_json::from_value(data.clone()).ok().map(Self::State),
            "lost" => data.get("lost").and_then(Value::as_u64).map(Self::Lost),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Other { name: name.to_owned(), data })
    }
}

/// Most bytes of a request's body that an event tells: 64 KiB. Where there is more, `body_is_cut` is true, and
/// `GET /_mock/requests` has it.
pub const MOST_EVENT_BODY: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_told_is_read_as_it_was_meant() {
        let clock = ClockState { now: "2026-01-31T09:00:00Z".into(), now_ms: 1_769_850_000_000, frozen: true };
        let chat = || "ห้อง".to_owned();
        for what in [
            Happening::Lost(7),
            Happening::State(Change::Reset),
            Happening::State(Change::Clock(clock)),
            Happening::State(Change::WorldDeleted { world: "w1".into() }),
            Happening::State(Change::ChatWritten { chat_id: chat(), message_id: "7".into(), from: "visitor".into() }),
            Happening::State(Change::Other(json!({"kind": "something-new", "x": [1]}))),
            Happening::Other { name: "something-newer".into(), data: json!("😊") },
        ] {
            let data = serde_json::from_slice(&what.data()).unwrap();
            assert_eq!(Happening::read(what.name(), data), what);
        }
    }

    #[test]
    fn changes_say_their_kind_in_kebab_case() {
        let text = |change: &Change| serde_json::to_string(change).unwrap();
        assert_eq!(text(&Change::JournalCleared), r#"{"kind":"journal-cleared"}"#);
        let consented = Change::Consented { client_id: "c".into(), account_id: 1 };
        assert_eq!(text(&consented), r#"{"kind":"consented","client_id":"c","account_id":1}"#);
        let created = Change::WorldCreated { world: "w3".into() };
        assert_eq!(text(&created), r#"{"kind":"world-created","world":"w3"}"#);
    }
}
