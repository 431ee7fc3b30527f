//! Contacts, and the requests to become one.

use contract::chatwork::answer;
use contract::chatwork::errors::{ApiError, Denied, Missing};
use contract::chatwork::types::{Contact, IncomingRequest};

use super::{Answer, Call, list_or_no_content, refused};
use crate::chatwork::state::{self, RequestId, State};

pub(super) fn list(call: &Call<'_>) -> Answer {
    let contacts: Vec<Contact<'_>> =
        call.state.contacts(call.caller).iter().map(|contact| contact_of(call.state, contact)).collect();
    Ok(list_or_no_content(&contacts))
}

pub(super) fn requests(call: &Call<'_>) -> Answer {
    let state: &State = call.state;
    let items: Vec<IncomingRequest<'_>> = state
        .incoming_requests(call.caller)
        .into_iter()
        .filter_map(|request| {
            let from = state.account(request.from)?;
            Some(IncomingRequest {
                request_id: request.id.0,
                account_id: from.id.0,
                message: &request.message,
                name: &from.name,
                chatwork_id: &from.chatwork_id,
                organization_id: from.organization_id.0,
                organization_name: state.organization_name(from),
                department: &from.department,
                avatar_image_url: &from.avatar_image_url,
            })
        })
        .collect();
    Ok(list_or_no_content(&items))
}

pub(super) fn accept(call: &mut Call<'_>) -> Answer {
    let accepted = call
        .state
        .accept_request(call.caller, RequestId(call.ids[0]), call.now)
        .map_err(|error| refused(error, Denied::GetRoom))?;
    let contact =
        call.state.contact(call.caller, accepted.account).ok_or(ApiError::NotFound(Missing::IncomingRequest))?;
    Ok(answer::ok(&contact_of(call.state, &contact)))
}

pub(super) fn reject(call: &mut Call<'_>) -> Answer {
    call.state.reject_request(call.caller, RequestId(call.ids[0])).map_err(|error| refused(error, Denied::GetRoom))?;
    Ok(answer::no_content())
}

fn contact_of<'a>(state: &'a State, contact: &state::Contact<'a>) -> Contact<'a> {
    let account = contact.account;
    Contact {
        account_id: account.id.0,
        room_id: contact.room.0,
        name: &account.name,
        chatwork_id: &account.chatwork_id,
        organization_id: account.organization_id.0,
        organization_name: state.organization_name(account),
        department: &account.department,
        avatar_image_url: &account.avatar_image_url,
    }
}
