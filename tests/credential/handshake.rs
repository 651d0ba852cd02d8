//! Real handshakes out of every place.

use keystorm::association::{
    Accept, Association, Config, Env, Offer, Operations, Output, PskStore,
};
use keystorm::credential::Level;
use keystorm::credential::hierarchy::{BOOTSTRAP_LABEL, EXPORT_LEN, split_export};
use keystorm::credential::store::{
    HandshakeKeys, KeyStore, Store, StoreError, StoreKind, StoreOperation, Work,
};
use keystorm::sim::time::{Duration, Time};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::{contains, entry, key, stores};

const IDENTITY: &[u8] = b"meter7@maf.example.com";

struct End {
    association: Option<Association>,
    rng: ChaCha8Rng,
    established: bool,
}

impl End {
    fn new(seed: u64) -> Self {
        Self { association: None, rng: ChaCha8Rng::seed_from_u64(seed), established: false }
    }

    /// One call of an association; gives the datagrams that it sends.
    fn call(
        &mut self,
        keys: &dyn PskStore,
        f: impl FnOnce(&mut Option<Association>, &mut Env<'_>),
    ) -> Vec<Vec<u8>> {
        let (mut out, mut operations) = (Vec::new(), Operations::default());
        let (now, rng) = (Time::ZERO, &mut self.rng);
        let mut env =
            Env { now, rng, keys, operations: &mut operations, out: &mut out, key_log: None };
        f(&mut self.association, &mut env);
        let mut datagrams = Vec::new();
        for output in out {
            match output {
                Output::Datagram { bytes, .. } => datagrams.push(bytes),
                Output::Established { .. } => self.established = true,
                _ => {}
            }
        }
        datagrams
    }

    fn receive(&mut self, keys: &dyn PskStore, datagram: &[u8]) -> Vec<Vec<u8>> {
        self.call(keys, |association, env| {
            let config = Config::default();
            if let Some(association) = association {
                association.receive(&config, datagram, env);
            } else if let Accept::Association(new) =
                Association::accept(&config, b"peer", datagram, env)
            {
                *association = Some(new);
            }
        })
    }
}

/// Client and server with the keys that they are given; what they export if both are established.
fn handshake(client_keys: &dyn PskStore, server_keys: &dyn PskStore) -> Option<[u8; EXPORT_LEN]> {
    let (mut client, mut server) = (End::new(1), End::new(2));
    let mut to_server = client.call(client_keys, |association, env| {
        let config = Config::default();
        *association = Some(Association::connect(&config, Offer::Psk(IDENTITY), env).unwrap());
    });
    for _ in 0..8 {
        let to_client: Vec<_> =
            to_server.iter().flat_map(|bytes| server.receive(server_keys, bytes)).collect();
        to_server = to_client.iter().flat_map(|bytes| client.receive(client_keys, bytes)).collect();
    }
    if !client.established || !server.established {
        return None;
    }
    let exports = [client, server].map(|end| {
        let mut out = [0; EXPORT_LEN];
        let label = BOOTSTRAP_LABEL.as_bytes();
        let association = end.association.unwrap();
        association.export(label, &[], &mut out, &mut Operations::default()).unwrap();
        out
    });
    assert_eq!(exports[0], exports[1]);
    Some(exports[0])
}

fn with_key(mut store: Store, byte: u8) -> Store {
    let name = str::from_utf8(IDENTITY).unwrap();
    store.keys_mut().write(entry(name, Level::Kpm), key(byte), &mut Work::default()).unwrap();
    store
}

fn keys(store: &Store) -> HandshakeKeys<'_> {
    HandshakeKeys::new(store.keys(), Time::ZERO)
}

#[test]
fn a_handshake_works_out_of_every_place_with_every_place() {
    for client in stores() {
        let client = with_key(client, 0x4b);
        for server in stores() {
            let server = with_key(server, 0x4b);
            assert!(handshake(&keys(&client), &keys(&server)).is_some());
        }
    }
}

#[test]
fn another_key_at_the_server_makes_no_association() {
    for store in stores() {
        let (client, server) =
            (with_key(store, 0x4b), with_key(stores().into_iter().next().unwrap(), 0x4c));
        assert_eq!(handshake(&keys(&client), &keys(&server)), None);
    }
}

#[test]
fn after_a_handshake_the_key_is_in_the_images_of_flash_and_of_nothing_else() {
    for store in stores() {
        let client = with_key(store, 0x4b);
        let server = with_key(stores().into_iter().next_back().unwrap(), 0x4b);
        handshake(&keys(&client), &keys(&server)).expect("both have the key");
        for store in [&client, &server] {
            let store = store.keys();
            let open = store.kind() == StoreKind::PlainFlash;
            assert_eq!(contains(&store.storage_image(), &[0x4b; 32]), open);
            assert_eq!(contains(&store.memory_image(), &[0x4b; 32]), open);
        }
    }
}

#[test]
fn a_handshake_keeps_a_secure_element_busy_for_one_derivation() {
    let [_, _, element, cloud] = stores();
    let (client, server) = (with_key(element, 1), with_key(cloud, 1));
    let (client_keys, server_keys) = (keys(&client), keys(&server));
    handshake(&client_keys, &server_keys).unwrap();
    assert_eq!(client_keys.work().of(StoreOperation::Kdf), 1);
    let busy = |store: &dyn KeyStore, work: Work| work.time(store.service_times());
    assert_eq!(busy(client.keys(), client_keys.work()), Duration::from_millis(99));
    assert_eq!(busy(server.keys(), server_keys.work()), Duration::from_millis(4));
}

#[test]
fn both_ends_export_one_enrolment_key_and_can_go_on_from_there() {
    let [plain, _, _, cloud] = stores();
    let (client, server) = (with_key(plain, 1), with_key(cloud, 1));
    let export = handshake(&keys(&client), &keys(&server)).unwrap();
    let (relative, ke) = split_export(&export);
    assert_eq!(relative.0, export[..16]);
    assert_eq!(ke.expose(), &export[16..]);
}

#[test]
fn two_factors_are_needed_where_two_are_asked_for() {
    let store = |byte| with_key(stores().into_iter().nth(2).unwrap(), byte);
    let second = |byte| with_key(stores().into_iter().nth(3).unwrap(), byte);
    let (first, factor) = (store(1), second(2));
    let server = keys(&first).with_second_factor(factor.keys());

    let client = keys(&first).with_second_factor(factor.keys());
    assert!(handshake(&client, &server).is_some(), "with both");
    assert_eq!(client.second_work().of(StoreOperation::Kdf), 1);

    assert_eq!(handshake(&keys(&first), &server), None, "with the first alone");
    let (wrong, factor) = (store(9), second(2));
    let client = keys(&wrong).with_second_factor(factor.keys());
    assert_eq!(handshake(&client, &server), None, "with the second alone");
    let client = keys(&first).with_second_factor(wrong.keys());
    assert_eq!(handshake(&client, &server), None, "with another second");
    let nothing = stores().into_iter().next().unwrap();
    let client = keys(&first).with_second_factor(nothing.keys());
    let secret = client.early_secret(IDENTITY, &mut Operations::default());
    assert_eq!((secret, client.refusal()), (None, Some(StoreError::Unknown)));
}
