//! `conformance api`.

use std::io::Write;

use serde_json::json;

use super::interrupt::stop_on_interrupt;
use super::reporters::Reporters;
use super::{Failure, Voice};
use crate::api::run::Run;
use crate::api::session::Session;
use crate::check::{Check, Needs, Plan};
use crate::cli::{self, Format, LogLevel};
use crate::exit::Exit;
use crate::run::clock;
use crate::run::event::Event;
use crate::run::ledger::Ledger;
use crate::run::stop;
use crate::settings::{self, ApiRun, resolve_api};

pub(super) fn run(typed: &cli::Api, voice: &mut Voice) -> Result<Exit, Failure> {
    let (stopper, stop) = stop::channel();
    let ApiRun { checks, session: settings } = resolve_api(typed, stop)?;
    let baseline = settings::baseline(typed.baseline.as_deref())?;
    let mut ledger = Ledger::new(baseline, clock::date(settings.now), None);
    if !settings.facts.local {
        let does = if settings.facts.write { "reads, and writes where you said" } else { "only reads" };
        let host = &settings.endpoint.host;
        voice.say(LogLevel::Warn, &format!("warning: {host} is not this machine; the run {does} there"));
    }
    let mut reporters = Reporters::open(&typed.output, voice)?;
    stop_on_interrupt(stopper)?;
    // The session says why nothing happens for a while; the run says the rest.
    let mut waits = Voice { color: voice.color, level: voice.level };
    let mut session = Session::new(settings, Box::new(move |why| waits.say(LogLevel::Info, why)))
        .map_err(|error| Failure::Harness(format!("the system refuses an event loop: {error}")))?;
    if !typed.wait.is_zero() {
        voice.say(LogLevel::Info, &format!("waiting up to {:?} for the server to accept connections", typed.wait));
    }
    let mut finished = None;
    let run = Run { checks: &checks, strict: typed.strict, patience: typed.wait };
    run.carry_out(&mut session, &mut |event| {
        if let Event::CaseFinished(case) = event {
            let line = format!("{} {}: {} in {} ms", case.check, case.case, case.outcome, case.duration_ms);
            voice.say(LogLevel::Debug, &line);
        }
        let event = ledger.amend(event);
        reporters.tell(&event);
        if let Event::RunFinished(report) = event {
            finished = Some(report);
        }
    });
    let Some(report) = finished else { return Err(Failure::Harness("the run came to no end".to_owned())) };
    reporters.end(&report, voice)
}

/// `conformance api --plan`: which calls each check may make.
pub(super) fn plan(typed: &cli::Api, voice: &mut Voice) -> Result<Exit, Failure> {
    let (_stopper, stop) = stop::channel();
    let ApiRun { checks, session } = resolve_api(typed, stop)?;
    let target = session.endpoint.url(&session.endpoint.target);
    let facts = &session.facts;
    let asked = checks.iter().filter(|check| {
        let clause = check.clauses.first();
        (facts.write || check.needs != Needs::Write) && clause.is_none_or(|clause| facts.edition.keeps(clause.holds))
    });
    let planned: Vec<(&Check, &[&str])> = asked
        .map(|check| match check.plan {
            Plan::Dialogue { calls, .. } => (*check, calls),
            _ => (*check, &[][..]),
        })
        .collect();
    let mut out = voice.results();
    if typed.output.format != Format::Human {
        let checks: Vec<_> = planned.iter().map(|(check, calls)| json!({"id": check.id, "calls": calls})).collect();
        let document = json!({"schema": "conformance-plan/1", "target": target, "seed": typed.seed, "checks": checks});
        writeln!(out, "{document}")?;
        return Ok(Exit::Passed);
    }
    writeln!(out, "nothing is sent\nthis goes to {target}; what was read once is not asked for again")?;
    for (check, calls) in &planned {
        writeln!(out, "\n{}", check.id)?;
        for call in *calls {
            writeln!(out, "  {call}")?;
        }
    }
    writeln!(out, "\n{} checks", planned.len())?;
    Ok(Exit::Passed)
}
