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

/// What a setting reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Messages of one room; at least one of the two.
    Room {
        /// The room.
        room: RoomId,
        /// `message_created`.
        created: bool,
        /// `message_updated`.
        updated: bool,
    },
    /// `mention_to_me`.
    Account,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id; a text of digits on the wire.
    pub id: WebhookId,
    /// Whose it is.
    pub account: AccountId,
    /// What it reports.
    pub family: Family,
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
    /// Two families in one setting.
    #[error(
        "events: mention_to_me is an account event and {0} a room event: one setting has one family, so make two settings"
    )]
    MixedFamilies(EventKind),
    /// Room events without a room.
    #[error("room_id: {0} is a room event and needs the id of a room")]
    RoomMissing(EventKind),
    /// An account event with a room.
    #[error("room_id: mention_to_me is an account event, which comes from every room: leave room_id out, or null")]
    RoomGiven,
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
    /// The room of a room event.
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
    /// What it reports, within its family.
    pub events: Option<&'a [EventKind]>,
    /// Whether it is valid; becoming valid begins the count of failures anew.
    pub valid: Option<bool>,
}

impl Family {
    /// The family of these events.
    ///
    /// # Errors
    /// No event, events of both families, or a room where none belongs, or none where one does.
    pub fn of(events: &[EventKind], room: Option<RoomId>) -> Result<Self, WebhookRefused> {
        let mention = events.contains(&EventKind::MentionToMe);
        let of_room = events.iter().find(|kind| **kind != EventKind::MentionToMe);
        match (mention, of_room, room) {
            (false, None, _) => Err(WebhookRefused::NoEvent),
            (true, Some(kind), _) => Err(WebhookRefused::MixedFamilies(*kind)),
            (true, None, Some(_)) => Err(WebhookRefused::RoomGiven),
            (true, None, None) => Ok(Self::Account),
            (false, Some(kind), None) => Err(WebhookRefused::RoomMissing(*kind)),
            (false, Some(_), Some(room)) => Ok(Self::Room {
                room,
                created: events.contains(&EventKind::MessageCreated),
                updated: events.contains(&EventKind::MessageUpdated),
            }),
        }
    }

    /// Its events, in the document's order.
    pub fn events(self) -> Vec<EventKind> {
        EventKind::ALL.into_iter().filter(|kind| self.reports(*kind)).collect()
    }

    /// Whether it reports such events.
    pub fn reports(self, kind: EventKind) -> bool {
        match (self, kind) {
            (Self::Account, EventKind::MentionToMe) => true,
            (Self::Room { created, .. }, EventKind::MessageCreated) => created,
            (Self::Room { updated, .. }, EventKind::MessageUpdated) => updated,
            _ => false,
        }
    }

    /// The room of a room event.
    pub fn room(self) -> Option<RoomId> {
        match self {
            Self::Room { room, .. } => Some(room),
            Self::Account => None,
        }
    }
}

impl Webhook {
    /// The setting as the control API shows it, its token included.
    pub fn view(&self) -> Value {
        json!({
            "webhook_setting_id": self.id.to_string(),
            "token": self.token.0,
            "account_id": self.account,
            "room_id": self.family.room(),
            "events": self.family.events().iter().map(|kind| kind.word()).collect::<Vec<_>>(),
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
        let family = Family::of(new.events, new.room)?;
        check_url(new.url).map_err(WebhookRefused::Url)?;
        let account = new.account;
        if !self.accounts.contains_key(&account) {
            return Err(WebhookRefused::UnknownAccount(account));
        }
        if let Some(room) = family.room() {
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
            Webhook { id, account, family, url, token, valid: true, failures_in_a_row: 0, delivered: 0, failed: 0 };
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
        let family = match change.events {
            Some(events) => Family::of(events, webhook.family.room())?,
            None => webhook.family,
        };
        if let Some(url) = change.url {
            check_url(url).map_err(WebhookRefused::Url)?;
            url.clone_into(&mut webhook.url);
        }
        webhook.family = family;
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
