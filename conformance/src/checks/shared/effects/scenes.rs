//! What is sent to see an effect, and when the integration's calls are looked at.

use std::time::Duration;

use bytes::Bytes;
use contract::chatwork::webhook::EventKind;
use contract::service::Service;
use courier::exchange::Delivery;
use courier::raw::{End, Manner, Pace, Place};
use serde_json::json;

use crate::ask::case::Case;
use crate::ask::craft::{Craft, chatwork};
use crate::ask::scene::{Act, Scene};

fn genuine(name: &str, delivery: Delivery) -> Act {
    Act::Each(vec![Case::genuine(name, delivery)])
}

pub(super) fn forgeries(craft: &Craft<'_>) -> Vec<Scene> {
    let name = craft.secret_header();
    let bare = || {
        let mut delivery = craft.forgery("conformance: a forged event");
        delivery.headers.retain(|(known, _)| *known != name);
        Delivery { target: craft.target.to_owned(), ..delivery }
    };
    let scene = |name: &str, delivery| {
        Scene::new(name, vec![Act::Each(vec![Case::forged(name, delivery)]), Act::Observe { calls: 0 }])
    };
    vec![scene("wrong-secret", craft.forgery("conformance: a forged event")), scene("no-secret", bare())]
}

pub(super) fn twice(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.text("conformance: an event that comes twice");
    let acts = vec![
        genuine("first", event.clone()),
        Act::Observe { calls: 1 },
        genuine("again", event),
        Act::Observe { calls: 0 },
    ];
    vec![Scene::new("twice", acts)]
}

pub(super) fn at_once(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.text("conformance: an event that comes several times at once");
    let copies = (1..=COPIES).map(|number| Case::genuine(format!("copy-{number}"), event.clone())).collect();
    // Whoever remembers an event once it is done is still busy when the last copy comes, however late that is.
    let acts = vec![
        Act::SlowApi(BUSY.min(craft.rhythm.timeout / 8)),
        Act::Together(copies),
        Act::SlowApi(Duration::ZERO),
        Act::Observe { calls: 1 },
    ];
    vec![Scene::new("at-once", acts)]
}

pub(super) fn first_lost(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.text("conformance: an event whose answer is lost");
    let left = Manner { end: End::Reset(Place::Body(usize::MAX)), ..Manner::default() };
    let acts = vec![
        Act::Each(vec![Case::hostile("answer-not-awaited", event.clone()).sent(left)]),
        genuine("again", event),
        Act::Observe { calls: 1 },
    ];
    vec![Scene::new("answer-lost", acts)]
}

pub(super) fn same_text(craft: &Craft<'_>) -> Vec<Scene> {
    let text = format!("conformance: the same text again {}", craft.fresh_number());
    let event = || craft.seal(|| craft.body(&craft.event(&text)));
    let acts = vec![
        genuine("first", event()),
        Act::Observe { calls: 1 },
        genuine("another", event()),
        Act::Observe { calls: 1 },
    ];
    vec![Scene::new("same-text", acts)]
}

/// An edit of a message that was never seen shows whether edits lead to anything; then a message and its edit.
pub(super) fn edit(craft: &Craft<'_>) -> Vec<Scene> {
    let event = |kind, id: u64, text: &str| {
        craft.seal(|| {
            let mut event = chatwork::event_json(craft, kind, &format!("{text} {}", craft.fresh_number()));
            event["webhook_event"]["message_id"] = json!(id.to_string());
            craft.body(&event)
        })
    };
    let (unseen, own) = (craft.fresh_number(), craft.fresh_number());
    let acts = vec![
        genuine("edit-of-another", event(EventKind::MessageUpdated, unseen, "conformance: an edited message")),
        Act::Observe { calls: 1 },
        genuine("message", event(EventKind::MessageCreated, own, "conformance: a message that will be edited")),
        Act::Observe { calls: 1 },
        genuine("its-edit", event(EventKind::MessageUpdated, own, "conformance: the same message, edited")),
        Act::Observe { calls: 1 },
    ];
    vec![Scene::new("edit", acts)]
}

/// Everything that an answer needs is there when the connection ends; but the event is not whole.
pub(super) fn half_event(craft: &Craft<'_>) -> Vec<Scene> {
    let scene = |name: &str, place: fn(&[u8]) -> usize| {
        let event = craft.text("conformance: half an event");
        let end = End::HangUp(Place::Body(place(&event.body)));
        let half = Case::hostile(name, event).sent(Manner { end, ..Manner::default() });
        Scene::new(name, vec![Act::Each(vec![half]), Act::Observe { calls: 0 }])
    };
    let before_the_last = |body: &[u8]| body.len() - 1;
    // The text's number is its last part.
    let behind_the_text = |body: &[u8]| {
        let text = body.windows(TEXT_START.len()).position(|window| window == TEXT_START).unwrap_or_default();
        body[text..].iter().position(|byte| *byte == b'"').map_or(body.len() / 2, |end| text + end)
    };
    vec![scene("without-its-last-bracket", before_the_last), scene("up-to-the-end-of-its-text", behind_the_text)]
}

/// How the text of [`half_event`] begins.
const TEXT_START: &[u8] = b"conformance: half an event";

/// How long the API takes while copies of an event come at once.
const BUSY: Duration = Duration::from_millis(300);

pub(super) fn slow_api(craft: &Craft<'_>) -> Vec<Scene> {
    let acts = vec![
        Act::SlowApi(craft.rhythm.timeout),
        genuine("while-the-api-is-slow", craft.text("conformance: while the API is slow")),
        Act::SlowApi(Duration::ZERO),
        Act::Observe { calls: 1 },
    ];
    vec![Scene::new("slow-api", acts)]
}

pub(super) fn places(craft: &Craft<'_>) -> Vec<Scene> {
    let own = craft.text("conformance: in its own place");
    let scene = |name: &str, delivery| Scene::new(name, vec![genuine(name, delivery), Act::Observe { calls: 1 }]);
    let large = [("beyond-31-bits", 2_147_483_649_u64), ("beyond-a-float", 9_007_199_254_740_993)];
    let moved = |id: u64| {
        craft.seal(|| {
            let mut event = craft.event(&format!("conformance: in another place {}", craft.fresh_number()));
            match craft.policy.service {
                Service::Chatwork => event["webhook_event"]["room_id"] = json!(id),
                Service::Chatday => {
                    let key = &craft.policy.profile.keys.chat_id;
                    event[key] = craft.policy.profile.ids.chat_id.render(&id.to_string());
                }
            }
            craft.body(&event)
        })
    };
    [scene("its-own", own)].into_iter().chain(large.map(|(name, id)| scene(name, moved(id)))).collect()
}

pub(super) fn own_message(craft: &Craft<'_>) -> Vec<Scene> {
    let own = craft.seal(|| {
        let text = format!("conformance: written by the integration's own account {}", craft.fresh_number());
        let mut event = craft.event(&text);
        event["webhook_event"]["account_id"] = json!(chatwork::receiver(craft));
        craft.body(&event)
    });
    vec![Scene::new("own-message", vec![genuine("own-message", own), Act::Observe { calls: 0 }])]
}

/// Notifies every member of a room.
pub(super) const LOUD: &str = "[toall]";

pub(super) fn markup(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.text(&format!("{LOUD} conformance: [To:1001] [code]x[/code] [qt]y[/qt]"));
    vec![Scene::new("notifies-everybody", vec![genuine("notifies-everybody", event), Act::Observe { calls: 1 }])]
}

/// Decomposed letters and joined emoji: what cutting and normalising change.
pub(super) const DELICATE: &str = "e\u{302}\u{301}đô\u{300}ng 👨‍👩‍👧‍👦 が゙ น้ำ";

/// How the indented text begins: what trimming changes.
pub(super) const INDENTED: &str = "    conformance: indented";

pub(super) fn texts(craft: &Craft<'_>) -> Vec<Scene> {
    let plain = craft.text("conformance: plain words");
    let delicate = craft.text(&format!("conformance: {DELICATE}"));
    let long = craft.text(&format!("conformance: {}", "👨‍👩‍👧‍👦".repeat(120)));
    let indented = craft.text(&format!("{INDENTED} like code\n        with a second line"));
    let pieces = craft.seal(|| {
        // As it is, without escapes: only then a chunk can end inside a character.
        let event = craft.event(&format!("conformance: ในชิ้นส่วน 👍 {}", craft.fresh_number()));
        Bytes::from(event.to_string())
    });
    let inside = |(at, byte): (usize, &u8)| (*byte >= 0x80 && *byte < 0xc0).then_some(at);
    let cuts = pieces.body.iter().enumerate().filter_map(inside).collect();
    let acts = vec![
        genuine("plain", plain),
        Act::Observe { calls: 1 },
        genuine("delicate", delicate),
        Act::Observe { calls: 1 },
        genuine("long", long),
        Act::Observe { calls: 1 },
        genuine("indented", indented),
        Act::Observe { calls: 1 },
        Act::Each(vec![
            Case::genuine("in-chunks", pieces).sent(Manner { pace: Pace::Chunked { cuts }, ..Manner::default() }),
        ]),
        Act::Observe { calls: 1 },
    ];
    vec![Scene::new("texts", acts)]
}

/// The second of two rooms under one key.
const OTHER_ROOM: u64 = 987_654_321;

pub(super) fn two_rooms(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.seal(|| {
        let text = String::from_utf8_lossy(
            &craft.body(&craft.event(&format!("conformance: two rooms {}", craft.fresh_number()))),
        )
        .into_owned();
        let key = format!("\"room_id\":{}", chatwork::room_id(craft));
        Bytes::from(text.replace(&key, &format!("{key},\"room_id\":{OTHER_ROOM}")))
    });
    let acts = vec![Act::Each(vec![Case::hostile("two-rooms", event)]), Act::Observe { calls: 0 }];
    vec![Scene::new("two-rooms", acts)]
}

/// Copies of one event at once.
const COPIES: usize = 6;
