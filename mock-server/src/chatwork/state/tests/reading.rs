//! What is read and unread, and who is mentioned.

use super::*;
use crate::chatwork::state::{Error, MessageId, Unread};

fn post(state: &mut State, by: AccountId, body: &str) -> MessageId {
    state.post_message(by, GROUP, body, false, START).unwrap()
}

#[test]
fn a_message_is_unread_for_others_and_for_oneself_only_if_asked() {
    let mut state = world();
    post(&mut state, AOI, "おはよう");
    assert_eq!((counts(&state, AOI, GROUP), counts(&state, BEN, GROUP)), ((0, 0), (1, 0)));
    state.post_message(AOI, GROUP, "สวัสดี", true, START).unwrap();
    assert_eq!((counts(&state, AOI, GROUP), counts(&state, BEN, GROUP)), ((1, 0), (2, 0)));
}

#[test]
fn a_mention_counts_once_and_only_for_the_others() {
    let mut state = world();
    post(&mut state, AOI, "[To:2]Ben [To:2] [rp aid=2 to=10-1] [To:1]私 [To:3] 👍");
    post(&mut state, AOI, "[toall] họp lúc 3 giờ");
    assert_eq!(counts(&state, BEN, GROUP), (2, 2));
    assert_eq!(counts(&state, AOI, GROUP), (0, 0));
}

#[test]
fn reading_up_to_a_message_leaves_what_came_later() {
    let mut state = world();
    let first = post(&mut state, AOI, "[To:2]1");
    let second = post(&mut state, AOI, "[To:2]2");
    post(&mut state, AOI, "[To:2]3");
    assert_eq!(state.mark_read(BEN, GROUP, Some(second)), Ok(Unread { unread_num: 1, mention_num: 1 }));
    assert_eq!(state.mark_read(BEN, GROUP, Some(first)), Err(Error::NothingToChange));
    assert_eq!(state.mark_read(BEN, GROUP, None), Ok(Unread { unread_num: 0, mention_num: 0 }));
    assert_eq!(state.mark_read(BEN, GROUP, None), Err(Error::NothingToChange));
    assert_eq!(state.mark_read(BEN, GROUP, Some(MessageId(5))), Err(Error::UnknownMessage));
    assert_eq!(state.mark_read(DUNG, GROUP, None), Err(Error::NotMember));
}

#[test]
fn unread_from_a_message_on_includes_own_messages() {
    let mut state = world();
    let first = post(&mut state, AOI, "[To:2]1");
    let own = post(&mut state, BEN, "2");
    let last = post(&mut state, AOI, "3");
    assert_eq!(counts(&state, BEN, GROUP), (2, 1));
    assert_eq!(state.mark_unread(BEN, GROUP, last), Err(Error::NothingToChange));
    assert_eq!(state.mark_unread(BEN, GROUP, own), Ok(Unread { unread_num: 3, mention_num: 1 }));
    assert_eq!(state.mark_unread(BEN, GROUP, first), Err(Error::NothingToChange));
    state.mark_read(BEN, GROUP, None).unwrap();
    assert_eq!(state.mark_unread(BEN, GROUP, first), Ok(Unread { unread_num: 3, mention_num: 1 }));
    assert_eq!(state.mark_unread(BEN, GROUP, MessageId(5)), Err(Error::UnknownMessage));
}

#[test]
fn what_one_writes_after_marking_as_unread_is_read() {
    let mut state = world();
    let first = post(&mut state, AOI, "1");
    state.mark_unread(AOI, GROUP, first).unwrap();
    post(&mut state, AOI, "2");
    assert_eq!(counts(&state, AOI, GROUP), (1, 0));
    assert_eq!(state.mark_read(AOI, GROUP, Some(first)), Ok(Unread { unread_num: 0, mention_num: 0 }));
    assert_eq!(state.mark_read(AOI, GROUP, None), Err(Error::NothingToChange));
}

#[test]
fn an_edit_mentions_anew_those_who_have_not_read_it() {
    let mut state = world();
    let id = post(&mut state, AOI, "こんにちは");
    state.edit_message(AOI, GROUP, id, "[To:2]こんにちは", after(60)).unwrap();
    assert_eq!(counts(&state, BEN, GROUP), (1, 1));
    let message = state.message(BEN, GROUP, id, START).unwrap();
    assert_eq!((message.send_time, message.update_time), (START.seconds(), START.seconds() + 60));
    state.edit_message(AOI, GROUP, id, "やあ", after(61)).unwrap();
    assert_eq!(counts(&state, BEN, GROUP), (1, 0));
    state.mark_read(BEN, GROUP, None).unwrap();
    state.edit_message(AOI, GROUP, id, "[toall]", after(62)).unwrap();
    assert_eq!(counts(&state, BEN, GROUP), (0, 0), "an edit makes nothing unread");
}

#[test]
fn a_tombstone_stays_unread_and_mentions_nobody() {
    let mut state = world();
    let id = post(&mut state, AOI, "[To:2]ลบ");
    state.delete_message(AOI, GROUP, id, after(9)).unwrap();
    assert_eq!(counts(&state, BEN, GROUP), (1, 0));
    let message = state.message(BEN, GROUP, id, START).unwrap();
    assert_eq!((&*message.body, message.deleted, message.update_time), ("[deleted]", true, START.seconds() + 9));
    assert_eq!(state.room_view(BEN, GROUP).unwrap().message_num, 1);
    assert_eq!(state.edit_message(AOI, GROUP, id, "x", START), Err(Error::DeletedMessage));
    assert_eq!(state.delete_message(AOI, GROUP, id, START), Err(Error::DeletedMessage));
}

#[test]
fn only_its_author_changes_a_message() {
    let mut state = world();
    let id = post(&mut state, BEN, "x");
    let before = state.clone();
    assert_eq!(state.edit_message(AOI, GROUP, id, "y", START), Err(Error::NotAuthor));
    assert_eq!(state.delete_message(AOI, GROUP, id, START), Err(Error::NotAuthor));
    assert_eq!(state.edit_message(AOI, GROUP, MessageId(5), "y", START), Err(Error::UnknownMessage));
    assert_eq!(state.edit_message(DUNG, GROUP, id, "y", START), Err(Error::NotMember));
    assert_eq!(state, before);
}

#[test]
fn the_rendered_form_is_made_once_and_given_up_on_an_edit() {
    let mut state = world();
    let id = post(&mut state, AOI, "x");
    let rendered = |state: &State, text: &[u8]| {
        state.message(AOI, GROUP, id, START).unwrap().rendered.or_render(|| text.into()).to_vec()
    };
    assert_eq!(rendered(&state, b"one"), b"one");
    assert_eq!(rendered(&state, b"two"), b"one");
    state.edit_message(AOI, GROUP, id, "y", START).unwrap();
    assert_eq!(rendered(&state, b"three"), b"three");
    state.delete_message(AOI, GROUP, id, START).unwrap();
    assert_eq!(rendered(&state, b"four"), b"four");
}
