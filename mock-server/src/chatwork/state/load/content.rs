//! What is in a room: messages, tasks and files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use contract::chatwork::limits::FILE_MAX_BYTES;
use contract::reader::{Node, Object};

use super::super::file::File;
use super::super::ids::{AccountId, FileId, MessageId, TaskId};
use super::super::message::{Mentioned, Message, TOMBSTONE};
use super::super::room::Room;
use super::super::system;
use super::super::task::{LimitType, Task, TaskStatus};
use super::Loader;
use super::read::{message_id, moment, named, number_id, words};

impl<'n> Loader<'_, 'n> {
    pub(super) fn room_messages(&mut self, object: &Object<'n>, room: &mut Room) {
        let nodes = object.list("messages");
        room.messages.reserve(nodes.len());
        for node in nodes {
            let object = node.object();
            let id = match object.optional("id") {
                Some(node) => message_id(&node),
                None => Some(self.state.counters.next_message()),
            };
            let author = self.account(object.required("account"));
            let deleted = object.optional_flag("deleted").unwrap_or(false);
            let body = message_body(&object, deleted);
            if body.is_none() {
                self.unwritten.push((room.messages.len(), node.clone()));
            }
            let time = |key| object.optional(key).and_then(|node| moment(&node, self.origin.now));
            let send_time = time("send_time").unwrap_or_else(|| self.latest(room));
            let update_time = time("update_time").unwrap_or(0);
            object.finish();
            let (Some(id), Some(author)) = (id, author) else { continue };
            if !self.messages.insert(id) {
                node.fault(format!("another message has the id '{id}' already"));
                continue;
            }
            if let Some(before) = room.messages.last().filter(|before| before.id > id) {
                node.fault(format!(
                    "the ids of a room's messages ascend, but '{id}' follows '{}': sort them, and give all ids or none",
                    before.id
                ));
                continue;
            }
            let mut message = Message::new(id, author, body.unwrap_or_default(), send_time);
            message.update_time = update_time;
            if deleted {
                message.deleted = true;
                message.mentioned = Mentioned::Nobody;
            }
            room.messages.push(message);
        }
    }

    pub(super) fn room_tasks(&mut self, object: &Object<'_>, room: &mut Room) {
        for node in object.list("tasks") {
            let object = node.object();
            let id = match object.optional("id") {
                Some(node) => number_id(&node).map(TaskId),
                None => Some(self.state.counters.next_task()),
            };
            let account = self.account(object.required("account"));
            let assigned_by = match object.optional("assigned_by") {
                Some(node) => self.account(Some(node)),
                None => account,
            };
            let body = object.text("body");
            let (limit_time, limit_type) = self.task_limit(&object);
            let status = named(&object, "status", &words(TaskStatus::ALL, TaskStatus::name)).unwrap_or_default();
            let message = object.optional("message");
            let announced = message.as_ref().and_then(|node| announcement(node, room));
            object.finish();
            let (Some(id), Some(account), Some(assigned_by)) = (id, account, assigned_by) else { continue };
            if !self.tasks.insert(id) {
                node.fault(format!("another task has the id {id} already"));
                continue;
            }
            let mut task = Task {
                id,
                account,
                assigned_by,
                message_id: MessageId(0),
                body: body.into(),
                limit_time,
                limit_type,
                status: TaskStatus::Open,
            };
            if message.is_none() {
                let text = system::tasks_added(std::iter::once(&task));
                let time = self.latest(room);
                task.message_id = self.announce(room, assigned_by, &text, time);
            }
            task.message_id = announced.unwrap_or(task.message_id);
            task.status = status;
            room.insert_task(task);
        }
    }

    /// Without a type, a task with a time is limited to that moment, and one without is not limited.
    fn task_limit(&self, object: &Object<'_>) -> (i64, LimitType) {
        let node = object.optional("limit_time");
        let time = node.as_ref().and_then(|node| moment(node, self.origin.now));
        let silent = if node.is_some() { LimitType::Time } else { LimitType::None };
        let kind = named(object, "limit_type", &words(LimitType::ALL, LimitType::name)).unwrap_or(silent);
        match (kind, time) {
            (LimitType::None, Some(time)) if time != 0 => {
                object.fault_at("limit_time", "a task with the limit_type 'none' has no time: leave one of them out");
            }
            (LimitType::Date | LimitType::Time, None) if node.is_none() => {
                object.fault_at("limit_time", format!("the limit_type '{}' needs a time", kind.name()));
            }
            _ => {}
        }
        (time.unwrap_or(0), kind)
    }

    pub(super) fn room_files(&mut self, object: &Object<'_>, room: &mut Room) {
        for node in object.list("files") {
            let object = node.object();
            let id = match object.optional("id") {
                Some(node) => number_id(&node).map(FileId),
                None => Some(self.state.counters.next_file()),
            };
            let account = self.account(object.required("account"));
            let filename = object.text("filename");
            let content = file_content(&object);
            let message = object.optional("message");
            let announced = message.as_ref().and_then(|node| announcement(node, room));
            let uploaded = object.optional("upload_time").and_then(|node| moment(&node, self.origin.now));
            let sent = announced.and_then(|id| room.message(id)).map(|message| message.send_time);
            let upload_time = uploaded.or(sent).unwrap_or_else(|| self.latest(room));
            object.finish();
            let (Some(id), Some(account)) = (id, account) else { continue };
            if !self.files.insert(id) {
                node.fault(format!("another file has the id {id} already"));
                continue;
            }
            let mut file = File { id, account, message_id: MessageId(0), filename, content, upload_time };
            if message.is_none() {
                let text = system::file_uploaded(&file, None);
                file.message_id = self.announce(room, account, &text, upload_time);
            }
            file.message_id = announced.unwrap_or(file.message_id);
            room.files.insert(id, file);
        }
    }

    /// Writes the service's own text into the messages that have none, because a task or a file of the room names them.
    pub(super) fn write_announcements(&mut self, room: &mut Room) {
        for (place, node) in std::mem::take(&mut self.unwritten) {
            let Some(id) = room.messages.get(place).map(|message| message.id) else { continue };
            let mut tasks = room.tasks.values().filter(|task| task.message_id == id).peekable();
            let file = room.files.values().find(|file| file.message_id == id);
            let text = match file {
                Some(file) => system::file_uploaded(file, None),
                None if tasks.peek().is_some() => {
                    let opened: Vec<Task> =
                        tasks.map(|task| Task { status: TaskStatus::Open, ..task.clone() }).collect();
                    system::tasks_added(opened.iter())
                }
                None => {
                    node.fault("the key 'body' is missing: only a message that a task or a file names can do without");
                    continue;
                }
            };
            if let Some(message) = room.messages.get_mut(place) {
                message.mentioned = Mentioned::by(&text);
                message.body = text.into();
            }
        }
    }

    /// Unix second of the newest message of a room; of the world's start without one.
    pub(super) fn latest(&self, room: &Room) -> i64 {
        room.messages.last().map_or_else(|| self.now(), |message| message.send_time)
    }

    fn announce(&mut self, room: &mut Room, author: AccountId, text: &str, time: i64) -> MessageId {
        let id = self.state.counters.next_message();
        self.messages.insert(id);
        room.messages.push(Message::new(id, author, text, time));
        id
    }
}

/// The text of a message, if it has one of its own; what a deleted one said is gone.
fn message_body<'a>(object: &Object<'a>, deleted: bool) -> Option<&'a str> {
    if !deleted {
        // A text of the wrong kind has its fault already, and counts as written.
        let body = object.optional("body")?.text();
        if body.is_some_and(str::is_empty) {
            object.fault_at("body", "a message has at least one character");
        }
        return body.or(Some(""));
    }
    if let Some(node) = object.optional("body")
        && node.text().is_some_and(|text| text != TOMBSTONE)
    {
        node.fault(format!("the text of a deleted message is gone: leave the key out, or write '{TOMBSTONE}'"));
    }
    Some(TOMBSTONE)
}

/// The message of the same room that announces a task or a file.
fn announcement(node: &Node<'_>, room: &Room) -> Option<MessageId> {
    let id = message_id(node)?;
    if room.place(id).is_none() {
        node.fault(format!("the room has no message '{id}': add it, or leave the key out to have it written"));
        return None;
    }
    Some(id)
}

fn file_content(object: &Object<'_>) -> Bytes {
    let (text, content) = (object.optional("text"), object.optional("content"));
    if text.is_some()
        && let Some(node) = &content
    {
        node.fault("give either 'text' or 'content', not both");
    }
    let plain = text.as_ref().and_then(|node| node.text()).map(|text| text.as_bytes().to_vec());
    let decoded = content.as_ref().and_then(|node| {
        let decoded = STANDARD.decode(node.text()?).ok();
        if decoded.is_none() {
            node.expected("Base64 (RFC 4648, section 4, with padding)");
        }
        decoded
    });
    let bytes = plain.or(decoded).unwrap_or_default();
    if bytes.len() > FILE_MAX_BYTES {
        let key = if text.is_some() { "text" } else { "content" };
        object.fault_at(key, format!("a file holds at most {FILE_MAX_BYTES} bytes, this one has {}", bytes.len()));
    }
    Bytes::from(bytes)
}
