//! Register: activates the token and answers with the signature token, the same at each call.

use contract::chatday::errors::ApiError;
use contract::chatday::profile::Profile;
use contract::chatday::{answer, clauses};
use contract::wire::{Request, Response};

use super::state::Application;
use crate::control::event::Change;
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
    if !application.registered {
        turn.changed(Change::Registered { application: application.name.clone() });
    }
    application.registered = true;
    Ok(answer::registered(profile, application.signature.current()))
}
