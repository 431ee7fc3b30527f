//! The Chatday side of a world (temporary).

use bytes::Bytes;
use contract::reader::Node;
use contract::wire::{Request, Response};
use serde_json::{Value, json};

use crate::core::{Origin, Turn};

/// Enough of Chatday to try the shell.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    token: String,
    chat_id: String,
}

impl State {
    pub fn load(node: &Node<'_>, origin: &Origin<'_>) -> Self {
        let object = node.object();
        let state = Self {
            token: object.optional_text("token").unwrap_or_else(|| origin.token("chatday/1")),
            chat_id: object.optional_text("chat_id").unwrap_or_else(|| "chat-1".to_owned()),
        };
        object.finish();
        state
    }

    pub fn dump(&self) -> Value {
        json!({"token": self.token, "chat_id": self.chat_id})
    }

    pub fn tokens(&self) -> Vec<String> {
        vec![self.token.clone()]
    }

    pub fn card(&self) -> Value {
        json!({"token": self.token, "chat_id": self.chat_id})
    }

    pub fn chat(&self, chat_id: &str) -> Option<Value> {
        (chat_id == self.chat_id).then(|| json!({"chat_id": chat_id, "messages": []}))
    }

    pub fn handle(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        let given = request.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let known = given.and_then(|value| value.strip_prefix("Bearer ")) == Some(self.token.as_str());
        if known {
            turn.operation = Some("register");
            turn.token_id = Some("chatday/1".to_owned());
        }
        let body =
            if known { json!({"status": "SUCCESS"}) } else { json!({"status": "ERROR", "errors": ["unknown token"]}) };
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = if known { http::StatusCode::OK } else { http::StatusCode::UNAUTHORIZED };
        response
    }
}
