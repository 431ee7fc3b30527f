//! Whose request it is, where no API token says so: the id of an OAuth client selects its world.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::chatwork::gate::{self, Credential};
use contract::chatwork::oauth::token::named_clients;
use http::HeaderMap;
use http::request::Parts;
use serde_json::Value;

use crate::core::registry::{Cell, Index};

/// The world of the client that a request to the consent page or the token endpoint names.
pub(super) fn client<'a>(index: &'a Index, parts: &Parts, body: &[u8]) -> Option<&'a Arc<Cell>> {
    let query = parts.uri.query().unwrap_or_default();
    named_clients(&parts.headers, body, query).iter().find_map(|id| index.by_token(id.as_bytes()))
}

/// The world of an access token, by its claim `client_id`. Nobody takes its word: that world looks the token up.
pub(super) fn access_token<'a>(index: &'a Index, headers: &HeaderMap) -> Option<&'a Arc<Cell>> {
    // The gate says nothing of a Bearer token beside an API token, which counts even where it is nobody's.
    let Credential::Bearer(token) = gate::credential(headers) else { return None };
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    index.by_token(claims.get("client_id")?.as_str()?.as_bytes())
}
