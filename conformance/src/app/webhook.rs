//! `conformance webhook`.

use std::io::{self, BufRead, IsTerminal, Write};

use super::interrupt::stop_on_interrupt;
use super::reporters::Reporters;
use super::{Failure, Voice, plan};
use crate::check::Area;
use crate::cli::{self, How, LogLevel};
use crate::client::beside::Beside;
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
    let WebhookRun { mut checks, session: mut settings, terms, remote, beside } = run;
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
    // It lives as long as the run, and listens before anything is waited for.
    let beside = match &beside {
        Some(wish) => Some(Beside::start(wish, &settings.policy, &settings.secret).map_err(Failure::Usage)?),
        None => None,
    };
    if let Some(beside) = &beside {
        settings.policy.origin = beside.origin();
        // An integration that takes its time has the least to do yet when its effects are looked at first.
        checks.sort_by_key(|check| check.area != Area::Effects);
        voice.say(
            LogLevel::Info,
            &format!(
                "the mock serves the API at {}; {} shows its tokens and ids",
                beside.base_url(),
                beside.info_url()
            ),
        );
    }
    // The time of the run begins here, not while somebody makes up their mind.
    let session = begin(settings)?;
    let session = if remote { session.with_care() } else { session };
    let mut session = match &beside {
        Some(beside) => session.watching(Box::new(beside.watch())),
        None => session,
    };
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
