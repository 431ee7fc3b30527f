//! Bodies of answers: whole ones, as nearly all are, and those that come piece by piece.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

use super::control::events::Events;
use super::control::requests::Requests;

/// The body of an answer.
pub(crate) enum Outgoing {
    /// All of it.
    Whole(Full<Bytes>),
    /// The journal, from where it got too long for one piece.
    Requests(Box<Requests>),
    /// A world's events; ends with the mock, the world, or the reader's own limit.
    Events(Box<Events>),
    /// What a HEAD is told of a body whose length nobody knows: nothing, not even that.
    Untold,
}

impl From<Bytes> for Outgoing {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(Full::new(bytes))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(cx),
            Self::Requests(requests) => Poll::Ready(requests.piece().map(|piece| Ok(Frame::data(piece)))),
            Self::Events(events) => events.poll_piece(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece)))),
            Self::Untold => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(whole) if whole.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Requests(_) | Self::Events(_) | Self::Untold => SizeHint::default(),
        }
    }
}

/// How many endless answers a connection carries: nobody waits for their end when the mock ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams(Arc<AtomicUsize>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Stream(Arc<AtomicUsize>);

impl Streams {
    pub(crate) fn begin(&self) -> Stream {
        self.0.fetch_add(1, Ordering::Relaxed);
        Stream(Arc::clone(&self.0))
    }

    pub(crate) fn are_there(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
