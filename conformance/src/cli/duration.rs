//! Times that are typed.

use std::time::Duration;

/// A duration in which something can happen.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    let read = duration(text)?;
    if read < Duration::from_millis(1) {
        return Err(format!("'{text}' leaves no time for an answer: expected 1ms to 10m"));
    }
    Ok(read)
}

/// The time of a whole run.
pub(super) fn budget(text: &str) -> Result<Duration, String> {
    let refused = || format!("'{text}' is no time for a run: expected a form like 90s or 10m, from 1s to 24h");
    let read: jiff::SignedDuration = text.parse().map_err(|_| refused())?;
    let read = Duration::try_from(read).map_err(|_| refused())?;
    if (Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(&read) { Ok(read) } else { Err(refused()) }
}

/// Reads `5s`, `500ms`, `1m 30s`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let refused = || format!("'{text}' is no duration: expected a form like 5s, 500ms or 1m, up to 10m");
    let read: jiff::SignedDuration = text.parse().map_err(|_| refused())?;
    let read = Duration::try_from(read).map_err(|_| refused())?;
    if read > Duration::from_secs(600) { Err(refused()) } else { Ok(read) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_an_end() {
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert!(duration("5").is_err());
        assert!(duration("-5s").is_err());
        assert!(duration("11m").is_err());
        assert_eq!(timeout("1ms"), Ok(Duration::from_millis(1)));
        assert!(timeout("0s").is_err());
        assert_eq!(budget("24h"), Ok(Duration::from_secs(86_400)));
        assert!(budget("999ms").is_err() && budget("25h").is_err());
    }
}
