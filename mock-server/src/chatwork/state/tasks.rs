//! Adding, finishing and listing tasks.

use contract::time::UnixMillis;

use super::happened::Happened;
use super::ids::{AccountId, MessageId, RoomId, TaskId};
use super::message::Message;
use super::task::{LimitType, NewTask, Task, TaskFilter, TaskStatus, TasksAdded};
use super::{Error, LIST_CAP, State, system};

impl State {
    /// Gives a task to each assignee, and announces them all in one message.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::ReadOnly`], [`Error::NoAssignee`], [`Error::AssigneeNotMember`].
    pub fn add_tasks(
        &mut self,
        by: AccountId,
        room: RoomId,
        new: &NewTask<'_>,
        now: UnixMillis,
    ) -> Result<TasksAdded, Error> {
        let found = self.room_as_writer(by, room)?;
        if let Some(stranger) = new.assignees.iter().find(|account| !found.members.contains_key(account)) {
            return Err(Error::AssigneeNotMember(*stranger));
        }
        if new.assignees.is_empty() {
            return Err(Error::NoAssignee);
        }
        let message = self.counters.next_message();
        let mut tasks: Vec<Task> = Vec::new();
        for account in new.assignees {
            if tasks.iter().any(|task| task.account == *account) {
                continue;
            }
            tasks.push(Task {
                id: self.counters.next_task(),
                account: *account,
                assigned_by: by,
                message_id: message,
                body: new.body.into(),
                limit_time: if new.limit_type == LimitType::None { 0 } else { new.limit_time },
                limit_type: new.limit_type,
                status: TaskStatus::Open,
            });
        }
        let text = system::tasks_added(tasks.iter());
        let ids = tasks.iter().map(|task| task.id).collect();
        let found = self.room_as_writer(by, room)?;
        found.append(Message::new(message, by, &text, now.seconds()), false);
        for task in tasks {
            found.insert_task(task);
        }
        self.happened.note(Happened::MessageCreated { room, message });
        Ok(TasksAdded { tasks: ids, message })
    }

    /// Finishes or reopens a task; every member may, those who only read as well: a task can be theirs.
    /// A finished one is announced by the message returned; a task that has the status already stays as it is.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::UnknownTask`].
    pub fn set_task_status(
        &mut self,
        by: AccountId,
        room: RoomId,
        task: TaskId,
        status: TaskStatus,
        now: UnixMillis,
    ) -> Result<Option<MessageId>, Error> {
        let (found, _) = self.room_as(by, room)?;
        if !found.tasks.contains_key(&task) {
            return Err(Error::UnknownTask);
        }
        if !found.set_status(task, status) || status == TaskStatus::Open {
            return Ok(None);
        }
        let Some(text) = found.tasks.get(&task).map(system::task_done) else { return Ok(None) };
        let message = self.counters.next_message();
        let (found, _) = self.room_as(by, room)?;
        found.append(Message::new(message, by, &text, now.seconds()), false);
        self.happened.note(Happened::MessageCreated { room, message });
        Ok(Some(message))
    }

    /// One task.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::UnknownTask`].
    pub fn task(&self, account: AccountId, room: RoomId, id: TaskId) -> Result<&Task, Error> {
        self.room(account, room)?.tasks.get(&id).ok_or(Error::UnknownTask)
    }

    /// The tasks of a room that a filter accepts: newest first, at most [`LIST_CAP`].
    ///
    /// # Errors
    /// [`Error::NotMember`].
    pub fn list_tasks(&self, account: AccountId, room: RoomId, filter: TaskFilter) -> Result<Vec<&Task>, Error> {
        let newest = self.room(account, room)?.tasks.values().rev();
        Ok(newest.filter(|task| filter.accepts(task)).take(LIST_CAP).collect())
    }
}
