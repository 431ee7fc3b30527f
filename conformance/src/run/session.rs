//! The conversation with one subject: sends, keeps pace, remembers whether real events are accepted, and gives up when
//! the subject has fallen silent.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use contract::time::UnixMillis;
use tokio::runtime::{self, Runtime};
use tokio::time::{Instant, MissedTickBehavior};

use super::stop::{Stop, Stopper, Why};
use crate::ask::craft::Craft;
use crate::ask::policy::Policy;
use crate::ask::secret::Secret;
use courier::address::Endpoint;
use courier::exchange::{Delivery, Exchange, Fault, Outcome};
use courier::socket::Socket;

/// Exchanges without a whole answer, one after another, after which nothing more is sent: a subject that stalls would
/// otherwise cost the whole time-out for each of many cases.
pub const SILENCE_MAX: u32 = 3;

/// Answers with 5xx or without an end, one after another, after which a remote subject is left alone.
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
    /// Ends the run early.
    pub stop: Stop,
}

/// The conversation with one subject. Blocking on purpose: a check is plain code, and property tests shrink in it.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    runtime: Runtime,
    serial: Cell<u64>,
    requests: u64,
    silent: u32,
    last_sent: Option<Instant>,
    control: Option<Exchange>,
    care: Option<Care>,
}

/// How a subject that others may depend on is left alone when it is in trouble.
#[derive(Debug)]
struct Care {
    stopper: Stopper,
    streak: u32,
}

impl Session {
    /// A session; nothing is sent yet.
    ///
    /// # Errors
    /// When the system refuses what an event loop needs.
    pub fn new(settings: Settings) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let serial = Cell::new(0);
        Ok(Self { settings, runtime, serial, requests: 0, silent: 0, last_sent: None, control: None, care: None })
    }

    /// From now on the run is stopped when [`DISTRESS_MAX`] answers in a row are 5xx, or do not come in time.
    pub fn take_care(&mut self, stopper: Stopper) {
        self.care = Some(Care { stopper, streak: 0 });
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
            serial: &self.serial,
        }
    }

    /// Whether the run was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.settings.stop.is_asked()
    }

    /// Waits until the subject accepts connections.
    ///
    /// # Errors
    /// Why the last attempt failed, once `patience` is over.
    pub fn reach(&mut self, patience: Duration) -> Result<(), Fault> {
        let Self { settings, runtime, .. } = self;
        let mut stop = settings.stop.clone();
        let socket = &settings.socket;
        runtime.block_on(async {
            let until = Instant::now() + patience;
            let mut tick = tokio::time::interval(RETRY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = stop.asked() => return Err(Fault::Stopped),
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
        self.control = None;
        let unsent = |fault| Exchange { sent: delivery.clone(), outcome: Outcome::Silent(fault), took: Duration::ZERO };
        if self.is_stopped() {
            return unsent(Fault::Stopped);
        }
        if self.silent >= SILENCE_MAX {
            return unsent(Fault::GivenUp);
        }
        let earliest = self.earliest();
        let Self { settings, runtime, .. } = self;
        let mut stop = settings.stop.clone();
        let exchange = runtime.block_on(async {
            let sending = async {
                if let Some(earliest) = earliest {
                    tokio::time::sleep_until(earliest).await;
                }
                (Instant::now(), settings.socket.exchange(delivery).await)
            };
            tokio::select! {
                sent = sending => Some(sent),
                () = stop.asked() => None,
            }
        });
        let Some((sent_at, exchange)) = exchange else { return unsent(Fault::Stopped) };
        self.last_sent = Some(sent_at);
        self.requests += 1;
        self.silent = match exchange.fault() {
            Some(fault) if *fault != Fault::TooLarge => self.silent + 1,
            Some(_) | None => 0,
        };
        if let Some(care) = &mut self.care {
            care.note(&exchange);
        }
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
        let delivery = self.craft(check).control();
        let exchange = self.send(&delivery);
        if self.settings.policy.accepts(&exchange) {
            self.control = Some(exchange.clone());
        }
        exchange
    }

    /// When the next request may go out.
    fn earliest(&self) -> Option<Instant> {
        let per_second = self.settings.rate?;
        let gap = Duration::from_secs(1).checked_div(per_second)?;
        self.last_sent.map(|last| last + gap)
    }
}

impl Care {
    fn note(&mut self, exchange: &Exchange) {
        let troubled = match &exchange.outcome {
            Outcome::Answered(answer) if answer.status.is_server_error() => true,
            _ => exchange.fault().is_some_and(|fault| *fault != Fault::TooLarge),
        };
        self.streak = if troubled { self.streak + 1 } else { 0 };
        if self.streak >= DISTRESS_MAX {
            self.stopper.stop_because(Why::Distress);
        }
    }
}

/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(50);
