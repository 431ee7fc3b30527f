//! The conversation with one subject: sends, keeps pace, remembers whether real events are accepted, and gives up when
//! the subject has fallen silent.

mod several;
mod watch;

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::time::UnixMillis;
use tokio::runtime::{self, Runtime};
use tokio::time::{Instant, MissedTickBehavior, sleep_until};

use super::stop::Stop;
use crate::ask::case::Case;
use crate::ask::craft::{Craft, Rhythm};
use crate::ask::effects::{self, Effects};
use crate::ask::policy::Policy;
use crate::ask::secret::Secret;
use courier::address::Endpoint;
use courier::exchange::{Delivery, Exchange, Fault, Outcome};
use courier::line::Line;
use courier::raw::Manner;
use courier::socket::Socket;

pub use watch::{Habit, Settled};

/// Exchanges without a whole answer, one after another, after which nothing more is sent: a subject that stalls would
/// otherwise cost the whole time-out for each of many cases.
pub const SILENCE_MAX: u32 = 3;

/// Answers with 5xx or without an end, one after another, after which a subject that others depend on is left alone.
pub const DISTRESS_MAX: u32 = 5;

/// What a session is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The subject as its URL names it.
    pub endpoint: Endpoint,
    /// The way there.
    pub socket: Socket,
    /// The shared secret.
    pub secret: Secret,
    /// What the user declared.
    pub policy: Policy,
    /// The run's seed.
    pub seed: u64,
    /// When the run began.
    pub now: UnixMillis,
    /// Requests per second, at most.
    pub rate: Option<u32>,
    /// How long the session may last; nothing is sent afterwards.
    pub max_time: Option<Duration>,
    /// Ends the run early.
    pub stop: Stop,
}

/// Why nothing more is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The run was asked to stop.
    Stopped,
    /// The run's time was over.
    TimeOver,
    /// The subject is in trouble, and others may depend on it.
    LeftAlone,
}

/// The conversation with one subject. Blocking on purpose: a check is plain code, and property tests shrink in it.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    runtime: Runtime,
    until: Option<Instant>,
    serial: Cell<u64>,
    /// The highest number of an event that was sent.
    last: Cell<u64>,
    requests: u64,
    silent: u32,
    next_slot: Option<Instant>,
    control: Option<Exchange>,
    latency: Duration,
    effects: Option<Box<dyn Effects>>,
    habit: Option<Habit>,
    ca_file: Option<PathBuf>,
    careful: bool,
    troubled: u32,
    quiet: Duration,
}

impl Session {
    /// A session; nothing is sent yet, and its time begins now.
    ///
    /// # Errors
    /// When the system refuses what an event loop needs.
    pub fn new(settings: Settings) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            until: settings.max_time.and_then(|max_time| Instant::now().checked_add(max_time)),
            // The first control event may come before everything else that is made.
            serial: Cell::new(1),
            last: Cell::new(effects::number(settings.now, 0)),
            settings,
            runtime,
            requests: 0,
            silent: 0,
            next_slot: None,
            control: None,
            latency: Duration::ZERO,
            effects: None,
            habit: None,
            ca_file: None,
            careful: false,
            troubled: 0,
            quiet: watch::QUIET,
        })
    }

    /// The same session; a printed command names this file with a CA.
    #[must_use]
    pub fn trusting(self, ca_file: Option<PathBuf>) -> Self {
        Self { ca_file, ..self }
    }

    /// The same session, which ends when [`DISTRESS_MAX`] answers in a row are 5xx or do not come in time.
    #[must_use]
    pub fn with_care(self) -> Self {
        Self { careful: true, ..self }
    }

    /// The same session, which takes the effects of an event to be over when nothing was called for so long. Only for
    /// integrations that are known to be quick: what comes later is taken for the effect of something else.
    #[must_use]
    pub fn with_quiet(self, quiet: Duration) -> Self {
        Self { quiet, ..self }
    }

    /// The same session, which also sees what the integration calls.
    #[must_use]
    pub fn watching(self, effects: Box<dyn Effects>) -> Self {
        Self { effects: Some(effects), ..self }
    }

    /// What it was made of.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// What a check makes its deliveries with.
    pub fn craft<'a>(&'a self, check: &'a str) -> Craft<'a> {
        Craft {
            secret: &self.settings.secret,
            policy: &self.settings.policy,
            now: self.settings.now,
            seed: self.settings.seed,
            check,
            target: &self.settings.endpoint.target,
            rhythm: Rhythm { latency: self.latency, timeout: self.settings.socket.timeout },
            serial: &self.serial,
            after: None,
        }
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
        (self.careful && self.troubled >= DISTRESS_MAX).then_some(Ended::LeftAlone)
    }

    /// The file with the CA that a printed command needs.
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// Waits until the subject accepts connections.
    ///
    /// # Errors
    /// Why the last attempt failed, once `patience` is over.
    pub fn reach(&mut self, patience: Duration) -> Result<(), Fault> {
        let Self { settings, runtime, until, .. } = self;
        let mut stop = settings.stop.clone();
        let socket = &settings.socket;
        let end = *until;
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
                match socket.reach().await {
                    Err(_) if Instant::now() < until => {}
                    settled => return settled,
                }
            }
        })
    }

    /// Sends one delivery and waits for what becomes of it.
    pub fn send(&mut self, delivery: &Delivery) -> Exchange {
        self.send_one(delivery, None)
    }

    /// Sends one case in its manner.
    pub fn send_case(&mut self, case: &Case) -> Exchange {
        self.send_one(&case.delivery, case.manner.as_ref())
    }

    fn send_one(&mut self, delivery: &Delivery, manner: Option<&Manner>) -> Exchange {
        if let Some(fault) = self.hush() {
            return unsent(delivery, fault);
        }
        self.happens(delivery);
        let slot = self.slot();
        let Self { settings, runtime, until, .. } = self;
        let mut stop = settings.stop.clone();
        let exchange = runtime.block_on(async {
            let sending = async {
                wait_for(slot).await;
                travel(&settings.socket, delivery, manner).await
            };
            tokio::select! {
                exchange = sending => Some(exchange),
                () = stop.asked() => None,
                () = over(*until) => None,
            }
        });
        let Some(exchange) = exchange else { return unsent(delivery, Fault::Stopped) };
        self.note(&exchange);
        exchange
    }

    /// A control event before a forged one. An accepted one that nothing has followed yet serves again.
    pub fn control_before(&mut self, check: &str) -> Exchange {
        match self.control.take() {
            Some(accepted) => {
                self.control = Some(accepted.clone());
                accepted
            }
            None => self.control_after(check),
        }
    }

    /// A control event of its own.
    pub fn control_after(&mut self, check: &str) -> Exchange {
        let delivery = Craft { after: Some(&self.last), ..self.craft(check) }.control();
        let exchange = self.send(&delivery);
        if self.settings.policy.accepts(&exchange) {
            self.latency = exchange.took;
            self.control = Some(exchange.clone());
        }
        exchange
    }

    /// Why nothing may be sent now, if that is so.
    fn hush(&self) -> Option<Fault> {
        if self.ended().is_some() {
            return Some(Fault::Stopped);
        }
        (self.silent >= SILENCE_MAX).then_some(Fault::GivenUp)
    }

    /// Remembers what an exchange says about the subject.
    fn note(&mut self, exchange: &Exchange) {
        self.control = None;
        match exchange.fault() {
            // Never sent.
            Some(Fault::Stopped | Fault::GivenUp) => return,
            Some(Fault::TooLarge) | None => self.silent = 0,
            // Nobody waited for an answer.
            Some(Fault::HungUp) => {}
            Some(_) => self.silent += 1,
        }
        let troubled = match &exchange.outcome {
            Outcome::Answered(answer) if answer.status.is_server_error() => true,
            _ => exchange.fault().is_some_and(|fault| !matches!(fault, Fault::TooLarge | Fault::HungUp)),
        };
        self.troubled = if troubled { self.troubled + 1 } else { 0 };
        self.requests += 1;
    }

    /// When the next request may go out; taken with that.
    fn slot(&mut self) -> Option<Instant> {
        let gap = Duration::from_secs(1).checked_div(self.settings.rate?)?;
        let slot = self.next_slot.map_or_else(Instant::now, |next| next.max(Instant::now()));
        self.next_slot = Some(slot + gap);
        Some(slot)
    }
}

fn unsent(delivery: &Delivery, fault: Fault) -> Exchange {
    Exchange { sent: delivery.clone(), outcome: Outcome::Silent(fault), took: Duration::ZERO }
}

async fn travel(socket: &Socket, delivery: &Delivery, manner: Option<&Manner>) -> Exchange {
    match manner {
        None => socket.exchange(delivery).await,
        Some(manner) => Line::new(socket).play(delivery, manner).await.0,
    }
}

async fn wait_for(slot: Option<Instant>) {
    if let Some(slot) = slot {
        sleep_until(slot).await;
    }
}

/// Returns when the run's time is over; never, if it has no end.
async fn over(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(50);
