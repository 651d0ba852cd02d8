//! Whoever has a device open on the bench writes over the chip that its keys are in.

use super::{Field, Program};
use crate::credential::store::StoreError;
use crate::node::{Deed, Hands, Intruder, NodeId, Placement};

/// An erased chip: all bits set, as NOR flash leaves them.
const ERASED: [u8; 256] = [0xff; 256];

/// Writes over the chip of each victim, with a programmer at its pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reprogram {
    /// The group of the attacker's own device, in the victims' site, of which the chip is copied; without, the chip is
    /// erased.
    pub from: Option<String>,
}

impl Reprogram {
    pub(super) fn parameters(&self) -> toml::Table {
        let from = self.from.as_ref().map(|from| ("from".to_owned(), from.as_str().into()));
        from.into_iter().collect()
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        let from = self.from.as_deref().and_then(|from| field.first_of(from));
        field.in_each_victim(|victim| Programmer { victim, from })
    }
}

impl From<Reprogram> for Program {
    fn from(reprogram: Reprogram) -> Self {
        Self::Reprogram(reprogram)
    }
}

struct Programmer {
    victim: NodeId,
    from: Option<NodeId>,
}

impl Intruder for Programmer {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        let (image, what) = match self.from.and_then(|own| hands.storage_image(own)) {
            Some(copy) => (copy, "writes the keys of its own device over the chip"),
            None => (ERASED.to_vec(), "erases the chip"),
        };
        let end = match hands.program(self.victim, &image) {
            None => return,
            Some(Ok(())) => "the device starts from them",
            Some(Err(StoreError::SlotLocked)) => "the chip refuses",
            Some(Err(_)) => "the device finds no key there",
        };
        hands.step(Deed::Commanded, format!("{what}: {end}"), None);
    }
}
