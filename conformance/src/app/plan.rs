//! `conformance webhook --plan`: what would be sent.

use std::io::{self, Write};

use serde_json::json;

use super::{Failure, Voice};
use crate::ask::case::Role;
use crate::check::{Check, Plan};
use crate::cli::{self, Format};
use crate::exit::Exit;
use crate::run::property;
use crate::run::session::Session;
use crate::run::stop;
use crate::settings::resolve;

/// The cases of each check, with the word for what they are.
pub(super) type Planned = Vec<(&'static str, Vec<(String, &'static str)>)>;

pub(super) fn run(typed: &cli::Webhook, voice: &mut Voice) -> Result<Exit, Failure> {
    let (_stopper, stop) = stop::channel();
    let run = resolve(typed, stop)?;
    let session = Session::new(run.session)
        .map_err(|error| Failure::Harness(format!("the system refuses an event loop: {error}")))?;
    let planned = of(&run.checks, typed.how.cases, &session);
    let mut out = voice.results();
    if typed.how.output.format == Format::Human {
        writeln!(out, "nothing is sent")?;
        print(&mut out, &planned, &session)?;
        if let Some(address) = typed.how.with_mock {
            writeln!(out, "what the integration calls at http://{address} is looked at too")?;
        }
        return Ok(Exit::Passed);
    }
    let target = session.settings().endpoint.url(&session.settings().endpoint.target);
    let checks: Vec<_> = planned
        .iter()
        .map(|(id, cases)| {
            let cases: Vec<_> = cases.iter().map(|(name, kind)| json!({"name": name, "kind": kind.trim()})).collect();
            json!({"id": id, "cases": cases})
        })
        .collect();
    writeln!(
        out,
        "{}",
        json!({
            "schema": "conformance-plan/1",
            "target": target,
            "seed": typed.seed,
            "with_mock": typed.how.with_mock.map(|address| address.to_string()),
            "checks": checks,
        })
    )?;
    Ok(Exit::Passed)
}

/// What a run of these checks would send.
pub(super) fn of(checks: &[&'static Check], count: u64, session: &Session) -> Planned {
    let planned = checks.iter().map(|check| {
        let craft = session.craft(check.id);
        let cases = match check.plan {
            Plan::Examples { cases, .. } => {
                cases(&craft).into_iter().map(|case| (case.name, word(case.role))).collect()
            }
            Plan::Sequence { scenes, .. } => scenes(&craft).into_iter().map(|scene| (scene.name, "scene ")).collect(),
            Plan::Scenarios { .. } | Plan::Dialogue { .. } => Vec::new(),
            Plan::Property { make, sketches, .. } => {
                let generated = property::generated(check, sketches, make, count, session);
                generated.into_iter().map(|case| (case.name, word(case.role))).collect()
            }
        };
        (check.id, cases)
    });
    planned.collect()
}

/// Prints a plan for people.
pub(super) fn print(out: &mut impl Write, planned: &Planned, session: &Session) -> io::Result<()> {
    let settings = session.settings();
    let target = settings.endpoint.url(&settings.endpoint.target);
    let rate = settings.rate.map(|rate| format!(", at most {rate} requests a second")).unwrap_or_default();
    writeln!(out, "this goes to {target}{rate}")?;
    for (id, cases) in planned {
        writeln!(out, "\n{id}")?;
        for (name, kind) in cases {
            writeln!(out, "  {kind}  {name}")?;
        }
    }
    let total: usize = planned.iter().map(|(_, cases)| cases.len()).sum();
    writeln!(out, "\n{} checks, {total} cases; what no service would send goes between two valid events", planned.len())
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Genuine => "valid ",
        Role::Forged => "forged",
        Role::Hostile => "odd   ",
    }
}
