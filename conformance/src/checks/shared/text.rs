//! Real events with anything in them that people write, and with what may be added to them one day.

use bytes::Bytes;
use contract::chatday::clauses::{CHAT_ID_KIND, WEBHOOK_ANSWER, WEBHOOK_BODY, WEBHOOK_METHOD, WEBHOOK_OPEN_ENDED};
use contract::chatwork::clauses::IDS;
use contract::chatwork::webhook::{ACKNOWLEDGED, BODY, EventKind, OPEN_ENDED, SIGNATURE};
use contract::service::Service;
use serde_json::{Value as Json, json};

use crate::ask::case::Case;
use crate::ask::craft::Craft;
use crate::ask::craft::chatwork::event_json;
use crate::ask::policy::Policy;
use crate::ask::sketch::{Sketch, extended, texts_alone, written};
use crate::check::{Area, Check, Level, Plan};
use crate::checks::answer::acknowledged_as_plain_ones_are;
use crate::checks::survival::survived;

const ANY_TEXT: Check = Check {
    level: Level::Must,
    title: "an event is acknowledged whatever text is in it: any script, joined emoji, right-to-left text, line separators",
    rationale: "People write what they like. A receiver that decodes, normalises, escapes or stores text in its own way \
                works for months and then loses the one message with the character that it cannot take.",
    hint: "Keep the body as bytes until the event is verified, read it with a JSON library as UTF-8, and let logs, \
           templates and storage take every character. The report shows the smallest text that was found to fail.",
    plan: Plan::Property {
        sketches: |_, turn| texts_alone(turn),
        make: written_event,
        judge: acknowledged_as_plain_ones_are,
    },
    ..Check::blank(Service::Chatwork)
};

const ANY_SPELLING: Check = Check {
    title: "an event is acknowledged in every legal notation of its JSON",
    rationale: "Escapes in either case, spaces between values and the order of keys mean nothing in JSON. A receiver \
                that depends on them has verified or parsed something else than the bytes that it got, and fails when \
                the service changes its JSON library.",
    hint: "Verify the raw bytes, then parse them with a JSON library: no regular expressions, no re-serialised copy.",
    plan: Plan::Property {
        sketches: |_, turn| written(turn),
        make: written_event,
        judge: acknowledged_as_plain_ones_are,
    },
    ..Check::blank(Service::Chatwork)
};

const ADDITIONS: Check = Check {
    area: Area::Tolerance,
    title: "events with any new keys, of any type, in any object, are acknowledged",
    rationale: "Services add keys without notice: null one day, an object the next. A receiver that refuses what it does \
                not know loses every event from that day on.",
    hint: "Let the decoder ignore unknown keys in every object (no deny_unknown_fields, no additionalProperties: \
           false), and expect a value of any type under a new one.",
    plan: Plan::Property {
        sketches: |_, turn| extended(turn),
        make: written_event,
        judge: acknowledged_as_plain_ones_are,
    },
    ..Check::blank(Service::Chatwork)
};

const CONTROL_CHARACTERS: Check = Check {
    area: Area::Robustness,
    level: Level::Must,
    title: "control characters and broken characters in a text do not crash the receiver",
    rationale: "Such characters come with text that is pasted from terminals and old programs. A database that cannot \
                store U+0000 or a page that cannot show half a character must not cost the event, let alone the \
                process. The next event has to be acknowledged.",
    hint: "Expect the storage or the template to refuse: replace what it cannot take, and answer the event all the same.",
    plan: Plan::Examples { cases: control_characters, judge: survived },
    ..Check::blank(Service::Chatwork)
};

const LARGE_IDS: Check = Check {
    area: Area::Tolerance,
    title: "events with ids beyond 32 bits, and beyond what a float holds exactly, are acknowledged",
    rationale: "Ids grow. One that is kept as a 32-bit integer overflows, one that is kept as a float loses its last \
                digits silently.",
    hint: "Keep ids as texts, or as 64-bit integers where the service sends numbers.",
    plan: Plan::Examples { cases: large_ids, judge: acknowledged_as_plain_ones_are },
    ..Check::blank(Service::Chatwork)
};

/// Chatwork's, in report order.
pub const CHATWORK: &[Check] = &[
    Check { id: "chatwork.webhooks.any-text-is-acknowledged", clauses: &[&ACKNOWLEDGED, &BODY], ..ANY_TEXT },
    Check {
        id: "chatwork.webhooks.any-spelling-is-acknowledged",
        clauses: &[&SIGNATURE, &ACKNOWLEDGED],
        ..ANY_SPELLING
    },
    Check {
        id: "chatwork.webhooks.times-may-differ-from-the-clock",
        level: Level::Should,
        title: "an event is acknowledged although its times are two minutes off the receiver's clock",
        rationale: "Clocks differ, and an event may wait on its way. Chatwork sends nothing by which a receiver could \
                    tell a replay, so a narrow window of time loses events and protects against little.",
        hint: "Do not refuse an event for its webhook_event_time, or allow for five minutes either way. update_time \
               is 0 for a message that was never edited; all times are seconds, which pass 2^31 in 2038.",
        clauses: &[&BODY],
        plan: Plan::Examples { cases: times, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatwork)
    },
    Check { id: "chatwork.webhooks.any-additions-are-acknowledged", clauses: &[&OPEN_ENDED], ..ADDITIONS },
    Check { id: "chatwork.webhooks.large-ids-are-acknowledged", clauses: &[&IDS], ..LARGE_IDS },
    Check {
        id: "chatwork.webhooks.numbers-in-other-notation-are-acknowledged",
        area: Area::Tolerance,
        level: Level::May,
        title: "an event is acknowledged although a number in it is written with a fraction or an exponent",
        rationale: "1760000000 and 1.76e9 are the same number in JSON, and not the same to every decoder.",
        hint: "Worth knowing only: Chatwork sends plain integers. A decoder that reads numbers by their value takes \
               them all.",
        clauses: &[&BODY],
        plan: Plan::Examples { cases: notations, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatwork)
    },
    Check { id: "chatwork.webhooks.control-characters-do-not-crash", clauses: &[&ACKNOWLEDGED], ..CONTROL_CHARACTERS },
];

/// Chatday's, in report order.
pub const CHATDAY: &[Check] = &[
    Check {
        id: "chatday.webhooks.any-text-is-acknowledged",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_ANSWER, &WEBHOOK_BODY],
        ..ANY_TEXT
    },
    Check {
        id: "chatday.webhooks.any-spelling-is-acknowledged",
        service: Service::Chatday,
        rationale: "Escapes in either case, spaces between values and the order of keys mean nothing in JSON. A \
                    receiver that depends on them fails when the service changes its JSON library.",
        hint: "Parse the body with a JSON library: no regular expressions, no comparison with texts.",
        clauses: &[&WEBHOOK_METHOD, &WEBHOOK_ANSWER],
        ..ANY_SPELLING
    },
    Check {
        id: "chatday.webhooks.any-additions-are-acknowledged",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_OPEN_ENDED],
        ..ADDITIONS
    },
    Check {
        id: "chatday.webhooks.large-ids-are-acknowledged",
        service: Service::Chatday,
        clauses: &[&CHAT_ID_KIND],
        ..LARGE_IDS
    },
    Check {
        id: "chatday.webhooks.control-characters-do-not-crash",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_ANSWER],
        ..CONTROL_CHARACTERS
    },
];

/// A real event for one choice. As the service spells it where the choice says nothing of that.
fn written_event(craft: &Craft<'_>, sketch: &Sketch) -> Case {
    let Sketch::Event { text, spelling, additions } = sketch else {
        return Case::genuine("event", craft.text("conformance: an event"));
    };
    let delivery = craft.seal(|| {
        let mut event = craft.event(&format!("conformance: {text}"));
        for addition in additions {
            let place = if addition.inside { inner(&mut event, craft.policy) } else { Some(&mut event) };
            if let Some(Json::Object(fields)) = place {
                fields.entry(addition.key.as_str()).or_insert_with(|| addition.value.clone());
            }
        }
        if *spelling == Default::default() { craft.body(&event) } else { Bytes::from(spelling.spell(&event)) }
    });
    Case::genuine("event", delivery)
}

/// The inner object of an event.
fn inner<'a>(event: &'a mut Json, policy: &Policy) -> Option<&'a mut Json> {
    match policy.service {
        Service::Chatwork => event.get_mut("webhook_event"),
        Service::Chatday => event.get_mut(&policy.profile.keys.message),
    }
}

/// Where the text of an event would be, raw JSON is put instead.
fn with_raw_text(craft: &Craft<'_>, name: &str, raw: &str) -> Case {
    let delivery = craft.seal(|| {
        let event = craft.body(&craft.event(PLACE));
        let text = String::from_utf8_lossy(&event).replace(&format!("\"{PLACE}\""), &format!("\"conformance: {raw}\""));
        Bytes::from(text)
    });
    Case::hostile(name, delivery)
}

/// Stands for a text.
const PLACE: &str = "conformance-place";

fn control_characters(craft: &Craft<'_>) -> Vec<Case> {
    [
        ("null-character", "a\\u0000b"),
        ("bell-and-escape", "a\\u0007\\u001b[31mb"),
        ("delete", "a\u{7f}b"),
        ("next-line", "a\\u0085b"),
        ("non-character", "a\\uffffb"),
        ("lone-high-surrogate", "a\\ud83db"),
        ("lone-low-surrogate", "a\\udc4db"),
        ("surrogates-in-wrong-order", "a\\udc4d\\ud83db"),
    ]
    .into_iter()
    .map(|(name, raw)| with_raw_text(craft, name, raw))
    .collect()
}

fn large_ids(craft: &Craft<'_>) -> Vec<Case> {
    match craft.policy.service {
        Service::Chatwork => {
            let author = |name: &str, id: u64| {
                let body = || {
                    let mut event = craft.event("conformance: a large id");
                    event["webhook_event"]["account_id"] = json!(id);
                    craft.body(&event)
                };
                Case::genuine(name, craft.seal(body))
            };
            let message = |name: &str, first: &str| {
                let body = || {
                    let mut event = craft.event("conformance: a large id");
                    // 19 digits or more, the last ones of this run and event.
                    let serial = craft.fresh_number() % 1_000_000_000;
                    event["webhook_event"]["message_id"] = json!(format!("{first}{serial:09}"));
                    craft.body(&event)
                };
                Case::genuine(name, craft.seal(body))
            };
            vec![
                author("author-beyond-31-bits", 2_147_483_648),
                author("author-beyond-32-bits", 4_294_967_296),
                author("author-beyond-a-float", 9_007_199_254_740_993).at_most(Level::May),
                message("message-beyond-a-float", "9007199254"),
                message("message-beyond-63-bits", "99999999999").at_most(Level::May),
            ]
        }
        Service::Chatday => {
            let chat_key = &craft.policy.profile.keys.chat_id;
            let chat = |name: &str, id: &str| {
                let mut event = craft.event(&format!("conformance: a large id {}", craft.fresh_number()));
                event[chat_key] = craft.policy.profile.ids.chat_id.render(id);
                Case::genuine(name, craft.seal(|| craft.body(&event)))
            };
            vec![
                chat("chat-beyond-31-bits", "2147483648"),
                chat("chat-beyond-32-bits", "4294967296"),
                chat("chat-beyond-a-float", "9007199254740993"),
                chat("chat-at-63-bits", "9223372036854775807"),
            ]
        }
    }
}

fn times(craft: &Craft<'_>) -> Vec<Case> {
    let shifted = |name: &str, seconds: i64| {
        let body = || {
            let mut event = craft.event("conformance: at another time");
            let time = craft.now.seconds() + seconds;
            event["webhook_event_time"] = json!(time);
            event["webhook_event"]["send_time"] = json!(time);
            craft.body(&event)
        };
        Case::genuine(name, craft.seal(body))
    };
    let edited = |name: &str, time: i64| {
        let body = || {
            let mut event = event_json(craft, EventKind::MessageUpdated, "conformance: edited at another time");
            event["webhook_event"]["update_time"] = json!(time);
            craft.body(&event)
        };
        Case::genuine(name, craft.seal(body)).at_most(Level::May)
    };
    vec![
        shifted("two-minutes-ago", -120),
        shifted("in-two-minutes", 120),
        edited("edited-at-zero", 0),
        edited("edited-after-2038", 2_147_483_648),
    ]
}

fn notations(craft: &Craft<'_>) -> Vec<Case> {
    let respell = |name: &str, spell: fn(i64) -> String| {
        let body = || {
            let time = craft.now.seconds();
            let event = craft.body(&craft.event("conformance: a number in another notation"));
            let key = "\"webhook_event_time\":";
            let text =
                String::from_utf8_lossy(&event).replace(&format!("{key}{time}"), &format!("{key}{}", spell(time)));
            Bytes::from(text)
        };
        Case::genuine(name, craft.seal(body))
    };
    vec![
        respell("fraction", |time| format!("{time}.0")),
        respell("exponent", |time| format!("{}.{:09}e9", time / 1_000_000_000, time % 1_000_000_000)),
    ]
}
