//! A mock in the process itself: its own thread, its own runtime.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use contract::chatday::profile::Profile;
use contract::chatwork::Edition;
use contract::time::UnixMillis;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::runtime::{Builder as RuntimeBuilder, Handle};

use super::events::Events;
use super::mock::{Backend, Call, Mock, MockError, Reply};
use crate::core::clock::ClockStart;
use crate::shell::follow::{Follower, Wish};
use crate::shell::witness::Witness;
use crate::shell::{Config, Limits, Server, Shared, StartError, Streams, control};

/// A mock that runs until it is dropped. All methods of [`Mock`] reach its default world.
#[derive(Debug)]
pub struct MockServer {
    mock: Mock,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl MockServer {
    /// Starts a mock with the built-in world on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// No port, thread or runtime to be had.
    pub fn start() -> Result<Self, StartError> {
        Self::builder().start()
    }

    /// The address that the services are served at, whatever the public URL says.
    pub fn local_address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Starts a mock otherwise.
    pub fn builder() -> Builder {
        Builder { config: Config::default(), worker_threads: 0 }
    }
}

impl Deref for MockServer {
    type Target = Mock;

    fn deref(&self) -> &Mock {
        &self.mock
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.shared.stop.say();
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was reported on stderr; one more here could end the process.
            let _ = thread.join();
        }
    }
}

/// How a mock is to be.
#[derive(Clone)]
pub struct Builder {
    config: Config,
    worker_threads: usize,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("listen", &self.config.listen).finish_non_exhaustive()
    }
}

impl Builder {
    /// The default world's description; parts that it lacks are those of the built-in world.
    #[must_use]
    pub fn world(mut self, description: Value) -> Self {
        self.config.world = Some(description);
        self
    }

    /// The number that everything made up follows from: 1 unless said.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// Lets the clock stand still at a moment until it is moved; without a moment, at the start.
    #[must_use]
    pub fn frozen_clock(mut self, at: Option<UnixMillis>) -> Self {
        self.config.clock = ClockStart { at, frozen: true };
        self
    }

    /// Everything that Chatday's public document leaves open.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.config.defaults.chatday_profile = Arc::new(profile);
        self
    }

    /// Which state of Chatwork's public documents holds.
    #[must_use]
    pub fn edition(mut self, edition: Edition) -> Self {
        self.config.defaults.chatwork_edition = edition;
        self
    }

    /// The listener's bounds, for tests of clients that run into them.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    /// Most entries of each world's journal; bytes are bounded by [`Limits::journal_bytes`] anyway.
    #[must_use]
    pub fn journal_limit(mut self, entries: usize) -> Self {
        self.config.journal_entries = entries;
        self
    }

    /// Whether the mock holds its own answers against the contract; a debug build does so anyway.
    #[must_use]
    pub fn self_check(mut self, on: bool) -> Self {
        self.config.self_check = on;
        self
    }

    /// Where to listen: a free port of 127.0.0.1 unless said.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.config.listen = address;
        self
    }

    /// Moves the control API to an address of its own.
    #[must_use]
    pub fn control_listen(mut self, address: SocketAddr) -> Self {
        self.config.control_listen = Some(address);
        self
    }

    /// Serves HTTPS here too, with a certificate of the mock's own CA.
    #[must_use]
    pub fn tls_listen(mut self, address: SocketAddr) -> Self {
        self.config.tls_listen = Some(address);
        self
    }

    /// Opens a forward proxy here, in which the hosts of the real services lead to the mock.
    #[must_use]
    pub fn intercept_listen(mut self, address: SocketAddr) -> Self {
        self.config.intercept_listen = Some(address);
        self
    }

    /// Keeps the CA in this directory, and uses it again next time. Without one the CA is made for this mock alone, and
    /// [`TlsState::ca_pem`](crate::control::TlsState) has its certificate.
    #[must_use]
    pub fn ca_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.config.ca_dir = Some(directory.into());
        self
    }

    /// Lets the services close plain HTTP connections without an answer, as the real ones do.
    #[must_use]
    pub fn require_https(mut self, on: bool) -> Self {
        self.config.require_https = on;
        self
    }

    /// What calls of the control API over a socket must bring.
    #[must_use]
    pub fn control_token(mut self, token: impl Into<String>) -> Self {
        self.config.control_token = Some(token.into());
        self
    }

    /// The address under which others reach the mock: the start of every URL that it hands out.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.config.public_url = Some(url.into());
        self
    }

    /// Lets webhooks go to a host beside this machine, as URLs spell it, without a port. May be said again.
    #[must_use]
    pub fn allow_webhook_host(mut self, host: impl Into<String>) -> Self {
        self.config.webhook_hosts.push(host.into());
        self
    }

    /// Trusts a CA, as PEM text, besides those of this machine and the mock's own, for https webhooks. May be said again.
    #[must_use]
    pub fn webhook_ca(mut self, pem: impl Into<String>) -> Self {
        self.config.webhook_cas.push(pem.into());
        self
    }

    /// Somebody who sees every request to the services, whole and unmasked, and may change its answer.
    #[must_use]
    pub fn witness(mut self, witness: Arc<dyn Witness>) -> Self {
        self.config.witness = Some(witness);
        self
    }

    /// Serves everything but the control API below this path, such as `/gateway`: `/gateway/v2/me`. Nothing is served
    /// without it then.
    #[must_use]
    pub fn mounted_at(mut self, prefix: &str) -> Self {
        let path = prefix.trim_matches('/');
        self.config.prefix = if path.is_empty() { String::new() } else { format!("/{path}") };
        self
    }

    /// Writes names of headers `Like-This` in answers over HTTP/1.1. They are in lower case without it.
    #[must_use]
    pub fn title_case_headers(mut self, on: bool) -> Self {
        self.config.title_case_headers = on;
        self
    }

    /// Serves with this many threads. 0, the default, serves with one and needs the least.
    #[must_use]
    pub fn worker_threads(mut self, threads: usize) -> Self {
        self.worker_threads = threads;
        self
    }

    /// Starts the mock; it accepts when this returns.
    ///
    /// # Errors
    /// The world has faults, a CA cannot be used, the address cannot be had, or no thread or runtime is to be had.
    pub fn start(self) -> Result<MockServer, StartError> {
        let mut builder = match self.worker_threads {
            0 => RuntimeBuilder::new_current_thread(),
            threads => {
                let mut builder = RuntimeBuilder::new_multi_thread();
                builder.worker_threads(threads);
                builder
            }
        };
        // First, because a runtime must not be dropped again inside another one.
        let server = Server::bind(self.config)?;
        let runtime = builder.enable_all().build().map_err(StartError::Runtime)?;
        let handle = runtime.handle().clone();
        let shared = Arc::clone(&server.shared);
        let thread = std::thread::Builder::new()
            .name("mock-server".to_owned())
            .spawn(move || {
                if let Err(error) = runtime.block_on(server.run()) {
                    tracing::error!("the mock ended: {error}");
                }
            })
            .map_err(StartError::Runtime)?;
        let in_process = InProcess { shared: Arc::clone(&shared), runtime: handle };
        let mock = Mock::new(Backend::InProcess(Arc::new(in_process)))
            .map_err(|error| StartError::Runtime(std::io::Error::other(error)));
        // From here on a failure stops the thread again.
        let running = |mock| MockServer { mock, shared: Arc::clone(&shared), thread: Some(thread) };
        match mock {
            Ok(mock) => Ok(running(mock)),
            Err(error) => {
                shared.stop.say();
                Err(error)
            }
        }
    }
}

/// The control API without a socket.
#[derive(Debug)]
pub(super) struct InProcess {
    shared: Arc<Shared>,
    runtime: Handle,
}

impl InProcess {
    pub(super) fn send(&self, call: &Call<'_>) -> Result<Reply, MockError> {
        let mut request = http::Request::builder().method(&call.method).uri(format!("{}{}", control::MOUNT, call.path));
        if !call.world.is_empty() {
            request = request.header(crate::shell::WORLD, call.world);
        }
        let (parts, body) = request.body(call.body.clone().into()).map_err(|_| MockError::Ended)?.into_parts();
        if self.shared.stop.was_said() {
            return Err(MockError::Ended);
        }
        let (sender, receiver) = mpsc::sync_channel(1);
        let shared = Arc::clone(&self.shared);
        self.runtime.spawn(async move {
            let response = control::call(&shared, &parts, &body, &Streams::default()).await;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.map(http_body_util::Collected::to_bytes);
            let _ = sender.send((status, body.unwrap_or_default().to_vec()));
        });
        // Disconnected where the runtime ended first. Blocks without the help of a runtime, so it may be called in one.
        receiver.recv().map_err(|_| MockError::Ended)
    }
    /// Follows a world, from the process itself: there is no socket to read, so there is no bound on such readers.
    pub(super) fn follow(&self, world: &str, after: Option<u64>) -> Result<Events, MockError> {
        if self.shared.stop.was_said() {
            return Err(MockError::Ended);
        }
        let cell = self.shared.registry.index().by_id(world).map(Arc::clone).ok_or_else(|| MockError::Refused {
            call: "GET /events".to_owned(),
            status: 404,
            errors: vec![format!("unknown world '{world}'")],
        })?;
        Ok(Events::in_process(Follower::begin(&self.shared, cell, Wish { after, ..Wish::default() }).0))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use super::*;

    fn waiters(mock: &MockServer) -> usize {
        mock.shared.registry.default_world().lock().waiters()
    }

    #[test]
    fn whoever_leaves_while_it_waits_leaves_no_waiter_behind() {
        let mock = MockServer::start().unwrap();
        let body = r#"{"match":{"path":"/v2/me"},"within_ms":60000}"#;
        let calls = [
            format!("POST /_mock/expect HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
            "GET /_mock/events HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        ];
        let peers: Vec<TcpStream> = (0..20)
            .map(|number| {
                let mut peer = TcpStream::connect(mock.local_address()).unwrap();
                peer.write_all(calls[number % 2].as_bytes()).unwrap();
                peer
            })
            .collect();
        while waiters(&mock) < 20 {
            std::thread::yield_now();
        }
        drop(peers);
        while waiters(&mock) > 0 {
            std::thread::yield_now();
        }
        assert_eq!(mock.shared.event_readers.available_permits(), Limits::default().event_readers);
    }

    #[test]
    fn the_requests_after_one_are_those_that_came_later() {
        let mock = MockServer::start().unwrap();
        for path in ["/v2/me", "/v2/rooms", "/v2/contacts"] {
            let mut peer = TcpStream::connect(mock.local_address()).unwrap();
            write!(peer, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
            peer.read_to_end(&mut Vec::new()).unwrap();
        }
        let all = mock.requests().unwrap();
        assert_eq!(mock.requests_after(0).unwrap(), all);
        assert_eq!(mock.requests_after(all[0].id).unwrap(), all[1..]);
        assert_eq!(mock.requests_after(all[2].id).unwrap(), []);
    }

    #[test]
    fn a_follower_that_is_dropped_leaves_no_waiter_behind() {
        let mock = MockServer::start().unwrap();
        let mut events = mock.events().unwrap();
        assert_eq!(events.next_within(std::time::Duration::from_millis(1)).unwrap(), None);
        assert_eq!(waiters(&mock), 1);
        drop(events);
        assert_eq!(waiters(&mock), 0);
    }

    #[test]
    fn a_reader_on_a_kept_connection_that_reached_its_limit_leaves_nothing_behind() {
        let mock = MockServer::start().unwrap();
        mock.reset().unwrap();
        let mut peer = TcpStream::connect(mock.local_address()).unwrap();
        peer.write_all(b"GET /_mock/events?after=0&limit=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n0\r\n\r\n") {
            let mut bytes = [0; 1024];
            let read = peer.read(&mut bytes).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&bytes[..read]);
        }
        while mock.shared.event_readers.available_permits() < Limits::default().event_readers {
            std::thread::yield_now();
        }
        assert_eq!(waiters(&mock), 0);
    }
}
