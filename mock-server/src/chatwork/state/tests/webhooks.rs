//! Webhook settings, and which change tells whom.

use super::*;
use crate::chatwork::state::{
    LimitType, MessageId, NewTask, NewWebhook, Reports, Webhook, WebhookChange, WebhookRefused,
};
use contract::chatwork::webhook::EventKind::{self, MentionToMe, MessageCreated, MessageUpdated};

const URL: &str = "http://127.0.0.1:9000/hook";

fn add(state: &mut State, account: AccountId, room: Option<RoomId>, events: &[EventKind]) -> Webhook {
    state.add_webhook(&NewWebhook { account, room, events, url: URL }, "w1").unwrap().clone()
}

/// What the changes since the last call tell whom: owner of the setting, kind, text.
fn told(state: &mut State) -> Vec<(AccountId, EventKind, String)> {
    let happened = state.take_happened();
    let calls = happened.iter().flat_map(|happened| state.calls(happened, START));
    calls
        .map(|call| {
            let body: Value = serde_json::from_slice(&call.body).unwrap();
            (call.webhook.account, call.kind, body["webhook_event"]["body"].as_str().unwrap().to_owned())
        })
        .collect()
}

fn people() -> State {
    load(&description()).unwrap()
}

#[test]
fn a_room_setting_is_told_of_every_message_and_edit_and_of_no_deletion() {
    let mut state = people();
    add(&mut state, AOI, Some(GROUP), &[MessageCreated, MessageUpdated]);
    let own = state.post_message(AOI, GROUP, "สวัสดี", false, START).unwrap();
    let text = |text: &str| text.to_owned();
    assert_eq!(told(&mut state), [(AOI, MessageCreated, text("สวัสดี"))], "one's own too");
    state.post_message(BEN, GROUP, "hi", false, START).unwrap();
    state.edit_message(AOI, GROUP, own, "やあ", START).unwrap();
    state.delete_message(AOI, GROUP, own, START).unwrap();
    assert_eq!(told(&mut state), [(AOI, MessageCreated, text("hi"))], "what is gone when it is told is not told");
    state.post_message(BEN, GROUP, "a", false, START).unwrap();
    told(&mut state);
    let own = state.post_message(AOI, GROUP, "b", false, START).unwrap();
    told(&mut state);
    state.edit_message(AOI, GROUP, own, "c", START).unwrap();
    assert_eq!(told(&mut state), [(AOI, MessageUpdated, text("c"))]);
    state.delete_message(AOI, GROUP, own, START).unwrap();
    assert_eq!(told(&mut state), []);
    let new = NewTask { body: "買う", assignees: &[BEN], limit_time: 0, limit_type: LimitType::None };
    state.add_tasks(AOI, GROUP, &new, START).unwrap();
    let system = told(&mut state);
    assert_eq!(system.len(), 1, "the message that the service writes");
    assert!(system[0].2.contains("[dtext:task_added]"), "{system:?}");
}

#[test]
fn only_the_events_that_were_ticked_are_told_and_only_of_that_room() {
    let mut state = people();
    add(&mut state, AOI, Some(GROUP), &[MessageUpdated]);
    let message = state.post_message(AOI, GROUP, "a", false, START).unwrap();
    state.post_message(AOI, DIRECT, "b", false, START).unwrap();
    assert_eq!(told(&mut state), []);
    state.edit_message(AOI, GROUP, message, "c", START).unwrap();
    assert_eq!(told(&mut state).len(), 1);
}

#[test]
fn a_mention_is_told_once_however_many_tags_call_and_never_to_oneself() {
    let mut state = people();
    add(&mut state, AOI, None, &[MentionToMe]);
    for (by, body, count) in [
        (BEN, "[To:1]葵 [To:1] [rp aid=1 to=10-1]", 1),
        (BEN, "[rp aid=1 to=10-1]", 1),
        (BEN, "[toall] everyone", 1),
        (BEN, "[To:2] [qt][To:1][/qt] [code][To:1][/code]", 0),
        (AOI, "[To:1] [toall] me", 0),
        (BEN, "plain", 0),
    ] {
        state.post_message(by, GROUP, body, false, START).unwrap();
        assert_eq!(told(&mut state).len(), count, "{body}");
    }
}

#[test]
fn an_edit_tells_of_a_mention_only_where_it_is_new() {
    let mut state = people();
    add(&mut state, AOI, None, &[MentionToMe]);
    let message = state.post_message(BEN, GROUP, "plain", false, START).unwrap();
    assert_eq!(told(&mut state), []);
    for (body, count) in [("[To:1] now", 1), ("[To:1] again", 0), ("gone", 0), ("[toall] back", 1)] {
        state.edit_message(BEN, GROUP, message, body, START).unwrap();
        assert_eq!(told(&mut state).len(), count, "{body}");
    }
}

#[test]
fn one_setting_can_report_everything_from_every_room_or_from_one() {
    let mut state = people();
    let everything = [MessageCreated, MessageUpdated, MentionToMe];
    add(&mut state, AOI, None, &everything);
    let message = state.post_message(BEN, GROUP, "[To:1] here", false, START).unwrap();
    assert_eq!(told(&mut state).len(), 2, "as a message and as a mention");
    state.edit_message(BEN, GROUP, message, "[To:1] there", START).unwrap();
    assert_eq!(told(&mut state).len(), 1, "the mention is not new");
    state.post_message(CHIE, DIRECT, "just us", false, START).unwrap();
    assert_eq!(told(&mut state).len(), 1);
    state.remove_webhooks();
    add(&mut state, AOI, Some(GROUP), &everything);
    state.post_message(CHIE, DIRECT, "[To:1] elsewhere", false, START).unwrap();
    assert_eq!(told(&mut state), []);
    state.post_message(BEN, GROUP, "[To:1] here", false, START).unwrap();
    assert_eq!(told(&mut state).len(), 2);
}

#[test]
fn whoever_is_not_in_the_room_is_told_nothing() {
    let mut state = people();
    add(&mut state, AOI, None, &[MentionToMe]);
    add(&mut state, AOI, Some(GROUP), &[MessageCreated]);
    state.leave_room(AOI, GROUP).unwrap();
    state.post_message(BEN, GROUP, "[To:1] still there?", false, START).unwrap();
    assert_eq!(told(&mut state), []);
    assert_eq!(state.webhooks().count(), 2, "the settings stay");
    state.leave_room(BEN, GROUP).unwrap();
    assert_eq!(state.webhooks().count(), 1, "the room is gone, and its setting with it");
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut state = people();
    let before = state.dump();
    let mut refuse = |account: AccountId, room: Option<RoomId>, events: &[EventKind], url: &str| {
        state.add_webhook(&NewWebhook { account, room, events, url }, "w1").unwrap_err()
    };
    assert_eq!(refuse(AOI, Some(GROUP), &[], URL), WebhookRefused::NoEvent);
    assert_eq!(refuse(AccountId(77), None, &[MentionToMe], URL), WebhookRefused::UnknownAccount(AccountId(77)));
    assert_eq!(refuse(AOI, Some(RoomId(77)), &[MessageCreated], URL), WebhookRefused::UnknownRoom(RoomId(77)));
    assert_eq!(
        refuse(CHIE, Some(GROUP), &[MessageCreated], URL),
        WebhookRefused::NotMember { account: CHIE, room: GROUP }
    );
    for url in ["", "/hook", "ftp://127.0.0.1/", "http://a b/", "http://me:hunter2@127.0.0.1/"] {
        let refused = refuse(AOI, None, &[MentionToMe], url);
        assert!(matches!(refused, WebhookRefused::Url(_)), "{url}");
        assert!(!refused.to_string().contains("hunter2"));
    }
    assert_eq!(state.dump(), before);
}

#[test]
fn an_account_has_five_settings_at_most() {
    let mut state = people();
    (0..4).for_each(|_| drop(add(&mut state, AOI, None, &[MentionToMe])));
    add(&mut state, AOI, Some(GROUP), &[MessageCreated]);
    let sixth = NewWebhook { account: AOI, room: None, events: &[MentionToMe], url: URL };
    assert_eq!(state.add_webhook(&sixth, "w1").unwrap_err(), WebhookRefused::TooMany(AOI));
    add(&mut state, BEN, None, &[MentionToMe]);
}

#[test]
fn ten_failures_in_a_row_switch_a_setting_off_and_one_success_begins_the_count_anew() {
    let mut state = people();
    let id = add(&mut state, AOI, None, &[MentionToMe]).id;
    (0..9).for_each(|_| assert!(!state.count_delivery(id, false)));
    assert!(!state.count_delivery(id, true));
    (0..9).for_each(|_| assert!(!state.count_delivery(id, false)));
    assert!(state.count_delivery(id, false));
    let webhook = state.webhook(id).unwrap();
    assert_eq!((webhook.valid, webhook.failed, webhook.delivered), (false, 19, 1));
    assert!(!state.count_delivery(id, false), "it is off already");
    let change = WebhookChange { valid: Some(true), ..WebhookChange::default() };
    let webhook = state.change_webhook(id, &change).unwrap().unwrap();
    assert_eq!((webhook.valid, webhook.failures_in_a_row), (true, 0));
    state.settings.webhooks.switch_off_after = None;
    (0..100).for_each(|_| assert!(!state.count_delivery(id, false)));
}

#[test]
fn tokens_follow_from_seed_world_and_id_and_stand_in_no_debug_output() {
    let (mut one, mut two) = (people(), people());
    let first = add(&mut one, AOI, None, &[MentionToMe]);
    assert_eq!(first, add(&mut two, AOI, None, &[MentionToMe]));
    assert_ne!(first.token, add(&mut two, AOI, None, &[MentionToMe]).token);
    let new = NewWebhook { account: AOI, room: None, events: &[MentionToMe], url: URL };
    let elsewhere = people().add_webhook(&new, "w2").unwrap().clone();
    assert_ne!(first.token, elsewhere.token);
    assert!(contract::chatwork::signature::WebhookKey::from_token(&first.token.0).is_ok());
    assert!(!format!("{first:?}").contains(&first.token.0));
}

#[test]
fn settings_are_part_of_a_description_and_every_fault_in_them_is_named() {
    let mut value = description();
    value["webhooks"] = json!([
        {"account": 1, "events": ["mention_to_me"], "url": URL},
        {"id": 581, "account": 1, "room": 10, "events": ["message_created"], "url": URL,
         "token": "W6agakRo0Il0Y2blfz7v5TKrGanFzCIWakZcezo/YeU=", "status": "invalid", "failures_in_a_row": 10},
    ]);
    let state = load(&value).unwrap();
    let all: Vec<&Webhook> = state.webhooks().collect();
    assert_eq!((all[0].id.0, all[0].valid, all[1].id.0, all[1].valid), (581, false, 582, true), "new ids are higher");
    let reports = Reports { room: Some(GROUP), created: true, updated: false, mention: false };
    assert_eq!(all[0].reports, reports);
    assert_eq!(load(&state.dump()).unwrap(), state);

    value["webhooks"] = json!([
        {"account": 77, "events": ["mention_to_me"], "url": URL},
        {"account": 1, "room": 77, "events": ["message_created"], "url": URL},
        {"account": 1, "events": ["message_deleted"], "url": "gopher://x", "token": "ก", "state": "on"},
    ]);
    let faults = load(&value).unwrap_err();
    assert_eq!(
        faults,
        [
            "/webhooks/0/account: no account has the id 77: add it to 'accounts', or name another one",
            "/webhooks/1/room: no room has the id 77: add it to 'rooms', or name another one",
            "/webhooks/2: events: expected at least one of message_created, message_updated, mention_to_me",
            "/webhooks/2/events/0: expected one of message_created, message_updated, mention_to_me, found the text \
             \"message_deleted\"",
            "/webhooks/2/state: unknown key 'state': did you mean 'status'?",
            "/webhooks/2/token: expected Base64, as the service shows a webhook's token",
            "/webhooks/2/url: expected an absolute http or https URL, found 'gopher://x'",
        ]
    );
}

#[test]
fn the_body_is_that_of_the_public_vector_s_form() {
    let mut state = people();
    let id = add(&mut state, AOI, None, &[MentionToMe]).id;
    state.post_message(BEN, GROUP, "[To:1] こんにちは", false, START).unwrap();
    let happened = state.take_happened();
    let message = MessageId(state.any_room(GROUP).unwrap().messages().last().unwrap().id.0);
    let calls = state.calls(&happened[0], START.plus_millis(1500));
    let seconds = START.seconds();
    assert_eq!(
        calls[0].body,
        format!(
            "{{\"webhook_setting_id\":\"{id}\",\"webhook_event_type\":\"mention_to_me\",\"webhook_event_time\":{},\
             \"webhook_event\":{{\"from_account_id\":2,\"to_account_id\":1,\"room_id\":10,\"message_id\":\"{message}\",\
             \"body\":\"[To:1] \\u3053\\u3093\\u306b\\u3061\\u306f\",\"send_time\":{seconds},\"update_time\":0}}}}",
            seconds + 1
        )
    );
}
