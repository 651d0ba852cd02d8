//! What devices and registrars are provisioned with to change names: a secret of each device, and a table of them.

use rand_core::Rng as _;

use super::keys::Provisioner;
use crate::credential::KeyBytes;
use crate::node::{NodeId, Pseudonyms, Renaming};
use crate::onem2m::pseudonym::{Generator, Registrar, Rotation, Secret, Span};
use crate::sim::time::{Duration, Time};

/// Draws of the secret that a device's names are made of.
const SECRET_DRAWS: u8 = 24;
/// Names that stay valid before and after the present one: for messages on their way.
const OVERLAP: u8 = 1;

impl Provisioner<'_> {
    /// The names of `node`, or those of its `clients`, if some change.
    pub(super) fn pseudonyms(&self, node: NodeId, clients: &[NodeId]) -> Option<Box<Pseudonyms>> {
        if let Some(rotation) = self.layout.group(node).renaming.and_then(rotation) {
            let generator = Generator::new(self.name_secret(node), rotation, 0);
            return Some(Box::new(Pseudonyms::Own { generator, current: None }));
        }
        let mut tables: Vec<(Duration, Registrar)> = Vec::new();
        for client in clients {
            let Some(renaming) = self.layout.group(*client).renaming else { continue };
            let Some(rotation) = rotation(renaming) else { continue };
            let known = tables.iter().position(|(every, _)| *every == renaming.every);
            let at = known.unwrap_or(tables.len());
            if at == tables.len() {
                tables.push((renaming.every, Registrar::new(rotation, OVERLAP, OVERLAP)));
            }
            if let Some((_, table)) = tables.get_mut(at) {
                // A plan has fewer devices than a table has room for, and each is here once.
                let _ = table.enrol(client.0, self.name_secret(*client), Time::ZERO);
            }
        }
        let tables: Vec<Registrar> = tables.into_iter().map(|(_, table)| table).collect();
        (!tables.is_empty()).then(|| Box::new(Pseudonyms::Known(tables)))
    }

    fn name_secret(&self, device: NodeId) -> Secret {
        let (streams, member) = self.streams(device);
        let mut key = [0; 32];
        streams.draws(member, SECRET_DRAWS, &mut 0).fill_bytes(&mut key);
        Secret::new(KeyBytes::new(key))
    }
}

fn rotation(renaming: Renaming) -> Option<Rotation> {
    Span::new(renaming.every).map(Rotation::Time)
}
