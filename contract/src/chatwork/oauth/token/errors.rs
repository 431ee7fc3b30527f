//! Every answer of the token endpoint that is not success. Texts are ours but for that of an unknown client.

use std::fmt;

use http::StatusCode;

use super::super::consent::printable;
use super::super::{Scope, clauses as c};
use super::GrantType;
use crate::clause::Clause;

/// Why a code or a refresh token is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody was given this code, or another client was.
    CodeUnknown,
    /// The code is older than a minute.
    CodeExpired,
    /// The code was exchanged before.
    CodeUsed,
    /// The redirect URI is not that of the consent request.
    RedirectDiffers,
    /// The verifier does not belong to the challenge.
    VerifierWrong,
    /// Nobody was given this refresh token, or another client was, or it was revoked.
    RefreshUnknown,
    /// The refresh token has come to its end.
    RefreshExpired,
}

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Another method than POST.
    Method,
    /// The body is not a form.
    NotAForm,
    /// A parameter stands twice.
    Repeated(String),
    /// A required parameter is missing.
    Missing(&'static str),
    /// The verifier is outside its alphabet or length.
    VerifierMalformed,
    /// Basic, and a secret in the body.
    AuthenticatedTwice,
    /// Basic names one client, the body another.
    ClientsDiffer,
    /// No client is named.
    ClientMissing,
    /// Nobody has this client id.
    ClientUnknown(String),
    /// `Authorization` is not one readable Basic.
    BasicMalformed,
    /// A confidential client without its secret.
    SecretMissing,
    /// A confidential client's secret in the body.
    SecretInBody,
    /// Another secret.
    SecretWrong,
    /// A public client with a secret.
    SecretOfPublic,
    /// The code or refresh token is no good.
    Grant(Fault),
    /// The client may not use this grant.
    GrantNotAllowed(GrantType),
    /// There is no such grant.
    GrantUnsupported,
    /// A scope that does not exist.
    ScopeUnknown(String),
    /// A scope that was not granted.
    ScopeNotGranted(Scope),
}

impl TokenError {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            _ if self.error() == "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The `error` of RFC 6749, 5.2.
    pub fn error(&self) -> &'static str {
        match self {
            Self::Method
            | Self::NotAForm
            | Self::Repeated(_)
            | Self::Missing(_)
            | Self::VerifierMalformed
            | Self::AuthenticatedTwice
            | Self::ClientsDiffer => "invalid_request",
            Self::ClientMissing
            | Self::ClientUnknown(_)
            | Self::BasicMalformed
            | Self::SecretMissing
            | Self::SecretInBody
            | Self::SecretWrong
            | Self::SecretOfPublic => "invalid_client",
            Self::Grant(_) => "invalid_grant",
            Self::GrantNotAllowed(_) => "unauthorized_client",
            Self::GrantUnsupported => "unsupported_grant_type",
            Self::ScopeUnknown(_) | Self::ScopeNotGranted(_) => "invalid_scope",
        }
    }

    /// The clause that it keeps.
    pub fn clause(&self) -> &'static Clause {
        match self {
            Self::Method | Self::NotAForm | Self::Missing(_) => &c::TOKEN_REQUEST,
            Self::Repeated(_) => &c::TOKEN_PARAMETERS_ONCE,
            Self::VerifierMalformed | Self::Grant(Fault::VerifierWrong) => &c::PKCE,
            Self::AuthenticatedTwice | Self::SecretInBody => &c::CLIENT_SECRET_IN_BODY,
            Self::ClientUnknown(_) => &c::CLIENT_UNKNOWN_TEXT,
            Self::ClientsDiffer
            | Self::ClientMissing
            | Self::BasicMalformed
            | Self::SecretMissing
            | Self::SecretWrong
            | Self::SecretOfPublic => &c::CLIENT_BASIC,
            Self::Grant(Fault::CodeExpired) => &c::CODE_LIFETIME,
            Self::Grant(Fault::CodeUsed | Fault::CodeUnknown) => &c::CODE_ONCE,
            Self::Grant(Fault::RedirectDiffers) => &c::TOKEN_REDIRECT,
            Self::Grant(Fault::RefreshUnknown | Fault::RefreshExpired) => &c::REFRESH_LIFETIME,
            Self::GrantNotAllowed(_) => &c::CLIENT_GRANTS,
            Self::GrantUnsupported => &c::GRANTS,
            Self::ScopeUnknown(_) => &c::SCOPES,
            Self::ScopeNotGranted(_) => &c::REFRESH_SCOPE,
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientUnknown(id) => return write!(f, "The client ID `{}` is unknown.", printable(id)),
            Self::Repeated(name) => return write!(f, "The parameter '{}' is given more than once", printable(name)),
            Self::Missing(name) => return write!(f, "The parameter '{name}' is missing"),
            Self::GrantNotAllowed(kind) => return write!(f, "The client may not use the grant '{}'", kind.name()),
            Self::ScopeUnknown(name) => return write!(f, "There is no scope '{}'", printable(name)),
            Self::ScopeNotGranted(scope) => return write!(f, "The scope '{scope}' was not granted"),
            Self::Method => "The token endpoint is called with POST",
            Self::NotAForm => "The body is not application/x-www-form-urlencoded",
            Self::VerifierMalformed => {
                "The code_verifier is malformed: it has 43 to 128 of a-z, A-Z, 0-9, '-', '.', '_' and '~'"
            }
            Self::AuthenticatedTwice => "The client authenticates twice: leave client_secret out of the body",
            Self::ClientsDiffer => "The Authorization header and the parameter 'client_id' name two clients",
            Self::ClientMissing => {
                "No client is named: send Authorization: Basic, or as a public client the parameter 'client_id'"
            }
            Self::BasicMalformed => "The Authorization header is not one Basic with client_id:client_secret",
            Self::SecretMissing => "A confidential client authenticates with Authorization: Basic",
            Self::SecretInBody => {
                "The client_secret is not taken from the body: a confidential client authenticates with Authorization: Basic"
            }
            Self::SecretWrong => "The client secret is wrong",
            Self::SecretOfPublic => "A public client has no secret: it sends the parameter 'client_id' in the body alone",
            Self::GrantUnsupported => "The grant_type is neither 'authorization_code' nor 'refresh_token'",
            Self::Grant(fault) => match fault {
                Fault::CodeUnknown => "The authorization code is unknown",
                Fault::CodeExpired => "The authorization code has expired",
                Fault::CodeUsed => "The authorization code was used before: every token that came of it is revoked",
                Fault::RedirectDiffers => "The redirect_uri is not that of the authorization request",
                Fault::VerifierWrong => "The code_verifier does not belong to the code_challenge",
                Fault::RefreshUnknown => "The refresh token is unknown",
                Fault::RefreshExpired => "The refresh token has expired",
            },
        })
    }
}
