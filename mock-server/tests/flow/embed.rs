//! The mock as a library.

use std::net::TcpStream;

use contract::service::Service;
use mock_server::control::{Expectation, Match};
use mock_server::{Mock, MockError, MockServer, StartError};
use serde_json::json;

use crate::support::{address, chatwork, messages};

#[test]
fn a_dropped_mock_has_ended() {
    let mock = MockServer::start().unwrap();
    let (address, handle) = (address(&mock), (*mock).clone());
    assert!(TcpStream::connect(&address).is_ok());
    drop(mock);
    assert!(TcpStream::connect(&address).is_err());
    assert!(matches!(handle.state(), Err(MockError::Ended)));
}

#[test]
fn it_can_be_used_inside_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mock = MockServer::start().unwrap();
        assert_eq!(chatwork(&mock, "GET", "/v2/me", "").status, 200);
        let asked = Match { path: Some("/v2/me".into()), ..Match::default() };
        assert!(mock.expect(&Expectation::at_least(1, asked)).unwrap().satisfied);
        mock.advance(std::time::Duration::from_secs(1)).unwrap();
        drop(mock);
    });
}

#[test]
fn the_remote_handle_does_what_the_local_one_does() {
    let local = MockServer::start().unwrap();
    let remote = Mock::connect(local.control_url(), None).unwrap();
    let handles: [&Mock; 2] = [&local, &remote];
    for mock in handles {
        let mut world =
            mock.new_world(Some(3), Some(&json!({"clock": {"at": "2026-01-31T09:00:00Z", "frozen": true}}))).unwrap();
        assert_eq!(world.clock().unwrap().now, "2026-01-31T09:00:00Z");
        assert_eq!(world.advance(std::time::Duration::from_millis(1500)).unwrap().now, "2026-01-31T09:00:01.5Z");
        assert!(!world.resume().unwrap().frozen);
        assert!(world.freeze().unwrap().frozen);
        assert_eq!(world.set_time("2026-02-01T00:00:00Z").unwrap().now_ms, 1_769_904_000_000);
        let before = world.state().unwrap();
        assert_eq!(chatwork(&world, "POST", &messages(&world), "body=%F0%9F%91%8D").status, 200);
        let requests = world.requests().unwrap();
        assert_eq!((requests.len(), requests[0].body.as_str()), (1, "body=%F0%9F%91%8D"));
        world.set_state(&before).unwrap();
        assert_eq!(world.state().unwrap(), before);
        world.clear_requests().unwrap();
        assert!(world.requests().unwrap().is_empty());
        let settings = world.settings().unwrap();
        assert_eq!(world.set_settings(&json!({})).unwrap(), settings);
        world.reset().unwrap();
        let chat_id = world.card().chatday["chat_id"].as_str().unwrap().to_owned();
        assert!(world.chat(&chat_id).unwrap().is_object());
        let Err(MockError::Refused { status, errors, .. }) = world.chat("ไม่มี/ห้อง") else {
            panic!("there is no such chat")
        };
        assert_eq!((status, errors.len()), (404, 1));
        world.delete_world().unwrap();
    }
}

#[test]
fn a_mock_that_is_not_there_is_unreachable() {
    let mock = MockServer::start().unwrap();
    let url = mock.control_url().to_owned();
    drop(mock);
    assert!(matches!(Mock::connect(&url, None), Err(MockError::Unreachable { .. })));
}

#[test]
fn two_mocks_do_not_share_an_address() {
    let mock = MockServer::start().unwrap();
    let taken = mock.local_address();
    let error = MockServer::builder().listen(taken).start().unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }));
    let words = error.to_string();
    assert!(words.contains(&taken.to_string()) && words.contains("--listen"), "{words}");
}

#[test]
fn a_mock_that_cannot_start_inside_a_runtime_says_why_and_does_not_panic() {
    for mut builder in [tokio::runtime::Builder::new_current_thread(), tokio::runtime::Builder::new_multi_thread()] {
        let error = builder
            .build()
            .unwrap()
            .block_on(async { MockServer::builder().world(json!({"chatwork": 1})).start().map(|_| ()).unwrap_err() });
        assert!(matches!(error, StartError::World(_)));
    }
}

#[test]
fn a_faulty_world_does_not_start_and_names_its_faults() {
    let error = MockServer::builder().world(json!({"chatwork": 1, "chatday": 2, "x": 3})).start().unwrap_err();
    let StartError::World(faults) = error else { panic!("{error}") };
    assert_eq!(faults.len(), 3);
}

#[test]
fn an_address_that_others_reach_needs_a_control_token() {
    let error = MockServer::builder().listen("0.0.0.0:0".parse().unwrap()).start().unwrap_err();
    assert!(matches!(error, StartError::Exposed(_)));
}

#[test]
fn the_same_seed_gives_the_same_tokens() {
    let tokens = |seed| {
        let mock = MockServer::builder().seed(seed).start().unwrap();
        mock.new_world(None, None).unwrap().token(Service::Chatwork).to_owned()
    };
    assert_eq!(tokens(4), tokens(4));
    assert_ne!(tokens(4), tokens(5));
}
