//! A receiver that keeps what it was sent, byte for byte, and answers as it is told.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

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
    /// Connections that are open, and the most that ever were.
    open: usize,
    most_open: usize,
}

/// What a receiver does with a connection once it has read the request.
pub(crate) type Manner = dyn Fn(usize, &mut TcpStream) + Send + Sync;

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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<(Mutex<Seen>, Condvar)> = Arc::default();
        let (manner, shared): (Arc<Manner>, _) = (Arc::new(manner), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (manner, seen) = (Arc::clone(&manner), Arc::clone(&shared));
                std::thread::spawn(move || serve(stream, &*manner, &seen));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Waits until so many requests have come, and gives them all.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Request> {
        let (seen, changed) = &*self.seen;
        let until = Instant::now() + PATIENCE;
        let mut seen = seen.lock().unwrap();
        while seen.requests.len() < count {
            let left = until.checked_duration_since(Instant::now());
            let left = left.unwrap_or_else(|| panic!("{} of {count} requests came", seen.requests.len()));
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
        seen.requests.clone()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.wait_for(0)
    }

    pub(crate) fn most_open(&self) -> usize {
        self.seen.0.lock().unwrap().most_open
    }
}

fn serve(mut stream: TcpStream, manner: &Manner, seen: &(Mutex<Seen>, Condvar)) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let Some(request) = read(&mut stream) else { return };
    let number = {
        let mut state = seen.0.lock().unwrap();
        state.requests.push(request);
        state.open += 1;
        state.most_open = state.most_open.max(state.open);
        seen.1.notify_all();
        state.requests.len() - 1
    };
    manner(number, &mut stream);
    seen.0.lock().unwrap().open -= 1;
}

fn read(stream: &mut TcpStream) -> Option<Request> {
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
