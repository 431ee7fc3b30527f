//! What the model lets somebody see, as JSON.

use serde_json::{Value, json};

use crate::start::{avatar, chatwork_id, organization_name};
use crate::state::{CAP, File, Kind, Link, Message, Model, Room, Task};

const OLDEST_FOR_FREE: i64 = 40 * 86_400;

impl Model {
    pub(crate) fn me(&self, account: u64) -> Value {
        let me = self.person(account).unwrap();
        let mut value = self.profile(account);
        let mail = format!("{account}@example.com");
        for key in [
            "title",
            "url",
            "introduction",
            "tel_organization",
            "tel_extension",
            "tel_mobile",
            "skype",
            "facebook",
            "twitter",
        ] {
            value[key] = json!("");
        }
        value["room_id"] = json!(me.my_room);
        value["mail"] = json!(mail);
        value["login_mail"] = json!(mail);
        value
    }

    /// The seven fields that contacts, members and requests share.
    pub(crate) fn profile(&self, account: u64) -> Value {
        let person = self.person(account).unwrap();
        json!({
            "account_id": account,
            "name": person.name,
            "chatwork_id": chatwork_id(account),
            "organization_id": person.organization,
            "organization_name": organization_name(person.organization),
            "department": person.department,
            "avatar_image_url": avatar(account),
        })
    }

    fn embedded(&self, account: u64) -> Value {
        json!({"account_id": account, "name": self.person(account).unwrap().name, "avatar_image_url": avatar(account)})
    }

    pub(crate) fn status(&self, account: u64) -> Value {
        let rooms: Vec<&Room> = self.rooms_of(account).collect();
        let count = |of: &dyn Fn(&Room) -> usize| {
            let each: Vec<usize> = rooms.iter().map(|room| of(room)).collect();
            (each.iter().filter(|number| **number > 0).count(), each.iter().sum::<usize>())
        };
        let (unread_rooms, unread) = count(&|room| room.unread_num(account));
        let (mention_rooms, mentions) = count(&|room| room.mention_num(account));
        let (task_rooms, tasks) = count(&|room| room.open_tasks(Some(account)));
        json!({"unread_room_num": unread_rooms, "mention_room_num": mention_rooms, "mytask_room_num": task_rooms,
            "unread_num": unread, "mention_num": mentions, "mytask_num": tasks})
    }

    pub(crate) fn my_tasks(&self, account: u64, by: Option<u64>, status: &str) -> Value {
        let mut found: Vec<(u64, Value)> = Vec::new();
        for room in self.rooms_of(account) {
            let (name, icon) = self.label(room, account);
            let wanted =
                |task: &&Task| task.account == account && task.status == status && by.is_none_or(|by| task.by == by);
            for task in room.tasks.iter().filter(wanted) {
                let mut value = self.task_view(task);
                value.as_object_mut().unwrap().remove("account");
                value["room"] = json!({"room_id": room.id, "name": name, "icon_path": icon});
                found.push((task.id, value));
            }
        }
        newest_first(found)
    }

    pub(crate) fn contacts(&self, account: u64) -> Value {
        let others = self.people.iter().filter_map(|other| Some((other.id, self.direct_room(account, other.id)?.id)));
        let mut found: Vec<(u64, u64)> = others.collect();
        found.sort_unstable();
        found.into_iter().map(|(other, room)| self.contact(other, room)).collect()
    }

    pub(crate) fn contact(&self, other: u64, room: u64) -> Value {
        let mut value = self.profile(other);
        value["room_id"] = json!(room);
        value
    }

    pub(crate) fn incoming(&self, account: u64) -> Value {
        let asks = self.requests.iter().filter(|ask| ask.to == account).take(CAP);
        asks.map(|ask| {
            let mut value = self.profile(ask.from);
            value["request_id"] = json!(ask.id);
            value["message"] = json!(ask.text);
            value
        })
        .collect()
    }

    pub(crate) fn room_list(&self, account: u64) -> Value {
        let mut rooms: Vec<&Room> = self.rooms_of(account).collect();
        rooms.sort_by_key(|room| (room.kind != Kind::My, -room.updated, room.id));
        rooms.into_iter().map(|room| self.room_view(room, account)).collect()
    }

    /// The 13 fields of a list.
    pub(crate) fn room_view(&self, room: &Room, account: u64) -> Value {
        let (name, icon) = self.label(room, account);
        let kind = match room.kind {
            Kind::My => "my",
            Kind::Direct => "direct",
            Kind::Group => "group",
        };
        json!({
            "room_id": room.id,
            "name": name,
            "type": kind,
            "role": room.role(account),
            "sticky": room.kind == Kind::My,
            "unread_num": room.unread_num(account),
            "mention_num": room.mention_num(account),
            "mytask_num": room.open_tasks(Some(account)),
            "message_num": room.messages.len(),
            "file_num": room.files.len(),
            "task_num": room.open_tasks(None),
            "icon_path": icon,
            "last_update_time": room.updated,
        })
    }

    /// A room's name and picture, for somebody in it.
    fn label(&self, room: &Room, account: u64) -> (String, String) {
        let icon = format!("https://appdata.chatwork.com/icon/ico_{}.png", room.icon);
        match room.kind {
            Kind::My => ("マイチャット".to_owned(), icon),
            Kind::Group => (room.name.clone(), icon),
            Kind::Direct => {
                let other = room.members.iter().find(|member| member.account != account).unwrap().account;
                (self.person(other).unwrap().name.clone(), avatar(other))
            }
        }
    }

    pub(crate) fn member_list(&self, room: &Room) -> Value {
        let mut members: Vec<(u64, &str)> = room.members.iter().map(|member| (member.account, member.role)).collect();
        members.sort_unstable();
        let with_role = |(account, role): (u64, &str)| {
            let mut value = self.profile(account);
            value["role"] = json!(role);
            value
        };
        members.into_iter().map(with_role).collect()
    }

    /// Whether the plan of an account hides a message.
    pub(crate) fn hides(&self, account: u64, message: &Message, now: i64) -> bool {
        self.person(account).unwrap().free && message.sent < now - OLDEST_FOR_FREE
    }

    pub(crate) fn message_view(&self, message: &Message) -> Value {
        let body = if message.deleted { "[deleted]" } else { &message.body };
        json!({"message_id": message.id.to_string(), "account": self.embedded(message.author), "body": body,
            "send_time": message.sent, "update_time": message.updated})
    }

    pub(crate) fn task_view(&self, task: &Task) -> Value {
        json!({"task_id": task.id, "account": self.embedded(task.account),
            "assigned_by_account": self.embedded(task.by), "message_id": task.message.to_string(), "body": task.body,
            "limit_time": task.limit, "limit_type": task.limit_type, "status": task.status})
    }

    pub(crate) fn task_list(&self, room: &Room, account: Option<u64>, by: Option<u64>, status: &str) -> Value {
        let wanted = |task: &&Task| {
            task.status == status
                && account.is_none_or(|account| task.account == account)
                && by.is_none_or(|by| task.by == by)
        };
        newest_first(room.tasks.iter().filter(wanted).map(|task| (task.id, self.task_view(task))).collect())
    }

    pub(crate) fn file_view(&self, file: &File) -> Value {
        json!({"file_id": file.id, "account": self.embedded(file.account), "message_id": file.message.to_string(),
            "filename": file.name, "filesize": file.content.len(), "upload_time": file.time})
    }

    pub(crate) fn file_list(&self, room: &Room, account: Option<u64>) -> Value {
        let wanted = room.files.iter().filter(|file| account.is_none_or(|account| file.account == account));
        newest_first(wanted.map(|file| (file.id, self.file_view(file))).collect())
    }
}

pub(crate) fn link_view(link: Option<&Link>) -> Value {
    link.map_or_else(
        || json!({"public": false}),
        |link| {
            json!({"public": true, "url": format!("https://example.chatwork.com/g/{}", link.code),
                "need_acceptance": link.need_acceptance, "description": link.description})
        },
    )
}

fn newest_first(mut found: Vec<(u64, Value)>) -> Value {
    found.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    found.into_iter().take(CAP).map(|(_, value)| value).collect()
}
