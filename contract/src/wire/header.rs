//! Header names that the services define, and how a media type is read.

use http::{HeaderMap, HeaderName};

/// Chatwork's API token. Names are case-insensitive, so every spelling seen in clients is this one.
pub const CHATWORK_TOKEN: HeaderName = HeaderName::from_static("x-chatworktoken");
/// Requests allowed in a window.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
/// Requests left in the window.
pub const RATE_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
/// Unix second at which the window ends.
pub const RATE_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
/// `true` when the Free plan hides messages; absent otherwise.
pub const MESSAGE_LIMITATION: HeaderName = HeaderName::from_static("chatwork-message-limitation");
/// The sentence beside [`MESSAGE_LIMITATION`].
pub const MESSAGE_LIMITATION_SUMMARY: HeaderName = HeaderName::from_static("chatwork-message-limitation-summary");
/// Signature of a Chatwork webhook.
pub const CHATWORK_SIGNATURE: HeaderName = HeaderName::from_static("x-chatworkwebhooksignature");
/// Shared secret of a Chatday webhook.
pub const CHATDAY_SIGNATURE_TOKEN: HeaderName = HeaderName::from_static("x-chatday-signature-token");

/// Whether a message is of a media type, in any case and with any parameters; `None` without a readable `Content-Type`.
pub fn is_of(headers: &HeaderMap, media_type: &str) -> Option<bool> {
    Some(essence(headers)?.eq_ignore_ascii_case(media_type))
}

/// The media type of a message: lower case, without parameters. `None` without a readable `Content-Type`.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    essence(headers).map(str::to_ascii_lowercase)
}

/// Whether a media type is JSON: `application/json` or anything ending in `+json`.
pub fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}

fn essence(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or_default().trim();
    (!essence.is_empty()).then_some(essence)
}
