//! Timers of one connection: one for heads, which hyper asks for, and one for bodies. A new sleep for each request would
//! be inserted into the runtime's timer wheel and taken out again; here all sleeps of one timer share one entry, which is
//! only ever pushed on.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// One timer of one connection. Only one sleep of it is waited for at a time.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionTimer {
    entry: Arc<Mutex<Option<Pin<Box<tokio::time::Sleep>>>>>,
}

impl ConnectionTimer {
    /// A sleep until a moment.
    pub(crate) fn until(&self, deadline: Instant) -> ConnectionSleep {
        ConnectionSleep { timer: self.clone(), deadline, is_set: false }
    }
}

impl Timer for ConnectionTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(self.until(deadline))
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: Instant) {
        *sleep = self.sleep_until(new_deadline);
    }
}

/// One wait. Costs nothing before it is polled, which happens only when the head is not there yet.
#[derive(Debug)]
pub(crate) struct ConnectionSleep {
    timer: ConnectionTimer,
    deadline: Instant,
    is_set: bool,
}

impl Sleep for ConnectionSleep {}

impl Future for ConnectionSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (deadline, is_set) = (tokio::time::Instant::from_std(self.deadline), self.is_set);
        self.is_set = true;
        let mut entry = self.timer.entry.lock().unwrap_or_else(PoisonError::into_inner);
        let sleep = entry.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if !is_set && sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}
