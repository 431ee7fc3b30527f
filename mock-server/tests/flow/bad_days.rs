//! Bad days: peers that leave, hang or come in crowds, disks that are full, ends in the middle of something.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use mock_server::{Limits, MockServer};
use serde_json::Value;

use crate::events::Reader;
use crate::program::{Running, directory, program};
use crate::support::{Client, address, call, chatwork};

const HEALTH: &str = "GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The program, started by a shell that does something first.
fn start_after(preparation: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{preparation} exec \"$0\" --listen 127.0.0.1:0 \"$@\"")]);
    command.arg(program().get_program()).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A disk that takes 512 bytes more. A real full disk says the same thing at the same place: the write fails.
const FULL_DISK: &str = "trap '' XFSZ; ulimit -f 1;";

fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[cfg(unix)]
#[test]
fn a_state_for_which_the_disk_has_no_room_is_said_and_the_old_one_stays_whole() {
    let directory = directory("full-state");
    let state = directory.join("s.json");
    fs::write(&state, "{}").unwrap();
    let running = Running::from(start_after(FULL_DISK, &["--state", state.to_str().unwrap(), "--log-level", "warn"]));
    running.signal("TERM");
    let (code, words) = running.wait();
    assert_eq!(code, Some(1));
    assert!(
        words.starts_with("mock-server: the state is lost: cannot write ") && words.lines().count() == 1,
        "{words}"
    );
    assert_eq!(fs::read_to_string(&state).unwrap(), "{}");
    assert_eq!(names_in(&directory), ["s.json"], "nothing half-written is left");
}

#[cfg(unix)]
#[test]
fn a_ready_file_for_which_the_disk_has_no_room_ends_the_mock_at_once() {
    let directory = directory("full-ready");
    let ready = directory.join("r.json");
    fs::write(&ready, "old").unwrap();
    let preparation = "trap '' XFSZ; ulimit -f 0;";
    let output =
        start_after(preparation, &["--ready-file", ready.to_str().unwrap(), "--log-level", "warn"]).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()), "{words}");
    assert!(words.starts_with("mock-server: cannot write ") && words.lines().count() == 1, "{words}");
    assert_eq!(fs::read_to_string(&ready).unwrap(), "old");
    assert_eq!(names_in(&directory), ["r.json"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_that_is_full_is_said_too() {
    let output = start_after("", &["--ready-file", "/dev/full", "--log-level", "warn"]).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(words.starts_with("mock-server: cannot write /dev/full: ") && words.lines().count() == 1, "{words}");
    let running = Running::start(&["--log-level", "warn"]);
    running.signal("TERM");
    assert_eq!(running.wait(), (Some(0), String::new()));
}

/// Tells a running program to end, and waits until it takes nobody in any more.
fn ends(running: &Running) {
    running.signal("TERM");
    while TcpStream::connect(running.address()).is_ok() {
        std::thread::yield_now();
    }
}

#[test]
fn a_reader_of_events_hears_of_the_end_and_nobody_waits_for_one_that_hangs() {
    let running = Running::start(&["--log-level", "warn"]);
    let address = running.address();
    let mut reader = Reader::open(&address, "", "");
    assert_eq!(reader.told().unwrap().name, "hello");
    let mut hanging = Reader::open_narrow(&address);
    assert_eq!(hanging.told().unwrap().name, "hello");
    // More than fits between the two ends: the mock cannot write to the one that hangs, not even goodbye.
    let body = "x".repeat(60_000);
    let post = format!("POST /v2/x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut client = Client::connect(&address);
    for _ in 0..200 {
        assert_eq!(client.send(&post).answer().status, 401);
        assert_eq!(reader.told().unwrap().name, "request");
    }
    running.signal("TERM");
    let bye = reader.told().unwrap();
    assert_eq!((bye.name.as_str(), bye.data["reason"].as_str()), ("bye", Some("mock-ends")));
    assert!(reader.told().is_none());
    let (code, words) = running.wait();
    assert_eq!((code, words.as_str()), (Some(0), ""), "the time for finishing was not waited for");
}

#[test]
fn a_call_that_waits_and_a_head_that_is_half_sent_do_not_keep_the_mock_from_its_end() {
    let running = Running::start(&["--log-level", "warn"]);
    let address = running.address();
    let mut half = Client::connect(&address);
    half.send("GET /v2/me HTTP/1.1\r\nHost: a\r\nX-Ha");
    let mut waiting = Client::connect(&address);
    let body = r#"{"match": {"path": "/v2/me"}, "within_ms": 60000}"#;
    let length = body.len();
    let head = format!(
        "POST /_mock/expect HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    );
    assert_eq!(waiting.send(head).answer().status, 100);
    waiting.send(body);
    ends(&running);
    let outcome = waiting.answer();
    assert_eq!((outcome.status, &outcome.json()["satisfied"]), (200, &Value::Bool(false)), "{outcome:?}");
    let (code, words) = running.wait();
    assert_eq!(code, Some(0), "{words}");
}

#[test]
fn a_second_signal_ends_at_once_whatever_hangs() {
    let running = Running::start(&["--log-level", "warn"]);
    let address = running.address();
    let _reader = Reader::open(&address, "", "");
    let mut client = Client::connect(&address);
    client.send("POST /v2/me HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.answer().status, 100);
    ends(&running);
    running.signal("TERM");
    assert_eq!(running.wait(), (Some(0), String::new()), "the time for finishing was not waited for");
}

#[test]
fn readers_that_fall_behind_are_told_what_they_lost() {
    const REQUESTS: u64 = 200;
    // They read in the end, so they must not be dropped meanwhile.
    let limits = Limits { write_pause: Duration::from_secs(600), ..Limits::default() };
    let mock = MockServer::builder().limits(limits).journal_limit(20).start().unwrap();
    let mut readers: Vec<Reader> = (0..4).map(|_| Reader::open_narrow(&address(&mock))).collect();
    let body = format!("body={}", "ก".repeat(20_000));
    let mut client = Client::connect(&address(&mock));
    let post = format!("POST /v2/x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for _ in 0..REQUESTS {
        assert_eq!(client.send(&post).answer().status, 401);
    }
    for reader in &mut readers {
        let mut seen = 0;
        let mut lost = 0;
        while seen + lost < REQUESTS {
            let told = reader.told().unwrap();
            match told.name.as_str() {
                "hello" => {}
                "request" => seen += 1,
                "lost" => lost += told.data["lost"].as_u64().unwrap(),
                other => panic!("{other}"),
            }
            assert_eq!(told.id, seen + lost, "in order, without a gap");
        }
        assert!(lost > 0 && seen >= 20, "{seen} seen, {lost} lost");
    }
}

#[test]
fn a_reader_that_never_reads_is_dropped_and_its_place_is_free() {
    let limits = Limits { write_pause: Duration::from_millis(200), event_readers: 1, ..Limits::default() };
    let mock = MockServer::builder().limits(limits).start().unwrap();
    let _hanging = Reader::open_narrow(&address(&mock));
    let body = "x".repeat(60_000);
    while !Reader::open(&address(&mock), "", "").head.contains(" 200 ") {
        chatwork(&mock, "POST", "/v2/x", &body);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn sixty_four_readers_that_never_read_make_nobody_wait_and_cost_no_memory_for_it() {
    let running = Running::start(&["--journal-limit", "50", "--log-level", "warn"]);
    let address = running.address();
    let _readers: Vec<Reader> = (0..64).map(|_| Reader::open_narrow(&address)).collect();
    let body = "x".repeat(60_000);
    let post = format!("POST /v2/x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut client = Client::connect(&address);
    // 15 MB of events for each of them, 1 GB in all.
    for _ in 0..250 {
        assert_eq!(client.send(&post).answer().status, 401);
    }
    let used = resident_kib(running.id());
    assert!(used < 200_000, "{used} KiB");
}

#[cfg(target_os = "linux")]
#[test]
fn a_crowd_of_idle_connections_is_bounded_and_the_control_listener_is_out_of_its_reach() {
    // What many systems give a process at first; the mock takes what it may have beyond.
    let preparation = "ulimit -Sn 1024;";
    let arguments = ["--control-listen", "127.0.0.1:0", "--log-level", "warn"];
    let running = Running::from(start_after(preparation, &arguments));
    let url = running.info["chatwork"]["base_url"].as_str().unwrap();
    let services = url.strip_prefix("http://").unwrap().strip_suffix("/v2").unwrap();
    let before = resident_kib(running.id());
    // As many as this process itself may have open, at most.
    let crowd: Vec<TcpStream> = (0..1200).map_while(|_| TcpStream::connect(services).ok()).collect();
    let mut client = Client::connect(&running.address());
    for _ in 0..20 {
        assert_eq!(client.send(HEALTH).answer().status, 200, "with {} idle connections", crowd.len());
    }
    assert_eq!(Reader::open(&running.address(), "", "").told().unwrap().name, "hello");
    let grown = resident_kib(running.id()).saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB for {} idle connections", crowd.len());
    let limits = fs::read_to_string(format!("/proc/{}/limits", running.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let bounds: Vec<&str> = files.split_whitespace().filter(|word| word.parse::<u64>().is_ok()).collect();
    assert_eq!(bounds[0], bounds[1], "all that is to be had: {files}");
    running.signal("TERM");
    let (_, words) = running.wait();
    assert!(!words.contains("could not be accepted"), "it never ran out of files: {words}");
}

#[cfg(target_os = "linux")]
fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn on_one_shared_listener_a_crowd_is_gone_after_the_time_for_a_head() {
    let limits = Limits { connections: 8, head_time: Duration::from_millis(300), ..Limits::default() };
    let mock = MockServer::builder().limits(limits).start().unwrap();
    let crowd: Vec<TcpStream> = (0..32).map(|_| TcpStream::connect(address(&mock)).unwrap()).collect();
    // Behind all of them in the backlog.
    assert_eq!(call(&mock, "GET", "/health", "", "").status, 200);
    for mut stream in crowd {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "closed");
    }
}

#[test]
fn a_long_journal_is_told_in_pieces_and_comes_whole() {
    let mock = MockServer::start().unwrap();
    let body = format!("body={}", "😊".repeat(10_000));
    (0..50).for_each(|_| _ = chatwork(&mock, "POST", "/v2/x", &body));
    let answer = call(&mock, "GET", "/requests", "", "");
    assert_eq!((answer.header("transfer-encoding"), answer.header("content-length")), (Some("chunked"), None));
    let log = answer.json();
    let ids: Vec<u64> = log["requests"].as_array().unwrap().iter().map(|entry| entry["id"].as_u64().unwrap()).collect();
    assert_eq!((ids, &log["dropped"]), ((1..=50).collect(), &0.into()));
    assert_eq!(
        mock.requests().unwrap(),
        mock_server::Mock::connect(mock.control_url(), None).unwrap().requests().unwrap()
    );
    let short = call(&mock, "GET", "/requests?limit=1", "", "");
    assert!(short.header("content-length").is_some(), "a short one says how long it is");
}

#[test]
fn a_long_journal_that_is_reset_meanwhile_is_cut_but_still_json() {
    let mock = MockServer::start().unwrap();
    let body = "x".repeat(900_000);
    (0..30).for_each(|_| _ = chatwork(&mock, "POST", "/v2/x", &body));
    let mut client = Client::connect(&address(&mock));
    client.send("GET /_mock/requests HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // It has begun, and cannot have written all of it.
    assert!(client.stream().peek(&mut [0]).is_ok());
    mock.reset().unwrap();
    // Under the same ids.
    (0..30).for_each(|_| _ = chatwork(&mock, "GET", "/v2/me", ""));
    let log = client.answer().json();
    let kept = log["requests"].as_array().unwrap();
    assert!(kept.iter().all(|entry| entry["path"] == "/v2/x"), "nothing of the world after the reset");
    client.stream().flush().unwrap();
}
