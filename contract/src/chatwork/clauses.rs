//! The sentences of the Chatwork contract. `source!` spells the sources out; `observed` ones name the kind of record.
//! Sentences without a source are ours.

use super::source::source;
use crate::clause::{Clause, Holds};

macro_rules! clauses {
    ($($name:ident = $clause:expr;)*) => {
        $(#[doc = concat!("See `", stringify!($name), ".words`.")] pub const $name: Clause = $clause;)*
        /// Every clause, in the order of this file.
        pub const ALL: &[&Clause] = &[$(&$name),*];
    };
}
pub(super) use clauses;

clauses! {
    TOKEN_HEADER = Clause::documented("chatwork.auth.token-header", source!(EP),
        "Every request carries the API token in the header X-ChatWorkToken, whose name is case-insensitive.");
    TOKEN_NOT_IN_QUERY = Clause::documented("chatwork.auth.token-not-in-query", source!(EP),
        "The token travels in the header, not in the query string: a token only in the query is no token.");
    UNAUTHORIZED = Clause::documented("chatwork.auth.unauthorized", source!(EP),
        "A missing or wrong token is answered 401 with {\"errors\":[\"Invalid API token\"]}.");
    UNAUTHORIZED_TEXT = Clause::observed("chatwork.auth.unauthorized-text", "live answers of 2026-08-29, recorded by others",
        "The live server spells the text 'Invalid API Token'; a judge accepts both spellings.");
    TOKEN_ONCE = Clause::assumed("chatwork.auth.token-once",
        "A request with two token headers is as good as one with none, even when both say the same.");
    TOKEN_BEFORE_BEARER = Clause::assumed("chatwork.auth.token-before-bearer",
        "Where both an API token and a Bearer token are sent, the API token counts.");
    BEARER = Clause::documented("chatwork.auth.bearer", source!(OA, PDF25),
        "A bad or expired OAuth token is answered 401 with WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The access token expired\".");

    HTTPS_ONLY = Clause::documented("chatwork.transport.https-only", source!(EP, VI),
        "The API is served over HTTPS only; plain HTTP is an error of the connection, no answer is documented.");
    JSON_BODY = Clause::documented("chatwork.transport.json-body", source!(CL25, EP),
        "Answers with a body are JSON with the content type application/json; charset=utf-8.");
    JSON_TEXT = Clause::observed("chatwork.transport.json-text", source!(CL25, "answers of 2019, recorded by others"),
        "JSON text is compact and ASCII: no spaces, other characters as lower-case \\uxxxx, '/' not escaped.");
    NO_CONTENT = Clause::documented("chatwork.transport.no-content", source!(RAML),
        "204 has no body and no content type.");
    FORM_BODY = Clause::documented("chatwork.transport.form-body", source!(EP, CL25),
        "Parameters of POST and PUT are application/x-www-form-urlencoded in the body; uploads are multipart/form-data.");
    BODY_ONLY = Clause::documented("chatwork.transport.body-only", source!(CL25),
        "Since 2025-07-03 POST and PUT read parameters from the body only; query parameters are ignored.")
        .holding(Holds::SinceJuly2025);
    QUERY_MERGED = Clause::observed("chatwork.transport.query-merged", source!(RAML, "published clients"),
        "Before 2025-07-03 parameters of POST and PUT were taken from query and body together; where both have one, \
         the body's counts.")
        .holding(Holds::UntilJuly2025);
    DELETE_PARAMETERS = Clause::observed("chatwork.transport.delete-parameters", source!("Chatwork's own samples", "published clients"),
        "DELETE takes its parameters from a form body or from the query string.");
    JSON_IGNORED = Clause::observed("chatwork.transport.json-ignored", "notes on live answers, 2026-08-29",
        "No operation reads a JSON request body: its parameters count as missing.");
    CONTENT_TYPE_MISSING = Clause::assumed("chatwork.transport.content-type-missing",
        "A body without a content type is read as a form.");
    DUPLICATE_PARAMETERS = Clause::assumed("chatwork.transport.duplicate-parameters",
        "Where a parameter stands more than once, the last one counts.");
    METHOD_OVERRIDE = Clause::documented("chatwork.transport.method-override", source!(VI),
        "A client that cannot send PUT or DELETE may send POST with ?method=PUT or ?method=DELETE.")
        .holding(Holds::UntilJuly2025);
    METHOD_OVERRIDE_ABOLISHED = Clause::documented("chatwork.transport.method-override-abolished", source!(CL25),
        "The query parameter method was abolished 2025-07-03: the real verb counts.").holding(Holds::SinceJuly2025);
    UNKNOWN_ENDPOINT = Clause::observed("chatwork.transport.unknown-endpoint", "published error logs",
        "An unknown path, an unknown verb or a room id that is no number is answered 400 'Invalid Endpoint or HTTP method'.");
    IDS = Clause::documented("chatwork.transport.ids", source!(RAML),
        "Message ids are texts of decimal digits; all other ids are integers; times are Unix seconds.");

    FIELDS = Clause::documented("chatwork.transport.fields", source!(RAML, REF),
        "Answers hold the documented fields, each of its kind, and none is null; one item is as its list has it.");
    STATUSES = Clause::documented("chatwork.errors.statuses", source!(REF),
        "An operation answers its documented statuses: 200 or 204, 400, 401, 403, 429, and 404 where it looks something of a room up.");

    ERROR_ENVELOPE = Clause::documented("chatwork.errors.envelope", source!(EP),
        "Errors are {\"errors\":[…]} with at least one sentence.");
    REQUIRED = Clause::documented("chatwork.errors.required", source!(CL25),
        "A missing required parameter is answered 400 \"Parameter '<name>' is required\".");
    EMPTY_IS_MISSING = Clause::assumed("chatwork.errors.empty-is-missing",
        "An empty required parameter counts as missing.");
    FIRST_FAULT = Clause::assumed("chatwork.errors.first-fault",
        "Of several faulty parameters the first in the documented order is named.");
    INVALID_PARAMETER = Clause::assumed("chatwork.errors.invalid-parameter",
        "A value outside its constraint is answered 400 with a sentence that names the parameter.");
    FLAGS = Clause::documented("chatwork.errors.flags", source!(RAML),
        "Booleans are sent as 0 or 1; here every other value is 400.");
    TEXT_LENGTH = Clause::assumed("chatwork.errors.text-length",
        "Lengths of texts count Unicode code points.");
    BAD_STATE = Clause::documented("chatwork.errors.bad-state", source!(REF),
        "An operation that the state does not allow (link exists, link disabled, already read, code taken) is \
         answered 400.");
    FORBIDDEN = Clause::documented("chatwork.errors.forbidden", source!(REF),
        "Missing rights are answered 403.");
    ROOM_FORBIDDEN = Clause::observed("chatwork.errors.room-forbidden", "published tests that ran against the real API",
        "A room that the caller is not in or has left, or that does not exist, is answered 403, not 404.");
    NOT_FOUND = Clause::documented("chatwork.errors.not-found", source!(REF),
        "An unknown message, task or file of a room is answered 404.");
    REQUEST_NOT_FOUND = Clause::assumed("chatwork.errors.request-not-found",
        "An unknown incoming request is 404.");

    ACCOUNT_LIMIT = Clause::documented("chatwork.limits.account", source!(EP),
        "300 requests in 5 minutes; then 429 until the window is reset.");
    ACCOUNT_LIMIT_SCOPE = Clause::assumed("chatwork.limits.account-scope",
        "The requests are counted for each account, those answered with an error included.");
    ACCOUNT_LIMIT_TEXT = Clause::assumed("chatwork.limits.account-text",
        "The body of the 429 of an account is not published; here it is {\"errors\":[\"Rate limit exceeded.\"]}.");
    RATE_HEADERS = Clause::documented("chatwork.limits.headers", source!(EP),
        "Authenticated answers of every kind carry X-RateLimit-Limit, -Remaining and -Reset (Unix seconds).");
    NO_RATE_HEADERS_ON_401 = Clause::observed("chatwork.limits.no-headers-on-401", "live answers of 2026-08-29, recorded by others",
        "A 401 carries no rate limit headers.");
    WINDOW = Clause::assumed("chatwork.limits.window",
        "A window is fixed: it opens with the first request in it, which leaves limit - 1, and lasts its whole length.");
    ROOM_LIMIT = Clause::documented("chatwork.limits.room", source!(EP),
        "New messages and new tasks of a room together: 10 in 10 seconds; then 429 'Rate limit for message posting per room exceeded.'.");
    ROOM_LIMIT_COUNTS = Clause::assumed("chatwork.limits.room-counts",
        "The room limit counts the requests that would have been stored; faulty ones and refused ones do not count.");

    EMPTY_LIST = Clause::documented("chatwork.lists.empty", source!(REF),
        "An empty list is answered 204 without a body, never 200 with [].");
    LIST_CAP = Clause::documented("chatwork.lists.cap", source!(RAML, REF),
        "Lists of messages, tasks, files, my tasks and incoming requests hold at most 100 items; there is no pagination.");
    ROOM_ORDER = Clause::assumed("chatwork.lists.room-order",
        "Rooms come pinned first, then by last update, newest first.");
    NEWEST_FIRST = Clause::assumed("chatwork.lists.newest-first",
        "Tasks and files come newest first.");

    PROFILE = Clause::documented("chatwork.me.profile", source!(RAML),
        "GET /me answers 19 fields; room_id is the caller's My Chat; unset texts are empty.");
    STATUS = Clause::documented("chatwork.my.status", source!(VI, RAML),
        "GET /my/status answers six counts over the caller's rooms: unread, mentions and open tasks.");
    MY_TASKS = Clause::documented("chatwork.my.tasks", source!(RAML),
        "GET /my/tasks lists the caller's tasks, open ones unless status says otherwise.");
    CONTACTS = Clause::documented("chatwork.contacts.list", source!(RAML),
        "GET /contacts lists the caller's contacts with the direct chat of each.");
    ROOM_FIELDS = Clause::documented("chatwork.rooms.fields", source!(RAML),
        "A room in a list has 13 fields; the single room has the description as well.");
    MY_CHAT = Clause::observed("chatwork.rooms.my-chat", "answers of 2019, recorded by others",
        "My Chat is called マイチャット, is pinned, and its owner has the role member.");
    ROOM_MEMBERS_FROM = Clause::documented("chatwork.rooms.members-from", source!(RAML, REF),
        "Members of a room come from the caller's contacts or own organization.");
    ROOM_CREATED = Clause::observed("chatwork.rooms.created", source!("published tests that ran against the real API", "published answers"),
        "A new room starts with one system message.");
    ROOM_ADMIN = Clause::documented("chatwork.rooms.admin", source!(REF, "notes of others"),
        "Changing a room, its members or its link, and deleting it, is for its administrators.");
    MEMBERS_TAKEN_AS_GIVEN = Clause::assumed("chatwork.rooms.members-taken-as-given",
        "The three member lists are taken as they are: a caller who is in none of them is not a member.");
    MEMBER_IN_ONE_LIST = Clause::assumed("chatwork.rooms.member-in-one-list",
        "An account in two of the member lists is 400.");
    LEAVE = Clause::documented("chatwork.rooms.leave", source!(RAML),
        "Leaving a room takes away one's own tasks and files in it; deleting it takes everything of everybody.");
    FIXED_ROOMS = Clause::assumed("chatwork.rooms.fixed",
        "My Chat and direct chats can be neither left nor deleted: 400. Nobody is their administrator, so nobody changes them: 403.");
    MEMBERS_REPLACED = Clause::documented("chatwork.members.replaced", source!(RAML, REF),
        "PUT members replaces all members: who is not listed leaves. The answer lists all three roles.");
    MESSAGES_NEW_ONLY = Clause::documented("chatwork.messages.new-only", source!(RAML, REF),
        "GET messages with force=0 lists what is new since one's last fetch; with force=1 the newest 100.");
    MESSAGE_CURSOR = Clause::assumed("chatwork.messages.cursor",
        "The place of the last fetch is kept for each account and room, and force=1 moves it too.");
    MESSAGE_ORDER = Clause::observed("chatwork.messages.order", "published clients",
        "Messages come oldest first.");
    MESSAGE_LIMITATION = Clause::documented("chatwork.messages.limitation", source!(EP, CL24),
        "In the Free plan messages older than 40 days are hidden, and Chatwork-Message-Limitation: true says so.");
    MESSAGE_POSTED = Clause::documented("chatwork.messages.posted", source!(RAML, REF),
        "POST messages stores a text of 1 to 65,535 characters verbatim and answers its message_id.");
    MESSAGE_COUNTS = Clause::assumed("chatwork.messages.counts",
        "A new message raises message_num, and unread_num and mention_num of the others; one's own with self_unread=1.");
    MESSAGE_ROLES = Clause::assumed("chatwork.messages.roles",
        "Administrators and members may post; read-only members may not.");
    MESSAGE_READ = Clause::documented("chatwork.messages.read", source!(RAML, REF),
        "PUT read and unread move the read position and answer both counts of the room; nothing to change is 400.");
    MESSAGE_AUTHOR = Clause::documented("chatwork.messages.author", source!(REF, "notes of others"),
        "Only its author may change or delete a message.");
    MESSAGE_DELETED = Clause::observed("chatwork.messages.deleted", "published tests that ran against the real API",
        "DELETE answers 200 with the message_id; the message stays in lists with the body [deleted].");
    MESSAGE_DELETED_FINAL = Clause::assumed("chatwork.messages.deleted-final",
        "Changing or deleting a deleted message is 404; message_num stays.");
    TASK_CREATED = Clause::documented("chatwork.tasks.created", source!(RAML, EP),
        "POST tasks makes one task for each account in to_ids, who must be members, and posts a system message.");
    TASK_LIMIT = Clause::observed("chatwork.tasks.limit", "published test scripts that ran against the real API",
        "limit is stored as given, past ones too; with limit_type none, or without limit, limit_time is 0.");
    TASK_STATUS = Clause::documented("chatwork.tasks.status", source!(RAML),
        "PUT status takes body=open|done and answers the task_id; a system message follows when it becomes done.");
    FILE_UPLOADED = Clause::documented("chatwork.files.uploaded", source!(RAML, REF),
        "POST files takes one file of at most 5 MB and an optional message, and posts a message with the file.");
    DOWNLOAD_URL = Clause::documented("chatwork.files.download-url", source!(RAML),
        "With create_download_url=1 a file carries a URL that serves its bytes for 30 seconds without a token.");
    LINK = Clause::documented("chatwork.link.object", source!(RAML, REF),
        "A link is {public, url, need_acceptance, description}; without one only {\"public\":false}.");
    LINK_CODE = Clause::documented("chatwork.link.code", source!(RAML, REF),
        "A link's code is 1 to 50 of A-Z a-z 0-9 _ -, unique, and random when left out.");
    REQUESTS = Clause::documented("chatwork.requests.list", source!(RAML),
        "Incoming requests are listed; PUT accepts one (contact and direct chat appear), DELETE rejects it with 204.");
    MENTIONS = Clause::observed("chatwork.notation.mentions", "a real webhook, published by others",
        "[To:id] and [rp aid=id …] mention an account; [toall], by our choice, everyone else.");
    QUOTES_INERT = Clause::documented("chatwork.notation.quotes-inert", "Chatwork's notice of November 2020",
        "Tags inside a quote mention nobody; those inside [code] neither.");
    MENTION_ONCE = Clause::assumed("chatwork.notation.mention-once",
        "An unread message that mentions me counts once, however many tags it has; non-members are not mentioned.");

    TOKEN_SECRET = Clause::documented("chatwork.client.token-secret", source!(EP),
        "The API token does not expire and gives full access to its account: it belongs in its header on every request to the service, and nowhere else.");
    STATUS_TELLS = Clause::documented("chatwork.client.status-tells", source!(EP),
        "Success or failure is told by the HTTP status alone, never by a field of the body.");
    HEADER_NAMES = Clause::documented("chatwork.client.header-names", source!(EP, "RFC 9110, 5.1"),
        "Names of headers are case-insensitive: the pages of the service itself spell the limit's headers in two ways.");
    TOKEN_FINAL = Clause::documented("chatwork.client.token-final", source!(EP),
        "A wrong token is answered 401, and a token does not expire: the same request with the same token cannot succeed later.");
    REFUSED_IS_FINAL = Clause::assumed("chatwork.client.refused-is-final",
        "What was refused with 400, 403 or 404 is refused again: repeating it does not help.");
    LIMITED_IS_LATER = Clause::documented("chatwork.client.limited-is-later", source!(EP),
        "After a 429 no request is taken before the moment that X-RateLimit-Reset names in Unix seconds.");
    ODD_LIMITS = Clause::assumed("chatwork.client.odd-limits",
        "A 429 whose reset lies in the past, is far away, missing or no number is met with a pause of bounded length and a bounded number of attempts.");
    ROOM_PAUSE = Clause::documented("chatwork.client.room-pause", source!(EP),
        "After a 429 of the room's limit it takes about 10 seconds until the room takes messages again, whatever is left of the account's limit.");
    UNAVAILABLE = Clause::assumed("chatwork.client.unavailable",
        "A 5xx may pass: it is repeated a bounded number of times at most, and not before the time that Retry-After gives (RFC 9110).");
    UNKNOWN_OUTCOME = Clause::assumed("chatwork.client.unknown-outcome",
        "A request whose answer is lost may have been served: repeating a POST then may write its message twice.");
    BROKEN_ANSWERS = Clause::assumed("chatwork.client.broken-answers",
        "An answer that is cut off, is no HTTP, is not the JSON that it should be or never comes is a failure, and ends in bounded time.");
    REDIRECTS = Clause::assumed("chatwork.client.redirects",
        "No redirect is documented. A client that follows one repeats the request whole, or reports that it could not.");
    OPEN_ENDED_ANSWERS = Clause::assumed("chatwork.client.open-ended-answers",
        "Answers may hold fields and words that were not documented when the client was written, and may come compressed to whoever asks for that.");
    KNOWN_REQUESTS = Clause::assumed("chatwork.client.known-requests",
        "A client calls the documented operations with the documented parameters, in the encoding of the documents, as UTF-8.");
    CONNECTIONS = Clause::assumed("chatwork.client.connections",
        "Connections may close at any time after an answer and are limited in number: a client reuses them, replaces what was closed, and leaves none open that it has no use for.");
    BASE_ADDRESS = Clause::assumed("chatwork.client.base-address",
        "The address of the service is a setting: the contract's paths are joined to it with one slash.");
    LOAD = Clause::assumed("chatwork.client.load",
        "A client stays below the limits by itself: few requests at once, pauses between looks at what is new, and a wait before a refusal instead of after it.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_start_with_the_service() {
        let ids: BTreeSet<&str> = ALL.iter().map(|clause| clause.id).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(ids.iter().all(|id| id.starts_with("chatwork.") && id.split('.').count() == 3));
    }
}
