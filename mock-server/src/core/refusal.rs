//! Answers that no service gives, in the service's own form.

use bytes::Bytes;
use contract::service::Service;
use contract::wire::{Response, json::to_ascii};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// An error in the form of a service, or of the control API where there is none.
pub fn response(service: Option<Service>, status: StatusCode, words: &str) -> Response {
    match service {
        Some(Service::Chatday) => json(status, &Chatday { status: "ERROR", errors: [words] }),
        _ => errors(status, &[words]),
    }
}

/// `{"errors":[…]}`.
pub fn errors<T: AsRef<str>>(status: StatusCode, words: &[T]) -> Response {
    json(status, &Errors { errors: words.iter().map(AsRef::as_ref).collect() })
}

/// A JSON answer.
pub fn json<T: Serialize + ?Sized>(status: StatusCode, body: &T) -> Response {
    let mut response = Response::new(Bytes::from(to_ascii(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

#[derive(Serialize)]
struct Errors<'a> {
    errors: Vec<&'a str>,
}

#[derive(Serialize)]
struct Chatday<'a> {
    status: &'a str,
    errors: [&'a str; 1],
}
