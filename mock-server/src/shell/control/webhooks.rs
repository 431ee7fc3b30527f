//! What happens on the admin screens and in other people's hands: webhook settings, messages of other members, visitors.

use std::sync::Arc;

use bytes::Bytes;
use contract::chatwork::limits::BODY_MAX;
use contract::chatwork::webhook::EventKind;
use contract::reader::{Node, Object};
use contract::wire::Response;
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::super::{Shared, clock};
use super::deliveries::{masked, tried};
use super::input::{self, Words};
use super::route::Unrouted;
use crate::chatday::Refused;
use crate::chatwork::state::{AccountId, MessageId, NewWebhook, RoomId, WebhookChange, WebhookId, WebhookRefused};
use crate::control::VisitorMessage;
use crate::core::refusal::{errors, json as answer};
use crate::core::registry::Cell;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WebhookRoute {
    List,
    Create,
    RemoveAll,
    Show(String),
    Change(String),
    Remove(String),
    MemberWrites,
    MemberEdits(String),
    ChatdayUrl,
    SetChatdayUrl,
    VisitorWrites,
    Rotate,
}

impl WebhookRoute {
    /// The call at a path below the mount.
    pub(super) fn of(method: &Method, segments: &[&str]) -> Result<Self, Unrouted> {
        let word = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (allow, found) = match segments {
            ["chatwork", "webhooks"] => (
                "GET, HEAD, POST, DELETE",
                match *method {
                    Method::GET => Some(Self::List),
                    Method::POST => Some(Self::Create),
                    Method::DELETE => Some(Self::RemoveAll),
                    _ => None,
                },
            ),
            ["chatwork", "webhooks", id] => (
                "GET, HEAD, PATCH, DELETE",
                match *method {
                    Method::GET => Some(Self::Show(word(id))),
                    Method::PATCH => Some(Self::Change(word(id))),
                    Method::DELETE => Some(Self::Remove(word(id))),
                    _ => None,
                },
            ),
            ["chatwork", "messages"] => ("POST", (*method == Method::POST).then_some(Self::MemberWrites)),
            ["chatwork", "messages", id] => ("PUT", (*method == Method::PUT).then(|| Self::MemberEdits(word(id)))),
            ["chatday", "webhook"] => (
                "GET, HEAD, PUT",
                match *method {
                    Method::GET => Some(Self::ChatdayUrl),
                    Method::PUT => Some(Self::SetChatdayUrl),
                    _ => None,
                },
            ),
            ["chatday", "messages"] => ("POST", (*method == Method::POST).then_some(Self::VisitorWrites)),
            ["chatday", "rotate"] => ("POST", (*method == Method::POST).then_some(Self::Rotate)),
            _ => return Err(Unrouted::Unknown),
        };
        found.ok_or(Unrouted::WrongMethod(allow))
    }
}

/// Carries a call out. An error is a list of faults of what the caller sent.
pub(super) async fn call(
    shared: &Shared,
    cell: &Arc<Cell>,
    route: &WebhookRoute,
    body: &Bytes,
) -> Result<Response, Words> {
    let ok = StatusCode::OK;
    Ok(match route {
        WebhookRoute::List => answer(ok, &json!({"webhooks": cell.lock().webhooks()})),
        WebhookRoute::Create => create(shared, cell, body).await?,
        WebhookRoute::RemoveAll => {
            cell.lock().remove_webhooks();
            no_content()
        }
        WebhookRoute::Show(id) => match setting(id).and_then(|id| cell.lock().webhook(id)) {
            Some(webhook) => answer(ok, &webhook),
            None => unknown(id),
        },
        WebhookRoute::Change(id) => change(shared, cell, id, body).await?,
        WebhookRoute::Remove(id) => match setting(id).filter(|id| cell.lock().remove_webhook(*id)) {
            Some(_) => no_content(),
            None => unknown(id),
        },
        WebhookRoute::MemberWrites => member_writes(cell, body)?,
        WebhookRoute::MemberEdits(id) => member_edits(cell, id, body)?,
        WebhookRoute::ChatdayUrl => answer(ok, &json!({"webhooks": cell.lock().chatday_webhooks()})),
        WebhookRoute::SetChatdayUrl => set_chatday_url(shared, cell, body).await?,
        WebhookRoute::VisitorWrites => visitor_writes(shared, cell, body).await?,
        WebhookRoute::Rotate => rotate(shared, cell, body)?,
    })
}

async fn create(shared: &Shared, cell: &Arc<Cell>, body: &Bytes) -> Result<Response, Words> {
    let first = cell.lock().first_account();
    let (url, kinds, room, account) = input::read(&input::json(body)?, |node| {
        let object = node.object();
        let url = object.text("url");
        let kinds = object.required("events").map(|node| events(&node)).unwrap_or_default();
        let room = id(object.optional("room_id").filter(|node| !node.value().is_null())).map(RoomId);
        let account = id(object.optional("account_id").filter(|node| !node.value().is_null())).map(AccountId);
        object.finish();
        (url, kinds, room, account)
    })?;
    shared.targets.find(&url).await.map_err(|words| vec![format!("/url: {words}")])?;
    let account = account.or(first).unwrap_or(AccountId(0));
    let new = NewWebhook { account, room, events: &kinds, url: &url };
    let made = cell.lock().add_webhook(&new).map_err(|refused| at_its_key(&refused))?;
    shared.registry.rekey(cell);
    Ok(answer(StatusCode::CREATED, &made))
}

async fn change(shared: &Shared, cell: &Arc<Cell>, id: &str, body: &Bytes) -> Result<Response, Words> {
    let (url, kinds, valid) = input::read(&input::json(body)?, |node| {
        let object = node.object();
        let url = object.optional_text("url");
        let kinds = object.optional("events").map(|node| events(&node));
        let valid = object.optional("status").and_then(|node| node.one_of(&[("valid", true), ("invalid", false)]));
        object.finish();
        (url, kinds, valid)
    })?;
    if let Some(url) = &url {
        shared.targets.find(url).await.map_err(|words| vec![format!("/url: {words}")])?;
    }
    let Some(setting) = setting(id) else { return Ok(unknown(id)) };
    let change = WebhookChange { url: url.as_deref(), events: kinds.as_deref(), valid };
    let changed = cell.lock().change_webhook(setting, &change).map_err(|refused| at_its_key(&refused))?;
    Ok(changed.map_or_else(|| unknown(id), |webhook| answer(StatusCode::OK, &webhook)))
}

fn member_writes(cell: &Arc<Cell>, body: &Bytes) -> Result<Response, Words> {
    let (what, id) = input::read(&input::json(body)?, |node| {
        let object = node.object();
        let what = What::read(&object);
        let id = object.optional("message_id").filter(|node| !node.value().is_null());
        let id = id.and_then(|node| {
            let id = node.text().and_then(MessageId::from_digits);
            if id.is_none() && node.value().is_string() {
                node.expected(MESSAGE_ID);
            }
            id
        });
        object.finish();
        (what, id)
    })?;
    let Some(What { room, account, text }) = what else { return Err(Words::new()) };
    let written = cell.lock().member_writes(account, room, id, &text, clock::wall());
    let id = written.map_err(|words| vec![format!("/{words}")])?;
    Ok(answer(StatusCode::OK, &json!({"message_id": id})))
}

fn member_edits(cell: &Arc<Cell>, id: &str, body: &Bytes) -> Result<Response, Words> {
    let what = input::read(&input::json(body)?, |node| {
        let object = node.object();
        let what = What::read(&object);
        object.finish();
        what
    })?;
    let Some(What { room, account, text }) = what else { return Err(Words::new()) };
    let unknown = || errors(StatusCode::NOT_FOUND, &[format!("the room {room} has no message '{id}', or no more")]);
    let Some(message) = MessageId::from_digits(id) else { return Ok(unknown()) };
    let edited = cell.lock().member_edits(account, room, message, &text, clock::wall());
    let is_there = edited.map_err(|words| vec![format!("/{words}")])?;
    Ok(if is_there { answer(StatusCode::OK, &json!({"message_id": message})) } else { unknown() })
}

/// What another member writes, and where.
struct What {
    room: RoomId,
    account: AccountId,
    text: String,
}

impl What {
    fn read(object: &Object<'_>) -> Option<Self> {
        let room = id(object.required("room_id")).map(RoomId);
        let account = id(object.required("account_id")).map(AccountId);
        let text = object.text("body");
        let length = text.chars().count();
        if object.optional("body").is_some_and(|node| node.value().is_string()) && !(1..=BODY_MAX).contains(&length) {
            object.fault_at("body", format!("expected 1 to {BODY_MAX} characters, found {length}"));
        }
        Some(Self { room: room?, account: account?, text })
    }
}

async fn set_chatday_url(shared: &Shared, cell: &Arc<Cell>, body: &Bytes) -> Result<Response, Words> {
    let first = cell.lock().first_application();
    let (url, application) = input::read(&input::json(body)?, |node| {
        let object = node.object();
        let url = object.required("url").filter(|node| !node.value().is_null());
        let url = url.and_then(|node| node.text().map(str::to_owned));
        let application = object.optional_text("application");
        object.finish();
        (url, application)
    })?;
    let application = application.or(first).unwrap_or_default();
    // Before the URL is looked at: an application that has not registered cannot set one, however good it is.
    if let Err(refused) = cell.lock().may_set_chatday_webhook(&application) {
        return Ok(refused_with(&refused));
    }
    if let Some(url) = &url {
        shared.targets.find(url).await.map_err(|words| vec![format!("/url: {words}")])?;
    }
    let set = cell.lock().set_chatday_webhook(&application, url.as_deref(), clock::wall());
    let verification = match set {
        Ok(verification) => verification,
        Err(refused) => return Ok(refused_with(&refused)),
    };
    let delivery = tried(shared, cell, verification).await;
    Ok(masked(shared, StatusCode::OK, &json!({"application": application, "url": url, "verification": delivery})))
}

async fn visitor_writes(shared: &Shared, cell: &Arc<Cell>, body: &Bytes) -> Result<Response, Words> {
    let (chat_id, message, wait) = input::read(&input::json(body)?, |node| {
        let object = node.object();
        let raw = |node: Option<Node<'_>>| node.map(|node| node.value().clone()).unwrap_or_default();
        let (chat_id, message) = (raw(object.required("chat_id")), raw(object.required("message")));
        let wait = wait(&object);
        object.finish();
        (chat_id, message, wait)
    })?;
    let written = cell.lock().visitor_writes(&chat_id, &message, clock::wall());
    let (message_id, delivery) = match written {
        Ok(written) => written,
        Err(refused) => return Ok(refused_with(&refused)),
    };
    let delivery = if wait {
        tried(shared, cell, delivery).await
    } else {
        delivery.and_then(|id| cell.lock().outbox().get(id).map(|delivery| delivery.record()))
    };
    Ok(masked(shared, StatusCode::OK, &VisitorMessage { message_id, delivery }))
}

fn rotate(shared: &Shared, cell: &Arc<Cell>, body: &Bytes) -> Result<Response, Words> {
    let value = if body.trim_ascii().is_empty() { json!({}) } else { input::json(body)? };
    let first = cell.lock().first_application();
    let (application, grace) = input::read(&value, |node| {
        let object = node.object();
        let read = (object.optional_text("application"), object.optional_integer("grace_ms", 0, i64::MAX));
        object.finish();
        read
    })?;
    let application = application.or(first).unwrap_or_default();
    let rotated = cell.lock().rotate_signature(&application, grace, clock::wall());
    let accepted = match rotated {
        Ok(accepted) => accepted,
        Err(refused) => return Ok(refused_with(&refused)),
    };
    shared.registry.rekey(cell);
    let current = accepted.first();
    Ok(answer(
        StatusCode::OK,
        &json!({"application": application, "signature_token": current, "accepted_signature_tokens": accepted}),
    ))
}

/// Whether the caller wants to wait for the first attempt; yes unless said.
pub(super) fn wait(object: &Object<'_>) -> bool {
    object.optional_flag("wait").unwrap_or(true)
}

fn events(node: &Node<'_>) -> Vec<EventKind> {
    let words = EventKind::ALL.map(|kind| (kind.word(), kind));
    node.list().iter().filter_map(|node| node.one_of(&words)).collect()
}

fn id(node: Option<Node<'_>>) -> Option<u64> {
    node?.integer(1, MOST_ID).map(i64::cast_unsigned)
}

fn setting(id: &str) -> Option<WebhookId> {
    id.parse().ok().map(WebhookId)
}

/// A sentence that begins with its key, as the others that name a place.
fn at_its_key(refused: &WebhookRefused) -> Words {
    vec![format!("/{refused}")]
}

fn refused_with(refused: &Refused) -> Response {
    errors(StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST), &refused.sentences())
}

fn unknown(id: &str) -> Response {
    errors(StatusCode::NOT_FOUND, &[format!("this world has no Chatwork webhook '{id}'")])
}

pub(super) fn no_content() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

const MESSAGE_ID: &str = "a text of digits such as \"1999000111250307113\"";
const MOST_ID: i64 = crate::chatwork::state::ids::NUMBER_MAX.cast_signed();
