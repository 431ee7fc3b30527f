//! How an answer is written: compact JSON in real UTF-8, with a stable set and order of headers.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::profile::Profile;
use crate::wire::Response;

/// The media type of every answer.
pub const MEDIA_TYPE: &str = "application/json; charset=utf-8";

/// An answer: `Content-Type`, `Content-Length`, then the given header.
pub fn json(status: StatusCode, body: &Value, header: Option<(HeaderName, HeaderValue)>) -> Response {
    let bytes = Bytes::from(body.to_string());
    let length = bytes.len();
    let mut response = Response::new(bytes);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    if let Some((name, value)) = header {
        headers.insert(name, value);
    }
    response
}

/// The answer of Register (clauses `chatday.register.answer`, `chatday.register.body`). A signature token that no header
/// can carry stands in the body only.
pub fn registered(profile: &Profile, signature_token: &str) -> Response {
    let mut body = succeeded(profile);
    if profile.register.token_in_body {
        body.insert(profile.keys.signature_token.clone(), Value::from(signature_token));
    }
    let value = HeaderValue::from_str(signature_token).ok().map(|mut value| {
        value.set_sensitive(true);
        value
    });
    json(profile.register.status, &Value::Object(body), profile.register.header.clone().zip(value))
}

/// The answer of Send Message (clause `chatday.send.answer`).
pub fn sent(profile: &Profile, message_id: &str) -> Response {
    let mut body = succeeded(profile);
    body.insert(profile.keys.message_id.clone(), profile.ids.message_id.render(message_id));
    json(profile.send.status, &Value::Object(body), None)
}

fn succeeded(profile: &Profile) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert(profile.keys.status.clone(), Value::from(profile.words.success.clone()));
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_utf_8_and_the_length_is_in_bytes() {
        let response = json(StatusCode::OK, &serde_json::json!({"ก": "😀"}), None);
        assert_eq!(response.body(), "{\"ก\":\"😀\"}");
        assert_eq!(response.headers()[CONTENT_LENGTH], "14");
        assert_eq!(response.headers()[CONTENT_TYPE], MEDIA_TYPE);
    }
}
