//! The part of JSON Schema 2020-12 in which a profile describes the `data` of a message type. Evaluated here, so that
//! the mock, the judge and OpenAPI hold the same text; a keyword that is not understood is a fault, never ignored.
//!
//! | keyword | value | holds for |
//! |---|---|---|
//! | `type` | one of the seven type names, or a list of them | any value |
//! | `enum`, `const` | allowed values; numbers are compared by value | any value |
//! | `minLength`, `maxLength` | integers of 0 or more, in Unicode code points | strings |
//! | `minimum`, `maximum` | numbers, inclusive; compared as 64-bit floats | numbers |
//! | `properties`, `required`, `additionalProperties` | schemas; names; a schema | objects |
//! | `items`, `minItems`, `maxItems` | a schema; integers of 0 or more | lists |
//! | `anyOf` | a list of one or more schemas | any value |
//! | `title`, `description`, `examples` | annotations; each example must fit | – |
//!
//! The schemas `true` (anything) and `false` (nothing) are understood too.

use std::collections::BTreeMap;

use serde_json::Value;

use super::message::FieldFault;
use crate::reader::{Node, describe};

/// A schema, ready to judge values.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    source: Value,
    rules: Rules,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Rules {
    nothing: bool,
    types: Vec<Kind>,
    allowed: Option<Vec<Value>>,
    length: Bounds<i64>,
    range: Bounds<f64>,
    count: Bounds<i64>,
    properties: BTreeMap<String, Schema>,
    required: Vec<String>,
    additional: Option<Box<Schema>>,
    items: Option<Box<Schema>>,
    any_of: Vec<Schema>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Bounds<T> {
    least: Option<T>,
    most: Option<T>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

const KINDS: &[(&str, Kind)] = &[
    ("null", Kind::Null),
    ("boolean", Kind::Boolean),
    ("integer", Kind::Integer),
    ("number", Kind::Number),
    ("string", Kind::String),
    ("array", Kind::Array),
    ("object", Kind::Object),
];

impl Schema {
    /// Reads a schema and notes every fault. After a fault the schema is laxer than written; nobody may use it.
    pub fn read(node: &Node<'_>) -> Self {
        let source = node.value().clone();
        if let Value::Bool(anything) = node.value() {
            return Self { source, rules: Rules { nothing: !anything, ..Rules::default() } };
        }
        let schema = Self { source, rules: Rules::read(node) };
        for (index, example) in schema.examples().iter().enumerate() {
            for fault in schema.faults(example, "data") {
                node.fault(format!("example {} does not fit: {fault}", index + 1));
            }
        }
        schema
    }

    /// The schema as written.
    pub fn to_value(&self) -> &Value {
        &self.source
    }

    /// Its examples, each of which fits.
    pub fn examples(&self) -> &[Value] {
        self.source.get("examples").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Every place where a value departs from the schema; `path` names the value itself, such as `message.data`.
    pub fn faults(&self, value: &Value, path: &str) -> Vec<FieldFault> {
        let mut found = Vec::new();
        self.rules.check(value, path, &mut found);
        found
    }
}

impl Rules {
    fn read(node: &Node<'_>) -> Self {
        let object = node.object();
        let length = |key| object.optional_integer(key, 0, i64::MAX);
        let number = |key| {
            object.optional(key).and_then(|node| {
                let number = node.value().as_f64();
                if number.is_none() {
                    node.expected("a number");
                }
                number
            })
        };
        let schema = |key| object.optional(key).map(|node| Box::new(Schema::read(&node)));
        let allowed = object.optional("enum").map(|node| node.list().iter().map(|item| item.value().clone()).collect());
        let constant = object.optional("const").map(|node| vec![node.value().clone()]);
        let rules = Self {
            nothing: false,
            types: object.optional("type").map(|node| read_types(&node)).unwrap_or_default(),
            length: Bounds { least: length("minLength"), most: length("maxLength") },
            range: Bounds { least: number("minimum"), most: number("maximum") },
            count: Bounds { least: length("minItems"), most: length("maxItems") },
            properties: object.optional("properties").map(|node| read_properties(&node)).unwrap_or_default(),
            required: object.list("required").iter().filter_map(|name| name.text().map(str::to_owned)).collect(),
            additional: schema("additionalProperties"),
            items: schema("items"),
            any_of: object.list("anyOf").iter().map(Schema::read).collect(),
            allowed: constant.or(allowed),
        };
        if rules.allowed.as_ref().is_some_and(Vec::is_empty) {
            object.fault_at("enum", "expected at least one value");
        }
        if object.optional("anyOf").is_some() && rules.any_of.is_empty() {
            object.fault_at("anyOf", "expected at least one schema");
        }
        if object.optional("const").is_some() && object.optional("enum").is_some() {
            node.fault("'const' and 'enum' stand together: keep one");
        }
        let bounds = [
            ("maxLength", crossed(rules.length)),
            ("maximum", crossed(rules.range)),
            ("maxItems", crossed(rules.count)),
        ];
        for (key, _) in bounds.iter().filter(|(_, crossed)| *crossed) {
            object.fault_at(key, "is less than its lower bound, so that nothing could fit");
        }
        object.optional_text("title");
        object.optional_text("description");
        object.list("examples");
        object.finish();
        rules
    }

    fn check(&self, value: &Value, path: &str, found: &mut Vec<FieldFault>) {
        if self.nothing {
            found.push(FieldFault::new(path, "must not be there"));
            return;
        }
        if !self.types.is_empty() && !self.types.iter().any(|kind| kind.holds(value)) {
            let names: Vec<&str> = self.types.iter().map(|kind| kind.words()).collect();
            found.push(FieldFault::new(path, format!("expected {}, found {}", names.join(" or "), describe(value))));
            return;
        }
        if let Some(allowed) = self.allowed.as_ref().filter(|allowed| !allowed.iter().any(|one| equal(one, value))) {
            let words: Vec<String> = allowed.iter().map(Value::to_string).collect();
            found.push(FieldFault::new(path, format!("expected {}, found {}", words.join(" or "), describe(value))));
        }
        if !self.any_of.is_empty() && self.any_of.iter().all(|schema| !schema.faults(value, path).is_empty()) {
            let first: Vec<String> = self
                .any_of
                .iter()
                .filter_map(|schema| schema.faults(value, path).into_iter().next())
                .map(|fault| fault.to_string())
                .collect();
            found.push(FieldFault::new(path, format!("fits none of the allowed forms ({})", first.join("; "))));
        }
        match value {
            Value::String(text) => {
                let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
                check_count(self.length, length, "character", path, found);
            }
            Value::Number(number) => self.check_range(number.as_f64().unwrap_or(f64::INFINITY), path, found),
            Value::Array(items) => {
                check_count(self.count, i64::try_from(items.len()).unwrap_or(i64::MAX), "item", path, found);
                for (index, item) in items.iter().enumerate() {
                    if let Some(schema) = &self.items {
                        schema.rules.check(item, &format!("{path}[{index}]"), found);
                    }
                }
            }
            Value::Object(map) => {
                for name in self.required.iter().filter(|name| !map.contains_key(*name)) {
                    found.push(FieldFault::new(format!("{path}.{name}"), "is missing"));
                }
                for (name, item) in map {
                    if let Some(schema) = self.properties.get(name).or(self.additional.as_deref()) {
                        schema.rules.check(item, &format!("{path}.{name}"), found);
                    }
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn check_range(&self, number: f64, path: &str, found: &mut Vec<FieldFault>) {
        if let Some(least) = self.range.least.filter(|least| number < *least) {
            found.push(FieldFault::new(path, format!("expected {least} or more, found {number}")));
        }
        if let Some(most) = self.range.most.filter(|most| number > *most) {
            found.push(FieldFault::new(path, format!("expected {most} or less, found {number}")));
        }
    }
}

impl Kind {
    fn holds(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Integer => {
                value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
            }
            Self::Number => value.is_number(),
            Self::String => value.is_string(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "true or false",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "a list",
            Self::Object => "an object",
        }
    }
}

fn read_types(node: &Node<'_>) -> Vec<Kind> {
    if node.value().is_array() {
        let types: Vec<Kind> = node.list().iter().filter_map(|item| item.one_of(KINDS)).collect();
        if node.value().as_array().is_some_and(Vec::is_empty) {
            node.fault("expected at least one type");
        }
        return types;
    }
    node.one_of(KINDS).into_iter().collect()
}

fn read_properties(node: &Node<'_>) -> BTreeMap<String, Schema> {
    node.object().entries().into_iter().map(|(name, node)| (name.to_owned(), Schema::read(&node))).collect()
}

fn crossed<T: PartialOrd>(bounds: Bounds<T>) -> bool {
    matches!((bounds.least, bounds.most), (Some(least), Some(most)) if most < least)
}

fn check_count(bounds: Bounds<i64>, count: i64, unit: &str, path: &str, found: &mut Vec<FieldFault>) {
    if bounds.least.is_some_and(|least| count < least) || bounds.most.is_some_and(|most| count > most) {
        let range = match (bounds.least, bounds.most) {
            (Some(least), Some(most)) => format!("{least} to {most} {unit}s"),
            (Some(least), None) => format!("{least} or more {unit}s"),
            (None, Some(most)) => format!("at most {most} {unit}s"),
            (None, None) => return,
        };
        found.push(FieldFault::new(path, format!("expected {range}, found {count}")));
    }
}

/// Equality of JSON Schema: numbers by value, so that `1` is `1.0`; the order of keys doesn't matter.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::Faults;
    use serde_json::json;

    fn read(schema: &Value) -> Result<Schema, Vec<String>> {
        let faults = Faults::default();
        let schema = Schema::read(&Node::root(schema, &faults));
        let faults: Vec<String> = faults.into_sorted().iter().map(ToString::to_string).collect();
        if faults.is_empty() { Ok(schema) } else { Err(faults) }
    }

    #[track_caller]
    fn judge(schema: &Value, value: &Value, expected: &[&str]) {
        let found: Vec<String> = read(schema).unwrap().faults(value, "data").iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{schema} on {value}");
    }

    #[test]
    fn each_keyword_refuses_what_departs_from_it_and_names_the_path() {
        judge(&json!({"type": "string"}), &json!(7), &["data: expected a string, found the number 7"]);
        judge(&json!({"type": ["string", "null"]}), &json!(null), &[]);
        judge(&json!({"type": "integer"}), &json!(2.0), &[]);
        judge(&json!({"type": "integer"}), &json!(2.5), &["data: expected an integer, found the number 2.5"]);
        judge(&json!({"maxLength": 2}), &json!("😀ก"), &[]);
        judge(&json!({"minLength": 1, "maxLength": 2}), &json!("ก่อ"), &["data: expected 1 to 2 characters, found 3"]);
        judge(&json!({"minimum": -1.5, "maximum": 3}), &json!(-2), &["data: expected -1.5 or more, found -2"]);
        judge(&json!({"minimum": -1.5, "maximum": 3}), &json!(3.5), &["data: expected 3 or less, found 3.5"]);
        judge(&json!({"minimum": -1.5, "maximum": 3}), &json!(3), &[]);
        judge(&json!({"minimum": -1.5, "maximum": 3}), &json!(-1.5), &[]);
        judge(&json!({"enum": ["a", 1]}), &json!(1.0), &[]);
        judge(&json!({"const": {"a": [1]}}), &json!({"a": [1.0]}), &[]);
        judge(&json!({"enum": ["a", 1]}), &json!("b"), &["data: expected \"a\" or 1, found the text \"b\""]);
        judge(
            &json!({"items": {"type": "boolean"}, "minItems": 1}),
            &json!([true, 0]),
            &["data[1]: expected true or false, found the number 0"],
        );
        judge(&json!({"minItems": 1}), &json!([]), &["data: expected 1 or more items, found 0"]);
        judge(&json!({"maxItems": 1}), &json!([1, 2]), &["data: expected at most 1 items, found 2"]);
        judge(
            &json!({"properties": {"a": {"type": "string"}}, "required": ["a", "ข"], "additionalProperties": false}),
            &json!({"a": null, "c": 1}),
            &["data.ข: is missing", "data.a: expected a string, found null", "data.c: must not be there"],
        );
        judge(&json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), &json!(null), &[]);
        judge(
            &json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            &json!(1),
            &[
                "data: fits none of the allowed forms (data: expected a string, found the number 1; data: expected null, found the number 1)",
            ],
        );
        judge(&json!(true), &json!([]), &[]);
        judge(&json!(false), &json!([]), &["data: must not be there"]);
    }

    #[test]
    fn a_keyword_that_is_not_understood_is_a_fault_and_so_is_an_example_that_does_not_fit() {
        let faults = read(&json!({
            "type": "strin", "pattern": "^a", "minLenght": 1, "maxItems": -1, "maximum": "9",
            "properties": {"a": {"required": [7]}},
        }))
        .unwrap_err();
        let places: Vec<&str> = faults.iter().map(|fault| fault.split(": ").next().unwrap()).collect();
        assert_eq!(places, ["/maxItems", "/maximum", "/minLenght", "/pattern", "/properties/a/required/0", "/type"]);
        assert!(faults[2].ends_with("did you mean 'minLength'?"), "{}", faults[2]);
        assert_eq!(
            read(&json!({"type": "string", "examples": ["a", 1]})).unwrap_err(),
            ["/: example 2 does not fit: data: expected a string, found the number 1"]
        );
        assert!(read(&json!({"minLength": 3, "maxLength": 2})).unwrap_err()[0].starts_with("/maxLength"));
        assert!(read(&json!({"anyOf": []})).is_err());
        assert!(read(&json!({"enum": []})).is_err());
        assert!(read(&json!({"type": []})).is_err());
        assert!(read(&json!({"enum": [1], "const": 1})).is_err());
    }
}
