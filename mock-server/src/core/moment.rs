//! Times of a world description: Unix seconds, RFC 3339, or a duration before or after the world's start.

use contract::reader::Node;
use contract::time::UnixMillis;
use jiff::{Span, SpanRelativeTo};

/// Reads a time. Relative forms are jiff's friendly durations, such as `26h ago`, `1h 30m ago` or `3 days` (later);
/// days have 24 hours. Notes a fault on anything else, and on moments beyond the years -9999 to 9999.
pub fn read(node: &Node<'_>, start: UnixMillis) -> Option<UnixMillis> {
    let moment = match (node.value().as_i64(), node.value().as_str()) {
        (Some(seconds), _) => Some(UnixMillis::from_seconds(seconds)),
        (None, Some(text)) => UnixMillis::from_rfc3339(text).ok().or_else(|| relative(text, start)),
        (None, None) => None,
    };
    let inside = moment.filter(|moment| UnixMillis::from_rfc3339(&moment.to_rfc3339()).as_ref() == Ok(moment));
    if inside.is_none() {
        node.expected("a time: Unix seconds, RFC 3339, or a duration such as \"26h ago\" or \"3 days\"");
    }
    inside
}

fn relative(text: &str, start: UnixMillis) -> Option<UnixMillis> {
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    start.0.checked_add(i64::try_from(duration.as_millis()).ok()?).map(UnixMillis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reader::Faults;
    use serde_json::{Value, json};

    const START: UnixMillis = UnixMillis(1_800_000_000_000);

    fn ask(value: &Value) -> Option<i64> {
        let faults = Faults::default();
        let moment = read(&Node::root(value, &faults), START).map(|moment| moment.0);
        assert_eq!(moment.is_none(), !faults.is_empty());
        moment
    }

    #[test]
    fn all_forms_are_read() {
        assert_eq!(ask(&json!(7)), Some(7000));
        assert_eq!(ask(&json!("1994-11-06T08:49:37.5Z")), Some(784_111_777_500));
        assert_eq!(ask(&json!("26h ago")), Some(START.0 - 26 * 3_600_000));
        assert_eq!(ask(&json!("1h 30m ago")), Some(START.0 - 5_400_000));
        assert_eq!(ask(&json!("2 days 4h ago")), Some(START.0 - 52 * 3_600_000));
        assert_eq!(ask(&json!("3 days")), Some(START.0 + 72 * 3_600_000));
    }

    #[test]
    fn what_is_no_moment_of_the_calendar_is_a_fault() {
        for value in
            [json!("yesterday"), json!(null), json!(1.5), json!(i64::MAX), json!("999999999h ago"), json!("1 month")]
        {
            assert_eq!(ask(&value), None, "{value}");
        }
    }
}
