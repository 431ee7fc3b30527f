//! `/packages/oauth2/login.php`: whoever is sent here chooses who they are, and says yes or no.

use contract::chatwork::oauth::clauses as c;
use contract::chatwork::oauth::consent::{ConsentError, RefusedConsent};
use contract::chatwork::oauth::{ClientKind, Consent};
use contract::wire::form::Form;
use contract::wire::{Request, Response, header};
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{State, page, stamp};
use crate::chatwork::state::AccountId;
use crate::control::event::Change;
use crate::core::Turn;

/// What somebody says on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Approve(Option<AccountId>),
    Deny,
}

/// Consent that is given, or refused, without the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Approval {
    /// The query of the authorize URL.
    pub(crate) query: String,
    /// Who; the first account without it.
    pub(crate) account_id: Option<u64>,
    /// Whether the answer is no.
    pub(crate) deny: bool,
}

/// What a request comes to.
enum Outcome {
    /// The browser is sent to the client.
    Redirect(String),
    /// The page asks.
    Ask(Box<Consent>),
    /// The page tells that it does not work; the number where it has one.
    Tell(Option<ConsentError>, String),
}

/// How the journal names it.
pub(super) const OPERATION: &str = "oauth-authorize";

pub(super) fn answer(state: &mut State, request: &Request, turn: &mut Turn<'_>) -> Response {
    turn.operation = Some(OPERATION);
    let mut form = Form::decode(request.uri().query().unwrap_or_default().as_bytes());
    let decision = match *request.method() {
        Method::GET | Method::HEAD => None,
        Method::POST => {
            if header::is_of(request.headers(), "application/x-www-form-urlencoded") != Some(false) {
                // Behind the query, so it wins.
                form.append(Form::decode(request.body()));
            }
            Some(decision(&form))
        }
        _ => {
            let told = page::failure(None, "The consent page is read with GET and answered with POST");
            let mut response = html(StatusCode::METHOD_NOT_ALLOWED, told);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            return response;
        }
    };
    match outcome(state, &form, decision, turn) {
        Outcome::Redirect(to) => redirect(&to),
        Outcome::Ask(consent) => html(StatusCode::OK, page::question(state, &consent)),
        Outcome::Tell(error, words) => {
            html(StatusCode::BAD_REQUEST, page::failure(error.map(|error| error.code()), &words))
        }
    }
}

impl State {
    /// Gives or refuses consent without the page: where the browser would be sent.
    ///
    /// # Errors
    /// What the page would tell instead.
    pub(crate) fn decide(&mut self, approval: &Approval, turn: &mut Turn<'_>) -> Result<String, String> {
        let decision =
            if approval.deny { Decision::Deny } else { Decision::Approve(approval.account_id.map(AccountId)) };
        let form = Form::decode(approval.query.as_bytes());
        match outcome(self, &form, Some(Ok(decision)), turn) {
            Outcome::Redirect(to) => Ok(to),
            Outcome::Tell(Some(error), words) => Err(format!("{}: {words}", error.code())),
            Outcome::Tell(None, words) => Err(words),
            Outcome::Ask(_) => Err("no decision was made".to_owned()),
        }
    }
}

/// Reads `approve=1`, `deny=1` and `account_id`. No is no, also beside a yes.
fn decision(form: &Form) -> Result<Decision, String> {
    if form.value("deny") == Some("1") {
        return Ok(Decision::Deny);
    }
    if form.value("approve") != Some("1") {
        return Err("Neither yes nor no was said: send approve=1 or deny=1".to_owned());
    }
    match form.value("account_id").filter(|digits| !digits.is_empty()) {
        None => Ok(Decision::Approve(None)),
        Some(digits) => match digits.parse() {
            Ok(id) => Ok(Decision::Approve(Some(AccountId(id)))),
            Err(_) => Err("The account_id is no number".to_owned()),
        },
    }
}

fn outcome(state: &mut State, form: &Form, decision: Option<Result<Decision, String>>, turn: &mut Turn<'_>) -> Outcome {
    let read = Consent::read(form, |id| state.oauth.registration(id));
    let consent = match read {
        Ok(consent) => consent,
        Err(refused) => return refusal(*refused, turn),
    };
    let kind = state.oauth.client(&consent.client_id).map(|client| client.kind);
    if kind == Some(ClientKind::Public) && consent.challenge.is_none() {
        turn.note(&c::PKCE_UNASKED, "a public client without PKCE; served, but whoever sees its code can use it");
    }
    if form.value("code_verifier").is_some() {
        turn.note(&c::VERIFIER_EARLY, "a code_verifier on the consent page, where it is no secret any more; ignored");
    }
    let asked = match decision {
        None => return Outcome::Ask(Box::new(consent)),
        Some(Err(words)) => return Outcome::Tell(None, words),
        Some(Ok(Decision::Deny)) => return Outcome::Redirect(consent.denied()),
        Some(Ok(Decision::Approve(asked))) => asked,
    };
    let first = || state.accounts().next().map(|account| account.id);
    let Some(account) = asked.or_else(first).filter(|id| state.account(*id).is_some()) else {
        return Outcome::Tell(None, "This world has no account with that account_id".to_owned());
    };
    turn.token_id = Some(format!("chatwork/{account}"));
    let stamp = stamp(state, turn);
    let code = state.oauth.approve(&consent, account, stamp);
    turn.changed(Change::Consented { client_id: consent.client_id.clone(), account_id: account.0 });
    Outcome::Redirect(consent.approved(&code))
}

fn refusal(refused: RefusedConsent, turn: &mut Turn<'_>) -> Outcome {
    let words = refused.error.to_string();
    turn.note(refused.error.clause(), format!("{}: {words}", refused.error.code()));
    match refused.redirect_to() {
        Some(to) => Outcome::Redirect(to),
        None => Outcome::Tell(Some(refused.error), words),
    }
}

fn redirect(to: &str) -> Response {
    let mut response = whole(StatusCode::FOUND, String::new());
    // Redirect URIs are registered in a form that can stand in a header.
    if let Ok(location) = HeaderValue::try_from(to) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn html(status: StatusCode, text: String) -> Response {
    let mut response = whole(status, text);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// What a page of this kind should say to a browser: it loads nothing, is framed by nobody, and tells nobody its address.
/// There is no `form-action`: browsers would hold it against the redirect to the client as well.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("pragma", "no-cache"),
];

fn whole(status: StatusCode, text: String) -> Response {
    let mut headers = HeaderMap::with_capacity(10);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
