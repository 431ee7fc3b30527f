//! A page of messages as JSON, kept until the room's messages change: a client that polls asks for the same one again.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

/// Larger pages are not kept: what is remembered beside the state stays small.
const MOST_BYTES: usize = 256 * 1024;

/// The page that was rendered last. It is no part of the state: two rooms are equal whatever was rendered of them.
#[derive(Clone)]
pub(super) struct Page {
    places: Range<usize>,
    text: Bytes,
}

impl Page {
    pub(super) const fn new() -> Self {
        Self { places: 0..0, text: Bytes::new() }
    }

    /// The text of a page, if it is the one that is kept.
    pub(super) fn get(&self, places: &Range<usize>) -> Option<Bytes> {
        (!self.text.is_empty() && self.places == *places).then(|| self.text.clone())
    }

    pub(super) fn keep(&mut self, places: Range<usize>, text: &Bytes) {
        if text.len() <= MOST_BYTES {
            *self = Self { places, text: text.clone() };
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }
}

impl PartialEq for Page {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Page {}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({:?}, {} bytes)", self.places, self.text.len())
    }
}
