//! Follows a world's events, in the process itself or over a socket. Blocks; needs no runtime.

use std::future::poll_fn;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::mock::MockError;
use crate::control::event::{Event, Happening};
use crate::shell::follow::{Batch, Follower};

/// What happens in a world, in the order in which it happens, from [`crate::Mock::events`]. Ends with the mock or the
/// world. A reader that is slow makes nobody wait: where it falls behind what the mock remembers, it gets
/// [`Happening::Lost`]. Dropping it ends the following.
#[derive(Debug)]
pub struct Events {
    source: Source,
    /// Taken from the source, the next one last.
    ready: Vec<Event>,
    has_ended: bool,
}

#[derive(Debug)]
enum Source {
    InProcess(Box<Follower>),
    Socket(Stream),
}

/// What a source has within a time.
enum Got {
    /// In order.
    Events(Vec<Event>),
    Nothing,
    End,
}

impl Events {
    pub(super) fn in_process(follower: Follower) -> Self {
        Self { source: Source::InProcess(Box::new(follower)), ready: Vec::new(), has_ended: false }
    }

    /// Reads an answer whose head was read, up to its greeting: from here on nothing is missed.
    pub(super) fn over_socket(stream: BufReader<TcpStream>, address: String) -> Result<Self, MockError> {
        let stream = Stream { stream, address, line: Vec::new(), message: Message::default(), has_greeted: false };
        let mut events = Self { source: Source::Socket(stream), ready: Vec::new(), has_ended: false };
        let got = events.source.get(Some(Instant::now() + GREETING_TIME))?;
        if let Source::Socket(stream) = &events.source
            && !stream.has_greeted
        {
            return Err(stream.unreachable("the stream of events did not begin with a greeting"));
        }
        events.put(got);
        Ok(events)
    }

    /// The next event, if there is one within a time of real time; `None` also at the end.
    ///
    /// # Errors
    /// The mock cannot be reached any more.
    pub fn next_within(&mut self, time: Duration) -> Result<Option<Event>, MockError> {
        self.advance(Some(Instant::now() + time))
    }

    fn advance(&mut self, until: Option<Instant>) -> Result<Option<Event>, MockError> {
        while self.ready.is_empty() && !self.has_ended {
            match self.source.get(until) {
                Ok(Got::Nothing) => return Ok(None),
                Ok(got) => self.put(got),
                Err(error) => {
                    self.has_ended = true;
                    return Err(error);
                }
            }
        }
        Ok(self.ready.pop())
    }

    fn put(&mut self, got: Got) {
        match got {
            Got::Events(events) => self.ready.extend(events.into_iter().rev()),
            Got::Nothing => {}
            Got::End => self.has_ended = true,
        }
    }
}

impl Iterator for Events {
    type Item = Result<Event, MockError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance(None).transpose()
    }
}

impl Source {
    /// Waits until there is something, or until a moment.
    fn get(&mut self, until: Option<Instant>) -> Result<Got, MockError> {
        match self {
            Self::InProcess(follower) => Ok(match wait_for(|cx| follower.poll_next(cx), until) {
                Some(Batch::Events(events)) => Got::Events(events),
                Some(Batch::Enough | Batch::End(_)) => Got::End,
                None => Got::Nothing,
            }),
            Self::Socket(stream) => stream.get(until),
        }
    }
}

/// Polls on this thread, and sleeps in between: works inside and outside of every runtime.
fn wait_for<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>, until: Option<Instant>) -> Option<T> {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut waited_for = Box::pin(poll_fn(|cx| poll(cx)));
    loop {
        if let Poll::Ready(ready) = waited_for.as_mut().poll(&mut cx) {
            return Some(ready);
        }
        match until.map(|until| until.saturating_duration_since(Instant::now())) {
            Some(Duration::ZERO) => return None,
            Some(left) => std::thread::park_timeout(left),
            None => std::thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Server-sent events, read line by line.
struct Stream {
    stream: BufReader<TcpStream>,
    address: String,
    /// The beginning of a line that has not come whole yet.
    line: Vec<u8>,
    message: Message,
    has_greeted: bool,
}

/// The fields of one event, as far as they came.
#[derive(Debug, Default)]
struct Message {
    id: u64,
    name: String,
    data: String,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stream({})", self.address)
    }
}

impl Stream {
    fn get(&mut self, until: Option<Instant>) -> Result<Got, MockError> {
        loop {
            let left = until.map_or(MOST_SILENCE, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(Got::Nothing);
            }
            let read = self
                .stream
                .get_ref()
                .set_read_timeout(Some(left.min(MOST_SILENCE)))
                .and_then(|()| self.stream.by_ref().take(MOST_LINE).read_until(b'\n', &mut self.line));
            match read {
                Ok(_) if !self.line.ends_with(b"\n") => {
                    return Err(self.unreachable("the stream of events broke off"));
                }
                Ok(_) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    if left >= MOST_SILENCE {
                        return Err(self.unreachable("it has said nothing for a minute"));
                    }
                    continue;
                }
                Err(error) => return Err(self.unreachable(&error.to_string())),
            }
            let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim_end().to_owned();
            if !line.is_empty() {
                self.message.read(&line);
                continue;
            }
            match std::mem::take(&mut self.message) {
                // A comment of its own, or an event without data, is none.
                Message { data, .. } if data.is_empty() => {}
                Message { name, .. } if name == "hello" => {
                    self.has_greeted = true;
                    return Ok(Got::Events(Vec::new()));
                }
                Message { name, .. } if name == "bye" => return Ok(Got::End),
                Message { id, name, data } => {
                    let data: Value = serde_json::from_str(&data)
                        .map_err(|error| self.unreachable(&format!("an event cannot be read: {error}")))?;
                    return Ok(Got::Events(vec![Event { id, what: Happening::read(&name, data) }]));
                }
            }
        }
    }

    fn unreachable(&self, reason: &str) -> MockError {
        MockError::Unreachable { address: self.address.clone(), reason: reason.to_owned() }
    }
}

impl Message {
    fn read(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.id = value.parse().unwrap_or(self.id),
            "event" => value.clone_into(&mut self.name),
            "data" => self.data.push_str(value),
            _ => {}
        }
    }
}

/// Most bytes of one line: 8 MiB, more than any event has.
const MOST_LINE: u64 = 8 << 20;
const GREETING_TIME: Duration = Duration::from_secs(10);
/// The mock says something at least every 15 s.
const MOST_SILENCE: Duration = Duration::from_secs(60);
