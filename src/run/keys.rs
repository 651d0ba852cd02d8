//! The keys that nodes are provisioned with, and the places that they are put into.

use rand_core::Rng as _;

use crate::association::ServerSecrets;
use crate::credential::gba::{RAND_LEN, ks_naf};
use crate::credential::lifetime::Validity;
use crate::credential::store::{
    Entry, Hsm, KeyName, PlainFlash, SealParameters, SealedFile, Store, Work,
};
use crate::credential::{KeyBytes, Level, WELL_KNOWN_KEY};
use crate::node::{Function, FunctionKind, Keyring, Layout, NodeId};
use crate::scenario::plan::{KeySharing, StorePlace};
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
    pub(super) seed: Seed,
    /// Two factors are needed.
    pub(super) second_factor: bool,
    /// Who has the same pre-shared key.
    pub(super) sharing: KeySharing,
    /// Fleets whose credential with the MEF is lent by an underlying network.
    pub(super) networks: Vec<&'a str>,
    /// By function: the nodes that have a provisioned credential with it.
    pub(super) enrolees: Vec<Vec<NodeId>>,
}

/// A key that a node is provisioned with.
struct Provisioned {
    name: String,
    level: Level,
    key: KeyBytes,
    factor: KeyBytes,
}

/// By function: the nodes that have a provisioned credential with it. These are the devices that begin
/// their enrolment there, every server that may have to ask it for keys, and MAFs where it is a MEF.
pub(super) fn enrolees(layout: &Layout) -> Vec<Vec<NodeId>> {
    let mut enrolees = vec![Vec::new(); layout.functions.len()];
    for index in 0..u32::try_from(layout.places.len()).expect("nodes are counted in 32 bits") {
        let node = NodeId(index);
        let group = layout.group(node);
        for (number, function) in layout.functions.iter().enumerate() {
            let is_maf = layout.function_of(node).is_some_and(|f| f.kind == FunctionKind::Maf);
            let asks = group.is_cse || (is_maf && function.kind == FunctionKind::Mef);
            let first = group.route.map(|route| match route.mef {
                true => FunctionKind::Mef,
                false => FunctionKind::Maf,
            });
            let begins = first == Some(function.kind)
                && layout.function_for(node, function.kind) == u32::try_from(number).ok();
            if asks || begins {
                enrolees[number].push(node);
            }
        }
    }
    enrolees
}

impl Provisioner<'_> {
    /// The keys of `node`, in `place`: its own with its registrar and with functions, and those with
    /// `clients` if it `serves`.
    pub(super) fn keyring(
        &self,
        node: NodeId,
        place: StorePlace,
        serves: bool,
        clients: &[NodeId],
    ) -> Keyring {
        let layout = self.layout;
        let is_provisioned = |client: &&NodeId| layout.group(**client).route.is_none();
        let mut keys: Vec<Provisioned> =
            clients.iter().filter(is_provisioned).map(|client| self.psk(*client)).collect();
        if layout.place(node).registrar != node && layout.group(node).route.is_none() {
            keys.push(self.psk(node));
        }
        let is_endpoint = serves || layout.place(node).registrar != node;
        for (number, enrolees) in self.enrolees.iter().enumerate() {
            if layout.functions[number].node == node {
                keys.extend(enrolees.iter().map(|enrolee| self.credential(*enrolee, number)));
            } else if is_endpoint && enrolees.binary_search(&node).is_ok() {
                keys.push(self.credential(node, number));
            }
        }
        // Stores that sort by name fill fastest in that order.
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        let first = self.fill(node, place, 0, &keys, |key| &key.key);
        let second =
            self.second_factor.then(|| self.fill(node, place, 1, &keys, |key| &key.factor));
        Keyring::new(first, second)
    }

    /// The keys that `client` is provisioned with and that authenticate it: with whom it shares each.
    pub(super) fn secrets_of(&self, client: NodeId) -> Vec<(NodeId, KeyBytes)> {
        let layout = self.layout;
        let registrar = layout.place(client).registrar;
        let mut secrets = Vec::new();
        let has_own = registrar != client && layout.group(client).route.is_none();
        if has_own && self.sharing == KeySharing::Pair {
            secrets.push((registrar, self.draw(client, PSK_DRAWS)));
        }
        for (number, enrolees) in self.enrolees.iter().enumerate() {
            if enrolees.binary_search(&client).is_ok() {
                let key = self.credential(client, number).key;
                secrets.push((layout.functions[number].node, key));
            }
        }
        if layout.group(client).end_to_end {
            secrets.push((layout.keeper(client), self.pairwise(client)));
        }
        secrets
    }

    /// The keys that whole groups share: with whom, the group's members and their registrars.
    pub(super) fn shared_secrets(&self) -> Vec<(Vec<NodeId>, KeyBytes)> {
        let groups = self.layout.groups.iter().filter(|_| self.sharing == KeySharing::Fleet);
        let members = groups.map(|group| (group.first.0..group.first.0 + group.count).map(NodeId));
        let clients = members.map(|members| {
            members.filter(|node| self.layout.place(*node).registrar != *node).collect::<Vec<_>>()
        });
        clients
            .filter(|clients| !clients.is_empty())
            .map(|clients| {
                let key = self.draw(clients[0], PSK_DRAWS);
                let registrars = clients.iter().map(|client| self.layout.place(*client).registrar);
                let mut holders: Vec<NodeId> = clients.iter().copied().chain(registrars).collect();
                holders.sort_unstable();
                holders.dedup();
                (holders, key)
            })
            .collect()
    }

    /// The key that `client` and its registrar share.
    fn psk(&self, client: NodeId) -> Provisioned {
        Provisioned {
            name: self.layout.identity(client),
            level: Level::Kpsa,
            key: self.draw(client, PSK_DRAWS),
            factor: self.draw(client, FACTOR_DRAWS),
        }
    }

    /// The credential that `enrolee` and a function share: Km with a MAF, Kpm with a MEF.
    fn credential(&self, enrolee: NodeId, number: usize) -> Provisioned {
        let layout = self.layout;
        let Function { kind, fqdn, .. } = &layout.functions[number];
        let group = &layout.group(enrolee).name;
        let streams = self.seed.streams(&format!("{group} {fqdn}"));
        let member = layout.place(enrolee).member;
        let (mut key, mut factor, mut rand) = ([0; 32], [0; 32], [0; RAND_LEN]);
        let mut cursor = 0;
        let mut draws = streams.draws(member, PSK_DRAWS, &mut cursor);
        draws.fill_bytes(&mut key);
        draws.fill_bytes(&mut factor);
        draws.fill_bytes(&mut rand);
        let identity = layout.identity(enrolee);
        let mut key = KeyBytes::new(key);
        if self.networks.contains(&group.as_str()) {
            key = ks_naf(&key, &rand, &identity, fqdn);
        }
        Provisioned {
            name: format!("{identity}@{fqdn}"),
            level: match kind {
                FunctionKind::Maf => Level::Km,
                FunctionKind::Mef => Level::Kpm,
            },
            key,
            factor: KeyBytes::new(factor),
        }
    }

    pub(super) fn streams(&self, node: NodeId) -> (&StreamKey, u32) {
        (&self.layout.group(node).streams, self.layout.place(node).member)
    }

    fn draw(&self, node: NodeId, purpose: u8) -> KeyBytes {
        let (streams, member) = match (self.sharing, self.streams(node)) {
            (KeySharing::Everybody, _) => return KeyBytes::new(WELL_KNOWN_KEY),
            (KeySharing::Fleet, (streams, _)) => (streams, 0),
            (KeySharing::Pair, own) => own,
        };
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
