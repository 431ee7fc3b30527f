//! Lines of bounded width.

use crate::run::verdict::{Status, Summary};

/// The widest line, in characters. Only a command that is meant to be copied may be longer.
pub(crate) const WIDTH: usize = 100;

/// A text in lines: the first begins with `first`, the others with as many blanks. Words longer than a line are cut; a
/// no-break space keeps words together and is printed as a blank.
pub(crate) fn wrapped(first: &str, text: &str) -> String {
    let indent = first.chars().count();
    let room = WIDTH.saturating_sub(indent).max(20);
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()).flat_map(|word| pieces(word, room)) {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > room {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    format!("{first}{}\n", lines.join(&format!("\n{}", " ".repeat(indent))).replace('\u{a0}', " "))
}

fn pieces(word: &str, room: usize) -> Vec<String> {
    let characters: Vec<char> = word.chars().collect();
    characters.chunks(room).map(|piece| piece.iter().collect()).collect()
}

/// `1 case`, `2 cases`.
pub(crate) fn counted(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// `10 passed, 1 failed`: what is not zero, in the order of weight.
pub(crate) fn counts(summary: &Summary) -> String {
    let parts = [
        (summary.failed, "failed"),
        (summary.errored, "not settled"),
        (summary.flaky, "flaky"),
        (summary.warned, "warned"),
        (summary.skipped, "skipped"),
        (summary.passed, "passed"),
    ];
    let words: Vec<String> =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    if words.is_empty() { "nothing judged".to_owned() } else { words.join(", ") }
}

/// A sign beside the word, for whoever sees no colours.
pub(crate) fn sign(status: Status) -> char {
    match status {
        Status::Pass => '✔',
        Status::Skip => '-',
        Status::Warn => '!',
        Status::Flaky => '~',
        Status::Error => '?',
        Status::Fail => '✘',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_page() {
        let text = "word ".repeat(60) + &"x".repeat(250);
        let wrapped = wrapped("    label  ", &text);
        assert!(wrapped.lines().all(|line| line.chars().count() <= WIDTH), "{wrapped}");
        assert!(wrapped.lines().skip(1).all(|line| line.starts_with("           ")));
    }

    #[test]
    fn only_what_happened_is_counted() {
        let summary = Summary { passed: 2, failed: 1, ..Summary::default() };
        assert_eq!(counts(&summary), "1 failed, 2 passed");
        assert_eq!(counts(&Summary::default()), "nothing judged");
    }
}
