//! How a run is ended early.

use tokio::sync::watch;

/// Asks a run to stop. Dropping it without asking lets the run go on.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// What a run looks at.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// The two ends.
pub fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Asks the run to stop now.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether the run was asked to stop.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when the run is asked to stop; never, if nobody will ask.
    pub async fn asked(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
