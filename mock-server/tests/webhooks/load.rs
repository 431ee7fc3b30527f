//! Many deliveries at once.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use mock_server::MockServer;
use serde_json::{Value, json};

use crate::receiver::{Receiver, SUCCESS};
use crate::support::{each, other_writes, room_setting, settled};

const COUNT: usize = 200;

fn write(mock: &MockServer, count: usize) {
    for number in 0..count {
        other_writes(mock, 1002, &number.to_string());
    }
}

#[test]
fn all_come_once_and_in_their_order() {
    for mock in [MockServer::start().unwrap(), MockServer::builder().frozen_clock(None).start().unwrap()] {
        let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = (Arc::clone(&open), Arc::clone(&most));
        let receiver = Receiver::with(move |_, stream| {
            counted.1.fetch_max(counted.0.fetch_add(1, SeqCst) + 1, SeqCst);
            std::thread::yield_now();
            counted.0.fetch_sub(1, SeqCst);
            let _ = stream.write_all(SUCCESS);
        });
        room_setting(&mock, &receiver.url());
        write(&mock, COUNT);
        settled(&mock);
        let texts: Vec<String> = receiver
            .requests()
            .iter()
            .map(|request| request.json()["webhook_event"]["body"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(texts, (0..COUNT).map(|number| number.to_string()).collect::<Vec<_>>());
        assert_eq!(most.load(SeqCst), 1, "one at a time for one target");
    }
}

#[test]
fn a_backlog_to_a_stalling_target_ends_within_the_bound() {
    const TIMEOUT: Duration = Duration::from_millis(500);
    let frozen = MockServer::builder().frozen_clock(None).start().unwrap();
    for (mock, is_running) in [(MockServer::start().unwrap(), true), (frozen, false)] {
        let webhooks = json!({"timeout_ms": TIMEOUT.as_millis() as u64, "switch_off_after": null});
        mock.set_settings(&json!({"chatwork": {"webhooks": webhooks}})).unwrap();
        let receiver = Receiver::with(|_, stream| drop(stream.read_to_end(&mut Vec::new())));
        room_setting(&mock, &receiver.url());
        write(&mock, COUNT);
        let started = Instant::now();
        let deliveries = settled(&mock);
        let waves = u32::try_from((COUNT - 2).div_ceil(32)).unwrap();
        // Of the machine, which may be busy: still far less than one after another would take, which is 100 s.
        let slack = Duration::from_secs(50);
        assert!(started.elapsed() < TIMEOUT * (2 + waves) + slack, "{:?}", started.elapsed());
        assert_eq!(each(&deliveries, "verdict"), vec!["failed"; COUNT]);
        assert_eq!(receiver.requests().len(), COUNT, "each was really sent");
        // The receiver hears late of connections that have ended, so the mock's own times tell. A frozen clock has none.
        let most = most_at_once(&deliveries);
        assert!(if is_running { (2..=32).contains(&most) } else { most == 0 }, "{most}");
    }
}

/// When the only attempt began and ended, in milliseconds.
fn span(delivery: &Value) -> (u64, u64) {
    let moment = |key: &str| delivery["attempts"][0][key].as_u64().unwrap();
    (moment("began_ms"), moment("ended_ms"))
}

/// How many deliveries were on their way at the same time.
fn most_at_once(deliveries: &[Value]) -> usize {
    let spans: Vec<(u64, u64)> = deliveries.iter().map(span).collect();
    let at = |moment: u64| spans.iter().filter(|(began, ended)| (*began..*ended).contains(&moment)).count();
    spans.iter().map(|(began, _)| at(*began)).max().unwrap_or_default()
}

#[test]
fn a_stalling_target_does_not_hold_up_another_one() {
    let mock = MockServer::start().unwrap();
    let stalling = Receiver::with(|_, stream| drop(stream.read_to_end(&mut Vec::new())));
    let healthy = Receiver::friendly();
    room_setting(&mock, &stalling.url());
    room_setting(&mock, &healthy.url());
    write(&mock, 50);
    healthy.wait_for(50);
    assert!(stalling.requests().len() < 50, "the other one's backlog is still there");
}
