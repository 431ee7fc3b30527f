//! Groups, their members and their links.

use contract::chatwork::Operation;
use serde_json::json;

use super::{Outcome, Stop, Success, Turn, refuse};
use crate::call::Call;
use crate::state::{Kind, Link, Model, Room};
use crate::views::link_view;

impl Model {
    pub(super) fn show_room(&self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_of(turn, "You don't have permission to get this room")?;
        let mut value = self.room_view(room, turn.caller);
        value["description"] = json!(room.description);
        Ok(Success::Json(value))
    }

    pub(super) fn create_room(&mut self, turn: &Turn<'_>) -> Outcome {
        let call = turn.call;
        let roles = roles(call);
        if in_two_lists(&roles) {
            return refuse(400, "");
        }
        if roles.iter().any(|(account, _)| !self.may_invite(turn.caller, *account)) {
            return refuse(403, "");
        }
        let wants_link = call.flag("link") == Some(true);
        let code = call.text("link_code").map(|(code, _)| code);
        if wants_link && code.as_ref().is_some_and(|code| self.has_code(code)) {
            return refuse(400, "");
        }
        let id = turn.learned("room_id")?;
        self.fresh_room(id)?;
        let (name, calls) = call.text("name").unwrap_or_default();
        let mut room = Room {
            id,
            kind: Kind::Group,
            name: name.clone(),
            description: call.text("description").unwrap_or_default().0,
            icon: call.word("icon_preset").unwrap_or("group").to_owned(),
            updated: turn.now,
            members: Vec::new(),
            messages: Vec::new(),
            tasks: Vec::new(),
            files: Vec::new(),
            link: None,
        };
        for (account, role) in &roles {
            room.join(*account, role);
        }
        let viewer = roles[0].0;
        if wants_link {
            let seen = turn.eyes.look(viewer, &format!("/v2/rooms/{id}/link"));
            let code = self.new_code(code, &seen)?;
            let need_acceptance = call.flag("link_need_acceptance").unwrap_or(true);
            room.link = Some(Link { code, need_acceptance, description: String::new() });
        }
        self.rooms.push(room);
        let title = "[info][title][dtext:chatroom_groupchat_created][/title][dtext:chatroom_chatname_is]";
        let mut parts = vec![
            format!("{title}{name}[dtext:chatroom_set]\n\n[dtext:chatroom_member_is]"),
            "[dtext:chatroom_added][/info]".to_owned(),
        ];
        parts.extend(roles.iter().map(|(account, _)| format!("[piconname:{account}]")));
        self.service_message(turn, id, viewer, &parts, calls)?;
        Ok(Success::Json(json!({"room_id": id})))
    }

    pub(super) fn change_room(&mut self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_as(turn, &["admin"], "")?;
        if let Some((name, _)) = turn.call.text("name") {
            room.name = name;
        }
        if let Some((description, _)) = turn.call.text("description") {
            room.description = description;
        }
        if let Some(icon) = turn.call.word("icon_preset") {
            icon.clone_into(&mut room.icon);
        }
        Ok(Success::Json(json!({"room_id": room.id})))
    }

    pub(super) fn leave_or_delete(&mut self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_as(turn, &["admin", "member", "readonly"], "")?;
        if room.kind != Kind::Group {
            return refuse(400, "");
        }
        let id = room.id;
        if turn.call.word("action_type") == Some("delete") {
            if room.role(turn.caller) != Some("admin") {
                return refuse(403, "");
            }
            self.remove_room(id);
            return Ok(Success::Nothing);
        }
        room.members.retain(|member| member.account != turn.caller);
        room.tasks.retain(|task| task.account != turn.caller);
        room.files.retain(|file| file.account != turn.caller);
        if room.members.is_empty() {
            self.remove_room(id);
        }
        Ok(Success::Nothing)
    }

    pub(super) fn replace_members(&mut self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_as(turn, &["admin"], "")?.clone();
        let roles = roles(turn.call);
        if in_two_lists(&roles) {
            return refuse(400, "");
        }
        let stranger = |account: u64| room.role(account).is_none() && !self.may_invite(turn.caller, account);
        if roles.iter().any(|(account, _)| stranger(*account)) {
            return refuse(403, "");
        }
        let room = self.room_as(turn, &["admin"], "")?;
        room.members.retain(|member| roles.iter().any(|(account, _)| *account == member.account));
        for (account, role) in &roles {
            match room.member_mut(*account) {
                Some(member) => member.role = role,
                None => room.join(*account, role),
            }
        }
        let list = |wanted: &str| -> Vec<u64> {
            roles.iter().filter(|(_, role)| *role == wanted).map(|(account, _)| *account).collect()
        };
        Ok(Success::Json(json!({"admin": list("admin"), "member": list("member"), "readonly": list("readonly")})))
    }

    pub(super) fn put_link(&mut self, turn: &Turn<'_>, operation: Operation) -> Outcome {
        let room = self.room_as(turn, &["admin"], "")?;
        if room.link.is_some() != (operation == Operation::PutLink) {
            return refuse(400, "");
        }
        let wanted = turn.call.text("code").map(|(code, _)| code);
        let own = room.link.take();
        if wanted.as_ref().is_some_and(|code| self.has_code(code)) {
            self.room_as(turn, &["admin"], "")?.link = own;
            return refuse(400, "");
        }
        let code = self.new_code(wanted, turn.worked()?)?;
        if own.is_some_and(|own| own.code == code) && turn.call.arg("code").is_none() {
            return Err(Stop::Broken(format!("the code {code} is not a new one")));
        }
        let need_acceptance = turn.call.flag("need_acceptance").unwrap_or(true);
        let description = turn.call.text("description").unwrap_or_default().0;
        let room = self.room_as(turn, &["admin"], "")?;
        room.link = Some(Link { code, need_acceptance, description });
        Ok(Success::Json(link_view(room.link.as_ref())))
    }

    pub(super) fn delete_link(&mut self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_as(turn, &["admin"], "")?;
        match room.link.take() {
            Some(_) => Ok(Success::Json(link_view(None))),
            None => refuse(400, ""),
        }
    }

    fn has_code(&self, code: &str) -> bool {
        self.rooms.iter().any(|room| room.link.as_ref().is_some_and(|link| link.code == code))
    }

    /// The code asked for, or the one that a link object shows, which must be a new one of the right form.
    fn new_code(&self, wanted: Option<String>, link: &serde_json::Value) -> Result<String, Stop> {
        if let Some(code) = wanted {
            return Ok(code);
        }
        let code = link["url"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
        let fits = code.chars().all(|one| one.is_ascii_alphanumeric() || one == '_' || one == '-');
        if !fits || !(1..=50).contains(&code.len()) || self.has_code(code) {
            return Err(Stop::Broken(format!("the made-up code of {link} is taken or malformed")));
        }
        Ok(code.to_owned())
    }
}

/// Everybody in the three lists, with their role.
fn roles(call: &Call) -> Vec<(u64, &'static str)> {
    let lists =
        [("members_admin_ids", "admin"), ("members_member_ids", "member"), ("members_readonly_ids", "readonly")];
    lists.iter().flat_map(|(name, role)| call.people(name).into_iter().map(|account| (account, *role))).collect()
}

fn in_two_lists(roles: &[(u64, &str)]) -> bool {
    roles.iter().any(|(account, role)| roles.iter().any(|(other, another)| account == other && role != another))
}
