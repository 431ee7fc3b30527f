//! What the tests of this folder share.
#![expect(dead_code, reason = "each test binary uses its own part")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use conformance::ask::policy::{ForgeryAnswer, Origin, Policy};
use conformance::ask::secret::Secret;
use conformance::catalog::Selection;
use conformance::run::engine::Run;
use conformance::run::event::{CheckReport, Event, RunReport};
use conformance::run::session::{Session, Settings};
use conformance::run::stop;
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
    Integration::new(service, secret(service), Profile::default_profile(), flaw)
}

pub(crate) fn sample(service: Service, flaw: Option<Flaw>) -> Sample {
    Sample::start(integration(service, flaw), SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
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

/// Runs every check of a service in this process.
pub(crate) fn judge(service: Service, url: &str, manner: Manner) -> Judged {
    let endpoint = Endpoint::parse(url).unwrap();
    let (_stopper, stop) = stop::channel();
    let address = SocketAddr::new(endpoint.host.parse().unwrap(), endpoint.port);
    let mut session = Session::new(Settings {
        socket: Socket { address: Ok(address), authority: endpoint.authority.clone(), timeout: manner.timeout },
        endpoint,
        secret: secret(service),
        policy: Policy {
            service,
            profile: Profile::default_profile(),
            forgery_answer: manner.forgery_answer,
            origin: Origin::default(),
            old_secret: None,
            effect: None,
        },
        seed: manner.seed,
        now: UnixMillis::from_seconds(1_760_000_000),
        rate: None,
        max_time: None,
        stop,
    })
    .unwrap();
    let checks = Selection { service: Some(service), ..Selection::default() }.choose();
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

/// Reads one whole request; nothing when the peer left first.
pub(crate) fn read_request(stream: &mut TcpStream) -> Option<contract::wire::Request> {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = find(&read, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            let mut lines = head.split("\r\n");
            let mut first = lines.next()?.split(' ');
            let mut request = http::Request::builder().method(first.next()?).uri(first.next()?);
            let mut length = 0;
            for line in lines {
                let (name, value) = line.split_once(':')?;
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().ok()?;
                }
                request = request.header(name, value.trim());
            }
            if read.len() >= end + 4 + length {
                let body = bytes::Bytes::copy_from_slice(&read[end + 4..end + 4 + length]);
                return request.body(body).ok();
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(count) => read.extend_from_slice(&piece[..count]),
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

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
