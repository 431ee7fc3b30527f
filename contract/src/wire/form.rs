//! `application/x-www-form-urlencoded` pairs. Order and duplicates are kept; decoding never fails, as in every
//! form decoder seen in the wild: a stray `%` stays, raw UTF-8 and spaces stay, invalid UTF-8 becomes U+FFFD.

use form_urlencoded::{Serializer, parse};

/// Decoded pairs in the order in which they stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<(String, String)>,
}

impl Form {
    /// Decodes a body or a query string.
    pub fn decode(encoded: &[u8]) -> Self {
        if encoded.is_empty() {
            return Self::default();
        }
        Self { pairs: parse(encoded).map(|(name, value)| (name.into_owned(), value.into_owned())).collect() }
    }

    /// The value of a name. Where it stands more than once the last one counts (clause
    /// `chatwork.transport.duplicate-parameters`).
    pub fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every pair, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Adds a pair at the end.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.pairs.push((name.into(), value.into()));
    }

    /// Adds all pairs of another form behind these, so that the other's values win.
    pub fn append(&mut self, other: Self) {
        if self.pairs.is_empty() {
            *self = other;
        } else {
            self.pairs.extend(other.pairs);
        }
    }

    /// Takes away every pair of a name.
    pub fn remove(&mut self, name: &str) {
        self.pairs.retain(|(key, _)| key != name);
    }

    /// The encoded text, spaces as `+`.
    pub fn encode(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.pairs).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decoding_is_as_lenient_as_form_decoders_are() {
        let form = Form::decode("body=a b%&x=%zz&body=ส%E0%B8&y=1+2%2B3&=v&flag".as_bytes());
        let pairs: Vec<_> = form.pairs().collect();
        assert_eq!(
            pairs,
            [("body", "a b%"), ("x", "%zz"), ("body", "ส\u{fffd}"), ("y", "1 2+3"), ("", "v"), ("flag", "")]
        );
        assert_eq!(form.value("body"), Some("ส\u{fffd}"));
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_the_same_pairs(pairs in proptest::collection::vec((".*", ".*"), 0..6)) {
            let mut form = Form::default();
            for (name, value) in &pairs {
                form.push(name.clone(), value.clone());
            }
            prop_assert_eq!(Form::decode(form.encode().as_bytes()), form);
        }

        #[test]
        fn no_bytes_make_decoding_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Form::decode(&bytes);
        }
    }
}
