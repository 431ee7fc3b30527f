//! Between the engine and the reporters: what is known to fail, what changed, and what both mean for the verdict.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::baseline::Baseline;
use super::event::{CheckReport, Event, RunReport};
use super::verdict::{Status, Summary, Verdict};
use crate::snapshot::shelf::Shelf;

/// Amends the events of one run.
#[derive(Debug)]
pub struct Ledger {
    baseline: Baseline,
    today: Date,
    snapshots: Option<Shelf>,
    results: BTreeMap<String, Status>,
    summary: Summary,
    objections: Vec<String>,
}

impl Ledger {
    /// A ledger; without snapshots nothing is compared.
    pub fn new(baseline: Baseline, today: Date, snapshots: Option<Shelf>) -> Self {
        Self {
            baseline,
            today,
            snapshots,
            results: BTreeMap::new(),
            summary: Summary::default(),
            objections: Vec::new(),
        }
    }

    /// The event as reporters are to see it.
    pub fn amend(&mut self, event: &Event) -> Event {
        match event {
            Event::CaseFinished(case) => {
                if let Some(shelf) = &mut self.snapshots {
                    shelf.note(case);
                }
                event.clone()
            }
            Event::CheckFinished(report) => Event::CheckFinished(Box::new(self.check(report))),
            Event::RunFinished(report) => Event::RunFinished(self.run(report)),
            Event::RunStarted(_) | Event::CheckStarted(_) => event.clone(),
        }
    }

    /// How many snapshots were written for the first time, or replaced.
    pub fn written(&self) -> usize {
        self.snapshots.as_ref().map_or(0, Shelf::written)
    }

    fn check(&mut self, report: &CheckReport) -> CheckReport {
        self.results.insert(report.id.clone(), report.status);
        if let Some(shelf) = &mut self.snapshots {
            self.objections.extend(shelf.compare(report));
        }
        let report = self.baseline.applied(report.clone(), self.today);
        self.summary.count(report.status, report.cases);
        report
    }

    fn run(&mut self, report: &RunReport) -> RunReport {
        self.summary.requests = report.summary.requests;
        let mut objections = report.objections.clone();
        objections.append(&mut self.objections);
        objections.extend(self.baseline.objections(&self.results, self.today));
        let verdict = if objections.is_empty() { self.summary.verdict() } else { Verdict::Fail };
        RunReport { verdict, summary: self.summary, objections, ..report.clone() }
    }
}
