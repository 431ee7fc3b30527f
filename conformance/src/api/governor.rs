//! How fast requests go out: a gap between two, so many in a window, and a rest when the server says that little is left.
//! Pure: the moment is an argument.

use std::collections::VecDeque;
use std::time::Duration;

/// Keeps a run far below the limits of a server that others depend on. Moments count from the start of the run.
#[derive(Clone, Debug, Default)]
pub struct Governor {
    gap: Duration,
    allowance: Option<(usize, Duration)>,
    reserve: i64,
    sent: VecDeque<Duration>,
    resting: Duration,
}

impl Governor {
    /// At most `rate` requests a second, where there is one, and at most so many in a window, where one is given. It rests
    /// when the server says that no more than `reserve` requests are left.
    pub fn new(rate: Option<u32>, allowance: Option<(u32, Duration)>, reserve: i64) -> Self {
        let gap = rate.and_then(|rate| Duration::from_secs(1).checked_div(rate)).unwrap_or_default();
        let allowance = allowance.map(|(most, window)| (usize::try_from(most).unwrap_or(usize::MAX).max(1), window));
        Self { gap, allowance, reserve, ..Self::default() }
    }

    /// How long the next request has to wait.
    pub fn delay(&self, now: Duration) -> Duration {
        let after_gap = self.sent.back().map_or(Duration::ZERO, |last| *last + self.gap);
        let after_window = self.allowance.map_or(Duration::ZERO, |(most, window)| {
            let oldest = self.sent.len().checked_sub(most).and_then(|place| self.sent.get(place));
            oldest.map_or(Duration::ZERO, |oldest| *oldest + window)
        });
        after_gap.max(after_window).max(self.resting).saturating_sub(now)
    }

    /// A request goes out.
    pub fn sent(&mut self, now: Duration) {
        self.sent.push_back(now);
        let kept = self.allowance.map_or(1, |(most, _)| most);
        while self.sent.len() > kept {
            self.sent.pop_front();
        }
    }

    /// The server says that so many requests are left, and that its window ends after so long.
    pub fn told(&mut self, now: Duration, remaining: i64, until_reset: Duration) {
        if remaining <= self.reserve {
            self.resting = now + until_reset;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(300);

    #[test]
    fn without_any_rule_nothing_waits() {
        let mut governor = Governor::new(None, None, 0);
        governor.sent(Duration::ZERO);
        assert_eq!(governor.delay(Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn it_rests_until_the_window_ends_when_little_is_left() {
        let mut governor = Governor::new(None, None, 60);
        governor.told(Duration::from_secs(1), 61, Duration::from_secs(100));
        assert_eq!(governor.delay(Duration::from_secs(1)), Duration::ZERO);
        governor.told(Duration::from_secs(1), 60, Duration::from_secs(100));
        assert_eq!(governor.delay(Duration::from_secs(2)), Duration::from_secs(99));
        assert_eq!(governor.delay(Duration::from_secs(101)), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_the_allowance(
            most in 1_u32..8, rate in 1_u32..50, pauses in proptest::collection::vec(0_u64..90_000, 1..60)
        ) {
            let mut governor = Governor::new(Some(rate), Some((most, WINDOW)), 0);
            let mut now = Duration::ZERO;
            let mut sent: Vec<Duration> = Vec::new();
            for pause in pauses {
                now += Duration::from_millis(pause);
                now += governor.delay(now);
                prop_assert_eq!(governor.delay(now), Duration::ZERO);
                governor.sent(now);
                if let Some(last) = sent.last() {
                    prop_assert!(now - *last >= Duration::from_secs(1) / rate);
                }
                sent.push(now);
                let recent = sent.iter().filter(|one| **one + WINDOW > now).count();
                prop_assert!(recent <= usize::try_from(most).unwrap());
            }
        }
    }
}
