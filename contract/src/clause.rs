//! The sentences of a contract. Every rule that the mock keeps or the judge asks for names one of these.

use std::fmt;

/// How well a clause is known. The order is meaningful: a later one is weaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// A public document of the service says so.
    Documented,
    /// Seen on the real service by somebody, and recorded in public.
    Observed,
    /// No source says so: our own reasoned choice. A check on it can never be a MUST.
    Assumed,
}

impl Certainty {
    /// One lower-case word, as tables and reports print it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Assumed => "assumed",
        }
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// In which editions of a service a clause holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// In every edition.
    Always,
    /// Only before 2025-07-03 (Chatwork edition `documented`).
    UntilJuly2025,
    /// Only since 2025-07-03 (Chatwork edition `2025-07`).
    SinceJuly2025,
}

/// One sentence of a contract.
#[derive(Debug, PartialEq, Eq)]
pub struct Clause {
    /// Stable name in words, such as `chatwork.errors.envelope`.
    pub id: &'static str,
    /// The rule in one or two sentences.
    pub words: &'static str,
    /// Where it comes from: a public page, a recorded observation, or `ours`.
    pub source: &'static str,
    /// How well it is known.
    pub certainty: Certainty,
    /// In which editions it holds.
    pub holds: Holds,
}

impl Clause {
    /// A clause that a public document states.
    pub const fn documented(id: &'static str, source: &'static str, words: &'static str) -> Self {
        Self { id, words, source, certainty: Certainty::Documented, holds: Holds::Always }
    }

    /// A clause that somebody recorded on the real service.
    pub const fn observed(id: &'static str, source: &'static str, words: &'static str) -> Self {
        Self { id, words, source, certainty: Certainty::Observed, holds: Holds::Always }
    }

    /// A clause that is our own choice where every source is silent.
    pub const fn assumed(id: &'static str, words: &'static str) -> Self {
        Self { id, words, source: "ours", certainty: Certainty::Assumed, holds: Holds::Always }
    }

    /// The same clause, limited to some editions.
    #[must_use]
    pub const fn holding(self, holds: Holds) -> Self {
        Self { holds, ..self }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}; {})", self.words, self.source, self.certainty)
    }
}
