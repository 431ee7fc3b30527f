//! Moments as values. Nothing in this crate knows what time it is; callers say so.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::{Deserialize, Serialize};

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// A moment at a whole second.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The second that this moment lies in, as the services' `*_time` fields count it.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment moved by a number of milliseconds; stops at the ends of the range instead of wrapping.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Reads `2026-01-31T09:00:00Z` and the other forms of RFC 3339.
    ///
    /// # Errors
    /// A sentence that names the text and the expected form.
    pub fn from_rfc3339(text: &str) -> Result<Self, String> {
        text.parse::<Timestamp>()
            .map(|timestamp| Self(timestamp.as_millisecond()))
            .map_err(|_| format!("'{text}' is no RFC 3339 time: expected a form like 2026-01-31T09:00:00Z"))
    }

    /// RFC 3339 in UTC, as reports and control answers print it. Moments beyond the year 9999 print as its end.
    pub fn to_rfc3339(self) -> String {
        self.timestamp().to_string()
    }

    /// The form of the `Date` header (RFC 9110, 5.6.7).
    pub fn to_http_date(self) -> String {
        rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&self.timestamp()).unwrap_or_default()
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_prints_as_rfc_3339_and_as_an_http_date() {
        let moment = UnixMillis::from_seconds(784_111_777);
        assert_eq!(moment.to_http_date(), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(moment.to_rfc3339(), "1994-11-06T08:49:37Z");
        assert_eq!(UnixMillis::from_rfc3339("1994-11-06T08:49:37Z"), Ok(moment));
    }

    #[test]
    fn seconds_round_down_before_1970_too() {
        assert_eq!(UnixMillis(-1).seconds(), -1);
        assert_eq!(UnixMillis(1999).seconds(), 1);
    }

    #[test]
    fn the_ends_of_the_range_do_not_panic() {
        assert!(!UnixMillis(i64::MAX).to_http_date().contains("1994"));
        assert!(!UnixMillis(i64::MIN).to_rfc3339().is_empty());
        assert_eq!(UnixMillis(i64::MAX).plus_millis(1), UnixMillis(i64::MAX));
    }
}
