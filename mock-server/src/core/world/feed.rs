//! What happened in a world, for whoever follows it.

use super::World;
use crate::control::event::Change;
use crate::core::feed::{Feed, Next};

impl World {
    /// Tells of a change.
    pub fn tell(&mut self, change: Change) {
        self.feed.push(change);
        self.wake();
    }

    /// The first event after a cursor; `None` where there is none yet. [`World::wait`] wakes when there is.
    pub fn event_after(&self, cursor: u64) -> Option<Next<'_>> {
        self.feed.next(&self.journal, cursor)
    }

    /// The feed.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// How many tasks wait for something to happen.
    pub fn waiters(&self) -> usize {
        self.waiting.len()
    }

    /// Ends the world: nothing will happen in it any more.
    pub fn end(&mut self) {
        self.has_ended = true;
        self.wake();
    }

    /// Whether the world was deleted.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }
}
