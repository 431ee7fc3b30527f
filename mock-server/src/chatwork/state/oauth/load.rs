//! Reads the `oauth` part of a description. Every fault is noted with its place; none repeats a secret.

use std::collections::{BTreeMap, BTreeSet};

use contract::chatwork::oauth::token::GrantType;
use contract::chatwork::oauth::{ClientKind, Scope, Scopes, pkce, redirect};
use contract::reader::{Node, Object};

use super::{Access, Client, Code, Digest, OAuth, Permit, Refresh};
use crate::chatwork::state::account::Token;
use crate::chatwork::state::ids::{AccountId, NUMBER_MAX};
use crate::core::{Origin, moment};

impl OAuth {
    /// Reads the part. `account` reads the id of an account that the world has.
    pub fn load(node: &Node<'_>, origin: &Origin<'_>, account: impl Fn(Node<'_>) -> Option<AccountId>) -> Self {
        let object = node.object();
        let mut oauth = Self::default();
        for (index, node) in object.list("clients").into_iter().enumerate() {
            let Some(client) = client(&node, index, origin) else { continue };
            if oauth.client(&client.client_id).is_some() {
                node.fault("another client has this client_id already");
            } else {
                oauth.clients.push(client);
            }
        }
        if let Some(node) = object.optional("issued") {
            let issued = node.object();
            for node in issued.list("permits") {
                let next = oauth.permits.keys().next_back().map_or(1, |last| last + 1);
                let Some((number, permit)) = oauth.permit(&node, next, origin, &account) else { continue };
                oauth.place(number, permit);
            }
            oauth.counter = oauth.permits.keys().next_back().copied().unwrap_or(0);
            if let Some(node) = issued.optional("counter")
                && let Some(counter) = node.integer(0, NUMBER_MAX.cast_signed()).map(i64::cast_unsigned)
            {
                if counter < oauth.counter {
                    node.fault("the counter is below the number of a permit: leave the key out, or raise it");
                }
                oauth.counter = counter;
            }
            issued.finish();
        }
        object.finish();
        oauth
    }

    fn permit(
        &self,
        node: &Node<'_>,
        next: u64,
        origin: &Origin<'_>,
        account: impl Fn(Node<'_>) -> Option<AccountId>,
    ) -> Option<(u64, Permit)> {
        let object = node.object();
        let number = object.optional_integer("number", 1, NUMBER_MAX.cast_signed()).map(i64::cast_unsigned);
        let client_id = object.text("client_id");
        let client = self.client(&client_id);
        if !client_id.is_empty() && client.is_none() {
            object.fault_at("client_id", "no client has this id: add it to 'clients', or name another one");
        }
        let account = object.required("account").and_then(account);
        let scopes = object.required("scopes").map(|node| scopes(&node)).unwrap_or_default();
        if let Some(scope) = client.and_then(|client| client.scopes.lack_of(&scopes)) {
            object.fault_at("scopes", format!("the client is not registered for '{scope}'"));
        }
        let challenge = object.optional("code_challenge").and_then(|node| {
            let text = node.text()?;
            if !pkce::is_well_formed(text) {
                node.fault("a code_challenge is 43 to 128 of a-z, A-Z, 0-9, '-', '.', '_' and '~'");
            }
            Some(text.to_owned())
        });
        let code = code(&object, origin);
        let refresh = secret(object.optional("refresh_token")).map(|token| {
            let expires = object.optional("refresh_expires").and_then(|node| second(&node, origin));
            Refresh { token, expires }
        });
        let permit = Permit {
            client_id,
            account: account.unwrap_or(AccountId(0)),
            scopes,
            redirect_uri: object.optional_text("redirect_uri"),
            challenge,
            access: access(&object, origin),
            code,
            refresh,
        };
        object.finish();
        let number = number.unwrap_or(next);
        let doubled = self.permits.contains_key(&number)
            || permit.code.as_ref().is_some_and(|code| self.by_code.contains_key(&code.value))
            || permit.refresh.as_ref().is_some_and(|refresh| self.by_refresh.contains_key(&refresh.token))
            || permit.access.keys().any(|digest| self.by_access.contains_key(digest));
        if doubled {
            node.fault("another permit has this number, code or token already");
            return None;
        }
        Some((number, permit))
    }
}

fn client(node: &Node<'_>, index: usize, origin: &Origin<'_>) -> Option<Client> {
    let object = node.object();
    let kinds = ClientKind::ALL.map(|kind| (kind.name(), kind));
    let kind = object.optional("kind").map_or(Some(ClientKind::Confidential), |node| node.one_of(&kinds));
    let name = object.text("name");
    let made_up = |what: &str| origin.token(&format!("chatwork/oauth/client/{index}/{what}"));
    let client_id = object.optional("client_id").map_or_else(|| Some(made_up("id")), |node| client_id(&node));
    let secret = match (object.optional("client_secret"), kind) {
        (Some(node), Some(ClientKind::Public)) => {
            node.fault("a public client has no secret: leave the key out, or make it a confidential one");
            None
        }
        (Some(node), _) => secret(Some(node)),
        (None, Some(ClientKind::Confidential)) => Some(Token(made_up("secret"))),
        (None, _) => None,
    };
    let redirect_uris = redirect_uris(&object, kind);
    let scopes = registered_scopes(&object, kind);
    let grants = match object.optional("grants") {
        None => GrantType::ALL.to_vec(),
        Some(node) => {
            let words = GrantType::ALL.map(|grant| (grant.name(), grant));
            let grants: Vec<GrantType> = node.list().iter().filter_map(|node| node.one_of(&words)).collect();
            if node.value().as_array().is_some_and(Vec::is_empty) {
                node.fault("a client without a grant can do nothing: name one, or leave the key out");
            }
            grants
        }
    };
    object.finish();
    Some(Client { client_id: client_id?, secret, name, kind: kind?, redirect_uris, scopes, grants })
}

fn client_id(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    if !fits {
        node.fault("a client_id is 1 to 255 visible ASCII characters without a colon");
    }
    fits.then(|| text.to_owned())
}

fn redirect_uris(object: &Object<'_>, kind: Option<ClientKind>) -> Vec<String> {
    let Some(list) = object.required("redirect_uris") else { return Vec::new() };
    let mut uris = Vec::new();
    for node in list.list() {
        let Some(uri) = node.text() else { continue };
        if let Some(objection) = redirect::objection(uri, kind.unwrap_or(ClientKind::Public)) {
            node.fault(objection);
        } else if uris.iter().any(|known| known == uri) {
            node.fault("this redirect URI is listed already");
        }
        uris.push(uri.to_owned());
    }
    if list.value().as_array().is_some_and(|items| !(1..=MOST_URIS).contains(&items.len())) {
        list.expected(&format!("1 to {MOST_URIS} redirect URIs"));
    }
    uris
}

/// The scopes of a client; without the key all that its kind may have.
fn registered_scopes(object: &Object<'_>, kind: Option<ClientKind>) -> Scopes {
    let lasting = |scope: &Scope| *scope != Scope::OfflineAccess || kind != Some(ClientKind::Public);
    let Some(node) = object.optional("scopes") else {
        return Scope::ALL.iter().copied().filter(lasting).collect();
    };
    let scopes = scopes(&node);
    if !scopes.iter().all(|scope| lasting(&scope)) {
        node.fault("offline_access is for confidential clients alone: take it out, or change 'kind'");
    }
    scopes
}

fn scopes(node: &Node<'_>) -> Scopes {
    let words: Vec<(&str, Scope)> = Scope::ALL.iter().map(|scope| (scope.name(), *scope)).collect();
    if node.value().as_array().is_some_and(Vec::is_empty) {
        node.fault("at least one scope is needed");
    }
    node.list().iter().filter_map(|node| node.one_of(&words)).collect()
}

fn code(object: &Object<'_>, origin: &Origin<'_>) -> Option<Code> {
    let value = object.optional("code");
    let expires = object.optional("code_expires").and_then(|node| second(&node, origin));
    let used = object.optional_flag("code_used").unwrap_or(false);
    if let Some(node) = &value
        && expires.is_none()
    {
        node.fault("a code has an end: give 'code_expires' as a time");
    }
    Some(Code { value: secret(value)?, expires: expires?, used })
}

fn access(object: &Object<'_>, origin: &Origin<'_>) -> BTreeMap<Digest, Access> {
    let (mut tokens, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for node in object.list("access_tokens") {
        let token = node.object();
        let digest = token.required("digest").and_then(|node| {
            let digest = node.text().and_then(Digest::from_hex);
            if digest.is_none() {
                node.fault("expected the SHA-256 of the token: 64 hex digits");
            }
            digest
        });
        let scopes = token.required("scopes").map(|node| scopes(&node)).unwrap_or_default();
        let expires = token.required("expires").and_then(|node| second(&node, origin));
        token.finish();
        let (Some(digest), Some(expires)) = (digest, expires) else { continue };
        if !seen.insert(digest) {
            node.fault("this digest is listed already");
        }
        tokens.insert(digest, Access { scopes, expires });
    }
    tokens
}

/// A secret, long enough to be looked for in what the journal keeps. No fault repeats it.
fn secret(node: Option<Node<'_>>) -> Option<Token> {
    let node = node?;
    let text = node.value().as_str();
    let text = text.filter(|text| (8..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()));
    if text.is_none() {
        node.fault("a secret is a text of 8 to 255 visible ASCII characters");
    }
    text.map(|text| Token(text.to_owned()))
}

/// A number is taken as it is: an export must come back, also from a clock at the end of time.
fn second(node: &Node<'_>, origin: &Origin<'_>) -> Option<i64> {
    node.value().as_i64().or_else(|| moment::read(node, origin.now).map(|moment| moment.seconds()))
}

const MOST_URIS: usize = 5;
