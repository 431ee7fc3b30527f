//! What the demo prints: a line for each program, what it was caught at, and how to go on.

use std::io::{self, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};

use super::subject::Subject;
use crate::check::Kind;
use crate::report::document::Document;
use crate::report::text::{counts, wrapped};
use crate::run::verdict::{Status, Verdict};

/// Prints it.
pub(super) fn print(out: &mut impl Write, subjects: &[Subject], judged: &[Document], page: &Path) -> io::Result<()> {
    let bold = Style::new().bold();
    for (subject, document) in subjects.iter().zip(judged) {
        let (sign, color) = match document.verdict {
            Verdict::Pass => ("✔ PASS", AnsiColor::Green),
            Verdict::Fail => ("✘ FAIL", AnsiColor::Red),
            Verdict::Error => ("? ERROR", AnsiColor::Yellow),
        };
        let style = Style::new().bold().fg_color(Some(color.into()));
        let line = wrapped("        ", &format!("{}: {}", subject.words, counts(&document.summary)));
        write!(out, "{style}{sign:<8}{style:#}{}", line.trim_start())?;
        let failed = document.checks.iter().filter(|check| check.status == Status::Fail);
        for check in failed.take(SHOWN) {
            write!(out, "{}", wrapped("          ", &format!("{}: {}", check.title, check.message)))?;
        }
    }
    writeln!(out, "\nreport: {}\n", page.display())?;
    writeln!(out, "{bold}Now your own{bold:#}")?;
    let kinds = subjects.iter().map(|subject| subject.kind());
    for (kind, words, command) in NEXT {
        if kinds.clone().any(|own| own == kind) {
            writeln!(out, "\n  {words}\n{command}")?;
        }
    }
    Ok(())
}

/// How many failed checks of one program are shown.
const SHOWN: usize = 3;

const NEXT: [(Kind, &str, &str); 3] = [
    (
        Kind::Webhook,
        "An endpoint that receives webhooks:",
        "    conformance webhook http://127.0.0.1:8080/webhook \\\n        --service chatwork --secret-env CHATWORK_WEBHOOK_TOKEN",
    ),
    (
        Kind::Webhook,
        "The same, with the mock beside it, to see what it then calls:",
        "    conformance webhook http://127.0.0.1:8080/webhook \\\n        --service chatwork --secret-env CHATWORK_WEBHOOK_TOKEN --with-mock 127.0.0.1:4010",
    ),
    (
        Kind::Client,
        "Any program that calls the API:",
        "    conformance client --service chatwork -- python3 your_script.py",
    ),
];
