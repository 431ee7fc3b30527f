//! One JSON document at the end of the run.

use std::io::{self, Write};

use super::Reporter;
use super::document::Collector;
use crate::run::event::Event;

/// Writes the document of [`super::document`].
#[derive(Debug)]
pub struct Json<W> {
    out: W,
    collector: Collector,
}

impl<W: Write> Json<W> {
    /// A report to a writer.
    pub fn new(out: W) -> Self {
        Self { out, collector: Collector::default() }
    }
}

impl<W: Write> Reporter for Json<W> {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        let Some(document) = self.collector.tell(event) else { return Ok(()) };
        serde_json::to_writer_pretty(&mut self.out, &document)?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}
