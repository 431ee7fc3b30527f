//! Faults that last as long as a value in a test does.

use http::Method;

use super::mock::{Mock, MockError};
use crate::control::{FaultList, FaultReport, FaultRule};

/// A fault rule that is removed when this is dropped.
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
///
/// use contract::service::Service;
/// use mock_server::control::{FaultAction, FaultRule};
/// use mock_server::{Mock, MockServer};
///
/// /// Stands for a client with one retry: the first status, and what came in the end.
/// fn call_with_retry(mock: &Mock) -> std::io::Result<[String; 2]> {
///     let mut statuses = [String::new(), String::new()];
///     for status in &mut statuses {
///         let address = mock.url(Service::Chatwork).trim_start_matches("http://").trim_end_matches("/v2");
///         let token = mock.token(Service::Chatwork);
///         let head = "GET /v2/me HTTP/1.1\r\nHost: mock\r\nConnection: close";
///         let (mut client, mut answer) = (TcpStream::connect(address)?, String::new());
///         write!(client, "{head}\r\nX-ChatWorkToken: {token}\r\n\r\n")?;
///         client.read_to_string(&mut answer)?;
///         *status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
///     }
///     Ok(statuses)
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mock = MockServer::start()?;
/// let unavailable = FaultAction::respond(503).header("retry-after", "2").body("後でもう一度");
/// let fault = mock.fault(&FaultRule::new(unavailable))?;
/// assert_eq!(call_with_retry(&mock)?, ["503", "200"]);
/// assert_eq!(fault.applied()?, 1);
/// drop(fault);
/// assert!(mock.faults()?.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the rule is removed as soon as its guard is dropped: bind it to a name, not to `_`"]
pub struct FaultGuard {
    mock: Mock,
    id: String,
}

impl FaultGuard {
    /// The rule's id, as entries of the journal name it: `f1`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// To how many requests the rule was applied.
    ///
    /// # Errors
    /// As [`FaultGuard::report`].
    pub fn applied(&self) -> Result<u64, MockError> {
        Ok(self.report()?.applied)
    }

    /// The rule and what came of it so far.
    ///
    /// # Errors
    /// The mock cannot be reached; the rule is gone, because the world was reset or all rules were removed.
    pub fn report(&self) -> Result<FaultReport, MockError> {
        self.mock.ask::<(), _>(Method::GET, &self.path(), None)
    }

    /// Leaves the rule in place, for as long as the world lives or until it is removed otherwise.
    pub fn keep(mut self) -> String {
        std::mem::take(&mut self.id)
    }

    fn path(&self) -> String {
        format!("/faults/{}", self.id)
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        if !self.id.is_empty() {
            // A rule or a mock that is gone already has no more faults: nothing to report, and no place for a panic.
            let _ = self.mock.send::<()>(Method::DELETE, self.path(), None);
        }
    }
}

impl Mock {
    /// Lets requests to this world meet a fault, until the guard is dropped.
    ///
    /// # Errors
    /// The rule has faults: all are named. There are too many rules. The mock cannot be reached.
    pub fn fault(&self, rule: &FaultRule) -> Result<FaultGuard, MockError> {
        let report: FaultReport = self.ask(Method::POST, "/faults", Some(rule))?;
        Ok(FaultGuard { mock: self.clone(), id: report.id })
    }

    /// Every fault rule of this world, in the order in which they are asked, without tokens.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn faults(&self) -> Result<Vec<FaultReport>, MockError> {
        let list: FaultList = self.ask::<(), _>(Method::GET, "/faults", None)?;
        Ok(list.faults)
    }

    /// Removes every fault rule of this world, whoever added it.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn clear_faults(&self) -> Result<(), MockError> {
        self.send::<()>(Method::DELETE, "/faults".to_owned(), None).map(drop)
    }
}
