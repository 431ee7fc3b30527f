//! Tasks of a room.

use contract::chatwork::answer;
use contract::chatwork::arguments::Arguments;
use contract::chatwork::errors::Denied;
use contract::chatwork::params;
use contract::chatwork::types;

use super::me::{account_filter, embedded, task_status};
use super::{Answer, Call, list_or_no_content, refused};
use crate::chatwork::state::{AccountId, LimitType, NewTask, State, Task, TaskFilter, TaskId};

pub(super) fn list(call: &Call<'_>) -> Answer {
    let filter = TaskFilter {
        account: account_filter(call.arguments.integer(&params::ASSIGNEE)),
        assigned_by: account_filter(call.arguments.integer(&params::ASSIGNED_BY)),
        status: task_status(call.arguments.word(&params::TASK_STATUS)),
    };
    let found =
        call.state.list_tasks(call.caller, call.room(), filter).map_err(|error| refused(error, Denied::GetTasks))?;
    let message_ids: Vec<String> = found.iter().map(|task| task.message_id.to_string()).collect();
    let items: Vec<types::Task<'_>> =
        found.into_iter().zip(&message_ids).map(|(found, message_id)| task(call.state, found, message_id)).collect();
    Ok(list_or_no_content(&items))
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let room = call.room();
    let denied = |error| refused(error, Denied::EditTask);
    let assignees: Vec<AccountId> = call.arguments.ids(&params::TO_IDS).iter().copied().map(AccountId).collect();
    call.state.may_assign(call.caller, room, &assignees).map_err(denied)?;
    call.take_room_limit()?;
    let (limit_type, limit_time) = due(&call.arguments);
    let body = call.arguments.text(&params::TASK_BODY).unwrap_or_default();
    let new = NewTask { body, assignees: &assignees, limit_time, limit_type };
    let added = call.state.add_tasks(call.caller, room, &new, call.now).map_err(denied)?;
    Ok(answer::ok(&types::TaskIds { task_ids: added.tasks.into_iter().map(|id| id.0).collect() }))
}

pub(super) fn show(call: &Call<'_>) -> Answer {
    let found = call
        .state
        .task(call.caller, call.room(), TaskId(call.ids[1]))
        .map_err(|error| refused(error, Denied::GetTasks))?;
    Ok(answer::ok(&task(call.state, found, &found.message_id.to_string())))
}

pub(super) fn set_status(call: &mut Call<'_>) -> Answer {
    let (room, id) = (call.room(), TaskId(call.ids[1]));
    let status = task_status(call.arguments.word(&params::NEW_STATUS));
    call.state
        .set_task_status(call.caller, room, id, status, call.now)
        .map_err(|error| refused(error, Denied::EditTask))?;
    Ok(answer::ok(&types::TaskId { task_id: id.0 }))
}

/// How a new task is due. Without a moment it is not (clause `chatwork.tasks.limit`).
fn due(arguments: &Arguments) -> (LimitType, i64) {
    match (arguments.word(&params::LIMIT_TYPE), arguments.integer(&params::TASK_LIMIT)) {
        (Some("none"), _) | (_, None) => (LimitType::None, 0),
        (Some("date"), Some(moment)) => (LimitType::Date, moment),
        (_, Some(moment)) => (LimitType::Time, moment),
    }
}

fn task<'a>(state: &'a State, found: &'a Task, message_id: &'a str) -> types::Task<'a> {
    types::Task {
        task_id: found.id.0,
        account: embedded(state, found.account),
        assigned_by_account: embedded(state, found.assigned_by),
        message_id,
        body: &found.body,
        limit_time: found.limit_time,
        status: found.status.name(),
        limit_type: found.limit_type.name(),
    }
}
