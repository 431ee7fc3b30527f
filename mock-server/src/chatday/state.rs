//! Applications and chats, and how a request finds its way to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::chatday::chat_id::ChatId;
use contract::chatday::clauses;
use contract::chatday::endpoints::{self, Found, Operation};
use contract::chatday::errors::{ApiError, ErrorKind, TABLE};
use contract::chatday::gate;
use contract::chatday::profile::Profile;
use contract::chatday::rate_limit::Window;
use contract::wire::{Request, Response};
use serde_json::{Value, json};

use super::chats::Chat;
use super::secret::Secret;
use super::signatures::Signature;
use super::{register, send};
use crate::core::Turn;

/// The Chatday side of one world.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(super) profile: Arc<Profile>,
    /// In the order of the description: the first one is the one that the ready line names.
    pub(super) applications: Vec<Application>,
    /// In the order of the description.
    pub(super) chats: Vec<Chat>,
    pub(super) chat_index: BTreeMap<ChatId, usize>,
    pub(super) next_message_id: i64,
}

/// An external application: whoever holds one API token.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Application {
    pub(super) name: String,
    pub(super) token: Secret,
    /// Whether Register was called.
    pub(super) registered: bool,
    pub(super) signature: Signature,
    /// Where its webhooks go, once set.
    pub(super) webhook_url: Option<String>,
    /// What it used of the rate limit.
    pub(super) window: Window,
}

impl State {
    /// The profile that it follows.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Answers one request. Never fails: what is wrong with the request becomes an error of the profile, and a remark
    /// for whoever runs the mock.
    pub fn handle(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        self.remark_on_query(request, turn);
        self.answer(request, turn).unwrap_or_else(|error| {
            if let Some(row) = TABLE.iter().find(|row| row.kind == error.kind()) {
                turn.note(row.clause, self.detail(&error));
            }
            error.response(&self.profile)
        })
    }

    /// The API tokens that select this world.
    pub fn tokens(&self) -> Vec<String> {
        self.applications.iter().map(|application| application.token.reveal().to_owned()).collect()
    }

    /// Everything that no log may show: API tokens and signature tokens, also those that were rotated away.
    pub fn secrets(&self) -> Vec<String> {
        let signatures = self.applications.iter().flat_map(|application| application.signature.all());
        self.tokens().into_iter().chain(signatures.map(str::to_owned)).collect()
    }

    /// Token and chat for the ready line: of the first application, and the first chat that it has (null without one).
    /// The chat's id is a text there, whatever kind the profile puts on the wire.
    pub fn card(&self) -> Value {
        let first = self.applications.first();
        let chat = self.chats.iter().find(|chat| Some(&chat.application) == first.map(|application| &application.name));
        json!({
            "token": first.map(|application| application.token.reveal()),
            "chat_id": chat.map(|chat| chat.chat_id.as_str()),
        })
    }

    /// The checks in the order of the contract's error table (`contract::chatday::errors::TABLE` says why this order).
    fn answer(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Response, ApiError> {
        let profile = Arc::clone(&self.profile);
        let operation = match endpoints::find(&profile, request.method(), request.uri().path()) {
            Found::Endpoint(row) => row.operation,
            Found::WrongMethod(allow) => {
                return Err(ApiError::MethodNotAllowed { method: request.method().to_string(), allow });
            }
            Found::UnknownPath => return Err(ApiError::UnknownPath { path: request.uri().path().to_owned() }),
        };
        turn.operation = Some(operation.id());
        let token = gate::bearer(request.headers())?;
        let application = self
            .applications
            .iter_mut()
            .find(|application| application.token.reveal() == token)
            .ok_or(ApiError::TokenUnknown)?;
        turn.token_id = Some(format!("chatday/{}", application.name));
        if let Some(limit) = profile.limits.rate {
            limit.admit(&mut application.window, turn.now).map_err(|seconds| ApiError::RateLimited { seconds })?;
        }
        match operation {
            Operation::Register => register::handle(&profile, application, request, turn),
            Operation::SendMessage => {
                let name = application.name.clone();
                let registered = application.registered;
                send::handle(self, &name, registered, request, turn)
            }
        }
    }

    /// What an error says to the operator. The path is left out (the journal has it, with its secrets masked), and so is
    /// a secret that stood where it doesn't belong.
    fn detail(&self, error: &ApiError) -> String {
        if error.kind() == ErrorKind::UnknownPath {
            return "no operation of the profile has this path".to_owned();
        }
        let sentences = error.sentences(&self.profile).join(" ");
        self.secrets().iter().fold(sentences, |text, secret| text.replace(secret, "***"))
    }

    /// A token in the query reaches every log on its way, and counts for nothing.
    fn remark_on_query(&self, request: &Request, turn: &mut Turn<'_>) {
        let Some(query) = request.uri().query() else { return };
        let form = contract::wire::form::Form::decode(query.as_bytes());
        let holds_token = form.pairs().any(|(_, value)| {
            let value = value.strip_prefix("Bearer ").unwrap_or(value);
            self.applications.iter().any(|application| application.token.reveal() == value)
        });
        if holds_token {
            turn.note(&clauses::AUTHORIZATION_HEADER_ONLY, "a Chatday-Token stands in the query: it was ignored");
        }
    }
}

#[cfg(test)]
mod tests;
