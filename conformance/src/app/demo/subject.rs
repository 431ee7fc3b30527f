//! The programs that the demo judges: of each service a right one and a wrong one.

use std::time::Duration;

use contract::chatday::Profile;
use contract::service::Service;
use courier::address::Endpoint;
use courier::socket::{CONNECT_TIMEOUT, Socket};

use crate::ask::policy::{ForgeryAnswer, Origin, Policy};
use crate::ask::secret::Secret;
use crate::catalog::Selection;
use crate::check::{Area, Check, Kind};
use crate::client::beside::{Beside, Wish};
use crate::run::clock;
use crate::run::engine::{CASES, JOBS, Run};
use crate::run::event::Event;
use crate::run::session::{Session, Settings};
use crate::run::stop::Stop;
use crate::run::verdict::Verdict;
use crate::sample::flaw::Flaw;
use crate::sample::receive::Integration;
use crate::sample::reply::Api;
use crate::sample::server::Sample;

/// A program, and what is to be expected of it.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) words: &'static str,
    pub(super) kind: Kind,
    pub(super) service: Service,
    pub(super) file: &'static str,
    pub(super) expected: Verdict,
    flaw: Option<Flaw>,
}

/// All of them, in the order of the summary.
pub(super) fn all() -> Vec<Subject> {
    let receiver = |words, service, file, flaw: Option<Flaw>| Subject {
        words,
        kind: Kind::Webhook,
        service,
        file,
        expected: if flaw.is_some() { Verdict::Fail } else { Verdict::Pass },
        flaw,
    };
    vec![
        receiver("a correct integration with Chatwork", Service::Chatwork, "chatwork-correct.html", None),
        receiver(
            "one with Chatwork that hashes the JSON as its library would write it",
            Service::Chatwork,
            "chatwork-rewrites-json.html",
            Some(Flaw::RewritesJson),
        ),
        receiver("a correct integration with Chatday", Service::Chatday, "chatday-correct.html", None),
        receiver(
            "one with Chatday that refuses a forged event, and has acted on it by then",
            Service::Chatday,
            "chatday-acts-before-verifying.html",
            Some(Flaw::ActsBeforeVerifying),
        ),
    ]
}

impl Subject {
    /// How many checks it is asked.
    pub(super) fn checks(&self) -> usize {
        self.chosen().len()
    }

    /// Judges it, and tells of it.
    pub(super) fn judge(&self, stop: Stop, tell: &mut dyn FnMut(&Event)) -> Result<(), String> {
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
        let integration = Integration::new(self.service, secret.clone(), profile, self.flaw)
            .with_api(api)
            .with_old_secret(old_secret);
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
        let session = Session::new(settings).map_err(|error| format!("the system refuses an event loop: {error}"))?;
        let mut session = session.watching(Box::new(beside.watch()));
        let run = Run { checks: &self.chosen(), strict: false, patience: Duration::ZERO, cases: CASES, jobs: JOBS };
        run.carry_out(&mut session, tell);
        Ok(())
    }

    fn chosen(&self) -> Vec<&'static Check> {
        let selection = Selection { service: Some(self.service), kind: Some(self.kind), ..Selection::default() };
        let mut checks = selection.choose();
        // As beside any mock: what the integration does is looked at first.
        checks.sort_by_key(|check| check.area != Area::Effects);
        checks
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

/// Made up; Base64, so that it serves both services.
const SECRET: &str = "W6agAERo0Il0Y2blfz7v5TKrGanFzCIWakZcezo/YeU=";
/// One that was valid once: it has to be refused.
const OLD_SECRET: &str = "b2xkLXNlY3JldC1vZi10aGUtc2FtcGxl";
/// What the services allow is more than programs on the same machine need.
const TIMEOUT: Duration = Duration::from_secs(2);
