//! Every answer of Chatday that is not success. Status and sentence come from the profile; which headers go with an
//! error, and what its sentence may name, is fixed here.

use std::collections::BTreeMap;

use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::message::FieldFault;
use super::profile::{ErrorFormat, Profile};
use super::template::Template;
use super::{answer, clauses};
use crate::clause::Clause;
use crate::wire::Response;

/// The kinds of errors, in the order in which a request meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// No operation has this path.
    UnknownPath,
    /// The path has another method.
    MethodNotAllowed,
    /// No `Authorization`.
    TokenMissing,
    /// `Authorization` is no `Bearer` credential.
    TokenMalformed,
    /// `Authorization` stands more than once.
    TokenRepeated,
    /// Nobody has this token.
    TokenUnknown,
    /// The rate limit of the profile.
    RateLimited,
    /// The body is larger than the profile allows.
    BodyTooLarge,
    /// The body is not sent as JSON.
    NotJson,
    /// The body is no JSON text.
    MalformedJson,
    /// Fields are missing or ill-typed.
    InvalidField,
    /// The token was never registered.
    NotRegistered,
    /// The application has no such chat.
    UnknownChat,
}

/// One row of the error table.
#[derive(Debug)]
pub struct ErrorRow {
    /// The kind.
    pub kind: ErrorKind,
    /// Its key below `errors` in the profile.
    pub key: &'static str,
    /// What its sentence may name in braces.
    pub places: &'static [&'static str],
    /// The header that goes with it.
    pub header: Option<HeaderName>,
    /// The clause that it enforces.
    pub clause: &'static Clause,
}

const fn row(
    kind: ErrorKind,
    key: &'static str,
    places: &'static [&'static str],
    header: Option<HeaderName>,
    clause: &'static Clause,
) -> ErrorRow {
    ErrorRow { kind, key, places, header, clause }
}

/// The error table, in the order in which a request meets the errors (clause `chatday.errors.order`).
///
/// Why this order. Path and method are known before anything else is read, and name no secret. The token comes next:
/// whoever has none learns nothing more. The rate is per token and guards all that costs more, so it stands right behind
/// the token and counts refused requests too. Size and media type are told by the head; only then is the body parsed.
/// Registration and chat are state, so they come after everything that the request alone decides.
pub static TABLE: [ErrorRow; 13] = [
    row(ErrorKind::UnknownPath, "unknown_path", &["path"], None, &clauses::ERROR_UNKNOWN_PATH),
    row(ErrorKind::MethodNotAllowed, "method_not_allowed", &["method", "allow"], Some(ALLOW), &clauses::ERROR_METHOD),
    row(ErrorKind::TokenMissing, "token_missing", &[], Some(WWW_AUTHENTICATE), &clauses::ERROR_UNAUTHORIZED),
    row(
        ErrorKind::TokenMalformed,
        "token_malformed",
        &["detail"],
        Some(WWW_AUTHENTICATE),
        &clauses::ERROR_UNAUTHORIZED,
    ),
    row(ErrorKind::TokenRepeated, "token_repeated", &[], Some(WWW_AUTHENTICATE), &clauses::ERROR_UNAUTHORIZED),
    row(ErrorKind::TokenUnknown, "token_unknown", &[], Some(WWW_AUTHENTICATE), &clauses::ERROR_UNAUTHORIZED),
    row(ErrorKind::RateLimited, "rate_limited", &["seconds"], Some(RETRY_AFTER), &clauses::ERROR_RATE_LIMIT),
    row(ErrorKind::BodyTooLarge, "body_too_large", &["limit"], None, &clauses::ERROR_TOO_LARGE),
    row(ErrorKind::NotJson, "not_json", &["detail"], None, &clauses::ERROR_MEDIA_TYPE),
    row(ErrorKind::MalformedJson, "malformed_json", &["detail"], None, &clauses::ERROR_BAD_REQUEST),
    row(ErrorKind::InvalidField, "invalid_field", &["field", "detail"], None, &clauses::ERROR_BAD_REQUEST),
    row(ErrorKind::NotRegistered, "not_registered", &["method", "path"], None, &clauses::SEND_BEFORE_REGISTER),
    row(ErrorKind::UnknownChat, "unknown_chat", &["field", "chat_id"], None, &clauses::SEND_UNKNOWN_CHAT),
];

/// What the profile says about one kind of error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorRule {
    /// Status, 400 to 599.
    pub status: StatusCode,
    /// Sentence for the peer.
    pub text: Template,
}

/// What the profile says about all kinds.
pub type ErrorRules = BTreeMap<ErrorKind, ErrorRule>;

/// An error with what its sentence and headers name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// No operation has this path.
    UnknownPath {
        /// The path of the request, without the query.
        path: String,
    },
    /// The path has another method.
    MethodNotAllowed {
        /// The method of the request.
        method: String,
        /// The methods of the path, as `Allow` lists them.
        allow: String,
    },
    /// No `Authorization`.
    TokenMissing,
    /// `Authorization` is no `Bearer` credential.
    TokenMalformed {
        /// What is wrong, without the value.
        detail: &'static str,
    },
    /// `Authorization` stands more than once.
    TokenRepeated,
    /// Nobody has this token.
    TokenUnknown,
    /// The rate limit of the profile.
    RateLimited {
        /// Whole seconds until the window ends, 1 or more.
        seconds: u64,
    },
    /// The body is larger than the profile allows.
    BodyTooLarge,
    /// The body is not sent as JSON.
    NotJson {
        /// What was found.
        detail: String,
    },
    /// The body is no JSON text.
    MalformedJson {
        /// The first fault, with its place.
        detail: String,
    },
    /// Fields are missing or ill-typed.
    InvalidFields(Vec<FieldFault>),
    /// The token was never registered.
    NotRegistered,
    /// The application has no such chat.
    UnknownChat {
        /// The id that was asked for.
        chat_id: String,
    },
}

impl ApiError {
    /// The kind, which selects the row of [`TABLE`] and the rule of the profile.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownPath { .. } => ErrorKind::UnknownPath,
            Self::MethodNotAllowed { .. } => ErrorKind::MethodNotAllowed,
            Self::TokenMissing => ErrorKind::TokenMissing,
            Self::TokenMalformed { .. } => ErrorKind::TokenMalformed,
            Self::TokenRepeated => ErrorKind::TokenRepeated,
            Self::TokenUnknown => ErrorKind::TokenUnknown,
            Self::RateLimited { .. } => ErrorKind::RateLimited,
            Self::BodyTooLarge => ErrorKind::BodyTooLarge,
            Self::NotJson { .. } => ErrorKind::NotJson,
            Self::MalformedJson { .. } => ErrorKind::MalformedJson,
            Self::InvalidFields(_) => ErrorKind::InvalidField,
            Self::NotRegistered => ErrorKind::NotRegistered,
            Self::UnknownChat { .. } => ErrorKind::UnknownChat,
        }
    }

    /// The status of the profile.
    pub fn status(&self, profile: &Profile) -> StatusCode {
        profile.errors.get(&self.kind()).map_or(StatusCode::INTERNAL_SERVER_ERROR, |rule| rule.status)
    }

    /// The sentences for the peer: one, or one for each field.
    pub fn sentences(&self, profile: &Profile) -> Vec<String> {
        let fill = |values: &[(&str, &str)]| {
            profile.errors.get(&self.kind()).map(|rule| rule.text.fill(values)).unwrap_or_default()
        };
        let one = match self {
            Self::InvalidFields(faults) => {
                return faults.iter().map(|fault| fill(&[("field", &fault.path), ("detail", &fault.detail)])).collect();
            }
            Self::TokenMissing | Self::TokenRepeated | Self::TokenUnknown => fill(&[]),
            Self::UnknownPath { path } => fill(&[("path", &cut(path))]),
            Self::MethodNotAllowed { method, allow } => fill(&[("method", &cut(method)), ("allow", allow)]),
            Self::TokenMalformed { detail } => fill(&[("detail", detail)]),
            Self::RateLimited { seconds } => fill(&[("seconds", &seconds.to_string())]),
            Self::BodyTooLarge => fill(&[("limit", &profile.limits.body_bytes.to_string())]),
            Self::NotJson { detail } | Self::MalformedJson { detail } => fill(&[("detail", detail)]),
            Self::NotRegistered => {
                fill(&[("method", profile.register.method.as_str()), ("path", &profile.register.path)])
            }
            Self::UnknownChat { chat_id } => fill(&[("field", &profile.keys.chat_id), ("chat_id", chat_id)]),
        };
        vec![one]
    }

    /// The header that goes with the error.
    pub fn header(&self, profile: &Profile) -> Option<(HeaderName, HeaderValue)> {
        let value = match self {
            Self::MethodNotAllowed { allow, .. } => HeaderValue::from_str(allow).ok()?,
            Self::RateLimited { seconds } => HeaderValue::from(*seconds),
            Self::TokenMissing | Self::TokenMalformed { .. } | Self::TokenRepeated | Self::TokenUnknown => {
                profile.challenge.clone()
            }
            _ => return None,
        };
        let name = TABLE.iter().find(|row| row.kind == self.kind())?.header.clone()?;
        Some((name, value))
    }

    /// The whole answer: `{"status":"ERROR","errors":["…"]}`, in the profile's spelling.
    pub fn response(&self, profile: &Profile) -> Response {
        let sentences = self.sentences(profile);
        let errors = match profile.error_format {
            ErrorFormat::List => Value::from(sentences),
            ErrorFormat::Text => Value::from(sentences.join(" ")),
        };
        let mut body = Map::new();
        body.insert(profile.keys.status.clone(), Value::from(profile.words.error.clone()));
        body.insert(profile.keys.errors.clone(), errors);
        answer::json(self.status(profile), &Value::Object(body), self.header(profile))
    }
}

/// At most 200 characters of what the peer sent: an error is a sentence, not an echo.
fn cut(text: &str) -> String {
    if text.chars().count() <= 200 { text.to_owned() } else { text.chars().take(200).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chatday::samples;

    #[test]
    fn the_table_has_a_row_for_every_kind_in_the_order_of_checks() {
        let kinds: Vec<ErrorKind> = TABLE.iter().map(|row| row.kind).collect();
        assert!(kinds.is_sorted(), "{kinds:?}");
        let sampled: Vec<ErrorKind> = samples::errors().iter().map(|(_, error)| error.kind()).collect();
        for kind in kinds {
            assert!(sampled.contains(&kind), "{kind:?} has no sample");
        }
    }

    #[test]
    fn a_header_goes_with_an_error_exactly_where_the_table_says() {
        let profile = Profile::default_profile();
        for (name, error) in samples::errors() {
            let row = TABLE.iter().find(|row| row.kind == error.kind()).unwrap();
            assert_eq!(error.header(&profile).map(|(name, _)| name), row.header, "{name}");
        }
    }

    #[test]
    fn the_challenge_follows_the_profile() {
        let challenge = |profile: &Profile| ApiError::TokenMissing.header(profile).unwrap().1;
        assert_eq!(challenge(&Profile::default_profile()), "Bearer");
        let realm = Profile::from_toml("authorization.challenge = 'Bearer realm=\"x\"'").unwrap();
        assert_eq!(challenge(&realm), "Bearer realm=\"x\"");
    }

    #[test]
    fn the_form_of_the_sentences_follows_the_profile() {
        let profile = Profile::from_toml(
            "keys.status = 'result'\nkeys.errors = 'reason'\nwords.error = 'NG'\nerrors.format = 'text'\n\
             errors.unknown_chat = {status = 422, text = 'ไม่พบห้อง {chat_id}'}",
        )
        .unwrap();
        let response = ApiError::UnknownChat { chat_id: "9".to_owned() }.response(&profile);
        assert_eq!(response.status(), 422);
        assert_eq!(response.body(), r#"{"result":"NG","reason":"ไม่พบห้อง 9"}"#);
    }
}
