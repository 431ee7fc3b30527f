//! People, and what binds them: organizations, contacts, requests.

use std::fmt;

use super::ids::{AccountId, OrganizationId, RequestId, RoomId};
use super::settings::Plan;

/// A company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
}

/// An API token. Its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

impl std::borrow::Borrow<str> for Token {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A person, with the fields of `GET /me`. Unset texts are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who.
    pub id: AccountId,
    /// Their My Chat.
    pub my_room: RoomId,
    /// Display name.
    pub name: String,
    /// The name one can be found by.
    pub chatwork_id: String,
    /// Their company; its name is [`State::organization_name`](super::State::organization_name).
    pub organization_id: OrganizationId,
    /// Department.
    pub department: String,
    /// Job title.
    pub title: String,
    /// Web page.
    pub url: String,
    /// A few words about oneself.
    pub introduction: String,
    /// Published mail address.
    pub mail: String,
    /// Telephone of the company.
    pub tel_organization: String,
    /// Telephone extension.
    pub tel_extension: String,
    /// Mobile telephone.
    pub tel_mobile: String,
    /// Skype name.
    pub skype: String,
    /// Facebook name.
    pub facebook: String,
    /// Twitter name.
    pub twitter: String,
    /// Picture.
    pub avatar_image_url: String,
    /// The mail address one signs in with.
    pub login_mail: String,
    /// API tokens, all of equal right; may be empty.
    pub tokens: Vec<Token>,
    /// A plan of one's own; otherwise the world's.
    pub plan: Option<Plan>,
}

/// One person's contact, and the direct chat with them.
#[derive(Clone, Copy, Debug)]
pub struct Contact<'a> {
    /// The other person.
    pub account: &'a Account,
    /// The direct chat.
    pub room: RoomId,
}

/// A wish to become a contact that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRequest {
    /// Its id.
    pub id: RequestId,
    /// Who asks.
    pub from: AccountId,
    /// Who is asked.
    pub to: AccountId,
    /// What they wrote.
    pub message: String,
}
