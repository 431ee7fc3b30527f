//! The body of an answer described as data. The judge holds raw JSON against a shape; OpenAPI prints it as JSON
//! Schema. Shapes are written from the documents, not derived from the types that the mock answers with.

use serde_json::{Map, Value, json};

/// What a value must be.
#[derive(Debug)]
pub enum Shape {
    /// An object with these fields. Fields that are not listed are tolerated only where the judge says so.
    Object(&'static [Field]),
    /// A list of at least `least` and, where the document caps it, at most `most` items.
    List {
        /// What each item is.
        item: &'static Self,
        /// Fewest items.
        least: usize,
        /// Most items.
        most: Option<usize>,
    },
    /// A text, possibly empty.
    Text,
    /// A text of decimal digits: a 64-bit id that JSON numbers could not carry.
    Digits,
    /// An integer of this or more.
    Integer(i64),
    /// `true` or `false`.
    Flag,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// One field of an object.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What its value must be.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
}

impl Field {
    /// A field that is always there.
    pub const fn required(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, required: true }
    }

    /// A field that may be left out.
    pub const fn optional(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, required: false }
    }
}

/// One place where a value departs from its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON pointer to the place.
    pub pointer: String,
    /// What the shape asks for.
    pub expected: String,
    /// What was found.
    pub actual: String,
}

impl Shape {
    /// Every place where a value departs from this shape. Keys that the shape does not know are named too.
    pub fn mismatches(&self, value: &Value) -> Vec<Mismatch> {
        let mut found = Vec::new();
        self.check(value, "", &mut found);
        found
    }

    fn check(&self, value: &Value, pointer: &str, found: &mut Vec<Mismatch>) {
        let fits = match (self, value) {
            (Self::Object(fields), Value::Object(map)) => {
                check_fields(fields, map, pointer, found);
                true
            }
            (Self::List { item, least, most }, Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    item.check(value, &format!("{pointer}/{index}"), found);
                }
                items.len() >= *least && most.is_none_or(|most| items.len() <= most)
            }
            (Self::Text, Value::String(_)) | (Self::Flag, Value::Bool(_)) => true,
            (Self::Digits, Value::String(text)) => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
            (Self::Integer(least), Value::Number(number)) => {
                number.as_i64().is_some_and(|number| number >= *least) || number.as_u64().is_some()
            }
            (Self::OneOf(words), Value::String(text)) => words.contains(&text.as_str()),
            _ => false,
        };
        if !fits {
            found.push(Mismatch {
                pointer: pointer.to_owned(),
                expected: self.words(),
                actual: crate::reader::describe(value),
            });
        }
    }

    /// What this shape asks for, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Object(_) => "an object".to_owned(),
            Self::List { least, most: Some(most), .. } => format!("a list of {least} to {most} items"),
            Self::List { least, most: None, .. } => format!("a list of {least} or more items"),
            Self::Text => "a text".to_owned(),
            Self::Digits => "a text of decimal digits".to_owned(),
            Self::Integer(least) => format!("an integer of {least} or more"),
            Self::Flag => "true or false".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
        }
    }

    /// The same as JSON Schema (2020-12, as OpenAPI 3.1 uses it).
    pub fn schema(&self) -> Value {
        match self {
            Self::Object(fields) => {
                let properties: Map<String, Value> =
                    fields.iter().map(|field| (field.name.to_owned(), field.shape.schema())).collect();
                let required: Vec<&str> =
                    fields.iter().filter(|field| field.required).map(|field| field.name).collect();
                json!({"type": "object", "properties": properties, "required": required})
            }
            Self::List { item, least, most } => {
                let mut schema = json!({"type": "array", "items": item.schema(), "minItems": least});
                if let (Some(most), Some(map)) = (most, schema.as_object_mut()) {
                    map.insert("maxItems".to_owned(), json!(most));
                }
                schema
            }
            Self::Text => json!({"type": "string"}),
            Self::Digits => json!({"type": "string", "pattern": "^[0-9]+$"}),
            Self::Integer(least) => json!({"type": "integer", "minimum": least}),
            Self::Flag => json!({"type": "boolean"}),
            Self::OneOf(words) => json!({"type": "string", "enum": words}),
        }
    }
}

fn check_fields(fields: &[Field], map: &Map<String, Value>, pointer: &str, found: &mut Vec<Mismatch>) {
    for field in fields {
        let place = format!("{pointer}/{}", field.name);
        match map.get(field.name) {
            Some(value) => field.shape.check(value, &place, found),
            None if field.required => {
                found.push(Mismatch { pointer: place, expected: field.shape.words(), actual: "nothing".to_owned() });
            }
            None => {}
        }
    }
    for key in map.keys().filter(|key| !fields.iter().any(|field| field.name == key.as_str())) {
        found.push(Mismatch {
            pointer: format!("{pointer}/{key}"),
            expected: "no such key".to_owned(),
            actual: "a key that the contract does not name".to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: Shape =
        Shape::Object(&[Field::required("id", Shape::Digits), Field::optional("kind", Shape::OneOf(&["a", "b"]))]);
    const LIST: Shape = Shape::List { item: &ITEM, least: 1, most: Some(2) };

    #[test]
    fn a_value_that_fits_has_no_mismatch() {
        assert_eq!(LIST.mismatches(&json!([{"id": "17", "kind": "b"}, {"id": "0"}])), []);
    }

    #[test]
    fn each_departure_is_named_with_its_place() {
        let places = |value: Value| LIST.mismatches(&value).into_iter().map(|found| found.pointer).collect::<Vec<_>>();
        assert_eq!(places(json!([{"id": 17}])), ["/0/id"]);
        assert_eq!(places(json!([{"kind": "c", "extra": null}])), ["/0/id", "/0/kind", "/0/extra"]);
        assert_eq!(places(json!([])), [""]);
        assert_eq!(places(json!([{"id": "1"}, {"id": "2"}, {"id": "3"}])), [""]);
        assert_eq!(places(json!({})), [""]);
    }
}
