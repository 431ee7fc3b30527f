//! Worlds that are used at once never see each other.

use std::sync::Barrier;

use contract::service::Service;
use mock_server::{Mock, MockServer};

use crate::support::{Client, address, call, chatwork, messages, request};

const WORLDS: usize = 50;
const MESSAGES: usize = 8;

#[test]
fn fifty_worlds_on_fifty_connections_share_no_state_no_limit_and_no_journal() {
    let mock = MockServer::builder().worker_threads(2).start().unwrap();
    let worlds: Vec<Mock> = (0..WORLDS).map(|_| mock.new_world(None, None).unwrap()).collect();
    let together = Barrier::new(WORLDS);
    std::thread::scope(|scope| {
        for (number, world) in worlds.iter().enumerate() {
            let together = &together;
            scope.spawn(move || {
                let mut client = Client::connect(&address(world));
                let token = world.token(Service::Chatwork);
                together.wait();
                // All together more than any one world's limit allows.
                for at in 0..MESSAGES {
                    let body = format!("body=world-{number}-{at}");
                    let answer = client.send(request(world, "POST", &messages(world), token, &body)).answer();
                    assert_eq!(answer.status, 200, "{answer:?}");
                }
                let list = client.send(request(world, "GET", &(messages(world) + "?force=1"), token, "")).answer();
                let found: Vec<String> = list
                    .json()
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|message| message["body"].as_str().unwrap().to_owned())
                    .filter(|body| body.starts_with("world-"))
                    .collect();
                let own: Vec<String> = (0..MESSAGES).map(|at| format!("world-{number}-{at}")).collect();
                assert_eq!(found, own);
            });
        }
    });
    for world in &worlds {
        let requests = world.requests().unwrap();
        assert_eq!(requests.len(), MESSAGES + 1);
        assert!(requests.iter().all(|request| request.violations.is_empty()), "{requests:#?}");
        let own = requests.iter().map(|request| request.id).collect::<Vec<_>>();
        assert_eq!(own, (1..=MESSAGES as u64 + 1).collect::<Vec<_>>());
    }
    assert!(mock.requests().unwrap().is_empty(), "the default world saw nothing");
}

#[test]
fn a_token_selects_its_world_and_an_unknown_one_the_default_or_the_named_world() {
    let mock = MockServer::start().unwrap();
    let world = mock.new_world(Some(7), None).unwrap();
    assert_ne!(world.token(Service::Chatwork), mock.token(Service::Chatwork));
    assert_ne!(world.token(Service::Chatday), mock.token(Service::Chatday));
    assert_eq!(chatwork(&world, "GET", "/v2/me", "").status, 200);
    let unknown = |headers: &str| {
        let head = format!("GET /v2/me HTTP/1.1\r\nHost: a\r\nX-ChatWorkToken: unknown-token\r\n{headers}\r\n");
        crate::support::exchange(&mock, head).status
    };
    assert_eq!(unknown(""), 401);
    assert_eq!(unknown(&format!("X-Mock-World: {}\r\n", world.card().id)), 401);
    assert_eq!(unknown("X-Mock-World: w999\r\n"), 404);
    let statuses = |mock: &Mock| mock.requests().unwrap().iter().map(|request| request.status).collect::<Vec<_>>();
    assert_eq!(statuses(&world), [200, 401]);
    assert_eq!(statuses(&mock), [401, 404]);
}

#[test]
fn a_bearer_token_selects_a_world_too() {
    let mock = MockServer::start().unwrap();
    let world = mock.new_world(None, None).unwrap();
    let token = world.token(Service::Chatday);
    let ask = format!("GET /chatday/register HTTP/1.1\r\nHost: a\r\nAuthorization: bearer {token}\r\n\r\n");
    crate::support::exchange(&mock, ask);
    assert_eq!((world.requests().unwrap().len(), mock.requests().unwrap().len()), (1, 0));
}

#[test]
fn a_world_that_ended_takes_its_token_with_it() {
    let mock = MockServer::start().unwrap();
    let world = mock.new_world(None, None).unwrap();
    let (id, token) = (world.card().id.clone(), world.token(Service::Chatwork).to_owned());
    world.delete_world().unwrap();
    assert_eq!(crate::support::exchange(&mock, request(&mock, "GET", "/v2/me", &token, "")).status, 401);
    assert_eq!(call(&mock, "DELETE", &format!("/worlds/{id}"), "", "").status, 404);
    assert_eq!(call(&mock, "GET", "/state", &format!("X-Mock-World: {id}\r\n"), "").status, 404);
    assert!(mock.clone().delete_world().is_err(), "the default world stays");
}
