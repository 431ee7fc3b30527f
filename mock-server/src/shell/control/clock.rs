//! Moves a world's clock. A way forward goes from one due moment to the next, and lets each settle before it goes on, so
//! that a retry is sent at the moment at which it is due. One move at a time in each world: a second caller waits its turn.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::super::{Shared, clock};
use super::waiting::{quiet, until};
use crate::control::{ClockChange, ClockState};
use crate::core::registry::Cell;

/// Carries a change out, in the order of its fields.
pub(super) async fn change(shared: &Shared, cell: &Arc<Cell>, change: ClockChange) -> ClockState {
    let _turn = Turn::take(cell).await;
    let mut rest = change;
    if let Some(to) = change.set {
        let ahead = to.0.saturating_sub(cell.lock().clock(clock::wall()).now_ms);
        forward(shared, cell, ahead).await;
        // What is left is a jump to the very moment: a running clock ran on meanwhile. And backwards at once.
        if change.advance_ms.is_some() {
            cell.lock().change_clock(ClockChange { set: change.set, ..ClockChange::default() }, clock::wall());
            rest.set = None;
        }
    }
    if let Some(millis) = change.advance_ms {
        rest.advance_ms = Some(forward(shared, cell, millis).await);
    }
    let (mut world, wall) = (cell.lock(), clock::wall());
    world.change_clock(rest, wall);
    world.clock(wall)
}

/// Goes to each due moment on a way of so many milliseconds, and says how much of it is left behind the last one.
async fn forward(shared: &Shared, cell: &Arc<Cell>, millis: i64) -> i64 {
    let mut left = millis;
    settle(shared, cell).await;
    while !shared.stop.was_said() {
        {
            let (mut world, wall) = (cell.lock(), clock::wall());
            let Some(step) = world.next_due(wall).filter(|step| *step <= left) else { return left };
            world.change_clock(ClockChange { advance_ms: Some(step), ..ClockChange::default() }, wall);
            left -= step;
        }
        settle(shared, cell).await;
    }
    left
}

/// Lets what is due be sent and come back. Each delivery is bounded by its time-outs; the whole wait is bounded too, for
/// worlds in which something new is due all the time.
async fn settle(shared: &Shared, cell: &Arc<Cell>) {
    shared.ring(cell);
    let _ = timeout(MOST_SETTLING, async {
        tokio::select! {
            () = quiet(cell) => {}
            () = shared.stop.heard() => {}
        }
    })
    .await;
}

/// The right to move a world's clock; given back when dropped.
struct Turn<'a>(&'a Cell);

impl<'a> Turn<'a> {
    async fn take(cell: &'a Cell) -> Self {
        until(cell, |world| world.begin_move().then_some(())).await;
        Self(cell)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().end_move();
    }
}

/// Longest wait of one step, in real time.
const MOST_SETTLING: Duration = Duration::from_secs(60);
