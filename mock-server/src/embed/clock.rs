//! The clock of a world: read, moved, and made to stand still.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::mock::{Mock, MockError};
use crate::control::ClockState;

impl Mock {
    /// The world's clock.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn clock(&self) -> Result<ClockState, MockError> {
        self.ask::<(), _>(Method::GET, "/clock", None)
    }

    /// Moves the world's clock on. It runs or stands still afterwards as it did before. Deliveries that become due on the
    /// way are sent at their moment, one moment after the other, and this returns when they have settled.
    ///
    /// # Errors
    /// More than 100 years.
    pub fn advance(&self, by: Duration) -> Result<ClockState, MockError> {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.ask(Method::POST, "/clock", Some(&json!({"advance_ms": millis})))
    }

    /// Sets the world's clock to an RFC 3339 time.
    ///
    /// # Errors
    /// The text is no such time.
    pub fn set_time(&self, rfc3339: &str) -> Result<ClockState, MockError> {
        self.ask(Method::POST, "/clock", Some(&json!({"set": rfc3339})))
    }

    /// Lets the world's clock stand still.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn freeze(&self) -> Result<ClockState, MockError> {
        self.ask(Method::POST, "/clock", Some(&json!({"freeze": true})))
    }

    /// Lets the world's clock run on from where it stands.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn resume(&self) -> Result<ClockState, MockError> {
        self.ask(Method::POST, "/clock", Some(&json!({"resume": true})))
    }
}
