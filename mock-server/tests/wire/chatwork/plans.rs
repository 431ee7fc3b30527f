//! What the Free plan hides: messages of more than 40 days ago.

use crate::common::{Answer, CHAI, FUMI, Wire};

const LIMITATION: &str = "chatwork-message-limitation";

#[track_caller]
fn is_limited(answer: &Answer, limited: bool) {
    assert_eq!(answer.header(LIMITATION), limited.then_some("true"), "{}", answer.head);
    assert_eq!(answer.header("chatwork-message-limitation-summary").is_some(), limited, "{}", answer.head);
}

#[test]
fn a_list_lacks_what_is_older_and_says_so() {
    let mut wire = Wire::start();
    let answer = wire.get(FUMI, "/rooms/5004/messages");
    assert_eq!(answer.is(200).as_array().unwrap().len(), 2);
    is_limited(&answer, true);
    keep!(wire, "get-messages.200-limitation");
    // Nothing new: nothing was hidden either.
    let answer = wire.get(FUMI, "/rooms/5004/messages");
    assert_eq!(answer.status, 204);
    is_limited(&answer, false);

    let full = wire.get(CHAI, "/rooms/5004/messages");
    assert_eq!(full.is(200).as_array().unwrap().len(), 4);
    is_limited(&full, false);
}

#[test]
fn a_list_of_which_all_is_older_is_no_content_and_says_so() {
    let mut wire = Wire::start();
    let answer = wire.get(FUMI, "/rooms/5005/messages?force=1");
    assert_eq!(answer.status, 204);
    is_limited(&answer, true);
    keep!(wire, "get-messages.204-limitation");
}

#[test]
fn a_single_message_that_is_older_is_not_found_and_says_so() {
    let mut wire = Wire::start();
    let hidden = wire.get(FUMI, "/rooms/5004/messages/1999000111222200002");
    assert_eq!(hidden.status, 404);
    is_limited(&hidden, true);
    keep!(wire, "get-message.404-limitation");
    let unknown = wire.get(FUMI, "/rooms/5004/messages/7");
    assert_eq!(unknown.status, 404);
    is_limited(&unknown, false);
    assert_eq!(hidden.body, unknown.body);
    let edge = wire.get(FUMI, "/rooms/5004/messages/1999000111222200003");
    edge.is(200);
    is_limited(&edge, false);
    wire.advance(1_000);
    is_limited(&wire.get(FUMI, "/rooms/5004/messages/1999000111222200003"), true);
}
