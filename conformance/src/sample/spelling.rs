//! Which bytes a signature is computed over: those that arrived. Everything else in this file is a flaw.

use std::borrow::Cow;

use contract::wire::json::to_ascii;
use serde_json::{Map, Value};

use super::flaw::Flaw;

/// The bytes to hash for this body.
pub(super) fn hashed(flaw: Option<Flaw>, body: &[u8]) -> Cow<'_, [u8]> {
    let Some(flaw) = flaw else { return Cow::Borrowed(body) };
    let text = || String::from_utf8_lossy(body);
    let reworked = match flaw {
        Flaw::RewritesJson => parsed(body).map(|value| to_ascii(&value)),
        // Hashes what its JSON library would write, in which nothing is escaped.
        Flaw::AsciiOnly => parsed(body).map(|value| value.to_string().into_bytes()),
        Flaw::SortsKeys => parsed(body).map(|value| to_ascii(&sorted(value))),
        Flaw::RespellsNumbers => Some(numbers_respelt(&text()).into_bytes()),
        Flaw::EscapesSlashes => Some(text().replace("\\/", "/").replace('/', "\\/").into_bytes()),
        Flaw::HashesAscii => {
            Some(text().chars().map(|c| if c.is_ascii() { c } else { '?' }).collect::<String>().into())
        }
        Flaw::HashesLatin1 => Some(body.iter().map(|byte| char::from(*byte)).collect::<String>().into()),
        Flaw::EscapesByHand => Some(escaped_by_hand(&text()).into_bytes()),
        Flaw::LowercasesEscapes => Some(escapes_in_lower_case(&text()).into_bytes()),
        Flaw::TrimsBody => Some(body.trim_ascii().to_vec()),
        Flaw::CutsLastLineEnd => Some(without_last_line_end(body).to_vec()),
        Flaw::TurnsLineEnds => Some(text().replace("\r\n", "\n").into_bytes()),
        _ => return Cow::Borrowed(body),
    };
    Cow::Owned(reworked.unwrap_or_default())
}

fn parsed(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// Every number outside a text as JavaScript would print it. The rest of the body stays as it is.
fn numbers_respelt(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_text, mut escaped) = (false, false);
    let mut number = String::new();
    for character in text.chars() {
        let of_number = !in_text && (character.is_ascii_digit() || matches!(character, '-' | '+' | '.' | 'e' | 'E'));
        // Words such as `true` and `false` have an `e`, but no number begins with one.
        if of_number && (!number.is_empty() || matches!(character, '-' | '0'..='9')) {
            number.push(character);
            continue;
        }
        out.push_str(&respelt(&std::mem::take(&mut number)));
        out.push(character);
        match character {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ => {}
        }
    }
    out.push_str(&respelt(&number));
    out
}

fn respelt(number: &str) -> String {
    match number.parse::<f64>() {
        // Minus zero too.
        Ok(0.0) => "0".to_owned(),
        Ok(value) if value.is_finite() && value.abs() < 1e21 => value.to_string(),
        _ => number.to_owned(),
    }
}

fn escaped_by_hand(text: &str) -> String {
    let mut units = [0_u16; 2];
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

fn escapes_in_lower_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        let (before, escape) = rest.split_at(at);
        let end = escape.char_indices().nth(6).map_or(escape.len(), |(end, _)| end);
        out.push_str(before);
        out.push_str(&escape[..end].to_ascii_lowercase());
        rest = &escape[end..];
    }
    out.push_str(rest);
    out
}

fn without_last_line_end(body: &[u8]) -> &[u8] {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    body.strip_suffix(b"\r").unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(flaw: Flaw, body: &str) -> String {
        String::from_utf8(hashed(Some(flaw), body.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn without_a_flaw_the_bytes_that_arrived_are_hashed() {
        let body = "\u{feff} {\"a\": 1.0, \"b\":\"\\u0E01ก\\/\"}\r\n";
        assert_eq!(hashed(None, body.as_bytes()), body.as_bytes());
        assert_eq!(hashed(Some(Flaw::NoMemory), body.as_bytes()), body.as_bytes());
    }

    #[test]
    fn each_flaw_changes_what_it_is_named_for_and_nothing_else() {
        assert_eq!(of(Flaw::RewritesJson, r#"{"b": "ก", "a":1}"#), r#"{"b":"\u0e01","a":1}"#);
        assert_eq!(of(Flaw::SortsKeys, r#"{"b":{"d":1,"c":2},"a":1}"#), r#"{"a":1,"b":{"c":2,"d":1}}"#);
        assert_eq!(
            of(Flaw::RespellsNumbers, r#"{"a": 1.0,"b":1e3,"c":"1.0 \" 2.0","d":true,"e":-0.50,"f":0}"#),
            r#"{"a": 1,"b":1000,"c":"1.0 \" 2.0","d":true,"e":-0.5,"f":0}"#
        );
        assert_eq!(of(Flaw::EscapesSlashes, r#"{"a":"x/y\/z"}"#), r#"{"a":"x\/y\/z"}"#);
        assert_eq!(of(Flaw::HashesAscii, "ก👍a"), "??a");
        assert_eq!(of(Flaw::HashesLatin1, "é"), "Ã©");
        assert_eq!(of(Flaw::EscapesByHand, "ก👍\\u0E01"), "\\u0e01\\ud83d\\udc4d\\u0E01");
        assert_eq!(of(Flaw::LowercasesEscapes, "A\\u0E01ก\\uD83D\\uDC4D\\u0"), "A\\u0e01ก\\ud83d\\udc4d\\u0");
        assert_eq!(of(Flaw::TrimsBody, " {} \n"), "{}");
        assert_eq!(of(Flaw::CutsLastLineEnd, " {} \r\n"), " {} ");
        assert_eq!(of(Flaw::TurnsLineEnds, "{\r\n}\r\n"), "{\n}\n");
    }
}
