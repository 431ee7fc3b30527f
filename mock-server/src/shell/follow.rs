//! Follows what happens in a world, over a socket or from the process itself. A reader is a cursor: it takes when it can,
//! and nothing is put aside for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Shared;
use crate::control::DeliveryRecord;
use crate::control::event::{Change, Event, ForgottenDelivery, Happening, Hello, Kind, MOST_EVENT_BODY, Reason};
use crate::core::feed::{Found, Step};
use crate::core::journal::Entry;
use crate::core::outbox::Delivery;
use crate::core::registry::Cell;

/// What a reader wants of a world's feed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// Only these kinds; all where it is empty. Losses are told anyway.
    pub(crate) kinds: Vec<Kind>,
    /// Events after this one; those to come without it.
    pub(crate) after: Option<u64>,
    /// Most events; those that are lost do not count.
    pub(crate) limit: Option<u64>,
}

/// A reader's place in a world's feed.
pub(crate) struct Follower {
    shared: Arc<Shared>,
    cell: Arc<Cell>,
    kinds: Vec<Kind>,
    cursor: u64,
    left: u64,
    waiter: Option<u64>,
    stop: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower").field("world", &self.cell.id()).field("cursor", &self.cursor).finish_non_exhaustive()
    }
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Batch {
    /// At least one event.
    Events(Vec<Event>),
    /// The reader has what it wanted.
    Enough,
    /// Nothing will come any more.
    End(Reason),
}

impl Follower {
    /// Begins to follow. The greeting says where the feed is; the reader's own place is [`Follower::cursor`].
    pub(crate) fn begin(shared: &Arc<Shared>, cell: Arc<Cell>, wish: Wish) -> (Self, Hello) {
        let last_id = cell.lock().feed().last_id();
        // A number that is not there yet is that of another mock, before a restart: all that this one has is new.
        let after = wish.after.map_or(last_id, |after| if after > last_id { 0 } else { after });
        let (shared, stopped) = (Arc::clone(shared), Arc::clone(shared));
        let hello = Hello { world: cell.id().to_owned(), last_id };
        let follower = Self {
            shared,
            cell,
            kinds: wish.kinds,
            cursor: after,
            left: wish.limit.unwrap_or(u64::MAX),
            waiter: None,
            stop: Box::pin(async move { stopped.stop.heard().await }),
        };
        (follower, hello)
    }

    /// The last event that was taken or passed over.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// The next events, at most a piece's worth of them.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Batch> {
        loop {
            if self.left == 0 {
                return Poll::Ready(Batch::Enough);
            }
            let taken = match self.take(cx) {
                Taken::Some(taken) => taken,
                Taken::NoneOfMany => continue,
                Taken::Nothing if self.stop.as_mut().poll(cx).is_ready() => {
                    return Poll::Ready(Batch::End(Reason::MockEnds));
                }
                Taken::Nothing => return Poll::Pending,
                Taken::WorldEnded => return Poll::Ready(Batch::End(Reason::WorldDeleted)),
            };
            // The world is free again while this is made into words.
            return Poll::Ready(Batch::Events(
                taken.into_iter().map(|copied| copied.into_event(&self.shared)).collect(),
            ));
        }
    }

    /// Copies what is there, and otherwise asks to be woken. The world is held for a few events only.
    fn take(&mut self, cx: &Context<'_>) -> Taken {
        let mut world = self.cell.lock();
        if let Some(waiter) = self.waiter.take() {
            world.stop_waiting(waiter);
        }
        let (mut taken, mut bytes) = (Vec::new(), 0);
        for _ in 0..LOOKED_AT_AT_ONCE {
            let Some(next) = world.event_after(self.cursor) else {
                return match (taken.is_empty(), world.has_ended()) {
                    (false, _) => Taken::Some(taken),
                    (true, true) => Taken::WorldEnded,
                    (true, false) => {
                        self.waiter = Some(world.wait(cx.waker()));
                        Taken::Nothing
                    }
                };
            };
            self.cursor = next.id;
            let wants = |kind| self.kinds.is_empty() || self.kinds.contains(&kind);
            let what = match next.found {
                Found::Request(entry) if wants(Kind::Request) => {
                    bytes += entry.request.body().len().min(MOST_EVENT_BODY);
                    What::Request(entry.excerpt(MOST_EVENT_BODY))
                }
                Found::State(change) if wants(Kind::State) => What::State(change.clone()),
                Found::Message(written) if wants(Kind::State) => What::State(written.change()),
                Found::Delivery(step) if wants(Kind::Delivery) => {
                    let delivery = world.delivery_of(step).cloned();
                    bytes += delivery.as_ref().map_or(0, told_bytes);
                    What::Delivery(step, delivery.map(Box::new))
                }
                Found::Request(_) | Found::State(_) | Found::Message(_) | Found::Delivery(_) => continue,
                Found::Lost(count) => What::Lost(count),
            };
            self.left -= u64::from(!matches!(what, What::Lost(_)));
            taken.push(Copied { id: next.id, what });
            if taken.len() >= TAKEN_AT_ONCE || bytes >= BYTES_AT_ONCE || self.left == 0 {
                break;
            }
        }
        if taken.is_empty() { Taken::NoneOfMany } else { Taken::Some(taken) }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter {
            self.cell.lock().stop_waiting(waiter);
        }
    }
}

enum Taken {
    Some(Vec<Copied>),
    /// Much was looked at and nothing of it is wanted: there may be more.
    NoneOfMany,
    /// There is nothing yet.
    Nothing,
    WorldEnded,
}

/// An event as it was copied out of the world: what takes longer is done when the world is free again.
struct Copied {
    id: u64,
    what: What,
}

enum What {
    Request(Entry),
    /// Its bodies are shared with the outbox, not copied.
    Delivery(Step, Option<Box<Delivery>>),
    State(Change),
    Lost(u64),
}

impl Copied {
    fn into_event(self, shared: &Shared) -> Event {
        let what = match self.what {
            What::Request(entry) => Happening::Request(Box::new(entry.record())),
            What::Delivery(step, delivery) => {
                let record = delivery.and_then(|delivery| masked(shared, &delivery.record_in_part(MOST_EVENT_BODY)));
                let forgotten = ForgottenDelivery { id: step.delivery, phase: step.phase };
                record.map_or(Happening::ForgottenDelivery(forgotten), |record| Happening::Delivery(Box::new(record)))
            }
            What::State(change) => Happening::State(change),
            What::Lost(count) => Happening::Lost(count),
        };
        Event { id: self.id, what }
    }
}

/// The record without any secret of any world, as `GET /_mock/deliveries/{id}` tells it.
fn masked(shared: &Shared, record: &DeliveryRecord) -> Option<DeliveryRecord> {
    let text = serde_json::to_vec(record).ok()?;
    let mut masked = Vec::with_capacity(text.len());
    shared.registry.index().secrets().mask_into(&mut masked, &text);
    serde_json::from_slice(&masked).ok()
}

/// Bytes of bodies that an event of a delivery tells.
fn told_bytes(delivery: &Delivery) -> usize {
    let answers = delivery.attempts.iter().filter_map(|attempt| attempt.answer.as_ref());
    delivery.parcel.body.len().min(MOST_EVENT_BODY) + answers.map(|answer| answer.body.len()).sum::<usize>()
}

const LOOKED_AT_AT_ONCE: usize = 64;
const TAKEN_AT_ONCE: usize = 16;
const BYTES_AT_ONCE: usize = 64 * 1024;
