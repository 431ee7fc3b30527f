//! `conformance webhook`.

use std::future::{Future as _, poll_fn};
use std::io::{self, BufRead, IsTerminal, Write};
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;

use super::reporters::Reporters;
use super::{Failure, Voice, plan};
use crate::cli::{self, How, LogLevel};
use crate::exit::Exit;
use crate::run::clock;
use crate::run::engine::{Run, Terms};
use crate::run::event::Event;
use crate::run::ledger::Ledger;
use crate::run::session::Session;
use crate::run::stop::{self, Stopper};
use crate::settings::{self, WebhookRun, resolve};
use crate::snapshot::mask::Mask;
use crate::snapshot::shelf::Shelf;

pub(super) fn run(typed: &cli::Webhook, voice: &mut Voice) -> Result<Exit, Failure> {
    let (stopper, stop) = stop::channel();
    let run = resolve(typed, stop)?;
    let baseline = settings::baseline(typed.baseline.as_deref())?;
    let shelf = typed.snapshots.as_deref().map(|folder| {
        let mask = Mask { began: run.session.now };
        Shelf::open(folder, typed.accept_snapshots, mask)
            .map_err(|error| Failure::Usage(format!("the snapshots cannot be kept in {}: {error}", folder.display())))
    });
    let today = clock::date(run.session.now);
    let ledger = Ledger::new(baseline.clone(), today, shelf.transpose()?);
    let attempts = baseline.attempts(&run.checks, today);
    let run = WebhookRun { terms: Terms { attempts, ..run.terms }, ..run };
    judge(run, &typed.how, ledger, stopper, voice)
}

/// Carries a run out and reports it.
pub(super) fn judge(
    run: WebhookRun,
    how: &How,
    mut ledger: Ledger,
    stopper: Stopper,
    voice: &mut Voice,
) -> Result<Exit, Failure> {
    let WebhookRun { checks, session: settings, terms, remote } = run;
    let begin = |settings| {
        Session::new(settings)
            .map(|session| session.trusting(how.ca_file.clone()))
            .map_err(|error| Failure::Harness(format!("the system refuses an event loop: {error}")))
    };
    if remote && !may_go_out(&begin(settings.clone())?, &checks, how, voice)? {
        voice.say(LogLevel::Error, "nothing was sent");
        return Ok(Exit::Usage);
    }
    let mut reporters = Reporters::open(&how.output, voice)?;
    stop_on_interrupt(stopper)?;
    // The time of the run begins here, not while somebody makes up their mind.
    let session = begin(settings)?;
    let mut session = if remote { session.with_care() } else { session };
    let patience = how.wait;
    if !patience.is_zero() {
        voice.say(LogLevel::Info, &format!("waiting up to {patience:?} for the endpoint to accept connections"));
    }
    let mut finished = None;
    let jobs = if remote { 1 } else { how.jobs.into() };
    let run = Run { checks: &checks, strict: how.strict, patience, cases: how.cases, jobs };
    run.carry_out_as(&terms, &mut session, &mut |event| {
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
        let event = ledger.amend(event);
        reporters.tell(&event);
        if let Event::RunFinished(report) = event {
            finished = Some(report);
        }
    });
    if ledger.written() > 0 {
        voice.say(LogLevel::Info, &format!("{} snapshots were written", ledger.written()));
    }
    let Some(report) = finished else { return Err(Failure::Harness("the run came to no end".to_owned())) };
    reporters.end(&report, voice)
}

/// Shows what would be sent to a host that is not this machine, and asks whether it may be, where there is somebody to ask.
fn may_go_out(
    session: &Session,
    checks: &[&'static crate::check::Check],
    how: &How,
    voice: &mut Voice,
) -> Result<bool, Failure> {
    let host = session.settings().endpoint.host.clone();
    let planned = plan::of(checks, how.cases, session);
    plan::print(&mut voice.talk(), &planned, session)?;
    voice.say(LogLevel::Warn, &format!("warning: {host} is not this machine; events go there"));
    if how.yes || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(true);
    }
    let mut talk = voice.talk();
    write!(talk, "Send these events to {host}? [y/N] ")?;
    talk.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Ctrl-C asks the run to stop; it then reports what it has. It is watched for before this returns: a run that has sent
/// anything can be ended with a report.
pub(super) fn stop_on_interrupt(stopper: Stopper) -> Result<(), Failure> {
    let refused = |error: io::Error| Failure::Harness(format!("Ctrl-C cannot be watched for: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
    let (watching, is_watching) = mpsc::channel();
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
