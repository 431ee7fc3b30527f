//! OAuth 2.0 of Chatwork: the authorization code grant with PKCE, as tables and pure functions.
//!
//! | module | what it holds |
//! |---|---|
//! | [`clauses`] | the sentences, each with source and certainty |
//! | [`scope`] | the 22 scopes, what each covers, and reading a scope text |
//! | [`consent`] | the parameters of the consent page, and every error that it has a code for |
//! | [`token`] | the token endpoint: client authentication, both grants, errors, the answers |
//! | [`pkce`] | challenges and verifiers (RFC 7636) |
//! | [`redirect`] | what a redirect URI may look like, and what is hung on one |
//!
//! `EP`, `OA` and `PDF25` are explained at [`sources`](crate::manual::sources).

pub mod clauses;
pub mod consent;
pub mod pkce;
pub mod redirect;
pub mod scope;
pub mod token;

pub use consent::{Consent, ConsentError};
pub use scope::{Scope, Scopes};
pub use token::{Grant, TokenError};

/// Where a person is sent to give their consent.
pub const AUTHORIZE_URL: &str = "https://www.chatwork.com/packages/oauth2/login.php";
/// Where codes and refresh tokens become access tokens.
pub const TOKEN_URL: &str = "https://oauth.chatwork.com/token";
/// The path of [`AUTHORIZE_URL`].
pub const AUTHORIZE_PATH: &str = "/packages/oauth2/login.php";
/// The path of [`TOKEN_URL`].
pub const TOKEN_PATH: &str = "/token";

/// Who issues access tokens: the claim `iss`.
pub const ISSUER: &str = "https://oauth.chatwork.com";
/// Whom access tokens are for: the claim `aud`.
pub const AUDIENCE: &str = "https://api.chatwork.com";

/// How long a code can be exchanged, in seconds (clause `chatwork.oauth.code-lifetime`).
pub const CODE_SECONDS: i64 = 60;
/// How long an access token is good, in seconds (clause `chatwork.oauth.access-lifetime`).
pub const ACCESS_SECONDS: i64 = 30 * 60;
/// How long a refresh token without `offline_access` is good, in seconds: 14 days
/// (clause `chatwork.oauth.refresh-lifetime`).
pub const REFRESH_SECONDS: i64 = 14 * 24 * 60 * 60;

/// The two kinds of clients (RFC 6749, 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// It has a secret: a server.
    Confidential,
    /// It cannot keep one: an app on somebody's device.
    Public,
}

impl ClientKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Confidential, Self::Public];

    /// The name that world files use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confidential => "confidential",
            Self::Public => "public",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chatwork::hosts;

    #[test]
    fn the_paths_are_those_of_the_real_addresses() {
        assert!(AUTHORIZE_URL.ends_with(AUTHORIZE_PATH) && TOKEN_URL.ends_with(TOKEN_PATH));
        assert_eq!(TOKEN_URL.strip_suffix(TOKEN_PATH), Some(ISSUER));
        assert_eq!(AUTHORIZE_URL, format!("https://{}{AUTHORIZE_PATH}", hosts::CONSENT));
        assert_eq!((ISSUER, AUDIENCE), (&*format!("https://{}", hosts::TOKENS), &*format!("https://{}", hosts::API)));
    }
}
