//! `Content-Disposition` of a part, read as leniently as servers read it: names with or without quotes, in any order and
//! in any charset, and the extended form `filename*=UTF-8''…` (RFC 8187), which some clients send in place of `filename`
//! or beside it. The extended one wins, because the plain one beside it is a makeshift (RFC 6266, 4.3).

use percent_encoding::percent_decode;

/// What a part says about itself. Bytes that are not UTF-8 become U+FFFD, as in forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Disposition {
    pub(super) name: Option<String>,
    pub(super) filename: Option<String>,
}

impl Disposition {
    /// Reads a header's value. Never fails: what cannot be read is not there.
    pub(super) fn read(value: &[u8]) -> Self {
        let (mut name, mut plain, mut extended) = (None, None, None);
        let (_, mut rest) = split_at_byte(value, b';');
        while !rest.is_empty() {
            let (key, content, after) = attribute(rest);
            if key.eq_ignore_ascii_case(b"name") {
                name = Some(lossy(&content));
            } else if key.eq_ignore_ascii_case(b"filename") {
                plain = Some(lossy(&content));
            } else if key.eq_ignore_ascii_case(b"filename*") {
                extended = decode_extended(&content);
            }
            rest = after;
        }
        Self { name, filename: extended.or(plain) }
    }
}

/// The first attribute, its value without quotes, and what follows its semicolon.
fn attribute(text: &[u8]) -> (&[u8], Vec<u8>, &[u8]) {
    let end = text.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(text.len());
    let (key, rest) = text.split_at(end);
    let key = key.trim_ascii();
    let Some(value) = rest.strip_prefix(b"=").map(<[u8]>::trim_ascii_start) else {
        return (key, Vec::new(), rest.get(1..).unwrap_or_default());
    };
    if let Some(quoted) = value.strip_prefix(b"\"") {
        let (content, after) = unquote(quoted);
        return (key, content, split_at_byte(after, b';').1);
    }
    let (content, after) = split_at_byte(value, b';');
    (key, content.trim_ascii().to_vec(), after)
}

/// The content of a quoted string whose opening quote is gone, and what follows the closing one. A backslash escapes
/// only a quote or a backslash: others belong to names such as `C:\memo.txt`.
fn unquote(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let (mut content, mut rest) = (Vec::new(), text);
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after.split_first()) {
            (b'"', _) => break,
            (b'\\', Some((escaped @ (b'"' | b'\\'), after))) => {
                content.push(*escaped);
                rest = after;
            }
            (other, _) => content.push(*other),
        }
    }
    (content, rest)
}

/// `charset'language'percent-encoded`. Only the two charsets that every sender may use are known.
fn decode_extended(content: &[u8]) -> Option<String> {
    let (charset, rest) = split_at_byte(content, b'\'');
    let (_, encoded) = split_at_byte(rest, b'\'');
    let bytes: Vec<u8> = percent_decode(encoded).collect();
    if charset.eq_ignore_ascii_case(b"utf-8") {
        Some(lossy(&bytes))
    } else if charset.eq_ignore_ascii_case(b"iso-8859-1") {
        Some(bytes.into_iter().map(char::from).collect())
    } else {
        None
    }
}

fn split_at_byte(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    let end = text.iter().position(|found| *found == byte).unwrap_or(text.len());
    let (before, after) = text.split_at(end);
    (before, after.get(1..).unwrap_or_default())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filename(parameters: &str) -> Option<String> {
        let read = Disposition::read(format!("form-data; {parameters}").as_bytes());
        assert_eq!(read.name.as_deref(), Some("file"), "{parameters}");
        read.filename
    }

    #[test]
    fn names_are_read_however_clients_write_them() {
        for (parameters, expected) in [
            ("name=\"file\"; filename=\"รายงาน 日本 😀.txt\"", "รายงาน 日本 😀.txt"),
            ("filename=\"a.txt\"; name=\"file\"", "a.txt"),
            ("name=file; filename=a.txt", "a.txt"),
            ("NAME=file ;FileName = \"a;b=c.txt\"", "a;b=c.txt"),
            ("name=\"file\"; filename=\"a\\\"b\\\\c.txt\"", "a\"b\\c.txt"),
            ("name=\"file\"; filename=\"C:\\memo.txt\"", "C:\\memo.txt"),
            ("name=\"file\"; filename=\"name=x\"", "name=x"),
            ("name=\"file\"; filename=\"\"", ""),
            ("name=\"file\"; filename=\"open", "open"),
        ] {
            assert_eq!(filename(parameters).as_deref(), Some(expected), "{parameters}");
        }
        assert_eq!(filename("name=\"file\""), None);
    }

    #[test]
    fn the_extended_name_wins_where_it_can_be_read() {
        for (parameters, expected) in [
            ("name=file; filename*=UTF-8''%E6%97%A5%20a.txt", "日 a.txt"),
            ("name=file; filename=\"=?utf-8?B?5pel?=\"; filename*=utf-8''%E6%97%A5.txt", "日.txt"),
            ("name=file; filename*=utf-8'ja'%E6%97%A5.txt; filename=x.txt", "日.txt"),
            ("name=file; filename*=iso-8859-1''caf%E9.txt", "café.txt"),
            ("name=file; filename=x.txt; filename*=Shift_JIS''%93%FA.txt", "x.txt"),
        ] {
            assert_eq!(filename(parameters).as_deref(), Some(expected), "{parameters}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_replaced_not_dropped() {
        let read = Disposition::read(b"form-data; name=\"file\"; filename=\"caf\xe9.txt\"");
        assert_eq!(read.filename.as_deref(), Some("caf\u{fffd}.txt"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Disposition::read(&bytes);
        }

        #[test]
        fn what_is_quoted_comes_back(name in "\\PC{0,20}") {
            let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
            let value = format!("form-data; filename=\"{quoted}\"; name=\"file\"");
            prop_assert_eq!(Disposition::read(value.as_bytes()).filename, Some(name));
        }
    }
}
