//! What was sent, and what is to be sent otherwise.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::reader::Node;
use contract::service::Service;
use contract::wire::Response;
use contract::wire::form::Form;
use contract::wire::json::to_ascii;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::super::{Shared, clock};
use super::input::{self, Words};
use super::route::Unrouted;
use super::waiting::{quiet, until};
use super::webhooks::{no_content, wait};
use crate::control::{
    DEFAULT_WITHIN_MS, DeliveryLog, DeliveryModeRule, DeliveryRecord, MOST_WITHIN_MS, ModeReport, Settlement,
};
use crate::core::modes::MOST_RULES;
use crate::core::outbox::{Delivery, Verdict};
use crate::core::refusal::{errors, json as answer};
use crate::core::registry::Cell;
use crate::core::world::Replay;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DeliveryRoute {
    List,
    Clear,
    Settle,
    Show(String),
    Replay(String),
    Modes,
    AddMode,
    ClearModes,
}

impl DeliveryRoute {
    /// The call at a path below `/deliveries`.
    pub(super) fn of(method: &Method, segments: &[&str]) -> Result<Self, Unrouted> {
        let (allow, found) = match segments {
            [] => (
                "GET, HEAD, DELETE",
                match *method {
                    Method::GET => Some(Self::List),
                    Method::DELETE => Some(Self::Clear),
                    _ => None,
                },
            ),
            ["modes"] => (
                "GET, HEAD, POST, DELETE",
                match *method {
                    Method::GET => Some(Self::Modes),
                    Method::POST => Some(Self::AddMode),
                    Method::DELETE => Some(Self::ClearModes),
                    _ => None,
                },
            ),
            [id, "replay"] => ("POST", (*method == Method::POST).then(|| Self::Replay((*id).to_owned()))),
            ["settle"] => ("POST", (*method == Method::POST).then_some(Self::Settle)),
            [id] => ("GET, HEAD", (*method == Method::GET).then(|| Self::Show((*id).to_owned()))),
            _ => return Err(Unrouted::Unknown),
        };
        found.ok_or(Unrouted::WrongMethod(allow))
    }
}

/// Carries a call out. An error is a list of faults of what the caller sent.
pub(super) async fn call(
    shared: &Shared,
    cell: &Arc<Cell>,
    route: &DeliveryRoute,
    parts: &Parts,
    body: &Bytes,
) -> Result<Response, Words> {
    Ok(match route {
        DeliveryRoute::List => {
            masked(shared, StatusCode::OK, &list(cell, &Query::read(parts.uri.query().unwrap_or_default())?))
        }
        DeliveryRoute::Clear => {
            cell.lock().clear_deliveries();
            no_content()
        }
        DeliveryRoute::Settle => settle(shared, cell, body).await?,
        DeliveryRoute::Show(id) => {
            let found = id.parse().ok().and_then(|id| cell.lock().outbox().get(id).map(Delivery::record));
            match found {
                Some(record) => masked(shared, StatusCode::OK, &record),
                None => unknown(id),
            }
        }
        DeliveryRoute::Replay(id) => replay(shared, cell, id, body).await?,
        DeliveryRoute::Modes => {
            let modes: Vec<Value> = cell.lock().delivery_modes().iter().map(ModeReport::to_value).collect();
            answer(StatusCode::OK, &json!({"modes": modes}))
        }
        DeliveryRoute::AddMode => {
            let rule = input::read(&input::json(body)?, DeliveryModeRule::load)?;
            let added = rule.and_then(|rule| cell.lock().add_delivery_mode(rule));
            let report = added.ok_or_else(|| {
                vec![format!("there are {MOST_RULES} rules already: DELETE /_mock/deliveries/modes takes them away")]
            })?;
            answer(StatusCode::CREATED, &report.to_value())
        }
        DeliveryRoute::ClearModes => {
            cell.lock().clear_delivery_modes(clock::wall());
            no_content()
        }
    })
}

/// Waits until a delivery was tried once, as long as nothing but its receiver keeps it from that: one that is held, or due
/// at a later moment, is told as it stands. Each attempt is bounded, and so is the wait.
pub(super) async fn tried(shared: &Shared, cell: &Arc<Cell>, id: Option<u64>) -> Option<DeliveryRecord> {
    let id = id?;
    shared.ring(cell);
    let first_try = until(cell, |world| (!world.is_about_to_try(id, clock::wall())).then_some(()));
    let _ = timeout(Duration::from_millis(MOST_WITHIN_MS), async {
        tokio::select! {
            () = first_try => {}
            () = shared.stop.heard() => {}
        }
    })
    .await;
    cell.lock().outbox().get(id).map(Delivery::record)
}

/// An answer in which no secret of any world stands.
pub(super) fn masked<T: Serialize>(shared: &Shared, status: StatusCode, body: &T) -> Response {
    answer(status, body).map(|text| {
        let mut masked = Vec::with_capacity(text.len());
        shared.registry.index().secrets().mask_into(&mut masked, &text);
        masked.into()
    })
}

async fn settle(shared: &Shared, cell: &Arc<Cell>, body: &Bytes) -> Result<Response, Words> {
    let value = if body.trim_ascii().is_empty() { json!({}) } else { input::json(body)? };
    let within_ms = input::read(&value, |node| {
        let object = node.object();
        let most = i64::try_from(MOST_WITHIN_MS).unwrap_or(i64::MAX);
        let within = object.optional_integer("within_ms", 0, most).map(i64::cast_unsigned);
        object.finish();
        within.unwrap_or(DEFAULT_WITHIN_MS)
    })?;
    shared.ring(cell);
    let settled = timeout(Duration::from_millis(within_ms), async {
        tokio::select! {
            () = quiet(cell) => true,
            () = shared.stop.heard() => false,
        }
    });
    let settled = settled.await.unwrap_or(false);
    let mut world = cell.lock();
    let outbox = world.outbox();
    let (in_flight, waiting) = (outbox.in_flight(), outbox.after(0).filter(|delivery| delivery.is_waiting()).count());
    let next_due_in_ms = world.next_due(clock::wall());
    Ok(answer(StatusCode::OK, &Settlement { settled, in_flight, waiting, next_due_in_ms }))
}

async fn replay(shared: &Shared, cell: &Arc<Cell>, id: &str, body: &Bytes) -> Result<Response, Words> {
    let value = if body.trim_ascii().is_empty() { json!({}) } else { input::json(body)? };
    let (edit, waits) = input::read(&value, |node| {
        let object = node.object();
        let headers = object.optional("headers").map(|node| headers(&node)).unwrap_or_default();
        let body = object.optional("body").map(|node| match node.value() {
            Value::String(text) => Bytes::from(text.clone()),
            other => Bytes::from(to_ascii(other)),
        });
        let edit = Replay {
            headers,
            body,
            url: object.optional_text("url"),
            sign: object.optional_flag("sign").unwrap_or(false),
        };
        let waits = wait(&object);
        object.finish();
        (edit, waits)
    })?;
    if let Some(url) = &edit.url {
        shared.targets.find(url).await.map_err(|words| vec![format!("/url: {words}")])?;
    }
    let Ok(original) = id.parse() else { return Ok(unknown(id)) };
    let made = cell.lock().replay(original, edit, clock::wall()).map_err(|words| vec![format!("/{words}")])?;
    let Some(made) = made else { return Ok(unknown(id)) };
    let record = if waits {
        tried(shared, cell, Some(made)).await
    } else {
        cell.lock().outbox().get(made).map(Delivery::record)
    };
    Ok(masked(shared, StatusCode::CREATED, &record))
}

fn headers(node: &Node<'_>) -> Vec<(HeaderName, Option<HeaderValue>)> {
    let mut found = Vec::new();
    for (name, node) in node.object().entries() {
        let Ok(header) = HeaderName::try_from(name) else {
            node.fault(format!("'{name}' is no name of a header"));
            continue;
        };
        if [HOST, CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING].contains(&header) {
            node.fault(format!("the header '{header}' is the sender's own: it follows from the URL and the body"));
            continue;
        }
        let value = match node.value() {
            Value::Null => None,
            _ => match node.text() {
                Some(text) if text.is_ascii() && HeaderValue::from_str(text).is_ok() => {
                    HeaderValue::from_str(text).ok()
                }
                Some(_) => {
                    node.fault("a header holds visible ASCII characters and blanks only");
                    continue;
                }
                None => continue,
            },
        };
        found.push((header, value));
    }
    found
}

/// Which deliveries are meant.
#[derive(Debug)]
struct Query {
    service: Option<Service>,
    verdict: Option<Verdict>,
    status: Option<u16>,
    event: Option<String>,
    setting: Option<String>,
    after: u64,
    limit: usize,
}

impl Query {
    /// A key with an empty value counts as absent.
    fn read(text: &str) -> Result<Self, Words> {
        let form = Form::decode(text.as_bytes());
        let mut faults = Words::new();
        let mut query = Self {
            service: None,
            verdict: None,
            status: None,
            event: None,
            setting: None,
            after: 0,
            limit: DEFAULT_LIMIT,
        };
        for (key, value) in form.pairs().filter(|(_, value)| !value.is_empty()) {
            let mut number = |least: u64, most: u64| {
                let number = value.parse().ok().filter(|number| (least..=most).contains(number));
                if number.is_none() {
                    faults.push(format!(
                        "the query parameter '{key}' must be an integer from {least} to {most}, not '{value}'"
                    ));
                }
                number
            };
            match key {
                "after" => query.after = number(0, i64::MAX as u64).unwrap_or_default(),
                "limit" => query.limit = number(1, MOST_LIMIT).unwrap_or_default() as usize,
                "status" => query.status = number(100, 999).and_then(|status| u16::try_from(status).ok()),
                "event" => query.event = Some(value.to_owned()),
                "setting" => query.setting = Some(value.to_owned()),
                "service" => match value.parse::<Service>() {
                    Ok(service) => query.service = Some(service),
                    Err(words) => faults.push(words),
                },
                "verdict" => match Verdict::ALL.into_iter().find(|verdict| verdict.word() == value) {
                    Some(verdict) => query.verdict = Some(verdict),
                    None => faults.push(format!(
                        "unknown verdict '{value}': expected one of {}",
                        Verdict::ALL.map(Verdict::word).join(", ")
                    )),
                },
                _ => faults.push(format!(
                    "unknown query parameter '{key}': expected one of service, event, setting, verdict, status, after, \
                     limit"
                )),
            }
        }
        if faults.is_empty() { Ok(query) } else { Err(faults) }
    }

    fn allows(&self, delivery: &Delivery) -> bool {
        let status = || delivery.attempts.iter().rev().find_map(|attempt| Some(attempt.answer.as_ref()?.status));
        self.service.is_none_or(|service| service == delivery.parcel.service)
            && self.verdict.is_none_or(|verdict| verdict == delivery.verdict)
            && self.event.as_deref().is_none_or(|event| event == delivery.parcel.event)
            && self.setting.as_deref().is_none_or(|setting| setting == delivery.parcel.setting)
            && self.status.is_none_or(|wanted| status() == Some(wanted))
    }
}

/// The deliveries that were asked for. The world is let go every so often, for requests that want to be served.
fn list(cell: &Cell, query: &Query) -> DeliveryLog {
    let (mut deliveries, mut after) = (Vec::new(), query.after);
    loop {
        let world = cell.lock();
        let outbox = world.outbox();
        let mut seen = 0;
        for delivery in outbox.after(after).take(AT_ONCE) {
            (seen, after) = (seen + 1, delivery.id);
            if query.allows(delivery) {
                deliveries.push(delivery.record());
            }
            if deliveries.len() == query.limit {
                break;
            }
        }
        if seen < AT_ONCE || deliveries.len() == query.limit {
            return DeliveryLog { deliveries, dropped: outbox.forgotten() };
        }
    }
}

fn unknown(id: &str) -> Response {
    errors(StatusCode::NOT_FOUND, &[format!("this world has no delivery '{id}', or has forgotten it")])
}

const AT_ONCE: usize = 256;
const DEFAULT_LIMIT: usize = 10_000;
const MOST_LIMIT: u64 = 1_000_000;
