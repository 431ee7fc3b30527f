//! Organizations, accounts, contacts and requests.

use std::collections::BTreeSet;

use contract::reader::{Node, Object};

use super::super::account::{Account, ContactRequest, Organization, Token};
use super::super::ids::{AccountId, OrganizationId, RequestId, RoomId};
use super::super::member::Role;
use super::super::room::{Kind, Room};
use super::super::settings::Plan;
use super::Loader;
use super::read::{named, number_id, words};

/// The room id of an account whose My Chat was not read yet.
const NO_ROOM: RoomId = RoomId(0);

impl Loader<'_, '_> {
    pub(super) fn organizations(&mut self, world: &Object<'_>) {
        for node in world.list("organizations") {
            let object = node.object();
            let id = object.required("id").and_then(|node| number_id(&node)).map(OrganizationId);
            let name = object.text("name");
            object.finish();
            let Some(id) = id else { continue };
            if self.state.organizations.insert(id, Organization { id, name }).is_some() {
                node.fault(format!("another organization has the id {id} already"));
            }
        }
        if self.state.organizations.is_empty() {
            let id = OrganizationId(101);
            self.state.organizations.insert(id, Organization { id, name: "Example Works".to_owned() });
        }
    }

    pub(super) fn accounts(&mut self, world: &Object<'_>) {
        let Some(list) = world.required("accounts") else { return };
        for node in list.list() {
            let object = node.object();
            let account = self.one_account(&object);
            object.finish();
            let Some(account) = account else { continue };
            if self.state.accounts.contains_key(&account.id) {
                node.fault(format!("another account has the id {} already", account.id));
                continue;
            }
            self.state.accounts.insert(account.id, account);
        }
        if list.value().as_array().is_some_and(Vec::is_empty) {
            list.fault("a world needs at least one account");
        }
    }

    fn one_account(&mut self, object: &Object<'_>) -> Option<Account> {
        let id = object.required("id").and_then(|node| number_id(&node)).map(AccountId);
        let name = object.text("name");
        if name.is_empty() && object.optional("name").is_some_and(|node| node.value().is_string()) {
            object.fault_at("name", "a name needs at least one character");
        }
        let organization_id = self.organization(object.optional("organization_id"));
        let text = |key: &'static str| object.optional_text(key).unwrap_or_default();
        let mail = text("mail");
        let shown = id.unwrap_or(AccountId(0));
        let login_mail = object
            .optional_text("login_mail")
            .unwrap_or_else(|| if mail.is_empty() { format!("account-{shown}@example.com") } else { mail.clone() });
        let account = Account {
            id: shown,
            my_room: NO_ROOM,
            name,
            chatwork_id: text("chatwork_id"),
            organization_id,
            department: text("department"),
            title: text("title"),
            url: text("url"),
            introduction: text("introduction"),
            mail,
            tel_organization: text("tel_organization"),
            tel_extension: text("tel_extension"),
            tel_mobile: text("tel_mobile"),
            skype: text("skype"),
            facebook: text("facebook"),
            twitter: text("twitter"),
            avatar_image_url: object
                .optional_text("avatar_image_url")
                .unwrap_or_else(|| format!("https://appdata.chatwork.com/avatar/{shown}/{shown}.rsz.png")),
            login_mail,
            tokens: self.account_tokens(object, shown),
            plan: named(object, "plan", &words(Plan::ALL, Plan::name)),
        };
        id.map(|_| account)
    }

    fn organization(&self, node: Option<Node<'_>>) -> OrganizationId {
        let first = self.state.organizations.keys().next().copied().unwrap_or(OrganizationId(101));
        let Some(node) = node else { return first };
        let Some(id) = number_id(&node).map(OrganizationId) else { return first };
        if !self.state.organizations.contains_key(&id) {
            node.fault(format!("no organization has the id {id}: add it to 'organizations', or name another one"));
        }
        id
    }

    /// The tokens of an account; with neither key one is made up. No fault repeats a token.
    fn account_tokens(&mut self, object: &Object<'_>, account: AccountId) -> Vec<Token> {
        let (single, several) = (object.optional("token"), object.optional("tokens"));
        if single.is_some() && several.is_some() {
            object.fault_at("tokens", "give either 'token' or 'tokens', not both");
        }
        if single.is_none() && several.is_none() {
            let token = Token(self.origin.token(&format!("chatwork/{account}")));
            self.state.by_token.insert(token.clone(), account);
            return vec![token];
        }
        let mut tokens = Vec::new();
        for node in single.into_iter().chain(several.into_iter().flat_map(|node| node.list())) {
            let Some(text) = node.value().as_str() else {
                node.fault("a token is a text");
                continue;
            };
            if !(1..=255).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                node.fault("a token is 1 to 255 visible ASCII characters");
                continue;
            }
            let token = Token(text.to_owned());
            if let Some(owner) = self.state.by_token.insert(token.clone(), account) {
                node.fault(format!("this token belongs to the account {owner} already"));
                continue;
            }
            tokens.push(token);
        }
        tokens
    }

    /// Gives a My Chat to every account that the description gave none.
    pub(super) fn my_chats(&mut self) {
        let now = self.now();
        let without: Vec<AccountId> = self
            .state
            .accounts
            .values()
            .filter(|account| account.my_room == NO_ROOM)
            .map(|account| account.id)
            .collect();
        for account in without {
            let mut room = Room::new(self.state.counters.next_room(), Kind::My, now);
            room.join(account, Role::Member);
            if let Some(member) = room.members.get_mut(&account) {
                member.sticky = true;
            }
            self.place_room(room);
        }
    }

    /// Takes a room into the state, with everything that is kept to find it.
    pub(super) fn place_room(&mut self, room: Room) {
        let members: Vec<AccountId> = room.members.keys().copied().collect();
        for account in &members {
            self.state.rooms_of.entry(*account).or_default().insert(room.id);
        }
        match (room.kind, members.as_slice()) {
            (Kind::My, [owner]) => {
                if let Some(account) = self.state.accounts.get_mut(owner) {
                    account.my_room = room.id;
                }
            }
            (Kind::Direct, [one, other]) => {
                self.state.contacts.entry(*one).or_default().insert(*other, room.id);
                self.state.contacts.entry(*other).or_default().insert(*one, room.id);
            }
            _ => {}
        }
        self.state.rooms.insert(room.id, room);
    }

    pub(super) fn has_my_chat(&self, account: AccountId) -> bool {
        self.state.accounts.get(&account).is_some_and(|account| account.my_room != NO_ROOM)
    }

    pub(super) fn contacts(&mut self, world: &Object<'_>) {
        let now = self.now();
        let mut seen = BTreeSet::new();
        for node in world.list("contacts") {
            let ids = node.list();
            let [one, other] = ids.as_slice() else {
                if node.value().is_array() {
                    node.expected("a pair of account ids");
                }
                continue;
            };
            let pair = (self.account(Some(one.clone())), self.account(Some(other.clone())));
            let (Some(one), Some(other)) = pair else { continue };
            if one == other {
                node.fault("nobody is a contact of themselves: name two accounts");
            } else if !seen.insert((one.min(other), one.max(other))) {
                node.fault(format!("{one} and {other} are listed as contacts already"));
            } else if self.state.direct_room(one, other).is_none() {
                self.state.open_direct_room(one, other, now);
            }
        }
    }

    pub(super) fn requests(&mut self, world: &Object<'_>) {
        for node in world.list("requests") {
            let object = node.object();
            let id = object
                .optional("id")
                .map_or_else(|| Some(self.state.counters.next_request()), |node| number_id(&node).map(RequestId));
            let (from, to) = (self.account(object.required("from")), self.account(object.required("to")));
            let message = object.optional_text("message").unwrap_or_default();
            object.finish();
            let (Some(id), Some(from), Some(to)) = (id, from, to) else { continue };
            let request = ContactRequest { id, from, to, message };
            let known = &self.state.requests;
            if from == to {
                node.fault("nobody asks themselves: 'from' and 'to' must differ");
            } else if self.state.direct_room(from, to).is_some() {
                node.fault(format!("{from} and {to} are contacts already: remove the request, or the contact"));
            } else if known.contains_key(&id) {
                node.fault(format!("another request has the id {id} already"));
            } else if known.values().any(|known| (known.from, known.to) == (from, to)) {
                node.fault(format!("{from} asks {to} already"));
            } else {
                self.state.requests.insert(id, request);
            }
        }
    }
}
