//! Replay windows over counters, and where they survive a restart.

use crate::planted::{self, Defect};
use jiff::civil::DateTime;

use super::receiver::SessionId;

/// The widest window, in objects.
pub const MAX_WINDOW: u8 = 64;
/// Objects that one session seals in one direction: far below the bounds of AES-GCM for IVs that count.
pub const MAX_SEALINGS: u64 = 1 << 32;

/// What must survive a restart of a receiver, for one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// One more than the highest counter accepted.
    pub next: u64,
    /// Bit i: `next - 1 - i` was accepted.
    pub seen: u64,
    /// Responses whose counters are given away: none of them may be used again.
    pub answers: u64,
    /// When the session ends: from then on the snapshot may be forgotten.
    pub expiry: DateTime,
}

/// The snapshot is not saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not saved")]
pub struct Unsaved;

/// Memory that survives a restart.
pub trait WindowStore {
    /// Replaces what is kept for this session. It must be safe when this returns: the request is
    /// accepted next.
    ///
    /// # Errors
    /// If it is not safe; the request is then refused.
    fn save(&mut self, session: &SessionId, snapshot: Snapshot) -> Result<(), Unsaved>;
}

impl Snapshot {
    pub(super) const fn new(expiry: DateTime) -> Self {
        Self { next: 0, seen: 0, answers: 0, expiry }
    }

    /// The snapshot after `counter`; `None` if it was accepted before or lies behind a window of `size`
    /// counters.
    pub(super) fn after(mut self, counter: u64, size: u8) -> Option<Self> {
        if counter >= MAX_SEALINGS {
            return None;
        }
        if counter >= self.next {
            let ahead = u32::try_from(counter - self.next + 1).unwrap_or(u32::MAX);
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.next = counter + 1;
            return Some(self);
        }
        let behind = self.next - 1 - counter;
        let bit = 1_u64.checked_shl(u32::try_from(behind).ok()?)?;
        if planted::is(Defect::EsprimReplay) && behind == 0 {
            return Some(self);
        }
        if behind >= u64::from(size) || self.seen & bit != 0 {
            return None;
        }
        self.seen |= bit;
        Some(self)
    }
}
