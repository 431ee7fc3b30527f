//! Waits for a world's outbox, without polling: the world wakes whoever waits when its outbox has changed.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::super::clock;
use crate::core::registry::Cell;
use crate::core::world::World;

/// Looks now and after each change of the outbox, until there is something to see.
pub(super) async fn until<T>(cell: &Cell, mut look: impl FnMut(&mut World) -> Option<T>) -> T {
    let mut waiting = Waiting { cell, waiter: None };
    poll_fn(|cx| waiting.poll(cx, &mut look)).await
}

/// Until nothing is on its way and nothing is due.
pub(super) async fn quiet(cell: &Cell) {
    until(cell, |world| world.is_quiet(clock::wall()).then_some(())).await;
}

/// One who waits; taken off the world's list when nobody polls it any more.
struct Waiting<'a> {
    cell: &'a Cell,
    waiter: Option<u64>,
}

impl Waiting<'_> {
    fn poll<T>(&mut self, cx: &Context<'_>, look: &mut impl FnMut(&mut World) -> Option<T>) -> Poll<T> {
        let mut world = self.cell.lock();
        if let Some(waiter) = self.waiter.take() {
            world.stop_waiting_for_deliveries(waiter);
        }
        match look(&mut world) {
            Some(seen) => Poll::Ready(seen),
            None => {
                self.waiter = Some(world.wait_for_deliveries(cx.waker()));
                Poll::Pending
            }
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter {
            self.cell.lock().stop_waiting_for_deliveries(waiter);
        }
    }
}
