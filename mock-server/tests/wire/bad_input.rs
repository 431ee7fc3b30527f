//! What should not be sent, and is. Each time: the service's own form of error, the world as it was, the mock alive.

use serde_json::{Value, json};

use crate::common::{AOI, Answer, Call, NOBODY, Wire};

const MESSAGES: &str = "/rooms/5001/messages";
const FILES: &str = "/rooms/5001/files";
const NO_ENDPOINT: &str = "Invalid Endpoint or HTTP method";
const BODY_REQUIRED: &str = "Parameter 'body' is required";
const FILE_REQUIRED: &str = "Parameter 'file' is required";

/// A mock whose state nothing but a change changes: no window is counted.
fn start() -> Wire {
    Wire::with_settings(json!({"limits": {"account": null, "room": null}}))
}

/// Runs a test and then asks whether the world is as it was, and the mock alive.
fn unchanged(test: impl FnOnce(&mut Wire)) {
    let mut wire = start();
    let before = wire.state();
    test(&mut wire);
    wire.is_still(&before);
    wire.get(AOI, "/me").is(200);
}

/// A refusal in Chatwork's form, of whoever made it.
#[track_caller]
fn refused(answer: &Answer, statuses: &[u16]) {
    assert!(statuses.contains(&answer.status), "{statuses:?}: {}\n{}", answer.head, answer.text());
    answer.refusal(answer.status);
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"), "{}", answer.head);
}

#[test]
fn paths_that_are_none() {
    unchanged(|wire| {
        for path in [
            "",
            "/",
            "/me/",
            "//me",
            "/ME",
            "/me;x=1",
            "/%6de",
            "/rooms//messages",
            "/rooms/",
            "/rooms/rid5001/messages",
            "/rooms/5001x",
            "/rooms/-5001",
            "/rooms/+5001",
            "/rooms/5001.0",
            "/rooms/0x1389",
            "/rooms/%35001",
            "/rooms/５００１",
            "/rooms/5001%2Fmessages",
            "/rooms/5001/",
            "/rooms/5001/messages/",
            "/rooms/5001/messages//read",
            "/rooms/5001/messages/abc",
            "/rooms/../me",
            "/rooms/5001/../5001",
            "/rooms/{room_id}",
            "/rooms/5001/tasks/31/status/x",
            "/incoming_requests/81/accept",
            "/a/b/c/d/e/f/g/h",
        ] {
            assert_eq!(wire.get(AOI, path).refusal(400), NO_ENDPOINT, "{path}");
        }
        for verb in ["HEAD", "OPTIONS", "PATCH", "TRACE", "LINK", "get", "G\u{21}T"] {
            let answer = wire.raw(&Call::of(AOI, verb, "/me").bytes());
            let status = answer.as_ref().map(|answer| answer.status);
            assert_eq!(status, Some(400), "{verb}: {answer:?}");
        }
        for id in ["99999999999999999999", "18446744073709551615", "9223372036854775808", "0", "00"] {
            wire.get(AOI, &format!("/rooms/{id}")).refusal(403);
        }
        wire.get(AOI, "/rooms/05001").is(200);
    });
}

#[test]
fn queries_that_are_odd_are_read_as_forms_are() {
    unchanged(|wire| {
        for query in ["", "&", "&&&", "=", "%", "%zz", "x", "x=%ff%fe", "account_id=x&account_id=1001"] {
            let answer = wire.get(AOI, &format!("{FILES}?create=1&{query}"));
            assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        }
    });
}

#[test]
fn forms_without_what_is_asked_for() {
    unchanged(|wire| {
        let post = |body: &[u8], content_type: &str| Call::of(AOI, "POST", MESSAGES).body(content_type, body.to_vec());
        let form = "application/x-www-form-urlencoded";
        for body in [
            &b"bodY=x"[..],
            b"Body=x",
            b"body",
            b"body=",
            b"=x",
            b"&&&",
            b"\xff\xfe",
            b"\x00",
            b"%62%6f%64%79",
            b"body%3Dx",
            b"{\"body\":\"x\"}",
            b"body=x&body=",
            " body=x".as_bytes(),
            "ｂｏｄｙ=x".as_bytes(),
        ] {
            let told = wire.send(&post(body, form)).refusal(400);
            assert_eq!(told, BODY_REQUIRED, "{:?}", String::from_utf8_lossy(body));
        }
        for content_type in [
            "application/json",
            "application/json; charset=utf-8",
            "text/plain",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "application/octet-stream",
            "form",
            "/",
        ] {
            assert_eq!(wire.send(&post(b"body=x", content_type)).refusal(400), BODY_REQUIRED, "{content_type}");
        }
        let twice = post(b"body=x", "application/json").header("content-type", form);
        wire.send(&twice).refusal(400);
        for flag in ["2", "-1", "true", "", "00", "０", " 1", "1%00"] {
            let told = wire.send(&post(format!("body=x&self_unread={flag}").as_bytes(), form)).refusal(400);
            assert_eq!(told, "Invalid parameter 'self_unread': expected 0 or 1", "{flag}");
        }
    });
}

#[test]
fn numbers_that_are_none() {
    unchanged(|wire| {
        for ids in ["", ",", "1001,", ",1001", "1001,,1002", "1001;1002", "1001 1002", "[1001]", "x", "-1001", "1.0"] {
            wire.post(AOI, "/rooms/5001/members", &[("members_admin_ids", ids)]).refusal(400);
            wire.post(AOI, "/rooms", &[("name", "x"), ("members_admin_ids", ids)]).refusal(400);
            wire.put(AOI, "/rooms/5001/members", &[("members_admin_ids", ids)]).refusal(400);
            wire.post(AOI, "/rooms/5001/tasks", &[("body", "x"), ("to_ids", ids)]).refusal(400);
        }
        for ids in ["0", "18446744073709551615", "99999999999999999999"] {
            let answer = wire.put(AOI, "/rooms/5001/members", &[("members_admin_ids", ids)]);
            refused(&answer, &[400, 403]);
        }
        for limit in ["-1", "1.5", "1e9", "soon", "", "9223372036854775808", "99999999999999999999", "१"] {
            let form = [("body", "x"), ("to_ids", "1001"), ("limit", limit)];
            wire.post(AOI, "/rooms/5001/tasks", &form).refusal(400);
        }
        for id in ["x", "-1", "1.0", "", "0x1", "๑"] {
            wire.put(AOI, "/rooms/5001/messages/unread", &[("message_id", id)]).refusal(400);
        }
    });
}

#[test]
fn a_list_of_very_many_ids_is_refused_by_its_first_stranger() {
    unchanged(|wire| {
        let ids: Vec<String> = (100_000..200_000).map(|id| id.to_string()).collect();
        wire.post(AOI, "/rooms", &[("name", "x"), ("members_admin_ids", &ids.join(","))]).refusal(403);
    });
}

#[test]
fn multipart_bodies_that_are_cut_or_hold_no_file() {
    unchanged(|wire| {
        let typed = "multipart/form-data; boundary=wire";
        let part = "--wire\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
        let whole = format!("{part}สวัสดี\r\n--wire--\r\n");
        // Cut anywhere before its closing boundary: nothing is stored.
        for end in (0..whole.len() - 4).step_by(3) {
            let call = Call::of(AOI, "POST", FILES).body(typed, &whole.as_bytes()[..end]);
            assert_eq!(wire.send(&call).refusal(400), FILE_REQUIRED, "cut at {end}");
        }
        for (content_type, body) in [
            ("multipart/form-data", whole.clone()),
            ("multipart/form-data; boundary=", whole.clone()),
            ("multipart/form-data; boundary=other", whole.clone()),
            ("multipart/mixed; boundary=wire", whole.clone()),
            ("application/x-www-form-urlencoded", "file=x".to_owned()),
            ("application/json", "{\"file\":\"x\"}".to_owned()),
            (typed, String::new()),
            (typed, "--wire--\r\n".to_owned()),
            (typed, "--wire\r\n\r\nx\r\n--wire--\r\n".to_owned()),
            (typed, whole.replace("name=\"file\"", "name=\"FILE\"")),
            (typed, whole.replace("; name=\"file\"", "")),
            (typed, whole.replace("content-disposition: ", "content-disposition ")),
        ] {
            let call = Call::of(AOI, "POST", FILES).body(content_type, body.clone());
            assert_eq!(wire.send(&call).refusal(400), FILE_REQUIRED, "{content_type} {body}");
        }
        let empty_message = Call::of(AOI, "POST", FILES).upload("a", b"a", Some(""));
        wire.send(&empty_message).refusal(400);
    });
}

#[test]
fn text_that_is_no_utf_8_is_mended_and_never_refused() {
    let mut wire = start();
    let newest = |wire: &mut Wire| {
        let list = wire.get(AOI, &format!("{MESSAGES}?force=1")).is(200);
        list.as_array().unwrap().last().unwrap()["body"].as_str().unwrap().to_owned()
    };
    let form = "application/x-www-form-urlencoded";
    for body in [&b"body=a\xffb"[..], b"body=a%FFb", b"body=a\xe0\xb8b", b"body=a%E0%B8b", b"body=a%ED%A0%80b"] {
        wire.send(&Call::of(AOI, "POST", MESSAGES).body(form, body)).is(200);
        let stored = newest(&mut wire);
        assert!(stored.starts_with("a\u{fffd}") && stored.ends_with('b'), "{body:?}: {stored:?}");
    }
    let mut call = Call::of(AOI, "POST", FILES).upload("a", b"\xff\xfe\x00", Some("M"));
    let place = call.body.iter().position(|byte| *byte == b'M').unwrap();
    call.body[place] = 0xff;
    let id = wire.send(&call).is(200)["file_id"].as_u64().unwrap();
    assert!(newest(&mut wire).ends_with("[/info]\u{fffd}"));
    assert_eq!(wire.get(AOI, &format!("{FILES}/{id}")).is(200)["filesize"], 3);
}

#[test]
fn a_file_name_is_a_name_and_never_a_path() {
    let mut wire = start();
    for name in
        ["../../etc/passwd", "a\\b", "โฟลเดอร์/ไฟล์.txt", "", " ", "a%00b", "\u{202e}gpj.exe", "x".repeat(4000).as_str()]
    {
        let call = Call::of(AOI, "POST", FILES).upload(name, b"a", None);
        let id = wire.send(&call).is(200)["file_id"].as_u64().unwrap();
        let file = wire.get(AOI, &format!("{FILES}/{id}?create_download_url=1")).is(200);
        let url = file["download_url"].as_str().unwrap();
        let path = format!("/{}", url.splitn(4, '/').nth(3).unwrap());
        assert_eq!(path.split('?').next().unwrap().split('/').count(), 5, "{path}");
        let answer = wire.raw(&Call::new("GET", &path).bytes()).unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"a"[..]), "{name}: {}", answer.head);
    }
}

#[test]
fn bodies_that_are_too_large_are_refused_in_the_service_s_form() {
    unchanged(|wire| {
        let ten = 10 * 1024 * 1024;
        for (path, content_type) in [
            (MESSAGES, "application/x-www-form-urlencoded"),
            (FILES, "multipart/form-data; boundary=wire"),
            ("/rooms", "application/json"),
            ("/nowhere", "text/plain"),
        ] {
            let call = Call::of(AOI, "POST", path).body(content_type, vec![b'x'; ten]);
            refused(&wire.raw(&call.bytes()).expect(path), &[413]);
            let chunked = [
                format!("POST /v2{path} HTTP/1.1\r\nhost: mock\r\nx-chatworktoken: {AOI}\r\n").as_bytes(),
                format!("content-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n{ten:x}\r\n").as_bytes(),
                &vec![b'x'; ten],
                b"\r\n0\r\n\r\n",
            ]
            .concat();
            refused(&wire.raw(&chunked).expect(path), &[413]);
        }
    });
}

#[test]
fn requests_that_break_http() {
    unchanged(|wire| {
        let token = format!("x-chatworktoken: {AOI}\r\n");
        let lines = [
            format!("GET /v2/me HTTP/1.1\r\n{token}\r\n"),
            format!("GET /v2/me HTTP/1.1\r\nhost: a\r\nhost: b\r\n{token}\r\n"),
            format!("GET /v2/me HTTP/1.1\r\nhost: a b\r\n{token}\r\n"),
            format!(
                "POST /v2/rooms HTTP/1.1\r\nhost: a\r\n{token}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
        ];
        for line in lines {
            refused(&wire.raw(line.as_bytes()).expect("an answer"), &[400]);
        }
        // What is no HTTP at all is refused by the parser, or not answered; it never reaches a service.
        for bytes in [
            &b"\r\n\r\n\r\n"[..],
            b"hello\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET /v2/me\r\n\r\n",
            b"GET /v2/me HTTP/9.9\r\nhost: a\r\n\r\n",
            b"GET /v2/me HTTP/1.1\r\nhost a\r\n\r\n",
            b"GET /v2/m\xffe HTTP/1.1\r\nhost: a\r\n\r\n",
            b"POST /v2/rooms HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
            b"POST /v2/rooms HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            b"POST /v2/rooms HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"",
        ] {
            if let Some(answer) = wire.raw_and_hang_up(bytes) {
                assert!((400..600).contains(&answer.status), "{:?}: {answer:?}", String::from_utf8_lossy(bytes));
            }
        }
        let long = Call::of(AOI, "GET", &format!("/me?x={}", "y".repeat(9_000)));
        refused(&wire.raw(&long.bytes()).unwrap(), &[414]);
        let wide = Call::of(AOI, "GET", "/me").header("x-y", &"y".repeat(33_000));
        refused(&wire.raw(&wide.bytes()).unwrap(), &[431]);
    });
}

#[test]
fn a_request_that_breaks_off_leaves_no_trace() {
    unchanged(|wire| {
        let whole = Call::of(AOI, "POST", MESSAGES).form(&[("body", "สวัสดี")]).bytes();
        for end in [10, whole.len() / 2, whole.len() - 1] {
            assert!(
                wire.raw_and_hang_up(&whole[..end]).is_none_or(|answer| answer.status == 400 || answer.status == 408)
            );
        }
    });
}

#[test]
fn a_world_that_is_unknown_is_nobody_s() {
    unchanged(|wire| {
        for (target, name) in [("/v2/me", "nowhere"), ("/v2/rooms/5001", "โลก"), ("/v2/me", "")] {
            refused(&wire.raw(&Call::new("GET", target).header("x-mock-world", name).bytes()).unwrap(), &[404]);
        }
        // A token says more than the header does.
        wire.send(&Call::of(AOI, "GET", "/me").header("x-mock-world", "nowhere")).is(200);
    });
}

#[test]
fn what_no_service_owns_is_not_found() {
    unchanged(|wire| {
        for target in ["/", "/v1/me", "/v2x/me", "/chatdayx", "/V2/me", "//v2/me", "/.%2e/v2/me", "/favicon.ico"] {
            let answer = wire.raw(&Call::new("GET", target).header("x-chatworktoken", AOI).bytes()).unwrap();
            assert_eq!(answer.status, 404, "{target}: {}", answer.text());
            answer.refusal(404);
        }
    });
}

#[test]
fn secrets_of_refused_requests_are_in_no_journal() {
    let mut wire = start();
    wire.send(&Call::new("GET", &format!("/v2/me?token={AOI}")).header("x-chatworktoken", NOBODY)).refusal(401);
    wire.send(&Call::of(AOI, "GET", "/nowhere").header("authorization", "Bearer wire-chatday-shop")).refusal(400);
    wire.send(&Call::of(AOI, "POST", MESSAGES).form(&[("body", ""), ("x", AOI)])).refusal(400);
    let journal = serde_json::to_string(&wire.mock.requests().unwrap()).unwrap();
    for secret in [AOI, NOBODY, "wire-chatday-shop"] {
        assert!(!journal.contains(secret), "{secret}: {journal}");
    }
    assert_eq!(serde_json::from_str::<Value>(&journal).unwrap().as_array().unwrap().len(), 3);
}
