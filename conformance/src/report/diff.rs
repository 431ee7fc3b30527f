//! What differs between two texts of several lines, or between two JSON values.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// One line of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// On which side it stands.
    pub side: Side,
    /// Without its line end.
    pub text: String,
}

/// On which side a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// On both.
    Both,
    /// Expected, and not there.
    Expected,
    /// There, and not expected.
    Actual,
}

impl Side {
    /// The sign in front of the line.
    pub fn sign(self) -> char {
        match self {
            Self::Both => ' ',
            Self::Expected => '-',
            Self::Actual => '+',
        }
    }
}

/// Line by line, with everything that is the same.
pub fn lines(expected: &str, actual: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(expected, actual);
    let lines = diff.iter_all_changes().map(|change| Line {
        side: match change.tag() {
            ChangeTag::Equal => Side::Both,
            ChangeTag::Delete => Side::Expected,
            ChangeTag::Insert => Side::Actual,
        },
        text: change.value().trim_end_matches('\n').to_owned(),
    });
    lines.collect()
}

/// A comparison of what was expected and what came, if it says more than the two sentences: both end in a JSON value, or
/// both have several lines. None when nothing differs.
pub(crate) fn of(expected: &str, actual: &str) -> Option<Vec<Line>> {
    let (expected, actual) = match (json(expected), json(actual)) {
        (Some(expected), Some(actual)) => (expected, actual),
        _ if expected.contains('\n') && actual.contains('\n') => (expected.to_owned(), actual.to_owned()),
        _ => return None,
    };
    let lines = lines(&expected, &actual);
    lines.iter().any(|line| line.side != Side::Both).then_some(lines)
}

/// The object or list at the end of a text, written on several lines.
fn json(text: &str) -> Option<String> {
    let start = text.find(['{', '['])?;
    let value: Value = serde_json::from_str(text.get(start..)?).ok()?;
    serde_json::to_string_pretty(&value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expected: &str, actual: &str) -> Option<String> {
        let lines = of(expected, actual)?;
        Some(lines.iter().map(|line| format!("{}{}\n", line.side.sign(), line.text)).collect())
    }

    #[test]
    fn json_values_are_compared_however_they_are_spelt() {
        assert_eq!(
            shown(r#"status 200 and the JSON body {"status":"SUCCESS"}"#, r#"200 { "status": "success" }"#).unwrap(),
            " {\n-  \"status\": \"SUCCESS\"\n+  \"status\": \"success\"\n }\n"
        );
        assert_eq!(shown(r#"{"a":1}"#, r#"200 {"a": 1}"#), None, "nothing differs");
    }

    #[test]
    fn sentences_are_left_alone() {
        assert_eq!(shown("status 401", "200 {\"status\":\"SUCCESS\"}"), None);
        assert_eq!(shown("one\nline", "another"), None);
        assert_eq!(shown("one\ntwo\n", "one\nthree\n").unwrap(), " one\n-two\n+three\n");
    }
}
