//! The only file that reads the clock.

use std::time::Instant;

use contract::time::UnixMillis;

/// The wall's time.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the shell's clock file; everything else takes the time as an argument"
)]
pub(crate) fn wall() -> UnixMillis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Microseconds since a moment, for the log.
pub(crate) fn micros_since(start: Instant) -> u128 {
    start.elapsed().as_micros()
}
