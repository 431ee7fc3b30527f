//! The requests that a world was sent: looked at, waited for, forgotten.

use http::Method;

use super::mock::{Mock, MockError};
use crate::control::{Expectation, Outcome, RecordedRequest, RequestLog};

impl Mock {
    /// Every request that this world still remembers, oldest first.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn requests(&self) -> Result<Vec<RecordedRequest>, MockError> {
        let log: RequestLog = self.ask::<(), _>(Method::GET, "/requests?limit=1000000", None)?;
        Ok(log.requests)
    }

    /// The requests after one, given by its id, oldest first.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn requests_after(&self, id: u64) -> Result<Vec<RecordedRequest>, MockError> {
        let log: RequestLog = self.ask::<(), _>(Method::GET, &format!("/requests?after={id}&limit=1000000"), None)?;
        Ok(log.requests)
    }

    /// Forgets all requests.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn clear_requests(&self) -> Result<(), MockError> {
        self.send::<()>(Method::DELETE, "/requests".to_owned(), None).map(drop)
    }

    /// Waits until as many requests as expected were seen. An outcome that is not satisfied is no error.
    ///
    /// Blocks this thread: where the program under test runs on the same single-threaded runtime, call it from
    /// `spawn_blocking`.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn expect(&self, expectation: &Expectation) -> Result<Outcome, MockError> {
        self.ask(Method::POST, "/expect", Some(expectation))
    }
}
