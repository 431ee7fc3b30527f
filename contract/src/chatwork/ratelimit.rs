//! Arithmetic of a request window: fixed length, opened by the first request in it
//! (clause [`WINDOW`](super::clauses::WINDOW)).

use super::limits::Limit;
use crate::time::UnixMillis;

/// A window of requests. The default has never been opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Unix second in which its first request came.
    pub opened_second: i64,
    /// Requests counted in it so far.
    pub used: u32,
}

/// What a window says after a request asked for a place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the request may go on.
    pub allowed: bool,
    /// Requests allowed in a window.
    pub limit: u32,
    /// Requests left after this one.
    pub remaining: u32,
    /// Unix second at which the window ends; a request in that second opens the next one.
    pub reset_second: i64,
}

impl Window {
    /// Asks for a place at a moment, and takes it if there is one. A window that has ended, or that lies in the
    /// future because the clock was set back, gives way to a new one.
    pub fn take(&mut self, limit: Limit, now: UnixMillis) -> Standing {
        let second = now.seconds();
        if !self.is_open(limit, second) {
            *self = Self { opened_second: second, used: 0 };
        }
        let allowed = self.used < limit.requests;
        if allowed {
            self.used += 1;
        }
        Standing {
            allowed,
            limit: limit.requests,
            remaining: limit.requests.saturating_sub(self.used),
            reset_second: self.opened_second.saturating_add(i64::from(limit.seconds)),
        }
    }

    /// Whether this window holds a count that matters at a second.
    pub fn is_open(&self, limit: Limit, second: i64) -> bool {
        let end = self.opened_second.saturating_add(i64::from(limit.seconds));
        self.used > 0 && (self.opened_second..end).contains(&second)
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::ACCOUNT;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_request_leaves_299_and_the_301st_is_refused_until_the_reset_second() {
        let mut window = Window::default();
        let start = UnixMillis(1_760_000_000_750);
        let first = window.take(ACCOUNT, start);
        assert_eq!(first, Standing { allowed: true, limit: 300, remaining: 299, reset_second: 1_760_000_300 });
        for _ in 1..300 {
            assert!(window.take(ACCOUNT, start.plus_millis(1000)).allowed);
        }
        let refused = window.take(ACCOUNT, UnixMillis::from_seconds(first.reset_second).plus_millis(-1));
        assert_eq!((refused.allowed, refused.remaining, refused.reset_second), (false, 0, first.reset_second));
        let next = window.take(ACCOUNT, UnixMillis::from_seconds(first.reset_second));
        assert_eq!((next.allowed, next.remaining), (true, 299));
    }

    #[test]
    fn a_clock_set_back_opens_a_new_window_instead_of_a_long_wait() {
        let mut window = Window { opened_second: 5000, used: 300 };
        assert!(window.take(ACCOUNT, UnixMillis::from_seconds(10)).allowed);
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_its_limit(
            requests in 1_u32..20, seconds in 1_u32..20, steps in proptest::collection::vec(0_i64..4000, 1..200)
        ) {
            let limit = Limit { requests, seconds };
            let mut window = Window::default();
            let mut now = UnixMillis::from_seconds(1_760_000_000);
            let mut granted: Vec<(i64, u32)> = Vec::new();
            for step in steps {
                now = now.plus_millis(step);
                let standing = window.take(limit, now);
                prop_assert!(standing.reset_second > now.seconds());
                prop_assert!(standing.reset_second <= now.seconds() + i64::from(seconds));
                if standing.allowed {
                    match granted.last_mut() {
                        Some((reset, count)) if *reset == standing.reset_second => *count += 1,
                        _ => granted.push((standing.reset_second, 1)),
                    }
                    prop_assert_eq!(standing.remaining, requests - granted.last().unwrap().1);
                } else {
                    prop_assert_eq!(granted.last(), Some(&(standing.reset_second, requests)));
                }
            }
        }
    }
}
