//! Contact requests.

use super::{Outcome, Stop, Success, Turn, refuse};
use crate::state::{Kind, Member, Model, Room};

impl Model {
    pub(super) fn accept(&mut self, turn: &Turn<'_>) -> Outcome {
        let from = self.asked_by(turn)?;
        let pair = [from, turn.caller];
        self.requests.retain(|ask| !(pair.contains(&ask.from) && pair.contains(&ask.to)));
        let room = turn.learned("room_id")?;
        self.fresh_room(room)?;
        let member = |account| Member { account, role: "member", read: Default::default(), fetched: 0 };
        self.rooms.push(Room {
            id: room,
            kind: Kind::Direct,
            name: String::new(),
            description: String::new(),
            icon: "group".to_owned(),
            updated: turn.now,
            members: vec![member(turn.caller), member(from)],
            messages: Vec::new(),
            tasks: Vec::new(),
            files: Vec::new(),
            link: None,
        });
        Ok(Success::Json(self.contact(from, room)))
    }

    pub(super) fn reject(&mut self, turn: &Turn<'_>) -> Outcome {
        self.asked_by(turn)?;
        self.requests.retain(|ask| ask.id != turn.call.item);
        Ok(Success::Nothing)
    }

    pub(super) fn fresh_room(&mut self, id: u64) -> Result<(), Stop> {
        if self.seen_rooms.insert(id) {
            Ok(())
        } else {
            Err(Stop::Broken(format!("the new room id {id} is an old one")))
        }
    }

    fn asked_by(&self, turn: &Turn<'_>) -> Result<u64, Stop> {
        let mine = self.requests.iter().find(|ask| ask.id == turn.call.item && ask.to == turn.caller);
        mine.map_or_else(|| refuse(404, ""), |ask| Ok(ask.from))
    }
}
