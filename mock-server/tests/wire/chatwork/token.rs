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
fn a_bearer_token_without_an_api_token_is_told_that_it_is_no_good() {
    let mut wire = Wire::start();
    let answer = wire.send(&bare("/v2/me").header("authorization", "bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln"));
    assert_eq!(answer.refusal(401), "Invalid API token");
    let told = r#"Bearer error="invalid_token", error_description="The access token expired""#;
    assert_eq!(answer.header("www-authenticate"), Some(told));
    keep!(wire, "get-me.401-bearer");
    // Without one there is nothing to tell about it, and beside an API token it does not count.
    for call in [
        bare("/v2/me"),
        bare("/v2/me").header("authorization", "Basic eA=="),
        bare("/v2/me").header("x-chatworktoken", "nobody").header("authorization", "Bearer x"),
    ] {
        let answer = wire.send(&call);
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, None), "{call:?}");
    }
    wire.send(&bare("/v2/me").header("x-chatworktoken", AOI).header("authorization", "Bearer x")).is(200);
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
