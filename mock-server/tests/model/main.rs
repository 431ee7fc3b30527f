//! Random histories of a Chatwork world, held against an independent model of it.
//!
//! The mock is driven through its public face: requests as values, by several people with their tokens. The model
//! (`state`, `views`, `predict`) is small and naive: lists that it counts again each time, written from the contract's
//! documents. For each request it says which answer is right; after each step the caller's counts are compared, and
//! every few steps everything that everybody sees (`observe`).
//!
//! `MODEL_OPERATIONS` asks for more operations than 10,000, `MODEL_SEED` for other ones than those of every run. A
//! failing history is told as the shortest one that still fails.

mod call;
mod generate;
mod observe;
mod predict;
mod run;
mod shrink;
mod start;
mod state;
mod step;
mod views;
mod world;

use contract::chatwork::endpoints::ENDPOINTS;

use run::{Run, Seen, run};
use start::{Limits, full, small};

#[test]
fn the_mock_answers_as_the_model_does() {
    let seen = run(&Run { percent: 65, start: || small(Limits::default()), length: 100, most_wait: 1500 });
    assert_variety(&seen);
}

#[test]
fn the_mock_answers_as_the_model_does_when_lists_are_full_and_messages_old() {
    let _ = run(&Run { percent: 10, start: || full(Limits::default()), length: 400, most_wait: 40_000 });
}

#[test]
fn the_mock_answers_as_the_model_does_when_requests_are_limited() {
    let limits = || small(Limits { account: Some((12, 40)), room: Some((3, 10)) });
    let seen = run(&Run { percent: 25, start: limits, length: 100, most_wait: 2500 });
    let refused = |operation| seen.get(&(operation, 429)).copied().unwrap_or(0);
    assert!(refused("get-rooms") > 0, "no account reached its limit: {seen:?}");
    assert!(refused("post-messages") > refused("get-rooms"), "no room reached its limit: {seen:?}");
}

/// Whether the histories did what they are for: every operation succeeded, and was refused in each of its ways.
fn assert_variety(seen: &Seen) {
    let missing: Vec<String> = ENDPOINTS
        .iter()
        .flat_map(|endpoint| {
            let in_room = endpoint.path.starts_with("/rooms/{room_id}");
            // 400 and 403 are listed for every operation, but many have no parameter or room to be refused for.
            let refusals = endpoint.refusals.iter().copied().filter(move |status| match status {
                400 => !endpoint.params.is_empty(),
                403 => in_room,
                _ => true,
            });
            endpoint.successes().chain(refusals).map(|status| (endpoint.name, status))
        })
        .filter(|wanted| !seen.contains_key(wanted))
        .map(|(name, status)| format!("{name} {status}"))
        .collect();
    assert_eq!(missing, [""; 0], "the histories never came to these answers, but to {seen:?}");
}
