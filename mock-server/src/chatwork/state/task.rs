//! One task of one person.

use super::ids::{AccountId, MessageId, TaskId};

/// Whether a task is finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskStatus {
    /// Not finished.
    #[default]
    Open,
    /// Finished.
    Done,
}

impl TaskStatus {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Open, Self::Done];

    /// The word of the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
        }
    }
}

/// How exact a task's limit is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitType {
    /// No limit; the time is 0.
    #[default]
    None,
    /// A day.
    Date,
    /// A moment.
    Time,
}

impl LimitType {
    /// All three.
    pub const ALL: [Self; 3] = [Self::None, Self::Date, Self::Time];

    /// The word of the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Date => "date",
            Self::Time => "time",
        }
    }
}

/// One task of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Who has to do it.
    pub account: AccountId,
    /// Who asked for it.
    pub assigned_by: AccountId,
    /// The message that announced it.
    pub message_id: MessageId,
    /// What is to be done, notation included.
    pub body: Box<str>,
    /// Unix seconds; 0 with [`LimitType::None`].
    pub limit_time: i64,
    /// How exact the limit is.
    pub limit_type: LimitType,
    /// Whether it is finished.
    pub status: TaskStatus,
}

/// A new task, for each of the assignees.
#[derive(Clone, Copy, Debug)]
pub struct NewTask<'a> {
    /// What is to be done; not empty.
    pub body: &'a str,
    /// Who each get one, in this order; one named twice gets one.
    pub assignees: &'a [AccountId],
    /// Unix seconds; ignored with [`LimitType::None`].
    pub limit_time: i64,
    /// How exact the limit is.
    pub limit_type: LimitType,
}

/// What [`State::add_tasks`](super::State::add_tasks) made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TasksAdded {
    /// One task for each assignee, in their order.
    pub tasks: Vec<TaskId>,
    /// The message that announces them all.
    pub message: MessageId,
}

/// Which tasks of a room are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaskFilter {
    /// Only those of this assignee.
    pub account: Option<AccountId>,
    /// Only those that this account asked for.
    pub assigned_by: Option<AccountId>,
    /// Only those in this state.
    pub status: TaskStatus,
}

impl TaskFilter {
    pub(super) fn accepts(&self, task: &Task) -> bool {
        self.status == task.status
            && self.account.is_none_or(|account| account == task.account)
            && self.assigned_by.is_none_or(|account| account == task.assigned_by)
    }
}
