//! What we decided where every source is silent, and why. Newest last. A decision that a clause states is only named.
//!
//! # 2026-11-21
//!
//! **Order of refusals (Chatwork).** Token (401), account limit (429), path and verb (400), parameters (400), membership and
//! role (403), what lies below the room (404), state (400), room limit (429). A request that is not authenticated learns
//! nothing about paths; one over its limit costs nothing to refuse; faulty parameters are told before rights, because a
//! client can mend them without knowing the room. The room limit comes last, so that it counts only what would have been
//! stored (`chatwork.limits.room-counts`).
//!
//! **Windows begin at a whole second.** The header gives the reset in seconds, so the window opens at the second of its first
//! request and ends exactly at the second that the header names: a client that waits until then is never refused.
//!
//! **Duplicate parameters: the last counts.** Nothing is published. The service grew from PHP, where the last one counts.
//!
//! **Empty values.** An empty required parameter counts as missing (`chatwork.errors.empty-is-missing`). An empty optional one is
//! held against its constraint: an empty description clears, an empty list of ids is an empty list, an empty flag, number,
//! word, name or code is refused.
//!
//! **Text of our own errors.** `Invalid parameter '<name>': expected …` says what would have been right; the service's own words
//! are unknown and nobody can match on them. 403 texts follow the three that are recorded.
//!
//! **404 for an unknown contact request.** The documents list no 404 there, and any 4xx would do; 404 is what the
//! neighbouring operations answer.
//!
//! **Room limit in My Chat too.** The document says "per room" without exception.
//!
//! **Tasks: who may change a status.** The rule of the API is not published; in the user interface it is the assignee and
//! whoever asked for it. Here any member of the room can, one who may only read as well, since a task can be theirs: a
//! stricter mock would refuse what the service may accept.
//!
//! **The token in two headers.** Two `X-ChatWorkToken` headers are no valid token, even when equal: no reading of the
//! document makes two tokens one, and a client that sends two has a fault that should be seen.
//!
//! **HEAD and OPTIONS** are unknown verbs to Chatwork: 400, as `chatwork.transport.unknown-endpoint` has it.
//!
//! **Messages of the Free plan.** Age is counted from `send_time`; a message is hidden once it is more than 40 days old.
//!
//! **Download URLs** are signed over the file and the moment at which they end, by a key of the world, and served by the mock
//! itself without a token; an old or changed one is 403, as the content network behind the real ones answers.
//!
//! **OAuth tokens.** The mock plays no authorization server, so every Bearer token is a bad one: 401 with the documented
//! `WWW-Authenticate`. Beside an API token it does not count (`chatwork.auth.token-before-bearer`).
//!
//! **`?method=` overrides POST only, in upper case.** The document says that clients that cannot send PUT and DELETE name
//! the verb in the query, and prints both in upper case. GET is left alone: a link that is followed, prefetched or crawled
//! must not delete a room.
//!
//! **Names of uploaded files.** They are kept as sent, directories and backslashes included. `filename*` wins over `filename`
//! (RFC 6266, 4.3): clients that send both put a makeshift into the plain one. Bytes that are no UTF-8 become U+FFFD; a part
//! without a name goes by `file`. Of several `file` parts the last counts, as with every duplicate.
//!
//! **Forms are read from forms.** Elsewhere than in uploads, a multipart body is as unread as a JSON one: the document names
//! one content type for the others.
//!
//! **A zero limit on tasks is a limit.** `limit=0` with `limit_type=time` is stored as the moment 0, as every other one is.
//!
//! # 2026-11-27
//!
//! **Hosts of Chatday.** The document names none, so the profile has `[hosts]`, and its default `api.chatday.example` is a name
//! that exists nowhere: nobody's traffic is taken by mistake. Paths stay below `/chatday/`, behind the proxy too.
//!
//! **Plain HTTP** (`chatwork.transport.https-only`). "An error of the connection" is played as a connection that is closed without
//! an answer, and only with `--require-https`: a mock on one's own machine is called over plain HTTP every day. The journal has the
//! request with status 0, so that a judge can see what the client cannot. Through the proxy the same is a 502, as any proxy
//! answers that could not reach port 80.
//!
//! **The intercepting proxy takes port 443 only**, where the real hosts listen: a client with another port has a fault that should be
//! seen.
