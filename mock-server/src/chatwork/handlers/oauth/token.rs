//! `POST /token`.

use contract::chatwork::oauth::clauses as c;
use contract::chatwork::oauth::token::{self, Grant, Granted, TokenError};
use contract::wire::{Request, Response};
use http::header::{ALLOW, AUTHORIZATION};
use http::{HeaderValue, Method};

use super::{State, stamp};
use crate::chatwork::state::oauth::Issued;
use crate::core::Turn;

/// How the journal names it.
pub(super) const OPERATION: &str = "oauth-token";

pub(super) fn answer(state: &mut State, request: &Request, turn: &mut Turn<'_>) -> Response {
    turn.operation = Some(OPERATION);
    match issue(state, request, turn) {
        Ok(issued) => token::granted(&Granted {
            access_token: &issued.access_token,
            refresh_token: &issued.refresh_token,
            scopes: &issued.scopes,
        }),
        Err(error) => {
            turn.note(error.clause(), format!("{}: {}", error.error(), words(&error)));
            let mut response = token::refusal(&error, request.headers().contains_key(AUTHORIZATION));
            if error == TokenError::Method {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            }
            response
        }
    }
}

fn issue(state: &mut State, request: &Request, turn: &mut Turn<'_>) -> Result<Issued, TokenError> {
    if request.method() != Method::POST {
        return Err(TokenError::Method);
    }
    let form = token::form(request)?;
    let client = token::authenticate(request.headers(), &form, |id| state.oauth.registration(id))?;
    let client_id = client.client_id.to_owned();
    turn.token_id = Some(format!("oauth/{client_id}"));
    let (grant, stamp) = (Grant::read(&form, &client)?, stamp(state, turn));
    match grant {
        Grant::Code { code, redirect_uri, verifier } => {
            if verifier.is_some() && !state.oauth.asks_verifier(&code) {
                turn.note(&c::PKCE_UNASKED, "a code_verifier, although no code_challenge was sent; ignored");
            }
            state.oauth.exchange(&client_id, &code, redirect_uri.as_deref(), verifier.as_deref(), stamp)
        }
        Grant::Refresh { token, scopes } => state.oauth.refresh(&client_id, &token, scopes, stamp),
    }
}

/// What the journal says. Where the peer is told its own words again they are left out: a secret may have got into them.
fn words(error: &TokenError) -> String {
    match error {
        TokenError::ClientUnknown(_) => "the client ID is unknown".to_owned(),
        TokenError::Repeated(_) => "a parameter is given more than once".to_owned(),
        TokenError::ScopeUnknown(_) => "there is no such scope".to_owned(),
        other => other.to_string(),
    }
}
