//! What a program was seen to do in one scenario: every request with its bytes, every connection, what it wrote, and how it
//! ended. Rules look at this and at nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::service::Service;

/// One run of the program.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Name of the scenario.
    pub scenario: &'static str,
    /// The service whose client it is.
    pub service: Service,
    /// What the program was given.
    pub given: Given,
    /// Requests that reached the service, in order of arrival.
    pub calls: Vec<ClientCall>,
    /// Requests that reached the unrelated host that some scenarios play.
    pub strays: Vec<ClientCall>,
    /// Connections to the service, in order of opening.
    pub connections: Vec<Connection>,
    /// TLS handshakes that the program refused or broke off.
    pub refused_handshakes: u64,
    /// Messages of the world that the program's account wrote while it ran, oldest first.
    pub stored: Vec<StoredMessage>,
    /// Moments that the scenario's script noted, such as `window-opens`, since the start.
    pub moments: BTreeMap<&'static str, Duration>,
    /// The start in Unix milliseconds: what headers with absolute times are held against.
    pub started_at_ms: i64,
    /// When each run of the program began, since the start: one, unless the scenario runs it more often.
    pub runs: Vec<Duration>,
    /// How it ended; of several runs, the first that did not end with status 0, or the last.
    pub ending: Ending,
    /// Whether it told of a failure otherwise than by its status: line by line, where it is driven.
    pub reports_failure: bool,
    /// Processes that it had started and that were still there when it had ended. They are ended then.
    pub left_behind: usize,
    /// How long it ran.
    pub took: Duration,
    /// The start of what it wrote to stdout.
    pub stdout: Bytes,
    /// The start of what it wrote to stderr.
    pub stderr: Bytes,
    /// Whether it wrote more than is kept.
    pub output_is_cut: bool,
    /// Most requests that were being answered at the same time.
    pub peak_in_flight: usize,
    /// What the same program did where nothing went wrong, in the same run. Nothing in that scenario itself, and where it was
    /// not played.
    pub plain: Option<Arc<Self>>,
}

/// What the program was given in its environment.
#[derive(Clone, Debug)]
pub struct Given {
    /// The API token. Never shown.
    pub token: String,
    /// Further secrets: Chatday's signature tokens. Never shown.
    pub secrets: Vec<String>,
    /// The room or chat that it is to write to.
    pub place: String,
    /// The text that it may send, from `CONFORMANCE_TEXT`.
    pub text: String,
    /// Before the contract's paths, without a slash at the end: `/v2`, or a longer prefix where the scenario has one.
    pub prefix: String,
    /// Whether the address was the real one, and the way there an intercepting proxy.
    pub intercepted: bool,
}

impl Given {
    /// Everything that is never shown.
    pub fn all_secrets(&self) -> Vec<String> {
        [&self.token].into_iter().chain(&self.secrets).cloned().collect()
    }
}

/// One request, whole and unmasked: what is shown of it is masked at the report.
#[derive(Clone, Debug)]
pub struct ClientCall {
    /// When its head had been read, since the start.
    pub at: Duration,
    /// When the last byte of its answer was handed over; nothing when it was cut off.
    pub answered_at: Option<Duration>,
    /// Which connection it came on: place in [`Observation::connections`].
    pub connection: usize,
    /// The method.
    pub method: String,
    /// Path and query as they stood in the request line.
    pub target: String,
    /// Names as they came (lower case over HTTP/2) and values, in order.
    pub headers: Vec<(String, Bytes)>,
    /// The body, at most 1 MiB of it.
    pub body: Bytes,
    /// Status of the answer; 0 where none was sent.
    pub status: u16,
    /// Headers of the answer, names in lower case; empty where none was sent.
    pub answer_headers: Vec<(String, Bytes)>,
    /// The start of the answer's body, at most 64 KiB of it.
    pub answer_body: Bytes,
    /// What the request turned out to be: `post-messages`; nothing for what the contract does not know.
    pub operation: Option<String>,
    /// The fault of the script that it met, by the name that the scenario gave it.
    pub fault: Option<&'static str>,
    /// Clause and detail of what the mock found remarkable.
    pub violations: Vec<(String, String)>,
}

/// One connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Since the start.
    pub opened_at: Duration,
    /// Since the start; nothing while it is open at the end.
    pub closed_at: Option<Duration>,
    /// Requests that came on it.
    pub requests: usize,
}

/// A message that the program's account wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// Room or chat.
    pub place: String,
    /// Its text.
    pub text: String,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With this status.
    Exited(i32),
    /// By this signal, which we did not send.
    Signalled(i32),
    /// We ended it when its time was over.
    TimedOut,
    /// We ended it because it wrote without end.
    Flooded,
    /// It could not be started, and why.
    NotStarted(String),
}

impl Observation {
    /// Requests of one operation.
    pub fn calls_of<'a>(&'a self, operation: &'a str) -> impl Iterator<Item = &'a ClientCall> {
        self.calls.iter().filter(move |call| call.operation.as_deref() == Some(operation))
    }

    /// Requests that met a fault of the script.
    pub fn met<'a>(&'a self, fault: &'a str) -> impl Iterator<Item = &'a ClientCall> {
        self.calls.iter().filter(move |call| call.fault == Some(fault))
    }

    /// A moment in Unix seconds, as answers name it, since the start; zero for what lies before it.
    pub fn at_unix(&self, seconds: i64) -> Duration {
        let millis = seconds.saturating_mul(1000).saturating_sub(self.started_at_ms);
        Duration::from_millis(u64::try_from(millis).unwrap_or_default())
    }

    /// Whether the program says that all went well.
    pub fn claims_success(&self) -> bool {
        self.ending == Ending::Exited(0) && !self.reports_failure
    }
}

impl ClientCall {
    /// Values of a header, in order.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| &value[..])
    }

    /// The first value of a header of the answer.
    pub fn answer_header(&self, name: &str) -> Option<&[u8]> {
        self.answer_headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| &value[..])
    }

    /// The target's path.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The target's query, without its question mark.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}
