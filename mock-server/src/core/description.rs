//! A world as a person writes it down: which part comes from where, and how it is read.

use contract::reader::{Fault, Faults, Node};
use contract::time::UnixMillis;
use serde_json::{Map, Value};

use super::clock::{Clock, ClockStart};
use super::origin::{Defaults, Origin};
use crate::{chatday, chatwork};

/// The world that exists when nobody describes another one.
pub const DEFAULT_WORLD: &str = include_str!("../../../fixtures/worlds/default.json");
/// The id of the world that requests reach unless their token says otherwise.
pub const DEFAULT_ID: &str = "default";

/// Keys whose values are tokens, or follow from them: they belong to one world and are left out when another one is made
/// from a description.
const TOKEN_KEYS: [&str; 6] = ["token", "tokens", "signature_token", "client_id", "client_secret", "issued"];

/// What a description becomes.
#[derive(Debug)]
pub struct Parts {
    /// The clock, already started.
    pub clock: Clock,
    /// Chatwork's side.
    pub chatwork: chatwork::State,
    /// Chatday's side.
    pub chatday: chatday::State,
}

impl Parts {
    /// What selects this world, and what nobody may read.
    pub fn keys(&self) -> Keys {
        Keys::of(&self.chatwork, &self.chatday)
    }
}

/// What selects a world, and what of it must never be written down.
#[derive(Clone)]
pub struct Keys {
    /// API tokens of both services, and the ids of OAuth clients.
    pub tokens: Vec<String>,
    /// The tokens, and what else is secret.
    pub secrets: Vec<String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({} tokens)", self.tokens.len())
    }
}

impl Keys {
    /// Those of a world's two sides.
    pub fn of(chatwork: &chatwork::State, chatday: &chatday::State) -> Self {
        let mut tokens = chatwork.tokens();
        tokens.extend(chatday.tokens());
        let mut secrets = tokens.clone();
        secrets.extend(chatday.secrets());
        secrets.extend(chatwork.oauth.secrets().map(str::to_owned));
        tokens.extend(chatwork.oauth.client_ids().map(str::to_owned));
        secrets.extend(chatwork.webhook_tokens());
        Self { tokens, secrets }
    }
}

/// Everything that reading a description needs.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// The world's id.
    pub id: String,
    /// The number that everything made up follows from.
    pub seed: u64,
    /// A whole description: what [`complete`] gave.
    pub description: Value,
    /// The clock where the description has none.
    pub clock: ClockStart,
    /// What the command line says for every world.
    pub defaults: Defaults,
    /// Whether the world holds its own answers against the contract.
    pub self_check: bool,
}

impl Blueprint {
    /// Reads the description. A frozen clock that names no moment stands at `birth`; a running one follows the wall.
    ///
    /// # Errors
    /// Every fault in it, with its place.
    pub fn assemble(&self, wall: UnixMillis, birth: UnixMillis) -> Result<Parts, Vec<Fault>> {
        let faults = Faults::default();
        let object = Node::root(&self.description, &faults).object();
        let mut start = object.optional("clock").map_or(self.clock, |node| ClockStart::load(&node));
        if start.frozen {
            start.at.get_or_insert(birth);
        }
        let mut clock = Clock::start(start, wall);
        let now = clock.now(wall);
        let origin = Origin { seed: self.seed, world_id: &self.id, now, defaults: &self.defaults };
        let chatwork = object.required("chatwork").map(|node| chatwork::State::load(&node, &origin));
        let chatday = object.required("chatday").map(|node| chatday::State::load(&node, &origin));
        object.finish();
        match (chatwork, chatday) {
            (Some(chatwork), Some(chatday)) if faults.is_empty() => Ok(Parts { clock, chatwork, chatday }),
            _ => Err(faults.into_sorted()),
        }
    }
}

/// The default world's description.
///
/// # Errors
/// None for the file that is built in; a test reads it.
pub fn default_description() -> Result<Value, Vec<Fault>> {
    serde_json::from_str(DEFAULT_WORLD).map_err(|error| {
        vec![Fault { pointer: String::new(), message: format!("the built-in world is no JSON: {error}") }]
    })
}

/// A description with the parts that it lacks taken from another one. In a world with another id these parts come
/// without their tokens, so that it gets tokens of its own.
pub fn complete(description: Option<&Value>, base: &Value, id: &str) -> Value {
    let strip = |part: &Value| if id == DEFAULT_ID { part.clone() } else { without_tokens(part) };
    let Some(description) = description else { return strip(base) };
    let Some(given) = description.as_object() else { return description.clone() };
    let mut whole = given.clone();
    for part in ["chatwork", "chatday"] {
        if let Some(value) = base.get(part).filter(|_| !given.contains_key(part)) {
            whole.insert(part.to_owned(), strip(value));
        }
    }
    Value::Object(whole)
}

fn without_tokens(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !TOKEN_KEYS.contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key.clone(), without_tokens(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_tokens).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn blueprint(description: Value) -> Blueprint {
        let (id, defaults) = (DEFAULT_ID.to_owned(), Defaults::default());
        Blueprint { id, seed: 1, description, clock: ClockStart::default(), defaults, self_check: false }
    }

    #[test]
    fn the_built_in_world_has_no_fault() {
        let description = default_description().unwrap();
        blueprint(description).assemble(UnixMillis::from_seconds(1_790_000_000), UnixMillis(0)).unwrap();
    }

    #[test]
    fn a_missing_part_is_the_default_one_and_other_worlds_get_it_without_tokens() {
        let base =
            json!({"chatwork": {"people": [{"token": "t", "name": "สมชาย"}]}, "chatday": {"token": "d", "x": 1}});
        let given = json!({"chatday": {"token": "own"}});
        assert_eq!(complete(None, &base, DEFAULT_ID), base);
        assert_eq!(
            complete(Some(&given), &base, "w1"),
            json!({"chatday": {"token": "own"}, "chatwork": {"people": [{"name": "สมชาย"}]}})
        );
        assert_eq!(
            complete(None, &base, "w1"),
            json!({"chatwork": {"people": [{"name": "สมชาย"}]}, "chatday": {"x": 1}})
        );
    }

    #[test]
    fn faults_of_all_parts_are_named_together() {
        let faults = blueprint(json!({"clock": {"at": "soon", "frosen": true}, "chatwork": 7, "chatdaj": {}}))
            .assemble(UnixMillis(0), UnixMillis(0))
            .unwrap_err();
        let places: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["", "/chatdaj", "/chatwork", "/clock/at", "/clock/frosen"]);
    }
}
