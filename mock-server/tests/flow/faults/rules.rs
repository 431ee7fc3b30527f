//! Which request meets which rule, and that nothing else does.

use std::time::Duration;

use contract::service::Service;
use mock_server::control::{FaultAction, FaultRule, Match};
use mock_server::{Mock, MockError, MockServer};
use serde_json::{Value, json};

use super::{add, connect, entries, get, world};
use crate::support::{address, call, chatwork, exchange, messages, request};

fn unavailable() -> Value {
    json!({"respond": {"status": 503}})
}

fn statuses(mock: &Mock, count: usize) -> Vec<u16> {
    (0..count).map(|_| chatwork(mock, "GET", "/v2/me", "").status).collect()
}

#[test]
fn skip_and_times_count_requests_that_match() {
    let mock = MockServer::start().unwrap();
    add(&mock, &json!({"match": {"path": "/v2/me"}, "skip": 1, "times": 2, "action": unavailable()}));
    chatwork(&mock, "GET", "/v2/rooms", "");
    assert_eq!(statuses(&mock, 5), [200, 503, 503, 200, 200]);
    let report = call(&mock, "GET", "/faults/f1", "", "").json();
    assert_eq!((&report["matched"], &report["applied"]), (&json!(5), &json!(2)));
    let list = call(&mock, "GET", "/faults", "", "").json();
    assert_eq!(list, json!({"faults": [report]}));
    assert_eq!(report["skip"], 1);
    assert_eq!(report["match"], json!({"path": "/v2/me"}));
    assert_eq!(report["action"], json!({"respond": {"status": 503, "headers": {}, "body": ""}}));
}

#[test]
fn a_removed_rule_has_no_more_effect_and_restoring_removes_all() {
    let mock = MockServer::start().unwrap();
    for status in [500, 502, 503] {
        add(&mock, &json!({"times": null, "action": {"respond": {"status": status}}}));
    }
    assert_eq!(statuses(&mock, 2), [500, 500]);
    assert_eq!(call(&mock, "DELETE", "/faults/f1", "", "").status, 204);
    assert_eq!(call(&mock, "DELETE", "/faults/f1", "", "").status, 404);
    assert_eq!(call(&mock, "GET", "/faults/f1", "", "").status, 404);
    assert_eq!(statuses(&mock, 2), [502, 502]);
    assert_eq!(call(&mock, "DELETE", "/faults", "", "").status, 204);
    assert_eq!(statuses(&mock, 2), [200, 200]);
    assert_eq!(add(&mock, &json!({"action": unavailable()})), "f4");
}

#[test]
fn the_same_seed_gives_the_same_pattern_and_another_seed_another_one() {
    let mock = MockServer::start().unwrap();
    let pattern = |seed| {
        let world = mock.new_world(Some(seed), None).unwrap();
        add(&world, &json!({"probability": 0.5, "times": null, "action": unavailable()}));
        let first = statuses(&world, 40);
        world.reset().unwrap();
        assert_eq!(world.faults().unwrap(), [], "a reset takes the rules along");
        add(&world, &json!({"probability": 0.5, "times": null, "action": unavailable()}));
        assert_eq!(statuses(&world, 40), first, "and begins the draws anew");
        first
    };
    let one = pattern(1);
    assert!(one.contains(&200) && one.contains(&503), "{one:?}");
    assert_eq!(pattern(1), one);
    assert_ne!(pattern(2), one);
}

#[test]
fn worlds_do_not_meet_each_other_s_faults() {
    let mock = MockServer::start().unwrap();
    let (one, two) = (mock.new_world(None, None).unwrap(), mock.new_world(None, None).unwrap());
    add(&one, &json!({"times": null, "action": unavailable()}));
    assert_eq!((statuses(&one, 2), statuses(&two, 2), statuses(&mock, 2)), (vec![503; 2], vec![200; 2], vec![200; 2]));
    assert_eq!(call(&mock, "DELETE", "/faults/f1", "", "").status, 404);
    assert_eq!(statuses(&one, 1), [503]);
    assert_eq!(call(&mock, "DELETE", "/faults", &world(&one), "").status, 204);
    assert_eq!(statuses(&one, 1), [200]);
}

#[test]
fn a_replaced_state_leaves_the_rules_in_place() {
    let server = MockServer::start().unwrap();
    let mut mock = (*server).clone();
    add(&mock, &json!({"times": null, "action": unavailable()}));
    let state = mock.state().unwrap();
    mock.set_state(&state).unwrap();
    assert_eq!(statuses(&mock, 1), [503]);
}

#[test]
fn the_control_api_meets_no_fault_also_on_a_connection_where_others_do() {
    let mock = MockServer::start().unwrap();
    add(&mock, &json!({"match": {"path": "*"}, "times": null, "action": unavailable()}));
    let mut client = connect(&mock);
    let health = format!("GET /_mock/health HTTP/1.1\r\nHost: {}\r\n\r\n", address(&mock));
    for _ in 0..2 {
        assert_eq!(client.send(get(&mock, "/v2/me")).answer().status, 503);
        assert_eq!(client.send(&health).answer().status, 200);
    }
    assert_eq!(client.send([get(&mock, "/v2/me"), health].concat()).answer().status, 503);
    assert_eq!(client.answer().status, 200);
    let refused = call(
        &mock,
        "POST",
        "/faults",
        "",
        &json!({"match": {"path": "/_mock/state"}, "action": unavailable()}).to_string(),
    );
    assert_eq!(refused.status, 400);
    assert!(refused.errors()[0].starts_with("/match/path: faults never meet the control API"), "{refused:?}");
}

#[test]
fn downloads_oauth_and_unknown_callers_meet_faults_too() {
    let mock = MockServer::start().unwrap();
    add(&mock, &json!({"match": {"operation": "download-file"}, "action": unavailable()}));
    add(&mock, &json!({"match": {"operation": "get-me"}, "action": unavailable()}));
    let download = exchange(&mock, "GET /download/default/1/a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(download.status, 503);
    assert_eq!(exchange(&mock, "GET /v2/me HTTP/1.1\r\nHost: a\r\n\r\n").status, 503);
    assert_eq!(exchange(&mock, "GET /v2/me HTTP/1.1\r\nHost: a\r\n\r\n").status, 401);
    add(&mock, &json!({"match": {"operation": "oauth-*"}, "times": null, "action": unavailable()}));
    assert_eq!(exchange(&mock, "POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").status, 503);
    assert_eq!(exchange(&mock, "GET /packages/oauth2/login.php HTTP/1.1\r\nHost: a\r\n\r\n").status, 503);
}

#[test]
fn a_rule_can_mean_one_token_or_one_caller_and_never_shows_the_token() {
    let mock = MockServer::start().unwrap();
    let state = mock.state().unwrap();
    let others = &state["chatwork"]["accounts"];
    let other = others[1]["token"].as_str().or_else(|| others[1]["tokens"][0].as_str()).unwrap().to_owned();
    let (known, unknown) = (mock.token(Service::Chatwork).to_owned(), "a-token-that-nobody-has-0000");
    add(&mock, &json!({"match": {"token": known}, "action": unavailable()}));
    add(&mock, &json!({"match": {"token": unknown}, "action": unavailable()}));
    add(&mock, &json!({"match": {"token": "chatwork/1002"}, "action": unavailable()}));
    let status = |token: &str| exchange(&mock, request(&mock, "GET", "/v2/me", token, "")).status;
    assert_eq!(
        [&other, unknown, &known].map(|token| [status(token), status(token)]),
        [[503, 200], [503, 401], [503, 200]]
    );
    let list = call(&mock, "GET", "/faults", "", "");
    assert!(!list.body.contains(&known) && !list.body.contains(unknown), "{list:?}");
    let shown: Vec<Value> =
        list.json()["faults"].as_array().unwrap().iter().map(|fault| fault["match"]["token"].clone()).collect();
    assert_eq!(shown, ["chatwork/1001", "[masked]", "chatwork/1002"]);
    let chatday = mock.token(Service::Chatday);
    let added =
        call(&mock, "POST", "/faults", "", &json!({"match": {"token": chatday}, "action": unavailable()}).to_string());
    assert_eq!(added.json()["match"]["token"], "chatday/shop", "nor does the answer to POST");
    let ask = format!("GET /chatday/register HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {chatday}\r\n\r\n");
    assert_eq!([exchange(&mock, &ask).status, exchange(&mock, &ask).status], [503, 200]);
}

#[test]
fn a_rule_can_ask_about_query_headers_form_and_body() {
    let mock = MockServer::start().unwrap();
    let path = messages(&mock);
    add(
        &mock,
        &json!({"match": {"method": "post", "form": {"body": "สวัสดี*"}}, "action": {"respond": {"status": 500}}}),
    );
    add(&mock, &json!({"match": {"query": {"force": "1"}}, "action": {"respond": {"status": 502}}}));
    add(
        &mock,
        &json!({"match": {"headers": {"x-chatworktoken": "*"}, "service": "chatwork"}, "skip": 1, "action": unavailable()}),
    );
    assert_eq!(chatwork(&mock, "GET", &format!("{path}?force=0"), "").status, 200);
    assert_eq!(chatwork(&mock, "GET", &format!("{path}?force=1"), "").status, 502);
    assert_eq!(
        chatwork(&mock, "POST", &path, "body=%E0%B8%AA%E0%B8%A7%E0%B8%B1%E0%B8%AA%E0%B8%94%E0%B8%B5%20%F0%9F%91%8B")
            .status,
        500
    );
    assert_eq!(chatwork(&mock, "POST", &path, "body=hello").status, 503);
}

#[test]
fn what_is_wrong_with_a_rule_is_said_and_no_rule_is_made() {
    let mock = MockServer::start().unwrap();
    let refused = |body: &str, count: usize| {
        let answer = call(&mock, "POST", "/faults", "", body);
        assert_eq!((answer.status, answer.errors().len()), (400, count), "{body}: {answer:?}");
        answer.errors()
    };
    refused("", 1);
    refused("[]", 1);
    refused(r#"{"match":{"status":200,"path":"/_mock"},"times":0,"probability":2,"action":{"type":"reset"}}"#, 6);
    let told = refused(r#"{"action":{}}"#, 1);
    assert!(told[0].contains("drop_after_commit, garbage, such as {\"respond\""), "{told:?}");
    assert!(mock.faults().unwrap().is_empty());
    let wrong = call(&mock, "PUT", "/faults", "", "{}");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, HEAD, POST, DELETE")));
}

#[test]
fn a_guard_removes_its_rule_and_nothing_else_and_may_outlive_the_mock() {
    let mock = MockServer::start().unwrap();
    let remote = Mock::connect(mock.control_url(), None).unwrap();
    let rule = FaultRule::new(FaultAction::respond(503)).always();
    let kept =
        mock.fault(&rule.clone().on(Match { path: Some("/v2/rooms".into()), ..Match::default() })).unwrap().keep();
    for mock in [&*mock, &remote] {
        let guard = mock.fault(&rule).unwrap();
        assert_eq!(statuses(mock, 3), [503; 3]);
        assert_eq!((guard.applied().unwrap(), guard.report().unwrap().matched), (3, 3));
        assert_eq!(entries(mock).last().unwrap().0.as_deref(), Some(guard.id()));
        drop(guard);
        assert_eq!(statuses(mock, 1), [200]);
    }
    assert_eq!(mock.faults().unwrap()[0].id, kept);
    let guard = mock.fault(&rule).unwrap();
    mock.clear_faults().unwrap();
    assert!(matches!(guard.report(), Err(MockError::Refused { status: 404, .. })));
    let faulty = FaultRule::new(FaultAction::respond(99).header("a b", "c")).probability(7.0).delayed(Duration::MAX);
    let Err(MockError::Refused { errors, .. }) = mock.fault(&faulty) else { panic!("it was taken") };
    assert_eq!(errors.len(), 4, "{errors:?}");
    let panicked = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let _guard = mock.fault(&rule).unwrap();
                panic!("on purpose");
            })
            .join()
    });
    assert!(panicked.is_err() && mock.faults().unwrap().is_empty(), "a test that fails leaves no rule behind");
    drop(mock);
    drop(guard);
}

#[test]
fn whoever_follows_the_world_hears_of_rules() {
    let mock = MockServer::start().unwrap();
    add(&mock, &json!({"action": unavailable()}));
    chatwork(&mock, "GET", "/v2/me", "");
    call(&mock, "DELETE", "/faults/f1", "", "");
    call(&mock, "DELETE", "/faults/f1", "", "");
    call(&mock, "DELETE", "/faults", "", "");
    let told = call(&mock, "GET", "/events?after=0&limit=5", "", "").body;
    for kind in ["fault-added", "fault-used-up", "fault-removed", "faults-cleared"] {
        assert_eq!(told.matches(&format!(r#"{{"kind":"{kind}""#)).count(), 1, "{kind} in {told}");
    }
    assert_eq!(told.matches(r#""status":503,"fault":"f1""#).count(), 1, "{told}");
}
