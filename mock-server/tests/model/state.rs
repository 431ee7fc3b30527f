//! The model: people, rooms and what was said, in plain lists. Nothing is counted along: every number is counted again
//! when it is asked for. It shares no code with the mock.

use std::collections::{BTreeMap, BTreeSet};

/// Most items of a capped list.
pub const CAP: usize = 100;

#[derive(Clone, Debug)]
pub struct Model {
    pub people: Vec<Person>,
    pub rooms: Vec<Room>,
    /// Rooms that were deleted, or deserted.
    pub gone: Vec<u64>,
    pub requests: Vec<ContactRequest>,
    /// Requests and seconds.
    pub account_limit: Option<(u32, i64)>,
    pub room_limit: Option<(u32, i64)>,
    pub account_windows: BTreeMap<u64, Window>,
    pub room_windows: BTreeMap<u64, Window>,
    pub highest_message: u64,
    pub seen_rooms: BTreeSet<u64>,
    pub seen_tasks: BTreeSet<u64>,
    pub seen_files: BTreeSet<u64>,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub id: u64,
    pub name: String,
    pub organization: u64,
    pub department: String,
    pub token: String,
    pub free: bool,
    pub my_room: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    My,
    Direct,
    Group,
}

#[derive(Clone, Debug)]
pub struct Room {
    pub id: u64,
    pub kind: Kind,
    pub name: String,
    pub description: String,
    pub icon: String,
    pub updated: i64,
    pub members: Vec<Member>,
    pub messages: Vec<Message>,
    pub tasks: Vec<Task>,
    pub files: Vec<File>,
    pub link: Option<Link>,
}

#[derive(Clone, Debug)]
pub struct Member {
    pub account: u64,
    pub role: &'static str,
    /// Every message that this person has read.
    pub read: BTreeSet<u64>,
    /// How many messages the room had at this person's last fetch.
    pub fetched: usize,
}

/// Whom a text calls.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    pub people: Vec<u64>,
    pub everyone: bool,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub id: u64,
    pub author: u64,
    pub body: String,
    pub calls: Calls,
    pub sent: i64,
    pub updated: i64,
    pub deleted: bool,
}

#[derive(Clone, Debug)]
pub struct Task {
    pub id: u64,
    pub account: u64,
    pub by: u64,
    pub message: u64,
    pub body: String,
    /// Whom the text calls; what is announced about the task calls them too.
    pub calls: Calls,
    pub limit: i64,
    pub limit_type: &'static str,
    pub status: &'static str,
}

#[derive(Clone, Debug)]
pub struct File {
    pub id: u64,
    pub account: u64,
    pub message: u64,
    pub name: String,
    pub content: Vec<u8>,
    pub time: i64,
}

#[derive(Clone, Debug)]
pub struct Link {
    pub code: String,
    pub need_acceptance: bool,
    pub description: String,
}

#[derive(Clone, Debug)]
pub struct ContactRequest {
    pub id: u64,
    pub from: u64,
    pub to: u64,
    pub text: String,
}

/// A window of requests: the second in which it opened, and how many came in it.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub opened: i64,
    pub used: u32,
}

/// What the limit headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub limit: u32,
    pub remaining: u32,
    pub reset: i64,
}

impl Model {
    pub fn person(&self, id: u64) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    pub fn room(&self, id: u64) -> Option<&Room> {
        self.rooms.iter().find(|room| room.id == id)
    }

    pub fn room_mut(&mut self, id: u64) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| room.id == id)
    }

    /// The rooms that somebody is in, in the order in which they were made.
    pub fn rooms_of(&self, account: u64) -> impl Iterator<Item = &Room> {
        self.rooms.iter().filter(move |room| room.role(account).is_some())
    }

    pub fn direct_room(&self, one: u64, other: u64) -> Option<&Room> {
        self.rooms_of(one).find(|room| room.kind == Kind::Direct && room.role(other).is_some() && one != other)
    }

    pub fn may_invite(&self, caller: u64, account: u64) -> bool {
        let (Some(one), Some(other)) = (self.person(caller), self.person(account)) else { return false };
        one.organization == other.organization || self.direct_room(caller, account).is_some()
    }

    /// Takes a room away, for everybody.
    pub fn remove_room(&mut self, id: u64) {
        self.rooms.retain(|room| room.id != id);
        self.gone.push(id);
    }

    /// Counts a request in a window of so many requests in so many seconds; says whether it may go on.
    pub fn count(window: &mut Option<Window>, (requests, seconds): (u32, i64), now: i64) -> (bool, Standing) {
        let mut current = window.filter(|window| now < window.opened + seconds).unwrap_or(Window { opened: now, used: 0 });
        let allowed = current.used < requests;
        current.used += u32::from(allowed);
        *window = Some(current);
        let remaining = requests - current.used;
        (allowed, Standing { limit: requests, remaining, reset: current.opened + seconds })
    }
}

impl Room {
    pub fn member(&self, account: u64) -> Option<&Member> {
        self.members.iter().find(|member| member.account == account)
    }

    pub fn member_mut(&mut self, account: u64) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.account == account)
    }

    pub fn role(&self, account: u64) -> Option<&'static str> {
        self.member(account).map(|member| member.role)
    }

    pub fn message(&self, id: u64) -> Option<&Message> {
        self.messages.iter().find(|message| message.id == id)
    }

    pub fn unread<'a>(&'a self, member: &'a Member) -> impl Iterator<Item = &'a Message> {
        self.messages.iter().filter(|message| !member.read.contains(&message.id))
    }

    pub fn unread_num(&self, account: u64) -> usize {
        self.member(account).map_or(0, |member| self.unread(member).count())
    }

    pub fn mention_num(&self, account: u64) -> usize {
        self.member(account)
            .map_or(0, |member| self.unread(member).filter(|message| message.calls_person(account)).count())
    }

    pub fn open_tasks(&self, account: Option<u64>) -> usize {
        let asked = |task: &&Task| account.is_none_or(|account| task.account == account);
        self.tasks.iter().filter(asked).filter(|task| task.status == "open").count()
    }

    /// Lets somebody in: what was said before counts as read.
    pub fn join(&mut self, account: u64, role: &'static str) {
        let read = self.messages.iter().map(|message| message.id).collect();
        self.members.push(Member { account, role, read, fetched: 0 });
    }

    /// Appends a message, read by its author unless `self_unread`.
    pub fn say(&mut self, message: Message, self_unread: bool) {
        self.updated = message.sent;
        if let Some(author) = self.member_mut(message.author).filter(|_| !self_unread) {
            author.read.insert(message.id);
        }
        self.messages.push(message);
    }
}

impl Message {
    pub fn calls_person(&self, account: u64) -> bool {
        !self.deleted && self.author != account && (self.calls.everyone || self.calls.people.contains(&account))
    }
}
