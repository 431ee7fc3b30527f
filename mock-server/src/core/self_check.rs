//! The mock holds its own answers against the contract. What it finds never changes an answer: it is for whoever works on
//! the mock, in the journal and in the log.

use contract::chatwork::endpoints::ENDPOINTS;
use contract::clause::Clause;
use contract::judge::{Strictness, exchange};
use contract::wire::Response;

use super::turn::Note;

/// An answer of the mock that departs from the contract.
pub static OWN_ANSWER: Clause = Clause::assumed(
    "mock.own-answer",
    "The mock's own answers keep the contract. One that does not is a fault of the mock, not of the caller.",
);

/// What is wrong with an answer of Chatwork.
pub fn judge(operation: Option<&'static str>, response: &Response, strictness: Strictness) -> Vec<Note> {
    let endpoint = operation.and_then(|name| ENDPOINTS.iter().find(|endpoint| endpoint.name == name));
    let found = exchange(endpoint, response, strictness);
    found
        .into_iter()
        .map(|violation| Note { clause: &OWN_ANSWER, detail: format!("own answer: {violation}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::refusal;
    use http::StatusCode;

    #[test]
    fn an_answer_that_breaks_the_contract_is_noted_and_one_that_keeps_it_is_not() {
        let judged = |status| {
            judge(Some("get-me"), &refusal::response(None, status, "Invalid API token"), Strictness::default())
        };
        assert_eq!(judged(StatusCode::UNAUTHORIZED), []);
        let notes = judged(StatusCode::IM_A_TEAPOT);
        assert!(notes.iter().any(|note| note.detail.contains("status")), "{notes:?}");
    }
}
