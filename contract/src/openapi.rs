//! The Chatwork table as an OpenAPI 3.1 document. Chatday's is made from its profile:
//! [`crate::chatday`].

use serde_json::{Map, Value, json};

use crate::chatwork::endpoints::{Carrier, ENDPOINTS, Endpoint};
use crate::chatwork::oauth::{AUTHORIZE_URL, Scope, TOKEN_URL};
use crate::chatwork::params::{Kind, Param};
use crate::chatwork::shapes;
use crate::service::Service;

/// The whole Chatwork API. Deterministic: the same table gives the same text.
pub fn chatwork() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in &ENDPOINTS {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(endpoint.method.as_str().to_ascii_lowercase(), operation(endpoint));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Chatwork API v2",
            "version": "2",
            "description": "The contract that the mock server keeps and the judge asks for, made from its endpoint table. \
                            Facts come from public documents; this is no publication of Chatwork.",
        },
        "servers": [{"url": "https://api.chatwork.com/v2"}, {"url": format!("http://127.0.0.1:4010{}", Service::Chatwork.mount())}],
        "security": [{"token": []}],
        "tags": tags(),
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-ChatWorkToken"}, "oauth2": oauth2()},
            "headers": {
                "Limit": rate_header("Requests allowed in a window"),
                "Remaining": rate_header("Requests left in the window"),
                "Reset": rate_header("Unix second at which the window ends"),
            },
            "schemas": {"Errors": shapes::ERRORS.schema()},
            "responses": {
                "BadRequest": error("A parameter is missing or wrong, or the state does not allow it", true),
                "Unauthorized": error("No valid API token or access token", false),
                "Forbidden": error("The caller may not", true),
                "NotFound": error("Something below the room is unknown", true),
                "TooManyRequests": error("The window of the account or of the room is used up", true),
            },
        },
    })
}

fn oauth2() -> Value {
    let scopes: Map<String, Value> =
        Scope::ALL.iter().map(|scope| (scope.name().to_owned(), json!(scope.words()))).collect();
    let flow =
        json!({"authorizationUrl": AUTHORIZE_URL, "tokenUrl": TOKEN_URL, "refreshUrl": TOKEN_URL, "scopes": scopes});
    json!({
        "type": "oauth2",
        "description": "The authorization code grant, with PKCE (S256). Each operation names its narrowest scope; \
                        the umbrellas that hold it will do too.",
        "flows": {"authorizationCode": flow},
    })
}

fn tags() -> Vec<Value> {
    let mut areas: Vec<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.area).collect();
    areas.dedup();
    areas.into_iter().map(|area| json!({"name": area})).collect()
}

fn operation(endpoint: &'static Endpoint) -> Value {
    let mut operation = json!({
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": description(endpoint),
        "tags": [endpoint.area],
        "security": [{"token": []}, {"oauth2": [endpoint.scope.name()]}],
        "x-scope": endpoint.scope.name(),
        "responses": responses(endpoint),
    });
    let in_query = matches!(endpoint.carrier, Carrier::Query | Carrier::FormOrQuery);
    let ids = endpoint.path_ids().map(|name| {
        json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[0-9]+$"}})
    });
    let query = endpoint.params.iter().filter(|_| in_query).map(|param| {
        json!({"name": param.name, "in": "query", "required": param.required, "description": param.words, "schema": schema(param)})
    });
    let parameters: Vec<Value> = ids.chain(query).collect();
    if let Some(map) = operation.as_object_mut() {
        if !parameters.is_empty() {
            map.insert("parameters".to_owned(), json!(parameters));
        }
        if !in_query && !endpoint.params.is_empty() {
            map.insert("requestBody".to_owned(), request_body(endpoint));
        }
    }
    operation
}

fn description(endpoint: &Endpoint) -> String {
    let sentences: Vec<String> =
        endpoint.clauses.iter().map(|clause| format!("- {} ({})", clause.words, clause.certainty)).collect();
    sentences.join("\n")
}

fn request_body(endpoint: &Endpoint) -> Value {
    let media_type = match endpoint.carrier {
        Carrier::Multipart => "multipart/form-data",
        _ => "application/x-www-form-urlencoded",
    };
    let properties: Map<String, Value> = endpoint
        .params
        .iter()
        .map(|param| {
            let mut property = schema(param);
            if let Some(map) = property.as_object_mut() {
                map.insert("description".to_owned(), json!(param.words));
            }
            (param.name.to_owned(), property)
        })
        .collect();
    let required: Vec<&str> = endpoint.params.iter().filter(|param| param.required).map(|param| param.name).collect();
    json!({
        "required": !required.is_empty(),
        "content": {media_type: {"schema": {"type": "object", "properties": properties, "required": required}}},
    })
}

fn schema(param: &Param) -> Value {
    let mut schema = match param.kind {
        Kind::Text { least, most } => {
            let mut schema = json!({"type": "string", "minLength": least});
            if let (Some(most), Some(map)) = (most, schema.as_object_mut()) {
                map.insert("maxLength".to_owned(), json!(most));
            }
            schema
        }
        Kind::Flag => json!({"type": "integer", "enum": [0, 1]}),
        Kind::Integer => json!({"type": "integer", "minimum": 0}),
        Kind::MessageId => json!({"type": "string", "pattern": "^[0-9]+$"}),
        Kind::Ids { least: 0 } => json!({"type": "string", "pattern": "^([0-9]+(,[0-9]+)*)?$"}),
        Kind::Ids { .. } => json!({"type": "string", "pattern": "^[0-9]+(,[0-9]+)*$"}),
        Kind::OneOf(words) => json!({"type": "string", "enum": words}),
        Kind::LinkCode => json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,50}$"}),
        Kind::File { most } => {
            json!({"type": "string", "contentMediaType": "application/octet-stream", "maxLength": most})
        }
    };
    if let (Some(default), Some(map)) = (param.default, schema.as_object_mut()) {
        let value = if param.kind == Kind::Flag { json!(i32::from(default == "1")) } else { json!(default) };
        map.insert("default".to_owned(), value);
    }
    schema
}

fn responses(endpoint: &Endpoint) -> Value {
    let mut responses = Map::new();
    if let Some(shape) = endpoint.body {
        responses.insert(
            "200".to_owned(),
            json!({"description": "Success", "headers": rate_headers(), "content": {"application/json": {"schema": shape.schema()}}}),
        );
    }
    if endpoint.no_content {
        let description = if endpoint.body.is_some() { "Success: the list is empty" } else { "Success" };
        responses.insert("204".to_owned(), json!({"description": description, "headers": rate_headers()}));
    }
    let mut statuses: Vec<u16> = endpoint.refusals.iter().copied().chain([401, 429]).collect();
    statuses.sort_unstable();
    for status in statuses {
        let name = match status {
            400 => "BadRequest",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "NotFound",
            _ => "TooManyRequests",
        };
        responses.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{name}")}));
    }
    Value::Object(responses)
}

fn rate_headers() -> Value {
    json!({
        "X-RateLimit-Limit": {"$ref": "#/components/headers/Limit"},
        "X-RateLimit-Remaining": {"$ref": "#/components/headers/Remaining"},
        "X-RateLimit-Reset": {"$ref": "#/components/headers/Reset"},
    })
}

fn rate_header(words: &str) -> Value {
    json!({"description": words, "schema": {"type": "integer", "minimum": 0}})
}

fn error(words: &str, with_limits: bool) -> Value {
    let mut response = json!({"description": words, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}});
    if let (true, Some(map)) = (with_limits, response.as_object_mut()) {
        map.insert("headers".to_owned(), rate_headers());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_the_document() {
        let document = chatwork();
        for endpoint in &ENDPOINTS {
            let operation = &document["paths"][endpoint.path][endpoint.method.as_str().to_ascii_lowercase()];
            assert_eq!(operation["operationId"], endpoint.name);
            assert_eq!(operation["security"], json!([{"token": []}, {"oauth2": [endpoint.scope.name()]}]));
            let scopes = &document["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]["scopes"];
            assert!(scopes[endpoint.scope.name()].is_string(), "{}", endpoint.scope);
        }
        assert_eq!(
            document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len()).sum::<usize>(),
            32
        );
    }
}
