//! The mock holds its own answers against the contract. What it finds never changes an answer: it is for whoever works on
//! the mock, in the journal and in the log.

use contract::chatday::endpoints::Operation;
use contract::chatday::{Profile, judge};
use contract::chatwork::endpoints::ENDPOINTS;
use contract::clause::Clause;
use contract::judge::{Strictness, Violation, exchange};
use contract::wire::Response;

use super::turn::Note;

/// An answer of the mock that departs from the contract.
pub static OWN_ANSWER: Clause = Clause::assumed(
    "mock.own-answer",
    "The mock's own answers keep the contract. One that does not is a fault of the mock, not of the caller.",
);

/// What is wrong with an answer of Chatwork.
pub fn chatwork(operation: Option<&'static str>, response: &Response, strictness: Strictness) -> Vec<Note> {
    let endpoint = operation.and_then(|name| ENDPOINTS.iter().find(|endpoint| endpoint.name == name));
    notes(exchange(endpoint, response, strictness))
}

/// What is wrong with an answer of Chatday.
pub fn chatday(profile: &Profile, operation: Option<&'static str>, response: &Response) -> Vec<Note> {
    let operation = Operation::ALL.into_iter().find(|known| Some(known.id()) == operation);
    notes(judge::exchange(profile, operation, response))
}

fn notes(found: Vec<Violation>) -> Vec<Note> {
    let note = |violation| Note { clause: &OWN_ANSWER, detail: format!("own answer: {violation}") };
    found.into_iter().map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::refusal;
    use http::StatusCode;

    #[test]
    fn an_answer_that_breaks_the_contract_is_noted_and_one_that_keeps_it_is_not() {
        let judged = |status| {
            chatwork(Some("get-me"), &refusal::response(None, status, "Invalid API token"), Strictness::default())
        };
        assert_eq!(judged(StatusCode::UNAUTHORIZED), []);
        let notes = judged(StatusCode::IM_A_TEAPOT);
        assert!(notes.iter().any(|note| note.detail.contains("status")), "{notes:?}");
    }

    #[test]
    fn the_same_holds_for_chatday() {
        let profile = Profile::default_profile();
        let answer = contract::chatday::answer::sent(&profile, "7");
        assert_eq!(chatday(&profile, Some("send-message"), &answer), []);
        assert!(chatday(&profile, Some("register"), &answer)[0].detail.contains("/Chatday-Signature-Token"));
    }
}
