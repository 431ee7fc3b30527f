//! Who is calling: the token in its header, once, and nowhere else.

use serde_json::json;

use crate::common::{AOI, BEN, Call, Wire};

fn bare(target: &str) -> Call {
    Call::new("GET", target)
}

#[test]
fn only_one_readable_token_in_the_header_counts() {
    let mut wire = Wire::start();
    let refused = [
        bare("/v2/me"),
        bare("/v2/me").header("x-chatworktoken", ""),
        bare("/v2/me").header("x-chatworktoken", "   "),
        bare("/v2/me").header("x-chatworktoken", AOI).header("x-chatworktoken", AOI),
        bare("/v2/me").header("x-chatworktoken", AOI).header("X-ChatWorkToken", BEN),
        bare("/v2/me").header("x-chatworktoken", "โทเค็น"),
        bare("/v2/me").header("x-chatworktoken", &AOI.to_uppercase()),
        bare("/v2/me").header("x-chatworktoken", &format!("{AOI},{AOI}")),
        bare("/v2/me").header("x-chatworktoken", &format!("\"{AOI}\"")),
        bare("/v2/me").header("authorization", &format!("Bearer {AOI}")),
        bare("/v2/me").header("cookie", &format!("x-chatworktoken={AOI}")),
        bare(&format!("/v2/me?x-chatworktoken={AOI}")),
        bare(&format!("/v2/me?token={AOI}")),
        Call::new("POST", "/v2/rooms").form(&[("x-chatworktoken", AOI)]),
    ];
    for call in refused {
        assert_eq!(wire.send(&call).refusal(401), "Invalid API token", "{call:?}");
    }
    keep!(wire, "get-me.401-not-a-token");
}

#[test]
fn a_token_in_the_query_is_noted_and_not_repeated() {
    let mut wire = Wire::start();
    wire.send(&bare(&format!("/v2/me?x-chatworktoken={AOI}"))).refusal(401);
    assert!(wire.noted().contains(&"chatwork.auth.token-not-in-query".to_owned()), "{:?}", wire.noted());
    let journal = serde_json::to_string(&wire.mock.requests().unwrap()).unwrap();
    assert!(!journal.contains(AOI), "{journal}");
}

#[test]
fn every_spelling_of_the_header_is_the_same() {
    let mut wire = Wire::start();
    for name in ["X-ChatWorkToken", "x-chatworktoken", "X-CHATWORKTOKEN", "X-Chatworktoken"] {
        wire.send(&bare("/v2/me").header(name, AOI)).is(200);
    }
    wire.send(&bare("/v2/me").header("x-chatworktoken", &format!("  {AOI}\t"))).is(200);
}

#[test]
fn without_a_token_one_learns_nothing_about_paths() {
    let mut wire = Wire::start();
    for target in ["/v2", "/v2/", "/v2/nowhere", "/v2/rooms//messages", "/v2/rooms/5001"] {
        for verb in ["GET", "POST", "PATCH"] {
            assert_eq!(wire.send(&Call::new(verb, target)).refusal(401), "Invalid API token", "{verb} {target}");
        }
    }
}

#[test]
fn a_world_may_spell_the_refusal_as_the_live_service_does() {
    let mut wire = Wire::with_settings(json!({"token_error": "Invalid API Token"}));
    assert_eq!(wire.send(&bare("/v2/me")).refusal(401), "Invalid API Token");
    keep!(wire, "get-me.401-live");
}
