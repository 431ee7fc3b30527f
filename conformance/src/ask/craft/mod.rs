//! Makes deliveries: real ones, and the material of which checks make forged ones. Pure.

pub mod chatday;
pub mod chatwork;
pub mod text;

use std::borrow::Cow;
use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use contract::chatday::Message;
use contract::chatwork::webhook::EventKind;
use contract::service::Service;
use contract::time::UnixMillis;
use contract::wire::header::CHATWORK_SIGNATURE;
use contract::wire::json::to_ascii;
use http::HeaderName;
use serde_json::Value as Json;

use super::effects;
use super::policy::Policy;
use super::secret::Secret;
use super::seed::Dice;
use courier::exchange::{Delivery, Value};

/// Whether what shows that a delivery comes from the service is right for its body.
pub fn comes_from_the_service(secret: &Secret, policy: &Policy, delivery: &Delivery) -> bool {
    let shown = |name: HeaderName| {
        let mut values = delivery.headers.iter().filter(|(other, _)| *other == name).map(|(_, value)| value.sent());
        values.next().filter(|_| values.next().is_none())
    };
    match policy.service {
        Service::Chatwork => {
            secret.key().is_some_and(|key| shown(CHATWORK_SIGNATURE) == Some(&*key.sign(&delivery.body)))
        }
        Service::Chatday => shown(policy.profile.webhook.signature_header.clone()) == Some(secret.reveal()),
    }
}

/// All that a delivery is made of.
#[derive(Debug)]
pub struct Craft<'a> {
    /// The secret that both sides share.
    pub secret: &'a Secret,
    /// What the user declared.
    pub policy: &'a Policy,
    /// When the run began. Events carry it, since receivers may refuse stale ones.
    pub now: UnixMillis,
    /// The run's seed.
    pub seed: u64,
    /// The check that asks; each has choices of its own.
    pub check: &'a str,
    /// Path and query of the endpoint.
    pub target: &'a str,
    /// How the subject has answered so far: what puts a load on it is measured by that.
    pub rhythm: Rhythm,
    /// Counts the events of the run, so that no two have the same id: a receiver may drop duplicates.
    pub serial: &'a Cell<u64>,
    /// Where that is so, the number of the last event that was sent. What is made then is sent next, before what was made
    /// already, and its numbers say so: later messages have higher ids.
    pub after: Option<&'a Cell<u64>>,
}

/// How the subject has answered so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// How long the last control event took.
    pub latency: Duration,
    /// How long an exchange may take.
    pub timeout: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { latency: Duration::ZERO, timeout: Duration::from_secs(5) }
    }
}

impl Craft<'_> {
    /// Choices for one purpose.
    pub fn dice(&self, purpose: &str) -> Dice {
        Dice::new(self.seed, &format!("{}/{purpose}", self.check))
    }

    /// A number that no other event of this or an earlier run has.
    pub fn fresh_number(&self) -> u64 {
        if let Some((last, next)) =
            self.after.and_then(|last| Some((last, effects::number_after(last.get(), self.now)?)))
        {
            last.set(next);
            return next;
        }
        let serial = self.serial.get();
        self.serial.set(serial + 1);
        effects::number(self.now, serial)
    }

    /// The text of a forged event. Its number shows in what an integration says that acts on it.
    pub fn forged_text(&self) -> String {
        format!("conformance: a forged event {}", self.fresh_number())
    }

    /// A text as it is sent: where people may read it, it says what it is.
    pub fn marked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.policy.marked && !text.starts_with("conformance") {
            return Cow::Owned(format!("conformance test: {text}"));
        }
        Cow::Borrowed(text)
    }

    /// A real event of the plainest kind, correctly signed. Others are measured by how it is received.
    pub fn control(&self) -> Delivery {
        match self.policy.service {
            Service::Chatwork => chatwork::control(self),
            Service::Chatday => chatday::control(self),
        }
    }
    /// A real text event as a JSON value, for checks that change it.
    pub fn event(&self, text: &str) -> Json {
        match self.policy.service {
            Service::Chatwork => chatwork::event_json(self, EventKind::MessageCreated, text),
            Service::Chatday => chatday::body_json(self, text),
        }
    }

    /// An event as the service spells it.
    pub fn body(&self, event: &Json) -> Bytes {
        match self.policy.service {
            Service::Chatwork => Bytes::from(to_ascii(event)),
            Service::Chatday => Bytes::from(event.to_string()),
        }
    }

    /// A body that is made anew on each call, with what shows that it comes from the service.
    pub fn seal(&self, body: impl Fn() -> Bytes) -> Delivery {
        match self.policy.service {
            Service::Chatwork => chatwork::signed(self, body),
            Service::Chatday => chatday::signed(self, body()),
        }
    }

    /// A real text event. A number in the text makes each of them different: Chatday's have no id, and an integration that
    /// quotes a text says by it which event it answers.
    pub fn text(&self, text: &str) -> Delivery {
        let numbered = || format!("{text} {}", self.fresh_number());
        match self.policy.service {
            Service::Chatwork => self.seal(|| self.body(&self.event(&numbered()))),
            Service::Chatday => chatday::signed(self, chatday::body(self, &Message::text(numbered()))),
        }
    }

    /// A text event that does not come from the service: made with another secret.
    pub fn forgery(&self, text: &str) -> Delivery {
        let text = &*format!("{text} {}", self.fresh_number());
        let other = self.dice("another-secret").bytes(32);
        match self.policy.service {
            Service::Chatwork => {
                let body = self.body(&self.event(text));
                let signature = chatwork::signature_under(&other, &body).unwrap_or_default();
                chatwork::delivery(self, body, Some(&signature))
            }
            Service::Chatday => {
                let other: String = other.iter().map(|byte| format!("{byte:02x}")).collect();
                chatday::delivery(self, chatday::body(self, &Message::text(text)), Some(Value::Plain(other)))
            }
        }
    }

    /// The header that shows that an event comes from the service.
    pub fn secret_header(&self) -> HeaderName {
        match self.policy.service {
            Service::Chatwork => CHATWORK_SIGNATURE,
            Service::Chatday => self.policy.profile.webhook.signature_header.clone(),
        }
    }
}
