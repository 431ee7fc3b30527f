//! Somebody in the same process who sees whatever the services are asked, whole and unmasked, and may change what they
//! answer. For judges of clients, and for answers that are wrong on purpose. The control API is not theirs to see.
//!
//! Where there is none, a request costs one look at an `Option` for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use contract::service::Service;
use contract::wire::{Request, Response};
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri};

use crate::control::Violation;
use crate::core::conduct::{Cut, Manner, Reply};
use crate::core::journal::Entry;

/// Sees what goes on. Called on the mock's own thread, in the middle of a request: nothing of it may block, and a call of
/// [`Mock`](crate::Mock) from here would wait for itself. [`Witness::hold`] is for what takes time.
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
/// use std::sync::Arc;
///
/// use contract::service::Service;
/// use contract::wire::Response;
/// use http::HeaderValue;
/// use mock_server::MockServer;
/// use mock_server::witness::{Asked, Witness};
///
/// /// Answers whoever asks who they are with a header more.
/// #[derive(Debug)]
/// struct Stamp;
///
/// impl Witness for Stamp {
///     fn answering(&self, asked: &Asked<'_>, answer: &mut Response) {
///         if asked.operation == Some("get-me") {
///             answer.headers_mut().insert("x-stamp", HeaderValue::from_static("seen"));
///         }
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mock = MockServer::builder().witness(Arc::new(Stamp)).start()?;
/// let (address, token) = (mock.local_address(), mock.token(Service::Chatwork));
/// let mut client = TcpStream::connect(address)?;
/// write!(client, "GET /v2/me HTTP/1.1\r\nHost: {address}\r\nX-ChatWorkToken: {token}\r\nConnection: close\r\n\r\n")?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer)?;
/// assert!(answer.contains("x-stamp: seen"), "{answer}");
/// # Ok(())
/// # }
/// ```
pub trait Witness: fmt::Debug + Send + Sync {
    /// A connection can carry requests from now on. Its number counts up from 0.
    fn opened(&self, connection: u64, is_tls: bool) {
        let _ = (connection, is_tls);
    }

    /// It is over.
    fn closed(&self, connection: u64) {
        let _ = connection;
    }

    /// The head of a request was read. Its body is still to come.
    fn began(&self, head: &Head<'_>) {
        let _ = head;
    }

    /// A request is there, and was served, or refused, or met a fault.
    fn asked(&self, asked: &Asked<'_>) {
        let _ = asked;
    }

    /// Its answer is about to go: the same as the journal has it, until it is changed here. Not called where no byte of an
    /// answer goes out. The length of the body is seen to later.
    fn answering(&self, asked: &Asked<'_>, answer: &mut Response) {
        let _ = (asked, answer);
    }

    /// What the answer, or whatever stands in its place, waits for.
    fn hold(&self, asked: &Asked<'_>) -> Option<Hold> {
        let _ = asked;
        None
    }

    /// The last byte of an answer was handed over; or it was not, and never will be.
    fn ended(&self, exchange: u64, is_whole: bool) {
        let _ = (exchange, is_whole);
    }
}

/// What an answer waits for.
pub type Hold = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The head of a request, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The number of the request among all that the mock got; counts up from 0.
    pub exchange: u64,
    /// The connection that it came on.
    pub connection: u64,
    /// The method.
    pub method: &'a Method,
    /// The target.
    pub target: &'a Uri,
    /// The headers, names in lower case.
    pub headers: &'a HeaderMap,
}

/// A request, and what it turned out to be.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// As in [`Head`].
    pub exchange: u64,
    /// As in [`Head`].
    pub connection: u64,
    /// As the services see it: the target in origin form, and without the prefix of
    /// [`Builder::mounted_at`](crate::Builder::mounted_at). The body is empty where the listener refused it.
    pub request: &'a Request,
    /// Whose request it is; nothing where the path leads nowhere.
    pub service: Option<Service>,
    /// `post-messages`; nothing for what the contract does not know.
    pub operation: Option<&'a str>,
    /// The fault rule that it met: `f1`.
    pub fault: Option<&'a str>,
    /// What was remarkable.
    pub violations: &'a [Violation],
    /// Status of the answer; 0 where no byte of one goes out.
    pub status: u16,
}

/// A witness, and what it counts by.
#[derive(Debug)]
pub(crate) struct Watch {
    witness: Arc<dyn Witness>,
    connections: AtomicU64,
    exchanges: AtomicU64,
}

impl Watch {
    pub(crate) fn new(witness: Arc<dyn Witness>) -> Self {
        Self { witness, connections: AtomicU64::new(0), exchanges: AtomicU64::new(0) }
    }

    /// Follows a connection, until the last of what comes of it is gone.
    pub(crate) fn follow(self: &Arc<Self>, is_tls: bool) -> Arc<Seat> {
        let connection = self.connections.fetch_add(1, Ordering::Relaxed);
        self.witness.opened(connection, is_tls);
        Arc::new(Seat { watch: Arc::clone(self), connection })
    }
}

/// A witness's place at one connection.
#[derive(Debug)]
pub(crate) struct Seat {
    watch: Arc<Watch>,
    connection: u64,
}

impl Seat {
    /// Follows a request.
    pub(crate) fn begin(self: &Arc<Self>, parts: &Parts) -> Sight {
        let exchange = self.watch.exchanges.fetch_add(1, Ordering::Relaxed);
        let (method, target, headers) = (&parts.method, &parts.uri, &parts.headers);
        self.watch.witness.began(&Head { exchange, connection: self.connection, method, target, headers });
        Sight { seat: Arc::clone(self), exchange }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.watch.witness.closed(self.connection);
    }
}

/// What a world found out about a request.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    service: Option<Service>,
    operation: Option<&'static str>,
    fault: Option<String>,
    violations: Vec<Violation>,
}

impl Facts {
    /// Those of the request that a world has just written down.
    pub(crate) fn of(entry: &Entry) -> Self {
        Self {
            service: Some(entry.request.service),
            operation: entry.operation,
            fault: entry.fault.map(|fault| fault.to_string()),
            violations: entry.violations(),
        }
    }

    /// Those of a request that no service sees.
    pub(crate) fn refused(service: Option<Service>) -> Self {
        Self { service, ..Self::default() }
    }
}

/// A request that is followed.
#[derive(Debug)]
pub(crate) struct Sight {
    seat: Arc<Seat>,
    exchange: u64,
}

impl Sight {
    /// Tells of a request, and has its answer changed.
    pub(crate) fn settle(self, request: &Request, facts: &Facts, reply: &mut Reply) -> Telling {
        let begins = reply.conduct.as_ref().is_none_or(|conduct| begins(&conduct.manner));
        let asked = Asked {
            exchange: self.exchange,
            connection: self.seat.connection,
            request,
            service: facts.service,
            operation: facts.operation,
            fault: facts.fault.as_deref(),
            violations: &facts.violations,
            status: if begins { reply.response.status().as_u16() } else { 0 },
        };
        let witness = &self.seat.watch.witness;
        witness.asked(&asked);
        if begins {
            witness.answering(&asked, &mut reply.response);
            let length = HeaderValue::from(reply.response.body().len());
            if let Some(told) = reply.response.headers_mut().get_mut(CONTENT_LENGTH) {
                *told = length;
            }
        }
        let hold = witness.hold(&asked);
        Telling { sight: self, hold, is_whole: false }
    }

    /// The same for an answer that the listener gives.
    pub(crate) fn refused(self, parts: Parts, service: Option<Service>, response: Response) -> (Reply, Telling) {
        let mut reply = Reply::from(response);
        let telling = self.settle(&Request::from_parts(parts, Bytes::new()), &Facts::refused(service), &mut reply);
        (reply, telling)
    }

    /// Tells of a request to which the connection is closed.
    pub(crate) fn hung_up(self, parts: Parts, service: Option<Service>) {
        let request = Request::from_parts(parts, Bytes::new());
        let (exchange, connection) = (self.exchange, self.seat.connection);
        let (operation, fault, violations, status) = (None, None, &[][..], 0);
        let asked = Asked { exchange, connection, request: &request, service, operation, fault, violations, status };
        let witness = &self.seat.watch.witness;
        witness.asked(&asked);
        witness.ended(exchange, false);
    }
}

/// Whether any byte of an answer goes out.
fn begins(manner: &Manner) -> bool {
    match manner {
        Manner::Whole | Manner::Drip { .. } => true,
        Manner::Cut { after, by: Cut::Close | Cut::Reset } => *after > 0,
        Manner::Stall | Manner::Raw(_) => false,
    }
}

/// An answer on its way. When it is dropped the witness is told how far it came.
pub(crate) struct Telling {
    sight: Sight,
    hold: Option<Hold>,
    is_whole: bool,
}

impl fmt::Debug for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telling").field("exchange", &self.sight.exchange).finish_non_exhaustive()
    }
}

impl Telling {
    /// Waits for what the witness wants to be waited for.
    pub(crate) async fn held(&mut self) {
        if let Some(hold) = self.hold.take() {
            hold.await;
        }
    }

    /// All of it was handed over.
    pub(crate) fn whole(mut self) {
        self.is_whole = true;
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.sight.seat.watch.witness.ended(self.sight.exchange, self.is_whole);
    }
}
