//! An attacker's own end of an association: the real code, on the attacker's own machine, under keys or a place of
//! keys that it holds.

use rand_core::Rng;

use crate::association::{
    Accept, Association, Config, Env, Offer, Operations, Output, PskStore, Secret, ServerSecrets,
    early_secret, master_secret_12,
};
use crate::credential::store::{HandshakeKeys, Store};
use crate::sim::time::Time;

/// What an attacker proves itself with.
pub(super) enum Held {
    /// One key, whoever it claims to be.
    Key(Vec<u8>),
    /// A place of keys that it has in its hands, such as another's element.
    Place(Store),
}

/// One key for every identity.
struct OneKey<'a>(&'a [u8]);

impl PskStore for OneKey<'_> {
    fn early_secret(&self, _: &[u8], operations: &mut Operations) -> Option<Secret> {
        Some(early_secret(self.0, operations))
    }

    fn master_secret_12(
        &self,
        _: &[u8],
        label: &[u8],
        seed: &[u8],
        operations: &mut Operations,
    ) -> Option<[u8; 48]> {
        Some(master_secret_12(self.0, label, seed, operations))
    }
}

/// One end.
pub(super) struct End {
    association: Association,
    config: Config,
    held: Held,
}

/// Calls an association with an attacker's keys and randomness.
fn call<T>(
    held: &Held,
    now: Time,
    rng: &mut dyn Rng,
    call: impl FnOnce(&mut Env<'_>) -> T,
) -> (T, Vec<Output>) {
    let (mut operations, mut out) = (Operations::default(), Vec::new());
    let result = {
        let run = |keys: &dyn PskStore| {
            let operations = &mut operations;
            call(&mut Env { now, rng, keys, operations, out: &mut out, key_log: None })
        };
        match held {
            Held::Key(key) => run(&OneKey(key)),
            Held::Place(store) => run(&HandshakeKeys::new(store.keys(), now)),
        }
    };
    (result, out)
}

impl End {
    /// A client that claims to be `identity`; none if it holds no key that it could try.
    pub(super) fn connect(
        config: &Config,
        held: Held,
        identity: &str,
        now: Time,
        rng: &mut dyn Rng,
    ) -> Option<(Self, Vec<Output>)> {
        let offer = Offer::Psk(identity.as_bytes());
        let (association, out) =
            call(&held, now, rng, |env| Association::connect(config, offer, env));
        Some((Self { association: association.ok()?, config: config.clone(), held }, out))
    }

    /// A server that answers a ClientHello; none if it cannot.
    pub(super) fn accept(
        config: &Config,
        held: Held,
        datagram: &[u8],
        now: Time,
        rng: &mut dyn Rng,
    ) -> Option<(Self, Vec<Output>)> {
        let secrets = ServerSecrets { cookie: [1; 32], ticket: [1; 16] };
        let config = Config { server: Some(secrets), cookie: false, ..config.clone() };
        let (accept, out) =
            call(&held, now, rng, |env| Association::accept(&config, b"victim", datagram, env));
        let Accept::Association(association) = accept else { return None };
        Some((Self { association, config, held }, out))
    }

    /// Takes a datagram.
    pub(super) fn receive(&mut self, datagram: &[u8], now: Time, rng: &mut dyn Rng) -> Vec<Output> {
        let Self { association, config, held } = self;
        call(held, now, rng, |env| association.receive(config, datagram, env)).1
    }

    /// Protects data; nothing if it cannot yet.
    pub(super) fn send(&mut self, data: &[u8], now: Time, rng: &mut dyn Rng) -> Vec<Output> {
        let Self { association, config, held } = self;
        call(held, now, rng, |env| association.send(config, data, env)).1
    }

    /// Does what is due.
    pub(super) fn timeout(&mut self, now: Time, rng: &mut dyn Rng) -> Vec<Output> {
        let Self { association, config, held } = self;
        call(held, now, rng, |env| association.timeout(config, env)).1
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::association::{Profile, Suite12};
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng as _;

    fn datagrams(outputs: &[Output]) -> Vec<Vec<u8>> {
        let bytes = outputs.iter().filter_map(|output| match output {
            Output::Datagram { bytes, .. } => Some(bytes.clone()),
            _ => None,
        });
        bytes.collect()
    }

    /// What a server that knows `right` hears from a client with `stolen` in its hands.
    fn plays(profile: Profile, stolen: u8, right: u8) -> Option<Vec<u8>> {
        let config = Config { profile, ..Config::default() };
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let (now, key) = (Time::ZERO, |byte| Held::Key(vec![byte; 32]));
        let (mut mallory, outputs) = End::connect(&config, key(stolen), "meter-7", now, &mut rng)?;
        let mut server: Option<End> = None;
        let mut heard = None;
        let mut to_server = datagrams(&outputs);
        for _ in 0..10 {
            let mut to_client = Vec::new();
            for bytes in std::mem::take(&mut to_server) {
                let outputs = match &mut server {
                    Some(server) => server.receive(&bytes, now, &mut rng),
                    None => match End::accept(&config, key(right), &bytes, now, &mut rng) {
                        Some((end, outputs)) => {
                            server = Some(end);
                            outputs
                        }
                        None => Vec::new(),
                    },
                };
                to_client.extend(datagrams(&outputs));
                let data = outputs.into_iter().find_map(|output| match output {
                    Output::Data(data) => Some(data),
                    _ => None,
                });
                heard = heard.or(data);
            }
            for bytes in to_client {
                to_server.extend(datagrams(&mallory.receive(&bytes, now, &mut rng)));
            }
            if mallory.is_ready() && heard.is_none() {
                to_server.extend(datagrams(&mallory.send(b"I am the meter", now, &mut rng)));
            }
        }
        heard
    }

    #[test]
    fn the_right_key_is_believed_and_a_wrong_one_is_not() {
        let suite = Suite12::PskAes128Gcm;
        for profile in [Profile::Dtls13, Profile::Dtls12 { suite }] {
            assert_eq!(plays(profile, 7, 7).as_deref(), Some(&b"I am the meter"[..]));
            assert_eq!(plays(profile, 8, 7), None);
        }
    }
}
