//! Ids of chats and messages. Inside they are text; the profile decides which JSON kind the wire carries.

use std::fmt;

use serde_json::Value;

/// JSON kind of an id on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    /// A text.
    String,
    /// An integer.
    Integer,
}

impl IdKind {
    /// Both, with the word of the profile.
    pub const WORDS: &'static [(&'static str, Self)] = &[("string", Self::String), ("integer", Self::Integer)];

    /// An id as the wire carries it. A text that is no integer stays a text.
    pub fn render(self, id: &str) -> Value {
        match (self, id.parse::<i64>()) {
            (Self::Integer, Ok(number)) => Value::from(number),
            _ => Value::from(id),
        }
    }

    /// JSON Schema of such an id.
    pub fn schema(self) -> Value {
        match self {
            Self::String => serde_json::json!({"type": "string", "minLength": 1, "maxLength": ChatId::MOST_CHARACTERS}),
            Self::Integer => serde_json::json!({"type": "integer", "format": "int64"}),
        }
    }
}

/// The id of a chat (the document: "id of the room").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChatId(String);

impl ChatId {
    /// Most characters of an id.
    pub const MOST_CHARACTERS: usize = 128;

    /// Reads an id that a peer sent. Only the kind of the profile is taken.
    ///
    /// # Errors
    /// What is wrong, without naming the field.
    pub fn from_wire(kind: IdKind, value: &Value) -> Result<Self, String> {
        match (kind, value) {
            (IdKind::String, Value::String(text)) => Self::checked(text),
            (IdKind::Integer, Value::Number(number)) if number.is_i64() => Ok(Self(number.to_string())),
            (IdKind::String, other) => Err(format!("expected a string, found {}", crate::reader::describe(other))),
            (IdKind::Integer, other) => Err(format!("expected an integer, found {}", crate::reader::describe(other))),
        }
    }

    /// Reads an id from a description or a control call, where a text and an integer are the same id.
    ///
    /// # Errors
    /// What is wrong: with [`IdKind::Integer`] a text must be a decimal integer in its shortest form.
    pub fn from_description(kind: IdKind, value: &Value) -> Result<Self, String> {
        let id = match value {
            Value::String(text) => Self::checked(text)?,
            Value::Number(number) if number.is_i64() => Self(number.to_string()),
            other => return Err(format!("expected a text or an integer, found {}", crate::reader::describe(other))),
        };
        if kind == IdKind::Integer && id.0.parse::<i64>().map_or(true, |number| number.to_string() != id.0) {
            return Err(format!("'{id}' is no integer: the profile's ids.chat_id is \"integer\""));
        }
        Ok(id)
    }

    fn checked(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if length == 0 || length > Self::MOST_CHARACTERS {
            return Err(format!("expected 1 to {} characters, found {length}", Self::MOST_CHARACTERS));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_wire_takes_only_the_kind_of_the_profile() {
        assert_eq!(ChatId::from_wire(IdKind::String, &json!("ห้อง-1")).unwrap().as_str(), "ห้อง-1");
        assert_eq!(ChatId::from_wire(IdKind::Integer, &json!(-9)).unwrap().as_str(), "-9");
        for (kind, value) in [
            (IdKind::String, json!(7)),
            (IdKind::String, json!("")),
            (IdKind::String, json!("x".repeat(129))),
            (IdKind::Integer, json!("7")),
            (IdKind::Integer, json!(7.0)),
            (IdKind::Integer, json!(u64::MAX)),
        ] {
            assert!(ChatId::from_wire(kind, &value).is_err(), "{kind:?} took {value}");
        }
    }

    #[test]
    fn a_description_may_write_the_same_id_as_text_or_integer() {
        for kind in [IdKind::String, IdKind::Integer] {
            assert_eq!(
                ChatId::from_description(kind, &json!(70001)).unwrap(),
                ChatId::from_description(kind, &json!("70001")).unwrap()
            );
        }
        assert!(ChatId::from_description(IdKind::Integer, &json!("007")).is_err());
        assert!(ChatId::from_description(IdKind::Integer, &json!("ห้อง")).unwrap_err().contains("ids.chat_id"));
    }

    #[test]
    fn an_id_prints_in_the_kind_of_the_profile() {
        assert_eq!(IdKind::Integer.render("70001"), json!(70001));
        assert_eq!(IdKind::String.render("70001"), json!("70001"));
    }
}
