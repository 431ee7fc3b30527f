//! Reads a world or a profile and finds every fault in it.

use contract::chatday::profile::Profile;
use contract::reader::Fault;
use serde_json::Value;
use toml_edit::Document;

use crate::core::clock::ClockStart;
use crate::core::description::{Blueprint, DEFAULT_ID, complete, default_description};
use crate::core::origin::Defaults;
use crate::place::{Placed, Syntax, line_and_column, locate};
use crate::shell::clock;

/// Why a text is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It cannot be read at all: `line:column: why`.
    Syntax(String),
    /// It can be read, and these are its faults.
    Faults(Vec<Placed>),
}

/// A world description.
pub(crate) fn world(text: &str, defaults: &Defaults) -> Result<Value, Unusable> {
    let description: Value = serde_json::from_str(text).map_err(|error| {
        let words = error.to_string();
        let words = words.split(" at line ").next().unwrap_or_default();
        Unusable::Syntax(format!("{}:{}: this is not JSON: {words}", error.line(), error.column().max(1)))
    })?;
    let faults = |faults| Unusable::Faults(locate(text, Syntax::Json, faults));
    let base = default_description().map_err(faults)?;
    let blueprint = Blueprint {
        id: DEFAULT_ID.to_owned(),
        seed: 1,
        description: complete(Some(&description), &base, DEFAULT_ID),
        clock: ClockStart::default(),
        defaults: defaults.clone(),
        self_check: false,
    };
    let wall = clock::wall();
    blueprint.assemble(wall, wall).map_err(faults)?;
    Ok(description)
}

/// A Chatday profile.
pub(crate) fn profile(text: &str) -> Result<Profile, Unusable> {
    if let Err(error) = Document::parse(text) {
        let (line, column) = line_and_column(text, error.span().map_or(0, |span| span.start));
        let words = error.message().trim().replace('\n', ", ");
        return Err(Unusable::Syntax(format!("{line}:{column}: this is not TOML: {words}")));
    }
    Profile::from_toml(text).map_err(|faults: Vec<Fault>| Unusable::Faults(locate(text, Syntax::Toml, faults)))
}

impl Unusable {
    /// One line for each fault, each with the file's name.
    pub(crate) fn lines(&self, file: &str) -> Vec<String> {
        match self {
            Self::Syntax(words) => vec![format!("{file}:{words}")],
            Self::Faults(faults) => faults.iter().map(|placed| format!("{file}:{placed}")).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_world_is_named_with_its_place() {
        let text = "{\n  \"clock\": {\"frozen\": 1, \"at\": \"soon\"},\n  \"chatwrok\": {}\n}";
        let lines = world(text, &Defaults::default()).unwrap_err().lines("w.json");
        assert_eq!(lines.len(), 3, "{lines:#?}");
        assert!(lines[0].starts_with("w.json:2:23: /clock/frozen: expected true or false"), "{lines:#?}");
        assert!(lines[1].starts_with("w.json:2:32: /clock/at: 'soon' is no RFC 3339 time"), "{lines:#?}");
        assert!(lines[2].starts_with("w.json:3:3: /chatwrok: unknown key 'chatwrok'"), "{lines:#?}");
    }

    #[test]
    fn text_that_is_no_json_or_no_toml_says_where() {
        let lines = world("{\n  \"a\": 1,\n}", &Defaults::default()).unwrap_err().lines("w.json");
        assert!(lines[0].starts_with("w.json:3:1: this is not JSON: trailing comma"), "{lines:?}");
        let lines = profile("a = 1\nb =\n").unwrap_err().lines("p.toml");
        assert!(lines[0].starts_with("p.toml:2:4: this is not TOML"), "{lines:?}");
    }

    #[test]
    fn an_empty_world_is_the_built_in_one() {
        assert!(world("{}", &Defaults::default()).is_ok());
    }
}
