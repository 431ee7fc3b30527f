//! The queue of one target.

use std::collections::BTreeSet;

use super::{Place, WAVE};

/// What waits for one target, and how the target does.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) waiting: BTreeSet<Place>,
    pub(super) in_flight: usize,
    /// How many of the wave at hand were taken already.
    taken: usize,
    /// Time-outs since the last answer.
    timeouts: u32,
}

impl Lane {
    /// Whether another one may go.
    pub(super) fn admits(&self) -> bool {
        self.in_flight == 0 || self.taken < self.wave()
    }

    pub(super) fn take(&mut self, place: &Place) {
        if self.in_flight == 0 {
            self.taken = 0;
        }
        self.waiting.remove(place);
        self.taken += 1;
        self.in_flight += 1;
    }

    pub(super) fn settled(&mut self, timed_out: bool) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.timeouts = if timed_out { self.timeouts.saturating_add(1) } else { 0 };
    }

    /// Nothing is lost when it is forgotten.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.in_flight == 0
    }

    fn wave(&self) -> usize {
        if self.timeouts >= STALLING { WAVE } else { 1 }
    }
}

/// Time-outs in a row after which a target counts as stalling.
const STALLING: u32 = 2;
