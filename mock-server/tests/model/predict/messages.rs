//! Messages.

use contract::chatwork::Operation;
use serde_json::{Value, json};

use super::{HIDDEN, Outcome, Stop, Success, Turn, refuse};
use crate::state::{CAP, Message, Model, Room};

const WRITERS: &[&str] = &["admin", "member"];
const CANNOT_SEND: &str = "You don't have permission to send/edit message.";

impl Model {
    pub(super) fn fetch(&mut self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_of(turn, "You don't have permission to get messages in this room")?;
        let fetched = room.member(turn.caller).map_or(0, |member| member.fetched);
        let total = room.messages.len();
        let from = if turn.call.flag("force") == Some(true) { 0 } else { fetched };
        let wanted = &room.messages[from.max(total.saturating_sub(CAP))..];
        let (hidden, shown): (Vec<&Message>, Vec<&Message>) =
            wanted.iter().partition(|message| self.hides(turn.caller, message, turn.now));
        let list: Value = shown.iter().map(|message| self.message_view(message)).collect();
        let limitation = !hidden.is_empty();
        if let Some(member) = self.room_mut(turn.call.room).and_then(|room| room.member_mut(turn.caller)) {
            member.fetched = total;
        }
        Ok(Success::Messages(list, limitation))
    }

    pub(super) fn post_message(&mut self, turn: &Turn<'_>) -> Outcome {
        self.room_as(turn, WRITERS, CANNOT_SEND)?;
        self.count_post(turn)?;
        let (body, calls) = turn.call.text("body").unwrap_or_default();
        let id = turn.worked()?["message_id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(0);
        let id = self.fresh_message(id)?;
        let self_unread = turn.call.flag("self_unread") == Some(true);
        let message = Message { id, author: turn.caller, body, calls, sent: turn.now, updated: 0, deleted: false };
        self.room_as(turn, WRITERS, "")?.say(message, self_unread);
        Ok(Success::Json(json!({"message_id": id.to_string()})))
    }

    pub(super) fn mark_read(&mut self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_as(turn, &["admin", "member", "readonly"], "")?;
        let upto = match turn.call.text("message_id") {
            Some((digits, _)) => named(room, &digits)?.id,
            None => u64::MAX,
        };
        let ids: Vec<u64> = room.messages.iter().map(|message| message.id).filter(|id| *id <= upto).collect();
        let member = room.member_mut(turn.caller).unwrap();
        let before = member.read.len();
        member.read.extend(ids);
        if member.read.len() == before {
            return refuse(400, "");
        }
        Ok(counts(room, turn.caller))
    }

    pub(super) fn mark_unread(&mut self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_as(turn, &["admin", "member", "readonly"], "")?;
        let from = named(room, &turn.call.text("message_id").unwrap_or_default().0)?.id;
        let member = room.member_mut(turn.caller).unwrap();
        let before = member.read.len();
        member.read.retain(|id| *id < from);
        if member.read.len() == before {
            return refuse(400, "");
        }
        Ok(counts(room, turn.caller))
    }

    pub(super) fn show_message(&self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_of(turn, "You don't have permission to get messages in this room")?;
        match room.message(turn.call.item) {
            None => refuse(404, ""),
            Some(message) if self.hides(turn.caller, message, turn.now) => refuse(404, HIDDEN),
            Some(message) => Ok(Success::Json(self.message_view(message))),
        }
    }

    /// PUT and DELETE: one's own, and not a deleted one.
    pub(super) fn change_message(&mut self, turn: &Turn<'_>, operation: Operation) -> Outcome {
        let room = self.room_as(turn, WRITERS, CANNOT_SEND)?;
        let Some(message) = room.messages.iter_mut().find(|one| one.id == turn.call.item && !one.deleted) else {
            return refuse(404, "");
        };
        if message.author != turn.caller {
            return refuse(403, CANNOT_SEND);
        }
        message.updated = turn.now;
        if operation == Operation::DeleteMessage {
            message.deleted = true;
        } else {
            (message.body, message.calls) = turn.call.text("body").unwrap_or_default();
        }
        Ok(Success::Json(json!({"message_id": message.id.to_string()})))
    }
}

/// The message of a room whose id is spelled exactly like this.
fn named<'a>(room: &'a Room, digits: &str) -> Result<&'a Message, Stop> {
    let found = room.messages.iter().find(|message| message.id.to_string() == digits);
    found.map_or_else(|| refuse(404, ""), Ok)
}

fn counts(room: &Room, account: u64) -> Success {
    Success::Json(json!({"unread_num": room.unread_num(account), "mention_num": room.mention_num(account)}))
}
