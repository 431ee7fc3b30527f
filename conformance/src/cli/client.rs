//! `conformance client`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use contract::service::Service;

use super::duration::budget;
use super::output::Output;
use super::service_parser;

/// `conformance client`.
#[derive(Debug, Args)]
#[command(after_help = HELP, override_usage = USAGE)]
pub struct Client {
    /// The service that the program calls.
    #[arg(long, value_parser = service_parser())]
    pub service: Service,
    /// Only scenarios whose name fits this pattern (* and ?), with its service or without; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub scenario: Vec<String>,
    /// For programs with the real address built in: they are led to the mock by HTTPS_PROXY, and trust its CA.
    #[arg(long)]
    pub intercept: bool,
    /// Runs the command once, with nothing going wrong, and looks at all that it sends: for a whole test suite. Its status
    /// counts too.
    #[arg(long, conflicts_with_all = ["drive", "scenario"])]
    pub observe: bool,
    /// Tells the command line by line on its stdin what to do, and reads its answers from its stdout: for authors of
    /// libraries.
    #[arg(long)]
    pub drive: bool,
    /// Only checks whose id fits this pattern (* and ?); may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// No check whose id fits this pattern; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub skip: Vec<String>,
    /// A deviation from a SHOULD fails the run too.
    #[arg(long)]
    pub strict: bool,
    /// Repeats the choices of an earlier run.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Most scenarios at the same time, 1 to 64.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// Time for one run of the command, 1s to 24h [default: 60s, or 10m with --observe].
    #[arg(long, value_name = "DURATION", value_parser = budget)]
    pub command_timeout: Option<Duration>,
    /// Time for the whole run, up to 24h; what is not judged by then is an error.
    #[arg(long, value_name = "DURATION", value_parser = budget)]
    pub max_time: Option<Duration>,
    /// Prints the scenarios with their stories and checks, and runs nothing.
    #[arg(long)]
    pub plan: bool,
    /// A TOML file with failures that are known.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Chatday: a TOML file with what you know better than the public document.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Where results go.
    #[command(flatten)]
    pub output: Output,
    /// The program, and what it is given.
    #[arg(last = true, value_name = "COMMAND", required_unless_present = "plan")]
    pub command: Vec<OsString>,
}

const USAGE: &str = "conformance client --service <SERVICE> [OPTIONS] -- <COMMAND>...";

pub(super) const HELP: &str = "\
Examples:
  conformance client --service chatwork -- python3 notify.py
  conformance client --service chatwork --scenario '*limit*' -- node notify.mjs
  conformance client --service chatday --plan
  conformance client --service chatwork --intercept -- ./notify-with-the-real-address
  conformance client --service chatwork --observe -- npm test
  conformance client --service chatwork --drive -- python3 driver.py

The command is run once for each scenario, in a world of its own. It finds in
its environment where the service is, and what to call it with:
  CHATWORK_BASE_URL (ends in /v2), CHATWORK_API_TOKEN, CHATWORK_ROOM_ID,
  CHATDAY_BASE_URL, CHATDAY_TOKEN, CHATDAY_CHAT_ID, CHATDAY_REGISTER_URL,
  CHATDAY_SEND_URL, MOCK_CONTROL_URL, CONFORMANCE_SCENARIO, and in
  CONFORMANCE_TEXT a text that it may send; with --intercept HTTPS_PROXY,
  SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, NODE_EXTRA_CA_CERTS too.
Its stdin is empty. What it starts is ended with it.

With --drive it reads one JSON object a line on stdin, and answers each with
one line on stdout before the next one comes:
  {\"id\":1,\"do\":\"whoami\"}                                {\"id\":1,\"ok\":true}
  {\"id\":2,\"do\":\"send\",\"place\":\"5001\",\"text\":\"hello\"}  {\"id\":2,\"ok\":true}
  {\"id\":3,\"do\":\"read\",\"place\":\"5001\"}                 {\"id\":3,\"ok\":false,\"error\":\"...\"}
`whoami` is GET /me for Chatwork and Register for Chatday; what a library does
not have is answered with the error \"unsupported\".

Exit status:
  0    every check that counts passed
  1    the subject failed a check
  2    bad usage or configuration
  3    the subject could not be reached, or the checks could not be settled
  4    a fault of the harness itself
  130  stopped by Ctrl-C: the report so far is written";
