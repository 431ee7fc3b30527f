//! OAuth 2.0 of one world: clients, what people allowed them, and the tokens that came of it.
//!
//! Access tokens are kept by their digest alone: who brings one back is found without looking at its signature. Time is
//! counted in whole seconds, as the claim `exp` does: what ends at a second is no good in that second.

use std::collections::BTreeMap;

use contract::chatwork::oauth::token::{Fault, Registration, TokenError};
use contract::chatwork::oauth::{
    ACCESS_SECONDS, AUTHORIZE_PATH, CODE_SECONDS, Consent, REFRESH_SECONDS, Scope, Scopes, TOKEN_PATH,
};
use serde_json::{Value, json};

use super::account::Token;
use super::ids::AccountId;
use crate::core::origin::made_up;

mod client;
mod dump;
mod jwt;
mod load;
mod permit;

pub use client::Client;
pub use permit::{Access, Code, Digest, Permit, Refresh};

/// The OAuth side of one world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OAuth {
    clients: Vec<Client>,
    permits: BTreeMap<u64, Permit>,
    /// How many values were made up so far; the newest permit's number is at most that.
    counter: u64,
    // What follows can be told from the above.
    by_code: BTreeMap<Token, u64>,
    by_refresh: BTreeMap<Token, u64>,
    by_access: BTreeMap<Digest, u64>,
}

/// Where and when something is made up.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// What it follows from.
    pub seed: u64,
    /// In which world.
    pub world_id: &'a str,
    /// Unix second.
    pub second: i64,
}

/// Tokens that were just given out.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The JWT.
    pub access_token: String,
    /// What renews it.
    pub refresh_token: String,
    /// What it may do.
    pub scopes: Scopes,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Issued(hidden, {})", self.scopes)
    }
}

/// Whom a good access token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer<'s> {
    /// The person.
    pub account: AccountId,
    /// The client that acts for them.
    pub client_id: &'s str,
    /// What it may do.
    pub scopes: &'s Scopes,
}

/// Why an access token is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBearer {
    /// This world gave out no such token, or revoked it.
    Unknown,
    /// It is older than half an hour.
    Expired,
}

impl OAuth {
    /// A client.
    pub fn client(&self, client_id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.client_id == client_id)
    }

    /// A client, as the contract wants to see it.
    pub fn registration(&self, client_id: &str) -> Option<Registration<'_>> {
        self.client(client_id).map(Client::registration)
    }

    /// The ids of all clients: each selects this world.
    pub fn client_ids(&self) -> impl Iterator<Item = &str> {
        self.clients.iter().map(|client| client.client_id.as_str())
    }

    /// What must never be written down: secrets of clients, and the codes and refresh tokens that there are now.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let tokens = self.by_code.keys().chain(self.by_refresh.keys());
        self.clients.iter().filter_map(|client| client.secret.as_ref()).chain(tokens).map(|token| token.0.as_str())
    }

    /// What somebody needs for a first consent: both addresses, the first client, and a redirect URI of its.
    pub fn card(&self, base_url: &str) -> Value {
        let client = self.clients.first();
        json!({
            "authorize_url": format!("{base_url}{AUTHORIZE_PATH}"),
            "token_url": format!("{base_url}{TOKEN_PATH}"),
            "client_id": client.map(|client| &client.client_id),
            "client_secret": client.and_then(|client| client.secret.as_ref()).map(|secret| &secret.0),
            "redirect_uri": client.and_then(|client| client.redirect_uris.first()),
        })
    }

    /// Somebody allows a client what it asked for. Answers the code.
    pub fn approve(&mut self, consent: &Consent, account: AccountId, stamp: Stamp<'_>) -> String {
        self.forget(stamp.second);
        let number = self.next();
        let code = Token(made_up(stamp.seed, stamp.world_id, &format!("oauth/code/{number}")));
        let permit = Permit {
            client_id: consent.client_id.clone(),
            account,
            scopes: consent.scopes.clone(),
            redirect_uri: consent.redirect_uri.clone(),
            challenge: consent.challenge.clone(),
            code: Some(Code { value: code.clone(), expires: stamp.second.saturating_add(CODE_SECONDS), used: false }),
            refresh: None,
            access: BTreeMap::new(),
        };
        self.place(number, permit);
        code.0
    }

    /// A client exchanges a code.
    ///
    /// # Errors
    /// `invalid_grant`, or `invalid_request` without the verifier. A code that was used before takes its tokens along.
    pub fn exchange(
        &mut self,
        client_id: &str,
        code: &str,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
        stamp: Stamp<'_>,
    ) -> Result<Issued, TokenError> {
        let unknown = || TokenError::Grant(Fault::CodeUnknown);
        let number = self.by_code.get(code).copied().ok_or_else(unknown)?;
        let only = self.client(client_id).and_then(Client::only_redirect_uri);
        let permit = self.permits.get(&number).filter(|permit| permit.client_id == client_id).ok_or_else(unknown)?;
        let scopes = permit.scopes.clone();
        let checked = permit.check_exchange(redirect_uri, only, verifier, stamp.second);
        if checked == Err(TokenError::Grant(Fault::CodeUsed)) {
            self.revoke(number);
        }
        checked?;
        let lasting = scopes.cover(Scope::OfflineAccess);
        let refresh = Token(made_up(stamp.seed, stamp.world_id, &format!("oauth/refresh/{}", self.next())));
        if let Some(permit) = self.permits.get_mut(&number) {
            permit.code.iter_mut().for_each(|code| code.used = true);
            let expires = (!lasting).then_some(stamp.second.saturating_add(REFRESH_SECONDS));
            permit.refresh = Some(Refresh { token: refresh.clone(), expires });
        }
        self.by_refresh.insert(refresh.clone(), number);
        Ok(self.issue(number, refresh.0, scopes, stamp))
    }

    /// Whether the exchange of a code needs a verifier.
    pub fn asks_verifier(&self, code: &str) -> bool {
        let permit = self.by_code.get(code).and_then(|number| self.permits.get(number));
        permit.is_some_and(|permit| permit.challenge.is_some())
    }

    /// A client uses a refresh token, which stays what it is (clause `chatwork.oauth.refresh-kept`).
    ///
    /// # Errors
    /// `invalid_grant`, or `invalid_scope` where it asks for more than was granted.
    pub fn refresh(
        &mut self,
        client_id: &str,
        token: &str,
        scopes: Option<Scopes>,
        stamp: Stamp<'_>,
    ) -> Result<Issued, TokenError> {
        let unknown = || TokenError::Grant(Fault::RefreshUnknown);
        let number = self.by_refresh.get(token).copied().ok_or_else(unknown)?;
        let permit = self.permits.get_mut(&number).filter(|permit| permit.client_id == client_id);
        let permit = permit.ok_or_else(unknown)?;
        let refresh = permit.refresh.as_ref().ok_or_else(unknown)?;
        if refresh.expires.is_some_and(|end| stamp.second >= end) {
            return Err(TokenError::Grant(Fault::RefreshExpired));
        }
        if let Some(scope) = scopes.as_ref().and_then(|scopes| permit.scopes.lack_of(scopes)) {
            return Err(TokenError::ScopeNotGranted(scope));
        }
        let scopes = scopes.unwrap_or_else(|| permit.scopes.clone());
        let forgotten = permit.forget_access(stamp.second);
        for digest in forgotten {
            self.by_access.remove(&digest);
        }
        Ok(self.issue(number, token.to_owned(), scopes, stamp))
    }

    /// Whom an access token stands for.
    ///
    /// # Errors
    /// It is no good.
    pub fn bearer(&self, token: &str, second: i64) -> Result<Bearer<'_>, BadBearer> {
        let digest = Digest::of(token);
        let permit = self.by_access.get(&digest).and_then(|number| self.permits.get(number));
        let permit = permit.ok_or(BadBearer::Unknown)?;
        let access = permit.access.get(&digest).ok_or(BadBearer::Unknown)?;
        if second >= access.expires {
            return Err(BadBearer::Expired);
        }
        Ok(Bearer { account: permit.account, client_id: &permit.client_id, scopes: &access.scopes })
    }

    fn issue(&mut self, number: u64, refresh_token: String, scopes: Scopes, stamp: Stamp<'_>) -> Issued {
        let jti = made_up(stamp.seed, stamp.world_id, &format!("oauth/access/{}", self.next()));
        let expires = stamp.second.saturating_add(ACCESS_SECONDS);
        let permit = self.permits.get_mut(&number);
        let (account, client_id) = permit.as_ref().map_or((AccountId(0), ""), |it| (it.account, &it.client_id));
        let claims = jwt::Claims { account, client_id, scopes: &scopes, issued: stamp.second, expires, jti: &jti };
        let access_token = jwt::sign(&claims);
        let digest = Digest::of(&access_token);
        if let Some(permit) = permit {
            permit.access.insert(digest, Access { scopes: scopes.clone(), expires });
        }
        self.by_access.insert(digest, number);
        Issued { access_token, refresh_token, scopes }
    }

    /// Takes every token of a permit away. Its code stays, as used.
    fn revoke(&mut self, number: u64) {
        let Some(permit) = self.permits.get_mut(&number) else { return };
        if let Some(refresh) = permit.refresh.take() {
            self.by_refresh.remove(&refresh.token);
        }
        for digest in std::mem::take(&mut permit.access).into_keys() {
            self.by_access.remove(&digest);
        }
    }

    fn next(&mut self) -> u64 {
        self.counter = self.counter.saturating_add(1);
        self.counter
    }

    /// Takes a permit in, with everything that is kept to find it.
    fn place(&mut self, number: u64, permit: Permit) {
        if let Some(code) = &permit.code {
            self.by_code.insert(code.value.clone(), number);
        }
        if let Some(refresh) = &permit.refresh {
            self.by_refresh.insert(refresh.token.clone(), number);
        }
        for digest in permit.access.keys() {
            self.by_access.insert(*digest, number);
        }
        self.permits.insert(number, permit);
    }

    /// Now and then lets go of what nobody can use any more, so that a mock that runs for weeks does not grow by it.
    fn forget(&mut self, second: i64) {
        if !self.permits.len().is_multiple_of(FORGETS_EVERY) {
            return;
        }
        let over: Vec<u64> = self.permits.iter().filter(|(_, it)| it.is_over(second)).map(|(id, _)| *id).collect();
        for number in over {
            self.revoke(number);
            if let Some(code) = self.permits.remove(&number).and_then(|permit| permit.code) {
                self.by_code.remove(&code.value);
            }
        }
    }
}

/// So many permits are between two looks through all of them.
const FORGETS_EVERY: usize = 64;

#[cfg(test)]
mod tests;
