//! The invitation link of a room.

use contract::chatwork::answer;
use contract::chatwork::arguments::Arguments;
use contract::chatwork::errors::Denied;
use contract::chatwork::params;
use contract::chatwork::types;

use super::{Answer, Call, refused};
use crate::chatwork::state::{Link, LinkOptions};

pub(super) fn show(call: &Call<'_>) -> Answer {
    let link = call.state.link(call.caller, call.room()).map_err(|error| refused(error, Denied::GetLink))?;
    Ok(answer::ok(&object(link)))
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let room = call.room();
    call.state
        .create_link(call.caller, room, options(&call.arguments))
        .map_err(|error| refused(error, Denied::EditLink))?;
    show(call)
}

pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let room = call.room();
    call.state
        .update_link(call.caller, room, options(&call.arguments))
        .map_err(|error| refused(error, Denied::EditLink))?;
    show(call)
}

pub(super) fn remove(call: &mut Call<'_>) -> Answer {
    let room = call.room();
    call.state.delete_link(call.caller, room).map_err(|error| refused(error, Denied::EditLink))?;
    Ok(answer::ok(&object(None)))
}

fn options(arguments: &Arguments) -> LinkOptions<'_> {
    LinkOptions {
        code: arguments.text(&params::CODE),
        need_acceptance: arguments.flag(&params::NEED_ACCEPTANCE),
        description: arguments.text(&params::DESCRIPTION).unwrap_or_default(),
    }
}

fn object(link: Option<&Link>) -> types::Link<'_> {
    types::Link {
        public: link.is_some(),
        url: link.map(Link::url),
        need_acceptance: link.map(|link| link.need_acceptance),
        description: link.map(|link| link.description.as_str()),
    }
}
