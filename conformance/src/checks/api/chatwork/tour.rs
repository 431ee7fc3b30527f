//! What can be read of an account, and where: each step asks once a run.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use super::super::found::{moot, unsettled};
use crate::ask::server::{Call, Heard, Server, Talk, Who};

/// A room id that nobody has.
pub(super) const NO_ROOM: u64 = 9_007_199_254_740_001;
/// A message id that nobody has.
pub(super) const NO_MESSAGE: &str = "1";
/// A task or file id that nobody has.
pub(super) const NO_ITEM: u64 = 9_007_199_254_740_001;

/// A body of success. Anything else tells nothing to whom needs it for a further step.
pub(super) fn success(heard: &Heard) -> Talk<Value> {
    let answer = heard.answer()?;
    let call = heard.call.words();
    match (answer.status(), heard.json()) {
        (StatusCode::NO_CONTENT, _) => Ok(Value::Null),
        (StatusCode::OK, Some(body)) => Ok(body),
        (StatusCode::OK, None) => Err(unsettled(format!("{call}: the body is no JSON"))),
        (StatusCode::UNAUTHORIZED, _) => Err(unsettled(format!("{call}: 401, so the token is not taken: check it"))),
        (other, _) => Err(unsettled(format!("{call}: {}, so what depends on it cannot be asked", other.as_u16()))),
    }
}

/// The items of a list; none after 204.
pub(super) fn items(server: &mut dyn Server, path: &str) -> Talk<Vec<Value>> {
    match success(&server.recall(&Call::get(path)))? {
        Value::Array(items) => Ok(items),
        Value::Null => Ok(Vec::new()),
        _ => Err(unsettled(format!("GET {path}: the body is no list"))),
    }
}

/// The caller's own account id.
pub(super) fn own_account(server: &mut dyn Server) -> Talk<u64> {
    let me = success(&server.recall(&Call::get("/me")))?;
    me["account_id"].as_u64().ok_or_else(|| unsettled("GET /me: no account_id, so it is not known who asks"))
}

/// The room that the user named.
pub(super) fn named(server: &dyn Server) -> Option<u64> {
    server.facts().place.as_deref()?.parse().ok()
}

/// The named room, of a dialogue that writes.
pub(super) fn place(server: &dyn Server) -> Talk<u64> {
    named(server).ok_or_else(|| moot("there is no room to write in: name one with --room-id"))
}

/// A room to look at: the named one, or My Chat, or the first.
pub(super) fn any_room(server: &mut dyn Server) -> Talk<u64> {
    if let Some(room) = named(server) {
        return Ok(room);
    }
    let rooms = items(server, "/rooms")?;
    let my_chat = rooms.iter().find(|room| room["type"] == "my");
    id_of(my_chat.or(rooms.first()))
}

/// A room that holds something, by the count of it: the named one, My Chat, or the first.
pub(super) fn room_with(server: &mut dyn Server, count: &str, what: &str) -> Talk<u64> {
    let named = named(server);
    let rooms = items(server, "/rooms")?;
    let mut holding: Vec<&Value> = rooms.iter().filter(|room| room[count].as_u64().unwrap_or_default() > 0).collect();
    holding.sort_by_key(|room| (named.is_none() || room["room_id"].as_u64() != named, room["type"] != "my"));
    match holding.first() {
        Some(room) => id_of(Some(room)),
        None => Err(moot(format!("no room of this account has {what}, so there is nothing to look at"))),
    }
}

/// A group chat: the named room if it is one, or the first.
pub(super) fn group(server: &mut dyn Server) -> Talk<u64> {
    let named = named(server);
    let rooms = items(server, "/rooms")?;
    let mut groups: Vec<&Value> = rooms.iter().filter(|room| room["type"] == "group").collect();
    groups.sort_by_key(|room| named.is_none() || room["room_id"].as_u64() != named);
    match groups.first() {
        Some(room) => id_of(Some(room)),
        None => Err(moot("this account is in no group chat, so there is no invitation link to look at")),
    }
}

fn id_of(room: Option<&Value>) -> Talk<u64> {
    room.and_then(|room| room["room_id"].as_u64())
        .ok_or_else(|| unsettled("GET /rooms: no room with an integer room_id, so there is no room to look at"))
}

/// Path of the newest messages of a room. Not of the new ones: fetching those would take them from another program of the
/// same account.
pub(super) fn messages(room: u64) -> String {
    format!("/rooms/{room}/messages?force=1")
}

/// The id of an item that a list has, and the path of the list.
pub(super) fn one_of(server: &mut dyn Server, list: &str, key: &str) -> Talk<(String, Value)> {
    let items = items(server, list)?;
    let Some(item) = items.last() else {
        return Err(moot(format!("GET {list} lists nothing, so there is no item to ask for")));
    };
    let id = match &item[key] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(unsettled(format!("GET {list}: an item has no {key}, so it cannot be asked for"))),
    };
    Ok((id, item.clone()))
}

/// A message, and the path of it.
pub(super) fn one_message(server: &mut dyn Server) -> Talk<(String, Value)> {
    let room = room_with(server, "message_num", "messages")?;
    let (id, item) = one_of(server, &messages(room), "message_id")?;
    Ok((format!("/rooms/{room}/messages/{id}"), item))
}

/// A task, and the path of it.
pub(super) fn one_task(server: &mut dyn Server) -> Talk<(String, Value)> {
    let room = room_with(server, "task_num", "open tasks")?;
    let (id, item) = one_of(server, &format!("/rooms/{room}/tasks"), "task_id")?;
    Ok((format!("/rooms/{room}/tasks/{id}"), item))
}

/// A file, and the path of it.
pub(super) fn one_file(server: &mut dyn Server) -> Talk<(String, Value)> {
    let room = room_with(server, "file_num", "files")?;
    let (id, item) = one_of(server, &format!("/rooms/{room}/files"), "file_id")?;
    Ok((format!("/rooms/{room}/files/{id}"), item))
}

/// Asks for everything that is read anyway, refusals included, and gives every call of the run so far.
///
/// # Errors
/// Nothing was answered: that shows nothing.
pub(super) fn whole(server: &mut dyn Server) -> Talk<Vec<Arc<Heard>>> {
    let mut calls: Vec<Call> = ["/me", "/my/status", "/my/tasks", "/contacts", "/rooms", "/incoming_requests"]
        .into_iter()
        .map(Call::get)
        .collect();
    if let Ok(room) = any_room(server) {
        calls.extend([format!("/rooms/{room}"), format!("/rooms/{room}/members")].map(Call::get));
        calls.extend(without_such(room));
    }
    if let Ok(room) = room_with(server, "message_num", "messages") {
        calls.push(Call::get(messages(room)));
    }
    if let Ok(room) = room_with(server, "task_num", "tasks") {
        calls.push(Call::get(format!("/rooms/{room}/tasks")));
    }
    if let Ok(room) = room_with(server, "file_num", "files") {
        calls.push(Call::get(format!("/rooms/{room}/files")));
    }
    if let Ok(room) = group(server) {
        calls.push(Call::get(format!("/rooms/{room}/link")));
    }
    for found in [one_message(server), one_task(server), one_file(server)] {
        calls.extend(found.ok().map(|(path, _)| Call::get(path)));
    }
    calls.extend([Call::get(NOWHERE), Call::get(format!("/rooms/{NO_ROOM}")), Call::get("/me").by(Who::Stranger)]);
    for call in &calls {
        server.recall(call);
    }
    let log = server.log();
    let mut answers = log.iter().map(|heard| heard.answer().map(drop));
    match answers.next() {
        None => Err(unsettled("nothing was sent")),
        Some(Err(why)) if answers.all(|answer| answer.is_err()) => Err(why),
        Some(_) => Ok(log),
    }
}

/// Calls for what a room does not have.
pub(super) fn without_such(room: u64) -> [Call; 3] {
    [
        Call::get(format!("/rooms/{room}/messages/{NO_MESSAGE}")),
        Call::get(format!("/rooms/{room}/tasks/{NO_ITEM}")),
        Call::get(format!("/rooms/{room}/files/{NO_ITEM}")),
    ]
}

/// A path that no operation has.
pub(super) const NOWHERE: &str = "/no-such-path";
