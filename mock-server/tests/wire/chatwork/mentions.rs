//! Who a message calls, as the unread counts tell it.

use crate::common::{AOI, BEN, CHAI, Wire};

const MESSAGES: &str = "/rooms/5001/messages";

/// The mentions of Ben and Chai after Aoi posted a text.
fn called(body: &str) -> (u64, u64) {
    let mut wire = Wire::start();
    let before = [wire.unread(BEN, 5001), wire.unread(CHAI, 5001)];
    wire.post(AOI, MESSAGES, &[("body", body)]).is(200);
    let after = [wire.unread(BEN, 5001), wire.unread(CHAI, 5001)];
    assert!(before.iter().zip(after).all(|(before, after)| after.0 == before.0 + 1), "{before:?} {after:?}");
    (after[0].1 - before[0].1, after[1].1 - before[1].1)
}

#[test]
fn a_message_calls_those_it_names_once_each() {
    for (body, ben, chai) in [
        ("เฉยๆ", 0, 0),
        ("[To:1002]Ben さん", 1, 0),
        ("[To:1002] [To:1002] [rp aid=1002 to=5001-1999000111222300002]", 1, 0),
        ("[To:1002][To:1003]", 1, 1),
        ("[rp aid=1003 to=5001-1999000111222300003] ครับ", 0, 1),
        ("[toall] おはよう", 1, 1),
        ("[To:1004] is not here, and neither is [To:999]", 0, 0),
        ("[To:1001] oneself", 0, 0),
    ] {
        assert_eq!(called(body), (ben, chai), "{body}");
    }
}

#[test]
fn quotes_and_code_call_nobody() {
    for (body, ben, chai) in [
        ("[qt][qtmeta aid=1002 time=1767225600][To:1002]x[/qt]", 0, 0),
        ("[qt][toall][/qt]", 0, 0),
        ("[qt]a[qt][To:1002][/qt][To:1003][/qt]", 0, 0),
        ("[qt][To:1002][/qt] [To:1003]", 0, 1),
        ("[code][To:1002] [toall][/code]", 0, 0),
        ("[code][/code][To:1002]", 1, 0),
        ("[info][title]x[/title][To:1002][/info]", 1, 0),
        ("[picon:1002] [piconname:1003] To:1002", 0, 0),
    ] {
        assert_eq!(called(body), (ben, chai), "{body}");
    }
}

#[test]
fn a_mention_shows_in_the_room_and_in_the_status_of_the_one_called() {
    let mut wire = Wire::start();
    wire.post(AOI, MESSAGES, &[("body", "[To:1003]ชัย\nดูหน่อย 🙏")]).is(200);
    assert_eq!(wire.unread(CHAI, 5001), (1, 1));
    assert_eq!(wire.get(CHAI, "/my/status").is(200)["mention_room_num"], 1);
    keep!(wire, "post-messages.200-mention");
}

#[test]
fn an_edit_calls_by_its_new_text_those_who_have_not_read_it() {
    let mut wire = Wire::start();
    let id = wire.post(AOI, MESSAGES, &[("body", "[To:1002]")]).is(200)["message_id"].as_str().unwrap().to_owned();
    let target = format!("{MESSAGES}/{id}");
    let mentions = |wire: &mut Wire| (wire.unread(BEN, 5001).1, wire.unread(CHAI, 5001).1);
    assert_eq!(mentions(&mut wire), (1, 0));
    wire.put(AOI, &target, &[("body", "[To:1003]")]).is(200);
    assert_eq!(mentions(&mut wire), (0, 1));
    wire.put(CHAI, &format!("{MESSAGES}/read"), &[]).is(200);
    wire.put(AOI, &target, &[("body", "[toall]")]).is(200);
    assert_eq!(mentions(&mut wire), (1, 0));
    wire.delete(AOI, &target, &[]).is(200);
    assert_eq!(mentions(&mut wire), (0, 0));
}
