//! One case of a check: a delivery with a name, and what is known of it when it is judged.

use super::policy::Policy;
use super::secret::Secret;
use courier::exchange::{Delivery, Exchange};

/// One delivery with a name.
#[derive(Clone, Debug)]
pub struct Case {
    /// In words, unique within its check; part of the replay id.
    pub name: String,
    /// Whether a real service would have sent it.
    pub role: Role,
    /// What is sent.
    pub delivery: Delivery,
}

/// Whether a real service would have sent a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It would: the subject has to acknowledge it.
    Genuine,
    /// It would not: the subject has to refuse it. Sent between two control events.
    Forged,
}

impl Case {
    /// A delivery that the subject has to acknowledge.
    pub fn genuine(name: impl Into<String>, delivery: Delivery) -> Self {
        Self { name: name.into(), role: Role::Genuine, delivery }
    }

    /// A delivery that the subject has to refuse.
    pub fn forged(name: impl Into<String>, delivery: Delivery) -> Self {
        Self { name: name.into(), role: Role::Forged, delivery }
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
    /// The control event before a forged delivery.
    pub before: Option<&'a Exchange>,
    /// The case's own exchange.
    pub exchange: &'a Exchange,
    /// The control event after a forged delivery, and after a genuine one that was not acknowledged.
    pub after: Option<&'a Exchange>,
}
