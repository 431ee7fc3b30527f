//! Reads a JSON value into typed parts and collects *every* fault with its place, instead of stopping at the first.
//!
//! ```
//! use contract::reader::{Faults, Node};
//!
//! let value = serde_json::json!({"name": 7, "colour": "red"});
//! let faults = Faults::default();
//! let object = Node::root(&value, &faults).object();
//! let _name = object.text("name");
//! let _once_more = object.optional("name");
//! let _size = object.optional_integer("size", 1, 10);
//! object.finish();
//! let found: Vec<String> = faults.into_sorted().iter().map(ToString::to_string).collect();
//! assert_eq!(found, [
//!     "/colour: unknown key 'colour': expected one of name, size",
//!     "/name: expected a text, found the number 7",
//! ]);
//! ```

use std::cell::RefCell;
use std::fmt;

use serde_json::{Map, Value};

/// One thing that is wrong in a value, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// JSON pointer (RFC 6901) to the place; empty for the whole document.
    pub pointer: String,
    /// One sentence: what is wrong and what is expected.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", if self.pointer.is_empty() { "/" } else { &self.pointer }, self.message)
    }
}

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    /// Notes a fault.
    pub fn add(&self, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.borrow_mut().push(Fault { pointer: pointer.into(), message: message.into() });
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// All faults, ordered by place.
    pub fn into_sorted(self) -> Vec<Fault> {
        let mut faults = self.0.into_inner();
        faults.sort();
        faults
    }
}

/// A value at a place.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    value: &'a Value,
    pointer: String,
    faults: &'a Faults,
}

impl<'a> Node<'a> {
    /// The whole document.
    pub fn root(value: &'a Value, faults: &'a Faults) -> Self {
        Self { value, pointer: String::new(), faults }
    }

    /// Where this value stands.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The raw value.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Notes a fault at this place.
    pub fn fault(&self, message: impl Into<String>) {
        self.faults.add(self.pointer.clone(), message);
    }

    /// Reads an object. On another kind a fault is noted and the object is empty (and reports no missing keys).
    pub fn object(&self) -> Object<'a> {
        let map = self.value.as_object();
        if map.is_none() {
            self.expected("an object");
        }
        Object { map, pointer: self.pointer.clone(), faults: self.faults, known: RefCell::default() }
    }

    /// Reads a list; on another kind a fault is noted and the list is empty.
    pub fn list(&self) -> Vec<Self> {
        let Some(items) = self.value.as_array() else {
            self.expected("a list");
            return Vec::new();
        };
        items.iter().enumerate().map(|(index, value)| self.below(&index.to_string(), value)).collect()
    }

    /// Reads a text.
    pub fn text(&self) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.expected("a text");
        }
        text
    }

    /// Reads an integer within bounds, both inclusive.
    pub fn integer(&self, least: i64, most: i64) -> Option<i64> {
        match self.value.as_i64() {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                let range =
                    if most == i64::MAX { format!("of {least} or more") } else { format!("from {least} to {most}") };
                self.expected(&format!("an integer {range}"));
                None
            }
        }
    }

    /// Reads `true` or `false`.
    pub fn flag(&self) -> Option<bool> {
        let flag = self.value.as_bool();
        if flag.is_none() {
            self.expected("true or false");
        }
        flag
    }

    /// Reads one of a set of words.
    pub fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let found = self.value.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
        if found.is_none() {
            let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.expected(&format!("one of {}", allowed.join(", ")));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// Notes `expected …, found …` at this place.
    pub fn expected(&self, what: &str) {
        self.fault(format!("expected {what}, found {}", describe(self.value)));
    }

    fn below(&self, key: &str, value: &'a Value) -> Self {
        Self { value, pointer: child(&self.pointer, key), faults: self.faults }
    }
}

/// An object whose keys are asked for one by one. [`Object::finish`] then reports the keys that nobody asked for.
#[derive(Debug)]
pub struct Object<'a> {
    map: Option<&'a Map<String, Value>>,
    pointer: String,
    faults: &'a Faults,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Object<'a> {
    /// Where this object stands.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Notes a fault at a key of this object.
    pub fn fault_at(&self, key: &str, message: impl Into<String>) {
        self.faults.add(child(&self.pointer, key), message);
    }

    /// The value of a key, if there.
    pub fn optional(&self, key: &'static str) -> Option<Node<'a>> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        let value = self.map?.get(key)?;
        Some(Node { value, pointer: child(&self.pointer, key), faults: self.faults })
    }

    /// The value of a key that must be there.
    pub fn required(&self, key: &'static str) -> Option<Node<'a>> {
        let node = self.optional(key);
        if node.is_none() && self.map.is_some() {
            self.faults.add(self.pointer.clone(), format!("the key '{key}' is missing"));
        }
        node
    }

    /// A required text; empty after a fault.
    pub fn text(&self, key: &'static str) -> String {
        self.required(key).and_then(|node| node.text()).unwrap_or_default().to_owned()
    }

    /// An optional text.
    pub fn optional_text(&self, key: &'static str) -> Option<String> {
        self.optional(key)?.text().map(str::to_owned)
    }

    /// A required integer; the least value after a fault.
    pub fn integer(&self, key: &'static str, least: i64, most: i64) -> i64 {
        self.required(key).and_then(|node| node.integer(least, most)).unwrap_or(least)
    }

    /// An optional integer.
    pub fn optional_integer(&self, key: &'static str, least: i64, most: i64) -> Option<i64> {
        self.optional(key)?.integer(least, most)
    }

    /// An optional flag.
    pub fn optional_flag(&self, key: &'static str) -> Option<bool> {
        self.optional(key)?.flag()
    }

    /// The items of an optional list; empty when absent.
    pub fn list(&self, key: &'static str) -> Vec<Node<'a>> {
        self.optional(key).map(|node| node.list()).unwrap_or_default()
    }

    /// Every key with its value, for objects whose keys are free. They count as known.
    pub fn entries(&self) -> Vec<(&'a str, Node<'a>)> {
        self.map
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), Node { value, pointer: child(&self.pointer, key), faults: self.faults }))
            .collect()
    }

    /// Reports every key that was never asked for, with the nearest known name.
    pub fn finish(self) {
        let known = self.known.into_inner();
        for key in self.map.into_iter().flat_map(Map::keys).filter(|key| !known.contains(&key.as_str())) {
            let nearest = known
                .iter()
                .map(|name| (strsim::jaro_winkler(name, key), *name))
                .filter(|(likeness, _)| *likeness > 0.8)
                .max_by(|left, right| left.0.total_cmp(&right.0));
            let advice = nearest.map_or_else(
                || format!("expected one of {}", known.join(", ")),
                |(_, name)| format!("did you mean '{name}'?"),
            );
            self.faults.add(child(&self.pointer, key), format!("unknown key '{key}': {advice}"));
        }
    }
}

/// What a value is, in a few words; long texts are cut.
pub fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() > 40 => {
            format!("the text \"{}…\"", text.chars().take(40).collect::<String>().escape_debug())
        }
        Value::String(text) => format!("the text {text:?}"),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn child(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults_of(value: &Value, read: impl Fn(&Node<'_>)) -> Vec<String> {
        let faults = Faults::default();
        read(&Node::root(value, &faults));
        faults.into_sorted().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn three_faults_of_different_kinds_are_all_reported() {
        let value = json!({"rooms": [{"id": "x"}, {"id": 3, "rolle": "boss"}]});
        let found = faults_of(&value, |root| {
            let object = root.object();
            for room in object.list("rooms") {
                let room = room.object();
                room.integer("id", 1, i64::MAX);
                room.optional("role").and_then(|role| role.one_of(&[("admin", 1), ("member", 2)]));
                room.finish();
            }
            object.text("name");
            object.finish();
        });
        assert_eq!(
            found,
            [
                "/: the key 'name' is missing",
                "/rooms/0/id: expected an integer of 1 or more, found the text \"x\"",
                "/rooms/1/rolle: unknown key 'rolle': did you mean 'role'?",
            ]
        );
    }

    #[test]
    fn a_value_of_another_kind_is_one_fault_and_no_chain_of_missing_keys() {
        let found = faults_of(&json!([1]), |root| {
            let object = root.object();
            object.text("name");
            object.finish();
        });
        assert_eq!(found, ["/: expected an object, found a list of 1"]);
    }

    #[test]
    fn pointers_escape_their_separators() {
        let found = faults_of(&json!({"a/b~c": 1}), |root| root.object().finish());
        assert!(found[0].starts_with("/a~1b~0c: "), "{found:?}");
    }
}
