//! Every bound of the listener at n and at n + 1.

use std::io::{ErrorKind, Write as _};
use std::time::Duration;

use contract::service::Service;
use mock_server::{Limits, MockServer};

use crate::support::{Client, address, call, chatwork, exchange, messages};

const SHORT: Duration = Duration::from_millis(200);

fn mock(limits: Limits) -> MockServer {
    MockServer::builder().limits(limits).start().unwrap()
}

#[test]
fn a_request_line_of_8_kib_is_served_and_one_byte_more_is_414() {
    let mock = MockServer::start().unwrap();
    let ask = |size: usize| {
        let fill = "x".repeat(size - "GET /v2/me? HTTP/1.1".len());
        let token = mock.token(Service::Chatwork);
        let head = format!("GET /v2/me?{fill} HTTP/1.1\r\nHost: a\r\nX-ChatWorkToken: {token}\r\n\r\n");
        exchange(&mock, head)
    };
    assert_eq!(ask(8192).status, 200);
    let refused = ask(8193);
    assert_eq!(refused.status, 414);
    assert!(refused.errors()[0].contains("at most 8192"), "{refused:?}");
    assert!(refused.header("date").is_some(), "refusals are dated too: {refused:?}");
}

#[test]
fn a_head_of_32_kib_is_served_and_one_byte_more_is_431() {
    let mock = MockServer::start().unwrap();
    let start =
        format!("GET /v2/me HTTP/1.1\r\nHost: a\r\nX-ChatWorkToken: {}\r\nX-Fill: ", mock.token(Service::Chatwork));
    let ask = |size: usize| {
        let fill = "x".repeat(size - start.len() - 4);
        exchange(&mock, format!("{start}{fill}\r\n\r\n"))
    };
    assert_eq!(ask(32 * 1024).status, 200);
    let refused = ask(32 * 1024 + 1);
    assert_eq!(refused.status, 431);
    assert!(refused.errors()[0].contains("at most 32768"), "{refused:?}");
    assert_eq!(ask(64 * 1024 + 1).status, 431);
}

#[test]
fn a_hundred_headers_are_served_and_one_more_is_431() {
    let mock = MockServer::start().unwrap();
    let ask = |count: usize| {
        let fill: String = (2..count).map(|at| format!("X-{at}: y\r\n")).collect();
        let token = mock.token(Service::Chatwork);
        exchange(&mock, format!("GET /v2/me HTTP/1.1\r\nHost: a\r\nX-ChatWorkToken: {token}\r\n{fill}\r\n")).status
    };
    assert_eq!((ask(100), ask(101)), (200, 431));
}

#[test]
fn a_body_of_1_mib_is_taken_and_one_byte_more_is_413_announced_or_not() {
    let mock = MockServer::start().unwrap();
    let (host, token) = (address(&mock), mock.token(Service::Chatwork));
    let head = format!("POST /v2/nothing HTTP/1.1\r\nHost: {host}\r\nX-ChatWorkToken: {token}\r\n");
    let announced = |size: usize| {
        let mut client = Client::connect(&host);
        client.send(format!("{head}Content-Length: {size}\r\n\r\n")).send(vec![b'x'; size]).answer().status
    };
    let chunked = |size: usize| {
        let mut client = Client::connect(&host);
        client.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n"));
        client.send(vec![b'x'; size]).send("\r\n0\r\n\r\n").answer().status
    };
    assert_ne!(announced(1 << 20), 413);
    assert_eq!(announced((1 << 20) + 1), 413);
    assert_ne!(chunked(1 << 20), 413);
    assert_eq!(chunked((1 << 20) + 1), 413);
}

#[test]
fn a_file_upload_may_be_larger_and_has_a_bound_of_its_own() {
    let mock = MockServer::start().unwrap();
    let (host, token) = (address(&mock), mock.token(Service::Chatwork));
    let room = &mock.card().chatwork["room_id"];
    let upload = |size: usize| {
        let head = format!(
            "POST /v2/rooms/{room}/files HTTP/1.1\r\nHost: {host}\r\nX-ChatWorkToken: {token}\r\nContent-Length: {size}\r\n\r\n"
        );
        Client::connect(&host).send(head).send(vec![b'x'; size]).answer().status
    };
    let most = 6 << 20;
    assert_ne!(upload(most), 413);
    assert_eq!(upload(most + 1), 413);
}

#[test]
fn ten_megabytes_are_refused_before_they_are_sent_and_the_sender_still_hears_it() {
    let mock = MockServer::start().unwrap();
    let (host, token) = (address(&mock), mock.token(Service::Chatwork));
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {host}\r\nX-ChatWorkToken: {token}\r\nContent-Length: 10000000\r\n",
        messages(&mock)
    );
    let early = Client::connect(&host).send(format!("{head}\r\n")).answer();
    assert_eq!((early.status, early.header("connection")), (413, Some("close")));
    let asked = Client::connect(&host).send(format!("{head}Expect: 100-continue\r\n\r\n")).answer();
    assert_eq!(asked.status, 413, "no 100 may come first");
    let late = Client::connect(&host).send(format!("{head}\r\n")).send(vec![b'x'; 10_000_000]).answer();
    assert_eq!(late.status, 413);
    assert_eq!(chatwork(&mock, "GET", "/v2/me", "").status, 200);
}

#[test]
fn the_control_api_has_a_bound_too() {
    let mock = mock(Limits { control_bytes: 100, ..Limits::default() });
    let put = |size: usize| call(&mock, "PUT", "/state", "", &"x".repeat(size)).status;
    assert_eq!((put(100), put(101)), (400, 413));
}

#[test]
fn half_sent_heads_and_idle_connections_are_dropped() {
    let mock = mock(Limits { head_time: SHORT, ..Limits::default() });
    let host = address(&mock);
    let mut half: Vec<Client> = (0..50).map(|_| Client::connect(&host)).collect();
    half.iter_mut().for_each(|client| _ = client.send("GET /v2/me HTTP/1.1\r\nHost: a\r\nX-Slow"));
    let mut idle = Client::connect(&host);
    assert_eq!(idle.send("GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n").answer().status, 200);
    let mut silent = Client::connect(&host);
    assert!(half.iter_mut().all(Client::is_closed));
    assert!(idle.is_closed());
    assert!(silent.is_closed());
}

#[test]
fn a_body_that_pauses_or_trickles_too_long_is_408_in_the_form_of_its_service() {
    for limits in [Limits { body_pause: SHORT, ..Limits::default() }, Limits { body_time: SHORT, ..Limits::default() }]
    {
        let mock = mock(limits);
        let host = address(&mock);
        let head = |path: &str| format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\nhalf");
        let chatwork = Client::connect(&host).send(head("/v2/rooms/1/messages")).answer();
        assert_eq!((chatwork.status, chatwork.header("connection")), (408, Some("close")));
        assert_eq!(chatwork.errors().len(), 1);
        let mut client = Client::connect(&host);
        let chatday = client.send(head("/chatday/messages")).answer();
        assert_eq!((chatday.status, &chatday.json()["status"]), (408, &"ERROR".into()));
        assert!(client.is_closed());
        let journal: Vec<u16> = mock.requests().unwrap().iter().map(|request| request.status).collect();
        assert_eq!(journal, [408, 408]);
    }
}

#[test]
fn a_peer_that_does_not_read_its_answer_is_dropped() {
    let mock = mock(Limits { write_pause: SHORT, ..Limits::default() });
    let body = format!("body={}", "x".repeat(1_000_000));
    for _ in 0..16 {
        chatwork(&mock, "POST", "/v2/nothing", &body);
    }
    let mut client = Client::connect(&address(&mock));
    client.send("GET /_mock/requests HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // Nothing is read here: the server's writes stall, and once it has dropped us, ours fail.
    let error = loop {
        if let Err(error) = client.stream().write_all(&[b'x'; 65536]) {
            break error;
        }
    };
    assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error:?}");
    assert_eq!(call(&mock, "GET", "/health", "", "").status, 200);
}

#[test]
fn connections_beyond_the_bound_wait_until_one_ends() {
    let mock = mock(Limits { connections: 2, ..Limits::default() });
    let host = address(&mock);
    let ask = "GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut first = Client::connect(&host);
    let mut second = Client::connect(&host);
    assert_eq!((first.send(ask).answer().status, second.send(ask).answer().status), (200, 200));
    let mut third = Client::connect(&host);
    third.send(ask);
    (0..20).for_each(|_| assert_eq!(first.send(ask).answer().status, 200));
    third.stream().set_nonblocking(true).unwrap();
    let waiting = third.stream().peek(&mut [0]).unwrap_err();
    assert_eq!(waiting.kind(), ErrorKind::WouldBlock);
    third.stream().set_nonblocking(false).unwrap();
    drop(first);
    assert_eq!(third.answer().status, 200);
}

#[test]
fn the_journal_is_bounded_by_bytes_and_by_count() {
    let mock = MockServer::builder().journal_limit(3).start().unwrap();
    (0..5).for_each(|_| assert_eq!(chatwork(&mock, "GET", "/v2/me", "").status, 200));
    let log = call(&mock, "GET", "/requests", "", "").json();
    assert_eq!((log["requests"].as_array().unwrap().len(), &log["dropped"]), (3, &2.into()));
    let small = self::mock(Limits { journal_bytes: 100_000, ..Limits::default() });
    let body = format!("body={}", "x".repeat(30_000));
    (0..5).for_each(|_| _ = chatwork(&small, "POST", "/v2/nothing", &body));
    let log = call(&small, "GET", "/requests", "", "").json();
    assert_eq!((log["requests"].as_array().unwrap().len(), &log["dropped"]), (3, &2.into()));
}
