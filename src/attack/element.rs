//! A secure element, taken out of its device and put into a host of the attacker's.

use rand_core::Rng as _;

use super::break_in::Clone;
use super::end::Held;
use super::{Field, Program};
use crate::node::{Answer, Deed, Hands, Intruder, NodeId, Packet, Placement, Way};

/// Moves the element of each victim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveElement {
    /// The group of the attacker's own host, in the victims' site; without, the element is only taken away.
    pub host: Option<String>,
}

impl MoveElement {
    pub(super) fn parameters(&self) -> toml::Table {
        let host = self.host.as_ref().map(|host| ("host".to_owned(), host.as_str().into()));
        host.into_iter().collect()
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        let host = self.host.as_deref().and_then(|host| field.first_of(host));
        let numbered = field.victims.iter().zip(0..);
        numbered
            .map(|(victim, n)| {
                let program = Mover { victim: *victim, host, clone: Clone::at(host) };
                field.placement(n, *victim, host.into_iter().collect(), program)
            })
            .collect()
    }
}

impl From<MoveElement> for Program {
    fn from(element: MoveElement) -> Self {
        Self::MoveElement(element)
    }
}

struct Mover {
    victim: NodeId,
    host: Option<NodeId>,
    clone: Clone,
}

impl Intruder for Mover {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        let Some(mut element) = hands.pull_element(self.victim) else { return };
        hands.step(Deed::Stole, "takes the element out", None);
        if self.host.is_none() {
            return;
        }
        // It has no pairing key: any answer is as good as another.
        let mut guess = [0; 32];
        hands.rng.fill_bytes(&mut guess);
        let serves = hands.power_up(self.victim, &mut element, |_| guess);
        let end = if serves { "which serves there" } else { "which stays silent" };
        hands.step(Deed::Commanded, format!("puts it into another host, {end}"), None);
        self.clone.start(self.victim, Held::Place(element), hands);
    }

    fn passing(&mut self, _: NodeId, way: Way, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        self.clone.passing(way, packet, hands)
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        self.clone.wake(hands);
    }
}
