//! Hand-written observations for the judges' own tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::service::Service;
use contract::wire::form::Form;
use serde_json::json;

use crate::ask::observed::{ClientCall, Connection, Ending, Given, Observation, StoredMessage};

/// The token of every observation.
pub(crate) const TOKEN: &str = "token-for-tests-0123456789";
/// Its signature token.
pub(crate) const SIGNATURE: &str = "signature-for-tests-0123456789";

/// Milliseconds.
pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A program that made these requests and ended with status 0. What it sent with success is stored.
pub(crate) fn seen(service: Service, scenario: &'static str, calls: Vec<ClientCall>) -> Observation {
    let stored = calls
        .iter()
        .filter(|call| {
            matches!(call.operation.as_deref(), Some("post-messages" | "send-message")) && call.status == 200
        })
        .filter_map(|call| super::look::texts(call).pop())
        .map(|text| StoredMessage { place: "7".into(), text })
        .collect();
    let connection = |call: &ClientCall| Connection { opened_at: call.at, closed_at: call.answered_at, requests: 1 };
    Observation {
        scenario,
        service,
        given: Given {
            token: TOKEN.into(),
            secrets: vec![SIGNATURE.into()],
            place: "7".into(),
            text: "conformance-text: is anybody there?".into(),
            prefix: service.mount().into(),
            intercepted: false,
        },
        connections: calls.iter().map(connection).collect(),
        took: calls.iter().filter_map(|call| call.answered_at).max().unwrap_or_default() + ms(10),
        calls,
        strays: Vec::new(),
        refused_handshakes: 0,
        stored,
        moments: BTreeMap::new(),
        started_at_ms: 1_000_000,
        runs: vec![Duration::ZERO],
        ending: Ending::Exited(0),
        reports_failure: false,
        left_behind: 0,
        stdout: Bytes::new(),
        stderr: Bytes::new(),
        output_is_cut: false,
        peak_in_flight: 1,
        plain: None,
    }
}

/// A request of an operation without a body, answered 10 ms after it came.
pub(crate) fn call(service: Service, at: u64, method: &str, path: &str, operation: &str, status: u16) -> ClientCall {
    let token = match service {
        Service::Chatwork => ("x-chatworktoken".to_owned(), Bytes::from(TOKEN)),
        Service::Chatday => ("authorization".to_owned(), Bytes::from(format!("Bearer {TOKEN}"))),
    };
    ClientCall {
        at: ms(at),
        answered_at: Some(ms(at + 10)),
        connection: 0,
        method: method.into(),
        target: format!("{}{path}", service.mount()),
        headers: vec![("host".into(), Bytes::from("127.0.0.1")), token],
        body: Bytes::new(),
        status,
        answer_headers: Vec::new(),
        answer_body: Bytes::new(),
        operation: Some(operation.into()),
        fault: None,
        violations: Vec::new(),
    }
}

/// A look at the caller's profile, or a registration.
pub(crate) fn look(service: Service, at: u64, status: u16) -> ClientCall {
    match service {
        Service::Chatwork => call(service, at, "GET", "/me", "get-me", status),
        Service::Chatday => call(service, at, "GET", "/register", "register", status),
    }
}

/// A message that is sent as it should be.
pub(crate) fn send(service: Service, at: u64, text: &str, status: u16) -> ClientCall {
    let (mut call, media_type, body) = match service {
        Service::Chatwork => {
            let mut form = Form::default();
            form.push("body", text);
            let call = call(service, at, "POST", "/rooms/7/messages", "post-messages", status);
            (call, "application/x-www-form-urlencoded", form.encode())
        }
        Service::Chatday => {
            let body = json!({"chat_id": "7", "message": {"type": "text", "data": text}}).to_string();
            (call(service, at, "POST", "/messages", "send-message", status), "application/json", body)
        }
    };
    call.headers.push(("content-type".into(), Bytes::from(media_type)));
    call.body = Bytes::from(body);
    call
}

/// The same, after it met a fault.
pub(crate) fn met(fault: &'static str, call: ClientCall) -> ClientCall {
    ClientCall { fault: Some(fault), ..call }
}

/// The same, with a header in the answer.
pub(crate) fn answered(mut call: ClientCall, name: &str, value: &str) -> ClientCall {
    call.answer_headers.push((name.to_owned(), Bytes::from(value.to_owned())));
    call
}

/// The same, declared to be of another media type; of none where that is empty.
pub(crate) fn with_type(mut call: ClientCall, media_type: &str) -> ClientCall {
    call.headers.retain(|(name, _)| name != "content-type");
    if !media_type.is_empty() {
        call.headers.push(("Content-Type".into(), Bytes::from(media_type.to_owned())));
    }
    call
}

/// The same, compared with what it does where nothing goes wrong: sending these texts.
pub(crate) fn usually(mut seen: Observation, texts: &[&str]) -> Observation {
    let service = seen.service;
    let calls = texts.iter().zip(0..).map(|(text, number)| send(service, number * 20, text, 200)).collect();
    seen.plain = Some(Arc::new(self::seen(service, "all-is-well", calls)));
    seen
}

/// The same, ended otherwise.
pub(crate) fn ended(seen: Observation, ending: Ending) -> Observation {
    Observation { ending, ..seen }
}
