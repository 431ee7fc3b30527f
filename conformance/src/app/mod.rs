//! The program: from a typed command to an exit status.

mod api;
mod client;
mod demo;
mod explain;
mod interrupt;
mod listing;
mod merge;
mod plan;
mod replay;
mod reporters;
mod sample;
mod snapshots;
mod webhook;
mod words;

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::AssertUnwindSafe;

use anstream::{AutoStream, ColorChoice};
use clap::{CommandFactory, Parser};

use crate::cli::{Cli, Color, Command, LogLevel};
use crate::exit::Exit;
use crate::settings::Unusable;

/// Runs the program with these arguments, the first being its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    guarded(|| dispatch(arguments))
}

/// A panic is a fault of the harness, and has to look like one from outside.
fn guarded(action: impl FnOnce() -> Exit) -> Exit {
    std::panic::catch_unwind(AssertUnwindSafe(action)).unwrap_or_else(|_| {
        let mut voice = Voice { color: Color::Auto, level: LogLevel::Error };
        voice.say(
            LogLevel::Error,
            "error: this is a fault of conformance itself, not of what it judges: please report it",
        );
        Exit::Fault
    })
}

fn dispatch(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(refused) => {
            // Help and version are results; everything else is talk. clap knows which is which.
            let _ = refused.print();
            return if refused.use_stderr() { Exit::Usage } else { Exit::Passed };
        }
    };
    let mut voice = Voice { color: cli.color, level: cli.log_level };
    let ended = match &cli.command {
        Command::Demo(typed) => demo::run(typed, &mut voice),
        Command::Webhook(typed) if typed.plan => plan::run(typed, &mut voice),
        Command::Webhook(typed) => webhook::run(typed, &mut voice),
        Command::Api(typed) if typed.plan => api::plan(typed, &mut voice),
        Command::Api(typed) => api::run(typed, &mut voice),
        Command::Client(typed) => client::run(typed, &mut voice),
        Command::Replay(typed) => replay::run(typed, &mut voice),
        Command::Merge(typed) => merge::run(typed, &mut voice),
        Command::Snapshots(typed) => snapshots::run(typed, &mut voice),
        Command::List(typed) => listing::list(typed, &mut voice),
        Command::Explain { id } => explain::explain(id, &mut voice),
        Command::Completions { shell } => completions(*shell, &mut voice),
        Command::Sample(typed) => sample::run(typed, &mut voice),
        Command::SampleClient(typed) => sample::call(typed, &mut voice),
    };
    ended.unwrap_or_else(|failure| failure.told(&mut voice))
}

/// Why a command came to nothing.
#[derive(Debug)]
enum Failure {
    /// The person can mend it.
    Usage(String),
    /// What is written to refuses.
    Output(io::Error),
    /// The harness is at fault, or the system it runs on.
    Harness(String),
}

impl Failure {
    fn told(self, voice: &mut Voice) -> Exit {
        match self {
            Self::Usage(sentence) => {
                voice.say(LogLevel::Error, &format!("error: {sentence}"));
                Exit::Usage
            }
            // `conformance list | head`: whoever reads has had enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Passed,
            Self::Output(error) => {
                voice.say(LogLevel::Error, &format!("error: the output cannot be written: {error}"));
                Exit::Fault
            }
            Self::Harness(sentence) => {
                voice.say(LogLevel::Error, &format!("error: {sentence}"));
                Exit::Fault
            }
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Unusable> for Failure {
    fn from(Unusable(sentence): Unusable) -> Self {
        Self::Usage(sentence)
    }
}

/// Where results and talk go: results to stdout, talk to stderr.
#[derive(Debug)]
struct Voice {
    color: Color,
    level: LogLevel,
}

impl Voice {
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR is a setting of the terminal, read where colour is chosen")]
    fn choice(&self, raw: &dyn anstream::stream::IsTerminal) -> ColorChoice {
        match self.color {
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
            Color::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => ColorChoice::Never,
            Color::Auto if raw.is_terminal() => ColorChoice::AlwaysAnsi,
            Color::Auto => ColorChoice::Never,
        }
    }

    /// Where results go.
    fn results(&self) -> AutoStream<io::StdoutLock<'static>> {
        let stdout = io::stdout();
        let choice = self.choice(&stdout);
        AutoStream::new(stdout.lock(), choice)
    }

    /// Where talk goes.
    fn talk(&self) -> AutoStream<io::StderrLock<'static>> {
        let stderr = io::stderr();
        let choice = self.choice(&stderr);
        AutoStream::new(stderr.lock(), choice)
    }

    /// Says a line on stderr, if that much is wanted. Nobody can be told that it failed.
    fn say(&mut self, level: LogLevel, line: &str) {
        if level <= self.level {
            let _ = writeln!(self.talk(), "{line}");
        }
    }
}

fn completions(shell: clap_complete::Shell, voice: &mut Voice) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "conformance", &mut script);
    voice.results().write_all(&script)?;
    Ok(Exit::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_as_a_fault_of_the_harness() {
        assert_eq!(guarded(|| panic!("on purpose")), Exit::Fault);
        assert_eq!(guarded(|| Exit::Passed), Exit::Passed);
    }
}
