//! Gives answers as a fault rule says: late, in pieces, cut, or not at all.
//!
//! What concerns the bytes of one answer is done by the stream under hyper ([`super::line`]). Where the connection is to
//! end, it is taken out of hyper's hands and ended here: hyper would finish its answer first, or not notice that a peer
//! has left that had sent another request before.

use std::future::{Future, pending};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

use super::Shared;
use super::http::HungUp;
use super::line::{End, Line, Pace};
use super::outgoing::Outgoing;
use super::witness::Telling;
use crate::core::conduct::{Cut, Manner, Reply};

/// A connection that can end with a reset.
pub(crate) trait Resettable {
    /// Lets the connection's end, when it is dropped, be a reset: TCP RST instead of FIN.
    fn reset_when_dropped(&self);
}

impl Resettable for TcpStream {
    fn reset_when_dropped(&self) {
        // Fails only on a connection that is gone already.
        let _ = self.set_zero_linger();
    }
}

/// Gives hyper the answer when it is due, after the line was told what to do with its bytes. Does not complete where the
/// connection is to end without an answer.
///
/// # Errors
/// There is none to this request, and the connection carries others.
pub(super) async fn give(
    shared: &Shared,
    line: &Line,
    reply: Reply,
    mut telling: Option<Telling>,
) -> Result<http::Response<Outgoing>, HungUp> {
    if let Some(telling) = &mut telling {
        telling.held().await;
    }
    let whole = |telling| |body| Outgoing::whole(body, telling);
    let Some(conduct) = reply.conduct else { return Ok(reply.response.map(whole(telling))) };
    if conduct.delay_ms > 0 {
        sleep_until(Instant::now() + Duration::from_millis(conduct.delay_ms)).await;
    }
    let end_of = |cut| if cut == Cut::Close { End::Close } else { End::Reset };
    let paced = match &conduct.manner {
        Manner::Drip { bytes, pause_ms } => Some(Pace::drip(*bytes, Duration::from_millis(*pause_ms))),
        Manner::Cut { after: after @ 1.., by } => Some(Pace::until(*after, end_of(*by))),
        _ => None,
    };
    if let Some(pace) = paced {
        line.settle().await;
        line.pace(pace.telling(telling), reply.response.body().len());
        return Ok(reply.response.map(Outgoing::from));
    }
    let end = match conduct.manner {
        Manner::Stall if line.is_multiplexed() => {
            // The other streams go on.
            shared.stop.heard().await;
            return Err(HungUp);
        }
        Manner::Stall => End::Stall,
        Manner::Raw(bytes) => End::Raw(bytes),
        Manner::Cut { by, .. } => end_of(by),
        Manner::Whole | Manner::Drip { .. } => return Ok(reply.response.map(whole(telling))),
    };
    line.settle().await;
    line.take(end);
    pending().await
}

/// Ends a connection that was taken out of hyper's hands.
pub(super) async fn end<S>(mut stream: S, end: Option<End>, shared: &Shared)
where
    S: AsyncRead + AsyncWrite + Resettable + Unpin,
{
    match end {
        None | Some(End::Close) => close(stream, shared).await,
        Some(End::Reset) => stream.reset_when_dropped(),
        Some(End::Stall) => unless_stopped(shared, gone(&mut stream)).await,
        Some(End::Raw(bytes)) => {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                match timeout(shared.limits.write_pause, stream.write(rest)).await {
                    Ok(Ok(count @ 1..)) => rest = rest.get(count..).unwrap_or_default(),
                    _ => return,
                }
            }
            close(stream, shared).await;
        }
    }
}

/// Says that nothing more comes, and listens on for a while: bytes that arrive at a closed socket, such as a request
/// that was sent ahead, are answered with a reset, which can take away from the peer what it has not read yet.
async fn close<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, shared: &Shared) {
    let _ = timeout(shared.limits.write_pause, stream.shutdown()).await;
    let _ = timeout(shared.limits.drain_time, unless_stopped(shared, gone(&mut stream))).await;
}

/// Completes once the peer has left.
async fn gone<S: AsyncRead + Unpin>(stream: &mut S) {
    let mut unread = [0; 4096];
    while let Ok(1..) = stream.read(&mut unread).await {}
}

async fn unless_stopped(shared: &Shared, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = shared.stop.heard() => {}
    }
}
