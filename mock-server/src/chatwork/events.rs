//! Which change tells whom (clause `chatwork.webhooks.whom`): from what happened to the calls that follow, with their
//! bodies as they are at that moment.

use bytes::Bytes;
use contract::chatwork::webhook::{Detail, Event, EventKind, Mention, RoomMessage};
use contract::time::UnixMillis;

use super::state::{Happened, Mentioned, Message, RoomId, State, Webhook};

/// One event for one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The setting.
    pub webhook: &'a Webhook,
    /// What happened.
    pub kind: EventKind,
    /// The exact body.
    pub body: Bytes,
}

impl State {
    /// The calls that follow from a change, by id of their settings; of settings that are switched off too.
    pub fn calls(&self, happened: &Happened, now: UnixMillis) -> Vec<Call<'_>> {
        let (room, id, kind, before) = match happened {
            Happened::MessageCreated { room, message } => (*room, *message, EventKind::MessageCreated, None),
            Happened::MessageUpdated { room, message, mentioned_before } => {
                (*room, *message, EventKind::MessageUpdated, Some(mentioned_before))
            }
            Happened::MessageDeleted { .. } => return Vec::new(),
        };
        let Some(found) = self.any_room(room) else { return Vec::new() };
        let Some(message) = found.message(id).filter(|message| !message.deleted) else { return Vec::new() };
        let concerned = self.webhooks().filter(|webhook| found.member(webhook.account).is_some());
        let concerned = concerned.filter(|webhook| webhook.reports.is_about(room));
        concerned
            .flat_map(|webhook| {
                let of_room = webhook.reports.reports(kind).then_some(kind);
                let mention = webhook.reports.mention && newly_mentions(message, webhook, before);
                let kinds = of_room.into_iter().chain(mention.then_some(EventKind::MentionToMe));
                kinds.map(move |kind| {
                    let event = event(webhook, kind, room, message, now);
                    Call { webhook, kind, body: event.body() }
                })
            })
            .collect()
    }
}

fn newly_mentions(message: &Message, webhook: &Webhook, before: Option<&Mentioned>) -> bool {
    message.mentions(webhook.account) && !before.is_some_and(|before| before.includes(webhook.account))
}

fn event(webhook: &Webhook, kind: EventKind, room: RoomId, message: &Message, now: UnixMillis) -> Event {
    let (message_id, body) = (message.id.to_string(), message.body.to_string());
    let (send_time, update_time) = (message.send_time, message.update_time);
    let detail = match kind {
        EventKind::MentionToMe => Detail::Mention(Mention {
            from_account_id: message.author.0,
            to_account_id: webhook.account.0,
            room_id: room.0,
            message_id,
            body,
            send_time,
            update_time,
        }),
        EventKind::MessageCreated | EventKind::MessageUpdated => {
            let account_id = message.author.0;
            let message = RoomMessage { message_id, room_id: room.0, account_id, body, send_time, update_time };
            if kind == EventKind::MessageCreated { Detail::Created(message) } else { Detail::Updated(message) }
        }
    };
    Event { setting_id: webhook.id.to_string(), time: now.seconds(), detail }
}
