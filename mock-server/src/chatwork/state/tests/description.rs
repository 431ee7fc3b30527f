//! World descriptions: the short form, the whole form, and every fault with its place.

use super::*;
use crate::chatwork::state::{LimitType, MessageId, Role, TaskStatus};

#[test]
fn the_least_that_a_world_needs_is_a_person() {
    let state = load(&json!({"accounts": [{"id": 1001, "name": "森 葵"}]})).unwrap();
    let account = state.account(AccountId(1001)).unwrap();
    assert_eq!(state.organization_name(account), "Example Works");
    assert_eq!(account.login_mail, "account-1001@example.com");
    let rooms = state.rooms_of(account.id);
    assert_eq!((rooms.len(), rooms[0].label.name, rooms[0].sticky), (1, "マイチャット", true));
    let tokens = state.tokens();
    assert_eq!((tokens.len(), tokens[0].len()), (1, 32));
    assert_eq!(state.account_of_token(&tokens[0]), Some(account.id));
    assert_eq!(state.card(), json!({"token": tokens[0], "account_id": 1001, "room_id": account.my_room}));
}

#[test]
fn the_short_form_fills_in_what_a_person_leaves_out() {
    let mut value = description();
    value["rooms"][0]["messages"] = json!([
        {"account": 2, "body": "古い", "send_time": "26h ago"}, {"account": 1, "body": "[To:2]新しい"},
        {"account": 2, "body": "[To:1]了解"},
    ]);
    value["rooms"][0]["members"] = json!([{"account": 1, "unread": 2}, 2]);
    value["rooms"][0]["tasks"] = json!([{"account": 2, "body": "買う", "limit_time": "2 days"}]);
    value["rooms"][0]["files"] = json!([{"account": 2, "filename": "a.txt", "text": "สวัสดี"}]);
    value["contacts"] = json!([[2, 3]]);
    value["rooms"][1]["messages"] = json!([{"id": "77", "account": 3}]);
    value["rooms"][1]["tasks"] =
        json!([{"account": 1, "assigned_by": 3, "body": "ดู", "message": "77", "status": "done"}]);
    let state = load(&value).unwrap();
    let room = state.room(AOI, GROUP).unwrap();
    let times: Vec<i64> = room.messages().iter().map(|message| message.send_time).collect();
    assert_eq!(times, vec![START.seconds() - 26 * 3600; 5], "without a time, that of the message before");
    assert_eq!(counts(&state, AOI, GROUP), (2, 0), "the task was announced by its assignee, Ben");
    assert!(room.messages()[3].body.contains("[dtext:task_added]"));
    assert!(room.messages()[4].body.contains("[download:71]a.txt (18 B)"));
    assert_eq!((room.member(AOI).unwrap().role(), room.member(BEN).unwrap().role()), (Role::Admin, Role::Member));
    let task = &state.my_tasks(BEN, None, TaskStatus::Open)[0].task;
    assert_eq!((task.limit_time, task.limit_type), (START.seconds() + 2 * 86_400, LimitType::Time));
    assert_eq!(state.room_view(BEN, state.contact(BEN, CHIE).unwrap().room).unwrap().label.name, "ชิเอะ");
    assert_eq!(state.card()["room_id"], 10);
    assert_eq!(
        &*state.message(CHIE, DIRECT, MessageId(77), START).unwrap().body,
        "[info][title][dtext:task_added][/title][task aid=1 st=open lt=0 ltype=none]ดู[/task][/info]",
        "the text of a message that a task names may be left to the service"
    );
}

#[test]
fn new_ids_are_higher_than_those_given() {
    let mut value = description();
    value["rooms"][0]["messages"] = json!([{"id": "5000000000000000000", "account": 2, "body": "x"}]);
    let mut state = load(&value).unwrap();
    assert!(state.post_message(AOI, GROUP, "y", false, START).unwrap() > MessageId(5_000_000_000_000_000_000));
    value["counters"] = json!({"message": "4000000000000000000", "room": 5, "code": 0, "seed": -1});
    assert_eq!(
        load(&value).unwrap_err(),
        [
            "/counters/message: the counter is below the id 5000000000000000000 that this description gives: \
             leave the key out, or raise it",
            "/counters/room: the counter is below the id 11 that this description gives: leave the key out, or raise it",
            "/counters/seed: expected an integer from 0 to 18446744073709551615, found the number -1",
        ]
    );
}

#[test]
fn every_fault_is_found_and_named_with_its_place() {
    let value = json!({
        "settings": {"edition": "2024", "limits": {"account": {"requests": 0, "seconds": 1}, "rooms": null}},
        "organizations": [{"id": 1, "name": "A"}, {"id": 1, "name": "B"}],
        "accounts": [
            {"id": 1, "name": "A", "token": "same"}, {"id": 1, "name": "B", "token": "other"},
            {"id": 2, "name": "", "token": "same", "organization_id": 9}, {"id": 3, "nmae": "C", "tokens": ["a b"]},
        ],
        "contacts": [[1, 1], [1, 2, 3], [1, 9]],
        "requests": [{"from": 1, "to": 1}, {"from": 1, "to": 2, "mesage": ""}],
        "rooms": [
            {"id": 10, "kind": "direct", "name": "x", "members": [1]},
            {"id": 11, "kind": "direct", "members": [1, 3]}, {"id": 12, "kind": "direct", "members": [3, 1]},
            {"id": 13, "kind": "my", "members": [1]}, {"id": 14, "kind": "my", "members": [1]},
            {"id": 14, "members": [7, 1, 1], "icon_preset": "rocket", "link": {"code": "a b"}},
            {"id": 15, "members": []}, {"id": 15},
            {"id": 16, "members": [1], "link": {"code": "a"}}, {"id": 17, "members": [1], "link": {"code": "a"}},
        ],
        "windows": {"accounts": [{"account": 5, "opened": 0, "used": 0}]},
    });
    let expected = [
        "/accounts/1: another account has the id 1 already",
        "/accounts/2/name: a name needs at least one character",
        "/accounts/2/organization_id: no organization has the id 9: add it to 'organizations', or name another one",
        "/accounts/2/token: this token belongs to the account 1 already",
        "/accounts/3: the key 'name' is missing",
        "/accounts/3/nmae: unknown key 'nmae': did you mean 'name'?",
        "/accounts/3/tokens/0: a token is 1 to 255 visible ASCII characters",
        "/contacts/0: nobody is a contact of themselves: name two accounts",
        "/contacts/1: expected a pair of account ids, found a list of 3",
        "/contacts/2/1: no account has the id 9: add it to 'accounts', or name another one",
        "/organizations/1: another organization has the id 1 already",
        "/requests/0: nobody asks themselves: 'from' and 'to' must differ",
        "/requests/1/mesage: unknown key 'mesage': did you mean 'message'?",
        "/rooms/0: a direct chat has two members, not 1",
        "/rooms/0/name: only a group has this: a direct chat and My Chat take name and icon from the people in them",
        "/rooms/2: 1 and 3 have a direct chat already",
        "/rooms/4: the account 1 has a My Chat already",
        "/rooms/5/link/code: expected a code of 1 to 50 of A-Z, a-z, 0-9, _ and -, found the text \"a b\"",
        "/rooms/5/members/0: no account has the id 7: add it to 'accounts', or name another one",
        "/rooms/5/members/2: the account 1 is a member already",
        "/rooms/6: a group has at least one member",
        "/rooms/7: the key 'members' is missing",
        "/rooms/9/link/code: the link of another room has this code already",
        "/settings/edition: expected one of documented, 2025-07, found the text \"2024\"",
        "/settings/limits/account/requests: expected an integer from 1 to 4294967295, found the number 0",
        "/settings/limits/rooms: unknown key 'rooms': did you mean 'room'?",
        "/windows/accounts/0/account: no account has the id 5: add it to 'accounts', or name another one",
    ];
    let mut found = load(&value).unwrap_err();
    found.retain(|fault| !fault.starts_with("/rooms/5/icon_preset: expected one of group, check, "));
    assert_eq!(found, expected);
}

#[test]
fn faults_inside_a_room_are_named_with_their_place() {
    let mut value = description();
    value["rooms"][0]["messages"] = json!([
        {"id": "200", "account": 1, "body": "x"}, {"id": "100", "account": 1, "body": "y"},
        {"id": "200", "account": 9, "body": ""}, {"id": 300, "account": 1, "body": "z", "send_time": "soon"},
        {"id": "200", "account": 1, "deleted": true, "body": "kept"}, {"id": "400", "account": 2, "body": "w"},
    ]);
    value["rooms"][0]["members"] = json!([
        {"account": 1, "unread": 2, "fetched_to": "7"}, {"account": 2, "unread_from": "200", "read_after": ["200"]},
        {"account": 3, "role": "boss", "unread": 1, "unread_from": "200"},
    ]);
    value["rooms"][0]["tasks"] = json!([
        {"id": 31, "account": 9, "body": "x"}, {"id": 32, "account": 1, "body": "x", "limit_type": "date"},
        {"id": 33, "account": 1, "body": "x", "limit_type": "none", "limit_time": 5, "message": "7"},
        {"id": 33, "account": 1, "body": "x"},
    ]);
    value["rooms"][0]["files"] = json!([
        {"account": 1, "filename": "a", "content": "?", "text": ""}, {"account": 1, "filename": "b", "message": "7"},
    ]);
    value["rooms"][1]["members"] = json!([{"account": 1, "role": "admin"}, 3]);
    value["rooms"][1]["messages"] = json!([{"account": 1}]);
    let expected = [
        "/rooms/0/files/0/content: expected Base64 (RFC 4648, section 4, with padding), found the text \"?\"",
        "/rooms/0/files/0/content: give either 'text' or 'content', not both",
        "/rooms/0/files/1/message: the room has no message '7': add it, or leave the key out to have it written",
        "/rooms/0/members/0/fetched_to: the room has no message '7'",
        "/rooms/0/members/0/unread: others wrote only 1 messages in this room",
        "/rooms/0/members/1/read_after/0: 'read_after' names own messages after 'unread_from'",
        "/rooms/0/members/2/role: expected one of admin, member, readonly, found the text \"boss\"",
        "/rooms/0/members/2/unread_from: give either 'unread' or 'unread_from', not both",
        "/rooms/0/messages/1: the ids of a room's messages ascend, but '100' follows '200': sort them, and give all \
         ids or none",
        "/rooms/0/messages/2/account: no account has the id 9: add it to 'accounts', or name another one",
        "/rooms/0/messages/2/body: a message has at least one character",
        "/rooms/0/messages/3/id: expected a message id: a text of digits from \"1\" to \"9000000000000000000\", \
         found the number 300",
        "/rooms/0/messages/3/send_time: expected a time: Unix seconds, RFC 3339, or a duration such as \"26h ago\" or \
         \"3 days\", found the text \"soon\"",
        "/rooms/0/messages/4: another message has the id '200' already",
        "/rooms/0/messages/4/body: the text of a deleted message is gone: leave the key out, or write '[deleted]'",
        "/rooms/0/tasks/0/account: no account has the id 9: add it to 'accounts', or name another one",
        "/rooms/0/tasks/1/limit_time: the limit_type 'date' needs a time",
        "/rooms/0/tasks/2/limit_time: a task with the limit_type 'none' has no time: leave one of them out",
        "/rooms/0/tasks/2/message: the room has no message '7': add it, or leave the key out to have it written",
        "/rooms/0/tasks/3: another task has the id 33 already",
        "/rooms/1/members/0/role: only a group has roles: everybody else is a 'member'",
        "/rooms/1/messages/0: the key 'body' is missing: only a message that a task or a file names can do without",
    ];
    assert_eq!(load(&value).unwrap_err(), expected);
}

#[test]
fn no_fault_and_no_debug_form_repeats_a_token() {
    let state = load(&json!({"accounts": [{"id": 1, "name": "A", "token": "very-secret"}]})).unwrap();
    assert!(!format!("{state:?}").contains("very-secret"));
    let faults = load(&json!({"accounts": [
        {"id": 1, "name": "A", "token": "very-secret"}, {"id": 2, "name": "B", "tokens": ["very-secret", "very secret"]},
    ]}));
    assert!(faults.unwrap_err().iter().all(|fault| !fault.contains("very")));
}

#[test]
fn a_room_of_a_hundred_thousand_messages_loads() {
    let mut value = description();
    let bodies = ["おはよう", "[To:1]確認お願いします", "สวัสดี 😀"];
    value["rooms"][0]["messages"] = (0..100_000)
        .map(|count| json!({"account": 1 + count % 2, "body": bodies[count % 3], "send_time": count}))
        .collect();
    value["rooms"][0]["members"] = json!([{"account": 1, "unread": 30_000}, 2]);
    let mut state = load(&value).unwrap();
    assert_eq!(counts(&state, AOI, GROUP), (30_000, 10_000));
    let fetched = state.fetch_messages(AOI, GROUP, true, START).unwrap();
    assert_eq!(state.fetched(&fetched).map(|message| message.send_time).next(), Some(99_900));
}

#[test]
fn the_default_world_has_no_fault_and_survives_a_dump() {
    let world: Value = serde_json::from_str(include_str!("../../../../../fixtures/worlds/default.json")).unwrap();
    let state = load(&world["chatwork"]).unwrap();
    assert_eq!(load(&state.dump()), Ok(state.clone()));
    let first = state.accounts().next().unwrap();
    assert_eq!(state.card(), json!({"token": "mock-token-for-aoi-mori-00000000", "account_id": 1001, "room_id": 5001}));
    let status = state.status(first.id);
    assert!(status.unread_num > 0 && status.mention_num > 0 && status.mytask_num > 0, "{status:?}");
    assert_eq!(state.incoming_requests(first.id).len(), 1);
    assert!(state.tokens().iter().all(|token| token.len() == 32 && token.starts_with("mock-token-for-")));
}

#[test]
fn the_page_about_worlds_shows_a_world_that_loads_and_the_tokens_of_the_default_one() {
    let page = include_str!("../../../../../fixtures/worlds/README.md");
    let example = page.split("```json\n").nth(2).and_then(|rest| rest.split("```").next()).unwrap();
    let world: Value = serde_json::from_str(example).unwrap();
    let state = load(&world["chatwork"]).unwrap();
    assert_eq!(counts(&state, AOI, GROUP), (0, 0), "without a word about it, everything is read");
    let default: Value = serde_json::from_str(include_str!("../../../../../fixtures/worlds/default.json")).unwrap();
    for account in load(&default["chatwork"]).unwrap().accounts() {
        let row = format!("`{}` | {} |", account.tokens[0].0, account.my_room);
        assert!(page.contains(&row), "the page lacks the row with {row}");
    }
}
