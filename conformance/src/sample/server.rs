//! A sample integration on a socket, on a thread of its own; it stops when its handle is dropped.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use contract::wire;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::answer::error;
use super::flaw::Flaw;
use super::receive::{BODY_MAX, Integration, PATH, Reaction, too_large};
use super::reply::Reply;
use super::wire as by_hand;
use super::worker::Desk;

/// A sample that is being served.
#[derive(Debug)]
pub struct Sample {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Sample {
    /// Serves an integration at an address; port 0 picks a free one. It accepts connections when this returns.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub fn start(integration: Integration, listen: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        let death = stop.clone();
        let thread = std::thread::Builder::new().name("sample".to_owned()).spawn(move || {
            // Without a listener there is nothing to serve; the judge sees a refused connection.
            let _ = runtime.block_on(serve(listener, Arc::new(integration), death, stopped));
        })?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where events go.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Waits until it ends by itself, which only a flaw makes it do.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What every connection shares.
#[derive(Clone, Debug)]
pub(super) struct Served {
    pub(super) integration: Arc<Integration>,
    desk: Arc<Desk>,
    replies: mpsc::Sender<Reply>,
    death: watch::Sender<bool>,
    /// For [`Flaw::BurstRefused`] alone.
    door: Arc<Door>,
}

impl Served {
    /// What is answered to a request; nothing when the connection is to be closed instead.
    pub(super) async fn respond(&self, request: &wire::Request) -> Option<wire::Response> {
        let flaw = self.integration.flaw();
        if flaw == Some(Flaw::BurstRefused) {
            let _guest = Guest::enter(&self.door.inside);
            pause(BUSY).await;
            if self.door.is_closed(Instant::now()) {
                return Some(error(StatusCode::SERVICE_UNAVAILABLE, "too many at a time"));
            }
        }
        if flaw == Some(Flaw::AnswersLate) {
            pause(LATE).await;
        }
        match self.integration.receive(request) {
            Reaction::Answer(answer) => Some(answer),
            Reaction::AnswerThenReply(answer, reply) => {
                // A backlog of more than that is lost, rather than the memory of the machine.
                let _ = self.replies.try_send(reply);
                Some(answer)
            }
            Reaction::ReplyThenAnswer(reply, answer) => {
                if flaw == Some(Flaw::RemembersEarly) {
                    // Work that takes its time, in a task that ends with its connection.
                    pause(WORK).await;
                }
                self.desk.carry_out(&reply).await;
                Some(answer)
            }
            Reaction::HangUp => None,
            Reaction::Die => self.die().await,
        }
    }

    /// Ends the process; nobody gets an answer any more.
    pub(super) async fn die<T>(&self) -> T {
        self.death.send_replace(true);
        std::future::pending().await
    }
}

/// Closes when too many are inside, and stays closed for a while.
#[derive(Debug, Default)]
struct Door {
    inside: AtomicUsize,
    closed_until: Mutex<Option<Instant>>,
}

impl Door {
    fn is_closed(&self, now: Instant) -> bool {
        let mut closed_until = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        if self.inside.load(Ordering::SeqCst) > ROOM {
            *closed_until = Some(now + CLOSED);
        }
        closed_until.is_some_and(|until| now < until)
    }
}

/// Counts who is inside.
struct Guest<'a>(&'a AtomicUsize);

impl<'a> Guest<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn serve(
    listener: std::net::TcpListener,
    integration: Arc<Integration>,
    death: watch::Sender<bool>,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    let (replies, waiting) = mpsc::channel(BACKLOG);
    let desk = Arc::new(Desk::new(Arc::clone(&integration)));
    let worker = Arc::clone(&desk);
    connections.spawn(async move { worker.work(waiting).await });
    let served = Served { integration, desk, replies, death, door: Arc::default() };
    let flaw = served.integration.flaw();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => {
                    // Out of file descriptors, most likely: accepting again at once would only spin.
                    pause(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
            Some(_) = connections.join_next() => continue,
        };
        let served = served.clone();
        let connection = async move {
            if by_hand::serves(flaw) {
                by_hand::converse(stream, &served).await
            } else {
                converse(stream, served).await
            }
        };
        if flaw == Some(Flaw::OneAtATime) {
            tokio::select! {
                () = connection => {}
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
            }
        } else {
            connections.spawn(connection);
        }
    }
}

async fn converse(stream: TcpStream, served: Served) {
    let service = service_fn(move |request| {
        let served = served.clone();
        async move { handle(&served, request).await }
    });
    // A connection that ends badly is the peer's affair.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn handle(served: &Served, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, io::Error> {
    let (head, body) = request.into_parts();
    let Some(body) = read(body, served.integration.flaw()).await? else { return Ok(too_large().map(Full::new)) };
    let answer = served.respond(&Request::from_parts(head, body)).await;
    answer.map(|answer| answer.map(Full::new)).ok_or_else(|| io::Error::other("the connection is closed on purpose"))
}

/// The whole body; nothing when it is too large.
async fn read(mut body: Incoming, flaw: Option<Flaw>) -> io::Result<Option<Bytes>> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(io::Error::other)?.into_data() else { continue };
        if read.len() + data.len() > BODY_MAX {
            return Ok(None);
        }
        match flaw {
            Some(Flaw::DecodesChunksApart) => read.extend_from_slice(String::from_utf8_lossy(&data).as_bytes()),
            _ => read.extend_from_slice(&data),
        }
    }
    Ok(Some(read.freeze()))
}

async fn pause(time: Duration) {
    tokio::time::sleep_until(Instant::now() + time).await;
}

/// After a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// How long a connection may be idle.
const IDLE: Duration = Duration::from_secs(10);
/// Replies that wait to be sent.
const BACKLOG: usize = 1_024;
/// How long [`Flaw::AnswersLate`] takes.
const LATE: Duration = Duration::from_secs(6);
/// How long [`Flaw::RemembersEarly`] works.
const WORK: Duration = Duration::from_millis(150);
/// How long [`Flaw::BurstRefused`] is busy with an event, how many fit in, and for how long it closes when there are more.
const BUSY: Duration = Duration::from_millis(20);
const ROOM: usize = 8;
const CLOSED: Duration = Duration::from_secs(2);
