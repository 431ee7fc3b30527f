//! Reads the small parts of a description.

use contract::reader::{Node, Object};
use contract::time::UnixMillis;
use jiff::{Span, SpanRelativeTo};

use crate::chatwork::state::ids::{MESSAGE_MAX, MessageId, NUMBER_MAX};

/// An id that is a JSON number.
pub(super) fn number_id(node: &Node<'_>) -> Option<u64> {
    node.integer(1, NUMBER_MAX.cast_signed()).map(i64::cast_unsigned)
}

/// An id that is a JSON text of digits.
pub(super) fn message_id(node: &Node<'_>) -> Option<MessageId> {
    let id = node.value().as_str().and_then(MessageId::from_digits).filter(|id| id.0 <= MESSAGE_MAX);
    if id.is_none() {
        node.expected(&format!("a message id: a text of digits from \"1\" to \"{MESSAGE_MAX}\""));
    }
    id
}

/// A moment as Unix seconds: an integer, RFC 3339, or a duration before or after the world's start. Days have 24 hours.
pub(super) fn moment(node: &Node<'_>, start: UnixMillis) -> Option<i64> {
    let relative = |text: &str| -> Option<i64> {
        let span: Span = text.parse().ok()?;
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        start.seconds().checked_add(duration.as_secs())
    };
    let value = node.value();
    let seconds = value.as_i64().or_else(|| {
        let text = value.as_str()?;
        UnixMillis::from_rfc3339(text).map(UnixMillis::seconds).ok().or_else(|| relative(text))
    });
    if seconds.is_none() {
        node.expected("a time: Unix seconds, RFC 3339, or a duration such as \"26h ago\" or \"3 days\"");
    }
    seconds
}

/// Words with what they mean, as [`Node::one_of`] takes them.
pub(super) fn words<T: Copy, const N: usize>(all: [T; N], name: impl Fn(T) -> &'static str) -> [(&'static str, T); N] {
    all.map(|item| (name(item), item))
}

/// One of a set of words at an optional key.
pub(super) fn named<T: Copy>(object: &Object<'_>, key: &'static str, words: &[(&str, T)]) -> Option<T> {
    object.optional(key)?.one_of(words)
}

#[cfg(test)]
mod tests {
    use contract::reader::Faults;
    use serde_json::{Value, json};

    use super::*;

    fn read(value: &Value) -> Option<i64> {
        let faults = Faults::default();
        moment(&Node::root(value, &faults), UnixMillis(1_760_000_000_900))
    }

    #[test]
    fn a_time_is_a_number_a_date_or_relative_to_the_start() {
        assert_eq!(read(&json!(1_760_000_000)), Some(1_760_000_000));
        assert_eq!(read(&json!("1994-11-06T08:49:37Z")), Some(784_111_777));
        assert_eq!(read(&json!("26h ago")), Some(1_760_000_000 - 26 * 3600));
        assert_eq!(read(&json!("41 days 2 h ago")), Some(1_760_000_000 - 41 * 86_400 - 7200));
        assert_eq!(read(&json!("3 days")), Some(1_760_000_000 + 3 * 86_400));
        for other in [json!("yesterday"), json!("2 months ago"), json!(null), json!(1.5), json!("")] {
            assert_eq!(read(&other), None, "{other}");
        }
    }
}
