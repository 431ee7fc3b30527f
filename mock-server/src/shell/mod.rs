//! The only part that does I/O: sockets, the clock, the log. Everything below [`crate::core`] is pure.

pub(crate) mod clock;
pub(crate) mod control;
pub(crate) mod follow;
pub(crate) mod log;
pub(crate) mod stop;

mod body;
mod carrier;
mod conduct;
mod config;
mod deliver;
mod head;
mod http;
mod intercept;
mod lent;
mod limits;
mod line;
mod listen;
mod mount;
mod outgoing;
mod stream;
mod targets;
mod timer;
mod tls;
mod whose;
pub mod witness;

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use contract::chatwork::hosts;
use contract::reader::Fault;
use contract::time::UnixMillis;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::deliver::Bell;
use self::head::Hosts;
use self::listen::Door;
use self::mount::{Entry, Role};
use self::stop::Stop;
use self::targets::Targets;
use self::tls::{Authority, Names, Tls};
use self::witness::Watch;
use crate::control::Info;
use crate::core::description::{DEFAULT_ID, complete, default_description};
use crate::core::journal::Caps;
use crate::core::registry::{Cell, Plan, Registry};

pub(crate) use self::config::Config;
pub(crate) use self::http::WORLD;
pub(crate) use self::outgoing::Streams;
pub use limits::Limits;

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
    /// The services would be served nowhere.
    #[error("--require-https needs a way in over TLS: give --tls-listen ADDR or --intercept-listen ADDR too")]
    NoHttps,
    /// The CA or a certificate cannot be made or used.
    #[error("{0}")]
    Certificates(String),
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
    /// Where the mock is reached over plain HTTP.
    pub(crate) plain_url: String,
    pub(crate) tls: Option<Tls>,
    pub(crate) require_https: bool,
    /// What addresses begin with that the mock hands out.
    base_url: String,
    /// The same for callers over TLS.
    tls_base_url: Option<String>,
    tls_url: Option<String>,
    intercept_proxy: Option<String>,
    control_url: String,
    hosts: Hosts,
    has_control_listener: bool,
    control_token: Option<String>,
    /// Who sees everything.
    watch: Option<Arc<Watch>>,
    /// What stands before the paths of the services.
    prefix: String,
    title_case_headers: bool,
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
            tls_url: self.tls_url.clone(),
            intercept_proxy: self.intercept_proxy.clone(),
            ca_file: self.tls.as_ref().and_then(Tls::ca_file).map(str::to_owned),
        }
    }

    /// The hosts of the real services, for which the mock speaks over TLS.
    pub(crate) fn mocked(&self) -> &[String] {
        self.tls.as_ref().map_or(&[], |tls| &tls.names().mocked)
    }

    /// Whether a host is one of them.
    pub(crate) fn is_mocked(&self, host: &str) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.names().is_mocked(host))
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
    doors: Vec<(StdListener, Door)>,
    pub(crate) shared: Arc<Shared>,
}

impl Server {
    /// Reads the world and listens. From here on connections wait in the backlog, so whoever is told may come.
    pub(crate) fn bind(config: Config) -> Result<Self, StartError> {
        let addresses = [Some(config.listen), config.control_listen, config.tls_listen, config.intercept_listen];
        if let Some(exposed) = addresses.into_iter().flatten().find(|address| !address.ip().is_loopback())
            && config.control_token.is_none()
        {
            return Err(StartError::Exposed(exposed));
        }
        if config.require_https && config.tls_listen.is_none() && config.intercept_listen.is_none() {
            return Err(StartError::NoHttps);
        }
        let registry = begin(&config, clock::wall())?;
        let main = listen(config.listen, &config.limits)?;
        let further = |address: Option<SocketAddr>| {
            let listener = address.map(|address| listen(address, &config.limits)).transpose()?;
            let address = listener.as_ref().and_then(|listener| listener.local_addr().ok());
            Ok::<_, StartError>((listener, address))
        };
        let (control, control_address) = further(config.control_listen)?;
        let (tls_listener, tls_address) = further(config.tls_listen)?;
        let (proxy, proxy_address) = further(config.intercept_listen)?;
        let address = main.local_addr().unwrap_or(config.listen);
        let public = config.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        let tls = certificates(&config, &[Some(address), tls_address], public.as_deref())?;
        // A receiver whose certificate the mock's own CA has signed is as good as one of this machine.
        let cas = config.webhook_cas.iter().map(String::as_str).chain(tls.as_ref().map(Tls::ca_pem));
        let targets = Targets::new(config.webhook_hosts, cas).map_err(StartError::Certificates)?;
        let own = [Some(address), control_address, tls_address].into_iter().flatten().map(|at| at.to_string());
        let bare = public.as_deref().and_then(without_default_port);
        let exact = own.chain(public.as_deref().map(authority)).chain(bare).collect();
        let plain_url = format!("http://{address}");
        let tls_url = tls_address.map(|at| format!("https://{at}"));
        let control_base = match control_address {
            Some(at) => format!("http://{at}"),
            None => public.clone().unwrap_or_else(|| plain_url.clone()),
        };
        let over_tls = || tls_url.clone().unwrap_or_else(|| format!("https://{}", hosts::API));
        let base_url = match &public {
            Some(public) => public.clone(),
            None if config.require_https => over_tls(),
            None => plain_url.clone(),
        };
        let base_url = format!("{base_url}{}", config.prefix);
        let shared = Shared {
            registry,
            limits: config.limits,
            stop: Stop::default(),
            event_readers: Arc::new(Semaphore::new(config.limits.event_readers)),
            targets,
            bell: Bell::default(),
            address,
            plain_url,
            tls,
            require_https: config.require_https,
            base_url,
            tls_base_url: public.or_else(|| tls_url.clone()),
            tls_url,
            intercept_proxy: proxy_address.map(|at| format!("http://{at}")),
            control_url: format!("{control_base}{}", control::MOUNT),
            hosts: Hosts { exact },
            has_control_listener: control.is_some(),
            control_token: config.control_token,
            watch: config.witness.map(|witness| Arc::new(Watch::new(witness))),
            prefix: config.prefix,
            title_case_headers: config.title_case_headers,
        };
        let services = |entry| Role { entry, services: true, control: control.is_none() };
        let mut doors = vec![(main, Door::Plain(services(Entry::Plain)))];
        doors.extend(tls_listener.map(|listener| (listener, Door::Tls(services(Entry::Tls)))));
        doors.extend(proxy.map(|listener| (listener, Door::Intercept)));
        let control_only = Role { entry: Entry::Plain, services: false, control: true };
        doors.extend(control.map(|listener| (listener, Door::Plain(control_only))));
        Ok(Self { doors, shared: Arc::new(shared) })
    }

    /// Serves until [`Stop`] is said and what was in flight is finished.
    ///
    /// # Errors
    /// The runtime cannot take a listener.
    pub(crate) async fn run(self) -> io::Result<()> {
        let sender = deliver::run(Arc::clone(&self.shared));
        let mut serving = JoinSet::new();
        for (listener, door) in self.doors {
            serving.spawn(listen::serve(TcpListener::from_std(listener)?, door, Arc::clone(&self.shared)));
        }
        let all = async { while serving.join_next().await.is_some() {} };
        tokio::join!(all, sender);
        Ok(())
    }
}

/// CA and certificates, where anything needs them.
fn certificates(
    config: &Config,
    addresses: &[Option<SocketAddr>],
    public_url: Option<&str>,
) -> Result<Option<Tls>, StartError> {
    if config.tls_listen.is_none() && config.intercept_listen.is_none() && config.ca_dir.is_none() {
        return Ok(None);
    }
    let now = clock::wall();
    let authority = match &config.ca_dir {
        Some(directory) => Authority::kept_in(directory, now),
        None => Authority::for_one_process(now),
    };
    let mut local: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    local.extend(addresses.iter().flatten().map(|address| address.ip().to_string()));
    local.extend(public_url.and_then(public_host).filter(|host| tls::is_name(host)));
    local.sort();
    local.dedup();
    let chatday = config.defaults.chatday_profile.hosts.iter().cloned();
    let mut names = Names { local, mocked: hosts::ALL.map(str::to_owned).into() };
    names.mocked.extend(chatday);
    let made = authority.and_then(|authority| Tls::new(&authority, names, now));
    made.map(Some).map_err(StartError::Certificates)
}

/// The host of the public URL, as certificates name it.
fn public_host(url: &str) -> Option<String> {
    let authority: ::http::uri::Authority = authority(url).parse().ok()?;
    Some(authority.host().trim_matches(['[', ']']).to_owned())
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
