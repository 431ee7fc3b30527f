//! `conformance demo`, as somebody calls it who has just heard of it.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::program::{conformance, folder, run};
use common::shelf;

/// The secret of the demo's integrations.
const SECRET: &str = "W6agAERo0Il0Y2blfz7v5TKrGanFzCIWakZcezo/YeU=";

fn demo(out: &Path) -> Command {
    let mut command = conformance();
    command.args(["demo", "--out"]).arg(out);
    command
}

/// The text with `#.# s` for each time that was measured.
fn without_seconds(text: &str) -> String {
    let is_measured = |word: &str| {
        word.split_once('.')
            .is_some_and(|(whole, tenths)| [whole, tenths].iter().all(|part| part.parse::<u32>().is_ok()))
    };
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let bare = word.trim_end();
        if is_measured(bare) { word.replace(bare, "#.#") } else { word.to_owned() }
    });
    words.collect()
}

#[test]
fn the_right_programs_pass_the_wrong_ones_are_caught_and_reports_are_on_the_disk() {
    let out = folder("demo");
    let (code, printed, said) = run(&mut demo(&out));
    assert_eq!(code, 0, "{printed}{said}");
    assert!(printed.lines().all(|line| line.chars().count() <= 100), "{printed}");
    let shown = without_seconds(&printed.replace(out.to_str().unwrap(), "OUT"));
    shelf().bind(|| insta::assert_snapshot!("demo", shown));
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    let reports: Vec<&str> = page.split("href=\"").skip(2).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(reports.len() >= 4, "{page}");
    for report in reports {
        let text = fs::read_to_string(out.join(report)).unwrap();
        assert!(text.starts_with("<!DOCTYPE html>") && text.contains("</html>"), "{report}");
        assert!(!text.contains(SECRET), "{report} holds the secret");
    }
}

#[test]
fn a_place_that_cannot_be_written_to_is_said_at_once() {
    let out = folder("demo-blocked").join("file");
    fs::write(&out, "in the way").unwrap();
    let (code, printed, said) = run(&mut demo(&out));
    assert_eq!((code, printed.as_str()), (2, ""));
    assert!(said.contains("cannot be written") && said.contains("--out"), "{said}");
}
