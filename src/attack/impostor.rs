//! A host of the attacker that takes on an identity with a key that it found: the real client of a real
//! handshake, run on the attacker's own machine.

use rand_core::Rng;

use crate::association::{Association, Config, Env, Failure, Offer, Operations, Output, SendError};
use crate::credential::KeyBytes;
use crate::credential::Level;
use crate::credential::lifetime::Validity;
use crate::credential::store::{
    Entry, HandshakeKeys, KeyName, PlainFlash, Store, StoreError, Work,
};
use crate::sim::time::Time;

/// What the impostor wants done or known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Send this to the victim's peer.
    Send(Vec<u8>),
    /// The peer takes it for somebody else.
    Accepted,
    /// The peer does not.
    Failed(Failure),
    /// The peer says something under keys.
    Data(Vec<u8>),
}

/// A clone of a device, or of whoever else an identity belongs to.
pub struct Impostor {
    identity: String,
    keys: Store,
    config: Config,
    association: Option<Association>,
}

impl Impostor {
    /// An impostor with the key that it believes to belong to `identity`, and the settings that everybody
    /// uses in this system.
    ///
    /// # Errors
    /// If the identity is no name that a store takes.
    pub fn new(identity: &str, key: KeyBytes, config: Config) -> Result<Self, StoreError> {
        let mut keys = Store::Plain(PlainFlash::new());
        let (name, validity) = (KeyName::new(identity)?, Validity::ALWAYS);
        let entry = Entry { name, level: Level::Kpsa, validity };
        keys.keys_mut().write(entry, key, &mut Work::default())?;
        Ok(Self { identity: identity.to_owned(), keys, config, association: None })
    }

    /// An impostor whose keys are in a place that it holds in its hands, such as another's element.
    #[must_use]
    pub fn with(identity: &str, keys: Store, config: Config) -> Self {
        Self { identity: identity.to_owned(), keys, config, association: None }
    }

    /// Whom it pretends to be.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Whether the peer takes it for that.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.association.as_ref().is_some_and(Association::is_established)
    }

    /// Begins a handshake.
    pub fn start(&mut self, now: Time, rng: &mut dyn Rng) -> Vec<Wish> {
        let Self { identity, keys, config, .. } = self;
        let mut association = None;
        let wishes = call(keys, now, rng, |env| {
            association = Association::connect(config, Offer::Psk(identity.as_bytes()), env).ok();
        });
        self.association = association;
        wishes
    }

    /// Takes in a datagram of the peer.
    pub fn receive(&mut self, now: Time, datagram: &[u8], rng: &mut dyn Rng) -> Vec<Wish> {
        let Self { keys, config, association, .. } = self;
        let Some(association) = association else { return Vec::new() };
        call(keys, now, rng, |env| {
            association.receive(config, datagram, env);
        })
    }

    /// When [`Self::timeout`] has something to do.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Time> {
        self.association.as_ref().and_then(Association::next_timeout)
    }

    /// Repeats what was not answered.
    pub fn timeout(&mut self, now: Time, rng: &mut dyn Rng) -> Vec<Wish> {
        let Self { keys, config, association, .. } = self;
        let Some(association) = association else { return Vec::new() };
        call(keys, now, rng, |env| association.timeout(config, env))
    }

    /// Says something under the stolen name.
    ///
    /// # Errors
    /// If the peer has not accepted it, or the text is too long.
    pub fn say(
        &mut self,
        now: Time,
        text: &[u8],
        rng: &mut dyn Rng,
    ) -> Result<Vec<Wish>, SendError> {
        let Self { keys, config, association, .. } = self;
        let association = association.as_mut().ok_or(SendError::NotEstablished)?;
        let mut result = Ok(());
        let wishes = call(keys, now, rng, |env| result = association.send(config, text, env));
        result.map(|()| wishes)
    }
}

fn call(keys: &Store, now: Time, rng: &mut dyn Rng, act: impl FnOnce(&mut Env<'_>)) -> Vec<Wish> {
    let keys = HandshakeKeys::new(keys.keys(), now);
    let (mut out, mut operations) = (Vec::new(), Operations::default());
    act(&mut Env {
        now,
        rng,
        keys: &keys,
        operations: &mut operations,
        out: &mut out,
        key_log: None,
    });
    let wish = |output| match output {
        Output::Datagram { bytes, .. } => Some(Wish::Send(bytes)),
        Output::Established { .. } => Some(Wish::Accepted),
        Output::Failed(failure) => Some(Wish::Failed(failure)),
        Output::Data(data) => Some(Wish::Data(data)),
        _ => None,
    };
    out.into_iter().filter_map(wish).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::association::{Accept, KeyExchange, Profile, Suite12, Timers};
    use crate::sim::time::Duration;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng as _;

    fn config(profile: Profile) -> Config {
        Config {
            profile,
            key_exchange: KeyExchange::PskDhe,
            cookie: false,
            replay_window: 64,
            tickets: 0,
            ticket_lifetime: Duration::ZERO,
            timers: Timers::default(),
            mtu: 1_200,
            long_sequence: false,
            explicit_length: false,
            record_limit: 1 << 20,
            connection_id: None,
            server: None,
        }
    }

    /// Whether a server that knows `true_key` takes an impostor with `stolen` for the device, and what it
    /// then hears.
    fn plays(profile: Profile, stolen: u8, true_key: u8) -> Option<Vec<u8>> {
        let config = config(profile);
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let key = KeyBytes::new([stolen; 32]);
        let mut mallory = Impostor::new("meter-7", key, config.clone()).unwrap();
        let server =
            Impostor::new("meter-7", KeyBytes::new([true_key; 32]), config.clone()).unwrap();
        let mut end: Option<Association> = None;
        let mut heard = None;
        let mut wishes = mallory.start(Time::ZERO, &mut rng);
        for _ in 0..10 {
            let mut answers = Vec::new();
            for wish in std::mem::take(&mut wishes) {
                let Wish::Send(bytes) = wish else { continue };
                let said = call(&server.keys, Time::ZERO, &mut rng, |env| match &mut end {
                    Some(end) => {
                        end.receive(&config, &bytes, env);
                    }
                    None => {
                        if let Accept::Association(new) =
                            Association::accept(&config, b"m", &bytes, env)
                        {
                            end = Some(new);
                        }
                    }
                });
                for wish in said {
                    match wish {
                        Wish::Send(bytes) => answers.push(bytes),
                        Wish::Data(data) => heard = Some(data),
                        _ => {}
                    }
                }
            }
            for bytes in answers {
                wishes.extend(mallory.receive(Time::ZERO, &bytes, &mut rng));
            }
            if mallory.is_accepted() && heard.is_none() {
                wishes.extend(mallory.say(Time::ZERO, b"I am the meter", &mut rng).unwrap());
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
