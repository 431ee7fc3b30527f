//! The control API over a socket: one short exchange for each call, with the standard library alone, so that it works on
//! any thread and in any runtime. It speaks HTTP/1.0, in which a long answer ends with its connection and not in chunks.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use super::events::Events;
use super::mock::{Call, MockError, Reply};
use crate::control::MOST_WITHIN_MS;

/// Where a control API is.
pub(super) struct Socket {
    /// `host:port`.
    authority: String,
    /// The path that the control API is mounted at.
    mount: String,
    token: Option<String>,
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Socket(http://{}{})", self.authority, self.mount)
    }
}

impl Socket {
    pub(super) fn new(control_url: &str, token: Option<&str>) -> Result<Self, MockError> {
        let unusable =
            |reason: &str| MockError::Unreachable { address: control_url.to_owned(), reason: reason.to_owned() };
        let rest = control_url
            .strip_prefix("http://")
            .ok_or_else(|| unusable("expected a URL like http://127.0.0.1:4010/_mock"))?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.is_empty() || authority.contains(char::is_whitespace) {
            return Err(unusable("the URL names no host"));
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { authority, mount: path.trim_end_matches('/').to_owned(), token: token.map(str::to_owned) })
    }

    pub(super) fn send(&self, call: &Call<'_>) -> Result<Reply, MockError> {
        self.exchange(call).map_err(|error| self.unreachable(&error))
    }

    /// Opens a stream of events, or gives the refusal.
    pub(super) fn follow(&self, call: &Call<'_>) -> Result<Result<Events, Reply>, MockError> {
        let mut stream = BufReader::new(self.ask(call).map_err(|error| self.unreachable(&error))?);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.by_ref().take(MOST_LINE).read_until(b'\n', &mut head) {
                Ok(1..) => {}
                Ok(0) => return Err(self.unreachable(&"it closed the connection without an answer")),
                Err(error) => return Err(self.unreachable(&error)),
            }
        }
        if status(&head) == Some(200) {
            return Events::over_socket(stream, self.authority.clone()).map(Ok);
        }
        stream.take(MOST_ANSWER).read_to_end(&mut head).map_err(|error| self.unreachable(&error))?;
        parse(&head).map(Err).ok_or_else(|| self.unreachable(&"the answer is not that of a mock server"))
    }

    fn exchange(&self, call: &Call<'_>) -> io::Result<Reply> {
        let mut answer = Vec::new();
        self.ask(call)?.take(MOST_ANSWER).read_to_end(&mut answer)?;
        parse(&answer)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not that of a mock server"))
    }

    fn unreachable(&self, reason: &dyn std::fmt::Display) -> MockError {
        MockError::Unreachable { address: self.authority.clone(), reason: reason.to_string() }
    }

    /// Sends a call; the answer is to be read.
    fn ask(&self, call: &Call<'_>) -> io::Result<TcpStream> {
        let mut stream = self.dial()?;
        stream.set_read_timeout(Some(Duration::from_millis(MOST_WITHIN_MS) + SLACK))?;
        stream.set_write_timeout(Some(SLACK))?;
        let mut head = format!(
            "{} {}{} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n",
            call.method, self.mount, call.path, self.authority
        );
        if !call.world.is_empty() {
            let _ = write!(head, "X-Mock-World: {}\r\n", call.world);
        }
        if let Some(token) = &self.token {
            let _ = write!(head, "Authorization: Bearer {token}\r\n");
        }
        let _ = write!(head, "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", call.body.len());
        stream.write_all(head.as_bytes())?;
        stream.write_all(&call.body)?;
        Ok(stream)
    }

    fn dial(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in self.authority.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT_TIME) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// Status and body of a whole answer. The mock sends `Content-Length` with every body but the longest, and closes
/// afterwards; a longest one is JSON, which cannot be read where its end is missing.
fn parse(answer: &[u8]) -> Option<Reply> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let status = status(answer)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let body = answer.get(end + 4..)?;
    // A body that was cut short is no answer.
    Some((status, body.get(..length.unwrap_or(body.len()))?.to_vec()))
}

fn status(answer: &[u8]) -> Option<u16> {
    let code = answer.strip_prefix(b"HTTP/1.0 ").or_else(|| answer.strip_prefix(b"HTTP/1.1 "))?.get(..3)?;
    std::str::from_utf8(code).ok()?.parse().ok()
}

const CONNECT_TIME: Duration = Duration::from_secs(2);
const SLACK: Duration = Duration::from_secs(5);
/// Most bytes of an answer that are read: 1 GiB, more than any journal or world that a mock holds.
const MOST_ANSWER: u64 = 1 << 30;
/// Most bytes of one line of a head: 64 KiB.
const MOST_LINE: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_cut_is_none() {
        assert_eq!(parse(b"HTTP/1.1 204 No Content\r\n\r\n"), Some((204, vec![])));
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), Some((200, b"{}".to_vec())));
        assert_eq!(parse(b"HTTP/1.0 200 OK\r\n\r\n{}"), Some((200, b"{}".to_vec())));
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}"), None);
        assert_eq!(parse(b"SSH-2.0\r\n\r\n"), None);
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn a_control_url_is_taken_apart_and_nonsense_is_refused() {
        let socket = Socket::new("http://localhost/_mock/", None).unwrap();
        assert_eq!((socket.authority.as_str(), socket.mount.as_str()), ("localhost:80", "/_mock"));
        let socket = Socket::new("http://[::1]:9/x", Some("s")).unwrap();
        assert_eq!(format!("{socket:?}"), "Socket(http://[::1]:9/x)");
        for url in ["", "https://a/_mock", "http://", "127.0.0.1:4010"] {
            assert!(Socket::new(url, None).is_err(), "{url}");
        }
    }
}
