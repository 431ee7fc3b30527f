//! `conformance client`, resolved: which checks and scenarios, which program, and where its CA is kept.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::service::Service;

use super::{Unusable, profile};
use crate::catalog::{Selection, glob};
use crate::check::{Check, Kind, Plan};
use crate::cli;
use crate::client::process::Program;
use crate::client::run::{PLAIN, Run, shown};
use crate::client::scenario::Scenario;
use crate::client::stage::{Manner, Setup};
use crate::client::{observe, scenarios};
use crate::run::shell::quote;
use crate::run::stop::Stop;

/// A run, ready to begin, and what has to live as long as it.
#[derive(Debug)]
pub struct ClientRun {
    /// The run.
    pub run: Run,
    /// Where the CA is, where one is needed.
    pub folder: Option<Folder>,
}

/// A folder of this process alone, until it is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that is gone already needs no more.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Resolves `conformance client`.
///
/// # Errors
/// One sentence: what, where, what to do.
pub fn resolve(typed: &cli::Client, stop: Stop) -> Result<ClientRun, Unusable> {
    let (checks, scenarios) = choose(typed)?;
    let program = program(typed)?;
    let profile = profile(typed.service, typed.profile.as_deref())?;
    let run_name = format!("{:016x}", RandomState::new().build_hasher().finish());
    let folder = (typed.intercept && !typed.plan).then(|| folder(&run_name)).transpose()?;
    let manner = match (typed.observe, typed.drive) {
        (true, _) => Manner::Watch,
        (false, true) => Manner::Drive,
        (false, false) => Manner::Run,
    };
    let usual = if typed.observe { OBSERVED } else { RUN };
    let setup = Setup {
        manner,
        seed: typed.seed,
        run: run_name,
        command_timeout: typed.command_timeout.unwrap_or(usual),
        profile,
        // For a plan the folder is not looked at: that there is one is what counts.
        intercept: typed.intercept.then(|| folder.as_ref().map(|folder| folder.0.clone()).unwrap_or_default()),
        program: program.clone(),
    };
    let run = Run {
        checks,
        scenarios,
        setup,
        strict: typed.strict,
        jobs: typed.jobs.into(),
        max_time: typed.max_time,
        stop,
        shown: shown(&program),
        flags: flags(typed),
        declared: declared(typed),
        status_counts: typed.observe,
    };
    Ok(ClientRun { run, folder })
}

/// What a command needs besides, to repeat a scenario.
fn flags(typed: &cli::Client) -> String {
    let mut flags = String::new();
    for (given, flag) in [
        (typed.intercept, "--intercept "),
        (typed.observe, "--observe "),
        (typed.drive, "--drive "),
        (typed.strict, "--strict "),
    ] {
        flags.push_str(if given { flag } else { "" });
    }
    if let Some(file) = &typed.profile {
        flags.push_str(&format!("--profile {} ", quote(&file.to_string_lossy())));
    }
    flags
}

fn declared(typed: &cli::Client) -> Vec<String> {
    let told = [
        (typed.intercept, "the program has the real address built in, and is led to the mock (--intercept)"),
        (typed.observe, "nothing goes wrong, and whatever it sends is looked at (--observe)"),
        (typed.drive, "the program is told line by line what to do (--drive)"),
    ];
    told.into_iter().filter(|(given, _)| *given).map(|(_, words)| words.to_owned()).collect()
}

type Chosen = (Vec<&'static Check>, Vec<&'static Scenario>);

fn choose(typed: &cli::Client) -> Result<Chosen, Unusable> {
    let service = typed.service;
    let selection = Selection {
        service: Some(service),
        kind: Some(Kind::Client),
        only: typed.only.clone(),
        skip: typed.skip.clone(),
    };
    let mut checks = selection.choose();
    if typed.observe {
        checks.retain(|check| observe::is_for(check));
    }
    if checks.is_empty() {
        let kind = if typed.observe { " that looks at any traffic" } else { "" };
        return Err(Unusable(format!(
            "--only and --skip leave no check{kind} to run: 'conformance list --service {service} --kind client' prints the ids"
        )));
    }
    if typed.observe {
        return Ok((checks, vec![observe::scenario(service)]));
    }
    let named = named(service, &typed.scenario)?;
    let playable: Vec<&Scenario> = named.into_iter().filter(|scenario| scenario.suits(typed.intercept)).collect();
    if playable.is_empty() {
        return Err(Unusable(match typed.intercept {
            false => "the chosen scenarios are played to a program with the real address built in: add --intercept"
                .to_owned(),
            true => "the chosen scenarios are played to a program that is given an address: leave --intercept out"
                .to_owned(),
        }));
    }
    let is_asked = |scenario: &Scenario, check: &Check| match check.plan {
        Plan::Scenarios { scenarios, .. } => scenarios.is_empty() || scenarios.iter().any(|name| scenario.is(name)),
        _ => false,
    };
    if !typed.scenario.is_empty() {
        // Whoever names scenarios asks for what they can show, and for nothing else.
        checks.retain(|check| playable.iter().any(|scenario| is_asked(scenario, check)));
    }
    let mut scenarios: Vec<&'static Scenario> = playable
        .into_iter()
        .filter(|scenario| scenario.is(PLAIN) || checks.iter().any(|check| is_asked(scenario, check)))
        .collect();
    if checks.is_empty() || scenarios.is_empty() {
        return Err(Unusable(
            "no chosen check looks at a chosen scenario: --plan shows which one looks at which".to_owned(),
        ));
    }
    // What the others are compared with comes first.
    scenarios.sort_by_key(|scenario| !scenario.is(PLAIN));
    Ok((checks, scenarios))
}

/// The scenarios that the patterns name; all without any.
fn named(service: Service, patterns: &[String]) -> Result<Vec<&'static Scenario>, Unusable> {
    let all = scenarios::of(service);
    let fits = |pattern: &String, scenario: &Scenario| glob(pattern, scenario.name) || glob(pattern, scenario.words());
    if let Some(lost) = patterns.iter().find(|pattern| !all.iter().any(|scenario| fits(pattern, scenario))) {
        let likeness = |scenario: &&Scenario| strsim::jaro_winkler(lost, scenario.words());
        let nearest = all.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
        let hint = match nearest.filter(|scenario| likeness(scenario) > 0.7) {
            Some(scenario) => format!("did you mean '{}'?", scenario.name),
            None => format!("'conformance client --service {service} --plan' lists them"),
        };
        return Err(Unusable(format!("no scenario of {service} fits '{lost}': {hint}")));
    }
    let wanted = |scenario: &&Scenario| patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern, scenario));
    Ok(all.iter().filter(wanted).collect())
}

/// The program, which has to be there: otherwise every scenario would say the same.
fn program(typed: &cli::Client) -> Result<Program, Unusable> {
    let Some((name, arguments)) = typed.command.split_first() else {
        return Ok(Program { name: OsString::new(), arguments: Vec::new() });
    };
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    findable(name, &path)?;
    Ok(Program { name: name.clone(), arguments: arguments.to_vec() })
}

fn findable(name: &OsStr, path: &OsStr) -> Result<(), Unusable> {
    let told = name.to_string_lossy();
    let may_run =
        |file: &Path| fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    if told.contains('/') {
        let file = Path::new(name);
        return match (file.exists(), may_run(file)) {
            (_, true) => Ok(()),
            (true, false) => Err(Unusable(format!(
                "{told} is not executable: make it so with chmod +x, or name the program that runs it, such as python3 {told}"
            ))),
            (false, false) => Err(Unusable(format!("there is no program {told}"))),
        };
    }
    if std::env::split_paths(path).any(|folder| may_run(&folder.join(name))) {
        return Ok(());
    }
    let hint =
        if Path::new(name).exists() { format!("; for the one in this folder give ./{told}") } else { String::new() };
    Err(Unusable(format!("there is no program '{told}' in PATH{hint}")))
}

fn folder(name: &str) -> Result<Folder, Unusable> {
    let folder = std::env::temp_dir().join(format!("conformance-{name}"));
    DirBuilder::new().mode(0o700).create(&folder).map_err(|error| {
        Unusable(format!("the folder {} for the mock's CA cannot be made: {error}", folder.display()))
    })?;
    Ok(Folder(folder))
}

/// Time for one run of the command, unless the user says otherwise.
const RUN: Duration = Duration::from_secs(60);
/// The same for a whole test suite.
const OBSERVED: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_named_with_what_to_do() {
        let refused = |name: &str| findable(OsStr::new(name), OsStr::new("/usr/bin:/bin")).unwrap_err().0;
        assert_eq!(refused("no-such-program"), "there is no program 'no-such-program' in PATH");
        assert_eq!(refused("/no/such/program"), "there is no program /no/such/program");
        assert!(refused("./Cargo.toml").contains("is not executable: make it so with chmod +x"));
        assert!(refused("Cargo.toml").ends_with("for the one in this folder give ./Cargo.toml"));
        assert_eq!(findable(OsStr::new("sh"), OsStr::new("/usr/bin:/bin")), Ok(()));
    }

    #[test]
    fn a_scenario_that_is_misspelt_finds_its_neighbour() {
        let refused = named(Service::Chatwork, &["all-is-wel".to_owned()]).unwrap_err().0;
        assert_eq!(refused, "no scenario of chatwork fits 'all-is-wel': did you mean 'chatwork.all-is-well'?");
        assert_eq!(named(Service::Chatwork, &["*all-is-well".to_owned()]).unwrap().len(), 1);
    }
}
