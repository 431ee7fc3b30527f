//! What the integration calls after events: which of it belongs to which event, and when there is no more to come.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::Session;
use crate::ask::craft::comes_from_the_service;
use crate::ask::effects::{Call, Effect, Effects, Mark, numbers};
use courier::exchange::{Delivery, Exchange};

/// What the integration does with a plain valid event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habit {
    /// As declared, or as it did.
    pub effect: Effect,
    /// How many messages an event leads to.
    pub usual: usize,
    /// Whether its messages repeat a number of the event that they are about.
    pub quotes: bool,
    /// How long after the answer the first of them came; nothing when none did.
    pub lag: Option<Duration>,
    /// Whether a forged event gets the answer of a valid one. Looked at only where messages do not say what they are about.
    pub confirms: bool,
}

/// A control event, and whether what the integration does with it is over.
#[derive(Debug)]
pub struct Settled {
    /// The control event.
    pub control: Exchange,
    /// False where a message was to be expected and none came.
    pub has_come: bool,
}

impl Session {
    /// Where the API is at which the integration's calls are seen, if somebody may know it.
    pub fn watched_at(&self) -> Option<&str> {
        self.effects.as_deref()?.base_url()
    }

    /// Whether anybody sees the integration's calls.
    pub fn is_watched(&self) -> bool {
        self.effects.is_some()
    }

    /// What sees the integration's calls, if anything does.
    pub fn effects(&mut self) -> Option<&mut (dyn Effects + 'static)> {
        self.effects.as_deref_mut()
    }

    /// Remembers the number of an event that is about to be sent. What it tells has happened in the service: where somebody plays the service beside the run, it is so there too
    /// before the event comes, and the integration can read what it was told of. Nothing happens for a forgery.
    pub(super) fn happens(&mut self, delivery: &Delivery) {
        let number = numbers(&delivery.body, self.settings.now).last().copied().unwrap_or_default();
        self.last.set(self.last.get().max(number));
        let Some(effects) = self.effects.as_deref_mut() else { return };
        if comes_from_the_service(&self.settings.secret, &self.settings.policy, delivery) {
            effects.happens(&delivery.body);
        }
    }

    /// What the integration does with a valid text event: as declared, or as it did with the first one. Nothing where
    /// nobody sees it, or where the event was not accepted.
    pub fn habit(&mut self, check: &str) -> Option<Habit> {
        if self.habit.is_none() && self.effects.is_some() {
            self.habit = self.learn(check);
        }
        self.habit
    }

    /// What the integration does, if forged events that are answered like valid ones can be seen to be dropped.
    pub fn sees_drops(&mut self, check: &str) -> Option<Habit> {
        self.habit(check).filter(|habit| habit.lag.is_some() && (habit.quotes || habit.confirms))
    }

    fn learn(&mut self, check: &str) -> Option<Habit> {
        let within = self.settings.socket.timeout * PATIENCE;
        let mut once_more = true;
        loop {
            self.effects.as_mut()?.calm(self.quiet, within);
            let mark = self.effects.as_mut()?.mark();
            let control = self.control_after(check);
            if !self.settings.policy.accepts(&control) {
                return None;
            }
            let answered = Instant::now();
            if !self.speaks(mark, LEARNING) {
                if once_more && self.get_to_know_account() {
                    // The control event may have been the integration's own message: once more, by somebody else.
                    once_more = false;
                    continue;
                }
                self.speaks(mark, within.saturating_sub(LEARNING));
            }
            let lag = answered.elapsed();
            // What belongs together may come one after another: this is waited for once.
            let mut calls = self.effects.as_mut()?.calls_since(mark, 1, LEARNING, LEARNING);
            calls.retain(Call::is_message);
            let own = self.numbers_of(&control.sent);
            let of_it = calls.iter().filter(|call| !call.quoted(self.settings.now).is_disjoint(&own)).count();
            self.get_to_know_account();
            let confirms = of_it == 0 && !calls.is_empty() && {
                let forged = self.craft(check).forgery("conformance: a forged event");
                let answer = self.send(&forged);
                self.settings.policy.accepts(&answer)
            };
            return Some(Habit {
                effect: self.settings.policy.effect.unwrap_or(if calls.is_empty() {
                    Effect::None
                } else {
                    Effect::Reply
                }),
                usual: if of_it > 0 { of_it } else { calls.len().max(1) },
                quotes: of_it > 0,
                lag: (!calls.is_empty()).then_some(lag),
                confirms,
            });
        }
    }

    /// Whether a message comes in time.
    fn speaks(&mut self, since: Mark, within: Duration) -> bool {
        let effects = self.effects.as_deref_mut();
        effects
            .is_some_and(|effects| effects.calls_since(since, 1, Duration::ZERO, within).iter().any(Call::is_message))
    }

    /// Notes whose token the integration uses; whether that changes who writes.
    fn get_to_know_account(&mut self) -> bool {
        let account = self.effects.as_deref().and_then(Effects::account);
        let origin = &mut self.settings.policy.origin;
        if account.is_none() || account == origin.account {
            return false;
        }
        origin.account = account;
        true
    }

    /// A moment from which calls are looked at, where anybody sees them.
    pub fn mark(&mut self) -> Option<Mark> {
        self.effects.as_deref_mut().map(Effects::mark)
    }

    /// A control event, after which what the integration does with it is over: what it calls next, it calls because of
    /// something else.
    pub fn settled_control(&mut self, check: &str, habit: Habit) -> Settled {
        let mark = self.mark();
        let control = self.control_after(check);
        let has_come = match mark {
            Some(mark) if self.settings.policy.accepts(&control) => self.see_through(mark, &control, habit),
            _ => true,
        };
        Settled { control, has_come }
    }

    /// Waits until what the integration does with an accepted event is over; false where nothing came.
    pub fn see_through(&mut self, mark: Mark, event: &Exchange, habit: Habit) -> bool {
        let expected = habit.lag.is_some();
        let own = self.numbers_of(&event.sent);
        let patience = self.settings.socket.timeout * PATIENCE;
        let calls = self.await_calls(mark, &own, usize::from(expected), patience, habit);
        !expected || calls.iter().any(Call::is_message)
    }

    /// What the integration called since a mark because of these events, or of what does not show. Waits for the messages
    /// of so many events.
    pub fn observe(&mut self, mark: Mark, own: &BTreeSet<u64>, events: usize, habit: Habit) -> Vec<Call> {
        let timeout = self.settings.socket.timeout;
        let within = timeout.max(habit.lag.unwrap_or_default() * 3).min(timeout * PATIENCE);
        self.await_calls(mark, own, events, within, habit)
    }

    /// The numbers of an event, by which what comes of it is known.
    pub fn numbers_of(&self, delivery: &Delivery) -> BTreeSet<u64> {
        numbers(&delivery.body, self.settings.now)
    }

    fn await_calls(
        &mut self,
        mark: Mark,
        own: &BTreeSet<u64>,
        events: usize,
        within: Duration,
        habit: Habit,
    ) -> Vec<Call> {
        let now = self.settings.now;
        let longest = self.settings.socket.timeout * PATIENCE;
        // Who takes long to act at all takes long to act on this too.
        let quiet = self.quiet.max(habit.lag.unwrap_or_default() * 2).min(longest);
        let until = Instant::now() + within;
        let Some(effects) = self.effects.as_deref_mut() else { return Vec::new() };
        let expected = events * habit.usual;
        let mut awaited = expected;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let mut calls = effects.calls_since(mark, awaited, quiet, left);
            let messages = calls.iter().filter(|call| call.is_message()).count();
            calls.retain(|call| {
                let quoted = call.quoted(now);
                // Where plain events lead to no message in time, one that does not say what it is about is a late one.
                let is_late = habit.effect == Effect::None && call.is_message();
                if quoted.is_empty() { !is_late } else { !quoted.is_disjoint(own) }
            });
            let kept = calls.iter().filter(|call| call.is_message()).count();
            if kept >= expected || left.is_zero() {
                return calls;
            }
            // Those were about other events.
            awaited = messages + 1;
        }
    }
}

/// Without a call for so long, no more are expected.
pub(super) const QUIET: Duration = Duration::from_millis(300);
/// The same, when the integration is met for the first time.
const LEARNING: Duration = Duration::from_secs(1);
/// So many times the time of an exchange is waited at most for what a valid event leads to.
const PATIENCE: u32 = 2;
