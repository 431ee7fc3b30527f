//! `conformance merge`.

use super::reporters::Reporters;
use super::{Failure, Voice};
use crate::catalog;
use crate::cli::Merge;
use crate::exit::Exit;
use crate::report::document::{Document, SCHEMA};
use crate::run::event::Event;
use crate::settings;

pub(super) fn run(typed: &Merge, voice: &mut Voice) -> Result<Exit, Failure> {
    let mut parts = Vec::new();
    for file in &typed.files {
        let text = settings::read(file, "the report")?;
        let document: Document = serde_json::from_str(&text)
            .map_err(|error| Failure::Usage(format!("{} is no JSON report of conformance: {error}", file.display())))?;
        if document.schema != SCHEMA {
            let found = &document.schema;
            return Err(Failure::Usage(format!("{} has the form '{found}', not '{SCHEMA}'", file.display())));
        }
        parts.push((file.display().to_string(), document));
    }
    let order: Vec<&str> = catalog::all().iter().map(|check| check.id).collect();
    let whole = Document::joined(parts, &order).map_err(Failure::Usage)?;
    let mut reporters = Reporters::open(&typed.output, voice)?;
    let mut finished = None;
    for event in whole.events() {
        reporters.tell(&event);
        if let Event::RunFinished(report) = event {
            finished = Some(report);
        }
    }
    let Some(report) = finished else { return Err(Failure::Harness("the report came to no end".to_owned())) };
    reporters.end(&report, voice)
}
