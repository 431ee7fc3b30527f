//! One person in one room: role, what they have read, what was fetched for them.
//!
//! Messages are never removed, so a place in the room's list names a message for ever. What is unread is everything
//! from `read_to` on, without the own messages of `read_ahead`. Both counts follow in constant time; the mentions
//! among the unread are counted along.

use std::collections::BTreeSet;

use super::ids::AccountId;
use super::message::Message;

/// What somebody may do in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Everything.
    Admin,
    /// Read and write.
    Member,
    /// Read.
    Readonly,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Member, Self::Readonly];

    /// The word of the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Readonly => "readonly",
        }
    }
}

/// One person in one room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub(super) role: Role,
    pub(super) sticky: bool,
    /// Place of the first unread message; the number of messages when none is.
    pub(super) read_to: usize,
    /// Places after `read_to` of own messages that are read because one wrote them.
    pub(super) read_ahead: BTreeSet<usize>,
    /// Unread messages that call this person.
    pub(super) mention_num: u32,
    /// Open tasks assigned to this person here.
    pub(super) mytask_num: u32,
    /// Place after the last message that was fetched; 0 before the first fetch.
    pub(super) fetched: usize,
}

impl Member {
    /// Somebody who comes into a room of `total` messages: the history counts as read, and was never fetched.
    pub(super) const fn new(role: Role, total: usize) -> Self {
        Self {
            role,
            sticky: false,
            read_to: total,
            read_ahead: BTreeSet::new(),
            mention_num: 0,
            mytask_num: 0,
            fetched: 0,
        }
    }

    /// What they may do.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whether the room is pinned to the top of their list.
    pub const fn sticky(&self) -> bool {
        self.sticky
    }

    /// Unread messages that call this person.
    pub const fn mention_num(&self) -> u32 {
        self.mention_num
    }

    /// Open tasks assigned to this person in the room.
    pub const fn mytask_num(&self) -> u32 {
        self.mytask_num
    }

    /// Unread messages, in a room of `total` messages.
    pub(super) fn unread_num(&self, total: usize) -> usize {
        total.saturating_sub(self.read_to).saturating_sub(self.read_ahead.len())
    }

    pub(super) fn has_read(&self, place: usize) -> bool {
        place < self.read_to || self.read_ahead.contains(&place)
    }

    /// A message came in at the end of the room. `read` says that it counts as read at once.
    pub(super) fn arrived(&mut self, place: usize, read: bool, calls_me: bool) {
        if !read {
            self.mention_num += u32::from(calls_me);
        } else if self.read_to == place {
            self.read_to += 1;
        } else {
            self.read_ahead.insert(place);
        }
    }

    /// Reads everything up to a place. False if that changes nothing.
    pub(super) fn mark_read(&mut self, me: AccountId, messages: &[Message], place: usize) -> bool {
        if place < self.read_to {
            return false;
        }
        self.mention_num = self.mention_num.saturating_sub(calls(me, messages, self.read_to, place + 1));
        self.read_to = place + 1;
        self.read_ahead = self.read_ahead.split_off(&self.read_to);
        self.settle();
        true
    }

    /// Makes everything from a place on unread, own messages too. False if that changes nothing.
    pub(super) fn mark_unread(&mut self, me: AccountId, messages: &[Message], place: usize) -> bool {
        let own_from_there = self.read_ahead.split_off(&place);
        if place >= self.read_to {
            return !own_from_there.is_empty();
        }
        self.mention_num += calls(me, messages, place, self.read_to);
        self.read_to = place;
        true
    }

    /// Keeps `read_to` at the first unread message.
    pub(super) fn settle(&mut self) {
        while self.read_ahead.remove(&self.read_to) {
            self.read_to += 1;
        }
    }

    /// Counts the mentions again; for loading.
    pub(super) fn recount_mentions(&mut self, me: AccountId, messages: &[Message]) {
        self.mention_num = calls(me, messages, self.read_to, messages.len());
    }
}

/// How many messages between two places call somebody. Own messages never do, so `read_ahead` need not be asked.
fn calls(me: AccountId, messages: &[Message], from: usize, to: usize) -> u32 {
    let found = messages.get(from..to).unwrap_or_default().iter().filter(|message| message.mentions(me)).count();
    u32::try_from(found).unwrap_or(u32::MAX)
}
