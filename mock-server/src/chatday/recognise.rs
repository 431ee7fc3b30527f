//! What can be told about a request without serving it: for rules that decide what becomes of it.

use contract::chatday::endpoints::{self, Found};
use contract::chatday::errors::ApiError;
use contract::chatday::gate;
use contract::wire::{Request, Response};

use super::State;
use crate::core::Turn;

impl State {
    /// Names the caller and the operation of a request.
    pub fn recognise(&self, request: &Request, turn: &mut Turn<'_>) {
        if let Found::Endpoint(row) = endpoints::find(self.profile(), request.method(), request.uri().path()) {
            turn.operation = Some(row.operation.id());
        }
        turn.token_id = gate::bearer(request.headers()).ok().and_then(|token| self.token_id_of(token));
    }

    /// Whose token a text is: `chatday/shop`.
    pub fn token_id_of(&self, token: &str) -> Option<String> {
        let owner = self.applications.iter().find(|application| application.token.reveal() == token)?;
        Some(format!("chatday/{}", owner.name))
    }

    /// The answer of the rate limit, which need not be used up and of which the profile need not know.
    pub fn limited(&self, seconds: u64) -> Response {
        ApiError::RateLimited { seconds }.response(self.profile())
    }
}
