//! The judge of servers, judged: the mock with one sabotage each is caught at its weight, every check catches one, and the
//! mock as it is passes everything. The page `SABOTAGES.md` is made here.

mod chatday;
mod chatwork;
mod judged;
mod spoil;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use conformance::catalog::Selection;
use conformance::check::{Check, Kind, Level, Needs, Plan};
use conformance::run::verdict::Status;
use contract::chatwork::Edition;
use contract::service::Service;
use contract::wire::Response;
use judged::judge;
use mock_server::witness::{Asked, Witness};
use spoil::{Sabotage, Saboteur};

/// What each check that caught a sabotage called it.
type Caught = BTreeMap<String, Level>;

fn all() -> Vec<Sabotage> {
    chatwork::ALL.iter().chain(chatday::ALL).copied().collect()
}

fn checks(service: Service) -> Vec<&'static Check> {
    Selection { service: Some(service), kind: Some(Kind::Api), ..Selection::default() }.choose()
}

fn words(id: &str) -> String {
    id.rsplit('.').next().unwrap_or(id).to_owned()
}

fn caught(sabotage: Sabotage) -> Caught {
    let saboteur = Arc::new(Saboteur::new(sabotage));
    let only = ALONE.iter().find(|(word, _)| *word == sabotage.word).map(|(_, only)| *only);
    let witness: Arc<dyn Witness> = Arc::clone(&saboteur) as _;
    let reports = judge(sabotage.service, sabotage.edition, (false, only), Some(witness));
    assert!(!saboteur.fell.load(Ordering::SeqCst), "{} panicked", sabotage.word);
    let found = reports.into_iter().filter_map(|report| match report.status {
        Status::Fail => Some((report.id, Level::Must)),
        Status::Warn => Some((report.id, Level::Should)),
        _ => None,
    });
    found.collect()
}

/// Every sabotage with what caught it. Each has a mock of its own, so several go at once.
fn table() -> Vec<(Sabotage, Caught)> {
    let sabotages = all();
    let next = AtomicUsize::new(0);
    let mut found: Vec<(usize, Caught)> = std::thread::scope(|scope| {
        let work = || {
            let mut own = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::SeqCst);
                let Some(sabotage) = sabotages.get(place) else { return own };
                own.push((place, caught(*sabotage)));
            }
        };
        let workers: Vec<_> = (0..3).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    found.sort_by_key(|(place, _)| *place);
    sabotages.into_iter().zip(found.into_iter().map(|(_, caught)| caught)).collect()
}

#[test]
fn the_mock_as_it_is_passes_every_check_in_both_editions() {
    for service in Service::ALL {
        for edition in Edition::ALL {
            let mut passed = 0;
            for report in judge(service, edition, (true, None), None) {
                let other_edition = report.message.contains("does not hold in the edition");
                let fits = report.status == Status::Pass || (report.status == Status::Skip && other_edition);
                assert!(fits, "{service} {edition}: {} {:?}: {}", report.id, report.status, report.message);
                passed += usize::from(report.status == Status::Pass);
            }
            assert!(passed > 20, "{service} {edition}: {passed}");
        }
    }
}

#[test]
fn every_sabotage_is_caught_at_its_weight_and_every_check_catches_one() {
    let table = table();
    let mut missed = Vec::new();
    let mut catching = BTreeSet::new();
    for (sabotage, caught) in &table {
        if caught.values().max() < Some(&sabotage.weight) {
            missed.push(format!("{} {}: {caught:?}", sabotage.service, sabotage.word));
        }
        catching.extend(caught.keys().cloned());
    }
    assert!(missed.is_empty(), "not caught at its weight:\n{}", missed.join("\n"));
    let idle: Vec<&str> =
        Service::ALL.into_iter().flat_map(checks).map(|check| check.id).filter(|id| !catching.contains(*id)).collect();
    assert!(idle.is_empty(), "no sabotage is caught by {idle:?}");
    the_page_is_current(&page(&table));
}

/// Writes down which verbs come.
#[derive(Debug, Default)]
struct Verbs(Mutex<BTreeSet<String>>);

impl Witness for Verbs {
    fn answering(&self, asked: &Asked<'_>, _: &mut Response) {
        self.0.lock().unwrap().insert(asked.request.method().to_string());
    }
}

#[test]
fn a_check_sends_no_verb_that_its_plan_does_not_name() {
    for (service, check) in
        Service::ALL.into_iter().flat_map(|service| checks(service).into_iter().map(move |check| (service, check)))
    {
        let Plan::Dialogue { calls, .. } = check.plan else { panic!("{} is no dialogue", check.id) };
        let verbs = Arc::new(Verbs::default());
        let witness: Arc<dyn Witness> = Arc::clone(&verbs) as _;
        let edition = Edition::ALL.into_iter().find(|edition| edition.keeps(check.clauses[0].holds)).unwrap();
        judge(service, edition, (false, Some(check.id)), Some(witness));
        for verb in verbs.0.lock().unwrap().iter().filter(|verb| *verb != "GET") {
            assert!(calls.iter().any(|call| call.contains(verb.as_str())), "{} sends {verb}: {calls:?}", check.id);
            assert!(check.needs == Needs::Write, "{} sends {verb}, and asks no leave to write", check.id);
        }
    }
}

#[test]
fn sabotages_have_words_of_their_own_and_weigh_no_more_than_their_clauses() {
    let mut seen = BTreeSet::new();
    for sabotage in all() {
        assert!(seen.insert((sabotage.service, sabotage.word)), "{} stands twice", sabotage.word);
        assert!(sabotage.what.ends_with('.'), "{}", sabotage.word);
        let cap = Level::cap(sabotage.clause.certainty);
        assert!(sabotage.weight <= cap, "{} weighs more than {}", sabotage.word, sabotage.clause.id);
        assert!(sabotage.edition.keeps(sabotage.clause.holds), "{}", sabotage.word);
    }
    assert!(chatwork::ALL.len() >= 30 && chatday::ALL.len() >= 10);
}

fn the_page_is_current(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("SABOTAGES.md");
    #[expect(clippy::disallowed_methods, reason = "how a person asks for the page to be written")]
    let update = std::env::var_os("UPDATE_SABOTAGES").is_some();
    if update {
        fs::write(&path, page).unwrap();
        return;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "SABOTAGES.md is out of date: run UPDATE_SABOTAGES=1 cargo test -p conformance --test sabotage"
    );
}

fn page(table: &[(Sabotage, Caught)]) -> String {
    let mut page = "# Sabotages\n\n\
        The mock with one answer spoilt each, and the checks of `conformance api` that catch it. Made by `tests/sabotage`, which\n\
        holds that every sabotage is caught at its weight, that every check catches one, and that the mock as it is passes\n\
        every check in both editions.\n"
        .to_owned();
    for (service, name) in [(Service::Chatwork, "Chatwork"), (Service::Chatday, "Chatday")] {
        let rows: Vec<_> = table.iter().filter(|(sabotage, _)| sabotage.service == service).collect();
        let _ = writeln!(page, "\n## {name}: {} sabotages, {} checks\n", rows.len(), checks(service).len());
        page.push_str("| sabotage | what the server does | clause | weight | caught by |\n|---|---|---|---|---|\n");
        for (sabotage, caught) in rows {
            let mut by: Vec<(&String, &Level)> = caught.iter().collect();
            by.sort_by_key(|(_, level)| std::cmp::Reverse(**level));
            let shown: Vec<String> = by.iter().take(SHOWN).map(|(id, _)| format!("`{}`", words(id))).collect();
            let more = by.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let edition = if sabotage.edition == Edition::July2025 { " (edition 2025-07)" } else { "" };
            let _ = writeln!(
                page,
                "| `{}` | {}{edition} | `{}` | {} | {}{more} |",
                sabotage.word,
                sabotage.what,
                sabotage.clause.id,
                sabotage.weight,
                shown.join(", ")
            );
        }
        let _ = writeln!(page, "\n| check | sabotages that it catches |\n|---|---|");
        for check in checks(service) {
            let kills: Vec<_> = table.iter().filter(|(_, caught)| caught.contains_key(check.id)).collect();
            let shown: Vec<String> =
                kills.iter().take(SHOWN).map(|(sabotage, _)| format!("`{}`", sabotage.word)).collect();
            let more = kills.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let _ = writeln!(page, "| `{}` ({}) | {}{more} |", check.id, check.level, shown.join(", "));
        }
    }
    page
}

/// Sabotages that the run of one check alone shows: messages of other checks before it count too.
const ALONE: [(&str, &str); 1] = [("room-limit-early", "chatwork.api.room-limit-is-10-in-10-seconds")];
/// Names in one cell.
const SHOWN: usize = 4;
