//! Both ends of an association in one thread, so that their work can be timed alone.

use std::net::{Ipv4Addr, UdpSocket};

use rand_chacha::ChaCha20Rng;

use super::{Keys, LiveError, Psk, Randomness};
use crate::association::{
    Accept, Association, Config, Env, KeyExchange, Offer, Operations, Output,
};
use crate::sim::time::Time;

/// Flights of a handshake, at most.
const FLIGHTS_MAX: usize = 8;
/// Longest wait for a datagram over the loopback.
const WAIT: std::time::Duration = std::time::Duration::from_secs(1);

/// How datagrams come from one end to the other.
pub(super) enum Way {
    Memory,
    /// Two sockets that are connected to each other.
    Sockets(UdpSocket, UdpSocket),
}

impl Way {
    pub(super) fn sockets() -> Result<Self, LiveError> {
        let open = || {
            let one = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            one.connect(other.local_addr()?)?;
            other.connect(one.local_addr()?)?;
            one.set_read_timeout(Some(WAIT))?;
            other.set_read_timeout(Some(WAIT))?;
            Ok(Self::Sockets(one, other))
        };
        open().map_err(LiveError::system("open a socket"))
    }

    pub(super) fn carry(&self, datagram: Vec<u8>, from_client: bool) -> Vec<u8> {
        let Self::Sockets(client, server) = self else { return datagram };
        let (from, to) = if from_client { (client, server) } else { (server, client) };
        let mut buffer = [0; 2_048];
        let len = from.send(&datagram).and_then(|_| to.recv(&mut buffer)).unwrap_or(0);
        buffer[..len].to_vec()
    }
}

/// Both ends of an association, by turns on one thread.
pub(super) struct Pair {
    config: Config,
    keys: Keys,
    rng: ChaCha20Rng,
    way: Way,
    last: Operations,
}

impl Pair {
    pub(super) fn new(key_exchange: KeyExchange, way: Way) -> Result<Self, LiveError> {
        Ok(Self {
            config: Config { key_exchange, ..Config::default() },
            keys: Keys::one("meters-0", Psk::new(&[7; 32])),
            rng: Randomness::System.generator("calibration", 0)?,
            way,
            last: Operations::default(),
        })
    }

    /// What one handshake does, both ends.
    pub(super) fn operations(&mut self) -> Operations {
        self.handshake();
        self.last
    }

    /// One full handshake; true if both ends completed it.
    pub(super) fn handshake(&mut self) -> bool {
        self.last = Operations::default();
        let mut server: Option<Association> = None;
        let (client, mut flight) =
            self.call(|config, env| Association::connect(config, Offer::Psk(b"meters-0"), env));
        let Ok(mut client) = client else { return false };
        for turn in 0..FLIGHTS_MAX {
            let from_client = turn % 2 == 0;
            let mut next = Vec::new();
            for datagram in flight {
                let datagram = self.way.carry(datagram, from_client);
                let ((), out) = self.call(|config, env| match &mut server {
                    _ if !from_client => _ = client.receive(config, &datagram, env),
                    Some(server) => _ = server.receive(config, &datagram, env),
                    None => {
                        if let Accept::Association(new) =
                            Association::accept(config, b"peer", &datagram, env)
                        {
                            server = Some(new);
                        }
                    }
                });
                next.extend(out);
            }
            flight = next;
        }
        client.is_established() && server.is_some_and(|server| server.is_established())
    }

    fn call<T>(&mut self, call: impl FnOnce(&Config, &mut Env<'_>) -> T) -> (T, Vec<Vec<u8>>) {
        let mut out = Vec::new();
        let mut env = Env {
            now: Time::ZERO,
            rng: &mut self.rng,
            keys: &self.keys,
            operations: &mut self.last,
            out: &mut out,
            key_log: None,
        };
        let result = call(&self.config, &mut env);
        let datagram = |output| match output {
            Output::Datagram { bytes, .. } => Some(bytes),
            _ => None,
        };
        (result, out.into_iter().filter_map(datagram).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::association::Operation;

    #[test]
    fn both_ways_carry_a_handshake() {
        for key_exchange in [KeyExchange::Psk, KeyExchange::PskDhe] {
            for way in [Way::Memory, Way::sockets().expect("the loopback is there")] {
                let mut pair = Pair::new(key_exchange, way).expect("there is randomness");
                assert!(pair.handshake());
                let multiplications = u64::from(key_exchange == KeyExchange::PskDhe) * 4;
                assert_eq!(pair.last.of(Operation::X25519), multiplications);
            }
        }
    }
}
