//! A connection that gives up on a peer that takes nothing of its answer.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep_until};

use super::line::Line;

/// A stream whose writes fail after a while without progress, and that obeys the connection's line. While writes go
/// through and nothing is in the line, the cost is two comparisons.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    stream: TokioIo<S>,
    most: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    armed: bool,
    line: Arc<Line>,
}

impl<S> Patient<S> {
    pub(crate) fn new(stream: S, most: Duration, line: Arc<Line>) -> Self {
        Self { stream: TokioIo::new(stream), most, timer: None, armed: false, line }
    }

    /// The stream itself.
    pub(crate) fn into_inner(self) -> S {
        self.stream.into_inner()
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.armed = false;
            return progress;
        }
        let until = Instant::now() + self.most;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if !self.armed {
            self.armed = true;
            timer.as_mut().reset(until);
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not take its answer")))
    }
}

impl<S: AsyncWrite + Unpin> Patient<S> {
    /// Writes as much as the line lets through. Its pauses are not the peer's: only the write itself is watched.
    fn write_in_line(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let most = ready!(self.line.poll_allowance(cx));
        let piece = buf.get(..most).unwrap_or(buf);
        let progress = Pin::new(&mut self.stream).poll_write(cx, piece);
        let progress = self.watch(cx, progress);
        if let Poll::Ready(Ok(count)) = progress {
            self.line.wrote(count);
        }
        progress
    }
}

impl<S: AsyncRead + Unpin> Read for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> Write for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.line.is_busy() {
            return self.write_in_line(cx, buf);
        }
        let progress = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch(cx, progress)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.line.is_busy() {
            let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf);
            return self.write_in_line(cx, first);
        }
        let progress = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch(cx, progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_flush(cx);
        if self.line.is_busy() && progress.is_ready() {
            self.line.flushed();
            if self.line.is_taken() {
                // That all is written is what hyper would read the next request for.
                return Poll::Pending;
            }
        }
        self.watch(cx, progress)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
