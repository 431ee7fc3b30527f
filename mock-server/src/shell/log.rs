//! Lines on stderr that a person can follow.

use tracing::Level;
use tracing::level_filters::LevelFilter;

/// The target of the one line for each request.
pub(crate) const REQUESTS: &str = "request";

/// Whether anybody reads the line for each request; without readers no work is done for it.
pub(crate) fn enabled() -> bool {
    tracing::enabled!(target: "request", Level::INFO)
}

/// Sends log lines to stderr, for the rest of the process. Called once, by the program; a library leaves it to its user.
pub(crate) fn start(level: LevelFilter, colour: bool) {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(colour)
        .with_writer(std::io::stderr)
        .with_target(false)
        // A closed stderr must not end the mock.
        .log_internal_errors(false)
        .finish();
    // A subscriber that is there already stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
