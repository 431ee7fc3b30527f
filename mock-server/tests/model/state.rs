//! The model: people, rooms and what was said, in plain lists. Nothing is counted along: every number is counted again
//! when it is asked for. It shares no code with the mock.

use std::collections::{BTreeMap, BTreeSet};

/// Most items of a capped list.
pub(crate) const CAP: usize = 100;

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) people: Vec<Person>,
    pub(crate) rooms: Vec<Room>,
    /// Rooms that were deleted, or deserted.
    pub(crate) gone: Vec<u64>,
    pub(crate) requests: Vec<ContactRequest>,
    /// Requests and seconds.
    pub(crate) account_limit: Option<(u32, i64)>,
    pub(crate) room_limit: Option<(u32, i64)>,
    pub(crate) account_windows: BTreeMap<u64, Window>,
    pub(crate) room_windows: BTreeMap<u64, Window>,
    pub(crate) highest_message: u64,
    pub(crate) seen_rooms: BTreeSet<u64>,
    pub(crate) seen_tasks: BTreeSet<u64>,
    pub(crate) seen_files: BTreeSet<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) organization: u64,
    pub(crate) department: String,
    pub(crate) token: String,
    pub(crate) free: bool,
    pub(crate) my_room: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    My,
    Direct,
    Group,
}

#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) id: u64,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) icon: String,
    pub(crate) updated: i64,
    pub(crate) members: Vec<Member>,
    pub(crate) messages: Vec<Message>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) files: Vec<File>,
    pub(crate) link: Option<Link>,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) account: u64,
    pub(crate) role: &'static str,
    /// Every message that this person has read.
    pub(crate) read: BTreeSet<u64>,
    /// How many messages the room had at this person's last fetch.
    pub(crate) fetched: usize,
}

/// Whom a text calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) people: Vec<u64>,
    pub(crate) everyone: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) author: u64,
    pub(crate) body: String,
    pub(crate) calls: Calls,
    pub(crate) sent: i64,
    pub(crate) updated: i64,
    pub(crate) deleted: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) id: u64,
    pub(crate) account: u64,
    pub(crate) by: u64,
    pub(crate) message: u64,
    pub(crate) body: String,
    /// Whom the text calls; what is announced about the task calls them too.
    pub(crate) calls: Calls,
    pub(crate) limit: i64,
    pub(crate) limit_type: &'static str,
    pub(crate) status: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) id: u64,
    pub(crate) account: u64,
    pub(crate) message: u64,
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
    pub(crate) time: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) code: String,
    pub(crate) need_acceptance: bool,
    pub(crate) description: String,
}

#[derive(Clone, Debug)]
pub(crate) struct ContactRequest {
    pub(crate) id: u64,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) text: String,
}

/// A window of requests: the second in which it opened, and how many came in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) opened: i64,
    pub(crate) used: u32,
}

/// What the limit headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    pub(crate) reset: i64,
}

impl Model {
    pub(crate) fn person(&self, id: u64) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    pub(crate) fn room(&self, id: u64) -> Option<&Room> {
        self.rooms.iter().find(|room| room.id == id)
    }

    pub(crate) fn room_mut(&mut self, id: u64) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| room.id == id)
    }

    /// The rooms that somebody is in, in the order in which they were made.
    pub(crate) fn rooms_of(&self, account: u64) -> impl Iterator<Item = &Room> {
        self.rooms.iter().filter(move |room| room.role(account).is_some())
    }

    pub(crate) fn direct_room(&self, one: u64, other: u64) -> Option<&Room> {
        self.rooms_of(one).find(|room| room.kind == Kind::Direct && room.role(other).is_some() && one != other)
    }

    pub(crate) fn may_invite(&self, caller: u64, account: u64) -> bool {
        let (Some(one), Some(other)) = (self.person(caller), self.person(account)) else { return false };
        one.organization == other.organization || self.direct_room(caller, account).is_some()
    }

    /// Takes a room away, for everybody.
    pub(crate) fn remove_room(&mut self, id: u64) {
        self.rooms.retain(|room| room.id != id);
        self.gone.push(id);
    }

    /// Counts a request in a window of so many requests in so many seconds; says whether it may go on.
    pub(crate) fn count(window: &mut Option<Window>, (requests, seconds): (u32, i64), now: i64) -> (bool, Standing) {
        let mut current =
            window.filter(|window| now < window.opened + seconds).unwrap_or(Window { opened: now, used: 0 });
        let allowed = current.used < requests;
        current.used += u32::from(allowed);
        *window = Some(current);
        let remaining = requests - current.used;
        (allowed, Standing { limit: requests, remaining, reset: current.opened + seconds })
    }
}

impl Room {
    pub(crate) fn member(&self, account: u64) -> Option<&Member> {
        self.members.iter().find(|member| member.account == account)
    }

    pub(crate) fn member_mut(&mut self, account: u64) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.account == account)
    }

    pub(crate) fn role(&self, account: u64) -> Option<&'static str> {
        self.member(account).map(|member| member.role)
    }

    pub(crate) fn message(&self, id: u64) -> Option<&Message> {
        self.messages.iter().find(|message| message.id == id)
    }

    pub(crate) fn unread<'a>(&'a self, member: &'a Member) -> impl Iterator<Item = &'a Message> {
        self.messages.iter().filter(|message| !member.read.contains(&message.id))
    }

    pub(crate) fn unread_num(&self, account: u64) -> usize {
        self.member(account).map_or(0, |member| self.unread(member).count())
    }

    pub(crate) fn mention_num(&self, account: u64) -> usize {
        self.member(account)
            .map_or(0, |member| self.unread(member).filter(|message| message.calls_person(account)).count())
    }

    pub(crate) fn open_tasks(&self, account: Option<u64>) -> usize {
        let asked = |task: &&Task| account.is_none_or(|account| task.account == account);
        self.tasks.iter().filter(asked).filter(|task| task.status == "open").count()
    }

    /// Lets somebody in: what was said before counts as read.
    pub(crate) fn join(&mut self, account: u64, role: &'static str) {
        let read = self.messages.iter().map(|message| message.id).collect();
        self.members.push(Member { account, role, read, fetched: 0 });
    }

    /// Appends a message, read by its author unless `self_unread`.
    pub(crate) fn say(&mut self, message: Message, self_unread: bool) {
        self.updated = message.sent;
        if let Some(author) = self.member_mut(message.author).filter(|_| !self_unread) {
            author.read.insert(message.id);
        }
        self.messages.push(message);
    }
}

impl Message {
    pub(crate) fn calls_person(&self, account: u64) -> bool {
        !self.deleted && self.author != account && (self.calls.everyone || self.calls.people.contains(&account))
    }
}
