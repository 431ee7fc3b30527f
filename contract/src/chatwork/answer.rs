//! Whole answers with their headers, in one order: content type, length, vary, then the limits. The date is the
//! world's and is added behind them.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use super::errors::ApiError;
use super::ratelimit::Standing;
use super::types::Errors;
use crate::wire::{Response, header, json};

/// The content type of every answer with a body.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const VARIES: HeaderValue = HeaderValue::from_static("Accept-Encoding,User-Agent");

/// 200 with a body.
pub fn ok<T: Serialize + ?Sized>(body: &T) -> Response {
    with_body(StatusCode::OK, json::to_ascii(body))
}

/// A status with JSON text that is already written.
pub fn with_body(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let body: Bytes = body.into();
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.insert(VARY, VARIES);
    whole(status, headers, body)
}

/// 204: no body, no content type.
pub fn no_content() -> Response {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(VARY, VARIES);
    whole(StatusCode::NO_CONTENT, headers, Bytes::new())
}

/// A refusal, with its own text.
pub fn refusal(error: &ApiError) -> Response {
    refusal_with(error.status(), &error.text())
}

/// A refusal with a text of the caller's choice.
pub fn refusal_with(status: StatusCode, text: &str) -> Response {
    with_body(status, json::to_ascii(&Errors { errors: [text] }))
}

/// Adds what a 401 says about a Bearer token (clause `chatwork.auth.bearer`).
pub fn add_bearer_challenge(response: &mut Response) {
    let told =
        HeaderValue::from_static(r#"Bearer error="invalid_token", error_description="The access token expired""#);
    response.headers_mut().insert(WWW_AUTHENTICATE, told);
}

/// Adds the three limit headers (clause `chatwork.limits.headers`).
pub fn add_rate_headers(response: &mut Response, standing: Standing) {
    let headers = response.headers_mut();
    headers.insert(header::RATE_LIMIT, HeaderValue::from(standing.limit));
    headers.insert(header::RATE_REMAINING, HeaderValue::from(standing.remaining));
    headers.insert(header::RATE_RESET, HeaderValue::from(standing.reset_second));
}

/// Adds the headers that say that the Free plan hides messages (clause `chatwork.messages.limitation`).
pub fn add_limitation_headers(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::MESSAGE_LIMITATION, HeaderValue::from_static("true"));
    headers.insert(
        header::MESSAGE_LIMITATION_SUMMARY,
        HeaderValue::from_static("Messages older than 40 days are hidden in the Free plan"),
    );
}

fn whole(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_lengths_that_the_official_dumps_print() {
        let required = refusal(&ApiError::Required(&super::super::params::BODY));
        assert_eq!(required.body().len(), 43);
        assert_eq!(required.body(), r#"{"errors":["Parameter 'body' is required"]}"#);
        assert_eq!(required.headers()[CONTENT_LENGTH], "43");
        let posted = ok(&super::super::types::MessageId { message_id: "1928374655918273645" });
        assert_eq!(posted.body().len(), 36);
    }
}
