//! `/rooms/{room_id}/files`, and what their download URLs lead to.

use serde_json::json;

use super::refusals;
use crate::common::{AOI, BEN, CHAI, Call, NOW, Wire};

const FILES: &str = "/rooms/5001/files";

fn upload(filename: &str, content: &[u8], message: Option<&str>) -> Call {
    Call::of(BEN, "POST", FILES).upload(filename, content, message)
}

/// The path of a fresh download URL, without the address.
fn download(wire: &mut Wire, file: u64) -> String {
    let file = wire.get(CHAI, &format!("{FILES}/{file}?create_download_url=1")).is(200);
    let url = file["download_url"].as_str().unwrap();
    let path = url.splitn(4, '/').nth(3).unwrap();
    format!("/{path}")
}

#[test]
fn files_are_listed_and_one_is_the_one_of_the_list() {
    let mut wire = Wire::start();
    let list = wire.get(CHAI, FILES).is(200);
    assert_eq!(list[0]["filesize"], "สวัสดี hello 🚀\n".len());
    assert_eq!(wire.get(CHAI, &format!("{FILES}?account_id=1001")).is(200), list);
    keep!(wire, "get-files.200");
    wire.get(CHAI, &format!("{FILES}?account_id=1002")).is(204);
    wire.get(AOI, "/rooms/5006/files").is(204);
    keep!(wire, "get-files.204");
    assert_eq!(wire.get(CHAI, &format!("{FILES}/71")).is(200), list[0]);
    assert_eq!(wire.get(CHAI, &format!("{FILES}/71?create_download_url=0")).is(200), list[0]);
    keep!(wire, "get-file.200");
}

#[test]
fn an_unknown_file_is_not_found() {
    let mut wire = Wire::start();
    for target in ["/rooms/5001/files/9", "/rooms/5002/files/71", "/rooms/5001/files/99999999999999999999"] {
        wire.get(AOI, target).refusal(404);
    }
    keep!(wire, "get-file.404");
}

#[test]
fn an_upload_is_announced_in_one_message_with_the_text_behind_it() {
    let mut wire = Wire::start();
    let before = wire.get(AOI, "/rooms/5001").is(200)["message_num"].as_u64().unwrap();
    wire.forget();
    let answer = wire.send(&upload("รายงาน 📈.txt", "สวัสดี".as_bytes(), Some("見てください\n[To:1001]")));
    assert_eq!(answer.is(200), json!({"file_id": 72}));
    let room = wire.get(AOI, "/rooms/5001").is(200);
    assert_eq!((&room["message_num"], &room["file_num"]), (&json!(before + 1), &json!(2)));
    assert_eq!((&room["unread_num"], &room["mention_num"]), (&json!(4), &json!(2)));
    let file = wire.get(AOI, &format!("{FILES}/72")).is(200);
    let message = format!("/rooms/5001/messages/{}", file["message_id"].as_str().unwrap());
    assert_eq!(
        wire.get(AOI, &message).is(200)["body"],
        "[info][title][dtext:file_uploaded][/title][preview id=72 ht=150][download:72]รายงาน 📈.txt (18 B)\
         [/download][/info]見てください\n[To:1001]"
    );
    keep!(wire, "post-files.200");
    assert_eq!(wire.get(AOI, FILES).is(200)[0]["file_id"], 72, "the newest first");
}

#[test]
fn a_file_has_up_to_5_mib() {
    let mut wire = Wire::start();
    assert_eq!(wire.send(&upload("empty", b"", None)).is(200), json!({"file_id": 72}));
    let most = vec![b'x'; 5_242_880];
    assert_eq!(wire.send(&upload("most", &most, Some("x"))).is(200), json!({"file_id": 73}));
    let file = wire.get(AOI, &format!("{FILES}/73")).is(200);
    assert_eq!(file["filesize"], most.len());
    let message = wire.get(AOI, "/rooms/5001/messages?force=1").is(200);
    assert!(message.as_array().unwrap().last().unwrap()["body"].as_str().unwrap().contains("most (5.00 MB)"));
    let before = wire.state();
    let told = wire.send(&upload("more", &[most.as_slice(), b"x"].concat(), None)).refusal(400);
    assert_eq!(told, "Invalid parameter 'file': expected a file of at most 5242880 bytes");
    wire.is_still(&before);
}

#[test]
fn the_text_beside_a_file_has_1_to_65535_characters() {
    let mut wire = Wire::start();
    for (message, status) in [("😀".repeat(65_535), 200), ("😀".repeat(65_536), 400), ("x".repeat(65_536), 400)] {
        let answer = wire.send(&upload("a", b"a", Some(&message)));
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}

#[test]
fn the_largest_file_and_the_longest_text_go_together() {
    let mut wire = Wire::start();
    let most = vec![b'x'; 5_242_880];
    assert_eq!(wire.send(&upload("most", &most, Some(&"😀".repeat(65_535)))).is(200), json!({"file_id": 72}));
}

#[test]
fn a_read_only_member_uploads_nothing() {
    let mut wire = Wire::start();
    let before = wire.state();
    wire.send(&Call::of(CHAI, "POST", FILES).upload("a", b"a", None)).refusal(403);
    wire.is_still(&before);
    keep!(wire, "post-files.403-read-only");
}

#[test]
fn a_download_url_gives_the_bytes_for_30_seconds_to_whoever_has_it() {
    let mut wire = Wire::start();
    let path = download(&mut wire, 71);
    assert!(path.contains(&format!("Expires={}", NOW + 30)), "{path}");
    let answer = wire.send(&Call::new("GET", &path));
    answer_is(&answer, "สวัสดี hello 🚀\n".as_bytes());
    keep!(wire, "get-file.200-download-url");
    wire.advance(29_999);
    answer_is(&wire.send(&Call::new("GET", &path)), "สวัสดี hello 🚀\n".as_bytes());
    wire.advance(1);
    wire.forget();
    assert_eq!(wire.send(&Call::new("GET", &path)).status, 403);
    keep!(wire, "download-file.403-too-late");
    let fresh = download(&mut wire, 71);
    assert_eq!(wire.send(&Call::new("GET", &fresh)).status, 200);
}

#[test]
fn a_download_url_opens_its_own_file_only() {
    let mut wire = Wire::start();
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    wire.send(&upload("../เอกสาร \"1\"?.bin", &bytes, None)).is(200);
    let path = download(&mut wire, 72);
    answer_is(&wire.raw(&Call::new("GET", &path).bytes()).unwrap(), &bytes);
    let later = path.replace(&format!("Expires={}", NOW + 30), &format!("Expires={}", NOW + 31));
    for other in [
        path.replace("/72/", "/71/"),
        later,
        path.replace("Signature=", "Signature=0"),
        path.split('?').next().unwrap().to_owned(),
        "/download/default/71/x?Expires=9999999999&Signature=00".to_owned(),
    ] {
        assert_ne!(other, path);
        assert_eq!(wire.send(&Call::new("GET", &other)).status, 403, "{other}");
    }
}

#[test]
fn a_download_is_only_fetched() {
    let mut wire = Wire::start();
    let path = download(&mut wire, 71);
    wire.forget();
    for verb in ["POST", "PUT", "DELETE"] {
        let answer = wire.send(&Call::new(verb, &path));
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{verb}");
    }
    keep!(wire, "download-file.405");
    let head = wire.raw(&Call::new("HEAD", &path).bytes()).unwrap();
    assert_eq!((head.status, head.header("content-length"), head.text()), (200, Some("30"), ""));
    for target in ["/download", "/download/", "/download/default", "/download/default/x/y?Expires=1&Signature=zz"] {
        let status = wire.raw(&Call::new("GET", target).bytes()).unwrap().status;
        assert!([403, 404].contains(&status), "{target}: {status}");
    }
    // Nobody's token opens it, and nobody needs one.
    let bare = path.split('?').next().unwrap();
    assert_eq!(wire.send(&Call::new("GET", bare).header("x-chatworktoken", AOI)).status, 403);
}

#[track_caller]
fn answer_is(answer: &crate::common::Answer, content: &[u8]) {
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert!(answer.body == content, "{} bytes instead of {}", answer.body.len(), content.len());
}

#[test]
fn refuses() {
    refusals::without_a_token("files");
    refusals::for_strangers("files");
    refusals::for_parameters("files");
}
