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
        Some(Service::Chatwork) => with_body(status, to_ascii(&Errors { errors: vec![words] })),
        None => errors(status, &[words]),
    }
}

/// `{"errors":[…]}` of the control API.
pub fn errors<T: AsRef<str>>(status: StatusCode, words: &[T]) -> Response {
    json(status, &Errors { errors: words.iter().map(AsRef::as_ref).collect() })
}

/// A JSON answer, in UTF-8 that people can read.
pub fn json<T: Serialize + ?Sized>(status: StatusCode, body: &T) -> Response {
    with_body(status, serde_json::to_vec(body).unwrap_or_default())
}

fn with_body(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Bytes::from(body));
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
