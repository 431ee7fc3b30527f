//! Answers held against the contract: raw JSON against the shapes, never the types that a server may answer with.

use std::sync::Arc;

use contract::chatwork::{Endpoint, clauses as c};
use contract::clause::Clause;
use contract::judge::{self, Strictness, Violation};
use contract::route;
use contract::service::Service;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::super::found::{Found, kind, settle, starred};
use crate::ask::server::{Call, Heard, Server, Talk};

/// What of an answer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aspect {
    /// Status, fields and kinds.
    Shape,
    /// That what has a body is JSON, and says so.
    Media,
    /// The spelling of the JSON text.
    Text,
    /// A list that should have been 204.
    EmptyList,
    /// What a 204 carries.
    NoContent,
    /// The headers of the limits.
    Rate,
    /// The same on 401.
    RateOn401,
    /// The envelope of errors.
    Errors,
}

/// The operation that a call names.
pub(super) fn operation(call: &Call) -> Option<&'static Endpoint> {
    let path = call.path.split('?').next().unwrap_or_default();
    route::chatwork(&call.method, &format!("{}{path}", Service::Chatwork.mount())).map(|found| found.endpoint)
}

/// Makes a call that changes nothing, once a run, and holds what the contract says of its shape against the answer.
pub(super) fn shaped(server: &mut dyn Server, call: &Call) -> Talk {
    let heard = server.recall(call);
    heard.answer()?;
    let found = found(&heard, &[Aspect::Shape]);
    settle(server, found)
}

/// Holds what the contract says of its shape against an answer; its body. How answers are written, and what they say of the
/// limits, is looked at for all of them together.
pub(super) fn kept(server: &mut dyn Server, heard: &Arc<Heard>) -> Talk<Value> {
    heard.answer()?;
    let found = found(heard, &[Aspect::Shape]);
    settle(server, found)?;
    Ok(heard.json().unwrap_or(Value::Null))
}

/// What departs from the contract in one answer, in these respects.
pub(super) fn found(heard: &Arc<Heard>, aspects: &[Aspect]) -> Vec<Found> {
    let Ok(response) = heard.answer() else { return Vec::new() };
    let endpoint = operation(&heard.call);
    let what = endpoint.map_or_else(|| heard.call.words(), |endpoint| endpoint.name.to_owned());
    let judged = || judge::exchange(endpoint, &response, Strictness::default());
    let violations = heard.violations.get_or_init(judged).iter().cloned();
    violations
        .map(|violation| Violation { clause: clause(endpoint, &violation), ..violation })
        .filter(|violation| {
            aspects.contains(&aspect(violation)) || (is_no_json(violation) && aspects.contains(&Aspect::Shape))
        })
        .map(|violation| Found {
            what: what.clone(),
            proposal: endpoint.and_then(|endpoint| proposal(endpoint, &violation, heard.json().as_ref())),
            violation,
            heard: Arc::clone(heard),
        })
        .collect()
}

/// The contract's judge names what an operation is about first. Where that says nothing of statuses and fields, the
/// sentences that do take its place.
fn clause(endpoint: Option<&Endpoint>, violation: &Violation) -> &'static Clause {
    let own = endpoint.and_then(|endpoint| endpoint.clauses.first());
    if own.is_none_or(|own| own.id != violation.clause.id) {
        return violation.clause;
    }
    match violation.place.as_str() {
        "status" => &c::STATUSES,
        _ if ABOUT_FIELDS.iter().any(|clause| clause.id == violation.clause.id) => violation.clause,
        _ => &c::FIELDS,
    }
}

/// Clauses that say which fields an answer holds.
const ABOUT_FIELDS: [&Clause; 8] = [
    &c::PROFILE,
    &c::STATUS,
    &c::MY_TASKS,
    &c::CONTACTS,
    &c::ROOM_FIELDS,
    &c::MEMBERS_REPLACED,
    &c::LINK,
    &c::REQUESTS,
];

/// What is no JSON has no shape either.
fn is_no_json(violation: &Violation) -> bool {
    violation.clause.id == c::JSON_BODY.id && violation.place.is_empty()
}

fn aspect(violation: &Violation) -> Aspect {
    let id = violation.clause.id;
    match id {
        _ if id == c::NO_CONTENT.id => Aspect::NoContent,
        _ if violation.place == CONTENT_TYPE.as_str() || is_no_json(violation) => Aspect::Media,
        _ if id == c::JSON_TEXT.id => Aspect::Text,
        _ if id == c::EMPTY_LIST.id => Aspect::EmptyList,
        _ if id == c::RATE_HEADERS.id => Aspect::Rate,
        _ if id == c::NO_RATE_HEADERS_ON_401.id => Aspect::RateOn401,
        _ if id == c::ERROR_ENVELOPE.id => Aspect::Errors,
        _ => Aspect::Shape,
    }
}

/// The change to the table of operations or shapes that would make an answer fit.
fn proposal(endpoint: &Endpoint, violation: &Violation, body: Option<&Value>) -> Option<String> {
    let name = endpoint.name;
    if violation.place == "status" {
        return Some(format!("operation {name}: add the status {}", violation.actual));
    }
    if !violation.place.starts_with('/') {
        return None;
    }
    let (parent, field) = violation.place.rsplit_once('/')?;
    let within = match starred(parent).trim_start_matches("/*").trim_start_matches('/') {
        "" => String::new(),
        parent => format!(" in `{parent}`"),
    };
    let value = body.and_then(|body| body.pointer(&violation.place));
    Some(match (value, violation.expected.as_str()) {
        (Some(value), "no such key") => format!("shape of {name}: add the field `{field}` ({}){within}", kind(value)),
        (None, _) => format!("shape of {name}: make the field `{field}` optional{within}"),
        (Some(Value::Null), _) => format!("shape of {name}: let the field `{field}` be null{within}"),
        (Some(value), words) if words.starts_with("one of ") && value.is_string() => {
            format!(
                "shape of {name}: add {} to the words of `{field}`{within}",
                violation.actual.trim_start_matches("the text ")
            )
        }
        (Some(value), words) => format!("shape of {name}: `{field}` is {words}, make it {}{within}", kind(value)),
    })
}

#[cfg(test)]
mod tests {
    use contract::chatwork::Operation;
    use serde_json::json;

    use super::*;

    fn proposed(operation: Operation, body: &Value) -> Vec<String> {
        let endpoint = Endpoint::of(operation);
        let mismatches = endpoint.body.unwrap().mismatches(body).into_iter();
        mismatches
            .filter_map(|found| {
                let violation =
                    Violation { clause: &c::IDS, place: found.pointer, expected: found.expected, actual: found.actual };
                proposal(endpoint, &violation, Some(body))
            })
            .collect()
    }

    #[test]
    fn what_differs_is_proposed_as_a_change_to_the_table() {
        assert_eq!(
            proposed(Operation::PostMessages, &json!({"message_id": 7, "thread": "x"})),
            [
                "shape of post-messages: `message_id` is a text of decimal digits, make it integer",
                "shape of post-messages: add the field `thread` (string)"
            ]
        );
        assert_eq!(
            proposed(Operation::PutMessagesRead, &json!({"unread_num": null})),
            [
                "shape of put-messages-read: let the field `unread_num` be null",
                "shape of put-messages-read: make the field `mention_num` optional"
            ]
        );
        let listed = json!([{"room_id": 1, "name": "", "icon": {}}]);
        assert!(
            proposed(Operation::GetRooms, &listed)
                .contains(&"shape of get-rooms: add the field `icon` (object)".to_owned())
        );
    }

    #[test]
    fn a_call_names_its_operation_whatever_its_query() {
        assert_eq!(operation(&Call::get("/rooms/7/messages?force=1")).map(|found| found.name), Some("get-messages"));
        assert!(operation(&Call::get("/nothing")).is_none());
    }
}
