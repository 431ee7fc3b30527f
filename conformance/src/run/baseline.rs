//! What is known to fail, and why, until when; and what is known to be flaky. Pure: the date is an argument.

use std::collections::BTreeMap;

use contract::reader::{Faults, Node, Object};
use jiff::civil::Date;
use serde_json::Value;

use super::event::CheckReport;
use super::verdict::Status;
use crate::catalog::{self, glob};
use crate::check::Check;

/// The file that names known failures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: Vec<Entry>,
    flaky: Vec<(Entry, u32)>,
}

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    check: String,
    reason: String,
    owner: String,
    expires: Date,
}

impl Baseline {
    /// Reads the file.
    ///
    /// # Errors
    /// Every fault, with its place as a JSON pointer.
    pub fn from_toml(text: &str) -> Result<Self, Vec<String>> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| vec![error.to_string()])?;
        let value = Value::Object(table.into_iter().map(|(key, value)| (key, json(value))).collect());
        let faults = Faults::default();
        let object = Node::root(&value, &faults).object();
        let lines = |key| match object.optional(key) {
            Some(node) => node.list(),
            None => Vec::new(),
        };
        let mut read = Self::default();
        for node in lines("known") {
            let line = node.object();
            read.known.extend(entry(&line));
            line.finish();
        }
        for node in lines("flaky") {
            let line = node.object();
            let repeat = line.optional_integer("repeat", 2, 10).and_then(|repeat| u32::try_from(repeat).ok());
            read.flaky.extend(entry(&line).map(|entry| (entry, repeat.unwrap_or(REPEAT))));
            line.finish();
        }
        object.finish();
        if faults.is_empty() {
            return Ok(read);
        }
        Err(faults.into_sorted().iter().map(ToString::to_string).collect())
    }

    /// How often each of these checks may be repeated until it passes.
    pub fn attempts(&self, checks: &[&Check], today: Date) -> BTreeMap<String, u32> {
        let mut attempts = BTreeMap::new();
        for check in checks {
            let listed = self.flaky.iter().filter(|(entry, _)| entry.names(check.id) && today <= entry.expires);
            if let Some(most) = listed.map(|(_, repeat)| *repeat).max() {
                attempts.insert(check.id.to_owned(), most);
            }
        }
        attempts
    }

    /// The report of a check, with a known failure turned into a warning.
    pub fn applied(&self, report: CheckReport, today: Date) -> CheckReport {
        if report.status != Status::Fail {
            return report;
        }
        let Some(entry) = self.known.iter().find(|entry| entry.names(&report.id) && today <= entry.expires) else {
            return report;
        };
        let Entry { reason, owner, expires, .. } = entry;
        let message = format!("known: {reason} ({owner}, until {expires}). {}", report.message);
        CheckReport { status: Status::Warn, message, ..report }
    }

    /// What is wrong with the file, now that the run is over: entries that have expired, and known failures that are none
    /// any more. `results` are the statuses before [`Baseline::applied`].
    pub fn objections(&self, results: &BTreeMap<String, Status>, today: Date) -> Vec<String> {
        let mut objections = Vec::new();
        let flaky = self.flaky.iter().map(|(entry, _)| entry);
        for entry in self.known.iter().chain(flaky).filter(|entry| today > entry.expires) {
            if results.keys().any(|id| entry.names(id)) {
                objections.push(format!(
                    "the baseline's entry for {} expired on {}: mend it, or have {} renew it with a reason",
                    entry.check, entry.expires, entry.owner
                ));
            }
        }
        for entry in self.known.iter().filter(|entry| today <= entry.expires && entry.is_stale(results)) {
            objections.push(format!(
                "the baseline's entry for {} is out of date: what it names passes now, so remove it",
                entry.check
            ));
        }
        objections
    }
}

impl Entry {
    fn names(&self, id: &str) -> bool {
        glob(&self.check, id)
    }

    /// Every check that it names was run and passed. A run that left some out shows nothing.
    fn is_stale(&self, results: &BTreeMap<String, Status>) -> bool {
        let mut named = catalog::all().into_iter().filter(|check| self.names(check.id));
        named.all(|check| results.get(check.id) == Some(&Status::Pass))
    }
}

fn entry(line: &Object<'_>) -> Option<Entry> {
    let text = |key: &'static str| {
        let node = line.required(key)?;
        let text = node.text()?;
        if text.trim().is_empty() {
            node.fault(format!("'{key}' is empty"));
            return None;
        }
        Some(text.to_owned())
    };
    let (check, reason, owner) = (text("check"), text("reason"), text("owner"));
    if let Some(pattern) = check.as_ref().filter(|pattern| !catalog::all().iter().any(|check| glob(pattern, check.id)))
    {
        let hint = match catalog::nearest(pattern) {
            Some(nearest) => format!("did you mean '{nearest}'?"),
            None => "'conformance list' prints the ids".to_owned(),
        };
        line.fault_at("check", format!("'{pattern}' fits no check: {hint}"));
    }
    let expires = text("expires").and_then(|text| {
        let date = text.parse::<Date>().ok();
        if date.is_none() {
            line.fault_at("expires", format!("expected a date such as 2026-01-31, found '{text}'"));
        }
        date
    });
    Some(Entry { check: check?, reason: reason?, owner: owner?, expires: expires? })
}

/// Dates become texts.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(values) => Value::Array(values.into_iter().map(json).collect()),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(key, value)| (key, json(value))).collect()),
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(flag) => Value::Bool(flag),
    }
}

/// How often a flaky check is tried unless its entry says otherwise.
const REPEAT: u32 = 3;

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const WRONG: &str = "chatwork.webhooks.wrong-secret-is-refused";

    fn file(check: &str) -> String {
        format!("[[known]]\ncheck = '{check}'\nreason = '旧版'\nowner = 'ทีมแชต'\nexpires = 2026-03-31\n")
    }

    fn results(status: Status) -> BTreeMap<String, Status> {
        BTreeMap::from([(WRONG.to_owned(), status)])
    }

    #[test]
    fn every_fault_of_the_file_is_named_with_its_place() {
        let faults =
            Baseline::from_toml("[[known]]\ncheck = 'x.y'\nreson = 'a'\nowner = ' '\nexpires = 'soon'\n").unwrap_err();
        let faults = faults.join("\n");
        for wanted in [
            "/known/0/check: 'x.y' fits no check",
            "/known/0/reson: unknown key",
            "/known/0/owner: 'owner' is empty",
            "/known/0/expires: expected a date",
            "/known/0: ",
        ] {
            assert!(faults.contains(wanted), "{wanted}: {faults}");
        }
        let pattern = Baseline::from_toml(&file("chatwork.webhooks.wrong-secrt-is-refused")).unwrap_err();
        assert!(pattern[0].contains("did you mean 'chatwork.webhooks.wrong-secret-is-refused'?"), "{pattern:?}");
        assert!(Baseline::from_toml("known = ").is_err());
        assert!(Baseline::from_toml("[[knwon]]\n").unwrap_err()[0].contains("knwon"));
    }

    #[test]
    fn an_entry_counts_to_the_end_of_its_last_day_and_is_an_objection_from_then_on() {
        let baseline = Baseline::from_toml(&file(WRONG)).unwrap();
        let on = |today| baseline.objections(&results(Status::Fail), today);
        assert!(on(date(2026, 3, 31)).is_empty());
        assert_eq!(on(date(2026, 4, 1)).len(), 1);
        assert!(on(date(2026, 4, 1))[0].contains("expired on 2026-03-31"));
    }

    #[test]
    fn an_entry_whose_check_passes_is_out_of_date_unless_not_all_that_it_names_was_run() {
        let today = date(2026, 1, 1);
        let stale = |pattern: &str, status| {
            Baseline::from_toml(&file(pattern)).unwrap().objections(&results(status), today).len()
        };
        assert_eq!(stale(WRONG, Status::Pass), 1);
        assert_eq!(stale(WRONG, Status::Warn), 0);
        assert_eq!(stale(WRONG, Status::Error), 0);
        assert_eq!(stale("chatwork.webhooks.*", Status::Pass), 0);
    }

    #[test]
    fn only_what_is_listed_is_repeated() {
        let text =
            format!("[[flaky]]\ncheck = '{WRONG}'\nreason = 'r'\nowner = 'o'\nexpires = 2026-03-31\nrepeat = 5\n");
        let baseline = Baseline::from_toml(&text).unwrap();
        let attempts = |today| baseline.attempts(&catalog::all(), today);
        assert_eq!(attempts(date(2026, 1, 1)), BTreeMap::from([(WRONG.to_owned(), 5)]));
        assert!(attempts(date(2026, 4, 1)).is_empty());
    }
}
