//! Makes deliveries: real ones, and the material of which checks make forged ones. Pure.

pub mod chatday;
pub mod chatwork;
pub mod text;

use std::borrow::Cow;
use std::cell::Cell;

use contract::service::Service;
use contract::time::UnixMillis;

use super::policy::Policy;
use super::secret::Secret;
use super::seed::Dice;
use courier::exchange::Delivery;

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
    /// Counts the events of the run, so that no two have the same id: a receiver may drop duplicates.
    pub serial: &'a Cell<u64>,
}

impl Craft<'_> {
    /// Choices for one purpose.
    pub fn dice(&self, purpose: &str) -> Dice {
        Dice::new(self.seed, &format!("{}/{purpose}", self.check))
    }

    /// A number that no other event of this or an earlier run has: milliseconds of the run's start, then a counter.
    pub fn fresh_number(&self) -> u64 {
        let serial = self.serial.get();
        self.serial.set(serial + 1);
        u64::try_from(self.now.0).unwrap_or_default().saturating_mul(1_000_000).saturating_add(serial)
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
}
