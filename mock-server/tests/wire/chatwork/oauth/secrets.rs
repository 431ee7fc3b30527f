//! What the journal must never hold.

use super::{
    AUTHORIZE, SERVER_SECRET, VERIFIER, approve, ask_as_server, basic, for_app, for_server, send, tokens, with_bearer,
};
use crate::common::{Call, Wire};

const CANARY: &str = "canary-that-nobody-may-read";

#[test]
fn no_secret_of_a_whole_flow_is_written_down() {
    let mut wire = Wire::start();
    let code = approve(&mut wire, &for_app("users.all:read"), "1001");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("client_id", "wire-app"),
        ("redirect_uri", "example.app:/callback"),
        ("code_verifier", VERIFIER),
    ];
    let first = send(&mut wire, &Call::new("POST", "/token").form(&form)).is(200);
    let (access, refresh) = tokens(&mut wire, "users.all:read", "1001");
    send(&mut wire, &ask_as_server(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)])).is(200);
    wire.send(&with_bearer(&access, "GET", "/me")).is(200);
    let secrets = [&code, &access, &refresh, VERIFIER, SERVER_SECRET, &basic("wire-server", SERVER_SECRET)];
    let of_first = ["access_token", "refresh_token"].map(|key| first[key].as_str().unwrap().to_owned());
    let journal = serde_json::to_string(&wire.mock.requests().unwrap()).unwrap();
    for secret in secrets.into_iter().chain(of_first.iter().map(String::as_str)) {
        assert!(!journal.contains(secret), "{secret} is in {journal}");
    }
    for shown in
        ["grant_type=authorization_code", "client_id=wire-app", "\"operation\":\"oauth-token\"", "oauth/wire-server"]
    {
        assert!(journal.contains(shown), "{shown} is not in {journal}");
    }
}

#[test]
fn a_secret_that_is_sent_wrongly_is_not_written_down_either() {
    let mut wire = Wire::start();
    let keys = ["code", "client_secret", "refresh_token", "code_verifier", "access_token", "password", "c%6Fde"];
    let form = "application/x-www-form-urlencoded";
    for key in keys {
        let pair = format!("{key}={CANARY}");
        let json = format!("{{\"{key}\":\"{CANARY}\"}}");
        let calls = [
            Call::new("POST", "/token").body(form, format!("grant_type=authorization_code&{pair}")),
            Call::new("POST", "/token").body(form, format!("{pair}&{pair}")),
            Call::new("POST", "/token").body("application/json", json),
            Call::new("POST", "/token").body("text/plain", pair.clone()),
            Call::new("POST", &format!("/token?{pair}")),
            Call::new("GET", &format!("/token?{pair}")),
            Call::new("GET", &format!("{AUTHORIZE}?{pair}")),
            Call::new("GET", &format!("{}&{pair}", for_server("rooms:write"))),
            Call::new("POST", &for_server("rooms:write")).body(form, format!("approve=1&{pair}")),
            Call::new("PUT", "/token").body(form, pair.clone()),
        ];
        for call in calls {
            wire.send(&call);
        }
    }
    let swapped = basic(CANARY, "wire-server");
    wire.send(&Call::new("POST", "/token").header("authorization", &swapped).form(&[("grant_type", "refresh_token")]));
    wire.send(&Call::new("POST", "/token").body(form, CANARY));
    let requests = wire.mock.requests().unwrap();
    assert_eq!(requests.len(), keys.len() * 10 + 2);
    let journal = serde_json::to_string(&requests).unwrap();
    assert!(!journal.contains(CANARY), "{journal}");
}
