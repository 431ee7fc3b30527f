//! A client that says exactly what it is told to, byte for byte.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use contract::service::Service;
use mock_server::Mock;
use serde_json::Value;

/// Long enough that only a hanging server reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client<S = TcpStream> {
    stream: BufReader<S>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn errors(&self) -> Vec<String> {
        serde_json::from_value(self.json()["errors"].clone()).unwrap()
    }
}

impl Client {
    pub(crate) fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self::over(stream)
    }

    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.stream.get_mut()
    }

    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream.into_inner()
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Everything that comes until the connection ends, and how it ends.
    pub(crate) fn rest(&mut self) -> (Vec<u8>, std::io::Result<()>) {
        let mut bytes = Vec::new();
        let ended = self.stream.read_to_end(&mut bytes).map(drop);
        (bytes, ended)
    }

    pub(crate) fn inner(&self) -> &S {
        self.stream.get_ref()
    }

    /// Reads one answer.
    pub(crate) fn answer(&mut self) -> Answer {
        self.try_answer().expect("an answer")
    }

    /// Reads one answer, or nothing where the server closed without one.
    pub(crate) fn try_answer(&mut self) -> Option<Answer> {
        let status = self.line()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ")?;
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: String::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        let is_chunked = answer.header("transfer-encoding").is_some();
        let body = if is_chunked { self.chunks()? } else { self.exactly(length)? };
        answer.body = String::from_utf8(body).unwrap();
        Some(answer)
    }

    fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line()?, 16).ok()?;
            body.extend(self.exactly(length)?);
            self.line()?;
            if length == 0 {
                return Some(body);
            }
        }
    }

    /// Whether the server closes the connection without another byte. Waits for it.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).is_ok() && rest.is_empty()
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.stream.read_line(&mut line).ok()?;
        (count > 0).then(|| line.trim_end().to_owned())
    }
}

/// `host:port` of a mock.
pub(crate) fn address(mock: &Mock) -> String {
    mock.url(Service::Chatwork).strip_prefix("http://").unwrap().strip_suffix("/v2").unwrap().to_owned()
}

/// One exchange on a connection of its own.
pub(crate) fn exchange(mock: &Mock, request: impl AsRef<[u8]>) -> Answer {
    Client::connect(&address(mock)).send(request).answer()
}

/// A request with a token and maybe a form body.
pub(crate) fn request(mock: &Mock, method: &str, target: &str, token: &str, body: &str) -> String {
    let address = address(mock);
    let form = "Content-Type: application/x-www-form-urlencoded";
    let head = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nX-ChatWorkToken: {token}\r\n");
    if body.is_empty() {
        return format!("{head}\r\n");
    }
    format!("{head}{form}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// An exchange with Chatwork as the world's first person.
pub(crate) fn chatwork(mock: &Mock, method: &str, target: &str, body: &str) -> Answer {
    exchange(mock, request(mock, method, target, mock.token(Service::Chatwork), body))
}

/// An exchange with the control API.
pub(crate) fn call(mock: &Mock, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let address = address(mock);
    let length = body.len();
    exchange(
        mock,
        format!("{method} /_mock{path} HTTP/1.1\r\nHost: {address}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"),
    )
}

/// The messages path of the world's first room.
pub(crate) fn messages(mock: &Mock) -> String {
    format!("/v2/rooms/{}/messages", mock.card().chatwork["room_id"])
}
