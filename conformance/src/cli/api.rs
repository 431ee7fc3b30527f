//! `conformance api`.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use contract::chatwork::Edition;
use contract::service::Service;

use super::duration::{budget, duration, timeout};
use super::output::Output;
use super::service_parser;

/// `conformance api`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Api {
    /// Where the API is.
    #[arg(
        help = "Where the API is: for Chatwork up to /v2, such as http://127.0.0.1:4010/v2",
        value_name = "BASE_URL"
    )]
    pub url: String,
    /// The service whose contract is judged.
    #[arg(long, value_parser = service_parser())]
    pub service: Service,
    /// The API's token.
    #[command(flatten)]
    pub token: TokenSource,
    /// Also changes something, in the room or chat that is named.
    #[arg(long)]
    pub write: bool,
    /// Chatwork: the room to look at, and with --write to change [default: My Chat, only looked at].
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(u64).range(1..))]
    pub room_id: Option<u64>,
    /// Chatday: the chat that messages are sent to with --write.
    #[arg(long, value_name = "ID")]
    pub chat_id: Option<String>,
    /// Chatwork: the published state of the API that is asked for [default: documented on this machine, otherwise 2025-07].
    #[arg(long, value_name = "EDITION", value_parser = edition_parser())]
    pub chatwork_edition: Option<Edition>,
    /// Chatday: a TOML file with what you know better than the public document.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Only checks whose id fits this pattern (* and ?); may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// No check whose id fits this pattern; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub skip: Vec<String>,
    /// A deviation from a SHOULD fails the run too.
    #[arg(long)]
    pub strict: bool,
    /// What is made up, such as texts and codes, follows from it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Prints what would be sent, and sends nothing.
    #[arg(long)]
    pub plan: bool,
    /// Most requests per second [default: 2, and 60 in 5 minutes, for a host that is not this machine; otherwise none].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: Option<u32>,
    /// Time for one exchange, from connecting to the end of the answer, 1ms to 10m [default: 5s].
    #[arg(long, value_name = "DURATION", value_parser = timeout)]
    pub timeout: Option<Duration>,
    /// Time for the whole run, up to 24h; what is not judged by then is an error.
    #[arg(long, value_name = "DURATION", value_parser = budget)]
    pub max_time: Option<Duration>,
    /// How long to wait for the server to come up.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub wait: Duration,
    /// Allows a host that is not this machine; may be repeated.
    #[arg(long, value_name = "HOST")]
    pub allow_remote: Vec<String>,
    /// A PEM file with a CA that is trusted besides those of this machine, for https:// servers.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// A TOML file with failures that are known.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Where results go.
    #[command(flatten)]
    pub output: Output,
}

/// Where the token comes from: never from the command line itself, where other users of the machine could read it.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct TokenSource {
    /// Environment variable with the API's token.
    #[arg(long, value_name = "VAR")]
    pub token_env: Option<String>,
    /// File with the API's token.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

fn edition_parser() -> impl TypedValueParser<Value = Edition> {
    PossibleValuesParser::new(Edition::ALL.map(Edition::name)).try_map(|name| Edition::from_str(&name))
}

pub(super) const HELP: &str = "\
Examples:
  conformance api http://127.0.0.1:4010/v2 \\
      --service chatwork --token-env CHATWORK_API_TOKEN --strict
  conformance api http://127.0.0.1:4010/v2 \\
      --service chatwork --token-env CHATWORK_API_TOKEN --write --room-id 5001
  conformance api http://127.0.0.1:4010/chatday \\
      --service chatday --token-env CHATDAY_TOKEN --write --chat-id CHAT
  conformance api https://api.chatwork.com/v2 --allow-remote api.chatwork.com \\
      --service chatwork --token-env CHATWORK_API_TOKEN --report markdown=drift.md

Without --write only GET requests are sent. Messages are read with force=1, so
that none is taken from another program of the account. With --write, messages
are posted in the named room and deleted again; its description and invitation
link are changed and put back. What the API cannot delete stays: a few tasks,
done, and a small file. Chatday's Register activates the token, so it is called
with --write only; messages to a chat stay there.

A host that is not this machine has to be named. At most 60 requests in 5
minutes go there, a fifth of the limit; the run rests when the server says that
little is left. Each difference names its clause with the source, and the change
to the contract that would make it fit. Reports show neither the token nor what
people wrote or are called.

Exit status:
  0    every check that counts passed
  1    the subject failed a check
  2    bad usage or configuration
  3    the subject could not be reached, or the checks could not be settled
  4    a fault of the harness itself
  130  stopped by Ctrl-C: the report so far is written";
