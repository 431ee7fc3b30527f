//! `conformance webhook`.

use std::future::{Future as _, poll_fn};
use std::io::{self, IsTerminal};
use std::pin::pin;
use std::task::Poll;

use super::{Failure, Voice};
use crate::cli::{self, Format, LogLevel, ReportKind};
use crate::exit::Exit;
use crate::report::Reporter;
use crate::report::human::Human;
use crate::report::json::Json;
use crate::report::jsonl::Jsonl;
use crate::report::junit::Junit;
use crate::report::markdown::Markdown;
use crate::report::progress::Progress;
use crate::run::engine::Run;
use crate::run::event::Event;
use crate::run::session::Session;
use crate::run::stop::{self, Stopper};
use crate::settings::{WebhookRun, resolve};

pub(super) fn run(typed: &cli::Webhook, voice: &mut Voice) -> Result<Exit, Failure> {
    let (stopper, stop) = stop::channel();
    let WebhookRun { checks, session, strict, patience, reports } = resolve(typed, stop)?;
    if !session.socket.address.as_ref().is_ok_and(|address| address.ip().to_canonical().is_loopback()) {
        voice.say(LogLevel::Warn, &format!("warning: {} is not this machine; events go there", session.endpoint.host));
    }
    stop_on_interrupt(stopper)?;
    let mut session = Session::new(session)
        .map_err(|error| Failure::Harness(format!("the system refuses an event loop: {error}")))?;
    if !patience.is_zero() {
        voice.say(LogLevel::Info, &format!("waiting up to {patience:?} for the endpoint to accept connections"));
    }

    let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
    if typed.format == Format::Human && io::stderr().is_terminal() && io::stdout().is_terminal() {
        reporters.push(Box::new(Progress::new(io::stderr())));
    }
    reporters.push(match typed.format {
        Format::Human => Box::new(Human::new(voice.results())),
        Format::Json => Box::new(Json::new(voice.results())),
        Format::Jsonl => Box::new(Jsonl::new(voice.results())),
    });
    for (kind, file) in reports {
        reporters.push(match kind {
            ReportKind::Json => Box::new(Json::new(file)),
            ReportKind::Junit => Box::new(Junit::new(file)),
            ReportKind::Markdown => Box::new(Markdown::new(file)),
        });
    }

    let mut refused: Option<io::Error> = None;
    let report = Run { checks: &checks, strict, patience, cases: typed.cases, jobs: typed.jobs.into() }.carry_out(
        &mut session,
        &mut |event| {
            if let Event::CaseFinished(case) = event {
                voice.say(
                    LogLevel::Debug,
                    &format!(
                        "{} {}/{}: {} in {} ms",
                        case.status.word(),
                        case.check,
                        case.case,
                        case.outcome,
                        case.duration_ms
                    ),
                );
            }
            // One report that cannot be written must not cost the others.
            for reporter in &mut reporters {
                if let Err(error) = reporter.tell(event) {
                    refused.get_or_insert(error);
                }
            }
        },
    );
    match refused {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ if report.stopped => Ok(Exit::Stopped),
        _ => Ok(report.verdict.exit()),
    }
}

/// Ctrl-C asks the run to stop; it then reports what it has. It is watched for before this returns: a run that has sent
/// anything can be ended with a report.
fn stop_on_interrupt(stopper: Stopper) -> Result<(), Failure> {
    let refused = |error: io::Error| Failure::Harness(format!("Ctrl-C cannot be watched for: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
    let (watching, is_watching) = std::sync::mpsc::channel();
    let watch = std::thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
        let interrupted = runtime.block_on(async {
            let mut interrupt = pin!(tokio::signal::ctrl_c());
            // The first poll puts the handler in place.
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
