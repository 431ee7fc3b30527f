//! What every report says of an exchange and of a run, in the same words.

use super::document::Document;
use super::text::{counted, counts};
use crate::run::event::CheckReport;
use crate::run::evidence::Evidence;
use crate::run::verdict::Summary;

/// The exchange of the deciding case itself, without its control events.
pub(crate) fn deciding(check: &CheckReport) -> Option<&Evidence> {
    check.evidence.iter().find(|evidence| !evidence.step.starts_with("control "))
}

/// The first line of a request.
pub(crate) fn request_line(evidence: &Evidence) -> String {
    format!("{} {} ({})", evidence.request.method, evidence.request.target, bytes(evidence.request.body_bytes))
}

/// The first line of an answer, or what went wrong.
pub(crate) fn response_line(evidence: &Evidence) -> String {
    let fault = evidence.fault.as_deref();
    match &evidence.response {
        None => format!("no answer: {}", fault.unwrap_or("nothing came")),
        Some(answer) => {
            let cut = fault.map(|fault| format!(", then {fault}")).unwrap_or_default();
            format!("{} ({}){cut}", answer.status, bytes(answer.body_bytes))
        }
    }
}

/// Request and answer as they would stand on the wire, bounded.
pub(crate) fn transcript(evidence: &Evidence) -> (String, String) {
    let head = |first: String, headers: &[(String, String)]| {
        headers.iter().fold(first, |head, (name, value)| format!("{head}\n{name}: {value}"))
    };
    let request = &evidence.request;
    let sent = head(format!("{} {}", request.method, request.target), &request.headers);
    let received = evidence.response.as_ref().map_or_else(
        || response_line(evidence),
        |answer| {
            let head = head(format!("{} {}", answer.version, answer.status), &answer.headers);
            let cut = evidence.fault.as_ref().map(|fault| format!("\n({fault})")).unwrap_or_default();
            format!("{head}\n\n{}{cut}", answer.body)
        },
    );
    (format!("{sent}\n\n{}", request.body), received)
}

/// What a run came to, in one line.
pub(crate) fn totals(summary: &Summary, duration_ms: u64) -> String {
    format!(
        "{} ({}, {}, {duration_ms} ms)",
        counts(summary),
        counted(summary.cases, "case"),
        counted(summary.requests, "request"),
    )
}

/// What was judged, in words.
pub(crate) fn subject(document: &Document) -> String {
    format!("{} of {}", document.subject.kind.word(), document.subject.service)
}

/// An objection's sentence, and the lines of a comparison below it, if it has any.
pub(crate) fn objection(text: &str) -> (&str, Option<&str>) {
    match text.split_once('\n') {
        Some((sentence, lines)) => (sentence, Some(lines)),
        None => (text, None),
    }
}

fn bytes(count: usize) -> String {
    counted(count as u64, "byte")
}
