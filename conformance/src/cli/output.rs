//! Where results go.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

/// Where results go, and in which form.
#[derive(Debug, Args)]
pub struct Output {
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Also writes a report to a file; kinds: json, junit, html, markdown. May be repeated.
    #[arg(long, value_name = "KIND=FILE", value_parser = ReportFile::from_str)]
    pub report: Vec<ReportFile>,
    /// Annotations for GitHub Actions, and a page in the file that GITHUB_STEP_SUMMARY names.
    #[arg(long)]
    pub github: bool,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One document at the end.
    Json,
    /// One event a line, as it happens.
    Jsonl,
}

/// A report that is written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// Its form.
    pub kind: ReportKind,
    /// Where it goes.
    pub file: PathBuf,
}

/// The forms of report files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// The JSON document.
    Json,
    /// JUnit XML.
    Junit,
    /// One HTML file.
    Html,
    /// Markdown.
    Markdown,
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, file) = text
            .split_once('=')
            .filter(|(_, file)| !file.is_empty())
            .ok_or_else(|| "expected KIND=FILE, such as junit=conformance.xml".to_owned())?;
        let kind = match kind {
            "json" => ReportKind::Json,
            "junit" => ReportKind::Junit,
            "markdown" => ReportKind::Markdown,
            "html" => ReportKind::Html,
            other => return Err(format!("unknown kind of report '{other}': expected json, junit, html or markdown")),
        };
        Ok(Self { kind, file: PathBuf::from(file) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_file_has_a_known_kind_and_a_name() {
        assert_eq!("junit=a=b.xml".parse::<ReportFile>().unwrap().file, PathBuf::from("a=b.xml"));
        assert!("junit=".parse::<ReportFile>().is_err());
        assert_eq!("html=x".parse::<ReportFile>().unwrap().kind, ReportKind::Html);
        assert!("pdf=x".parse::<ReportFile>().unwrap_err().contains("pdf"));
    }
}
