//! A receiver that keeps what it was sent, byte for byte, and answers as it is told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Long enough that only a hanging mock reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a Chatday endpoint must answer.
pub(crate) const SUCCESS: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"status\":\"SUCCESS\"}";

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        lines
            .filter_map(|line| line.split_once(": "))
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|it| it.1)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Seen {
    requests: Vec<Request>,
    /// How handshakes ended that came to nothing.
    failures: Vec<String>,
    /// Connections that are open, and the most that ever were.
    open: usize,
    most_open: usize,
}

/// A receiver; it ends with the test.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Receiver {
    /// One that acknowledges everything, for both services.
    pub(crate) fn friendly() -> Self {
        Self::answering(SUCCESS)
    }

    /// One that always answers the same bytes.
    pub(crate) fn answering(answer: &'static [u8]) -> Self {
        Self::with(move |_, stream| {
            let _ = stream.write_all(answer);
        })
    }

    /// One that reads the request and then does as it is told: with the number of the request, from 0.
    pub(crate) fn with(manner: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::accepting(move |mut stream, seen| serve(&mut stream, seen, |number, stream| manner(number, stream)))
    }

    /// One that speaks TLS, and acknowledges everything; or one that stalls, and keeps each connection open for good.
    pub(crate) fn over_tls(config: Arc<ServerConfig>, stalls: bool) -> Self {
        Self::accepting(move |mut stream, seen| {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            while connection.is_handshaking() {
                if let Err(error) = connection.complete_io(&mut stream) {
                    seen.0.lock().unwrap().failures.push(error.to_string());
                    seen.1.notify_all();
                    return;
                }
            }
            serve(&mut StreamOwned::new(connection, stream), seen, |_, stream| {
                if stalls {
                    loop {
                        std::thread::park();
                    }
                }
                let _ = stream.write_all(SUCCESS);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            });
        })
    }

    fn accepting(each: impl Fn(TcpStream, &(Mutex<Seen>, Condvar)) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<(Mutex<Seen>, Condvar)> = Arc::default();
        let (each, shared) = (Arc::new(each), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let _ = stream.set_read_timeout(Some(PATIENCE));
                let (each, seen) = (Arc::clone(&each), Arc::clone(&shared));
                std::thread::spawn(move || each(stream, &seen));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The same over TLS, under the name that certificates have.
    pub(crate) fn https_url(&self) -> String {
        format!("https://localhost:{}/hook", self.address.port())
    }

    /// Waits until so many requests have come, and gives them all.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Request> {
        self.wait_until(|seen| &seen.requests, count)
    }

    /// Waits until so many handshakes have come to nothing, and gives what became of each.
    pub(crate) fn wait_for_failures(&self, count: usize) -> Vec<String> {
        self.wait_until(|seen| &seen.failures, count)
    }

    fn wait_until<T: Clone>(&self, what: impl Fn(&Seen) -> &Vec<T>, count: usize) -> Vec<T> {
        let (seen, changed) = &*self.seen;
        let until = Instant::now() + PATIENCE;
        let mut seen = seen.lock().unwrap();
        while what(&seen).len() < count {
            let left = until.checked_duration_since(Instant::now());
            let left = left.unwrap_or_else(|| panic!("{} of {count} came", what(&seen).len()));
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
        what(&seen).clone()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.wait_for(0)
    }

    pub(crate) fn most_open(&self) -> usize {
        self.seen.0.lock().unwrap().most_open
    }
}

/// Reads and keeps the request, then does as it is told.
fn serve<S: Read>(stream: &mut S, seen: &(Mutex<Seen>, Condvar), manner: impl Fn(usize, &mut S)) {
    let Some(request) = read(stream) else { return };
    let number = {
        let mut state = seen.0.lock().unwrap();
        state.requests.push(request);
        state.open += 1;
        state.most_open = state.most_open.max(state.open);
        seen.1.notify_all();
        state.requests.len() - 1
    };
    manner(number, stream);
    seen.0.lock().unwrap().open -= 1;
}

fn read(stream: &mut impl Read) -> Option<Request> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let mut request = Request { head, body: bytes[end + 4..].to_vec() };
            let length: usize = request.header("content-length").map_or(0, |length| length.parse().unwrap());
            while request.body.len() < length {
                let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
                request.body.extend_from_slice(&piece[..count]);
            }
            return Some(request);
        }
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
    }
}
