//! Writing, editing, deleting, fetching and reading messages.

use std::ops::Range;

use bytes::Bytes;
use contract::chatwork::limits::FREE_PLAN_READABLE_SECONDS;
use contract::time::UnixMillis;

use super::happened::Happened;
use super::ids::{AccountId, MessageId, RoomId};
use super::message::{Mentioned, Message, TOMBSTONE};
use super::room::Room;
use super::settings::Plan;
use super::{Error, LIST_CAP, State};

/// What is left to read in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Messages not read.
    pub unread_num: usize,
    /// Those among them that call the reader.
    pub mention_num: u32,
}

/// How much of what would have been fetched the plan hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// Nothing.
    None,
    /// A part.
    Some,
    /// Everything, and there was something.
    All,
}

/// The outcome of a fetch. [`State::fetched`] gives the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    room: RoomId,
    places: Range<usize>,
    readable_from: Option<i64>,
    /// How much the plan hides.
    pub hidden: Hidden,
}

impl State {
    /// Writes a message. Everybody but the author has it unread; the author only with `self_unread`.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::ReadOnly`].
    pub fn post_message(
        &mut self,
        by: AccountId,
        room: RoomId,
        body: &str,
        self_unread: bool,
        now: UnixMillis,
    ) -> Result<MessageId, Error> {
        self.room_as_writer(by, room)?;
        let id = self.counters.next_message();
        self.write(by, room, id, body, self_unread, now)
    }

    /// Writes a message whose id was chosen outside. Nothing is written, and `None` comes back, if the id is not higher than
    /// those of all messages before it: later messages have higher ids.
    ///
    /// # Errors
    /// As [`State::post_message`].
    pub fn post_message_with_id(
        &mut self,
        by: AccountId,
        room: RoomId,
        id: MessageId,
        body: &str,
        now: UnixMillis,
    ) -> Result<Option<MessageId>, Error> {
        self.room_as_writer(by, room)?;
        if !self.counters.take_message(id) {
            return Ok(None);
        }
        self.write(by, room, id, body, false, now).map(Some)
    }

    fn write(
        &mut self,
        by: AccountId,
        room: RoomId,
        id: MessageId,
        body: &str,
        self_unread: bool,
        now: UnixMillis,
    ) -> Result<MessageId, Error> {
        self.room_as_writer(by, room)?.append(Message::new(id, by, body, now.seconds()), self_unread);
        self.happened.note(Happened::MessageCreated { room, message: id });
        Ok(id)
    }

    /// Replaces the text of one's own message. Those who have not read it are mentioned by the new text instead of
    /// the old one.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::ReadOnly`], [`Error::UnknownMessage`], [`Error::DeletedMessage`],
    /// [`Error::NotAuthor`].
    pub fn edit_message(
        &mut self,
        by: AccountId,
        room: RoomId,
        id: MessageId,
        body: &str,
        now: UnixMillis,
    ) -> Result<(), Error> {
        let (found, place) = self.own_message(by, room, id)?;
        let mut mentioned_before = Mentioned::Nobody;
        found.rewrite(place, |message| {
            message.body = body.into();
            mentioned_before = std::mem::replace(&mut message.mentioned, Mentioned::by(body));
            message.update_time = now.seconds();
        });
        self.happened.note(Happened::MessageUpdated { room, message: id, mentioned_before });
        Ok(())
    }

    /// Turns one's own message into a tombstone. It stays in the list, and unread where it was; it mentions nobody.
    ///
    /// # Errors
    /// As [`State::edit_message`].
    pub fn delete_message(&mut self, by: AccountId, room: RoomId, id: MessageId, now: UnixMillis) -> Result<(), Error> {
        let (found, place) = self.own_message(by, room, id)?;
        found.rewrite(place, |message| {
            message.body = TOMBSTONE.into();
            message.mentioned = Mentioned::Nobody;
            message.update_time = now.seconds();
            message.deleted = true;
        });
        self.happened.note(Happened::MessageDeleted { room, message: id });
        Ok(())
    }

    /// One message.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::UnknownMessage`], [`Error::HiddenMessage`].
    pub fn message(&self, account: AccountId, room: RoomId, id: MessageId, now: UnixMillis) -> Result<&Message, Error> {
        let message = self.room(account, room)?.message(id).ok_or(Error::UnknownMessage)?;
        if self.readable_from(account, now).is_some_and(|from| message.send_time < from) {
            return Err(Error::HiddenMessage);
        }
        Ok(message)
    }

    /// Fetches messages: what came since the account's last fetch in this room, or with `force` whatever is newest;
    /// the newest [`LIST_CAP`] of it in both cases. Both move the account's place to the end. Nothing is marked as read.
    ///
    /// # Errors
    /// [`Error::NotMember`].
    pub fn fetch_messages(
        &mut self,
        account: AccountId,
        room: RoomId,
        force: bool,
        now: UnixMillis,
    ) -> Result<Fetched, Error> {
        let readable_from = self.readable_from(account, now);
        let (found, _) = self.room_as(account, room)?;
        let total = found.messages.len();
        let newest = total.saturating_sub(LIST_CAP);
        let member = found.members.get_mut(&account).ok_or(Error::NotMember)?;
        let start = if force { newest } else { newest.max(member.fetched) };
        member.fetched = total;
        let places = start..total;
        let hidden = match readable_from {
            // Nobody's messages need be looked at where everything can be read.
            None => Hidden::None,
            Some(from) => hidden(found.messages.get(places.clone()).unwrap_or_default(), from),
        };
        Ok(Fetched { room, places, readable_from, hidden })
    }

    /// The messages of a fetch, oldest first. Asked before the room changes again.
    pub fn fetched(&self, fetched: &Fetched) -> impl Iterator<Item = &Message> {
        let messages = self.rooms.get(&fetched.room).map_or(&[][..], Room::messages);
        let readable_from = fetched.readable_from;
        let candidates = messages.get(fetched.places.clone()).unwrap_or_default();
        candidates.iter().filter(move |message| readable_from.is_none_or(|from| message.send_time >= from))
    }

    /// The JSON of a fetch's messages, if it was written before and none of them has changed since.
    pub fn kept_page(&self, fetched: &Fetched) -> Option<Bytes> {
        let room = self.rooms.get(&fetched.room).filter(|_| fetched.hidden == Hidden::None)?;
        room.page.get(&fetched.places)
    }

    /// Keeps the JSON of a fetch's messages for the next one.
    pub fn keep_page(&mut self, fetched: &Fetched, text: &Bytes) {
        if let Some(room) = self.rooms.get_mut(&fetched.room).filter(|_| fetched.hidden == Hidden::None) {
            room.page.keep(fetched.places.clone(), text);
        }
    }

    /// Reads everything up to and including a message; without one, the whole room.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::UnknownMessage`], [`Error::NothingToChange`].
    pub fn mark_read(&mut self, account: AccountId, room: RoomId, up_to: Option<MessageId>) -> Result<Unread, Error> {
        let (room, _) = self.room_as(account, room)?;
        let last = match up_to {
            Some(id) => room.place(id).ok_or(Error::UnknownMessage)?,
            None => room.messages.len().checked_sub(1).ok_or(Error::NothingToChange)?,
        };
        let member = room.members.get_mut(&account).ok_or(Error::NotMember)?;
        let changed = member.mark_read(account, &room.messages, last);
        left_unread(room, account, changed)
    }

    /// Makes a message and everything after it unread, own messages too.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::UnknownMessage`], [`Error::NothingToChange`].
    pub fn mark_unread(&mut self, account: AccountId, room: RoomId, from: MessageId) -> Result<Unread, Error> {
        let (room, _) = self.room_as(account, room)?;
        let first = room.place(from).ok_or(Error::UnknownMessage)?;
        let member = room.members.get_mut(&account).ok_or(Error::NotMember)?;
        let changed = member.mark_unread(account, &room.messages, first);
        left_unread(room, account, changed)
    }

    /// The plan that holds for an account.
    pub fn plan_of(&self, account: AccountId) -> Plan {
        self.accounts.get(&account).and_then(|account| account.plan).unwrap_or(self.settings.plan)
    }

    /// Unix second of the oldest message that an account can read; `None` where it can read all.
    fn readable_from(&self, account: AccountId, now: UnixMillis) -> Option<i64> {
        match self.plan_of(account) {
            Plan::Free => Some(now.seconds().saturating_sub(FREE_PLAN_READABLE_SECONDS)),
            Plan::Paid => None,
        }
    }

    fn own_message(&mut self, by: AccountId, room: RoomId, id: MessageId) -> Result<(&mut Room, usize), Error> {
        let room = self.room_as_writer(by, room)?;
        let place = room.place(id).ok_or(Error::UnknownMessage)?;
        match room.messages.get(place).ok_or(Error::UnknownMessage)? {
            message if message.deleted => Err(Error::DeletedMessage),
            message if message.author != by => Err(Error::NotAuthor),
            _ => Ok((room, place)),
        }
    }
}

fn hidden(candidates: &[Message], readable_from: i64) -> Hidden {
    match candidates.iter().filter(|message| message.send_time < readable_from).count() {
        0 => Hidden::None,
        count if count == candidates.len() => Hidden::All,
        _ => Hidden::Some,
    }
}

fn left_unread(room: &Room, account: AccountId, changed: bool) -> Result<Unread, Error> {
    let member = room.members.get(&account).filter(|_| changed).ok_or(Error::NothingToChange)?;
    Ok(Unread { unread_num: member.unread_num(room.messages.len()), mention_num: member.mention_num })
}
