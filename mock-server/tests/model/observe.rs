//! What must hold of a world at any moment, seen through the API by everybody in it.

use contract::chatwork::endpoints::ENDPOINTS;
use contract::chatwork::{Endpoint, Operation};
use serde_json::Value;

use crate::call::{Call, Given};
use crate::start::ACTORS;
use crate::state::{CAP, Calls};
use crate::step::Who;
use crate::world::World;

/// The caller's counts after a step, without counting against any limit.
///
/// # Errors
/// What does not hold.
pub(crate) fn glance(world: &mut World, who: usize) -> Result<(), String> {
    let (limits, own) = (world.mock.settings.limits, (world.model.account_limit, world.model.room_limit));
    world.mock.settings.limits = mock_server::chatwork::state::Limits { account: None, room: None };
    (world.model.account_limit, world.model.room_limit) = (None, None);
    let result = counts(world, who);
    world.mock.settings.limits = limits;
    (world.model.account_limit, world.model.room_limit) = own;
    result
}

/// Everything that some people see.
///
/// # Errors
/// What does not hold.
pub(crate) fn everything(world: &World, people: impl Iterator<Item = usize>) -> Result<(), String> {
    let mut copy = world.copy_without_limits();
    for who in people.map(|who| who % ACTORS) {
        counts(&mut copy, who)?;
        for (operation, words) in [
            (Operation::GetMe, &[][..]),
            (Operation::GetMyTasks, &["open", "done"]),
            (Operation::GetContacts, &[]),
            (Operation::GetIncomingRequests, &[]),
        ] {
            see(&mut copy, who, operation, 0, words)?;
        }
        let me = copy.model.people[who].id;
        let rooms: Vec<u64> = copy.model.rooms_of(me).map(|room| room.id).collect();
        for room in rooms {
            for operation in [Operation::GetRoom, Operation::GetMembers, Operation::GetFiles, Operation::GetLink] {
                see(&mut copy, who, operation, room, &[])?;
            }
            see(&mut copy, who, Operation::GetTasks, room, &["open", "done"])?;
            messages(&mut copy, who, room)?;
        }
    }
    Ok(())
}

/// `GET /rooms` and `GET /my/status`, which must be the sums.
fn counts(world: &mut World, who: usize) -> Result<(), String> {
    let rooms = get(world, who, Operation::GetRooms, 0, Vec::new())?;
    let status = get(world, who, Operation::GetMyStatus, 0, Vec::new())?;
    let rooms = rooms.as_array().cloned().unwrap_or_default();
    for (rooms_key, sum_key) in
        [("unread_room_num", "unread_num"), ("mention_room_num", "mention_num"), ("mytask_room_num", "mytask_num")]
    {
        let numbers: Vec<u64> = rooms.iter().filter_map(|room| room[sum_key].as_u64()).collect();
        let with_some = numbers.iter().filter(|number| **number > 0).count();
        if numbers.len() != rooms.len()
            || status[sum_key] != numbers.iter().sum::<u64>()
            || status[rooms_key] != with_some
        {
            return Err(format!("GET /my/status: expected the sums over {numbers:?} ({sum_key}), got {status}"));
        }
    }
    let mut ids: Vec<u64> = rooms.iter().filter_map(|room| room["room_id"].as_u64()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() == rooms.len() { Ok(()) } else { Err("GET /rooms: a room is listed twice".to_owned()) }
}

/// The newest messages: ascending, at most so many, and none of the deleted ones readable.
fn messages(world: &mut World, who: usize, room: u64) -> Result<(), String> {
    let list = get(world, who, Operation::GetMessages, room, vec![("force", Given::Flag(true))])?;
    let list = list.as_array().cloned().unwrap_or_default();
    let ids: Vec<u64> = list.iter().filter_map(|one| one["message_id"].as_str()?.parse().ok()).collect();
    if ids.len() != list.len() || ids.len() > CAP || !ids.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err(format!("messages of {room}: expected at most {CAP} ascending ids, got {ids:?}"));
    }
    let deleted = |id: &u64| world.model.room(room).and_then(|room| room.message(*id)).is_some_and(|one| one.deleted);
    let readable = ids.iter().zip(&list).find(|(id, one)| deleted(id) && one["body"] != "[deleted]");
    readable.map_or(Ok(()), |(id, one)| Err(format!("message {id} is deleted, but reads {one}")))
}

/// A list, for each value of its `status`, compared with the model.
fn see(
    world: &mut World,
    who: usize,
    operation: Operation,
    room: u64,
    statuses: &[&'static str],
) -> Result<(), String> {
    if statuses.is_empty() {
        return get(world, who, operation, room, Vec::new()).map(|_| ());
    }
    statuses
        .iter()
        .try_for_each(|status| get(world, who, operation, room, vec![("status", Given::Word(status))]).map(|_| ()))
}

fn get(
    world: &mut World,
    who: usize,
    operation: Operation,
    room: u64,
    args: Vec<(&'static str, Given)>,
) -> Result<Value, String> {
    let call = Call::get(who, operation, room, args);
    let shown = format!("{} then asks {call}", world.model.people[who].id);
    world.exchange(call).map(|exchanged| exchanged.got.body).map_err(|error| format!("{shown}: {error}"))
}

/// Whoever is not in a room is refused by every operation on it, and changes nothing.
///
/// # Errors
/// What does not hold.
pub(crate) fn strangers(world: &World) -> Result<(), String> {
    let mut copy = world.copy_without_limits();
    let before = copy.mock.clone();
    let rooms: Vec<u64> =
        world.model.rooms.iter().map(|room| room.id).chain(world.model.gone.iter().copied()).collect();
    for (place, room) in rooms.into_iter().enumerate() {
        let outside = |who: &usize| {
            let account = world.model.people[*who].id;
            world.model.room(room).is_none_or(|room| room.role(account).is_none())
        };
        // One stranger for each room; another one for each number of messages in the world.
        let turn = place + usize::try_from(world.model.highest_message % 64).unwrap_or(0);
        let all: Vec<usize> = (0..ACTORS).filter(outside).collect();
        let Some(who) = turn.checked_rem(all.len()).map(|at| all[at]) else { continue };
        for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.path.starts_with("/rooms/{room_id}")) {
            let call = knock(endpoint, who, room, &copy);
            let shown = format!("{} then asks {call}", world.model.people[who].id);
            let status = copy.exchange(call).map_err(|error| format!("{shown}: {error}"))?.got.status;
            if status != 403 {
                return Err(format!("{shown}: expected 403 for somebody outside, got {status}"));
            }
        }
    }
    if copy.mock == before {
        Ok(())
    } else {
        Err("expected refused requests to change nothing, got another state".to_owned())
    }
}

/// A request that would work for an admin, about something that is in the room.
fn knock(endpoint: &'static Endpoint, who: usize, room: u64, world: &World) -> Call {
    let known = world.model.room(room);
    let item = match endpoint.path_ids().last() {
        Some("task_id") => known.and_then(|room| room.tasks.last()).map(|task| task.id),
        Some("file_id") => known.and_then(|room| room.files.last()).map(|file| file.id),
        _ => known.and_then(|room| room.messages.last()).map(|message| message.id),
    };
    let item = item.unwrap_or(1);
    let me = world.model.people[who].id;
    let text = || Given::Text("開けて".to_owned(), Calls::default());
    let args = match endpoint.operation {
        Operation::PostMessages | Operation::PutMessage => vec![("body", text())],
        Operation::PutRoom => vec![("name", text())],
        Operation::DeleteRoom => vec![("action_type", Given::Word("delete"))],
        Operation::PutMembers => vec![("members_admin_ids", Given::People(vec![me]))],
        Operation::PutMessagesUnread => vec![("message_id", Given::Message(item.to_string()))],
        Operation::PostTasks => vec![("body", text()), ("to_ids", Given::People(vec![me]))],
        Operation::PutTaskStatus => vec![("body", Given::Word("done"))],
        Operation::PostFiles => vec![("file", Given::File(Some("a.txt"), b"x".to_vec()))],
        _ => Vec::new(),
    };
    let mut path = format!("/v2{}", endpoint.path).replace("{room_id}", &room.to_string());
    for name in endpoint.path_ids().skip(1) {
        path = path.replace(&format!("{{{name}}}"), &item.to_string());
    }
    let method = endpoint.method.clone();
    Call { who: Who::Person(who), operation: Some(endpoint.operation), method, path, room, item, args }
}
