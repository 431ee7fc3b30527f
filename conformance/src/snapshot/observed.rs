//! What was observed of one check, as text: one paragraph for each way in which its cases were answered. Pure.

use serde_json::Value;

use super::mask::Mask;
use crate::run::event::CaseReport;
use crate::run::evidence::Received;

/// The cases of one check and how each was answered.
#[derive(Clone, Debug, Default)]
pub struct Observed(Vec<(String, String)>);

impl Observed {
    /// Takes note of a case. The last answer counts for a case that is repeated.
    pub fn note(&mut self, case: &CaseReport, mask: Mask) {
        let answer = match &case.response {
            Some(response) => answer(response, mask),
            None => mask.text(&case.outcome),
        };
        match self.0.iter_mut().find(|(name, _)| *name == case.case) {
            Some((_, known)) => *known = answer,
            None => self.0.push((case.case.clone(), answer)),
        }
    }

    /// One paragraph for each answer, in the order in which they were first seen.
    pub fn text(&self, title: &str) -> String {
        let mut groups: Vec<(Vec<&str>, &str)> = Vec::new();
        for (case, answer) in &self.0 {
            match groups.iter_mut().find(|(_, known)| known == answer) {
                Some((cases, _)) => cases.push(case),
                None => groups.push((vec![case], answer)),
            }
        }
        let mut text = title.to_owned();
        for (cases, answer) in groups {
            text.push_str("\n\ncases:\n");
            for case in cases {
                text.push_str(&format!("  {case}\n"));
            }
            text.push_str("answer:\n");
            let lines: Vec<String> =
                answer.lines().map(|line| if line.is_empty() { String::new() } else { format!("  {line}") }).collect();
            text.push_str(&lines.join("\n"));
        }
        text
    }
}

fn answer(response: &Received, mask: Mask) -> String {
    let mut text = response.status.to_string();
    for (name, value) in response.headers.iter().filter(|(name, _)| HEADERS.contains(&name.as_str())) {
        text.push_str(&format!("\n{name}: {}", mask.header(name, value)));
    }
    match body(&response.body, mask) {
        body if body.is_empty() => text.push_str("\n\n(no body)"),
        body => text.push_str(&format!("\n\n{body}")),
    }
    text
}

fn body(shown: &str, mask: Mask) -> String {
    match serde_json::from_str::<Value>(shown) {
        Ok(mut value) => {
            mask.json(&mut value);
            serde_json::to_string_pretty(&value).unwrap_or_else(|_| mask.text(shown))
        }
        Err(_) => mask.text(shown),
    }
}

/// The headers that say how an endpoint behaves. Others belong to servers and proxies, and come and go with their versions.
const HEADERS: [&str; 9] = [
    "allow",
    "cache-control",
    "content-encoding",
    "content-type",
    "date",
    "location",
    "retry-after",
    "set-cookie",
    "www-authenticate",
];

#[cfg(test)]
mod tests {
    use contract::time::UnixMillis;

    use super::*;
    use crate::run::verdict::Status;

    fn case(name: &str, status: u16, body: &str) -> CaseReport {
        CaseReport {
            check: "a.b.c".to_owned(),
            case: name.to_owned(),
            status: Status::Pass,
            deviation: None,
            outcome: String::new(),
            duration_ms: 1,
            response: Some(Received {
                status,
                version: "HTTP/1.1".to_owned(),
                headers: vec![
                    ("date".to_owned(), "Sat, 31 Jan 2026 02:00:00 GMT".to_owned()),
                    ("server".to_owned(), "x/1.2.3".to_owned()),
                ],
                body: body.to_owned(),
                body_bytes: body.len(),
            }),
        }
    }

    #[test]
    fn cases_with_the_same_answer_stand_together() {
        let mask = Mask { began: UnixMillis(1_769_824_800_000) };
        let mut observed = Observed::default();
        for case in [case("one", 200, "{\"ok\":true}"), case("two", 401, ""), case("three", 200, "{ \"ok\": true }")] {
            observed.note(&case, mask);
        }
        assert_eq!(
            observed.text("it holds"),
            "it holds\n\ncases:\n  one\n  three\nanswer:\n  200\n  date: [http-date]\n\n  {\n    \"ok\": true\n  }\n\n\
             cases:\n  two\nanswer:\n  401\n  date: [http-date]\n\n  (no body)"
        );
    }
}
