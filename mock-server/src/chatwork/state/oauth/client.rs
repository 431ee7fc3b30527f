//! Clients.

use contract::chatwork::oauth::token::{GrantType, Registration};
use contract::chatwork::oauth::{ClientKind, Scopes};

use crate::chatwork::state::account::Token;

/// A program that people may allow to act for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its public name; no other client of any world has it.
    pub client_id: String,
    /// Its secret; only confidential clients have one.
    pub secret: Option<Token>,
    /// What the consent page calls it.
    pub name: String,
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// Where answers may go: 1 to 5.
    pub redirect_uris: Vec<String>,
    /// The most that it may ask for.
    pub scopes: Scopes,
    /// How it may come by tokens.
    pub grants: Vec<GrantType>,
}

impl Client {
    /// As the contract wants to see it.
    pub fn registration(&self) -> Registration<'_> {
        Registration {
            client_id: &self.client_id,
            kind: self.kind,
            secret: self.secret.as_ref().map(|secret| secret.0.as_str()),
            redirect_uris: &self.redirect_uris,
            scopes: &self.scopes,
            grants: &self.grants,
        }
    }

    /// Its redirect URI, if it has no second one.
    pub fn only_redirect_uri(&self) -> Option<&str> {
        match self.redirect_uris.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}
