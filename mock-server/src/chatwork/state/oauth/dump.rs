//! Writes the OAuth side as the `oauth` part of a description: `load` gives an equal one again.

use contract::chatwork::oauth::Scopes;
use serde_json::{Map, Value, json};

use super::{Client, OAuth, Permit};

impl OAuth {
    /// The whole of it. It holds secrets of clients, codes and refresh tokens; access tokens only as digests.
    pub fn dump(&self) -> Value {
        json!({
            "clients": self.clients.iter().map(client).collect::<Value>(),
            "issued": {
                "counter": self.counter,
                "permits": self.permits.iter().map(|(number, it)| permit(*number, it)).collect::<Value>(),
            },
        })
    }
}

fn client(client: &Client) -> Value {
    let mut value = Map::new();
    let mut add = |key: &str, item: Value| value.insert(key.to_owned(), item);
    add("client_id", json!(client.client_id));
    if let Some(secret) = &client.secret {
        add("client_secret", json!(secret.0));
    }
    add("name", json!(client.name));
    add("kind", json!(client.kind.name()));
    add("redirect_uris", json!(client.redirect_uris));
    add("scopes", scopes(&client.scopes));
    add("grants", client.grants.iter().map(|grant| grant.name()).collect());
    Value::Object(value)
}

fn permit(number: u64, permit: &Permit) -> Value {
    let mut value = Map::new();
    let mut add = |key: &str, item: Option<Value>| {
        if let Some(item) = item {
            value.insert(key.to_owned(), item);
        }
    };
    add("number", Some(json!(number)));
    add("client_id", Some(json!(permit.client_id)));
    add("account", Some(json!(permit.account)));
    add("scopes", Some(scopes(&permit.scopes)));
    add("redirect_uri", permit.redirect_uri.as_ref().map(|uri| json!(uri)));
    add("code_challenge", permit.challenge.as_ref().map(|challenge| json!(challenge)));
    if let Some(code) = &permit.code {
        add("code", Some(json!(code.value.0)));
        add("code_expires", Some(json!(code.expires)));
        add("code_used", Some(json!(code.used)));
    }
    if let Some(refresh) = &permit.refresh {
        add("refresh_token", Some(json!(refresh.token.0)));
        add("refresh_expires", refresh.expires.map(|end| json!(end)));
    }
    let access = permit.access.iter().map(|(digest, access)| {
        json!({"digest": digest.to_string(), "scopes": scopes(&access.scopes), "expires": access.expires})
    });
    let access: Vec<Value> = access.collect();
    add("access_tokens", (!access.is_empty()).then_some(Value::Array(access)));
    Value::Object(value)
}

fn scopes(scopes: &Scopes) -> Value {
    scopes.iter().map(|scope| scope.name()).collect()
}
