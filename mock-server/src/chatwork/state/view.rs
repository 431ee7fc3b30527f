//! Rooms, counts and tasks as one person sees them. Nothing here walks through messages.

use std::cmp::Reverse;

use super::account::Account;
use super::ids::{AccountId, RoomId};
use super::member::{Member, Role};
use super::room::{Kind, Room};
use super::task::{Task, TaskFilter, TaskStatus};
use super::{Error, LIST_CAP, State};

/// The name of everybody's My Chat.
const MY_CHAT: &str = "マイチャット";

/// What a room is called and looks like to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomLabel<'a> {
    /// Which room.
    pub room_id: RoomId,
    /// Its name; that of a direct chat is the other person's.
    pub name: &'a str,
    /// Its picture; that of a direct chat is the other person's.
    pub icon_path: &'a str,
}

/// A room as one of its members sees it: the 14 fields of `GET /rooms/{room_id}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomView<'a> {
    /// Id, name and picture.
    pub label: RoomLabel<'a>,
    /// What it is for.
    pub kind: Kind,
    /// What the viewer may do.
    pub role: Role,
    /// Whether it is pinned; My Chat always is.
    pub sticky: bool,
    /// Messages that the viewer has not read.
    pub unread_num: usize,
    /// Those among them that call the viewer.
    pub mention_num: u32,
    /// Open tasks of the viewer.
    pub mytask_num: u32,
    /// All messages, tombstones included.
    pub message_num: usize,
    /// All files.
    pub file_num: usize,
    /// Open tasks of everybody.
    pub task_num: u32,
    /// Unix seconds of the last message; of the making before the first one.
    pub last_update_time: i64,
    /// What it is about; only the single-room call shows it.
    pub description: &'a str,
}

/// The six numbers of `GET /my/status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Rooms with unread messages.
    pub unread_room_num: usize,
    /// Rooms with unread mentions.
    pub mention_room_num: usize,
    /// Rooms with open tasks.
    pub mytask_room_num: usize,
    /// Unread messages.
    pub unread_num: usize,
    /// Unread messages that mention the account.
    pub mention_num: usize,
    /// Open tasks.
    pub mytask_num: usize,
}

/// A task with the room it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MyTask<'a> {
    /// The room, as the assignee sees it.
    pub room: RoomLabel<'a>,
    /// The task.
    pub task: &'a Task,
}

impl State {
    /// The numbers of an account over all of its rooms.
    pub fn status(&self, account: AccountId) -> Status {
        let mut status = Status::default();
        for (room, member) in self.rooms_with(account) {
            let unread = member.unread_num(room.messages.len());
            status.unread_room_num += usize::from(unread > 0);
            status.mention_room_num += usize::from(member.mention_num > 0);
            status.mytask_room_num += usize::from(member.mytask_num > 0);
            status.unread_num += unread;
            status.mention_num += member.mention_num as usize;
            status.mytask_num += member.mytask_num as usize;
        }
        status
    }

    /// The rooms of an account: pinned ones first, then by the last update, newest first; equal ones by id.
    pub fn rooms_of(&self, account: AccountId) -> Vec<RoomView<'_>> {
        let mut views: Vec<_> =
            self.rooms_with(account).map(|(room, member)| self.view(room, account, member)).collect();
        views.sort_by_key(|view| (!view.sticky, Reverse(view.last_update_time), view.label.room_id));
        views
    }

    /// One room of an account.
    ///
    /// # Errors
    /// [`Error::NotMember`].
    pub fn room_view(&self, account: AccountId, room: RoomId) -> Result<RoomView<'_>, Error> {
        let room = self.room(account, room)?;
        let member = room.members.get(&account).ok_or(Error::NotMember)?;
        Ok(self.view(room, account, member))
    }

    /// Who is in a room, by account id.
    ///
    /// # Errors
    /// [`Error::NotMember`].
    pub fn members(&self, account: AccountId, room: RoomId) -> Result<Vec<(&Account, Role)>, Error> {
        let members = self.room(account, room)?.members.iter();
        Ok(members.filter_map(|(id, member)| Some((self.accounts.get(id)?, member.role))).collect())
    }

    /// The tasks of an account in all of its rooms: newest first, at most [`LIST_CAP`].
    pub fn my_tasks(&self, account: AccountId, assigned_by: Option<AccountId>, status: TaskStatus) -> Vec<MyTask<'_>> {
        let filter = TaskFilter { account: Some(account), assigned_by, status };
        let mut found: Vec<MyTask<'_>> = Vec::new();
        for (room, member) in self.rooms_with(account) {
            if status == TaskStatus::Open && member.mytask_num == 0 {
                continue;
            }
            let label = self.label(room, account);
            let newest = room.tasks.values().rev().filter(|task| filter.accepts(task)).take(LIST_CAP);
            found.extend(newest.map(|task| MyTask { room: label, task }));
        }
        found.sort_by_key(|found| Reverse(found.task.id));
        found.truncate(LIST_CAP);
        found
    }

    fn rooms_with(&self, account: AccountId) -> impl Iterator<Item = (&Room, &Member)> {
        self.rooms_of.get(&account).into_iter().flatten().filter_map(move |id| {
            let room = self.rooms.get(id)?;
            Some((room, room.members.get(&account)?))
        })
    }

    fn view<'a>(&'a self, room: &'a Room, account: AccountId, member: &Member) -> RoomView<'a> {
        RoomView {
            label: self.label(room, account),
            kind: room.kind,
            role: member.role,
            sticky: member.sticky,
            unread_num: member.unread_num(room.messages.len()),
            mention_num: member.mention_num,
            mytask_num: member.mytask_num,
            message_num: room.messages.len(),
            file_num: room.files.len(),
            task_num: room.task_num,
            last_update_time: room.last_update_time,
            description: &room.description,
        }
    }

    fn label<'a>(&'a self, room: &'a Room, viewer: AccountId) -> RoomLabel<'a> {
        let other = || room.members.keys().find(|id| **id != viewer).and_then(|id| self.accounts.get(id));
        let (name, icon_path) = match room.kind {
            Kind::My => (MY_CHAT, room.icon.icon_path()),
            Kind::Group => (room.name.as_str(), room.icon.icon_path()),
            Kind::Direct => other().map_or(("", ""), |other| (&other.name, &other.avatar_image_url)),
        };
        RoomLabel { room_id: room.id, name, icon_path }
    }
}
