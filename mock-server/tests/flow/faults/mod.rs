//! Faults over real sockets: each action, and which request meets which rule.

mod actions;
mod pipelined;
mod rules;
mod tls;

use std::io::{Read, Write};

use contract::service::Service;
use mock_server::Mock;
use serde_json::Value;

use crate::support::{Client, address, call, request};

/// Adds a rule to the mock's own world, as a script does, and gives its id.
fn add(mock: &Mock, rule: &Value) -> String {
    let answer = call(mock, "POST", "/faults", &world(mock), &rule.to_string());
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn world(mock: &Mock) -> String {
    format!("X-Mock-World: {}\r\n", mock.card().id)
}

fn connect(mock: &Mock) -> Client {
    Client::connect(&address(mock))
}

/// `GET` as the world's first person.
fn get(mock: &Mock, path: &str) -> String {
    request(mock, "GET", path, mock.token(Service::Chatwork), "")
}

/// Everything that comes until the connection ends, and how it ends.
fn rest<S: Read + Write>(client: &mut Client<S>) -> (Vec<u8>, std::io::Result<()>) {
    client.rest()
}

/// Fault and status of every entry of the journal.
fn entries(mock: &Mock) -> Vec<(Option<String>, u16)> {
    mock.requests().unwrap().into_iter().map(|request| (request.fault, request.status)).collect()
}

/// How many messages the world's first room holds.
fn messages_stored(mock: &Mock) -> usize {
    let state = mock.state().unwrap();
    let id = &mock.card().chatwork["room_id"];
    let rooms = state["chatwork"]["rooms"].as_array().unwrap();
    let room = rooms.iter().find(|room| room["id"] == *id).unwrap_or_else(|| panic!("no room {id}"));
    room["messages"].as_array().unwrap().len()
}
