//! Plays one scenario to a command: a world and a server of its own, and somebody who writes everything down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use contract::chatday::Profile;
use contract::service::Service;
use mock_server::control::{Certificate, FaultAction, FaultRule};
use mock_server::{Limits, MockServer};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::sleep_until;

use super::drive::{self, Script};
use super::environment::{self, Source};
use super::process::{self, Output, Program, Ran};
use super::record::{Due, Recorder};
use super::scenario::{Cue, Ground, Scenario};
use super::stranger::Stranger;
use super::world::{self, Tokens, text};
use crate::ask::observed::{Ending, Given, Observation, StoredMessage};
use crate::run::clock;
use crate::run::stop::Stop;

/// What all scenarios of a run have in common.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The command.
    pub program: Program,
    /// How the command is spoken with.
    pub manner: Manner,
    /// Repeats the choices of an earlier run.
    pub seed: u64,
    /// Distinguishes this run from others on this machine.
    pub run: String,
    /// Most time of one run of the command.
    pub command_timeout: Duration,
    /// What fills the gaps of Chatday's document.
    pub profile: Arc<Profile>,
    /// A folder for the CA, where the command is led by an intercepting proxy.
    pub intercept: Option<PathBuf>,
}

/// How the command is spoken with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It is run, and knows itself what to do.
    Run,
    /// The same, and its output goes on to stderr.
    Watch,
    /// It is told line by line what to do.
    Drive,
}

/// Plays a scenario.
///
/// # Errors
/// One sentence: the stage could not be set, or the run was stopped.
pub async fn play(scenario: &'static Scenario, setup: &Setup, stop: &mut Stop) -> Result<Observation, String> {
    let stage = Stage::set(scenario, setup).await?;
    stage.play(setup, stop).await
}

/// A scenario that is ready to be played.
struct Stage {
    scenario: &'static Scenario,
    mock: Arc<MockServer>,
    recorder: Arc<Recorder>,
    due: mpsc::UnboundedReceiver<Due>,
    stranger: Option<Stranger>,
    given: Given,
    environment: BTreeMap<&'static str, String>,
    started_at_ms: i64,
    nonce: String,
}

impl Stage {
    async fn set(scenario: &'static Scenario, setup: &Setup) -> Result<Self, String> {
        let tokens = Tokens::of(setup.seed, scenario.name);
        let description = world::of(scenario, &tokens)?;
        let (recorder, due) = Recorder::new(scenario.service, scenario.edits, scenario.turns);
        let started_at_ms = clock::now().0;
        let mock = Arc::new(mock(scenario, setup, description, &recorder).await?);
        let stranger = scenario.other_host.then(|| Stranger::start(recorder.started())).transpose();
        let stranger = stranger.map_err(|error| format!("no other host can be played: {error}"))?;
        let (room, chat) = (text(&mock.card().chatwork, "room_id"), text(&mock.card().chatday, "chat_id"));
        let said = (scenario.text)(setup.seed);
        let info = mock.info().map_err(|error| error.to_string())?;
        let ca_file = setup.intercept.as_deref().map(|folder| ca_file(&info.ca_file, folder));
        let intercept = info.intercept_proxy.as_deref().zip(ca_file.as_deref());
        let environment = environment::of(&Source {
            root: mock.url(scenario.service).trim_end_matches(scenario.service.mount()),
            control_url: mock.control_url(),
            chatwork: (&tokens.chatwork, &room),
            chatday: (&tokens.chatday, &chat),
            profile: &setup.profile,
            scenario: scenario.name,
            text: &said,
            intercept,
        });
        let (token, place) = match scenario.service {
            Service::Chatwork => (tokens.chatwork, room),
            Service::Chatday => (tokens.chatday, chat),
        };
        let given = Given {
            token,
            secrets: vec![tokens.signature],
            place,
            text: said,
            prefix: format!("{}{}", scenario.prefix, scenario.service.mount()),
            intercepted: setup.intercept.is_some(),
        };
        let nonce = format!("{}/{}", setup.run, scenario.name);
        let stage = Self { scenario, mock, recorder, due, stranger, given, environment, started_at_ms, nonce };
        stage.lay_out(setup)?;
        Ok(stage)
    }

    /// Puts the scenario's faults in place.
    fn lay_out(&self, setup: &Setup) -> Result<(), String> {
        let base_url = match self.scenario.service {
            Service::Chatwork => self.environment.get("CHATWORK_BASE_URL"),
            Service::Chatday => self.environment.get("CHATDAY_BASE_URL"),
        };
        let ground = Ground {
            service: self.scenario.service,
            given: &self.given,
            base_url: base_url.map_or("", String::as_str),
            other_host: self.stranger.as_ref().map_or("", Stranger::url),
            seed: setup.seed,
            now_ms: clock::now().0,
        };
        let refused = |error| format!("the scenario's script is refused: {error}");
        for (name, rule) in (self.scenario.faults)(&ground) {
            let id = self.mock.fault(&rule).map_err(refused)?.keep();
            self.recorder.name_fault(id, name);
        }
        if self.scenario.closes_idle {
            // More bytes than any answer has: the connection ends with it.
            let close = FaultRule::new(FaultAction::close_after_bytes(1 << 40)).on(ground.everything()).always();
            self.mock.fault(&close).map_err(refused)?.keep();
        }
        if self.scenario.certificate != Certificate::Good {
            self.mock.set_certificate(self.scenario.certificate).map_err(refused)?;
        }
        Ok(())
    }

    async fn play(mut self, setup: &Setup, stop: &mut Stop) -> Result<Observation, String> {
        let before = self.state()?;
        let mut moments = BTreeMap::new();
        let script = Script::of(self.scenario.service, &self.given);
        let (rans, runs) = {
            let (scenario, mock, recorder) = (self.scenario, &self.mock, &self.recorder);
            let terms = process::Terms {
                environment: &self.environment,
                without: environment::WITHOUT,
                nonce: &self.nonce,
                time: scenario.time,
                whole_time: setup.command_timeout,
                requests: recorder.requests(),
                secrets: &self.given.all_secrets(),
                output: if setup.manner == Manner::Watch { Output::Shown } else { Output::Kept },
            };
            let running = async {
                let (mut rans, mut runs) = (Vec::new(), Vec::new());
                for _ in 0..scenario.runs.max(1) {
                    runs.push(recorder.started().elapsed());
                    let ran = match setup.manner {
                        Manner::Run | Manner::Watch => process::run(&setup.program, &terms, stop).await,
                        Manner::Drive => drive::run(&setup.program, &terms, stop, &script).await,
                    };
                    let ends = ran.stopped || matches!(ran.ending, Ending::NotStarted(_));
                    rans.push(ran);
                    if ends {
                        break;
                    }
                }
                (rans, runs)
            };
            tokio::select! {
                ran = running => ran,
                () = take_turns(scenario, mock, recorder, &mut self.due, &mut moments) => (Vec::new(), Vec::new()),
            }
        };
        if rans.iter().any(|ran| ran.stopped) {
            self.clear().await;
            return Err("the run was stopped in the middle of it".to_owned());
        }
        // What was sent before the end is still to be read.
        self.recorder.settled(SETTLED).await;
        let stored = world::stored(&before, &self.state()?);
        let refused_handshakes = self.refused_handshakes(setup)?;
        self.observation(rans, runs, moments, stored, refused_handshakes).await
    }

    fn state(&self) -> Result<Value, String> {
        self.mock.state().map_err(|error| error.to_string())
    }

    fn refused_handshakes(&self, setup: &Setup) -> Result<u64, String> {
        if setup.intercept.is_none() {
            return Ok(0);
        }
        let tls = self.mock.tls().map_err(|error| error.to_string())?;
        Ok(tls.certificates.values().map(|tally| tally.refused).sum())
    }

    async fn observation(
        mut self,
        rans: Vec<Ran>,
        runs: Vec<Duration>,
        moments: BTreeMap<&'static str, Duration>,
        stored: Vec<StoredMessage>,
        refused_handshakes: u64,
    ) -> Result<Observation, String> {
        let strays = self.stranger.take().map(Stranger::finish).unwrap_or_default();
        let seen = self.recorder.finish();
        let last = rans.len().saturating_sub(1);
        let deciding = rans.iter().position(|ran| ran.ending != Ending::Exited(0)).unwrap_or(last);
        let Some(ran) = rans.get(deciding) else { return Err("the command was not run".to_owned()) };
        let joined = |part: fn(&Ran) -> &[u8]| rans.iter().flat_map(|ran| part(ran).to_vec()).collect::<Vec<u8>>();
        let observation = Observation {
            scenario: self.scenario.name,
            service: self.scenario.service,
            given: self.given.clone(),
            calls: seen.calls,
            strays,
            connections: seen.connections,
            refused_handshakes,
            stored,
            moments,
            started_at_ms: self.started_at_ms,
            runs,
            ending: ran.ending.clone(),
            reports_failure: rans.iter().any(|ran| ran.reports_failure),
            left_behind: rans.iter().map(|ran| ran.left_behind).sum(),
            took: rans.iter().map(|ran| ran.took).sum(),
            stdout: joined(|ran| &ran.stdout).into(),
            stderr: joined(|ran| &ran.stderr).into(),
            output_is_cut: rans.iter().any(|ran| ran.is_cut),
            peak_in_flight: seen.peak_in_flight,
            plain: None,
        };
        self.clear().await;
        Ok(observation)
    }

    /// Ends the mock, on a thread where that may block.
    async fn clear(self) {
        let mock = self.mock;
        let _ = spawn_blocking(move || drop(mock)).await;
    }
}

async fn mock(
    scenario: &'static Scenario,
    setup: &Setup,
    description: Value,
    recorder: &Arc<Recorder>,
) -> Result<MockServer, String> {
    let mut builder = MockServer::builder()
        .world(description)
        .seed(setup.seed)
        .profile((*setup.profile).clone())
        .self_check(false)
        .limits(Limits { drain_time: DRAINED, ..Limits::default() })
        .mounted_at(scenario.prefix)
        .title_case_headers(scenario.edits.contains(&super::scenario::Edit::TitleCaseHeaders))
        .witness(recorder.clone());
    if let Some(folder) = &setup.intercept {
        builder = builder.intercept_listen(([127, 0, 0, 1], 0).into()).ca_dir(folder);
    }
    let started = spawn_blocking(move || builder.start()).await;
    match started {
        Ok(Ok(mock)) => Ok(mock),
        Ok(Err(error)) => Err(format!("no server can be played: {error}")),
        Err(_) => Err("no server can be played: its start failed".to_owned()),
    }
}

/// Takes the scenario's turns when they are due. Does not end.
async fn take_turns(
    scenario: &'static Scenario,
    mock: &Arc<MockServer>,
    recorder: &Arc<Recorder>,
    due: &mut mpsc::UnboundedReceiver<Due>,
    moments: &mut BTreeMap<&'static str, Duration>,
) {
    let mut timed: Vec<(Duration, usize)> = Vec::new();
    for (place, turn) in scenario.turns.iter().enumerate() {
        if let Cue::After(time) = turn.cue {
            timed.push((time, place));
        }
    }
    timed.sort();
    let mut timed = timed.into_iter().peekable();
    loop {
        let next = timed.peek().map(|(time, _)| recorder.started() + *time);
        let by_time = async {
            match next {
                Some(moment) => sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        let (place, taken) = tokio::select! {
            told = due.recv() => match told {
                Some(Due { turn, taken }) => (turn, Some(taken)),
                None => std::future::pending().await,
            },
            () = by_time => match timed.next() {
                Some((_, place)) => (place, None),
                None => continue,
            },
        };
        let Some(turn) = scenario.turns.get(place) else { continue };
        let (act, on) = (turn.act, Arc::clone(mock));
        // A turn that comes to nothing leaves no moment: rules that need it do not apply then.
        if matches!(spawn_blocking(move || act(&on)).await, Ok(Ok(()))) {
            moments.insert(turn.name, recorder.started().elapsed());
        }
        if let Some(taken) = taken {
            let _ = taken.send(());
        }
    }
}

/// The CA's file: where the mock says it is, or where the folder has it.
fn ca_file(told: &Option<String>, folder: &Path) -> PathBuf {
    told.as_ref().map_or_else(|| folder.join("ca.pem"), PathBuf::from)
}

/// For what was sent just before the command ended.
const SETTLED: Duration = Duration::from_millis(500);
/// For a mock that ends: nobody is left who would read an answer.
const DRAINED: Duration = Duration::from_millis(50);
