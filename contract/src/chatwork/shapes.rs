//! The bodies of answers, typed in from the reference, not derived from [`types`](super::types).

use super::limits::LIST_CAP;
use crate::shape::{Field, Shape};

const fn text(name: &'static str) -> Field {
    Field::required(name, Shape::Text)
}
const fn id(name: &'static str) -> Field {
    Field::required(name, Shape::Integer(1))
}
const fn count(name: &'static str) -> Field {
    Field::required(name, Shape::Integer(0))
}
const fn flag(name: &'static str) -> Field {
    Field::required(name, Shape::Flag)
}
const fn message_id() -> Field {
    Field::required("message_id", Shape::Digits)
}

const ROLE: Shape = Shape::OneOf(&["admin", "member", "readonly"]);
const ROOM_TYPE: Shape = Shape::OneOf(&["my", "direct", "group"]);
const TASK_STATUS: Shape = Shape::OneOf(&["open", "done"]);
const LIMIT_TYPE: Shape = Shape::OneOf(&["none", "date", "time"]);
const IDS: Shape = Shape::List { item: &Shape::Integer(1), least: 0, most: None };
const SOME_IDS: Shape = Shape::List { item: &Shape::Integer(1), least: 1, most: None };

/// Account as messages, tasks and files embed it: exactly three fields.
pub const ACCOUNT: Shape = Shape::Object(&[id("account_id"), text("name"), text("avatar_image_url")]);

/// GET /me.
pub const PROFILE: Shape = Shape::Object(&[
    id("account_id"),
    id("room_id"),
    text("name"),
    text("chatwork_id"),
    count("organization_id"),
    text("organization_name"),
    text("department"),
    text("title"),
    text("url"),
    text("introduction"),
    text("mail"),
    text("tel_organization"),
    text("tel_extension"),
    text("tel_mobile"),
    text("skype"),
    text("facebook"),
    text("twitter"),
    text("avatar_image_url"),
    text("login_mail"),
]);
/// GET /my/status.
pub const STATUS: Shape = Shape::Object(&[
    count("unread_room_num"),
    count("mention_room_num"),
    count("mytask_room_num"),
    count("unread_num"),
    count("mention_num"),
    count("mytask_num"),
]);
/// One item of GET /my/tasks.
pub const MY_TASK: Shape = Shape::Object(&[
    id("task_id"),
    Field::required("room", Shape::Object(&[id("room_id"), text("name"), text("icon_path")])),
    Field::required("assigned_by_account", ACCOUNT),
    message_id(),
    text("body"),
    count("limit_time"),
    Field::required("status", TASK_STATUS),
    Field::required("limit_type", LIMIT_TYPE),
]);
/// GET /my/tasks.
pub const MY_TASKS: Shape = Shape::List { item: &MY_TASK, least: 1, most: Some(LIST_CAP) };
/// One contact.
pub const CONTACT: Shape = Shape::Object(&[
    id("account_id"),
    id("room_id"),
    text("name"),
    text("chatwork_id"),
    count("organization_id"),
    text("organization_name"),
    text("department"),
    text("avatar_image_url"),
]);
/// GET /contacts.
pub const CONTACTS: Shape = Shape::List { item: &CONTACT, least: 1, most: None };
/// One item of GET /rooms: 13 fields.
pub const ROOM_ITEM: Shape = Shape::Object(&[
    id("room_id"),
    text("name"),
    Field::required("type", ROOM_TYPE),
    Field::required("role", ROLE),
    flag("sticky"),
    count("unread_num"),
    count("mention_num"),
    count("mytask_num"),
    count("message_num"),
    count("file_num"),
    count("task_num"),
    text("icon_path"),
    count("last_update_time"),
]);
/// GET /rooms.
pub const ROOMS: Shape = Shape::List { item: &ROOM_ITEM, least: 1, most: None };
/// GET /rooms/{room_id}: the 13 fields and the description.
pub const ROOM: Shape = Shape::Object(&[
    id("room_id"),
    text("name"),
    Field::required("type", ROOM_TYPE),
    Field::required("role", ROLE),
    flag("sticky"),
    count("unread_num"),
    count("mention_num"),
    count("mytask_num"),
    count("message_num"),
    count("file_num"),
    count("task_num"),
    text("icon_path"),
    count("last_update_time"),
    text("description"),
]);
/// POST /rooms and PUT /rooms/{room_id}.
pub const ROOM_ID: Shape = Shape::Object(&[id("room_id")]);
/// One member.
pub const MEMBER: Shape = Shape::Object(&[
    id("account_id"),
    Field::required("role", ROLE),
    text("name"),
    text("chatwork_id"),
    count("organization_id"),
    text("organization_name"),
    text("department"),
    text("avatar_image_url"),
]);
/// GET members.
pub const MEMBERS: Shape = Shape::List { item: &MEMBER, least: 1, most: None };
/// PUT members.
pub const ROLES: Shape = Shape::Object(&[
    Field::required("admin", SOME_IDS),
    Field::required("member", IDS),
    Field::required("readonly", IDS),
]);
/// One message.
pub const MESSAGE: Shape = Shape::Object(&[
    message_id(),
    Field::required("account", ACCOUNT),
    text("body"),
    count("send_time"),
    count("update_time"),
]);
/// GET messages.
pub const MESSAGES: Shape = Shape::List { item: &MESSAGE, least: 1, most: Some(LIST_CAP) };
/// What writing a message answers.
pub const MESSAGE_ID: Shape = Shape::Object(&[message_id()]);
/// What marking messages answers.
pub const COUNTS: Shape = Shape::Object(&[count("unread_num"), count("mention_num")]);
/// One task of a room.
pub const TASK: Shape = Shape::Object(&[
    id("task_id"),
    Field::required("account", ACCOUNT),
    Field::required("assigned_by_account", ACCOUNT),
    message_id(),
    text("body"),
    count("limit_time"),
    Field::required("status", TASK_STATUS),
    Field::required("limit_type", LIMIT_TYPE),
]);
/// GET tasks.
pub const TASKS: Shape = Shape::List { item: &TASK, least: 1, most: Some(LIST_CAP) };
/// POST tasks.
pub const TASK_IDS: Shape = Shape::Object(&[Field::required("task_ids", SOME_IDS)]);
/// PUT task status.
pub const TASK_ID: Shape = Shape::Object(&[id("task_id")]);
/// One file.
pub const FILE: Shape = Shape::Object(&[
    id("file_id"),
    Field::required("account", ACCOUNT),
    message_id(),
    text("filename"),
    count("filesize"),
    count("upload_time"),
    Field::optional("download_url", Shape::Text),
]);
const FILE_ITEM: Shape = Shape::Object(&[
    id("file_id"),
    Field::required("account", ACCOUNT),
    message_id(),
    text("filename"),
    count("filesize"),
    count("upload_time"),
]);
/// GET files.
pub const FILES: Shape = Shape::List { item: &FILE_ITEM, least: 1, most: Some(LIST_CAP) };
/// POST files.
pub const FILE_ID: Shape = Shape::Object(&[id("file_id")]);
/// An invitation link.
pub const LINK: Shape = Shape::Object(&[
    flag("public"),
    Field::optional("url", Shape::Text),
    Field::optional("need_acceptance", Shape::Flag),
    Field::optional("description", Shape::Text),
]);
/// One incoming request.
pub const REQUEST: Shape = Shape::Object(&[
    id("request_id"),
    id("account_id"),
    text("message"),
    text("name"),
    text("chatwork_id"),
    count("organization_id"),
    text("organization_name"),
    text("department"),
    text("avatar_image_url"),
]);
/// GET /incoming_requests.
pub const REQUESTS: Shape = Shape::List { item: &REQUEST, least: 1, most: Some(LIST_CAP) };
/// Every error.
pub const ERRORS: Shape =
    Shape::Object(&[Field::required("errors", Shape::List { item: &Shape::Text, least: 1, most: None })]);
