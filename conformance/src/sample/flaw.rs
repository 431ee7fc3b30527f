//! Ways to get a receiver wrong, one at a time. Each has been seen in public code.

use std::fmt;
use std::str::FromStr;

use contract::service::Service;

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// The signature is not looked at.
    VerificationOff,
    /// A missing signature is let through.
    AcceptsMissing,
    /// An empty signature is let through.
    AcceptsEmpty,
    /// The words `null` and `undefined` are let through.
    AcceptsNull,
    /// An unset secret is used as an empty key.
    EmptyKey,
    /// The token's text is the key.
    UndecodedToken,
    /// Only as much as was given is compared.
    PrefixCompare,
    /// What follows the right value is not looked at.
    IgnoresSuffix,
    /// What precedes the right value is not looked at.
    IgnoresPrefix,
    /// Upper and lower case are the same.
    IgnoresCase,
    /// A signature that was right once is right for ever.
    RemembersSignatures,
    /// A forged event ends in an exception: 500.
    CrashesOnBadSignature,
    /// A forged event ends the process.
    DiesOnBadSignature,
    /// A forged event is dropped, and answered like a valid one.
    DropsSilently,
    /// A forged event is refused with status 200.
    RefusesWithSuccess,
    /// The refusal says what would have been right.
    TellsSecret,
    /// The acknowledgement is not the one that the service asks for.
    AnswerSpoilt,
    /// The acknowledgement is 204.
    Answers204,
    /// The acknowledgement is a redirect.
    AnswersRedirect,
    /// The acknowledgement is longer than the service allows.
    TooLongAnswer,
    /// The acknowledgement is declared as HTML.
    AnswersHtml,
    /// Text that is not ASCII is refused.
    AsciiOnly,
    /// The signature is computed over the parsed and re-written body.
    RewritesJson,
    /// The signature is computed over the trimmed body.
    TrimsBody,
    /// The signature is taken from the query, and decoded once too often.
    DecodesQueryTwice,
    /// Keys that are not documented are refused.
    StrictFields,
    /// Types that are not known are refused.
    StrictTypes,
    /// Everything but text is refused.
    TextOnly,
}

use Flaw::{
    AcceptsEmpty, AcceptsMissing, AcceptsNull, AnswerSpoilt, Answers204, AnswersHtml, AnswersRedirect, AsciiOnly,
    CrashesOnBadSignature, DecodesQueryTwice, DiesOnBadSignature, DropsSilently, EmptyKey, IgnoresCase, IgnoresPrefix,
    IgnoresSuffix, PrefixCompare, RefusesWithSuccess, RemembersSignatures, RewritesJson, StrictFields, StrictTypes,
    TellsSecret, TextOnly, TooLongAnswer, TrimsBody, UndecodedToken, VerificationOff,
};

impl Flaw {
    /// Every flaw with the word that names it.
    pub const ALL: [(Self, &'static str); 28] = [
        (VerificationOff, "verification-off"),
        (AcceptsMissing, "accepts-missing"),
        (AcceptsEmpty, "accepts-empty"),
        (AcceptsNull, "accepts-null"),
        (EmptyKey, "empty-key"),
        (UndecodedToken, "undecoded-token"),
        (PrefixCompare, "prefix-compare"),
        (IgnoresSuffix, "ignores-suffix"),
        (IgnoresPrefix, "ignores-prefix"),
        (IgnoresCase, "ignores-case"),
        (RemembersSignatures, "remembers-signatures"),
        (CrashesOnBadSignature, "crashes-on-bad-signature"),
        (DiesOnBadSignature, "dies-on-bad-signature"),
        (DropsSilently, "drops-silently"),
        (RefusesWithSuccess, "refuses-with-success"),
        (TellsSecret, "tells-secret"),
        (AnswerSpoilt, "answer-spoilt"),
        (Answers204, "answers-204"),
        (AnswersRedirect, "answers-redirect"),
        (TooLongAnswer, "too-long-answer"),
        (AnswersHtml, "answers-html"),
        (AsciiOnly, "ascii-only"),
        (RewritesJson, "rewrites-json"),
        (TrimsBody, "trims-body"),
        (DecodesQueryTwice, "decodes-query-twice"),
        (StrictFields, "strict-fields"),
        (StrictTypes, "strict-types"),
        (TextOnly, "text-only"),
    ];

    /// The word that names it.
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(flaw, _)| *flaw == self).map_or("", |(_, word)| word)
    }

    /// Whether a receiver of this service can have it.
    pub fn concerns(self, service: Service) -> bool {
        match self {
            EmptyKey | UndecodedToken | RemembersSignatures | RewritesJson | TrimsBody | DecodesQueryTwice
            | TooLongAnswer => service == Service::Chatwork,
            AnswersHtml | TextOnly => service == Service::Chatday,
            _ => true,
        }
    }

    /// The flaws that a receiver of this service can have.
    pub fn of(service: Service) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|(flaw, _)| flaw).filter(move |flaw| flaw.concerns(service))
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Flaw {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let words = || Self::ALL.map(|(_, word)| word).join(", ");
        Self::ALL
            .into_iter()
            .find(|(_, known)| *known == word)
            .map(|(flaw, _)| flaw)
            .ok_or_else(|| format!("unknown flaw '{word}': expected one of {}", words()))
    }
}
