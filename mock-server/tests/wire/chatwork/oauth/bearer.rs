//! The API with an access token.

use contract::chatwork::endpoints::ENDPOINTS;
use contract::chatwork::oauth::Scope;

use super::super::refusals::sample;
use super::{tokens, with_bearer};
use crate::common::{AOI, BEN, Call, NOBODY, NOW, Wire};

#[test]
fn every_operation_is_done_with_its_scope_or_an_umbrella_and_refused_without() {
    for endpoint in &ENDPOINTS {
        let call = sample(endpoint, AOI, 5001);
        let by_api_token = Wire::start().send(&call);
        let ask = |scope: &str| {
            let mut wire = Wire::start();
            let (token, _) = tokens(&mut wire, scope, "1001");
            let before = wire.state();
            let mut call = call.clone();
            call.headers[0] = ("authorization".to_owned(), format!("Bearer {token}"));
            (wire.send(&call), wire, before)
        };
        let umbrella = Scope::ALL.iter().find(|scope| **scope != endpoint.scope && scope.covers(endpoint.scope));
        for scope in [endpoint.scope.name(), umbrella.unwrap().name()] {
            let (answer, ..) = ask(scope);
            assert_eq!(
                (answer.status, answer.text()),
                (by_api_token.status, by_api_token.text()),
                "{} {scope}",
                endpoint.name
            );
            assert_eq!(answer.limits(), by_api_token.limits());
        }
        let others: Vec<&str> =
            Scope::ALL.iter().filter(|scope| !scope.covers(endpoint.scope)).map(|scope| scope.name()).collect();
        let (answer, wire, before) = ask(&others.join(" "));
        let told = answer.refusal(403);
        assert_eq!(told, format!("You don't have permission to do this: it needs the scope '{}'", endpoint.scope));
        assert_eq!(answer.header("www-authenticate"), None);
        wire.is_still(&before);
    }
}

#[test]
fn scope_is_asked_for_behind_the_path_and_before_parameters() {
    let mut wire = Wire::start();
    let (token, _) = tokens(&mut wire, "users.all:read", "1001");
    wire.forget();
    wire.send(&with_bearer(&token, "POST", "/rooms/5001/messages")).refusal(403);
    keep!(wire, "post-messages.403-scope");
    let told = wire.send(&with_bearer(&token, "GET", "/nowhere")).refusal(400);
    assert_eq!(told, "Invalid Endpoint or HTTP method");
    let answer = wire.send(&with_bearer(&token, "GET", "/me"));
    assert_eq!((answer.is(200)["account_id"].as_u64(), answer.limits()), (Some(1001), (300, 297, NOW + 300)));
    keep!(wire, "get-me.200-bearer");
    let journal = wire.mock.requests().unwrap().pop().unwrap();
    assert_eq!(journal.token_id.as_deref(), Some("chatwork/1001/wire-server"));
    assert_eq!(journal.violations, []);
}

#[test]
fn a_token_is_good_for_thirty_minutes_of_the_world_s_clock() {
    let mut wire = Wire::start();
    let (token, _) = tokens(&mut wire, "users.all:read", "1001");
    wire.advance(1_799_999);
    wire.send(&with_bearer(&token, "GET", "/me")).is(200);
    wire.advance(1);
    wire.forget();
    let answer = wire.send(&with_bearer(&token, "GET", "/me"));
    assert_eq!(answer.refusal(401), "Invalid API token");
    let told = r#"Bearer error="invalid_token", error_description="The access token expired""#;
    assert_eq!(answer.header("www-authenticate"), Some(told));
    keep!(wire, "get-me.401-expired");
    let why = wire.mock.requests().unwrap().pop().unwrap().violations;
    assert_eq!(why[0].detail, "the access token has expired");
}

#[test]
fn nothing_but_the_very_token_is_one() {
    let mut wire = Wire::start();
    let (token, refresh) = tokens(&mut wire, "users.all:read", "1001");
    let (head, tail) = token.rsplit_once('.').unwrap();
    let forged = [
        refresh,
        token.to_lowercase(),
        format!("{token}="),
        format!("{head}."),
        head.to_owned(),
        // The same claims, said to be signed by nobody.
        format!("eyJhbGciOiJub25lIn0.{}.{tail}", head.split('.').nth(1).unwrap()),
        "wire-server".to_owned(),
        String::new(),
    ];
    for token in forged {
        let answer = wire.send(&with_bearer(&token, "GET", "/me"));
        assert_eq!(answer.refusal(401), "Invalid API token", "{token}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer error=\"invalid_token\""));
    }
    let elsewhere = [
        Call::new("GET", "/v2/me").header("x-chatworktoken", &token),
        Call::new("GET", &format!("/v2/me?access_token={token}")),
        Call::new("GET", "/v2/me").header("authorization", &format!("Token {token}")),
    ];
    for call in elsewhere {
        assert_eq!(wire.send(&call).header("www-authenticate"), None);
    }
    let twice = with_bearer(&token, "GET", "/me").header("authorization", &format!("Bearer {token}"));
    wire.send(&twice).refusal(401);
    wire.send(&with_bearer(&token, "GET", "/me")).is(200);
}

#[test]
fn the_api_token_counts_where_both_are_sent() {
    let mut wire = Wire::start();
    let (token, _) = tokens(&mut wire, "rooms.info:read", "1001");
    let both = |api: &str, path: &str| with_bearer(&token, "GET", path).header("x-chatworktoken", api);
    assert_eq!(
        wire.send(&both(BEN, "/me")).is(200)["account_id"],
        1002,
        "with its rights, not the scopes of the other"
    );
    let answer = wire.send(&both(NOBODY, "/rooms"));
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, None));
}

#[test]
fn an_account_has_one_limit_whatever_it_comes_with() {
    let mut wire = Wire::start();
    let (one, _) = tokens(&mut wire, "users.all:read", "1001");
    let (two, _) = tokens(&mut wire, "users.all:read", "1001");
    let (ben, _) = tokens(&mut wire, "users.all:read", "1002");
    assert_eq!(wire.get(AOI, "/me").limits().1, 299);
    assert_eq!(wire.send(&with_bearer(&one, "GET", "/me")).limits().1, 298);
    assert_eq!(wire.send(&with_bearer(&two, "GET", "/rooms")).limits().1, 297, "a refusal for want of scope counts");
    assert_eq!(wire.send(&with_bearer(&ben, "GET", "/me")).limits().1, 299);
}
