//! The list of flaws: what each does, its word, its row, and its weight for Chatwork and for Chatday.

use super::Card;
use crate::check::Level;

const M: Option<Level> = Some(Level::Must);
const S: Option<Level> = Some(Level::Should);
const I: Option<Level> = Some(Level::May);
/// A receiver of this service cannot have it.
const N: Option<Level> = None;

/// Makes the variants and their cards out of one list, so that neither can lack the other.
macro_rules! flaws {
    ($(#[doc = $what:literal] $flaw:ident = $word:literal, $row:literal, $chatwork:ident $chatday:ident;)+) => {
        /// One mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Flaw {
            $(#[doc = $what] $flaw,)+
        }

        impl Flaw {
            /// Every flaw.
            pub const ALL: [Card; [$(Self::$flaw),+].len()] = [$(Card {
                flaw: Self::$flaw,
                word: $word,
                what: $what.trim_ascii(),
                row: $row,
                chatwork: $chatwork,
                chatday: $chatday,
            }),+];
        }
    };
}

flaws! {
    // Telling real events from forged ones.
    /// The signature is not looked at.
    VerificationOff = "verification-off", 12, M M;
    /// The event is acted on first; whether it is genuine decides only the answer.
    ActsBeforeVerifying = "acts-before-verifying", 12, M M;
    /// A missing signature is let through.
    AcceptsMissing = "accepts-missing", 6, M M;
    /// An empty signature is let through.
    AcceptsEmpty = "accepts-empty", 7, M M;
    /// The words `null` and `undefined` are let through.
    AcceptsNull = "accepts-null", 7, M M;
    /// An unset secret is used as an empty key.
    EmptyKey = "empty-key", 8, M N;
    /// The token's text is the key.
    UndecodedToken = "undecoded-token", 4, M N;
    /// The decoded token is read as UTF-8 before it becomes the key.
    KeyAsText = "key-as-text", 4, M N;
    /// Only as much as was given is compared.
    PrefixCompare = "prefix-compare", 63, M M;
    /// What follows the right value is not looked at.
    IgnoresSuffix = "ignores-suffix", 10, M M;
    /// What precedes the right value is not looked at.
    IgnoresPrefix = "ignores-prefix", 10, M M;
    /// Upper and lower case are the same.
    IgnoresCase = "ignores-case", 63, M M;
    /// Blanks inside the value are taken out before it is compared.
    IgnoresBlanks = "ignores-blanks", 10, M M;
    /// The right digest in hexadecimal is let through.
    AcceptsHex = "accepts-hex", 10, M N;
    /// The right digest in the alphabet for URLs is let through.
    AcceptsUrlSafe = "accepts-url-safe", 10, M N;
    /// The right value after `sha256=` is let through.
    AcceptsNamedDigest = "accepts-named-digest", 10, M N;
    /// The given value is decoded by a lenient Base64 decoder, and the bytes are compared.
    LenientBase64 = "lenient-base64", 10, M N;
    /// A signature that was right once is right for ever.
    RemembersSignatures = "remembers-signatures", 21, M N;
    /// The secret of the documentation's sample is still let through.
    AcceptsSampleSecret = "accepts-sample-secret", 19, M M;
    /// A secret that was valid once is let through for ever.
    KeepsOldSecret = "keeps-old-secret", 14, S S;
    /// A forged event ends in an exception: 500.
    CrashesOnBadSignature = "crashes-on-bad-signature", 9, S S;
    /// A signature of another length ends in an exception: 500.
    CrashesOnOtherLength = "crashes-on-other-length", 9, S S;
    /// A forged event ends the process.
    DiesOnBadSignature = "dies-on-bad-signature", 9, M M;
    /// A signature of another length ends the process.
    DiesOnOtherLength = "dies-on-other-length", 9, M M;
    /// A forged event gets no answer: the connection is closed.
    HangsUpOnBadSignature = "hangs-up-on-bad-signature", 9, S S;
    /// A forged event is dropped, and answered like a valid one.
    DropsSilently = "drops-silently", 13, M M;
    /// A forged event is refused with status 200.
    RefusesWithSuccess = "refuses-with-success", 13, S S;
    /// A forged event is sent to a login page.
    RedirectsForgeries = "redirects-forgeries", 13, S S;
    /// The refusal says what would have been right.
    TellsSecret = "tells-secret", 55, M M;
    /// Of two signature headers the first counts.
    FirstHeaderWins = "first-header-wins", 16, I I;
    /// Of two signature headers the last counts.
    LastHeaderWins = "last-header-wins", 16, I I;
    /// The header is found in one spelling only.
    ExactCaseHeader = "exact-case-header", 15, M M;
    /// Header or query: one of them has to be right.
    EitherPlace = "either-place", 17, I N;
    /// The signature is taken from the query, and decoded once too often.
    DecodesQueryTwice = "decodes-query-twice", 18, M N;
    /// The signature is taken from the query as it stands there, percent signs and all.
    QueryUndecoded = "query-undecoded", 18, M N;
    /// Whoever claims to have been forwarded by this machine is believed.
    TrustsForwardedFor = "trusts-forwarded-for", 59, M M;
    /// What was forwarded from plain HTTP is redirected.
    RedirectsPlainHttp = "redirects-plain-http", 59, I I;
    /// Events more than a minute old, or from the future, are refused.
    StrictClock = "strict-clock", 22, S N;

    // Which bytes the signature is computed over.
    /// The parsed and re-written body.
    RewritesJson = "rewrites-json", 1, M N;
    /// The body after its keys were sorted.
    SortsKeys = "sorts-keys", 1, M N;
    /// The body after its numbers went through floating point.
    RespellsNumbers = "respells-numbers", 1, S N;
    /// The body with every `/` escaped.
    EscapesSlashes = "escapes-slashes", 1, M N;
    /// Text that is not ASCII is refused.
    AsciiOnly = "ascii-only", 2, M M;
    /// The body read as ASCII, with a `?` for the rest.
    HashesAscii = "hashes-ascii", 2, M N;
    /// The body read as Latin-1.
    HashesLatin1 = "hashes-latin1", 2, M N;
    /// The body with what is not ASCII escaped by hand.
    EscapesByHand = "escapes-by-hand", 3, M N;
    /// The body with its escapes in lower case.
    LowercasesEscapes = "lowercases-escapes", 3, M N;
    /// The trimmed body.
    TrimsBody = "trims-body", 5, S N;
    /// The body without the line end at its end.
    CutsLastLineEnd = "cuts-last-line-end", 5, S N;
    /// The body with each CRLF turned into LF.
    TurnsLineEnds = "turns-line-ends", 5, S N;

    // What an event means.
    /// Types that are not known are refused.
    StrictTypes = "strict-types", 30, S S;
    /// A type that is not known ends in an exception: 500.
    CrashesOnUnknownType = "crashes-on-unknown-type", 30, S S;
    /// Keys that are not documented are refused.
    StrictFields = "strict-fields", 31, S S;
    /// A `null` anywhere ends in an exception: 500.
    NullsBreak = "nulls-break", 31, S S;
    /// Keys that may be absent are expected.
    RequiresOptional = "requires-optional", 31, N S;
    /// Everything but text is refused.
    TextOnly = "text-only", 31, N S;
    /// Ids go through floating point.
    FloatIds = "float-ids", 32, S S;
    /// Ids are kept in 32 bits: a larger one ends in an exception, 500.
    ShortIds = "short-ids", 33, S S;
    /// An update time of 0 is taken for a missing one: 400.
    ZeroTimeIsMissing = "zero-time-is-missing", 34, M N;
    /// Times are kept in 32 bits: a later one ends in an exception, 500.
    ShortTimes = "short-times", 34, I N;
    /// Its own messages are answered too.
    AnswersItself = "answers-itself", 35, S N;
    /// The reply repeats the service's markup.
    EchoesMarkup = "echoes-markup", 36, S N;
    /// A long text is cut after so many bytes, in the middle of a character.
    CutsCharacters = "cuts-characters", 37, S S;
    /// Combining characters are composed.
    NormalisesText = "normalises-text", 37, S S;
    /// Blanks around a text are dropped.
    TrimsText = "trims-text", 37, S S;
    /// An event that names two rooms is answered in both.
    AnswersInBothRooms = "answers-in-both-rooms", 39, S N;
    /// A control character in a text ends in an exception: 500.
    ControlCharactersCrash = "control-characters-crash", 38, S S;
    /// A line separator (U+2028) in a text ends in an exception: 500.
    LineSeparatorCrashes = "line-separator-crashes", 38, M M;
    /// Half of a surrogate pair ends in an exception: 500.
    LoneSurrogateCrashes = "lone-surrogate-crashes", 38, S S;
    /// A byte order mark ends in an exception: 500.
    ByteOrderMarkCrashes = "byte-order-mark-crashes", 5, S S;
    /// An event that comes twice is handled twice.
    NoMemory = "no-memory", 23, S I;
    /// An event that comes twice breaks a unique key the second time: 500.
    CrashesOnRepetition = "crashes-on-repetition", 23, S S;
    /// An event is remembered only once it is done, so copies at the same time are all handled.
    RemembersLate = "remembers-late", 24, S I;
    /// A text that was seen before is taken for a duplicate.
    RemembersTexts = "remembers-texts", 25, S N;
    /// An edit is taken for a duplicate of its message.
    DropsEdits = "drops-edits", 25, S N;
    /// An event is remembered before it is done, and forgotten work is not done again.
    RemembersEarly = "remembers-early", 26, S S;
    /// An edit of a message that was never seen ends in an exception: 500.
    OrderAssumed = "order-assumed", 28, M N;
    /// The service is called before the event is answered.
    WorksFirst = "works-first", 29, S S;
    /// The answer takes six seconds.
    AnswersLate = "answers-late", 29, M M;

    // How an event is acknowledged.
    /// The acknowledgement is not the one that the service asks for.
    AnswerSpoilt = "answer-spoilt", 41, M M;
    /// The acknowledgement is 201.
    Answers201 = "answers-201", 62, M M;
    /// The acknowledgement is 204.
    Answers204 = "answers-204", 62, M M;
    /// The acknowledgement has no body.
    AnswersNothing = "answers-nothing", 41, N M;
    /// The acknowledgement is a list.
    AnswersList = "answers-list", 41, N M;
    /// The acknowledgement is declared as HTML.
    AnswersHtml = "answers-html", 41, N S;
    /// The acknowledgement is a redirect.
    AnswersRedirect = "answers-redirect", 42, M M;
    /// A path with a slash at its end is redirected.
    RedirectsSlash = "redirects-slash", 42, I I;
    /// The acknowledgement is longer than the service allows.
    TooLongAnswer = "too-long-answer", 61, M N;

    // How HTTP is spoken.
    /// GET ends in an exception: 500.
    GetCrashes = "get-crashes", 43, S S;
    /// Every method is taken for POST.
    MethodIgnored = "method-ignored", 44, I I;
    /// A media type with a parameter is refused.
    ParameterRefused = "parameter-refused", 45, S M;
    /// An event without a media type is refused.
    TypeRequired = "type-required", 45, I I;
    /// A media type in upper case is refused.
    TypeByCase = "type-by-case", 45, S S;
    /// A content encoding ends in an exception: 500.
    EncodingCrashes = "encoding-crashes", 46, S S;
    /// A chunked body is not read.
    ChunkedUnread = "chunked-unread", 47, S S;
    /// Each chunk is decoded to text on its own.
    DecodesChunksApart = "decodes-chunks-apart", 47, S S;
    /// Only what comes with the first packet is read.
    ReadsOnce = "reads-once", 47, S S;
    /// On a kept connection, every event is taken to have the first one's body.
    StaleBody = "stale-body", 49, M N;
    /// The body of a refused event is left in the connection, and read as the next event.
    LeavesBodyUnread = "leaves-body-unread", 49, N M;
    /// What comes over a connection that idled for half a second is too late: 408.
    LimitsIdling = "limits-idling", 50, S S;
    /// An event that breaks off ends the process.
    DiesOnHalfBody = "dies-on-half-body", 51, M M;
    /// Half an event, cut by the end of its connection, is acted on.
    ActsOnHalfBody = "acts-on-half-body", 51, N S;
    /// One connection is served at a time.
    OneAtATime = "one-at-a-time", 52, I I;
    /// A body of more than 32 KiB ends in an exception: 500.
    LargeBodyCrashes = "large-body-crashes", 53, S S;
    /// A deeply nested body ends in an exception: 500.
    DeepBodyCrashes = "deep-body-crashes", 53, S S;
    /// A deeply nested body ends the process.
    DeepBodyKills = "deep-body-kills", 53, S S;
    /// What is no JSON ends in an exception: 500.
    MalformedCrashes = "malformed-crashes", 54, S S;
    /// What is no JSON ends the process.
    MalformedKills = "malformed-kills", 54, M M;
    /// What is no JSON is answered with a page that shows the settings, the secret among them.
    ShowsSettings = "shows-settings", 55, M M;
    /// More than eight events at a time, and for two seconds everything is turned away: 503.
    BurstRefused = "burst-refused", 56, S S;
    /// Each refused event leaves something behind, until nothing is left: 503.
    Degrades = "degrades", 57, S S;
}
