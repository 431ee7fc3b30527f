//! The token endpoint.

use serde_json::{Value, json};

use super::{
    SERVER_CALLBACK, SERVER_SECRET, VERIFIER, approve, ask_as_server, basic, for_app, for_server, send, tokens,
    with_bearer,
};
use crate::common::{Answer, Call, Wire};

const CODE: (&str, &str) = ("grant_type", "authorization_code");
const REFRESH: (&str, &str) = ("grant_type", "refresh_token");

#[track_caller]
fn refused(answer: &Answer, status: u16, error: &str) -> String {
    let body = answer.is(status);
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["error", "error_description", "error_uri"]);
    assert_eq!((body["error"].as_str(), &body["error_uri"]), (Some(error), &Value::Null));
    has_the_headers(answer);
    body["error_description"].as_str().unwrap().to_owned()
}

#[track_caller]
fn has_the_headers(answer: &Answer) {
    for (name, value) in [("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache")] {
        assert_eq!(answer.header(name), Some(value), "{}", answer.head);
    }
}

#[test]
fn a_confidential_client_exchanges_its_code_and_renews_its_token() {
    let mut wire = Wire::start();
    let code = approve(&mut wire, &for_server("users.all:read rooms.info:read"), "1001");
    wire.forget();
    let answer = send(&mut wire, &ask_as_server(&[CODE, ("code", &code), ("redirect_uri", SERVER_CALLBACK)]));
    let body = answer.is(200);
    has_the_headers(&answer);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 1800);
    assert_eq!(body["scope"], "users.all:read rooms.info:read");
    keep!(wire, "oauth-token.200-code");
    let refresh = body["refresh_token"].as_str().unwrap().to_owned();

    wire.advance(1_800_000);
    let old = with_bearer(body["access_token"].as_str().unwrap(), "GET", "/me");
    wire.send(&old).refusal(401);
    wire.forget();
    let answer = send(&mut wire, &ask_as_server(&[REFRESH, ("refresh_token", &refresh)]));
    keep!(wire, "oauth-token.200-refresh");
    let renewed = answer.is(200);
    assert_eq!(renewed["refresh_token"], refresh.as_str(), "it stays what it is");
    let token = renewed["access_token"].as_str().unwrap();
    assert_eq!(wire.send(&with_bearer(token, "GET", "/me")).is(200)["account_id"], 1001);

    let narrow = send(&mut wire, &ask_as_server(&[REFRESH, ("refresh_token", &refresh), ("scope", "rooms.info:read")]));
    let narrow = narrow.is(200);
    assert_eq!(narrow["scope"], "rooms.info:read");
    let token = narrow["access_token"].as_str().unwrap();
    wire.send(&with_bearer(token, "GET", "/rooms")).is(200);
    wire.send(&with_bearer(token, "GET", "/me")).refusal(403);
}

#[test]
fn a_public_client_proves_its_code_with_the_verifier() {
    let mut wire = Wire::start();
    let code = approve(&mut wire, &for_app("users.all:read"), "1002");
    let whole = [
        CODE,
        ("code", &code),
        ("client_id", "wire-app"),
        ("redirect_uri", "example.app:/callback"),
        ("code_verifier", VERIFIER),
    ];
    wire.forget();
    let body = send(&mut wire, &Call::new("POST", "/token").form(&whole)).is(200);
    wire.hide(VERIFIER, "(verifier)");
    keep!(wire, "oauth-token.200-public");
    let refresh = body["refresh_token"].as_str().unwrap().to_owned();
    let again = [REFRESH, ("refresh_token", &refresh), ("client_id", "wire-app")];
    send(&mut wire, &Call::new("POST", "/token").form(&again)).is(200);
    wire.advance(14 * 86_400_000);
    let answer = send(&mut wire, &Call::new("POST", "/token").form(&again));
    assert_eq!(refused(&answer, 400, "invalid_grant"), "The refresh token has expired");
}

#[test]
fn a_refresh_token_with_offline_access_has_no_end() {
    let mut wire = Wire::start();
    let (_, refresh) = tokens(&mut wire, "users.all:read offline_access", "1001");
    wire.advance(10 * 365 * 86_400_000);
    send(&mut wire, &ask_as_server(&[REFRESH, ("refresh_token", &refresh)])).is(200);
}

#[test]
fn name_and_secret_may_be_form_encoded_or_plain() {
    let mut wire = Wire::start();
    let (_, refresh) = tokens(&mut wire, "users.all:read", "1001");
    for secret in [SERVER_SECRET, "wire-secret-of-server%2B%2F%25"] {
        let call = Call::new("POST", "/token").header("authorization", &basic("wire-server", secret));
        send(&mut wire, &call.form(&[REFRESH, ("refresh_token", &refresh)])).is(200);
    }
}

#[test]
fn every_error_of_the_client_is_told_as_such() {
    let mut wire = Wire::start();
    let post = || Call::new("POST", "/token");
    let as_client = |id: &str, secret: &str| post().header("authorization", &basic(id, secret));
    let asked = &[CODE, ("code", "x")][..];
    let in_body = |pairs: &[(&'static str, &'static str)]| post().form(&[asked, pairs].concat());
    let cases = [
        ("oauth-token.401-unknown", as_client("nobody", "x").form(asked), "The client ID `nobody` is unknown."),
        ("oauth-token.401-unknown-public", in_body(&[("client_id", "nobody")]), "The client ID `nobody` is unknown."),
        ("oauth-token.401-nobody", in_body(&[]), "No client is named"),
        ("oauth-token.401-wrong-secret", as_client("wire-server", "x").form(asked), "The client secret is wrong"),
        ("oauth-token.401-no-secret", in_body(&[("client_id", "wire-server")]), "A confidential client authenticates"),
        (
            "oauth-token.401-secret-in-body",
            in_body(&[("client_id", "wire-server"), ("client_secret", SERVER_SECRET)]),
            "The client_secret is not taken",
        ),
        ("oauth-token.401-public-with-secret", as_client("wire-app", "x").form(asked), "A public client has no secret"),
        (
            "oauth-token.401-no-basic",
            post().header("authorization", "Bearer x").form(asked),
            "The Authorization header is not one Basic",
        ),
    ];
    for (name, call, words) in cases {
        let challenged = call.headers.iter().any(|(name, _)| name == "authorization");
        let answer = send(&mut wire, &call);
        let told = refused(&answer, 401, "invalid_client");
        assert!(told.starts_with(words), "{name}: {told}");
        assert_eq!(answer.header("www-authenticate").is_some(), challenged, "{name}");
        wire.hide("wire-secret-of-server%2B%2F%25", "(secret)");
        keep!(wire, name);
    }
}

#[test]
fn every_error_of_the_request_is_told_as_such() {
    let mut wire = Wire::start();
    let bad = "invalid_request";
    let cases = [
        ("oauth-token.400-no-grant-type", ask_as_server(&[]).body("application/x-www-form-urlencoded", "x=1"), bad),
        ("oauth-token.400-no-code", ask_as_server(&[CODE]), bad),
        ("oauth-token.400-no-refresh-token", ask_as_server(&[REFRESH]), bad),
        ("oauth-token.400-repeated", ask_as_server(&[CODE, CODE, ("code", "x")]), bad),
        (
            "oauth-token.400-json",
            Call::new("POST", "/token").body("application/json", r#"{"grant_type":"refresh_token"}"#),
            bad,
        ),
        ("oauth-token.400-verifier", ask_as_server(&[CODE, ("code", "x"), ("code_verifier", "short")]), bad),
        ("oauth-token.400-two-secrets", ask_as_server(&[CODE, ("code", "x"), ("client_secret", "x")]), bad),
        ("oauth-token.400-two-clients", ask_as_server(&[CODE, ("code", "x"), ("client_id", "wire-app")]), bad),
        (
            "oauth-token.400-unsupported-grant-type",
            ask_as_server(&[("grant_type", "client_credentials")]),
            "unsupported_grant_type",
        ),
        (
            "oauth-token.400-unauthorized-client",
            Call::new("POST", "/token")
                .header("authorization", &basic("wire-once", "wire-secret-of-once"))
                .form(&[REFRESH, ("refresh_token", "x")]),
            "unauthorized_client",
        ),
        ("oauth-token.400-unknown-code", ask_as_server(&[CODE, ("code", "x")]), "invalid_grant"),
        ("oauth-token.400-unknown-refresh-token", ask_as_server(&[REFRESH, ("refresh_token", "x")]), "invalid_grant"),
    ];
    for (name, call, error) in cases {
        refused(&send(&mut wire, &call), 400, error);
        keep!(wire, name);
    }
    let answer = send(&mut wire, &Call::new("GET", "/token"));
    refused(&answer, 405, bad);
    assert_eq!(answer.header("allow"), Some("POST"));
    keep!(wire, "oauth-token.405");
}

#[test]
fn every_error_of_a_grant_is_told_as_such() {
    let mut wire = Wire::start();
    let code = approve(&mut wire, &for_app("users.all:read"), "1001");
    let ask = |wire: &mut Wire, code: &str, changed: (&str, Option<&str>)| {
        let whole = [("client_id", "wire-app"), ("redirect_uri", "example.app:/callback"), ("code_verifier", VERIFIER)];
        let kept = whole.into_iter().filter(|(name, _)| *name != changed.0);
        let form: Vec<_> =
            [CODE, ("code", code)].into_iter().chain(kept).chain(changed.1.map(|value| (changed.0, value))).collect();
        wire.forget();
        send(wire, &Call::new("POST", "/token").form(&form))
    };
    wire.hide(VERIFIER, "(verifier)");
    let other_uri = ("redirect_uri", Some("https://app.example/callback"));
    let cases = [
        ("oauth-token.400-other-redirect-uri", other_uri, "invalid_grant"),
        ("oauth-token.400-no-redirect-uri", ("redirect_uri", None), "invalid_request"),
        ("oauth-token.400-other-verifier", ("code_verifier", Some(super::CHALLENGE)), "invalid_grant"),
        ("oauth-token.400-no-verifier", ("code_verifier", None), "invalid_request"),
    ];
    for (name, changed, error) in cases {
        refused(&ask(&mut wire, &code, changed), 400, error);
        keep!(wire, name);
    }
    wire.advance(59_999);
    let fresh = approve(&mut wire, &for_app("users.all:read"), "1001");
    ask(&mut wire, &code, ("", None)).is(200);
    wire.advance(60_001);
    assert_eq!(
        refused(&ask(&mut wire, &fresh, ("", None)), 400, "invalid_grant"),
        "The authorization code has expired"
    );
    keep!(wire, "oauth-token.400-expired-code");

    let (_, refresh) = tokens(&mut wire, "users.all:read", "1001");
    let renew = |wire: &mut Wire, scope: &str, name: &str, error: &str| {
        wire.forget();
        let answer = send(wire, &ask_as_server(&[REFRESH, ("refresh_token", &refresh), ("scope", scope)]));
        refused(&answer, 400, error);
        keep!(wire, name);
    };
    renew(&mut wire, "rooms.info:read", "oauth-token.400-wider-scope", "invalid_scope");
    renew(&mut wire, "users.all:write", "oauth-token.400-unknown-scope", "invalid_scope");
    wire.advance(14 * 86_400_000);
    renew(&mut wire, "users.all:read", "oauth-token.400-expired-refresh-token", "invalid_grant");
}

#[test]
fn a_code_that_comes_again_takes_the_tokens_along() {
    let mut wire = Wire::start();
    let code = approve(&mut wire, &for_server("users.all:read"), "1001");
    let exchange = ask_as_server(&[CODE, ("code", &code)]);
    let body = send(&mut wire, &exchange).is(200);
    let (access, refresh) = (body["access_token"].as_str().unwrap(), body["refresh_token"].as_str().unwrap());
    wire.send(&with_bearer(access, "GET", "/me")).is(200);
    wire.forget();
    let told = refused(&send(&mut wire, &exchange), 400, "invalid_grant");
    assert!(told.contains("used before"), "{told}");
    assert_eq!(wire.noted(), ["chatwork.oauth.code-once"]);
    wire.send(&with_bearer(access, "GET", "/me")).refusal(401);
    refused(&send(&mut wire, &ask_as_server(&[REFRESH, ("refresh_token", refresh)])), 400, "invalid_grant");
    keep!(wire, "oauth-token.400-used-code");
}

#[test]
fn the_same_world_gives_the_same_tokens() {
    let mut both = Vec::new();
    for _ in 0..2 {
        let mut wire = Wire::start();
        both.push(tokens(&mut wire, "users.all:read", "1001"));
    }
    assert_eq!(both[0], both[1]);
    let mut other = Wire::with(|world| world["chatwork"]["counters"] = json!({"seed": 2}));
    assert_ne!(tokens(&mut other, "users.all:read", "1001"), both[0]);
}
