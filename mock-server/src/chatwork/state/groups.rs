//! Making, changing, leaving and deleting groups, and who is in them.

use std::collections::{BTreeMap, BTreeSet};

use contract::time::UnixMillis;

use super::happened::Happened;
use super::ids::{AccountId, MessageId, RoomId};
use super::links::LinkOptions;
use super::member::Role;
use super::message::Message;
use super::room::{IconPreset, Kind, Room};
use super::{Error, State, system};

/// Who shall be in a group, by role. Naming somebody twice in one list is harmless.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// At least one.
    pub admin: Vec<AccountId>,
    /// Those who read and write.
    pub member: Vec<AccountId>,
    /// Those who read.
    pub readonly: Vec<AccountId>,
}

/// A group to make.
#[derive(Clone, Debug)]
pub struct NewGroup<'a> {
    /// 1 to 255 code points.
    pub name: &'a str,
    /// May be empty.
    pub description: &'a str,
    /// Its picture.
    pub icon: IconPreset,
    /// Who is in it. The maker is not added to it.
    pub roles: &'a Roles,
    /// Its invitation link, if it shall have one.
    pub link: Option<LinkOptions<'a>>,
}

/// What [`State::create_group`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupCreated {
    /// The room.
    pub room: RoomId,
    /// The message it starts with.
    pub message: MessageId,
}

/// What shall change in a group; `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoomChange<'a> {
    /// 1 to 255 code points.
    pub name: Option<&'a str>,
    /// Empty clears it.
    pub description: Option<&'a str>,
    /// Its picture.
    pub icon: Option<IconPreset>,
}

impl Roles {
    fn by_account(&self) -> Result<BTreeMap<AccountId, Role>, Error> {
        if self.admin.is_empty() {
            return Err(Error::NoAdmin);
        }
        let mut roles = BTreeMap::new();
        for (ids, role) in [(&self.admin, Role::Admin), (&self.member, Role::Member), (&self.readonly, Role::Readonly)]
        {
            for id in ids {
                if *roles.entry(*id).or_insert(role) != role {
                    return Err(Error::TwoRoles(*id));
                }
            }
        }
        Ok(roles)
    }
}

impl State {
    /// Makes a group. It starts with one system message, written by the maker.
    ///
    /// # Errors
    /// [`Error::NoAdmin`], [`Error::TwoRoles`], [`Error::NotInvitable`], [`Error::CodeTaken`].
    pub fn create_group(&mut self, by: AccountId, new: &NewGroup<'_>, now: UnixMillis) -> Result<GroupCreated, Error> {
        let roles = new.roles.by_account()?;
        self.all_invitable(by, &roles, &BTreeSet::new())?;
        let link = new.link.map(|options| self.new_link(options, None)).transpose()?;

        let id = self.counters.next_room();
        let mut room = Room::new(id, Kind::Group, now.seconds());
        new.name.clone_into(&mut room.name);
        new.description.clone_into(&mut room.description);
        room.icon = new.icon;
        for (account, role) in &roles {
            room.join(*account, *role);
            self.rooms_of.entry(*account).or_default().insert(id);
        }
        if let Some(link) = &link {
            self.by_code.insert(link.code.clone(), id);
        }
        room.link = link;
        let message = self.counters.next_message();
        let text = system::group_created(new.name, roles.keys().copied());
        room.append(Message::new(message, by, &text, now.seconds()), false);
        self.rooms.insert(id, room);
        self.happened.note(Happened::MessageCreated { room: id, message });
        Ok(GroupCreated { room: id, message })
    }

    /// Changes name, description or picture of a group.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::NotAdmin`] (nobody is an admin of a chat that is no group).
    pub fn update_room(&mut self, by: AccountId, room: RoomId, change: &RoomChange<'_>) -> Result<(), Error> {
        let room = self.room_as_admin(by, room)?;
        if let Some(name) = change.name {
            name.clone_into(&mut room.name);
        }
        if let Some(description) = change.description {
            description.clone_into(&mut room.description);
        }
        room.icon = change.icon.unwrap_or(room.icon);
        Ok(())
    }

    /// Leaves a group. The tasks that one has to do there and the files that one uploaded go along. The only admin
    /// may leave too.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::NotAGroup`].
    pub fn leave_room(&mut self, by: AccountId, id: RoomId) -> Result<(), Error> {
        let (room, _) = self.room_as(by, id)?;
        if room.kind != Kind::Group {
            return Err(Error::NotAGroup);
        }
        room.remove_belongings(by);
        room.members.remove(&by);
        let deserted = room.members.is_empty();
        self.forget_membership(by, id);
        if deserted {
            self.remove_room(id);
        }
        Ok(())
    }

    /// Deletes a group with all that is in it.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::NotAGroup`], [`Error::NotAdmin`].
    pub fn delete_room(&mut self, by: AccountId, id: RoomId) -> Result<(), Error> {
        let (room, role) = self.room_as(by, id)?;
        if room.kind != Kind::Group {
            return Err(Error::NotAGroup);
        }
        if role != Role::Admin {
            return Err(Error::NotAdmin);
        }
        self.remove_room(id);
        Ok(())
    }

    /// Replaces the members of a group: who is not listed leaves, and their tasks and files stay behind. Whoever was
    /// in it keeps what they have read, and need not be a contact of the caller.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::NotAdmin`], [`Error::NoAdmin`], [`Error::TwoRoles`], [`Error::NotInvitable`].
    pub fn set_members(&mut self, by: AccountId, id: RoomId, roles: &Roles) -> Result<(), Error> {
        let present: BTreeSet<AccountId> = self.room_as_admin(by, id)?.members.keys().copied().collect();
        let roles = roles.by_account()?;
        self.all_invitable(by, &roles, &present)?;
        let room = self.room_as_admin(by, id)?;
        room.members.retain(|account, _| roles.contains_key(account));
        for (account, role) in &roles {
            match room.members.get_mut(account) {
                Some(member) => member.role = *role,
                None => room.join(*account, *role),
            }
        }
        for gone in present.iter().filter(|account| !roles.contains_key(account)) {
            self.forget_membership(*gone, id);
        }
        for account in roles.into_keys() {
            self.rooms_of.entry(account).or_default().insert(id);
        }
        Ok(())
    }

    /// Whether the caller may bring somebody into a group: oneself, a contact, or somebody of the same organization.
    pub fn may_invite(&self, caller: AccountId, account: AccountId) -> bool {
        let organization = |id| self.accounts.get(&id).map(|account| account.organization_id);
        let Some(theirs) = organization(account) else { return false };
        caller == account || organization(caller) == Some(theirs) || self.direct_room(caller, account).is_some()
    }

    fn all_invitable(
        &self,
        by: AccountId,
        roles: &BTreeMap<AccountId, Role>,
        present: &BTreeSet<AccountId>,
    ) -> Result<(), Error> {
        let stranger = roles.keys().find(|account| !present.contains(account) && !self.may_invite(by, **account));
        stranger.map_or(Ok(()), |stranger| Err(Error::NotInvitable(*stranger)))
    }

    fn forget_membership(&mut self, account: AccountId, room: RoomId) {
        if let Some(rooms) = self.rooms_of.get_mut(&account) {
            rooms.remove(&room);
        }
    }

    fn remove_room(&mut self, id: RoomId) {
        let Some(room) = self.rooms.remove(&id) else { return };
        for account in room.members.into_keys() {
            self.forget_membership(account, id);
        }
        if let Some(link) = room.link {
            self.by_code.remove(&link.code);
        }
        self.room_windows.remove(&id);
        self.webhooks.retain(|_, webhook| webhook.reports.room != Some(id));
    }
}
