//! The only file of this crate that reads the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

use contract::time::UnixMillis;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "this is the shell's clock file: everything else is given the time")]
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The day of a moment, in UTC.
pub fn date(moment: UnixMillis) -> Date {
    Timestamp::from_millisecond(moment.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC).date()
}
