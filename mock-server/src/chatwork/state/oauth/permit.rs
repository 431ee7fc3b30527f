//! What somebody allowed a client, and every token that came of it.

use std::collections::BTreeMap;
use std::fmt;

use contract::chatwork::oauth::token::{Fault, TokenError};
use contract::chatwork::oauth::{Scopes, pkce};
use sha2::Digest as _;

use crate::chatwork::state::account::Token;
use crate::chatwork::state::ids::AccountId;

/// One consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Who was allowed something.
    pub client_id: String,
    /// Who allowed it.
    pub account: AccountId,
    /// What.
    pub scopes: Scopes,
    /// `redirect_uri` of the consent request, where it was sent.
    pub redirect_uri: Option<String>,
    /// The challenge of PKCE, where it was sent.
    pub challenge: Option<String>,
    /// The code; none where a description gives only tokens.
    pub code: Option<Code>,
    /// The refresh token, once the code was exchanged, and until it is revoked.
    pub refresh: Option<Refresh>,
    /// The access tokens, also for a while after their end.
    pub access: BTreeMap<Digest, Access>,
}

/// An authorization code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code.
    pub value: Token,
    /// Unix second from which on it is no good.
    pub expires: i64,
    /// Whether it was exchanged.
    pub used: bool,
}

/// A refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The token.
    pub token: Token,
    /// Unix second from which on it is no good; `None` is never.
    pub expires: Option<i64>,
}

/// An access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it may do.
    pub scopes: Scopes,
    /// Unix second from which on it is no good.
    pub expires: i64,
}

/// The SHA-256 of an access token, by which it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// That of a token.
    pub fn of(token: &str) -> Self {
        Self(sha2::Sha256::digest(token).into())
    }

    /// Reads 64 hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Permit {
    /// Whether the code may be exchanged. `only` is the client's redirect URI where it has no second one.
    ///
    /// # Errors
    /// `invalid_grant`, or `invalid_request` without something that the consent request made necessary.
    pub(super) fn check_exchange(
        &self,
        redirect_uri: Option<&str>,
        only: Option<&str>,
        verifier: Option<&str>,
        second: i64,
    ) -> Result<(), TokenError> {
        match &self.code {
            None => return Err(TokenError::Grant(Fault::CodeUnknown)),
            Some(code) if code.used => return Err(TokenError::Grant(Fault::CodeUsed)),
            Some(code) if second >= code.expires => return Err(TokenError::Grant(Fault::CodeExpired)),
            Some(_) => {}
        }
        match (self.redirect_uri.as_deref(), redirect_uri) {
            (Some(_), None) => return Err(TokenError::Missing("redirect_uri")),
            // Left out then, given now: it can only be the registered one.
            (asked, Some(given)) if asked.or(only) != Some(given) => {
                return Err(TokenError::Grant(Fault::RedirectDiffers));
            }
            _ => {}
        }
        match (self.challenge.as_deref(), verifier) {
            (Some(_), None) => Err(TokenError::Missing("code_verifier")),
            (Some(challenge), Some(verifier)) if !pkce::verifies(verifier, challenge) => {
                Err(TokenError::Grant(Fault::VerifierWrong))
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing of it can be used, nor was usable within the last day.
    pub(super) fn is_over(&self, second: i64) -> bool {
        let long_ago = |end: i64| end.saturating_add(REMEMBERED_SECONDS) <= second;
        let refresh = self.refresh.as_ref().map(|refresh| refresh.expires);
        self.code.as_ref().is_none_or(|code| long_ago(code.expires))
            && refresh.is_none_or(|expires| expires.is_some_and(long_ago))
            && self.access.values().all(|access| long_ago(access.expires))
    }

    /// Lets go of access tokens that ended more than a day ago: until then they are told from unknown ones.
    pub(super) fn forget_access(&mut self, second: i64) -> Vec<Digest> {
        let long_ago = |access: &Access| access.expires.saturating_add(REMEMBERED_SECONDS) <= second;
        let gone: Vec<Digest> = self.access.iter().filter(|(_, it)| long_ago(it)).map(|(digest, _)| *digest).collect();
        for digest in &gone {
            self.access.remove(digest);
        }
        gone
    }
}

const REMEMBERED_SECONDS: i64 = 24 * 60 * 60;
