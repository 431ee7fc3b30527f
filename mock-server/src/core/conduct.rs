//! How an answer is given: what a world decides, and the shell carries out.

use bytes::Bytes;
use contract::wire::Response;

use super::faults::FaultId;

/// What a world makes of a request.
#[derive(Debug)]
pub struct Reply {
    /// The answer. Where the conduct is to give none, nobody reads it.
    pub response: Response,
    /// How to give it, where a fault rule says so.
    pub conduct: Option<Box<Conduct>>,
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self { response, conduct: None }
    }
}

/// What a fault rule does to one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conduct {
    /// The rule.
    pub fault: FaultId,
    /// Status of the answer as the journal has it; 0 where there is none.
    pub status: u16,
    /// How long to hold the answer back, in milliseconds of real time.
    pub delay_ms: u64,
    /// What to do then.
    pub manner: Manner,
}

/// How an answer reaches the peer. Bytes are those of the whole answer, its head included, before any encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As any other.
    Whole,
    /// In pieces. The connection is as good as before afterwards.
    Drip {
        /// Bytes of a piece, 1 or more.
        bytes: usize,
        /// Pause between two pieces, in milliseconds of real time.
        pause_ms: u64,
    },
    /// The connection ends after so many bytes, or with the answer where it is shorter.
    Cut {
        /// How many; 0 for none.
        after: u64,
        /// How it ends.
        by: Cut,
    },
    /// The connection stays open and silent until the peer leaves.
    Stall,
    /// These bytes instead of the answer; then the connection is closed.
    Raw(Bytes),
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// In order: FIN.
    Close,
    /// With a reset: RST.
    Reset,
}
