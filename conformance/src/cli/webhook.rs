//! `conformance webhook` and `conformance replay`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use contract::service::Service;

use super::duration::{budget, duration, timeout};
use super::output::Output;
use super::service_parser;
use crate::run::event::Shard;

/// `conformance webhook`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Webhook {
    /// Where the integration receives events.
    #[arg(help = "Where the integration receives events, such as http://127.0.0.1:8080/webhook")]
    pub url: String,
    /// The service whose events are sent.
    #[arg(long, value_parser = service_parser())]
    pub service: Service,
    /// How it is judged.
    #[command(flatten)]
    pub how: How,
    /// Only checks whose id fits this pattern (* and ?); may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// No check whose id fits this pattern; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub skip: Vec<String>,
    /// Repeats the choices of an earlier run.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Prints what would be sent, and sends nothing.
    #[arg(long)]
    pub plan: bool,
    /// Only this part of the chosen checks, such as 1/3; all parts together are the whole. See `conformance merge`.
    #[arg(long, value_name = "K/N", value_parser = Shard::from_str)]
    pub shard: Option<Shard>,
    /// A TOML file with failures that are known, and checks that are flaky.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Keeps what the endpoint was seen to do in files of this folder; a change fails the run.
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
    /// Takes what changed as what is expected from now on.
    #[arg(long, requires = "snapshots")]
    pub accept_snapshots: bool,
}

/// How an endpoint is judged.
#[derive(Debug, Args)]
pub struct How {
    /// The shared secret.
    #[command(flatten)]
    pub secret: SecretSource,
    /// A deviation from a SHOULD fails the run too.
    #[arg(long)]
    pub strict: bool,
    /// Generated cases of each check that has any, 1 to 1,000,000.
    #[arg(long, value_name = "N", default_value_t = crate::run::engine::CASES, value_parser = clap::value_parser!(u64).range(1..=crate::run::property::CASES_MAX))]
    pub cases: u64,
    /// Most exchanges in flight within one check, 1 to 64; checks run one after another.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// Most requests per second [default: 2 for a host that is not this machine, otherwise none].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: Option<u32>,
    /// Time for one exchange, from connecting to the end of the answer, 1ms to 10m [default: 5s, or the profile's].
    #[arg(long, value_name = "DURATION", value_parser = timeout)]
    pub timeout: Option<Duration>,
    /// Time for the whole run, up to 24h; what is not judged by then is an error.
    #[arg(long, value_name = "DURATION", value_parser = budget)]
    pub max_time: Option<Duration>,
    /// Where results go.
    #[command(flatten)]
    pub output: Output,
    /// Allows a host that is not this machine; may be repeated.
    #[arg(long, value_name = "HOST")]
    pub allow_remote: Vec<String>,
    /// Where events go to a host that is not this machine: also the checks that mean it badly, or send a lot.
    #[arg(long, value_name = "KIND", value_enum, value_delimiter = ',')]
    pub include: Vec<Hazard>,
    /// Does not ask before events go to a host that is not this machine.
    #[arg(long)]
    pub yes: bool,
    /// A PEM file with a CA that is trusted besides those of this machine, for https:// endpoints.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// How long to wait for the endpoint to come up.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub wait: Duration,
    /// What a forged event may be answered with; `any` declares that forged events are dropped without effect.
    #[arg(long, value_enum, default_value_t = ForgeryAnswer::Refuse)]
    pub forgery_answer: ForgeryAnswer,
    /// Chatwork: the webhook_setting_id that events carry, for receivers that take their own alone [default: made up].
    #[arg(long, value_name = "ID", value_parser = digits)]
    pub setting_id: Option<String>,
    /// Chatwork: the room_id that events carry, for receivers that take their own rooms alone [default: made up].
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(u64).range(1..))]
    pub room_id: Option<u64>,
    /// Environment variable with a secret that was valid once and is no more: it has to be refused.
    #[arg(long, value_name = "VAR")]
    pub old_secret_env: Option<String>,
    /// What the integration does on a valid text event, where that is looked at [default: as it does on the first one].
    #[arg(long, value_enum)]
    pub effect: Option<EffectArg>,
    /// Runs the mock of the service here beside the run, such as 127.0.0.1:4010, so that what the integration calls is
    /// judged too; port 0 picks a free port.
    #[arg(long, value_name = "ADDR", value_parser = local_address)]
    pub with_mock: Option<SocketAddr>,
    /// Environment variable with the integration's own API token, for the mock's world [default: the token that the mock's
    /// /_mock/info shows].
    #[arg(long, value_name = "VAR", requires = "with_mock")]
    pub api_token_env: Option<String>,
    /// Chatday: a TOML file with what you know better than the public document.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
}

/// What a check does to an endpoint that others depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Hazard {
    /// It sends what a service never would: half requests, huge bodies, malformed text.
    Hostile,
    /// It sends many requests in a short time.
    Load,
}

/// `conformance replay`.
#[derive(Debug, Args)]
#[command(after_help = REPLAY_HELP)]
pub struct Replay {
    /// What a report prints as `replay`; or a JSON report, or one entry of its `checks` in a file of its own.
    #[arg(value_name = "REPLAY-ID-OR-FILE")]
    pub what: String,
    /// Where the integration receives events.
    pub url: String,
    /// The service, if you want it confirmed: the id and the report name it.
    #[arg(long, value_parser = service_parser())]
    pub service: Option<Service>,
    /// How it is judged.
    #[command(flatten)]
    pub how: How,
}

/// Where the secret comes from: never from the command line itself, where other users of the machine could read it.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct SecretSource {
    /// Environment variable with the secret: for Chatwork the webhook token as the service shows it, for Chatday the
    /// Chatday-Signature-Token.
    #[arg(long, value_name = "VAR")]
    pub secret_env: Option<String>,
    /// File with the secret.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// What the integration does on a valid text event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EffectArg {
    /// It sends a message.
    Reply,
    /// It sends none.
    None,
}

/// What a forged event may be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ForgeryAnswer {
    /// A refusal.
    Refuse,
    /// Anything: you declare that forged events are dropped without effect.
    Any,
}

/// An id as Chatwork spells ids in texts.
fn digits(text: &str) -> Result<String, String> {
    if (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err("expected an id of 1 to 20 digits, as Chatwork's webhook settings show it".to_owned())
}

/// An address and a port. `localhost` is 127.0.0.1.
fn local_address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    port.map_or_else(|| text.parse(), |port: u16| Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port))))
        .map_err(|_| "expected an address of this machine and a port, such as 127.0.0.1:4010".to_owned())
}

pub(super) const HELP: &str = "\
Examples:
  conformance webhook http://127.0.0.1:8080/webhook \\
      --service chatwork --secret-env CHATWORK_WEBHOOK_TOKEN
  conformance webhook http://127.0.0.1:8080/webhook \\
      --service chatday --secret-file token.txt --wait 30s --strict
  conformance webhook http://127.0.0.1:8080/webhook \\
      --service chatwork --secret-env TOKEN --only '*signature*' \\
      --format json --report junit=conformance.xml
  conformance webhook http://127.0.0.1:8080/webhook \\
      --service chatwork --secret-env TOKEN --with-mock 127.0.0.1:4010
  conformance webhook https://hooks.staging.example/chatwork \\
      --service chatwork --secret-env TOKEN --allow-remote hooks.staging.example

Every forged event is sent between two valid ones. A receiver that drops
forged events but answers them like valid ones looks like one that accepts
them: answer 401, or run with --with-mock, where that is seen, or declare it
with --forgery-answer any.

With --with-mock ADDR the service's API is at http://ADDR/v2 (Chatwork) or
http://ADDR/chatday (Chatday) for the whole run, --wait included: configure the
integration with that address and the token that http://ADDR/_mock/info shows.
What it calls after an event is then judged too: that it acts once, in the right
place, and on nothing forged.

A host that is not this machine has to be named. The plan is shown before
anything is sent there, one request after another goes out, 2 a second, and
the run ends when 5 answers in a row are 5xx or do not come. Hostile checks and
those that put a load on the endpoint are left out, unless --include names them.

Exit status:
  0    every check that counts passed
  1    the subject failed a check
  2    bad usage or configuration
  3    the subject could not be reached, or the checks could not be settled
  4    a fault of the harness itself
  130  stopped by Ctrl-C: the report so far is written";

const REPLAY_HELP: &str = "\
Examples:
  conformance replay 'chatwork.webhooks.wrong-secret-is-refused@1/another-token' \\
      http://127.0.0.1:8080/webhook --secret-env CHATWORK_WEBHOOK_TOKEN
  conformance replay conformance.json http://127.0.0.1:8080/webhook \\
      --secret-file token.txt

The case goes out with the control events around it, and is judged as in the
run it comes from. Exit status as for `conformance webhook`.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_machine_may_be_called_by_its_name() {
        assert_eq!(local_address("localhost:4010"), Ok(SocketAddr::from(([127, 0, 0, 1], 4010))));
        assert_eq!(local_address("[::1]:0").unwrap().port(), 0);
        for refused in ["4010", "127.0.0.1", "http://127.0.0.1:4010", "localhost:x"] {
            assert!(local_address(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_setting_id_is_made_of_digits() {
        assert_eq!(digits("246"), Ok("246".to_owned()));
        for refused in ["", "24a", "-1", "123456789012345678901"] {
            assert!(digits(refused).is_err(), "{refused}");
        }
    }
}
