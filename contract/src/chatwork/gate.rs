//! Who is calling: the API token or the access token of OAuth, each in its header, and nowhere else.

use http::HeaderMap;
use http::header::AUTHORIZATION;

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
    /// No API token but a Bearer token of OAuth, in `Authorization` (clause `chatwork.auth.bearer`): to be looked up.
    /// Empty where the header stands more than once or holds no readable token: nobody has that one.
    Bearer(&'a str),
}

/// Reads the credential of a request. Query and body are not looked at (clause `chatwork.auth.token-not-in-query`).
pub fn credential(headers: &HeaderMap) -> Credential<'_> {
    let mut values = headers.get_all(header::CHATWORK_TOKEN).iter();
    match (values.next(), values.next()) {
        (None, _) => bearer(headers).map_or(Credential::Missing, Credential::Bearer),
        (Some(_), Some(_)) => Credential::Doubled,
        (Some(value), None) => match value.to_str() {
            Ok("") => Credential::Missing,
            Ok(token) => Credential::Token(token),
            Err(_) => Credential::Unreadable,
        },
    }
}

/// The token of the first `Authorization` whose scheme is `Bearer`, in any case (RFC 9110, 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter().map(|value| value.as_bytes());
    let of = |value: &[u8]| {
        let scheme = value.split(|byte| *byte == b' ').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"Bearer").then_some(scheme.len())
    };
    let (value, scheme) = values.by_ref().find_map(|value| Some((value, of(value)?)))?;
    let token = value.get(scheme..).unwrap_or_default().trim_ascii();
    let readable = std::str::from_utf8(token).ok().filter(|_| values.next().is_none());
    Some(readable.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn exactly_one_readable_token_is_a_credential() {
        let mut headers = HeaderMap::new();
        assert_eq!(credential(&headers), Credential::Missing);
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic Bearer"));
        assert_eq!(credential(&headers), Credential::Missing);
        headers.insert(AUTHORIZATION, HeaderValue::from_static("bearer abc"));
        assert_eq!(credential(&headers), Credential::Bearer("abc"));
        headers.append(header::CHATWORK_TOKEN, HeaderValue::from_static("abc"));
        assert_eq!(credential(&headers), Credential::Token("abc"));
        headers.append(header::CHATWORK_TOKEN, HeaderValue::from_static("abc"));
        assert_eq!(credential(&headers), Credential::Doubled);
        headers.insert(header::CHATWORK_TOKEN, HeaderValue::from_static(""));
        assert_eq!(credential(&headers), Credential::Missing);
        headers.insert(header::CHATWORK_TOKEN, HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(credential(&headers), Credential::Unreadable);
    }

    #[test]
    fn a_bearer_token_stands_in_one_header_behind_its_scheme() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            match credential(&headers) {
                Credential::Bearer(token) => Some(token.to_owned()),
                _ => None,
            }
        };
        assert_eq!(of(&["Bearer  a.b.c "]).as_deref(), Some("a.b.c"));
        assert_eq!(of(&["BEARER"]).as_deref(), Some(""));
        assert_eq!(of(&["Bearer a", "Bearer a"]).as_deref(), Some(""), "two are none");
        assert_eq!(of(&["Basic x", "Bearer a"]).as_deref(), Some("a"));
        assert_eq!(of(&["Bearera b"]), None);
        assert_eq!(of(&["Token a"]), None);
    }
}
