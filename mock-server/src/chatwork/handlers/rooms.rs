//! Rooms: list, create, show, change, leave, delete.

use contract::chatwork::answer;
use contract::chatwork::errors::Denied;
use contract::chatwork::params;
use contract::chatwork::types::{Room, RoomId};

use super::{Answer, Call, members, refused};
use crate::chatwork::state::{IconPreset, LinkOptions, NewGroup, RoomChange, RoomView};

pub(super) fn list(call: &Call<'_>) -> Answer {
    let rooms: Vec<Room<'_>> = call.state.rooms_of(call.caller).iter().map(|view| room(view, false)).collect();
    Ok(answer::ok(&rooms))
}

pub(super) fn show(call: &Call<'_>) -> Answer {
    let view = call.state.room_view(call.caller, call.room()).map_err(|error| refused(error, Denied::GetRoom))?;
    Ok(answer::ok(&room(&view, true)))
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let arguments = &call.arguments;
    let link = arguments.flag(&params::LINK).then(|| LinkOptions {
        code: arguments.text(&params::LINK_CODE),
        need_acceptance: arguments.flag(&params::LINK_NEED_ACCEPTANCE),
        description: "",
    });
    let group = NewGroup {
        name: arguments.text(&params::NAME).unwrap_or_default(),
        description: arguments.text(&params::DESCRIPTION).unwrap_or_default(),
        icon: icon(arguments.word(&params::ICON_PRESET)).unwrap_or(IconPreset::GROUP),
        roles: &members::roles(arguments),
        link,
    };
    let created =
        call.state.create_group(call.caller, &group, call.now).map_err(|error| refused(error, Denied::EditRoom))?;
    Ok(answer::ok(&RoomId { room_id: created.room.0 }))
}

pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let change = RoomChange {
        name: call.arguments.text(&params::NEW_NAME),
        description: call.arguments.text(&params::DESCRIPTION),
        icon: icon(call.arguments.word(&params::ICON_PRESET)),
    };
    let room = call.room();
    call.state.update_room(call.caller, room, &change).map_err(|error| refused(error, Denied::EditRoom))?;
    Ok(answer::ok(&RoomId { room_id: room.0 }))
}

pub(super) fn remove(call: &mut Call<'_>) -> Answer {
    let room = call.room();
    if call.arguments.word(&params::ACTION_TYPE) == Some("delete") {
        call.state.delete_room(call.caller, room).map_err(|error| refused(error, Denied::DeleteRoom))?;
    } else {
        call.state.leave_room(call.caller, room).map_err(|error| refused(error, Denied::LeaveRoom))?;
    }
    Ok(answer::no_content())
}

fn icon(word: Option<&str>) -> Option<IconPreset> {
    word.and_then(IconPreset::from_name)
}

fn room<'a>(view: &RoomView<'a>, with_description: bool) -> Room<'a> {
    Room {
        room_id: view.label.room_id.0,
        name: view.label.name,
        kind: view.kind.name(),
        role: view.role.name(),
        sticky: view.sticky,
        unread_num: view.unread_num as u64,
        mention_num: u64::from(view.mention_num),
        mytask_num: u64::from(view.mytask_num),
        message_num: view.message_num as u64,
        file_num: view.file_num as u64,
        task_num: u64::from(view.task_num),
        icon_path: view.label.icon_path,
        last_update_time: view.last_update_time,
        description: with_description.then_some(view.description),
    }
}
