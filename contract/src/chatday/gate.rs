//! Who calls: `Authorization: Bearer <Chatday-Token>` (clauses `chatday.authorization.*`).

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::errors::ApiError;

/// The token of a request. The scheme's case doesn't matter (RFC 9110, 11.1); the token's characters are those of
/// `b64token` (RFC 6750, 2.1). Whether anybody has the token is the caller's question.
///
/// # Errors
/// [`ApiError::TokenMissing`], [`ApiError::TokenRepeated`] (also where both are equal: which one counts is nobody's
/// guess), or [`ApiError::TokenMalformed`]. None of them holds the value.
pub fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(ApiError::TokenMissing)?;
    if values.next().is_some() {
        return Err(ApiError::TokenRepeated);
    }
    let malformed = |detail| ApiError::TokenMalformed { detail };
    let text = value.to_str().map_err(|_| malformed("it holds characters beyond ASCII"))?.trim_matches([' ', '\t']);
    if text.is_empty() {
        return Err(malformed("it is empty"));
    }
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(malformed("its scheme is not Bearer"));
    }
    let token = token.trim_start_matches(' ');
    if token.is_empty() {
        return Err(malformed("there is no token behind Bearer"));
    }
    if !is_token(token) {
        return Err(malformed("the token holds a character that no token has"));
    }
    Ok(token)
}

/// Whether a text can be a token at all: letters, digits, `-._~+/`, then any number of `=`.
pub fn is_token(text: &str) -> bool {
    let core = text.trim_end_matches('=');
    !core.is_empty() && core.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chatday::errors::ErrorKind;
    use http::HeaderValue;

    fn ask(values: &[&[u8]]) -> Result<String, ErrorKind> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        bearer(&headers).map(str::to_owned).map_err(|error| error.kind())
    }

    #[test]
    fn the_scheme_may_be_in_any_case_and_blanks_may_surround() {
        for value in ["Bearer a.b-c_d~e+f/g==", "bearer a.b-c_d~e+f/g==", "BEARER   a.b-c_d~e+f/g== "] {
            assert_eq!(ask(&[value.as_bytes()]).as_deref(), Ok("a.b-c_d~e+f/g=="), "{value}");
        }
    }

    #[test]
    fn everything_else_is_refused_by_its_name() {
        assert_eq!(ask(&[]), Err(ErrorKind::TokenMissing));
        assert_eq!(ask(&[b"Bearer a", b"Bearer a"]), Err(ErrorKind::TokenRepeated));
        let malformed: [&[u8]; 12] = [
            b"",
            b" ",
            b"Bearer",
            b"Bearer ",
            b"a",
            b"Basic a",
            b"Bearera",
            b"Bearer a b",
            b"Bearer a, Bearer b",
            b"Bearer =",
            b"Bearer \"a\"",
            "Bearer ก".as_bytes(),
        ];
        for value in malformed {
            assert_eq!(ask(&[value]), Err(ErrorKind::TokenMalformed), "{}", String::from_utf8_lossy(value));
        }
    }
}
