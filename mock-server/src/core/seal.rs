//! From an event to what goes over the wire: request target, headers, signature. A seal can be spoilt on purpose.

use std::fmt::Write as _;

use bytes::Bytes;
use contract::chatwork::signature::WebhookKey;
use contract::chatwork::webhook::{self, EventKind};
use contract::service::Service;
use http::{HeaderName, HeaderValue, Method, Uri};
use sha2::{Digest, Sha256};

use super::outbox::Parcel;
use crate::chatday::Event;
use crate::chatwork::state::Webhook;

/// One place of a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    #[default]
    Good,
    /// Made with a secret that is not the setting's.
    Bad,
    /// Left out.
    Absent,
}

impl Mark {
    /// The words of the control API.
    pub const WORDS: [(&'static str, Self); 3] = [("good", Self::Good), ("bad", Self::Bad), ("absent", Self::Absent)];
}

/// How a delivery is signed. Chatday has no signature in the query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seal {
    /// The header.
    pub header: Mark,
    /// The copy in the query.
    pub query: Mark,
}

/// What one Chatwork setting sends.
pub fn chatwork(webhook: &Webhook, kind: EventKind, body: Bytes, seal: Seal) -> Parcel {
    // A token that is no Base64 was refused when the setting was made.
    let good = WebhookKey::from_token(&webhook.token.0).map(|key| key.sign(&body)).unwrap_or_default();
    let bad = WebhookKey::from_bytes(&another(&webhook.token.0)).map(|key| key.sign(&body)).unwrap_or_default();
    let pick = |mark| match mark {
        Mark::Good => Some(good.as_str()),
        Mark::Bad => Some(bad.as_str()),
        Mark::Absent => None,
    };
    let target = target_of(&webhook.url);
    let target = match pick(seal.query) {
        Some(signature) => webhook::with_query_copy(&target, signature),
        None => target,
    };
    let headers = webhook::headers(pick(seal.header)).into_iter();
    Parcel {
        service: Service::Chatwork,
        event: kind.word(),
        setting: webhook.id.to_string(),
        url: webhook.url.clone(),
        method: Method::POST,
        target,
        headers: headers.filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?))).collect(),
        body,
    }
}

/// What one Chatday application is sent. `signature` is the name of the header that carries the token.
pub fn chatday(event: Event, what: &'static str, signature: &HeaderName, seal: Seal) -> Parcel {
    let mut headers = event.headers;
    match seal.header {
        Mark::Good => {}
        Mark::Absent => headers.retain(|(name, _)| name != signature),
        Mark::Bad => {
            for (_, value) in headers.iter_mut().filter(|(name, _)| name == signature) {
                let hex = another(value.as_bytes()).iter().take(16).fold(String::new(), |mut text, byte| {
                    let _ = write!(text, "{byte:02x}");
                    text
                });
                if let Ok(mut other) = HeaderValue::try_from(hex) {
                    other.set_sensitive(true);
                    *value = other;
                }
            }
        }
    }
    Parcel {
        service: Service::Chatday,
        event: what,
        setting: event.application,
        target: target_of(&event.url),
        url: event.url,
        method: event.method,
        headers,
        body: event.body,
    }
}

/// Path and query of a URL, as they stand on the request line.
pub fn target_of(url: &str) -> String {
    let uri: Uri = url.parse().unwrap_or_default();
    uri.path_and_query().map_or("/", |target| target.as_str()).to_owned()
}

/// A secret that is not this one, and follows from it.
fn another(secret: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::new().chain_update("another secret than ").chain_update(secret).finalize().into()
}
