//! OAuth 2.0: the consent page, the token endpoint, and who a Bearer token stands for.

mod consent;
mod page;
mod token;

use contract::chatwork::clauses;
use contract::chatwork::oauth::{AUTHORIZE_PATH, TOKEN_PATH};
use contract::wire::{Request, Response};

use super::{Caller, State};
use crate::chatwork::state::oauth::{BadBearer, Stamp};
use crate::core::Turn;

pub(crate) use consent::Approval;

/// Whether a path belongs to OAuth, and not to the API.
pub(crate) fn is_oauth(path: &str) -> bool {
    path == AUTHORIZE_PATH || path == TOKEN_PATH
}

/// What a request to a path of OAuth is.
pub(crate) fn operation(path: &str) -> Option<&'static str> {
    match path {
        AUTHORIZE_PATH => Some(consent::OPERATION),
        TOKEN_PATH => Some(token::OPERATION),
        _ => None,
    }
}

impl State {
    /// Answers one request to the consent page or to the token endpoint.
    pub fn authorize(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        if request.uri().path() == TOKEN_PATH {
            token::answer(self, request, turn)
        } else {
            consent::answer(self, request, turn)
        }
    }
}

/// Whom an access token stands for. Why it is no good stands in the journal alone: the peer is told one thing for all
/// (clause `chatwork.auth.bearer`).
pub(super) fn caller(state: &State, token: &str, turn: &mut Turn<'_>) -> Option<Caller> {
    match state.oauth.bearer(token, turn.now.seconds()) {
        Ok(bearer) => {
            turn.token_id = Some(format!("chatwork/{}/{}", bearer.account, bearer.client_id));
            Some(Caller { account: bearer.account, scopes: Some(bearer.scopes.clone()) })
        }
        Err(bad) => {
            let words = match bad {
                BadBearer::Expired => "the access token has expired",
                BadBearer::Unknown if token.is_empty() => "Authorization is given twice, or holds no readable token",
                BadBearer::Unknown => "this world gave out no such access token, or it was revoked",
            };
            turn.note(&clauses::BEARER, words);
            None
        }
    }
}

/// Where and when something is made up.
fn stamp<'t>(state: &State, turn: &Turn<'t>) -> Stamp<'t> {
    Stamp { seed: state.seed(), world_id: turn.world_id, second: turn.now.seconds() }
}
