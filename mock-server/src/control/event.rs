//! What `GET /_mock/events` tells.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Certificate, ClockState, DeliveryRecord, RecordedRequest};

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
    /// A webhook was queued, tried or settled. This is its record as it stands when the event is read, so that a reader
    /// who comes late finds the same record in each event of one delivery. Of its body the first [`MOST_EVENT_BODY`]
    /// bytes stand here.
    Delivery(Box<DeliveryRecord>),
    /// The same of a delivery whose record was forgotten before the event was read.
    ForgottenDelivery(ForgottenDelivery),
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
    /// A message was written into a Chatwork room: by the API, by another member, or by the service in somebody's name.
    MessageCreated {
        /// The room.
        room_id: u64,
        /// The message.
        message_id: String,
    },
    /// Its author changed a message of Chatwork.
    MessageUpdated {
        /// The room.
        room_id: u64,
        /// The message.
        message_id: String,
    },
    /// Its author deleted a message of Chatwork.
    MessageDeleted {
        /// The room.
        room_id: u64,
        /// The message.
        message_id: String,
    },
    /// A webhook setting of Chatwork was made.
    WebhookAdded {
        /// Its id.
        webhook_setting_id: String,
    },
    /// A webhook setting of Chatwork was changed through the control API.
    WebhookChanged {
        /// Its id.
        webhook_setting_id: String,
    },
    /// A webhook setting of Chatwork was removed.
    WebhookRemoved {
        /// Its id.
        webhook_setting_id: String,
    },
    /// All webhook settings of Chatwork were removed.
    WebhooksCleared,
    /// Too many deliveries in a row failed: the setting is `invalid` now.
    WebhookSwitchedOff {
        /// Its id.
        webhook_setting_id: String,
    },
    /// A Chatday application's webhook URL was set, or taken away.
    ChatdayWebhook {
        /// Its name.
        application: String,
    },
    /// A Chatday application got a new signature token.
    SignatureRotated {
        /// Its name.
        application: String,
    },
    /// A rule for deliveries was added.
    DeliveryModeAdded {
        /// Its id.
        mode: u64,
    },
    /// All rules for deliveries were taken away.
    DeliveryModesCleared,
    /// The deliveries that were settled were forgotten on demand.
    DeliveriesCleared,
    /// A fault rule was added.
    FaultAdded {
        /// Its id.
        fault: String,
    },
    /// A fault rule was removed.
    FaultRemoved {
        /// Its id.
        fault: String,
    },
    /// A fault rule was applied for the last time that its `times` allows.
    FaultUsedUp {
        /// Its id.
        fault: String,
    },
    /// All fault rules were removed.
    FaultsCleared,
    /// Another certificate is served from the next handshake on. Told in the default world.
    Certificate {
        /// Which.
        certificate: Certificate,
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

/// What is known of a delivery whose record is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgottenDelivery {
    /// Its id.
    pub id: u64,
    /// What had happened to it.
    pub phase: Phase,
}

/// What happens to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// It waits to be sent.
    Queued,
    /// An attempt ended, and another one will follow.
    Tried,
    /// It will not change any more.
    Settled,
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
    /// [`Happening::Delivery`] and [`Happening::ForgottenDelivery`].
    Delivery,
    /// [`Happening::State`].
    State,
}

impl Kind {
    /// All of them, with their words.
    pub const WORDS: [(&'static str, Self); 3] =
        [("request", Self::Request), ("delivery", Self::Delivery), ("state", Self::State)];
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
            Self::Registered { application }
            | Self::ChatdayWebhook { application }
            | Self::SignatureRotated { application } => application.capacity(),
            Self::MessageCreated { message_id, .. }
            | Self::MessageUpdated { message_id, .. }
            | Self::MessageDeleted { message_id, .. } => message_id.capacity(),
            Self::WebhookAdded { webhook_setting_id }
            | Self::WebhookChanged { webhook_setting_id }
            | Self::WebhookRemoved { webhook_setting_id }
            | Self::WebhookSwitchedOff { webhook_setting_id } => webhook_setting_id.capacity(),
            Self::FaultAdded { fault } | Self::FaultRemoved { fault } | Self::FaultUsedUp { fault } => fault.capacity(),
            Self::Consented { client_id, .. } => client_id.capacity(),
            // `Other` is only ever read from another mock.
            Self::Reset
            | Self::Replaced
            | Self::Settings
            | Self::JournalCleared
            | Self::WebhooksCleared
            | Self::DeliveryModeAdded { .. }
            | Self::DeliveryModesCleared
            | Self::DeliveriesCleared
            | Self::FaultsCleared
            | Self::Certificate { .. }
            | Self::Other(_) => 0,
        }
    }
}

impl Happening {
    /// The word after `event:`.
    pub fn name(&self) -> &str {
        match self {
            Self::Request(_) => "request",
            Self::Delivery(_) | Self::ForgottenDelivery(_) => "delivery",
            Self::State(_) => "state",
            Self::Lost(_) => "lost",
            Self::Other { name, .. } => name,
        }
    }

    /// The JSON after `data:`.
    pub(crate) fn data(&self) -> Vec<u8> {
        let written = match self {
            Self::Request(record) => serde_json::to_vec(record),
            Self::Delivery(record) => serde_json::to_vec(record),
            Self::ForgottenDelivery(known) => serde_json::to_vec(known),
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
            "delivery" => serde_json::from_value(data.clone())
                .map(Self::Delivery)
                .or_else(|_| serde_json::from_value(data.clone()).map(Self::ForgottenDelivery))
                .ok(),
            "state" => serde_json::from_value(data.clone()).ok().map(Self::State),
            "lost" => data.get("lost").and_then(Value::as_u64).map(Self::Lost),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Other { name: name.to_owned(), data })
    }
}

/// Most bytes of the body of a request or a delivery that an event tells: 64 KiB. Where there is more, `body_is_cut` is
/// true, and `GET /_mock/requests` or `GET /_mock/deliveries/{id}` has it.
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
            Happening::ForgottenDelivery(ForgottenDelivery { id: 7, phase: Phase::Tried }),
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
        let served = Change::Certificate { certificate: Certificate::NotYetValid };
        assert_eq!(text(&served), r#"{"kind":"certificate","certificate":"not-yet-valid"}"#);
        let created = Change::WorldCreated { world: "w3".into() };
        assert_eq!(text(&created), r#"{"kind":"world-created","world":"w3"}"#);
    }
}
