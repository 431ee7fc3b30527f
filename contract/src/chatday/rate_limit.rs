//! Window arithmetic of the optional rate limit (clause `chatday.errors.rate-limit`). Pure: time is an argument.

use crate::time::UnixMillis;

/// A limit: so many requests in so long a window. The window starts with its first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests in a window, 1 or more.
    pub requests: u32,
    /// Length of a window in milliseconds, 1000 or more.
    pub window_ms: i64,
}

/// What one token has used of its window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// When the window started.
    pub started: UnixMillis,
    /// Requests counted in it.
    pub used: u32,
}

impl RateLimit {
    /// Counts one request. A clock that was set back starts a new window, so that nobody waits for a moment long gone.
    ///
    /// # Errors
    /// Beyond the limit: the whole seconds until the window ends, 1 or more. A refused request is not counted.
    pub fn admit(self, window: &mut Window, now: UnixMillis) -> Result<(), u64> {
        let passed = now.0.saturating_sub(window.started.0);
        if window.used == 0 || passed < 0 || passed >= self.window_ms {
            *window = Window { started: now, used: 0 };
        }
        if window.used >= self.requests {
            let left = self.window_ms.saturating_sub(now.0.saturating_sub(window.started.0));
            return Err(u64::try_from(left).unwrap_or_default().div_ceil(1000).max(1));
        }
        window.used += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit { requests: 2, window_ms: 10_000 };

    #[test]
    fn the_window_opens_with_its_first_request_and_says_when_it_ends() {
        let mut window = Window::default();
        assert_eq!(LIMIT.admit(&mut window, UnixMillis(5_000)), Ok(()));
        assert_eq!(LIMIT.admit(&mut window, UnixMillis(9_000)), Ok(()));
        assert_eq!(LIMIT.admit(&mut window, UnixMillis(9_001)), Err(6));
        assert_eq!(LIMIT.admit(&mut window, UnixMillis(14_999)), Err(1));
        assert_eq!(LIMIT.admit(&mut window, UnixMillis(15_000)), Ok(()));
        assert_eq!(window, Window { started: UnixMillis(15_000), used: 1 });
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_shut_anybody_out() {
        let mut window = Window { started: UnixMillis(1_000_000), used: 2 };
        assert_eq!(LIMIT.admit(&mut window, UnixMillis(0)), Ok(()));
        let mut far = Window { started: UnixMillis(i64::MIN), used: 2 };
        assert_eq!(LIMIT.admit(&mut far, UnixMillis(i64::MAX)), Ok(()));
    }
}
