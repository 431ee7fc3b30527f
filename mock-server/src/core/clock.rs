//! A world's clock: a pure function of the wall's time, which the shell tells it.

use contract::reader::Node;
use contract::time::UnixMillis;

/// Most that one advance may move a clock: 100 years of 365 days, in milliseconds.
pub const MOST_ADVANCE_MS: i64 = 100 * 365 * 24 * 60 * 60 * 1000;

/// How a clock starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockStart {
    /// The first moment; the wall's time without it.
    pub at: Option<UnixMillis>,
    /// Whether the clock stands still until it is told to move.
    pub frozen: bool,
}

impl ClockStart {
    /// Reads `{"at"?: RFC 3339, "frozen"?: bool}` and notes every fault.
    pub fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let at = object.optional("at").and_then(|at| moment(&at));
        let frozen = object.optional_flag("frozen").unwrap_or(false);
        object.finish();
        Self { at, frozen }
    }
}

/// Reads an RFC 3339 time; notes a fault otherwise.
pub fn moment(node: &Node<'_>) -> Option<UnixMillis> {
    let text = node.text()?;
    UnixMillis::from_rfc3339(text).map_err(|message| node.fault(message)).ok()
}

/// The clock of one world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Where the clock stands while it is frozen.
    frozen_at: Option<UnixMillis>,
    /// How far a running clock is ahead of the wall.
    offset_ms: i64,
    /// The latest wall time seen: a wall that is set back does not set the world back.
    latest_wall: UnixMillis,
}

impl Clock {
    /// A clock that starts now.
    pub fn start(start: ClockStart, wall: UnixMillis) -> Self {
        let at = start.at.unwrap_or(wall);
        Self { frozen_at: start.frozen.then_some(at), offset_ms: at.0.saturating_sub(wall.0), latest_wall: wall }
    }

    /// The world's time. Never less than at an earlier call, unless [`Clock::set`] said so.
    pub fn now(&mut self, wall: UnixMillis) -> UnixMillis {
        self.latest_wall = self.latest_wall.max(wall);
        self.frozen_at.unwrap_or_else(|| self.latest_wall.plus_millis(self.offset_ms))
    }

    /// Whether the clock stands still.
    pub fn is_frozen(&self) -> bool {
        self.frozen_at.is_some()
    }

    /// How a clock must start to go on where this one is; `None` for an undisturbed real clock.
    pub fn as_start(&mut self, wall: UnixMillis) -> Option<ClockStart> {
        let disturbed = self.frozen_at.is_some() || self.offset_ms != 0;
        disturbed.then(|| ClockStart { at: Some(self.now(wall)), frozen: self.is_frozen() })
    }

    /// Moves on, by zero or more milliseconds; a frozen clock stays frozen, a running one goes on running.
    pub fn advance(&mut self, millis: i64) {
        match &mut self.frozen_at {
            Some(at) => *at = at.plus_millis(millis.max(0)),
            None => self.offset_ms = self.offset_ms.saturating_add(millis.max(0)),
        }
    }

    /// Goes to a moment, later or earlier; a frozen clock stays frozen, a running one goes on from there.
    pub fn set(&mut self, to: UnixMillis, wall: UnixMillis) {
        self.latest_wall = wall;
        match &mut self.frozen_at {
            Some(at) => *at = to,
            None => self.offset_ms = to.0.saturating_sub(wall.0),
        }
    }

    /// Stands still at the present moment.
    pub fn freeze(&mut self, wall: UnixMillis) {
        self.frozen_at = Some(self.now(wall));
    }

    /// Runs on from the moment at which it stood: the time spent frozen is not made up.
    pub fn resume(&mut self, wall: UnixMillis) {
        if let Some(at) = self.frozen_at.take() {
            self.latest_wall = wall;
            self.offset_ms = at.0.saturating_sub(wall.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: UnixMillis = UnixMillis(1_000_000);

    fn after(millis: i64) -> UnixMillis {
        AT.plus_millis(millis)
    }

    #[test]
    fn a_real_clock_follows_the_wall_and_never_goes_back_with_it() {
        let mut clock = Clock::start(ClockStart::default(), AT);
        assert_eq!(clock.now(after(5)), after(5));
        assert_eq!(clock.now(AT), after(5));
        assert_eq!(clock.as_start(AT), None);
    }

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let mut clock = Clock::start(ClockStart { at: None, frozen: true }, AT);
        assert_eq!(clock.now(after(5000)), AT);
        clock.advance(250);
        assert_eq!(clock.now(after(9000)), after(250));
        clock.set(UnixMillis(7), after(9000));
        assert_eq!(clock.now(after(9001)), UnixMillis(7));
        assert_eq!(clock.as_start(AT), Some(ClockStart { at: Some(UnixMillis(7)), frozen: true }));
    }

    #[test]
    fn a_resumed_clock_goes_on_from_where_it_stood() {
        let mut clock = Clock::start(ClockStart::default(), AT);
        clock.freeze(after(10));
        clock.resume(after(500));
        assert_eq!(clock.now(after(501)), after(11));
    }

    #[test]
    fn a_running_clock_that_was_set_or_advanced_goes_on_running() {
        let mut clock = Clock::start(ClockStart { at: Some(UnixMillis(0)), frozen: false }, AT);
        assert_eq!(clock.now(after(3)), UnixMillis(3));
        clock.advance(100);
        assert_eq!(clock.now(after(4)), UnixMillis(104));
        clock.set(UnixMillis(10), after(4));
        assert_eq!(clock.now(after(6)), UnixMillis(12));
        clock.advance(i64::MAX);
        clock.advance(i64::MAX);
        assert_eq!(clock.now(after(7)), UnixMillis(i64::MAX), "stops at the end of time");
    }
}
