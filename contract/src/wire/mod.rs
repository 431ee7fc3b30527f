//! Requests and responses as plain values, and the body encodings that the two services use.

mod disposition;
pub mod form;
pub mod header;
pub mod json;
pub mod multipart;

use bytes::Bytes;

/// A whole request: head and collected body. The target is in origin form.
pub type Request = http::Request<Bytes>;
/// A whole response.
pub type Response = http::Response<Bytes>;
