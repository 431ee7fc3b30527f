//! What goes over one connection, counted: requests, answers under way, bytes written.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::Service;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};

/// The counts of one connection.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    requests: AtomicU64,
    under_way: AtomicU64,
    written: AtomicU64,
    ended: AtomicBool,
}

impl Meter {
    /// Requests so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Acquire)
    }

    /// Whether the connection is over.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Waits until nothing was asked and next to nothing was answered for a while. What keeps a connection alive without
    /// asking for anything, such as an HTTP/2 ping and its answer, does not count.
    pub(crate) async fn idle(&self, time: Duration) {
        let reading = || (self.requests(), self.written.load(Ordering::Relaxed));
        loop {
            let (requests, written) = reading();
            sleep_until(Instant::now() + time).await;
            let now = reading();
            let is_quiet = now.0 == requests && now.1 - written < NEXT_TO_NOTHING;
            if is_quiet && self.under_way.load(Ordering::Acquire) == 0 {
                return;
            }
        }
    }
}

/// Counts what is written to a stream.
#[derive(Debug)]
pub(crate) struct Metered<S> {
    stream: S,
    meter: Arc<Meter>,
}

impl<S> Metered<S> {
    pub(crate) fn new(stream: S, meter: Arc<Meter>) -> Self {
        Self { stream, meter }
    }

    fn count(&self, progress: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = progress {
            self.meter.written.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        progress
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.count(progress)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.count(progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Counts the requests that a service gets.
#[derive(Debug)]
pub(crate) struct Counted<T> {
    service: T,
    meter: Arc<Meter>,
}

impl<T> Counted<T> {
    pub(crate) fn new(service: T, meter: Arc<Meter>) -> Self {
        Self { service, meter }
    }
}

impl<T, B> Service<http::Request<Incoming>> for Counted<T>
where
    T: Service<http::Request<Incoming>, Response = http::Response<B>>,
    T::Future: Unpin,
{
    type Response = http::Response<Held<B>>;
    type Error = T::Error;
    type Future = Counting<T::Future>;

    fn call(&self, request: http::Request<Incoming>) -> Self::Future {
        self.meter.requests.fetch_add(1, Ordering::AcqRel);
        Counting { held: Some(Hold::new(&self.meter)), answer: self.service.call(request) }
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Counting<F> {
    answer: F,
    held: Option<Hold>,
}

impl<F, B, E> Future for Counting<F>
where
    F: Future<Output = Result<http::Response<B>, E>> + Unpin,
{
    type Output = Result<http::Response<Held<B>>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = std::task::ready!(Pin::new(&mut self.answer).poll(cx));
        let held = self.held.take();
        Poll::Ready(answer.map(|response| response.map(|body| Held { body, _held: held })))
    }
}

/// A body that counts as under way until it is let go.
#[derive(Debug)]
pub(crate) struct Held<B> {
    body: B,
    _held: Option<Hold>,
}

impl<B: Body + Unpin> Body for Held<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// One answer under way.
#[derive(Debug)]
struct Hold(Arc<Meter>);

impl Hold {
    fn new(meter: &Arc<Meter>) -> Self {
        meter.under_way.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(meter))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Fewer bytes than any answer has, and more than pings and settings need: 1 KiB within the time.
const NEXT_TO_NOTHING: u64 = 1024;
