//! What devices and CSEs are provisioned with to protect reports end to end: pairwise keys, and the CSE's shared
//! random object. Nobody between the two has either key.

use rand_core::Rng as _;

use super::keys::Provisioner;
use crate::credential::KeyBytes;
use crate::credential::hierarchy::PairwiseKey;
use crate::node::NodeId;
use crate::onem2m::end_to_end::{Credential, Originator, Recipient, shared_rand};
use crate::onem2m::esprim::{KeyId, ReceiverRand};

/// Draws of a device's pairwise key.
const PAIRWISE_DRAWS: u8 = 22;
/// Draws of a CSE's shared random object.
const RAND_DRAWS: u8 = 23;

impl Provisioner<'_> {
    /// What protects the reports of `device`, if something is to.
    pub(super) fn originator(&self, device: NodeId) -> Option<Box<Originator>> {
        let layout = self.layout;
        if !layout.group(device).end_to_end {
            return None;
        }
        let keeper = layout.keeper(device);
        let to = format!("{}/{}", layout.entity(keeper), layout.cse_name(keeper));
        let credential = Credential {
            id: self.pairwise_id(device),
            key: PairwiseKey::new(self.pairwise(device)),
            receiver: self.shared_rand(keeper),
        };
        Some(Box::new(Originator::new(credential, to)))
    }

    /// What opens the reports that are protected to the CSE `keeper`, if there are some.
    pub(super) fn recipient(&self, keeper: NodeId) -> Option<Recipient> {
        let layout = self.layout;
        let groups = layout.groups.iter().filter(|group| group.end_to_end);
        let members = groups.flat_map(|group| group.first.0..group.first.0 + group.count);
        let mut devices =
            members.map(NodeId).filter(|device| layout.keeper(*device) == keeper).peekable();
        devices.peek()?;
        let mut recipient = Recipient::new(self.shared_rand(keeper));
        for device in devices {
            let key = PairwiseKey::new(self.pairwise(device));
            // A plan is checked for more keys than there is room for.
            recipient.add(self.pairwise_id(device), key, &layout.originator_there(device));
        }
        Some(recipient)
    }

    /// The key that `device` and the CSE that keeps its reports share.
    pub(super) fn pairwise(&self, device: NodeId) -> KeyBytes {
        let mut key = [0; 32];
        self.draw_of(device, PAIRWISE_DRAWS, &mut key);
        KeyBytes::new(key)
    }

    fn pairwise_id(&self, device: NodeId) -> KeyId {
        let (device, keeper) = (self.layout.identity(device), self.layout.keeper(device));
        let id = format!("{device}@{}", self.layout.cse_name(keeper));
        KeyId::parse(&id).expect("identities are letters, digits and dashes, and short")
    }

    fn shared_rand(&self, keeper: NodeId) -> ReceiverRand {
        let mut value = [0; 16];
        self.draw_of(keeper, RAND_DRAWS, &mut value);
        shared_rand(value)
    }

    fn draw_of(&self, node: NodeId, purpose: u8, out: &mut [u8]) {
        let (streams, member) = self.streams(node);
        streams.draws(member, purpose, &mut 0).fill_bytes(out);
    }
}
