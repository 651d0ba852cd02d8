//! Altered datagrams. Whatever is changed, neither end establishes on it, neither panics, and the
//! retransmission of the true bytes completes the handshake.

use keystorm::association::{Config, Failure, Received, Rejection};
use keystorm::sim::time::Duration;

use super::{SUITES, config, with};
use crate::pair::*;

/// The datagram `n` of `side` gets `mask` over its byte `at`.
fn tampered(config: &Config, side: Side, n: usize, at: usize, mask: u8) -> Pair<'static> {
    let mut pair = Pair::new(config.clone());
    pair.network(move |sent, m| {
        if (sent.from, m) == (side, n) {
            sent.bytes[at] ^= mask;
        }
        Deliver
    });
    pair.handshake();
    pair
}

/// A handshake that went wrong did so at both ends.
fn assert_nobody_established(pair: &Pair<'_>) {
    assert!(!pair.client.is_established() && !pair.server.is_established());
    assert_eq!(pair.client.failure(), Some(Failure::Unanswered));
}

fn every_byte(config: &Config, side: Side, n: usize, check: impl Fn(&Pair<'_>)) {
    let mut plain = Pair::new(config.clone());
    plain.handshake();
    let len = plain.sent(side)[n].bytes.len();
    for at in 0..len {
        for mask in [0x01, 0x80, 0xff] {
            check(&tampered(config, side, n, at, mask));
        }
    }
}

#[test]
fn every_byte_of_every_flight_may_be_altered_once() {
    for suite in SUITES {
        for (side, n) in [(Server, 0), (Client, 1), (Server, 1)] {
            every_byte(&with(suite), side, n, |pair| pair.assert_agreement());
        }
    }
}

#[test]
fn an_altered_hello_leads_to_agreement_or_to_failure_but_to_nothing_else() {
    // No key protects it, so the server answers what it got. The Finished tells.
    every_byte(&config(), Client, 0, |pair| {
        if pair.client.is_established() {
            pair.assert_agreement();
        } else {
            assert_nobody_established(pair);
        }
    });
}

#[test]
fn every_byte_of_the_cookie_exchange_may_be_altered_once() {
    let config = Config { cookie: true, ..config() };
    for (side, n) in [(Server, 0), (Server, 1), (Client, 2)] {
        every_byte(&config, side, n, |pair| pair.assert_agreement());
    }
    // The cookie protects the parameters of the ClientHello, but not its extensions.
    every_byte(&config, Client, 1, |pair| {
        if !pair.client.is_established() {
            assert_nobody_established(pair);
        }
    });
}

/// The same bit of every ServerHello, ClientHello or ClientKeyExchange is altered, every time.
#[test]
fn nobody_establishes_on_plaintext_that_is_always_altered() {
    // The client's random, the server's, the extension, the identity (which is then unknown).
    for (side, n, at) in [(Client, 0, 30), (Server, 0, 30), (Server, 0, 66), (Client, 1, 27)] {
        let mut pair = Pair::new(config());
        let mut first = None;
        pair.network(move |sent, _| {
            if sent.from == side {
                let len = sent.bytes.len();
                let flight = *first.get_or_insert(len);
                if (n == 0 && len == flight) || (n == 1 && len != flight) {
                    sent.bytes[at] ^= 1;
                }
            }
            Deliver
        });
        pair.handshake();
        assert_nobody_established(&pair);
    }
}

#[test]
fn a_forged_server_flight_after_the_true_one_changes_nothing() {
    let mut pair = Pair::new(config());
    pair.connect();
    pair.run(Duration::from_millis(25));
    let mut forged = pair.sent(Server)[0].bytes.clone();
    forged[30] ^= 1;
    let received = pair.deliver(Client, &forged);
    assert_eq!(received, Received::Duplicate, "its ServerHelloDone is the true one");
    let hello = &forged[..69];
    let refused = Received::Rejected(Rejection::ContradictoryFragment);
    assert_eq!(pair.deliver(Client, hello), refused);
    pair.run(Duration::from_millis(25));
    pair.assert_agreement();
}

#[test]
fn a_forged_key_exchange_before_the_true_one_changes_nothing() {
    let mut pair = Pair::new(config());
    let other = (b"e".to_vec(), b"another key".to_vec());
    pair.server.keys.0.push(other);
    pair.network(|sent, n| {
        if sent.from == Client && n == 1 { Late(Duration::from_millis(50)) } else { Deliver }
    });
    pair.connect();
    pair.run(Duration::from_millis(25));
    let mut forged = pair.sent(Client)[1].bytes.clone();
    forged[27] = b'e';
    pair.deliver(Server, &forged);
    pair.run(Duration::from_millis(80));
    pair.assert_agreement();
    assert_eq!(pair.server.association().peer_identity(), Some(&b"d"[..]));
}

#[test]
fn a_cut_datagram_is_like_a_lost_one() {
    for (side, n) in [(Client, 0), (Server, 0), (Client, 1), (Server, 1)] {
        for keep in [0, 1, 12, 13, 14, 24, 25, 36, 62, 70] {
            let mut pair = Pair::new(config());
            pair.network(move |sent, m| {
                if (sent.from, m) == (side, n) {
                    sent.bytes.truncate(keep);
                }
                Deliver
            });
            pair.handshake();
            pair.assert_agreement();
        }
    }
}

#[test]
fn an_altered_protected_record_is_never_delivered() {
    for suite in SUITES {
        let mut pair = Pair::established(with(suite));
        pair.network(|_, _| Lose);
        pair.send(Client, b"pay 10");
        let record = pair.last();
        for at in 0..record.len() {
            for bit in 0..8 {
                let mut altered = record.clone();
                altered[at] ^= 1 << bit;
                pair.deliver(Server, &altered);
            }
        }
        assert!(pair.server.data().is_empty());
        pair.deliver(Server, &record);
        assert_eq!(pair.server.data(), [b"pay 10"]);
    }
}
