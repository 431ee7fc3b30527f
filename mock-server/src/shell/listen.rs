//! Binds, accepts, and ends gracefully.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::TokioExecutor;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout};

use super::carrier::{Counted, Meter, Metered};
use super::conduct::{self, Resettable};
use super::http::Exchange;
use super::lent::Lent;
use super::line::Line;
use super::mount::Role;
use super::outgoing::Streams;
use super::stop::Stop;
use super::stream::Patient;
use super::timer::ConnectionTimer;
use super::{Shared, intercept, tls};
use crate::control::Listener;

/// What is spoken at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// HTTP.
    Plain(Role),
    /// HTTP within TLS.
    Tls(Role),
    /// A forward proxy.
    Intercept,
}

impl Door {
    async fn open(self, stream: TcpStream, shared: Arc<Shared>) {
        match self {
            Self::Plain(role) => {
                let (streams, line) = (Streams::default(), Arc::new(Line::default()));
                let seat = shared.watch.as_ref().map(|watch| watch.follow(false));
                let exchange =
                    Exchange::new(role, Arc::clone(&shared), streams.clone(), Arc::clone(&line), seat.clone());
                converse(stream, exchange, &line, &streams, &shared).await;
            }
            Self::Tls(role) => tls::welcome(stream, Listener::Tls, None, role, shared).await,
            Self::Intercept => intercept::converse(stream, shared).await,
        }
    }
}

/// Binds and listens, with a backlog of our choice: tokio's own is 128.
pub(crate) fn bind(address: SocketAddr, backlog: u32) -> io::Result<StdListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A mock that is started again at once must not fail on connections of the last one that linger in TIME_WAIT.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Serves until the mock is told to end, then until what is in flight is finished or the time for it is over.
pub(crate) async fn serve(listener: TcpListener, door: Door, shared: Arc<Shared>) {
    let limits = shared.limits;
    let room = Arc::new(Semaphore::new(limits.connections));
    let mut is_short = false;
    loop {
        // Before accepting: whoever finds no room waits in the backlog and costs nothing.
        let permit = tokio::select! {
            permit = Arc::clone(&room).acquire_owned() => permit,
            () = shared.stop.heard() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.heard() => break,
        };
        match (accepted, permit) {
            (Ok((stream, _)), Ok(permit)) => {
                is_short = false;
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    door.open(stream, shared).await;
                    drop(permit);
                });
            }
            (Ok(_), Err(_)) => break,
            (Err(error), _) => {
                // Said once while it lasts: it comes again with every try, a hundred times in a second.
                if !is_short {
                    tracing::warn!("a connection could not be accepted: {error}");
                }
                if needs_a_pause(&error) {
                    is_short = true;
                    let _ = timeout(PAUSE, shared.stop.heard()).await;
                }
            }
        }
    }
    drop(listener);
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    if timeout(limits.drain_time, room.acquire_many(all)).await.is_err() {
        tracing::warn!("some requests were still in flight after {:?} and are cut off", limits.drain_time);
    }
}

/// Speaks HTTP/1.1 on one connection, whatever carries it.
async fn converse<S, T, B>(stream: S, service: T, line: &Arc<Line>, streams: &Streams, shared: &Shared)
where
    S: AsyncRead + AsyncWrite + Resettable + Unpin + Send,
    T: Service<http::Request<Incoming>, Response = http::Response<B>, Error: Into<BoxError>> + Unpin,
    B: Body<Data = Bytes, Error: Into<BoxError>> + 'static,
{
    let io = Patient::new(stream, shared.limits.write_pause, Arc::clone(line));
    let mut connection = builder(shared).serve_connection(io, service);
    let watched = Watched { connection: &mut connection, line };
    let end = |watched: Pin<&mut Watched<'_, http1::Connection<Patient<S>, T>>>| {
        Pin::new(&mut *watched.get_mut().connection).graceful_shutdown();
    };
    if let Err(error) = until_told(watched, end, streams, &shared.stop).await {
        tracing::debug!("a connection ended: {error}");
    }
    if line.is_taken() {
        conduct::end(connection.into_parts().io.into_inner(), line.end(), shared).await;
    }
}

/// A connection until it ends, or is taken out of hyper's hands.
struct Watched<'a, C> {
    connection: &'a mut C,
    line: &'a Line,
}

impl<C: Future<Output = hyper::Result<()>> + Unpin> Future for Watched<'_, C> {
    type Output = hyper::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        let polled = Pin::new(&mut *self.connection).poll(cx);
        if self.line.is_taken() { Poll::Ready(Ok(())) } else { polled }
    }
}

/// HTTP/1.1 within our limits.
pub(super) fn builder(shared: &Shared) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(ConnectionTimer::default())
        .header_read_timeout(shared.limits.head_time)
        .auto_date_header(false)
        .title_case_headers(shared.title_case_headers)
        .max_buf_size(shared.limits.buffer_bytes());
    builder
}

/// Carries a connection on to its end, which is asked for when the mock is told to end. Where endless answers keep it
/// from ending it is left soon.
pub(super) async fn until_told<C>(
    connection: C,
    end: impl Fn(Pin<&mut C>),
    streams: &Streams,
    stop: &Stop,
) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut connection = pin!(connection);
    let mut stopping = pin!(stop.heard());
    let (mut listening, mut told, mut farewell) = (false, false, None);
    std::future::poll_fn(|cx| {
        // Asked once, so that the word wakes this task; the flag alone is looked at with each later poll.
        if !listening {
            listening = true;
            let _: Poll<()> = stopping.as_mut().poll(cx);
        }
        if !told && stop.was_said() {
            told = true;
            end(connection.as_mut());
        }
        let polled = connection.as_mut().poll(cx);
        if told && polled.is_pending() && streams.are_there() {
            // It was told to end, so its reader does not take even that.
            let timer = farewell.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + FAREWELL)));
            return timer.as_mut().poll(cx).map(Ok);
        }
        polled
    })
    .await
}

/// Speaks HTTP/1.1 or HTTP/2 on a connection whose requests are counted.
pub(super) async fn converse_counted<S>(stream: S, is_http2: bool, role: Role, meter: &Arc<Meter>, shared: &Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Resettable + Unpin + Send + 'static,
{
    let line = Arc::new(if is_http2 { Line::multiplexed() } else { Line::default() });
    let streams = Streams::default();
    let seat = shared.watch.as_ref().map(|watch| watch.follow(true));
    let exchange = Exchange::new(role, Arc::clone(shared), streams.clone(), Arc::clone(&line), seat.clone());
    let exchange = Counted::new(exchange, Arc::clone(meter));
    if !is_http2 {
        return converse(stream, exchange, &line, &streams, shared).await;
    }
    let limits = &shared.limits;
    let (lent, back) = Lent::new(stream);
    let io = Patient::new(Metered::new(lent, Arc::clone(meter)), limits.write_pause, Arc::clone(&line));
    let connection = http2::Builder::new(TokioExecutor::new())
        .auto_date_header(false)
        .max_header_list_size(u32::try_from(limits.buffer_bytes()).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.streams)
        .serve_connection(io, exchange);
    // Boxed, so that it is gone, and has given its stream back, before that is wanted.
    let mut connection = Box::pin(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shared.stop.heard() => finish(connection.as_mut(), limits.drain_time).await,
        () = meter.idle(limits.head_time) => finish(connection.as_mut(), limits.drain_time).await,
        () = line.taken() => Ok(()),
    };
    drop(connection);
    if let Err(error) = ended {
        tracing::debug!("an HTTP/2 connection ended: {error}");
    }
    if line.is_taken()
        && let Some(stream) = back.take()
    {
        conduct::end(stream, line.end(), shared).await;
    }
}

/// Tells the peer that no more is taken, and finishes what is under way; what takes too long is cut off.
async fn finish<S, T, B>(mut connection: Pin<&mut Http2<S, T>>, time: Duration) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: Service<http::Request<Incoming>, Response = http::Response<B>, Error: Into<BoxError>, Future: Send + 'static>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    connection.as_mut().graceful_shutdown();
    timeout(time, connection).await.unwrap_or(Ok(()))
}

type Http2<S, T> = http2::Connection<Patient<S>, T, TokioExecutor>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Errors that stay for a while, such as too many open files; others concern one peer only.
fn needs_a_pause(error: &io::Error) -> bool {
    !matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// How long a reader of events may take for the end of its stream.
const FAREWELL: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(10);
