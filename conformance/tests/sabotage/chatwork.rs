//! Chatwork's.

use conformance::check::Level::{Must, Should};
use contract::chatwork::Edition::{Documented, July2025};
use contract::chatwork::clauses as c;
use contract::service::Service;
use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json as made};

use super::spoil::{Sabotage, as_text, body, drop_key, each, header, json, number, set, status, was};

macro_rules! sabotages {
    ($($word:literal $edition:ident $weight:ident $clause:ident $what:literal $spoil:expr;)+) => {
        /// Every one.
        pub(crate) const ALL: &[Sabotage] = &[$(Sabotage {
            word: $word,
            service: Service::Chatwork,
            edition: $edition,
            what: $what,
            clause: &c::$clause,
            weight: $weight,
            spoil: $spoil,
        }),+];
    };
}

const LIMIT: &str = "x-ratelimit-limit";
const LEFT: &str = "x-ratelimit-remaining";
const RESET: &str = "x-ratelimit-reset";

sabotages! {
    // Credentials.
    "owner-forbidden" Documented Must TOKEN_HEADER "The token's owner is answered 403."
        |s, a| if s.of("get-me") { status(a, 403); body(a, r#"{"errors":["no"]}"#) };
    "one-spelling-of-the-token-header" Documented Must TOKEN_HEADER
        "The token is taken only in the usual spelling of its header: the three calls in another one get 401."
        |s, a| if s.of("get-my-status") && s.count() < 3 { status(a, 401); body(a, r#"{"errors":["Invalid API token"]}"#) };
    "403-without-a-token" Documented Must UNAUTHORIZED "No token is answered 403."
        |s, a| if s.header("x-chatworktoken").is_none() && was(a, 401) { status(a, 403) };
    "403-for-a-wrong-token" Documented Must UNAUTHORIZED "A wrong token is answered 403."
        |s, a| if s.header("x-chatworktoken").is_some() && was(a, 401) { status(a, 403) };
    "401-in-other-words" Documented Should UNAUTHORIZED_TEXT "401 says 'Unauthorized'."
        |_, a| if was(a, 401) { body(a, r#"{"errors":["Unauthorized"]}"#) };
    "token-in-the-query" Documented Must TOKEN_NOT_IN_QUERY "A token in the query opens the API."
        |s, a| if s.query("x-chatworktoken=") { status(a, 200); body(a, "{}") };
    "no-bearer-challenge" Documented Must BEARER "A bad access token gets 401 without WWW-Authenticate."
        |_, a| { a.headers_mut().remove("www-authenticate"); };
    "limits-on-401" Documented Should NO_RATE_HEADERS_ON_401 "401 carries the headers of the limits."
        |_, a| if was(a, 401) { header(a, LIMIT, "300"); header(a, LEFT, "300"); header(a, RESET, "1760000000") };

    // What operations that read answer with.
    "field-missing" Documented Must PROFILE "GET /me lacks login_mail." |s, a| if s.of("get-me") { drop_key(a, "login_mail") };
    "number-as-text" Documented Must STATUS "A count of GET /my/status is a text."
        |s, a| if s.of("get-my-status") { as_text(a, "unread_num") };
    "null-field" Documented Must MY_TASKS "limit_type of GET /my/tasks is null."
        |s, a| if s.of("get-my-tasks") { set(a, "limit_type", Value::Null) };
    "extra-wrapper" Documented Must CONTACTS "GET /contacts wraps its list in an object."
        |s, a| if s.of("get-contacts") { json(a, |value| *value = made!({"contacts": value.take()})) };
    "extra-field" Documented Must ROOM_FIELDS "GET /rooms answers the description, too."
        |s, a| if s.of("get-rooms") { set(a, "description", "") };
    "flag-as-number" Documented Must ROOM_FIELDS "sticky of GET /rooms/{room_id} is 0 or 1."
        |s, a| if s.of("get-room") { each(a, |room| room["sticky"] = made!(i32::from(room["sticky"] == true))) };
    "unknown-word" Documented Must FIELDS "A role of GET members is 'owner'." |s, a| if s.of("get-members") { set(a, "role", "owner") };
    "message-id-as-number" Documented Must IDS "message_id in lists is a number."
        |s, a| if s.of("get-messages") { set(a, "message_id", 1_999_000_111_222_333_444_i64) };
    "id-as-float" Documented Must IDS "account_id of one message is 1001.0."
        |s, a| if s.of("get-message") { each(a, |message| message["account"]["account_id"] = made!(1001.0)) };
    "id-as-text" Documented Must IDS "task_id in lists is a text." |s, a| if s.of("get-tasks") { as_text(a, "task_id") };
    "body-null" Documented Must FIELDS "GET of one task answers null."
        |s, a| if s.of("get-task") && was(a, 200) { body(a, "null") };
    "negative-size" Documented Must FIELDS "A file's size is -1." |s, a| if s.of("get-files") { set(a, "filesize", -1) };
    "time-as-text" Documented Must IDS "upload_time of one file is an RFC 3339 text."
        |s, a| if s.of("get-file") && was(a, 200) { set(a, "upload_time", "2026-01-31T09:00:00Z") };
    "flag-as-text" Documented Must LINK "public of a link is a text." |s, a| if s.of("get-link") { as_text(a, "public") };
    "request-without-id" Documented Must REQUESTS "Contact requests have no request_id."
        |s, a| if s.of("get-incoming-requests") { drop_key(a, "request_id") };
    "other-case-of-keys" Documented Must PROFILE "Keys of GET /me are written in camelCase."
        |s, a| if s.of("get-me") { json(a, |me| { let id = me["account_id"].take(); me["accountId"] = id; }) };
    "too-long-a-list" Documented Must LIST_CAP "GET messages lists 101 messages."
        |s, a| if s.of("get-messages") && was(a, 200) {
            json(a, |list| { let one = list[0].clone(); *list = Value::Array(vec![one; 101]); })
        };
    "account-as-id" Documented Must FIELDS "Messages name their account by id alone."
        |s, a| if s.of("get-messages") { each(a, |message| message["account"] = message["account"]["account_id"].take()) };
    "created-status" Documented Must MESSAGE_POSTED "POST of a message answers 201."
        |s, a| if s.of("post-messages") && was(a, 200) { status(a, 201) };

    // How answers are written.
    "html-errors" Documented Must JSON_BODY "What is not found is answered with a page in HTML."
        |_, a| if was(a, 404) { body(a, "<html>Not Found</html>"); header(a, "content-type", "text/html") };
    "text-json" Documented Must JSON_BODY "The content type is text/json."
        |_, a| if a.headers().contains_key(CONTENT_TYPE) { header(a, "content-type", "text/json; charset=utf-8") };
    "no-charset" Documented Should JSON_BODY "The content type lacks its charset."
        |_, a| if a.headers().contains_key(CONTENT_TYPE) { header(a, "content-type", "application/json") };
    "pretty-json" Documented Should JSON_TEXT "JSON is written on several lines."
        |_, a| if let Ok(value) = serde_json::from_slice::<Value>(a.body()) {
            *a.body_mut() = serde_json::to_string_pretty(&value).unwrap().into();
        };
    "unescaped-json" Documented Should JSON_TEXT "Other characters than ASCII are not escaped."
        |_, a| if let Ok(value) = serde_json::from_slice::<Value>(a.body()) { *a.body_mut() = value.to_string().into() };
    "byte-order-mark" Documented Must JSON_BODY "GET /me begins with a byte order mark."
        |s, a| if s.of("get-me") { *a.body_mut() = [b"\xef\xbb\xbf", &a.body()[..]].concat().into() };
    "200-for-an-empty-list" Documented Must EMPTY_LIST "An empty list is answered 200 with []."
        |_, a| if was(a, 204) { status(a, 200); body(a, "[]") };
    "204-with-a-type" Documented Must NO_CONTENT "204 has a content type."
        |_, a| if was(a, 204) { header(a, "content-type", "application/json; charset=utf-8") };
    "milliseconds" Documented Must IDS "last_update_time is in milliseconds."
        |s, a| if s.of("get-rooms") || s.of("get-room") {
            each(a, |room| room["last_update_time"] = made!(room["last_update_time"].as_i64().unwrap_or_default() * 1000))
        };

    // Whether answers agree.
    "room-of-me-is-a-group" Documented Must PROFILE "room_id of GET /me is a group chat." |s, a| if s.of("get-me") { set(a, "room_id", 5001) };
    "my-chat-unpinned" Documented Should MY_CHAT "My Chat is not pinned."
        |s, a| if s.of("get-rooms") || s.of("get-room") { each(a, |room| if room["type"] == "my" { room["sticky"] = made!(false) }) };
    "another-name" Documented Must ROOM_FIELDS "One chat has another name than in the list." |s, a| if s.of("get-room") { set(a, "name", "x") };
    "another-task" Documented Must FIELDS "One task has another text than in the list." |s, a| if s.of("get-task") { set(a, "body", "x") };
    "another-message" Documented Must MESSAGE_POSTED "One message has another text than in the list."
        |s, a| if s.of("get-message") && was(a, 200) { set(a, "body", "x") };
    "another-time" Documented Should FIELDS "One message has another time than in the list."
        |s, a| if s.of("get-message") && was(a, 200) { set(a, "send_time", 1_500_000_000) };
    "miscounted" Documented Should STATUS "unread_num of GET /my/status is one too many."
        |s, a| if s.of("get-my-status") { each(a, |all| all["unread_num"] = made!(all["unread_num"].as_i64().unwrap_or_default() + 1)) };
    "rooms-unsorted" Documented Should ROOM_ORDER "Rooms come in the opposite order." |s, a| if s.of("get-rooms") { reverse(a) };
    "messages-unsorted" Documented Should MESSAGE_ORDER "Messages come newest first." |s, a| if s.of("get-messages") { reverse(a) };
    "tasks-unsorted" Documented Should NEWEST_FIRST "Tasks come oldest first." |s, a| if s.of("get-tasks") { reverse(a) };
    "status-ignored" Documented Must MY_TASKS "status=done lists open tasks."
        |s, a| if s.of("get-tasks") && s.query("status=done") { set(a, "status", "open") };
    "download-url-unasked" Documented Must DOWNLOAD_URL "Every file carries a download URL."
        |s, a| if s.of("get-file") && was(a, 200) { set(a, "download_url", "https://example.com/f") };
    "no-download-url" Documented Must DOWNLOAD_URL "A file never carries a download URL." |s, a| if s.of("get-file") { drop_key(a, "download_url") };

    // What is refused.
    "404-for-an-unknown-path" Documented Should UNKNOWN_ENDPOINT "An unknown path is answered 404."
        |s, a| if s.path().ends_with("/no-such-path") && was(a, 400) { status(a, 404) };
    "200-for-an-unknown-path" Documented Should UNKNOWN_ENDPOINT "An unknown path is answered 200."
        |s, a| if s.path().ends_with("/no-such-path") { status(a, 200) };
    "404-for-a-room-id-of-letters" Documented Should UNKNOWN_ENDPOINT "A room id that is no number is answered 404."
        |s, a| if s.path().contains("/rid123") { status(a, 404) };
    "404-for-a-room-of-others" Documented Should ROOM_FORBIDDEN "A room of others is answered 404."
        |s, a| if s.of("get-room") && was(a, 403) { status(a, 404) };
    "403-for-an-unknown-message" Documented Must NOT_FOUND "An unknown message is answered 403."
        |s, a| if s.of("get-message") && was(a, 404) { status(a, 403) };
    "400-for-an-unknown-task" Documented Must NOT_FOUND "An unknown task is answered 400."
        |s, a| if s.of("get-task") && was(a, 404) { status(a, 400) };
    "500-for-an-unknown-file" Documented Must NOT_FOUND "An unknown file is answered 500."
        |s, a| if s.of("get-file") && was(a, 404) { status(a, 500) };
    "bad-value-ignored" Documented Should INVALID_PARAMETER "An unknown status of tasks is ignored."
        |s, a| if s.query("status=nonsense") { status(a, 204); a.headers_mut().remove(CONTENT_TYPE); *a.body_mut() = "".into() };
    "error-not-errors" Documented Must ERROR_ENVELOPE "Errors stand under 'error'."
        |_, a| json(a, |value| if let Some(errors) = value.as_object_mut().and_then(|all| all.shift_remove("errors")) {
            value["error"] = errors;
        });
    "errors-as-text" Documented Must ERROR_ENVELOPE "errors is a text." |_, a| json(a, |value| if value.get("errors").is_some() {
        let first = value["errors"][0].take();
        value["errors"] = first;
    });
    "errors-empty" Documented Must ERROR_ENVELOPE "errors is empty where something is not found."
        |_, a| if was(a, 404) { body(a, r#"{"errors":[]}"#) };
    "error-with-a-code" Documented Must ERROR_ENVELOPE "Errors are objects with a code and a sentence."
        |_, a| json(a, |value| if let Some(errors) = value.get_mut("errors").and_then(Value::as_array_mut) {
            errors.iter_mut().for_each(|error| *error = made!({"code": 1, "message": error.take()}));
        });

    // The limits.
    "limit-header-missing" Documented Must RATE_HEADERS "X-RateLimit-Reset is missing." |_, a| { a.headers_mut().remove(RESET); };
    "limits-on-success-only" Documented Must RATE_HEADERS "Refusals carry no headers of the limits."
        |_, a| if a.status().is_client_error() { for name in [LIMIT, LEFT, RESET] { a.headers_mut().remove(name); } };
    "limit-as-fraction" Documented Must RATE_HEADERS "X-RateLimit-Limit is 300.0." |_, a| if a.headers().contains_key(LIMIT) { header(a, LIMIT, "300.0") };
    "limit-of-299" Documented Must ACCOUNT_LIMIT "The limit is 299." |_, a| number(a, LIMIT, |_| 299);
    "limit-of-100" Documented Must ACCOUNT_LIMIT "The limit is 100, as it was in 2017." |_, a| number(a, LIMIT, |_| 100);
    "reset-as-delta" Documented Must RATE_HEADERS "The reset is the seconds that are left." |_, a| number(a, RESET, |_| 287);
    "reset-in-milliseconds" Documented Must RATE_HEADERS "The reset is in milliseconds." |_, a| number(a, RESET, |reset| reset * 1000);
    "reset-long-ago" Documented Must RATE_HEADERS "The reset lies an hour back." |_, a| number(a, RESET, |reset| reset - 3600);
    "reset-moves" Documented Should WINDOW "The reset moves on by a second with each request."
        |s, a| { let more = i64::try_from(s.before % 4).unwrap(); number(a, RESET, |reset| reset - 4 + more) };
    "remaining-stands-still" Documented Should WINDOW "What remains stands still." |_, a| number(a, LEFT, |_| 250);
    "remaining-off-by-one" Documented Should WINDOW "What remains is counted before the request."
        |_, a| number(a, LEFT, |left| left + 1);
    "refusals-uncounted" Documented Should ACCOUNT_LIMIT_SCOPE "Refused requests do not count: what remains goes back up."
        |_, a| if a.status().is_client_error() { number(a, LEFT, |left| left + 1) };
    "remaining-above-limit" Documented Must RATE_HEADERS "More remains than the limit." |_, a| number(a, LEFT, |left| left + 300);
    "no-room-limit" Documented Must ROOM_LIMIT "Messages to a room are never refused."
        |s, a| if s.of("post-messages") && was(a, 429) { status(a, 200); body(a, r#"{"message_id":"1"}"#) };
    "room-limit-early" Documented Must ROOM_LIMIT "The limit of a room is 5 messages: those of a burst are refused from the fourth on."
        |s, a| if s.of("post-messages") && is_burst(s.asked.request.body()) && s.count() >= 3 && was(a, 200) {
            status(a, 429); body(a, r#"{"errors":["Rate limit for message posting per room exceeded."]}"#)
        };
    "room-limit-in-other-words" Documented Must ROOM_LIMIT "The refusal of the room's limit has another sentence."
        |s, a| if s.of("post-messages") && was(a, 429) { body(a, r#"{"errors":["Too many requests"]}"#) };

    // What becomes of what is written.
    "plus-not-decoded" Documented Must MESSAGE_POSTED "Messages are stored with + instead of blanks."
        |s, a| if s.of("get-message") || s.of("get-messages") {
            each(a, |message| message["body"] = made!(message["body"].as_str().unwrap_or_default().replace(' ', "+")))
        };
    "message-id-in-answer-as-number" Documented Must IDS "POST of a message answers its id as a number."
        |s, a| if s.of("post-messages") && was(a, 200) {
            each(a, |item| item["message_id"] = made!(item["message_id"].as_str().unwrap_or_default().parse::<i64>().unwrap_or_default()))
        };
    "too-long-is-stored" Documented Must MESSAGE_POSTED "A message of 65,536 characters is taken."
        |s, a| if s.of("post-messages") && s.asked.request.body().len() > 65_536 { status(a, 200); body(a, r#"{"message_id":"1"}"#) };
    "update-time-stays-0" Documented Must MESSAGE_AUTHOR "update_time stays 0 when a message is changed."
        |s, a| if s.of("get-message") || s.of("get-messages") { set(a, "update_time", 0) };
    "another-id-after-a-change" Documented Must MESSAGE_AUTHOR "Changing a message answers another id."
        |s, a| if s.of("put-message") && was(a, 200) { set(a, "message_id", "17") };
    "204-for-a-deleted-message" Documented Should MESSAGE_DELETED "Deleting a message is answered 204."
        |s, a| if s.of("delete-message") && was(a, 200) { status(a, 204); a.headers_mut().remove(CONTENT_TYPE); *a.body_mut() = "".into() };
    "no-tombstone" Documented Should MESSAGE_DELETED "A deleted message keeps its text."
        |s, a| if s.of("get-message") { each(a, |message| if message["body"] == "[deleted]" { message["body"] = made!("x") }) };
    "new-messages-not-listed" Documented Must MESSAGES_NEW_ONLY "Messages of one's own are never new."
        |s, a| if s.of("get-messages") && !s.query("force") && was(a, 200) { status(a, 204); a.headers_mut().remove(CONTENT_TYPE); *a.body_mut() = "".into() };
    "read-again-is-200" Documented Must MESSAGE_READ "Marking as read what is read is answered 200."
        |s, a| if s.of("put-messages-read") && was(a, 400) { status(a, 200); body(a, r#"{"unread_num":0,"mention_num":0}"#) };
    "unread-uncounted" Documented Must MESSAGE_READ "A message marked as unread is not counted."
        |s, a| if s.of("put-messages-unread") && was(a, 200) { set(a, "unread_num", 0) };
    "change-of-an-unknown-message-is-400" Documented Must NOT_FOUND "Changing an unknown message is answered 400."
        |s, a| if s.of("put-message") && was(a, 404) { status(a, 400) };
    "task-of-another" Documented Must TASK_CREATED "A task is assigned by somebody else."
        |s, a| if s.of("get-task") && was(a, 200) { each(a, |task| task["assigned_by_account"]["account_id"] = made!(1002)) };
    "one-task-id" Documented Must TASK_CREATED "POST tasks answers task_id instead of task_ids."
        |s, a| if s.of("post-tasks") && was(a, 200) { json(a, |made| *made = made!({"task_id": made["task_ids"][0]})) };
    "task-id-in-answer-as-text" Documented Must TASK_STATUS "Closing a task answers its id as a text."
        |s, a| if s.of("put-task-status") && was(a, 200) { as_text(a, "task_id") };
    "task-stays-open" Documented Must TASK_STATUS "A closed task stays open." |s, a| if s.of("get-task") { set(a, "status", "open") };
    "task-time-rounded" Documented Should TASK_LIMIT "A task's limit is rounded to minutes."
        |s, a| if s.of("get-task") { each(a, |task| task["limit_time"] = made!(task["limit_time"].as_i64().unwrap_or_default() / 60 * 60)) };
    "unknown-task-closed" Documented Must NOT_FOUND "Closing an unknown task is answered 400."
        |s, a| if s.of("put-task-status") && was(a, 404) { status(a, 400) };
    "file-cut" Documented Must FILE_UPLOADED "A file loses its last byte."
        |s, a| if s.of("get-file") || s.of("get-files") {
            each(a, |file| file["filesize"] = made!(file["filesize"].as_i64().unwrap_or_default() - 1))
        };
    "upload-without-a-file" Documented Must REQUIRED "An upload without a file is answered 200."
        |s, a| if s.of("post-files") && was(a, 400) { status(a, 200); body(a, r#"{"file_id":1}"#) };
    "204-for-a-deleted-link" Documented Must LINK "Taking a link away is answered 204."
        |s, a| if s.of("delete-link") && was(a, 200) { status(a, 204); a.headers_mut().remove(CONTENT_TYPE); *a.body_mut() = "".into() };
    "second-link" Documented Must BAD_STATE "A link is made where there is one."
        |s, a| if s.of("post-link") && was(a, 400) { status(a, 200); body(a, r#"{"public":true}"#) };
    "description-not-stored" Documented Must ROOM_FIELDS "A new description is not stored."
        |s, a| if s.of("get-room") && was(a, 200) { set(a, "description", "") };

    // How requests are read.
    "missing-parameter-unnamed" Documented Must REQUIRED "A missing parameter is not named."
        |s, a| if s.of("post-messages") && was(a, 400) { body(a, r#"{"errors":["Bad request"]}"#) };
    "query-read-since-2025-07" July2025 Must BODY_ONLY "Parameters of POST count in the query."
        |s, a| if s.of("post-messages") && s.query("body=") && was(a, 400) { status(a, 200); body(a, r#"{"message_id":"1"}"#) };
    "query-ignored-before-2025-07" Documented Should QUERY_MERGED "Parameters of POST do not count in the query."
        |s, a| if s.of("post-messages") && s.query("body=") {
            status(a, 400); body(a, r#"{"errors":["Parameter 'body' is required"]}"#)
        };
    "override-refused-before-2025-07" Documented Must METHOD_OVERRIDE "?method=DELETE is answered 400."
        |s, a| if s.query("method=DELETE") { status(a, 400); body(a, r#"{"errors":["Invalid Endpoint or HTTP method"]}"#) };
    "override-taken-since-2025-07" July2025 Must METHOD_OVERRIDE_ABOLISHED "?method=DELETE is answered 200."
        |s, a| if s.query("method=DELETE") && was(a, 400) { status(a, 200); body(a, r#"{"message_id":"1"}"#) };
    "json-read" Documented Should JSON_IGNORED "A message in JSON is taken."
        |s, a| if s.header("content-type") == Some("application/json") && was(a, 400) { status(a, 200); body(a, r#"{"message_id":"1"}"#) };
    "405-for-an-unknown-verb" Documented Should UNKNOWN_ENDPOINT "An unknown verb is answered 405."
        |s, a| if *s.asked.request.method() == Method::PATCH { status(a, 405) };
}

fn reverse(answer: &mut contract::wire::Response) {
    json(answer, |list| {
        if let Some(items) = list.as_array_mut() {
            items.reverse();
        }
    });
}

fn is_burst(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("burst")
}
