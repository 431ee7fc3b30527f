//! What the integration does after an event. Seen only beside the mock: without it these checks are skipped.

mod judges;
mod scenes;

use contract::chatday::clauses::{WEBHOOK_EFFECTS, WEBHOOK_RETRY, WEBHOOK_SIGNATURE, WEBHOOK_TIMEOUT};
use contract::chatwork::webhook::{EFFECTS, MANY, OWN_POSTS, PROMPT, SIGNATURE};
use contract::service::Service;

use crate::check::{Area, Check, Level, Needs, Plan};

const FORGED: Check = Check {
    area: Area::Effects,
    level: Level::Must,
    title: "a forged event has no effect",
    rationale: "A check whose result is not looked at, or only after the work was done, refuses nothing. The status \
                of an answer does not show it; what the integration calls does.",
    hint: "Verify first, and leave the handler when that fails, before anything is read from the event.",
    needs: Needs::Effects,
    plan: Plan::Sequence { scenes: scenes::forgeries, judge: judges::without_effect },
    ..Check::blank(Service::Chatwork)
};

const TWICE: Check = Check {
    area: Area::Effects,
    title: "an event that comes twice has one effect",
    rationale: "The same event comes again after a lost answer, through a proxy, or because somebody sends what they have \
                seen. People notice the second reply.",
    hint: "Remember what was handled (the message's id, or a digest of the body) for longer than repetitions take.",
    needs: Needs::Replies,
    plan: Plan::Sequence { scenes: scenes::twice, judge: judges::one_effect },
    ..Check::blank(Service::Chatwork)
};

const AT_ONCE: Check = Check {
    area: Area::Effects,
    title: "an event that comes several times at the same moment has one effect",
    rationale: "Two workers that look first and store later both find nothing, and both act.",
    hint: "Let the storage decide which worker is the first: a unique key, an atomic insert.",
    needs: Needs::Replies,
    load: true,
    plan: Plan::Sequence { scenes: scenes::at_once, judge: judges::one_effect },
    ..Check::blank(Service::Chatwork)
};

const PROMPT_ANSWER: Check = Check {
    area: Area::Effects,
    title: "an event is answered before the work that it causes is done",
    rationale: "The service waits for an answer, not for the work. When its API is slow the answer comes too late, \
                and the event counts as failed although the work was done.",
    hint: "Put the event into a queue, answer, and work afterwards.",
    needs: Needs::Replies,
    plan: Plan::Sequence { scenes: scenes::slow_api, judge: judges::answered_first },
    ..Check::blank(Service::Chatwork)
};

const PLACE: Check = Check {
    area: Area::Effects,
    title: "a reply goes to the room that its event came from, with the room's id as it was",
    rationale: "An id that went through a float or 32 bits is another one: the reply goes to strangers or nowhere. \
                One that is taken from the settings instead of the event sends every reply to one place.",
    hint: "Take the id from the event, and keep it as text or as a 64-bit integer from end to end.",
    needs: Needs::Replies,
    plan: Plan::Sequence { scenes: scenes::places, judge: judges::in_its_place },
    ..Check::blank(Service::Chatwork)
};

const WHOLE: Check = Check {
    area: Area::Effects,
    title: "a text that the integration sends back is the text that came",
    rationale: "Cutting at a number of bytes splits characters, and so does decoding each piece of a body by itself; \
                normalising changes names, and trimming loses the indentation of code and lists.",
    hint: "Cut between characters (grapheme clusters, if it is to look right), join a body's bytes before decoding them, and \
           change nothing else.",
    needs: Needs::Replies,
    plan: Plan::Sequence { scenes: scenes::texts, judge: judges::text_kept },
    ..Check::blank(Service::Chatwork)
};

const FIRST_LOST: Check = Check {
    area: Area::Effects,
    level: Level::Should,
    title: "an event that comes again because its first answer was lost is handled, and only once",
    rationale: "A receiver that records an event before handling it, and fails in between, takes the repetition for a \
                duplicate and never handles it; one that records nothing handles it twice.",
    hint: "Record an event together with its effect, in one transaction. Handling it twice is worth knowing only: \
           Chatday's events have no id.",
    needs: Needs::Replies,
    clauses: &[&WEBHOOK_RETRY],
    plan: Plan::Sequence { scenes: scenes::first_lost, judge: judges::one_effect },
    ..Check::blank(Service::Chatday)
};

const NO_ID: &str = "Chatday repeats, with the same bytes, an event whose answer it did not get or could not read, \
                     and its events have no id. So the same bytes within half a minute are probably the same event, \
                     but somebody may also have written the same twice. A receiver that acts on both may reply twice \
                     to one message; a receiver that acts on one may leave a second message without a reply.";

const NO_ID_HINT: &str = "Worth knowing only. To act once, keep a digest of each body for as long as repetitions \
                          take: by default 31 s, and the time allowed for each answer.";

/// Chatwork's, in report order.
pub const CHATWORK: &[Check] = &[
    Check { id: "chatwork.webhooks.forged-event-has-no-effect", clauses: &[&SIGNATURE], ..FORGED },
    Check { id: "chatwork.webhooks.repeated-event-has-one-effect", clauses: &[&MANY], ..TWICE },
    Check { id: "chatwork.webhooks.events-at-once-have-one-effect", clauses: &[&MANY], ..AT_ONCE },
    Check {
        id: "chatwork.webhooks.same-text-again-is-another-event",
        area: Area::Effects,
        title: "the same text in another message is another event",
        rationale: "People write \"ok\" all day. A receiver that recognises duplicates by their text, or by author and second, \
                    drops what was said.",
        hint: "Recognise duplicates by message_id (with update_time for edits), not by what is written.",
        clauses: &[&EFFECTS],
        needs: Needs::Replies,
        plan: Plan::Sequence { scenes: scenes::same_text, judge: judges::an_effect_each },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.edit-is-another-event",
        area: Area::Effects,
        title: "an edit of a message that was handled is another event",
        rationale: "An edit carries the id of its message. A receiver that recognises duplicates by that id alone \
                    drops what was corrected, and answers the mistake only. A receiver that does nothing about edits \
                    is not judged.",
        hint: "Recognise duplicates by message_id together with update_time and the type of the event.",
        clauses: &[&EFFECTS],
        needs: Needs::Replies,
        plan: Plan::Sequence { scenes: scenes::edit, judge: judges::edit_counts },
        ..Check::blank(Service::Chatwork)
    },
    Check { id: "chatwork.webhooks.answers-before-it-works", clauses: &[&PROMPT], ..PROMPT_ANSWER },
    Check { id: "chatwork.webhooks.reply-goes-to-its-room", clauses: &[&EFFECTS], ..PLACE },
    Check {
        id: "chatwork.webhooks.own-messages-get-no-reply",
        area: Area::Effects,
        title: "a message of the integration's own account gets no reply",
        rationale: "Its own replies come back as events. An integration that answers them talks to itself until the rate \
                    limit stops it.",
        hint: "Compare account_id with the integration's own account, which GET /me tells, and leave those events \
               alone.",
        clauses: &[&OWN_POSTS],
        needs: Needs::Replies,
        plan: Plan::Sequence { scenes: scenes::own_message, judge: judges::no_reply },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.markup-is-not-echoed",
        area: Area::Effects,
        title: "a tag that notifies everybody, such as [toall], is not sent back as a tag",
        rationale: "Text that is quoted as it came is markup again. Anybody in the room can then make the integration notify \
                    all its members, again and again.",
        hint: "Take the brackets out of [toall], [To:…] and [rp …] before quoting, or quote inside [code].",
        clauses: &[&EFFECTS],
        needs: Needs::Replies,
        plan: Plan::Sequence { scenes: scenes::markup, judge: judges::neutralised },
        ..Check::blank(Service::Chatwork)
    },
    Check { id: "chatwork.webhooks.text-comes-back-whole", clauses: &[&EFFECTS], ..WHOLE },
    Check {
        id: "chatwork.webhooks.duplicate-keys-have-one-meaning",
        area: Area::Effects,
        title: "an event that names two rooms under one key has an effect in one of them at most",
        rationale: "JSON parsers disagree on which of two equal keys counts. Where a check reads the one and a \
                    handler the other, the check can be bypassed.",
        hint: "Parse the body once, and hand the parsed event on.",
        clauses: &[&EFFECTS],
        needs: Needs::Replies,
        plan: Plan::Sequence { scenes: scenes::two_rooms, judge: judges::in_one_room },
        ..Check::blank(Service::Chatwork)
    },
];

/// Chatday's, in report order.
pub const CHATDAY: &[Check] = &[
    Check {
        id: "chatday.webhooks.forged-event-has-no-effect",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_SIGNATURE],
        ..FORGED
    },
    Check {
        id: "chatday.webhooks.repeated-event-has-one-effect",
        service: Service::Chatday,
        level: Level::May,
        rationale: NO_ID,
        clauses: &[&WEBHOOK_RETRY],
        hint: NO_ID_HINT,
        ..TWICE
    },
    Check {
        id: "chatday.webhooks.events-at-once-have-one-effect",
        service: Service::Chatday,
        level: Level::May,
        rationale: NO_ID,
        clauses: &[&WEBHOOK_RETRY],
        hint: NO_ID_HINT,
        ..AT_ONCE
    },
    Check { id: "chatday.webhooks.lost-answer-leaves-one-effect", ..FIRST_LOST },
    Check {
        id: "chatday.webhooks.half-event-has-no-effect",
        service: Service::Chatday,
        area: Area::Effects,
        title: "an event whose connection ends before its body does has no effect",
        rationale: "The secret is in the header, so half a body is as genuine as a whole one, and a parser that \
                    closes what was left open makes an event of it. The service sends the whole one again, and the \
                    text of the first may be cut.",
        hint: "Read as many bytes as Content-Length says before parsing, and drop the request when they do not come.",
        hostile: true,
        needs: Needs::Replies,
        clauses: &[&WEBHOOK_EFFECTS],
        plan: Plan::Sequence { scenes: scenes::half_event, judge: judges::nothing_by_halves },
        ..Check::blank(Service::Chatday)
    },
    Check {
        id: "chatday.webhooks.answers-before-it-works",
        service: Service::Chatday,
        rationale: "The service waits for an answer, not for the work. When its API is slow the answer comes too \
                    late, the event counts as failed and is sent again, and the work is done twice.",
        clauses: &[&WEBHOOK_TIMEOUT],
        ..PROMPT_ANSWER
    },
    Check {
        id: "chatday.webhooks.reply-goes-to-its-chat",
        service: Service::Chatday,
        title: "a reply goes to the chat that its event came from, with the chat's id as it was",
        clauses: &[&WEBHOOK_EFFECTS],
        ..PLACE
    },
    Check {
        id: "chatday.webhooks.text-comes-back-whole",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_EFFECTS],
        ..WHOLE
    },
];
