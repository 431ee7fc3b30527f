//! Fetching messages: what is new, what is newest, what the Free plan hides.

use super::*;
use crate::chatwork::state::{Error, Hidden, MessageId, Plan};

const DAY: i64 = 86_400;

fn fetch(state: &mut State, account: AccountId, force: bool) -> Vec<MessageId> {
    let fetched = state.fetch_messages(account, GROUP, force, START).unwrap();
    state.fetched(&fetched).map(|message| message.id).collect()
}

fn post(state: &mut State, count: usize) -> Vec<MessageId> {
    (0..count).map(|_| state.post_message(AOI, GROUP, "おはよう", false, START).unwrap()).collect()
}

#[test]
fn without_force_only_what_is_new_since_the_last_fetch_of_the_same_account() {
    let mut state = world();
    let old = post(&mut state, 3);
    assert_eq!(fetch(&mut state, AOI, false), old);
    assert_eq!(fetch(&mut state, AOI, false), []);
    let new = post(&mut state, 1);
    assert_eq!(fetch(&mut state, AOI, false), new, "own messages too");
    assert_eq!(fetch(&mut state, BEN, false), [old, new].concat());
}

#[test]
fn with_force_the_newest_hundred_and_nothing_is_new_afterwards() {
    let mut state = world();
    let all = post(&mut state, 130);
    assert_eq!(fetch(&mut state, AOI, true), all[30..]);
    assert_eq!(fetch(&mut state, AOI, true), all[30..]);
    assert_eq!(fetch(&mut state, AOI, false), []);
    assert_eq!(fetch(&mut state, BEN, false), all[30..], "a first fetch is capped too");
}

#[test]
fn fetching_reads_nothing_and_is_for_members() {
    let mut state = world();
    post(&mut state, 2);
    fetch(&mut state, BEN, true);
    assert_eq!(counts(&state, BEN, GROUP), (2, 0));
    assert_eq!(state.fetch_messages(DUNG, GROUP, true, START), Err(Error::NotMember));
    assert_eq!(state.fetch_messages(AOI, RoomId(999), true, START), Err(Error::NotMember));
}

#[test]
fn the_free_plan_hides_what_is_older_than_40_days() {
    let mut state = world();
    state.accounts.get_mut(&BEN).unwrap().plan = Some(Plan::Free);
    let ids = post(&mut state, 1);
    let old = after(40 * DAY + 1);
    assert_eq!(state.message(BEN, GROUP, ids[0], after(40 * DAY)).map(|message| message.id), Ok(ids[0]));
    assert_eq!(state.message(BEN, GROUP, ids[0], old), Err(Error::HiddenMessage));
    assert!(state.message(AOI, GROUP, ids[0], old).is_ok(), "the paid plan hides nothing");

    let all = state.fetch_messages(BEN, GROUP, true, old).unwrap();
    assert_eq!((all.hidden, state.fetched(&all).count()), (Hidden::All, 0));
    let new = state.post_message(AOI, GROUP, "今日", false, old).unwrap();
    let some = state.fetch_messages(BEN, GROUP, true, old).unwrap();
    assert_eq!((some.hidden, state.fetched(&some).map(|message| message.id).collect()), (Hidden::Some, vec![new]));
    let none = state.fetch_messages(BEN, GROUP, false, old).unwrap();
    assert_eq!((none.hidden, state.fetched(&none).count()), (Hidden::None, 0));
    let paid = state.fetch_messages(AOI, GROUP, true, old).unwrap();
    assert_eq!((paid.hidden, state.fetched(&paid).count()), (Hidden::None, 2));
}
