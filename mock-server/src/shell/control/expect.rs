//! Waits for requests, without polling: the world wakes whoever waits when it has written an entry down.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::super::stop::Stop;
use crate::control::{Expectation, Nearest, Outcome};
use crate::core::registry::Cell;

/// Waits until the expectation is settled, its time is over, or the mock ends.
pub(super) async fn wait(cell: Arc<Cell>, expectation: &Expectation, stop: &Stop) -> Outcome {
    let until = Instant::now() + Duration::from_millis(expectation.within_ms);
    let mut tally = Tally {
        cell: &cell,
        expectation,
        seen: expectation.after,
        last: mark_at_start(&cell),
        matched: 0,
        nearest: None,
    };
    tally.count();
    while !tally.is_settled() {
        tokio::select! {
            () = next_entry(&cell, tally.last) => tally.count(),
            () = sleep_until(until) => break,
            () = stop.heard() => break,
        }
    }
    tally.outcome()
}

/// Before the first entry of the journal as it is now.
fn mark_at_start(cell: &Cell) -> (u64, u64) {
    (cell.lock().mark().0, 0)
}

/// Completes once the journal is not at `last` any more.
async fn next_entry(cell: &Cell, last: (u64, u64)) {
    let mut waiting = Waiting { cell, waiter: None };
    poll_fn(|cx| waiting.poll(cx, last)).await;
}

/// One who waits; taken off the world's list when nobody polls it any more.
struct Waiting<'a> {
    cell: &'a Cell,
    waiter: Option<u64>,
}

impl Waiting<'_> {
    fn poll(&mut self, cx: &Context<'_>, last: (u64, u64)) -> Poll<()> {
        let mut world = self.cell.lock();
        if world.mark() != last {
            return Poll::Ready(());
        }
        if let Some(waiter) = self.waiter.take() {
            world.stop_waiting(waiter);
        }
        self.waiter = Some(world.wait(cx.waker()));
        Poll::Pending
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter {
            self.cell.lock().stop_waiting(waiter);
        }
    }
}

/// What was seen so far.
struct Tally<'a> {
    cell: &'a Cell,
    expectation: &'a Expectation,
    /// Entries up to this id are counted.
    seen: u64,
    /// How far the journal was when last looked.
    last: (u64, u64),
    matched: u64,
    /// Distance and id of the entry that came closest; of equals the latest.
    nearest: Option<(usize, u64)>,
}

impl Tally<'_> {
    /// Counts the entries that are new. The world is let go every so often, for requests that want to be served.
    fn count(&mut self) {
        loop {
            let world = self.cell.lock();
            let (journal, mark) = (world.journal(), world.mark());
            if mark.0 != self.last.0 {
                // The world was reset meanwhile: its journal begins anew.
                (self.seen, self.nearest) = (0, None);
            }
            self.last = mark;
            let mut looked_at = 0;
            for entry in journal.after(self.seen).take(AT_ONCE) {
                looked_at += 1;
                self.seen = entry.id;
                let distance = self.expectation.matching.distance(entry);
                if distance == 0 {
                    self.matched += 1;
                } else if self.nearest.is_none_or(|(best, _)| distance <= best) {
                    self.nearest = Some((distance, entry.id));
                }
            }
            if looked_at < AT_ONCE {
                return;
            }
        }
    }

    fn is_settled(&self) -> bool {
        let count = self.expectation.count;
        self.is_exceeded() || (count.min > 0 && self.matched >= count.min)
    }

    fn is_exceeded(&self) -> bool {
        self.expectation.count.max.is_some_and(|max| self.matched > max)
    }

    fn outcome(&self) -> Outcome {
        let too_few = self.matched < self.expectation.count.min;
        let nearest = self.nearest.filter(|_| too_few).and_then(|(_, id)| {
            let world = self.cell.lock();
            let entry = world.journal().after(id.saturating_sub(1)).next().filter(|entry| entry.id == id)?;
            Some(Nearest { request: entry.record(), differences: self.expectation.matching.explain(entry) })
        });
        Outcome { satisfied: !too_few && !self.is_exceeded(), matched: self.matched, nearest }
    }
}

const AT_ONCE: usize = 256;
