//! Times of a world description: Unix seconds, RFC 3339, or how long before the world's start.

use contract::reader::Node;
use contract::time::UnixMillis;
use jiff::SignedDuration;

/// Reads a time. Relative forms are jiff's friendly durations that lie in the past, such as `26h ago` or `1h 30m ago`.
/// Notes a fault on anything else, and on moments beyond the years -9999 to 9999.
pub fn read(node: &Node<'_>, now: UnixMillis) -> Option<UnixMillis> {
    let moment = match (node.value().as_i64(), node.value().as_str()) {
        (Some(seconds), _) => Some(UnixMillis::from_seconds(seconds)),
        (None, Some(text)) => UnixMillis::from_rfc3339(text).ok().or_else(|| before(text, now)),
        (None, None) => None,
    };
    let inside = moment.filter(|moment| UnixMillis::from_rfc3339(&moment.to_rfc3339()).as_ref() == Ok(moment));
    if inside.is_none() {
        node.expected("a time: Unix seconds, a text like 2026-01-31T09:00:00Z, or one like 26h ago");
    }
    inside
}

fn before(text: &str, now: UnixMillis) -> Option<UnixMillis> {
    let duration: SignedDuration = text.parse().ok()?;
    let millis = i64::try_from(duration.as_millis()).ok()?;
    (millis <= 0).then(|| now.plus_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reader::Faults;
    use serde_json::{Value, json};

    use crate::chatday::testing::NOW;

    fn ask(value: &Value) -> Option<i64> {
        let faults = Faults::default();
        let moment = read(&Node::root(value, &faults), NOW).map(|moment| moment.0);
        assert_eq!(moment.is_none(), !faults.is_empty());
        moment
    }

    #[test]
    fn all_three_forms_are_read() {
        assert_eq!(ask(&json!(7)), Some(7000));
        assert_eq!(ask(&json!("1994-11-06T08:49:37.5Z")), Some(784_111_777_500));
        assert_eq!(ask(&json!("26h ago")), Some(NOW.0 - 26 * 3_600_000));
        assert_eq!(ask(&json!("1h 30m ago")), Some(NOW.0 - 5_400_000));
    }

    #[test]
    fn what_is_no_moment_of_the_past_or_of_the_calendar_is_a_fault() {
        for value in
            [json!("26h"), json!("yesterday"), json!(null), json!(1.5), json!(i64::MAX), json!("999999999h ago")]
        {
            assert_eq!(ask(&value), None, "{value}");
        }
    }
}
