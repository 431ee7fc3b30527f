//! The consent request: its parameters, and every error that the page has a number for.

use std::fmt;

use super::token::Registration;
use super::{Scope, Scopes, pkce, redirect};
use crate::chatwork::oauth::clauses as c;
use crate::clause::Clause;
use crate::wire::form::Form;

/// A consent request that keeps the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Who asks.
    pub client_id: String,
    /// `redirect_uri` as it was sent; the exchange must then repeat it.
    pub redirect_uri: Option<String>,
    /// Where the answer goes: what was sent, or the only one registered.
    pub redirect_to: String,
    /// What is asked for.
    pub scopes: Scopes,
    /// What the client wants back.
    pub state: Option<String>,
    /// The challenge of PKCE.
    pub challenge: Option<String>,
}

impl Consent {
    /// Reads a consent request. `find` looks a client up by its id.
    ///
    /// # Errors
    /// The first fault, in the order of clause `chatwork.oauth.consent-order`, and where to tell it.
    pub fn read<'c>(form: &Form, find: impl Fn(&str) -> Option<Registration<'c>>) -> Result<Self, Box<RefusedConsent>> {
        let value = |name: &str| form.value(name).filter(|value| !value.is_empty());
        let on_page = |error| Box::new(RefusedConsent { error, redirect: None });
        let client_id = value("client_id").ok_or_else(|| on_page(ConsentError::ClientMissing))?;
        let client = find(client_id).ok_or_else(|| on_page(ConsentError::ClientUnknown))?;
        let redirect_uri = value("redirect_uri").map(str::to_owned);
        let redirect_to = redirect_to(redirect_uri.as_deref(), client.redirect_uris).map_err(on_page)?;
        let state = value("state").map(str::to_owned);
        let read = || -> Result<(Scopes, Option<String>), ConsentError> {
            response_type(value("response_type"))?;
            let scopes = scopes(value("scope"), client.scopes)?;
            let challenge = challenge(value("code_challenge_method"), value("code_challenge"))?;
            match value("code_verifier") {
                Some(early) if !pkce::is_well_formed(early) => Err(ConsentError::VerifierMalformed),
                _ => Ok((scopes, challenge)),
            }
        };
        match read() {
            Ok((scopes, challenge)) => {
                Ok(Self { client_id: client_id.to_owned(), redirect_uri, redirect_to, scopes, state, challenge })
            }
            Err(error) => Err(Box::new(RefusedConsent { error, redirect: Some((redirect_to, state)) })),
        }
    }

    /// Where consent leads: to the client, with a code.
    pub fn approved(&self, code: &str) -> String {
        let mut form = Form::default();
        form.push("code", code);
        add_state(&mut form, self.state.as_deref());
        redirect::with(&self.redirect_to, &form)
    }

    /// Where refusing it leads.
    pub fn denied(&self) -> String {
        let mut form = Form::default();
        form.push("error", "access_denied");
        add_state(&mut form, self.state.as_deref());
        redirect::with(&self.redirect_to, &form)
    }
}

/// A consent request that was refused before anybody was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedConsent {
    /// Why.
    pub error: ConsentError,
    /// The redirect URI and the state where the client is to be told; `None` where the page tells it.
    redirect: Option<(String, Option<String>)>,
}

impl RefusedConsent {
    /// Where the client is told, if it is (clause `chatwork.oauth.consent-redirects`).
    pub fn redirect_to(&self) -> Option<String> {
        let ((uri, state), error) = (self.redirect.as_ref()?, self.error.oauth_error()?);
        let mut form = Form::default();
        form.push("error", error);
        form.push("error_description", format!("{}: {}", self.error.code(), self.error));
        add_state(&mut form, state.as_deref());
        Some(redirect::with(uri, &form))
    }
}

/// What can be wrong with a consent request. Texts are ours; they quote nothing but scope names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentError {
    /// No `response_type`.
    ResponseTypeMissing,
    /// The person said no.
    Denied,
    /// `response_type=token`, the implicit grant.
    TokenNotSupported,
    /// Another `response_type` than `code`.
    ResponseTypeUnknown,
    /// No `scope`.
    ScopeMissing,
    /// A scope that does not exist.
    ScopeUnknown(String),
    /// A scope that the client is not registered for.
    ScopeNotRegistered(Scope),
    /// No `client_id`.
    ClientMissing,
    /// A `client_id` that nobody has.
    ClientUnknown,
    /// No `redirect_uri`, and several are registered.
    RedirectMissing,
    /// A `redirect_uri` that is no absolute URI.
    RedirectMalformed,
    /// A `redirect_uri` that is not registered.
    RedirectUnregistered,
    /// Another `code_challenge_method` than `S256`, or none beside a challenge.
    MethodUnsupported,
    /// A `code_challenge` outside its alphabet or length.
    ChallengeMalformed,
    /// A `code_verifier` outside its alphabet or length.
    VerifierMalformed,
}

impl ConsentError {
    /// The documented number.
    pub fn code(&self) -> u32 {
        match self {
            Self::ResponseTypeMissing => 1001,
            Self::Denied => 3001,
            Self::TokenNotSupported => 4001,
            Self::ResponseTypeUnknown => 4002,
            Self::ScopeMissing => 5001,
            Self::ScopeUnknown(_) | Self::ScopeNotRegistered(_) => 5002,
            Self::ClientMissing | Self::ClientUnknown => 11_000,
            Self::RedirectMissing => 13_000,
            Self::RedirectMalformed => 14_000,
            Self::RedirectUnregistered => 15_000,
            Self::MethodUnsupported => 18_000,
            Self::ChallengeMalformed => 19_000,
            Self::VerifierMalformed => 20_000,
        }
    }

    /// The `error` that a client is told; `None` where no client is to be trusted with it.
    pub fn oauth_error(&self) -> Option<&'static str> {
        Some(match self {
            Self::ClientMissing
            | Self::ClientUnknown
            | Self::RedirectMissing
            | Self::RedirectMalformed
            | Self::RedirectUnregistered => return None,
            Self::Denied => "access_denied",
            Self::TokenNotSupported | Self::ResponseTypeUnknown => "unsupported_response_type",
            Self::ScopeMissing | Self::ScopeUnknown(_) | Self::ScopeNotRegistered(_) => "invalid_scope",
            Self::ResponseTypeMissing
            | Self::MethodUnsupported
            | Self::ChallengeMalformed
            | Self::VerifierMalformed => "invalid_request",
        })
    }

    /// The clause that it keeps.
    pub fn clause(&self) -> &'static Clause {
        match self {
            Self::Denied => &c::DENIED,
            Self::ClientUnknown => &c::CLIENT_UNKNOWN,
            Self::ScopeNotRegistered(_) => &c::SCOPE_REGISTERED,
            Self::MethodUnsupported => &c::PKCE_METHOD,
            Self::VerifierMalformed => &c::VERIFIER_EARLY,
            _ => &c::CONSENT_CODES,
        }
    }
}

impl fmt::Display for ConsentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ScopeUnknown(name) => return write!(f, "There is no scope '{}'", printable(name)),
            Self::ScopeNotRegistered(scope) => return write!(f, "The client is not registered for the scope '{scope}'"),
            Self::ResponseTypeMissing => "The parameter response_type is missing: send response_type=code",
            Self::Denied => "The owner of the account has denied access",
            Self::TokenNotSupported => "response_type=token is not supported: send response_type=code",
            Self::ResponseTypeUnknown => "The response_type is unknown: send response_type=code",
            Self::ScopeMissing => "The parameter scope is missing: name one scope or more, with spaces between them",
            Self::ClientMissing => "The parameter client_id is missing",
            Self::ClientUnknown => "There is no client with this client_id",
            Self::RedirectMissing => "The parameter redirect_uri is missing: the client has several, so name one",
            Self::RedirectMalformed => "The redirect_uri is no absolute URI without a fragment",
            Self::RedirectUnregistered => "The redirect_uri is not registered for this client: it must have exactly the registered text",
            Self::MethodUnsupported => "The code_challenge_method is not supported: send code_challenge_method=S256",
            Self::ChallengeMalformed => "The code_challenge is malformed: it has 43 to 128 of a-z, A-Z, 0-9, '-', '.', '_' and '~'",
            Self::VerifierMalformed => "The code_verifier is malformed, and belongs to the token request: it has 43 to 128 of a-z, A-Z, 0-9, '-', '.', '_' and '~'",
        })
    }
}

/// A word of the caller's as an error may quote it: what RFC 6749 lets stand in `error_description`, at most 60 of it.
pub(super) fn printable(word: &str) -> String {
    let fits = |character: char| matches!(character, ' ' | '!' | '#'..='[' | ']'..='~');
    let mut quoted: String = word.chars().take(60).map(|it| if fits(it) { it } else { '?' }).collect();
    if word.chars().nth(60).is_some() {
        quoted.push_str("...");
    }
    quoted
}

fn redirect_to(sent: Option<&str>, registered: &[String]) -> Result<String, ConsentError> {
    match (sent, registered) {
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(ConsentError::RedirectMissing),
        (Some(sent), _) if !redirect::is_well_formed(sent) => Err(ConsentError::RedirectMalformed),
        (Some(sent), _) if registered.iter().any(|known| known == sent) => Ok(sent.to_owned()),
        (Some(_), _) => Err(ConsentError::RedirectUnregistered),
    }
}

fn response_type(sent: Option<&str>) -> Result<(), ConsentError> {
    match sent {
        Some("code") => Ok(()),
        None => Err(ConsentError::ResponseTypeMissing),
        Some("token") => Err(ConsentError::TokenNotSupported),
        Some(_) => Err(ConsentError::ResponseTypeUnknown),
    }
}

fn scopes(sent: Option<&str>, registered: &Scopes) -> Result<Scopes, ConsentError> {
    let scopes = Scopes::read(sent.unwrap_or_default()).map_err(ConsentError::ScopeUnknown)?;
    if scopes.is_empty() {
        return Err(ConsentError::ScopeMissing);
    }
    match registered.lack_of(&scopes) {
        None => Ok(scopes),
        Some(scope) => Err(ConsentError::ScopeNotRegistered(scope)),
    }
}

fn challenge(method: Option<&str>, challenge: Option<&str>) -> Result<Option<String>, ConsentError> {
    match (method, challenge) {
        (None, None) => Ok(None),
        (Some(pkce::S256), Some(challenge)) if pkce::is_well_formed(challenge) => Ok(Some(challenge.to_owned())),
        (Some(pkce::S256), _) => Err(ConsentError::ChallengeMalformed),
        (_, _) => Err(ConsentError::MethodUnsupported),
    }
}

fn add_state(form: &mut Form, state: Option<&str>) {
    if let Some(state) = state {
        form.push("state", state);
    }
}

#[cfg(test)]
mod tests {
    use super::super::ClientKind;
    use super::super::token::GrantType;
    use super::*;
    use proptest::prelude::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn read(query: &str) -> Result<Consent, Box<RefusedConsent>> {
        let one = ["https://one.example/cb".to_owned()];
        let two = [one[0].clone(), "com.example:/cb?x=1".to_owned()];
        let scopes = Scopes::read("rooms.all:read_write users.all:read").unwrap();
        Consent::read(&Form::decode(query.as_bytes()), |id| {
            let (kind, redirect_uris) = match id {
                "one" => (ClientKind::Confidential, &one[..]),
                "two" => (ClientKind::Public, &two[..]),
                _ => return None,
            };
            let grants = &GrantType::ALL;
            Some(Registration { client_id: "", kind, secret: None, redirect_uris, scopes: &scopes, grants })
        })
    }

    #[test]
    fn a_request_may_leave_out_what_is_plain_without_it() {
        let consent = read("response_type=code&client_id=one&scope=rooms.info:read&state=").unwrap();
        assert_eq!((consent.redirect_uri.as_deref(), consent.state.as_deref()), (None, None));
        assert_eq!(consent.approved("c"), "https://one.example/cb?code=c");
        assert_eq!(consent.denied(), "https://one.example/cb?error=access_denied");
        let query = format!(
            "response_type=code&client_id=two&scope=users.all:read+rooms.all:read&redirect_uri=com.example:/cb?x%3D1\
             &state=%E0%B8%AA&code_challenge={CHALLENGE}&code_challenge_method=S256"
        );
        let consent = read(&query).unwrap();
        assert_eq!(consent.challenge.as_deref(), Some(CHALLENGE));
        assert_eq!(consent.approved("c"), "com.example:/cb?x=1&code=c&state=%E0%B8%AA");
        assert_eq!(consent.denied(), "com.example:/cb?x=1&error=access_denied&state=%E0%B8%AA");
    }

    #[test]
    fn every_fault_has_its_number_and_goes_where_it_may() {
        let faults = [
            ("", 11_000, None),
            ("client_id=", 11_000, None),
            ("client_id=three", 11_000, None),
            ("client_id=two&response_type=code&scope=rooms.info:read", 13_000, None),
            ("client_id=one&redirect_uri=cb", 14_000, None),
            ("client_id=one&redirect_uri=https://one.example/cb/", 15_000, None),
            ("client_id=one", 1001, Some("invalid_request")),
            ("client_id=one&response_type=token", 4001, Some("unsupported_response_type")),
            ("client_id=one&response_type=id_token", 4002, Some("unsupported_response_type")),
            ("client_id=one&response_type=code", 5001, Some("invalid_scope")),
            ("client_id=one&response_type=code&scope=+", 5001, Some("invalid_scope")),
            ("client_id=one&response_type=code&scope=rooms", 5002, Some("invalid_scope")),
            ("client_id=one&response_type=code&scope=contacts.all:read", 5002, Some("invalid_scope")),
            (
                "client_id=one&response_type=code&scope=rooms:write&code_challenge_method=plain",
                18_000,
                Some("invalid_request"),
            ),
            ("client_id=one&response_type=code&scope=rooms:write&code_challenge=x", 18_000, Some("invalid_request")),
            (
                "client_id=one&response_type=code&scope=rooms:write&code_challenge_method=S256",
                19_000,
                Some("invalid_request"),
            ),
            (
                "client_id=one&response_type=code&scope=rooms:write&code_challenge_method=S256&code_challenge=x",
                19_000,
                Some("invalid_request"),
            ),
            ("client_id=one&response_type=code&scope=rooms:write&code_verifier=x", 20_000, Some("invalid_request")),
        ];
        for (query, code, error) in faults {
            let refused = read(&format!("{query}&state=s")).unwrap_err();
            assert_eq!((refused.error.code(), refused.error.oauth_error()), (code, error), "{query}");
            let told = error.map(|error| format!("https://one.example/cb?error={error}&error_description={code}%3A+"));
            let redirect = refused.redirect_to();
            assert_eq!(redirect.is_some(), told.is_some(), "{query}");
            assert!(redirect.unwrap_or_default().starts_with(&told.unwrap_or_default()), "{query}");
        }
    }

    #[test]
    fn an_error_quotes_a_scope_only_in_what_an_error_may_hold() {
        let refused = read("client_id=one&response_type=code&scope=%22%0d%0aส\\~").unwrap_err();
        assert_eq!(refused.error.to_string(), "There is no scope '?????~'");
        assert_eq!(printable(&"x".repeat(61)), format!("{}...", "x".repeat(60)));
    }

    proptest! {
        #[test]
        fn no_query_makes_reading_panic_and_every_redirect_goes_to_a_registered_place(
            client in "one|two|x", response in "code|token|", scope in "rooms:write|\\PC{0,9}", rest in "\\PC{0,40}"
        ) {
            let mut form = Form::decode(rest.as_bytes());
            for (name, value) in [("client_id", client), ("response_type", response), ("scope", scope)] {
                form.push(name, value);
            }
            let to = match read(&form.encode()) {
                Ok(consent) => Some(consent.approved("c")),
                Err(refused) => refused.redirect_to(),
            };
            if let Some(to) = to {
                prop_assert!(to.starts_with("https://one.example/cb?") || to.starts_with("com.example:/cb?x=1&"), "{to}");
            }
        }
    }
}
