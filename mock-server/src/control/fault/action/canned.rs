//! An answer that a rule gives.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use contract::reader::Node;
use contract::wire::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::headers::{by_name, put, read};
use super::{MOST_FAULT_BYTES, base64};

/// An answer that stands in the place of the real one. Its headers are these, `Date` and `Content-Length`.
#[derive(Clone, Debug, PartialEq)]
pub struct CannedAnswer {
    /// Status, 200 to 599.
    pub status: u16,
    /// Names and values; a name may stand more than once.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: CannedBody,
}

/// A body as it was given.
#[derive(Clone, Debug, PartialEq)]
pub enum CannedBody {
    /// This text, as UTF-8.
    Text(String),
    /// This JSON, in compact form.
    Json(Value),
    /// These bytes.
    Bytes(Bytes),
}

impl CannedAnswer {
    /// The answer itself, without `Date`.
    pub(crate) fn response(&self) -> Response {
        let body = match &self.body {
            CannedBody::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
            CannedBody::Json(value) => Bytes::from(value.to_string()),
            CannedBody::Bytes(bytes) => bytes.clone(),
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        for (name, value) in &self.headers {
            put(response.headers_mut(), name, value);
        }
        response
    }

    pub(super) fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let status = object.integer("status", 200, 599);
        let headers = object.optional("headers").map(|node| read(&node)).unwrap_or_default();
        for (name, _) in headers.iter().filter(|(_, value)| value.is_none()) {
            object.fault_at("headers", format!("'{name}' has no value: leave the name out to go without it"));
        }
        let mut body = object.optional("body").map(|node| match node.value() {
            Value::String(text) => CannedBody::Text(text.clone()),
            value => CannedBody::Json(value.clone()),
        });
        if let Some(bytes) = object.optional("body_base64").and_then(|node| base64(&node)) {
            if body.is_some() {
                object.fault_at("body_base64", "the body stands in 'body' already: give one of the two");
            }
            body = Some(CannedBody::Bytes(bytes));
        }
        let at =
            if body.as_ref().is_some_and(|body| matches!(body, CannedBody::Bytes(_))) { "body_base64" } else { "body" };
        object.finish();
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let status = u16::try_from(status).unwrap_or(200);
        let answer = Self { status, headers, body: body.unwrap_or(CannedBody::Text(String::new())) };
        let length = answer.response().body().len();
        if length > MOST_FAULT_BYTES {
            node.object().fault_at(at, format!("the body has {length} bytes, at most {MOST_FAULT_BYTES} are taken"));
        }
        if length > 0 && [204, 304].contains(&status) {
            node.object().fault_at(at, format!("an answer with status {status} has no body: leave it out"));
        }
        answer
    }

    pub(super) fn to_value(&self) -> Value {
        let headers = by_name(self.headers.iter().map(|(name, value)| (name, json!(value))));
        let mut whole =
            Map::from_iter([("status".to_owned(), json!(self.status)), ("headers".to_owned(), headers.into())]);
        whole.extend(match &self.body {
            CannedBody::Text(text) => [("body".to_owned(), json!(text))],
            CannedBody::Json(value) => [("body".to_owned(), value.clone())],
            CannedBody::Bytes(bytes) => [("body_base64".to_owned(), json!(STANDARD.encode(bytes)))],
        });
        Value::Object(whole)
    }
}
