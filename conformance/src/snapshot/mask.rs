//! What differs from run to run without meaning anything. Each filter has a name, and looks before it hides: a date that is
//! no date stays as it is.

use contract::time::UnixMillis;
use jiff::Timestamp;
use serde_json::Value;

use crate::ask::effects;

/// Hides what is volatile in the answers of one run.
#[derive(Clone, Copy, Debug)]
pub struct Mask {
    /// When the run began.
    pub began: UnixMillis,
}

impl Mask {
    /// The value of a header.
    pub fn header(self, name: &str, value: &str) -> String {
        match name {
            "date" | "expires" | "last-modified" if is_http_date(value) => "[http-date]".to_owned(),
            "retry-after" if is_http_date(value) => "[http-date]".to_owned(),
            _ => self.text(value),
        }
    }

    /// A text: word by word.
    pub fn text(self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_of_word) {
            let (between, from) = rest.split_at(start);
            let (word, after) = from.split_at(from.find(|character| !is_of_word(character)).unwrap_or(from.len()));
            masked.push_str(between);
            masked.push_str(&self.word(word));
            rest = after;
        }
        masked.push_str(rest);
        masked
    }

    /// A JSON value, in place: how long something took is known by its key.
    pub fn json(self, value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.json(value)),
            Value::Object(object) => {
                for (key, value) in object.iter_mut() {
                    match value {
                        Value::Number(number) if is_duration_key(key) && number.as_f64().is_some_and(is_duration) => {
                            *value = Value::from("[duration]");
                        }
                        other => self.json(other),
                    }
                }
            }
            Value::String(text) => *text = self.text(text),
            Value::Number(number) => {
                let text = number.to_string();
                let masked = self.word(&text);
                if masked != text {
                    *value = Value::from(masked);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn word(self, word: &str) -> String {
        // What ends a sentence is no part of the word.
        let bare = word.trim_end_matches(['.', ':']);
        let masked = if is_uuid(bare) {
            "[uuid]"
        } else if self.is_event_id(bare) {
            "[event-id]"
        } else if self.is_near_timestamp(bare) {
            "[timestamp]"
        } else if self.is_near_unix(bare, 10, 1_000) {
            "[unix-seconds]"
        } else if self.is_near_unix(bare, 13, 1) {
            "[unix-milliseconds]"
        } else if is_measured(bare) {
            "[duration]"
        } else if let Some(host) = with_port(bare) {
            return format!("{host}:[port]{}", &word[bare.len()..]);
        } else {
            return word.to_owned();
        };
        format!("{masked}{}", &word[bare.len()..])
    }

    /// The ids of our own events.
    fn is_event_id(self, word: &str) -> bool {
        word.parse().is_ok_and(|number| effects::is_number(number, self.began))
    }

    fn is_near_timestamp(self, word: &str) -> bool {
        word.len() >= 20 && word.parse::<Timestamp>().is_ok_and(|time| self.is_near(time.as_millisecond()))
    }

    fn is_near_unix(self, word: &str, digits: usize, unit: i64) -> bool {
        word.len() == digits && word.parse::<i64>().is_ok_and(|number| self.is_near(number.saturating_mul(unit)))
    }

    /// Within a day of the run: a time further away is no reading of a clock.
    fn is_near(self, millis: i64) -> bool {
        millis.abs_diff(self.began.0) <= DAY
    }
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, ':' | '.' | '+' | '-' | '_')
}

fn is_http_date(text: &str) -> bool {
    text.ends_with(" GMT")
        && text.len() == 29
        && jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).is_ok()
}

fn is_uuid(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_duration_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["duration", "elapsed", "latency", "took"].iter().any(|word| key.contains(word))
}

/// Milliseconds or seconds that a request may take.
fn is_duration(number: f64) -> bool {
    (0.0..3_600_000.0).contains(&number)
}

/// `12ms`, `0.5s`, `7.25µs`.
fn is_measured(word: &str) -> bool {
    let number = ["ms", "us", "s"].iter().find_map(|unit| word.strip_suffix(unit));
    number.is_some_and(|number| {
        number.starts_with(|first: char| first.is_ascii_digit()) && number.parse::<f64>().is_ok_and(is_duration)
    })
}

/// The host, when a port of this machine follows it.
fn with_port(word: &str) -> Option<&str> {
    let (host, port) = word.rsplit_once(':')?;
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    (is_port && matches!(host, "127.0.0.1" | "localhost" | "::1")).then_some(host)
}

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// 2026-01-31T02:00:00Z.
    const MASK: Mask = Mask { began: UnixMillis(1_769_824_800_000) };

    #[test]
    fn a_date_is_hidden_only_if_it_is_one() {
        assert_eq!(MASK.header("date", "Sat, 31 Jan 2026 02:00:00 GMT"), "[http-date]");
        for kept in ["Sat, 32 Jan 2026 02:00:00 GMT", "2026-01-30", "now", "Sat, 31 Jan 2026 02:00:00 +0000"] {
            assert_eq!(MASK.header("date", kept), kept);
        }
    }

    #[test]
    fn each_volatile_value_is_hidden_and_its_neighbour_is_not() {
        for (text, masked) in [
            ("id 0a1b2c3d-0000-4000-8000-00000000abcd.", "id [uuid]."),
            ("id 0a1b2c3d-0000-4000-8000-00000000abcg", "id 0a1b2c3d-0000-4000-8000-00000000abcg"),
            ("at 2026-01-31T11:00:01.5+09:00", "at [timestamp]"),
            ("built 2024-01-31T11:00:01Z", "built 2024-01-31T11:00:01Z"),
            ("at 2026-13-31T11:00:01Z", "at 2026-13-31T11:00:01Z"),
            ("1769824801", "[unix-seconds]"),
            ("1769824801123", "[unix-milliseconds]"),
            ("1234567890", "1234567890"),
            ("message 3539650300000000021 stored", "message [event-id] stored"),
            ("message 3539650300000000022 stored", "message 3539650300000000022 stored"),
            ("message 1999000111250307113 stored", "message 1999000111250307113 stored"),
            ("took 12ms, 0.25s", "took [duration], [duration]"),
            ("ms, s, 12km, class", "ms, s, 12km, class"),
            ("http://127.0.0.1:43121/x ไทย 😀", "http://127.0.0.1:[port]/x ไทย 😀"),
            ("hooks.example:8080 127.0.0.1:99999", "hooks.example:8080 127.0.0.1:99999"),
        ] {
            assert_eq!(MASK.text(text), masked);
        }
    }

    #[test]
    fn a_duration_in_json_is_known_by_its_key() {
        let mut value = json!({"took_ms": 12, "elapsed": "slow", "count": 12, "at": 1_769_824_801, "ok": [true, null]});
        MASK.json(&mut value);
        assert_eq!(
            value,
            json!({"took_ms": "[duration]", "elapsed": "slow", "count": 12, "at": "[unix-seconds]", "ok": [true, null]})
        );
    }

    proptest! {
        #[test]
        fn what_is_masked_once_stays_as_it_is(text in "[ -~ไ😀]{0,60}") {
            let once = MASK.text(&text);
            prop_assert_eq!(MASK.text(&once), once);
        }

        #[test]
        fn every_time_of_the_day_of_the_run_is_hidden(offset in -86_400_i64..=86_400) {
            let time = Timestamp::from_second(1_769_824_800 + offset).unwrap();
            prop_assert_eq!(MASK.text(&time.to_string()), "[timestamp]");
        }
    }
}
