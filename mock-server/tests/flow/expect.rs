//! Waiting for requests.

use std::time::{Duration, Instant};

use mock_server::MockServer;
use mock_server::control::{Count, Expectation, Match};

use crate::support::{call, chatwork, messages};

fn asked(path: &str) -> Match {
    Match { path: Some(path.to_owned()), ..Match::default() }
}

#[test]
fn an_expectation_is_woken_by_the_request_that_satisfies_it() {
    let mock = MockServer::start().unwrap();
    let mut expectation = Expectation::at_least(2, asked("/v2/me"));
    expectation.within_ms = 60_000;
    let started = Instant::now();
    let outcome = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| mock.expect(&expectation).unwrap());
        (0..2).for_each(|_| assert_eq!(chatwork(&mock, "GET", "/v2/me", "").status, 200));
        waiting.join().unwrap()
    });
    assert_eq!((outcome.satisfied, outcome.matched, outcome.nearest), (true, 2, None));
    assert!(started.elapsed() < Duration::from_secs(50), "woken, not timed out");
}

#[test]
fn never_is_broken_by_the_request_and_kept_by_silence() {
    let mock = MockServer::start().unwrap();
    let outcome = mock.expect(&Expectation::never(asked("/v2/me"), 1)).unwrap();
    assert!(outcome.satisfied);
    let outcome = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| mock.expect(&Expectation::never(asked("/v2/me"), 60_000)).unwrap());
        chatwork(&mock, "GET", "/v2/me", "");
        waiting.join().unwrap()
    });
    assert_eq!((outcome.satisfied, outcome.matched), (false, 1));
}

#[test]
fn more_than_max_is_not_satisfied_and_after_leaves_older_ones_out() {
    let mock = MockServer::start().unwrap();
    (0..3).for_each(|_| _ = chatwork(&mock, "GET", "/v2/me", ""));
    let expectation =
        |after| Expectation { matching: asked("/v2/*"), count: Count { min: 1, max: Some(2) }, after, within_ms: 1 };
    let outcome = mock.expect(&expectation(0)).unwrap();
    assert_eq!((outcome.satisfied, outcome.matched), (false, 3));
    let outcome = mock.expect(&expectation(1)).unwrap();
    assert_eq!((outcome.satisfied, outcome.matched), (true, 2));
}

#[test]
fn what_came_closest_is_named_with_its_differences() {
    let mock = MockServer::start().unwrap();
    chatwork(&mock, "GET", "/v2/me", "");
    chatwork(&mock, "POST", &messages(&mock), "body=%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF");
    let body = r#"{"match": {"service": "chatwork", "method": "POST", "path": "/v2/rooms/*/messages", "form": {"body": "さよなら"}}, "within_ms": 1}"#;
    let outcome = call(&mock, "POST", "/expect", "", body).json();
    assert_eq!((&outcome["satisfied"], &outcome["matched"]), (&false.into(), &0.into()));
    assert_eq!(outcome["nearest"]["request"]["path"], messages(&mock));
    let differences = &outcome["nearest"]["differences"];
    assert_eq!(differences, &serde_json::json!(["form 'body': expected 'さよなら', was 'こんにちは'"]));
}

#[test]
fn a_wait_goes_on_over_a_reset_and_misses_nothing_after_it() {
    let mock = MockServer::start().unwrap();
    let mut expectation = Expectation::at_least(20, asked("/v2/me"));
    expectation.within_ms = 10_000;
    let outcome = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| mock.expect(&expectation).unwrap());
        while !waiting.is_finished() {
            // The newest id is the same after each round.
            mock.reset().unwrap();
            chatwork(&mock, "GET", "/v2/me", "");
        }
        waiting.join().unwrap()
    });
    assert!(outcome.satisfied, "{outcome:?}");
}

#[test]
fn every_fault_of_an_expectation_is_named() {
    let mock = MockServer::start().unwrap();
    let body = r#"{"match": {"pth": "/"}, "count": {"min": 2, "max": 1}, "within_ms": 60001}"#;
    let answer = call(&mock, "POST", "/expect", "", body);
    assert_eq!((answer.status, answer.errors().len()), (400, 3), "{answer:?}");
}

#[test]
fn the_end_of_the_mock_ends_every_wait() {
    let mock = MockServer::start().unwrap();
    let handle = (*mock).clone();
    let mut expectation = Expectation::at_least(1, asked("/v2/me"));
    expectation.within_ms = 60_000;
    let started = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || handle.expect(&expectation));
        drop(mock);
        if let Ok(outcome) = waiting.join().unwrap() {
            assert!(!outcome.satisfied);
        }
    });
    assert!(started.elapsed() < Duration::from_secs(50));
}
