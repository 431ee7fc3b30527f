//! hyper's timer for the time of a head. hyper makes a new sleep for each request and drops it with the head; here all of
//! one connection's share one entry in the runtime's timer wheel, which is only ever pushed on: no lock, no insertion.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// The timer of one connection. hyper waits for one thing at a time there: the next head.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadTimer {
    entry: Arc<Mutex<Option<Pin<Box<tokio::time::Sleep>>>>>,
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(HeadSleep { timer: self.clone(), deadline, is_set: false })
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: Instant) {
        *sleep = self.sleep_until(new_deadline);
    }
}

/// One wait. Costs nothing before it is polled, which happens only when the head is not there yet.
#[derive(Debug)]
struct HeadSleep {
    timer: HeadTimer,
    deadline: Instant,
    is_set: bool,
}

impl Sleep for HeadSleep {}

impl Future for HeadSleep {
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
