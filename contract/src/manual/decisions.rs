//! What we decided where every source is silent, and why. Newest last. A decision that a clause states is only named.
//!
//! # 2026-11-21
//!
//! **Order of refusals (Chatwork).** Token (401), account limit (429), path and verb (400), scope of an access token (403),
//! parameters (400), membership and role (403), what lies below the room (404), state (400), room limit (429). A request that
//! is not authenticated learns nothing about paths; one over its limit costs nothing to refuse; faulty parameters are told
//! before rights, because a client can mend them without knowing the room. The room limit comes last, so that it counts only
//! what would have been stored (`chatwork.limits.room-counts`).
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
//!
//! **OAuth: which consent errors redirect.** The document numbers them and says of the denial alone that it redirects. RFC 6749,
//! 4.1.2.1 decides for the rest: what concerns `client_id` or `redirect_uri` stays on the page, everything else goes to the
//! client, with the number in `error_description` so that it can be looked up (`chatwork.oauth.consent-redirects`).
//!
//! **OAuth: a secret in the body is refused.** RFC 6749 lets a server take it, the document names Basic alone. A mock that took
//! both would pass a client that the service refuses (`chatwork.oauth.client-secret-in-body`).
//!
//! **OAuth: 30 minutes.** The table says 15, the samples say 15 and 30, recorded answers say 1800 s. A client that trusts
//! `expires_in` is right with any; one that counts on 15 minutes of its own is still in time. `expires_in` is the integer
//! that the table and RFC 6749 ask for; the text that a sample prints is a moment in milliseconds, which nobody can mean.
//!
//! **OAuth: the refresh token stays.** Answers carry one; whether it is the same is not said. A client that keeps what it gets is
//! right either way. Its 14 days count from the exchange, so consent is asked for again after them.
//!
//! **OAuth: one 401 for every bad access token.** The documents print one `WWW-Authenticate` for bad and expired ones, so
//! revoked, forged and unknown tokens are told that they have expired. The journal knows better.
//!
//! **OAuth: no header on the 403 of a missing scope.** RFC 6750 suggests one; no document of the service shows it, and a client
//! that relied on it would be let down.
//!
//! **OAuth: scope between path and parameters.** A client without the scope learns nothing from faulty parameters, and an
//! unknown path has no scope to ask for. It counts against the account's limit, as every authenticated request does.
//!
//! **OAuth: 20000 on the consent page.** `code_verifier malformed` stands in the list of consent errors, although the verifier is
//! sent to the token endpoint. Here it is the answer where one is sent too early; at the token endpoint a malformed one is an
//! `invalid_request`.
//!
//! **OAuth: a public client without PKCE** is served: the document makes the verifier required only where a challenge was
//! sent. The journal notes it.
//!
//! **Who is told by a Chatwork webhook** is `chatwork.webhooks.whom`. `[toall]` calls everyone else in the room, as it counts
//! in `mention_num`, so it fires `mention_to_me` for each of them. An edit fires it only for those whom the old text did not
//! call: an edit that repeats a mention is a `message_updated` and nothing else, since no document speaks of a second call.
//! A setting stays silent while its owner is not in the room, and goes with a room that is deleted. The service's screen makes
//! settings of one family; the control API takes events of both in one setting, and no room for every room of the owner: whoever
//! tests a receiver of everything need not make one setting for each room.
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
//! **`https` targets** have to show a certificate that fits, as towards every careful caller: no document of either service says
//! whether theirs is one, and a receiver that works here has to work there. Whoever tests with a CA of their own names it. A fault
//! of TLS is a failed delivery like every other: it counts towards switching off, and Chatday repeats it. No call is ever
//! made without TLS instead. `http` targets are called as well: few receivers under development speak TLS.
//!
//! **What the judge of endpoints sees beside a mock.** Calls are matched to events by what they quote; an integration that quotes
//! nothing is watched one event at a time. What a correctly signed event tells of is written into the world before it is sent,
//! with the same message id, and ids ascend in the order of sending: an integration may look a message up, and may take a lower
//! id for an old message. Chatday's events have no id, so that a second effect of the same bytes is worth knowing
//! and no more; an event that is lost is warned of. A redirect of a path with a slash at its end is worth knowing: frameworks
//! do it, and the service calls the URL that was typed.
//!
//! **A server for each scenario.** A client is judged by one mock of its own for each scenario, on a port of its own, so
//! that a request with a wrong token, or to a wrong path, belongs to the scenario all the same. Its time begins with the
//! first request, since a busy machine may need a while to start a program.
//!
//! **A message is not reported as sent** where the program ends with status 0 and the service has refused it for good: that is a MUST
//! whatever else the program says, since scripts and schedulers read the status alone.
//!
//! **Whose clock counts after 429.** The reset is a moment on the service's clock. A client that calls early by its own clock is
//! warned of; one that sleeps longer than it had to is told of it, since most clocks are right. A POST may be sent again after
//! 500 or not: nothing is published, so nothing is asked.
//!
//! **What the judge of servers leaves alone.** Without leave to write only GET goes out, the newest messages are read without taking them
//! from another program of the account, and Chatday's Register, which activates a token, counts as writing.
