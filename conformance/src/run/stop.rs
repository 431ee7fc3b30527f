//! How a run is ended early, and why.

use tokio::sync::watch;

/// Why a run ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody pressed Ctrl-C.
    Asked,
    /// The time that the run was given is used up.
    Time,
    /// The subject is in trouble: one 5xx or time-out after another.
    Distress,
}

impl Why {
    /// What is said of a check that was not run because of it.
    pub fn before_a_check(self) -> &'static str {
        match self {
            Self::Asked => "the run was stopped before this check",
            Self::Time => "not run: the time of --max-time was used up",
            Self::Distress => {
                "not run: the endpoint answered one event after another with 5xx or not at all, so it is left alone"
            }
        }
    }

    /// What is said of a check that was being run.
    pub fn in_a_check(self) -> &'static str {
        match self {
            Self::Asked => "the run was stopped in the middle of this check",
            Self::Time => "the time of --max-time was used up in the middle of this check",
            Self::Distress => {
                "stopped in the middle of this check: the endpoint answered one event after another with 5xx or not at all"
            }
        }
    }
}

/// Asks a run to stop. Dropping it without asking lets the run go on.
#[derive(Clone, Debug)]
pub struct Stopper(watch::Sender<Option<Why>>);

/// What a run looks at.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<Option<Why>>);

/// The two ends.
pub fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(None);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Asks the run to stop now, for somebody asked for it.
    pub fn stop(&self) {
        self.stop_because(Why::Asked);
    }

    /// Asks the run to stop now. The first reason stays, unless somebody asks for it in person.
    pub fn stop_because(&self, why: Why) {
        self.0.send_modify(|known| {
            if known.is_none() || why == Why::Asked {
                *known = Some(why);
            }
        });
    }
}

impl Stop {
    /// Whether the run was asked to stop.
    pub fn is_asked(&self) -> bool {
        self.why().is_some()
    }

    /// Why the run was asked to stop, if it was.
    pub fn why(&self) -> Option<Why> {
        *self.0.borrow()
    }

    /// Returns when the run is asked to stop; never, if nobody will ask.
    pub async fn asked(&mut self) {
        if self.0.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_stays_unless_somebody_asks_in_person() {
        let (stopper, stop) = channel();
        assert_eq!(stop.why(), None);
        stopper.stop_because(Why::Distress);
        stopper.stop_because(Why::Time);
        assert_eq!(stop.why(), Some(Why::Distress));
        stopper.stop();
        assert_eq!(stop.why(), Some(Why::Asked));
    }
}
