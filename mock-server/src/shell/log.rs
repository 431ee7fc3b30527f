//! Lines on stderr that a person can follow.

use std::fmt::Display;
use std::time::Instant;

use http::{Method, Uri};
use tracing::Level;
use tracing::level_filters::LevelFilter;

use super::{Shared, clock};

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

impl Shared {
    /// One line for a request that was answered.
    pub(crate) fn log<B>(
        &self,
        started: Option<Instant>,
        method: &Method,
        uri: &Uri,
        response: &http::Response<B>,
        world: &str,
    ) {
        self.log_line(started, method, uri, response.status().as_u16(), world);
    }

    /// One line for a request, whatever came of it.
    pub(super) fn log_line(
        &self,
        started: Option<Instant>,
        method: &Method,
        uri: &Uri,
        outcome: impl Display,
        world: &str,
    ) {
        let Some(started) = started else { return };
        let mut path = Vec::new();
        self.registry.index().secrets().mask_into(&mut path, uri.path().as_bytes());
        let path = String::from_utf8_lossy(&path);
        let micros = clock::micros_since(started);
        tracing::info!(target: REQUESTS, "{method} {path} {outcome} world={world} {micros}us");
    }
}
