//! Whether text arrives as it was meant.

use contract::chatday::clauses as chatday_clauses;
use contract::chatwork::clauses as chatwork_clauses;
use contract::service::Service;
use contract::wire::form::Form;

use super::look::{deviates, json, line, media_type, texts};
use super::{blank, chatday, moot};
use crate::ask::observed::{ClientCall, Observation};
use crate::check::{Area, Check, Level, Plan};
use crate::run::verdict::Judgement;

/// What every text begins with that the program is offered: it comes through every encoding, so a text that was changed on
/// its way is still known.
pub const MARK: &str = "conformance-text";

const EXACTLY: Check = Check {
    area: Area::Requests,
    level: Level::Must,
    title: "a text with reserved characters, other scripts and line ends arrives as it is",
    rationale: "Texts are written by people: with +, &, =, %, quotes and line ends, in Japanese and in Thai, with \
                emoji. A client that joins strings to a body sends the first half, or other characters. The text is \
                offered in the environment variable CONFORMANCE_TEXT; a program that does not send it is not judged \
                here.",
    hint: "Let the library encode: URLSearchParams, urllib.parse.urlencode, http_build_query, --data-urlencode (not \
           -d). Encode once, as UTF-8, and neither trim nor rewrite line ends.",
    plan: Plan::Scenarios {
        scenarios: &[
            "text-with-reserved-characters",
            "text-in-many-scripts",
            "text-with-line-ends",
            "text-of-any-kind",
        ],
        judge: arrives,
    },
    ..blank(Service::Chatwork)
};

const STAYS_TEXT: Check = Check {
    area: Area::Requests,
    level: Level::Must,
    title: "what a text holds never becomes a parameter of its own",
    rationale: "Whoever may write a text could then set other parameters, such as whether the message stays unread. \
                The text is offered in the environment variable CONFORMANCE_TEXT; a program that does not send it is \
                not judged here.",
    hint: "Never put a text into a body by joining strings: encode each value by itself.",
    plan: Plan::Scenarios { scenarios: &["text-with-reserved-characters"], judge: stays_text },
    ..blank(Service::Chatwork)
};

const UTF8: Check = Check {
    area: Area::Requests,
    title: "all text that is sent is UTF-8",
    rationale: "Bytes of another encoding are stored as replacement characters: nobody can read or restore them.",
    hint: "Encode the body as UTF-8 explicitly. Look for Latin-1 defaults, for bytes that are decoded as something \
           else first, and for text that is cut in the middle of a character.",
    plan: Plan::Scenarios { scenarios: &[], judge: is_utf8 },
    ..blank(Service::Chatwork)
};

/// Of clients of Chatwork, in report order.
pub const CHATWORK: &[Check] = &[
    Check {
        id: "chatwork.client.text-arrives-as-it-is",
        clauses: &[&chatwork_clauses::FORM_BODY, &chatwork_clauses::MESSAGE_POSTED],
        ..EXACTLY
    },
    Check { id: "chatwork.client.text-stays-text", clauses: &[&chatwork_clauses::FORM_BODY], ..STAYS_TEXT },
    Check { id: "chatwork.client.text-is-utf-8", clauses: &[&chatwork_clauses::KNOWN_REQUESTS], ..UTF8 },
];

/// Of clients of Chatday, in report order.
pub const CHATDAY: &[Check] = &[
    chatday!(
        EXACTLY,
        "chatday.client.text-arrives-as-it-is",
        &[&chatday_clauses::SEND_EFFECT, &chatday_clauses::SEND_BODY],
        hint: "Let a JSON library write the body (json.dumps, JSON.stringify, json_encode). Encode once, as UTF-8, \
               and neither trim nor rewrite line ends."
    ),
    chatday!(
        STAYS_TEXT,
        "chatday.client.text-stays-text",
        &[&chatday_clauses::SEND_BODY],
        title: "what a text holds never becomes a field of its own",
        rationale: "Whoever may write a text could then set other fields, such as the chat that the message goes to. \
                    The text is offered in the environment variable CONFORMANCE_TEXT; a program that does not send it \
                    is not judged here.",
        hint: "Never put a text into a body by joining strings: let a JSON library write it."
    ),
    chatday!(UTF8, "chatday.client.text-is-utf-8", &[&chatday_clauses::CLIENT_KNOWN_REQUESTS]),
];

/// Requests that carry the offered text, or what became of it.
fn carrying(seen: &Observation) -> Vec<(&ClientCall, String)> {
    let of = |call: &ClientCall| texts(call).into_iter().find(|text| text.contains(MARK));
    seen.calls.iter().filter_map(|call| Some((call, of(call)?))).collect()
}

const NOT_SENT: &str = "the program did not send the text that it finds in CONFORMANCE_TEXT";

fn arrives(seen: &Observation) -> Judgement {
    let carrying = carrying(seen);
    if carrying.is_empty() {
        return moot(NOT_SENT);
    }
    let given = seen.given.text.as_str();
    let is_broken = |call: &ClientCall| seen.service == Service::Chatday && json(&call.body).is_none();
    let Some((call, got)) = carrying.iter().find(|(call, got)| !got.contains(given) || is_broken(call)) else {
        return Judgement::Held;
    };
    let broken = is_broken(call);
    let (name, level, what) = if broken {
        ("json-broken", Level::Must, "the body is no JSON any more, as if the text had been put between quotes by hand")
    } else {
        what_became(given, got)
    };
    deviates(
        name,
        level,
        format!("the text in {} is not the one that was given: {what}", line(call)),
        &format!("{given:?}"),
        format!("{:?}", got.chars().take(400).collect::<String>()),
    )
}

fn what_became(given: &str, got: &str) -> (&'static str, Level, &'static str) {
    let latin: String = given.bytes().map(char::from).collect();
    let decoded = Form::decode(format!("x={given}").as_bytes()).value("x").unwrap_or_default().to_owned();
    let encoded: String = form_urlencoded::byte_serialize(given.as_bytes()).collect();
    let unix = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    if got.contains('\u{fffd}') && !given.contains('\u{fffd}') {
        ("not-utf-8", Level::Must, "it was not sent as UTF-8")
    } else if given != latin && got.contains(&latin) {
        ("encoded-twice-as-utf-8", Level::Must, "its UTF-8 bytes were taken for characters and encoded again")
    } else if got.contains(&encoded) {
        ("percent-encoded-twice", Level::Must, "it was percent-encoded twice")
    } else if !given.contains('+') && got.contains(&given.replace(' ', "+")) {
        ("percent-encoded-twice", Level::Must, "its blanks arrive as +: it was encoded twice")
    } else if got.contains(&given.replace('+', " ")) {
        ("plus-lost", Level::Must, "each + arrives as a blank: + was not encoded")
    } else if unix(got).contains(&unix(given)) {
        ("line-ends-changed", Level::Should, "its line ends were changed")
    } else if unix(got).contains(unix(given).trim()) {
        ("trimmed", Level::Should, "blanks or line ends at its start or end are gone")
    } else if decoded != given && got.contains(&decoded) {
        ("not-encoded", Level::Must, "it was put into the body as it is, without being encoded")
    } else if given.starts_with(got.trim_end()) {
        ("cut", Level::Must, "it is cut off at a character that means something in the body")
    } else if got.contains("&amp;") && !given.contains("&amp;") {
        ("escaped-for-html", Level::Must, "it was escaped as if for a web page")
    } else {
        ("changed", Level::Must, "it was changed")
    }
}

fn stays_text(seen: &Observation) -> Judgement {
    let carrying = carrying(seen);
    if carrying.is_empty() {
        return moot(NOT_SENT);
    }
    for (call, _) in carrying {
        let became = match seen.service {
            Service::Chatwork if media_type(call) == "multipart/form-data" => None,
            Service::Chatwork => {
                let form = Form::decode(&call.body);
                let names = ["self_unread", "injected"];
                names.into_iter().find(|name| form.value(name).is_some_and(|value| value.starts_with(INJECTED)))
            }
            Service::Chatday => {
                let value = json(&call.body);
                let keys = value.as_ref().and_then(|value| value.as_object());
                keys.filter(|keys| keys.values().any(|value| value.as_str() == Some(INJECTED))).map(|_| "chat_id")
            }
        };
        if let Some(name) = became {
            return deviates(
                "text-became-parameter",
                Level::Must,
                format!("a part of the text became the parameter {name} of {}", line(call)),
                "the whole text in one value",
                format!("{name} with a value from the text"),
            );
        }
    }
    Judgement::Held
}

/// The value that the text with reserved characters would set if it were not encoded.
pub const INJECTED: &str = "1injected";

fn is_utf8(seen: &Observation) -> Judgement {
    let mut any = false;
    for call in seen.calls.iter().filter(|call| !call.body.is_empty() && media_type(call) != "multipart/form-data") {
        any = true;
        let found = texts(call);
        // A form decoder puts the replacement character where bytes are no UTF-8; JSON is UTF-8 or no JSON.
        let garbled = found.iter().any(|text| text.contains('\u{fffd}')) && !replaced_on_purpose(call);
        if garbled || (seen.service == Service::Chatday && std::str::from_utf8(&call.body).is_err()) {
            return deviates(
                "not-utf-8",
                Level::Should,
                format!("{} carries bytes that are no UTF-8", line(call)),
                "UTF-8",
                "bytes that no UTF-8 decoder takes".to_owned(),
            );
        }
        if let Some(text) = found.iter().find(|text| looks_encoded_twice(text)) {
            return deviates(
                "looks-encoded-twice",
                Level::May,
                format!(
                    "a text in {} looks as if its UTF-8 bytes had been taken for characters and encoded again",
                    line(call)
                ),
                "readable text",
                format!("{:?}", text.chars().take(60).collect::<String>()),
            );
        }
    }
    if any { Judgement::Held } else { moot("the program sent no text") }
}

/// Whether the replacement character itself was sent, well encoded.
fn replaced_on_purpose(call: &ClientCall) -> bool {
    let text = String::from_utf8_lossy(&call.body).to_ascii_uppercase();
    text.contains("%EF%BF%BD") || std::str::from_utf8(&call.body).is_ok_and(|body| body.contains('\u{fffd}'))
}

/// Whether the characters of a text, taken for bytes, are UTF-8 with characters beyond ASCII.
fn looks_encoded_twice(text: &str) -> bool {
    let bytes: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    let high = text.chars().filter(|character| !character.is_ascii()).count();
    high >= 4 && bytes.is_some_and(|bytes| std::str::from_utf8(&bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::checks::client::watched::*;
    use crate::checks::transcript::short;

    const HARD: &str = "conformance-text: a+b & c=d 100% \"q\" 日本 🚀\r\nnext\n";

    fn offered(service: Service, given: &str, call: ClientCall) -> Observation {
        let mut watched = seen(service, "text-in-many-scripts", vec![call]);
        watched.given.text = given.to_owned();
        watched
    }

    fn sent(service: Service, got: &str) -> String {
        short(&arrives(&offered(service, HARD, send(service, 0, got, 200))))
    }

    #[test]
    fn a_text_that_arrives_whole_or_in_a_frame_is_fine() {
        for service in Service::ALL {
            assert_eq!(sent(service, HARD), "held");
            assert_eq!(sent(service, &format!("[info]{HARD}[/info]")), "held");
            assert_eq!(sent(service, "something else"), "moot");
        }
    }

    #[test]
    fn what_became_of_a_text_is_named() {
        let latin: String = HARD.bytes().map(char::from).collect();
        let encoded: String = form_urlencoded::byte_serialize(HARD.as_bytes()).collect();
        for service in Service::ALL {
            let cases: [(&str, &str); 8] = [
                (&HARD.replace('+', " "), "must plus-lost"),
                (&latin, "must encoded-twice-as-utf-8"),
                (&format!("conformance-text:{}", encoded.trim_start_matches("conformance-text%3A")), "must changed"),
                (&HARD.replace("\r\n", "\n"), "should line-ends-changed"),
                (HARD.trim(), "should trimmed"),
                ("conformance-text: a+b ", "must cut"),
                (&HARD.replace('日', "\u{fffd}"), "must not-utf-8"),
                (&HARD.replace('&', "&amp;"), "must escaped-for-html"),
            ];
            for (got, verdict) in cases {
                assert_eq!(sent(service, got), verdict, "{service}: {got:?}");
            }
        }
    }

    #[test]
    fn a_body_put_together_by_hand_is_named_as_such() {
        let mut call = send(Service::Chatday, 0, "", 400);
        call.body = Bytes::from(format!("{{\"message\":{{\"type\":\"text\",\"data\":\"{HARD}\"}}}}"));
        assert_eq!(short(&arrives(&offered(Service::Chatday, HARD, call))), "must json-broken");
        let mut call = send(Service::Chatwork, 0, "", 200);
        call.body = Bytes::from(format!("body={HARD}"));
        assert_eq!(short(&arrives(&offered(Service::Chatwork, HARD, call))), "must not-encoded");
    }

    #[test]
    fn a_text_that_sets_a_parameter_fails() {
        let text = format!("conformance-text: a&self_unread={INJECTED}");
        let whole = offered(Service::Chatwork, &text, send(Service::Chatwork, 0, &text, 200));
        assert_eq!(short(&stays_text(&whole)), "held");
        let mut call = send(Service::Chatwork, 0, "", 200);
        call.body = Bytes::from(format!("body={text}"));
        assert_eq!(short(&stays_text(&offered(Service::Chatwork, &text, call))), "must text-became-parameter");

        let text = format!("conformance-text: a\"}},\"chat_id\":\"{INJECTED}");
        let whole = offered(Service::Chatday, &text, send(Service::Chatday, 0, &text, 200));
        assert_eq!(short(&stays_text(&whole)), "held");
        let mut call = send(Service::Chatday, 0, "", 404);
        call.body = Bytes::from(format!("{{\"message\":{{\"type\":\"text\",\"data\":\"{text}\"}}"));
        assert_eq!(short(&stays_text(&offered(Service::Chatday, &text, call))), "must text-became-parameter");
        assert_eq!(short(&stays_text(&seen(Service::Chatday, "text-with-reserved-characters", vec![]))), "moot");
    }

    #[test]
    fn bytes_of_another_encoding_are_warned_of() {
        for service in Service::ALL {
            let judged = |call| short(&is_utf8(&seen(service, "all-is-well", vec![call])));
            assert_eq!(judged(send(service, 0, "日本 \u{fffd} é", 200)), "held");
            assert_eq!(judged(look(service, 0, 200)), "moot");
            let latin: String = "日本語".bytes().map(char::from).collect();
            assert_eq!(judged(send(service, 0, &latin, 200)), "may looks-encoded-twice");
        }
        let mut call = send(Service::Chatwork, 0, "", 200);
        call.body = Bytes::from_static(b"body=caf%E9");
        assert_eq!(short(&is_utf8(&seen(Service::Chatwork, "all-is-well", vec![call]))), "should not-utf-8");
        let mut call = send(Service::Chatday, 0, "", 400);
        call.body = Bytes::from_static(b"{\"message\":{\"data\":\"caf\xe9\"}}");
        assert_eq!(short(&is_utf8(&seen(Service::Chatday, "all-is-well", vec![call]))), "should not-utf-8");
    }
}
