//! The one writer of JSON text. Compact, and with every non-ASCII character as `\uxxxx` in lower-case hex,
//! as Chatwork's recorded answers have it (clause `chatwork.transport.json-text`).

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

/// Compact JSON text with non-ASCII escaped. Surrogate pairs stand for characters beyond U+FFFF; `/` is left alone.
///
/// Types of this workspace always serialise; one that does not would give an empty body.
pub fn to_ascii<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write_ascii(&mut out, value);
    out
}

/// Appends what [`to_ascii`] gives.
pub fn write_ascii<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let start = out.len();
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, AsciiFormatter);
    if value.serialize(&mut serializer).is_err() {
        out.truncate(start);
    }
}

struct AsciiFormatter;

impl Formatter for AsciiFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        let mut units = [0_u16; 2];
        let mut plain = 0;
        for (at, character) in fragment.char_indices().filter(|(_, character)| !character.is_ascii()) {
            writer.write_all(fragment.as_bytes().get(plain..at).unwrap_or_default())?;
            for unit in character.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = at + character.len_utf8();
        }
        writer.write_all(fragment.as_bytes().get(plain..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_compact_and_escaped_as_the_service_prints_it() {
        let value = serde_json::json!({"name": "マイチャット", "path": "a/b", "emoji": "😀", "n": 1});
        assert_eq!(
            String::from_utf8(to_ascii(&value)).unwrap(),
            r#"{"name":"\u30de\u30a4\u30c1\u30e3\u30c3\u30c8","path":"a/b","emoji":"\ud83d\ude00","n":1}"#
        );
    }

    proptest! {
        #[test]
        fn any_text_comes_back_and_the_bytes_are_ascii(text in "\\PC*|.*") {
            let bytes = to_ascii(&text);
            prop_assert!(bytes.is_ascii());
            prop_assert_eq!(serde_json::from_slice::<String>(&bytes).unwrap(), text);
        }
    }
}
