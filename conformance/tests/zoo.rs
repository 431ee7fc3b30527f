//! The judge's own judge: every flaw of the zoo is caught at its weight, every check catches one, nothing correct is accused.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use common::watch::Watch;
use common::{Manner, OLD_TOKEN, judge_watching, shelf, watched_sample};
use conformance::ask::effects::Effects;
use conformance::catalog::Selection;
use conformance::check::{Kind, Level};
use conformance::run::event::Event;
use conformance::run::verdict::Status;
use conformance::sample::flaw::Flaw;
use contract::service::Service;

/// Flaws that no check catches, and why. What stands here must not be caught.
const WAITING: &[(Service, &str, &str)] = &[];

/// Checks that catch some flaws only if one of two things that happen at the same time comes first: what they were once seen to
/// catch stays on the shelf. Each of those flaws is caught by another check besides, in every run.
const BY_CHANCE: [&str; 2] = ["lost-answer-leaves-one-effect", "events-at-once-have-one-effect"];

/// What became of one flawed receiver.
struct Kill {
    service: Service,
    flaw: Flaw,
    failed: Vec<String>,
    warned: Vec<String>,
    /// What is told and fails nothing.
    noted: Vec<String>,
}

impl Kill {
    fn of(service: Service, flaw: Flaw) -> Self {
        let watch = Watch::start(service);
        let sample = watched_sample(service, Some(flaw), &watch);
        let eyes = is_watched(flaw).then(|| Box::new(watch.log()) as Box<dyn Effects>);
        let judged = judge_watching(service, &sample.url(), manner(flaw), eyes);
        let with = |status| judged.with(status).into_iter().map(str::to_owned).collect();
        let (failed, warned): (Vec<_>, Vec<_>) = (with(Status::Fail), with(Status::Warn));
        let mut noted: Vec<String> = judged.events.iter().filter_map(noted).collect();
        noted.dedup();
        noted.retain(|id| !failed.contains(id) && !warned.contains(id));
        Self { service, flaw, failed, warned, noted }
    }

    /// The checks that caught it, the weightiest first.
    fn killers(&self) -> impl Iterator<Item = &String> {
        self.failed.iter().chain(&self.warned).chain(&self.noted)
    }

    /// What the weightiest of them made of it.
    fn caught(&self) -> Option<Level> {
        match (self.failed.is_empty(), self.warned.is_empty(), self.noted.is_empty()) {
            (false, ..) => Some(Level::Must),
            (_, false, _) => Some(Level::Should),
            (.., false) => Some(Level::May),
            _ => None,
        }
    }

    fn is_waiting(&self) -> bool {
        WAITING.iter().any(|(service, word, _)| *service == self.service && *word == self.flaw.word())
    }

    fn weight(&self) -> Level {
        self.flaw.weight(self.service).unwrap()
    }
}

/// The check of a case that deviates and fails nothing.
fn noted(event: &Event) -> Option<String> {
    let Event::CaseFinished(case) = event else { return None };
    let is_noted = case.status == Status::Pass && case.deviation.is_some();
    is_noted.then(|| case.check.rsplit('.').next().unwrap().to_owned())
}

/// How a flawed receiver is judged. The checks that take their time are asked only where the flaw is of their kind.
fn manner(flaw: Flaw) -> Manner {
    let row = flaw.card().row;
    let thorough = matches!(row, 5 | 9 | 23 | 24 | 38 | 46 | 49..=59) && (!is_watched(flaw) || matches!(row, 24 | 51));
    let timeout = Duration::from_millis(match flaw {
        // A flaw that only takes time is not given much.
        Flaw::AnswersLate => 400,
        // How many events make a burst depends on how many answers fit into the time: on a busy machine as many as elsewhere.
        Flaw::BurstRefused => 60_000,
        _ => 5_000,
    });
    let only = if flaw == Flaw::BurstRefused { "*burst*" } else { "*" };
    Manner { seed: seed(), thorough, timeout, cases: 4, only, old_secret: Some(OLD_TOKEN), ..Manner::default() }
}

/// What is chosen by chance is chosen by this.
#[expect(clippy::disallowed_methods, reason = "whoever tries other seeds says so in the environment")]
fn seed() -> u64 {
    std::env::var("ZOO_SEED").map_or(1, |seed| seed.parse().expect("ZOO_SEED is a number"))
}

/// Whether only the calls of the integration can show a flaw.
fn is_watched(flaw: Flaw) -> bool {
    matches!(
        flaw,
        Flaw::ActsBeforeVerifying
            | Flaw::ActsOnHalfBody
            | Flaw::AnswersInBothRooms
            | Flaw::AnswersItself
            | Flaw::CutsCharacters
            | Flaw::DecodesChunksApart
            | Flaw::DropsEdits
            | Flaw::EchoesMarkup
            | Flaw::FloatIds
            | Flaw::NoMemory
            | Flaw::NormalisesText
            | Flaw::RemembersEarly
            | Flaw::RemembersLate
            | Flaw::RemembersTexts
            | Flaw::TrimsText
            | Flaw::WorksFirst
    )
}

/// Every flaw of every service, judged once for all tests of this file, a few at a time: most of the time is waiting.
fn kills() -> &'static [Kill] {
    static KILLS: OnceLock<Vec<Kill>> = OnceLock::new();
    KILLS.get_or_init(|| {
        let all: Vec<(Service, Flaw)> =
            Service::ALL.into_iter().flat_map(|service| Flaw::of(service).map(move |flaw| (service, flaw))).collect();
        let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    loop {
                        let place = next.fetch_add(1, Ordering::SeqCst);
                        let Some(&(service, flaw)) = all.get(place) else { return };
                        let kill = Kill::of(service, flaw);
                        done.lock().unwrap().insert(place, kill);
                    }
                });
            }
        });
        done.into_inner().unwrap().into_values().collect()
    })
}

/// One test, since its parts look at the same thousands of exchanges.
#[test]
fn every_flaw_is_caught_every_check_kills_a_flaw_and_the_pages_say_which() {
    every_flaw_is_caught_at_its_weight();
    what_waits_for_a_check_is_caught_by_none();
    every_check_kills_a_flaw();
    the_kill_table_is_the_one_on_the_shelf();
    the_page_of_the_zoo_is_current();
}

fn every_flaw_is_caught_at_its_weight() {
    let word = |level: Option<Level>| level.map_or("nothing", Level::word);
    let mut wrong: Vec<String> = kills()
        .iter()
        .filter(|kill| !kill.is_waiting() && kill.caught() != Some(kill.weight()))
        .map(|kill| {
            let (row, weight) = (kill.flaw.card().row, kill.weight());
            format!("R{row:02} {} {} weighs {weight}, found {}", kill.service, kill.flaw, word(kill.caught()))
        })
        .collect();
    wrong.sort();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn what_waits_for_a_check_is_caught_by_none() {
    let caught: Vec<&str> = kills()
        .iter()
        .filter(|kill| kill.is_waiting() && kill.caught().is_some())
        .map(|kill| kill.flaw.word())
        .collect();
    assert_eq!(caught, [""; 0], "these are caught now: take them out of WAITING");
    for (service, word, why) in WAITING {
        assert!(word.parse::<Flaw>().unwrap().concerns(*service) && why.ends_with('.'), "{service} {word}");
    }
}

fn every_check_kills_a_flaw() {
    let mut idle = Vec::new();
    for service in Service::ALL {
        let of_service = || kills().iter().filter(move |kill| kill.service == service);
        let killers: BTreeSet<&String> = of_service().flat_map(Kill::killers).collect();
        for check in (Selection { service: Some(service), kind: Some(Kind::Webhook), ..Selection::default() }).choose()
        {
            let words = check.id.rsplit('.').next().unwrap().to_owned();
            if !killers.contains(&words) {
                idle.push(check.id);
            }
        }
    }
    assert_eq!(idle, [""; 0], "no flaw is killed by these");
}

/// What is on the shelf happens in every run, with every seed; what timing or chance adds is not written down.
fn the_kill_table_is_the_one_on_the_shelf() {
    let mut table = String::new();
    for kill in recorded() {
        let _ = writeln!(table, "{} {}", kill.service, kill.flaw);
        for (word, ids) in [("fail", &kill.failed), ("warn", &kill.warned), ("note", &kill.noted)] {
            for id in ids {
                let _ = writeln!(table, "    {word:<5} {id}");
            }
        }
    }
    shelf().bind(|| insta::assert_snapshot!("kill-table", table));
}

/// What was seen of each flaw, without what is not on the shelf. Whoever makes the shelf anew gets everything that was seen,
/// and may narrow it down with further seeds.
fn recorded() -> Vec<Kill> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/conformance/kill-table.snap");
    let shelf = fs::read_to_string(path).unwrap_or_default();
    let mut on_shelf: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut whose = String::new();
    for line in shelf.lines() {
        match line.strip_prefix("    ").and_then(|entry| entry.split_once(' ')) {
            Some((word, id)) => {
                on_shelf.entry(whose.clone()).or_default().push((word.to_owned(), id.trim().to_owned()));
            }
            None => line.clone_into(&mut whose),
        }
    }
    let kept = |kill: &Kill, word: &str, ids: &[String]| -> Vec<String> {
        let Some(entries) = on_shelf.get(&format!("{} {}", kill.service, kill.flaw)) else { return ids.to_owned() };
        if update() == Some(Update::All) {
            return ids.to_owned();
        }
        let holds = |id: &String| ids.contains(id) || BY_CHANCE.contains(&id.as_str());
        let own = entries.iter().filter(|(other, id)| other == word && holds(id));
        own.map(|(_, id)| id.clone()).collect()
    };
    let narrowed = kills().iter().map(|kill| Kill {
        failed: kept(kill, "fail", &kill.failed),
        warned: kept(kill, "warn", &kill.warned),
        noted: kept(kill, "note", &kill.noted),
        ..*kill
    });
    narrowed.collect()
}

/// Whether the pages are made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Update {
    /// From everything that was seen.
    All,
    /// From what was seen and is on the shelf.
    Narrow,
}

#[expect(clippy::disallowed_methods, reason = "whoever changes the pages says so in the environment")]
fn update() -> Option<Update> {
    let wish = std::env::var("UPDATE_ZOO").ok()?;
    Some(if wish == "narrow" { Update::Narrow } else { Update::All })
}

fn the_page_of_the_zoo_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ZOO.md");
    let page = page();
    if update().is_some() {
        fs::write(&path, page).unwrap();
        return;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "run UPDATE_ZOO=1 INSTA_UPDATE=always cargo test -p conformance --test zoo");
}

fn page() -> String {
    let mut page = "# The zoo\n\n\
        Receivers with one mistake each, and the checks that catch them. Made by `tests/zoo.rs`, which holds that every\n\
        flaw is caught at its weight, that every check catches a flaw, and that the receivers without a flaw are accused of\n\
        nothing. To meet one: `conformance sample --service chatwork --secret-env VAR --flaw accepts-missing`.\n\
        Receivers in other languages: [`zoo/`](zoo/README.md).\n"
        .to_owned();
    let recorded = recorded();
    for service in Service::ALL {
        let title = if service == Service::Chatwork { "Chatwork" } else { "Chatday" };
        let of_service: Vec<&Kill> = recorded.iter().filter(|kill| kill.service == service).collect();
        let _ = write!(page, "\n## {title}: {} flaws\n\n", of_service.len());
        page.push_str("| flaw | what the receiver does | row | weight | caught by |\n|---|---|---|---|---|\n");
        for kill in &of_service {
            let card = kill.flaw.card();
            let what = card.what.replace('|', "\\|");
            let row = card.row;
            let _ =
                writeln!(page, "| `{}` | {what} | R{row:02} | {} | {} |", card.word, kill.weight(), caught_by(kill));
        }
        let _ = write!(
            page,
            "\n### Checks of {title}, and how many flaws each catches\n\n| check | flaws | for example |\n|---|---|---|\n"
        );
        for check in (Selection { service: Some(service), kind: Some(Kind::Webhook), ..Selection::default() }).choose()
        {
            let words = check.id.rsplit('.').next().unwrap().to_owned();
            let killed: Vec<&&Kill> = of_service.iter().filter(|kill| kill.killers().any(|id| *id == words)).collect();
            // The most telling one: caught by the fewest others.
            let example = killed.iter().min_by_key(|kill| kill.killers().count());
            let example = example.map(|kill| format!("`{}`", kill.flaw)).unwrap_or_default();
            let _ = writeln!(page, "| `{words}` | {} | {example} |", killed.len());
        }
    }
    page
}

fn caught_by(kill: &Kill) -> String {
    const MOST: usize = 3;
    let all: Vec<String> = kill.killers().map(|id| format!("`{id}`")).collect();
    let way = if is_watched(kill.flaw) { "; seen in its calls" } else { "" };
    match all.len() {
        0 => {
            let waiting =
                WAITING.iter().find(|(service, word, _)| *service == kill.service && *word == kill.flaw.word());
            format!("none. {}", waiting.map_or("", |(.., why)| why))
        }
        count if count > MOST => format!("{} and {} more", all[..MOST].join(", "), count - MOST) + way,
        _ => all.join(", ") + way,
    }
}
