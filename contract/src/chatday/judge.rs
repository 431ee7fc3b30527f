//! Holds an answer of Chatday against the contract, with a profile in hand. Pure; reads raw JSON.

use http::header::CONTENT_TYPE;
use http::{HeaderName, StatusCode};
use serde_json::Value;

use super::chat_id::IdKind;
use super::clauses as c;
use super::endpoints::{self, Operation};
use super::errors::{ErrorKind, TABLE};
use super::profile::{ErrorFormat, Profile};
use crate::judge::Violation;
use crate::reader::describe;
use crate::wire::{Response, header};

/// Judges an answer. `operation` is what the request named, `None` when it named nothing.
pub fn exchange(profile: &Profile, operation: Option<Operation>, response: &Response) -> Vec<Violation> {
    let mut found = Vec::new();
    let success = operation.and_then(|operation| {
        endpoints::table(profile).into_iter().find(|row| row.operation == operation).map(|row| row.success)
    });
    let status = response.status();
    if Some(status) != success && !error_statuses(profile, operation).contains(&status) {
        let expected = success.map_or_else(
            || "an error of the table".to_owned(),
            |success| format!("{success} or an error of the table"),
        );
        found.push(Violation::new(&c::ERROR_ENVELOPE, "status", expected, status.to_string()));
    }
    if header::media_type(response.headers()).as_deref() != Some("application/json") {
        let actual =
            response.headers().get(CONTENT_TYPE).map_or("none", |value| value.to_str().unwrap_or("unreadable"));
        found.push(Violation::new(&c::SEND_JSON, CONTENT_TYPE.as_str(), "application/json", actual));
    }
    let body: Value = match serde_json::from_slice(response.body()) {
        Ok(body) => body,
        Err(error) => {
            found.push(Violation::new(&c::ERROR_ENVELOPE, "", "JSON", format!("other bytes: {error}")));
            return found;
        }
    };
    match operation.filter(|_| Some(status) == success) {
        Some(operation) => succeeded(profile, operation, response, &body, &mut found),
        None => failed(profile, response, &body, &mut found),
    }
    found
}

/// The statuses that the profile gives to errors. Without an operation only path and method can be wrong.
fn error_statuses(profile: &Profile, operation: Option<Operation>) -> Vec<StatusCode> {
    let nowhere = [ErrorKind::UnknownPath, ErrorKind::MethodNotAllowed];
    let fits = |kind: &ErrorKind| operation.is_some() != nowhere.contains(kind);
    profile.errors.iter().filter(|(kind, _)| fits(kind)).map(|(_, rule)| rule.status).collect()
}

fn succeeded(profile: &Profile, operation: Operation, response: &Response, body: &Value, found: &mut Vec<Violation>) {
    let (keys, register) = (&profile.keys, &profile.register);
    let clause = if operation == Operation::Register { &c::REGISTER_BODY } else { &c::SEND_ANSWER };
    word(body, &keys.status, &profile.words.success, clause, found);
    match operation {
        Operation::Register => {
            if register.token_in_body
                && body.get(&keys.signature_token).and_then(Value::as_str).is_none_or(str::is_empty)
            {
                let place = format!("/{}", keys.signature_token);
                found.push(Violation::new(&c::REGISTER_ANSWER, place, "the signature token", "nothing"));
            }
            // A token that no header can carry stands in the body only.
            if let Some(name) = register.header.as_ref().filter(|_| !register.token_in_body) {
                needs_header(response, name, &c::REGISTER_ANSWER, found);
            }
        }
        Operation::SendMessage => {
            let id = body.get(&keys.message_id);
            let fits = match profile.ids.message_id {
                IdKind::String => id.is_some_and(|id| id.as_str().is_some_and(|text| !text.is_empty())),
                IdKind::Integer => id.is_some_and(|id| id.is_u64() || id.is_i64()),
            };
            if !fits {
                let actual = id.map_or_else(|| "nothing".to_owned(), describe);
                found.push(Violation::new(
                    &c::SEND_ANSWER,
                    format!("/{}", keys.message_id),
                    "the message's id",
                    actual,
                ));
            }
        }
    }
}

fn failed(profile: &Profile, response: &Response, body: &Value, found: &mut Vec<Violation>) {
    let keys = &profile.keys;
    word(body, &keys.status, &profile.words.error, &c::ERROR_ENVELOPE, found);
    let errors = body.get(&keys.errors);
    let is_sentence = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let fits = errors.is_some_and(|errors| match profile.error_format {
        ErrorFormat::List => errors.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_sentence)),
        ErrorFormat::Text => is_sentence(errors),
    });
    if !fits {
        let actual = errors.map_or_else(|| "nothing".to_owned(), describe);
        found.push(Violation::new(&c::ERROR_ENVELOPE, format!("/{}", keys.errors), "at least one sentence", actual));
    }
    // Several kinds may share a status: a header is asked for where all of them have it.
    let here: Vec<_> = TABLE
        .iter()
        .filter(|row| profile.errors.get(&row.kind).is_some_and(|rule| rule.status == response.status()))
        .collect();
    if let Some(name) = here.first().and_then(|row| row.header.as_ref())
        && here.iter().all(|row| row.header.as_ref() == Some(name))
    {
        needs_header(response, name, here.first().map_or(&c::ERROR_ENVELOPE, |row| row.clause), found);
    }
}

fn word(body: &Value, key: &str, expected: &str, clause: &'static crate::clause::Clause, found: &mut Vec<Violation>) {
    let value = body.get(key);
    if value.and_then(Value::as_str) != Some(expected) {
        let actual = value.map_or_else(|| "nothing".to_owned(), describe);
        found.push(Violation::new(clause, format!("/{key}"), format!("the text {expected:?}"), actual));
    }
}

fn needs_header(
    response: &Response,
    name: &HeaderName,
    clause: &'static crate::clause::Clause,
    found: &mut Vec<Violation>,
) {
    if !response.headers().contains_key(name) {
        found.push(Violation::new(clause, name.as_str(), "this header", "nothing"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chatday::{answer, samples};
    use bytes::Bytes;

    fn places(operation: Option<Operation>, response: &Response) -> Vec<String> {
        exchange(&Profile::default_profile(), operation, response)
            .into_iter()
            .map(|violation| violation.place)
            .collect()
    }

    #[test]
    fn the_contract_s_own_answers_keep_it() {
        let profile = Profile::default_profile();
        assert_eq!(places(Some(Operation::Register), &answer::registered(&profile, "secret")), [""; 0]);
        assert_eq!(places(Some(Operation::SendMessage), &answer::sent(&profile, "7")), [""; 0]);
        for (name, error) in samples::errors() {
            let nowhere = matches!(error.kind(), ErrorKind::UnknownPath | ErrorKind::MethodNotAllowed);
            let operation = (!nowhere).then_some(Operation::SendMessage);
            assert_eq!(places(operation, &error.response(&profile)), [""; 0], "{name}");
        }
    }

    #[test]
    fn each_departure_is_found() {
        let profile = Profile::default_profile();
        let spoil = |operation, edit: &dyn Fn(&mut Response)| {
            let mut response = match operation {
                Operation::Register => answer::registered(&profile, "secret"),
                Operation::SendMessage => answer::sent(&profile, "7"),
            };
            edit(&mut response);
            places(Some(operation), &response)
        };
        let body = |text: &'static str| {
            move |response: &mut Response| *response.body_mut() = Bytes::from_static(text.as_bytes())
        };
        assert_eq!(spoil(Operation::SendMessage, &body(r#"{"status":"success","message_id":"7"}"#)), ["/status"]);
        assert_eq!(spoil(Operation::SendMessage, &body(r#"{"status":"SUCCESS","message_id":7}"#)), ["/message_id"]);
        assert_eq!(spoil(Operation::Register, &body(r#"{"status":"SUCCESS"}"#)), ["/Chatday-Signature-Token"]);
        assert_eq!(spoil(Operation::Register, &body("oops")), [""]);
        assert_eq!(
            spoil(Operation::Register, &|response| drop(response.headers_mut().remove(CONTENT_TYPE))),
            ["content-type"]
        );
        assert_eq!(
            spoil(Operation::SendMessage, &|response| *response.status_mut() = StatusCode::CREATED),
            ["status", "/status", "/errors"]
        );
        let mut unauthorized = samples::errors()
            .into_iter()
            .find(|(_, error)| error.kind() == ErrorKind::TokenMissing)
            .unwrap()
            .1
            .response(&profile);
        unauthorized.headers_mut().remove("www-authenticate");
        assert_eq!(places(Some(Operation::Register), &unauthorized), ["www-authenticate"]);
    }
}
