//! Binds, accepts, and ends gracefully.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout};

use super::Shared;
use super::http::{Exchange, Role};
use super::outgoing::Streams;
use super::stream::Patient;
use super::timer::ConnectionTimer;

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
pub(crate) async fn serve(listener: TcpListener, role: Role, shared: Arc<Shared>) {
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
                    converse(stream, role, shared).await;
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
async fn converse<S>(stream: S, role: Role, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let streams = Streams::default();
    let io = Patient::new(stream, shared.limits.write_pause);
    let connection = http1::Builder::new()
        .timer(ConnectionTimer::default())
        .header_read_timeout(shared.limits.head_time)
        .auto_date_header(false)
        .max_buf_size(shared.limits.buffer_bytes())
        .serve_connection(io, Exchange::new(role, Arc::clone(&shared), streams.clone()));
    let mut connection = pin!(connection);
    let mut stopping = pin!(shared.stop.heard());
    let (mut listening, mut told, mut farewell) = (false, false, None);
    let ended = std::future::poll_fn(|cx| {
        // Asked once, so that the word wakes this task; the flag alone is looked at with each later poll.
        if !listening {
            listening = true;
            let _: Poll<()> = stopping.as_mut().poll(cx);
        }
        if !told && shared.stop.was_said() {
            told = true;
            connection.as_mut().graceful_shutdown();
        }
        let polled = connection.as_mut().poll(cx);
        if told && polled.is_pending() && streams.are_there() {
            // It was told to end, so its reader does not take even that.
            let timer = farewell.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + FAREWELL)));
            return timer.as_mut().poll(cx).map(Ok);
        }
        polled
    });
    if let Err(error) = ended.await {
        tracing::debug!("a connection ended: {error}");
    }
}

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
