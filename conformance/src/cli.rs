//! The command line: exactly what was typed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use contract::service::Service;

use crate::run::event::Shard;
use crate::sample::flaw::Flaw;

/// Judges a real integration with Chatday or Chatwork against the contract.
#[derive(Debug, Parser)]
#[command(name = "conformance", version, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Cli {
    /// When to use colours; NO_COLOR is respected.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// How much is said on stderr.
    #[arg(long, global = true, value_enum, default_value_t = LogLevel::Info)]
    pub log_level: LogLevel,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  conformance webhook http://127.0.0.1:8080/webhook \\
      --service chatwork --secret-env CHATWORK_WEBHOOK_TOKEN
  conformance webhook http://127.0.0.1:8080/webhook \\
      --service chatday --secret-file token.txt --strict
  conformance replay 'chatwork.webhooks.wrong-secret-is-refused@1/another-token' \\
      http://127.0.0.1:8080/webhook --secret-env CHATWORK_WEBHOOK_TOKEN
  conformance merge part-1.json part-2.json --report html=conformance.html
  conformance list --service chatday
  conformance explain chatwork.webhooks.wrong-secret-is-refused

Exit status:
  0    every check that counts passed
  1    the subject failed a check
  2    bad usage or configuration
  3    the subject could not be reached, or the checks could not be settled
  4    a fault of the harness itself
  130  stopped by Ctrl-C: the report so far is written";

const WEBHOOK_HELP: &str = "\
Examples:
  conformance webhook http://127.0.0.1:8080/webhook \\
      --service chatwork --secret-env CHATWORK_WEBHOOK_TOKEN
  conformance webhook http://127.0.0.1:8080/webhook \\
      --service chatday --secret-file token.txt --wait 30s --strict
  conformance webhook http://127.0.0.1:8080/webhook \\
      --service chatwork --secret-env TOKEN --only '*signature*' \\
      --format json --report junit=conformance.xml
  conformance webhook https://hooks.staging.example/chatwork \\
      --service chatwork --secret-env TOKEN --allow-remote hooks.staging.example

Every forged event is sent between two valid ones. A receiver that drops
forged events but answers them like valid ones looks like one that accepts
them: answer 401, or declare it with --forgery-answer any.

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

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge an endpoint that receives webhooks.
    Webhook(Box<Webhook>),
    /// Send the case again that decided a check.
    Replay(Box<Replay>),
    /// Join the JSON reports of the parts of a run.
    Merge(Merge),
    /// Decide about behaviour that changed.
    Snapshots(Snapshots),
    /// List the checks.
    List(List),
    /// Tell what a check asks, why, and who says so.
    Explain {
        /// Id of the check, as `conformance list` prints it.
        id: String,
    },
    /// Print a completion script.
    Completions {
        /// The shell that it is for.
        shell: clap_complete::Shell,
    },
    /// Serve a sample integration.
    #[command(hide = true)]
    Sample(Sample),
}

/// `conformance webhook`.
#[derive(Debug, Args)]
#[command(after_help = WEBHOOK_HELP)]
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
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Also writes a report to a file; kinds: json, junit, html, markdown. May be repeated.
    #[arg(long, value_name = "KIND=FILE", value_parser = ReportFile::from_str)]
    pub report: Vec<ReportFile>,
    /// Annotations for GitHub Actions, and a page in the file that GITHUB_STEP_SUMMARY names.
    #[arg(long)]
    pub github: bool,
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

/// `conformance merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The JSON reports of every part of one run.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How the whole is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Also writes the whole to a file; kinds: json, junit, html, markdown. May be repeated.
    #[arg(long, value_name = "KIND=FILE", value_parser = ReportFile::from_str)]
    pub report: Vec<ReportFile>,
    /// Annotations for GitHub Actions, and a page in the file that GITHUB_STEP_SUMMARY names.
    #[arg(long)]
    pub github: bool,
}

/// `conformance snapshots`.
#[derive(Debug, Args)]
pub struct Snapshots {
    /// What becomes of behaviour that changed.
    #[arg(value_enum)]
    pub decision: Decision,
    /// The folder that --snapshots named.
    #[arg(long, value_name = "DIR", default_value = "snapshots")]
    pub dir: PathBuf,
}

/// What becomes of behaviour that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// Shows each change, and asks on a terminal.
    Review,
    /// Takes every change as what is expected from now on.
    Accept,
    /// Forgets every change: what was expected stays.
    Reject,
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

/// `conformance list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only this service's.
    #[arg(long, value_parser = service_parser())]
    pub service: Option<Service>,
    /// Only those of this kind.
    #[arg(long, value_enum)]
    pub kind: Option<KindArg>,
    /// How the list is printed.
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub format: ListFormat,
    /// Prints which known mistakes are looked for, by what, and why some are not; as a table in Markdown.
    #[arg(long)]
    pub coverage: bool,
}

/// `conformance sample`.
#[derive(Debug, Args)]
pub struct Sample {
    /// The service that it belongs to.
    #[arg(long, value_parser = service_parser())]
    pub service: Service,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// The shared secret.
    #[command(flatten)]
    pub secret: SecretSource,
    /// One mistake to make.
    #[arg(long, value_parser = Flaw::from_str)]
    pub flaw: Option<Flaw>,
    /// Environment variable with a secret that was valid once.
    #[arg(long, value_name = "VAR")]
    pub old_secret_env: Option<String>,
    /// Where the service's API is (Chatwork: up to /v2), to answer what people write.
    #[arg(long, value_name = "URL", requires = "api_token_env")]
    pub api_base: Option<String>,
    /// The environment variable that holds the API's token.
    #[arg(long, value_name = "VAR", requires = "api_base")]
    pub api_token_env: Option<String>,
    /// Chatday: the profile to follow.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
}

/// What the integration does on a valid text event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EffectArg {
    /// It sends a message.
    Reply,
    /// It sends none.
    None,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On terminals.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum LogLevel {
    /// What ends the run.
    Error,
    /// What may be a mistake, too.
    Warn,
    /// What takes a while, too.
    Info,
    /// Every case, too.
    Debug,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One document at the end.
    Json,
    /// One event a line, as it happens.
    Jsonl,
}

/// How the list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Human,
    /// One document.
    Json,
}

/// What kind of subject checks are asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// Endpoints that receive webhooks.
    Webhook,
    /// API clients.
    Client,
    /// API servers.
    Api,
}

/// What a forged event may be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ForgeryAnswer {
    /// A refusal.
    Refuse,
    /// Anything: you declare that forged events are dropped without effect.
    Any,
}

/// A report that is written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// Its form.
    pub kind: ReportKind,
    /// Where it goes.
    pub file: PathBuf,
}

/// The forms of report files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// The JSON document.
    Json,
    /// JUnit XML.
    Junit,
    /// One HTML file.
    Html,
    /// Markdown.
    Markdown,
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, file) = text
            .split_once('=')
            .filter(|(_, file)| !file.is_empty())
            .ok_or_else(|| "expected KIND=FILE, such as junit=conformance.xml".to_owned())?;
        let kind = match kind {
            "json" => ReportKind::Json,
            "junit" => ReportKind::Junit,
            "markdown" => ReportKind::Markdown,
            "html" => ReportKind::Html,
            other => return Err(format!("unknown kind of report '{other}': expected json, junit, html or markdown")),
        };
        Ok(Self { kind, file: PathBuf::from(file) })
    }
}

fn service_parser() -> impl TypedValueParser<Value = Service> {
    PossibleValuesParser::new(Service::ALL.map(Service::name)).try_map(|name| name.parse::<Service>())
}

/// An id as Chatwork spells ids in texts.
fn digits(text: &str) -> Result<String, String> {
    if (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err("expected an id of 1 to 20 digits, as Chatwork's webhook settings show it".to_owned())
}

/// A duration in which something can happen.
fn timeout(text: &str) -> Result<Duration, String> {
    let read = duration(text)?;
    if read < Duration::from_millis(1) {
        return Err(format!("'{text}' leaves no time for an answer: expected 1ms to 10m"));
    }
    Ok(read)
}

/// The time of a whole run.
fn budget(text: &str) -> Result<Duration, String> {
    let refused = || format!("'{text}' is no time for a run: expected a form like 90s or 10m, from 1s to 24h");
    let read: jiff::SignedDuration = text.parse().map_err(|_| refused())?;
    let read = Duration::try_from(read).map_err(|_| refused())?;
    if (Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(&read) { Ok(read) } else { Err(refused()) }
}

/// Reads `5s`, `500ms`, `1m 30s`.
fn duration(text: &str) -> Result<Duration, String> {
    let refused = || format!("'{text}' is no duration: expected a form like 5s, 500ms or 1m, up to 10m");
    let read: jiff::SignedDuration = text.parse().map_err(|_| refused())?;
    let read = Duration::try_from(read).map_err(|_| refused())?;
    if read > Duration::from_secs(600) { Err(refused()) } else { Ok(read) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::exit::Exit;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_tells_every_exit_status_in_the_words_of_the_code() {
        for exit in Exit::ALL {
            let line = format!("{:<4} {}", exit.code(), exit.meaning());
            assert!(AFTER_HELP.contains(&line) && WEBHOOK_HELP.contains(&line), "{exit:?}");
        }
    }

    #[test]
    fn durations_have_a_unit_and_an_end() {
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert!(duration("5").is_err());
        assert!(duration("-5s").is_err());
        assert!(duration("11m").is_err());
        assert_eq!(timeout("1ms"), Ok(Duration::from_millis(1)));
        assert!(timeout("0s").is_err());
        assert_eq!(budget("24h"), Ok(Duration::from_secs(86_400)));
        assert!(budget("999ms").is_err() && budget("25h").is_err());
    }

    #[test]
    fn a_setting_id_is_made_of_digits() {
        assert_eq!(digits("246"), Ok("246".to_owned()));
        for refused in ["", "24a", "-1", "123456789012345678901"] {
            assert!(digits(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_report_file_has_a_known_kind_and_a_name() {
        assert_eq!("junit=a=b.xml".parse::<ReportFile>().unwrap().file, PathBuf::from("a=b.xml"));
        assert!("junit=".parse::<ReportFile>().is_err());
        assert_eq!("html=x".parse::<ReportFile>().unwrap().kind, ReportKind::Html);
        assert!("pdf=x".parse::<ReportFile>().unwrap_err().contains("pdf"));
    }
}
