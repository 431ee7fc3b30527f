//! Members of a room.

use contract::chatwork::answer;
use contract::chatwork::arguments::Arguments;
use contract::chatwork::errors::Denied;
use contract::chatwork::params::{self, Param};
use contract::chatwork::types::{self, Member};

use super::{Answer, Call, refused};
use crate::chatwork::state::{AccountId, Roles};

pub(super) fn list(call: &Call<'_>) -> Answer {
    let members = call.state.members(call.caller, call.room()).map_err(|error| refused(error, Denied::GetMembers))?;
    let items: Vec<Member<'_>> = members
        .into_iter()
        .map(|(account, role)| Member {
            account_id: account.id.0,
            role: role.name(),
            name: &account.name,
            chatwork_id: &account.chatwork_id,
            organization_id: account.organization_id.0,
            organization_name: call.state.organization_name(account),
            department: &account.department,
            avatar_image_url: &account.avatar_image_url,
        })
        .collect();
    Ok(answer::ok(&items))
}

pub(super) fn replace(call: &mut Call<'_>) -> Answer {
    let roles = roles(&call.arguments);
    let room = call.room();
    call.state.set_members(call.caller, room, &roles).map_err(|error| refused(error, Denied::EditMembers))?;
    let plain = |ids: Vec<AccountId>| ids.into_iter().map(|id| id.0).collect();
    Ok(answer::ok(&types::Roles {
        admin: plain(roles.admin),
        member: plain(roles.member),
        readonly: plain(roles.readonly),
    }))
}

pub(super) fn roles(arguments: &Arguments) -> Roles {
    let ids = |param: &Param| arguments.ids(param).iter().copied().map(AccountId).collect();
    Roles {
        admin: ids(&params::MEMBERS_ADMIN),
        member: ids(&params::MEMBERS_MEMBER),
        readonly: ids(&params::MEMBERS_READONLY),
    }
}
