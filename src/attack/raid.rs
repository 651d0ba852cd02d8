//! Raid on a server's keys: its database by a path that should not be served, its HSM by the interface of
//! its administrators.

use rand_core::Rng as _;

use super::theft::ransack;
use super::{Field, Program};
use crate::credential::KeyBytes;
use crate::credential::store::{KeyName, Powers, TokenRequest, read_record, unwrap_key};
use crate::node::{Deed, Hands, Intruder, NodeId, Placement, key_name};

/// Takes what it can get of the keys of each victim, a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raid;

impl Raid {
    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        field.in_each_victim(|at| Raider { at })
    }
}

impl From<Raid> for Program {
    fn from(raid: Raid) -> Self {
        Self::Raid(raid)
    }
}

struct Raider {
    at: NodeId,
}

impl Intruder for Raider {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        let (layout, at) = (hands.layout, self.at);
        let nodes = (0..).map(NodeId).take(layout.places.len());
        let clients = nodes.filter(|node| layout.place(*node).registrar == at && *node != at);
        let Some(client) = clients.last() else { return };
        let Some(name) = key_name(layout, client) else { return };
        let found = [
            ("reads the database by a path", self.traverse(&name, hands)),
            ("asks the HSM to export", self.export(&name, hands)),
            ("has the HSM wrap and decrypt", self.wrap_and_decrypt(&name, hands)),
            ("has the HSM wrap under a key of its own", self.wrap_under_own(&name, hands)),
        ];
        for (what, key) in found {
            let deed = if key.is_some() { Deed::Stole } else { Deed::Commanded };
            hands.step(deed, what, None);
            if let Some(key) = key {
                hands.exhibit(client, key.expose());
            }
        }
    }
}

impl Raider {
    fn ask(&self, request: &TokenRequest, hands: &mut Hands<'_>) -> Option<Vec<u8>> {
        hands.administer(self.at, &request.encode())
    }

    fn traverse(&self, name: &KeyName, hands: &mut Hands<'_>) -> Option<KeyBytes> {
        let storage = hands.storage_image(self.at)?;
        let mut found = ransack(&storage, &[]).into_iter();
        found.find(|loot| loot.entry.name == *name).map(|loot| loot.key)
    }

    fn export(&self, name: &KeyName, hands: &mut Hands<'_>) -> Option<KeyBytes> {
        KeyBytes::from_slice(&self.ask(&TokenRequest::Export(name.clone()), hands)?)
    }

    fn wrap_and_decrypt(&self, name: &KeyName, hands: &mut Hands<'_>) -> Option<KeyBytes> {
        let under = KeyName::new("migration").ok()?;
        let powers = Powers { wrap: true, decrypt: true };
        self.ask(&TokenRequest::Generate(under.clone(), powers), hands)?;
        let wrap = TokenRequest::Wrap { credential: name.clone(), under: under.clone() };
        let data = self.ask(&wrap, hands)?;
        let clear = self.ask(&TokenRequest::Decrypt { under, data }, hands)?;
        read_record(&clear).map(|(_, key)| key)
    }

    fn wrap_under_own(&self, name: &KeyName, hands: &mut Hands<'_>) -> Option<KeyBytes> {
        let mut own = [0; 32];
        hands.rng.fill_bytes(&mut own);
        let (own, under) = (KeyBytes::new(own), KeyName::new("partner").ok()?);
        let powers = Powers { wrap: true, decrypt: false };
        self.ask(&TokenRequest::Import(under.clone(), powers, own.clone()), hands)?;
        let wrapped = self.ask(&TokenRequest::Wrap { credential: name.clone(), under }, hands)?;
        unwrap_key(&wrapped, &own).map(|(_, key)| key)
    }
}
