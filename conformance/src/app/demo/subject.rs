//! The programs that the demo judges: of each service a right one and a wrong one.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Parser as _, ValueEnum as _};
use contract::chatday::Profile;
use contract::service::Service;
use courier::address::Endpoint;
use courier::socket::{CONNECT_TIMEOUT, Socket};

use crate::ask::policy::{ForgeryAnswer, Origin, Policy};
use crate::ask::secret::Secret;
use crate::catalog::Selection;
use crate::check::{Area, Kind};
use crate::cli::{Cli, Command};
use crate::client::beside::{Beside, Wish};
use crate::run::clock;
use crate::run::engine::{CASES, JOBS, Run};
use crate::run::event::Event;
use crate::run::session::{Session, Settings};
use crate::run::stop::Stop;
use crate::run::verdict::Verdict;
use crate::sample::caller::Slip;
use crate::sample::flaw::Flaw;
use crate::sample::receive::Integration;
use crate::sample::reply::Api;
use crate::sample::server::Sample;
use crate::settings;

/// A program, and what is to be expected of it.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) words: String,
    pub(super) service: Service,
    pub(super) file: &'static str,
    pub(super) expected: Verdict,
    pub(super) program: Program,
}

/// What kind of program it is, and its mistake.
#[derive(Clone, Copy, Debug)]
pub(super) enum Program {
    /// It receives webhooks.
    Receiver(Option<Flaw>),
    /// It calls the API.
    Client(Option<Slip>),
}

/// All of them, in the order of the summary.
pub(super) fn all() -> Vec<Subject> {
    use Program::{Client, Receiver};
    use Service::{Chatday, Chatwork};
    let subject = |words: &str, service, file, program| {
        let is_right = matches!(program, Receiver(None) | Client(None));
        let expected = if is_right { Verdict::Pass } else { Verdict::Fail };
        Subject { words: words.to_owned(), service, file, expected, program }
    };
    let client = |service: Service, file, slip: Option<Slip>| {
        let name = if service == Chatwork { "Chatwork" } else { "Chatday" };
        let words = match slip {
            None => format!("a correct client of {name}"),
            Some(slip) => format!("one of {name} that {}", slip.words()),
        };
        subject(&words, service, file, Client(slip))
    };
    vec![
        subject("a correct integration with Chatwork", Chatwork, "chatwork-correct.html", Receiver(None)),
        subject(
            "one with Chatwork that hashes the JSON as its library would write it",
            Chatwork,
            "chatwork-rewrites-json.html",
            Receiver(Some(Flaw::RewritesJson)),
        ),
        subject("a correct integration with Chatday", Chatday, "chatday-correct.html", Receiver(None)),
        subject(
            "one with Chatday that refuses a forged event, and has acted on it by then",
            Chatday,
            "chatday-acts-before-verifying.html",
            Receiver(Some(Flaw::ActsBeforeVerifying)),
        ),
        client(Chatwork, "chatwork-client-correct.html", None),
        client(Chatwork, "chatwork-client-retries-at-once.html", Some(Slip::RetriesAtOnce)),
        client(Chatday, "chatday-client-correct.html", None),
        client(Chatday, "chatday-client-hides-errors.html", Some(Slip::HidesErrors)),
    ]
}

impl Subject {
    /// What kind of subject it is.
    pub(super) fn kind(&self) -> Kind {
        match self.program {
            Program::Receiver(_) => Kind::Webhook,
            Program::Client(_) => Kind::Client,
        }
    }

    /// Judges it, and tells of it.
    pub(super) fn judge(&self, stop: Stop, tell: &mut dyn FnMut(&Event)) -> Result<(), String> {
        match self.program {
            Program::Receiver(flaw) => self.judge_receiver(flaw, stop, tell),
            Program::Client(slip) => self.judge_client(slip, stop, tell),
        }
    }

    /// A client is this very program, called as people call the judge.
    fn judge_client(&self, slip: Option<Slip>, stop: Stop, tell: &mut dyn FnMut(&Event)) -> Result<(), String> {
        let own =
            std::env::current_exe().map_err(|error| format!("the demo does not find its own program: {error}"))?;
        let service = self.service.name();
        let mut words: Vec<OsString> = ["conformance", "client", "--service", service].map(OsString::from).into();
        words.extend(SCENARIOS.iter().flat_map(|name| ["--scenario", name]).map(OsString::from));
        words.extend(["--".into(), own.into(), "sample-client".into(), "--service".into(), service.into()]);
        if let Some(slip) = slip.and_then(|slip| slip.to_possible_value()) {
            words.extend(["--flaw".into(), slip.get_name().into()]);
        }
        let Ok(Cli { command: Command::Client(typed), .. }) = Cli::try_parse_from(words) else {
            return Err("the demo calls the judge of clients in a way that it does not know".to_owned());
        };
        let resolved = settings::client::resolve(&typed, stop).map_err(|unusable| unusable.to_string())?;
        resolved.run.carry_out(tell).map(drop)
    }

    fn judge_receiver(&self, flaw: Option<Flaw>, stop: Stop, tell: &mut dyn FnMut(&Event)) -> Result<(), String> {
        let secret = Secret::new(self.service, SECRET, None).map_err(|unusable| unusable.to_string())?;
        let old_secret = Secret::new(self.service, OLD_SECRET, None).map_err(|unusable| unusable.to_string())?;
        let profile = Profile::default_profile();
        let mut policy = Policy {
            service: self.service,
            profile: profile.clone(),
            forgery_answer: ForgeryAnswer::Refuse,
            origin: Origin::default(),
            marked: false,
            old_secret: Some(old_secret.clone()),
            effect: None,
        };
        let wish = Wish { address: ([127, 0, 0, 1], 0).into(), token: None };
        let beside = Beside::start(&wish, &policy, &secret)?;
        policy.origin = beside.origin();
        let api = Endpoint::parse(beside.base_url()).map_err(|refused| refused.to_string())?;
        let prefix = match self.service {
            Service::Chatwork => api.target.clone(),
            // The profile's paths are whole ones.
            Service::Chatday => String::new(),
        };
        let api = Api { prefix, socket: socket(&api)?, token: beside.token().to_owned() };
        let integration =
            Integration::new(self.service, secret.clone(), profile, flaw).with_api(api).with_old_secret(old_secret);
        let sample = Sample::start(integration, wish.address)
            .map_err(|error| format!("the sample integration cannot listen: {error}"))?;
        let endpoint = Endpoint::parse(&sample.url()).map_err(|refused| refused.to_string())?;
        let settings = Settings {
            socket: socket(&endpoint)?,
            endpoint,
            secret,
            policy,
            seed: 1,
            now: clock::now(),
            rate: None,
            max_time: None,
            stop,
        };
        let selection = Selection { service: Some(self.service), kind: Some(Kind::Webhook), ..Selection::default() };
        let mut checks = selection.choose();
        // As beside any mock: what the integration does is looked at first.
        checks.sort_by_key(|check| check.area != Area::Effects);
        let session = Session::new(settings).map_err(|error| format!("the system refuses an event loop: {error}"))?;
        let mut session = session.watching(Box::new(beside.watch())).with_quiet(QUIET);
        let run = Run { checks: &checks, strict: false, patience: Duration::ZERO, cases: CASES, jobs: JOBS };
        run.carry_out(&mut session, tell);
        Ok(())
    }
}

/// The way to a server of this process.
fn socket(endpoint: &Endpoint) -> Result<Socket, String> {
    let host = endpoint.host.parse().map_err(|_| format!("{} is no address", endpoint.host))?;
    Ok(Socket {
        address: Ok(std::net::SocketAddr::new(host, endpoint.port)),
        authority: endpoint.authority.clone(),
        connect_timeout: CONNECT_TIMEOUT,
        tls: None,
        timeout: TIMEOUT,
    })
}

/// What clients are put in: enough to show what each mistake leads to. Without them a client would be put in all there are.
const SCENARIOS: [&str; 9] = [
    "all-is-well",
    "wrong-token",
    "refused-400",
    "server-errors",
    "limit-resets-soon",
    "always-limited",
    "redirect-307",
    "text-in-many-scripts",
    "richer-answers",
];
/// Made up; Base64, so that it serves both services.
const SECRET: &str = "W6agAERo0Il0Y2blfz7v5TKrGanFzCIWakZcezo/YeU=";
/// One that was valid once: it has to be refused.
const OLD_SECRET: &str = "b2xkLXNlY3JldC1vZi10aGUtc2FtcGxl";
/// The samples call back within a few milliseconds.
const QUIET: Duration = Duration::from_millis(120);
/// What the services allow is more than programs on the same machine need.
const TIMEOUT: Duration = Duration::from_secs(2);
