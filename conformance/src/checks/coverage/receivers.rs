//! Mistakes that webhook receivers really make.

use super::Seen::{Both, Chatday, Chatwork, Not};
use super::{Row, row};

/// Every mistake of receivers that is known, in the order of the areas.
pub(super) const ROWS: &[Row] = &[
    row(
        1,
        "The signature is computed over parsed and re-written JSON.",
        &[Chatwork(&["signature-covers-the-raw-bytes"]), Both(&["any-spelling-is-acknowledged"])],
    ),
    row(
        2,
        "The body is decoded as text or ASCII before it is used.",
        &[Both(&["everyday-text-is-acknowledged", "any-text-is-acknowledged"])],
    ),
    row(
        3,
        "Characters outside ASCII are escaped by hand.",
        &[Chatwork(&["signature-covers-the-raw-bytes"]), Both(&["any-spelling-is-acknowledged"])],
    ),
    row(
        4,
        "The token's text is the key, not its decoded bytes; or a zero byte ends the key.",
        &[
            Chatwork(&["token-is-decoded-before-use"]),
            Not(
                "The key is your own token: only its bytes can be tried. Tokens with other bytes are tried against the samples.",
            ),
        ],
    ),
    row(
        5,
        "Blanks, line ends or a byte order mark around the body are trimmed before hashing, or break the parser.",
        &[
            Chatwork(&["body-is-not-trimmed-before-hashing"]),
            Both(&["malformed-body-does-not-crash", "any-spelling-is-acknowledged"]),
        ],
    ),
    row(
        6,
        "An event without a signature is accepted.",
        &[Chatwork(&["missing-signature-is-refused"]), Chatday(&["missing-secret-is-refused"])],
    ),
    row(
        7,
        "An empty signature, or a word for nothing, is accepted.",
        &[
            Chatwork(&["empty-signature-is-refused"]),
            Chatday(&["empty-secret-is-refused"]),
            Not("Blanks around a header's value are no part of it: no receiver sees them."),
        ],
    ),
    row(
        8,
        "An unset secret counts as an empty one.",
        &[Chatwork(&["empty-key-is-refused"]), Chatday(&["empty-secret-is-refused"])],
    ),
    row(
        9,
        "A value of another length crashes the handler or the process.",
        &[Chatwork(&["altered-signature-is-refused"]), Chatday(&["altered-secret-is-refused"])],
    ),
    row(
        10,
        "A value near the right one is accepted: extended, cut, in another alphabet.",
        &[
            Chatwork(&[
                "altered-signature-is-refused",
                "signature-in-another-notation-is-refused",
                "any-changed-signature-is-refused",
            ]),
            Chatday(&["altered-secret-is-refused", "any-changed-secret-is-refused"]),
        ],
    ),
    row(
        11,
        "The comparison takes longer for a better guess.",
        &[Not(
            "From outside the noise of a network hides it, so no run could condemn or acquit. Look in the source for a \
         comparison in constant time (timingSafeEqual, compare_digest, hash_equals, subtle).",
        )],
    ),
    row(
        12,
        "The result of the verification is not used, or is about another body.",
        &[
            Both(&["forged-event-has-no-effect"]),
            Chatwork(&["changed-body-is-refused", "signature-of-another-body-is-refused"]),
            Chatday(&["wrong-secret-is-refused"]),
        ],
    ),
    row(13, "A forged event is answered like a valid one.", &[Both(&["wrong-secret-is-refused"])]),
    row(
        14,
        "An old secret stays valid for ever.",
        &[
            Chatwork(&["old-token-is-refused"]),
            Chatday(&["old-secret-is-refused"]),
            Not("Whether both are taken during the change-over shows in a run with either secret."),
        ],
    ),
    row(
        15,
        "A header is looked up by exact spelling.",
        &[
            Both(&["header-names-in-any-case"]),
            Not("HTTP/2, where all names are in small letters, is not spoken: small letters are tried over HTTP/1.1."),
        ],
    ),
    row(
        16,
        "Of two signature headers the first or the last counts.",
        &[Chatwork(&["two-signatures-are-refused"]), Chatday(&["two-secrets-are-refused"])],
    ),
    row(
        17,
        "Whichever copy of the signature fits is trusted, in the header or in the query.",
        &[
            Chatwork(&["header-and-query-copy-agree"]),
            Not(
                "Reading one copy alone is fine, so no event with a single copy is held against a receiver. Chatday has one.",
            ),
        ],
    ),
    row(18, "The +, / and = of the query copy are mangled.", &[Chatwork(&["plus-and-slash-in-signatures-are-read"])]),
    row(
        19,
        "A secret from public documents or examples is accepted.",
        &[Chatwork(&["published-tokens-are-refused"]), Chatday(&["published-secrets-are-refused"])],
    ),
    row(20, "The secret of another endpoint or customer is accepted.", &[Both(&["wrong-secret-is-refused"])]),
    row(
        21,
        "The same event is accepted without limit.",
        &[
            Chatwork(&["repeated-event-is-answered", "repeated-event-has-one-effect"]),
            Chatday(&["repeated-event-is-acknowledged", "repeated-event-has-one-effect"]),
        ],
    ),
    row(
        22,
        "Clocks that differ a little make events be refused.",
        &[Chatwork(&["times-may-differ-from-the-clock"]), Not("Chatday's events carry no time.")],
    ),
    row(23, "An event that comes twice is handled twice.", &[Both(&["repeated-event-has-one-effect"])]),
    row(
        24,
        "Identical events at the same moment race each other.",
        &[Both(&["identical-events-at-once-are-answered", "events-at-once-have-one-effect"])],
    ),
    row(
        25,
        "Real events are dropped as duplicates, because they say the same.",
        &[
            Chatwork(&["same-text-again-is-another-event", "edit-is-another-event"]),
            Not("Chatday's events have no id: two equal ones cannot be told from one that is repeated."),
        ],
    ),
    row(
        26,
        "A repetition is dropped although the first copy was never handled.",
        &[Chatday(&["lost-answer-leaves-one-effect"]), Not("Chatwork never sends a failed delivery again.")],
    ),
    row(
        27,
        "Duplicates are forgotten sooner than repetitions end.",
        &[Not(
            "It would take as long as the repetitions do (31 seconds for Chatday's default profile), and the receiver's own \
         clock cannot be moved.",
        )],
    ),
    row(
        28,
        "An order is assumed that nobody promises.",
        &[Chatwork(&["events-in-another-order-are-acknowledged"]), Not("Chatday's events do not refer to each other.")],
    ),
    row(29, "The work is done before the answer.", &[Both(&["answers-before-it-works"])]),
    row(
        30,
        "An unknown type of event is refused.",
        &[
            Chatwork(&["unknown-event-type-is-acknowledged"]),
            Chatday(&["unknown-message-type-is-acknowledged", "every-message-type-is-acknowledged"]),
        ],
    ),
    row(
        31,
        "New keys, nulls and other types break the parser.",
        &[Both(&["unknown-fields-are-acknowledged", "any-additions-are-acknowledged"])],
    ),
    row(
        32,
        "Integers beyond 2^53 lose their last digits.",
        &[
            Both(&["large-ids-are-acknowledged"]),
            Chatwork(&["reply-goes-to-its-room"]),
            Chatday(&["reply-goes-to-its-chat"]),
        ],
    ),
    row(
        33,
        "Ids are kept in 32 bits or as floats.",
        &[
            Both(&["large-ids-are-acknowledged"]),
            Chatwork(&["reply-goes-to-its-room"]),
            Chatday(&["reply-goes-to-its-chat"]),
        ],
    ),
    row(
        34,
        "Zero, the unit or the year 2038 of a time is misread.",
        &[
            Chatwork(&["times-may-differ-from-the-clock", "numbers-in-other-notation-are-acknowledged"]),
            Not("What a receiver takes a time for shows only in what it does. Chatday's events carry no time."),
        ],
    ),
    row(
        35,
        "The integration answers its own messages.",
        &[Chatwork(&["own-messages-get-no-reply"]), Not("Chatday's events come from end-users only.")],
    ),
    row(
        36,
        "Markup of the service is sent back as markup.",
        &[Chatwork(&["markup-is-not-echoed"]), Not("Chatday's texts have no markup.")],
    ),
    row(
        37,
        "Text that is sent back is cut inside a character, normalised or trimmed.",
        &[Both(&["text-comes-back-whole"])],
    ),
    row(
        38,
        "Control characters, line separators and broken characters crash the parser.",
        &[Both(&["control-characters-do-not-crash", "any-text-is-acknowledged"])],
    ),
    row(
        39,
        "Of two equal keys the check reads one and the handler the other.",
        &[
            Chatwork(&["duplicate-keys-have-one-meaning"]),
            Not("Chatday's chat is not checked against anything by the receivers that are known."),
        ],
    ),
    row(
        40,
        "Text is taken for a command, or a room for one's own, without a look at who wrote where.",
        &[
            Chatwork(&["reply-goes-to-its-room"]),
            Chatday(&["reply-goes-to-its-chat"]),
            Not("Which commands are privileged only the integration knows."),
        ],
    ),
    row(
        41,
        "The acknowledgement has another status, body, case or media type.",
        &[
            Chatday(&["valid-event-is-acknowledged", "answer-is-declared-as-json"]),
            Chatwork(&["valid-event-is-acknowledged"]),
        ],
    ),
    row(
        42,
        "The answer is a redirect.",
        &[Both(&["valid-event-is-acknowledged", "slash-at-the-end-is-not-redirected"])],
    ),
    row(
        43,
        "GET, HEAD and OPTIONS crash the endpoint or run the handler.",
        &[Both(&["get-head-options-do-not-crash", "errors-tell-no-secret"])],
    ),
    row(44, "Other methods are processed.", &[Both(&["other-methods-are-not-processed"])]),
    row(45, "A media type with a parameter, quotes or capitals is refused.", &[Both(&["media-type-in-any-spelling"])]),
    row(
        46,
        "A Content-Encoding that was not expected crashes the endpoint.",
        &[Both(&["content-encoding-does-not-crash"])],
    ),
    row(
        47,
        "A body in chunks is not read, or broken where a chunk ends.",
        &[Both(&["chunked-body-is-read", "text-comes-back-whole"])],
    ),
    row(48, "Expect: 100-continue is not known.", &[Both(&["expect-continue-is-answered"])]),
    row(
        49,
        "The second event on a connection fails, or is mixed up with the first.",
        &[Both(&["kept-connection-tells-apart"])],
    ),
    row(50, "An event is lost when an idle connection closes.", &[Both(&["idle-connection-loses-nothing"])]),
    row(
        51,
        "Half a request leaves effects behind, or hangs a worker.",
        &[
            Both(&["half-request-does-no-harm"]),
            Chatday(&["half-event-has-no-effect"]),
            Not("The signature of Chatwork covers the whole body: half of it is forged."),
        ],
    ),
    row(52, "A slow sender blocks the others.", &[Both(&["slow-sender-is-not-in-the-way"])]),
    row(
        53,
        "A large or deep body crashes the endpoint.",
        &[Both(&["large-body-does-not-crash", "long-text-is-acknowledged"])],
    ),
    row(54, "Malformed JSON crashes the endpoint.", &[Both(&["malformed-body-does-not-crash"])]),
    row(
        55,
        "An error answer tells a secret, the right signature or the inside of the program.",
        &[Both(&["refusal-tells-no-secret", "errors-tell-no-secret"])],
    ),
    row(56, "A burst of events is refused and lost.", &[Both(&["burst-is-acknowledged"])]),
    row(57, "Many bad events wear the endpoint out.", &[Both(&["bad-events-do-not-wear-it-out"])]),
    row(
        58,
        "The certificate is incomplete, of another name or old.",
        &[Not(
            "An https target is verified as any sender does, so a run that reaches it has seen a good one. An http target has \
         none.",
        )],
    ),
    row(59, "Forwarding headers or Host decide who is trusted.", &[Both(&["forwarding-headers-change-nothing"])]),
    row(
        60,
        "The receiver's log holds secrets.",
        &[Not("The log is not seen from outside. Search it for the secret after a run: every check has sent it.")],
    ),
    row(
        61,
        "The answer is longer than the service reads.",
        &[Chatwork(&["answer-is-at-most-2048-bytes"]), Not("Chatday's document sets no limit.")],
    ),
    row(
        62,
        "A valid event is answered by a success other than the documented one.",
        &[Both(&["valid-event-is-acknowledged"])],
    ),
    row(
        63,
        "The secret is compared by its start, without regard to case, or trimmed.",
        &[
            Chatday(&["altered-secret-is-refused", "any-changed-secret-is-refused"]),
            Not("Chatwork's signature is a digest of the body: see the values near the right one."),
            Not("Blanks around a header's value are no part of it: no receiver sees them."),
        ],
    ),
];
