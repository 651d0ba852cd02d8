//! The exit codes.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything held.
    Held = 0,
    /// An expectation or a property failed.
    Failed = 1,
    /// Wrong usage, or a scenario that is refused.
    Usage = 2,
    /// A replay differs from its record.
    Differs = 3,
    /// Stopped early; partial results are written and marked.
    Interrupted = 4,
    /// A defect of this program.
    Internal = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
