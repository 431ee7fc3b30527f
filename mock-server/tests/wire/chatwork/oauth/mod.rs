//! OAuth 2.0 on the wire: the consent page, the token endpoint, and the API with an access token.

mod bearer;
mod consent;
mod secrets;
mod token;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::wire::form::Form;

use crate::common::{Answer, Call, Wire};

const AUTHORIZE: &str = "/packages/oauth2/login.php";
const SERVER_SECRET: &str = "wire-secret-of-server+/%";
const SERVER_CALLBACK: &str = "https://minutes.example/callback?from=chat";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The consent page for some parameters.
fn authorize(parameters: &[(&str, &str)]) -> String {
    let mut form = Form::default();
    parameters.iter().for_each(|(name, value)| form.push(*name, *value));
    format!("{AUTHORIZE}?{}", form.encode())
}

/// What the confidential client asks for.
fn for_server(scope: &str) -> String {
    authorize(&[("response_type", "code"), ("client_id", "wire-server"), ("scope", scope), ("state", "สถานะ 1")])
}

/// What the public one asks for.
fn for_app(scope: &str) -> String {
    authorize(&[
        ("response_type", "code"),
        ("client_id", "wire-app"),
        ("scope", scope),
        ("redirect_uri", "example.app:/callback"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ])
}

/// One parameter of an answer's redirect.
fn redirected(answer: &Answer, name: &str) -> Option<String> {
    assert_eq!(answer.status, 302, "{}\n{}", answer.head, answer.text());
    let query = answer.header("location").and_then(|to| to.split_once('?')).map(|(_, query)| query);
    Form::decode(query.unwrap_or_default().as_bytes()).value(name).map(str::to_owned)
}

/// Consent of an account.
fn approve(wire: &mut Wire, target: &str, account: &str) -> String {
    let answer = wire.send(&Call::new("POST", target).form(&[("approve", "1"), ("account_id", account)]));
    let code = redirected(&answer, "code").expect("a code");
    wire.hide(&code, "(code)");
    code
}

/// The `Authorization` of a confidential client.
fn basic(client_id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client_id}:{secret}")))
}

/// A token request of the confidential client.
fn ask_as_server(form: &[(&str, &str)]) -> Call {
    Call::new("POST", "/token").header("authorization", &basic("wire-server", SERVER_SECRET)).form(form)
}

/// Sends a token request, and keeps what comes of it out of the story.
fn send(wire: &mut Wire, call: &Call) -> Answer {
    let answer = wire.send(call);
    wire.hide(&basic("wire-server", SERVER_SECRET), "Basic (wire-server)");
    wire.hide(&basic("wire-once", "wire-secret-of-once"), "Basic (wire-once)");
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    for (key, name) in [("access_token", "(access token)"), ("refresh_token", "(refresh token)")] {
        if let Some(token) = body[key].as_str() {
            wire.hide(token, name);
        }
    }
    answer
}

/// Access and refresh token of the confidential client.
fn tokens(wire: &mut Wire, scope: &str, account: &str) -> (String, String) {
    let code = approve(wire, &for_server(scope), account);
    let call = ask_as_server(&[("grant_type", "authorization_code"), ("code", &code)]);
    let body = send(wire, &call).is(200);
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

/// A call of the API with an access token; `path` is below `/v2`.
fn with_bearer(token: &str, verb: &str, path: &str) -> Call {
    Call::new(verb, &format!("/v2{path}")).header("authorization", &format!("Bearer {token}"))
}
