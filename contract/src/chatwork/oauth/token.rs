//! The token endpoint: who asks, for what, and every answer.

use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, PRAGMA, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use subtle::ConstantTimeEq;

use super::{ACCESS_SECONDS, ClientKind, Scopes, pkce};
use crate::wire::form::Form;
use crate::wire::{Request, Response, header, json};

mod basic;
mod errors;

pub use errors::{Fault, TokenError};

/// A client as it is registered.
#[derive(Clone, Copy)]
pub struct Registration<'c> {
    /// Its public name.
    pub client_id: &'c str,
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// Its secret; confidential clients have one.
    pub secret: Option<&'c str>,
    /// Where answers may go.
    pub redirect_uris: &'c [String],
    /// The most that it may ask for.
    pub scopes: &'c Scopes,
    /// How it may come by tokens.
    pub grants: &'c [GrantType],
}

impl std::fmt::Debug for Registration<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registration({} {})", self.kind.name(), self.client_id)
    }
}

/// How an access token is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// A code is exchanged.
    AuthorizationCode,
    /// A refresh token is used.
    RefreshToken,
}

impl GrantType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::AuthorizationCode, Self::RefreshToken];

    /// The value of `grant_type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// What a client asks for. Its `Debug` form hides the secrets.
#[derive(Clone, PartialEq, Eq)]
pub enum Grant {
    /// Tokens for a code.
    Code {
        /// The code.
        code: String,
        /// The redirect URI of the consent request.
        redirect_uri: Option<String>,
        /// The verifier of PKCE, well-formed.
        verifier: Option<String>,
    },
    /// A new access token.
    Refresh {
        /// The refresh token.
        token: String,
        /// Fewer scopes than were granted.
        scopes: Option<Scopes>,
    },
}

impl std::fmt::Debug for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Grant({}, hidden)", self.kind().name())
    }
}

impl Grant {
    /// Which grant this is.
    pub fn kind(&self) -> GrantType {
        match self {
            Self::Code { .. } => GrantType::AuthorizationCode,
            Self::Refresh { .. } => GrantType::RefreshToken,
        }
    }

    /// Reads what an authenticated client asks for.
    ///
    /// # Errors
    /// `invalid_request`, `unsupported_grant_type`, `unauthorized_client` or `invalid_scope`.
    pub fn read(form: &Form, client: &Registration<'_>) -> Result<Self, TokenError> {
        let value = |name: &'static str| form.value(name).filter(|value| !value.is_empty());
        let required = |name| value(name).map(str::to_owned).ok_or(TokenError::Missing(name));
        let asked = value("grant_type").ok_or(TokenError::Missing("grant_type"))?;
        let kind = GrantType::ALL.into_iter().find(|kind| kind.name() == asked).ok_or(TokenError::GrantUnsupported)?;
        if !client.grants.contains(&kind) {
            return Err(TokenError::GrantNotAllowed(kind));
        }
        match kind {
            GrantType::AuthorizationCode => {
                let code = required("code")?;
                let verifier = value("code_verifier").map(str::to_owned);
                if verifier.as_deref().is_some_and(|verifier| !pkce::is_well_formed(verifier)) {
                    return Err(TokenError::VerifierMalformed);
                }
                Ok(Self::Code { code, redirect_uri: value("redirect_uri").map(str::to_owned), verifier })
            }
            GrantType::RefreshToken => {
                let token = required("refresh_token")?;
                let scopes = value("scope").map(Scopes::read).transpose().map_err(TokenError::ScopeUnknown)?;
                Ok(Self::Refresh { token, scopes: scopes.filter(|scopes| !scopes.is_empty()) })
            }
        }
    }
}

/// The form of a token request (clauses `chatwork.oauth.token-request` and `.token-parameters-once`).
///
/// # Errors
/// `invalid_request`: the body is something else, or names a parameter twice.
pub fn form(request: &Request) -> Result<Form, TokenError> {
    if header::is_of(request.headers(), "application/x-www-form-urlencoded") == Some(false) {
        return Err(TokenError::NotAForm);
    }
    let form = Form::decode(request.body());
    let repeated = form.pairs().find(|(name, _)| form.pairs().filter(|(other, _)| other == name).nth(1).is_some());
    match repeated {
        Some((name, _)) => Err(TokenError::Repeated(name.to_owned())),
        None => Ok(form),
    }
}

/// The ids that a request may mean by its Basic credentials, else by its body, else by its query: for finding whose
/// request it is, before anything is checked.
pub fn named_clients(headers: &HeaderMap, body: &[u8], query: &str) -> Vec<String> {
    let basic = headers.get(AUTHORIZATION).and_then(|value| basic::read(value.as_bytes()));
    let in_form = |bytes: &[u8]| Form::decode(bytes).value("client_id").map(str::to_owned);
    basic.into_iter().flatten().map(|(id, _)| id).chain(in_form(body)).chain(in_form(query.as_bytes())).collect()
}

/// Authenticates a client. `find` looks one up by its id.
///
/// # Errors
/// `invalid_client`, or `invalid_request` where it authenticates twice.
pub fn authenticate<'c>(
    headers: &HeaderMap,
    form: &Form,
    find: impl Fn(&str) -> Option<Registration<'c>>,
) -> Result<Registration<'c>, TokenError> {
    let value = |name: &str| form.value(name).filter(|value| !value.is_empty());
    let mut authorizations = headers.get_all(AUTHORIZATION).iter();
    let Some(authorization) = authorizations.next() else {
        let client_id = value("client_id").ok_or(TokenError::ClientMissing)?;
        let client = find(client_id).ok_or_else(|| TokenError::ClientUnknown(client_id.to_owned()))?;
        return match (client.kind, value("client_secret")) {
            (ClientKind::Confidential, Some(_)) => Err(TokenError::SecretInBody),
            (ClientKind::Confidential, None) => Err(TokenError::SecretMissing),
            (ClientKind::Public, Some(_)) => Err(TokenError::SecretOfPublic),
            (ClientKind::Public, None) => Ok(client),
        };
    };
    let readings = basic::read(authorization.as_bytes()).filter(|_| authorizations.next().is_none());
    let readings = readings.ok_or(TokenError::BasicMalformed)?;
    if value("client_secret").is_some() {
        return Err(TokenError::AuthenticatedTwice);
    }
    let known = readings.iter().find_map(|(id, secret)| Some((find(id)?, secret)));
    let Some((client, _)) = known else {
        let raw = readings.into_iter().next_back().map(|(id, _)| id);
        return Err(TokenError::ClientUnknown(raw.unwrap_or_default()));
    };
    if client.kind == ClientKind::Public {
        return Err(TokenError::SecretOfPublic);
    }
    let fits = |(id, given): &(String, String)| {
        id == client.client_id && client.secret.is_some_and(|secret| secret.as_bytes().ct_eq(given.as_bytes()).into())
    };
    if !readings.iter().any(fits) {
        return Err(TokenError::SecretWrong);
    }
    match value("client_id") {
        Some(other) if other != client.client_id => Err(TokenError::ClientsDiffer),
        _ => Ok(client),
    }
}

/// What success answers with.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    /// The JWT.
    pub access_token: &'a str,
    /// What renews it.
    pub refresh_token: &'a str,
    /// What it may do.
    pub scopes: &'a Scopes,
}

/// 200 with tokens (clauses `chatwork.oauth.token-answer` and `.token-headers`).
pub fn granted(granted: &Granted<'_>) -> Response {
    #[derive(Serialize)]
    struct Body<'a> {
        access_token: &'a str,
        token_type: &'a str,
        expires_in: i64,
        refresh_token: &'a str,
        scope: String,
    }
    let body = Body {
        access_token: granted.access_token,
        token_type: "Bearer",
        expires_in: ACCESS_SECONDS,
        refresh_token: granted.refresh_token,
        scope: granted.scopes.to_string(),
    };
    answer(StatusCode::OK, &body)
}

/// A refusal (clause `chatwork.oauth.token-errors`). `challenged` says whether the client sent `Authorization`.
pub fn refusal(error: &TokenError, challenged: bool) -> Response {
    #[derive(Serialize)]
    struct Body<'a> {
        error: &'a str,
        error_description: &'a str,
        error_uri: Option<&'a str>,
    }
    let description = error.to_string();
    let body = Body { error: error.error(), error_description: &description, error_uri: None };
    let mut response = answer(error.status(), &body);
    if challenged && error.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"oauth.chatwork.com\""));
    }
    response
}

fn answer<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let body = json::to_ascii(body);
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

#[cfg(test)]
mod tests;
