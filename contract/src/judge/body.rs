//! The body of an answer: JSON, its spelling and its shape.

use http::StatusCode;
use serde_json::Value;

use super::Violation;
use crate::chatwork::Endpoint;
use crate::chatwork::clauses as c;
use crate::chatwork::shapes;
use crate::shape::Shape;
use crate::wire::{Response, json};

pub(super) fn judge(endpoint: Option<&'static Endpoint>, response: &Response, found: &mut Vec<Violation>) {
    let body = response.body();
    if response.status() == StatusCode::NO_CONTENT {
        if !body.is_empty() {
            found.push(Violation::new(&c::NO_CONTENT, "", "no body", format!("{} bytes", body.len())));
        }
        return;
    }
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => {
            found.push(Violation::new(
                &c::JSON_BODY,
                "",
                "JSON",
                format!("{} bytes that are not: {error}", body.len()),
            ));
            return;
        }
    };
    if json::to_ascii(&value) != body.as_ref() {
        found.push(Violation::new(&c::JSON_TEXT, "", "compact ASCII text", "another spelling of the same JSON"));
    }
    if !response.status().is_success() {
        against(&shapes::ERRORS, &value, &|_| &c::ERROR_ENVELOPE, found);
    } else if let Some(shape) = endpoint.and_then(|endpoint| endpoint.body) {
        let own = endpoint.and_then(|endpoint| endpoint.clauses.first().copied()).unwrap_or(&c::JSON_BODY);
        let empty_list = value.as_array().is_some_and(Vec::is_empty);
        against(shape, &value, &|pointer| clause_at(pointer, empty_list, own), found);
    }
}

fn against(
    shape: &Shape,
    value: &Value,
    clause: &dyn Fn(&str) -> &'static crate::clause::Clause,
    found: &mut Vec<Violation>,
) {
    found.extend(shape.mismatches(value).into_iter().map(|mismatch| {
        Violation::new(clause(&mismatch.pointer), mismatch.pointer, mismatch.expected, mismatch.actual)
    }));
}

/// Ids have a clause of their own, and so has a list that should have been 204.
fn clause_at(pointer: &str, empty_list: bool, own: &'static crate::clause::Clause) -> &'static crate::clause::Clause {
    match pointer.rsplit('/').next() {
        Some("") if empty_list => &c::EMPTY_LIST,
        Some(key) if key.ends_with("_id") => &c::IDS,
        _ => own,
    }
}
