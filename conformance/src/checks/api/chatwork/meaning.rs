//! Whether answers agree with each other.

use contract::chatwork::clauses::{
    DOWNLOAD_URL, FIELDS, MESSAGE_ORDER, MY_CHAT, MY_TASKS, NEWEST_FIRST, PROFILE, ROOM_FIELDS, ROOM_ORDER, STATUS,
};
use contract::service::Service;
use serde_json::Value;

use super::super::found::{deviates, moot, unsettled};
use super::tour::{self, items, success};
use super::verdicts::shaped;
use crate::ask::server::{Call, Server, Talk};
use crate::check::{Area, Check, Kind, Level, Plan};

const BASE: Check = Check { kind: Kind::Api, area: Area::Answers, ..Check::blank(Service::Chatwork) };

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.api.own-room-is-my-chat",
        level: Level::Must,
        title: "the room_id of GET /me is the caller's My Chat in GET /rooms",
        rationale: "My Chat is the room that every account has for itself, and programs write notes there. Another \
                    room id makes them write to other people.",
        hint: "Answer room_id with the room of type my that belongs to the token's owner.",
        clauses: &[&PROFILE],
        plan: Plan::Dialogue { calls: &["GET /me", "GET /rooms"], hold: own_room },
        ..BASE
    },
    Check {
        id: "chatwork.api.my-chat-is-pinned",
        title: "My Chat is pinned, and its owner has the role member",
        rationale: "Recorded answers have it so, and programs that look for rooms where they are administrator rely on it.",
        hint: "Answer My Chat with sticky true and role member.",
        clauses: &[&MY_CHAT],
        plan: Plan::Dialogue { calls: &["GET /rooms"], hold: my_chat },
        ..BASE
    },
    Check {
        id: "chatwork.api.room-is-the-one-of-the-list",
        level: Level::Must,
        title: "a single chat has the values that it has in the list, and the description besides",
        rationale: "A program goes from the list to the chat and back. Where the two differ, it works on something \
                    that is not there.",
        hint: "Answer both from the same data.",
        clauses: &[&ROOM_FIELDS],
        plan: Plan::Dialogue { calls: &["GET /rooms", "GET /rooms/{room_id}"], hold: same_room },
        ..BASE
    },
    Check {
        id: "chatwork.api.items-are-those-of-their-lists",
        level: Level::Must,
        title: "a single task or file has the values that it has in its list",
        rationale: "Programs keep what a list said and ask for one item later. Where the two differ, they show \
                    something wrong.",
        hint: "Answer item and list from the same data.",
        clauses: &[&FIELDS],
        plan: Plan::Dialogue { calls: &["GET of tasks and files, and of one each"], hold: same_items },
        ..BASE
    },
    Check {
        id: "chatwork.api.message-is-the-one-of-the-list",
        title: "a single message has the values that it has in the list",
        rationale: "Programs keep the list, and ask for a single message when somebody replies to it. Where the two \
                    differ, they show something wrong.",
        hint: "Answer message and list from the same data.",
        clauses: &[&FIELDS],
        plan: Plan::Dialogue {
            calls: &["GET /rooms/{room_id}/messages?force=1", "GET /rooms/{room_id}/messages/{message_id}"],
            hold: |server| {
                let (path, item) = tour::one_message(server)?;
                same(server, &path, &item)
            },
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.counts-add-up",
        title: "the counts of GET /my/status are the sums over GET /rooms",
        rationale: "A program shows the count and then opens the list. Where they differ, people look for messages \
                    that are not there.",
        hint: "Count unread messages, mentions and open tasks over the caller's rooms.",
        clauses: &[&STATUS],
        plan: Plan::Dialogue { calls: &["GET /my/status", "GET /rooms"], hold: counts },
        ..BASE
    },
    Check {
        id: "chatwork.api.rooms-are-in-order",
        title: "rooms are listed pinned first, then by last update, newest first",
        rationale: "The order is not documented, but programs that show the first few rooms look right only with this \
                    one.",
        hint: "Sort by sticky, then by last_update_time, both descending.",
        clauses: &[&ROOM_ORDER],
        plan: Plan::Dialogue { calls: &["GET /rooms"], hold: rooms_in_order },
        ..BASE
    },
    Check {
        id: "chatwork.api.messages-oldest-first",
        title: "messages are listed oldest first",
        rationale: "Every recorded client takes the last one for the newest: in another order it would answer old messages again.",
        hint: "Sort by send_time, ascending.",
        clauses: &[&MESSAGE_ORDER],
        plan: Plan::Dialogue { calls: &["GET /rooms/{room_id}/messages?force=1"], hold: messages_in_order },
        ..BASE
    },
    Check {
        id: "chatwork.api.tasks-newest-first",
        title: "tasks and files are listed newest first",
        rationale: "Lists are cut off at 100. In another order the newest would be the ones that are missing.",
        hint: "Sort tasks by task_id and files by upload_time, descending.",
        clauses: &[&NEWEST_FIRST],
        plan: Plan::Dialogue {
            calls: &["GET /rooms/{room_id}/tasks", "GET /rooms/{room_id}/files"],
            hold: newest_first,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.tasks-are-the-asked-ones",
        level: Level::Must,
        title: "the parameter status chooses between open and done tasks; without it open ones are listed",
        rationale: "A program that reminds people of open tasks must not get the done ones.",
        hint: "Read status from the query; open is its default.",
        clauses: &[&MY_TASKS],
        plan: Plan::Dialogue {
            calls: &["GET /my/tasks", "GET /my/tasks?status=done", "GET /rooms/{room_id}/tasks"],
            hold: asked_tasks,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.download-url-on-request",
        level: Level::Must,
        title: "a file carries a download URL with create_download_url=1, and only then",
        rationale: "The URL works for a short time without a token: it is made for whoever asks, and must not lie \
                    around in logs.",
        hint: "Add download_url only where create_download_url is 1.",
        clauses: &[&DOWNLOAD_URL],
        plan: Plan::Dialogue {
            calls: &[
                "GET /rooms/{room_id}/files/{file_id}",
                "GET /rooms/{room_id}/files/{file_id}?create_download_url=1",
            ],
            hold: download_url,
        },
        ..BASE
    },
];

fn own_room(server: &mut dyn Server) -> Talk {
    let me = success(&server.recall(&Call::get("/me")))?;
    let room = me["room_id"].as_u64().ok_or_else(|| unsettled("GET /me: no integer room_id"))?;
    let rooms = items(server, "/rooms")?;
    match rooms.iter().find(|item| item["room_id"].as_u64() == Some(room)) {
        Some(item) if item["type"] == "my" => Ok(()),
        Some(item) => Err(deviates(
            "not-my-chat",
            format!("room {room} of GET /me is of type {} in GET /rooms", item["type"]),
            "type \"my\"",
            format!("type {}", item["type"]),
        )),
        None => Err(deviates(
            "not-in-the-list",
            format!("room {room} of GET /me is not in GET /rooms"),
            "a room of type \"my\"",
            "no such room",
        )),
    }
}

fn my_chat(server: &mut dyn Server) -> Talk {
    let rooms = items(server, "/rooms")?;
    let Some(room) = rooms.iter().find(|room| room["type"] == "my") else {
        return Err(deviates("no-my-chat", "GET /rooms has no room of type my", "one room of type \"my\"", "none"));
    };
    if room["sticky"] == true && room["role"] == "member" {
        return Ok(());
    }
    let actual = format!("sticky {}, role {}", room["sticky"], room["role"]);
    Err(deviates("otherwise", "My Chat is not as recorded", "sticky true, role \"member\"", actual))
}

fn same_room(server: &mut dyn Server) -> Talk {
    let room = tour::any_room(server)?;
    let rooms = items(server, "/rooms")?;
    let Some(item) = rooms.iter().find(|item| item["room_id"].as_u64() == Some(room)) else {
        return Err(moot(format!("room {room} is not in GET /rooms")));
    };
    // Counts and times move while others write: only what stays is compared.
    let mut lasting = item.clone();
    if let Some(fields) = lasting.as_object_mut() {
        fields.retain(|name, _| ["room_id", "name", "type", "role", "sticky", "icon_path"].contains(&name.as_str()));
    }
    same(server, &format!("/rooms/{room}"), &lasting)
}

fn same_items(server: &mut dyn Server) -> Talk {
    let (mut asked, mut why) = (0, None);
    for found in [tour::one_task(server), tour::one_file(server)] {
        match found {
            Ok((path, item)) => {
                same(server, &path, &item)?;
                asked += 1;
            }
            Err(reason) => why = Some(reason),
        }
    }
    match why {
        Some(reason) if asked == 0 => Err(reason),
        _ => Ok(()),
    }
}

/// Whether an answer has every field that an item of a list has, with its value.
fn same(server: &mut dyn Server, path: &str, item: &Value) -> Talk {
    let body = success(&server.recall(&Call::get(path)))?;
    let fields = item.as_object().into_iter().flatten();
    let differing: Vec<&str> =
        fields.filter(|(name, value)| body.get(name.as_str()) != Some(value)).map(|(name, _)| name.as_str()).collect();
    if differing.is_empty() {
        return Ok(());
    }
    Err(deviates(
        "differs-from-the-list",
        format!("GET {path} differs from its entry in the list in {}", differing.join(", ")),
        "the values of the list",
        format!("other values of {}", differing.join(", ")),
    ))
}

fn counts(server: &mut dyn Server) -> Talk {
    let status = success(&server.recall(&Call::get("/my/status")))?;
    let mut told = counted(server, &status, true)?;
    if told.is_some() {
        // Somebody may have written in between: both are asked again, one right after the other.
        let status = success(&server.call(&Call::get("/my/status")))?;
        told = counted(server, &status, false)?;
    }
    match told {
        None => Ok(()),
        Some((name, counted, said)) => Err(deviates(
            "do-not-add-up",
            format!("{name} of GET /my/status is not the sum over GET /rooms, also when asked again"),
            format!("{name} {counted}"),
            format!("{name} {said}"),
        )),
    }
}

fn counted(server: &mut dyn Server, status: &Value, once: bool) -> Talk<Option<(String, u64, Value)>> {
    let call = Call::get("/rooms");
    let heard = if once { server.recall(&call) } else { server.call(&call) };
    let rooms = success(&heard)?;
    let rooms = rooms.as_array().cloned().unwrap_or_default();
    for of in ["unread", "mention", "mytask"] {
        let counts: Vec<u64> =
            rooms.iter().map(|room| room[format!("{of}_num")].as_u64().unwrap_or_default()).collect();
        let sum: u64 = counts.iter().fold(0, |sum, count| sum.saturating_add(*count));
        let nonzero = counts.iter().filter(|count| **count > 0).count() as u64;
        for (name, counted) in [(format!("{of}_num"), sum), (format!("{of}_room_num"), nonzero)] {
            if status[&name].as_u64() != Some(counted) {
                return Ok(Some((name.clone(), counted, status[&name].clone())));
            }
        }
    }
    Ok(None)
}

fn rooms_in_order(server: &mut dyn Server) -> Talk {
    let rooms = items(server, "/rooms")?;
    let key = |room: &Value| (room["sticky"] == true, room["last_update_time"].as_i64().unwrap_or_default());
    ordered(
        &rooms,
        |one, next| key(one) >= key(next),
        "rooms",
        "pinned ones first, then by last_update_time, newest first",
    )
}

fn messages_in_order(server: &mut dyn Server) -> Talk {
    let room = tour::room_with(server, "message_num", "messages")?;
    let messages = items(server, &tour::messages(room))?;
    let time = |message: &Value| message["send_time"].as_i64().unwrap_or_default();
    ordered(&messages, |one, next| time(one) <= time(next), "messages", "by send_time, oldest first")
}

fn newest_first(server: &mut dyn Server) -> Talk {
    let mut asked = false;
    for (count, list, key) in [("task_num", "tasks", "task_id"), ("file_num", "files", "upload_time")] {
        let Ok(room) = tour::room_with(server, count, list) else { continue };
        let items = items(server, &format!("/rooms/{room}/{list}"))?;
        let of = |item: &Value| item[key].as_i64().unwrap_or_default();
        asked |= items.len() > 1;
        ordered(&items, |one, next| of(one) >= of(next), list, &format!("by {key}, descending"))?;
    }
    if asked { Ok(()) } else { Err(moot("no room has two tasks or two files, so there is no order to see")) }
}

fn ordered(items: &[Value], fits: impl Fn(&Value, &Value) -> bool, what: &str, expected: &str) -> Talk {
    let places = items.iter().zip(items.iter().skip(1)).enumerate();
    match places.into_iter().find(|(_, (one, next))| !fits(one, next)) {
        None => Ok(()),
        Some((place, _)) => Err(deviates(
            "out-of-order",
            format!("{what} are in another order: item {} belongs before item {place}", place + 1),
            expected,
            format!("item {} of {} is out of order", place + 1, items.len()),
        )),
    }
}

fn asked_tasks(server: &mut dyn Server) -> Talk {
    let mut asked = vec![("/my/tasks".to_owned(), "open"), ("/my/tasks?status=done".to_owned(), "done")];
    if let Ok(room) = tour::room_with(server, "task_num", "tasks") {
        asked.push((format!("/rooms/{room}/tasks"), "open"));
        asked.push((format!("/rooms/{room}/tasks?status=done"), "done"));
    }
    for (path, status) in asked {
        let tasks = items(server, &path)?;
        if let Some(other) = tasks.iter().find(|task| task["status"] != status) {
            return Err(deviates(
                "another-status",
                format!("GET {path} lists a task of status {}", other["status"]),
                format!("tasks of status \"{status}\" alone"),
                format!("status {}", other["status"]),
            ));
        }
    }
    Ok(())
}

fn download_url(server: &mut dyn Server) -> Talk {
    let (path, _) = tour::one_file(server)?;
    let plain = success(&server.recall(&Call::get(path.as_str())))?;
    if plain.get("download_url").is_some() {
        return Err(deviates(
            "unasked",
            format!("GET {path} carries a download URL"),
            "no download_url",
            "download_url",
        ));
    }
    let asked = Call::get(format!("{path}?create_download_url=1"));
    shaped(server, &asked)?;
    let body = success(&server.recall(&asked))?;
    let url = body["download_url"].as_str().unwrap_or_default();
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(());
    }
    Err(deviates("no-url", "the file carries no download URL when asked for one", "download_url, a URL", "no such URL"))
}
