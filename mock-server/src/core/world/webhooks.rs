//! What the admin screens of both services do, as far as webhooks are concerned.

use contract::chatday::chat_id::ChatId;
use contract::service::Service;
use contract::time::UnixMillis;
use serde_json::{Value, json};

use super::World;
use crate::chatday::Refused;
use crate::chatwork::state::ids::MESSAGE_MAX;
use crate::chatwork::state::{
    AccountId, Error, MessageId, NewWebhook, RoomId, WebhookChange, WebhookId, WebhookRefused,
};
use crate::control::event::Change;
use crate::core::outbox::Parcel;

impl World {
    /// All webhook settings of Chatwork, tokens included.
    pub fn webhooks(&self) -> Vec<Value> {
        self.chatwork.webhooks().map(|webhook| webhook.view()).collect()
    }

    /// One of them.
    pub fn webhook(&self, id: WebhookId) -> Option<Value> {
        self.chatwork.webhook(id).map(|webhook| webhook.view())
    }

    /// The owner of a setting that names none.
    pub fn first_account(&self) -> Option<AccountId> {
        self.chatwork.first_account()
    }

    /// Makes a setting. It has a new secret afterwards: see [`World::keys`].
    ///
    /// # Errors
    /// Why not.
    pub fn add_webhook(&mut self, new: &NewWebhook<'_>) -> Result<Value, WebhookRefused> {
        let webhook = self.chatwork.add_webhook(new, &self.blueprint.id)?;
        let (view, webhook_setting_id) = (webhook.view(), webhook.id.to_string());
        self.tell(Change::WebhookAdded { webhook_setting_id });
        Ok(view)
    }

    /// Changes a setting; `None` where there is none with that id.
    ///
    /// # Errors
    /// Why not.
    pub fn change_webhook(
        &mut self,
        id: WebhookId,
        change: &WebhookChange<'_>,
    ) -> Result<Option<Value>, WebhookRefused> {
        let changed = self.chatwork.change_webhook(id, change)?.map(|webhook| webhook.view());
        if changed.is_some() {
            self.tell(Change::WebhookChanged { webhook_setting_id: id.to_string() });
        }
        Ok(changed)
    }

    /// Removes a setting; what waits for it is not sent. `false` where there is none with that id.
    pub fn remove_webhook(&mut self, id: WebhookId) -> bool {
        let removed = self.chatwork.remove_webhook(id);
        if removed {
            let setting = id.to_string();
            self.tell(Change::WebhookRemoved { webhook_setting_id: setting.clone() });
            self.withdraw(|parcel| parcel.service == Service::Chatwork && parcel.setting == setting, REMOVED);
        }
        removed
    }

    /// Removes all settings of Chatwork.
    pub fn remove_webhooks(&mut self) {
        self.chatwork.remove_webhooks();
        self.tell(Change::WebhooksCleared);
        self.withdraw(|parcel| parcel.service == Service::Chatwork, REMOVED);
    }

    /// Another member writes a message, with the world's next id or the one that is given. It counts against no limit.
    ///
    /// # Errors
    /// One sentence: no such account, not a writer of the room, or an id that is not higher than all others.
    pub fn member_writes(
        &mut self,
        by: AccountId,
        room: RoomId,
        id: Option<MessageId>,
        body: &str,
        wall: UnixMillis,
    ) -> Result<MessageId, String> {
        let now = self.clock.now(wall);
        self.are_there(by, room)?;
        let written = match id {
            None => self.chatwork.post_message(by, room, body, false, now).map(Some),
            Some(id) => self.chatwork.post_message_with_id(by, room, id, body, now),
        };
        let id = written.map_err(|error| denied(error, by, room))?.ok_or_else(|| {
            format!(
                "message_id: expected one that is higher than those of all messages of this world and at most {MESSAGE_MAX}, \
                 as later messages have higher ids"
            )
        })?;
        self.follow_up(now);
        Ok(id)
    }

    /// Another member changes a message of theirs. It counts against no limit. False where the room has no such message, or
    /// no more: nothing is changed then.
    ///
    /// # Errors
    /// One sentence: no such account, not a writer of the room, or not the message's author.
    pub fn member_edits(
        &mut self,
        by: AccountId,
        room: RoomId,
        id: MessageId,
        body: &str,
        wall: UnixMillis,
    ) -> Result<bool, String> {
        let now = self.clock.now(wall);
        self.are_there(by, room)?;
        match self.chatwork.edit_message(by, room, id, body, now) {
            Err(Error::UnknownMessage | Error::DeletedMessage) => return Ok(false),
            Err(Error::NotAuthor) => {
                return Err(format!("account_id: the message {id} is not one of the account {by}"));
            }
            edited => edited.map_err(|error| denied(error, by, room))?,
        }
        self.follow_up(now);
        Ok(true)
    }

    fn are_there(&self, account: AccountId, room: RoomId) -> Result<(), String> {
        if self.chatwork.account(account).is_none() {
            return Err(format!("account_id: this world has no account {account}"));
        }
        match self.chatwork.any_room(room) {
            Some(_) => Ok(()),
            None => Err(format!("room_id: this world has no room {room}")),
        }
    }

    /// The Chatday application that a call without a name is about.
    pub fn first_application(&self) -> Option<String> {
        self.chatday.applications().next().map(str::to_owned)
    }

    /// Where the webhooks of each Chatday application go.
    pub fn chatday_webhooks(&self) -> Vec<Value> {
        let names = self.chatday.applications();
        names.map(|name| json!({"application": name, "url": self.chatday.webhook_url(name)})).collect()
    }

    /// Whether an application could set its webhook URL.
    ///
    /// # Errors
    /// [`Refused::UnknownApplication`] or [`Refused::NotRegistered`].
    pub fn may_set_chatday_webhook(&self, application: &str) -> Result<(), Refused> {
        self.chatday.may_set_webhook_url(application)
    }

    /// Sets the webhook URL of a Chatday application, or takes it away; gives the verification call's id, if the profile
    /// wants one.
    ///
    /// # Errors
    /// As [`crate::chatday::State::set_webhook_url`].
    pub fn set_chatday_webhook(
        &mut self,
        application: &str,
        url: Option<&str>,
        wall: UnixMillis,
    ) -> Result<Option<u64>, Refused> {
        let now = self.clock.now(wall);
        let event = self.chatday.set_webhook_url(application, url)?;
        self.tell(Change::ChatdayWebhook { application: application.to_owned() });
        Ok(event.map(|event| self.queue_chatday(event, "verification", now)))
    }

    /// A visitor writes in the widget; gives the message's id and that of the delivery that follows.
    ///
    /// # Errors
    /// As [`crate::chatday::State::visitor_writes`].
    pub fn visitor_writes(
        &mut self,
        chat_id: &Value,
        message: &Value,
        wall: UnixMillis,
    ) -> Result<(String, Option<u64>), Refused> {
        let now = self.clock.now(wall);
        let written = self.chatday.visitor_writes(chat_id, message, now)?;
        if let Ok(id) = ChatId::from_description(self.chatday.profile().ids.chat_id, chat_id) {
            self.tell(Change::ChatWritten {
                chat_id: id.to_string(),
                message_id: written.message_id.clone(),
                from: "visitor".to_owned(),
            });
        }
        let delivery = written.event.map(|event| self.queue_chatday(event, "message", now));
        Ok((written.message_id, delivery))
    }

    /// Gives a Chatday application a new signature token. The world has a new secret afterwards: see [`World::keys`].
    ///
    /// # Errors
    /// As [`crate::chatday::State::rotate_signature`].
    pub fn rotate_signature(
        &mut self,
        application: &str,
        grace_ms: Option<i64>,
        wall: UnixMillis,
    ) -> Result<Vec<String>, Refused> {
        let now = self.clock.now(wall);
        self.chatday.rotate_signature(application, grace_ms, now)?;
        self.tell(Change::SignatureRotated { application: application.to_owned() });
        Ok(self.chatday.accepted_signatures(application, now))
    }

    fn withdraw(&mut self, its: impl Fn(&Parcel) -> bool, why: &str) {
        self.drop_waiting(|delivery| delivery.replay_of.is_none() && its(&delivery.parcel), why);
    }
}

const REMOVED: &str = "the setting was removed before it was sent";

/// Why a member cannot write in a room, in a sentence that begins with its key.
fn denied(error: Error, by: AccountId, room: RoomId) -> String {
    match error {
        Error::ReadOnly => format!("account_id: the account {by} may only read the room {room}"),
        _ => format!("account_id: the account {by} is not in the room {room}"),
    }
}
