//! Two ends of our association on one bench: what one sends, the other receives at once.

use std::collections::VecDeque;

use keystorm::association::{
    Accept, Association, Config, Env, KeyExchange, Offer, Operations, Output, PskStore, Secret,
    early_secret, master_secret_12,
};
use keystorm::sim::time::Time;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;

/// One byte, as in the tables of the protocol comparison.
const IDENTITY: &[u8] = b"m";

/// One pre-shared key; its early secret is computed for every handshake, as the floor does it.
struct OneKey;

impl PskStore for OneKey {
    fn early_secret(&self, identity: &[u8], operations: &mut Operations) -> Option<Secret> {
        (identity == IDENTITY).then(|| early_secret(&[7; 32], operations))
    }

    fn master_secret_12(
        &self,
        identity: &[u8],
        label: &[u8],
        seed: &[u8],
        operations: &mut Operations,
    ) -> Option<[u8; 48]> {
        (identity == IDENTITY).then(|| master_secret_12(&[7; 32], label, seed, operations))
    }
}

/// An end of an association.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    Client,
    Server,
}

/// Both ends, once established.
pub struct Pair {
    pub client: Association,
    pub server: Association,
}

/// The surroundings of all associations.
pub struct World {
    pub config: Config,
    rng: ChaCha8Rng,
    operations: Operations,
    out: Vec<Output>,
    wire: VecDeque<(End, Vec<u8>)>,
    /// Bytes of all datagrams so far.
    pub bytes: usize,
}

impl World {
    pub fn new(key_exchange: KeyExchange) -> Self {
        Self {
            config: Config { key_exchange, ..Config::default() },
            rng: ChaCha8Rng::from_seed([5; 32]),
            operations: Operations::default(),
            out: Vec::new(),
            wire: VecDeque::new(),
            bytes: 0,
        }
    }

    /// A full handshake from the pre-shared key, up to the acknowledgement of the client's Finished.
    pub fn handshake(&mut self) -> Pair {
        let offer = Offer::Psk(IDENTITY);
        let client = self.act(|config, env| Association::connect(config, offer, env));
        let client = client.unwrap_or_else(|_| panic!("a client starts"));
        self.post(End::Server);
        let (_, hello) = self.wire.pop_front().expect("a ClientHello");
        let server = self.act(|config, env| Association::accept(config, b"peer", &hello, env));
        let Accept::Association(server) = server else { panic!("the ClientHello is acceptable") };
        self.post(End::Client);
        let mut pair = Pair { client, server };
        self.deliver(&mut pair);
        assert!(pair.client.is_established() && pair.server.is_established());
        pair
    }

    /// One record of application data from one end to the other.
    pub fn record(&mut self, pair: &mut Pair, to: End, data: &[u8]) {
        let from = if to == End::Server { &mut pair.client } else { &mut pair.server };
        self.act(|config, env| from.send(config, data, env)).unwrap_or_else(|_| panic!("it sends"));
        self.post(to);
        self.deliver(pair);
    }

    /// The client updates its sending keys, and the server acknowledges.
    pub fn key_update(&mut self, pair: &mut Pair) {
        let updated = self.act(|config, env| pair.client.update_keys(config, false, env));
        updated.unwrap_or_else(|_| panic!("keys can be updated"));
        self.post(End::Server);
        self.deliver(pair);
        assert!(!pair.client.is_updating());
    }

    fn act<T>(&mut self, action: impl FnOnce(&Config, &mut Env<'_>) -> T) -> T {
        let Self { config, rng, operations, out, .. } = self;
        action(
            config,
            &mut Env { now: Time::ZERO, rng, keys: &OneKey, operations, out, key_log: None },
        )
    }

    /// Puts what was just sent on the wire.
    fn post(&mut self, to: End) {
        for output in self.out.drain(..) {
            if let Output::Datagram { bytes, .. } = output {
                self.bytes += bytes.len();
                self.wire.push_back((to, bytes));
            }
        }
    }

    fn deliver(&mut self, pair: &mut Pair) {
        while let Some((to, bytes)) = self.wire.pop_front() {
            let (end, back) = match to {
                End::Client => (&mut pair.client, End::Server),
                End::Server => (&mut pair.server, End::Client),
            };
            self.act(|config, env| end.receive(config, &bytes, env));
            self.post(back);
        }
    }
}
