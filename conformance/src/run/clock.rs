//! The only file of this crate that reads the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

use contract::time::UnixMillis;

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "this is the shell's clock file: everything else is given the time")]
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
