//! Chatday on the wire.

mod messages;
mod register;

use crate::common::{Answer, Call};

/// A call of Chatday with a token.
fn call(token: &str, verb: &str, path: &str) -> Call {
    Call::new(verb, &format!("/chatday{path}")).header("authorization", &format!("Bearer {token}"))
}

/// The sentences of a refusal in Chatday's form.
#[track_caller]
fn refusal(answer: &Answer, status: u16) -> Vec<String> {
    let body = answer.is(status);
    assert_eq!((body["status"].as_str(), body.as_object().unwrap().len()), (Some("ERROR"), 2), "{body}");
    let sentences = body["errors"].as_array().expect("a list of sentences");
    assert!(!sentences.is_empty(), "{body}");
    sentences.iter().map(|sentence| sentence.as_str().unwrap().to_owned()).collect()
}
