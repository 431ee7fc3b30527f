//! Consent without a browser.

use std::sync::Arc;

use bytes::Bytes;
use contract::chatwork::oauth::AUTHORIZE_PATH;
use contract::reader::Node;
use contract::wire::Response;
use contract::wire::form::Form;
use http::StatusCode;
use http::request::Parts;
use serde_json::json;

use super::super::http::WORLD;
use super::super::{Shared, clock};
use super::input::{self, Words};
use crate::chatwork::Approval;
use crate::core::refusal::json as answer;
use crate::core::registry::Cell;
use crate::core::world::Surroundings;

/// `{"url", "account_id"?, "deny"?}` to `{"redirect_to"}`. Without `X-Mock-World` the client in the URL selects the world.
pub(super) fn approve(shared: &Shared, named: &Arc<Cell>, parts: &Parts, body: &Bytes) -> Result<Response, Words> {
    let approval = input::read(&input::json(body)?, load)?;
    let form = Form::decode(approval.query.as_bytes());
    let of_client = || {
        let client_id = form.value("client_id")?;
        shared.registry.index().by_token(client_id.as_bytes()).map(Arc::clone)
    };
    let cell = if parts.headers.contains_key(WORLD) { None } else { of_client() };
    let cell = cell.as_ref().unwrap_or(named);
    let around = Surroundings { wall: clock::wall(), base_url: &shared.base_url };
    let to = cell.lock().decide(&approval, around).map_err(|words| vec![words])?;
    Ok(answer(StatusCode::OK, &json!({"redirect_to": to})))
}

fn load(node: &Node<'_>) -> Approval {
    let object = node.object();
    let url = object.required("url");
    let query = url.as_ref().and_then(|url| {
        let text = url.text()?;
        let (address, query) = text.split('#').next()?.split_once('?').unzip();
        if !address.is_some_and(|address| address.ends_with(AUTHORIZE_PATH)) {
            url.fault(format!("expected an authorize URL: one whose path is {AUTHORIZE_PATH}, with a query"));
        }
        query
    });
    let account_id = object.optional_integer("account_id", 1, i64::MAX).map(i64::cast_unsigned);
    let deny = object.optional_flag("deny").unwrap_or(false);
    object.finish();
    Approval { query: query.unwrap_or_default().to_owned(), account_id, deny }
}
