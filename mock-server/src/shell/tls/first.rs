//! A stream whose first byte can be looked at before anybody reads it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::super::conduct::Resettable;

#[derive(Debug)]
pub(crate) struct First<S> {
    /// What was read of the stream already.
    ahead: Bytes,
    stream: S,
}

impl<S: AsyncRead + Unpin> First<S> {
    /// A stream of which nothing was read so far.
    pub(crate) fn new(stream: S) -> Self {
        Self::behind(Bytes::new(), stream)
    }

    /// A stream of which somebody has read these bytes already.
    pub(crate) fn behind(ahead: Bytes, stream: S) -> Self {
        Self { ahead, stream }
    }

    /// The first byte, or nothing where the peer closed without one.
    pub(crate) async fn look(&mut self) -> io::Result<Option<u8>> {
        if self.ahead.is_empty() {
            let mut byte = [0];
            let count = self.stream.read(&mut byte).await?;
            self.ahead = Bytes::copy_from_slice(byte.get(..count).unwrap_or_default());
        }
        Ok(self.ahead.first().copied())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for First<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let count = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead.split_to(count));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for First<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
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

impl<S: Resettable> Resettable for First<S> {
    fn reset_when_dropped(&self) {
        self.stream.reset_when_dropped();
    }
}
