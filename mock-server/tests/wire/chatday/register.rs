//! Register.

use super::{call, refusal};
use crate::common::{Call, Wire};

const SHOP: &str = "wire-chatday-shop";
const NEWCOMER: &str = "wire-chatday-newcomer";

#[test]
fn registering_answers_with_the_signature_token_each_time_the_same() {
    let mut wire = Wire::start();
    let first = wire.send(&call(NEWCOMER, "GET", "/register"));
    let body = first.is(200);
    assert_eq!(body["status"], "SUCCESS");
    assert_eq!(body["Chatday-Signature-Token"], "wire-signature-of-newcomer");
    assert_eq!(first.header("chatday-signature-token"), Some("wire-signature-of-newcomer"));
    assert_eq!(wire.send(&call(NEWCOMER, "GET", "/register")).is(200), body);
    keep!(wire, "register.200");
}

#[test]
fn registering_activates_the_token() {
    let mut wire = Wire::start();
    let message = || {
        let body = r#"{"message":{"type":"text","data":"สวัสดี"},"chat_id":"70002"}"#;
        call(NEWCOMER, "POST", "/messages").body("application/json", body)
    };
    refusal(&wire.send(&message()), 403);
    wire.send(&call(NEWCOMER, "GET", "/register")).is(200);
    wire.send(&message()).is(200);
}

#[test]
fn only_one_bearer_token_in_the_header_counts() {
    let mut wire = Wire::start();
    let before = wire.state();
    let bare = || Call::new("GET", "/chatday/register");
    for call in [
        bare(),
        Call::new("GET", &format!("/chatday/register?token={SHOP}")),
        bare().header("x-chatworktoken", SHOP),
        bare().header("authorization", ""),
        bare().header("authorization", "Bearer"),
        bare().header("authorization", "Bearer "),
        bare().header("authorization", SHOP),
        bare().header("authorization", &format!("Basic {SHOP}")),
        bare().header("authorization", &format!("Bearer {SHOP} {SHOP}")),
        bare().header("authorization", &format!("Bearer {SHOP}")).header("authorization", &format!("Bearer {SHOP}")),
        bare().header("authorization", "Bearer โทเค็น"),
        bare().header("authorization", "Bearer nobody"),
        bare().header("authorization", &format!("Bearer {}", SHOP.to_uppercase())),
    ] {
        let answer = wire.send(&call);
        refusal(&answer, 401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{}", answer.head);
    }
    wire.is_still(&before);
    keep!(wire, "register.401");
}

#[test]
fn the_scheme_is_bearer_in_any_case() {
    let mut wire = Wire::start();
    for scheme in ["bearer", "BEARER", "Bearer "] {
        wire.send(&Call::new("GET", "/chatday/register").header("authorization", &format!("{scheme} {SHOP}"))).is(200);
    }
}

#[test]
fn other_verbs_and_paths_are_refused_with_what_is_allowed() {
    let mut wire = Wire::start();
    let before = wire.state();
    for verb in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = wire.send(&call(NEWCOMER, verb, "/register"));
        refusal(&answer, 405);
        assert_eq!(answer.header("allow"), Some("GET"), "{}", answer.head);
    }
    keep!(wire, "register.405");
    for path in ["", "/", "/register/", "//register", "/Register", "/regist%65r", "/nowhere"] {
        refusal(&wire.send(&call(NEWCOMER, "GET", path)), 404);
    }
    keep!(wire, "register.404");
    wire.is_still(&before);
}
