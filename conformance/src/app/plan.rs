//! `conformance webhook --plan`: what would be sent.

use std::io::Write;

use serde_json::json;

use super::{Failure, Voice};
use crate::ask::case::Role;
use crate::check::Plan;
use crate::cli::{self, Format};
use crate::exit::Exit;
use crate::run::property;
use crate::run::session::Session;
use crate::run::stop;
use crate::settings::resolve;

pub(super) fn run(typed: &cli::Webhook, voice: &mut Voice) -> Result<Exit, Failure> {
    let (_stopper, stop) = stop::channel();
    let run = resolve(typed, stop)?;
    let target = run.session.endpoint.url(&run.session.endpoint.target);
    let session = Session::new(run.session)
        .map_err(|error| Failure::Harness(format!("the system refuses an event loop: {error}")))?;
    let planned: Vec<(&str, Vec<(String, &str)>)> = run
        .checks
        .iter()
        .map(|check| {
            let craft = session.craft(check.id);
            let cases = match check.plan {
                Plan::Examples { cases, .. } => {
                    cases(&craft).into_iter().map(|case| (case.name, word(case.role))).collect()
                }
                Plan::Sequence { scenes, .. } => {
                    scenes(&craft).into_iter().map(|scene| (scene.name, "scene ")).collect()
                }
                Plan::Property { make, sketches, .. } => {
                    property::generated(check, sketches, make, typed.cases, &session)
                        .into_iter()
                        .map(|case| (case.name, word(case.role)))
                        .collect()
                }
            };
            (check.id, cases)
        })
        .collect();
    let mut out = voice.results();
    if typed.format == Format::Human {
        writeln!(out, "nothing is sent; this would go to {target}")?;
        for (id, cases) in &planned {
            writeln!(out, "\n{id}")?;
            for (name, kind) in cases {
                writeln!(out, "  {kind}  {name}")?;
            }
        }
        let total: usize = planned.iter().map(|(_, cases)| cases.len()).sum();
        writeln!(
            out,
            "\n{} checks, {total} cases; what no service would send goes between two valid events",
            planned.len()
        )?;
        return Ok(Exit::Passed);
    }
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
        json!({"schema": "conformance-plan/1", "target": target, "seed": typed.seed, "checks": checks})
    )?;
    Ok(Exit::Passed)
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Genuine => "valid ",
        Role::Forged => "forged",
        Role::Hostile => "odd   ",
    }
}
