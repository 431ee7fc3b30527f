//! The worlds that a run starts in: as a description for the mock, and as a model.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::state::{Calls, ContactRequest, File, Kind, Member, Message, Model, Person, Room, Task};

/// Unix second at which every world starts.
pub(crate) const START: i64 = 1_760_000_000;
/// How many people act. Those behind them only exist.
pub(crate) const ACTORS: usize = 6;

const DAY: i64 = 86_400;

/// Rate limits, each as requests and seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) account: Option<(u32, i64)>,
    pub(crate) room: Option<(u32, i64)>,
}

/// Six people of three organizations, a project with a short history, a direct chat, requests in both directions.
pub(crate) fn small(limits: Limits) -> Model {
    let person = |id, name: &str, organization, free| Person {
        id,
        name: name.to_owned(),
        organization,
        department: "R&D".to_owned(),
        token: token(id),
        free,
        my_room: id + 4000,
    };
    let people = vec![
        person(1001, "Aoi Mori", 101, false),
        person(1002, "Ben Sato", 101, false),
        person(1003, "ชิเอะ 😀", 101, false),
        person(2001, "Đức Nguyễn", 102, false),
        person(2002, "佐藤 花", 102, true),
        person(2003, "Fay", 103, false),
    ];
    let mut rooms = vec![
        room(5201, Kind::Group, &[(1001, "admin"), (1002, "member"), (1003, "readonly"), (2001, "member")]),
        room(5301, Kind::Direct, &[(1001, "member"), (2001, "member")]),
    ];
    rooms[0].name = "新しい企画".to_owned();
    for (index, author) in [1002, 1001, 2001].into_iter().enumerate() {
        let message = old_message(100 + index as u64, author, START - 60 + index as i64);
        rooms[0].updated = message.sent;
        rooms[0].messages.push(message);
    }
    rooms.extend(people.iter().map(|person| room(person.my_room, Kind::My, &[(person.id, "member")])));
    everything_read(&mut rooms);
    let asks = [(2002, 1001), (1001, 2002), (2003, 1001), (1002, 2001), (2001, 1003), (2003, 2002)];
    let requests = asks.iter().enumerate().map(|(index, (from, to))| request(80 + index as u64, *from, *to)).collect();
    with_seen(Model {
        people,
        rooms,
        gone: Vec::new(),
        requests,
        account_limit: limits.account,
        room_limit: limits.room,
        account_windows: BTreeMap::new(),
        room_windows: BTreeMap::new(),
        highest_message: 0,
        seen_rooms: BTreeSet::new(),
        seen_tasks: BTreeSet::new(),
        seen_files: BTreeSet::new(),
    })
}

/// The small world, and an archive: nearly as many messages as lists hold (some too old for the Free plan), and more open
/// and done tasks, files and contact requests than that.
pub(crate) fn full(limits: Limits) -> Model {
    let mut model = small(limits);
    let mut archive =
        room(5202, Kind::Group, &[(1001, "admin"), (1002, "member"), (1003, "readonly"), (2002, "member")]);
    archive.name = "คลังเก่า".to_owned();
    for index in 0..98_u64 {
        let age = if index < 30 { 41 * DAY } else { DAY };
        archive.messages.push(old_message(1000 + index, 1002, START - age));
    }
    for index in 0..105 {
        archive.files.push(File {
            id: 700 + index,
            account: 1002,
            message: 1000,
            name: "記録.txt".to_owned(),
            content: b"old".to_vec(),
            time: START - DAY,
        });
    }
    archive.updated = START - DAY;
    for index in 0..210_u64 {
        archive.tasks.push(Task {
            id: 300 + index,
            account: 1001,
            by: 1002,
            message: 1001,
            body: "整理".to_owned(),
            calls: Calls::default(),
            limit: 0,
            limit_type: "none",
            status: if index % 2 == 0 { "open" } else { "done" },
        });
    }
    model.rooms.insert(0, archive);
    everything_read(&mut model.rooms);
    for index in 0..102 {
        let id = 3000 + index;
        model.people.push(Person { id, name: format!("Guest {id}"), my_room: id + 4000, ..model.people[5].clone() });
        model.people.last_mut().unwrap().token = token(id);
        model.rooms.push(room(id + 4000, Kind::My, &[(id, "member")]));
        model.requests.push(request(200 + index, id, 1001));
    }
    with_seen(model)
}

/// The description of a model that nothing has happened in yet.
pub(crate) fn description(model: &Model) -> Value {
    let limit =
        |limit: Option<(u32, i64)>| limit.map(|(requests, seconds)| json!({"requests": requests, "seconds": seconds}));
    let accounts: Vec<Value> = model.people.iter().map(account).collect();
    let rooms: Vec<Value> = model.rooms.iter().map(described_room).collect();
    let requests: Vec<Value> = model
        .requests
        .iter()
        .map(|ask| json!({"id": ask.id, "from": ask.from, "to": ask.to, "message": ask.text}))
        .collect();
    let organizations = [101, 102, 103].map(|id| json!({"id": id, "name": organization_name(id)}));
    json!({
        "settings": {"limits": {"account": limit(model.account_limit), "room": limit(model.room_limit)}},
        "organizations": &organizations[..],
        "accounts": accounts,
        "rooms": rooms,
        "requests": requests,
    })
}

pub(crate) fn token(person: u64) -> String {
    format!("token-of-{person}")
}

pub(crate) fn organization_name(id: u64) -> String {
    format!("株式会社 {id}")
}

pub(crate) fn chatwork_id(person: u64) -> String {
    format!("id-{person}")
}

pub(crate) fn avatar(person: u64) -> String {
    format!("https://appdata.chatwork.com/avatar/{person}.png")
}

fn account(person: &Person) -> Value {
    json!({
        "id": person.id,
        "name": person.name,
        "chatwork_id": chatwork_id(person.id),
        "organization_id": person.organization,
        "department": person.department,
        "avatar_image_url": avatar(person.id),
        "mail": format!("{}@example.com", person.id),
        "token": person.token,
        "plan": if person.free { "free" } else { "paid" },
    })
}

fn described_room(room: &Room) -> Value {
    let kind = match room.kind {
        Kind::My => "my",
        Kind::Direct => "direct",
        Kind::Group => "group",
    };
    let members: Vec<Value> =
        room.members.iter().map(|member| json!({"account": member.account, "role": member.role})).collect();
    let messages: Vec<Value> = room
        .messages
        .iter()
        .map(|one| json!({"id": one.id.to_string(), "account": one.author, "body": one.body, "send_time": one.sent}))
        .collect();
    let tasks: Vec<Value> = room
        .tasks
        .iter()
        .map(|task| {
            json!({"id": task.id, "account": task.account, "assigned_by": task.by, "body": task.body,
                "message": task.message.to_string(), "status": task.status})
        })
        .collect();
    let files: Vec<Value> = room
        .files
        .iter()
        .map(|file| {
            json!({"id": file.id, "account": file.account, "filename": file.name, "upload_time": file.time,
                "text": String::from_utf8_lossy(&file.content), "message": file.message.to_string()})
        })
        .collect();
    let mut value = json!({"id": room.id, "kind": kind, "members": members, "messages": messages, "tasks": tasks,
        "files": files, "last_update_time": room.updated});
    if room.kind == Kind::Group {
        value["name"] = json!(room.name);
    }
    value
}

fn room(id: u64, kind: Kind, members: &[(u64, &'static str)]) -> Room {
    let member =
        |(account, role): &(u64, &'static str)| Member { account: *account, role, read: BTreeSet::new(), fetched: 0 };
    Room {
        id,
        kind,
        name: String::new(),
        description: String::new(),
        icon: "group".to_owned(),
        updated: START,
        members: members.iter().map(member).collect(),
        messages: Vec::new(),
        tasks: Vec::new(),
        files: Vec::new(),
        link: None,
    }
}

fn old_message(id: u64, author: u64, sent: i64) -> Message {
    Message {
        id, author, body: format!("นานมาแล้ว {id}"), calls: Calls::default(), sent, updated: 0, deleted: false
    }
}

fn request(id: u64, from: u64, to: u64) -> ContactRequest {
    ContactRequest { id, from, to, text: "よろしく".to_owned() }
}

fn everything_read(rooms: &mut [Room]) {
    for room in rooms {
        let all: BTreeSet<u64> = room.messages.iter().map(|message| message.id).collect();
        for member in &mut room.members {
            member.read.clone_from(&all);
        }
    }
}

fn with_seen(mut model: Model) -> Model {
    model.highest_message = model.rooms.iter().flat_map(|room| &room.messages).map(|one| one.id).max().unwrap_or(0);
    model.seen_rooms = model.rooms.iter().map(|room| room.id).collect();
    model.seen_tasks = model.rooms.iter().flat_map(|room| &room.tasks).map(|task| task.id).collect();
    model.seen_files = model.rooms.iter().flat_map(|room| &room.files).map(|file| file.id).collect();
    model
}
