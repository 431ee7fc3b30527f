//! Values that several tests of this module need.

use super::errors::ApiError;
use super::message::FieldFault;

/// One error of every kind, each under the name of its fixture.
pub(crate) fn errors() -> Vec<(&'static str, ApiError)> {
    vec![
        ("unknown-path", ApiError::UnknownPath { path: "/chatday/message".into() }),
        ("method-not-allowed", ApiError::MethodNotAllowed { method: "HEAD".into(), allow: "GET".into() }),
        ("token-missing", ApiError::TokenMissing),
        ("token-malformed", ApiError::TokenMalformed { detail: "its scheme is not Bearer" }),
        ("token-repeated", ApiError::TokenRepeated),
        ("token-unknown", ApiError::TokenUnknown),
        ("rate-limited", ApiError::RateLimited { seconds: 42 }),
        ("body-too-large", ApiError::BodyTooLarge),
        ("not-json", ApiError::NotJson { detail: "found text/plain".into() }),
        ("malformed-json", ApiError::MalformedJson { detail: "trailing characters at line 1 column 4".into() }),
        (
            "invalid-fields",
            ApiError::InvalidFields(vec![
                FieldFault::new("message.data.url", "is missing"),
                FieldFault::new("chat_id", "expected a string, found the number 70001"),
            ]),
        ),
        ("not-registered", ApiError::NotRegistered),
        ("unknown-chat", ApiError::UnknownChat { chat_id: "ห้อง-9".into() }),
    ]
}
