//! Everything that a world sends: what waits, what is on its way, and the record of what became of it. Pure: whoever owns
//! the sockets takes what is due ([`Outbox::take`]) and reports how it went ([`Outbox::attempted`]).
//!
//! The rules of the queue:
//! - By due moment, then in the order in which things happened.
//! - One delivery at a time for each target URL, so that a receiver sees events in their order.
//! - A target that let two attempts in a row time out is stalling: its backlog then goes out in waves of
//!   [`WAVE`] at once, until it answers again. So a backlog of n ends within (2 + ⌈(n − 2) / WAVE⌉) time-outs.
//! - Under a frozen clock one at a time over all targets (a wave counts as one), so that two runs leave the same record.
//! - The queue is bounded in number and bytes; what happens beyond is not sent, and recorded as dropped. The record is a
//!   ring bounded by bytes; what still waits never falls out of it.

mod delivery;
mod lane;
mod record;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contract::time::UnixMillis;

use delivery::Counted;
pub use delivery::{Answered, Attempt, Delivery, Draft, Parcel, Reported, Verdict};
use lane::Lane;

/// Deliveries to a stalling target that are on their way at once.
pub const WAVE: usize = 32;

/// How much an outbox holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most deliveries that wait or are on their way.
    pub queued: usize,
    /// Most bytes of them together.
    pub queued_bytes: usize,
    /// Most bytes of the whole record, what waits included.
    pub record_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { queued: 10_000, queued_bytes: 16 << 20, record_bytes: 32 << 20 }
    }
}

/// When something is due, its place in the order, its id.
type Place = (UnixMillis, u64, u64);

/// The outbox of one world.
#[derive(Debug)]
pub struct Outbox {
    bounds: Bounds,
    deliveries: BTreeMap<u64, Delivery>,
    lanes: BTreeMap<Box<str>, Lane>,
    /// What goes out at once, whatever else its target is busy with.
    burst: BTreeSet<Place>,
    /// Ids of what is settled, in that order: the order in which it is forgotten.
    settled: VecDeque<u64>,
    in_flight: usize,
    queued: usize,
    queued_bytes: usize,
    bytes: usize,
    last_id: u64,
    last_order: u64,
    forgotten: u64,
}

impl Outbox {
    /// An empty one.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            deliveries: BTreeMap::new(),
            lanes: BTreeMap::new(),
            burst: BTreeSet::new(),
            settled: VecDeque::new(),
            in_flight: 0,
            queued: 0,
            queued_bytes: 0,
            bytes: 0,
            last_id: 0,
            last_order: 0,
            forgotten: 0,
        }
    }

    /// Queues a delivery, and gives its id. Where the queue is full it is only recorded, as dropped.
    pub fn push(&mut self, draft: Draft, now: UnixMillis) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        let mut delivery = Delivery::new(id, draft, now);
        let size = delivery.size();
        if self.queued >= self.bounds.queued || self.queued_bytes + size > self.bounds.queued_bytes {
            delivery.end(Verdict::Dropped, Some(QUEUE_IS_FULL.to_owned()));
        }
        let (is_final, is_held) = (delivery.verdict.is_final(), delivery.is_held);
        self.deliveries.insert(id, delivery);
        if is_final {
            self.settled.push_back(id);
        } else {
            self.queued += 1;
        }
        self.count(id);
        if !is_final && !is_held {
            self.enqueue(id);
        }
        self.forget();
        id
    }

    /// Lets go what was held, in the order given. With `at_once` they do not wait for each other.
    pub fn release(&mut self, ids: impl IntoIterator<Item = u64>, at_once: bool, now: UnixMillis) {
        for id in ids {
            let Some(delivery) = self.deliveries.get_mut(&id).filter(|delivery| delivery.is_held) else { continue };
            delivery.is_held = false;
            delivery.is_burst = at_once;
            delivery.why = None;
            delivery.due = now.max(delivery.due);
            self.enqueue(id);
        }
    }

    /// Takes what may be sent now, at most so many, and notes that an attempt begins.
    pub fn take(&mut self, now: UnixMillis, frozen: bool, most: usize) -> Vec<u64> {
        let mut taken = Vec::new();
        while taken.len() < most {
            let Some(id) = self.next(now, frozen) else { break };
            self.in_flight += 1;
            if let Some(delivery) = self.deliveries.get_mut(&id) {
                delivery.attempts.push(Attempt::begun(now));
            }
            taken.push(id);
        }
        taken
    }

    /// Notes how an attempt went. With `retry` the delivery waits for that moment, otherwise it is settled.
    pub fn attempted(&mut self, id: u64, reported: Reported, retry: Option<UnixMillis>, now: UnixMillis) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        let (timed_out, url) = (reported.timed_out, delivery.parcel.url.clone());
        let (verdict, why) = (reported.verdict, reported.why.clone());
        if let Some(attempt) = delivery.attempts.last_mut() {
            attempt.end(reported, now);
        }
        self.in_flight = self.in_flight.saturating_sub(1);
        let was_burst = delivery.is_burst;
        delivery.is_burst = false;
        if !was_burst && let Some(lane) = self.lanes.get_mut(url.as_str()) {
            lane.settled(timed_out);
        }
        match retry {
            Some(due) => {
                delivery.due = due;
                delivery.why = why;
                self.enqueue(id);
            }
            None => {
                delivery.end(verdict, why);
                self.queued = self.queued.saturating_sub(1);
                self.settled.push_back(id);
            }
        }
        self.count(id);
        if self.lanes.get(url.as_str()).is_some_and(Lane::is_idle) {
            self.lanes.remove(url.as_str());
        }
        self.forget();
    }

    /// Ends what waits and fits, as dropped, and gives the ids. What is on its way goes on.
    pub fn drop_waiting(&mut self, fits: impl Fn(&Delivery) -> bool, why: &str) -> Vec<u64> {
        let waiting: Vec<u64> =
            self.deliveries.values().filter(|it| it.is_waiting() && fits(it)).map(|it| it.id).collect();
        for id in waiting.iter().copied() {
            let Some(delivery) = self.deliveries.get_mut(&id) else { continue };
            let place = delivery.place();
            delivery.end(Verdict::Dropped, Some(why.to_owned()));
            if let Some(lane) = self.lanes.get_mut(delivery.parcel.url.as_str()) {
                lane.waiting.remove(&place);
            }
            self.burst.remove(&place);
            self.queued = self.queued.saturating_sub(1);
            self.settled.push_back(id);
            self.count(id);
        }
        self.lanes.retain(|_, lane| !lane.is_idle());
        self.forget();
        waiting
    }

    /// The first moment after this one at which something becomes due.
    pub fn next_due(&self, now: UnixMillis) -> Option<UnixMillis> {
        let after = (now.plus_millis(1), 0, 0);
        let first = |places: &BTreeSet<Place>| places.range(after..).next().map(|(due, ..)| *due);
        self.lanes.values().filter_map(|lane| first(&lane.waiting)).chain(first(&self.burst)).min()
    }

    /// Whether nothing is on its way and nothing is due.
    pub fn is_quiet(&self, now: UnixMillis) -> bool {
        let is_due = |places: &BTreeSet<Place>| places.first().is_some_and(|(due, ..)| *due <= now);
        self.in_flight == 0 && !is_due(&self.burst) && !self.lanes.values().any(|lane| is_due(&lane.waiting))
    }

    /// How many are on their way.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// One delivery.
    pub fn get(&self, id: u64) -> Option<&Delivery> {
        self.deliveries.get(&id)
    }

    /// Deliveries after an id, oldest first.
    pub fn after(&self, id: u64) -> impl Iterator<Item = &Delivery> {
        self.deliveries.range(id.saturating_add(1)..).map(|(_, delivery)| delivery)
    }

    /// How many settled deliveries were forgotten because there were too many bytes.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Forgets what is settled. What waits or is on its way stays; ids go on counting.
    pub fn clear(&mut self) {
        for id in self.settled.drain(..) {
            if let Some(delivery) = self.deliveries.remove(&id) {
                self.bytes = self.bytes.saturating_sub(delivery.counted.bytes);
            }
        }
        self.forgotten = 0;
    }

    /// Counts the bytes of a delivery anew.
    fn count(&mut self, id: u64) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        let bytes = delivery.size();
        let now = Counted { bytes, queued: if delivery.verdict.is_final() { 0 } else { bytes } };
        let before = std::mem::replace(&mut delivery.counted, now);
        self.bytes = (self.bytes + now.bytes).saturating_sub(before.bytes);
        self.queued_bytes = (self.queued_bytes + now.queued).saturating_sub(before.queued);
    }

    fn enqueue(&mut self, id: u64) {
        self.last_order += 1;
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        delivery.order = self.last_order;
        let place = delivery.place();
        if delivery.is_burst {
            self.burst.insert(place);
        } else {
            self.lanes.entry(delivery.parcel.url.as_str().into()).or_default().waiting.insert(place);
        }
    }

    /// Takes the next one that may go off its queue.
    fn next(&mut self, now: UnixMillis, frozen: bool) -> Option<u64> {
        if let Some(place) = self.burst.first().copied().filter(|(due, ..)| *due <= now) {
            self.burst.remove(&place);
            return Some(place.2);
        }
        let in_flight = self.in_flight;
        let due = |lane: &Lane| lane.waiting.first().copied().filter(|(due, ..)| *due <= now);
        let candidates = self.lanes.iter_mut().filter_map(|(_, lane)| Some((due(lane)?, lane)));
        let (place, lane) = if frozen {
            // The very next one, or none.
            candidates
                .min_by_key(|(place, _)| *place)
                .filter(|(_, lane)| lane.admits() && lane.in_flight == in_flight)?
        } else {
            candidates.filter(|(_, lane)| lane.admits()).min_by_key(|(place, _)| *place)?
        };
        lane.take(&place);
        Some(place.2)
    }

    fn forget(&mut self) {
        while self.bytes > self.bounds.record_bytes {
            let Some(oldest) = self.settled.pop_front() else { return };
            if let Some(delivery) = self.deliveries.remove(&oldest) {
                self.bytes = self.bytes.saturating_sub(delivery.counted.bytes);
                self.forgotten += 1;
            }
        }
    }
}

const QUEUE_IS_FULL: &str = "the queue is full: deliveries come faster than their targets take them";

#[cfg(test)]
mod tests;
