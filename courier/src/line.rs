//! A connection that is kept from one exchange to the next, on which hand-written requests go out.
//!
//! hyper reads the answers, with the bounds and the faults of every other exchange. What it would write itself is thrown
//! away: the bytes that go out are the script's.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf, ReadHalf, WriteHalf, split};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::exchange::{Answer, Delivery, Exchange, Fault, Outcome};
use crate::raw::{Close, Manner, Script, Step};
use crate::socket::{Driver, Interim, Socket, bounded, name, read};
use crate::tls::Stream;

/// A connection that is kept as long as the other side keeps it.
#[derive(Debug)]
pub struct Line<'a> {
    socket: &'a Socket,
    open: Option<Open>,
}

/// On which connection an exchange took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// One of its own.
    Fresh,
    /// The one of the exchange before.
    Kept,
    /// The kept one ended without a byte of an answer, as one that is idle may: sent once more on one of its own.
    Again,
}

#[derive(Debug)]
struct Open {
    sender: SendRequest<Full<Bytes>>,
    writer: WriteHalf<Stream>,
    driver: Driver,
}

impl<'a> Line<'a> {
    /// A line to a subject; nothing is connected yet.
    pub fn new(socket: &'a Socket) -> Self {
        Self { socket, open: None }
    }

    /// Sends one delivery in this manner, and waits for what becomes of it. The time-out counts from the last pause of the
    /// manner on, which is the sender's own.
    pub async fn play(&mut self, delivery: &Delivery, manner: &Manner) -> (Exchange, Connection) {
        let started = Instant::now();
        let deadline = started + manner.pauses() + self.socket.timeout;
        let script = manner.script(delivery, &self.socket.authority);
        let kept = self.ready(deadline).await;
        let mut connection = if kept { Connection::Kept } else { Connection::Fresh };
        let mut outcome = self.attempt(delivery, &script, deadline).await;
        if kept && matches!(outcome, Err(Fault::Cut)) {
            connection = Connection::Again;
            outcome = self.attempt(delivery, &script, deadline).await;
        }
        let outcome = outcome.unwrap_or_else(Outcome::Silent);
        (Exchange { sent: delivery.clone(), outcome, took: started.elapsed() }, connection)
    }

    /// Whether the connection of the exchange before can be used again.
    async fn ready(&mut self, deadline: Instant) -> bool {
        let Some(open) = &mut self.open else { return false };
        let ready = matches!(timeout_at(deadline, open.sender.ready()).await, Ok(Ok(())));
        if !ready {
            self.open = None;
        }
        ready
    }

    async fn attempt(&mut self, delivery: &Delivery, script: &Script, deadline: Instant) -> Result<Outcome, Fault> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.connect(script, deadline).await?,
        };
        let mut request = Request::builder()
            .method(delivery.method.clone())
            .body(Full::default())
            .map_err(|error| Fault::Protocol(format!("the request cannot be sent: {error}")))?;
        let interim = Interim::watch(&mut request);
        if script.end != Close::Answer {
            let _ = timeout_at(deadline, write(&mut open.writer, &script.steps, &interim)).await;
            open.driver.end().await;
            return Err(Fault::HungUp);
        }
        let (answer, written) = converse(&mut open, request, &interim, script, deadline).await?;
        // Half a request, or half an answer, leaves a line on which nobody knows what comes next.
        if written && answer.cut.is_none() {
            self.open = Some(open);
        }
        Ok(Outcome::Answered(answer))
    }

    async fn connect(&self, script: &Script, deadline: Instant) -> Result<Open, Fault> {
        let stream = self.socket.connect(deadline).await?;
        if script.end == Close::Reset {
            // Closing then resets.
            stream.tcp().set_zero_linger().map_err(|error| Fault::ConnectFailed(error.to_string()))?;
        }
        let (reader, writer) = split(stream);
        let (sender, connection) =
            bounded().handshake(TokioIo::new(Mute(reader))).await.map_err(|error| name(&error))?;
        Ok(Open { sender, writer, driver: Driver::of(connection) })
    }
}

/// Writes a script and reads the answer, which may come before the script's end; and whether all of it was written.
async fn converse(
    open: &mut Open,
    request: Request<Full<Bytes>>,
    interim: &Interim,
    script: &Script,
    deadline: Instant,
) -> Result<(Answer, bool), Fault> {
    let Open { sender, writer, .. } = open;
    let mut answering = pin!(async {
        let head = tokio::select! {
            head = timeout_at(deadline, sender.send_request(request)) => head,
            () = interim.flood() => return Err(Fault::InterimFlood),
        };
        if interim.is_flood() {
            return Err(Fault::InterimFlood);
        }
        let response = head.map_err(|_| Fault::HeadTimeout)?.map_err(|error| name(&error))?;
        Ok(read(response, deadline).await)
    });
    let mut writing = pin!(write(writer, &script.steps, interim));
    let mut wrote = None;
    loop {
        tokio::select! {
            biased;
            answer = &mut answering => return Ok((answer?, matches!(wrote, Some(Ok(()))))),
            end = &mut writing, if wrote.is_none() => wrote = Some(end),
        }
    }
}

/// Plays the steps. A peer that answers early and closes makes this fail; what it answered is what counts.
async fn write(writer: &mut WriteHalf<Stream>, steps: &[Step], interim: &Interim) -> io::Result<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => {
                writer.write_all(bytes).await?;
                writer.flush().await?;
            }
            Step::Pause(pause) => sleep_until(Instant::now() + *pause).await,
            Step::AwaitContinue(patience) => {
                let _ = timeout_at(Instant::now() + *patience, interim.continued()).await;
            }
            Step::HalfClose => writer.shutdown().await?,
        }
    }
    Ok(())
}

/// Reads what comes, and swallows what is written.
struct Mute(ReadHalf<Stream>);

impl AsyncRead for Mute {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Mute {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
