//! The Chatwork side of a world (temporary).

use std::collections::BTreeMap;

use bytes::Bytes;
use contract::reader::Node;
use contract::wire::form::Form;
use contract::wire::header::CHATWORK_TOKEN;
use contract::wire::{Request, Response};
use http::Method;
use serde_json::{Value, json};

use crate::core::{Origin, Turn};

/// Enough of Chatwork to try the shell.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    token: String,
    account_id: i64,
    room_id: i64,
    limit: i64,
    used: i64,
    messages: BTreeMap<i64, String>,
}

impl State {
    pub fn load(node: &Node<'_>, origin: &Origin<'_>) -> Self {
        let object = node.object();
        let mut messages = BTreeMap::new();
        for (at, item) in (1..).zip(object.list("messages")) {
            messages.insert(at, item.text().unwrap_or_default().to_owned());
        }
        let state = Self {
            token: object.optional_text("token").unwrap_or_else(|| origin.token("chatwork/1")),
            account_id: object.optional_integer("account_id", 1, i64::MAX).unwrap_or(1),
            room_id: object.optional_integer("room_id", 1, i64::MAX).unwrap_or(1),
            limit: object.optional_integer("limit", 0, i64::MAX).unwrap_or(300),
            used: object.optional_integer("used", 0, i64::MAX).unwrap_or(0),
            messages,
        };
        object.finish();
        state
    }

    pub fn dump(&self) -> Value {
        json!({"token": self.token, "account_id": self.account_id, "room_id": self.room_id, "limit": self.limit,
            "used": self.used, "messages": self.messages.values().collect::<Vec<_>>()})
    }

    pub fn tokens(&self) -> Vec<String> {
        vec![self.token.clone()]
    }

    pub fn card(&self) -> Value {
        json!({"token": self.token, "account_id": self.account_id, "room_id": self.room_id})
    }

    pub fn settings(&self) -> Value {
        json!({"limit": self.limit})
    }

    pub fn set_settings(&mut self, node: &Node<'_>) {
        let object = node.object();
        if let Some(limit) = object.optional_integer("limit", 0, i64::MAX) {
            self.limit = limit;
        }
        object.finish();
    }

    pub fn handle(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        let token = request.headers().get(CHATWORK_TOKEN).and_then(|value| value.to_str().ok());
        if token != Some(self.token.as_str()) {
            return answer(401, &json!({"errors": ["Invalid API token"]}));
        }
        turn.token_id = Some(format!("chatwork/{}", self.account_id));
        self.used += 1;
        if self.used > self.limit {
            return answer(429, &json!({"errors": ["Rate limit exceeded"]}));
        }
        let messages = format!("/v2/rooms/{}/messages", self.room_id);
        let path = request.uri().path();
        if path == "/v2/me" {
            turn.operation = Some("get-me");
            return answer(200, &json!({"account_id": self.account_id}));
        }
        if path == messages && request.method() == Method::POST {
            turn.operation = Some("post-room-messages");
            let form = Form::decode(request.body());
            let id = self.messages.len() as i64 + 1;
            self.messages.insert(id, form.value("body").unwrap_or_default().to_owned());
            return answer(200, &json!({"message_id": id.to_string()}));
        }
        if path == messages {
            turn.operation = Some("get-room-messages");
            let list: Vec<Value> = self.messages.values().map(|body| json!({"body": body})).collect();
            return answer(200, &json!(list));
        }
        answer(400, &json!({"errors": ["Invalid Endpoint or HTTP method"]}))
    }

    pub fn download(&self, _request: &Request, _turn: &mut Turn<'_>) -> Response {
        answer(404, &json!({"errors": ["no such file"]}))
    }
}

fn answer(status: u16, body: &Value) -> Response {
    let mut response = Response::new(Bytes::from(contract::wire::json::to_ascii(body)));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
