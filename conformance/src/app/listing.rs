//! `conformance list`.

use std::io::Write;

use anstyle::Style;
use contract::chatday::Profile;
use serde_json::json;

use super::{Failure, Voice};
use crate::catalog::Selection;
use crate::check::{Check, Kind, Level};
use crate::checks::coverage;
use crate::cli::{KindArg, List, ListFormat};
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

pub(super) fn level(check: &Check) -> Level {
    check.level_under(&Profile::default_profile())
}
