//! What an event means to the sample: somebody said something somewhere, or nothing that it has a use for.

use std::borrow::Cow;

use contract::chatday::{Profile, strict_json};
use contract::chatwork::webhook::EventKind;
use contract::service::Service;
use serde_json::Value;

use super::flaw::Flaw;

/// Somebody said something.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    /// The room or chat, as it was spelt: a reply goes there.
    pub(super) place: Value,
    /// A second one, which only [`Flaw::AnswersInBothRooms`] finds.
    pub(super) other_place: Option<Value>,
    /// Who wrote it. Chatday's events do not say.
    pub(super) author: Option<String>,
    /// The message's id. Chatday's events have none.
    pub(super) message_id: Option<String>,
    /// What was written.
    pub(super) text: String,
    /// What makes the event the same as an earlier one.
    pub(super) key: String,
}

/// Why an event is not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is no JSON object.
    Malformed,
    /// Only flawed receivers refuse what can be read.
    Refused,
    /// Only flawed receivers fall over.
    Crash,
}

/// Reads events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) service: Service,
    pub(super) profile: &'a Profile,
    pub(super) flaw: Option<Flaw>,
}

impl Reader<'_> {
    /// What a body means; nothing when there is nothing to do about it.
    pub(super) fn read(&self, body: &[u8]) -> Result<Option<Said>, Trouble> {
        let event = match self.parse(body) {
            Ok(event) if event.is_object() => event,
            // A key stands twice: whoever reads it may see either value. It is acknowledged, and nothing is done about it.
            Err(Trouble::Malformed) if serde_json::from_slice::<Value>(body).is_ok_and(|event| event.is_object()) => {
                return Ok(self.in_both_rooms(body));
            }
            Ok(_) => return Err(Trouble::Malformed),
            Err(trouble) => return Err(trouble),
        };
        self.stumble(&event, body)?;
        Ok(match self.service {
            Service::Chatwork => self.chatwork(&event),
            Service::Chatday => self.chatday(&event),
        })
    }

    /// For [`Flaw::AnswersInBothRooms`]: one part of it takes the first of two equal keys, and another the last.
    fn in_both_rooms(&self, body: &[u8]) -> Option<Said> {
        if self.flaw != Some(Flaw::AnswersInBothRooms) {
            return None;
        }
        let said = self.chatwork(&serde_json::from_slice(body).ok()?)?;
        let first = std::str::from_utf8(body).ok()?.split("\"room_id\":").nth(1)?;
        let digits: String = first.chars().take_while(char::is_ascii_digit).collect();
        Some(Said { other_place: Some(Value::from(digits)).filter(|first| *first != said.place), ..said })
    }

    fn parse(&self, body: &[u8]) -> Result<Value, Trouble> {
        let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let text = with_whole_characters(text);
        match self.flaw {
            Some(Flaw::ByteOrderMarkCrashes) if text.len() < body.len() && body.starts_with(b"\xef\xbb\xbf") => {
                return Err(Trouble::Crash);
            }
            Some(Flaw::LoneSurrogateCrashes) if matches!(text, Cow::Owned(_)) => return Err(Trouble::Crash),
            _ => {}
        }
        strict_json::read(&text).map_err(|_| Trouble::Malformed)
    }

    /// What flawed receivers fall over, or refuse, before they look at what was said.
    fn stumble(&self, event: &Value, body: &[u8]) -> Result<(), Trouble> {
        let falls = |over: bool| if over { Err(Trouble::Crash) } else { Ok(()) };
        let refuses = |what: bool| if what { Err(Trouble::Refused) } else { Ok(()) };
        match self.flaw {
            Some(Flaw::AsciiOnly) => refuses(!body.is_ascii()),
            Some(Flaw::StrictFields) => refuses(!has_only_documented_keys(self.service, event)),
            Some(Flaw::StrictTypes) => refuses(!self.knows_type(event)),
            Some(Flaw::CrashesOnUnknownType) => falls(!self.knows_type(event)),
            Some(Flaw::NullsBreak) => falls(any(event, &|value| value.is_null())),
            Some(Flaw::TextOnly) => refuses(!self.data(event).is_string()),
            Some(Flaw::RequiresOptional) => refuses(lacks_optional(self.data(event))),
            Some(Flaw::ShortIds) => {
                falls(self.ids(event).into_iter().any(|id| digits(id).is_some_and(|id| is_long(&id))))
            }
            Some(Flaw::ZeroTimeIsMissing) => refuses(event["webhook_event"]["update_time"] == 0),
            Some(Flaw::ShortTimes) => falls(times(event).into_iter().any(|time| time > i64::from(i32::MAX))),
            Some(Flaw::ControlCharactersCrash) => falls(any(event, &|value| holds(value, is_rare_control))),
            Some(Flaw::LineSeparatorCrashes) => {
                falls(any(event, &|value| holds(value, |c| matches!(c, '\u{2028}' | '\u{2029}'))))
            }
            _ => Ok(()),
        }
    }

    fn chatwork(&self, event: &Value) -> Option<Said> {
        let kind = event["webhook_event_type"].as_str().and_then(EventKind::from_word)?;
        let detail = &event["webhook_event"];
        let author = if kind == EventKind::MentionToMe { "from_account_id" } else { "account_id" };
        let (place, author) = (self.id(&detail["room_id"])?, self.id(&detail[author])?);
        let message_id = self.id(&detail["message_id"])?;
        let text = detail["body"].as_str()?;
        // An edit has the id of its message, and a time of its own.
        let key = match self.flaw {
            Some(Flaw::RemembersTexts) => text.to_owned(),
            Some(Flaw::DropsEdits) => detail["message_id"].to_string(),
            _ => format!("{kind} {} {}", detail["message_id"], detail["update_time"]),
        };
        Some(Said {
            place: Value::from(place),
            other_place: None,
            author: Some(author),
            message_id: Some(message_id),
            text: self.text(text),
            key,
        })
    }

    fn chatday(&self, event: &Value) -> Option<Said> {
        let keys = &self.profile.keys;
        let place @ (Value::String(_) | Value::Number(_)) = &event[&keys.chat_id] else { return None };
        let (Some("text"), Some(text)) = (event[&keys.message][&keys.kind].as_str(), self.data(event).as_str()) else {
            return None;
        };
        let place = match (self.flaw, digits(place)) {
            (Some(Flaw::FloatIds), Some(number)) => match place {
                Value::String(_) => Value::from(through_float(&number)),
                _ => through_float(&number).parse::<u64>().map_or_else(|_| place.clone(), Value::from),
            },
            _ => place.clone(),
        };
        // There is no id: what is written, and where, has to do.
        let key = format!("{place} {text}");
        Some(Said { place, other_place: None, author: None, message_id: None, text: self.text(text), key })
    }

    fn data<'e>(&self, event: &'e Value) -> &'e Value {
        match self.service {
            Service::Chatwork => &event["webhook_event"]["body"],
            Service::Chatday => &event[&self.profile.keys.message][&self.profile.keys.data],
        }
    }

    fn knows_type(&self, event: &Value) -> bool {
        match self.service {
            Service::Chatwork => {
                event["webhook_event_type"].as_str().is_some_and(|kind| EventKind::from_word(kind).is_some())
            }
            Service::Chatday => {
                let kind = event[&self.profile.keys.message][&self.profile.keys.kind].as_str();
                kind.is_some_and(|kind| self.profile.message_types.contains_key(kind))
            }
        }
    }

    fn ids<'e>(&self, event: &'e Value) -> Vec<&'e Value> {
        let detail = &event["webhook_event"];
        match self.service {
            Service::Chatwork => ["room_id", "account_id", "from_account_id"].map(|key| &detail[key]).to_vec(),
            Service::Chatday => vec![&event[&self.profile.keys.chat_id]],
        }
    }

    fn id(&self, value: &Value) -> Option<String> {
        let digits = digits(value)?;
        Some(if self.flaw == Some(Flaw::FloatIds) { through_float(&digits) } else { digits })
    }

    fn text(&self, text: &str) -> String {
        match self.flaw {
            Some(Flaw::TrimsText) => text.trim().to_owned(),
            Some(Flaw::NormalisesText) => composed(text),
            _ => text.to_owned(),
        }
    }
}

/// An id as its digits, whether it came as a number or as a text.
fn digits(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => Some(text.clone()),
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        // 5001.0 and 5.001e3 are the same number as 5001, as far as floating point is exact.
        Value::Number(number) => number
            .as_f64()
            .filter(|number| number.fract() == 0.0 && (0.0..=EXACT).contains(number))
            .map(|number| format!("{number:.0}")),
        _ => None,
    }
}

fn is_long(digits: &str) -> bool {
    digits.parse::<i32>().is_err()
}

fn through_float(digits: &str) -> String {
    digits.parse::<f64>().map_or_else(|_| digits.to_owned(), |number| format!("{number:.0}"))
}

fn times(event: &Value) -> Vec<i64> {
    let detail = &event["webhook_event"];
    let times = [&event["webhook_event_time"], &detail["send_time"], &detail["update_time"]];
    times.into_iter().filter_map(Value::as_i64).collect()
}

fn any(value: &Value, is: &dyn Fn(&Value) -> bool) -> bool {
    is(value)
        || match value {
            Value::Object(map) => map.values().any(|value| any(value, is)),
            Value::Array(items) => items.iter().any(|value| any(value, is)),
            _ => false,
        }
}

fn holds(value: &Value, is: fn(char) -> bool) -> bool {
    value.as_str().is_some_and(|text| text.contains(is))
}

fn is_rare_control(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\r' | '\t')
}

/// The first Latin letters that people write with a combining accent; enough to change what Vietnamese writers sent.
fn composed(text: &str) -> String {
    const PAIRS: [(char, char, char); 12] = [
        ('a', '\u{300}', 'à'),
        ('a', '\u{301}', 'á'),
        ('a', '\u{303}', 'ã'),
        ('e', '\u{300}', 'è'),
        ('e', '\u{301}', 'é'),
        ('e', '\u{302}', 'ê'),
        ('i', '\u{301}', 'í'),
        ('o', '\u{302}', 'ô'),
        ('o', '\u{308}', 'ö'),
        ('u', '\u{31b}', 'ư'),
        ('か', '\u{3099}', 'が'),
        ('は', '\u{309a}', 'ぱ'),
    ];
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let last = out.chars().next_back();
        match PAIRS.iter().find(|(base, mark, _)| Some(*base) == last && *mark == character) {
            Some((.., whole)) => {
                out.pop();
                out.push(*whole);
            }
            None => out.push(character),
        }
    }
    out
}

/// Halves of surrogate pairs, which JSON can write and no text can hold, replaced by U+FFFD. Borrowed when there are none.
fn with_whole_characters(body: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Option<Vec<u8>> = None;
    let mut at = 0;
    while at < body.len() {
        if body[at] != b'\\' {
            at += 1;
            continue;
        }
        let width = match unit(body, at) {
            None => 2,
            Some(0xd800..=0xdbff) if matches!(unit(body, at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                let repaired = out.get_or_insert_with(|| body.to_vec());
                repaired[at + 2..at + 6].copy_from_slice(b"fffd");
                6
            }
            Some(_) => 6,
        };
        at += width;
    }
    out.map_or(Cow::Borrowed(body), Cow::Owned)
}

/// The UTF-16 unit of a `\u` escape that begins here.
fn unit(body: &[u8], at: usize) -> Option<u16> {
    let escape = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
    // `from_str_radix` would take a sign.
    escape
        .iter()
        .all(u8::is_ascii_hexdigit)
        .then(|| std::str::from_utf8(escape).ok())?
        .map(|digits| u16::from_str_radix(digits, 16).ok())?
}

fn lacks_optional(data: &Value) -> bool {
    let lacks = |keys: &[&str]| keys.iter().any(|key| data[*key].is_null());
    (data["url"].is_string() && lacks(&["name", "size"])) || (data["latitude"].is_number() && lacks(&["title"]))
}

fn has_only_documented_keys(service: Service, event: &Value) -> bool {
    let documented: &[&str] = match service {
        Service::Chatwork => &[
            "webhook_setting_id",
            "webhook_event_type",
            "webhook_event_time",
            "webhook_event",
            "message_id",
            "room_id",
            "account_id",
            "from_account_id",
            "to_account_id",
            "body",
            "send_time",
            "update_time",
        ],
        Service::Chatday => &["message", "type", "data", "chat_id", "url", "name", "size", "package_id", "sticker_id"],
    };
    let fits = |object: &Value| {
        object.as_object().is_none_or(|object| object.keys().all(|key| documented.contains(&key.as_str())))
    };
    fits(event) && fits(&event["webhook_event"]) && fits(&event["message"])
}

/// Up to here every integer is exact in floating point.
const EXACT: f64 = 9_007_199_254_740_991.0;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(service: Service, flaw: Option<Flaw>, body: &str) -> Result<Option<Said>, Trouble> {
        Reader { service, profile: &Profile::default_profile(), flaw }.read(body.as_bytes())
    }

    fn chatwork(room: &str, text: &str) -> String {
        format!(
            r#"{{"webhook_event_type":"message_created","webhook_event":{{"message_id":"9007199254740993","room_id":{room},"account_id":1001,"body":{text},"update_time":0}}}}"#
        )
    }

    #[test]
    fn ids_keep_every_digit_however_they_are_spelt() {
        for (spelt, place) in [
            ("9007199254740993", "9007199254740993"),
            (r#""18446744073709551615""#, "18446744073709551615"),
            ("5.001e3", "5001"),
            ("5001.0", "5001"),
        ] {
            let said = read(Service::Chatwork, None, &chatwork(spelt, r#""x""#)).unwrap().unwrap();
            assert_eq!((said.place, said.message_id.as_deref()), (json!(place), Some("9007199254740993")), "{spelt}");
        }
        let said = read(Service::Chatwork, Some(Flaw::FloatIds), &chatwork("5001", r#""x""#)).unwrap().unwrap();
        assert_eq!(said.message_id.as_deref(), Some("9007199254740992"));
    }

    #[test]
    fn half_a_surrogate_pair_is_read_as_a_replacement_and_whole_ones_stay() {
        let text = |text: &str| read(Service::Chatwork, None, &chatwork("1", text)).unwrap().unwrap().text;
        assert_eq!(text(r#""a\ud83d\udc4d\ud83d b\udc4d\\ud83d""#), "a👍\u{fffd} b\u{fffd}\\ud83d");
        let crashed = read(Service::Chatwork, Some(Flaw::LoneSurrogateCrashes), &chatwork("1", r#""\ud83d""#));
        assert_eq!(crashed, Err(Trouble::Crash));
    }

    #[test]
    fn what_is_of_no_use_means_nothing_and_what_is_no_object_is_trouble() {
        for body in [
            "{}",
            r#"{"webhook_event_type":"task_created"}"#,
            r#"{"message":{"type":"poll","data":null},"chat_id":"1"}"#,
        ] {
            for service in Service::ALL {
                assert_eq!(read(service, None, body), Ok(None), "{body}");
            }
        }
        for body in ["", "[]", "{", "null", "{} {}"] {
            assert_eq!(read(Service::Chatday, None, body), Err(Trouble::Malformed), "{body}");
        }
        assert_eq!(read(Service::Chatday, None, "\u{feff}{}"), Ok(None));
        let twice = r#"{"message":{"type":"text","data":"x"},"chat_id":"1","chat_id":"2"}"#;
        assert_eq!(read(Service::Chatday, None, twice), Ok(None), "who knows which chat");
    }
}
