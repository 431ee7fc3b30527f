//! Reads the small parts of a description.

use contract::reader::{Node, Object};
use contract::time::UnixMillis;

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

/// A moment as Unix seconds. A number is taken as it is: clients may set a task's limit beyond the calendar, and an
/// export must come back.
pub(super) fn moment(node: &Node<'_>, start: UnixMillis) -> Option<i64> {
    node.value().as_i64().or_else(|| crate::core::moment::read(node, start).map(UnixMillis::seconds))
}

/// Words with what they mean, as [`Node::one_of`] takes them.
pub(super) fn words<T: Copy, const N: usize>(all: [T; N], name: impl Fn(T) -> &'static str) -> [(&'static str, T); N] {
    all.map(|item| (name(item), item))
}

/// One of a set of words at an optional key.
pub(super) fn named<T: Copy>(object: &Object<'_>, key: &'static str, words: &[(&str, T)]) -> Option<T> {
    object.optional(key)?.one_of(words)
}
