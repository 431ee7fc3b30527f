//! What hyper lets through, what nobody should send, and what happens then: a clear refusal, and the mock lives.

use contract::service::Service;
use mock_server::MockServer;

use crate::support::{Client, address, chatwork, exchange};

#[test]
fn a_request_needs_exactly_one_well_formed_host() {
    let mock = MockServer::start().unwrap();
    let ask = |hosts: &str| exchange(&mock, format!("GET /v2/me HTTP/1.1\r\n{hosts}\r\n"));
    for hosts in ["", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host: \r\n", "Host: a/b\r\n"] {
        let answer = ask(hosts);
        assert_eq!(answer.status, 400, "{hosts:?}");
        assert!(answer.errors()[0].contains("Host"), "{answer:?}");
    }
    assert_eq!(ask("Host: api.chatwork.com\r\n").status, 401, "any one host will do for a service");
    assert_eq!(exchange(&mock, "GET /v2/me HTTP/1.0\r\n\r\n").status, 401, "HTTP/1.0 knows no Host");
}

#[test]
fn transfer_encoding_twice_is_refused() {
    let mock = MockServer::start().unwrap();
    let twice = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n";
    let answer = exchange(&mock, format!("POST /chatday/messages HTTP/1.1\r\nHost: a\r\n{twice}\r\n0\r\n\r\n"));
    assert_eq!((answer.status, &answer.json()["status"]), (400, &"ERROR".into()));
}

#[test]
fn garbage_gets_a_400_or_nothing_and_the_next_request_is_served() {
    let mock = MockServer::start().unwrap();
    let garbage: [&[u8]; 8] = [
        b"\0\0\0\0\r\n\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /v2/me HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /v2/me HTTP/1.1\r\nHost : a\r\n\r\n",
        b"POST /v2/me HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /v2/me HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ];
    for bytes in garbage {
        let mut client = Client::connect(&address(&mock));
        client.send(bytes);
        let _ = client.stream().shutdown(std::net::Shutdown::Write);
        if let Some(answer) = client.try_answer() {
            assert_eq!(answer.status, 400, "{bytes:?}");
        }
    }
    assert_eq!(chatwork(&mock, "GET", "/v2/me", "").status, 200);
}

#[test]
fn paths_that_lead_nowhere_name_the_mounts() {
    let mock = MockServer::start().unwrap();
    for path in ["/", "/v2x/me", "/_mockery", "*", "/%00"] {
        let method = if path == "*" { "OPTIONS" } else { "GET" };
        let answer = exchange(&mock, format!("{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.errors()[0].contains("/v2 (Chatwork)"), "{answer:?}");
    }
}

#[test]
fn the_absolute_form_of_a_target_is_as_good_as_the_usual_one() {
    let mock = MockServer::start().unwrap();
    let token = mock.token(Service::Chatwork);
    let ask = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\nX-ChatWorkToken: {token}\r\n\r\n");
    assert_eq!(exchange(&mock, ask("http://a/v2/me")).status, 200);
    assert_eq!(mock.requests().unwrap()[0].path, "/v2/me");
}

#[test]
fn expect_100_continue_is_answered_before_the_body_is_sent() {
    let mock = MockServer::start().unwrap();
    let mut client = Client::connect(&address(&mock));
    client.send("POST /v2/me HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.answer().status, 100);
    assert_eq!(client.send("body").answer().status, 401);
}

#[test]
fn pipelined_requests_are_answered_one_by_one_and_in_order() {
    let mock = MockServer::start().unwrap();
    let token = mock.token(Service::Chatwork);
    let good = format!("GET /v2/me HTTP/1.1\r\nHost: a\r\nX-ChatWorkToken: {token}\r\n\r\n");
    let bad = "GET /v2/me HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut client = Client::connect(&address(&mock));
    client.send(format!("{good}{bad}").repeat(10));
    for _ in 0..10 {
        assert_eq!((client.answer().status, client.answer().status), (200, 401));
    }
}

#[test]
fn headers_come_in_one_order_every_time() {
    let mock = MockServer::start().unwrap();
    let names = |status: u16| {
        let token = if status == 200 { mock.token(Service::Chatwork) } else { "wrong" };
        let answer = exchange(&mock, format!("GET /v2/me HTTP/1.1\r\nHost: a\r\nX-ChatWorkToken: {token}\r\n\r\n"));
        assert_eq!(answer.status, status);
        answer.headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(200), names(200));
    let refused = names(401);
    assert_eq!(refused, ["content-type", "content-length", "vary", "date"]);
}
