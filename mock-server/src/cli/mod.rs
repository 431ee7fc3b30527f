//! The command line: what was typed, and what is done with it.

mod serve;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use tokio::signal;
use tracing::level_filters::LevelFilter;

pub(crate) use self::serve::Serve;
use crate::check::{self, Unusable};
use crate::core::origin::Defaults;
use crate::descriptors;
use crate::file::{read, write_whole};
use crate::settings::{Settings, profile_of};
use crate::shell::{Limits, Server, Shared, StartError, log};

/// A stateful stand-in for Chatday and Chatwork on this machine.
#[derive(Debug, Parser)]
#[command(name = "mock-server", version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    serve: Serve,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct Common {
    /// Colours on stderr; NO_COLOR is heard too
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Colour,
    /// How much is said on stderr; info is one line for each request
    #[arg(long, global = true, value_name = "LEVEL", default_value = "info")]
    log_level: Level,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Finds every fault of a world (.json) or profile (.toml), each with line and column
    Check {
        /// The file
        file: PathBuf,
    },
    /// Prints a service's contract as an OpenAPI 3.1 document
    Openapi {
        /// The service
        service: Document,
        /// The profile (TOML) that Chatday's document follows, as given to the mock
        #[arg(long, value_name = "FILE")]
        profile: Option<PathBuf>,
    },
    /// Prints shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Document {
    Chatwork,
    Chatday,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let command = Cli::command()
        .after_long_help(format!("{EXAMPLES}\n\nLimits, and what happens beyond:\n{}", Limits::default().lines()));
    let parsed = command.try_get_matches().and_then(|matches| {
        no_misplaced_flag(&matches)?;
        Cli::from_arg_matches(&matches)
    });
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    match &cli.command {
        Some(Command::Check { file }) => check_file(file),
        Some(Command::Openapi { service, profile }) => print_document(*service, profile.as_deref()),
        Some(Command::Completions { shell }) => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "mock-server", &mut text);
            say(&text)
        }
        None => {
            log::start(cli.common.log_level.into(), cli.common.color.on_stderr());
            serve(&cli.serve)
        }
    }
}

/// A flag of the serving program before a subcommand would be ignored: that is said instead.
fn no_misplaced_flag(matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some(subcommand) = matches.subcommand_name() else { return Ok(()) };
    let typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let serve = Serve::augment_args(clap::Command::new("mock-server"));
    match serve.get_arguments().find(|flag| typed(flag.get_id().as_str())) {
        None => Ok(()),
        Some(flag) => {
            let flag = flag.get_long().unwrap_or_default();
            let words = format!(
                "--{flag} before '{subcommand}' has no meaning: leave it out, or see 'mock-server {subcommand} --help'"
            );
            Err(Cli::command().error(ErrorKind::ArgumentConflict, words))
        }
    }
}

fn serve(typed: &Serve) -> ExitCode {
    let mut settings = match Settings::resolve(typed) {
        Ok(settings) => settings,
        Err(words) => return complain(&words, USAGE),
    };
    let config = &settings.config;
    let further = [config.control_listen, config.tls_listen, config.intercept_listen];
    let listeners = 1 + further.iter().flatten().count();
    settings.config.limits.connections = descriptors::room_for(settings.config.limits.connections, listeners);
    let server = match Server::bind(settings.config) {
        Ok(server) => server,
        Err(error @ (StartError::Listen { .. } | StartError::Runtime(_))) => {
            return complain(&error.to_string(), FAILED);
        }
        Err(error) => return complain(&error.to_string(), USAGE),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&StartError::Runtime(error).to_string(), FAILED),
    };
    let shared = Arc::clone(&server.shared);
    let mut code = ExitCode::SUCCESS;
    let ended = runtime.block_on(async {
        // Heard from before the ready line on, so that whoever waits for it can end the mock at once.
        let signals = Signals::listen().map_err(|error| format!("cannot listen for signals: {error}"))?;
        announce(&shared, settings.ready_file.as_deref())?;
        run(server, &shared, signals).await
    });
    runtime.shutdown_background();
    if let Err(words) = ended {
        code = complain(&words, FAILED);
    }
    if let Some(file) = settings.state_file {
        let text = serde_json::to_string_pretty(&shared.state()).unwrap_or_default() + "\n";
        if let Err(words) = write_whole(&file, &text) {
            code = complain(&format!("the state is lost: {words}"), FAILED);
        }
    }
    code
}

/// Serves until a signal; a second one does not wait for what is in flight.
async fn run(server: Server, shared: &Shared, mut signals: Signals) -> Result<(), String> {
    let mut running = std::pin::pin!(server.run());
    tokio::select! {
        ended = &mut running => return ended.map_err(|error| format!("the listener failed: {error}")),
        () = signals.next() => {}
    }
    tracing::info!("ending: finishing what is in flight");
    shared.stop.say();
    tokio::select! {
        ended = &mut running => ended.map_err(|error| format!("the listener failed: {error}")),
        () = signals.next() => Ok(()),
    }
}

/// The ready line, to stdout and to the file.
fn announce(shared: &Shared, file: Option<&Path>) -> Result<(), String> {
    let info = shared.info();
    let line = serde_json::to_string(&info).unwrap_or_default() + "\n";
    if let Some(file) = file {
        write_whole(file, &line)?;
    }
    let mut out = std::io::stdout().lock();
    // Nobody may be listening there.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    for (what, at) in [("HTTPS", &info.tls_url), ("the intercepting proxy", &info.intercept_proxy)] {
        if let (Some(at), Some(file)) = (at, &info.ca_file) {
            tracing::info!("ready: {what} at {at}, for clients that trust {file}");
        }
    }
    let url =
        |part: &serde_json::Value| part.get("base_url").and_then(|url| url.as_str()).unwrap_or_default().to_owned();
    tracing::info!(
        "ready: Chatwork at {}, Chatday at {}, control API at {}",
        url(&info.chatwork),
        url(&info.chatday),
        info.control_url
    );
    Ok(())
}

/// Ctrl-C and SIGTERM.
struct Signals {
    #[cfg(unix)]
    interrupt: signal::unix::Signal,
    #[cfg(unix)]
    terminate: signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = signal::ctrl_c().await;
    }
}

fn check_file(file: &Path) -> ExitCode {
    let text = match read(file) {
        Ok(text) => text,
        Err(words) => return complain(&words, USAGE),
    };
    let found = if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
        check::profile(&text).err()
    } else {
        check::world(&text, &Defaults::default()).err()
    };
    let Some(unusable) = found else {
        return say(format!("{}: no faults\n", file.display()).as_bytes());
    };
    let lines = unusable.lines(&file.display().to_string()).join("\n") + "\n";
    say(lines.as_bytes());
    ExitCode::from(match unusable {
        Unusable::Syntax(_) => USAGE,
        Unusable::Faults(_) => FAILED,
    })
}

fn print_document(service: Document, profile: Option<&Path>) -> ExitCode {
    let document = match (service, profile) {
        (Document::Chatwork, None) => contract::openapi::chatwork(),
        (Document::Chatwork, Some(_)) => {
            return complain("--profile describes Chatday: give it with 'openapi chatday'", USAGE);
        }
        (Document::Chatday, None) => contract::chatday::openapi(&contract::chatday::Profile::default_profile()),
        (Document::Chatday, Some(file)) => match profile_of(file) {
            Ok(profile) => contract::chatday::openapi(&profile),
            Err(words) => return complain(&words, USAGE),
        },
    };
    let text = serde_json::to_string_pretty(&document).unwrap_or_default() + "\n";
    say(text.as_bytes())
}

/// Results go to stdout.
fn say(text: &[u8]) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads only the first lines has what it wanted.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => complain(&format!("cannot write to stdout: {error}"), FAILED),
    }
}

/// Talk goes to stderr.
fn complain(words: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "mock-server: {words}");
    ExitCode::from(code)
}

impl Colour {
    fn on_stderr(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                std::io::stderr().is_terminal()
                    && anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
            }
        }
    }
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Off => Self::OFF,
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
        }
    }
}

/// Faults in a checked file, an address that cannot be had, a state that cannot be kept.
const FAILED: u8 = 1;
/// Bad usage or configuration.
const USAGE: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  mock-server                                    serve on 127.0.0.1:4010 with the built-in world
  mock-server --listen 127.0.0.1:0 --ready-file ready.json
  mock-server --world team.json --clock frozen@2026-01-31T09:00:00Z
  mock-server --tls-listen 127.0.0.1:4443        HTTPS too; the ready line's ca_file is for clients to trust
  mock-server --intercept-listen 127.0.0.1:4020  then, for a program that has https://api.chatwork.com built in:
    HTTPS_PROXY=http://127.0.0.1:4020 SSL_CERT_FILE=~/.local/share/mock-server/ca.pem ./program
  mock-server check team.json                    name every fault of a world file
  mock-server openapi chatwork > chatwork.json
  mock-server openapi chatday --profile ours.toml
  mock-server --require-https --tls-listen 127.0.0.1:4443 --allow-webhook-host hooks.example
  mock-server --webhook-ca-file our-ca.pem       webhooks to https:// URLs, under our own CA

While it serves, with the built-in world (README.md has every call of the control API, /_mock):
  curl -H 'x-chatworktoken: mock-token-for-aoi-mori-00000000' http://127.0.0.1:4010/v2/me
  # webhooks of room 5001 go out from now on; somebody writes there; what was sent
  curl http://127.0.0.1:4010/_mock/chatwork/webhooks -d \\
    '{\"url\":\"http://127.0.0.1:8080/hook\",\"events\":[\"message_created\"],\"room_id\":5001}'
  curl http://127.0.0.1:4010/_mock/chatwork/messages -d \\
    '{\"room_id\":5001,\"account_id\":1002,\"body\":\"お願いします 🙏\"}'
  curl http://127.0.0.1:4010/_mock/deliveries
  # the next request below /v2/my meets a 503
  curl http://127.0.0.1:4010/_mock/faults -d \\
    '{\"match\":{\"path\":\"/v2/my/*\"},\"action\":{\"respond\":{\"status\":503}}}'
  # five minutes later, at once; what has happened
  curl http://127.0.0.1:4010/_mock/clock -d '{\"advance_ms\":300000}'
  curl -N 'http://127.0.0.1:4010/_mock/events?after=0&limit=3'
  # OAuth: somebody consents, and the client gets its code
  client='response_type=code&client_id=mock-client-launch-board&scope=rooms.info:read'
  curl -i -d approve=1 \"http://127.0.0.1:4010/packages/oauth2/login.php?$client\"

Exit codes:
  0    ended by Ctrl-C or SIGTERM, or the file has no fault
  1    the file has faults, the address cannot be had, or the state could not be kept
  2    bad usage or configuration, or the file cannot be read";
