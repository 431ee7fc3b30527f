//! The command line: exactly what was typed.

mod api;
mod client;
mod demo;
mod duration;
mod output;
mod sample;
mod webhook;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use contract::service::Service;

pub use api::{Api, TokenSource};
pub use client::Client;
pub use demo::Demo;
pub use output::{Format, Output, ReportFile, ReportKind};
pub use sample::{Sample, SampleClient};
pub use webhook::{EffectArg, ForgeryAnswer, Hazard, How, Replay, SecretSource, Webhook};

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
  conformance demo
  conformance webhook http://127.0.0.1:8080/webhook \\
      --service chatwork --secret-env CHATWORK_WEBHOOK_TOKEN
  conformance webhook http://127.0.0.1:8080/webhook \\
      --service chatday --secret-file token.txt --strict
  conformance api http://127.0.0.1:4010/v2 \\
      --service chatwork --token-env CHATWORK_API_TOKEN
  conformance client --service chatwork -- python3 notify.py
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

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See the whole on one machine: mock, integrations right and wrong, judge, report.
    Demo(Demo),
    /// Judge an endpoint that receives webhooks.
    Webhook(Box<Webhook>),
    /// Judge a server that offers the API: a mock, or the real service.
    Api(Box<Api>),
    /// Judge a program that calls a service's API.
    Client(Box<Client>),
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
    /// Say one thing through a service's API, as a client under judgement.
    #[command(hide = true)]
    SampleClient(SampleClient),
}

/// `conformance merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The JSON reports of every part of one run.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where the whole goes.
    #[command(flatten)]
    pub output: Output,
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

fn service_parser() -> impl TypedValueParser<Value = Service> {
    PossibleValuesParser::new(Service::ALL.map(Service::name)).try_map(|name| name.parse::<Service>())
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
            for help in [AFTER_HELP, webhook::HELP, client::HELP, api::HELP] {
                assert!(help.contains(&line), "{exit:?}");
            }
        }
    }
}
