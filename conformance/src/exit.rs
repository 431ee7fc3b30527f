//! What the exit status of `conformance` means. Scripts rely on these numbers: they never change their meaning.

use std::process::ExitCode;

/// How a call of the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Every check that counts passed.
    Passed,
    /// The subject failed a check.
    Failed,
    /// Bad usage or configuration; nothing was judged. A run that selects no check ends so too.
    Usage,
    /// The subject could not be reached, or the checks could not be settled.
    Unsettled,
    /// A fault of the harness itself.
    Fault,
    /// Stopped by Ctrl-C; the report so far was written.
    Stopped,
}

impl Exit {
    /// Every ending, in the order of its number.
    pub const ALL: [Self; 6] = [Self::Passed, Self::Failed, Self::Usage, Self::Unsettled, Self::Fault, Self::Stopped];

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unsettled => 3,
            Self::Fault => 4,
            Self::Stopped => 130,
        }
    }

    /// What the number means, as `--help` prints it.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Passed => "every check that counts passed",
            Self::Failed => "the subject failed a check",
            Self::Usage => "bad usage or configuration",
            Self::Unsettled => "the subject could not be reached, or the checks could not be settled",
            Self::Fault => "a fault of the harness itself",
            Self::Stopped => "stopped by Ctrl-C: the report so far is written",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
