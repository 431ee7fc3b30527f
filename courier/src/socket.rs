//! One exchange over one connection, bounded in time and in bytes, with a named verdict for whatever goes wrong.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::exchange::{Answer, Delivery, Exchange, Fault, Outcome, TlsFault};
use crate::tls::{self, Stream, Tls};

/// The largest head of an answer, in bytes.
pub const HEAD_MAX: usize = 32 * 1024;
/// The most headers of an answer.
pub const HEADERS_MAX: usize = 100;
/// How much of a body is read, in bytes.
pub const BODY_MAX: usize = 64 * 1024;
/// The most interim (1xx) answers before the answer.
pub const INTERIM_MAX: usize = 8;
/// How long a connection may take to come about.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a whole exchange may take unless the user says otherwise.
pub const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(5);

/// Where deliveries go, and how long an exchange may take.
#[derive(Clone, Debug)]
pub struct Socket {
    /// Resolved once and checked; or why there is none.
    pub address: Result<SocketAddr, Fault>,
    /// The `Host` header.
    pub authority: String,
    /// How long a connection may take to come about; [`CONNECT_TIMEOUT`] unless somebody says otherwise.
    pub connect_timeout: Duration,
    /// Whom to trust, when TLS is spoken.
    pub tls: Option<Tls>,
    /// From the start of connecting to the end of the body.
    pub timeout: Duration,
}

impl Socket {
    /// Sends one delivery on a connection of its own. Redirects are not followed, encodings not asked for.
    pub async fn exchange(&self, delivery: &Delivery) -> Exchange {
        self.exchange_up_to(delivery, BODY_MAX).await
    }

    /// The same, with an answer whose body may have this many bytes.
    pub async fn exchange_up_to(&self, delivery: &Delivery, most: usize) -> Exchange {
        let started = Instant::now();
        let outcome = self.outcome(delivery, started + self.timeout, most).await.unwrap_or_else(Outcome::Silent);
        Exchange { sent: delivery.clone(), outcome, took: started.elapsed() }
    }

    /// Sends one delivery, and closes the connection without waiting for the answer. Under TLS it is closed for writing at
    /// once, and for reading when the endpoint begins to answer, closes, or has had its time.
    ///
    /// # Errors
    /// Why it did not go out whole.
    pub async fn send_only(&self, delivery: &Delivery) -> Result<(), Fault> {
        let deadline = Instant::now() + self.timeout;
        let mut stream = self.connect(deadline).await?;
        let mut bytes = BytesMut::new();
        // The same checks as for what is sent and answered.
        let request = self.request(delivery)?;
        let (method, target) = (request.method().as_str(), delivery.target.as_str());
        bytes.extend_from_slice(format!("{method} {target} HTTP/1.1\r\n").as_bytes());
        for (name, value) in request.headers() {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", delivery.body.len()).as_bytes());
        bytes.extend_from_slice(&delivery.body);
        timeout_at(deadline, write_all(&mut stream, &bytes)).await.map_err(|_| Fault::HeadTimeout)??;
        if !stream.is_secure() {
            return Ok(());
        }
        timeout_at(deadline, taken(&mut stream)).await.unwrap_or(Ok(()))
    }

    /// Opens and closes a connection.
    ///
    /// # Errors
    /// Why none came about.
    pub async fn reach(&self) -> Result<(), Fault> {
        self.connect(Instant::now() + self.timeout).await.map(drop)
    }

    pub(crate) async fn connect(&self, deadline: Instant) -> Result<Stream, Fault> {
        let address = self.address.clone()?;
        let deadline = deadline.min(Instant::now() + self.connect_timeout);
        let stream = match timeout_at(deadline, TcpStream::connect(address)).await {
            Err(_) => return Err(Fault::ConnectTimeout),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                return Err(Fault::ConnectRefused);
            }
            Ok(Err(error)) => return Err(Fault::ConnectFailed(error.to_string())),
            Ok(Ok(stream)) => stream,
        };
        // A head and a small body: waiting to fill a segment would only add a delay to what is measured.
        stream.set_nodelay(true).map_err(|error| Fault::ConnectFailed(error.to_string()))?;
        match &self.tls {
            None => Ok(Stream::Plain(stream)),
            Some(tls) => timeout_at(deadline, tls.connect(stream)).await.unwrap_or(Err(Fault::Tls(TlsFault::Timeout))),
        }
    }

    async fn outcome(&self, delivery: &Delivery, deadline: Instant, most: usize) -> Result<Outcome, Fault> {
        let stream = self.connect(deadline).await?;
        let (mut sender, connection) = bounded().handshake(TokioIo::new(stream)).await.map_err(|error| name(&error))?;
        let _driver = Driver::of(connection);
        let mut request = self.request(delivery)?;
        let interim = Interim::watch(&mut request);
        let head = tokio::select! {
            head = timeout_at(deadline, sender.send_request(request)) => head,
            () = interim.flood() => return Err(Fault::InterimFlood),
        };
        // The answer itself may have come in the same breath as the last of too many.
        if interim.is_flood() {
            return Err(Fault::InterimFlood);
        }
        let response = head.map_err(|_| Fault::HeadTimeout)?.map_err(|error| name(&error))?;
        Ok(Outcome::Answered(read_up_to(response, deadline, most).await))
    }

    fn request(&self, delivery: &Delivery) -> Result<Request<Full<Bytes>>, Fault> {
        let unsendable = |error: http::Error| Fault::Protocol(format!("the request cannot be sent: {error}"));
        let mut request = Request::builder()
            .method(delivery.method.clone())
            .uri(delivery.target.as_str())
            .header(header::HOST, self.authority.as_str());
        for (name, value) in &delivery.headers {
            let value = HeaderValue::from_str(value.sent()).map_err(|error| unsendable(error.into()))?;
            request = request.header(name, value);
        }
        request.body(Full::new(delivery.body.clone())).map_err(unsendable)
    }
}

/// A client that reads heads of a bounded size.
pub(crate) fn bounded() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.max_headers(HEADERS_MAX).max_header_size(HEAD_MAX);
    builder
}

/// Ends the task that drives a connection together with the exchange.
#[derive(Debug)]
pub(crate) struct Driver(JoinHandle<()>);

impl Driver {
    /// Drives a connection. What goes wrong there is told by the exchanges on it.
    pub(crate) fn of(connection: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Self {
        Self(tokio::spawn(async move {
            let _ = connection.await;
        }))
    }

    /// Gives the connection up, and returns when it is closed.
    pub(crate) async fn end(&mut self) {
        self.0.abort();
        let _ = (&mut self.0).await;
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Interim answers seen so far. hyper itself skips any number of them.
#[derive(Debug, Default)]
pub(crate) struct Interim {
    count: AtomicUsize,
    too_many: Notify,
    continued: Notify,
}

impl Interim {
    pub(crate) fn watch(request: &mut Request<Full<Bytes>>) -> Arc<Self> {
        let interim = Arc::new(Self::default());
        let seen = Arc::clone(&interim);
        hyper::ext::on_informational(request, move |answer| {
            if answer.status() == http::StatusCode::CONTINUE {
                seen.continued.notify_one();
            }
            seen.count.fetch_add(1, Ordering::SeqCst);
            if seen.is_flood() {
                seen.too_many.notify_one();
            }
        });
        interim
    }

    /// Returns when too many have come.
    pub(crate) async fn flood(&self) {
        self.too_many.notified().await;
    }

    /// Returns when a `100 Continue` has come.
    pub(crate) async fn continued(&self) {
        self.continued.notified().await;
    }

    pub(crate) fn is_flood(&self) -> bool {
        self.count.load(Ordering::SeqCst) > INTERIM_MAX
    }
}

async fn write_all(stream: &mut (impl AsyncWrite + Unpin), mut bytes: &[u8]) -> Result<(), Fault> {
    while !bytes.is_empty() {
        let written = poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, bytes)).await.map_err(|_| Fault::Cut)?;
        if written == 0 {
            return Err(Fault::Cut);
        }
        bytes = bytes.get(written..).unwrap_or_default();
    }
    poll_fn(|cx| Pin::new(&mut *stream).poll_flush(cx)).await.map_err(|_| Fault::Cut)
}

/// Says that nothing more comes, and returns when the endpoint has evidently taken what came: it answers, or closes. An
/// endpoint that speaks TLS sends something of its own after the handshake (session tickets). If the connection were closed
/// over it, the system would reset it, and the endpoint might never get to what was sent.
async fn taken(stream: &mut Stream) -> Result<(), Fault> {
    // Whatever goes wrong here went wrong after the request had gone.
    let _ = stream.shutdown().await;
    match stream.read(&mut [0]).await {
        // Such as an endpoint that wants a certificate: it says so after the handshake, and has looked at no request.
        Err(error) => tls::fault(&error).map_or(Ok(()), Err),
        Ok(_) => Ok(()),
    }
}

/// Reads a body until its end, the deadline or the cap, whichever comes first.
pub(crate) async fn read(response: Response<Incoming>, deadline: Instant) -> Answer {
    read_up_to(response, deadline, BODY_MAX).await
}

/// The same with a cap of one's own.
async fn read_up_to(response: Response<Incoming>, deadline: Instant, most: usize) -> Answer {
    let (head, mut body) = response.into_parts();
    let mut read = BytesMut::new();
    let cut = loop {
        match timeout_at(deadline, body.frame()).await {
            Err(_) => break Some(Fault::BodyTimeout),
            Ok(None) => break None,
            Ok(Some(Err(error))) => break Some(name(&error)),
            Ok(Some(Ok(frame))) => {
                let Ok(data) = frame.into_data() else { continue };
                let room = most - read.len();
                if data.len() > room {
                    read.extend_from_slice(&data.slice(..room));
                    break Some(Fault::TooLarge);
                }
                read.extend_from_slice(&data);
            }
        }
    };
    Answer { status: head.status, version: head.version, headers: head.headers, body: read.freeze(), cut }
}

/// The fault that one of hyper's errors is.
pub(crate) fn name(error: &hyper::Error) -> Fault {
    if error.is_parse_too_large() {
        Fault::HeadTooLarge
    } else if error.is_parse() {
        Fault::Protocol(error.to_string())
    } else {
        // Reset, closed early, or a body shorter than announced: hyper has several words for it.
        let mut source: Option<&dyn std::error::Error> = Some(error);
        let below = std::iter::from_fn(|| {
            let current = source?;
            source = current.source();
            Some(current.downcast_ref::<std::io::Error>())
        });
        let below: Vec<&std::io::Error> = below.flatten().collect();
        if let Some(fault) = below.iter().find_map(|error| tls::fault(error)) {
            return fault;
        }
        let is_bad_chunk = |error: &&std::io::Error| {
            matches!(error.kind(), std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData)
        };
        if below.iter().any(is_bad_chunk) { Fault::Protocol(format!("{error}: malformed chunks")) } else { Fault::Cut }
    }
}
