//! Headers as a rule gives them.

use contract::reader::Node;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

/// Headers as JSON: a text for each name, or a list where a name stands more than once.
pub(super) fn by_name<'a>(headers: impl Iterator<Item = (&'a String, Value)>) -> Map<String, Value> {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in headers {
        match map.get_mut(name) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = json!([first.clone(), value]),
            None => drop(map.insert(name.clone(), value)),
        }
    }
    map
}

/// Names with a text, a number, a list of both, or null. Whether null means anything is for the caller to say.
pub(super) fn read(node: &Node<'_>) -> Vec<(String, Option<String>)> {
    let mut all = Vec::new();
    for (name, value) in node.object().entries() {
        let is_name = HeaderName::from_bytes(name.as_bytes());
        match &is_name {
            Err(_) => value.fault(format!("'{name}' is no name of a header")),
            Ok(name) if *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING => value.fault(format!(
                "{name} follows from the body: for an answer whose framing is broken use garbage with the bytes of the \
                 whole answer"
            )),
            Ok(_) => {}
        }
        match value.value() {
            Value::Array(_) => {
                all.extend(value.list().iter().filter_map(|item| Some((name.to_owned(), Some(header_value(item)?)))));
            }
            Value::Null => all.push((name.to_owned(), None)),
            _ => all.extend(header_value(&value).map(|value| (name.to_owned(), Some(value)))),
        }
    }
    let size: usize = all.iter().map(|(name, value)| name.len() + value.as_deref().unwrap_or_default().len() + 4).sum();
    if size > MOST_HEADER_BYTES {
        node.fault(format!("the headers have {size} bytes, at most {MOST_HEADER_BYTES} are taken"));
    }
    all
}

fn header_value(node: &Node<'_>) -> Option<String> {
    let text = match node.value() {
        Value::Number(number) => number.to_string(),
        _ => node.text()?.to_owned(),
    };
    if HeaderValue::from_bytes(text.as_bytes()).is_err() {
        node.fault("no header can carry this value: it holds a line end or another control character");
    }
    Some(text)
}

pub(super) fn put(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
    {
        headers.append(name, value);
    }
}

/// Longest head that an action gives an answer, in bytes.
pub(super) const MOST_HEADER_BYTES: usize = 32 * 1024;
