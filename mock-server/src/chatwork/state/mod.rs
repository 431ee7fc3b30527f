//! The Chatwork state of one world: people, rooms, messages, tasks, files, and what may be done with them.
//!
//! Everything is pure: no clock, no randomness, no I/O. Operations are methods of [`State`], told who acts, where and
//! when; they check who may do what, and a refused one ([`Error`]) has changed nothing. They do not check the form of
//! parameters (lengths, characters): that is the contract's, before they are called.
//!
//! | file | what it holds |
//! |---|---|
//! | [`ids`], [`account`], [`room`], [`member`], [`message`], [`task`], [`mod@file`], [`settings`] | the nouns |
//! | `view` | rooms, counts and profiles as one person sees them |
//! | `groups`, `messages`, `tasks`, `files`, `links`, `contacts` | the operations |
//! | [`oauth`] | clients, consents and tokens of OAuth 2.0 |
//! | `webhooks` | the settings of webhooks |
//! | `happened` | what an operation leaves for those who tell others |
//! | `system` | the texts that the service itself writes |
//! | `load`, `dump` | from and to a world description (`fixtures/worlds/README.md`) |
//!
//! What the documents leave open is decided like this:
//! - Whoever comes into a room has read its history, and never fetched it.
//! - A deleted message stays unread where it was unread, but calls nobody any more.
//! - After "unread from here", own messages from there on are unread too.
//! - The last one who leaves a group takes it along: nobody could see it again.
//! - A finished task is announced, a reopened one is not.

use std::collections::{BTreeMap, BTreeSet};

pub mod account;
pub mod error;
pub mod file;
pub mod happened;
pub mod ids;
pub mod member;
pub mod message;
pub mod oauth;
pub mod room;
pub mod settings;
pub mod task;
pub mod webhooks;

mod contacts;
mod dump;
mod files;
mod groups;
mod links;
mod load;
mod messages;
mod page;
mod rights;
mod system;
mod tasks;
mod view;

pub use account::{Account, Contact, ContactRequest, Organization, Token};
pub use contacts::RequestAccepted;
pub use error::Error;
pub use file::{File, FileAdded, NewFile};
pub use groups::{GroupCreated, NewGroup, Roles, RoomChange};
pub use happened::Happened;
pub use ids::{AccountId, FileId, MessageId, OrganizationId, RequestId, RoomId, TaskId, WebhookId};
pub use links::LinkOptions;
pub use member::{Member, Role};
pub use message::{Mentioned, Message, Rendered};
pub use messages::{Fetched, Hidden, Unread};
pub use oauth::OAuth;
pub use room::{IconPreset, Kind, Link, Room};
pub use settings::{Edition, Limit, Limits, Plan, Settings, TokenError, WebhookSettings, Window};
pub use task::{LimitType, NewTask, Task, TaskFilter, TaskStatus, TasksAdded};
pub use view::{MyTask, RoomLabel, RoomView, Status};
pub use webhooks::{NewWebhook, Reports, Webhook, WebhookChange, WebhookRefused};

use contract::chatwork::limits::LIST_CAP;
use happened::Happenings;
use ids::Counters;

/// The Chatwork state of one world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What the world decides about the service itself.
    pub settings: Settings,
    /// The request window of each account.
    pub account_windows: BTreeMap<AccountId, Window>,
    /// The posting window of each room.
    pub room_windows: BTreeMap<RoomId, Window>,
    organizations: BTreeMap<OrganizationId, Organization>,
    accounts: BTreeMap<AccountId, Account>,
    requests: BTreeMap<RequestId, ContactRequest>,
    rooms: BTreeMap<RoomId, Room>,
    webhooks: BTreeMap<WebhookId, Webhook>,
    counters: Counters,
    /// Clients, and what they were allowed.
    pub oauth: OAuth,
    // What follows can be told from the above, and is kept to answer without searching.
    /// Both directions; the room is the direct chat of the two. Every direct chat makes its two contacts.
    contacts: BTreeMap<AccountId, BTreeMap<AccountId, RoomId>>,
    rooms_of: BTreeMap<AccountId, BTreeSet<RoomId>>,
    by_token: BTreeMap<Token, AccountId>,
    by_code: BTreeMap<String, RoomId>,
    happened: Happenings,
}

impl State {
    /// A world without anybody.
    fn empty(seed: u64) -> Self {
        Self {
            settings: Settings::default(),
            account_windows: BTreeMap::new(),
            room_windows: BTreeMap::new(),
            organizations: BTreeMap::new(),
            accounts: BTreeMap::new(),
            requests: BTreeMap::new(),
            rooms: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            counters: Counters::new(seed),
            oauth: OAuth::default(),
            contacts: BTreeMap::new(),
            rooms_of: BTreeMap::new(),
            by_token: BTreeMap::new(),
            by_code: BTreeMap::new(),
            happened: Happenings::default(),
        }
    }

    /// What this world's made-up values are derived from.
    pub fn seed(&self) -> u64 {
        self.counters.seed
    }

    /// Whose token this is.
    pub fn account_of_token(&self, token: &str) -> Option<AccountId> {
        self.by_token.get(token).copied()
    }

    /// All tokens of all accounts.
    pub fn tokens(&self) -> Vec<String> {
        self.by_token.keys().map(|token| token.0.clone()).collect()
    }

    /// One account.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// All accounts, by id.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// The name of an account's organization.
    pub fn organization_name(&self, account: &Account) -> &str {
        self.organizations.get(&account.organization_id).map_or("", |organization| &organization.name)
    }

    /// Any room, whoever asks: for the operator. The API goes by [`State::room`].
    pub fn any_room(&self, id: RoomId) -> Option<&Room> {
        self.rooms.get(&id)
    }

    /// A room that the account is in.
    ///
    /// # Errors
    /// [`Error::NotMember`].
    pub fn room(&self, account: AccountId, id: RoomId) -> Result<&Room, Error> {
        self.rooms.get(&id).filter(|room| room.members.contains_key(&account)).ok_or(Error::NotMember)
    }

    /// A room that the account is in, with their part in it.
    fn room_as(&mut self, account: AccountId, id: RoomId) -> Result<(&mut Room, Role), Error> {
        let room = self.rooms.get_mut(&id).ok_or(Error::NotMember)?;
        let role = room.members.get(&account).ok_or(Error::NotMember)?.role;
        Ok((room, role))
    }

    /// A room that the account may write in.
    fn room_as_writer(&mut self, account: AccountId, id: RoomId) -> Result<&mut Room, Error> {
        match self.room_as(account, id)? {
            (_, Role::Readonly) => Err(Error::ReadOnly),
            (room, Role::Admin | Role::Member) => Ok(room),
        }
    }

    /// A room that the account is an admin of.
    fn room_as_admin(&mut self, account: AccountId, id: RoomId) -> Result<&mut Room, Error> {
        match self.room_as(account, id)? {
            (room, Role::Admin) => Ok(room),
            (_, Role::Member | Role::Readonly) => Err(Error::NotAdmin),
        }
    }
}

#[cfg(test)]
mod tests;
