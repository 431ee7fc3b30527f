//! One case of a check: a delivery with a name, and what is known of it when it is judged.

use super::policy::Policy;
use super::secret::Secret;
use crate::check::Level;
use courier::exchange::{Delivery, Exchange};
use courier::raw::Manner;

/// One delivery with a name.
#[derive(Clone, Debug)]
pub struct Case {
    /// In words, unique within its check; part of the replay id.
    pub name: String,
    /// Whether a real service would have sent it.
    pub role: Role,
    /// The most that a deviation in this case weighs.
    pub most: Level,
    /// What is sent.
    pub delivery: Delivery,
    /// How it is sent; by default as any HTTP library would.
    pub manner: Option<Manner>,
}

/// Whether a real service would have sent a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It would: the subject has to acknowledge it.
    Genuine,
    /// It would not: the subject has to refuse it. Sent between two control events.
    Forged,
    /// It would not, and anybody might: the subject has to survive it. Sent between two control events.
    Hostile,
}

/// What became of a delivery, as far as somebody watches what the integration calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// Nobody saw it.
    #[default]
    Unseen,
    /// The integration called nothing because of it.
    Dropped,
    /// The integration made this call because of it.
    ActedOn(String),
}

impl Case {
    /// A delivery that the subject has to acknowledge.
    pub fn genuine(name: impl Into<String>, delivery: Delivery) -> Self {
        Self::new(name, Role::Genuine, delivery)
    }

    /// A delivery that the subject has to refuse.
    pub fn forged(name: impl Into<String>, delivery: Delivery) -> Self {
        Self::new(name, Role::Forged, delivery)
    }

    /// A delivery that the subject has to survive.
    pub fn hostile(name: impl Into<String>, delivery: Delivery) -> Self {
        Self::new(name, Role::Hostile, delivery)
    }

    fn new(name: impl Into<String>, role: Role, delivery: Delivery) -> Self {
        Self { name: name.into(), role, most: Level::Must, delivery, manner: None }
    }

    /// The same, sent in this manner.
    #[must_use]
    pub fn sent(self, manner: Manner) -> Self {
        Self { manner: Some(manner), ..self }
    }

    /// The same, with deviations that weigh at most so much.
    #[must_use]
    pub fn at_most(self, most: Level) -> Self {
        Self { most, ..self }
    }

    /// Whether an answer is awaited.
    pub fn awaits_answer(&self) -> bool {
        self.manner.as_ref().is_none_or(Manner::awaits_answer)
    }
}

/// Everything that a judge may look at.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The case.
    pub case: &'a Case,
    /// What the user declared about the subject.
    pub policy: &'a Policy,
    /// The shared secret, which no answer may hold.
    pub secret: &'a Secret,
    /// The control event before a delivery that no service would send.
    pub before: Option<&'a Exchange>,
    /// The case's own exchange.
    pub exchange: &'a Exchange,
    /// The control event after such a delivery, and after a genuine one that was not acknowledged.
    pub after: Option<&'a Exchange>,
    /// What became of a forged event that was answered like a valid one.
    pub fate: &'a Fate,
}
