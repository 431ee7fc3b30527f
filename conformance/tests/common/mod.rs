//! What the tests of this folder share.
#![expect(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod program;
pub(crate) mod watch;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use conformance::ask::effects::Effects;
use conformance::ask::policy::{ForgeryAnswer, Origin, Policy};
use conformance::ask::secret::Secret;
use conformance::catalog::Selection;
use conformance::check::Kind;
use conformance::run::engine::Run;
use conformance::run::event::{CheckReport, Event, RunReport};
use conformance::run::session::{Session, Settings};
use conformance::run::stop::{self, Stop};
use conformance::run::verdict::Status;
use conformance::sample::flaw::Flaw;
use conformance::sample::receive::Integration;
use conformance::sample::server::Sample;
use contract::chatday::Profile;
use contract::service::Service;
use contract::time::UnixMillis;
use courier::address::Endpoint;
use courier::socket::Socket;

/// The webhook token of the Chatwork samples.
pub(crate) const CHATWORK_TOKEN: &str = "W6agakRo0Il0Y2blfz7v5TKrGanFzCIWakZcezo/YeU=";
/// The Chatday-Signature-Token of the Chatday samples.
pub(crate) const CHATDAY_TOKEN: &str = "Obviously-Fake-Signature-Token-0123";

/// When every run of these tests takes place, and what the samples take the time to be.
pub(crate) const NOW: UnixMillis = UnixMillis(1_760_000_000_000);

/// A secret that was valid once.
pub(crate) const OLD_TOKEN: &str = "b2xkLXNlY3JldC1vZi10aGUtc2FtcGxl";

/// Settings for snapshots in the workspace's own folder.
pub(crate) fn shelf() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../snapshots/conformance"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

pub(crate) fn token(service: Service) -> &'static str {
    match service {
        Service::Chatwork => CHATWORK_TOKEN,
        Service::Chatday => CHATDAY_TOKEN,
    }
}

pub(crate) fn secret(service: Service) -> Secret {
    Secret::new(service, token(service), None).unwrap()
}

pub(crate) fn integration(service: Service, flaw: Option<Flaw>) -> Integration {
    Integration::new(service, secret(service), Profile::default_profile(), flaw).with_clock(|| NOW)
}

pub(crate) fn sample(service: Service, flaw: Option<Flaw>) -> Sample {
    Sample::start(integration(service, flaw), SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
}

/// A sample that answers through a watched API, and had another secret once.
pub(crate) fn watched_sample(service: Service, flaw: Option<Flaw>, watch: &watch::Watch) -> Sample {
    let old = Secret::new(service, OLD_TOKEN, None).unwrap();
    let integration = integration(service, flaw).with_api(watch.api()).with_old_secret(old);
    Sample::start(integration, SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
}

/// How to judge.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) strict: bool,
    pub(crate) seed: u64,
    pub(crate) timeout: Duration,
    pub(crate) forgery_answer: ForgeryAnswer,
    pub(crate) cases: u64,
    pub(crate) jobs: usize,
    /// Also the checks that take their time: those that load, that wait, and that send what no service sends.
    pub(crate) thorough: bool,
    /// Only the checks that fit.
    pub(crate) only: &'static str,
    pub(crate) old_secret: Option<&'static str>,
    pub(crate) max_time: Option<Duration>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            strict: false,
            seed: 1,
            timeout: Duration::from_secs(5),
            forgery_answer: ForgeryAnswer::Refuse,
            cases: 8,
            jobs: 4,
            thorough: false,
            only: "*",
            old_secret: None,
            max_time: None,
        }
    }
}

/// What a run came to.
pub(crate) struct Judged {
    pub(crate) run: RunReport,
    pub(crate) checks: Vec<CheckReport>,
    pub(crate) events: Vec<Event>,
}

impl Judged {
    /// The ids of the checks with this status, without the service.
    pub(crate) fn with(&self, status: Status) -> Vec<&str> {
        let checks = self.checks.iter().filter(|check| check.status == status);
        checks.map(|check| check.id.rsplit('.').next().unwrap()).collect()
    }
}

/// Runs the checks of a service in this process.
pub(crate) fn judge(service: Service, url: &str, manner: Manner) -> Judged {
    judge_watching(service, url, manner, None)
}

/// The same, seeing what the integration calls.
pub(crate) fn judge_watching(service: Service, url: &str, manner: Manner, effects: Option<Box<dyn Effects>>) -> Judged {
    let (_stopper, stop) = stop::channel();
    let mut session = session(service, url, manner, stop);
    if let Some(effects) = effects {
        session = session.watching(effects);
    }
    let only = vec![manner.only.to_owned()];
    let mut checks =
        Selection { service: Some(service), kind: Some(Kind::Webhook), only, ..Selection::default() }.choose();
    checks.retain(|check| manner.thorough || !(check.hostile || check.load || check.id.contains("idle")));
    let mut events = Vec::new();
    let run = Run {
        checks: &checks,
        strict: manner.strict,
        patience: Duration::ZERO,
        cases: manner.cases,
        jobs: manner.jobs,
    }
    .carry_out(&mut session, &mut |event| events.push(event.clone()));
    let checks = events.iter().filter_map(|event| match event {
        Event::CheckFinished(report) => Some(report.as_ref().clone()),
        _ => None,
    });
    Judged { run, checks: checks.collect(), events }
}

/// A session with a subject on this machine.
pub(crate) fn session(service: Service, url: &str, manner: Manner, stop: Stop) -> Session {
    let endpoint = Endpoint::parse(url).unwrap();
    let address = SocketAddr::new(endpoint.host.parse().unwrap(), endpoint.port);
    Session::new(Settings {
        socket: Socket {
            address: Ok(address),
            authority: endpoint.authority.clone(),
            connect_timeout: courier::socket::CONNECT_TIMEOUT,
            tls: None,
            timeout: manner.timeout,
        },
        endpoint,
        secret: secret(service),
        policy: Policy {
            service,
            profile: Profile::default_profile(),
            forgery_answer: manner.forgery_answer,
            origin: Origin::default(),
            marked: false,
            old_secret: manner.old_secret.map(|old| Secret::new(service, old, None).unwrap()),
            effect: None,
        },
        seed: manner.seed,
        now: NOW,
        rate: None,
        max_time: manner.max_time,
        stop,
    })
    .unwrap()
}

/// A listener that does with each connection what it is told, on a thread for each. Stops when dropped.
pub(crate) struct Raw {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Raw {
    /// `handle` gets a connection whose reads end after a while, so that no thread outlives its test for long.
    pub(crate) fn start(handle: impl Fn(TcpStream, &AtomicBool) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stopping);
        let handle = Arc::new(handle);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if seen.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                let (handle, seen) = (Arc::clone(&handle), Arc::clone(&seen));
                std::thread::spawn(move || handle(stream, &seen));
            }
        });
        Self { address, stopping, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/webhook", self.address)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the accept.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Checks that the sample's own flaws cannot show, by the words of their ids: `tests/kills.rs` shows each of them to catch
/// something.
pub(crate) const ELSEWHERE: [&str; 38] = [
    "any-additions-are-acknowledged",
    "any-changed-secret-is-refused",
    "any-changed-signature-is-refused",
    "any-spelling-is-acknowledged",
    "any-text-is-acknowledged",
    "bad-events-do-not-wear-it-out",
    "burst-is-acknowledged",
    "chunked-body-is-read",
    "content-encoding-does-not-crash",
    "control-characters-do-not-crash",
    "errors-tell-no-secret",
    "events-in-another-order-are-acknowledged",
    "expect-continue-is-answered",
    "forwarding-headers-change-nothing",
    "get-head-options-do-not-crash",
    "half-request-does-no-harm",
    "header-and-query-copy-agree",
    "header-names-in-any-case",
    "identical-events-at-once-are-answered",
    "idle-connection-loses-nothing",
    "kept-connection-tells-apart",
    "large-body-does-not-crash",
    "large-ids-are-acknowledged",
    "long-text-is-acknowledged",
    "malformed-body-does-not-crash",
    "media-type-in-any-spelling",
    "numbers-in-other-notation-are-acknowledged",
    "old-secret-is-refused",
    "old-token-is-refused",
    "other-methods-are-not-processed",
    "published-secrets-are-refused",
    "published-tokens-are-refused",
    "repeated-event-is-acknowledged",
    "repeated-event-is-answered",
    "slow-sender-is-not-in-the-way",
    "times-may-differ-from-the-clock",
    "two-secrets-are-refused",
    "two-signatures-are-refused",
];

/// Reads one whole request; nothing when the peer left first.
pub(crate) fn read_request(stream: &mut TcpStream) -> Option<contract::wire::Request> {
    read_with_head(stream).map(|(request, ..)| request)
}

/// The same, with the head as it came, and in how many reads it all came.
pub(crate) fn read_with_head(stream: &mut TcpStream) -> Option<(contract::wire::Request, String, usize)> {
    let mut reads = 0;
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = find(&read, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            let mut lines = head.split("\r\n");
            let mut first = lines.next()?.split(' ');
            let mut request = http::Request::builder().method(first.next()?).uri(first.next()?);
            let mut length = 0;
            let mut chunked = false;
            for line in lines {
                let (name, value) = line.split_once(':')?;
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().ok()?;
                }
                chunked |= name.eq_ignore_ascii_case("transfer-encoding");
                if name.eq_ignore_ascii_case("expect") && read.len() == end + 4 {
                    write(stream, b"HTTP/1.1 100 Continue\r\n\r\n");
                }
                request = request.header(name, value.trim());
            }
            if chunked {
                if let Some(body) = dechunked(&read[end + 4..]) {
                    return Some((request.body(body.into()).ok()?, head, reads));
                }
            } else if read.len() >= end + 4 + length {
                let body = bytes::Bytes::copy_from_slice(&read[end + 4..end + 4 + length]);
                return Some((request.body(body).ok()?, head, reads));
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(count) => {
                reads += 1;
                read.extend_from_slice(&piece[..count]);
            }
        }
    }
}

/// Writes what it can; a peer that left is no fault of the test.
pub(crate) fn write(stream: &mut TcpStream, bytes: &[u8]) {
    still_writes(stream, bytes);
}

/// The same, and whether the peer is still there.
pub(crate) fn still_writes(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    stream.write_all(bytes).and_then(|()| stream.flush()).is_ok()
}

/// The body in chunks, once the last one is there.
fn dechunked(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = find(text, b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&text[..line]).ok()?, 16).ok()?;
        let chunk = text.get(line + 2..line + 2 + size)?;
        text = text.get(line + 2 + size + 2..)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
