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
//! **Who is told by a Chatwork webhook** is `chatwork.webhooks.whom`. `[toall]` calls everyone else in the room, as it counts
//! in `mention_num`, so it fires `mention_to_me` for each of them. An edit fires it only for those whom the old text did not
//! call: an edit that repeats a mention is a `message_updated` and nothing else, since no document speaks of a second call.
//! A setting stays silent while its owner is not in the room, and goes with a room that is deleted.
//!
//! **What another member writes** through the control API counts against no limit of the API: it is the world around the
//! program under test, not a call of it.
//!
//! **Order of deliveries.** Nothing is published. One target gets one delivery at a time, in the order of what happened; a
//! target that let two in a row time out gets its backlog in waves of 32 at once, until it answers. So 200 deliveries to a
//! receiver that never answers end after (2 + 7) time-outs, each of them really sent, instead of after 200.
//!
//! **What counts towards switching off** a Chatwork setting is a delivery that went out and was not acknowledged. One that was
//! not sent (its host may not be called, the queue was full) says nothing about the receiver; nor does a replay, which the
//! operator asked for. What waits for a setting when it is switched off or removed is dropped.
//!
//! **Repetitions of Chatday are the same bytes, header included.** A token that was rotated meanwhile does not change them:
//! `chatday.webhook.retry` says the same bytes, and the grace of the rotation is what makes them acceptable. They are not
//! stopped by another URL either. A replay is one attempt, whatever becomes of it.
//!
//! **Time.** Time-outs of a delivery are those of a socket, in real time; every moment in a record is the world's. Under a
//! frozen clock repetitions and delays wait for the clock to be moved, while what is due now goes out at once.
//!
//! **`https` targets** are refused for now, with a sentence, rather than called without TLS.
