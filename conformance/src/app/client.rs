//! `conformance client`: plays scenarios to a command and judges what it does.

use std::io::Write;

use serde_json::json;

use super::interrupt::stop_on_interrupt;
use super::reporters::Reporters;
use super::{Failure, Voice};
use crate::check::{Check, Plan};
use crate::cli::{self, Format, LogLevel};
use crate::client::sweep;
use crate::exit::Exit;
use crate::run::clock;
use crate::run::event::Event;
use crate::run::ledger::Ledger;
use crate::run::stop;
use crate::settings::{self, client::ClientRun};

pub(super) fn run(typed: &cli::Client, voice: &mut Voice) -> Result<Exit, Failure> {
    let (stopper, stop) = stop::channel();
    let ClientRun { run, folder } = settings::client::resolve(typed, stop)?;
    if typed.plan {
        return plan(typed, &run, voice);
    }
    let baseline = settings::baseline(typed.baseline.as_deref())?;
    if !baseline.attempts(&run.checks, clock::date(clock::now())).is_empty() {
        voice.say(
            LogLevel::Warn,
            "warning: the baseline lists flaky checks; a client's scenarios are not repeated for them",
        );
    }
    let mut ledger = Ledger::new(baseline, clock::date(clock::now()), None);
    let mut reporters = Reporters::open(&typed.output, voice)?;
    stop_on_interrupt(stopper)?;
    sweep::adopt();
    let mut finished = None;
    let done = run.carry_out(&mut |event| {
        if let Event::CaseFinished(case) = event {
            let (word, check, name) = (case.status.word(), &case.check, &case.case);
            voice.say(LogLevel::Debug, &format!("{word} {check}/{name}: {} in {} ms", case.outcome, case.duration_ms));
        }
        let event = ledger.amend(event);
        reporters.tell(&event);
        if let Event::RunFinished(report) = event {
            finished = Some(report);
        }
    });
    sweep::end_all();
    // The folder with the CA is wanted to here.
    drop(folder);
    let done = done.map_err(Failure::Harness)?;
    for remark in &done.remarks {
        voice.say(LogLevel::Warn, remark);
    }
    let Some(report) = finished else { return Err(Failure::Harness("the run came to no end".to_owned())) };
    reporters.end(&report, voice)
}

/// What would be played.
fn plan(typed: &cli::Client, run: &crate::client::run::Run, voice: &mut Voice) -> Result<Exit, Failure> {
    let judged = |name: &str| {
        let of = |check: &&&'static Check| match check.plan {
            Plan::Scenarios { scenarios, .. } => {
                scenarios.is_empty()
                    || scenarios
                        .iter()
                        .any(|own| *own == name || name.split_once('.').is_some_and(|(_, words)| words == *own))
            }
            _ => false,
        };
        run.checks.iter().filter(of).map(|check| check.id).collect::<Vec<_>>()
    };
    let mut out = voice.results();
    if typed.output.format != Format::Human {
        let scenarios: Vec<_> = run
            .scenarios
            .iter()
            .map(|scenario| json!({"name": scenario.name, "story": scenario.story, "checks": judged(scenario.name)}))
            .collect();
        let (seed, target) = (typed.seed, &run.shown);
        writeln!(
            out,
            "{}",
            json!({"schema": "conformance-plan/1", "target": target, "seed": seed, "scenarios": scenarios})
        )?;
        return Ok(Exit::Passed);
    }
    writeln!(out, "nothing is run")?;
    for scenario in &run.scenarios {
        writeln!(out, "\n{}", scenario.name)?;
        write!(out, "{}", crate::report::text::wrapped("  ", scenario.story))?;
        for check in judged(scenario.name) {
            writeln!(out, "    {check}")?;
        }
    }
    writeln!(out, "\n{} scenarios, {} checks", run.scenarios.len(), run.checks.len())?;
    Ok(Exit::Passed)
}
