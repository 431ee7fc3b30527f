//! Collects a body within its bounds.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use hyper::body::{Body as _, Frame, Incoming};
use tokio::time::timeout;

use super::head::Refusal;
use super::limits::Limits;
use super::timer::{ConnectionSleep, ConnectionTimer};

/// Why a body was not taken, and the body as far as it has not been read.
pub(crate) struct Unread {
    pub(crate) refusal: Refusal,
    /// Left where the peer is still sending and wants to be heard out before it reads the answer.
    pub(crate) rest: Option<Incoming>,
}

/// The whole body.
pub(crate) async fn collect(
    mut body: Incoming,
    most: usize,
    limits: &Limits,
    timer: &ConnectionTimer,
) -> Result<Bytes, Unread> {
    let mut patience = Patience { pause: limits.body_pause, time: limits.body_time, end: None, timer, sleep: None };
    let mut whole = Whole::Nothing;
    loop {
        let piece = match next(&mut body, &mut patience).await {
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            Ok(Some(Err(error))) => {
                let words = format!("the body broke off or is malformed: {error}");
                return Err(Unread { refusal: Refusal::new(StatusCode::BAD_REQUEST, words), rest: None });
            }
            Ok(None) => return Ok(whole.into_bytes()),
            Err(words) => {
                return Err(Unread { refusal: Refusal::new(StatusCode::REQUEST_TIMEOUT, words), rest: None });
            }
        };
        if whole.len() + piece.len() > most {
            return Err(Unread { refusal: too_long(most), rest: Some(body) });
        }
        whole.push(piece);
    }
}

/// 413.
pub(crate) fn too_long(most: usize) -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is longer than the {most} bytes that are taken here"))
}

/// Reads on for a while and throws it away. A peer that sends its whole body before it reads would otherwise find the
/// connection reset, and the answer lost.
pub(crate) async fn drain(mut body: Incoming, time: Duration) {
    let all = async { while let Some(Ok(_)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {} };
    let _ = timeout(time, all).await;
}

async fn next(
    body: &mut Incoming,
    patience: &mut Patience<'_>,
) -> Result<Option<Result<Frame<Bytes>, hyper::Error>>, String> {
    std::future::poll_fn(|cx| {
        if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) {
            patience.sleep = None;
            return Poll::Ready(Ok(frame));
        }
        patience.sleep().poll(cx).map(|()| Err(patience.words()))
    })
    .await
}

/// The two time-outs of a body.
struct Patience<'a> {
    pause: Duration,
    time: Duration,
    /// When the whole body must be there; counted from the first pause.
    end: Option<Instant>,
    timer: &'a ConnectionTimer,
    /// Until when the next piece must be there; set at the first look that finds none.
    sleep: Option<ConnectionSleep>,
}

impl Patience<'_> {
    fn sleep(&mut self) -> Pin<&mut ConnectionSleep> {
        let sleep = self.sleep.get_or_insert_with(|| {
            let now = Instant::now();
            let end = *self.end.get_or_insert(now + self.time);
            self.timer.until(end.min(now + self.pause))
        });
        Pin::new(sleep)
    }

    fn words(&self) -> String {
        let (pause, time) = (self.pause.as_secs_f64(), self.time.as_secs_f64());
        format!("the body did not arrive: at most {pause} s between two pieces and {time} s for the whole are allowed")
    }
}

/// What has arrived. One piece, the usual case, is never copied.
enum Whole {
    Nothing,
    One(Bytes),
    Many(BytesMut),
}

impl Whole {
    fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One(piece) => piece.len(),
            Self::Many(pieces) => pieces.len(),
        }
    }

    fn push(&mut self, piece: Bytes) {
        match self {
            Self::Nothing => *self = Self::One(piece),
            Self::One(first) => {
                let mut all = BytesMut::with_capacity(2 * (first.len() + piece.len()));
                all.extend_from_slice(first);
                all.extend_from_slice(&piece);
                *self = Self::Many(all);
            }
            Self::Many(all) => all.extend_from_slice(&piece),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::One(piece) => piece,
            Self::Many(all) => all.freeze(),
        }
    }
}
