//! Chatday as an OpenAPI 3.1 document, made from the table of operations, the error table and the profile.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::chat_id::IdKind;
use super::clauses;
use super::endpoints::{self, Endpoint, Operation};
use super::errors::{ErrorKind, ErrorRow, TABLE};
use super::profile::{ErrorFormat, Profile, UnknownTypes};
use crate::clause::Clause;

const VERSION: &str = "3.1.0";
const JSON: &str = "application/json";

/// The whole document: both operations, the webhook, every schema and every answer, in the profile's spelling.
pub fn openapi(profile: &Profile) -> Value {
    let mut paths = Map::new();
    for row in endpoints::table(profile) {
        let item = paths.entry(row.path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(row.method.as_str().to_ascii_lowercase(), operation(profile, row));
        }
    }
    json!({
        "openapi": VERSION,
        "info": {
            "title": "Chatday APIs for external applications",
            "summary": "Register, Send Message and the webhook.",
            "description": "What the public document of 15 May 2020 says, completed by the profile of this mock.",
            "version": "2020-05-15",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:4010", "description": "The mock server at its default address."}],
        "tags": [{"name": "chatday", "description": "What an external application calls, and is called with."}],
        "security": [{"chatdayToken": []}],
        "paths": paths,
        "webhooks": {"visitor-message": {profile.webhook.method.as_str().to_ascii_lowercase(): webhook(profile)}},
        "components": {
            "securitySchemes": {
                "chatdayToken": {"type": "http", "scheme": "bearer", "description": clauses::AUTHORIZATION.words},
            },
            "schemas": schemas(profile),
        },
    })
}

fn operation(profile: &Profile, row: Endpoint<'_>) -> Value {
    let operation = row.operation;
    let mut responses = Map::new();
    responses.insert(row.success.as_u16().to_string(), success(profile, operation));
    for (status, rows) in errors_by_status(profile, operation) {
        responses.insert(status.to_string(), error(profile, &rows));
    }
    responses.insert("default".to_owned(), error(profile, &[]));
    let mut object = json!({
        "operationId": operation.id(),
        "tags": ["chatday"],
        "summary": operation.summary(),
        "description": sentences(profile, operation.clauses()),
        "security": [{"chatdayToken": []}],
        "responses": responses,
    });
    if let Some(map) = object.as_object_mut().filter(|_| operation.has_body()) {
        let content = json!({JSON: {"schema": reference("SendMessage"), "examples": message_examples(profile)}});
        map.insert("requestBody".to_owned(), json!({"required": true, "content": content}));
    }
    object
}

fn success(profile: &Profile, operation: Operation) -> Value {
    let (schema, description) = match operation {
        Operation::Register => ("Registered", clauses::REGISTER_ANSWER.words),
        Operation::SendMessage => ("Sent", clauses::SEND_EFFECT.words),
    };
    let mut response = json!({"description": description, "content": {JSON: {"schema": reference(schema)}}});
    let header = profile.register.header.as_ref().filter(|_| operation == Operation::Register);
    if let (Some(header), Some(map)) = (header, response.as_object_mut()) {
        let value =
            json!({"description": "The Chatday-Signature-Token.", "required": true, "schema": {"type": "string"}});
        map.insert("headers".to_owned(), json!({header.as_str(): value}));
    }
    response
}

/// The errors that an operation can answer with, by status. Path and method are no matter of an operation: they are in
/// its `default` answer.
fn errors_by_status(profile: &Profile, operation: Operation) -> BTreeMap<u16, Vec<&'static ErrorRow>> {
    let mut found: BTreeMap<u16, Vec<&'static ErrorRow>> = BTreeMap::new();
    for row in &TABLE {
        let answers = match row.kind {
            ErrorKind::UnknownPath | ErrorKind::MethodNotAllowed => false,
            ErrorKind::TokenMissing
            | ErrorKind::TokenMalformed
            | ErrorKind::TokenRepeated
            | ErrorKind::TokenUnknown
            | ErrorKind::BodyTooLarge => true,
            ErrorKind::RateLimited => profile.limits.rate.is_some(),
            ErrorKind::NotJson
            | ErrorKind::MalformedJson
            | ErrorKind::InvalidField
            | ErrorKind::NotRegistered
            | ErrorKind::UnknownChat => operation == Operation::SendMessage,
        };
        if let Some(rule) = profile.errors.get(&row.kind).filter(|_| answers) {
            found.entry(rule.status.as_u16()).or_default().push(row);
        }
    }
    found
}

/// An error answer; without rows, any other error.
fn error(profile: &Profile, rows: &[&ErrorRow]) -> Value {
    let mut words: Vec<&Clause> = Vec::new();
    for row in rows {
        if !words.iter().any(|known| known.id == row.clause.id) {
            words.push(row.clause);
        }
    }
    let mut description = sentences(profile, &words);
    if description.is_empty() {
        let keys: Vec<&str> = rows.iter().map(|row| row.key).collect();
        description =
            if keys.is_empty() { "Any other error.".to_owned() } else { format!("Errors: {}.", keys.join(", ")) };
    }
    let mut response = json!({"description": description, "content": {JSON: {"schema": reference("Error")}}});
    let mut headers = Map::new();
    for header in rows.iter().filter_map(|row| row.header.as_ref()) {
        let integer = *header == http::header::RETRY_AFTER;
        let schema = if integer { json!({"type": "integer", "minimum": 1}) } else { json!({"type": "string"}) };
        // Another error may share the status without the header.
        let required = rows.iter().all(|row| row.header.as_ref() == Some(header));
        headers.insert(header.as_str().to_owned(), json!({"required": required, "schema": schema}));
    }
    if let Some(map) = response.as_object_mut().filter(|_| !headers.is_empty()) {
        map.insert("headers".to_owned(), Value::Object(headers));
    }
    response
}

fn webhook(profile: &Profile) -> Value {
    let rules = &profile.webhook;
    json!({
        "operationId": "visitor-message",
        "tags": ["chatday"],
        "summary": "An end-user wrote in the widget.",
        "description": sentences(profile, &[
            &clauses::WEBHOOK_WHEN,
            &clauses::WEBHOOK_SIGNATURE,
            &clauses::WEBHOOK_ANSWER,
            &clauses::MESSAGE_UNKNOWN_TYPE_RECEIVED,
        ]),
        "security": [],
        "parameters": [{
            "name": rules.signature_header.as_str(),
            "in": "header",
            "required": true,
            "description": clauses::WEBHOOK_SIGNATURE.words,
            "schema": {"type": "string"},
        }],
        "requestBody": {"required": true, "content": {JSON: {"schema": reference("WebhookEvent")}}},
        "responses": {
            rules.answer.status.as_str(): {
                "description": clauses::WEBHOOK_ANSWER.words,
                "content": {JSON: {"schema": reference("Acknowledgement")}},
            },
            "default": {"description": "Any other answer: the delivery has failed."},
        },
    })
}

fn schemas(profile: &Profile) -> Value {
    let keys = &profile.keys;
    let word = |word: &str| json!({"const": word});
    let sentences = match profile.error_format {
        ErrorFormat::List => json!({"type": "array", "items": {"type": "string"}, "minItems": 1}),
        ErrorFormat::Text => json!({"type": "string"}),
    };
    let message_id = match profile.ids.message_id {
        IdKind::String => json!({"type": "string", "pattern": "^[0-9]+$"}),
        IdKind::Integer => json!({"type": "integer", "minimum": 1}),
    };
    let mut registered = vec![(&keys.status, word(&profile.words.success))];
    if profile.register.token_in_body {
        let token = json!({"type": "string", "description": "Compare it with the header of webhooks."});
        registered.push((&keys.signature_token, token));
    }
    let chat_id = || profile.ids.chat_id.schema();
    // A webhook may carry types that nobody listed: a receiver must acknowledge them.
    let any_message = object(&[(&keys.kind, json!({"type": "string"})), (&keys.data, json!(true))]);
    let answer = &profile.webhook.answer;
    let mut all = json!({
        "Registered": object(&registered),
        "SendMessage": object(&[(&keys.message, reference("Message")), (&keys.chat_id, chat_id())]),
        "Sent": object(&[(&keys.status, word(&profile.words.success)), (&keys.message_id, message_id)]),
        "Error": object(&[(&keys.status, word(&profile.words.error)), (&keys.errors, sentences)]),
        "WebhookEvent": object(&[(&keys.message, any_message), (&keys.chat_id, chat_id())]),
        "Acknowledgement": object(&[(&answer.key, word(&answer.word))]),
    });
    if let Some(map) = all.as_object_mut() {
        map.insert("Message".to_owned(), message(profile));
    }
    all
}

/// The message of Send Message: one form for each type.
fn message(profile: &Profile) -> Value {
    let keys = &profile.keys;
    let mut forms: Vec<Value> = profile
        .message_types
        .iter()
        .map(|(kind, schema)| {
            titled(kind, object(&[(&keys.kind, json!({"const": kind})), (&keys.data, schema.to_value().clone())]))
        })
        .collect();
    if profile.send.unknown_types == UnknownTypes::Accept {
        let known: Vec<&String> = profile.message_types.keys().collect();
        let mut kind = json!({"type": "string"});
        if let Some(map) = kind.as_object_mut().filter(|_| !known.is_empty()) {
            map.insert("not".to_owned(), json!({"enum": known}));
        }
        forms.push(titled("any other type", object(&[(&keys.kind, kind), (&keys.data, json!(true))])));
    }
    if forms.is_empty() {
        json!({"not": {}, "description": "The profile lists no type."})
    } else {
        json!({"oneOf": forms})
    }
}

fn message_examples(profile: &Profile) -> Value {
    let keys = &profile.keys;
    let mut examples = Map::new();
    for (kind, schema) in &profile.message_types {
        let Some(data) = schema.examples().first() else { continue };
        let mut body = Map::new();
        body.insert(keys.message.clone(), super::Message::new(kind, data.clone()).to_wire(profile));
        body.insert(keys.chat_id.clone(), profile.ids.chat_id.render("70001"));
        // Keys of `examples` have no charset of their own, but tools make names of them.
        let name: String = kind.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let name = if examples.contains_key(&name) { format!("{name}-{}", examples.len()) } else { name };
        examples.insert(name, json!({"summary": kind, "value": body}));
    }
    Value::Object(examples)
}

/// An object whose listed properties are all required; more may stand there.
fn object(properties: &[(&String, Value)]) -> Value {
    let required: Vec<&String> = properties.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        properties.iter().map(|(name, schema)| ((*name).clone(), schema.clone())).collect();
    json!({"type": "object", "required": required, "properties": properties})
}

fn titled(title: &str, mut schema: Value) -> Value {
    if let Some(map) = schema.as_object_mut() {
        map.insert("title".to_owned(), Value::from(title));
    }
    schema
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The words of clauses. One of ours that a user's profile decides otherwise is left out: its words are about the default.
fn sentences(profile: &Profile, clauses: &[&Clause]) -> String {
    let holds = |clause: &&Clause| !clauses::profile_keys(clause).iter().any(|key| profile.states(key));
    clauses.iter().copied().filter(holds).map(|clause| clause.words).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` of a document.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        let document = openapi(&Profile::default_profile());
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in &found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
        }
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(found.iter().any(|reference| reference.ends_with(&format!("/{name}"))), "{name} is not used");
        }
    }

    #[test]
    fn each_operation_has_all_its_answers() {
        let document = openapi(&Profile::default_profile());
        let statuses = |path: &str, method: &str| {
            let responses = document["paths"][path][method]["responses"].as_object().unwrap();
            responses.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(statuses("/chatday/register", "get"), ["200", "401", "413", "default"]);
        assert_eq!(statuses("/chatday/messages", "post"), ["200", "400", "401", "403", "404", "413", "415", "default"]);
        let unauthorized = &document["paths"]["/chatday/register"]["get"]["responses"]["401"];
        assert_eq!(unauthorized["headers"]["www-authenticate"]["required"], true);
    }

    #[test]
    fn the_document_follows_the_profile() {
        let profile = Profile::from_toml(
            "[keys]\nmessage = 'Message'\n[ids]\nchat_id = 'integer'\n[send]\npath = '/chatday/register'\nmethod = 'PUT'\n\
             unknown_types = 'accept'\n[limits]\nrequests = 5\n[errors.rate_limited]\nstatus = 403\n",
        )
        .unwrap();
        let document = openapi(&profile);
        let item = &document["paths"]["/chatday/register"];
        assert_eq!(item["get"]["operationId"], "register");
        assert_eq!(item["put"]["operationId"], "send-message");
        assert!(!item["put"]["description"].as_str().unwrap().contains("/chatday/messages"));
        let headers = &item["put"]["responses"]["403"]["headers"];
        assert_eq!(headers["retry-after"]["required"], false, "the error for a missing Register has no such header");
        let schema = &document["components"]["schemas"]["SendMessage"];
        assert_eq!(schema["required"], json!(["Message", "chat_id"]));
        assert_eq!(schema["properties"]["chat_id"]["type"], "integer");
        let forms = document["components"]["schemas"]["Message"]["oneOf"].as_array().unwrap();
        assert_eq!(forms.last().unwrap()["title"], "any other type");
    }
}
