//! The keys that nodes are provisioned with, and the places that they are put into.

use rand_core::Rng as _;

use crate::association::ServerSecrets;
use crate::credential::lifetime::Validity;
use crate::credential::store::{
    Entry, Hsm, KeyName, PlainFlash, SealParameters, SealedFile, Store, Work,
};
use crate::credential::{KeyBytes, Level};
use crate::node::{Keyring, Layout, NodeId};
use crate::scenario::plan::StorePlace;
use crate::sim::{Seed, StreamKey};

/// Draws of a client's pre-shared key.
const PSK_DRAWS: u8 = 16;
/// Draws of a server's own secrets.
const SERVER_DRAWS: u8 = 17;
/// Draws of a client's second factor.
const FACTOR_DRAWS: u8 = 18;
/// Draws of what seals a node's file.
const SEAL_DRAWS: u8 = 19;

/// Fills the stores of nodes.
pub(super) struct Provisioner<'a> {
    pub(super) layout: &'a Layout,
    /// Two factors are needed.
    pub(super) second_factor: bool,
}

/// A key that a node is provisioned with.
struct Provisioned {
    name: String,
    level: Level,
    key: KeyBytes,
    factor: KeyBytes,
}

impl Provisioner<'_> {
    /// The keys of `node`, in `place`: its own with its registrar, and those with `clients`.
    pub(super) fn keyring(&self, node: NodeId, place: StorePlace, clients: &[NodeId]) -> Keyring {
        let mut keys: Vec<Provisioned> = clients.iter().map(|client| self.psk(*client)).collect();
        if self.layout.place(node).registrar != node {
            keys.push(self.psk(node));
        }
        if keys.is_empty() {
            return Keyring::default();
        }
        // Stores that sort by name fill fastest in that order.
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        let first = self.fill(node, place, 0, &keys, |key| &key.key);
        let second =
            self.second_factor.then(|| self.fill(node, place, 1, &keys, |key| &key.factor));
        Keyring::new(first, second)
    }

    /// The key that `client` and its registrar share.
    fn psk(&self, client: NodeId) -> Provisioned {
        Provisioned {
            name: self.layout.identity(client),
            level: Level::Kpsa,
            key: self.draw(client, PSK_DRAWS),
            factor: if self.second_factor {
                self.draw(client, FACTOR_DRAWS)
            } else {
                KeyBytes::new([0; 32])
            },
        }
    }

    fn streams(&self, node: NodeId) -> (&StreamKey, u32) {
        (&self.layout.group(node).streams, self.layout.place(node).member)
    }

    fn draw(&self, node: NodeId, purpose: u8) -> KeyBytes {
        let (streams, member) = self.streams(node);
        let mut key = [0; 32];
        streams.draws(member, purpose, &mut 0).fill_bytes(&mut key);
        KeyBytes::new(key)
    }

    fn fill(
        &self,
        node: NodeId,
        place: StorePlace,
        number: u8,
        keys: &[Provisioned],
        bytes: impl Fn(&Provisioned) -> &KeyBytes,
    ) -> Store {
        let mut store = self.empty(node, place, number);
        for key in keys {
            let name = KeyName::new(&key.name).expect("an identity is short enough for a name");
            let entry = Entry { name, level: key.level, validity: Validity::ALWAYS };
            let written = store.keys_mut().write(entry, bytes(key).clone(), &mut Work::default());
            written.expect("a plan is checked for more keys than a store has room for");
        }
        if let Store::Plain(flash) = &mut store {
            flash.shrink();
        }
        store
    }

    /// A place without keys. A sealed file has a device secret of 256 bits, which needs no stretching.
    fn empty(&self, node: NodeId, place: StorePlace, number: u8) -> Store {
        match place {
            StorePlace::Flash => Store::Plain(PlainFlash::new()),
            StorePlace::Sealed => {
                let (streams, member) = self.streams(node);
                let (mut secret, mut salt, mut cursor) = ([0; 32], [0; 16], 0);
                let mut draws = streams.draws(member, SEAL_DRAWS + number, &mut cursor);
                draws.fill_bytes(&mut secret);
                draws.fill_bytes(&mut salt);
                let light = SealParameters::LIGHT;
                let file = SealedFile::create(&secret, salt, light, &mut Work::default());
                Store::Sealed(Box::new(file.expect("the parameters are within their limits")))
            }
            StorePlace::Hsm(profile) => Store::Hsm(Box::new(Hsm::new(profile))),
        }
    }
}

/// What a server keeps secret besides the keys of its clients.
pub(super) fn server_secrets(layout: &Layout, id: NodeId, seed: Seed) -> ServerSecrets {
    let mut secrets = ServerSecrets { cookie: [0; 32], ticket: [0; 16] };
    let mut cursor = 0;
    let streams = seed.streams(&layout.group(id).name);
    let mut draws = streams.draws(layout.place(id).member, SERVER_DRAWS, &mut cursor);
    draws.fill_bytes(&mut secrets.cookie);
    draws.fill_bytes(&mut secrets.ticket);
    secrets
}
