//! A page that leads to the reports of several runs.

use maud::{DOCTYPE, PreEscaped, html};

use super::document::Document;
use super::html::{STYLE, mood, policy, word};
use super::look::totals;
use super::text::sign;
use crate::run::verdict::Status;

/// One report of several.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// What was judged, in a few words.
    pub words: &'a str,
    /// The report's file, beside this page.
    pub file: &'a str,
    /// What was found.
    pub document: &'a Document,
}

/// The page.
pub fn page(title: &str, entries: &[Entry<'_>]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { h1 { (title) } }
                main {
                    @for entry in entries {
                        section .check .(entry.document.verdict.word()) {
                            h2 { a href=(entry.file) { (entry.words) } }
                            p {
                                span .status { (sign(mood(entry.document.verdict))) " " (word(entry.document.verdict)) }
                                ": " (totals(&entry.document.summary, entry.document.duration_ms))
                            }
                            @for check in entry.document.checks.iter().filter(|check| check.status == Status::Fail) {
                                p dir="auto" { (check.title) ": " (check.message) }
                            }
                        }
                    }
                }
            }
        }
    };
    format!("{}\n", page.into_string())
}
