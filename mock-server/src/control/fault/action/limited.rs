//! The answer of a limit that need not be used up.

use contract::reader::Node;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::headers::{by_name, put, read};

/// Which limit of Chatwork is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// That of the account: no request left.
    Account,
    /// That of messages and tasks of one room: the account has requests left.
    Room,
}

/// An answer of a limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RateLimited {
    /// Seconds from the world's now to the end of the window; may be negative. For Chatwork, without it the end of the
    /// account's window as it stands; for Chatday, 1 second without it and 0 where it is negative.
    pub reset_in_s: Option<i64>,
    /// Which limit of Chatwork; the account's unless said.
    pub scope: Option<Scope>,
    /// Headers that are otherwise: another value, or `None` for none at all.
    pub headers: Vec<(String, Option<String>)>,
}

impl RateLimited {
    /// Changes the headers of the answer as the rule says.
    pub(crate) fn dress(&self, headers: &mut HeaderMap) {
        for (name, _) in &self.headers {
            headers.remove(name);
        }
        for (name, value) in &self.headers {
            if let Some(value) = value {
                put(headers, name, value);
            }
        }
    }

    pub(super) fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let most = MOST_RESET_S;
        let limited = Self {
            reset_in_s: object.optional_integer("reset_in_s", -most, most),
            scope: object.optional("scope").and_then(|word| word.one_of(&Scope::WORDS)),
            headers: object.optional("headers").map(|node| read(&node)).unwrap_or_default(),
        };
        object.finish();
        limited
    }

    pub(super) fn to_value(&self) -> Value {
        let mut whole = Map::new();
        whole.extend(self.reset_in_s.map(|seconds| ("reset_in_s".to_owned(), json!(seconds))));
        let word = |scope| Scope::WORDS.iter().find(|(_, known)| *known == scope).map(|(word, _)| *word);
        whole.extend(self.scope.map(|scope| ("scope".to_owned(), json!(word(scope)))));
        if !self.headers.is_empty() {
            let headers = by_name(self.headers.iter().map(|(name, value)| (name, json!(value))));
            whole.insert("headers".to_owned(), headers.into());
        }
        Value::Object(whole)
    }
}

impl Scope {
    const WORDS: [(&'static str, Self); 2] = [("account", Self::Account), ("room", Self::Room)];
}

/// Farthest end of a window, in seconds: 100 years.
const MOST_RESET_S: i64 = 100 * 365 * 24 * 60 * 60;
