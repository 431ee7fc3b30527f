//! Webhook settings: what the admin screen of the service makes (clause `chatwork.webhooks.settings`).
//!
//! What the documents leave open is decided like this:
//! - A setting whose owner has left the room stays, and is silent until they are back. One whose room is deleted goes along.
//! - Failures are counted in a row: one delivery that is acknowledged begins the count anew.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::chatwork::webhook::{EventKind, SETTINGS_MAX};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::account::Token;
use super::ids::{AccountId, RoomId, WebhookId};
use super::{Error, State};

/// What a setting reports; at least one event. The service's screen makes settings of one family, a room's messages or
/// mentions of oneself; the control API takes both at once, and every room where none is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reports {
    /// The room that it is about; `None` for every room that its owner is in.
    pub room: Option<RoomId>,
    /// `message_created`.
    pub created: bool,
    /// `message_updated`.
    pub updated: bool,
    /// `mention_to_me`.
    pub mention: bool,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id; a text of digits on the wire.
    pub id: WebhookId,
    /// Whose it is.
    pub account: AccountId,
    /// What it reports.
    pub reports: Reports,
    /// Where it goes: an absolute http or https URL.
    pub url: String,
    /// Base64 of the key that deliveries are signed with.
    pub token: Token,
    /// Whether it is valid; an invalid one sends nothing.
    pub valid: bool,
    /// Failed deliveries since the last acknowledged one.
    pub failures_in_a_row: u32,
    /// Deliveries that were acknowledged.
    pub delivered: u64,
    /// Deliveries that failed.
    pub failed: u64,
}

/// Why a setting is not made or changed. One sentence each, which names the key of the control API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefused {
    /// No such owner.
    #[error("account_id: this world has no account {0}")]
    UnknownAccount(AccountId),
    /// No such room.
    #[error("room_id: this world has no room {0}")]
    UnknownRoom(RoomId),
    /// The owner would hear what is not for them.
    #[error("room_id: the account {account} is not in the room {room}: only its members can have webhooks there")]
    NotMember {
        /// The owner.
        account: AccountId,
        /// The room.
        room: RoomId,
    },
    /// No event at all.
    #[error("events: expected at least one of message_created, message_updated, mention_to_me")]
    NoEvent,
    /// One too many.
    #[error("account_id: the account {0} has 5 webhook settings already, which is the most: delete one first")]
    TooMany(AccountId),
    /// No usable URL.
    #[error("url: {0}")]
    Url(String),
}

/// A setting to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWebhook<'a> {
    /// Whose it will be.
    pub account: AccountId,
    /// The room that it will be about; `None` for every room of its owner.
    pub room: Option<RoomId>,
    /// What it will report.
    pub events: &'a [EventKind],
    /// Where it will go.
    pub url: &'a str,
}

/// What may be changed in a setting; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookChange<'a> {
    /// Where it goes.
    pub url: Option<&'a str>,
    /// What it reports.
    pub events: Option<&'a [EventKind]>,
    /// Whether it is valid; becoming valid begins the count of failures anew.
    pub valid: Option<bool>,
}

impl Reports {
    /// These events, of one room or of all.
    ///
    /// # Errors
    /// No event.
    pub fn of(events: &[EventKind], room: Option<RoomId>) -> Result<Self, WebhookRefused> {
        let has = |kind| events.contains(&kind);
        if events.is_empty() {
            return Err(WebhookRefused::NoEvent);
        }
        let (created, updated) = (has(EventKind::MessageCreated), has(EventKind::MessageUpdated));
        Ok(Self { room, created, updated, mention: has(EventKind::MentionToMe) })
    }

    /// Its events, in the document's order.
    pub fn events(self) -> Vec<EventKind> {
        EventKind::ALL.into_iter().filter(|kind| self.reports(*kind)).collect()
    }

    /// Whether it reports such events.
    pub fn reports(self, kind: EventKind) -> bool {
        match kind {
            EventKind::MessageCreated => self.created,
            EventKind::MessageUpdated => self.updated,
            EventKind::MentionToMe => self.mention,
        }
    }

    /// Whether it is about this room.
    pub fn is_about(self, room: RoomId) -> bool {
        self.room.is_none_or(|its| its == room)
    }
}

impl Webhook {
    /// The setting as the control API shows it, its token included.
    pub fn view(&self) -> Value {
        json!({
            "webhook_setting_id": self.id.to_string(),
            "token": self.token.0,
            "account_id": self.account,
            "room_id": self.reports.room,
            "events": self.reports.events().iter().map(|kind| kind.word()).collect::<Vec<_>>(),
            "url": self.url,
            "status": if self.valid { "valid" } else { "invalid" },
            "failures_in_a_row": self.failures_in_a_row,
            "delivered": self.delivered,
            "failed": self.failed,
        })
    }
}

impl State {
    /// All settings, by id.
    pub fn webhooks(&self) -> impl Iterator<Item = &Webhook> {
        self.webhooks.values()
    }

    /// One setting.
    pub fn webhook(&self, id: WebhookId) -> Option<&Webhook> {
        self.webhooks.get(&id)
    }

    /// The tokens of all settings: secrets.
    pub fn webhook_tokens(&self) -> Vec<String> {
        self.webhooks.values().map(|webhook| webhook.token.0.clone()).collect()
    }

    /// The account that a setting without an owner is given to: the one of the world's card, or else the first.
    pub fn first_account(&self) -> Option<AccountId> {
        let with_token = self.accounts.values().find(|account| !account.tokens.is_empty());
        with_token.or_else(|| self.accounts.values().next()).map(|account| account.id)
    }

    /// Makes a setting. Its token follows from the world's seed and id and from the setting's id alone.
    ///
    /// # Errors
    /// [`WebhookRefused`]; nothing has changed then.
    pub fn add_webhook(&mut self, new: &NewWebhook<'_>, world_id: &str) -> Result<&Webhook, WebhookRefused> {
        let reports = Reports::of(new.events, new.room)?;
        check_url(new.url).map_err(WebhookRefused::Url)?;
        let account = new.account;
        if !self.accounts.contains_key(&account) {
            return Err(WebhookRefused::UnknownAccount(account));
        }
        if let Some(room) = reports.room {
            if !self.rooms.contains_key(&room) {
                return Err(WebhookRefused::UnknownRoom(room));
            }
            self.room(account, room).map_err(|_: Error| WebhookRefused::NotMember { account, room })?;
        }
        if self.webhooks_of(account) >= SETTINGS_MAX {
            return Err(WebhookRefused::TooMany(account));
        }
        let id = self.counters.next_webhook();
        let token = made_token(self.counters.seed, world_id, id);
        let url = new.url.to_owned();
        let webhook =
            Webhook { id, account, reports, url, token, valid: true, failures_in_a_row: 0, delivered: 0, failed: 0 };
        Ok(self.webhooks.entry(id).or_insert(webhook))
    }

    /// Changes a setting; `None` where there is none with that id.
    ///
    /// # Errors
    /// [`WebhookRefused`]; nothing has changed then.
    pub fn change_webhook(
        &mut self,
        id: WebhookId,
        change: &WebhookChange<'_>,
    ) -> Result<Option<&Webhook>, WebhookRefused> {
        let Some(webhook) = self.webhooks.get_mut(&id) else { return Ok(None) };
        let reports = match change.events {
            Some(events) => Reports::of(events, webhook.reports.room)?,
            None => webhook.reports,
        };
        if let Some(url) = change.url {
            check_url(url).map_err(WebhookRefused::Url)?;
            url.clone_into(&mut webhook.url);
        }
        webhook.reports = reports;
        if let Some(valid) = change.valid {
            webhook.valid = valid;
            if valid {
                webhook.failures_in_a_row = 0;
            }
        }
        Ok(Some(webhook))
    }

    /// Removes a setting. `false` where there is none with that id.
    pub fn remove_webhook(&mut self, id: WebhookId) -> bool {
        self.webhooks.remove(&id).is_some()
    }

    /// Removes all settings.
    pub fn remove_webhooks(&mut self) {
        self.webhooks.clear();
    }

    /// Counts a delivery of a setting. True where it was the failure that switches the setting off.
    pub fn count_delivery(&mut self, id: WebhookId, acknowledged: bool) -> bool {
        let most = self.settings.webhooks.switch_off_after;
        let Some(webhook) = self.webhooks.get_mut(&id) else { return false };
        if acknowledged {
            webhook.delivered += 1;
            webhook.failures_in_a_row = 0;
            return false;
        }
        webhook.failed += 1;
        webhook.failures_in_a_row = webhook.failures_in_a_row.saturating_add(1);
        let switches = webhook.valid && most.is_some_and(|most| webhook.failures_in_a_row >= most);
        webhook.valid &= !switches;
        switches
    }

    pub(super) fn webhooks_of(&self, account: AccountId) -> usize {
        self.webhooks.values().filter(|webhook| webhook.account == account).count()
    }
}

/// The token of a setting that nobody gave one: Base64 of 32 bytes.
pub(super) fn made_token(seed: u64, world_id: &str, id: WebhookId) -> Token {
    let mut hash = Sha256::new();
    hash.update(b"chatwork webhook");
    hash.update(seed.to_be_bytes());
    hash.update((world_id.len() as u64).to_be_bytes());
    hash.update(world_id);
    hash.update(id.0.to_be_bytes());
    Token(STANDARD.encode(hash.finalize()))
}

/// Whether a text can be the URL of a setting. Which hosts may be called is the shell's question.
pub(super) fn check_url(text: &str) -> Result<(), String> {
    let shown: String = text.chars().take(80).collect();
    let uri: http::Uri =
        text.parse().map_err(|_| format!("expected an absolute http or https URL, found '{shown}'"))?;
    let host = uri.host().unwrap_or_default();
    if !matches!(uri.scheme_str(), Some("http" | "https")) || host.is_empty() {
        return Err(format!("expected an absolute http or https URL, found '{shown}'"));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("the URL holds a user name or password: leave it out, it would stand in every record".to_owned());
    }
    Ok(())
}
