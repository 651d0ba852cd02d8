//! An attacker's own end of an association: the real code, under keys that it holds.

use crate::association::{
    Accept, Association, Config, Env, Offer, Operations, Output, PskStore, Received, Secret,
    ServerSecrets, early_secret, master_secret_12,
};
use crate::node::Hands;
use crate::sim::time::Time;

/// Keys that an attacker holds, as plain bytes.
#[derive(Clone, Debug, Default)]
pub(super) enum HeldKeys {
    /// None.
    #[default]
    None,
    /// One, whoever it claims to be.
    Any(Vec<u8>),
}

impl HeldKeys {
    fn key(&self) -> Option<&[u8]> {
        match self {
            Self::None => None,
            Self::Any(key) => Some(key),
        }
    }
}

impl PskStore for HeldKeys {
    fn early_secret(&self, _: &[u8], operations: &mut Operations) -> Option<Secret> {
        Some(early_secret(self.key()?, operations))
    }

    fn master_secret_12(
        &self,
        _: &[u8],
        label: &[u8],
        seed: &[u8],
        operations: &mut Operations,
    ) -> Option<[u8; 48]> {
        Some(master_secret_12(self.key()?, label, seed, operations))
    }
}

/// One end.
pub(super) struct End {
    association: Association,
    config: Config,
    keys: HeldKeys,
}

/// Calls an association with an attacker's randomness.
fn call<T>(
    keys: &HeldKeys,
    hands: &mut Hands<'_>,
    call: impl FnOnce(&mut Env<'_>) -> T,
) -> (T, Vec<Output>) {
    let (mut operations, mut out) = (Operations::default(), Vec::new());
    let mut env = Env {
        now: hands.now,
        rng: &mut hands.rng,
        keys,
        operations: &mut operations,
        out: &mut out,
        key_log: None,
    };
    let result = call(&mut env);
    (result, out)
}

impl End {
    /// A client that claims to be `identity`; none if it holds no key that it could try.
    pub(super) fn connect(
        config: &Config,
        keys: HeldKeys,
        identity: &str,
        hands: &mut Hands<'_>,
    ) -> Option<(Self, Vec<Output>)> {
        let offer = Offer::Psk(identity.as_bytes());
        let (association, out) = call(&keys, hands, |env| Association::connect(config, offer, env));
        Some((Self { association: association.ok()?, config: config.clone(), keys }, out))
    }

    /// A server that answers a ClientHello; none if it cannot.
    pub(super) fn accept(
        config: &Config,
        keys: HeldKeys,
        datagram: &[u8],
        hands: &mut Hands<'_>,
    ) -> Option<(Self, Vec<Output>)> {
        let secrets = ServerSecrets { cookie: [1; 32], ticket: [1; 16] };
        let config = Config { server: Some(secrets), cookie: false, ..config.clone() };
        let (accept, out) =
            call(&keys, hands, |env| Association::accept(&config, b"victim", datagram, env));
        let Accept::Association(association) = accept else { return None };
        Some((Self { association, config, keys }, out))
    }

    /// Takes a datagram.
    pub(super) fn receive(
        &mut self,
        datagram: &[u8],
        hands: &mut Hands<'_>,
    ) -> (Received, Vec<Output>) {
        let Self { association, config, keys } = self;
        call(keys, hands, |env| association.receive(config, datagram, env))
    }

    /// Protects data; nothing if it cannot yet.
    pub(super) fn send(&mut self, data: &[u8], hands: &mut Hands<'_>) -> Vec<Output> {
        let Self { association, config, keys } = self;
        call(keys, hands, |env| association.send(config, data, env)).1
    }

    /// Does what is due.
    pub(super) fn timeout(&mut self, hands: &mut Hands<'_>) -> Vec<Output> {
        let Self { association, config, keys } = self;
        call(keys, hands, |env| association.timeout(config, env)).1
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        self.association.next_timeout()
    }

    pub(super) const fn is_ready(&self) -> bool {
        self.association.is_established()
    }

    /// The handshake was begun by a ClientHello of this random.
    pub(super) fn began_with(&self, random: &[u8; 32]) -> bool {
        self.association.began_with(random)
    }
}
