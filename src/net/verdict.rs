//! What becomes of a datagram: the one answer that links, and later adversaries, give.

use crate::sim::time::Duration;

/// Why a datagram went no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// Lost on the way.
    Loss,
    /// The sender's queue was full.
    QueueFull,
    /// Longer than the link's MTU.
    TooLong,
}

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrives after this delay.
    Pass(Duration),
    /// It does not arrive.
    Drop(DropReason),
    /// It arrives twice, after these delays.
    Duplicate(Duration, Duration),
}
