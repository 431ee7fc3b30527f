use super::*;

use contract::time::UnixMillis;
use proptest::prelude::*;

use crate::chatday::testing::{NOW, default_world, load_at};
use crate::core::Note;

const TOKEN: &str = "Bearer chatday-demo-token-not-a-secret";
const TEXT: &str = r#"{"message":{"type":"text","data":"สวัสดี 😀"},"chat_id":"70001"}"#;

/// A world of two applications under a profile, and the calls that tests make.
struct Mock {
    state: State,
    now: UnixMillis,
    notes: Vec<Note>,
}

/// Header lines as a peer writes them.
type Lines = Vec<(String, Vec<u8>)>;

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

impl Mock {
    fn with(profile: &str) -> Self {
        let mut world = default_world();
        world["applications"].as_array_mut().unwrap().push(json!({"name": "hotel", "token": "hotel-token"}));
        let chat = json!({"chat_id": "80001", "application": "hotel", "visitor": {"name": "Nguyễn Văn A"}});
        world["chats"].as_array_mut().unwrap().push(chat);
        let state = load_at(&world, NOW, profile).unwrap();
        Self { state, now: NOW, notes: Vec::new() }
    }

    fn new() -> Self {
        Self::with("")
    }

    fn registered() -> Self {
        let mut mock = Self::new();
        assert_eq!(mock.register().status, 200);
        mock
    }

    fn call(&mut self, method: &str, target: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Answer {
        let mut request = http::Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(bytes::Bytes::copy_from_slice(body)).unwrap();
        let mut turn = Turn::new(self.now, "http://127.0.0.1:4010", "default");
        let response = self.state.handle(&request, &mut turn);
        self.notes = turn.notes;
        let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers: Vec<(String, String)> =
            response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        assert_eq!(headers[0], ("content-type".to_owned(), "application/json; charset=utf-8".to_owned()));
        assert_eq!(headers[1], ("content-length".to_owned(), response.body().len().to_string()));
        let body = serde_json::from_slice(response.body()).unwrap();
        Answer { status: response.status().as_u16(), headers, body }
    }

    fn register(&mut self) -> Answer {
        self.call("GET", "/chatday/register", &[("authorization", TOKEN.as_bytes())], b"")
    }

    fn send(&mut self, body: &str) -> Answer {
        self.send_as("application/json", body.as_bytes())
    }

    fn send_as(&mut self, content_type: &str, body: &[u8]) -> Answer {
        let headers = [("authorization", TOKEN.as_bytes()), ("content-type", content_type.as_bytes())];
        self.call("POST", "/chatday/messages", &headers, body)
    }

    fn transcript(&self, chat_id: &str) -> Vec<Value> {
        self.state.chat_view(chat_id).unwrap()["messages"].as_array().unwrap().clone()
    }
}

impl Answer {
    #[track_caller]
    fn refused(&self, status: u16, sentence: &str) {
        assert_eq!((self.status, &self.body), (status, &json!({"status": "ERROR", "errors": [sentence]})));
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[test]
fn register_gives_the_same_signature_token_again_and_again() {
    let mut mock = Mock::new();
    for _ in 0..3 {
        let answer = mock.register();
        assert_eq!(answer.status, 200);
        let expected = json!({"status": "SUCCESS", "Chatday-Signature-Token": "chatday-demo-signature-not-a-secret"});
        assert_eq!(answer.body, expected);
        assert_eq!(answer.header("chatday-signature-token"), Some("chatday-demo-signature-not-a-secret"));
    }
}

#[test]
fn a_message_shows_in_the_chat_box_only_after_register() {
    let mut mock = Mock::new();
    mock.send(TEXT).refused(403, "The Chatday-Token is not registered yet: call GET /chatday/register first.");
    assert_eq!(mock.transcript("70001").len(), 4);
    mock.register();
    mock.now = NOW.plus_millis(1500);
    assert_eq!(mock.send(TEXT).body, json!({"status": "SUCCESS", "message_id": "7"}));
    assert_eq!(mock.send(TEXT).body, json!({"status": "SUCCESS", "message_id": "8"}));
    let transcript = mock.transcript("70001");
    assert_eq!(
        transcript[4],
        json!({"message_id": "7", "from": "application", "message": {"type": "text", "data": "สวัสดี 😀"}, "time": "2027-01-15T08:00:01.5Z"})
    );
    assert_eq!(transcript.len(), 6);
}

#[test]
fn the_other_application_has_its_own_registration_and_its_own_chats() {
    let mut mock = Mock::registered();
    let body = r#"{"message":{"type":"text","data":"xin chào"},"chat_id":"80001"}"#;
    mock.send(body).refused(404, "chat_id: there is no chat 80001.");
    mock.send(&body.replace("80001", "ไม่มี")).refused(404, "chat_id: there is no chat ไม่มี.");
    assert_eq!(mock.transcript("80001").len(), 0);
    let headers: [(&str, &[u8]); 2] = [("authorization", b"bearer hotel-token"), ("content-type", b"application/json")];
    assert_eq!(mock.call("POST", "/chatday/messages", &headers, body.as_bytes()).status, 403);
    assert_eq!(mock.call("GET", "/chatday/register", &headers[..1], b"").status, 200);
    assert_eq!(mock.call("POST", "/chatday/messages", &headers, body.as_bytes()).status, 200);
}

#[test]
fn a_request_without_one_good_token_is_refused_with_a_challenge() {
    let mut mock = Mock::new();
    type Case<'a> = (&'a [(&'a str, &'a [u8])], &'a str);
    let cases: [Case<'_>; 5] = [
        (&[], "The header Authorization is missing: send 'Authorization: Bearer <Chatday-Token>'."),
        (
            &[("authorization", b"Basic abc")],
            "The header Authorization is ill-formed: its scheme is not Bearer; send 'Authorization: Bearer <Chatday-Token>'.",
        ),
        (
            &[("authorization", b"Bearer \xff")],
            "The header Authorization is ill-formed: it holds characters beyond ASCII; send 'Authorization: Bearer <Chatday-Token>'.",
        ),
        (
            &[("authorization", TOKEN.as_bytes()), ("authorization", TOKEN.as_bytes())],
            "The header Authorization stands more than once: send it once.",
        ),
        (
            &[("authorization", b"Bearer chatday-demo-token-not-a-secre")],
            "The Chatday-Token is unknown: check it in the menu Chatday API of the settings.",
        ),
    ];
    for (headers, sentence) in cases {
        for (method, path) in [("GET", "/chatday/register"), ("POST", "/chatday/messages")] {
            let answer = mock.call(method, path, headers, b"");
            answer.refused(401, sentence);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
}

#[test]
fn a_token_in_the_query_counts_for_nothing_and_is_remarked_without_being_named() {
    let mut mock = Mock::new();
    let answer = mock.call("GET", "/chatday/register?token=chatday-demo-token-not-a-secret", &[], b"");
    assert_eq!(answer.status, 401);
    let notes: Vec<(&str, &str)> = mock.notes.iter().map(|note| (note.clause.id, note.detail.as_str())).collect();
    assert_eq!(notes[0], ("chatday.authorization.header-only", "a Chatday-Token stands in the query: it was ignored"));
    assert_eq!(notes[1].0, "chatday.errors.unauthorized");
    assert!(!format!("{:?}", mock.notes).contains("demo-token"));
}

#[test]
fn path_comes_before_method_and_method_before_token() {
    let mut mock = Mock::new();
    mock.call("POST", "/chatday/message", &[], b"")
        .refused(404, "There is nothing at /chatday/message: check the path.");
    for (method, path, allow) in [
        ("HEAD", "/chatday/register", "GET"),
        ("OPTIONS", "/chatday/messages", "POST"),
        ("GET", "/chatday/messages", "POST"),
        ("PROPFIND", "/chatday/messages", "POST"),
    ] {
        let answer = mock.call(method, path, &[], b"");
        answer.refused(405, &format!("The method {method} is not allowed here: use {allow}."));
        assert_eq!(answer.header("allow"), Some(allow));
    }
}

#[test]
fn size_comes_before_media_type_and_media_type_before_json() {
    let mut mock = Mock::with("limits.body_bytes = 100");
    mock.register();
    let fitting = format!("{TEXT}{}", " ".repeat(100 - TEXT.len()));
    assert_eq!(mock.send(&fitting).status, 200);
    mock.send_as("text/plain", format!("{fitting} ").as_bytes()).refused(413, "The body is larger than 100 bytes.");
    mock.send_as("text/plain", b"{").refused(
        415,
        "The body must be sent as JSON: found 'text/plain'; send 'Content-Type: application/json; charset=utf-8'.",
    );
    let register = mock.call("GET", "/chatday/register", &[("authorization", TOKEN.as_bytes())], &[b' '; 101]);
    register.refused(413, "The body is larger than 100 bytes.");
}

#[test]
fn json_may_be_announced_in_its_usual_ways_and_no_other() {
    let mut mock = Mock::registered();
    for content_type in
        ["application/json", "Application/JSON;charset=\"UTF-8\"", "application/vnd.x+json; a=b", "application/json;"]
    {
        assert_eq!(mock.send_as(content_type, TEXT.as_bytes()).status, 200, "{content_type}");
    }
    for content_type in
        ["", "text/json", "application/x-www-form-urlencoded", "application/json; charset=tis-620", "json"]
    {
        assert_eq!(mock.send_as(content_type, TEXT.as_bytes()).status, 415, "{content_type}");
    }
    let none = [("authorization", TOKEN.as_bytes())];
    assert_eq!(mock.call("POST", "/chatday/messages", &none, TEXT.as_bytes()).status, 415);
    let json: (&str, &[u8]) = ("content-type", b"application/json");
    for more in [("content-encoding", b"gzip".as_slice()), json] {
        assert_eq!(mock.call("POST", "/chatday/messages", &[none[0], json, more], TEXT.as_bytes()).status, 415);
    }
}

#[test]
fn a_body_without_a_safe_meaning_is_refused_with_the_place_of_its_fault() {
    let mut mock = Mock::registered();
    mock.send("").refused(400, "The body is not valid JSON: it is empty.");
    mock.send(r#"{"a":1,"a":2}"#)
        .refused(400, "The body is not valid JSON: the key \"a\" stands twice at line 1 column 10.");
    mock.send(&format!("{TEXT}x")).refused(400, "The body is not valid JSON: trailing characters at line 1 column 79.");
    mock.send(&format!("\u{feff}{TEXT}"))
        .refused(400, "The body is not valid JSON: it starts with a byte order mark: send plain UTF-8.");
    mock.send_as("application/json", b"{\"\xff\":1}").refused(400, "The body is not valid JSON: byte 2 is not UTF-8.");
    assert_eq!(mock.send(&"[".repeat(100_000)).status, 400);
    assert_eq!(mock.transcript("70001").len(), 4);
}

#[test]
fn every_field_that_is_wrong_is_named_and_comes_before_registration() {
    let mut mock = Mock::new();
    let answer = mock.send(r#"{"Message":{"type":"text","data":"a"},"chat_id":7}"#);
    assert_eq!(answer.status, 400);
    let expected = json!([
        "message: is missing; the key is spelt 'message', not 'Message'.",
        "chat_id: expected a string, found the number 7."
    ]);
    assert_eq!(answer.body["errors"], expected);
}

#[test]
fn ignored_keys_are_remarked_to_the_operator() {
    let mut mock = Mock::registered();
    assert_eq!(mock.send(&TEXT.replace("{\"message\"", "{\"to\":1,\"message\"")).status, 200);
    assert_eq!(mock.notes.len(), 1);
    assert_eq!(mock.notes[0].detail, "ignored keys: to");
}

#[test]
fn a_remark_never_repeats_a_secret_that_the_peer_put_in_the_wrong_place() {
    let mut mock = Mock::registered();
    let answer = mock.send(r#"{"message":{"type":"chatday-demo-token-not-a-secret","data":1},"chat_id":"70001"}"#);
    assert_eq!(answer.status, 400);
    assert!(mock.notes[0].detail.starts_with("message.type: unknown type '***'"), "{}", mock.notes[0].detail);
}

#[test]
fn the_turn_says_who_called_what() {
    let mut mock = Mock::new();
    let request = http::Request::builder().uri("/chatday/register").header("authorization", TOKEN);
    let mut turn = Turn::new(NOW, "http://127.0.0.1:4010", "default");
    mock.state.handle(&request.body(bytes::Bytes::new()).unwrap(), &mut turn);
    assert_eq!((turn.operation, turn.token_id.as_deref()), (Some("register"), Some("chatday/shop")));
    assert_eq!(turn.notes, []);
}

#[test]
fn a_rate_limit_counts_each_token_by_itself_and_comes_before_the_body() {
    let mut mock = Mock::with("limits = { requests = 2, window_ms = 10000 }");
    assert_eq!(mock.register().status, 200);
    assert_eq!(mock.send("{").status, 400);
    mock.now = NOW.plus_millis(2500);
    let answer = mock.send("{");
    answer.refused(429, "Too many requests: try again in 8 s.");
    assert_eq!(answer.header("retry-after"), Some("8"));
    assert_eq!(mock.call("GET", "/chatday/register", &[("authorization", b"Bearer hotel-token")], b"").status, 200);
    assert_eq!(mock.call("GET", "/chatday/register", &[], b"").status, 401);
    mock.now = NOW.plus_millis(10_000);
    assert_eq!(mock.send(TEXT).status, 200);
}

#[test]
fn a_changed_profile_changes_the_mock() {
    let mut mock = Mock::with(
        "[keys]\nmessage = 'Message'\nchat_id = 'room'\nstatus = 'result'\nerrors = 'why'\nmessage_id = 'id'\nsignature_token = 'secret'\n\
         [words]\nsuccess = 'ok'\nerror = 'ng'\n[ids]\nchat_id = 'integer'\nmessage_id = 'integer'\n\
         [authorization]\nchallenge = 'Bearer realm=\"chatday\"'\n\
         [register]\nmethod = 'POST'\npath = '/chatday/v1/activate'\nstatus = 201\ntoken_in_header = false\n\
         [send]\nmethod = 'PUT'\npath = '/chatday/v1/talk'\nstatus = 202\nunknown_types = 'accept'\n\
         [errors]\nformat = 'text'\nnot_registered = { status = 409, text = 'ลงทะเบียนก่อน' }\n",
    );
    let auth = ("authorization", TOKEN.as_bytes());
    let json_type: (&str, &[u8]) = ("content-type", b"application/json");
    let body = r#"{"Message":{"type":"carousel","data":[1]},"room":70001}"#.as_bytes();
    assert_eq!(mock.register().status, 404);
    assert_eq!(mock.call("GET", "/chatday/v1/activate", &[auth], b"").status, 405);
    let unknown = mock.call("POST", "/chatday/v1/activate", &[], b"");
    assert_eq!(unknown.header("www-authenticate"), Some("Bearer realm=\"chatday\""));
    let early = mock.call("PUT", "/chatday/v1/talk", &[auth, json_type], body);
    assert_eq!((early.status, early.body), (409, json!({"result": "ng", "why": "ลงทะเบียนก่อน"})));
    let registered = mock.call("POST", "/chatday/v1/activate", &[auth], b"");
    assert_eq!(registered.status, 201);
    assert_eq!(registered.body, json!({"result": "ok", "secret": "chatday-demo-signature-not-a-secret"}));
    assert_eq!(registered.header("chatday-signature-token"), None);
    let sent = mock.call("PUT", "/chatday/v1/talk", &[auth, json_type], body);
    assert_eq!((sent.status, sent.body), (202, json!({"result": "ok", "id": 7})));
    assert_eq!(mock.transcript("70001")[4]["message"], json!({"type": "carousel", "data": [1]}));
    let text = br#"{"Message":{"type":"text","data":"a"},"room":"70001"}"#;
    let wrong = mock.call("PUT", "/chatday/v1/talk", &[auth, json_type], text);
    assert_eq!(wrong.body["why"], "room: expected an integer, found the text \"70001\".");
}

fn any_call() -> impl Strategy<Value = (String, String, Lines, Vec<u8>)> {
    let method = prop_oneof![Just("GET".to_owned()), Just("POST".to_owned()), "[A-Z]{1,7}"];
    let target = prop_oneof![
        4 => Just("/chatday/messages".to_owned()),
        2 => Just("/chatday/register".to_owned()),
        1 => "/chatday/[a-zA-Z0-9%._~/-]{0,20}(\\?[a-z0-9=&%+.]{0,20})?",
    ];
    let header = prop_oneof![
        4 => Just(("authorization".to_owned(), TOKEN.as_bytes().to_vec())),
        4 => Just(("content-type".to_owned(), b"application/json".to_vec())),
        1 => ("authorization|content-type|content-encoding", prop::collection::vec(0x20_u8..=0xff, 0..20))
            .prop_map(|(name, value)| (name, value.into_iter().filter(|byte| *byte != 0x7f).collect())),
    ];
    let body = prop_oneof![
        2 => prop::collection::vec(any::<u8>(), 0..60),
        2 => "[\\[\\]{}\":,a-z0-9ก-ฮ ]{0,40}".prop_map(String::into_bytes),
        2 => Just(TEXT.as_bytes().to_vec()),
        2 => (0..TEXT.len(), any::<u8>()).prop_map(|(at, byte)| {
            let mut bytes = TEXT.as_bytes().to_vec();
            bytes[at] = byte;
            bytes
        }),
    ];
    (method, target, prop::collection::vec(header, 0..4), body)
}

proptest! {
    #[test]
    fn any_request_gets_success_or_an_error_envelope_and_only_success_changes_a_chat(
        (method, target, headers, body) in any_call(),
        registered in any::<bool>(),
    ) {
        let mut mock = if registered { Mock::registered() } else { Mock::new() };
        let before = mock.state.chats.clone();
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let answer = mock.call(&method, &target, &headers, &body);
        if answer.status == 200 {
            prop_assert_eq!(&answer.body["status"], "SUCCESS");
        } else {
            prop_assert!((400..500).contains(&answer.status));
            prop_assert_eq!(&answer.body["status"], "ERROR");
            let errors = answer.body["errors"].as_array().unwrap();
            prop_assert!(!errors.is_empty() && errors.iter().all(|error| error.as_str().is_some_and(|text| text.ends_with('.'))));
            prop_assert_eq!(answer.body.as_object().unwrap().len(), 2);
            prop_assert_eq!(&mock.state.chats, &before);
            prop_assert!(!mock.notes.is_empty(), "a refusal is remarked");
        }
        let notes = format!("{:?}", mock.notes);
        prop_assert!(!notes.contains("demo-token"), "{}", notes);
    }
}
