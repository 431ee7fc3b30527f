//! `/me` and `/my/…`.

use contract::chatwork::answer;
use contract::chatwork::errors::{ApiError, Denied};
use contract::chatwork::params;
use contract::chatwork::types::{self, Account, MyTask, TaskRoom};

use super::{Answer, Call, list_or_no_content};
use crate::chatwork::state::{self, AccountId, State, TaskStatus};

pub(super) fn profile(call: &Call<'_>) -> Answer {
    let me = call.state.account(call.caller).ok_or(ApiError::Forbidden(Denied::GetRoom))?;
    Ok(answer::ok(&types::Profile {
        account_id: me.id.0,
        room_id: me.my_room.0,
        name: &me.name,
        chatwork_id: &me.chatwork_id,
        organization_id: me.organization_id.0,
        organization_name: call.state.organization_name(me),
        department: &me.department,
        title: &me.title,
        url: &me.url,
        introduction: &me.introduction,
        mail: &me.mail,
        tel_organization: &me.tel_organization,
        tel_extension: &me.tel_extension,
        tel_mobile: &me.tel_mobile,
        skype: &me.skype,
        facebook: &me.facebook,
        twitter: &me.twitter,
        avatar_image_url: &me.avatar_image_url,
        login_mail: &me.login_mail,
    }))
}

pub(super) fn status(call: &Call<'_>) -> Answer {
    let counts = call.state.status(call.caller);
    Ok(answer::ok(&types::Status {
        unread_room_num: counts.unread_room_num as u64,
        mention_room_num: counts.mention_room_num as u64,
        mytask_room_num: counts.mytask_room_num as u64,
        unread_num: counts.unread_num as u64,
        mention_num: counts.mention_num as u64,
        mytask_num: counts.mytask_num as u64,
    }))
}

pub(super) fn tasks(call: &Call<'_>) -> Answer {
    let assigned_by = account_filter(call.arguments.integer(&params::ASSIGNED_BY));
    let status = task_status(call.arguments.word(&params::TASK_STATUS));
    let found = call.state.my_tasks(call.caller, assigned_by, status);
    let message_ids: Vec<String> = found.iter().map(|found| found.task.message_id.to_string()).collect();
    let items: Vec<MyTask<'_>> =
        found.iter().zip(&message_ids).map(|(found, message_id)| my_task(call.state, found, message_id)).collect();
    Ok(list_or_no_content(&items))
}

/// The account of a filter. A number that no id can be matches nobody.
pub(super) fn account_filter(number: Option<i64>) -> Option<AccountId> {
    number.map(|number| AccountId(number.unsigned_abs()))
}

pub(super) fn task_status(word: Option<&str>) -> TaskStatus {
    if word == Some(TaskStatus::Done.name()) { TaskStatus::Done } else { TaskStatus::Open }
}

/// The three fields of an account that other objects embed. Accounts are never removed from a world.
pub(super) fn embedded(state: &State, id: AccountId) -> Account<'_> {
    let account = state.account(id);
    Account {
        account_id: id.0,
        name: account.map_or("", |account| &account.name),
        avatar_image_url: account.map_or("", |account| &account.avatar_image_url),
    }
}

fn my_task<'a>(state: &'a State, found: &state::MyTask<'a>, message_id: &'a str) -> MyTask<'a> {
    let task = found.task;
    MyTask {
        task_id: task.id.0,
        room: TaskRoom { room_id: found.room.room_id.0, name: found.room.name, icon_path: found.room.icon_path },
        assigned_by_account: embedded(state, task.assigned_by),
        message_id,
        body: &task.body,
        limit_time: task.limit_time,
        status: task.status.name(),
        limit_type: task.limit_type.name(),
    }
}
