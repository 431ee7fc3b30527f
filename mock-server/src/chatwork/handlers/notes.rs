//! What is remarkable about a request, for whoever runs the mock. The peer never sees it.

use contract::chatwork::arguments;
use contract::chatwork::clauses;
use contract::chatwork::endpoints::Carrier;
use contract::chatwork::{Edition, Endpoint};
use contract::wire::form::Form;
use contract::wire::{Request, header};

use super::State;
use crate::core::Turn;

/// Notes a token that travels in the query string. Its value is not in the note.
pub(super) fn token_elsewhere(state: &State, request: &Request, turn: &mut Turn<'_>) {
    let Some(query) = request.uri().query() else { return };
    for (name, value) in Form::decode(query.as_bytes()).pairs() {
        if name.eq_ignore_ascii_case(header::CHATWORK_TOKEN.as_str()) || state.account_of_token(value).is_some() {
            turn.note(&clauses::TOKEN_NOT_IN_QUERY, format!("the query parameter '{name}' carries an API token"));
        }
    }
}

/// Notes parameters that travel where they are not read, or not read any more.
pub(super) fn parameters(endpoint: &'static Endpoint, edition: Edition, request: &Request, turn: &mut Turn<'_>) {
    if !matches!(endpoint.carrier, Carrier::Form | Carrier::Multipart) {
        return;
    }
    let names = arguments::query_names(endpoint, request);
    if !names.is_empty() {
        let outcome = if edition == Edition::Documented { "read in this edition" } else { "ignored" };
        let names = names.join(", ");
        turn.note(&clauses::BODY_ONLY, format!("parameters in the query string ({names}); {outcome}"));
    }
    let is_form = header::is_of(request.headers(), "application/x-www-form-urlencoded") == Some(true);
    let is_json = || header::media_type(request.headers()).is_some_and(|media_type| header::is_json(&media_type));
    if !is_form && is_json() && !request.body().is_empty() {
        turn.note(&clauses::JSON_IGNORED, "the body is JSON, which no operation reads");
    }
}
