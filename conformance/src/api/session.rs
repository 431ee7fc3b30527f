//! The conversation with one server: makes calls, keeps pace, remembers what was answered, and gives up when the server has
//! fallen silent.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use contract::chatwork::limits::ACCOUNT;
use contract::service::Service;
use contract::time::UnixMillis;
use contract::wire::header::{CHATWORK_TOKEN, RATE_REMAINING, RATE_RESET};
use courier::address::Endpoint;
use courier::exchange::{Delivery, Exchange, Fault, Hidden, Outcome, Value};
use courier::line::Line;
use courier::raw::Manner;
use courier::socket::Socket;
use http::header::{AUTHORIZATION, RETRY_AFTER, USER_AGENT};
use tokio::runtime::{self, Runtime};
use tokio::time::{Instant, MissedTickBehavior, sleep_until};

use super::governor::Governor;
use crate::ask::secret::Secret;
use crate::ask::server::{Call, Facts, Heard, Server, Who};
use crate::run::clock;
use crate::run::session::{DISTRESS_MAX, Ended, SILENCE_MAX};
use crate::run::stop::Stop;

/// What a session is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The API's base as its URL names it.
    pub endpoint: Endpoint,
    /// The way there.
    pub socket: Socket,
    /// The token.
    pub token: Secret,
    /// What is known beforehand, and allowed.
    pub facts: Facts,
    /// When the run began.
    pub now: UnixMillis,
    /// Requests per second, at most.
    pub rate: Option<u32>,
    /// Requests in the time of the account's limit, at most.
    pub allowance: Option<u32>,
    /// How long the session may last; nothing is sent afterwards.
    pub max_time: Option<Duration>,
    /// A file with a CA, for commands that a person repeats.
    pub ca_file: Option<PathBuf>,
    /// Ends the run early.
    pub stop: Stop,
}

/// The conversation with one server. Blocking on purpose: a dialogue is plain code.
pub struct Session {
    settings: Settings,
    runtime: Runtime,
    began: Instant,
    until: Option<Instant>,
    governor: Governor,
    log: Vec<Arc<Heard>>,
    known: BTreeMap<String, Arc<Heard>>,
    seen: Vec<Arc<Heard>>,
    shown: Vec<Arc<Heard>>,
    silent: u32,
    troubled: u32,
    waiting: Box<dyn FnMut(&str)>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("settings", &self.settings)
            .field("sent", &self.log.len())
            .finish_non_exhaustive()
    }
}

/// What one dialogue looked at.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Every call whose answer it was given.
    pub(super) seen: Vec<Arc<Heard>>,
    /// Those that it named as the ground of its judgement.
    pub(super) shown: Vec<Arc<Heard>>,
}

impl Session {
    /// A session; nothing is sent yet, and its time begins now. `waiting` is told why nothing is sent for a while.
    ///
    /// # Errors
    /// When the system refuses what an event loop needs.
    pub fn new(settings: Settings, waiting: Box<dyn FnMut(&str)>) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let began = Instant::now();
        let window = Duration::from_secs(ACCOUNT.seconds.into());
        let reserve = if settings.facts.local { 0 } else { i64::from(super::REMOTE_REQUESTS) };
        Ok(Self {
            until: settings.max_time.and_then(|time| began.checked_add(time)),
            governor: Governor::new(settings.rate, settings.allowance.map(|most| (most, window)), reserve),
            settings,
            runtime,
            began,
            log: Vec::new(),
            known: BTreeMap::new(),
            seen: Vec::new(),
            shown: Vec::new(),
            silent: 0,
            troubled: 0,
            waiting,
        })
    }

    /// What it was made of.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.log.len() as u64
    }

    /// Whether the run was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.settings.stop.is_asked()
    }

    /// Why nothing more is sent, if that is so.
    pub fn ended(&self) -> Option<Ended> {
        if self.is_stopped() {
            return Some(Ended::Stopped);
        }
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return Some(Ended::TimeOver);
        }
        (!self.settings.facts.local && self.troubled >= DISTRESS_MAX).then_some(Ended::LeftAlone)
    }

    /// What was looked at since this was asked last; each call once.
    pub(super) fn looked(&mut self) -> Looked {
        let mut seen: Vec<Arc<Heard>> = Vec::new();
        for heard in std::mem::take(&mut self.seen) {
            seen.retain(|one| !Arc::ptr_eq(one, &heard));
            seen.push(heard);
        }
        Looked { seen, shown: std::mem::take(&mut self.shown) }
    }

    /// Waits until the server accepts connections.
    ///
    /// # Errors
    /// Why the last attempt failed, once `patience` is over.
    pub fn reach(&mut self, patience: Duration) -> Result<(), Fault> {
        let Self { settings, runtime, until, .. } = self;
        let (mut stop, end) = (settings.stop.clone(), *until);
        runtime.block_on(async {
            let until = Instant::now() + patience;
            let mut tick = tokio::time::interval(RETRY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = stop.asked() => return Err(Fault::Stopped),
                    () = over(end) => return Err(Fault::Stopped),
                }
                match settings.socket.reach().await {
                    Err(_) if Instant::now() < until => {}
                    settled => return settled,
                }
            }
        })
    }

    /// What goes over the wire for a call.
    pub fn delivery(&self, call: &Call) -> Delivery {
        let mut target = self.target(&call.path);
        let mut headers = vec![(USER_AGENT, Value::Plain(AGENT.to_owned()))];
        let token = &self.settings.token;
        let hidden = |prefix: &str| {
            Value::Secret(Hidden {
                sent: format!("{prefix}{}", token.reveal()),
                shown: format!("{prefix}[token]"),
                shell: format!("{prefix}${}", token.variable()),
            })
        };
        let scheme = if call.small_scheme { "bearer " } else { "Bearer " };
        match (call.who, self.settings.facts.service) {
            (Who::Nobody, _) => {}
            (Who::Owner, Service::Chatwork) => headers.push((CHATWORK_TOKEN, hidden(""))),
            (Who::Owner, Service::Chatday) => headers.push((AUTHORIZATION, hidden(scheme))),
            (Who::Stranger, Service::Chatwork) => headers.push((CHATWORK_TOKEN, Value::Plain(MADE_UP.to_owned()))),
            (Who::Stranger, Service::Chatday) | (Who::StrangeBearer, _) => {
                headers.push((AUTHORIZATION, Value::Plain(format!("{scheme}{MADE_UP}"))));
            }
            (Who::InQuery, service) => {
                let name = match service {
                    Service::Chatwork => "x-chatworktoken",
                    Service::Chatday => "token",
                };
                let mut query = form_urlencoded::Serializer::new(String::new());
                query.append_pair(name, token.reveal());
                target = format!("{target}?{}", query.finish());
            }
        }
        headers.extend(call.headers.iter().map(|(name, value)| (name.clone(), Value::Plain(value.clone()))));
        Delivery { method: call.method.clone(), target, headers, body: call.body.clone() }
    }

    /// Chatwork's paths lie below the base. Chatday's are whole paths in the profile: where they begin with the base they
    /// stand for themselves.
    fn target(&self, path: &str) -> String {
        let base = self.settings.endpoint.target.split('?').next().unwrap_or_default().trim_end_matches('/');
        let whole = path.strip_prefix(base).is_some_and(|rest| rest.starts_with(['/', '?']) || rest.is_empty());
        match self.settings.facts.service {
            Service::Chatday if whole => path.to_owned(),
            Service::Chatwork | Service::Chatday => format!("{base}{path}"),
        }
    }

    fn send(&mut self, call: &Call) -> Arc<Heard> {
        let delivery = self.delivery(call);
        let exchange = match self.hush(call.tidies) {
            Some(fault) => unsent(&delivery, fault),
            None => self.travel(call, &delivery),
        };
        let sent = self.began.elapsed().saturating_sub(exchange.took);
        let heard =
            Arc::new(Heard { call: call.clone(), exchange, sent, at: clock::now(), violations: OnceLock::new() });
        self.note(&heard);
        heard
    }

    fn travel(&mut self, call: &Call, delivery: &Delivery) -> Exchange {
        // Whoever stops a run waits for it: what is to be taken back goes out at once.
        let hurried = call.tidies && self.ended().is_some();
        let delay = if hurried { Duration::ZERO } else { self.governor.delay(self.began.elapsed()) };
        if delay > WORTH_TELLING {
            let why = "to stay below the limits of the server";
            (self.waiting)(&format!("waiting {} s {why}", delay.as_secs().max(1)));
        }
        let slot = Instant::now() + delay;
        self.governor.sent(self.began.elapsed() + delay);
        let Self { settings, runtime, until, .. } = self;
        let mut stop = settings.stop.clone();
        let manner = call.names.clone().map(|names| Manner { names, ..Manner::default() });
        let exchange = runtime.block_on(async {
            let sending = async {
                sleep_until(slot).await;
                match &manner {
                    None => settings.socket.exchange_up_to(delivery, BODY_MAX).await,
                    Some(manner) => Line::new(&settings.socket).play(delivery, manner).await.0,
                }
            };
            if hurried {
                return Some(sending.await);
            }
            tokio::select! {
                exchange = sending => Some(exchange),
                () = stop.asked() => None,
                () = over(*until) => None,
            }
        });
        exchange.unwrap_or_else(|| unsent(delivery, Fault::Stopped))
    }

    /// Why nothing may be sent now, if that is so.
    fn hush(&self, tidies: bool) -> Option<Fault> {
        let ended = self.ended();
        if ended.is_some() && !(tidies && ended != Some(Ended::LeftAlone)) {
            return Some(Fault::Stopped);
        }
        (self.silent >= SILENCE_MAX).then_some(Fault::GivenUp)
    }

    /// Remembers what a call says about the server.
    fn note(&mut self, heard: &Arc<Heard>) {
        match heard.exchange.fault() {
            // Never sent.
            Some(Fault::Stopped | Fault::GivenUp) => return,
            None => self.silent = 0,
            // An answer without an end is as good as none.
            Some(_) => self.silent += 1,
        }
        let broken = heard.status().is_none_or(|status| status >= 500);
        self.troubled = if broken { self.troubled + 1 } else { 0 };
        self.log.push(Arc::clone(heard));
        if let (Some(remaining), Some(left)) = (heard.number(&RATE_REMAINING), until_reset(heard)) {
            self.governor.told(self.began.elapsed(), remaining, left);
        }
    }

    /// How long a call that was refused for too many requests has to wait, if there is time for that.
    fn patience(&self, heard: &Heard) -> Option<Duration> {
        if heard.status() != Some(429) || heard.call.wants_limit {
            return None;
        }
        let used_up = heard.number(&RATE_REMAINING) == Some(0);
        let after = heard.number(&RETRY_AFTER).and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
        let wait = after.or_else(|| until_reset(heard).filter(|_| used_up)).unwrap_or(ROOM_WAIT);
        let wait = wait.min(LONGEST_WAIT) + Duration::from_secs(1);
        self.until.is_none_or(|until| Instant::now() + wait < until).then_some(wait)
    }

    fn sleep(&mut self, time: Duration) {
        let Self { settings, runtime, until, .. } = self;
        let (mut stop, end) = (settings.stop.clone(), Instant::now() + time);
        runtime.block_on(async {
            tokio::select! {
                () = sleep_until(end) => {}
                () = stop.asked() => {}
                () = over(*until) => {}
            }
        });
    }
}

impl Server for Session {
    fn facts(&self) -> &Facts {
        &self.settings.facts
    }

    fn call(&mut self, call: &Call) -> Arc<Heard> {
        let mut heard = self.send(call);
        if let Some(wait) = self.patience(&heard) {
            (self.waiting)(&format!("waiting {} s: {} was refused with 429", wait.as_secs(), call.words()));
            self.sleep(wait);
            heard = self.send(call);
        }
        self.seen.push(Arc::clone(&heard));
        heard
    }

    fn recall(&mut self, call: &Call) -> Arc<Heard> {
        let key = format!("{call:?}");
        if let Some(heard) = self.known.get(&key).map(Arc::clone) {
            self.seen.push(Arc::clone(&heard));
            return heard;
        }
        let heard = self.call(call);
        self.known.insert(key, Arc::clone(&heard));
        heard
    }

    fn log(&self) -> Vec<Arc<Heard>> {
        self.log.clone()
    }

    fn show(&mut self, heard: &[Arc<Heard>]) {
        self.shown = heard.to_vec();
    }
}

/// How long the window lasts that an answer tells of. A moment that is none gives nothing.
fn until_reset(heard: &Heard) -> Option<Duration> {
    let seconds = heard.number(&RATE_RESET)?.checked_sub(heard.moment().seconds())?;
    (0..=i64::from(ACCOUNT.seconds)).contains(&seconds).then(|| Duration::from_secs(seconds.unsigned_abs()))
}

fn unsent(delivery: &Delivery, fault: Fault) -> Exchange {
    Exchange { sent: delivery.clone(), outcome: Outcome::Silent(fault), took: Duration::ZERO }
}

/// Returns when the run's time is over; never, if it has no end.
async fn over(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Who calls.
const AGENT: &str = concat!("conformance/", env!("CARGO_PKG_VERSION"));
/// A token that nobody has.
const MADE_UP: &str = "conformance-made-up-token-00000000";
/// How much of a body is read: a list of a thousand rooms has half of this.
const BODY_MAX: usize = 16 * 1024 * 1024;
/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(50);
/// A wait that a person should know of.
const WORTH_TELLING: Duration = Duration::from_secs(3);
/// How long the limit of a room lasts.
const ROOM_WAIT: Duration = Duration::from_secs(contract::chatwork::limits::ROOM.seconds as u64);
/// No server is waited for any longer.
const LONGEST_WAIT: Duration = Duration::from_secs(ACCOUNT.seconds as u64);
