//! What answers are made of, in field order. The mock serialises these; the judge never reads them.

use serde::Serialize;

/// Account as messages, tasks and files embed it.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Account<'a> {
    pub account_id: u64,
    pub name: &'a str,
    pub avatar_image_url: &'a str,
}

/// GET /me.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Profile<'a> {
    pub account_id: u64,
    pub room_id: u64,
    pub name: &'a str,
    pub chatwork_id: &'a str,
    pub organization_id: u64,
    pub organization_name: &'a str,
    pub department: &'a str,
    pub title: &'a str,
    pub url: &'a str,
    pub introduction: &'a str,
    pub mail: &'a str,
    pub tel_organization: &'a str,
    pub tel_extension: &'a str,
    pub tel_mobile: &'a str,
    pub skype: &'a str,
    pub facebook: &'a str,
    pub twitter: &'a str,
    pub avatar_image_url: &'a str,
    pub login_mail: &'a str,
}

/// GET /my/status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Status {
    pub unread_room_num: u64,
    pub mention_room_num: u64,
    pub mytask_room_num: u64,
    pub unread_num: u64,
    pub mention_num: u64,
    pub mytask_num: u64,
}

/// The room of an item of GET /my/tasks.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct TaskRoom<'a> {
    pub room_id: u64,
    pub name: &'a str,
    pub icon_path: &'a str,
}

/// One item of GET /my/tasks.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct MyTask<'a> {
    pub task_id: u64,
    pub room: TaskRoom<'a>,
    pub assigned_by_account: Account<'a>,
    pub message_id: &'a str,
    pub body: &'a str,
    pub limit_time: i64,
    pub status: &'static str,
    pub limit_type: &'static str,
}

/// One task of a room.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Task<'a> {
    pub task_id: u64,
    pub account: Account<'a>,
    pub assigned_by_account: Account<'a>,
    pub message_id: &'a str,
    pub body: &'a str,
    pub limit_time: i64,
    pub status: &'static str,
    pub limit_type: &'static str,
}

/// One contact.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Contact<'a> {
    pub account_id: u64,
    pub room_id: u64,
    pub name: &'a str,
    pub chatwork_id: &'a str,
    pub organization_id: u64,
    pub organization_name: &'a str,
    pub department: &'a str,
    pub avatar_image_url: &'a str,
}

/// One room: 13 fields in lists, with the description when asked for alone.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Room<'a> {
    pub room_id: u64,
    pub name: &'a str,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub role: &'static str,
    pub sticky: bool,
    pub unread_num: u64,
    pub mention_num: u64,
    pub mytask_num: u64,
    pub message_num: u64,
    pub file_num: u64,
    pub task_num: u64,
    pub icon_path: &'a str,
    pub last_update_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
}

/// POST /rooms and PUT /rooms/{room_id}.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct RoomId {
    pub room_id: u64,
}

/// One member.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Member<'a> {
    pub account_id: u64,
    pub role: &'static str,
    pub name: &'a str,
    pub chatwork_id: &'a str,
    pub organization_id: u64,
    pub organization_name: &'a str,
    pub department: &'a str,
    pub avatar_image_url: &'a str,
}

/// PUT members.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Roles {
    pub admin: Vec<u64>,
    pub member: Vec<u64>,
    pub readonly: Vec<u64>,
}

/// One message.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Message<'a> {
    pub message_id: &'a str,
    pub account: Account<'a>,
    pub body: &'a str,
    pub send_time: i64,
    pub update_time: i64,
}

/// What writing a message answers.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct MessageId<'a> {
    pub message_id: &'a str,
}

/// What marking messages answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Counts {
    pub unread_num: u64,
    pub mention_num: u64,
}

/// POST tasks.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct TaskIds {
    pub task_ids: Vec<u64>,
}

/// PUT task status.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct TaskId {
    pub task_id: u64,
}

/// One file.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct File<'a> {
    pub file_id: u64,
    pub account: Account<'a>,
    pub message_id: &'a str,
    pub filename: &'a str,
    pub filesize: u64,
    pub upload_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_url: Option<String>,
}

/// POST files.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct FileId {
    pub file_id: u64,
}

/// An invitation link; without one only `public` is there.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Link<'a> {
    pub public: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need_acceptance: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
}

/// One incoming request.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct IncomingRequest<'a> {
    pub request_id: u64,
    pub account_id: u64,
    pub message: &'a str,
    pub name: &'a str,
    pub chatwork_id: &'a str,
    pub organization_id: u64,
    pub organization_name: &'a str,
    pub department: &'a str,
    pub avatar_image_url: &'a str,
}

/// Every error.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the document's own")]
pub struct Errors<'a> {
    pub errors: [&'a str; 1],
}
