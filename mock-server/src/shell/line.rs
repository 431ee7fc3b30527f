//! What one connection does with the bytes of an answer that a fault rule concerns. Shared by the connection's service,
//! which decides, and its stream, which obeys.
//!
//! The bytes of a connection are one sequence; what a rule says concerns those of one answer. Over HTTP/1.1 to the byte:
//! three habits of hyper's make them known, and tests hold it to them. It flushes the stream exactly when it has written
//! everything; it reads the next request only after it has flushed the answer before it; and it begins an answer when the
//! service has given it. What is left is the `100 Continue` of the same request, which may still be unwritten when the
//! answer is decided: so a decision waits for the next flush first ([`Line::settle`]).
//!
//! Over HTTP/2 answers mix. There the bytes are those that the connection writes from the decision on, frames of other
//! streams included, until as many are written and flushed as the answer's body and its frames have; decisions wait for
//! each other. Where a connection is to end, it ends for all its streams.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep_until};

use super::witness::Telling;

/// One connection's line. While nothing is decided it costs a look at one byte.
#[derive(Debug)]
pub(crate) struct Line {
    state: AtomicU8,
    is_multiplexed: bool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Whether everything was written that was there when it was asked about.
    is_settled: bool,
    /// Whoever waits for anything here.
    wakers: Vec<Waker>,
    pace: Option<Pace>,
    end: Option<End>,
}

/// How a connection ends before hyper would end it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Close,
    Reset,
    Stall,
    /// After these bytes.
    Raw(Bytes),
}

/// How the bytes of the next answer are let through.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Bytes between two pauses.
    piece: usize,
    pause: Duration,
    /// What is left of the piece.
    left_of_piece: usize,
    /// What is left before the end.
    left: u64,
    /// What comes then; also where the answer is shorter.
    end: Option<End>,
    /// How many bytes must be written at least before a flush means that the answer is over.
    least: u64,
    pausing: Option<std::pin::Pin<Box<Sleep>>>,
    /// Who is told how far it came.
    telling: Option<Telling>,
}

impl Pace {
    /// Piece by piece.
    pub(crate) fn drip(piece: usize, pause: Duration) -> Self {
        Self { piece, pause, left_of_piece: piece, left: u64::MAX, end: None, least: 1, pausing: None, telling: None }
    }

    /// At once, up to an end.
    pub(crate) fn until(left: u64, end: End) -> Self {
        let whole = usize::MAX;
        Self {
            piece: whole,
            pause: Duration::ZERO,
            left_of_piece: whole,
            left,
            end: Some(end),
            least: 1,
            pausing: None,
            telling: None,
        }
    }

    /// Tells somebody how far the answer came.
    pub(crate) fn telling(self, telling: Option<Telling>) -> Self {
        Self { telling, ..self }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self { state: AtomicU8::new(FREE), is_multiplexed: false, inner: Mutex::default() }
    }
}

impl Line {
    /// The line of a connection that carries several answers at once.
    pub(crate) fn multiplexed() -> Self {
        Self { is_multiplexed: true, ..Self::default() }
    }

    /// Whether it does.
    pub(crate) fn is_multiplexed(&self) -> bool {
        self.is_multiplexed
    }

    /// Whether an answer is in the line that a rule concerns.
    pub(crate) fn is_busy(&self) -> bool {
        self.state.load(Ordering::Acquire) != FREE
    }

    /// Whether the connection is to end otherwise than by hyper's hand.
    pub(crate) fn is_taken(&self) -> bool {
        self.state.load(Ordering::Acquire) == TAKEN
    }

    /// How it is to end.
    pub(crate) fn end(&self) -> Option<End> {
        self.inner().end.take()
    }

    /// Takes the line once nobody else has it, and waits until every byte is written that comes before the answer.
    pub(crate) async fn settle(&self) {
        self.wait(|inner| {
            let is_free = self.state.load(Ordering::Acquire) == FREE;
            if is_free {
                inner.is_settled = self.is_multiplexed;
                self.state.store(BUSY, Ordering::Release);
            }
            is_free
        })
        .await;
        self.wait(|inner| inner.is_settled).await;
    }

    /// Lets the next answer, with so many bytes of body, through at a pace. Only for whoever settled the line.
    pub(crate) fn pace(&self, pace: Pace, body: usize) {
        let least = if self.is_multiplexed { body + FRAME_HEAD * (2 + body / MOST_OF_FRAME) } else { 1 };
        self.inner().pace = Some(Pace { least: least as u64, ..pace });
    }

    /// Ends the connection. Only for whoever settled the line.
    pub(crate) fn take(&self, end: End) {
        let mut inner = self.inner();
        inner.end = Some(end);
        self.state.store(TAKEN, Ordering::Release);
        inner.wake();
    }

    /// Waits until the connection is to end otherwise than by hyper's hand.
    pub(crate) async fn taken(&self) {
        self.wait(|_| self.is_taken()).await;
    }

    /// How many bytes may be written now; waits while there is a pause, and for ever once the line is taken.
    pub(super) fn poll_allowance(&self, cx: &mut Context<'_>) -> Poll<usize> {
        let mut inner = self.inner();
        if self.is_taken() {
            return Poll::Pending;
        }
        let Some(pace) = &mut inner.pace else { return Poll::Ready(usize::MAX) };
        if pace.left == 0 {
            let mut cut = inner.pace.take();
            drop(inner);
            let end = cut.as_mut().and_then(|pace| pace.end.take());
            self.take(end.unwrap_or(End::Close));
            return Poll::Pending;
        }
        if let Some(pausing) = &mut pace.pausing {
            std::task::ready!(pausing.as_mut().poll(cx));
            pace.pausing = None;
        }
        Poll::Ready(pace.left_of_piece.min(usize::try_from(pace.left).unwrap_or(usize::MAX)))
    }

    /// So many bytes were written.
    pub(super) fn wrote(&self, count: usize) {
        let mut inner = self.inner();
        let Some(pace) = &mut inner.pace else { return };
        pace.least = pace.least.saturating_sub(count as u64);
        pace.left = pace.left.saturating_sub(count as u64);
        pace.left_of_piece = pace.left_of_piece.saturating_sub(count);
        if pace.left_of_piece == 0 {
            pace.left_of_piece = pace.piece;
            pace.pausing = (!pace.pause.is_zero()).then(|| Box::pin(sleep_until(Instant::now() + pace.pause)));
        }
    }

    /// Everything is written.
    pub(super) fn flushed(&self) {
        let mut inner = self.inner();
        let mut done = inner.pace.take_if(|pace| pace.least == 0);
        match &mut done {
            None => inner.is_settled = true,
            Some(Pace { end: None, .. }) => self.state.store(FREE, Ordering::Release),
            Some(Pace { end, .. }) => {
                inner.end = end.take();
                self.state.store(TAKEN, Ordering::Release);
            }
        }
        inner.wake();
        drop(inner);
        if let Some(telling) = done.and_then(|pace| pace.telling) {
            telling.whole();
        }
    }

    async fn wait(&self, is_so: impl Fn(&mut Inner) -> bool) {
        poll_fn(|cx| {
            let mut inner = self.inner();
            if is_so(&mut inner) {
                return Poll::Ready(());
            }
            inner.wakers.retain(|waker| !waker.will_wake(cx.waker()));
            inner.wakers.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }
}

const FREE: u8 = 0;
const BUSY: u8 = 1;
const TAKEN: u8 = 2;
/// The head of a frame of HTTP/2 (RFC 9113, 4.1), and what it carries at most unless agreed otherwise (4.2).
const FRAME_HEAD: usize = 9;
const MOST_OF_FRAME: usize = 16_384;
