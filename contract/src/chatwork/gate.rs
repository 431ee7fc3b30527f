//! Who is calling: the token in the header, and nowhere else.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use crate::wire::header;

/// What a request's headers say about its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential<'a> {
    /// Exactly one token, to be looked up.
    Token(&'a str),
    /// None, or an empty one.
    Missing,
    /// More than one (clause `chatwork.auth.token-once`).
    Doubled,
    /// One that is not ASCII text.
    Unreadable,
    /// No token but a Bearer token of OAuth, in `Authorization` (clause `chatwork.auth.bearer`).
    Bearer,
}

/// Reads the credential of a request. Query and body are not looked at (clause `chatwork.auth.token-not-in-query`).
pub fn credential(headers: &HeaderMap) -> Credential<'_> {
    let mut values = headers.get_all(header::CHATWORK_TOKEN).iter();
    match (values.next(), values.next()) {
        (None, _) if headers.get(AUTHORIZATION).is_some_and(is_bearer) => Credential::Bearer,
        (None, _) => Credential::Missing,
        (Some(_), Some(_)) => Credential::Doubled,
        (Some(value), None) => match value.to_str() {
            Ok("") => Credential::Missing,
            Ok(token) => Credential::Token(token),
            Err(_) => Credential::Unreadable,
        },
    }
}

/// The scheme is `Bearer`, in any case (RFC 9110, 11.1).
fn is_bearer(value: &HeaderValue) -> bool {
    value.as_bytes().split(|byte| *byte == b' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"Bearer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_readable_token_is_a_credential() {
        let mut headers = HeaderMap::new();
        assert_eq!(credential(&headers), Credential::Missing);
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic Bearer"));
        assert_eq!(credential(&headers), Credential::Missing);
        headers.insert(AUTHORIZATION, HeaderValue::from_static("bearer abc"));
        assert_eq!(credential(&headers), Credential::Bearer);
        headers.append(header::CHATWORK_TOKEN, HeaderValue::from_static("abc"));
        assert_eq!(credential(&headers), Credential::Token("abc"));
        headers.append(header::CHATWORK_TOKEN, HeaderValue::from_static("abc"));
        assert_eq!(credential(&headers), Credential::Doubled);
        headers.insert(header::CHATWORK_TOKEN, HeaderValue::from_static(""));
        assert_eq!(credential(&headers), Credential::Missing);
        headers.insert(header::CHATWORK_TOKEN, HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(credential(&headers), Credential::Unreadable);
    }
}
