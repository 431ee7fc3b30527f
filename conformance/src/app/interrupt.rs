//! How a run is ended from outside.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;

use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use crate::run::stop::Stopper;

/// Ctrl-C, and being asked to end, asks the run to stop; it then reports what it has, and leaves nothing behind. It is
/// watched for before this returns: a run that has sent anything can be ended with a report.
pub(super) fn stop_on_interrupt(stopper: Stopper) -> Result<(), Failure> {
    let refused = |error: io::Error| Failure::Harness(format!("Ctrl-C cannot be watched for: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
    let (watching, is_watching) = mpsc::channel();
    let watch = std::thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
        let interrupted = runtime.block_on(async {
            let mut interrupt = pin!(asked_to_end());
            // The first poll puts the handlers in place.
            let at_once = poll_fn(|cx| Poll::Ready(interrupt.as_mut().poll(cx))).await;
            let _ = watching.send(());
            match at_once {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => interrupt.await,
            }
        });
        if interrupted.is_ok() {
            stopper.stop();
        }
    });
    watch.map_err(refused)?;
    // An error means that the thread ended, so that there is nothing to wait for.
    let _ = is_watching.recv();
    Ok(())
}

async fn asked_to_end() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}
