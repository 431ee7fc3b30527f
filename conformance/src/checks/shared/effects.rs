//! What the integration does after an event. Seen only beside the mock: without it these checks are skipped.

use std::time::Duration;

use bytes::Bytes;
use contract::chatday::clauses::{WEBHOOK_EFFECTS, WEBHOOK_RETRY, WEBHOOK_SIGNATURE, WEBHOOK_TIMEOUT};
use contract::chatwork::webhook::{EFFECTS, MANY, OWN_POSTS, PROMPT, SIGNATURE};
use contract::service::Service;
use courier::exchange::{Delivery, Fault, Outcome};
use courier::raw::{End, Manner, Place};
use serde_json::json;

use crate::ask::case::Case;
use crate::ask::craft::{Craft, chatwork};
use crate::ask::effects::Call;
use crate::ask::scene::{Act, Course, Scene};
use crate::check::{Area, Check, Level, Needs, Plan};
use crate::checks::course::{deviates, first_unacknowledged, moot};
use crate::run::verdict::Judgement;

const FORGED: Check = Check {
    area: Area::Effects,
    level: Level::Must,
    title: "a forged event has no effect",
    rationale: "A signature that is computed and then not looked at, or looked at after the work was done, refuses nothing. \
                The status of an answer does not show it; what the integration calls does.",
    hint: "Verify first, and leave the handler when that fails, before anything is read from the event.",
    needs: Needs::Effects,
    plan: Plan::Sequence { scenes: forgeries, judge: without_effect },
    ..Check::blank(Service::Chatwork)
};

const TWICE: Check = Check {
    area: Area::Effects,
    title: "an event that comes twice has one effect",
    rationale: "The same event comes again after a lost answer, through a proxy, or because somebody sends what they have \
                seen. People notice the second reply.",
    hint: "Remember what was handled (the message's id, or a digest of the body) for longer than repetitions take.",
    needs: Needs::Replies,
    plan: Plan::Sequence { scenes: twice, judge: one_effect },
    ..Check::blank(Service::Chatwork)
};

const AT_ONCE: Check = Check {
    area: Area::Effects,
    title: "an event that comes several times at the same moment has one effect",
    rationale: "Two workers that look first and store later both find nothing, and both act.",
    hint: "Let the storage decide which worker is the first: a unique key, an atomic insert.",
    needs: Needs::Replies,
    load: true,
    plan: Plan::Sequence { scenes: at_once, judge: one_effect },
    ..Check::blank(Service::Chatwork)
};

const PROMPT_ANSWER: Check = Check {
    area: Area::Effects,
    title: "an event is answered before the work that it causes is done",
    rationale: "The service waits for an answer, not for the work. When its API is slow the answer comes too late, the \
                event counts as failed, and what was done is done again.",
    hint: "Put the event into a queue, answer, and work afterwards.",
    needs: Needs::Replies,
    plan: Plan::Sequence { scenes: slow_api, judge: answered_first },
    ..Check::blank(Service::Chatwork)
};

const PLACE: Check = Check {
    area: Area::Effects,
    title: "a reply goes to the place that its event came from, with the id as it was",
    rationale: "An id that went through a float or 32 bits is another one: the reply goes to strangers or nowhere. One that \
                is taken from the settings instead of the event answers in the wrong room.",
    hint: "Take the id from the event, and keep it as text or as a 64-bit integer from end to end.",
    needs: Needs::Replies,
    plan: Plan::Sequence { scenes: places, judge: in_its_place },
    ..Check::blank(Service::Chatwork)
};

const WHOLE: Check = Check {
    area: Area::Effects,
    title: "text that is sent back is the text that came",
    rationale: "Cutting at a number of bytes splits characters, normalising changes names, and trimming loses what the \
                writer meant.",
    hint: "Cut between characters (grapheme clusters, if it is to look right), and change nothing else.",
    needs: Needs::Replies,
    plan: Plan::Sequence { scenes: texts, judge: text_kept },
    ..Check::blank(Service::Chatwork)
};

const FIRST_LOST: Check = Check {
    area: Area::Effects,
    level: Level::Should,
    title: "an event whose first answer was lost is handled once when it comes again",
    rationale: "A receiver that notes an event before handling it, and fails in between, takes the repetition for a \
                duplicate and never handles it; one that notes nothing handles it twice.",
    hint: "Note an event together with its effect, in one transaction.",
    needs: Needs::Replies,
    clauses: &[&WEBHOOK_RETRY],
    plan: Plan::Sequence { scenes: first_lost, judge: one_effect },
    ..Check::blank(Service::Chatday)
};

/// Chatwork's, in report order.
pub const CHATWORK: &[Check] = &[
    Check { id: "chatwork.webhooks.forged-event-has-no-effect", clauses: &[&SIGNATURE], ..FORGED },
    Check { id: "chatwork.webhooks.repeated-event-has-one-effect", clauses: &[&MANY], ..TWICE },
    Check { id: "chatwork.webhooks.events-at-once-have-one-effect", clauses: &[&MANY], ..AT_ONCE },
    Check {
        id: "chatwork.webhooks.same-text-again-is-another-event",
        area: Area::Effects,
        title: "the same text in another message is another event",
        rationale: "People write \"ok\" all day. A receiver that recognises duplicates by their text, or by author and second, \
                    drops what was said.",
        hint: "Recognise duplicates by message_id (with update_time for edits), not by what is written.",
        clauses: &[&EFFECTS],
        needs: Needs::Replies,
        plan: Plan::Sequence { scenes: same_text, judge: an_effect_each },
        ..Check::blank(Service::Chatwork)
    },
    Check { id: "chatwork.webhooks.answers-before-it-works", clauses: &[&PROMPT], ..PROMPT_ANSWER },
    Check { id: "chatwork.webhooks.reply-goes-to-its-room", clauses: &[&EFFECTS], ..PLACE },
    Check {
        id: "chatwork.webhooks.own-messages-get-no-reply",
        area: Area::Effects,
        title: "a message of the integration's own account gets no reply",
        rationale: "Its own replies come back as events. An integration that answers them talks to itself until the rate \
                    limit stops it.",
        hint: "Compare account_id with the account of your API token (GET /me), and leave those events alone.",
        clauses: &[&OWN_POSTS],
        needs: Needs::Replies,
        plan: Plan::Sequence { scenes: own_message, judge: no_reply },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.markup-is-not-echoed",
        area: Area::Effects,
        title: "a tag that notifies everybody is not sent back as one",
        rationale: "Text that is quoted as it came is markup again. Anybody in the room can then make the integration notify \
                    all its members, again and again.",
        hint: "Take the brackets out of [toall], [To:…] and [rp …] before quoting, or quote inside [code].",
        clauses: &[&EFFECTS],
        needs: Needs::Replies,
        plan: Plan::Sequence { scenes: markup, judge: neutralised },
        ..Check::blank(Service::Chatwork)
    },
    Check { id: "chatwork.webhooks.text-comes-back-whole", clauses: &[&EFFECTS], ..WHOLE },
    Check {
        id: "chatwork.webhooks.duplicate-keys-have-one-meaning",
        area: Area::Effects,
        title: "an event that names two rooms under one key has an effect in one of them at most",
        rationale: "JSON parsers disagree on which of two equal keys counts. A check that reads the one and a handler that \
                    reads the other can be led past each other.",
        hint: "Parse the body once, and hand the parsed event on.",
        clauses: &[&EFFECTS],
        needs: Needs::Replies,
        plan: Plan::Sequence { scenes: two_rooms, judge: in_one_room },
        ..Check::blank(Service::Chatwork)
    },
];

/// Chatday's, in report order.
pub const CHATDAY: &[Check] = &[
    Check {
        id: "chatday.webhooks.forged-event-has-no-effect",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_SIGNATURE],
        ..FORGED
    },
    Check {
        id: "chatday.webhooks.repeated-event-has-one-effect",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_RETRY],
        ..TWICE
    },
    Check {
        id: "chatday.webhooks.events-at-once-have-one-effect",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_RETRY],
        ..AT_ONCE
    },
    Check { id: "chatday.webhooks.lost-answer-leaves-one-effect", ..FIRST_LOST },
    Check {
        id: "chatday.webhooks.answers-before-it-works",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_TIMEOUT],
        ..PROMPT_ANSWER
    },
    Check {
        id: "chatday.webhooks.reply-goes-to-its-chat",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_EFFECTS],
        ..PLACE
    },
    Check {
        id: "chatday.webhooks.text-comes-back-whole",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_EFFECTS],
        ..WHOLE
    },
];

fn genuine(name: &str, delivery: Delivery) -> Act {
    Act::Each(vec![Case::genuine(name, delivery)])
}

fn forgeries(craft: &Craft<'_>) -> Vec<Scene> {
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

/// Whatever the answer was. An integration may look things up at any time: reading is no effect.
fn without_effect(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let Some(calls) = course.calls.first() else { return unseen() };
    let Some(call) = calls.iter().find(|call| call.is_effect()) else { return Judgement::Held };
    deviates(
        "forgery-acted-on",
        Level::Must,
        format!("after a forged event the integration called {}", shown(call)),
        "no call",
        format!("{} calls", calls.len()),
    )
}

fn twice(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.text("conformance: an event that comes twice");
    let acts = vec![
        genuine("first", event.clone()),
        Act::Observe { calls: 1 },
        genuine("again", event),
        Act::Observe { calls: 0 },
    ];
    vec![Scene::new("twice", acts)]
}

fn at_once(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.text("conformance: an event that comes several times at once");
    let copies = (1..=COPIES).map(|number| Case::genuine(format!("copy-{number}"), event.clone())).collect();
    vec![Scene::new("at-once", vec![Act::Together(copies), Act::Observe { calls: 1 }])]
}

fn first_lost(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.text("conformance: an event whose answer is lost");
    let left = Manner { end: End::Reset(Place::Body(usize::MAX)), ..Manner::default() };
    let acts = vec![
        Act::Each(vec![Case::hostile("answer-not-awaited", event.clone()).sent(left)]),
        genuine("again", event),
        Act::Observe { calls: 1 },
    ];
    vec![Scene::new("answer-lost", acts)]
}

/// However often the event came, all observations together hold one message.
fn one_effect(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    if course.calls.is_empty() {
        return unseen();
    }
    let messages = messages(course).count();
    let (name, what) = match messages {
        1 => return Judgement::Held,
        0 => ("no-effect", "the event had no effect"),
        _ => ("several-effects", "the event had more than one effect"),
    };
    deviates(name, Level::Should, format!("{what}: {messages} messages"), "one message", format!("{messages} messages"))
}

fn same_text(craft: &Craft<'_>) -> Vec<Scene> {
    let text = "conformance: the same text again";
    let acts = vec![
        genuine("first", craft.text(text)),
        Act::Observe { calls: 1 },
        genuine("another", craft.text(text)),
        Act::Observe { calls: 1 },
    ];
    vec![Scene::new("same-text", acts)]
}

fn an_effect_each(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let [first, another] = course.calls else { return unseen() };
    if !first.iter().any(Call::is_message) {
        return Judgement::Unsettled("the first of the two events had no effect".to_owned());
    }
    if another.iter().any(Call::is_message) {
        return Judgement::Held;
    }
    deviates(
        "dropped-as-duplicate",
        Level::Should,
        "the same text in another message had no effect".to_owned(),
        "a message for each of the two events",
        "a message for the first one only".to_owned(),
    )
}

fn slow_api(craft: &Craft<'_>) -> Vec<Scene> {
    let acts = vec![
        Act::SlowApi(craft.rhythm.timeout),
        genuine("while-the-api-is-slow", craft.text("conformance: while the API is slow")),
        Act::SlowApi(Duration::ZERO),
        Act::Observe { calls: 1 },
    ];
    vec![Scene::new("slow-api", acts)]
}

fn answered_first(course: &Course<'_>) -> Judgement {
    let Some(step) = course.steps.first() else {
        return moot(course).unwrap_or_else(|| Judgement::Unsettled("nothing was sent".to_owned()));
    };
    let took = step.exchange.took;
    let late = matches!(&step.exchange.outcome, Outcome::Silent(Fault::HeadTimeout | Fault::BodyTimeout));
    if let (false, Some(judgement)) = (late, moot(course)) {
        return judgement;
    }
    if !late && took < course.timeout / 2 {
        return match first_unacknowledged(course) {
            None => Judgement::Held,
            Some((_, why)) => Judgement::Unsettled(format!("the event was not acknowledged: {why}")),
        };
    }
    let limit = course.timeout.as_millis();
    deviates(
        if late { "too-late" } else { "works-first" },
        Level::Must,
        format!("while the service's API takes {limit} ms to answer, so does the integration: {} ms", took.as_millis()),
        &format!("an answer long before {limit} ms"),
        step.exchange.outcome.to_string(),
    )
}

fn places(craft: &Craft<'_>) -> Vec<Scene> {
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

/// A message that goes anywhere goes to the event's place. An integration may leave places alone that it does not know.
fn in_its_place(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let Some(step) = course.steps.first() else { return unseen() };
    let Some(place) = place_of(course, &step.case.delivery.body) else { return unseen() };
    let stray = messages(course).find(|call| call.place.as_deref() != Some(place.as_str()));
    let Some(stray) = stray else { return Judgement::Held };
    deviates(
        "reply-elsewhere",
        Level::Should,
        format!("the event came from '{place}', and the message went elsewhere: {}", shown(stray)),
        &place,
        stray.place.clone().unwrap_or_else(|| "no place".to_owned()),
    )
}

/// The id of the room or chat in an event, as calls spell it.
fn place_of(course: &Course<'_>, body: &[u8]) -> Option<String> {
    let event: serde_json::Value = serde_json::from_slice(body).ok()?;
    let id = match course.policy.service {
        Service::Chatwork => event.get("webhook_event")?.get("room_id")?,
        Service::Chatday => event.get(&course.policy.profile.keys.chat_id)?,
    };
    Some(id.as_str().map_or_else(|| id.to_string(), str::to_owned))
}

fn own_message(craft: &Craft<'_>) -> Vec<Scene> {
    let own = craft.seal(|| {
        let mut event = craft.event("conformance: written by the integration's own account");
        event["webhook_event"]["account_id"] = json!(chatwork::RECEIVER);
        craft.body(&event)
    });
    vec![Scene::new("own-message", vec![genuine("own-message", own), Act::Observe { calls: 0 }])]
}

fn no_reply(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    if course.calls.is_empty() {
        return unseen();
    }
    let Some(call) = messages(course).next() else { return Judgement::Held };
    deviates(
        "answers-itself",
        Level::Should,
        format!("a message of the integration's own account was answered: {}", shown(call)),
        "no message",
        "a message".to_owned(),
    )
}

/// Notifies every member of a room.
const LOUD: &str = "[toall]";

fn markup(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.text(&format!("{LOUD} conformance: [To:1001] [code]x[/code] [qt]y[/qt]"));
    vec![Scene::new("notifies-everybody", vec![genuine("notifies-everybody", event), Act::Observe { calls: 1 }])]
}

fn neutralised(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let texts = messages(course).filter_map(|call| call.text.as_deref());
    // Inside [code] a tag is text.
    let loud = texts.into_iter().find(|text| {
        let before = text.find(LOUD).map(|at| text.get(..at).unwrap_or_default());
        before.is_some_and(|before| before.matches("[code]").count() == before.matches("[/code]").count())
    });
    let Some(text) = loud else { return Judgement::Held };
    deviates(
        "markup-echoed",
        Level::Should,
        format!("the reply holds {LOUD} as markup, and so notifies everybody"),
        &format!("a reply without {LOUD}"),
        text.to_owned(),
    )
}

/// Decomposed letters, joined emoji and blanks at the end: what cutting, normalising and trimming change.
const DELICATE: &str = "e\u{302}\u{301}đô\u{300}ng 👨‍👩‍👧‍👦 が゙ น้ำ";

fn texts(craft: &Craft<'_>) -> Vec<Scene> {
    let plain = craft.text("conformance: plain words");
    let delicate = craft.text(&format!("conformance: {DELICATE}"));
    let long = craft.text(&format!("conformance: {}", "👨‍👩‍👧‍👦".repeat(120)));
    let acts = vec![
        genuine("plain", plain),
        Act::Observe { calls: 1 },
        genuine("delicate", delicate),
        Act::Observe { calls: 1 },
        genuine("long", long),
        Act::Observe { calls: 1 },
    ];
    vec![Scene::new("texts", acts)]
}

/// An integration that sends plain words back as they were does so with all others; none sends halves of characters.
fn text_kept(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let [plain, delicate, _] = course.calls else { return unseen() };
    let holds = |calls: &[Call], words: &str| {
        calls.iter().filter_map(|call| call.text.as_deref()).any(|text| text.contains(words))
    };
    if let Some(text) = messages(course).filter_map(|call| call.text.as_deref()).find(|text| text.contains('\u{fffd}'))
    {
        return deviates(
            "character-split",
            Level::Should,
            "the reply holds a replacement character: a character was cut in two".to_owned(),
            "whole characters",
            text.to_owned(),
        );
    }
    if !holds(plain, "conformance: plain words") || holds(delicate, DELICATE) {
        return Judgement::Held;
    }
    let came = delicate.iter().find_map(|call| call.text.clone()).unwrap_or_else(|| "no message".to_owned());
    deviates(
        "text-changed",
        Level::Should,
        "plain words came back as they were, and a text with combining characters did not".to_owned(),
        DELICATE,
        came,
    )
}

/// The second of two rooms under one key.
const OTHER_ROOM: u64 = 987_654_321;

fn two_rooms(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.seal(|| {
        let text = String::from_utf8_lossy(&craft.body(&craft.event("conformance: two rooms"))).into_owned();
        let key = format!("\"room_id\":{}", chatwork::room_id(craft));
        Bytes::from(text.replace(&key, &format!("{key},\"room_id\":{OTHER_ROOM}")))
    });
    let acts = vec![Act::Each(vec![Case::hostile("two-rooms", event)]), Act::Observe { calls: 1 }];
    vec![Scene::new("two-rooms", acts)]
}

fn in_one_room(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let places: std::collections::BTreeSet<&str> = messages(course).filter_map(|call| call.place.as_deref()).collect();
    if places.len() < 2 {
        return Judgement::Held;
    }
    let places: Vec<&str> = places.into_iter().collect();
    deviates(
        "two-meanings",
        Level::Should,
        "one event had effects in two rooms".to_owned(),
        "an effect in one room at most",
        places.join(", "),
    )
}

fn messages<'a>(course: &'a Course<'_>) -> impl Iterator<Item = &'a Call> {
    course.calls.iter().flatten().filter(|call| call.is_message())
}

fn shown(call: &Call) -> String {
    let place = call.place.as_deref().map(|place| format!(" in {place}")).unwrap_or_default();
    format!("{}{place}", call.operation)
}

fn unseen() -> Judgement {
    Judgement::Unsettled("what the integration called was not seen".to_owned())
}

/// Copies of one event at once.
const COPIES: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::case::Role;
    use crate::ask::effects::Effect;
    use crate::ask::policy::ForgeryAnswer;
    use crate::checks::transcript::{Reply, good, json, policy, short, watched};

    fn call(operation: &str, place: &str, text: Option<&str>) -> Call {
        Call { operation: operation.to_owned(), place: Some(place.to_owned()), text: text.map(str::to_owned), at_ms: 1 }
    }

    fn reply(text: &str) -> Call {
        call("post-messages", "5001", Some(text))
    }

    fn judged(judge: fn(&Course<'_>) -> Judgement, role: Role, own: Reply, calls: &[Vec<Call>]) -> String {
        let policy = policy(Service::Chatwork, ForgeryAnswer::Refuse);
        short(&watched(judge, &policy, [good(), good()], vec![(role, own)], calls, Some(Effect::Reply)))
    }

    #[test]
    fn any_call_after_a_forged_event_is_an_effect_whatever_its_answer() {
        let after = |own, calls: Vec<Call>| judged(without_effect, Role::Forged, own, &[calls]);
        assert_eq!(after(json(401, ""), vec![]), "held");
        assert_eq!(after(good(), vec![]), "held", "dropped in silence");
        assert_eq!(after(json(401, ""), vec![call("get-me", "", None)]), "held", "reading is no effect");
        assert_eq!(after(json(401, ""), vec![call("put-read", "5001", None)]), "must forgery-acted-on");
        assert_eq!(judged(without_effect, Role::Forged, json(401, ""), &[]), "unsettled");
    }

    #[test]
    fn one_effect_is_neither_none_nor_two() {
        let after = |calls: &[Vec<Call>]| judged(one_effect, Role::Genuine, good(), calls);
        assert_eq!(after(&[vec![reply("a")], vec![]]), "held");
        assert_eq!(after(&[vec![reply("a")], vec![reply("a")]]), "should several-effects");
        assert_eq!(after(&[vec![], vec![]]), "should no-effect");
        assert_eq!(after(&[vec![reply("a"), call("get-me", "", None)], vec![]]), "held", "reading is no effect");
        assert_eq!(after(&[]), "unsettled");
    }

    #[test]
    fn the_same_text_in_another_message_counts() {
        let after = |calls: &[Vec<Call>]| judged(an_effect_each, Role::Genuine, good(), calls);
        assert_eq!(after(&[vec![reply("a")], vec![reply("a")]]), "held");
        assert_eq!(after(&[vec![reply("a")], vec![]]), "should dropped-as-duplicate");
        assert_eq!(after(&[vec![], vec![]]), "unsettled");
    }

    #[test]
    fn an_answer_that_waits_for_the_api_comes_too_late() {
        let after = |own| judged(answered_first, Role::Genuine, own, &[vec![]]);
        assert_eq!(after(Reply::Late(Duration::from_millis(300))), "held");
        assert_eq!(after(Reply::Late(Duration::from_millis(4_000))), "must works-first");
        assert_eq!(after(Reply::Silent(Fault::HeadTimeout)), "must too-late");
        assert_eq!(after(json(500, "")), "unsettled");
    }

    #[test]
    fn an_integration_does_not_answer_itself_and_does_not_shout() {
        assert_eq!(judged(no_reply, Role::Genuine, good(), &[vec![]]), "held");
        assert_eq!(judged(no_reply, Role::Genuine, good(), &[vec![reply("hello")]]), "should answers-itself");
        let echoed = |text: &str| judged(neutralised, Role::Genuine, good(), &[vec![reply(text)]]);
        assert_eq!(echoed("you said: toall"), "held");
        assert_eq!(echoed("[code][toall][/code]"), "held");
        assert_eq!(echoed("you said: [toall] hi"), "should markup-echoed");
        assert_eq!(echoed("[code]x[/code] [toall]"), "should markup-echoed");
    }

    #[test]
    fn text_comes_back_as_it_was_or_not_at_all() {
        let after = |plain: &str, delicate: &str, long: &str| {
            let calls = [vec![reply(plain)], vec![reply(delicate)], vec![reply(long)]];
            judged(text_kept, Role::Genuine, good(), &calls)
        };
        let plain = "echo: conformance: plain words 1";
        assert_eq!(after(plain, &format!("echo: {DELICATE}"), "…"), "held");
        assert_eq!(after("thanks", "thanks", "thanks"), "held");
        assert_eq!(after(plain, "echo: ếđồng", "…"), "should text-changed");
        assert_eq!(after(plain, &format!("echo: {DELICATE}"), "👨\u{fffd}"), "should character-split");
    }

    #[test]
    fn a_reply_goes_to_the_place_of_its_event_alone() {
        let calls =
            |places: &[&str]| vec![places.iter().map(|place| call("post-messages", place, Some("a"))).collect()];
        let after = |places: &[&str]| judged(in_one_room, Role::Genuine, good(), &calls(places));
        assert_eq!(after(&["5001"]), "held");
        assert_eq!(after(&["5001", "987654321"]), "should two-meanings");
        let policy = policy(Service::Chatwork, ForgeryAnswer::Refuse);
        let from = |places: &[&str]| {
            let body = br#"{"webhook_event":{"room_id":9007199254740993}}"#;
            short(&crate::checks::transcript::with_body(in_its_place, &policy, body, &calls(places)))
        };
        assert_eq!(from(&["9007199254740993"]), "held");
        assert_eq!(from(&[]), "held", "a place that it does not know");
        assert_eq!(from(&["9007199254740992"]), "should reply-elsewhere");
    }
}
