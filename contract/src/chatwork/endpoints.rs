//! THE table: one row for each operation, in the order of the reference. Everything that lists operations is derived
//! from it.

use http::Method;

use super::clauses as c;
use super::oauth::Scope;
use super::params::{self as p, Param};
use super::shapes as s;
use crate::clause::Clause;
use crate::shape::Shape;

/// The 32 operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant's row in ENDPOINTS describes it")]
pub enum Operation {
    GetMe,
    GetMyStatus,
    GetMyTasks,
    GetContacts,
    GetRooms,
    PostRooms,
    GetRoom,
    PutRoom,
    DeleteRoom,
    GetMembers,
    PutMembers,
    GetMessages,
    PostMessages,
    PutMessagesRead,
    PutMessagesUnread,
    GetMessage,
    PutMessage,
    DeleteMessage,
    GetTasks,
    PostTasks,
    GetTask,
    PutTaskStatus,
    GetFiles,
    PostFiles,
    GetFile,
    GetLink,
    PostLink,
    PutLink,
    DeleteLink,
    GetIncomingRequests,
    PutIncomingRequest,
    DeleteIncomingRequest,
}

/// Where an operation's parameters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// In the query string.
    Query,
    /// In a form body.
    Form,
    /// In a form body or in the query string (clause `chatwork.transport.delete-parameters`).
    FormOrQuery,
    /// In the parts of a multipart body.
    Multipart,
}

/// One row.
#[derive(Debug)]
pub struct Endpoint {
    /// Which operation.
    pub operation: Operation,
    /// Its name in journals, OpenAPI and snapshots: `get-room-messages`.
    pub name: &'static str,
    /// The area it belongs to: `messages`. Names the file of its handler and of its wire test.
    pub area: &'static str,
    /// The verb.
    pub method: Method,
    /// The path below `/v2`, with its ids in braces.
    pub path: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Where the parameters travel.
    pub carrier: Carrier,
    /// The parameters, in the documented order.
    pub params: &'static [&'static Param],
    /// What 200 answers with; `None` where success is 204.
    pub body: Option<&'static Shape>,
    /// Whether success can be (or is) 204.
    pub no_content: bool,
    /// The documented statuses besides success, 401 and 429.
    pub refusals: &'static [u16],
    /// Whether it counts against the limit of its room.
    pub room_limited: bool,
    /// The narrowest OAuth scope.
    pub scope: Scope,
    /// The clauses it rests on, besides those that hold for all.
    pub clauses: &'static [&'static Clause],
}

impl Endpoint {
    /// The row of an operation.
    pub fn of(operation: Operation) -> &'static Self {
        // The table is in the order of the enum; a test holds it there.
        ENDPOINTS.get(operation as usize).unwrap_or(&ENDPOINTS[0])
    }

    /// The names of the ids in the path, in order.
    pub fn path_ids(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }

    /// The statuses of success.
    pub fn successes(&self) -> impl Iterator<Item = u16> {
        let ok = self.body.is_some().then_some(200);
        ok.into_iter().chain(self.no_content.then_some(204))
    }
}

macro_rules! endpoints {
    ($($operation:ident $name:literal $area:literal $method:ident $path:literal $carrier:ident [$($param:ident)*]
        $body:tt $no_content:literal $refusals:tt $room_limited:literal $scope:ident [$($clause:ident)*] $summary:literal;)*) => {
        /// Every operation of the API.
        pub static ENDPOINTS: [Endpoint; 32] = [$(Endpoint {
            operation: Operation::$operation,
            name: $name,
            area: $area,
            method: Method::$method,
            path: $path,
            summary: $summary,
            carrier: Carrier::$carrier,
            params: &[$(&p::$param),*],
            body: endpoints!(@body $body),
            no_content: $no_content,
            refusals: &$refusals,
            room_limited: $room_limited,
            scope: Scope::$scope,
            clauses: &[$(&c::$clause),*],
        }),*];
    };
    (@body none) => { None };
    (@body $shape:ident) => { Some(&s::$shape) };
}

// operation, name, area; verb, path; carrier, parameters; body of 200, may be 204, refusals, counts against the room;
// scope; clauses; summary.
endpoints! {
    GetMe "get-me" "me"
        GET "/me" Query [] PROFILE false [400, 403] false ProfileRead [PROFILE]
        "The caller's own profile";
    GetMyStatus "get-my-status" "my"
        GET "/my/status" Query [] STATUS false [400, 403] false StatusRead [STATUS]
        "Counts of the caller's unread messages, mentions and open tasks";
    GetMyTasks "get-my-tasks" "my"
        GET "/my/tasks" Query [ASSIGNED_BY TASK_STATUS] MY_TASKS true [400, 403] false MyTasksRead
        [MY_TASKS EMPTY_LIST LIST_CAP]
        "The caller's tasks, at most 100";
    GetContacts "get-contacts" "contacts"
        GET "/contacts" Query [] CONTACTS true [400, 403] false ContactsRead [CONTACTS EMPTY_LIST]
        "The caller's contacts";
    GetRooms "get-rooms" "rooms"
        GET "/rooms" Query [] ROOMS false [400, 403] false RoomsInfoRead [ROOM_FIELDS ROOM_ORDER MY_CHAT]
        "The caller's chats";
    PostRooms "post-rooms" "rooms"
        POST "/rooms" Form
        [NAME DESCRIPTION LINK LINK_CODE LINK_NEED_ACCEPTANCE MEMBERS_ADMIN MEMBERS_MEMBER MEMBERS_READONLY ICON_PRESET]
        ROOM_ID false [400, 403] false RoomsWrite
        [ROOM_CREATED ROOM_MEMBERS_FROM MEMBERS_TAKEN_AS_GIVEN MEMBER_IN_ONE_LIST LINK_CODE]
        "Creates a group chat";
    GetRoom "get-room" "rooms"
        GET "/rooms/{room_id}" Query [] ROOM false [400, 403] false RoomsInfoRead [ROOM_FIELDS ROOM_FORBIDDEN]
        "One chat";
    PutRoom "put-room" "rooms"
        PUT "/rooms/{room_id}" Form [NEW_NAME DESCRIPTION ICON_PRESET] ROOM_ID false [400, 403] false RoomsInfoWrite
        [ROOM_ADMIN ROOM_FORBIDDEN]
        "Changes a group chat's name, description or icon";
    DeleteRoom "delete-room" "rooms"
        DELETE "/rooms/{room_id}" FormOrQuery [ACTION_TYPE] none true [400, 403] false RoomsWrite
        [LEAVE ROOM_ADMIN FIXED_ROOMS DELETE_PARAMETERS NO_CONTENT]
        "Leaves or deletes a group chat";
    GetMembers "get-members" "members"
        GET "/rooms/{room_id}/members" Query [] MEMBERS false [400, 403] false MembersRead [ROOM_FORBIDDEN]
        "The members of a chat";
    PutMembers "put-members" "members"
        PUT "/rooms/{room_id}/members" Form [MEMBERS_ADMIN MEMBERS_MEMBER MEMBERS_READONLY] ROLES false [400, 403] false
        MembersWrite
        [MEMBERS_REPLACED ROOM_ADMIN ROOM_MEMBERS_FROM MEMBERS_TAKEN_AS_GIVEN MEMBER_IN_ONE_LIST]
        "Replaces the members of a group chat";
    GetMessages "get-messages" "messages"
        GET "/rooms/{room_id}/messages" Query [FORCE] MESSAGES true [400, 403] false MessagesRead
        [MESSAGES_NEW_ONLY MESSAGE_CURSOR MESSAGE_ORDER LIST_CAP EMPTY_LIST MESSAGE_LIMITATION]
        "Messages since the last fetch, or the newest 100";
    PostMessages "post-messages" "messages"
        POST "/rooms/{room_id}/messages" Form [BODY SELF_UNREAD] MESSAGE_ID false [400, 403] true MessagesWrite
        [MESSAGE_POSTED MESSAGE_COUNTS MESSAGE_ROLES ROOM_LIMIT ROOM_LIMIT_COUNTS MENTIONS QUOTES_INERT MENTION_ONCE]
        "Posts a message";
    PutMessagesRead "put-messages-read" "messages"
        PUT "/rooms/{room_id}/messages/read" Form [READ_UP_TO] COUNTS false [400, 403, 404] false MessagesWrite
        [MESSAGE_READ BAD_STATE NOT_FOUND]
        "Marks messages as read";
    PutMessagesUnread "put-messages-unread" "messages"
        PUT "/rooms/{room_id}/messages/unread" Form [UNREAD_FROM] COUNTS false [400, 403, 404] false
        MessagesWrite [MESSAGE_READ BAD_STATE NOT_FOUND]
        "Marks messages as unread";
    GetMessage "get-message" "messages"
        GET "/rooms/{room_id}/messages/{message_id}" Query [] MESSAGE false [400, 403, 404] false MessagesRead
        [NOT_FOUND MESSAGE_DELETED MESSAGE_LIMITATION]
        "One message";
    PutMessage "put-message" "messages"
        PUT "/rooms/{room_id}/messages/{message_id}" Form [BODY] MESSAGE_ID false [400, 403, 404] false
        MessagesWrite [MESSAGE_AUTHOR MESSAGE_DELETED_FINAL NOT_FOUND]
        "Changes the text of one's own message";
    DeleteMessage "delete-message" "messages"
        DELETE "/rooms/{room_id}/messages/{message_id}" FormOrQuery [] MESSAGE_ID false [400, 403, 404] false
        MessagesWrite [MESSAGE_AUTHOR MESSAGE_DELETED MESSAGE_DELETED_FINAL NOT_FOUND]
        "Deletes one's own message; its place stays";
    GetTasks "get-tasks" "tasks"
        GET "/rooms/{room_id}/tasks" Query [ASSIGNEE ASSIGNED_BY TASK_STATUS] TASKS true [400, 403] false
        RoomTasksRead [LIST_CAP EMPTY_LIST NEWEST_FIRST]
        "The tasks of a chat, at most 100";
    PostTasks "post-tasks" "tasks"
        POST "/rooms/{room_id}/tasks" Form [TASK_BODY TO_IDS TASK_LIMIT LIMIT_TYPE] TASK_IDS false [400, 403] true
        RoomTasksWrite [TASK_CREATED TASK_LIMIT MESSAGE_ROLES ROOM_LIMIT ROOM_LIMIT_COUNTS]
        "Creates a task for each assignee";
    GetTask "get-task" "tasks"
        GET "/rooms/{room_id}/tasks/{task_id}" Query [] TASK false [400, 403, 404] false RoomTasksRead [NOT_FOUND]
        "One task";
    PutTaskStatus "put-task-status" "tasks"
        PUT "/rooms/{room_id}/tasks/{task_id}/status" Form [NEW_STATUS] TASK_ID false [400, 403, 404] false
        RoomTasksWrite [TASK_STATUS NOT_FOUND]
        "Opens or closes a task";
    GetFiles "get-files" "files"
        GET "/rooms/{room_id}/files" Query [UPLOADER] FILES true [400, 403] false FilesRead
        [LIST_CAP EMPTY_LIST NEWEST_FIRST]
        "The files of a chat, at most 100";
    PostFiles "post-files" "files"
        POST "/rooms/{room_id}/files" Multipart [FILE FILE_MESSAGE] FILE_ID false [400, 403] false FilesWrite
        [FILE_UPLOADED MESSAGE_ROLES]
        "Uploads a file";
    GetFile "get-file" "files"
        GET "/rooms/{room_id}/files/{file_id}" Query [CREATE_DOWNLOAD_URL] FILE false [400, 403, 404] false
        FilesRead [DOWNLOAD_URL NOT_FOUND]
        "One file, on request with a download URL";
    GetLink "get-link" "link"
        GET "/rooms/{room_id}/link" Query [] LINK false [400, 403] false RoomsInfoRead [LINK]
        "The invitation link of a chat";
    PostLink "post-link" "link"
        POST "/rooms/{room_id}/link" Form [CODE NEED_ACCEPTANCE DESCRIPTION] LINK false [400, 403] false
        RoomsInfoWrite [LINK LINK_CODE BAD_STATE ROOM_ADMIN]
        "Creates an invitation link";
    PutLink "put-link" "link"
        PUT "/rooms/{room_id}/link" Form [CODE NEED_ACCEPTANCE DESCRIPTION] LINK false [400, 403] false
        RoomsInfoWrite [LINK LINK_CODE BAD_STATE ROOM_ADMIN]
        "Changes the invitation link";
    DeleteLink "delete-link" "link"
        DELETE "/rooms/{room_id}/link" FormOrQuery [] LINK false [400, 403] false RoomsInfoWrite
        [LINK BAD_STATE ROOM_ADMIN]
        "Takes the invitation link away";
    GetIncomingRequests "get-incoming-requests" "incoming-requests"
        GET "/incoming_requests" Query [] REQUESTS true [400, 403] false ContactsRead
        [REQUESTS LIST_CAP EMPTY_LIST]
        "Contact requests that wait for the caller, at most 100";
    PutIncomingRequest "put-incoming-request" "incoming-requests"
        PUT "/incoming_requests/{request_id}" Form [] CONTACT false [400, 403, 404] false ContactsWrite
        [REQUESTS REQUEST_NOT_FOUND]
        "Accepts a contact request";
    DeleteIncomingRequest "delete-incoming-request" "incoming-requests"
        DELETE "/incoming_requests/{request_id}" FormOrQuery [] none true [400, 403, 404] false ContactsWrite
        [REQUESTS REQUEST_NOT_FOUND NO_CONTENT]
        "Rejects a contact request";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn rows_stand_in_the_order_of_the_operations_and_differ() {
        for (index, endpoint) in ENDPOINTS.iter().enumerate() {
            assert_eq!(endpoint.operation as usize, index, "{}", endpoint.name);
            assert!(std::ptr::eq(Endpoint::of(endpoint.operation), endpoint));
        }
        let names: BTreeSet<_> = ENDPOINTS.iter().map(|endpoint| endpoint.name).collect();
        let targets: BTreeSet<_> = ENDPOINTS.iter().map(|row| (row.method.as_str(), row.path)).collect();
        assert_eq!((names.len(), targets.len()), (32, 32));
    }

    #[test]
    fn every_default_is_a_value_that_its_parameter_takes() {
        for param in ENDPOINTS.iter().flat_map(|endpoint| endpoint.params) {
            if let Some(default) = param.default {
                assert!(super::super::arguments::Value::read(param, default).is_some(), "{}", param.name);
            }
        }
    }
}
