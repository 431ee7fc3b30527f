//! The folder with snapshots: one file for each check.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file::Snapshot;
use super::mask::Mask;
use super::observed::Observed;
use crate::report::diff::{self, Side};
use crate::run::event::{CaseReport, CheckReport};
use crate::run::verdict::Status;

/// The snapshots of one run.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    accept: bool,
    mask: Mask,
    observed: BTreeMap<String, Observed>,
    written: usize,
}

/// A snapshot that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The accepted file.
    pub file: PathBuf,
    /// What was accepted; empty when nothing was.
    pub old: String,
    /// What was observed since.
    pub new: Snapshot,
}

impl Shelf {
    /// Opens a folder, and makes it if it is missing. With `accept`, what changed is written over what was there.
    ///
    /// # Errors
    /// When there is none and none can be made.
    pub fn open(folder: &Path, accept: bool, mask: Mask) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), accept, mask, observed: BTreeMap::new(), written: 0 })
    }

    /// Takes note of a case.
    pub fn note(&mut self, case: &CaseReport) {
        self.observed.entry(case.check.clone()).or_default().note(case, self.mask);
    }

    /// Holds a check against its file, and writes the file if there is none. What differs is an objection, with the lines.
    /// A check that was not settled says nothing about how the endpoint behaves.
    pub fn compare(&mut self, report: &CheckReport) -> Option<String> {
        let observed = self.observed.remove(&report.id)?;
        if matches!(report.status, Status::Skip | Status::Error) {
            return None;
        }
        let new = Snapshot { check: report.id.clone(), contents: observed.text(&report.title) };
        let file = self.folder.join(format!("{}.snap", report.id));
        self.settle(&file, &new)
            .unwrap_or_else(|error| Some(format!("the snapshot {} cannot be kept: {error}", file.display())))
    }

    /// How many files were written for the first time, or replaced.
    pub fn written(&self) -> usize {
        self.written
    }

    fn settle(&mut self, file: &Path, new: &Snapshot) -> io::Result<Option<String>> {
        let old = match fs::read_to_string(file) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(old) = old else {
            self.written += 1;
            write(file, new)?;
            return Ok(None);
        };
        let Some(old) = Snapshot::from_text(&old) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what stands there is no snapshot of conformance"));
        };
        let waiting = waiting(file);
        if old.contents == new.contents.trim_end() {
            // What differed in an earlier run does not any more.
            remove(&waiting)?;
            return Ok(None);
        }
        if self.accept {
            self.written += 1;
            write(file, new)?;
            remove(&waiting)?;
            return Ok(None);
        }
        write(&waiting, new)?;
        Ok(Some(format!(
            "{} does not behave as in {}: see 'conformance snapshots review', or run with --accept-snapshots\n{}",
            new.check,
            file.display(),
            comparison(&old.contents, &new.contents)
        )))
    }
}

/// Every snapshot of a folder that waits for a decision, by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn pending(folder: &Path) -> io::Result<Vec<Pending>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(file) =
            path.to_str().and_then(|name| name.strip_suffix(".new")).filter(|name| name.ends_with(".snap"))
        else {
            continue;
        };
        // A snapshot of somebody's tests is not ours to decide about.
        let Some(new) = Snapshot::from_text(&fs::read_to_string(&path)?) else { continue };
        let file = PathBuf::from(file);
        let old = fs::read_to_string(&file).ok().and_then(|text| Snapshot::from_text(&text));
        found.push(Pending { file, old: old.map(|old| old.contents).unwrap_or_default(), new });
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(found)
}

impl Pending {
    /// From now on this is what is expected.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn accept(&self) -> io::Result<()> {
        write(&self.file, &self.new)?;
        remove(&waiting(&self.file))
    }

    /// What was expected stays.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn reject(&self) -> io::Result<()> {
        remove(&waiting(&self.file))
    }
}

/// The lines that differ, each with three around it.
pub fn comparison(old: &str, new: &str) -> String {
    let lines = diff::lines(old, new);
    let near = |place: usize| {
        let from = place.saturating_sub(AROUND);
        lines.iter().skip(from).take(place - from + AROUND + 1).any(|line| line.side != Side::Both)
    };
    let mut text: Vec<String> = Vec::new();
    let mut left_out = false;
    for (place, line) in lines.iter().enumerate() {
        if near(place) {
            text.push(format!("{} {}", line.side.sign(), line.text));
            left_out = false;
        } else if !left_out {
            text.push("  …".to_owned());
            left_out = true;
        }
    }
    text.join("\n")
}

/// Whole or not at all: a run that ends here leaves no half file.
fn write(file: &Path, snapshot: &Snapshot) -> io::Result<()> {
    let unfinished = file.with_extension("unfinished");
    fs::write(&unfinished, snapshot.to_text())?;
    fs::rename(&unfinished, file)
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Where what differs waits, as insta names it.
fn waiting(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// Lines around a difference.
const AROUND: usize = 3;
