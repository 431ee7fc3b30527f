//! Mistakes that API clients really make.

use super::Seen::{Both, Chatday, Chatwork, Not};
use super::{Row, row};

/// Every mistake of clients that is known, in the order of the areas.
pub(super) const ROWS: &[Row] = &[
    row(
        1,
        "The token's header is missing, doubled, padded or under another scheme.",
        &[
            Both(&["token-in-its-header"]),
            Not("Blanks around a header's value are no part of it: no server sees them."),
        ],
    ),
    row(
        2,
        "The token stands in a URL, a body, the user agent or the referrer, or goes to other hosts.",
        &[Both(&["token-nowhere-else", "token-stays-with-its-host"])],
    ),
    row(3, "The token follows a redirect to another host.", &[Both(&["token-stays-with-its-host"])]),
    row(
        4,
        "A redirect turns a POST into a GET, and the message is lost in silence.",
        &[Both(&["redirects-lose-nothing"])],
    ),
    row(5, "401 is tried again without an end.", &[Both(&["wrong-token-is-not-tried-again"])]),
    row(
        6,
        "What was refused for what it says is repeated.",
        &[
            Both(&["refused-request-is-not-repeated"]),
            Not("Neither service answers 422. Chatday's 403 asks for Register, after which a repetition is right."),
        ],
    ),
    row(
        7,
        "429 crashes the program, or is taken for a success.",
        &[
            Both(&["limited-message-is-not-reported-as-sent"]),
            Not(
                "An ugly end is an end: a stack trace with a status other than 0 tells the caller what it has to know.",
            ),
        ],
    ),
    row(8, "The next request comes before the limit is reset.", &[Both(&["limit-is-waited-for"])]),
    row(
        9,
        "The moment of the reset is taken for a number of seconds, or one in the past makes a long sleep or none.",
        &[Both(&["odd-resets-are-survived", "limit-is-waited-for"])],
    ),
    row(
        10,
        "The clocks of both sides have to agree.",
        &[Chatwork(&["clocks-may-differ"]), Not("Chatday's Retry-After counts seconds: no clock is compared.")],
    ),
    row(
        11,
        "All workers go on in the same moment after a reset.",
        &[
            Chatwork(&["workers-resume-apart"]),
            Not("Chatday has no limit by default, so there is no common reset to wait for."),
        ],
    ),
    row(12, "Attempts have no end.", &[Both(&["attempts-have-an-end"])]),
    row(
        13,
        "The limit of a room is not known beside that of the account.",
        &[Chatwork(&["room-limit-is-heeded"]), Not("Chatday has no limit of a chat.")],
    ),
    row(
        14,
        "Nothing left is not heeded, and most requests are refused.",
        &[
            Chatwork(&["refusals-are-the-exception"]),
            Not("Chatday's answers do not tell how much is left. Neither do programs of a few requests show it."),
        ],
    ),
    row(15, "Retry-After after 503 is not read, as seconds or as a date.", &[Both(&["retry-after-is-waited-for"])]),
    row(16, "A message whose answer was lost is sent again.", &[Both(&["lost-answer-leaves-one-message"])]),
    row(
        17,
        "A limit in the middle of several messages loses, doubles or reorders some.",
        &[
            Both(&["batch-survives-a-limit"]),
            Not(
                "It shows only in programs that send three messages or more. Texts that differ from run to run are counted.",
            ),
        ],
    ),
    row(18, "A repeated request is empty, or another one.", &[Both(&["repeated-request-is-whole"])]),
    row(
        19,
        "There is no timeout.",
        &[
            Both(&["silence-is-given-up"]),
            Not("A timeout of more than half a minute cannot be told from none in a run of bearable length."),
        ],
    ),
    row(
        20,
        "Blanks, +, &, =, % and line ends are encoded wrongly.",
        &[
            Both(&["text-arrives-as-it-is"]),
            Not("The program chooses its texts: it is judged where it sends the one in CONFORMANCE_TEXT."),
        ],
    ),
    row(21, "A text sets parameters of its own.", &[Both(&["text-stays-text"])]),
    row(
        22,
        "Text is sent in another encoding, or encoded twice.",
        &[Both(&["text-arrives-as-it-is", "text-is-utf-8"])],
    ),
    row(23, "Line ends, or blanks at an end, are changed.", &[Both(&["text-arrives-as-it-is"])]),
    row(
        24,
        "JSON is sent where a form is asked for, or the body's type is not declared.",
        &[
            Chatwork(&["bodies-are-forms", "parameters-go-in-the-body", "parameters-are-documented"]),
            Chatday(&["bodies-are-json"]),
            Both(&["requests-are-understood", "only-known-operations"]),
        ],
    ),
    row(25, "Headers of answers are looked up in one case.", &[Both(&["limit-headers-in-any-case"])]),
    row(
        26,
        "A new field, a null or an unknown word in an answer stops the program.",
        &[Both(&["new-fields-are-read"])],
    ),
    row(
        27,
        "204 or an empty list crashes the parser.",
        &[Chatwork(&["empty-lists-are-read"]), Not("Chatday has no lists, and answers nothing with 204.")],
    ),
    row(
        28,
        "A page of HTML, a cut or compressed answer or one that is no HTTP crashes or hangs the program.",
        &[Both(&["broken-answers-are-told", "compressed-answers-are-read"])],
    ),
    row(
        29,
        "A failure is swallowed, and the exit status is 0.",
        &[Both(&[
            "refused-message-is-not-reported-as-sent",
            "limited-message-is-not-reported-as-sent",
            "works-where-all-is-well",
        ])],
    ),
    row(
        30,
        "Ids are kept in 32 bits or as floats.",
        &[
            Both(&["large-ids-come-back"]),
            Not(
                "Numbers beyond 2^53 are not sent: JSON in browsers and Node cannot keep them, and no id is that large yet. Ids that are text are.",
            ),
        ],
    ),
    row(
        31,
        "Certificates are not checked.",
        &[Both(&["wrong-certificates-are-refused"]), Not("Without --intercept there is no TLS to look at.")],
    ),
    row(32, "Connections pile up after failures.", &[Both(&["connections-do-not-pile-up"])]),
    row(
        33,
        "Each request opens a connection of its own, or a closed one is taken from the pool and the request is lost.",
        &[Both(&["connections-are-reused", "closed-connection-is-replaced"])],
    ),
    row(
        34,
        "News is looked for without a pause, or missed by a wrong use of force=0.",
        &[
            Chatwork(&["looks-for-news-in-measure"]),
            Not(
                "Which of the messages that it read a program makes use of is not seen from outside. Chatday has no way to look for messages.",
            ),
        ],
    ),
    row(
        35,
        "The token stands in what is written to the terminal or a log.",
        &[
            Both(&["token-is-not-written"]),
            Not(
                "Files that the program writes are not read: search them for the token after a run. Whether the text of a message belongs in a log, only its author knows.",
            ),
        ],
    ),
    row(
        36,
        "An upload has a garbled file name, no boundary, or is too large.",
        &[Chatwork(&["uploads-are-well-formed"]), Not("Chatday takes no uploads: files are sent as URLs.")],
    ),
    row(
        37,
        "Register is called for each message, or an expired signature token is kept.",
        &[
            Chatday(&["registers-once"]),
            Not(
                "Chatwork has no registration. What a receiver does with a rotated signature token shows in a run of conformance webhook.",
            ),
        ],
    ),
    row(
        38,
        "Messages that are still to be sent are lost when the program ends.",
        &[Both(&["pending-messages-are-sent"])],
    ),
    row(39, "The base address is built in, cut, or joined with two slashes.", &[Both(&["base-address-is-kept"])]),
    row(40, "More requests are open at once than the limits bear.", &[Both(&["few-requests-at-once"])]),
];
