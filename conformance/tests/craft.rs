//! What the checks send is what they say they send: held against the correct samples, without any socket, over many secrets.

mod common;

use std::cell::Cell;
use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use conformance::ask::case::Role;
use conformance::ask::craft::{Craft, Rhythm};
use conformance::ask::policy::{ForgeryAnswer, Origin, Policy};
use conformance::ask::secret::Secret;
use conformance::catalog::Selection;
use conformance::check::{Kind, Plan};
use conformance::sample::receive::{Integration, Reaction};
use contract::chatday::Profile;
use contract::service::Service;
use contract::time::UnixMillis;
use contract::wire::Request;
use courier::exchange::Delivery;
use proptest::prelude::*;

fn request(delivery: &Delivery) -> Request {
    let mut request = http::Request::builder().method(&delivery.method).uri(&delivery.target);
    for (name, value) in &delivery.headers {
        request = request.header(name, value.sent());
    }
    request.body(delivery.body.clone()).unwrap()
}

/// Megabytes of body: made once, not for each of many secrets.
fn is_heavy(check: &str) -> bool {
    check.contains("large-body") || check.contains("long-text")
}

/// Every case of a service but the heavy ones: check, case, role, delivery.
fn cases(service: Service, secret: &Secret, seed: u64) -> Vec<(String, Role, Delivery)> {
    cases_of(Origin::default(), service, secret, seed, false)
}

fn cases_of(
    origin: Origin,
    service: Service,
    secret: &Secret,
    seed: u64,
    heavy: bool,
) -> Vec<(String, Role, Delivery)> {
    let policy = Policy {
        service,
        profile: Profile::default_profile(),
        forgery_answer: ForgeryAnswer::Refuse,
        origin,
        marked: false,
        old_secret: None,
        effect: None,
    };
    let serial = Cell::new(0);
    let mut all = Vec::new();
    for check in (Selection { service: Some(service), kind: Some(Kind::Webhook), ..Selection::default() }).choose() {
        if is_heavy(check.id) != heavy {
            continue;
        }
        let craft = Craft {
            secret,
            policy: &policy,
            now: UnixMillis::from_seconds(1_760_000_000),
            seed,
            check: check.id,
            target: "/webhook?team=1",
            rhythm: Rhythm::default(),
            serial: &serial,
            after: None,
        };
        let Plan::Examples { cases, .. } = check.plan else { continue };
        for case in cases(&craft) {
            all.push((format!("{}/{}", check.id, case.name), case.role, case.delivery));
        }
    }
    all
}

fn status(service: Service, secret: &Secret, delivery: &Delivery) -> u16 {
    let integration = Integration::new(service, secret.clone(), Profile::default_profile(), None);
    match integration.receive(&request(delivery)) {
        Reaction::Answer(answer) => answer.status().as_u16(),
        other => panic!("a correct integration answers: {other:?}"),
    }
}

fn assert_roles(service: Service, secret: &Secret, seed: u64) {
    assert_as_named(service, secret, cases(service, secret, seed));
}

fn assert_as_named(service: Service, secret: &Secret, cases: Vec<(String, Role, Delivery)>) {
    for (name, role, delivery) in cases {
        let status = status(service, secret, &delivery);
        let fine = match role {
            Role::Genuine => status == 200,
            Role::Forged => status == 401,
            Role::Hostile => status < 500,
        };
        assert!(fine, "{status} for {name} with {:?}", secret.reveal());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_correct_chatwork_receiver_tells_every_forgery_from_every_real_event(
        key in prop::collection::vec(any::<u8>(), 1..80),
        seed in any::<u64>(),
    ) {
        let secret = Secret::new(Service::Chatwork, &STANDARD.encode(key), None).unwrap();
        assert_roles(Service::Chatwork, &secret, seed);
    }

    #[test]
    fn a_correct_chatday_receiver_tells_every_forgery_from_every_real_event(
        token in "[!-~]{1,60}",
        seed in any::<u64>(),
    ) {
        let secret = Secret::new(Service::Chatday, &token, None).unwrap();
        assert_roles(Service::Chatday, &secret, seed);
    }
}

#[test]
fn heavy_events_are_what_they_say_too() {
    for service in Service::ALL {
        let secret = common::secret(service);
        assert_as_named(service, &secret, cases_of(Origin::default(), service, &secret, 1, true));
    }
}

#[test]
fn a_spoilt_secret_that_is_the_right_one_by_chance_is_not_sent_as_a_forgery() {
    // HMAC fills keys up with zeros: these are the empty key.
    for zeros in [1, 32, 64] {
        let secret = Secret::new(Service::Chatwork, &STANDARD.encode(vec![0; zeros]), None).unwrap();
        assert_roles(Service::Chatwork, &secret, 1);
    }
    for token in ["7", "12321", "00000000", "aa", "-", "null"] {
        let secret = Secret::new(Service::Chatday, token, None).unwrap();
        for seed in 0..4 {
            assert_roles(Service::Chatday, &secret, seed);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_names_are_unique() {
    for service in Service::ALL {
        let secret = common::secret(service);
        let first = cases(service, &secret, 7);
        assert_eq!(first, cases(service, &secret, 7));
        let names: BTreeSet<&String> = first.iter().map(|(name, ..)| name).collect();
        assert_eq!(names.len(), first.len(), "a replay id must name one case");
    }
}

#[test]
fn no_two_events_of_a_chatwork_run_have_the_same_id() {
    let mut seen = BTreeSet::new();
    for (name, role, delivery) in cases(Service::Chatwork, &common::secret(Service::Chatwork), 1) {
        if role == Role::Hostile {
            continue;
        }
        let event: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
        if let Some(id) = event["webhook_event"]["message_id"].as_str() {
            assert!(seen.insert(id.to_owned()), "{name}: a receiver may drop what it takes for a duplicate");
        }
    }
}

#[test]
fn every_event_but_one_that_moves_it_comes_from_the_declared_setting_and_room() {
    let secret = common::secret(Service::Chatwork);
    for room_id in [77, 5_001, 5_002, u64::MAX] {
        let origin = Origin { setting_id: Some("999".to_owned()), room_id: Some(room_id), account: None };
        for (name, role, delivery) in cases_of(origin, Service::Chatwork, &secret, 1, false) {
            if role == Role::Hostile {
                continue;
            }
            let event: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
            assert_eq!(event["webhook_setting_id"], "999", "{name}");
            let moved = name.ends_with("/another-room");
            assert_eq!(event["webhook_event"]["room_id"] != room_id, moved, "{name}");
        }
    }
}

#[test]
fn nothing_that_may_be_shown_holds_the_chatday_secret() {
    let secret = common::secret(Service::Chatday);
    for (name, _, delivery) in cases(Service::Chatday, &secret, 1) {
        let shown = delivery.headers.iter().map(|(_, value)| value.shown()).collect::<String>();
        let debug = format!("{delivery:?}");
        for text in [&shown, &debug] {
            assert!(!text.contains(&common::CHATDAY_TOKEN[..20]), "{name}: {text}");
        }
    }
}
