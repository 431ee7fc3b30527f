//! The program as a user runs it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use mock_server::MockServer;
use serde_json::{Value, json};

use crate::support::{Answer, Client};
use crate::tls_client::{shake, trusting};

pub(crate) fn program() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("mock-server"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A directory of its own for each test.
pub(crate) fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("flow-{name}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = program().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A program that serves. Ended when dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) info: Value,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = program();
        command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        Self::from(command)
    }

    pub(crate) fn from(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let info = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { child, info }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> String {
        let url = self.info["control_url"].as_str().unwrap();
        url.strip_prefix("http://").unwrap().strip_suffix("/_mock").unwrap().to_owned()
    }

    pub(crate) fn signal(&self, name: &str) {
        // The shell's own kill: a bare machine need not have the program.
        let sent = Command::new("sh").args(["-c", &format!("kill -s {name} {}", self.child.id())]).status().unwrap();
        assert!(sent.success());
    }

    /// Exit code and stderr.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let mut words = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        (self.child.wait().unwrap().code(), words)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_ready_line_and_the_ready_file_say_the_same() {
    let directory = directory("ready");
    let file = directory.join("ready.json");
    let running = Running::start(&["--ready-file", file.to_str().unwrap()]);
    let written: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(written, running.info);
    assert_eq!(written["pid"], running.child.id());
    let keys: Vec<&str> = written.as_object().unwrap().keys().map(String::as_str).collect();
    let all = ["ready", "pid", "control_url", "ui_url", "chatwork", "chatday", "tls_url", "intercept_proxy", "ca_file"];
    assert_eq!(keys, all);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing is left beside the file");
}

#[test]
fn the_ready_line_names_https_the_proxy_and_the_ca_file() {
    let directory = directory("tls");
    let ca = directory.join("ca");
    let flags = ["--tls-listen", "127.0.0.1:0", "--intercept-listen", "127.0.0.1:0", "--ca-dir", ca.to_str().unwrap()];
    let running = Running::start(&flags);
    let text = |key: &str| running.info[key].as_str().unwrap_or_else(|| panic!("{}", running.info)).to_owned();
    let pem = fs::read_to_string(text("ca_file")).unwrap();
    let https = Client::connect(text("tls_url").strip_prefix("https://").unwrap()).into_stream();
    let mut client = shake(https, "127.0.0.1", &trusting(&pem, &[])).unwrap();
    assert_eq!(client.send("GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n").answer().status, 200);
    let mut proxy = Client::connect(text("intercept_proxy").strip_prefix("http://").unwrap());
    let connect = "CONNECT api.chatwork.com:443 HTTP/1.1\r\nHost: api.chatwork.com:443\r\n\r\n";
    assert_eq!(proxy.send(connect).answer().status, 200);
    running.signal("TERM");
    let (code, words) = running.wait();
    assert_eq!(code, Some(0), "open tunnels do not keep the program: {words}");
    fs::write(ca.join("ca.pem"), "no certificate").unwrap();
    let (code, out, words) = run(&[flags.as_slice(), FREE_PORT].concat());
    assert_eq!((code, out.as_str(), words.lines().count()), (Some(2), "", 1), "{words}");
    assert!(words.contains("holds no certificate") && words.contains("delete both files"), "{words}");
}

#[test]
fn the_ca_is_kept_in_the_user_s_data_directory_unless_said() {
    let directory = directory("data");
    let start = |variables: &[(&str, &Path)]| {
        let mut command = program();
        command.env_clear().envs(variables.iter().copied()).args([
            "--listen",
            "127.0.0.1:0",
            "--tls-listen",
            "127.0.0.1:0",
        ]);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let running = Running { child, info: serde_json::from_str(&line).unwrap_or_default() };
        running.info["ca_file"].as_str().map(PathBuf::from).ok_or_else(|| running.wait())
    };
    let (home, data) = (directory.join("home"), directory.join("data"));
    let relative = Path::new("relative");
    let real = fs::canonicalize(&directory).unwrap();
    let by_home = start(&[("HOME", &home), ("XDG_DATA_HOME", relative)]).unwrap();
    assert_eq!(by_home, real.join("home/.local/share/mock-server/ca.pem"));
    let by_data = start(&[("HOME", &home), ("XDG_DATA_HOME", &data)]).unwrap();
    assert_eq!(by_data, real.join("data/mock-server/ca.pem"));
    let (code, words) = start(&[]).unwrap_err();
    assert!(code == Some(2) && words.contains("give --ca-dir DIR"), "{words}");
}

#[test]
fn a_request_in_flight_is_answered_before_the_end_and_the_state_is_kept() {
    let directory = directory("shutdown");
    let state = directory.join("state.json");
    let running = Running::start(&["--state", state.to_str().unwrap(), "--clock", "frozen@2026-01-31T09:00:00Z"]);
    let address = running.address();
    let (token, room) = (running.info["chatwork"]["token"].as_str().unwrap(), &running.info["chatwork"]["room_id"]);
    let mut client = Client::connect(&address);
    let body = "body=in-flight";
    client.send(format!(
        "POST /v2/rooms/{room}/messages HTTP/1.1\r\nHost: {address}\r\nX-ChatWorkToken: {token}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    ));
    assert_eq!(client.answer().status, 100, "the request is in flight");
    running.signal("TERM");
    while TcpStream::connect(&address).is_ok() {
        std::thread::yield_now();
    }
    let answer = client.send(body).answer();
    assert_eq!(answer.status, 200, "{answer:?}");
    let (code, words) = running.wait();
    assert_eq!(code, Some(0), "{words}");
    let kept = fs::read_to_string(&state).unwrap();
    assert!(kept.contains("in-flight"), "{kept}");
    let again = Running::start(&["--state", state.to_str().unwrap()]);
    let now: Value =
        Client::connect(&again.address()).send("GET /_mock/state HTTP/1.1\r\nHost: localhost\r\n\r\n").answer().json();
    assert_eq!(now, serde_json::from_str::<Value>(&kept).unwrap());
    let (code, out, _) = run(&["check", state.to_str().unwrap()]);
    assert_eq!(code, Some(0), "a kept state is a valid world file: {out}");
}

#[test]
fn a_second_signal_does_not_wait_for_what_hangs() {
    let running = Running::start(&[]);
    let mut client = Client::connect(&running.address());
    client.send("POST /v2/me HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.answer().status, 100);
    running.signal("INT");
    while TcpStream::connect(running.address()).is_ok() {
        std::thread::yield_now();
    }
    running.signal("INT");
    let (code, words) = running.wait();
    assert_eq!(code, Some(0), "{words}");
    assert!(!words.contains("still in flight"), "the time for finishing was not waited for: {words}");
}

#[test]
fn a_state_that_cannot_be_kept_is_said_and_the_exit_code_tells() {
    let directory = directory("lost");
    let inner = directory.join("inner");
    fs::create_dir(&inner).unwrap();
    let running = Running::start(&["--state", inner.join("s.json").to_str().unwrap()]);
    fs::remove_dir(&inner).unwrap();
    running.signal("TERM");
    let (code, words) = running.wait();
    assert_eq!(code, Some(1));
    assert!(words.contains("the state is lost: cannot write"), "{words}");
}

const FREE_PORT: &[&str] = &["--listen", "127.0.0.1:0"];

#[test]
fn bad_usage_is_one_sentence_and_exit_code_2() {
    let directory = directory("usage");
    let missing = directory.join("no/state.json");
    let blocked = directory.join("file");
    fs::write(&blocked, "").unwrap();
    let cases: [(&[&str], &str); 17] = [
        (&["--lissten", "x"], "--lissten"),
        (&["--listen", "4010"], "'4010' is no address"),
        (&["--listen", "0.0.0.0:0"], "--control-token-env"),
        (&["--clock", "yesterday"], "--clock: 'yesterday'"),
        (&["--chatwork-edition", "2019"], "unknown edition '2019'"),
        (&["--control-token-env", "NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE"),
        (&["--public-url", "mock"], "--public-url"),
        (&["--world", "no-such-file.json"], "no-such-file.json"),
        (&["--state", missing.to_str().unwrap()], "there is no directory"),
        (&["--state", "/proc/state.json"], "cannot write /proc/state.json"),
        (&["--tls-listen", "0.0.0.0:0"], "--control-token-env"),
        (&["--intercept-listen", "0.0.0.0:0"], "--control-token-env"),
        (&["--tls-listen", "4443"], "--tls-listen: '4443' is no address"),
        (&["--require-https"], "--tls-listen ADDR or --intercept-listen ADDR"),
        (&["--ca-dir", blocked.to_str().unwrap()], "cannot make the directory"),
        (&["--webhook-ca-file", "no-such.pem"], "--webhook-ca-file: cannot read no-such.pem"),
        (&["--webhook-ca-file", blocked.to_str().unwrap()], "usage/file: it holds no certificate in PEM form"),
    ];
    for (arguments, expected) in cases {
        // Whoever runs these tests may run a mock at the default address.
        let free = if arguments.contains(&"--listen") { &[] } else { FREE_PORT };
        let (code, out, words) = run(&[arguments, free].concat());
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {words}");
        assert!(words.contains(expected), "{arguments:?}: {words}");
    }
}

/// A call of a program's control API.
fn control(running: &Running, method: &str, path: &str, body: &Value) -> Answer {
    let (address, body) = (running.address(), body.to_string());
    let length = body.len();
    let request =
        format!("{method} /_mock{path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}");
    Client::connect(&address).send(request).answer()
}

#[test]
fn a_ca_that_was_named_is_trusted_for_webhooks() {
    // What stands at the other end is a mock too: that it answers shows that its certificate was taken.
    let other = MockServer::builder().tls_listen(([127, 0, 0, 1], 0).into()).start().unwrap();
    let file = directory("webhook-ca").join("other.pem");
    fs::write(&file, other.tls().unwrap().ca_pem).unwrap();
    let running = Running::start(&["--webhook-ca-file", file.to_str().unwrap()]);
    let url = format!("{}/v2/me", other.info().unwrap().tls_url.unwrap());
    let setting = json!({"url": url, "events": ["message_created"], "room_id": 5001});
    assert_eq!(control(&running, "POST", "/chatwork/webhooks", &setting).status, 201);
    let message = json!({"room_id": 5001, "account_id": 1002, "body": "お願いします"});
    assert_eq!(control(&running, "POST", "/chatwork/messages", &message).status, 200);
    assert_eq!(control(&running, "POST", "/deliveries/settle", &json!({})).json()["settled"], true);
    let delivery = control(&running, "GET", "/deliveries", &Value::Null).json()["deliveries"][0].clone();
    assert_eq!(delivery["attempts"][0]["answer"]["status"], 401, "{delivery}");
}

#[test]
fn a_machine_that_trusts_nobody_is_told_how_to_name_somebody() {
    let nobody = directory("nobody").join("nobody.pem");
    fs::write(&nobody, "").unwrap();
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0"]).env("SSL_CERT_FILE", &nobody).env_remove("SSL_CERT_DIR");
    let running = Running::from(command);
    let setting = |url: &str| json!({"url": url, "events": ["message_created"], "room_id": 5001});
    let answer = control(&running, "POST", "/chatwork/webhooks", &setting("https://127.0.0.1:9/"));
    assert_eq!(answer.status, 400);
    let words = answer.errors().remove(0);
    assert!(words.starts_with("/url: ") && words.contains("with --webhook-ca-file FILE"), "{words}");
    assert_eq!(control(&running, "POST", "/chatwork/webhooks", &setting("http://127.0.0.1:9/")).status, 201);
}

#[test]
fn an_address_in_use_is_named_with_a_way_out() {
    let running = Running::start(&[]);
    let (code, out, words) = run(&["--listen", &running.address()]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(words.contains(&running.address()) && words.contains("--listen"), "{words}");
    assert_eq!(words.lines().count(), 1, "{words}");
}

#[test]
fn check_names_every_fault_with_line_and_column() {
    let directory = directory("check");
    let world = directory.join("team.json");
    fs::write(&world, "{\n  \"clock\": {\"at\": \"soon\", \"frozen\": 1},\n  \"chatwrok\": {}\n}\n").unwrap();
    let file = world.to_str().unwrap();
    let (code, out, _) = run(&["check", file]);
    assert_eq!(code, Some(1));
    let places: Vec<String> = out.lines().map(|line| line.split(": ").next().unwrap().replace(file, "")).collect();
    assert_eq!(places, [":2:19", ":2:37", ":3:3"], "{out}");
    let (code, _, words) = run(&["--world", file]);
    assert_eq!(code, Some(2));
    assert!(words.contains("team.json:3:3: /chatwrok: unknown key"), "{words}");
    fs::write(&world, "{\"chatwork\": }").unwrap();
    let (code, out, _) = run(&["check", file]);
    assert_eq!(code, Some(2));
    assert!(out.contains("team.json:1:14: this is not JSON"), "{out}");
    assert_eq!(run(&["check", "no-such-file.json"]).0, Some(2));
    fs::write(&world, "{}").unwrap();
    assert_eq!(run(&["check", file]).0, Some(0));
}

#[test]
fn a_control_token_comes_from_the_environment() {
    let mut child = program()
        .args(["--listen", "127.0.0.1:0", "--control-token-env", "MOCK_TOKEN", "--log-level", "debug"])
        .env("MOCK_TOKEN", "sesame-open-the-door\n")
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let running = Running { child, info: serde_json::from_str(&line).unwrap() };
    let ask = |headers: &str| {
        let head = format!("GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        Client::connect(&running.address()).send(head).answer().status
    };
    assert_eq!((ask(""), ask("Authorization: Bearer sesame-open-the-door\r\n")), (401, 200));
    running.signal("TERM");
    let (code, words) = running.wait();
    assert_eq!(code, Some(0));
    assert!(!words.contains("sesame"), "secrets are not logged: {words}");
}

#[test]
fn log_lines_name_method_path_status_world_and_time_but_no_token() {
    let running = Running::start(&["--color", "never"]);
    let token = running.info["chatwork"]["token"].as_str().unwrap().to_owned();
    let ask = format!("GET /v2/{token} HTTP/1.1\r\nHost: a\r\nX-ChatWorkToken: {token}\r\n\r\n");
    let status = Client::connect(&running.address()).send(ask).answer().status;
    running.signal("TERM");
    let (_, words) = running.wait();
    let line = words.lines().find(|line| line.contains("GET /v2/")).unwrap();
    assert!(line.contains(&format!("GET /v2/[masked] {status} world=default ")) && line.ends_with("us"), "{line}");
    assert!(!words.contains(&token), "{words}");
}

#[test]
fn help_version_completions_and_documents_go_to_stdout() {
    let (code, out, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for words in ["Examples:", "Exit codes:", "Limits, and what happens beyond:", "--ready-file"] {
        assert!(out.contains(words), "{words}");
    }
    assert_eq!(run(&["--version"]).1.trim(), format!("mock-server {}", env!("CARGO_PKG_VERSION")));
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&["completions", shell]).1.contains("mock-server"), "{shell}");
    }
    for service in ["chatwork", "chatday"] {
        let document: Value = serde_json::from_str(&run(&["openapi", service]).1).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{service}");
    }
    assert_eq!(run(&["openapi", "slack"]).0, Some(2));
}

#[test]
fn the_document_of_chatday_follows_a_profile() {
    let directory = directory("openapi");
    let file = directory.join("ours.toml");
    let text = include_str!("../../../fixtures/chatday/profile.toml").replace("/chatday/messages", "/chatday/v9/send");
    fs::write(&file, &text).unwrap();
    let file = file.to_str().unwrap();
    let (code, out, words) = run(&["openapi", "chatday", "--profile", file]);
    assert_eq!(code, Some(0), "{words}");
    assert!(out.contains("/v9/send") && !run(&["openapi", "chatday"]).1.contains("/v9/send"), "{out}");
    fs::write(file, text.replace("[send]", "[send]\ncolour = 1\nshape = 2")).unwrap();
    let (code, out, words) = run(&["openapi", "chatday", "--profile", file]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(words.contains("/send/colour: unknown key") && words.contains("/send/shape: unknown key"), "{words}");
    let (code, _, words) = run(&["openapi", "chatwork", "--profile", file]);
    assert_eq!(code, Some(2));
    assert!(words.contains("openapi chatday"), "{words}");
}

#[test]
fn common_flags_may_stand_before_a_subcommand_and_others_are_refused_there() {
    let (code, out, words) = run(&["--color", "never", "--log-level", "debug", "openapi", "chatday"]);
    assert_eq!((code, out.starts_with('{')), (Some(0), true), "{words}");
    let (code, out, words) = run(&["--seed", "7", "openapi", "chatday"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(words.contains("--seed before 'openapi'"), "{words}");
}

#[test]
fn files_that_never_end_or_begin_with_a_byte_order_mark_or_are_no_text() {
    let directory = directory("files");
    let file = directory.join("w.json");
    let check = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        run(&["check", file.to_str().unwrap()])
    };
    assert_eq!(check(b"\xef\xbb\xbf{}").0, Some(0));
    assert!(check(b"\xff\xfe{\0}\0").2.contains("byte 1 is not UTF-8"));
    #[cfg(target_os = "linux")]
    {
        let (code, _, words) = run(&["check", "/dev/zero"]);
        assert_eq!((code, words.contains("longer than 64 MiB")), (Some(2), true), "{words}");
    }
}

#[cfg(unix)]
#[test]
fn a_ready_file_that_is_a_link_or_a_pipe_stays_what_it_is() {
    let directory = directory("special");
    let (link, target, pipe) = (directory.join("link"), directory.join("target"), directory.join("pipe"));
    fs::write(&target, "").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let running = Running::start(&["--ready-file", link.to_str().unwrap()]);
    assert_eq!(serde_json::from_str::<Value>(&fs::read_to_string(&target).unwrap()).unwrap(), running.info);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    let running = Running::start(&["--ready-file", pipe.to_str().unwrap()]);
    let written = reader.join().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), running.info);
    assert!(!fs::symlink_metadata(&pipe).unwrap().is_file());
}

#[test]
fn a_typed_clock_wins_over_that_of_a_kept_state() {
    let directory = directory("clock");
    let state = directory.join("s.json");
    fs::write(&state, json!({"clock": {"at": "2020-01-01T00:00:00Z", "frozen": true}}).to_string()).unwrap();
    let running = Running::start(&["--state", state.to_str().unwrap(), "--clock", "frozen@2026-01-31T09:00:00Z"]);
    let head = "GET /_mock/clock HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(Client::connect(&running.address()).send(head).answer().json()["now"], "2026-01-31T09:00:00Z");
}

#[test]
fn a_world_file_and_a_frozen_clock_are_heard() {
    let directory = directory("world");
    let file = directory.join("w.json");
    fs::write(&file, json!({"clock": {"at": "2020-01-01T00:00:00Z", "frozen": true}}).to_string()).unwrap();
    let now = |arguments: &[&str]| {
        let running = Running::start(arguments);
        let mut client = Client::connect(&running.address());
        client.send("GET /_mock/clock HTTP/1.1\r\nHost: localhost\r\n\r\n").answer().json()["now"].clone()
    };
    let file = file.to_str().unwrap();
    assert_eq!(now(&["--world", file]), "2020-01-01T00:00:00Z");
    assert_eq!(now(&["--world", file, "--clock", "frozen@2026-01-31T09:00:00Z"]), "2026-01-31T09:00:00Z");
}
