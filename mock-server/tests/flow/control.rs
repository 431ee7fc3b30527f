//! The control API.

use contract::service::Service;
use mock_server::{Mock, MockError, MockServer};
use serde_json::json;

use crate::support::{Client, address, call, chatwork, exchange, messages, request};

#[test]
fn health_and_info_answer_as_documented() {
    let mock = MockServer::start().unwrap();
    let health = call(&mock, "GET", "/health", "", "");
    assert_eq!((health.status, health.body.as_str()), (200, r#"{"status":"ok"}"#));
    let info = call(&mock, "GET", "/info", "", "").json();
    assert_eq!(info["ready"], true);
    assert_eq!(info["pid"], std::process::id());
    assert_eq!(info["control_url"], format!("http://{}/_mock", address(&mock)));
    assert_eq!(info["chatwork"]["base_url"], format!("http://{}/v2", address(&mock)));
    assert_eq!(info["chatday"]["base_url"], format!("http://{}/chatday", address(&mock)));
    for key in ["ui_url", "tls_url", "intercept_proxy", "ca_file"] {
        assert!(info[key].is_null(), "{key}");
    }
}

#[test]
fn a_new_world_answers_with_its_card() {
    let mock = MockServer::start().unwrap();
    let made = call(&mock, "POST", "/worlds", "", r#"{"seed": 5}"#);
    assert_eq!(made.status, 201);
    let (one, two) = (made.json(), call(&mock, "POST", "/worlds", "", "").json());
    assert_ne!(one["id"], two["id"]);
    assert_ne!(one["chatwork"]["token"], two["chatwork"]["token"]);
    for key in ["base_url", "token", "account_id", "room_id"] {
        assert!(!one["chatwork"][key].is_null(), "{key}");
    }
    assert!(one["chatday"]["token"].is_string());
    let id = one["id"].as_str().unwrap();
    assert_eq!(call(&mock, "DELETE", &format!("/worlds/{id}"), "", "").status, 204);
}

#[test]
fn every_fault_of_a_call_is_named_and_nothing_changes() {
    let mock = MockServer::start().unwrap();
    let before = mock.state().unwrap();
    let refused = |method: &str, path: &str, body: &str, count: usize| {
        let answer = call(&mock, method, path, "", body);
        assert_eq!((answer.status, answer.errors().len()), (400, count), "{method} {path}: {answer:?}");
    };
    refused("POST", "/worlds", "{", 1);
    refused("POST", "/worlds", r#"{"seed": -1, "wurld": {}}"#, 2);
    refused("POST", "/worlds", r#"{"world": {"clock": {"at": 1}, "chatwork": [], "extra": 1}}"#, 3);
    refused("PUT", "/state", "", 1);
    refused("PUT", "/state", "[]", 1);
    refused("PUT", "/state", r#"{"chatwork": 1, "chatday": 2, "clock": 3}"#, 3);
    refused("PATCH", "/settings", r#"{"chatwrok": {}}"#, 1);
    refused("POST", "/clock", r#"{"advance_ms": "1", "set": "noon"}"#, 2);
    refused("POST", "/clock", "{}", 1);
    refused("GET", "/requests?service=slack&colour=red", "", 2);
    refused("POST", "/expect", "null", 1);
    assert_eq!(mock.state().unwrap(), before);
    let deep = call(&mock, "PUT", "/state", "", &"[".repeat(10_000));
    assert_eq!(deep.status, 400, "nesting without end is a fault, not the end of the process");
}

#[test]
fn wrong_methods_name_the_right_ones_and_unknown_calls_are_404() {
    let mock = MockServer::start().unwrap();
    let wrong = call(&mock, "PUT", "/clock", "", "{}");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, HEAD, POST")));
    assert_eq!(call(&mock, "GET", "/nothing", "", "").status, 404);
    let unknown = call(&mock, "GET", "/clock", "X-Mock-World: w77\r\n", "");
    assert_eq!(unknown.status, 404);
    assert!(unknown.errors()[0].contains("unknown world 'w77'"));
    assert_eq!(call(&mock, "GET", "/chatday/chats/no-such-chat", "", "").status, 404);
}

#[test]
fn state_goes_out_and_comes_in_whole_or_not_at_all() {
    let mock = MockServer::start().unwrap();
    chatwork(&mock, "POST", &messages(&mock), "body=%E0%B8%AA%E0%B8%A7%E0%B8%B1%E0%B8%AA%E0%B8%94%E0%B8%B5");
    let kept = mock.state().unwrap();
    chatwork(&mock, "POST", &messages(&mock), "body=later");
    let later = mock.state().unwrap();
    assert_ne!(kept, later);
    let mut spoilt = kept.clone();
    spoilt["chatday"] = json!({"no-such-key": 1});
    assert_eq!(call(&mock, "PUT", "/state", "", &spoilt.to_string()).status, 400);
    assert_eq!(mock.state().unwrap(), later, "a faulty state changes nothing");
    assert_eq!(call(&mock, "PUT", "/state", "", &kept.to_string()).status, 200);
    assert_eq!(mock.state().unwrap(), kept);
}

#[test]
fn a_reset_world_is_back_at_its_seed_with_an_empty_journal() {
    let mock = MockServer::builder().frozen_clock(None).start().unwrap();
    let before = mock.state().unwrap();
    chatwork(&mock, "POST", &messages(&mock), "body=hello");
    mock.advance(std::time::Duration::from_secs(60)).unwrap();
    assert_ne!(mock.state().unwrap(), before);
    mock.reset().unwrap();
    assert_eq!(mock.state().unwrap(), before);
    assert!(mock.requests().unwrap().is_empty());
}

#[test]
fn tokens_of_another_world_are_refused() {
    let mock = MockServer::start().unwrap();
    let taken = json!({"world": mock.state().unwrap()}).to_string();
    let answer = call(&mock, "POST", "/worlds", "", &taken);
    assert_eq!(answer.status, 400);
    assert!(answer.errors()[0].contains("belongs to the world 'default' already"), "{answer:?}");
}

#[test]
fn the_clock_moves_when_told_and_dates_follow_it() {
    let mock = MockServer::start().unwrap();
    let world = mock.new_world(None, None).unwrap();
    let change = |body: &str| {
        let answer = call(&mock, "POST", "/clock", &format!("X-Mock-World: {}\r\n", world.card().id), body);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let frozen = change(r#"{"set": "1994-11-06T08:49:37Z", "freeze": true}"#);
    assert_eq!((&frozen["frozen"], &frozen["now_ms"]), (&true.into(), &784_111_777_000_i64.into()));
    let dated = |mock: &Mock| chatwork(mock, "GET", "/v2/me", "").header("date").unwrap().to_owned();
    assert_eq!(dated(&world), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(change(r#"{"advance_ms": 300000}"#)["now"], "1994-11-06T08:54:37Z");
    assert_eq!(dated(&world), "Sun, 06 Nov 1994 08:54:37 GMT");
    assert!(!dated(&mock).contains("1994"), "other worlds have clocks of their own");
    assert_eq!(change(r#"{"resume": true}"#)["frozen"], false);
    assert_eq!(world.requests().unwrap()[0].at_ms, 784_111_777_000);
}

#[test]
fn requests_are_filtered_and_secrets_are_masked() {
    let mock = MockServer::start().unwrap();
    let token = mock.token(Service::Chatwork).to_owned();
    exchange(&mock, request(&mock, "GET", &format!("/v2/me?token={token}"), &token, ""));
    chatwork(&mock, "POST", "/v2/nothing", &format!("body={token}"));
    exchange(&mock, "GET /chatday/register HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer some-unknown-secret\r\n\r\n");
    let whole = call(&mock, "GET", "/requests", "", "");
    assert!(!whole.body.contains(&token) && !whole.body.contains("some-unknown-secret"), "{whole:?}");
    let ids = |query: &str| {
        let log = call(&mock, "GET", &format!("/requests?{query}"), "", "").json();
        log["requests"].as_array().unwrap().iter().map(|request| request["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids(""), [1, 2, 3]);
    assert_eq!(ids("service=chatday"), [3]);
    assert_eq!(ids("method=POST"), [2]);
    assert_eq!(ids("path=/v2/me"), [1]);
    assert_eq!(ids("path=/v2/*&after=1"), [2]);
    assert_eq!(ids("limit=2"), [1, 2]);
    assert_eq!(ids("status=200&service=chatwork"), [1]);
    assert_eq!(call(&mock, "DELETE", "/requests", "", "").status, 204);
    assert_eq!(ids(""), [0; 0]);
}

#[test]
fn a_page_from_elsewhere_cannot_call() {
    let mock = MockServer::builder().public_url("http://mock.example:8080/").start().unwrap();
    let port = address_port(&mock);
    let ask = |host: &str| {
        let head = format!("GET /_mock/health HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Client::connect(&format!("127.0.0.1:{port}")).send(head).answer().status
    };
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(ask(&format!("{host}:{port}")), 200, "{host}");
    }
    assert_eq!(ask("mock.example:8080"), 200);
    for host in ["evil.example", "mock.example", "localhost.evil.example", "10.0.0.1"] {
        assert_eq!(ask(host), 403, "{host}");
    }
    assert_eq!(mock.url(Service::Chatwork), "http://mock.example:8080/v2");
}

#[test]
fn a_page_from_elsewhere_can_change_nothing_without_asking_first_either() {
    let mock = MockServer::builder().public_url("http://mock.example:8080/").start().unwrap();
    let ask = |method: &str, path: &str, origin: &str| {
        // What a page may send without a question beforehand: plain text, to any address.
        let head = format!(
            "{method} /_mock{path} HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\nContent-Type: text/plain\r\n\
             Content-Length: 2\r\n\r\n{{}}"
        );
        Client::connect(&format!("127.0.0.1:{}", address_port(&mock))).send(head).answer()
    };
    for origin in ["http://evil.example", "null", "http://localhost.evil.example"] {
        for (method, path) in [("POST", "/reset"), ("POST", "/worlds"), ("DELETE", "/requests"), ("PUT", "/state")] {
            let refused = ask(method, path, origin);
            assert_eq!(refused.status, 403, "{method} {path} from {origin}");
            assert!(refused.errors()[0].contains("Origin"), "{refused:?}");
        }
    }
    assert_eq!(ask("POST", "/worlds", "http://localhost:3000").status, 201);
    assert_eq!(ask("POST", "/worlds", "http://mock.example:8080").status, 201);
    assert_eq!(
        ask("GET", "/health", "http://evil.example").status,
        200,
        "the browser keeps the answer from such a page"
    );
}

#[test]
fn a_public_url_with_the_port_of_its_scheme_is_met_with_and_without_it() {
    for url in ["http://mock.example:80", "https://mock.example:443/"] {
        let mock = MockServer::builder().public_url(url).start().unwrap();
        let head = "GET /_mock/health HTTP/1.1\r\nHost: mock.example\r\n\r\n";
        let address = format!("127.0.0.1:{}", address_port(&mock));
        assert_eq!(Client::connect(&address).send(head).answer().status, 200, "{url}");
    }
}

#[test]
fn a_stranger_is_refused_before_the_body_is_read() {
    let mock = MockServer::builder().control_token("sesame").start().unwrap();
    for (host, status) in [("evil.example", 403), ("localhost", 401)] {
        // Announced, and never sent.
        let head = format!("PUT /_mock/state HTTP/1.1\r\nHost: {host}\r\nContent-Length: 60000000\r\n\r\n");
        let answer = exchange(&mock, head);
        assert_eq!((answer.status, answer.header("connection")), (status, Some("close")));
    }
}

#[test]
fn head_is_get_without_the_body() {
    let mock = MockServer::start().unwrap();
    let head = format!("HEAD /_mock/health HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", address(&mock));
    let mut client = Client::connect(&address(&mock));
    let mut answer = String::new();
    std::io::Read::read_to_string(client.send(head).stream(), &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn a_seed_may_be_any_64_bits() {
    let mock = MockServer::start().unwrap();
    assert!(mock.new_world(Some(u64::MAX), None).is_ok());
    for seed in ["-1", "1.5", "\"1\"", "null", "18446744073709551616"] {
        let answer = call(&mock, "POST", "/worlds", "", &format!("{{\"seed\": {seed}}}"));
        assert!(answer.errors()[0].starts_with("/seed: expected an integer from 0 to 18446744073709551615"));
    }
}

#[test]
fn a_token_in_a_wrong_place_does_not_come_back_in_words() {
    let mock = MockServer::start().unwrap();
    let token = mock.token(Service::Chatwork);
    exchange(&mock, format!("GET /v2/me HTTP/1.1\r\nHost: a\r\nX-Mock-World: {token}\r\n\r\n"));
    let log = call(&mock, "GET", "/requests", "", "");
    assert!(log.body.contains("unknown world '[masked]'") && !log.body.contains(token), "{log:?}");
}

fn address_port(mock: &MockServer) -> u16 {
    mock.local_address().port()
}

#[test]
fn with_a_control_token_every_call_needs_it() {
    let mock = MockServer::builder().control_token("sesame").start().unwrap();
    let ask = |headers: &str| call(&mock, "GET", "/health", headers, "");
    let refused = ask("");
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(ask("Authorization: Bearer sesam\r\n").status, 401);
    assert_eq!(ask("Authorization: Bearer sesame\r\n").status, 200);
    assert_eq!(ask("authorization: bearer sesame\r\n").status, 200, "schemes know no case");
    let url = mock.control_url().to_owned();
    assert!(matches!(Mock::connect(&url, None), Err(MockError::Refused { status: 401, .. })));
    assert!(Mock::connect(&url, Some("sesame")).is_ok());
    assert_eq!(chatwork(&mock, "GET", "/v2/me", "").status, 200, "the services need no such token");
}

#[test]
fn the_control_api_can_have_an_address_of_its_own() {
    let mock = MockServer::builder().control_listen("127.0.0.1:0".parse().unwrap()).start().unwrap();
    assert_eq!(call(&mock, "GET", "/health", "", "").status, 404);
    let remote = Mock::connect(mock.control_url(), None).unwrap();
    assert_eq!(remote.url(Service::Chatwork), mock.url(Service::Chatwork));
    let control = mock.control_url().trim_start_matches("http://").trim_end_matches("/_mock");
    let services = Client::connect(control).send(format!("GET /v2/me HTTP/1.1\r\nHost: {control}\r\n\r\n")).answer();
    assert_eq!(services.status, 404);
}

#[test]
fn changed_settings_hold_at_once_in_their_world_only_and_a_faulty_change_changes_nothing() {
    let mock = MockServer::start().unwrap();
    let world = mock.new_world(None, None).unwrap();
    let limit = json!({"chatwork": {"limits": {"account": {"requests": 2, "seconds": 300}}}});
    assert_eq!(world.set_settings(&limit).unwrap()["chatwork"]["limits"]["account"]["requests"], 2);
    let statuses = |mock: &Mock| (0..3).map(|_| chatwork(mock, "GET", "/v2/me", "").status).collect::<Vec<_>>();
    assert_eq!(statuses(&world), [200, 200, 429]);
    assert_eq!(statuses(&mock), [200, 200, 200]);
    let before = world.settings().unwrap();
    let faulty = json!({"chatwork": {"limits": {"account": null}, "edition": "1999"}});
    assert!(matches!(world.set_settings(&faulty), Err(MockError::Refused { status: 400, .. })));
    assert_eq!(world.settings().unwrap(), before);
}
