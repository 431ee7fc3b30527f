//! From a whole profile description to a [`Profile`]; every fault is noted with its place.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;

use super::{
    AnswerRules, ErrorFormat, Ids, Keys, Limits, Profile, RegisterRules, SendRules, UnknownTypes, Verification,
    WebhookRules, Words,
};
use crate::chatday::chat_id::{ChatId, IdKind};
use crate::chatday::errors::{ErrorRule, ErrorRules, TABLE};
use crate::chatday::rate_limit::RateLimit;
use crate::chatday::schema::Schema;
use crate::chatday::template::Template;
use crate::reader::{Node, Object};
use crate::service::Service;

const DAY_MS: i64 = 86_400_000;
const MOST_HOSTS: usize = 8;
/// Headers of an answer that no other value may take over.
const TAKEN: [&str; 10] = [
    "content-type",
    "content-length",
    "transfer-encoding",
    "connection",
    "date",
    "host",
    "allow",
    "www-authenticate",
    "retry-after",
    "content-encoding",
];

/// Reads a whole description: defaults with the user's values laid over. `None` only after a fault.
pub(super) fn profile(node: &Node<'_>, stated: BTreeSet<String>) -> Option<Profile> {
    let root = node.object();
    let keys = root.required("keys").map(|node| keys(&node));
    let words = root.required("words").map(|node| words(&node));
    let ids = root.required("ids").and_then(|node| ids(&node));
    let hosts = root.required("hosts").map(|node| hosts(&node));
    let challenge = root.required("authorization").and_then(|node| {
        let object = node.object();
        let challenge = object.required("challenge").and_then(|node| visible(&node));
        object.finish();
        challenge
    });
    let register = root.required("register").and_then(|node| register(&node));
    let send = root.required("send").and_then(|node| send(&node));
    let limits = root.required("limits").map(|node| limits(&node));
    let kind = ids.map_or(IdKind::String, |ids| ids.chat_id);
    let webhook = root.required("webhook").and_then(|node| webhook(&node, kind, &stated));
    let errors = root.required("errors").and_then(|node| errors(&node));
    let message_types = root.required("message_types").map(|node| message_types(&node));
    root.finish();
    if let (Some(register), Some(send)) = (&register, &send)
        && register.path == send.path
        && register.method == send.method
    {
        let collision = format!("Register and Send Message are both {} {}", send.method, send.path);
        node.fault(format!("{collision}: give one of them another path or method"));
    }
    let (error_format, errors) = errors?;
    Some(Profile {
        keys: keys?,
        words: words?,
        ids: ids?,
        hosts: hosts?,
        challenge: challenge?,
        register: register?,
        send: send?,
        limits: limits?,
        webhook: webhook?,
        error_format,
        errors,
        message_types: message_types?,
        stated,
    })
}

fn keys(node: &Node<'_>) -> Keys {
    let object = node.object();
    let keys = Keys {
        message: name(&object, "message"),
        kind: name(&object, "type"),
        data: name(&object, "data"),
        chat_id: name(&object, "chat_id"),
        status: name(&object, "status"),
        errors: name(&object, "errors"),
        message_id: name(&object, "message_id"),
        signature_token: name(&object, "signature_token"),
    };
    let together = [
        ("chat_id", &keys.chat_id, "message", &keys.message),
        ("data", &keys.data, "type", &keys.kind),
        ("errors", &keys.errors, "status", &keys.status),
        ("message_id", &keys.message_id, "status", &keys.status),
        ("signature_token", &keys.signature_token, "status", &keys.status),
    ];
    for (at, spelling, other, same) in together {
        if spelling == same && !spelling.is_empty() {
            object.fault_at(at, format!("is spelt like '{other}', which stands in the same object"));
        }
    }
    object.finish();
    keys
}

fn words(node: &Node<'_>) -> Words {
    let object = node.object();
    let words = Words { success: name(&object, "success"), error: name(&object, "error") };
    if words.success == words.error && !words.error.is_empty() {
        object.fault_at("error", "is the word of success: nobody could tell them apart");
    }
    object.finish();
    words
}

fn ids(node: &Node<'_>) -> Option<Ids> {
    let object = node.object();
    let kind = |key| object.required(key).and_then(|node| node.one_of(IdKind::WORDS));
    let (chat_id, message_id) = (kind("chat_id"), kind("message_id"));
    object.finish();
    Some(Ids { chat_id: chat_id?, message_id: message_id? })
}

fn hosts(node: &Node<'_>) -> Vec<String> {
    let object = node.object();
    let names = object.list("api");
    if names.is_empty() || names.len() > MOST_HOSTS {
        object.fault_at("api", format!("expected 1 to {MOST_HOSTS} host names, found {}", names.len()));
    }
    let hosts = names.iter().filter_map(|node| {
        let name = node.text()?;
        if is_host_name(name) {
            return Some(name.to_owned());
        }
        node.expected("a host name in lower case such as api.chatday.example, without scheme, port or path");
        None
    });
    let hosts = hosts.collect();
    object.finish();
    hosts
}

/// Labels of letters, digits and hyphens (RFC 1123, 2.1), at least two, the last one no number: so no IP address.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.contains('.')
        && name.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn register(node: &Node<'_>) -> Option<RegisterRules> {
    let object = node.object();
    let method = method(&object, &["GET", "POST", "PUT", "PATCH"]);
    let path = path(&object);
    let status = status(&object, 200, 299);
    let flag = |key| object.required(key).and_then(|node| node.flag());
    let (token_in_body, token_in_header) = (flag("token_in_body"), flag("token_in_header"));
    if (token_in_body, token_in_header) == (Some(false), Some(false)) {
        object.fault_at("token_in_header", "neither body nor header carries the signature token: one of them must");
    }
    body_allowed(&object, status);
    let header = object.required("header").and_then(|node| header_name(&node));
    let rotation_grace_ms = object.integer("rotation_grace_ms", 0, 7 * DAY_MS);
    object.finish();
    let header = token_in_header?.then_some(header?);
    Some(RegisterRules {
        method: method?,
        path: path?,
        status: status?,
        token_in_body: token_in_body?,
        header,
        rotation_grace_ms,
    })
}

fn send(node: &Node<'_>) -> Option<SendRules> {
    let object = node.object();
    let method = method(&object, &["POST", "PUT", "PATCH"]);
    let path = path(&object);
    let status = status(&object, 200, 299);
    body_allowed(&object, status);
    let policies = [("refuse", UnknownTypes::Refuse), ("accept", UnknownTypes::Accept)];
    let unknown_types = object.required("unknown_types").and_then(|node| node.one_of(&policies));
    object.finish();
    Some(SendRules { method: method?, path: path?, status: status?, unknown_types: unknown_types? })
}

fn limits(node: &Node<'_>) -> Limits {
    let object = node.object();
    let body_bytes = usize::try_from(object.integer("body_bytes", 1, 1 << 20)).unwrap_or(1 << 20);
    let requests = u32::try_from(object.integer("requests", 0, 1_000_000)).unwrap_or_default();
    let window_ms = object.integer("window_ms", 1000, DAY_MS);
    object.finish();
    Limits { body_bytes, rate: (requests > 0).then_some(RateLimit { requests, window_ms }) }
}

fn webhook(node: &Node<'_>, kind: IdKind, stated: &BTreeSet<String>) -> Option<WebhookRules> {
    let object = node.object();
    let method = method(&object, &["POST", "PUT", "PATCH"]);
    let content_type = object.required("content_type").and_then(|node| {
        let value = visible(&node)?;
        let essence = value.to_str().ok()?.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !crate::wire::header::is_json(&essence) {
            node.expected("a JSON media type such as application/json");
        }
        Some(value)
    });
    let signature_header = object.required("signature_header").and_then(|node| header_name(&node));
    let timeout_ms = object.integer("timeout_ms", 1, 120_000).unsigned_abs();
    let delays = object.list("retry_delays_ms");
    if delays.len() > 20 {
        object.fault_at("retry_delays_ms", format!("expected at most 20 waits, found {}", delays.len()));
    }
    let retry_delays_ms = delays.iter().filter_map(|node| node.integer(0, DAY_MS)).map(i64::unsigned_abs).collect();
    let answer = object.required("answer").and_then(|node| answer(&node));
    let verification = object.required("verification").and_then(|node| verification(&node, kind, stated));
    object.finish();
    Some(WebhookRules {
        method: method?,
        content_type: content_type?,
        signature_header: signature_header?,
        timeout_ms,
        retry_delays_ms,
        answer: answer?,
        verification: verification?,
    })
}

fn answer(node: &Node<'_>) -> Option<AnswerRules> {
    let object = node.object();
    let status = status(&object, 200, 299);
    body_allowed(&object, status);
    let (key, word) = (name(&object, "key"), name(&object, "word"));
    let json_media_type = object.required("media_type").and_then(|node| node.one_of(&[("any", false), ("json", true)]));
    object.finish();
    Some(AnswerRules { status: status?, key, word, json_media_type: json_media_type? })
}

fn verification(node: &Node<'_>, kind: IdKind, stated: &BTreeSet<String>) -> Option<Option<Verification>> {
    let object = node.object();
    let enabled = object.required("enabled").and_then(|node| node.flag());
    let event_type = name(&object, "type");
    let data = object.optional("data").map_or(Value::Null, |node| node.value().clone());
    let chat_id = object.required("chat_id").and_then(|node| {
        if kind == IdKind::Integer && !stated.contains(node.pointer()) {
            return Some(Value::from(0));
        }
        ChatId::from_wire(kind, node.value()).map_err(|detail| node.fault(detail)).ok().map(|_| node.value().clone())
    });
    object.finish();
    let event = Verification { kind: event_type, data, chat_id: chat_id? };
    Some(enabled?.then_some(event))
}

fn errors(node: &Node<'_>) -> Option<(ErrorFormat, ErrorRules)> {
    let object = node.object();
    let forms = [("list", ErrorFormat::List), ("text", ErrorFormat::Text)];
    let format = object.required("format").and_then(|node| node.one_of(&forms));
    let mut rules = ErrorRules::new();
    for row in &TABLE {
        let Some(node) = object.required(row.key) else { continue };
        let object = node.object();
        let status = status(&object, 400, 599);
        let text = object
            .required("text")
            .and_then(|node| Template::parse(node.text()?, row.places).map_err(|detail| node.fault(detail)).ok());
        object.finish();
        if let (Some(status), Some(text)) = (status, text) {
            rules.insert(row.kind, ErrorRule { status, text });
        }
    }
    object.finish();
    Some((format?, rules))
}

fn message_types(node: &Node<'_>) -> BTreeMap<String, Schema> {
    let mut types = BTreeMap::new();
    for (name, node) in node.object().entries() {
        if *node.value() == Value::Bool(false) {
            continue;
        }
        if let Err(detail) = spelling(name) {
            node.fault(detail);
        }
        types.insert(name.to_owned(), Schema::read(&node));
    }
    types
}

/// A required text that serves as a key, a word or a type; empty after a fault.
fn name(object: &Object<'_>, key: &'static str) -> String {
    let Some(node) = object.required(key) else { return String::new() };
    let Some(text) = node.text() else { return String::new() };
    if let Err(detail) = spelling(text) {
        node.fault(detail);
    }
    text.to_owned()
}

fn spelling(text: &str) -> Result<(), String> {
    let length = text.chars().count();
    if length == 0 || length > 64 {
        return Err(format!("expected 1 to 64 characters, found {length}"));
    }
    if text.chars().any(char::is_control) {
        return Err("a control character has no place here".to_owned());
    }
    Ok(())
}

fn visible(node: &Node<'_>) -> Option<HeaderValue> {
    let text = node.text()?;
    let good = !text.trim().is_empty() && text.trim() == text && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if !good {
        node.expected("visible ASCII without blanks around it");
        return None;
    }
    HeaderValue::from_str(text).ok()
}

fn header_name(node: &Node<'_>) -> Option<HeaderName> {
    let name = HeaderName::from_bytes(node.text()?.as_bytes());
    match name {
        Ok(name) if TAKEN.contains(&name.as_str()) => {
            node.fault(format!("the header {name} has a meaning of its own: choose another name"));
            None
        }
        Ok(name) => Some(name),
        Err(_) => {
            node.expected("the name of a header: letters, digits and !#$%&'*+-.^_`|~");
            None
        }
    }
}

fn method(object: &Object<'_>, allowed: &[&str]) -> Option<Method> {
    let node = object.required("method")?;
    let words: Vec<(&str, &str)> = allowed.iter().map(|word| (*word, *word)).collect();
    node.one_of(&words).and_then(|word| Method::from_bytes(word.as_bytes()).ok())
}

fn path(object: &Object<'_>) -> Option<String> {
    let node = object.required("path")?;
    let text = node.text()?;
    let below = text.strip_prefix(Service::Chatday.mount()).and_then(|rest| rest.strip_prefix('/'));
    let Some(below) = below else {
        node.fault(format!("'{}' is not below /chatday/: the mock serves Chatday there", text.escape_debug()));
        return None;
    };
    // Unreserved characters, sub-delimiters, `:` and `@` of RFC 3986, without `%`: one path has one spelling.
    let segment = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte))
    };
    if text.len() > 512 || !below.split('/').all(segment) {
        node.expected(
            "a path such as /chatday/messages, of letters, digits and -._~!$&'()*+,;=:@ between single slashes",
        );
        return None;
    }
    Some(text.to_owned())
}

fn status(object: &Object<'_>, least: u16, most: u16) -> Option<StatusCode> {
    let number = object.required("status")?.integer(least.into(), most.into())?;
    u16::try_from(number).ok().and_then(|number| StatusCode::from_u16(number).ok())
}

/// A status that forbids a body cannot carry an answer.
fn body_allowed(object: &Object<'_>, status: Option<StatusCode>) {
    if let Some(status) = status.filter(|status| matches!(status.as_u16(), 204 | 205)) {
        object.fault_at("status", format!("an answer with {} has no body: choose another status", status.as_u16()));
    }
}
