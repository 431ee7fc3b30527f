//! The form of a snapshot file. Pure.

/// A snapshot: the check that it belongs to, and what was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The check's id.
    pub check: String,
    /// What was observed, without line ends at its end.
    pub contents: String,
}

impl Snapshot {
    /// The text of the file.
    pub fn to_text(&self) -> String {
        format!("---\nsource: {SOURCE}\nexpression: {}\n---\n{}\n", self.check, self.contents.trim_end())
    }

    /// Reads a file. None when it is none of ours: a folder may hold the snapshots of others too.
    pub fn from_text(text: &str) -> Option<Self> {
        // An editor may have saved it with other line ends.
        let text = text.replace("\r\n", "\n");
        let (head, contents) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
        let value = |key: &str| head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        if value("source") != Some(SOURCE) {
            return None;
        }
        Some(Self { check: value("expression")?.to_owned(), contents: contents.trim_end().to_owned() })
    }
}

/// Tells our files from those of tests.
const SOURCE: &str = "conformance";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_reads_as_it_was_written() {
        let snapshot = Snapshot { check: "a.b.c".to_owned(), contents: "200\n---\nไทย 😀".to_owned() };
        assert_eq!(Snapshot::from_text(&snapshot.to_text()), Some(snapshot.clone()));
        assert_eq!(Snapshot::from_text(&snapshot.to_text().replace('\n', "\r\n")), Some(snapshot));
    }

    #[test]
    fn what_others_wrote_is_left_alone() {
        assert_eq!(Snapshot::from_text("---\nsource: tests/web.rs\nexpression: x\n---\n1\n"), None);
        assert_eq!(Snapshot::from_text("anything"), None);
    }
}
