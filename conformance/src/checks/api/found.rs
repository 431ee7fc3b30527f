//! What is found in answers, and how it is told: the clause with its source, and what would have to change in the contract
//! if it is the server that is right.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::judge::Violation;
use serde_json::Value;

use crate::ask::server::{Facts, Heard, Server, Talk};
use crate::check::Level;
use crate::run::verdict::{Deviation, Hint, Judgement};

/// One departure from the contract.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The operation, or the call in words.
    pub(super) what: String,
    /// What the contract's judge says.
    pub(super) violation: Violation,
    /// The change to the contract's table that would make it fit.
    pub(super) proposal: Option<String>,
    /// The call.
    pub(super) heard: Arc<Heard>,
}

/// Ends the dialogue when something was found: the weightiest decides, the others are named.
pub(super) fn settle(server: &mut dyn Server, mut found: Vec<Found>) -> Talk {
    let level = |facts: &Facts, found: &Found| Level::cap(facts.profile.certainty(found.violation.clause));
    let facts = server.facts().clone();
    found.sort_by_key(|found| std::cmp::Reverse(level(&facts, found)));
    let Some(first) = found.first().cloned() else { return Ok(()) };
    let mut seen = BTreeSet::new();
    let sentences: Vec<String> = found.iter().map(sentence).filter(|sentence| seen.insert(sentence.clone())).collect();
    let mut proposed = BTreeSet::new();
    let proposals: Vec<&str> = found
        .iter()
        .filter_map(|found| found.proposal.as_deref())
        .filter(|proposal| proposed.insert(*proposal))
        .take(MOST_TOLD)
        .collect();
    let message = match sentences.as_slice() {
        [only] => only.clone(),
        all => {
            let told = all.iter().take(MOST_TOLD).cloned().collect::<Vec<_>>().join("; ");
            let more = if all.len() > MOST_TOLD { "; …" } else { "" };
            format!("{} differences: {told}{more}", all.len())
        }
    };
    let hint = if proposals.is_empty() {
        Hint::OfCheck
    } else {
        Hint::Besides(format!("If the server is right, change the contract's table: {}.", proposals.join("; ")))
    };
    server.show(&[Arc::clone(&first.heard)]);
    Err(Box::new(Judgement::Deviates(Deviation {
        name: first.violation.clause.id,
        level: level(&facts, &first),
        message,
        expected: first.violation.expected.clone(),
        actual: shown(&first.violation),
        hint,
    })))
}

/// A departure that the check itself saw. It weighs as much as the check.
pub(super) fn deviates(
    name: &'static str,
    message: impl Into<String>,
    expected: impl Into<String>,
    actual: impl Into<String>,
) -> Box<Judgement> {
    Box::new(Judgement::Deviates(Deviation {
        name,
        level: Level::Must,
        message: message.into(),
        expected: expected.into(),
        actual: actual.into(),
        hint: Hint::OfCheck,
    }))
}

/// The server gave no occasion to look.
pub(super) fn moot(reason: impl Into<String>) -> Box<Judgement> {
    Box::new(Judgement::Moot(reason.into()))
}

/// Nothing can be said.
pub(super) fn unsettled(reason: impl Into<String>) -> Box<Judgement> {
    Box::new(Judgement::Unsettled(reason.into()))
}

fn sentence(found: &Found) -> String {
    let Violation { clause, place, expected, .. } = &found.violation;
    let place = match place.as_str() {
        "" => "the body".to_owned(),
        pointer => starred(pointer),
    };
    let actual = shown(&found.violation);
    format!("{}: {place}: expected {expected}, found {actual} [{}; {}]", found.what, clause.id, clause.source)
}

/// What was found, without what somebody wrote: a text is told by its length, unless the contract lists words here.
fn shown(violation: &Violation) -> String {
    let Some(text) = violation.actual.strip_prefix("the text \"") else { return violation.actual.clone() };
    let text = text.strip_suffix('"').unwrap_or(text);
    let word = violation.expected.starts_with("one of ") && text.len() <= 20;
    if word || violation.expected.starts_with("the text ") {
        return violation.actual.clone();
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        "a text of decimal digits".to_owned()
    } else {
        format!("a text of {} characters", text.chars().count())
    }
}

/// A pointer in which `*` stands for every item of a list.
pub(super) fn starred(pointer: &str) -> String {
    let numbered = |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    let segments = pointer.split('/').map(|segment| if numbered(segment) { "*" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// The kind of a JSON value, as the contract's shapes name kinds.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number with a fraction or exponent",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Differences that a message names one by one.
const MOST_TOLD: usize = 6;

#[cfg(test)]
mod tests {
    use contract::chatwork::clauses;

    use super::*;

    fn violation(expected: &str, actual: &str) -> Violation {
        Violation {
            clause: &clauses::IDS,
            place: "/0/x".to_owned(),
            expected: expected.to_owned(),
            actual: actual.to_owned(),
        }
    }

    #[test]
    fn what_somebody_wrote_is_told_by_its_length() {
        let told = |expected, actual| shown(&violation(expected, actual));
        assert_eq!(told("an integer of 1 or more", "the text \"Aoi Mori\""), "a text of 8 characters");
        assert_eq!(told("an integer of 1 or more", "the text \"17\""), "a text of decimal digits");
        assert_eq!(told("one of open, done", "the text \"closed\""), "the text \"closed\"");
        assert_eq!(told("a text", "null"), "null");
    }

    #[test]
    fn items_of_a_list_share_a_place() {
        assert_eq!(starred("/17/account/account_id"), "/*/account/account_id");
        assert_eq!(starred(""), "");
    }
}
