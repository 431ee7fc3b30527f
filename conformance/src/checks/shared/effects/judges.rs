//! What is thought of the integration's calls. Pure.

use contract::service::Service;
use courier::exchange::{Fault, Outcome};

use super::scenes::{DELICATE, INDENTED, LOUD};
use crate::ask::effects::Call;
use crate::ask::scene::Course;
use crate::check::Level;
use crate::checks::course::{deviates, first_unacknowledged, moot};
use crate::run::verdict::Judgement;

/// Whatever the answer was. An integration may look things up at any time: reading is no effect. A call that says nothing may
/// belong to an earlier event.
pub(super) fn without_effect(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let Some(calls) = course.calls.first() else { return unseen() };
    let effects = || calls.iter().filter(|call| call.is_effect());
    let message = effects().find(|call| call.is_message());
    let Some(call) = message.or_else(|| effects().next()) else { return Judgement::Held };
    let (name, level, besides) = match message {
        Some(_) => ("forgery-acted-on", Level::Must, ""),
        None => ("forgery-perhaps-acted-on", Level::Should, ", which does not say what it is about"),
    };
    deviates(
        name,
        level,
        format!("after a forged event the integration called {}{besides}", call.words()),
        "no call",
        format!("{} calls", calls.len()),
    )
}

/// However often the event came, all observations together hold what one event leads to: usually one message. Where events
/// have no id (Chatday), the same bytes may also be somebody who says the same once more: acting again is defensible.
pub(super) fn one_effect(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    if course.calls.is_empty() {
        return unseen();
    }
    let messages = messages(course).count();
    let of_more = if course.policy.service == Service::Chatday { Level::May } else { Level::Should };
    let (name, what, level) = match messages {
        0 => ("no-effect", "the event had no effect", Level::Should),
        few if few <= course.usual => return Judgement::Held,
        _ => ("several-effects", "the event had more than one effect", of_more),
    };
    let counted = |count: usize| if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
    let (found, usual) = (counted(messages), counted(course.usual));
    deviates(name, level, format!("{what}: {found}"), &usual, found)
}

pub(super) fn an_effect_each(course: &Course<'_>) -> Judgement {
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

/// Whoever leaves edits alone leaves alone the one of a message that it has never seen, too.
pub(super) fn edit_counts(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let [unseen_edited, first, edited] = course.calls else { return unseen() };
    let acted = |calls: &[Call]| calls.iter().any(Call::is_message);
    if !acted(unseen_edited) {
        return Judgement::Moot("the integration does nothing about edits".to_owned());
    }
    if !acted(first) {
        return Judgement::Unsettled("the message before its edit had no effect".to_owned());
    }
    if acted(edited) {
        return Judgement::Held;
    }
    deviates(
        "edit-dropped",
        Level::Should,
        "an edit of a message that was never seen has an effect, and one of a message that was handled has none"
            .to_owned(),
        "an effect of either edit",
        "no message after the edit of a message that was handled".to_owned(),
    )
}

pub(super) fn nothing_by_halves(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    if course.calls.is_empty() {
        return unseen();
    }
    let Some(call) = messages(course).next() else { return Judgement::Held };
    deviates(
        "half-acted-on",
        Level::Should,
        format!("an event whose end never came was acted on: {}", call.words()),
        "no message",
        "a message".to_owned(),
    )
}

pub(super) fn answered_first(course: &Course<'_>) -> Judgement {
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

/// A message that goes anywhere goes to the event's place. An integration may leave places alone that it does not know.
pub(super) fn in_its_place(course: &Course<'_>) -> Judgement {
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
        format!("the event came from '{place}', and the message went elsewhere: {}", stray.words()),
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

pub(super) fn no_reply(course: &Course<'_>) -> Judgement {
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
        format!("a message of the integration's own account was answered: {}", call.words()),
        "no message",
        "a message".to_owned(),
    )
}

pub(super) fn neutralised(course: &Course<'_>) -> Judgement {
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

/// An integration that sends plain words back as they were does so with all others; none sends halves of characters.
pub(super) fn text_kept(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let [plain, delicate, _, indented, ..] = course.calls else { return unseen() };
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
    if !holds(plain, "conformance: plain words") {
        return Judgement::Held;
    }
    if holds(indented, INDENTED.trim_start()) && !holds(indented, INDENTED) {
        return deviates(
            "text-trimmed",
            Level::Should,
            "plain words came back as they were, and an indented text came back without its indentation".to_owned(),
            INDENTED,
            indented.iter().find_map(|call| call.text.clone()).unwrap_or_default(),
        );
    }
    if holds(delicate, DELICATE) {
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

pub(super) fn in_one_room(course: &Course<'_>) -> Judgement {
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

fn unseen() -> Judgement {
    Judgement::Unsettled("what the integration called was not seen".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ask::case::Role;
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
        short(&watched(judge, &policy, [good(), good()], vec![(role, own)], calls, 1))
    }

    #[test]
    fn any_call_after_a_forged_event_is_an_effect_whatever_its_answer() {
        let after = |own, calls: Vec<Call>| judged(without_effect, Role::Forged, own, &[calls]);
        assert_eq!(after(json(401, ""), vec![]), "held");
        assert_eq!(after(good(), vec![]), "held", "dropped in silence");
        assert_eq!(after(json(401, ""), vec![call("get-me", "", None)]), "held", "reading is no effect");
        assert_eq!(after(json(401, ""), vec![reply("a")]), "must forgery-acted-on");
        let marked_as_read = call("put-read", "5001", None);
        assert_eq!(
            after(json(401, ""), vec![marked_as_read]),
            "should forgery-perhaps-acted-on",
            "or an earlier event"
        );
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
        let chatty = |calls: &[Vec<Call>]| {
            let policy = policy(Service::Chatwork, ForgeryAnswer::Refuse);
            short(&watched(one_effect, &policy, [good(), good()], vec![(Role::Genuine, good())], calls, 2))
        };
        assert_eq!(chatty(&[vec![reply("a"), reply("b")], vec![]]), "held", "two messages for every event");
        assert_eq!(chatty(&[vec![reply("a"), reply("b")], vec![reply("a")]]), "should several-effects");
    }

    #[test]
    fn where_events_have_no_id_a_second_effect_is_worth_knowing_and_a_lost_event_is_a_fault() {
        let policy = policy(Service::Chatday, ForgeryAnswer::Refuse);
        let after = |calls: &[Vec<Call>]| {
            short(&watched(one_effect, &policy, [good(), good()], vec![(Role::Genuine, good())], calls, 1))
        };
        assert_eq!(after(&[vec![reply("a"), reply("a")]]), "may several-effects");
        assert_eq!(after(&[vec![]]), "should no-effect");
    }

    #[test]
    fn the_same_text_in_another_message_counts() {
        let after = |calls: &[Vec<Call>]| judged(an_effect_each, Role::Genuine, good(), calls);
        assert_eq!(after(&[vec![reply("a")], vec![reply("a")]]), "held");
        assert_eq!(after(&[vec![reply("a")], vec![]]), "should dropped-as-duplicate");
        assert_eq!(after(&[vec![], vec![]]), "unsettled");
    }

    #[test]
    fn an_edit_counts_where_edits_do() {
        let after = |unseen: usize, first: usize, edited: usize| {
            let calls = [unseen, first, edited].map(|count| vec![reply("a"); count]);
            judged(edit_counts, Role::Genuine, good(), &calls)
        };
        assert_eq!(after(1, 1, 1), "held");
        assert_eq!(after(0, 1, 0), "moot", "edits are left alone");
        assert_eq!(after(1, 1, 0), "should edit-dropped");
        assert_eq!(after(1, 0, 1), "unsettled");
        assert_eq!(judged(edit_counts, Role::Genuine, good(), &[]), "unsettled");
    }

    #[test]
    fn half_an_event_leads_to_no_message() {
        let after = |calls: &[Vec<Call>]| judged(nothing_by_halves, Role::Hostile, Reply::Silent(Fault::HungUp), calls);
        assert_eq!(after(&[vec![]]), "held");
        assert_eq!(after(&[vec![call("get-me", "", None)]]), "held");
        assert_eq!(after(&[vec![reply("a")]]), "should half-acted-on");
        assert_eq!(after(&[]), "unsettled");
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
        let whole = format!("echo: {INDENTED} like code");
        let after = |texts: [&str; 5]| {
            let calls = texts.map(|text| if text.is_empty() { vec![] } else { vec![reply(text)] });
            judged(text_kept, Role::Genuine, good(), &calls)
        };
        let plain = "echo: conformance: plain words 1";
        let delicate = &*format!("echo: {DELICATE}");
        assert_eq!(after([plain, delicate, "…", &whole, "👍"]), "held");
        assert_eq!(after(["thanks"; 5]), "held");
        assert_eq!(after([plain, "echo: ếđồng", "…", &whole, "👍"]), "should text-changed");
        assert_eq!(after([plain, delicate, "👨\u{fffd}", &whole, "👍"]), "should character-split");
        assert_eq!(after([plain, delicate, "…", &whole, "\u{fffd}\u{fffd}"]), "should character-split");
        assert_eq!(after([plain, delicate, "…", "echo: conformance: indented like code", "👍"]), "should text-trimmed");
        assert_eq!(after([plain, delicate, "…", "", ""]), "held", "chunks may be declined");
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
