//! `conformance explain`: one check, for whoever has seen neither the contract nor this program.

use std::io::Write;

use anstyle::Style;
use contract::clause::{Certainty, Clause};
use contract::service::Service;

use super::listing::level;
use super::{Failure, Voice, words};
use crate::catalog;
use crate::check::{Check, Kind, Level, Needs, Plan};
use crate::client::scenarios;
use crate::exit::Exit;
use crate::report::text::{WIDTH, wrapped};

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
    let mut last = "";
    for (name, text) in rows(check) {
        // What belongs together stands together.
        let gap = if name == "source" || (name == "word" && last == name) { "" } else { "\n" };
        write!(out, "{gap}{}", wrapped(&format!("  {name:<10}"), &text))?;
        last = name;
    }
    write!(out, "\n{}", command(check))?;
    Ok(Exit::Passed)
}

/// What is told of a check, each with the word in front of it.
fn rows(check: &Check) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        ("asks", format!("{}.", sentence(check.title))),
        ("judges", format!("{}; reports list it under '{}'", subjects(check), check.area.heading())),
        ("level", weight(check)),
        ("why", check.rationale.to_owned()),
        ("hint", check.hint.to_owned()),
    ];
    match check.plan {
        Plan::Scenarios { scenarios: [], .. } => {
            rows.push(("scenario", "all of them: whatever happens to the program, this is looked at.".to_owned()));
        }
        Plan::Scenarios { scenarios, .. } => {
            let played = scenarios::of(check.service).iter().filter(|own| scenarios.iter().any(|name| own.is(name)));
            rows.extend(played.map(|own| ("scenario", format!("{}: {}", own.words(), own.story))));
        }
        Plan::Dialogue { calls, .. } => rows.push(("calls", format!("{}.", calls.join("; ")))),
        Plan::Examples { .. } | Plan::Sequence { .. } | Plan::Property { .. } => {}
    }
    rows.extend(needs(check).map(|needs| ("needs", needs)));
    rows.extend(care(check).map(|care| ("care", care.to_owned())));
    // The headings of reports are no words of this check.
    let said: Vec<&str> = rows.iter().filter(|(name, _)| *name != "judges").map(|(_, text)| text.as_str()).collect();
    let explained = words::of(check, &said.join(" "));
    for clause in check.clauses {
        rows.push(("clause", format!("{}: {}", clause.id, clause.words)));
        rows.push(("source", origin(clause)));
    }
    rows.extend(explained.into_iter().map(|(word, meaning)| ("word", format!("{word}: {meaning}."))));
    rows
}

/// Whom it is asked of.
fn subjects(check: &Check) -> String {
    let service = service(check.service);
    match check.kind {
        Kind::Webhook => format!("endpoints that receive webhooks of {service}"),
        Kind::Client => format!("programs that call the API of {service}"),
        Kind::Api => format!("servers that offer the API of {service}"),
    }
}

fn service(service: Service) -> &'static str {
    match service {
        Service::Chatwork => "Chatwork",
        Service::Chatday => "Chatday",
    }
}

fn weight(check: &Check) -> String {
    let meaning = match level(check) {
        Level::Must => "must: a deviation fails the run",
        Level::Should => "should: a deviation is warned of, and fails the run under --strict",
        Level::May => "may: a deviation is worth knowing, and never fails the run",
    };
    if level(check) == check.level {
        return format!("{meaning}.");
    }
    format!("{meaning}; {} where your own --profile states the values that it rests on.", check.level)
}

fn needs(check: &Check) -> Option<String> {
    let needed = match (check.needs, check.service) {
        (Needs::Nothing, _) => return None,
        (Needs::Effects, _) => "the mock beside the endpoint (--with-mock), which sees what the integration calls",
        (Needs::Replies, _) => {
            "the mock beside the endpoint (--with-mock), and an integration that answers a text with a message"
        }
        (Needs::OldSecret, _) => "a secret that was valid once and is no more (--old-secret-env)",
        (Needs::Write, Service::Chatwork) => "leave to change something in a room that you name (--write, --room-id)",
        (Needs::Write, Service::Chatday) => "leave to change something in a chat that you name (--write, --chat-id)",
    };
    Some(format!("{needed}; skipped without."))
}

fn care(check: &Check) -> Option<&'static str> {
    match (check.kind, check.hostile, check.load) {
        (Kind::Webhook, true, true) => Some(
            "it sends many requests, and such as the service would never send; to another machine it does so only with --include hostile,load.",
        ),
        (Kind::Webhook, true, false) => Some(
            "it sends what the service would never send; to another machine it does so only with --include hostile.",
        ),
        (Kind::Webhook, false, true) => {
            Some("it sends many requests in a short time; to another machine it does so only with --include load.")
        }
        (_, _, true) => Some("it sends many requests in a short time, to a server on this machine only."),
        _ => None,
    }
}

/// How sure a clause is, and where it comes from.
fn origin(clause: &Clause) -> String {
    match clause.certainty {
        Certainty::Documented => format!("documented, in {}.", clause.source),
        Certainty::Observed => format!("observed on the real service and recorded by others: {}.", clause.source),
        Certainty::Assumed => "none. It is assumed: this project's own choice where every source is silent.".to_owned(),
    }
}

/// The line that runs this check alone, broken where it is too wide.
fn command(check: &Check) -> String {
    let (before, secret) = match check.kind {
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
    let start = format!("  conformance {before} --service {}{secret}{besides}", check.service);
    let only = format!("--only {}{subject}", check.id);
    let gap = if start.len() + 1 + only.len() > WIDTH { " \\\n      " } else { " " };
    format!("{start}{gap}{only}\n")
}

fn sentence(title: &str) -> String {
    let mut characters = title.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_broken_only_where_it_is_too_wide() {
        for check in catalog::all() {
            let command = command(check);
            assert!(command.lines().all(|line| line.chars().count() <= WIDTH), "{command}");
            let whole = command.replace("\\\n      ", "");
            assert_eq!(command.lines().count() > 1, whole.trim_end().chars().count() > WIDTH, "{command}");
            assert!(whole.contains(&format!("--only {}", check.id)), "{command}");
        }
    }
}
