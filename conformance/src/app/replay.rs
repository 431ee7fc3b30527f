//! `conformance replay`: the case that decided, once more.

use std::path::Path;

use super::webhook::judge;
use super::{Failure, Voice, plan};
use crate::ask::case::Role;
use crate::catalog;
use crate::check::{Check, Kind, Plan};
use crate::cli;
use crate::exit::Exit;
use crate::report::document::Document;
use crate::run::baseline::Baseline;
use crate::run::clock;
use crate::run::event::CheckReport;
use crate::run::kept;
use crate::run::ledger::Ledger;
use crate::run::property;
use crate::run::replay::ReplayId;
use crate::run::session::Session;
use crate::run::stop;
use crate::run::verdict::Status;
use crate::settings::{self, WebhookRun, resolve_for};

/// A case that is wanted again, and what a report kept of it.
struct Wanted {
    id: ReplayId,
    check: &'static Check,
    kept: Option<CheckReport>,
}

pub(super) fn run(typed: &cli::Replay, voice: &mut Voice) -> Result<Exit, Failure> {
    let wanted = wanted(&typed.what)?;
    let Some(first) = wanted.first() else {
        return Err(Failure::Usage(format!("{} holds no check that failed: there is nothing to replay", typed.what)));
    };
    let (service, seed) = (first.check.service, first.id.seed);
    if wanted.iter().any(|one| one.check.service != service || one.id.seed != seed) {
        return Err(Failure::Usage(format!("{} mixes services or seeds: replay its ids one by one", typed.what)));
    }
    if let Some(other) = typed.service.filter(|typed| *typed != service) {
        return Err(Failure::Usage(format!("--service {other} does not fit: the case belongs to {service}")));
    }
    let (stopper, stop) = stop::channel();
    let checks = wanted.iter().map(|one| one.check).collect();
    let run = resolve_for(&typed.url, service, &typed.how, checks, seed, stop)?;
    let WebhookRun { session, mut terms, .. } = run;
    // A session of its own for looking at the cases: crafting them counts, and the run's count has to begin at zero.
    let scout = Session::new(session.clone())
        .map_err(|error| Failure::Harness(format!("the system refuses an event loop: {error}")))?;
    for one in &wanted {
        let cases = plan::of(&[one.check], how_many(one, typed.how.cases), &scout);
        let names: Vec<&str> = cases.iter().flat_map(|(_, cases)| cases).map(|(name, _)| name.as_str()).collect();
        let unshrunk = property::number(&one.id.case).map(property::name);
        let is_among_them = names.contains(&unshrunk.as_deref().unwrap_or(&one.id.case));
        if is_among_them && is_given(one) {
            terms.only_cases.insert(one.id.check.clone(), one.id.case.clone());
            continue;
        }
        let Some(report) = &one.kept else {
            return Err(Failure::Usage(format!(
                "{} has no case '{}' with seed {seed}: its cases are {}",
                one.id.check,
                one.id.case,
                names.join(", ")
            )));
        };
        let role = role(one.check, &scout);
        let case = kept::case(report, &one.id.case, role, &scout.settings().secret).map_err(Failure::Usage)?;
        terms.kept_cases.insert(one.id.check.clone(), case);
    }
    let ledger = Ledger::new(Baseline::default(), clock::date(session.now), None);
    judge(WebhookRun { session, terms, ..run }, &typed.how, ledger, stopper, voice)
}

fn wanted(what: &str) -> Result<Vec<Wanted>, Failure> {
    let id = what.parse::<ReplayId>();
    if let Ok(id) = &id
        && let Some(check) = catalog::find(&id.check)
    {
        if check.kind == Kind::Client {
            let (service, seed, scenario) = (check.service, id.seed, &id.case);
            return Err(Failure::Usage(format!(
                "{} is asked of a program, not of an endpoint: conformance client --service {service} --seed {seed} \
                 --scenario {scenario} --only {} -- COMMAND plays its scenario again",
                id.check, id.check
            )));
        }
        return Ok(vec![Wanted { id: id.clone(), check, kept: None }]);
    }
    let file = Path::new(what);
    match id {
        // A file may be called what it likes.
        Ok(_) | Err(_) if file.exists() => from_file(file),
        Ok(id) => {
            let hint = match catalog::nearest(&id.check) {
                Some(nearest) => format!("did you mean '{nearest}'?"),
                None => "'conformance list' prints the ids".to_owned(),
            };
            Err(Failure::Usage(format!("there is no check '{}': {hint}", id.check)))
        }
        Err(refused) => Err(Failure::Usage(format!("{refused}; nor is there such a file"))),
    }
}

fn from_file(file: &Path) -> Result<Vec<Wanted>, Failure> {
    let text = settings::read(file, "the report")?;
    let checks = match serde_json::from_str::<Document>(&text) {
        Ok(document) => document.checks,
        Err(no_report) => match serde_json::from_str::<CheckReport>(&text) {
            Ok(check) => vec![check],
            Err(_) => {
                let file = file.display();
                return Err(Failure::Usage(format!(
                    "{file} is neither a JSON report of conformance nor one entry of its checks: {no_report}"
                )));
            }
        },
    };
    let mut wanted = Vec::new();
    for report in checks {
        if matches!(report.status, Status::Pass | Status::Skip) {
            continue;
        }
        let Some(replay) = &report.replay else { continue };
        let id: ReplayId = replay.parse().map_err(Failure::Usage)?;
        let Some(check) = catalog::find(&id.check) else {
            let (file, id) = (file.display(), &id.check);
            return Err(Failure::Usage(format!("{file} names the check '{id}', which this version does not have")));
        };
        wanted.push(Wanted { id, check, kept: Some(report) });
    }
    Ok(wanted)
}

/// Whether the id is to be followed. A generated case is taken from the file, where there is one: it holds the very bytes.
fn is_given(one: &Wanted) -> bool {
    one.kept.is_none() || property::number(&one.id.case).is_none()
}

/// How many generated cases there have to be for the wanted one to be among them.
fn how_many(one: &Wanted, cases: u64) -> u64 {
    property::number(&one.id.case).map_or(cases, |number| number + 1)
}

/// What the cases of a check are. Nothing for one that plays scenes, which no file can hold.
fn role(check: &Check, session: &Session) -> Option<Role> {
    let craft = session.craft(check.id);
    let cases = match check.plan {
        Plan::Examples { cases, .. } => cases(&craft),
        Plan::Property { sketches, make, .. } => property::generated(check, sketches, make, 1, session),
        Plan::Sequence { .. } | Plan::Scenarios { .. } | Plan::Dialogue { .. } => Vec::new(),
    };
    cases.into_iter().map(|case| case.role).max_by_key(|role| *role != Role::Genuine)
}
