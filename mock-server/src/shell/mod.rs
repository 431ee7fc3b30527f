//! The only part that does I/O: sockets, the clock, the log. Everything below [`crate::core`] is pure.

pub(crate) mod clock;
pub(crate) mod control;
pub(crate) mod follow;
pub(crate) mod log;
pub(crate) mod stop;

mod body;
mod deliver;
mod head;
mod http;
mod limits;
mod listen;
mod outgoing;
mod stream;
mod targets;
mod timer;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use contract::reader::Fault;
use contract::time::UnixMillis;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use self::deliver::Bell;
use self::head::Hosts;
use self::http::Role;
use self::stop::Stop;
use self::targets::Targets;
use crate::control::Info;
use crate::core::clock::ClockStart;
use crate::core::description::{DEFAULT_ID, complete, default_description};
use crate::core::journal::Caps;
use crate::core::origin::Defaults;
use crate::core::registry::{Cell, Plan, Registry};

pub(crate) use self::http::WORLD;
pub(crate) use self::outgoing::Streams;
pub use limits::Limits;

/// Everything that a mock is started with; files are read and names are resolved already.
#[derive(Clone)]
pub(crate) struct Config {
    /// Where the services listen; port 0 picks a free one.
    pub(crate) listen: SocketAddr,
    /// Where the control API listens, if not there too.
    pub(crate) control_listen: Option<SocketAddr>,
    /// Where others reach the mock, without a trailing slash.
    pub(crate) public_url: Option<String>,
    /// What every call of the control API must bring.
    pub(crate) control_token: Option<String>,
    /// The default world's description; the built-in one fills what it lacks.
    pub(crate) world: Option<Value>,
    /// A state that the default world goes on from.
    pub(crate) state: Option<Value>,
    pub(crate) seed: u64,
    pub(crate) clock: ClockStart,
    pub(crate) defaults: Defaults,
    /// Whether worlds hold their own answers against the contract.
    pub(crate) self_check: bool,
    /// Most entries of each journal.
    pub(crate) journal_entries: usize,
    pub(crate) limits: Limits,
    /// Hosts beside this machine that webhooks may go to.
    pub(crate) webhook_hosts: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            control_listen: None,
            public_url: None,
            control_token: None,
            world: None,
            state: None,
            seed: 1,
            clock: ClockStart::default(),
            defaults: Defaults::default(),
            // Costs throughput, so a release build does it only on demand.
            self_check: cfg!(debug_assertions),
            journal_entries: usize::MAX,
            limits: Limits::default(),
            webhook_hosts: Vec::new(),
        }
    }
}

/// Why a mock did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The description of the default world has faults.
    #[error("the world has {} fault(s): {}", .0.len(), sentences(.0))]
    World(Vec<Fault>),
    /// The state to go on from has faults.
    #[error("the state has {} fault(s): {}", .0.len(), sentences(.0))]
    State(Vec<Fault>),
    /// Whoever can reach the address could change everything.
    #[error("{0} is reachable from other machines: give --control-token-env VAR, or listen on 127.0.0.1")]
    Exposed(SocketAddr),
    /// The address cannot be had.
    #[error("cannot listen on {address}: {}", listen_words(.source))]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No thread or no runtime to be had.
    #[error("the mock's thread or runtime could not be started: {0}")]
    Runtime(io::Error),
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) registry: Registry,
    pub(crate) limits: Limits,
    pub(crate) stop: Stop,
    /// Room for readers of events.
    pub(crate) event_readers: Arc<Semaphore>,
    /// Which hosts webhooks may go to.
    pub(crate) targets: Targets,
    /// Tells the sender of webhooks to look.
    pub(crate) bell: Bell,
    /// Where the services listen.
    pub(crate) address: SocketAddr,
    base_url: String,
    control_url: String,
    hosts: Hosts,
    has_control_listener: bool,
    control_token: Option<String>,
}

impl Shared {
    /// The ready line.
    pub(crate) fn info(&self) -> Info {
        let card = self.registry.default_world().lock().card(&self.base_url);
        Info {
            ready: true,
            pid: std::process::id(),
            control_url: self.control_url.clone(),
            ui_url: None,
            chatwork: card.chatwork,
            chatday: card.chatday,
            tls_url: None,
            intercept_proxy: None,
            ca_file: None,
        }
    }

    /// Tells the sender of webhooks to look at a world, if there may be something new to send.
    pub(crate) fn ring(&self, cell: &Arc<Cell>) {
        if cell.lock().take_ring() {
            self.bell.ring(cell);
        }
    }

    /// The default world as a description: what `--state` keeps.
    pub(crate) fn state(&self) -> Value {
        self.registry.default_world().lock().dump(clock::wall())
    }
}

/// A mock that listens, and serves once it is run.
pub(crate) struct Server {
    main: StdListener,
    control: Option<StdListener>,
    pub(crate) shared: Arc<Shared>,
}

impl Server {
    /// Reads the world and listens. From here on connections wait in the backlog, so whoever is told may come.
    pub(crate) fn bind(config: Config) -> Result<Self, StartError> {
        let addresses = [Some(config.listen), config.control_listen];
        if let Some(exposed) = addresses.into_iter().flatten().find(|address| !address.ip().is_loopback())
            && config.control_token.is_none()
        {
            return Err(StartError::Exposed(exposed));
        }
        let registry = begin(&config, clock::wall())?;
        let main = listen(config.listen, &config.limits)?;
        let control = config.control_listen.map(|address| listen(address, &config.limits)).transpose()?;
        let address = main.local_addr().unwrap_or(config.listen);
        let control_address = control.as_ref().and_then(|control| control.local_addr().ok());
        let public = config.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        let exact =
            [Some(address.to_string()), control_address.map(|at| at.to_string()), public.as_deref().map(authority)];
        let bare = public.as_deref().and_then(without_default_port);
        let base_url = public.unwrap_or_else(|| format!("http://{address}"));
        let control_base = control_address.map_or_else(|| base_url.clone(), |at| format!("http://{at}"));
        let shared = Shared {
            registry,
            limits: config.limits,
            stop: Stop::default(),
            event_readers: Arc::new(Semaphore::new(config.limits.event_readers)),
            targets: Targets { allowed: config.webhook_hosts },
            bell: Bell::default(),
            address,
            control_url: format!("{control_base}{}", control::MOUNT),
            base_url,
            hosts: Hosts { exact: exact.into_iter().flatten().chain(bare).collect() },
            has_control_listener: control.is_some(),
            control_token: config.control_token,
        };
        Ok(Self { main, control, shared: Arc::new(shared) })
    }

    /// Serves until [`Stop`] is said and what was in flight is finished.
    ///
    /// # Errors
    /// The runtime cannot take a listener.
    pub(crate) async fn run(self) -> io::Result<()> {
        let sender = deliver::run(Arc::clone(&self.shared));
        let role = Role { services: true, control: self.control.is_none() };
        let main = listen::serve(TcpListener::from_std(self.main)?, role, Arc::clone(&self.shared));
        match self.control {
            Some(control) => {
                let role = Role { services: false, control: true };
                let control = listen::serve(TcpListener::from_std(control)?, role, self.shared);
                tokio::join!(main, control, sender);
            }
            None => {
                tokio::join!(main, sender);
            }
        }
        Ok(())
    }
}

fn begin(config: &Config, wall: UnixMillis) -> Result<Registry, StartError> {
    let built_in = default_description().map_err(StartError::World)?;
    let caps = |bytes| Caps { bytes, entries: config.journal_entries };
    let plan = Plan {
        base: complete(config.world.as_ref(), &built_in, DEFAULT_ID),
        seed: config.seed,
        clock: config.clock,
        defaults: config.defaults.clone(),
        self_check: config.self_check,
        caps: caps(config.limits.journal_bytes),
        further_caps: caps(config.limits.further_journal_bytes),
        feed: Caps { bytes: config.limits.feed_bytes, entries: config.limits.feed_events },
        most_worlds: config.limits.worlds,
    };
    let registry = Registry::begin(plan, wall).map_err(StartError::World)?;
    if let Some(state) = &config.state {
        registry.restore(registry.default_world(), state, wall).map_err(StartError::State)?;
    }
    Ok(registry)
}

fn listen(address: SocketAddr, limits: &Limits) -> Result<StdListener, StartError> {
    listen::bind(address, limits.backlog).map_err(|source| StartError::Listen { address, source })
}

/// `host:port` of a URL, as `Host` has it.
fn authority(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase()
}

/// The authority of a URL as clients send it where the URL names its scheme's own port: without it.
fn without_default_port(url: &str) -> Option<String> {
    let port = if url.starts_with("https://") { ":443" } else { ":80" };
    authority(url).strip_suffix(port).map(str::to_owned)
}

fn sentences(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn listen_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program uses it: end that one, or give another address with --listen \
                                     (port 0 picks a free port)"
            .to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not use it: give a port of 1024 or more".to_owned(),
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address: give another one with --listen".to_owned()
        }
        _ => error.to_string(),
    }
}
