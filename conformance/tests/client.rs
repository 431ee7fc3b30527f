//! `conformance client` as a user and a CI job call it, with small programs in Python as what is judged.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

/// A client that does everything right.
const GOOD: &str = r#"
import http.client, os, sys, time
from urllib.parse import urlencode, urlsplit
base, token, room = (os.environ[name] for name in ("CHATWORK_BASE_URL", "CHATWORK_API_TOKEN", "CHATWORK_ROOM_ID"))
url = urlsplit(base)
def send(text):
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    headers = {"X-ChatWorkToken": token, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", f"{url.path}/rooms/{room}/messages", urlencode({"body": text}), headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status
if send(os.environ["CONFORMANCE_TEXT"]) != 200:
    sys.exit("refused")
"#;

/// A folder of its own, and a program in it.
struct Case {
    folder: PathBuf,
}

impl Case {
    fn new(name: &str, program: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("client").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("client.py"), program).unwrap();
        Self { folder }
    }

    fn command(&self, flags: &[&str]) -> Command {
        let mut command = Command::cargo_bin("conformance").unwrap();
        command.env_remove("NO_COLOR").env_remove("GITHUB_STEP_SUMMARY").current_dir(&self.folder);
        command.args(["client", "--service", "chatwork"]).args(flags).args(["--", "python3", "client.py"]);
        command
    }

    /// Exit status, report, stderr.
    fn judged(&self, flags: &[&str]) -> (i32, Value, String) {
        let output = self.command(flags).args::<[&str; 0], _>([]).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        let report = serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON: {out}{err}"));
        (output.status.code().unwrap(), report, err)
    }

    /// In the scenario in which nothing goes wrong, as JSON.
    fn plain(&self, more: &[&str]) -> (i32, Value, String) {
        self.judged(&[&["--format", "json", "--scenario", "all-is-well"], more].concat())
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }
}

fn check<'a>(report: &'a Value, id: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no {id} in {report}"))
}

fn is_there(process: &str) -> bool {
    // A process that has ended and was not looked at yet is no process any more.
    fs::read_to_string(format!("/proc/{}/stat", process.trim())).is_ok_and(|line| !line.contains(") Z "))
}

#[test]
fn a_client_that_does_everything_right_passes_and_its_report_says_what_was_run() {
    let case = Case::new("good", GOOD);
    let (code, report, err) = case.plain(&[]);
    assert_eq!((code, err.as_str()), (0, ""), "{report:#}");
    assert_eq!((&report["subject"]["kind"], &report["subject"]["service"]), (&"client".into(), &"chatwork".into()));
    assert_eq!(report["subject"]["target"], "python3 client.py");
    assert_eq!(check(&report, "chatwork.client.token-in-its-header")["status"], "pass");
    assert_eq!(report["summary"]["requests"], 1);
}

#[test]
fn a_client_that_hangs_is_ended_when_its_time_is_over_and_everything_is_said_to_be_open() {
    let case = Case::new("hang", "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(1000)\n");
    let (code, report, _) = case.judged(&["--format", "json", "--command-timeout", "5s"]);
    assert_eq!((code, &report["verdict"]), (3, &"error".into()));
    let message = check(&report, "chatwork.client.token-in-its-header")["message"].as_str().unwrap();
    assert!(message.contains("made no request") && message.contains("CHATWORK_BASE_URL"), "{message}");
    assert!(message.contains("the command was ended after 5 s"), "{message}");
    assert!(!is_there(&case.read("pid")));
}

#[test]
fn nothing_that_a_client_starts_outlives_it_wherever_it_hides() {
    let hidden = r#"
import os, subprocess, sys
wait = [sys.executable, "-c", "import time; time.sleep(1000)"]
# One in a session of its own that keeps the output open, and one without anything of the environment.
pids = [subprocess.Popen(wait, start_new_session=True).pid]
pids.append(subprocess.Popen(["env", "-i", *wait], start_new_session=True, stdout=subprocess.DEVNULL).pid)
open("pids", "w").write("\n".join(map(str, pids)))
"#;
    let case = Case::new("hidden", &format!("{hidden}{GOOD}"));
    let (code, report, err) = case.plain(&[]);
    assert_eq!(code, 0, "{report:#}");
    assert!(err.contains("the command left 1 process(es) behind in chatwork.all-is-well; they were ended"), "{err}");
    for process in case.read("pids").lines() {
        assert!(!is_there(process), "{process}");
    }
}

#[test]
fn a_client_that_leaves_its_work_to_a_process_behind_it_is_told_so() {
    let behind = "import subprocess, sys\nwait = 'import time; time.sleep(1000)'\n\
                  subprocess.Popen([sys.executable, '-c', wait], start_new_session=True)\n";
    let (code, report, _) = Case::new("behind", behind).plain(&[]);
    assert_eq!(code, 3);
    let message = check(&report, "chatwork.client.token-in-its-header")["message"].as_str().unwrap();
    assert!(message.contains("left 1 process(es) behind, which were ended with it"), "{message}");
}

#[test]
fn a_client_that_writes_without_end_is_ended() {
    let case = Case::new("flood", "import sys\nwhile True: sys.stdout.write('y\\n' * 1000)\n");
    let (code, report, _) = case.plain(&[]);
    assert_eq!(code, 3);
    let message = check(&report, "chatwork.client.token-in-its-header")["message"].as_str().unwrap();
    assert!(message.contains("because it wrote without end"), "{message}");
}

#[test]
fn a_client_that_a_signal_ends_or_that_ends_with_a_status_does_not_work_where_all_is_well() {
    let works = "chatwork.client.works-where-all-is-well";
    for (name, end, words) in [("signal", "os.kill(os.getpid(), 9)", "signal 9"), ("status", "sys.exit(7)", "status 7")]
    {
        let case = Case::new(name, &format!("{GOOD}\nsys.stderr.write('last words\\n')\nsys.stderr.flush()\n{end}\n"));
        let (code, report, _) = case.plain(&[]);
        let found = check(&report, works);
        assert_eq!((code, &found["status"]), (0, &"warn".into()), "{name}: {found:#}");
        let message = found["message"].as_str().unwrap();
        assert!(message.contains(words) && message.contains("its stderr with \"last words\""), "{message}");
        assert_eq!(case.plain(&["--strict"]).0, 1, "{name}");
    }
}

#[test]
fn a_client_that_never_calls_the_service_is_told_where_it_would_find_it() {
    let case = Case::new("silent", "print('hello')\n");
    let (code, report, _) = case.judged(&["--format", "json"]);
    assert_eq!((code, &report["summary"]["passed"]), (3, &0.into()));
    for check in report["checks"].as_array().unwrap().iter().filter(|check| check["status"] != "skip") {
        let message = check["message"].as_str().unwrap();
        assert_eq!(check["status"], "error");
        assert!(
            message.contains("CHATWORK_API_TOKEN") && message.contains("no other scenario was played"),
            "{message}"
        );
    }
}

#[test]
fn a_token_that_a_client_shows_is_found_and_stands_in_no_report() {
    let shows = "open('token', 'w').write(token)\nprint('y' * 400000)\nprint('my token is', token)\n";
    let case = Case::new("shows", &format!("{GOOD}\n{shows}"));
    let (code, report, err) = case.plain(&["--report", "html=report.html", "--report", "markdown=report.md"]);
    let found = check(&report, "chatwork.client.token-is-not-written");
    assert_eq!((code, &found["status"]), (1, &"fail".into()), "{found:#}");
    let token = case.read("token");
    for text in [report.to_string(), err, case.read("report.html"), case.read("report.md")] {
        assert!(!text.contains(&token) && !text.contains(&token[..16]), "{text}");
    }
}

#[test]
fn ctrl_c_ends_the_client_and_writes_the_report_so_far() {
    let case =
        Case::new("interrupted", "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(1000)\n");
    let child = case.command(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !case.folder.join("pid").exists() || case.read("pid").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the client was not started");
        std::thread::yield_now();
    }
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{out}");
    assert!(out.contains("stopped before its end"), "{out}");
    assert!(!is_there(&case.read("pid")));
}

#[test]
fn a_test_suite_is_observed_once_and_its_own_status_counts() {
    let case =
        Case::new("suite", &format!("open('runs', 'a').write('x')\nprint('1 test failed')\n{GOOD}\nsys.exit(3)\n"));
    let (code, report, err) = case.judged(&["--format", "json", "--observe"]);
    assert_eq!((code, case.read("runs").as_str()), (1, "x"), "{report:#}");
    assert_eq!(report["objections"], serde_json::json!(["the command ended with status 3"]));
    assert_eq!(check(&report, "chatwork.client.token-in-its-header")["status"], "pass");
    assert!(err.contains("1 test failed"), "what it writes can be seen: {err}");
    let well = Case::new("well", GOOD);
    assert_eq!(well.judged(&["--format", "json", "--observe"]).0, 0);
}

#[test]
fn a_driver_is_told_what_to_do_and_answers_line_by_line() {
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("zoo/clients/drive/driver.py");
    let case = Case::new("driven", &fs::read_to_string(driver).unwrap());
    let (code, report, _) = case.plain(&["--drive"]);
    assert_eq!((code, &report["summary"]["requests"]), (0, &5.into()), "{report:#}");
    let mute = Case::new("mute", &format!("{GOOD}\nprint('sent!')\n"));
    let (_, report, _) = mute.plain(&["--drive"]);
    let found = check(&report, "chatwork.client.works-where-all-is-well");
    assert_eq!(found["status"], "warn", "{found:#}");
    let message = found["message"].as_str().unwrap();
    assert!(message.contains("expected a line such as"), "{message}");
}

#[test]
fn a_program_with_the_real_address_is_led_to_the_mock_and_has_to_look_at_certificates() {
    let real = |context: &str| {
        format!(
            "import os, ssl, sys, urllib.parse, urllib.request\n\
             url = 'https://api.chatwork.com/v2/rooms/' + os.environ['CHATWORK_ROOM_ID'] + '/messages'\n\
             body = urllib.parse.urlencode({{'body': 'hello'}}).encode()\n\
             request = urllib.request.Request(url, body, {{'X-ChatWorkToken': os.environ['CHATWORK_API_TOKEN']}})\n\
             try: urllib.request.urlopen(request, timeout=10, context={context}).read()\n\
             except OSError as error: sys.exit(str(error))\n"
        )
    };
    let flags = ["--format", "json", "--intercept", "--scenario", "all-is-well", "--scenario", "*certificate*"];
    let refuses = "chatwork.client.wrong-certificates-are-refused";
    let careful = Case::new("careful", &real("ssl.create_default_context()"));
    let (code, report, _) = careful.judged(&flags);
    assert_eq!((code, &check(&report, refuses)["status"]), (0, &"pass".into()), "{report:#}");
    let careless = Case::new("careless", &real("ssl._create_unverified_context()"));
    let (code, report, _) = careless.judged(&flags);
    assert_eq!((code, &check(&report, refuses)["status"]), (1, &"fail".into()), "{report:#}");
}

#[test]
fn a_plan_tells_the_stories_and_runs_nothing() {
    let case = Case::new("plan", "open('was-run', 'w')\n");
    let output = case.command(&["--plan"]).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        out.contains("chatwork.all-is-well\n") && out.contains("    chatwork.client.token-in-its-header\n"),
        "{out}"
    );
    let (_, plan, _) = case.judged(&["--plan", "--format", "json"]);
    assert!(plan["scenarios"][0]["story"].as_str().unwrap().ends_with('.'), "{plan}");
    assert!(!case.folder.join("was-run").exists());
}

#[test]
fn what_cannot_be_run_or_selects_nothing_is_told_in_a_sentence() {
    let case = Case::new("usage", GOOD);
    let told = |flags: &[&str], program: &[&str]| {
        let mut command = Command::cargo_bin("conformance").unwrap();
        command.args(["client", "--service", "chatwork"]).args(flags).arg("--").args(program);
        let output = command.current_dir(&case.folder).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let python = ["python3", "client.py"];
    for (flags, program, words) in [
        (&["--only", "nothing"][..], &python[..], "--only and --skip leave no check to run"),
        (&["--scenario", "limit-resets"], &python, "no scenario of chatwork fits 'limit-resets'"),
        (&["--scenario", "unknown-ca"], &python, "add --intercept"),
        (&[], &["./client.py"], "is not executable: make it so with chmod +x"),
        (&[], &["no-such-program"], "there is no program 'no-such-program' in PATH"),
    ] {
        let (code, err) = told(flags, program);
        assert_eq!((code, err.lines().count()), (2, 1), "{err}");
        assert!(err.contains(words), "{err}");
    }
}

/// The program that the README prints.
fn printed() -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```python\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_program_that_the_readme_prints_passes_every_check_and_its_report_fits_the_schema() {
    let case = Case::new("printed", &printed());
    let (code, report, err) = case.judged(&["--format", "json", "--strict"]);
    assert_eq!((code, err.as_str()), (0, ""), "{report:#}");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/conformance/report.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let faults: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&report).map(|fault| fault.to_string()).collect();
    assert_eq!(faults, Vec::<String>::new());
}
