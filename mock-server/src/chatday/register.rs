//! Register: activates the token and answers with the signature token, the same at each call.

use contract::chatday::errors::ApiError;
use contract::chatday::profile::Profile;
use contract::chatday::{answer, clauses};
use contract::wire::{Request, Response};
use http::HeaderValue;
use serde_json::{Map, Value};

use super::state::Application;
use crate::core::Turn;

/// Answers Register. A body is not part of it: it is bounded like any other, then ignored with a remark.
pub(super) fn handle(
    profile: &Profile,
    application: &mut Application,
    request: &Request,
    turn: &mut Turn<'_>,
) -> Result<Response, ApiError> {
    if request.body().len() > profile.limits.body_bytes {
        return Err(ApiError::BodyTooLarge);
    }
    if !request.body().is_empty() {
        turn.note(&clauses::REGISTER_METHOD, "Register was called with a body: it was ignored");
    }
    application.registered = true;
    let signature = application.signature.current();
    let mut body = Map::new();
    body.insert(profile.keys.status.clone(), Value::from(profile.words.success.clone()));
    if profile.register.token_in_body {
        body.insert(profile.keys.signature_token.clone(), Value::from(signature));
    }
    let header = profile.register.header.clone().zip(HeaderValue::from_str(signature).ok()).map(|(name, mut value)| {
        value.set_sensitive(true);
        (name, value)
    });
    Ok(answer::json(profile.register.status, &Value::Object(body), header))
}
