//! Every bound of the listener, in one table.

use std::fmt::Write as _;
use std::time::Duration;

/// How much of everything one peer, and all peers together, may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time in which a request's head must be complete, and a TLS handshake; also how long an idle kept-alive connection
    /// lives. The connection is closed without an answer.
    pub head_time: Duration,
    /// Longest head, in bytes, line ends included; 431 beyond.
    pub head_bytes: usize,
    /// Longest request line, in bytes, without its line end; 414 beyond.
    pub request_line_bytes: usize,
    /// Longest body, in bytes; 413 beyond, before it is read when `Content-Length` says so.
    pub body_bytes: usize,
    /// Longest body of `POST /v2/rooms/{room_id}/files`, in bytes: the contract's 5 MiB, and 1 MiB for the other
    /// parts, whose text alone may have 65,535 characters of 4 bytes.
    pub upload_bytes: usize,
    /// Longest body that the control API takes, in bytes: a whole world.
    pub control_bytes: usize,
    /// Longest pause between two pieces of a body; 408 beyond.
    pub body_pause: Duration,
    /// Time in which a whole body must have come; 408 beyond.
    pub body_time: Duration,
    /// Longest time in which a peer takes nothing of its answer; the connection is dropped then.
    pub write_pause: Duration,
    /// Most connections at once. Further ones wait in the backlog.
    pub connections: usize,
    /// Most requests at once on one HTTP/2 connection. Further ones wait, or are told to come again.
    pub streams: u32,
    /// Connections that the system holds for us before we accept them.
    pub backlog: u32,
    /// Time in which requests in flight must be finished once the mock is told to end.
    pub drain_time: Duration,
    /// Most bytes of journal in the default world.
    pub journal_bytes: usize,
    /// Most bytes of journal in each further world.
    pub further_journal_bytes: usize,
    /// Most worlds at once.
    pub worlds: usize,
    /// Most readers of `/_mock/events` at once; 503 beyond.
    pub event_readers: usize,
    /// Most bytes of events in each world, beside the requests in its journal.
    pub feed_bytes: usize,
    /// Most events in each world, beside the requests in its journal.
    pub feed_events: usize,
    /// Longest silence on `/_mock/events`; a comment is sent then, so that a dead peer is found out.
    pub event_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_time: Duration::from_secs(10),
            head_bytes: 32 * KIB,
            request_line_bytes: 8 * KIB,
            body_bytes: MIB,
            upload_bytes: 6 * MIB,
            control_bytes: 64 * MIB,
            body_pause: Duration::from_secs(5),
            body_time: Duration::from_secs(30),
            write_pause: Duration::from_secs(10),
            connections: 1024,
            streams: 100,
            backlog: 1024,
            drain_time: Duration::from_secs(2),
            journal_bytes: 64 * MIB,
            further_journal_bytes: 4 * MIB,
            worlds: 1000,
            event_readers: 64,
            feed_bytes: MIB,
            feed_events: 10_000,
            event_pause: Duration::from_secs(15),
        }
    }
}

impl Limits {
    /// What hyper may buffer of one connection: room for a head that is too long, so that the refusal is ours and in
    /// the service's form. A head beyond this gets hyper's own empty 431.
    pub(crate) fn buffer_bytes(&self) -> usize {
        (2 * self.head_bytes).max(16 * KIB)
    }

    /// What, how much, and what happens beyond; for people.
    pub fn table(&self) -> [(&'static str, String, &'static str); 18] {
        let seconds = |time: Duration| format!("{} s", time.as_secs_f64());
        [
            ("head of a request", bytes(self.head_bytes), "431"),
            ("headers of a request", "100".to_owned(), "431"),
            ("request line", bytes(self.request_line_bytes), "414"),
            ("body", bytes(self.body_bytes), "413"),
            ("body of a file upload", bytes(self.upload_bytes), "413"),
            ("body on /_mock", bytes(self.control_bytes), "413"),
            ("time for a head, for TLS, or idle", seconds(self.head_time), "closed"),
            ("pause within a body", seconds(self.body_pause), "408"),
            ("time for a whole body", seconds(self.body_time), "408"),
            ("answer not being read", seconds(self.write_pause), "closed"),
            ("connections at once", self.connections.to_string(), "wait in the backlog"),
            ("requests at once by HTTP/2", self.streams.to_string(), "wait, or REFUSED_STREAM"),
            ("journal", bytes(self.journal_bytes), "oldest entries are dropped and counted"),
            ("journal of a further world", bytes(self.further_journal_bytes), "oldest entries are dropped and counted"),
            ("events beside the journal", bytes(self.feed_bytes), "oldest are dropped, and readers told"),
            ("the same, in number", self.feed_events.to_string(), "oldest are dropped, and readers told"),
            ("readers of /_mock/events", self.event_readers.to_string(), "503"),
            ("worlds at once", self.worlds.to_string(), "400 from POST /_mock/worlds"),
        ]
    }

    /// The table as lines of text.
    pub fn lines(&self) -> String {
        self.table().into_iter().fold(String::new(), |mut text, (what, most, beyond)| {
            let _ = writeln!(text, "  {what:<28}{most:>14}   {beyond}");
            text
        })
    }
}

fn bytes(count: usize) -> String {
    match count {
        count if count % MIB == 0 => format!("{} MiB", count / MIB),
        count if count % KIB == 0 => format!("{} KiB", count / KIB),
        count => format!("{count} bytes"),
    }
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
