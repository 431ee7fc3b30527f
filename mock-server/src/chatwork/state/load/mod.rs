//! Reads the `chatwork` part of a world description (`fixtures/worlds/README.md`): every fault is noted with its place,
//! and what can be read is read all the same, so that one pass finds all faults.

use std::collections::BTreeSet;

use contract::reader::{Node, Object};
use serde_json::Value;

use super::ids::{FileId, MESSAGE_MAX, MessageId, NUMBER_MAX, TaskId};
use super::settings::Window;
use super::{AccountId, OAuth, RoomId, State};
use crate::core::Origin;

mod content;
mod people;
mod read;
mod rooms;
mod settings;
mod webhooks;

use read::{moment, number_id};

impl State {
    /// Reads the `chatwork` part of a world description. Faults are noted in the node's list; with any of them the
    /// state is good for nothing but finding more.
    pub fn load(node: &Node<'_>, origin: &Origin<'_>) -> Self {
        let object = node.object();
        let mut loader = Loader {
            origin,
            state: Self::empty(origin.seed),
            messages: BTreeSet::new(),
            tasks: BTreeSet::new(),
            files: BTreeSet::new(),
            unwritten: Vec::new(),
        };
        loader.settings(&object);
        loader.counters(&object, node.value());
        loader.organizations(&object);
        loader.accounts(&object);
        loader.rooms(&object);
        loader.my_chats();
        loader.contacts(&object);
        loader.requests(&object);
        loader.webhooks(&object);
        loader.windows(&object);
        loader.oauth(&object);
        object.finish();
        loader.state
    }
}

/// The state so far, and the ids that were seen.
struct Loader<'o, 'n> {
    origin: &'o Origin<'o>,
    state: State,
    messages: BTreeSet<MessageId>,
    tasks: BTreeSet<TaskId>,
    files: BTreeSet<FileId>,
    /// Messages of the room at hand that have no text yet: their places, and where they stand.
    unwritten: Vec<(usize, Node<'n>)>,
}

impl Loader<'_, '_> {
    /// Unix second of the world's start.
    fn now(&self) -> i64 {
        self.origin.now.seconds()
    }

    fn settings(&mut self, world: &Object<'_>) {
        self.state.settings.edition = self.origin.defaults.chatwork_edition;
        if let Some(node) = world.optional("settings") {
            self.state.settings = self.state.settings.changed(&node);
        }
    }

    /// New ids are higher than all that the description gives, and than those it says were given before.
    fn counters(&mut self, world: &Object<'_>, value: &Value) {
        let node = world.optional("counters");
        let object = node.as_ref().map(Node::object);
        let given = |key: &'static str| object.as_ref().and_then(|object| object.optional(key));
        let counters = &mut self.state.counters;
        if let Some(seed) = given("seed") {
            match seed.value().as_u64() {
                Some(number) => counters.seed = number,
                None => seed.expected(&format!("an integer from 0 to {}", u64::MAX)),
            }
        }
        let numbers = [
            ("room", &mut counters.room, &["rooms", "*", "id"][..]),
            ("task", &mut counters.task, &["rooms", "*", "tasks", "*", "id"]),
            ("file", &mut counters.file, &["rooms", "*", "files", "*", "id"]),
            ("request", &mut counters.request, &["requests", "*", "id"]),
            ("message", &mut counters.message, &["rooms", "*", "messages", "*", "id"]),
            ("code", &mut counters.code, &[]),
            ("webhook", &mut counters.webhook, &["webhooks", "*", "id"]),
        ];
        for (key, counter, path) in numbers {
            let highest = if path.is_empty() { 0 } else { highest(value, path) };
            let Some(node) = given(key) else {
                *counter = (*counter).max(highest);
                continue;
            };
            let number = match key {
                "message" => read::message_id(&node).map(|id| id.0),
                _ => node.integer(0, NUMBER_MAX.cast_signed()).map(i64::cast_unsigned),
            };
            match number {
                Some(number) if number < highest => node.fault(format!(
                    "the counter is below the id {highest} that this description gives: leave the key out, or raise it"
                )),
                Some(number) => *counter = number,
                None => {}
            }
        }
        if let Some(object) = object {
            object.finish();
        }
    }

    fn windows(&mut self, world: &Object<'_>) {
        let Some(object) = world.optional("windows").map(|node| node.object()) else { return };
        for node in object.list("accounts") {
            let entry = node.object();
            let account = self.account(entry.required("account"));
            let window = self.window(entry);
            if let Some(account) = account
                && self.state.account_windows.insert(account, window).is_some()
            {
                node.fault(format!("the account {account} has a window already"));
            }
        }
        for node in object.list("rooms") {
            let entry = node.object();
            let room = entry.required("room").and_then(|node| self.known_room(&node));
            let window = self.window(entry);
            if let Some(room) = room
                && self.state.room_windows.insert(room, window).is_some()
            {
                node.fault(format!("the room {room} has a window already"));
            }
        }
        object.finish();
    }

    fn oauth(&mut self, world: &Object<'_>) {
        if let Some(node) = world.optional("oauth") {
            self.state.oauth = OAuth::load(&node, self.origin, |node| self.account(Some(node)));
        }
    }

    fn window(&self, entry: Object<'_>) -> Window {
        let opened_second = entry.required("opened").and_then(|node| moment(&node, self.origin.now));
        let used = entry.integer("used", 0, i64::from(u32::MAX));
        entry.finish();
        Window { opened_second: opened_second.unwrap_or_default(), used: u32::try_from(used).unwrap_or(u32::MAX) }
    }

    /// An account that the description has.
    fn account(&self, node: Option<Node<'_>>) -> Option<AccountId> {
        let node = node?;
        let id = AccountId(number_id(&node)?);
        if !self.state.accounts.contains_key(&id) {
            node.fault(format!("no account has the id {id}: add it to 'accounts', or name another one"));
            return None;
        }
        Some(id)
    }

    fn known_room(&self, node: &Node<'_>) -> Option<RoomId> {
        let id = RoomId(number_id(node)?);
        if !self.state.rooms.contains_key(&id) {
            node.fault(format!("no room has the id {id}: add it to 'rooms', or name another one"));
            return None;
        }
        Some(id)
    }
}

/// The highest id at the places that a path leads to; `*` stands for every item of a list. What is no id counts as 0:
/// it gets its fault where it is read.
fn highest(value: &Value, path: &[&str]) -> u64 {
    match path.split_first() {
        None => match value {
            Value::String(digits) => MessageId::from_digits(digits).map_or(0, |id| id.0).min(MESSAGE_MAX),
            other => other.as_u64().unwrap_or(0).min(NUMBER_MAX),
        },
        Some((&"*", rest)) => value.as_array().into_iter().flatten().map(|item| highest(item, rest)).max().unwrap_or(0),
        Some((key, rest)) => value.get(key).map_or(0, |inner| highest(inner, rest)),
    }
}
