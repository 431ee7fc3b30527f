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
use super::witness::Telling;

/// The body of an answer.
pub(crate) enum Outgoing {
    /// All of it.
    Whole(Full<Bytes>),
    /// All of it, and somebody who is told when it was handed over.
    Told(Told),
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

impl Outgoing {
    /// All of it, and whoever is to be told.
    pub(crate) fn whole(body: Bytes, telling: Option<Telling>) -> Self {
        let body = Full::new(body);
        match telling {
            None => Self::Whole(body),
            Some(telling) => Self::Told(Told { body, telling: Some(telling) }),
        }
    }
}

/// A body that is handed over in one piece: whoever has it lets it go when all of it is written.
#[derive(Debug)]
pub(crate) struct Told {
    body: Full<Bytes>,
    telling: Option<Telling>,
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(telling) = self.telling.take() {
            telling.whole();
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(cx),
            Self::Told(told) => Pin::new(&mut told.body).poll_frame(cx),
            Self::Requests(requests) => Poll::Ready(requests.piece().map(|piece| Ok(Frame::data(piece)))),
            Self::Events(events) => events.poll_piece(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece)))),
            Self::Untold => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Told(told) => told.body.is_end_stream(),
            Self::Requests(_) | Self::Events(_) | Self::Untold => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Told(told) => told.body.size_hint(),
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
