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
    /// The link is out of service.
    LinkDown,
}

impl DropReason {
    /// The name in `message.rejected.NAME`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "link_loss",
            Self::QueueFull => "link_queue_full",
            Self::TooLong => "link_mtu",
            Self::LinkDown => "link_down",
        }
    }
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
