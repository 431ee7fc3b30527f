//! Writes a state as the `chatwork` part of a world description, in full: `load` gives an equal state again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::State;
use super::account::Account;
use super::file::File;
use super::member::{Member, Role};
use super::message::Message;
use super::room::{Kind, Room};
use super::settings::Window;
use super::task::Task;
use super::webhooks::Webhook;

impl State {
    /// The whole state. It holds tokens and the contents of files.
    pub fn dump(&self) -> Value {
        let counters = &self.counters;
        let window =
            |key: &str, id: u64, window: &Window| json!({key: id, "opened": window.opened_second, "used": window.used});
        json!({
            "settings": self.settings.dump(),
            "organizations": list(self.organizations.values(), |one| json!({"id": one.id, "name": one.name})),
            "accounts": list(self.accounts.values(), account),
            "requests": list(self.requests.values(), |request| json!({
                "id": request.id, "from": request.from, "to": request.to, "message": request.message,
            })),
            "rooms": list(self.rooms.values(), room),
            "oauth": self.oauth.dump(),
            "webhooks": list(self.webhooks.values(), webhook),
            "counters": {
                "seed": counters.seed,
                "message": counters.message.to_string(),
                "room": counters.room,
                "task": counters.task,
                "file": counters.file,
                "request": counters.request,
                "code": counters.code,
                "webhook": counters.webhook,
            },
            "windows": {
                "accounts": list(self.account_windows.iter(), |(id, it)| window("account", id.0, it)),
                "rooms": list(self.room_windows.iter(), |(id, it)| window("room", id.0, it)),
            },
        })
    }

    /// What somebody needs for a first call: the token of the first account that has one, its id, and a room that it
    /// may write in: the group with the lowest id, or else My Chat.
    pub fn card(&self) -> Value {
        let first = self.accounts.values().find_map(|account| Some((account, account.tokens.first()?)));
        let Some((account, token)) = first else {
            return json!({"token": null, "account_id": null, "room_id": null});
        };
        let writable = |room: &&Room| {
            let role = room.members.get(&account.id).map(|member| member.role);
            room.kind == Kind::Group && role.is_some_and(|role| role != Role::Readonly)
        };
        let room = self.rooms.values().find(writable).map_or(account.my_room, |room| room.id);
        json!({"token": token.0, "account_id": account.id, "room_id": room})
    }
}

fn list<T>(items: impl Iterator<Item = T>, write: impl FnMut(T) -> Value) -> Value {
    items.map(write).collect()
}

fn account(account: &Account) -> Value {
    let mut value = json!({
        "id": account.id,
        "name": account.name,
        "chatwork_id": account.chatwork_id,
        "organization_id": account.organization_id,
        "department": account.department,
        "title": account.title,
        "url": account.url,
        "introduction": account.introduction,
        "mail": account.mail,
        "tel_organization": account.tel_organization,
        "tel_extension": account.tel_extension,
        "tel_mobile": account.tel_mobile,
        "skype": account.skype,
        "facebook": account.facebook,
        "twitter": account.twitter,
        "avatar_image_url": account.avatar_image_url,
        "login_mail": account.login_mail,
        "tokens": list(account.tokens.iter(), |token| json!(token.0)),
    });
    add(&mut value, "plan", account.plan.map(|plan| json!(plan.name())));
    value
}

fn webhook(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id,
        "account": webhook.account,
        "room": webhook.reports.room,
        "events": list(webhook.reports.events().into_iter(), |kind| json!(kind.word())),
        "url": webhook.url,
        "token": webhook.token.0,
        "status": if webhook.valid { "valid" } else { "invalid" },
        "failures_in_a_row": webhook.failures_in_a_row,
        "delivered": webhook.delivered,
        "failed": webhook.failed,
    })
}

fn room(room: &Room) -> Value {
    let mut value = json!({
        "id": room.id,
        "kind": room.kind.name(),
        "description": room.description,
        "last_update_time": room.last_update_time,
        "members": list(room.members(), |(id, one)| {
            let mut value = json!({"account": id, "role": one.role.name(), "sticky": one.sticky});
            read_state(&mut value, one, room);
            value
        }),
        "messages": list(room.messages.iter(), message),
        "tasks": list(room.tasks.values(), task),
        "files": list(room.files.values(), file),
    });
    if room.kind == Kind::Group {
        add(&mut value, "name", Some(json!(room.name)));
        add(&mut value, "icon_preset", Some(json!(room.icon.name())));
    }
    let link = room.link.as_ref().map(
        |link| json!({"code": link.code, "need_acceptance": link.need_acceptance, "description": link.description}),
    );
    add(&mut value, "link", link);
    value
}

fn read_state(value: &mut Value, member: &Member, room: &Room) {
    let id = |place: usize| room.messages.get(place).map(|message| json!(message.id));
    add(value, "unread_from", id(member.read_to));
    let ahead: Vec<Value> = member.read_ahead.iter().filter_map(|place| id(*place)).collect();
    add(value, "read_after", (!ahead.is_empty()).then_some(Value::Array(ahead)));
    add(value, "fetched_to", member.fetched.checked_sub(1).and_then(id));
}

fn message(message: &Message) -> Value {
    let mut value = json!({"id": message.id, "account": message.author});
    if message.deleted {
        add(&mut value, "deleted", Some(json!(true)));
    } else {
        add(&mut value, "body", Some(json!(message.body)));
    }
    add(&mut value, "send_time", Some(json!(message.send_time)));
    add(&mut value, "update_time", (message.update_time != 0).then(|| json!(message.update_time)));
    value
}

fn task(task: &Task) -> Value {
    json!({
        "id": task.id,
        "account": task.account,
        "assigned_by": task.assigned_by,
        "message": task.message_id,
        "body": task.body,
        "limit_time": task.limit_time,
        "limit_type": task.limit_type.name(),
        "status": task.status.name(),
    })
}

fn file(file: &File) -> Value {
    let mut value = json!({
        "id": file.id,
        "account": file.account,
        "message": file.message_id,
        "filename": file.filename,
        "upload_time": file.upload_time,
    });
    match std::str::from_utf8(&file.content) {
        Ok(text) => add(&mut value, "text", Some(json!(text))),
        Err(_) => add(&mut value, "content", Some(json!(STANDARD.encode(&file.content)))),
    }
    value
}

fn add(value: &mut Value, key: &str, item: Option<Value>) {
    if let (Some(object), Some(item)) = (value.as_object_mut().map(|object: &mut Map<String, Value>| object), item) {
        object.insert(key.to_owned(), item);
    }
}
