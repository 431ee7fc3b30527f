//! Runs a command within bounds: of time, of output, and of the processes that come of it. None of them is left when this
//! returns.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::sweep;
use crate::ask::observed::Ending;
use crate::run::stop::Stop;

/// What is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// A path, or a name that is looked for in `PATH`.
    pub name: OsString,
    /// What it is given.
    pub arguments: Vec<OsString>,
}

/// Within which bounds, and with what.
#[derive(Debug)]
pub struct Terms<'a> {
    /// Variables that it gets besides those of this program.
    pub environment: &'a BTreeMap<&'static str, String>,
    /// Variables of this program that it does not get.
    pub without: &'a [&'static str],
    /// Names this run: it stands in the environment of everything that comes of the command.
    pub nonce: &'a str,
    /// How long it may run from its first request on. A busy machine may need a while to get it that far.
    pub time: Duration,
    /// How long it may run at all.
    pub whole_time: Duration,
    /// Changes with every request that it makes.
    pub requests: watch::Receiver<u64>,
    /// What is looked for in all of its output, however long that is.
    pub secrets: &'a [String],
    /// Whether what it writes to stdout goes on to somebody else than the record.
    pub output: Output,
}

/// Where its output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Only into the record.
    Kept,
    /// On to stderr of this program too, however much it is.
    Shown,
}

/// How it ended, and what it left.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub ending: Ending,
    /// How long it ran.
    pub took: Duration,
    /// The start of its stdout, and what stands around secrets further on.
    pub stdout: Bytes,
    /// The same of its stderr.
    pub stderr: Bytes,
    /// Whether it wrote more.
    pub is_cut: bool,
    /// Processes that were still there when it had ended.
    pub left_behind: usize,
    /// Whether it was ended because everything is to end.
    pub stopped: bool,
    /// Whether it told of a failure otherwise than by its status.
    pub reports_failure: bool,
}

/// Runs a command to its end.
pub async fn run(program: &Program, terms: &Terms<'_>, stop: &mut Stop) -> Ran {
    run_with(program, terms, stop, None::<fn(_, _) -> std::future::Ready<()>>).await
}

/// The same, with somebody who speaks with it through its stdin and stdout; its stdout is not kept then.
pub async fn run_with<D, F>(program: &Program, terms: &Terms<'_>, stop: &mut Stop, dialogue: Option<D>) -> Ran
where
    D: FnOnce(ChildStdin, tokio::process::ChildStdout) -> F,
    F: Future<Output = ()>,
{
    let started = Instant::now();
    let mut child = match start(program, terms, dialogue.is_some()) {
        Ok(child) => child,
        Err(error) => return Ran::not_started(&error, program),
    };
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).unwrap_or_default()));
    let flood = Arc::new(Notify::new());
    let talk = match (dialogue, child.stdin.take(), child.stdout.take()) {
        (Some(dialogue), Some(stdin), Some(stdout)) => Some(dialogue(stdin, stdout)),
        (_, _, stdout) => {
            child.stdout = stdout;
            None
        }
    };
    let stdout = child.stdout.take().map(|pipe| Capture::of(pipe, terms, &flood));
    let stderr = child.stderr.take().map(|pipe| Capture::of(pipe, terms, &flood));
    let talking = async {
        match talk {
            Some(talk) => talk.await,
            None => std::future::pending().await,
        }
    };
    let mut talking = std::pin::pin!(talking);
    let mut deadline = std::pin::pin!(time_over(started, terms));
    let mut is_talking = true;
    let (mut stopped, ending) = loop {
        tokio::select! {
            status = child.wait() => break (false, status.map_or_else(|error| Ending::NotStarted(error.to_string()), ended)),
            () = &mut talking, if is_talking => is_talking = false,
            () = &mut deadline => break (false, Ending::TimedOut),
            () = flood.notified() => break (false, Ending::Flooded),
            () = stop.asked() => break (true, Ending::TimedOut),
        }
    };
    let took = started.elapsed();
    if matches!(ending, Ending::TimedOut | Ending::Flooded) {
        stopped |= stop.is_asked();
        end(&mut child, group).await;
    }
    let left_behind = leave_nothing(&mut child, group, terms.nonce).await;
    let mut kept = [Kept::default(), Kept::default()];
    for (kept, capture) in kept.iter_mut().zip([stdout, stderr]) {
        if let Some(capture) = capture {
            *kept = capture.finish().await;
        }
    }
    let [stdout, stderr] = kept;
    Ran {
        ending,
        took,
        is_cut: stdout.is_cut() || stderr.is_cut(),
        stdout: stdout.bytes.into(),
        stderr: stderr.bytes.into(),
        left_behind,
        stopped,
        reports_failure: false,
    }
}

/// Returns when it has had its time.
async fn time_over(started: Instant, terms: &Terms<'_>) {
    let whole = started + terms.whole_time;
    let mut requests = terms.requests.clone();
    requests.mark_unchanged();
    tokio::select! {
        Ok(()) = requests.changed() => sleep_until(whole.min(Instant::now() + terms.time)).await,
        () = sleep_until(whole) => {}
    }
}

impl Ran {
    fn not_started(error: &io::Error, program: &Program) -> Self {
        let why = match error.kind() {
            io::ErrorKind::NotFound => format!("there is no program '{}'", program.name.to_string_lossy()),
            io::ErrorKind::PermissionDenied => format!("'{}' may not be executed", program.name.to_string_lossy()),
            _ => error.to_string(),
        };
        Self {
            ending: Ending::NotStarted(why),
            took: Duration::ZERO,
            stdout: Bytes::new(),
            stderr: Bytes::new(),
            is_cut: false,
            left_behind: 0,
            stopped: false,
            reports_failure: false,
        }
    }
}

fn start(program: &Program, terms: &Terms<'_>, speaks: bool) -> io::Result<Child> {
    let mut command = Command::new(&program.name);
    command.args(&program.arguments).stdin(Stdio::null()).process_group(0).kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if speaks {
        command.stdin(Stdio::piped());
    }
    for name in terms.without {
        command.env_remove(name);
    }
    command.envs(terms.environment).env(sweep::MARKER, terms.nonce);
    command.spawn()
}

fn ended(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, signal) => Ending::Signalled(signal.unwrap_or_default()),
    }
}

/// Ends a command and its group: asked first, so that it can tidy up, then without asking.
async fn end(child: &mut Child, group: Option<Pid>) {
    if let Some(group) = group {
        // Fails where nothing of it is there any more.
        let _ = kill_process_group(group, Signal::TERM);
        let _ = timeout(GRACE, child.wait()).await;
    }
}

/// Ends whatever came of the command; how much of it there was.
async fn leave_nothing(child: &mut Child, group: Option<Pid>, nonce: &str) -> usize {
    // What ends together with its parent has a moment for it.
    let deadline = Instant::now() + MOMENT;
    let mut there = sweep::marked(nonce);
    while !there.is_empty() && Instant::now() < deadline {
        sleep_until(Instant::now() + LOOK).await;
        there = sweep::marked(nonce);
    }
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
    // Reaps it. A process that cannot be killed is waited for no longer than that.
    let _ = timeout(GRACE, child.wait()).await;
    let there_before = there.len();
    for _ in 0..ROUNDS {
        if there.is_empty() {
            break;
        }
        sweep::kill(&there);
        sleep_until(Instant::now() + LOOK).await;
        there = sweep::marked(nonce);
    }
    there_before
}

/// What one pipe brought.
#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    total: u64,
    /// The end of what was read, in which a secret may begin.
    tail: Vec<u8>,
    excerpts: usize,
}

impl Kept {
    fn is_cut(&self) -> bool {
        self.total > KEPT as u64
    }

    /// Takes a piece in: the start as it is, of the rest what stands around a secret.
    fn take(&mut self, piece: &[u8], secrets: &[String]) {
        self.total += piece.len() as u64;
        let room = if self.excerpts == 0 { KEPT.saturating_sub(self.bytes.len()) } else { 0 };
        let (first, rest) = piece.split_at_checked(room).unwrap_or((piece, &[]));
        self.bytes.extend_from_slice(first);
        if rest.is_empty() {
            return;
        }
        let longest = secrets.iter().map(String::len).max().unwrap_or_default();
        let text = [&self.tail[..], rest].concat();
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            let Some(at) = find(&text, secret.as_bytes()).filter(|_| self.excerpts < EXCERPTS) else { continue };
            self.excerpts += 1;
            let around = at.saturating_sub(AROUND)..(at + secret.len() + AROUND).min(text.len());
            self.bytes.extend_from_slice("\n… further on …\n".as_bytes());
            self.bytes.extend_from_slice(text.get(around).unwrap_or_default());
        }
        let keep = text.len().saturating_sub(longest.saturating_sub(1));
        self.tail = text.get(keep..).unwrap_or_default().to_vec();
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first()?;
    let mut from = 0;
    // Most of a text is ruled out by one byte.
    while let Some(step) = text.get(from..)?.iter().position(|byte| byte == first) {
        from += step;
        if text.get(from..)?.starts_with(wanted) {
            return Some(from);
        }
        from += 1;
    }
    None
}

/// A pipe that is being read.
struct Capture {
    kept: Arc<Mutex<Kept>>,
    reading: tokio::task::JoinHandle<()>,
}

impl Capture {
    fn of(mut pipe: impl AsyncRead + Unpin + Send + 'static, terms: &Terms<'_>, flood: &Arc<Notify>) -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let (shared, secrets, flood) = (Arc::clone(&kept), terms.secrets.to_vec(), Arc::clone(flood));
        let is_shown = terms.output == Output::Shown;
        let reading = tokio::spawn(async move {
            let mut piece = vec![0; PIECE];
            while let Ok(count @ 1..) = pipe.read(&mut piece).await {
                let read = piece.get(..count).unwrap_or_default();
                if is_shown {
                    // Whoever closed stderr does not want to see it.
                    let _ = io::stderr().write_all(read);
                }
                let total = {
                    let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.take(read, &secrets);
                    kept.total
                };
                if total > FLOOD && !is_shown {
                    flood.notify_one();
                }
                if total > KEPT as u64 {
                    // Others run beside it.
                    tokio::task::yield_now().await;
                }
            }
        });
        Self { kept, reading }
    }

    /// What there is. A pipe that somebody keeps open is not waited for.
    async fn finish(mut self) -> Kept {
        if timeout(MOMENT, &mut self.reading).await.is_err() {
            self.reading.abort();
        }
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Bytes that are kept of each of stdout and stderr.
const KEPT: usize = 256 * 1024;
/// Bytes at which a command is ended: it will not stop by itself.
const FLOOD: u64 = 16 * 1024 * 1024;
/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;
/// Secrets that are shown further on in the output, and the bytes on both sides of each.
const EXCERPTS: usize = 4;
const AROUND: usize = 200;
/// Between asking a command to end and ending it.
const GRACE: Duration = Duration::from_millis(500);
/// For what ends together with its parent, and for what is left in a pipe.
const MOMENT: Duration = Duration::from_millis(250);
/// Between two looks at what is left.
const LOOK: Duration = Duration::from_millis(10);
/// How often what is left is killed: it may be starting others meanwhile.
const ROUNDS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pieces: &[&[u8]]) -> Kept {
        let mut kept = Kept::default();
        pieces.iter().for_each(|piece| kept.take(piece, &["secret-token".to_owned()]));
        kept
    }

    #[test]
    fn the_start_of_an_output_is_kept_and_a_secret_is_found_however_late_it_comes() {
        let short = taken(&[b"hello ", b"world"]);
        assert_eq!((short.bytes.as_slice(), short.is_cut()), (&b"hello world"[..], false));
        let long = vec![b'x'; KEPT + 10];
        assert_eq!(taken(&[&long]).bytes.len(), KEPT);
        let split = taken(&[&long, b"aaa secret-", b"token bbb", &long]);
        let text = String::from_utf8(split.bytes.get(KEPT..).unwrap().to_vec()).unwrap();
        assert!(text.contains("secret-token bbb") && split.is_cut(), "{text}");
    }

    fn terms<'a>(
        environment: &'a BTreeMap<&'static str, String>,
        time: Duration,
        whole_time: Duration,
    ) -> (watch::Sender<u64>, Terms<'a>) {
        let requested = watch::Sender::new(0);
        let requests = requested.subscribe();
        let output = Output::Kept;
        (requested, Terms { environment, without: &[], nonce: "n", time, whole_time, requests, secrets: &[], output })
    }

    #[tokio::test]
    async fn its_time_begins_with_its_first_request_and_it_has_the_whole_time_for_that() {
        const HOUR: Duration = Duration::from_secs(3_600);
        let environment = BTreeMap::new();
        // Each of these ends, or the test does not.
        let (requested, slow) = terms(&environment, Duration::from_millis(1), HOUR);
        let ((), ()) = tokio::join!(time_over(Instant::now(), &slow), async {
            tokio::task::yield_now().await;
            requested.send_modify(|count| *count += 1);
        });
        let (_requested, silent) = terms(&environment, HOUR, Duration::from_millis(1));
        time_over(Instant::now(), &silent).await;
        let (requested, long) = terms(&environment, HOUR, Duration::from_millis(1));
        let ((), ()) = tokio::join!(time_over(Instant::now(), &long), async {
            requested.send_modify(|count| *count += 1);
        });
        // And without a request its own time does not begin.
        let (_requested, waiting) = terms(&environment, Duration::ZERO, HOUR);
        let at_once = timeout(Duration::from_millis(20), time_over(Instant::now(), &waiting)).await;
        assert!(at_once.is_err(), "its time was over before it had made a request");
    }
}
