//! Names that change: under which names devices make their associations, and how their registrars know whose they are.

use crate::onem2m::pseudonym::{Generator, Pseudonym, Registrar};
use crate::sim::time::{Duration, Time};

use super::layout::{Layout, NodeId};

/// How the members of a group change their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renaming {
    /// So often, all at the same moments: at whole multiples of this since the start of the run. Not zero.
    pub every: Duration,
    /// The longest that a member is silent after it; each draws its own pause, from zero.
    pub pause: Duration,
}

impl Renaming {
    /// The number of the name at `now`.
    #[must_use]
    pub fn epoch(&self, now: Time) -> u64 {
        now.0.checked_div(self.every.0).unwrap_or(0)
    }

    /// When the next name is taken.
    #[must_use]
    pub fn next(&self, now: Time) -> Time {
        Time((self.epoch(now) + 1).saturating_mul(self.every.0))
    }
}

/// The names that a node goes by, or that it knows others by.
#[derive(Debug)]
pub enum Pseudonyms {
    /// A device: its own.
    Own {
        /// Makes them.
        generator: Generator,
        /// The one in use.
        current: Option<Pseudonym>,
    },
    /// A registrar: those of its devices, by the number of each node. One table for each way of renaming.
    Known(Vec<Registrar>),
}

impl Pseudonyms {
    /// A device takes the name of the present: the name, and how many HMACs that was.
    pub(super) fn take(&mut self, now: Time) -> Option<(String, u64)> {
        let Self::Own { generator, current } = self else { return None };
        let next = generator.next(now);
        let is_new = current.replace(next) != Some(next);
        Some((next.ae_id_stem(), u64::from(is_new)))
    }

    /// A registrar brings its tables to the present: how many HMACs that took.
    pub(super) fn advance(&mut self, now: Time) -> u64 {
        match self {
            Self::Own { .. } => 0,
            Self::Known(tables) => tables.iter_mut().map(|table| table.advance(now)).sum(),
        }
    }

    /// The node that goes by this name now, as `me` knows. Where names collide, the handshake under the key of
    /// the first decides.
    pub(super) fn whose(&self, name: &[u8], me: NodeId) -> Option<NodeId> {
        let name = Pseudonym::from_ae_id_stem(str::from_utf8(name).ok()?)?;
        match self {
            Self::Own { current, .. } => (*current == Some(name)).then_some(me),
            Self::Known(tables) => {
                let holder = tables.iter().find_map(|table| table.resolve(name).next())?;
                Some(NodeId(holder.device))
            }
        }
    }

    /// The name that stands for this one in the store of keys.
    pub(super) fn in_store(&self, name: &[u8], me: NodeId, layout: &Layout) -> Option<Vec<u8>> {
        Some(layout.identity(self.whose(name, me)?).into_bytes())
    }
}
