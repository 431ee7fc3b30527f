//! How an answer is written: compact JSON in real UTF-8, with a stable set and order of headers.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

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
