//! JSON text read strictly: UTF-8, one value, no byte order mark, no key twice in one object, at most 128 levels deep.
//! Two readers of a text that names a key twice may see different values, so such a text has no safe meaning.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads one JSON value.
///
/// # Errors
/// The first fault as the middle of a sentence, with line and column where there is one.
pub fn read(bytes: &[u8]) -> Result<Value, String> {
    if bytes.is_empty() {
        return Err("it is empty".to_owned());
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err("it starts with a byte order mark: send plain UTF-8".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| format!("byte {} is not UTF-8", error.valid_up_to()))?;
    serde_json::from_str::<Strict>(text).map(|strict| strict.0).map_err(|error| error.to_string())
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StrictValue.deserialize(deserializer).map(Self)
    }
}

struct StrictValue;

impl<'de> DeserializeSeed<'de> for StrictValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {:?} stands twice", cut(&key))));
            }
            let value = entries.next_value_seed(Self)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

fn cut(key: &str) -> String {
    if key.chars().count() <= 40 { key.to_owned() } else { key.chars().take(40).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_has_no_safe_meaning_is_refused_with_its_place() {
        let fault = |text: &[u8]| read(text).unwrap_err();
        assert_eq!(fault(b""), "it is empty");
        assert_eq!(fault(b"\xef\xbb\xbf{}"), "it starts with a byte order mark: send plain UTF-8");
        assert_eq!(fault(b"\"\xff\""), "byte 1 is not UTF-8");
        assert_eq!(fault(br#"{"a":{"b":1,"b":2}}"#), r#"the key "b" stands twice at line 1 column 15"#);
        assert_eq!(fault(br#"{"a":1,"\u0061":2}"#), r#"the key "a" stands twice at line 1 column 15"#);
        assert_eq!(fault(b"{} x"), "trailing characters at line 1 column 4");
        assert_eq!(fault(b"{} {}"), "trailing characters at line 1 column 4");
        assert!(fault("[".repeat(129).as_bytes()).starts_with("recursion limit exceeded"));
        assert!(fault(br#""\ud800""#).contains("surrogate") || fault(br#""\ud800""#).contains("escape"));
        for text in ["{'a':1}", "{\"a\":1,}", "NaN", "1e400", "01", "// x\n1", "nul", "\"a\nb\""] {
            assert!(read(text.as_bytes()).is_err(), "{text} was read");
        }
    }

    #[test]
    fn one_hundred_and_twenty_seven_levels_are_read() {
        let text = format!("{}{}", "[".repeat(127), "]".repeat(127));
        assert!(read(text.as_bytes()).is_ok());
    }

    #[test]
    fn every_kind_of_value_is_read_as_it_stands() {
        let text = " {\"ก\": [null, true, -7, 18446744073709551615, 1.5, \"\\ud83d\\ude00\"], \"a\": {}}\r\n";
        assert_eq!(read(text.as_bytes()).unwrap(), json!({"ก": [null, true, -7, u64::MAX, 1.5, "😀"], "a": {}}));
    }

    proptest! {
        #[test]
        fn whatever_serde_json_reads_without_repeated_keys_is_read_the_same(text in "[\\[\\]{}:,\"a-c0-9 \\-.ก]{0,24}") {
            match (read(text.as_bytes()), serde_json::from_str::<Value>(&text)) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
                (Err(fault), Ok(_)) => prop_assert!(fault.contains("stands twice"), "{}", fault),
                (Err(_), Err(_)) => {}
                (Ok(value), Err(error)) => prop_assert!(false, "{value} was read, but: {error}"),
            }
        }
    }
}
