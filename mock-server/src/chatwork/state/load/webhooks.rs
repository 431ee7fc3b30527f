//! Webhook settings.

use contract::chatwork::signature::WebhookKey;
use contract::chatwork::webhook::{EventKind, SETTINGS_MAX};
use contract::reader::{Node, Object};

use super::super::account::Token;
use super::super::ids::{AccountId, WebhookId};
use super::super::webhooks::{Reports, Webhook, check_url, made_token};
use super::Loader;
use super::read::{named, number_id, words};

impl Loader<'_, '_> {
    pub(super) fn webhooks(&mut self, world: &Object<'_>) {
        for node in world.list("webhooks") {
            let object = node.object();
            let webhook = self.one_webhook(&node, &object);
            object.finish();
            let Some(webhook) = webhook else { continue };
            let (id, account) = (webhook.id, webhook.account);
            if self.state.webhooks_of(account) >= SETTINGS_MAX {
                node.fault(format!("the account {account} has {SETTINGS_MAX} webhooks already, which is the most"));
            }
            if self.state.webhooks.insert(id, webhook).is_some() {
                node.fault(format!("another webhook has the id {id} already"));
            }
        }
    }

    fn one_webhook(&mut self, node: &Node<'_>, object: &Object<'_>) -> Option<Webhook> {
        let given = object.optional("id");
        let is_given = given.is_some();
        let id = given.and_then(|node| number_id(&node)).map(WebhookId);
        let account = self.account(object.required("account"));
        let room = object.optional("room").filter(|room| !room.value().is_null());
        let wants_room = room.is_some();
        let room = room.and_then(|room| self.known_room(&room));
        let events = events(&object.required("events")?);
        let url = object.text("url");
        if let Err(words) = check_url(&url)
            && object.optional("url").is_some_and(|node| node.value().is_string())
        {
            object.fault_at("url", words);
        }
        let token = object.optional("token").and_then(|node| key(&node));
        let valid = named(object, "status", &words([true, false], status)).unwrap_or(true);
        let count = |key| object.optional_integer(key, 0, i64::MAX).map_or(0, i64::cast_unsigned);
        let (in_a_row, delivered, failed) = (count("failures_in_a_row"), count("delivered"), count("failed"));
        let reports = match Reports::of(&events, room) {
            Ok(reports) => reports,
            // The fault of the room itself is noted already.
            Err(_) if wants_room && room.is_none() => return None,
            Err(refused) => {
                node.fault(refused.to_string());
                return None;
            }
        };
        let account: AccountId = account?;
        let id = if is_given { id? } else { self.state.counters.next_webhook() };
        let token = token.unwrap_or_else(|| made_token(self.origin.seed, self.origin.world_id, id));
        let failures_in_a_row = u32::try_from(in_a_row).unwrap_or(u32::MAX);
        Some(Webhook { id, account, reports, url, token, valid, failures_in_a_row, delivered, failed })
    }
}

fn events(node: &Node<'_>) -> Vec<EventKind> {
    let known = words(EventKind::ALL, EventKind::word);
    node.list().iter().filter_map(|node| node.one_of(&known)).collect()
}

fn key(node: &Node<'_>) -> Option<Token> {
    let text = node.text()?;
    match WebhookKey::from_token(text) {
        Ok(_) => Some(Token(text.trim().to_owned())),
        Err(_) => {
            // Not quoted: it may be a real one with a slip in it.
            node.fault("expected Base64, as the service shows a webhook's token");
            None
        }
    }
}

const fn status(valid: bool) -> &'static str {
    if valid { "valid" } else { "invalid" }
}
