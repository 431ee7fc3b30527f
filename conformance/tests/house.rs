//! Who may use what: judging stays pure, and reports know nothing of targets. And what every check tells of itself.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// Every Rust file of a room: a file of `src`, or a folder with all that is in it.
fn files(room: &str) -> Vec<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
    if path.is_file() {
        return vec![path];
    }
    let mut found = Vec::new();
    let mut folders = vec![path];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    assert!(!found.is_empty(), "{room} is empty");
    found
}

fn assert_never_uses(room: &str, banned: &[&str]) {
    for file in files(room) {
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in banned {
                assert!(!code.contains(word), "{}:{}: '{word}' in '{line}'", file.display(), number + 1);
            }
        }
    }
}

#[test]
fn what_is_asked_and_how_it_is_judged_does_no_io() {
    for room in ["ask", "checks", "catalog.rs", "check.rs", "run/verdict.rs", "run/event.rs"] {
        assert_never_uses(
            room,
            &["tokio", "hyper", "std::net", "std::fs", "std::env", "courier::socket", "courier::address", "report::"],
        );
    }
}

#[test]
fn reports_know_events_and_nothing_of_targets_and_checks() {
    assert_never_uses(
        "report",
        &["tokio", "hyper", "courier::socket", "courier::address", "checks::", "catalog", "session", "std::fs"],
    );
}

#[test]
fn only_the_settings_read_the_environment_and_only_the_clock_reads_the_time() {
    for room in ["run", "report", "sample"] {
        assert_never_uses(room, &["std::env::"]);
    }
    let readers: Vec<PathBuf> =
        files("").into_iter().filter(|file| fs::read_to_string(file).unwrap().contains("SystemTime::now")).collect();
    assert!(readers.len() == 1 && readers[0].ends_with("run/clock.rs"), "{readers:?}");
}

#[test]
fn no_file_is_longer_than_its_reader_is_patient() {
    for file in files("") {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 600, "{} has {lines} lines", file.display());
    }
}

fn printed(arguments: &[&str]) -> String {
    let output = Command::cargo_bin("conformance").unwrap().args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The texts of an explanation, each with its label, and its lines put together again.
fn rows(told: &str) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for line in told.lines().skip(1).filter(|line| !line.is_empty()) {
        let (label, text) = line.split_at(12);
        match (label.trim(), rows.last_mut()) {
            ("", Some((_, before))) => *before = format!("{before} {text}"),
            (label, _) => rows.push((label.to_owned(), text.to_owned())),
        }
    }
    rows
}

#[test]
fn every_explanation_is_whole_and_fits_the_page() {
    let list: Value = serde_json::from_str(&printed(&["list", "--format", "json"])).unwrap();
    for check in list["checks"].as_array().unwrap() {
        let id = check["id"].as_str().unwrap();
        let page = printed(&["explain", id]);
        assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
        let (told, command) = page.split_once("\n  conformance ").unwrap();
        assert!(command.replace("\\\n      ", "").contains(&format!("--only {id}")), "{page}");
        assert_eq!(told.lines().next(), Some(id));

        let rows = rows(told);
        for (label, text) in rows.iter().filter(|(label, _)| label != "judges") {
            assert!(text.contains(' ') && text.ends_with('.') && !text.ends_with(".."), "{label}: {text}");
            assert!(!["  ", " ,", " ."].iter().any(|slip| text.contains(slip)), "{label}: {text}");
        }
        let of = |label| rows.iter().filter(|(own, _)| own == label).map(|(_, text)| text.as_str()).collect::<Vec<_>>();
        for label in ["asks", "judges", "level", "why", "hint"] {
            assert_eq!(of(label).len(), 1, "{label}:\n{page}");
        }
        let clauses = check["clauses"].as_array().unwrap();
        let words =
            |clause: &Value| format!("{}: {}", clause["id"].as_str().unwrap(), clause["words"].as_str().unwrap());
        assert_eq!(of("clause"), clauses.iter().map(words).collect::<Vec<_>>());
        assert_eq!(of("source").len(), clauses.len(), "{page}");
        for (clause, told) in clauses.iter().zip(of("source")) {
            let source = clause["source"].as_str().unwrap();
            assert!(source == "ours" || told.contains(source), "{told}");
            // A name that only this project knows is short.
            assert!(source == "ours" || source.split("; ").all(|name| name.len() > 10), "{}: {source}", clause["id"]);
        }
    }
}

#[test]
fn no_check_of_one_service_speaks_of_the_other() {
    let list: Value = serde_json::from_str(&printed(&["list", "--format", "json"])).unwrap();
    for check in list["checks"].as_array().unwrap() {
        let other: &[&str] = match check["service"].as_str().unwrap() {
            "chatwork" => &["Chatday", "signature token", "Register"],
            _ => &["Chatwork", "X-RateLimit", "room", "webhook setting"],
        };
        for text in ["title", "rationale", "hint"].map(|name| check[name].as_str().unwrap()) {
            assert!(!other.iter().any(|word| text.contains(word)), "{}: {text}", check["id"]);
        }
    }
}
