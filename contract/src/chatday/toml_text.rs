//! TOML text as a JSON value, so that a profile is read by the same reader as every other description.

use serde_json::{Map, Number, Value};

use crate::reader::Fault;

/// Parses TOML. What JSON cannot hold (dates, `nan`, `inf`) has no use in a profile and is a fault.
///
/// # Errors
/// For text that is no TOML one fault for the whole document, with line and column; else every value of a kind that
/// JSON has not, each with its place.
pub fn to_json(text: &str) -> Result<Value, Vec<Fault>> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let place = error.span().map_or_else(String::new, |span| {
            let (line, column) = position(text, span.start);
            format!("line {line}, column {column}: ")
        });
        let words = error.message().replace('\n', ", ");
        vec![Fault { pointer: String::new(), message: format!("{place}this is not TOML: {words}") }]
    })?;
    let mut faults = Vec::new();
    let value = convert(toml::Value::Table(table), "", &mut faults);
    if faults.is_empty() { Ok(value) } else { Err(faults) }
}

/// Line and column, both from 1 and the column in characters, of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before.get(line_start..).unwrap_or_default().chars().count() + 1)
}

fn convert(value: toml::Value, pointer: &str, faults: &mut Vec<Fault>) -> Value {
    let mut refuse = |what: &str| {
        let message = format!("expected a text, a number, true or false, a list or a table, found {what}");
        faults.push(Fault { pointer: pointer.to_owned(), message });
        Value::Null
    };
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => match Number::from_f64(number) {
            Some(number) => Value::Number(number),
            None => refuse(&format!("the number {number}, which JSON has not")),
        },
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(moment) => refuse(&format!("the date {moment}")),
        toml::Value::Array(items) => {
            let items = items.into_iter().enumerate();
            Value::Array(items.map(|(index, item)| convert(item, &format!("{pointer}/{index}"), faults)).collect())
        }
        toml::Value::Table(table) => {
            let mut map = Map::new();
            for (key, item) in table {
                let below = format!("{pointer}/{}", escape(&key));
                let item = convert(item, &below, faults);
                map.insert(key, item);
            }
            Value::Object(map)
        }
    }
}

/// One key as a step of a JSON pointer (RFC 6901).
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_json_comes_through() {
        let text = "a = 'ก'\nb = [1, 2.5, true]\n[c.d]\ne = {}\n";
        assert_eq!(to_json(text).unwrap(), json!({"a": "ก", "b": [1, 2.5, true], "c": {"d": {"e": {}}}}));
    }

    #[test]
    fn dates_and_nan_are_each_named_with_their_place() {
        let faults = to_json("[x]\n'a/b' = 2020-05-15\ny = [1.0, nan]\n").unwrap_err();
        let places: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/x/a~1b", "/x/y/1"]);
        assert!(faults[0].message.ends_with("found the date 2020-05-15"), "{}", faults[0]);
    }

    #[test]
    fn a_syntax_fault_has_line_and_column_in_characters() {
        let faults = to_json("a = 'ก'\n# ไทย\nb = 'ข' 7\n").unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].message.starts_with("line 3, column 9: this is not TOML: "), "{}", faults[0]);
        let twice = to_json("a = 1\na = 2\n").unwrap_err();
        assert!(twice[0].message.contains("duplicate key"), "{}", twice[0]);
    }

    #[test]
    fn a_text_that_nests_without_end_is_refused() {
        for text in [
            format!("a = {}1{}", "[".repeat(50_000), "]".repeat(50_000)),
            format!("a{} = 1", ".a".repeat(50_000)),
            format!("[a{}]\nb = 1", ".a".repeat(50_000)),
            format!("a = {}1{}", "{a = ".repeat(50_000), "}".repeat(50_000)),
        ] {
            assert!(to_json(&text).is_err());
        }
    }
}
