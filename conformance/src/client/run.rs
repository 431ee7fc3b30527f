//! Plays scenarios side by side, and holds what was seen against the rules, in report order.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::service::Service;
use mock_server::control::Certificate;
use tokio::runtime;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::excerpt::Masks;
use super::scenario::Scenario;
use super::stage::{self, Setup};
use super::tally::Tally;
use crate::ask::observed::{Ending, Observation};
use crate::check::{Check, Kind, Plan};
use crate::run::clock;
use crate::run::event::{CaseReport, CheckCard, CheckReport, Event, RunCard, RunReport, Subject, Tool};
use crate::run::evidence::millis;
use crate::run::shell::quote;
use crate::run::stop::{self, Stop};
use crate::run::tally::unrun;
use crate::run::verdict::{Judgement, Status, Summary, Verdict};

/// A run, ready to begin.
#[derive(Debug)]
pub struct Run {
    /// The chosen checks, in report order; never empty.
    pub checks: Vec<&'static Check>,
    /// The scenarios to play; never empty. The one in which nothing goes wrong comes first where it is among them.
    pub scenarios: Vec<&'static Scenario>,
    /// What all scenarios have in common.
    pub setup: Setup,
    /// A deviation from a SHOULD fails the run.
    pub strict: bool,
    /// Scenarios that are played at the same time.
    pub jobs: usize,
    /// Time for the whole run.
    pub max_time: Option<Duration>,
    /// Ends it early.
    pub stop: Stop,
    /// The command as a report shows it: in one line for the shell, without secrets.
    pub shown: String,
    /// Flags that a command needs that repeats a scenario, with a blank at the end.
    pub flags: String,
    /// What the user declared, in words.
    pub declared: Vec<String>,
    /// Whether the command's own status counts too.
    pub status_counts: bool,
}

/// What a command that repeats a scenario is made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) service: Service,
    pub(super) seed: u64,
    pub(super) flags: &'a str,
    pub(super) command: &'a str,
}

impl Line<'_> {
    /// One line for the shell that plays a scenario again and judges it by one check.
    pub(super) fn again(&self, scenario: &str, check: &str) -> String {
        let Self { service, seed, flags, command } = self;
        let mut line = format!("conformance client --service {service} --seed {seed} {flags}");
        if !flags.contains("--observe") {
            let _ = write!(line, "--scenario {scenario} ");
        }
        let _ = write!(line, "--only {check} -- {command}");
        line
    }
}

/// What a run came to besides its events.
#[derive(Debug)]
pub struct Done {
    /// The last event's report.
    pub report: RunReport,
    /// What the person should know, in sentences.
    pub remarks: Vec<String>,
}

/// Why there is no observation of a scenario.
#[derive(Clone, Debug)]
enum Unplayed {
    Stopped,
    TimeOver,
    /// The command does not reach the service where nothing goes wrong.
    NoContact,
    /// A sentence.
    Fault(String),
}

type Played = Result<Arc<Observation>, Unplayed>;

impl Run {
    /// Plays, judges and tells of it.
    ///
    /// # Errors
    /// The system refuses an event loop.
    pub fn carry_out(&self, tell: &mut dyn FnMut(&Event)) -> Result<Done, String> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("the system refuses an event loop: {error}"))?;
        let done = runtime.block_on(self.judge(tell));
        // A resolver or a mock that does not end keeps nobody waiting.
        runtime.shutdown_background();
        Ok(done)
    }

    async fn judge(&self, tell: &mut dyn FnMut(&Event)) -> Done {
        let started = Instant::now();
        tell(&Event::RunStarted(self.card()));
        let mut plays = self.begin();
        let mut summary = Summary::default();
        for (index, check) in self.checks.iter().enumerate() {
            let level = check.level_under(&self.setup.profile);
            tell(&Event::CheckStarted(CheckCard::of(check, level, index + 1)));
            let report = self.check(check, &mut plays, tell).await;
            summary.count(report.status, report.cases);
            tell(&Event::CheckFinished(Box::new(report)));
        }
        plays.end().await;
        summary.requests = plays.seen().map(|seen| seen.calls.len() as u64).sum();
        let objections = self.objections(&plays);
        let verdict = if objections.is_empty() { summary.verdict() } else { Verdict::Fail };
        let (duration_ms, stopped) = (millis(started.elapsed()), self.stop.is_asked());
        let report = RunReport { verdict, summary, duration_ms, stopped, objections };
        tell(&Event::RunFinished(report.clone()));
        Done { report, remarks: plays.remarks() }
    }

    fn card(&self) -> RunCard {
        RunCard {
            tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            subject: Subject {
                kind: Kind::Client,
                service: self.service().name().to_owned(),
                target: self.shown.clone(),
            },
            seed: self.setup.seed,
            started_at: clock::now().to_rfc3339(),
            checks: self.checks.len(),
            shard: None,
            declared: self.declared.clone(),
        }
    }

    fn service(&self) -> Service {
        self.scenarios.first().map_or(Service::Chatwork, |scenario| scenario.service)
    }

    /// Plays everything, as much at a time as is wanted.
    fn begin(&self) -> Plays {
        let (stopper, inner) = stop::channel();
        let mut asked = self.stop.clone();
        let max_time = self.max_time;
        let mut playing = JoinSet::new();
        // Both ends of a run are one to whoever plays.
        let watch = tokio::spawn(async move {
            match max_time {
                Some(time) => drop(timeout(time, asked.asked()).await),
                None => asked.asked().await,
            }
            stopper.stop();
        });
        let room = Arc::new(Semaphore::new(self.jobs.max(1)));
        let plain = self.plain();
        // The others wait for the one in which nothing goes wrong: who does not reach the service there never will.
        let (gate, at_gate) = watch::channel(plain.is_none().then_some(true));
        let mut gate = Some(gate);
        for (place, scenario) in self.scenarios.iter().enumerate() {
            let (room, setup, mut stop, scenario) = (Arc::clone(&room), self.setup.clone(), inner.clone(), *scenario);
            let mut at_gate = at_gate.clone();
            // With whoever has it the gate falls, so that nobody waits for one that cannot open any more.
            let gate = if plain == Some(place) { gate.take() } else { None };
            playing.spawn(async move {
                if gate.is_none() && at_gate.wait_for(Option::is_some).await.is_ok_and(|open| *open == Some(false)) {
                    return (place, Err(Unplayed::NoContact));
                }
                let _permit = room.acquire_owned().await;
                let played = match stop.is_asked() {
                    true => Err("it was not begun".to_owned()),
                    false => stage::play(scenario, &setup, &mut stop).await,
                };
                if let Some(gate) = gate {
                    let reached = played.as_ref().map_or(true, |seen| unsettled(scenario, seen).is_none());
                    gate.send_replace(Some(reached));
                }
                (place, played.map_err(Unplayed::Fault))
            });
        }
        Plays { playing, results: vec![None; self.scenarios.len()], user: self.stop.clone(), all: inner, watch, plain }
    }

    /// The place of the scenario in which nothing goes wrong.
    fn plain(&self) -> Option<usize> {
        self.scenarios.iter().position(|scenario| scenario.is(PLAIN))
    }

    /// The scenarios that can show what a check asks.
    fn scenarios_of(&self, check: &Check) -> Vec<usize> {
        let Plan::Scenarios { scenarios, .. } = check.plan else { return Vec::new() };
        let wanted = |scenario: &Scenario| scenarios.is_empty() || scenarios.iter().any(|name| scenario.is(name));
        let places = self.scenarios.iter().enumerate().filter(|(_, scenario)| wanted(scenario));
        places.map(|(place, _)| place).collect()
    }

    async fn check(&self, check: &'static Check, plays: &mut Plays, tell: &mut dyn FnMut(&Event)) -> CheckReport {
        let level = check.level_under(&self.setup.profile);
        let Plan::Scenarios { judge, .. } = check.plan else {
            return unrun(check, level, Status::Skip, "this is not asked of a client");
        };
        let places = self.scenarios_of(check);
        if places.is_empty() {
            return unrun(check, level, Status::Skip, &self.why_not(check));
        }
        if let Some(seen) = plays.plain_seen().await
            && let Some(scenario) = self.plain().and_then(|place| self.scenarios.get(place))
            && let Some(why) = unsettled(scenario, &seen)
        {
            // One sentence for all checks: there is nothing to tell them apart by.
            let mut masks = Masks::default();
            masks.add(&seen);
            let ended = super::excerpt::ending(&seen);
            let message = masks.mask(&format!("{why} ({}{ended}); no other scenario was played", scenario.name));
            let reproduce = Some(self.line().again(scenario.name, check.id));
            return CheckReport { reproduce, ..unrun(check, level, Status::Error, &message) };
        }
        let mut tally = Tally::new(check, level, self.strict);
        let mut masks = Masks::default();
        let mut unplayed = Vec::new();
        for place in &places {
            let Some(scenario) = self.scenarios.get(*place) else { continue };
            let seen = match plays.of(*place).await {
                Ok(seen) => Some(seen),
                Err(Unplayed::Fault(why)) => {
                    tally.count(scenario.name, None, Judgement::Unsettled(why));
                    continue;
                }
                Err(other) => {
                    unplayed.push(other);
                    continue;
                }
            };
            let Some(seen) = seen else { continue };
            masks.add(&seen);
            let judgement = unsettled(scenario, &seen).map_or_else(|| judge(&seen), Judgement::Unsettled);
            let (judgement, status) = tally.count(scenario.name, Some(&seen), judgement);
            tell(&Event::CaseFinished(CaseReport {
                check: check.id.to_owned(),
                case: scenario.name.to_owned(),
                status,
                deviation: judgement.deviation().map(|deviation| deviation.name.to_owned()),
                outcome: masks.mask(&outcome(&seen)),
                duration_ms: millis(seen.took),
                response: None,
            }));
        }
        let report = tally.report(&self.line(), &masks);
        match unplayed.first() {
            Some(Unplayed::Stopped) if unplayed.len() == places.len() => {
                unrun(check, level, Status::Skip, "the run was stopped before the scenarios of this check were played")
            }
            // Half a check shows nothing, unless it has failed already.
            Some(why) if report.status < Status::Error => {
                let what =
                    if matches!(why, Unplayed::Stopped) { "the run was stopped" } else { "the run's time was over" };
                let message = format!("{what} before {} of its {} scenarios were played", unplayed.len(), places.len());
                CheckReport { status: Status::Error, message, ..report }
            }
            _ => report,
        }
    }

    fn line(&self) -> Line<'_> {
        Line { service: self.service(), seed: self.setup.seed, flags: &self.flags, command: &self.shown }
    }

    /// Why no scenario of a check is played.
    fn why_not(&self, check: &Check) -> String {
        let Plan::Scenarios { scenarios, .. } = check.plan else { return String::new() };
        let known = super::scenarios::of(self.service());
        let own: Vec<&Scenario> = known.iter().filter(|one| scenarios.iter().any(|name| one.is(name))).collect();
        let intercepted = self.setup.intercept.is_some();
        if !own.is_empty() && own.iter().all(|scenario| !scenario.suits(intercepted)) {
            return match intercepted {
                false => {
                    "its scenarios are played to a program with the real address built in: add --intercept".to_owned()
                }
                true => "its scenarios are played to a program that is given an address: run it without --intercept"
                    .to_owned(),
            };
        }
        format!("its scenarios are not among those to play: {}", scenarios.join(", "))
    }

    /// What fails the run besides its checks.
    fn objections(&self, plays: &Plays) -> Vec<String> {
        let failed = plays.seen().filter(|seen| self.status_counts && seen.ending != Ending::Exited(0));
        failed.map(|seen| super::excerpt::ending(seen).trim_start_matches("; ").to_owned()).collect()
    }
}

/// What is being played, and what was.
struct Plays {
    playing: JoinSet<(usize, Result<Observation, Unplayed>)>,
    results: Vec<Option<Played>>,
    /// What the user asked for.
    user: Stop,
    /// The same, or that the time is over.
    all: Stop,
    watch: tokio::task::JoinHandle<()>,
    plain: Option<usize>,
}

impl Plays {
    /// What was seen in a scenario, beside what was where nothing goes wrong. Waits for both.
    async fn of(&mut self, place: usize) -> Played {
        while self.result(Some(place)).is_none() || (self.plain.is_some() && self.result(self.plain).is_none()) {
            if !self.next().await {
                return Err(Unplayed::Fault("the scenario came to no end".to_owned()));
            }
        }
        let Some(played) = self.result(Some(place)).cloned() else { return Err(Unplayed::Stopped) };
        let seen = played?;
        let plain = match self.result(self.plain) {
            Some(Ok(plain)) if self.plain != Some(place) => Arc::clone(plain),
            _ => return Ok(seen),
        };
        if seen.plain.is_some() {
            return Ok(seen);
        }
        let compared = Arc::new(Observation { plain: Some(plain), ..(*seen).clone() });
        if let Some(result) = self.results.get_mut(place) {
            *result = Some(Ok(Arc::clone(&compared)));
        }
        Ok(compared)
    }

    /// What was seen where nothing goes wrong, if that is among what is played. Waits for it.
    async fn plain_seen(&mut self) -> Option<Arc<Observation>> {
        let place = self.plain?;
        self.of(place).await.ok()
    }

    fn result(&self, place: Option<usize>) -> Option<&Played> {
        self.results.get(place?)?.as_ref()
    }

    /// Waits for the next scenario that ends; `false` where there is none.
    async fn next(&mut self) -> bool {
        match self.playing.join_next().await {
            None => false,
            Some(Ok((place, played))) => {
                let played = played.map(Arc::new).map_err(|why| match (self.all.is_asked(), self.user.is_asked()) {
                    (true, true) => Unplayed::Stopped,
                    (true, false) => Unplayed::TimeOver,
                    (false, _) => why,
                });
                if let Some(result) = self.results.get_mut(place) {
                    *result = Some(played);
                }
                true
            }
            // Its task fell over: its place stays empty, which is said where it is missed.
            Some(Err(_)) => true,
        }
    }

    /// Waits for everything.
    async fn end(&mut self) {
        while self.next().await {}
        self.watch.abort();
    }

    fn seen(&self) -> impl Iterator<Item = &Observation> {
        self.results.iter().flatten().filter_map(|played| played.as_ref().ok().map(|seen| &**seen))
    }

    /// What the person should know.
    fn remarks(&self) -> Vec<String> {
        let left = self.seen().filter(|seen| seen.left_behind > 0).map(|seen| {
            let (count, name) = (seen.left_behind, seen.scenario);
            format!("warning: the command left {count} process(es) behind in {name}; they were ended")
        });
        left.collect()
    }
}

/// Why what was seen says nothing about anything: the command did not get as far as the service.
fn unsettled(scenario: &Scenario, seen: &Observation) -> Option<String> {
    let service = scenario.service;
    if let Ending::NotStarted(why) = &seen.ending {
        return Some(format!("the command could not be started: {why}"));
    }
    if !seen.calls.is_empty() || !seen.strays.is_empty() {
        return None;
    }
    let intercepted = seen.given.intercepted;
    if seen.refused_handshakes > 0 {
        return (scenario.certificate == Certificate::Good).then(|| {
            "the command trusts no certificate of the mock's CA: it finds the CA's file in SSL_CERT_FILE, \
             REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and NODE_EXTRA_CA_CERTS"
                .to_owned()
        });
    }
    if scenario.certificate != Certificate::Good && !seen.connections.is_empty() {
        return None;
    }
    let (address, token, place) = match service {
        Service::Chatwork => ("CHATWORK_BASE_URL", "CHATWORK_API_TOKEN", "room in CHATWORK_ROOM_ID"),
        Service::Chatday => ("CHATDAY_BASE_URL", "CHATDAY_TOKEN", "chat in CHATDAY_CHAT_ID"),
    };
    if seen.left_behind > 0 {
        return Some(format!(
            "the command made no request to {service} and left {} process(es) behind, which were ended with it: what calls \
             the service has to be done before the command ends",
            seen.left_behind
        ));
    }
    Some(match intercepted {
        false => format!(
            "the command made no request to {service}: it finds the address in {address}, the token in {token} and the \
             {place}; a program with the real address built in needs --intercept"
        ),
        true => format!(
            "the command made no request to {service} through the proxy that HTTPS_PROXY names: make its HTTP library use \
             it, or give the program the address in {address} and leave --intercept out"
        ),
    })
}

/// What a client did in a scenario, on one line.
fn outcome(seen: &Observation) -> String {
    let requests = match seen.calls.len() {
        1 => "1 request".to_owned(),
        count => format!("{count} requests"),
    };
    format!("{requests}{}", super::excerpt::ending(seen))
}

/// The command in one line for the shell. What looks like a secret in it is not shown.
pub fn shown(program: &super::process::Program) -> String {
    let mut line = quoted(&program.name.to_string_lossy());
    let mut hides_next = false;
    for argument in &program.arguments {
        let text = argument.to_string_lossy();
        let is_flag = text.starts_with('-');
        let names_secret = is_flag && SECRETS.iter().any(|word| text.to_ascii_lowercase().contains(word));
        let part = match text.split_once('=') {
            _ if hides_next && !is_flag => "'***'".to_owned(),
            Some((name, _)) if names_secret => quoted(&format!("{name}=***")),
            _ => quoted(&text),
        };
        hides_next = names_secret && !text.contains('=');
        line.push(' ');
        line.push_str(&part);
    }
    line
}

/// As it is where every shell reads it as one word; in quotes otherwise.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) { text.to_owned() } else { quote(text) }
}

/// Words in the name of a flag whose value is not to be shown.
const SECRETS: [&str; 4] = ["token", "secret", "password", "api-key"];
/// The scenario in which nothing goes wrong.
pub const PLAIN: &str = "all-is-well";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::process::Program;

    #[test]
    fn a_command_is_shown_as_a_shell_reads_it_without_what_looks_like_a_secret() {
        let program = |arguments: &[&str]| Program {
            name: "python3".into(),
            arguments: arguments.iter().map(Into::into).collect(),
        };
        assert_eq!(shown(&program(&["send.py", "hello there", "it's"])), r"python3 send.py 'hello there' 'it'\''s'");
        assert_eq!(
            shown(&program(&["--api-token", "abc", "--token=def", "-v"])),
            "python3 --api-token '***' '--token=***' -v"
        );
    }
}
