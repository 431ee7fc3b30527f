//! Following a world.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use contract::service::Service;
use mock_server::control::Certificate;
use mock_server::control::event::{Change, Happening};
use mock_server::{Limits, Mock, MockError, MockServer};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use crate::support::{Client, address, call, chatwork, exchange, messages};

/// Long enough that only a hanging server reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream of server-sent events, read with HTTP/1.0 so that it has no chunks.
pub(crate) struct Reader {
    stream: BufReader<TcpStream>,
    pub(crate) head: String,
}

/// One event, or a comment.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Reader {
    pub(crate) fn open(address: &str, query: &str, headers: &str) -> Self {
        Self::over(TcpStream::connect(address).unwrap(), query, headers)
    }

    /// One for which the system holds little: it is soon behind if it does not read.
    pub(crate) fn open_narrow(address: &str) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(128 * 1024).unwrap();
        socket.connect(&address.parse::<SocketAddr>().unwrap().into()).unwrap();
        Self::over(socket.into(), "", "")
    }

    fn over(mut stream: TcpStream, query: &str, headers: &str) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET /_mock/events{query} HTTP/1.0\r\nHost: localhost\r\n{headers}\r\n").unwrap();
        let mut reader = Self { stream: BufReader::new(stream), head: String::new() };
        while !reader.head.ends_with("\r\n\r\n") && reader.stream.read_line(&mut reader.head).unwrap() > 0 {}
        reader
    }

    /// One block of lines, without its end; `None` at the end of the stream.
    pub(crate) fn block(&mut self) -> Option<String> {
        let mut block = String::new();
        while !block.ends_with("\n\n") {
            if self.stream.read_line(&mut block).ok()? == 0 {
                assert_eq!(block, "", "a stream ends between two events");
                return None;
            }
        }
        Some(block.trim_end().to_owned())
    }

    /// The next event.
    pub(crate) fn told(&mut self) -> Option<Told> {
        let block = self.block()?;
        let field = |name: &str| {
            let lines: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix(name)).collect();
            assert_eq!(lines.len(), 1, "each field stands once, on one line: {block:?}");
            lines[0].to_owned()
        };
        let data = serde_json::from_str(&field("data: ")).unwrap();
        Some(Told { id: field("id: ").parse().unwrap(), name: field("event: "), data })
    }

    fn rest(mut self) -> Vec<Told> {
        std::iter::from_fn(|| self.told()).collect()
    }
}

fn follow(mock: &Mock, query: &str) -> Reader {
    Reader::open(&address(mock), query, "")
}

fn names(told: &[Told]) -> Vec<&str> {
    told.iter().map(|told| told.name.as_str()).collect()
}

#[test]
fn requests_and_changes_are_told_as_they_happen_in_one_order() {
    let mock = MockServer::start().unwrap();
    let mut reader = follow(&mock, "");
    for words in ["HTTP/1.0 200 OK", "content-type: text/event-stream\r\n", "cache-control: no-store\r\n"] {
        assert!(reader.head.contains(words), "{}", reader.head);
    }
    let hello = reader.block().unwrap();
    assert_eq!(hello, "id: 0\nevent: hello\nretry: 1000\ndata: {\"world\":\"default\",\"last_id\":0}");
    chatwork(
        &mock,
        "POST",
        &messages(&mock),
        "body=%E0%B8%AA%E0%B8%A7%E0%B8%B1%E0%B8%AA%E0%B8%94%E0%B8%B5+%F0%9F%98%8A",
    );
    let first = reader.told().unwrap();
    assert_eq!((first.id, first.name.as_str()), (1, "request"));
    let journal = call(&mock, "GET", "/requests", "", "").json();
    assert_eq!(first.data, journal["requests"][0], "the same words as in the journal");
    let second = reader.told().unwrap();
    assert_eq!((second.id, &second.data["kind"]), (2, &json!("message-created")));
    mock.advance(Duration::from_secs(1)).unwrap();
    mock.set_settings(&json!({"chatwork": {"limits": {"account": null}}})).unwrap();
    mock.set_settings(&json!({})).unwrap();
    let world = mock.new_world(None, None).unwrap();
    let id = world.card().id.clone();
    world.delete_world().unwrap();
    mock.clear_requests().unwrap();
    let state = mock.state().unwrap();
    (*mock).clone().set_state(&state).unwrap();
    mock.reset().unwrap();
    chatwork(&mock, "GET", "/v2/me", "");
    let told: Vec<Told> = (0..8).map(|_| reader.told().unwrap()).collect();
    assert_eq!(told.iter().map(|told| told.id).collect::<Vec<_>>(), (3..11).collect::<Vec<_>>());
    let kinds: Vec<&str> = told[..7].iter().map(|told| told.data["kind"].as_str().unwrap()).collect();
    let expected = ["clock", "settings", "world-created", "world-deleted", "journal-cleared", "replaced", "reset"];
    assert_eq!(kinds, expected);
    assert_eq!((&told[2].data["world"], &told[3].data["world"]), (&json!(id), &json!(id)));
    assert!(told[0].data["now_ms"].is_i64() && told[0].data["frozen"] == false, "{:?}", told[0]);
    assert_eq!((told[7].name.as_str(), &told[7].data["id"]), ("request", &json!(1)), "the journal began anew");
}

#[test]
fn fault_rules_and_certificates_are_told() {
    let mock = MockServer::builder().tls_listen("127.0.0.1:0".parse().unwrap()).start().unwrap();
    let rule = |times: u64| {
        let rule = json!({"times": times, "action": {"respond": {"status": 503, "body": "เดี๋ยวก่อน"}}}).to_string();
        call(&mock, "POST", "/faults", "", &rule).json()["id"].as_str().unwrap().to_owned()
    };
    let (twice, once) = (rule(2), rule(1));
    (0..4).for_each(|_| _ = chatwork(&mock, "GET", "/v2/me", ""));
    let path = format!("/faults/{once}");
    assert_eq!([(); 2].map(|()| call(&mock, "DELETE", &path, "", "").status), [204, 404]);
    assert_eq!(call(&mock, "DELETE", "/faults", "", "").status, 204);
    let world = mock.new_world(None, None).unwrap();
    world.set_certificate(Certificate::Expired).unwrap();
    let told = follow(&mock, "?after=0&limit=12").rest();
    let requests: Vec<u64> = told.iter().filter(|told| told.name == "request").map(|told| told.id).collect();
    assert_eq!(requests, [3, 4, 6, 8], "a rule that is used up is told behind the request that did it");
    let fault = |kind: &str, id: &str| json!({"kind": kind, "fault": id});
    let states: Vec<Value> = told.into_iter().filter(|told| told.name == "state").map(|told| told.data).collect();
    let expected = [
        fault("fault-added", &twice),
        fault("fault-added", &once),
        fault("fault-used-up", &twice),
        fault("fault-used-up", &once),
        fault("fault-removed", &once),
        json!({"kind": "faults-cleared"}),
        json!({"kind": "world-created", "world": world.card().id}),
        json!({"kind": "certificate", "certificate": "expired"}),
    ];
    assert_eq!(states, expected, "certificates in the default world, whoever asks");
}

#[test]
fn what_happens_in_chatday_is_told_behind_its_request() {
    let mock = MockServer::builder()
        .world(json!({"chatday": {
            "applications": [{"name": "ร้าน", "token": "chatday-token-0001", "signature_token": "signature-0001", "registered": false}],
            "chats": [{"chat_id": 9, "application": "ร้าน", "visitor": {"name": "さくら"}}],
        }}))
        .start()
        .unwrap();
    let mut reader = follow(&mock, "");
    let register = "GET /chatday/register HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer chatday-token-0001\r\n\r\n";
    assert_eq!((exchange(&mock, register).status, exchange(&mock, register).status), (200, 200));
    let body = r#"{"message":{"type":"text","data":"สวัสดี 😊"},"chat_id":"9"}"#;
    let sent = exchange(
        &mock,
        format!(
            "POST /chatday/messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer chatday-token-0001\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    assert_eq!(sent.status, 200, "{sent:?}");
    let told: Vec<Told> = (0..6).map(|_| reader.told().unwrap()).collect();
    assert_eq!(names(&told), ["hello", "request", "state", "request", "request", "state"]);
    assert_eq!(told[2].data, json!({"kind": "registered", "application": "ร้าน"}));
    let id = &sent.json()["message_id"];
    let written = json!({"kind": "chat-written", "chat_id": "9", "message_id": id, "from": "application"});
    assert_eq!(told[5].data, written);
    let all = told.iter().map(|told| told.data.to_string()).collect::<String>();
    assert!(!all.contains("chatday-token-0001") && !all.contains("signature-0001"), "secrets are masked: {all}");
}

#[test]
fn a_reader_comes_back_to_where_it_was() {
    let mock = MockServer::start().unwrap();
    (0..5).for_each(|_| _ = chatwork(&mock, "GET", "/v2/me", ""));
    let ids = |query: &str, headers: &str| {
        let rest = Reader::open(&address(&mock), query, headers).rest();
        rest.iter().map(|told| told.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("?after=0&limit=2", ""), [0, 1, 2], "a greeting, and two events");
    assert_eq!(ids("?after=3&limit=2", ""), [3, 4, 5]);
    assert_eq!(ids("?after=0&limit=1", "Last-Event-ID: 4\r\n"), [4, 5], "where it was wins over its first address");
    assert_eq!(ids("?after=999&limit=1", ""), [0, 1], "the number of a mock that was there before");
}

#[test]
fn kinds_can_be_chosen() {
    let mock = MockServer::start().unwrap();
    for _ in 0..100 {
        chatwork(&mock, "GET", "/v2/me", "");
    }
    mock.reset().unwrap();
    chatwork(&mock, "GET", "/v2/me", "");
    let rest = follow(&mock, "?after=0&limit=1&types=state").rest();
    assert_eq!((names(&rest), rest[1].id), (vec!["hello", "state"], 101));
    let rest = follow(&mock, "?after=99&limit=2&types=request").rest();
    assert_eq!(rest.iter().map(|told| told.id).collect::<Vec<_>>(), [99, 100, 102], "a reset takes nothing away");
}

#[test]
fn a_world_is_chosen_by_header_or_query_and_its_end_ends_the_stream() {
    let mock = MockServer::start().unwrap();
    let world = mock.new_world(None, None).unwrap();
    let id = world.card().id.clone();
    let header = format!("X-Mock-World: {id}\r\n");
    let by_query = follow(&mock, &format!("?world={id}"));
    let by_header = Reader::open(&address(&mock), "", &header);
    let by_both = Reader::open(&address(&mock), &format!("?world={id}"), &header);
    chatwork(&mock, "GET", "/v2/me", "");
    chatwork(&world, "GET", "/v2/me", "");
    world.delete_world().unwrap();
    for reader in [by_query, by_header, by_both] {
        let told = reader.rest();
        assert_eq!(names(&told), ["hello", "request", "bye"]);
        assert_eq!((&told[0].data["world"], &told[2].data), (&json!(id), &json!({"reason": "world-deleted"})));
    }
    let refused = |path: &str, headers: &str| {
        let answer = call(&mock, "GET", path, headers, "");
        (answer.status, answer.errors().len())
    };
    assert_eq!(refused("/events?world=w77", ""), (404, 1));
    assert_eq!(refused("/events?world=default", "X-Mock-World: w77\r\n"), (400, 1));
    assert_eq!(refused("/events?world=%00", ""), (404, 1));
    assert_eq!(refused("/events?types=soup&after=x&limit=0&colour=1", ""), (400, 4));
    assert_eq!(refused("/events", "Last-Event-ID: x\r\n"), (400, 1));
    assert_eq!(call(&mock, "POST", "/events", "", "").status, 405);
}

#[test]
fn chunks_are_whole_events_and_a_connection_is_kept_after_a_limit() {
    let mock = MockServer::start().unwrap();
    chatwork(&mock, "GET", "/v2/me", "");
    let mut client = Client::connect(&address(&mock));
    let answer = client.send("GET /_mock/events?after=0&limit=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").answer();
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert!(answer.body.starts_with("id: 0\nevent: hello\n") && answer.body.ends_with("}\n\n"), "{answer:?}");
    let health = client.send("GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n").answer();
    assert_eq!(health.status, 200, "the connection is as good as before");
}

#[test]
fn head_is_answered_at_once_without_a_body() {
    let mock = MockServer::start().unwrap();
    let mut client = Client::connect(&address(&mock));
    client.send("HEAD /_mock/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    client.stream().read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(answer.contains("text/event-stream") && !answer.contains("content-length"), "{answer}");
}

#[test]
fn a_long_silence_is_broken_by_a_comment() {
    let limits = Limits { event_pause: Duration::from_millis(50), ..Limits::default() };
    let mock = MockServer::builder().limits(limits).start().unwrap();
    let mut reader = follow(&mock, "");
    assert_eq!(reader.told().unwrap().name, "hello");
    assert_eq!(reader.block().unwrap(), ": nothing new");
    assert_eq!(reader.block().unwrap(), ": nothing new");
    chatwork(&mock, "GET", "/v2/me", "");
    let told = std::iter::from_fn(|| reader.block()).find(|block| !block.starts_with(':')).unwrap();
    assert!(told.starts_with("id: 1\nevent: request\n"), "{told}");
}

#[test]
fn a_large_body_is_told_in_part_and_a_character_stays_whole() {
    let mock = MockServer::start().unwrap();
    let body = format!("x{}", "ก".repeat(30_000));
    chatwork(&mock, "POST", "/v2/nothing", &body);
    let told = follow(&mock, "?after=0&limit=1").rest().pop().unwrap();
    let text = told.data["body"].as_str().unwrap();
    assert_eq!((&told.data["body_is_cut"], told.data.get("body_base64")), (&json!(true), None));
    assert!(body.starts_with(text) && (65_534..=65_536).contains(&text.len()), "{}", text.len());
    assert_eq!(mock.requests().unwrap()[0].body, body, "the journal has the rest");
}

#[test]
fn so_many_readers_and_one_more_who_hears_why_not() {
    let limits = Limits { event_readers: 2, ..Limits::default() };
    let mock = MockServer::builder().limits(limits).start().unwrap();
    let (first, _second) = (follow(&mock, ""), follow(&mock, ""));
    let refused = call(&mock, "GET", "/events", "", "");
    assert_eq!(refused.status, 503);
    assert!(refused.errors()[0].starts_with("2 readers follow events already"), "{refused:?}");
    let remote = Mock::connect(mock.control_url(), None).unwrap();
    assert!(matches!(remote.events(), Err(MockError::Refused { status: 503, .. })));
    assert!(mock.events().is_ok(), "a reader in the process needs no connection");
    drop(first);
    // Seen when the peer's end of the connection is.
    while call(&mock, "HEAD", "/events", "", "").status != 200 || !follow(&mock, "").head.contains(" 200 ") {
        std::thread::yield_now();
    }
}

#[test]
fn the_control_token_is_asked_for_here_too() {
    let mock = MockServer::builder().control_token("sesame").start().unwrap();
    assert!(follow(&mock, "").head.starts_with("HTTP/1.0 401"));
    let mut reader = Reader::open(&address(&mock), "", "Authorization: Bearer sesame\r\n");
    assert_eq!(reader.told().unwrap().name, "hello");
    let remote = Mock::connect(mock.control_url(), Some("sesame")).unwrap();
    assert!(remote.events().is_ok());
}

#[test]
fn the_library_follows_in_the_process_and_over_a_socket_alike() {
    let mock = MockServer::builder().frozen_clock(None).start().unwrap();
    let remote = Mock::connect(mock.control_url(), None).unwrap();
    let world = mock.new_world(None, None).unwrap();
    let mut readers = [mock.events().unwrap(), remote.events().unwrap()];
    let none = readers.each_mut().map(|reader| reader.next_within(Duration::from_millis(1)).unwrap());
    assert_eq!(none, [None, None]);
    chatwork(&mock, "GET", "/v2/me", "");
    chatwork(&world, "GET", "/v2/me", "");
    mock.reset().unwrap();
    world.delete_world().unwrap();
    let requests = |reader: &mut mock_server::Events| {
        let events: Vec<_> = reader.take(3).map(Result::unwrap).collect();
        assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [2, 3, 4]);
        assert!(matches!(&events[0].what, Happening::Request(request) if request.path == "/v2/me"), "{events:?}");
        assert_eq!(events[1].what, Happening::State(Change::Reset));
        events
    };
    let [local, remote_reader] = &mut readers;
    assert_eq!(requests(local), requests(remote_reader));
    let all: Vec<u64> = remote.events_after(0).unwrap().take(4).map(|event| event.unwrap().id).collect();
    assert_eq!(all, [1, 2, 3, 4]);
    drop(mock);
    for reader in &mut readers {
        assert!(reader.next().is_none() && reader.next().is_none(), "ends with the mock");
    }
    assert!(matches!(remote.events(), Err(MockError::Unreachable { .. })));
}

#[test]
fn a_follower_is_woken_by_what_happens_later() {
    let mock = MockServer::start().unwrap();
    for mut events in [mock.events().unwrap(), Mock::connect(mock.control_url(), None).unwrap().events().unwrap()] {
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| events.next().unwrap().unwrap());
            chatwork(&mock, "GET", "/v2/me", "");
            assert!(matches!(waiting.join().unwrap().what, Happening::Request(_)));
        });
    }
}

#[test]
fn the_stream_is_on_the_control_listener_where_there_is_one() {
    let mock = MockServer::builder().control_listen("127.0.0.1:0".parse().unwrap()).start().unwrap();
    assert!(follow(&mock, "").head.starts_with("HTTP/1.0 404"));
    let mut events = Mock::connect(mock.control_url(), None).unwrap().events().unwrap();
    chatwork(&mock, "GET", "/v2/me", "");
    assert_eq!(events.next().unwrap().unwrap().id, 1);
    assert_eq!(mock.token(Service::Chatwork).len(), 32);
}
