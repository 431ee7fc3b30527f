//! Where in a file a fault stands: line and column of a JSON pointer.

use contract::reader::Fault;
use jsonc_parser::ast::Value as Json;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use toml_edit::{Document, Item};

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Json,
    Toml,
}

/// A fault with its place: `line:column: pointer: message`, both counted from 1, the column in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Placed {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) fault: Fault,
}

impl std::fmt::Display for Placed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.fault)
    }
}

/// Gives faults their places, in the order of the file. What cannot be found stands where its nearest parent does.
pub(crate) fn locate(text: &str, syntax: Syntax, faults: Vec<Fault>) -> Vec<Placed> {
    let offsets: Vec<usize> = match syntax {
        Syntax::Json => {
            let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).ok();
            let root = parsed.as_ref().and_then(|parsed| parsed.value.as_ref());
            faults.iter().map(|fault| root.map_or(0, |root| in_json(root, fault))).collect()
        }
        Syntax::Toml => {
            let parsed = Document::parse(text).ok();
            faults.iter().map(|fault| parsed.as_ref().map_or(0, |parsed| in_toml(parsed.as_item(), fault))).collect()
        }
    };
    let mut placed: Vec<Placed> = faults
        .into_iter()
        .zip(offsets)
        .map(|(fault, offset)| {
            let (line, column) = line_and_column(text, offset);
            Placed { line, column, fault }
        })
        .collect();
    placed.sort();
    placed
}

/// Line and column of a byte offset.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// A key that should not be there stands at the key; everything else at its value.
fn is_about_the_key(fault: &Fault) -> bool {
    fault.message.starts_with("unknown key")
}

fn in_json(root: &Json<'_>, fault: &Fault) -> usize {
    let (mut at, mut offset) = (root, root.start());
    for segment in segments(&fault.pointer) {
        match at {
            Json::Object(object) => {
                let Some(property) = object.properties.iter().rfind(|property| property.name.as_str() == segment)
                else {
                    break;
                };
                at = &property.value;
                offset = if is_about_the_key(fault) { property.start() } else { at.start() };
            }
            Json::Array(array) => {
                let Some(item) = segment.parse().ok().and_then(|index: usize| array.elements.get(index)) else { break };
                (at, offset) = (item, item.start());
            }
            _ => break,
        }
    }
    offset
}

fn in_toml(root: &Item, fault: &Fault) -> usize {
    let (mut at, mut offset) = (Some(root), 0);
    let mut inline: Option<&toml_edit::Value> = None;
    for segment in segments(&fault.pointer) {
        let index = segment.parse::<usize>().ok();
        if let Some(table) = at.and_then(Item::as_table) {
            let Some((key, item)) = table.get_key_value(&segment) else { break };
            let start = |span: Option<std::ops::Range<usize>>| span.map(|span| span.start);
            let (key, value) = (start(key.span()), start(item.span()));
            offset = if is_about_the_key(fault) { key.or(value) } else { value.or(key) }.unwrap_or(offset);
            (at, inline) = (Some(item), item.as_value());
        } else if let Some(tables) = at.and_then(Item::as_array_of_tables) {
            let Some(table) = index.and_then(|index| tables.get(index)) else { break };
            offset = table.span().map_or(offset, |span| span.start);
            // A table of a list is no `Item`: its keys are looked up once more by hand.
            return in_table(table, &fault.pointer, &segment, fault).unwrap_or(offset);
        } else {
            let next = inline.and_then(|value| match (value, index) {
                (toml_edit::Value::InlineTable(table), _) => table.get(&segment),
                (toml_edit::Value::Array(array), Some(index)) => array.get(index),
                _ => None,
            });
            let Some(next) = next else { break };
            offset = next.span().map_or(offset, |span| span.start);
            (at, inline) = (None, Some(next));
        }
    }
    offset
}

/// The rest of a pointer behind the index of a table in a list of tables.
fn in_table(table: &toml_edit::Table, pointer: &str, index: &str, fault: &Fault) -> Option<usize> {
    let (_, rest) = pointer.split_once(&format!("/{index}/"))?;
    let below = Fault { pointer: format!("/{rest}"), message: fault.message.clone() };
    match in_toml(&Item::Table(table.clone()), &below) {
        0 => None,
        offset => Some(offset),
    }
}

fn segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|segment| segment.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str, syntax: Syntax, faults: &[(&str, &str)]) -> Vec<(usize, usize)> {
        let faults =
            faults.iter().map(|(pointer, message)| Fault { pointer: (*pointer).into(), message: (*message).into() });
        locate(text, syntax, faults.collect()).into_iter().map(|placed| (placed.line, placed.column)).collect()
    }

    #[test]
    fn json_faults_stand_at_the_value_or_at_the_unknown_key() {
        let text = "{\n  \"ชื่อ\": {\"a/b\": [1, \"x\"]},\n  \"extra\": 1\n}";
        assert_eq!(places(text, Syntax::Json, &[("/ชื่อ/a~1b/1", "expected")]), [(2, 23)]);
        assert_eq!(places(text, Syntax::Json, &[("/extra", "unknown key 'extra'")]), [(3, 3)]);
        assert_eq!(places(text, Syntax::Json, &[("/ชื่อ/gone", "missing")]), [(2, 11)]);
        assert_eq!(places(text, Syntax::Json, &[("", "missing")]), [(1, 1)]);
        assert_eq!(places(text, Syntax::Json, &[("/extra", "b"), ("/ชื่อ", "a")]), [(2, 11), (3, 12)]);
    }

    #[test]
    fn toml_faults_are_found_in_tables_lists_and_inline_tables() {
        let text = "top = 1\n[send]\nmethod = \"PUT\"\nlist = [1, 2]\ninline = { a = 1, b = 2 }\n\n[[type]]\nname = \"x\"\n[[type]]\nname = 7\n";
        assert_eq!(places(text, Syntax::Toml, &[("/send/method", "expected")]), [(3, 10)]);
        assert_eq!(places(text, Syntax::Toml, &[("/send/method", "unknown key 'method'")]), [(3, 1)]);
        assert_eq!(places(text, Syntax::Toml, &[("/send/list/1", "expected")]), [(4, 12)]);
        assert_eq!(places(text, Syntax::Toml, &[("/send/inline/b", "expected")]), [(5, 23)]);
        assert_eq!(places(text, Syntax::Toml, &[("/type/1/name", "expected")]), [(10, 8)]);
        assert_eq!(places(text, Syntax::Toml, &[("/top", "expected")]), [(1, 7)]);
    }
}
