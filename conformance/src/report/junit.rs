//! JUnit XML: one suite, one test case for each check.

use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Reporter;
use super::document::{Collector, Document};
use super::look::{deciding, objection, transcript};
use crate::run::event::{CheckReport, Event};
use crate::run::verdict::Status;

/// Writes the document at the end of the run.
#[derive(Debug)]
pub struct Junit<W> {
    out: W,
    collector: Collector,
}

impl<W: Write> Junit<W> {
    /// A report to a writer.
    pub fn new(out: W) -> Self {
        Self { out, collector: Collector::default() }
    }
}

impl<W: Write> Reporter for Junit<W> {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        let Some(document) = self.collector.tell(event) else { return Ok(()) };
        report(&document).serialize(&mut self.out).map_err(io::Error::other)?;
        self.out.flush()
    }
}

fn report(document: &Document) -> Report {
    let mut suite = TestSuite::new(format!("{} {}", document.subject.service, document.subject.kind.word()));
    suite.set_time(Duration::from_millis(document.duration_ms));
    suite.add_property(("target", document.subject.target.as_str()));
    suite.add_property(("seed", document.seed.to_string().as_str()));
    for declared in &document.declared {
        suite.add_property(("declared", declared.as_str()));
    }
    suite.add_test_cases(document.checks.iter().map(case));
    suite.add_test_cases(document.objections.iter().enumerate().map(|(place, text)| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(objection(text).0).set_description(text.as_str());
        let mut case = TestCase::new(format!("objection {}", place + 1), status);
        case.set_classname("Run");
        case
    }));
    let mut report = Report::new(document.tool.name.as_str());
    report.set_time(Duration::from_millis(document.duration_ms));
    report.add_test_suite(suite);
    report
}

fn case(check: &CheckReport) -> TestCase {
    let mut case = TestCase::new(check.id.as_str(), status(check));
    case.set_classname(check.area.heading());
    case.set_time(Duration::from_millis(check.duration_ms));
    if matches!(check.status, Status::Warn | Status::Flaky) {
        // JUnit knows no warning: the case passes and says so.
        case.set_system_out(format!("{}: {}\n{}", check.status.word(), check.message, description(check)));
    }
    case
}

fn status(check: &CheckReport) -> TestCaseStatus {
    let kind = match check.status {
        Status::Pass | Status::Warn | Status::Flaky => return TestCaseStatus::success(),
        Status::Skip => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(check.message.as_str());
            return skipped;
        }
        Status::Fail => NonSuccessKind::Failure,
        Status::Error => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(check.message.as_str()).set_type(check.level.word()).set_description(description(check));
    status
}

fn description(check: &CheckReport) -> String {
    let rows = [
        ("title", Some(&check.title)),
        ("expected", check.expected.as_ref()),
        ("actual", check.actual.as_ref()),
        ("clause", Some(&check.clause)),
        ("hint", check.hint.as_ref()),
        ("again", check.reproduce.as_ref()),
        ("replay", check.replay.as_ref()),
    ];
    let lines: Vec<String> = rows.iter().filter_map(|(name, text)| Some(format!("{name}: {}", (*text)?))).collect();
    let exchange = deciding(check).map(|evidence| {
        let (sent, received) = transcript(evidence);
        format!("sent:\n{sent}\nreceived:\n{received}")
    });
    lines.into_iter().chain(exchange).collect::<Vec<_>>().join("\n")
}
