//! A small HTTP/1.1 server written by hand, as many receivers have one: for the mistakes that a library would not make.

use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::Bytes;
use contract::wire::{Request, Response};
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use http::{StatusCode, Version};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::answer::error;
use super::flaw::Flaw;
use super::receive::{BODY_MAX, too_large};
use super::server::Served;

/// Whether a receiver with this flaw is served by hand.
pub(super) fn serves(flaw: Option<Flaw>) -> bool {
    matches!(
        flaw,
        Some(
            Flaw::ExactCaseHeader
                | Flaw::ChunkedUnread
                | Flaw::ReadsOnce
                | Flaw::StaleBody
                | Flaw::LeavesBodyUnread
                | Flaw::LimitsIdling
                | Flaw::DiesOnHalfBody
                | Flaw::ActsOnHalfBody
                | Flaw::OneAtATime
        )
    )
}

/// Answers what comes over one connection, until it ends.
pub(super) async fn converse(stream: TcpStream, served: &Served) {
    let mut talk = Talk { stream, arrived: Vec::new(), served, flaw: served.integration.flaw() };
    // A connection that ends badly is the peer's affair.
    let _ = talk.run().await;
}

struct Talk<'a> {
    stream: TcpStream,
    arrived: Vec<u8>,
    served: &'a Served,
    flaw: Option<Flaw>,
}

/// How the body of a request ends.
enum Body {
    Whole(Bytes),
    TooLarge,
    /// The connection ended first.
    Half(Bytes),
}

impl Talk<'_> {
    async fn run(&mut self) -> io::Result<()> {
        let mut first: Option<Bytes> = None;
        loop {
            let idle_since = Instant::now();
            let Some(head) = self.head().await? else { return Ok(()) };
            let idled = idle_since.elapsed();
            let Some(mut request) = self.parse(&head) else {
                return self.write(&error(StatusCode::BAD_REQUEST, "this is no HTTP"), false).await;
            };
            let keeps = keeps(&request);
            if self.flaw == Some(Flaw::LeavesBodyUnread) && self.served.integration.is_forged_at_sight(&request) {
                let refusal = error(StatusCode::UNAUTHORIZED, "the signature does not fit");
                self.write(&refusal, keeps).await?;
                first = Some(Bytes::new());
                if keeps { continue } else { return Ok(()) }
            }
            let body = match self.body(&request).await? {
                Body::Whole(body) => body,
                Body::TooLarge => return self.write(&too_large(), false).await,
                Body::Half(body) => return self.act_on_half(request, &body).await,
            };
            let earlier = first.get_or_insert_with(|| body.clone()).clone();
            *request.body_mut() = if self.flaw == Some(Flaw::StaleBody) { earlier } else { body };
            if self.flaw == Some(Flaw::LimitsIdling) && idled > IDLE_MAX {
                return self.write(&error(StatusCode::REQUEST_TIMEOUT, "too late"), false).await;
            }
            let Some(answer) = self.served.respond(&request).await else { return Ok(()) };
            // What was left unread cannot be told from the next request.
            let keeps = keeps && !matches!(self.flaw, Some(Flaw::ReadsOnce | Flaw::ChunkedUnread));
            self.write(&answer, keeps).await?;
            if !keeps {
                return Ok(());
            }
        }
    }

    /// The bytes of a head; nothing at the end of the connection.
    async fn head(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = find(&self.arrived, b"\r\n\r\n") {
                let rest = self.arrived.split_off(end + 4);
                return Ok(Some(std::mem::replace(&mut self.arrived, rest)));
            }
            if self.arrived.len() > HEAD_MAX || !self.fill().await? {
                return Ok(None);
            }
        }
    }

    fn parse(&self, head: &[u8]) -> Option<Request> {
        let head = std::str::from_utf8(head).ok()?;
        let mut lines = head.trim_end().split("\r\n");
        let mut words = lines.next()?.split(' ');
        let mut request = http::Request::builder().method(words.next()?).uri(words.next()?);
        request = request.version(match words.next()? {
            "HTTP/1.0" => Version::HTTP_10,
            "HTTP/1.1" => Version::HTTP_11,
            _ => return None,
        });
        let signature = self.served.integration.signature_header();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            let is_signature = name.eq_ignore_ascii_case(signature.as_str());
            if self.flaw == Some(Flaw::ExactCaseHeader) && is_signature && name != signature.as_str() {
                continue;
            }
            request = request.header(name, value.trim());
        }
        request.body(Bytes::new()).ok()
    }

    async fn body(&mut self, request: &Request) -> io::Result<Body> {
        let says = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        if self.flaw == Some(Flaw::ReadsOnce) {
            return Ok(Body::Whole(Bytes::from(std::mem::take(&mut self.arrived))));
        }
        if says(EXPECT).is_some_and(|what| what.eq_ignore_ascii_case("100-continue")) {
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        if says(TRANSFER_ENCODING).is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return if self.flaw == Some(Flaw::ChunkedUnread) {
                Ok(Body::Whole(Bytes::new()))
            } else {
                self.chunks().await
            };
        }
        let length = says(CONTENT_LENGTH).and_then(|length| length.parse().ok()).unwrap_or(0);
        if length > BODY_MAX {
            return Ok(Body::TooLarge);
        }
        if !self.has(length).await? {
            return Ok(Body::Half(Bytes::from(std::mem::take(&mut self.arrived))));
        }
        Ok(Body::Whole(self.take(length)))
    }

    async fn chunks(&mut self) -> io::Result<Body> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| ErrorKind::InvalidData)?;
            if size == 0 {
                // The trailer, if there is one, up to its empty line.
                while !self.line().await?.is_empty() {}
                return Ok(Body::Whole(Bytes::from(body)));
            }
            if body.len() + size > BODY_MAX {
                return Ok(Body::TooLarge);
            }
            if !self.has(size + 2).await? {
                return Ok(Body::Half(Bytes::from(body)));
            }
            body.extend_from_slice(&self.take(size));
            self.take(2);
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = find(&self.arrived, b"\r\n") {
                let line = self.take(end);
                self.take(2);
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            if self.arrived.len() > HEAD_MAX || !self.fill().await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// For [`Flaw::DiesOnHalfBody`], and for [`Flaw::ActsOnHalfBody`]: closes what is open, and handles what came.
    async fn act_on_half(&self, mut request: Request, half: &[u8]) -> io::Result<()> {
        match self.flaw {
            Some(Flaw::ActsOnHalfBody) => {}
            Some(Flaw::DiesOnHalfBody) => return self.served.die().await,
            _ => return Ok(()),
        }
        for end in ["", "}", "}}", "\"}", "\"}}", "\"},\"chat_id\":\"70001\"}"] {
            let whole = [half, end.as_bytes()].concat();
            if serde_json::from_slice::<serde_json::Value>(&whole).is_ok() {
                *request.body_mut() = Bytes::from(whole);
                // Nobody is there to be answered.
                self.served.respond(&request).await;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Waits until so many bytes are there; false when the connection ends first.
    async fn has(&mut self, count: usize) -> io::Result<bool> {
        while self.arrived.len() < count {
            if !self.fill().await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take(&mut self, count: usize) -> Bytes {
        let rest = self.arrived.split_off(count.min(self.arrived.len()));
        Bytes::from(std::mem::replace(&mut self.arrived, rest))
    }

    /// Waits for more bytes; false at the end of the connection.
    async fn fill(&mut self) -> io::Result<bool> {
        loop {
            self.stream.readable().await?;
            let mut piece = [0; 16 * 1024];
            match self.stream.try_read(&mut piece) {
                Ok(count) => {
                    self.arrived.extend_from_slice(&piece[..count]);
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn write(&self, answer: &Response, keeps: bool) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {}\r\n", answer.status()).into_bytes();
        for (name, value) in answer.headers() {
            head.extend_from_slice(format!("{name}: ").as_bytes());
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        let connection = if keeps { "keep-alive" } else { "close" };
        head.extend_from_slice(format!("content-length: {}\r\n", answer.body().len()).as_bytes());
        head.extend_from_slice(format!("connection: {connection}\r\n\r\n").as_bytes());
        head.extend_from_slice(answer.body());
        self.send(&head).await
    }

    async fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn keeps(request: &Request) -> bool {
    let asked = request.headers().get(CONNECTION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match request.version() {
        Version::HTTP_10 => asked.eq_ignore_ascii_case("keep-alive"),
        _ => !asked.eq_ignore_ascii_case("close"),
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// The largest head that is read, in bytes.
const HEAD_MAX: usize = 32 * 1024;
/// How long a connection may idle under [`Flaw::LimitsIdling`].
const IDLE_MAX: Duration = Duration::from_millis(500);
