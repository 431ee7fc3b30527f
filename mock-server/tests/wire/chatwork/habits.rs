//! How public clients really speak to Chatwork, byte for byte, one test for each habit, in both editions. The bytes are
//! written by hand on a plain socket: an HTTP library would tidy them up.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use contract::chatwork::Edition;
use mock_server::MockServer;
use serde_json::{Value, json};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const EVERYDAY: &str = "สวัสดี こんにちは xin chào 👩‍💻";

/// A mock of its own, and its first person.
struct Service {
    _mock: MockServer,
    edition: Edition,
    address: SocketAddr,
    token: String,
    account: i64,
}

/// What came back, as it stood on the socket.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Fails unless it has this status. Answers the body.
    #[track_caller]
    fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Fails unless it is a refusal with exactly this one sentence.
    #[track_caller]
    fn refuses(&self, status: u16, sentence: &str) {
        assert_eq!(self.is(status), json!({"errors": [sentence]}));
    }
}

impl Service {
    fn start(edition: Edition) -> Self {
        let mock = MockServer::builder().edition(edition).start().unwrap();
        let card = &mock.card().chatwork;
        let address = mock.url(contract::service::Service::Chatwork);
        let address = address.trim_start_matches("http://").trim_end_matches("/v2").parse().unwrap();
        let token = card["token"].as_str().unwrap().to_owned();
        let account = card["account_id"].as_i64().unwrap();
        Self { _mock: mock, edition, address, token, account }
    }

    /// Sends a head and a body as they are given. Only Host, token and `Connection: close` are added.
    fn send(&self, request_line: &str, headers: &str, body: &[u8]) -> Answer {
        let token = &self.token;
        self.send_bare(request_line, &format!("X-ChatWorkToken: {token}\r\n{headers}"), body)
    }

    /// The same without a token.
    fn send_bare(&self, request_line: &str, headers: &str, body: &[u8]) -> Answer {
        let mut bytes =
            format!("{request_line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n", self.address)
                .into_bytes();
        bytes.extend_from_slice(body);
        exchange(self.address, &bytes)
    }

    fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET /v2{path}"), "", b"")
    }

    /// A form body as it is given: nothing is encoded.
    fn form(&self, verb: &str, path: &str, body: &[u8]) -> Answer {
        self.send(&format!("{verb} /v2{path}"), &format!("{FORM}Content-Length: {}\r\n", body.len()), body)
    }

    /// A group of the caller alone.
    fn group(&self) -> i64 {
        let body = format!("name=habit&members_admin_ids={}", self.account);
        self.form("POST", "/rooms", body.as_bytes()).is(200)["room_id"].as_i64().unwrap()
    }

    /// Posts a message as the contract has it. Answers its id.
    fn message(&self, room: i64, body: &str) -> String {
        let answer = self.form("POST", &format!("/rooms/{room}/messages"), format!("body={body}").as_bytes()).is(200);
        answer["message_id"].as_str().unwrap().to_owned()
    }

    fn newest(&self, room: i64) -> Value {
        let list = self.get(&format!("/rooms/{room}/messages?force=1")).is(200);
        list.as_array().unwrap().last().unwrap().clone()
    }
}

fn exchange(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let all = String::from_utf8(all).unwrap();
    let (head, body) = all.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in {all:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

fn in_both_editions(habit: impl Fn(&Service)) {
    for edition in Edition::ALL {
        habit(&Service::start(edition));
    }
}

#[test]
fn parameters_of_post_in_the_query_count_only_before_july_2025() {
    in_both_editions(|service| {
        let room = service.group();
        let query = "body=a+b%2Bc%25%26%3D%0A%E0%B8%AA%E0%B8%A7%E0%B8%B1%E0%B8%AA";
        let answer = service.send(&format!("POST /v2/rooms/{room}/messages?{query}"), "Content-Length: 0\r\n", b"");
        if service.edition == Edition::Documented {
            answer.is(200);
            assert_eq!(service.newest(room)["body"], "a b+c%&=\nสวัส");
        } else {
            answer.refuses(400, "Parameter 'body' is required");
            assert_eq!(answer.header("content-length"), Some("43"));
            assert_eq!(service.get(&format!("/rooms/{room}")).is(200)["message_num"], 1);
        }
    });
}

#[test]
fn parameters_of_put_in_the_query_count_only_before_july_2025() {
    in_both_editions(|service| {
        let room = service.group();
        let name = if service.edition == Edition::Documented { "renamed" } else { "habit" };
        service.send(&format!("PUT /v2/rooms/{room}?name=renamed"), "Content-Length: 0\r\n", b"").is(200);
        assert_eq!(service.get(&format!("/rooms/{room}")).is(200)["name"], name);

        let message = service.message(room, "x");
        let line = format!("PUT /v2/rooms/{room}/messages/unread?message_id={message}");
        let answer = service.send(&line, "Content-Length: 0\r\n", b"");
        if service.edition == Edition::Documented {
            assert_eq!(answer.is(200), json!({"unread_num": 1, "mention_num": 0}));
        } else {
            answer.refuses(400, "Parameter 'message_id' is required");
        }
    });
}

#[test]
fn where_query_and_form_name_the_same_parameter_the_form_wins() {
    in_both_editions(|service| {
        let room = service.group();
        service.form("POST", &format!("/rooms/{room}/messages?body=query&self_unread=1"), b"body=form").is(200);
        assert_eq!(service.newest(room)["body"], "form");
        // The parameter that only the query has is merged in the one edition, and ignored in the other.
        let unread = i64::from(service.edition == Edition::Documented);
        assert_eq!(service.get(&format!("/rooms/{room}")).is(200)["unread_num"], unread);
    });
}

#[test]
fn delete_takes_its_action_from_the_query() {
    in_both_editions(|service| {
        for action in ["leave", "delete"] {
            let room = service.group();
            let answer = service.send(&format!("DELETE /v2/rooms/{room}?action_type={action}"), "", b"");
            assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{answer:?}");
            service.get(&format!("/rooms/{room}")).refuses(403, "You don't have permission to get this room");
        }
        // One package sends an empty body and says so.
        let room = service.group();
        service.send(&format!("DELETE /v2/rooms/{room}?action_type=leave"), "Content-Length: 0\r\n", b"").is(204);
    });
}

#[test]
fn delete_takes_its_action_from_a_form_body() {
    in_both_editions(|service| {
        let room = service.group();
        service.form("DELETE", &format!("/rooms/{room}"), b"action_type=leave").is(204);
        service.get(&format!("/rooms/{room}")).refuses(403, "You don't have permission to get this room");
    });
}

#[test]
fn every_spelling_of_the_token_header_is_the_same_header() {
    in_both_editions(|service| {
        for name in ["X-ChatWorkToken", "X-ChatworkToken", "X-Chatworktoken", "x-chatworktoken", "X-CHATWORKTOKEN"] {
            let answer = service.send_bare("GET /v2/me", &format!("{name}: {}\r\n", service.token), b"");
            assert_eq!(answer.is(200)["account_id"], service.account, "{name}");
        }
        // And two spellings at once are two headers.
        let token = &service.token;
        service
            .send_bare("GET /v2/me", &format!("X-ChatWorkToken: {token}\r\nx-chatworktoken: {token}\r\n"), b"")
            .refuses(401, "Invalid API token");
    });
}

#[test]
fn a_form_that_nobody_encoded_is_decoded_as_form_decoders_do() {
    in_both_editions(|service| {
        let room = service.group();
        let path = format!("/rooms/{room}/messages");
        for (raw, stored) in [
            (EVERYDAY, EVERYDAY),
            ("100% sure, 5 %zz and %", "100% sure, 5 %zz and %"),
            ("a=b=c", "a=b=c"),
            ("one+two%2Bthree", "one two+three"),
            ("line\r\nline", "line\r\nline"),
        ] {
            service.form("POST", &path, format!("body={raw}").as_bytes()).is(200);
            assert_eq!(service.newest(room)["body"], stored);
        }
        // Bytes that are no UTF-8 become U+FFFD.
        service.form("POST", &path, b"body=\xE0\xB8x").is(200);
        assert_eq!(service.newest(room)["body"], "\u{fffd}x");
    });
}

/// A part of a multipart body, as clients write it.
fn part(disposition: &str, content: &str) -> String {
    format!("--XyZ\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
}

const FILE: &str = "name=\"file\"; filename=\"議事録.txt\"";
const MULTIPART: &str = "Content-Type: multipart/form-data; boundary=XyZ\r\n";

/// Uploads `body` with its length given, and checks what was stored.
#[track_caller]
fn upload(service: &Service, room: i64, headers: &str, body: &str) {
    let line = format!("POST /v2/rooms/{room}/files");
    let file = service.send(&line, &format!("{MULTIPART}{headers}"), body.as_bytes()).is(200);
    assert_eq!(file.as_object().unwrap().len(), 1, "{file}");
    let id = file["file_id"].as_i64().unwrap();
    let stored = service.get(&format!("/rooms/{room}/files/{id}")).is(200);
    assert_eq!((&stored["filename"], &stored["filesize"]), (&json!("議事録.txt"), &json!(5)), "{stored}");
    let told = service.newest(room);
    let told = told["body"].as_str().unwrap();
    assert!(told.contains(&format!("[download:{id}]")), "{told}");
    assert!(told.ends_with(EVERYDAY), "{told}");
}

#[track_caller]
fn upload_whole(service: &Service, room: i64, body: &str) {
    upload(service, room, &format!("Content-Length: {}\r\n", body.len()), body);
}

#[test]
fn multipart_comes_in_chunks_without_a_length() {
    in_both_editions(|service| {
        let room = service.group();
        let whole = part(FILE, "hello") + &part("name=\"message\"", EVERYDAY) + "--XyZ--\r\n";
        // Cut where it hurts: inside a boundary, a header, a character and the file. A character may be cut, too, since
        // chunks are bytes; `Vec<u8>` holds them.
        let bytes = whole.as_bytes();
        let mut chunked = Vec::new();
        for piece in bytes.chunks(7) {
            chunked.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            chunked.extend_from_slice(piece);
            chunked.extend_from_slice(b"\r\n");
        }
        chunked.extend_from_slice(b"0\r\n\r\n");
        let line = format!("POST /v2/rooms/{room}/files");
        let file = service.send(&line, &format!("{MULTIPART}Transfer-Encoding: chunked\r\n"), &chunked).is(200);
        let id = file["file_id"].as_i64().unwrap();
        assert_eq!(service.get(&format!("/rooms/{room}/files/{id}")).is(200)["filesize"], 5);
        assert!(service.newest(room)["body"].as_str().unwrap().ends_with(EVERYDAY));
    });
}

#[test]
fn multipart_parts_come_in_either_order() {
    in_both_editions(|service| {
        let room = service.group();
        let (file, message) = (part(FILE, "hello"), part("name=\"message\"", EVERYDAY));
        upload_whole(service, room, &format!("{file}{message}--XyZ--\r\n"));
        upload_whole(service, room, &format!("{message}{file}--XyZ--\r\n"));
    });
}

#[test]
fn multipart_message_may_carry_a_filename() {
    in_both_editions(|service| {
        let room = service.group();
        let message = part("name=\"message\"; filename=\"blob\"", EVERYDAY);
        upload_whole(service, room, &format!("{}{message}--XyZ--\r\n", part(FILE, "hello")));
        upload_whole(service, room, &format!("{message}{}--XyZ--\r\n", part(FILE, "hello")));
    });
}

#[test]
fn multipart_may_hold_a_field_that_the_contract_does_not_know() {
    in_both_editions(|service| {
        let room = service.group();
        let extra = part("name=\"file_name\"", "議事録.txt");
        let body = part(FILE, "hello") + &extra + &part("name=\"message\"", EVERYDAY) + "--XyZ--\r\n";
        upload_whole(service, room, &body);
    });
}

#[test]
fn multipart_may_end_with_one_line_more_or_none() {
    in_both_editions(|service| {
        let room = service.group();
        let body = part(FILE, "hello") + &part("name=\"message\"", EVERYDAY) + "--XyZ--";
        for end in ["", "\r\n", "\r\n\r\n"] {
            upload_whole(service, room, &format!("{body}{end}"));
        }
    });
}

#[test]
fn put_and_delete_may_have_neither_body_nor_length() {
    in_both_editions(|service| {
        let room = service.group();
        let bare = |line: String| service.send(&line, "", b"");

        service.form("POST", &format!("/rooms/{room}/messages"), b"body=x&self_unread=1").is(200);
        let read = bare(format!("PUT /v2/rooms/{room}/messages/read")).is(200);
        assert_eq!(read, json!({"unread_num": 0, "mention_num": 0}));

        let message = service.message(room, "y");
        let deleted = bare(format!("DELETE /v2/rooms/{room}/messages/{message}")).is(200);
        assert_eq!(deleted, json!({"message_id": message}));

        service.form("POST", &format!("/rooms/{room}/link"), b"need_acceptance=0").is(200);
        assert_eq!(bare(format!("PUT /v2/rooms/{room}/link")).is(200)["need_acceptance"], true);
        assert_eq!(bare(format!("DELETE /v2/rooms/{room}/link")).is(200), json!({"public": false}));

        let requests = service.get("/incoming_requests").is(200);
        let request = requests[0]["request_id"].as_i64().unwrap();
        let contact = bare(format!("PUT /v2/incoming_requests/{request}")).is(200);
        assert_eq!(contact["account_id"], requests[0]["account_id"]);
        bare(format!("DELETE /v2/incoming_requests/{request}")).is(404);
    });
}

#[test]
fn get_may_carry_the_content_type_of_a_form() {
    in_both_editions(|service| {
        for path in ["/me", "/my/status", "/rooms"] {
            let plain = service.get(path).is(200);
            assert_eq!(service.send(&format!("GET /v2{path}"), FORM, b"").is(200), plain, "{path}");
        }
        // Its query still counts.
        let room = service.group();
        let list = format!("GET /v2/rooms/{room}/messages?force=1");
        service.send(&list, FORM, b"").is(200);
        service.send(&list, FORM, b"").is(200);
    });
}

#[test]
fn accept_and_reject_are_no_paths_of_the_service() {
    in_both_editions(|service| {
        let requests = service.get("/incoming_requests").is(200);
        let request = requests[0]["request_id"].as_i64().unwrap();
        for (verb, path) in [("PUT", "accept"), ("DELETE", "reject")] {
            let known = service.send(&format!("{verb} /v2/incoming_requests/{request}/{path}"), "", b"");
            let unknown = service.send(&format!("{verb} /v2/no/such/path"), "", b"");
            known.refuses(400, "Invalid Endpoint or HTTP method");
            assert_eq!(known.body, unknown.body);
        }
        assert_eq!(service.get("/incoming_requests").is(200), requests, "nothing was accepted or rejected");
    });
}

#[test]
fn a_task_limit_in_milliseconds_is_the_number_that_it_is() {
    in_both_editions(|service| {
        let room = service.group();
        let body = format!("body=x&to_ids={}&limit=1760054399000", service.account);
        let made = service.form("POST", &format!("/rooms/{room}/tasks"), body.as_bytes()).is(200);
        let task = made["task_ids"][0].as_i64().unwrap();
        let stored = service.get(&format!("/rooms/{room}/tasks/{task}")).is(200);
        assert_eq!((&stored["limit_time"], &stored["limit_type"]), (&json!(1_760_054_399_000_i64), &json!("time")));
    });
}

#[test]
fn no_content_has_no_content_type_and_no_body() {
    in_both_editions(|service| {
        let room = service.group();
        let empties = [
            format!("GET /v2/rooms/{room}/tasks"),
            format!("GET /v2/rooms/{room}/files"),
            format!("DELETE /v2/rooms/{room}?action_type=delete"),
        ];
        for line in empties {
            let answer = service.send(&line, "", b"");
            assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{line}");
            assert_eq!(answer.header("content-type"), None, "{line}: {}", answer.head);
            assert!(answer.header("x-ratelimit-remaining").is_some(), "{line}: {}", answer.head);
        }
    });
}

#[test]
fn the_room_limit_is_told_in_its_exact_words() {
    in_both_editions(|service| {
        let room = service.group();
        for number in 0..10 {
            service.message(room, &number.to_string());
        }
        let over = service.form("POST", &format!("/rooms/{room}/messages"), b"body=11");
        over.refuses(429, "Rate limit for message posting per room exceeded.");
    });
}

#[test]
fn the_reset_header_is_an_absolute_time_in_seconds() {
    in_both_editions(|service| {
        let room = service.group();
        let message = service.message(room, "now");
        let answer = service.get(&format!("/rooms/{room}/messages/{message}"));
        let now = answer.is(200)["send_time"].as_i64().unwrap();
        let reset: i64 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
        assert!((now..=now + 300).contains(&reset), "{reset} against {now}");
        // The refusal that such clients wait on says the same.
        let over = (0..300).map(|_| service.get("/my/status")).find(|answer| answer.status == 429).unwrap();
        assert_eq!(over.header("x-ratelimit-remaining"), Some("0"));
        assert_eq!(over.header("x-ratelimit-reset"), Some(reset.to_string().as_str()));
    });
}

#[test]
fn every_refusal_has_a_first_sentence() {
    in_both_editions(|service| {
        let room = service.group();
        let refusals = [
            (400, service.form("POST", &format!("/rooms/{room}/messages"), b"")),
            (400, service.form("POST", &format!("/rooms/{room}/messages"), b"body=x&self_unread=yes")),
            (400, service.form("PUT", &format!("/rooms/{room}/messages/read"), b"")),
            (400, service.get("/rooms//messages")),
            (400, service.send("PATCH /v2/me", "", b"")),
            (401, service.send_bare("GET /v2/me", "X-ChatWorkToken: nobody\r\n", b"")),
            (403, service.get("/rooms/999999999")),
            (404, service.get(&format!("/rooms/{room}/messages/1"))),
            (404, service.get(&format!("/rooms/{room}/tasks/999999999"))),
        ];
        for (status, answer) in refusals {
            let body = answer.is(status);
            assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["errors"]);
            let first = body["errors"][0].as_str().unwrap_or_else(|| panic!("no first sentence: {answer:?}"));
            assert!(!first.is_empty());
        }
    });
}

#[test]
fn strictly_typed_clients_find_every_field_with_its_type() {
    in_both_editions(|service| {
        let room = service.group();
        let message = service.message(room, "x");
        assert!(message.bytes().all(|byte| byte.is_ascii_digit()), "{message}");
        let body = format!("body=x&to_ids={}&limit_type=none", service.account);
        service.form("POST", &format!("/rooms/{room}/tasks"), body.as_bytes()).is(200);
        let tasks = service.get(&format!("/rooms/{room}/tasks")).is(200);
        let fields =
            ["task_id", "account", "assigned_by_account", "message_id", "body", "limit_time", "status", "limit_type"];
        assert_eq!(tasks[0].as_object().unwrap().keys().collect::<Vec<_>>(), fields);
        assert!(tasks[0]["message_id"].is_string());
        assert_eq!(tasks[0]["limit_type"], "none");

        let mine = service.get("/my/tasks").is(200);
        assert!(
            mine.as_array()
                .unwrap()
                .iter()
                .all(|task| task["limit_type"].is_string() && task["message_id"].is_string())
        );
        let own = service.get("/me").is(200);
        assert_eq!(own.as_object().unwrap().len(), 19);
        assert!(own.as_object().unwrap().values().all(|value| !value.is_null()));
        let rooms = service.get("/rooms").is(200);
        assert!(
            rooms
                .as_array()
                .unwrap()
                .iter()
                .all(|room| room.as_object().unwrap().len() == 13 && room["sticky"].is_boolean())
        );
    });
}
