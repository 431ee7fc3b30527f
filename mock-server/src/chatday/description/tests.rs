use super::*;
use contract::time::UnixMillis;
use proptest::prelude::*;

use crate::chatday::testing::{NOW, default_world, load_as, load_at};

fn load(value: &Value) -> Result<State, Vec<String>> {
    load_at(value, NOW, "")
}

#[test]
fn the_default_world_has_one_application_and_two_chats_in_several_languages() {
    let state = load(&default_world()).unwrap();
    assert_eq!(state.tokens(), ["chatday-demo-token-not-a-secret"]);
    assert_eq!(state.card(), json!({"token": "chatday-demo-token-not-a-secret", "chat_id": "70001"}));
    assert!(!state.applications[0].registered, "the life of a token starts with Register");
    let view = state.chat_view("70001").unwrap();
    assert_eq!(view["visitor"]["name"], "สมชาย ใจดี");
    assert_eq!(view["messages"][3]["message_id"], "4");
    assert_eq!(view["messages"][0]["time"], "2027-01-14T06:00:00Z");
    assert_eq!(state.chat_view("70002").unwrap()["messages"][0]["message_id"], "5");
    assert_eq!(state.next_message_id, 7);
}

#[test]
fn the_default_world_loads_under_a_profile_with_integer_ids_too() {
    assert!(load_at(&default_world(), NOW, "ids.chat_id = 'integer'").is_ok());
}

#[test]
fn without_tokens_a_world_gets_its_own_from_its_origin() {
    let mut value = default_world();
    let application = value["applications"][0].as_object_mut().unwrap();
    application.remove("token");
    application.remove("signature_token");
    let tokens = |seed, world_id| {
        let state = load_as(&value, "", |defaults| Origin { seed, world_id, now: NOW, defaults });
        state.unwrap().secrets()
    };
    let one = tokens(1, "w1");
    assert_eq!(one.len(), 2);
    assert_ne!(one[0], one[1]);
    assert_eq!(one, tokens(1, "w1"));
    assert_ne!(one, tokens(1, "w2"));
    assert_ne!(one, tokens(2, "w1"));
}

#[test]
fn every_fault_of_a_description_is_named_with_its_place() {
    let value = json!({
        "applications": [
            {"name": "shop", "token": "a b", "webhook_url": "http://127.0.0.1/"},
            {"name": "shop", "token": "t", "registered": "yes"},
            {"name": "other", "token": "t", "signature_token": "ลับ", "colour": 1},
        ],
        "chats": [
            {"chat_id": "1", "application": "shpo", "visitor": {"name": "A"}, "messages": [
                {"from": "bot", "message": {"type": "text"}, "time": "soon", "message_id": 0},
                {"from": "visitor", "message": {"type": "text", "data": null}, "time": 1, "message_id": "7"},
                {"from": "visitor", "message": {"type": "text", "data": null}, "time": 1, "message_id": 7},
            ]},
            {"chat_id": 1, "application": "shop", "visitor": {}},
        ],
        "next_message_id": 7,
    });
    let places: Vec<String> =
        load(&value).unwrap_err().iter().map(|fault| fault.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(
        places,
        [
            "/applications/0/token",
            "/applications/0/webhook_url",
            "/applications/1",
            "/applications/1/registered",
            "/applications/2",
            "/applications/2/colour",
            "/applications/2/signature_token",
            "/chats/0/application",
            "/chats/0/messages/0/from",
            "/chats/0/messages/0/message",
            "/chats/0/messages/0/message_id",
            "/chats/0/messages/0/time",
            "/chats/0/messages/2/message_id",
            "/chats/1",
            "/chats/1/visitor",
            "/next_message_id",
        ]
    );
    assert_eq!(load(&json!({"applications": []})).unwrap_err(), ["/applications: expected at least one application"]);
    assert_eq!(load(&json!({})).unwrap_err(), ["/: the key 'applications' is missing"]);
    assert_eq!(load(&json!(7)).unwrap_err(), ["/: expected an object, found the number 7"]);
}

#[test]
fn an_id_that_the_profile_cannot_put_on_the_wire_is_a_fault() {
    let value = json!({
        "applications": [{"name": "shop"}],
        "chats": [{"chat_id": "ห้อง", "application": "shop", "visitor": {"name": "A"}}],
    });
    assert!(load(&value).is_ok());
    let faults = load_at(&value, NOW, "ids.chat_id = 'integer'").unwrap_err();
    assert!(faults[0].starts_with("/chats/0/chat_id: 'ห้อง' is no integer"), "{faults:?}");
}

#[test]
fn debug_output_of_a_state_has_no_secret_in_it() {
    let mut state = load(&default_world()).unwrap();
    state.rotate_signature("shop", Some(1000), NOW).unwrap();
    let text = format!("{state:?}");
    for secret in state.secrets() {
        assert!(!text.contains(&secret), "{text}");
    }
    assert_eq!(state.secrets().len(), 3);
}

fn any_world() -> impl Strategy<Value = Value> {
    let data = prop_oneof![
        Just(Value::Null),
        "\\PC{0,12}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!({"url": "ก", "list": [1.5, {"a": []}]})),
    ];
    let time = prop_oneof![
        (0_i64..4_000_000_000).prop_map(Value::from),
        (0_i64..4_000_000_000_000).prop_map(|millis| Value::from(UnixMillis(millis).to_rfc3339())),
        (0_u32..90).prop_map(|hours| Value::from(format!("{hours}h ago"))),
    ];
    let message = (any::<bool>(), "[a-zก-ฮ]{1,8}", data, time).prop_map(|(visitor, kind, data, time)| {
        let from = if visitor { "visitor" } else { "application" };
        json!({"from": from, "message": {"type": kind, "data": data}, "time": time})
    });
    let chat = (any::<bool>(), "\\PC{1,20}", prop::collection::vec(message, 0..4))
        .prop_filter("names have no control characters", |(_, name, _)| !name.chars().any(char::is_control))
        .prop_map(|(first, name, messages)| {
            json!({"application": if first { "a" } else { "b" }, "visitor": {"name": name}, "messages": messages})
        });
    (any::<bool>(), any::<Option<u32>>(), prop::collection::vec(chat, 0..4)).prop_map(
        |(registered, used, mut chats)| {
            for (index, chat) in chats.iter_mut().enumerate() {
                chat["chat_id"] = json!(format!("ห้อง-{index}"));
            }
            let mut applications = json!([{"name": "a", "registered": registered}, {"name": "b", "token": "b-token"}]);
            if let Some(used) = used {
                applications[1]["window"] = json!({"started": "1h ago", "used": used});
            }
            json!({"applications": applications, "chats": chats})
        },
    )
}

proptest! {
    #[test]
    fn what_is_dumped_loads_as_the_same_state_at_any_time(
        world in any_world(),
        later in 0_i64..10_000_000,
        rotate in any::<Option<u16>>(),
        write in any::<bool>(),
    ) {
        let mut state = load(&world).unwrap();
        if let Some(grace) = rotate {
            state.rotate_signature("a", Some(grace.into()), NOW).unwrap();
        }
        if write {
            let _ = state.visitor_writes(&json!("ห้อง-0"), &json!({"type": "text", "data": "😀"}), NOW.plus_millis(7));
        }
        let dump = state.dump();
        let again = load_at(&dump, NOW.plus_millis(later), "").unwrap();
        prop_assert_eq!(again.dump(), dump);
        prop_assert_eq!(again, state);
    }
}
