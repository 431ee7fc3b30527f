//! Who may use what: judging stays pure, and reports know nothing of targets.

use std::fs;
use std::path::{Path, PathBuf};

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
