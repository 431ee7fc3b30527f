//! The sentences of the Chatday contract. What the public document says is *documented*; where it is silent the
//! sentence is *ours* (assumed) and follows the [`Profile`](super::Profile), which may state it with authority.

use crate::clause::Clause;

const SOURCE: &str = "Chatday APIs, 15 May 2020";

/// Declares the clauses, [`ALL`] in the same order, and for each the keys of the profile that decide it.
macro_rules! clauses {
    ($($(#[$doc:meta])* $name:ident = $how:ident($id:literal, $words:literal) $([$($key:literal),+])?;)+) => {
        $($(#[$doc])* #[doc = $words] pub const $name: Clause = clauses!(@$how $id, $words);)+

        /// Every clause, in the order of the contract's page.
        pub static ALL: &[&Clause] = &[$(&$name),+];

        /// For a clause of ours: JSON pointers to the profile keys that decide it. Empty where no key does.
        pub fn profile_keys(clause: &Clause) -> &'static [&'static str] {
            $(if clause.id == $id { return &[$($($key),+)?]; })+
            &[]
        }
    };
    (@doc $id:literal, $words:literal) => { Clause::documented($id, SOURCE, $words) };
    (@ours $id:literal, $words:literal) => { Clause::assumed($id, $words) };
}

clauses! {
    TOKEN_ISSUED = doc("chatday.token.issued",
        "Chatday issues a Chatday-Token, by e-mail or in the menu \"Chatday API\" of the settings.");
    TOKEN_ACTIVATED = doc("chatday.token.activated",
        "The external system calls Register with its Chatday-Token; this activates the token.");
    SIGNATURE_KEPT = doc("chatday.token.signature-kept",
        "Register answers with the Chatday-Signature-Token; the external system keeps it to compare with the header of later webhooks.");
    WEBHOOK_AFTER_REGISTER = doc("chatday.token.webhook-after-register",
        "Only after Register can the webhook URL be set.");
    AUTHORIZATION = doc("chatday.authorization.bearer",
        "Register and Send Message require the header `Authorization: Bearer <Chatday-Token>`.");
    AUTHORIZATION_HEADER_ONLY = ours("chatday.authorization.header-only",
        "The token counts only in the Authorization header, given once; the scheme's case doesn't matter; a token in the query is ignored.");

    HTTPS_ONLY = ours("chatday.transport.https-only",
        "The service is reached over HTTPS only; plain HTTP is an error of the connection.");

    REGISTER_METHOD = doc("chatday.register.method", "Register is called with GET.");
    REGISTER_ANSWER = doc("chatday.register.answer", "Register answers with the Chatday-Signature-Token.");
    REGISTER_PATH = ours("chatday.register.path", "Register has the path /chatday/register.") ["/register/path"];
    REGISTER_BODY = ours("chatday.register.body",
        "Register answers 200 with JSON: status SUCCESS and the signature token, which is also in the header Chatday-Signature-Token.")
        ["/register/status", "/keys/signature_token"];
    REGISTER_AGAIN = ours("chatday.register.again",
        "Register called again answers with the same signature token: an integration may register at each start.");
    SIGNATURE_ROTATION = ours("chatday.register.rotation",
        "The signature token can be rotated, with an optional grace in which the old and the new one are valid.")
        ["/register/rotation_grace_ms"];

    SEND_BODY = doc("chatday.send.body",
        "Send Message requires a message with type and data, whose form depends on the type, and the chat_id of the room.");
    SEND_EFFECT = doc("chatday.send.effect", "A sent message shows in the end-user's chat box.");
    SEND_PATH = ours("chatday.send.path", "Send Message is POST /chatday/messages.") ["/send/method", "/send/path"];
    SEND_JSON = ours("chatday.send.json", "The body of Send Message is one JSON object in UTF-8, sent as JSON.");
    SEND_SPELLING = ours("chatday.send.spelling",
        "The keys are spelt as in the profile, by default message, type, data and chat_id; the error for another spelling says so.")
        ["/keys/message", "/keys/type", "/keys/data", "/keys/chat_id"];
    SEND_UNKNOWN_KEYS = ours("chatday.send.unknown-keys", "Keys that the contract doesn't name are ignored.");
    SEND_BEFORE_REGISTER = ours("chatday.send.before-register", "Send Message before Register is refused with 403.")
        ["/errors/not_registered/status"];
    SEND_UNKNOWN_CHAT = ours("chatday.send.unknown-chat",
        "Send Message to a chat that doesn't exist, or belongs to another application, is refused with 404.")
        ["/errors/unknown_chat/status"];
    SEND_ANSWER = ours("chatday.send.answer", "Send Message answers 200 with status SUCCESS and a message_id.")
        ["/send/status", "/keys/message_id"];

    WEBHOOK_WHEN = doc("chatday.webhook.when", "The webhook is called when an end-user sends a message through the widget.");
    WEBHOOK_SIGNATURE = doc("chatday.webhook.signature",
        "A webhook carries X-Chatday-Signature-Token with the Chatday-Signature-Token as it is; the receiver compares it with the one that Register gave.");
    WEBHOOK_BODY = doc("chatday.webhook.body", "The body of a webhook holds a message with type and data, and chat_id.");
    WEBHOOK_ANSWER = doc("chatday.webhook.answer", "The endpoint must answer a webhook with HTTP 200 and {\"status\":\"SUCCESS\"}.");
    WEBHOOK_METHOD = ours("chatday.webhook.method", "A webhook is a POST of application/json; charset=utf-8.")
        ["/webhook/method", "/webhook/content_type"];
    WEBHOOK_VERIFICATION = ours("chatday.webhook.verification",
        "Setting the webhook URL sends one verification event where the profile says so; by default none.")
        ["/webhook/verification/enabled"];
    WEBHOOK_TIMEOUT = ours("chatday.webhook.timeout", "A webhook must be answered, to the end of the body, within 5 seconds.")
        ["/webhook/timeout_ms"];
    WEBHOOK_RETRY = ours("chatday.webhook.retry",
        "A failed delivery is repeated with the same bytes, 1, 5 and 25 seconds after the failure before it.")
        ["/webhook/retry_delays_ms"];
    WEBHOOK_REDIRECT = ours("chatday.webhook.redirect", "Redirects are not followed; a 3xx is a failed delivery.");
    WEBHOOK_EXTRA_KEYS = ours("chatday.webhook.extra-keys",
        "The answer to a webhook may hold more keys; status must be the exact string SUCCESS.");
    WEBHOOK_MEDIA_TYPE = ours("chatday.webhook.media-type", "The answer to a webhook is sent with a JSON media type.")
        ["/webhook/answer/media_type"];

    WEBHOOK_OPEN_ENDED = ours("chatday.webhook.open-ended",
        "A receiver acknowledges an event that holds more keys than the documented ones.");
    WEBHOOK_HTTP = ours("chatday.webhook.http",
        "A receiver reads HTTP/1.1 as RFC 9110 and RFC 9112 have it: header names in any case, media types with parameters, bodies in chunks or in pieces, several requests on one connection. What it does not support it refuses with a status.");
    WEBHOOK_SURVIVES = ours("chatday.webhook.survives",
        "A request that Chatday would never send is answered with a status below 500, and the next event is received.");
    WEBHOOK_MANY = ours("chatday.webhook.many",
        "Neither order nor exactly-once is promised: events may come several at once, in bursts, or twice.");
    WEBHOOK_EFFECTS = ours("chatday.webhook.effects",
        "What an integration does after an event follows from that event alone: once, in its chat, with its text as it was.");

    MESSAGE_TYPES = ours("chatday.message.types",
        "The types are text, image, file, video, audio, sticker and location, each with a schema for its data.")
        ["/message_types"];
    MESSAGE_UNKNOWN_TYPE_SENT = ours("chatday.message.unknown-type-sent",
        "Send Message refuses a type that the profile doesn't list, or takes it where the profile says so.")
        ["/send/unknown_types"];
    MESSAGE_UNKNOWN_TYPE_RECEIVED = ours("chatday.message.unknown-type-received",
        "A receiver must acknowledge a type that it doesn't know.");
    CHAT_ID_KIND = ours("chatday.message.chat-id-kind", "chat_id is a string; the profile can make it an integer.")
        ["/ids/chat_id"];

    ERROR_ENVELOPE = ours("chatday.errors.envelope",
        "An error is JSON with status ERROR and errors, a list of sentences.") ["/errors/format", "/keys/errors", "/words/error"];
    ERROR_BAD_REQUEST = ours("chatday.errors.bad-request",
        "Malformed JSON and a missing or ill-typed field are refused with 400; the sentence names the field.")
        ["/errors/malformed_json/status", "/errors/invalid_field/status"];
    ERROR_UNAUTHORIZED = ours("chatday.errors.unauthorized",
        "A missing, ill-formed, repeated or unknown token is refused with 401 and WWW-Authenticate: Bearer.")
        ["/errors/token_missing/status", "/errors/token_unknown/status"];
    ERROR_UNKNOWN_PATH = ours("chatday.errors.unknown-path", "An unknown path is refused with 404.")
        ["/errors/unknown_path/status"];
    ERROR_METHOD = ours("chatday.errors.method", "A wrong method is refused with 405 and Allow.")
        ["/errors/method_not_allowed/status"];
    ERROR_TOO_LARGE = ours("chatday.errors.too-large", "A body over 1 MiB is refused with 413.")
        ["/limits/body_bytes"];
    ERROR_MEDIA_TYPE = ours("chatday.errors.media-type", "A body that is not sent as JSON is refused with 415.")
        ["/errors/not_json/status"];
    ERROR_RATE_LIMIT = ours("chatday.errors.rate-limit",
        "Where the profile sets a limit, requests beyond it are refused with 429 and Retry-After; by default there is none.")
        ["/limits/requests", "/limits/window_ms"];
    CHECK_ORDER = ours("chatday.errors.order",
        "A request is checked for path, method, token, rate, size, media type, JSON, fields, registration and chat, in this order; the first failure answers.");

    CLIENT_TOKEN_SECRET = ours("chatday.client.token-secret",
        "The Chatday-Token and the Chatday-Signature-Token are secrets: the one belongs in the Authorization header of requests to the service, the other in the settings of the receiver, and neither anywhere else.");
    CLIENT_STATUS_TELLS = ours("chatday.client.status-tells",
        "Only a 2xx says that a request was served; an answer of another status leaves its message unsent.");
    CLIENT_REFUSED_IS_FINAL = ours("chatday.client.refused-is-final",
        "What was refused with 400, 401 or 404 is refused again: repeating it does not help. A 403 may ask for Register first.");
    CLIENT_LIMITED_IS_LATER = ours("chatday.client.limited-is-later",
        "After a 429 no request is taken before the seconds of its Retry-After are over.");
    CLIENT_ODD_LIMITS = ours("chatday.client.odd-limits",
        "A 429 whose Retry-After is zero, long, missing or no number is met with a pause of bounded length and a bounded number of attempts.");
    CLIENT_UNAVAILABLE = ours("chatday.client.unavailable",
        "A 5xx may pass: it is repeated a bounded number of times at most, and not before the time that Retry-After gives (RFC 9110).");
    CLIENT_UNKNOWN_OUTCOME = ours("chatday.client.unknown-outcome",
        "A request whose answer is lost may have been served: repeating Send Message then may show its message twice.");
    CLIENT_BROKEN_ANSWERS = ours("chatday.client.broken-answers",
        "An answer that is cut off, is no HTTP, is not the JSON that it should be or never comes is a failure, and ends in bounded time.");
    CLIENT_REDIRECTS = ours("chatday.client.redirects",
        "No redirect is documented. A client that follows one repeats the request whole, or reports that it could not.");
    CLIENT_OPEN_ENDED_ANSWERS = ours("chatday.client.open-ended-answers",
        "Answers may hold keys that were not documented when the client was written, header names in any case, and may come compressed to whoever asks for that.");
    CLIENT_KNOWN_REQUESTS = ours("chatday.client.known-requests",
        "A client calls Register and Send Message as the contract has them, with text in UTF-8 that arrives as it was meant.");
    CLIENT_CONNECTIONS = ours("chatday.client.connections",
        "Connections may close at any time after an answer and are limited in number: a client reuses them, replaces what was closed, and leaves none open that it has no use for.");
    CLIENT_BASE_ADDRESS = ours("chatday.client.base-address",
        "The addresses of the service are settings: the contract's paths are joined to them with one slash.");
    CLIENT_LOAD = ours("chatday.client.load",
        "A client stays below what the service bears by itself: few requests at once, Register once and not before each message.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chatday::Profile;
    use crate::clause::Certainty;

    #[test]
    fn ids_are_unique_and_every_sentence_ends() {
        for (index, clause) in ALL.iter().enumerate() {
            assert!(clause.id.starts_with("chatday."), "{}", clause.id);
            assert!(clause.words.ends_with('.'), "{}", clause.id);
            assert!(ALL.iter().skip(index + 1).all(|other| other.id != clause.id), "{} stands twice", clause.id);
        }
    }

    #[test]
    fn a_documented_clause_names_the_document_and_only_ours_depends_on_the_profile() {
        for clause in ALL {
            match clause.certainty {
                Certainty::Documented => {
                    assert_eq!(clause.source, SOURCE);
                    assert_eq!(profile_keys(clause), [""; 0], "{}", clause.id);
                }
                Certainty::Assumed => assert_eq!(clause.source, "ours"),
                Certainty::Observed => panic!("nobody recorded the real service: {}", clause.id),
            }
        }
    }

    #[test]
    fn every_key_that_decides_a_clause_is_a_key_of_the_default_profile() {
        for clause in ALL {
            for key in profile_keys(clause) {
                assert!(Profile::default_value().pointer(key).is_some(), "{}: {key}", clause.id);
            }
        }
    }
}
