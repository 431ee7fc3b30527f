//! `conformance list` and `conformance explain`.

use std::io::Write;

use anstyle::Style;
use contract::chatday::Profile;
use contract::service::Service;
use serde_json::json;

use super::{Failure, Voice};
use crate::catalog::{self, Selection};
use crate::check::{Check, Kind, Level, Needs, Plan};
use crate::checks::coverage;
use crate::cli::{KindArg, List, ListFormat};
use crate::client::scenarios;
use crate::exit::Exit;
use crate::report::text::wrapped;

pub(super) fn list(typed: &List, voice: &mut Voice) -> Result<Exit, Failure> {
    if typed.coverage {
        return coverage(typed, voice);
    }
    let checks: Vec<&Check> = match typed.kind {
        Some(KindArg::Client) => chosen(typed, Some(Kind::Client)),
        Some(KindArg::Api) => chosen(typed, Some(Kind::Api)),
        Some(KindArg::Webhook) => chosen(typed, Some(Kind::Webhook)),
        None => chosen(typed, None),
    };
    if checks.is_empty() {
        return Err(Failure::Usage(
            "no check fits: leave out --kind or --service, and every check is listed".to_owned(),
        ));
    }
    let mut out = voice.results();
    match typed.format {
        ListFormat::Json => {
            let entries: Vec<_> = checks.iter().map(|check| entry(check)).collect();
            let document = json!({"schema": "conformance-list/1", "checks": entries});
            serde_json::to_writer_pretty(&mut out, &document).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        ListFormat::Human => {
            let bold = Style::new().bold();
            let mut heading = String::new();
            for check in checks {
                let next = format!("{} {}: {}", check.service, check.kind.word(), check.area.heading());
                if next != heading {
                    writeln!(out, "{}{bold}{next}{bold:#}", if heading.is_empty() { "" } else { "\n" })?;
                    heading = next;
                }
                writeln!(out, "  {:<6}  {}", level(check).word(), check.id)?;
                write!(out, "{}", wrapped("          ", check.title))?;
            }
        }
    }
    Ok(Exit::Passed)
}

fn coverage(typed: &List, voice: &mut Voice) -> Result<Exit, Failure> {
    let mut out = voice.results();
    match typed.format {
        ListFormat::Human => write!(out, "{}", coverage::page())?,
        ListFormat::Json => {
            let row = |kind: Kind, row: &coverage::Row| {
                let reasons: Vec<&str> = row.reasons().collect();
                json!({"kind": kind, "mistake": row.mistake, "checks": row.ids(kind), "not_seen": reasons})
            };
            let rows: Vec<_> =
                coverage::TABLES.iter().flat_map(|table| table.rows.iter().map(|own| row(table.kind, own))).collect();
            serde_json::to_writer_pretty(&mut out, &json!({"schema": "conformance-coverage/1", "mistakes": rows}))
                .map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(Exit::Passed)
}

pub(super) fn explain(id: &str, voice: &mut Voice) -> Result<Exit, Failure> {
    let Some(check) = catalog::find(id) else {
        let hint = match catalog::nearest(id) {
            Some(nearest) => format!("did you mean '{nearest}'?"),
            None => "'conformance list' prints the ids".to_owned(),
        };
        return Err(Failure::Usage(format!("there is no check '{id}': {hint}")));
    };
    let mut out = voice.results();
    let bold = Style::new().bold();
    writeln!(out, "{bold}{}{bold:#}", check.id)?;
    let mut row = |name: &str, text: &str| write!(out, "\n{}", wrapped(&format!("  {name:<10}"), text));
    row("asks", &format!("{}.", sentence(check.title)))?;
    let article = if check.kind == Kind::Api { "an" } else { "a" };
    row("of", &format!("{article} {} of {}, under {}", check.kind.word(), check.service, check.area.heading()))?;
    row("level", &weight(check))?;
    row("why", check.rationale)?;
    row("hint", check.hint)?;
    if let Plan::Scenarios { scenarios, .. } = check.plan {
        for scenario in scenarios::of(check.service).iter().filter(|own| scenarios.iter().any(|name| own.is(name))) {
            row("scenario", &format!("{}: {}", scenario.words(), scenario.story))?;
        }
        if scenarios.is_empty() {
            row("scenario", "every one.")?;
        }
    }
    for clause in check.clauses {
        row("clause", &format!("{}: {clause}", clause.id))?;
    }
    let (before, after) = match check.kind {
        Kind::Webhook => ("webhook URL", " --secret-env VAR"),
        Kind::Client => ("client", ""),
        Kind::Api => ("api BASE_URL", " --token-env VAR"),
    };
    let besides = match (check.needs, check.service) {
        (Needs::Nothing, _) => "",
        (Needs::Effects | Needs::Replies, _) => " --with-mock ADDR",
        (Needs::OldSecret, _) => " --old-secret-env OLD",
        (Needs::Write, Service::Chatwork) => " --write --room-id ID",
        (Needs::Write, Service::Chatday) => " --write --chat-id ID",
    };
    let subject = if check.kind == Kind::Client { " -- COMMAND" } else { "" };
    let (service, id) = (check.service, check.id);
    writeln!(out, "\n  conformance {before} --service {service}{after}{besides} --only {id}{subject}")?;
    Ok(Exit::Passed)
}

fn chosen(typed: &List, kind: Option<Kind>) -> Vec<&'static Check> {
    Selection { service: typed.service, kind, ..Selection::default() }.choose()
}

fn entry(check: &Check) -> serde_json::Value {
    let clauses: Vec<_> = check
        .clauses
        .iter()
        .map(|clause| json!({"id": clause.id, "words": clause.words, "source": clause.source, "certainty": clause.certainty.word()}))
        .collect();
    json!({
        "id": check.id,
        "service": check.service.name(),
        "kind": check.kind.word(),
        "area": check.area,
        "level": level(check),
        "title": check.title,
        "rationale": check.rationale,
        "hint": check.hint,
        "clauses": clauses,
        "hostile": check.hostile,
        "load": check.load,
    })
}

fn level(check: &Check) -> Level {
    check.level_under(&Profile::default_profile())
}

fn weight(check: &Check) -> String {
    let meaning = match level(check) {
        Level::Must => "must: a deviation fails the run",
        Level::Should => "should: a deviation is warned of, and fails a run under --strict",
        Level::May => "may: worth knowing, never fails a run",
    };
    if level(check) == check.level {
        return meaning.to_owned();
    }
    format!("{meaning}; {} where your own profile states the values that it rests on", check.level)
}

fn sentence(title: &str) -> String {
    let mut characters = title.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
