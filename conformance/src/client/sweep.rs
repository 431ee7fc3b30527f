//! Finds and ends the processes that a command leaves behind, those too that left its process group. On Linux each is known
//! by its environment, which it has from the command; elsewhere there is no safe way to tell, and the group has to do.

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, waitpid};

/// Names the run that a process belongs to.
pub const MARKER: &str = "CONFORMANCE_RUN";

/// The processes of one run that are there, but for those that have ended and only wait for their parent's look.
pub fn marked(nonce: &str) -> Vec<Pid> {
    let wanted = format!("{MARKER}={nonce}");
    let is_marked = |process: &Process| {
        let environment = std::fs::read(format!("/proc/{}/environ", process.id)).unwrap_or_default();
        !process.is_zombie && environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    let own = getpid();
    let found = processes().into_iter().filter(is_marked).filter_map(|process| Pid::from_raw(process.id));
    found.filter(|id| *id != own).collect()
}

/// Ends processes, and looks at their end where that is ours to do.
pub fn kill(processes: &[Pid]) {
    for process in processes {
        // It may have ended by itself meanwhile.
        let _ = kill_process(*process, Signal::KILL);
    }
    for process in processes {
        let _ = waitpid(Some(*process), WaitOptions::NOHANG);
    }
}

/// Makes this process the parent of whatever loses its own among its descendants, so that [`end_all`] finds it.
pub fn adopt() {
    // Without it what hides from its environment may outlive the run; everything else is found all the same.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(getpid()));
}

/// Ends every descendant of this process. Only for a process whose descendants are all commands that have had their time.
pub fn end_all() {
    for _ in 0..ROUNDS {
        let processes = processes();
        let own = getpid().as_raw_nonzero().get();
        let mut family = vec![own];
        // Parents are not always listed before their children.
        loop {
            let more = |process: &&Process| family.contains(&process.parent) && !family.contains(&process.id);
            let found: Vec<i32> = processes.iter().filter(more).map(|process| process.id).collect();
            if found.is_empty() {
                break;
            }
            family.extend(found);
        }
        let others: Vec<Pid> = family.into_iter().filter(|id| *id != own).filter_map(Pid::from_raw).collect();
        if others.is_empty() {
            return;
        }
        kill(&others);
    }
}

/// A process as the system lists it.
#[derive(Debug)]
struct Process {
    id: i32,
    parent: i32,
    is_zombie: bool,
}

/// Every process that can be seen; none where there is no `/proc`.
fn processes() -> Vec<Process> {
    let Ok(listed) = std::fs::read_dir("/proc") else { return Vec::new() };
    let named = listed.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    named.filter_map(Process::read).collect()
}

impl Process {
    fn read(id: i32) -> Option<Self> {
        let line = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        Self::parse(id, &line)
    }

    /// `12 (name) S 1 …`: the name may hold anything, parentheses too.
    fn parse(id: i32, line: &str) -> Option<Self> {
        let (_, rest) = line.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let is_zombie = matches!(fields.next()?, "Z" | "X");
        Some(Self { id, parent: fields.next()?.parse().ok()?, is_zombie })
    }
}

/// How often descendants are ended: they may be starting others meanwhile.
const ROUNDS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_it_is_called() {
        let read = Process::parse(12, "12 (a) Z (b) S 7 12 12 0").unwrap();
        assert_eq!((read.id, read.parent, read.is_zombie), (12, 7, false));
        assert!(Process::parse(1, "1 (x) Z 7").unwrap().is_zombie);
        assert!(Process::parse(1, "").is_none());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_among_those_that_are_seen() {
        let own = getpid().as_raw_nonzero().get();
        assert!(processes().iter().any(|process| process.id == own));
        assert!(marked("a nonce that nobody has").is_empty());
    }
}
