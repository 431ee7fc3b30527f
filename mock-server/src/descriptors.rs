//! How many files the process may have open. Each connection is one, and they are one store for all listeners: where
//! strangers use it up on one of them, the others could not accept either.

/// How many connections each listener may have at once: as many as wished, or as many as there is room for. Takes all
/// that the system gives without asking; many give 1,024 at first and much more on demand.
pub(crate) fn room_for(wished: usize, listeners: usize) -> usize {
    let Some(files) = files() else { return wished };
    let room = share(files, wished, listeners);
    if room < wished {
        tracing::warn!(
            "this process may have {files} files open, so each listener serves {room} connections at once instead of \
             {wished}: 'ulimit -n' shows and raises the bound"
        );
    }
    room
}

fn share(files: usize, wished: usize, listeners: usize) -> usize {
    (files.saturating_sub(KEPT_FREE) / listeners.max(1)).clamp(1, wished.max(1))
}

/// The bound, raised as far as it goes; `None` where there is none.
#[cfg(unix)]
fn files() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let now = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    now.map(|files| usize::try_from(files).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
fn files() -> Option<usize> {
    None
}

/// For the listeners, standard streams, the runtime, files of the operator, and calls that go out.
const KEPT_FREE: usize = 128;

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn listeners_share_what_there_is_and_get_no_more_than_they_wish() {
        assert_eq!(share(1_048_576, 1024, 2), 1024);
        assert_eq!(share(2 * 1024 + 128, 1024, 2), 1024);
        assert_eq!(share(1024, 1024, 1), 896);
        assert_eq!(share(1024, 1024, 2), 448);
        assert_eq!(share(10, 1024, 2), 1, "one at a time still serves everybody");
    }
}
