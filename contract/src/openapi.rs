//! The tables as OpenAPI 3.1 documents.

use serde_json::{Value, json};

/// Chatwork.
pub fn chatwork() -> Value {
    json!({"openapi": "3.1.0"})
}

/// Chatday.
pub fn chatday() -> Value {
    json!({"openapi": "3.1.0"})
}
