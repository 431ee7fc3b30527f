//! What a mock is started with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::limits::Limits;
use super::witness::Witness;
use crate::core::clock::ClockStart;
use crate::core::origin::Defaults;

/// Everything that a mock is started with; files are read and names are resolved already.
#[derive(Clone)]
pub(crate) struct Config {
    /// Where the services listen; port 0 picks a free one.
    pub(crate) listen: SocketAddr,
    /// Where the control API listens, if not there too.
    pub(crate) control_listen: Option<SocketAddr>,
    /// Where the services and the control API are served over TLS.
    pub(crate) tls_listen: Option<SocketAddr>,
    /// Where the forward proxy listens.
    pub(crate) intercept_listen: Option<SocketAddr>,
    /// Where the CA is kept. Without it, and with a listener that needs one, it lives as long as the mock.
    pub(crate) ca_dir: Option<PathBuf>,
    /// Whether the services refuse plain HTTP, as the real ones do.
    pub(crate) require_https: bool,
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
    /// CAs, each a PEM text, that https targets of webhooks may be certified by, besides those that this machine trusts.
    pub(crate) webhook_cas: Vec<String>,
    /// Who sees everything.
    pub(crate) witness: Option<Arc<dyn Witness>>,
    /// What stands before the paths of the services; with a leading slash, without one at the end.
    pub(crate) prefix: String,
    /// Whether names of headers are written `Like-This`.
    pub(crate) title_case_headers: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            control_listen: None,
            tls_listen: None,
            intercept_listen: None,
            ca_dir: None,
            require_https: false,
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
            webhook_cas: Vec::new(),
            witness: None,
            prefix: String::new(),
            title_case_headers: false,
        }
    }
}
