//! The flags of the serving program, as they were typed.

use std::path::PathBuf;

use clap::Args;

/// Flags of the program without a subcommand.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4010")]
    pub(crate) listen: String,
    /// Serves HTTPS here too, with a certificate of the mock's own CA (HTTP/1.1 and HTTP/2)
    #[arg(long, value_name = "ADDR")]
    pub(crate) tls_listen: Option<String>,
    /// A forward proxy: https://api.chatwork.com leads to the mock for programs with HTTPS_PROXY set to it
    #[arg(long, value_name = "ADDR")]
    pub(crate) intercept_listen: Option<String>,
    /// Where the CA is kept, made on first use [default: mock-server in XDG_DATA_HOME or ~/.local/share]
    #[arg(long, value_name = "DIR")]
    pub(crate) ca_dir: Option<PathBuf>,
    /// Closes plain HTTP connections to the services without an answer, as the real ones do; /_mock stays
    #[arg(long)]
    pub(crate) require_https: bool,
    /// A world to begin with (JSON); parts that it lacks are those of the built-in world
    #[arg(long, value_name = "FILE")]
    pub(crate) world: Option<PathBuf>,
    /// What Chatday's public document leaves open (TOML)
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    /// Gets the ready line too, once everything accepts
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Where others reach this mock, if not at the listen address
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// real, frozen, or frozen@2026-01-31T09:00:00Z [default: real, or what the world says]
    #[arg(long, value_name = "CLOCK")]
    pub(crate) clock: Option<String>,
    /// What made-up tokens follow from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Moves the control API (/_mock) to an address of its own
    #[arg(long, value_name = "ADDR")]
    pub(crate) control_listen: Option<String>,
    /// The environment variable whose value every call of the control API must bring as a bearer token
    #[arg(long, value_name = "VAR")]
    pub(crate) control_token_env: Option<String>,
    /// Most requests that each world remembers [default: as many as fit the bytes below]
    #[arg(long, value_name = "N")]
    pub(crate) journal_limit: Option<usize>,
    /// Goes on from this state if the file is there, and keeps the state in it at a clean end
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Which published state of Chatwork's API holds: documented or 2025-07
    #[arg(long, value_name = "EDITION", default_value = "documented")]
    pub(crate) chatwork_edition: String,
    /// Lets webhooks go to this host beside this machine, such as hooks.example (may be given several times)
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_webhook_host: Vec<String>,
    /// A PEM file with a CA that is trusted besides those of this machine and the mock's own, for https:// webhooks
    #[arg(long, value_name = "FILE")]
    pub(crate) webhook_ca_file: Option<PathBuf>,
    /// Holds each of the mock's own answers against the contract; faults go to the log and the journal
    #[arg(long)]
    pub(crate) self_check: bool,
}
