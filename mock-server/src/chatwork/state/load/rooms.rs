//! Rooms, their members and their links.

use contract::chatwork::limits::{LINK_CODE_MAX, NAME_MAX};
use contract::reader::{Node, Object};

use super::super::ids::{AccountId, RoomId};
use super::super::links::LinkOptions;
use super::super::member::{Member, Role};
use super::super::room::{IconPreset, Kind, Room};
use super::Loader;
use super::read::{message_id, moment, named, number_id, words};

impl<'n> Loader<'_, 'n> {
    pub(super) fn rooms(&mut self, world: &Object<'n>) {
        for node in world.list("rooms") {
            let object = node.object();
            let id = object.required("id").and_then(|node| number_id(&node)).map(RoomId);
            let kind = named(&object, "kind", &words(Kind::ALL, Kind::name)).unwrap_or(Kind::Group);
            let mut room = Room::new(id.unwrap_or(RoomId(0)), kind, self.now());
            self.looks(&object, &mut room);
            self.room_messages(&object, &mut room);
            self.room_tasks(&object, &mut room);
            self.room_files(&object, &mut room);
            self.write_announcements(&mut room);
            let listed = self.room_members(&object, &mut room);
            let last = self.latest(&room);
            let updated = object.optional("last_update_time").and_then(|node| moment(&node, self.origin.now));
            room.last_update_time = updated.unwrap_or(last);
            object.finish();
            if id.is_some_and(|id| self.state.rooms.contains_key(&id)) {
                node.fault(format!("another room has the id {} already", room.id));
            } else if id.is_some() && Some(room.members.len()) == listed && self.fits_kind(&node, &room) {
                self.place_room(room);
            }
        }
    }

    fn looks(&mut self, object: &Object<'_>, room: &mut Room) {
        room.description = object.optional_text("description").unwrap_or_default();
        let (name, icon) = (object.optional("name"), object.optional("icon_preset"));
        let link = object.optional("link");
        if room.kind == Kind::Group {
            room.name = format!("Room {}", room.id);
            if let Some((node, text)) = name.as_ref().and_then(|node| Some((node, node.text()?))) {
                if !(1..=NAME_MAX).contains(&text.chars().count()) {
                    node.expected(&format!("a name of 1 to {NAME_MAX} characters"));
                }
                text.clone_into(&mut room.name);
            }
            let icons: Vec<_> = IconPreset::all().map(|icon| (icon.name(), icon)).collect();
            room.icon = icon.and_then(|node| node.one_of(&icons)).unwrap_or(room.icon);
            if let Some(node) = link {
                self.link(&node, room);
            }
            return;
        }
        for node in [name, icon, link].into_iter().flatten() {
            node.fault("only a group has this: a direct chat and My Chat take name and icon from the people in them");
        }
    }

    fn link(&mut self, node: &Node<'_>, room: &mut Room) {
        let object = node.object();
        let code = object.optional("code").and_then(|node| Some((node.text()?, node)));
        let need_acceptance = object.optional_flag("need_acceptance").unwrap_or(true);
        let description = object.optional_text("description").unwrap_or_default();
        object.finish();
        let fits = |code: &str| {
            (1..=LINK_CODE_MAX).contains(&code.len())
                && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        };
        if let Some((_, node)) = code.as_ref().filter(|(code, _)| !fits(code)) {
            node.expected(&format!("a code of 1 to {LINK_CODE_MAX} of A-Z, a-z, 0-9, _ and -"));
            return;
        }
        let options =
            LinkOptions { code: code.as_ref().map(|(code, _)| *code), need_acceptance, description: &description };
        match self.state.new_link(options, None) {
            Ok(link) => {
                self.state.by_code.insert(link.code.clone(), room.id);
                room.link = Some(link);
            }
            Err(_) => {
                let place = code.as_ref().map_or(node, |(_, node)| node);
                place.fault("the link of another room has this code already");
            }
        }
    }

    /// Reads the members, and says how many the description lists, if it has a list.
    fn room_members(&self, object: &Object<'_>, room: &mut Room) -> Option<usize> {
        let nodes = object.required("members").map(|node| node.list())?;
        for (index, node) in nodes.iter().enumerate() {
            let default = if room.kind == Kind::Group && index == 0 { Role::Admin } else { Role::Member };
            let joined = if node.value().is_number() {
                self.account(Some(node.clone())).and_then(|account| join(node, room, account, default))
            } else {
                self.long_member(node, room, default)
            };
            if let Some(account) = joined
                && let Some(member) = room.members.get_mut(&account)
            {
                member.sticky |= room.kind == Kind::My;
                member.recount_mentions(account, &room.messages);
            }
        }
        Some(nodes.len())
    }

    fn long_member(&self, node: &Node<'_>, room: &mut Room, default: Role) -> Option<AccountId> {
        let object = node.object();
        let account = self.account(object.required("account"));
        let role = object.optional("role").and_then(|node| {
            let role = node.one_of(&words(Role::ALL, Role::name))?;
            if room.kind != Kind::Group && role != Role::Member {
                node.fault("only a group has roles: everybody else is a 'member'");
            }
            Some(role)
        });
        let sticky = object.optional_flag("sticky").unwrap_or(room.kind == Kind::My);
        if room.kind == Kind::My && !sticky {
            object.fault_at("sticky", "My Chat is always sticky: leave the key out");
        }
        let mut read = Member::new(role.unwrap_or(default), room.messages.len());
        read_state(&object, room, &mut read, account);
        object.finish();
        let account = join(node, room, account?, read.role)?;
        if let Some(member) = room.members.get_mut(&account) {
            *member = Member { mytask_num: member.mytask_num, sticky, ..read };
        }
        Some(account)
    }

    /// Whether the members are those that this kind of room has.
    fn fits_kind(&self, node: &Node<'_>, room: &Room) -> bool {
        let members: Vec<AccountId> = room.members.keys().copied().collect();
        match (room.kind, members.as_slice()) {
            (Kind::My, [owner]) if self.has_my_chat(*owner) => {
                node.fault(format!("the account {owner} has a My Chat already"));
            }
            (Kind::Direct, [one, other]) if self.state.direct_room(*one, *other).is_some() => {
                node.fault(format!("{one} and {other} have a direct chat already"));
            }
            (Kind::My, [_]) | (Kind::Direct, [_, _]) | (Kind::Group, [_, ..]) => return true,
            (Kind::My, _) => node.fault(format!("My Chat has one member, not {}", members.len())),
            (Kind::Direct, _) => node.fault(format!("a direct chat has two members, not {}", members.len())),
            (Kind::Group, _) => node.fault("a group has at least one member"),
        }
        false
    }
}

fn join(node: &Node<'_>, room: &mut Room, account: AccountId, role: Role) -> Option<AccountId> {
    if room.members.contains_key(&account) {
        node.fault(format!("the account {account} is a member already"));
        return None;
    }
    room.join(account, role);
    Some(account)
}

/// What a member has read and fetched: `unread` counts back from the newest message; `unread_from` names the first
/// unread one, and `read_after` own messages behind it that are read.
fn read_state(object: &Object<'_>, room: &Room, member: &mut Member, account: Option<AccountId>) {
    let place = |node: &Node<'_>| -> Option<usize> {
        let id = message_id(node)?;
        let place = room.place(id);
        if place.is_none() {
            node.fault(format!("the room has no message '{id}'"));
        }
        place
    };
    let own = |place: usize| room.messages.get(place).is_some_and(|message| Some(message.author) == account);

    let (unread, from) = (object.optional("unread"), object.optional("unread_from"));
    if let (Some(_), Some(node)) = (&unread, &from) {
        node.fault("give either 'unread' or 'unread_from', not both");
    }
    if let Some(first) = from.as_ref().and_then(place) {
        member.read_to = first;
    }
    let written_by_others = (0..room.messages.len()).rev().filter(|place| !own(*place));
    if let Some(node) = unread
        && let Some(count) = node.integer(0, i64::from(u32::MAX)).and_then(|count| usize::try_from(count).ok())
        && count > 0
    {
        match written_by_others.clone().nth(count - 1) {
            Some(first) => {
                member.read_to = first;
                member.read_ahead = (first..room.messages.len()).filter(|place| own(*place)).collect();
            }
            None => node.fault(format!("others wrote only {} messages in this room", written_by_others.count())),
        }
    }
    for node in object.list("read_after") {
        let Some(place) = place(&node) else { continue };
        if place <= member.read_to || !own(place) {
            node.fault("'read_after' names own messages after 'unread_from'");
        } else {
            member.read_ahead.insert(place);
        }
    }
    if let Some(last) = object.optional("fetched_to").as_ref().and_then(place) {
        member.fetched = last + 1;
    }
}
