//! Messages: fetch, post, mark, show, change, delete.

use bytes::Bytes;
use contract::chatwork::answer;
use contract::chatwork::errors::{ApiError, Denied, Missing, Unfit};
use contract::chatwork::params::{self, Param};
use contract::chatwork::types;
use contract::wire::{Response, json};

use super::me::embedded;
use super::{Answer, Call, refused, written};
use crate::chatwork::state::{Error, Fetched, Hidden, Message, MessageId, State, Unread};

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let force = call.arguments.flag(&params::FORCE);
    let room = call.room();
    let fetched = call
        .state
        .fetch_messages(call.caller, room, force, call.now)
        .map_err(|error| refused(error, Denied::GetMessages))?;
    let page = call.state.kept_page(&fetched).unwrap_or_else(|| {
        let page = Bytes::from(page(call.state, &fetched));
        call.state.keep_page(&fetched, &page);
        page
    });
    let mut response = if page.is_empty() { answer::no_content() } else { written(page) };
    if fetched.hidden != Hidden::None {
        answer::add_limitation_headers(&mut response);
    }
    Ok(response)
}

pub(super) fn post(call: &mut Call<'_>) -> Answer {
    let room = call.room();
    let denied = |error| refused(error, Denied::SendOrEditMessage);
    call.state.may_write(call.caller, room).map_err(denied)?;
    call.take_room_limit()?;
    let body = call.arguments.text(&params::BODY).unwrap_or_default();
    let self_unread = call.arguments.flag(&params::SELF_UNREAD);
    let id = call.state.post_message(call.caller, room, body, self_unread, call.now).map_err(denied)?;
    Ok(message_id(id))
}

pub(super) fn mark_read(call: &mut Call<'_>) -> Answer {
    let up_to =
        call.arguments.text(&params::READ_UP_TO).map(|_| given_message(call, &params::READ_UP_TO)).transpose()?;
    let room = call.room();
    call.state.mark_read(call.caller, room, up_to).map(counts).map_err(|error| refused(error, Denied::MarkMessages))
}

pub(super) fn mark_unread(call: &mut Call<'_>) -> Answer {
    let from = given_message(call, &params::UNREAD_FROM)?;
    let room = call.room();
    call.state.mark_unread(call.caller, room, from).map(counts).map_err(|error| match error {
        Error::NothingToChange => ApiError::Unfit(Unfit::AlreadyUnread),
        other => refused(other, Denied::MarkMessages),
    })
}

pub(super) fn show(call: &Call<'_>) -> Answer {
    match call.state.message(call.caller, call.room(), MessageId(call.ids[1]), call.now) {
        Ok(message) => Ok(written(Bytes::copy_from_slice(render(call.state, message)))),
        Err(Error::HiddenMessage) => {
            let mut response = answer::refusal(&ApiError::NotFound(Missing::Message));
            answer::add_limitation_headers(&mut response);
            Ok(response)
        }
        Err(error) => Err(refused(error, Denied::GetMessages)),
    }
}

pub(super) fn edit(call: &mut Call<'_>) -> Answer {
    let (room, id) = (call.room(), MessageId(call.ids[1]));
    let body = call.arguments.text(&params::BODY).unwrap_or_default();
    call.state
        .edit_message(call.caller, room, id, body, call.now)
        .map_err(|error| refused(error, Denied::SendOrEditMessage))?;
    Ok(message_id(id))
}

pub(super) fn remove(call: &mut Call<'_>) -> Answer {
    let (room, id) = (call.room(), MessageId(call.ids[1]));
    call.state
        .delete_message(call.caller, room, id, call.now)
        .map_err(|error| refused(error, Denied::SendOrEditMessage))?;
    Ok(message_id(id))
}

/// The message that a parameter names. Digits that no id can have name one that nobody has: 403 for strangers to the
/// room, 404 for its members.
fn given_message(call: &Call<'_>, param: &Param) -> Result<MessageId, ApiError> {
    let digits = call.arguments.text(param).unwrap_or_default();
    if let Some(id) = MessageId::from_digits(digits) {
        return Ok(id);
    }
    call.state.room(call.caller, call.room()).map_err(|error| refused(error, Denied::MarkMessages))?;
    Err(ApiError::NotFound(Missing::Message))
}

fn counts(left: Unread) -> Response {
    answer::ok(&types::Counts { unread_num: left.unread_num as u64, mention_num: u64::from(left.mention_num) })
}

fn message_id(id: MessageId) -> Response {
    answer::ok(&types::MessageId { message_id: &id.to_string() })
}

/// The messages of a fetch as a JSON list; no text at all when there are none.
fn page(state: &State, fetched: &Fetched) -> Vec<u8> {
    let mut text = Vec::new();
    for message in state.fetched(fetched) {
        text.push(if text.is_empty() { b'[' } else { b',' });
        text.extend_from_slice(render(state, message));
    }
    if !text.is_empty() {
        text.push(b']');
    }
    text
}

/// A message's JSON; written once, then kept with the message until it changes.
fn render<'a>(state: &State, message: &'a Message) -> &'a [u8] {
    message.rendered.or_render(|| {
        let text = json::to_ascii(&types::Message {
            message_id: &message.id.to_string(),
            account: embedded(state, message.author),
            body: &message.body,
            send_time: message.send_time,
            update_time: message.update_time,
        });
        text.into_boxed_slice()
    })
}
