//! What happens in scenarios of both services: the same faults, spelt as each service spells them.

use std::time::Duration;

use contract::service::Service;
use contract::time::UnixMillis;
use mock_server::control::{FaultAction, FaultRule, Match};
use serde_json::{Value, json};

use crate::checks::client::text::{INJECTED, MARK};
use crate::client::scenario::Ground;

/// Fault rules with the name that calls have which met them.
type Faults = Vec<(&'static str, FaultRule)>;

/// Requests that send a message.
fn sends(ground: &Ground<'_>) -> Match {
    match ground.service {
        Service::Chatwork => ground.operation("post-messages"),
        Service::Chatday => ground.operation("send-message"),
    }
}

/// Requests that change something.
fn writes(ground: &Ground<'_>) -> Vec<Match> {
    match ground.service {
        Service::Chatwork => ["POST", "PUT", "DELETE"].map(|method| ground.method(method)).to_vec(),
        Service::Chatday => vec![sends(ground)],
    }
}

/// An answer of the service with another status, shaped and dressed as its refusals are.
fn refusal(ground: &Ground<'_>, status: u16, sentence: &str) -> FaultAction {
    let body = match ground.service {
        Service::Chatwork => json!({"errors": [sentence]}),
        Service::Chatday => json!({"status": "ERROR", "errors": [sentence]}),
    };
    let action =
        FaultAction::respond(status).header("content-type", "application/json; charset=utf-8").body(body.to_string());
    if ground.service == Service::Chatday || status == 401 {
        return action;
    }
    let reset = UnixMillis(ground.now_ms).plus_millis(290_000).seconds();
    action
        .header("x-ratelimit-limit", "300")
        .header("x-ratelimit-remaining", "290")
        .header("x-ratelimit-reset", reset.to_string())
}

/// The header that says when a limit ends.
fn reset_header(ground: &Ground<'_>) -> &'static str {
    match ground.service {
        Service::Chatwork => "x-ratelimit-reset",
        Service::Chatday => "retry-after",
    }
}

fn always(name: &'static str, on: Match, action: FaultAction) -> Faults {
    vec![(name, FaultRule::new(action).on(on).always())]
}

fn times(count: u64, name: &'static str, on: Match, action: FaultAction) -> Faults {
    vec![(name, FaultRule::new(action).on(on).times(count))]
}

fn refused(ground: &Ground<'_>, status: u16, sentence: &str) -> Faults {
    let action = refusal(ground, status, sentence);
    writes(ground).into_iter().map(|on| ("refused", FaultRule::new(action.clone()).on(on).always())).collect()
}

pub(super) fn wrong_token(ground: &Ground<'_>) -> Faults {
    let action = refusal(ground, 401, "Invalid API token");
    let action = match ground.service {
        Service::Chatwork => action,
        Service::Chatday => action.header("www-authenticate", "Bearer"),
    };
    always("wrong-token", ground.everything(), action)
}

pub(super) fn refused_400(ground: &Ground<'_>) -> Faults {
    refused(ground, 400, "The request cannot be taken as it is")
}

pub(super) fn refused_403(ground: &Ground<'_>) -> Faults {
    refused(ground, 403, "You don't have permission to do this")
}

pub(super) fn refused_404(ground: &Ground<'_>) -> Faults {
    refused(ground, 404, "There is no such thing")
}

pub(super) fn server_errors(ground: &Ground<'_>) -> Faults {
    always("server-error", ground.everything(), refusal(ground, 500, "Something went wrong"))
}

pub(super) fn limit_resets_soon(ground: &Ground<'_>) -> Faults {
    times(1, "limit", ground.everything(), FaultAction::rate_limit(Some(4)))
}

pub(super) fn always_limited(ground: &Ground<'_>) -> Faults {
    always("limit", ground.everything(), FaultAction::rate_limit(Some(1)))
}

pub(super) fn limited_in_the_middle(ground: &Ground<'_>) -> Faults {
    vec![("limit", FaultRule::new(FaultAction::rate_limit(Some(2))).on(sends(ground)).skip(2))]
}

pub(super) fn room_limit(ground: &Ground<'_>) -> Faults {
    let full =
        |operation| ("room-limit", FaultRule::new(FaultAction::room_limit(None)).on(ground.operation(operation)));
    vec![full("post-messages"), full("post-tasks")]
}

pub(super) fn reset_in_the_past(ground: &Ground<'_>) -> Faults {
    times(10, "limit", ground.everything(), FaultAction::rate_limit(Some(-5)))
}

pub(super) fn reset_far_away(ground: &Ground<'_>) -> Faults {
    times(10, "limit", ground.everything(), FaultAction::rate_limit(Some(300)))
}

pub(super) fn reset_missing(ground: &Ground<'_>) -> Faults {
    let mut action = FaultAction::rate_limit(Some(2)).without_header(reset_header(ground));
    if ground.service == Service::Chatwork {
        action = action.without_header("x-ratelimit-limit").without_header("x-ratelimit-remaining");
    }
    times(10, "limit", ground.everything(), action)
}

pub(super) fn reset_garbled(ground: &Ground<'_>) -> Faults {
    let action = FaultAction::rate_limit(Some(2)).header(reset_header(ground), "soon; 12:60");
    times(10, "limit", ground.everything(), action)
}

pub(super) fn reset_in_milliseconds(ground: &Ground<'_>) -> Faults {
    let millis = UnixMillis(ground.now_ms).plus_millis(2_000).0.to_string();
    times(10, "limit", ground.everything(), FaultAction::rate_limit(Some(2)).header(reset_header(ground), millis))
}

pub(super) fn limit_by_another_clock(ground: &Ground<'_>) -> Faults {
    times(10, "limit", ground.everything(), FaultAction::rate_limit(Some(4)))
}

pub(super) fn unavailable_for_seconds(ground: &Ground<'_>) -> Faults {
    let action = refusal(ground, 503, "Closed for a moment").header("retry-after", "2");
    times(1, "unavailable", ground.everything(), action)
}

pub(super) fn unavailable_until_a_date(ground: &Ground<'_>) -> Faults {
    let date = UnixMillis(ground.now_ms).plus_millis(4_000).to_http_date();
    times(
        1,
        "unavailable",
        ground.everything(),
        refusal(ground, 503, "Closed for a moment").header("retry-after", date),
    )
}

pub(super) fn lost_answer(ground: &Ground<'_>) -> Faults {
    times(1, "lost-answer", sends(ground), FaultAction::drop_after_commit())
}

/// Longer than the usual default of 30 seconds.
pub(super) fn late_answer(ground: &Ground<'_>) -> Faults {
    times(1, "late-answer", sends(ground), FaultAction::delay(Duration::from_secs(33)))
}

pub(super) fn connection_reset(ground: &Ground<'_>) -> Faults {
    times(1, "reset", sends(ground), FaultAction::reset())
}

pub(super) fn silence(ground: &Ground<'_>) -> Faults {
    times(1, "silence", ground.everything(), FaultAction::stall())
}

pub(super) fn html_error(ground: &Ground<'_>) -> Faults {
    let page =
        "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    let action = FaultAction::respond(502).header("content-type", "text/html; charset=utf-8").body(page);
    always("html-error", ground.everything(), action)
}

pub(super) fn cut_answer(ground: &Ground<'_>) -> Faults {
    times(1, "cut-answer", sends(ground), FaultAction::close_after_bytes(60))
}

pub(super) fn no_http(ground: &Ground<'_>) -> Faults {
    always("no-http", ground.everything(), FaultAction::garbage())
}

pub(super) fn slow_answers(ground: &Ground<'_>) -> Faults {
    always("slow", sends(ground), FaultAction::delay(Duration::from_millis(400)))
}

fn redirect(ground: &Ground<'_>, status: u16) -> Faults {
    let path = match ground.service {
        Service::Chatwork => format!("/rooms/{}/messages", ground.given.place),
        Service::Chatday => "/messages".to_owned(),
    };
    let action = FaultAction::respond(status).header("location", format!("{}{path}", ground.base_url));
    times(1, "redirect", sends(ground), action)
}

pub(super) fn redirect_301(ground: &Ground<'_>) -> Faults {
    redirect(ground, 301)
}

pub(super) fn redirect_302(ground: &Ground<'_>) -> Faults {
    redirect(ground, 302)
}

pub(super) fn redirect_303(ground: &Ground<'_>) -> Faults {
    redirect(ground, 303)
}

pub(super) fn redirect_307(ground: &Ground<'_>) -> Faults {
    redirect(ground, 307)
}

pub(super) fn redirect_308(ground: &Ground<'_>) -> Faults {
    redirect(ground, 308)
}

pub(super) fn redirect_elsewhere(ground: &Ground<'_>) -> Faults {
    let to = |status| FaultAction::respond(status).header("location", format!("{}/elsewhere", ground.other_host));
    let once = |status| ("redirect", FaultRule::new(to(status)).on(ground.everything()));
    vec![once(302), once(307)]
}

/// The default world's first profile, with a picture on the other host.
pub(super) fn picture_elsewhere(ground: &Ground<'_>) -> Faults {
    let profile = json!({
        "account_id": 1001, "room_id": 5000, "name": "森 葵", "chatwork_id": "aoimori", "organization_id": 101,
        "organization_name": "株式会社れいじ製作所", "department": "企画部", "title": "", "url": "", "introduction": "",
        "mail": "aoi@example.com", "tel_organization": "", "tel_extension": "", "tel_mobile": "", "skype": "",
        "facebook": "", "twitter": "", "avatar_image_url": format!("{}/picture.png", ground.other_host),
        "login_mail": "aoi@example.com",
    });
    let action =
        FaultAction::respond(200).header("content-type", "application/json; charset=utf-8").body(profile.to_string());
    always("picture", ground.operation("get-me"), action)
}

pub(super) fn text_with_reserved_characters(_seed: u64) -> String {
    format!(
        "{MARK} 1+1=2 & 100% sure; a&self_unread={INJECTED}&injected={INJECTED} #tag ?x=%41%2B \
         \"}},\"chat_id\":\"{INJECTED}\" 'single' \\back\\slash\\n <b>tag</b> [info]x[/info] $HOME `id` {{}} | ~"
    )
}

pub(super) fn text_in_many_scripts(_seed: u64) -> String {
    format!(
        "{MARK} 日本語の文章です。 ｶﾀｶﾅ 表示能力 สวัสดีค่ะ น้ำ Tiếng Việt e\u{301}\u{323} \u{645}\u{631}\u{62d}\u{628}\u{627} \
         \u{5e9}\u{5dc}\u{5d5}\u{5dd} 👨\u{200d}👩\u{200d}👧 👍🏽 🇯🇵 𠮷野家 ½ € ﬁ \u{2028}ende"
    )
}

pub(super) fn text_with_line_ends(_seed: u64) -> String {
    format!("  {MARK} first\nsecond\r\nthird\n\n\tindented\n  last, with blanks behind  \n")
}

/// Pieces in an order that the seed decides.
pub(super) fn text_of_any_kind(seed: u64) -> String {
    let mut state = seed;
    let mut draw = |below: usize| {
        // splitmix64: small, and good enough to choose pieces.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(below).unwrap_or(1)).unwrap_or_default()
    };
    let mut text = format!("{MARK} ");
    for _ in 0..40 {
        text += PIECES.get(draw(PIECES.len())).copied().unwrap_or_default();
    }
    text + "."
}

const PIECES: [&str; 36] = [
    "a",
    "Z",
    "0",
    " ",
    "  ",
    "+",
    "&",
    "=",
    "%",
    "%2",
    "%00",
    "%E3%81",
    ";",
    "#",
    "?",
    "/",
    "\\",
    "\"",
    "'",
    "<",
    ">",
    "\n",
    "\t",
    "あ",
    "漢",
    "ก็",
    "é",
    "e\u{301}",
    "ß",
    "🚀",
    "👩\u{200d}🚀",
    "\u{202e}x\u{202c}",
    "\u{a0}",
    "{",
    "}",
    "null",
];

/// Nobody has registered the application's token. In all other scenarios somebody has, at another time.
pub(super) fn not_registered(world: &mut Value) {
    if let Some(application) = world.pointer_mut("/chatday/applications/0") {
        application["registered"] = json!(false);
    }
}

/// The chat has an id that no float keeps.
pub(super) fn large_chat_ids(world: &mut Value) {
    if let Some(chat) = world.pointer_mut("/chatday/chats/0") {
        chat["chat_id"] = json!("9007199254740993001");
    }
}

/// Five requests in three seconds.
pub(super) fn few_requests_allowed(world: &mut Value) {
    if let Some(limits) = world.pointer_mut("/chatwork/settings/limits") {
        limits["account"] = json!({"requests": 5, "seconds": 3});
    }
}

/// Nobody has written, asked for or uploaded anything.
pub(super) fn empty_account(world: &mut Value) {
    let Some(chatwork) = world.pointer_mut("/chatwork").and_then(Value::as_object_mut) else { return };
    chatwork.insert("requests".to_owned(), json!([]));
    let rooms = chatwork.get_mut("rooms").and_then(Value::as_array_mut);
    for room in rooms.into_iter().flatten() {
        if let Some(room) = room.as_object_mut() {
            for list in ["messages", "tasks", "files"] {
                room.remove(list);
            }
            for member in room.get_mut("members").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(member) = member.as_object_mut() {
                    member.remove("unread");
                }
            }
        }
    }
}

/// Ids of rooms, accounts, tasks and files lie beyond 32 bits, and within the 53 that JSON numbers keep everywhere. Message
/// ids are text, and longer than that anyway.
pub(super) fn large_ids(world: &mut Value) {
    if let Some(chatwork) = world.pointer_mut("/chatwork") {
        raise(chatwork, "");
    }
}

fn raise(value: &mut Value, key: &str) {
    match value {
        Value::Object(map) => map.iter_mut().for_each(|(key, value)| raise(value, key)),
        Value::Array(items) => items.iter_mut().for_each(|item| raise(item, key)),
        Value::Number(number) if ID_KEYS.contains(&key) => {
            if let Some(id) = number.as_u64() {
                *value = json!(id + (1 << 33));
            }
        }
        _ => {}
    }
}

const ID_KEYS: [&str; 7] = ["id", "account", "assigned_by", "from", "to", "members", "organization_id"];

#[cfg(test)]
mod tests {
    use mock_server::MockServer;

    use super::*;

    fn default_world() -> Value {
        serde_json::from_str(include_str!("../../../../fixtures/worlds/default.json")).unwrap()
    }

    #[test]
    fn every_changed_world_is_one_that_the_mock_takes() {
        for change in [large_chat_ids, few_requests_allowed, empty_account, large_ids] {
            let mut world = default_world();
            change(&mut world);
            assert_ne!(world, default_world());
            MockServer::builder().world(world).start().unwrap();
        }
    }

    #[test]
    fn texts_follow_from_the_seed_and_say_what_they_are() {
        assert_eq!(text_of_any_kind(7), text_of_any_kind(7));
        assert_ne!(text_of_any_kind(7), text_of_any_kind(8));
        for text in [text_with_reserved_characters, text_in_many_scripts, text_with_line_ends, text_of_any_kind] {
            assert!(text(1).contains(MARK) && !text(1).contains('\0'));
        }
    }
}
