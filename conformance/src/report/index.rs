//! A page that leads to the reports of several runs.

use maud::{DOCTYPE, html};

use super::document::Document;
use super::html::{mood, page_head, word};
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
            (page_head(title))
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
