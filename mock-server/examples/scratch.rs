#![allow(warnings)]
use bytes::Bytes;
use contract::reader::*;
use contract::time::UnixMillis;
use mock_server::chatwork::State;
use mock_server::core::{Defaults, Origin, Turn};
use serde_json::*;
use std::time::Instant;
fn main() {
    let t = "bench-token-000000000000000000000";
    let members = json!([{"account": 1001, "role": "admin"}, {"account": 1002, "role": "member"}]);
    let messages: Vec<Value> = (0..100000).map(|n| json!({"id": (1_900_000_000_000_000_000u64+n as u64).to_string(),"account":1001+n%2,"body":format!("message {n}: สวัสดี こんにちは, how is the launch going?"),"send_time":1_750_000_000u64+n as u64})).collect();
    let d = json!({"settings":{"limits":{"account":null,"room":null}},"accounts":[{"id":1001,"name":"Aoi","token":t},{"id":1002,"name":"Ben"}],"rooms":[{"id":5001,"kind":"group","name":"P","members":members},{"id":5002,"kind":"group","name":"H","members":members,"messages":messages}]});
    let f = Faults::default();
    let df = Defaults::default();
    let mut s = State::load(
        &Node::root(&d, &f),
        &Origin { seed: 1, world_id: "w", now: UnixMillis(1_790_000_000_000), defaults: &df },
    );
    assert!(f.is_empty());
    let rq = |m: &str, p: &str, b: &str| {
        http::Request::builder()
            .method(m)
            .uri(p)
            .header("x-chatworktoken", t)
            .header("host", "127.0.0.1")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(b.to_owned()))
            .unwrap()
    };
    for (n, r) in [
        ("status", rq("GET", "/v2/my/status", "")),
        (
            "post",
            rq(
                "POST",
                "/v2/rooms/5001/messages",
                "body=%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF+bench&self_unread=0",
            ),
        ),
        ("list", rq("GET", "/v2/rooms/5002/messages?force=1", "")),
    ] {
        for _ in 0..3 {
            let a = Instant::now();
            let k = 50000;
            let mut l = 0;
            for _ in 0..k {
                let mut tu = Turn::new(UnixMillis(1_790_000_000_000), "http://x", "w");
                let r = s.handle(&r, &mut tu);
                l = r.body().len();
            }
            println!("{n} {} ns body {l}", a.elapsed().as_nanos() / k);
        }
    }
}
