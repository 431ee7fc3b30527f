//! The word that the mock is to end, heard by every loop and every connection.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Said once, heard by all.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    said: AtomicBool,
    notify: Notify,
}

impl Stop {
    /// Says it.
    pub(crate) fn say(&self) {
        self.said.store(true, Ordering::Release);
        self.notify.notify_waiters();
    }

    /// Whether it was said.
    pub(crate) fn was_said(&self) -> bool {
        self.said.load(Ordering::Acquire)
    }

    /// Waits until it is said.
    pub(crate) async fn heard(&self) {
        let notified = self.notify.notified();
        let mut notified = std::pin::pin!(notified);
        // Registered before looking, so that a word said in between is not missed.
        notified.as_mut().enable();
        if !self.was_said() {
            notified.await;
        }
    }
}
