//! Altered datagrams. Whatever is changed, neither end establishes on it, neither panics, and the
//! retransmission of the true bytes completes the handshake.

use keystorm::association::{Association, Config, KeyExchange};

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

fn every_byte(config: &Config, side: Side, n: usize, check: impl Fn(&Pair<'_>, usize)) {
    let mut plain = Pair::new(config.clone());
    plain.handshake();
    let len = plain.sent(side)[n].bytes.len();
    for at in 0..len {
        for mask in [0x01, 0x80, 0xff] {
            check(&tampered(config, side, n, at, mask), at);
        }
    }
}

#[test]
fn every_byte_of_every_flight_may_be_altered_once() {
    for key_exchange in [KeyExchange::Psk, KeyExchange::PskDhe] {
        let config = Config { key_exchange, ..config() };
        for (side, n) in [(Client, 0), (Server, 0), (Client, 1), (Server, 1)] {
            every_byte(&config, side, n, |pair, _| pair.assert_agreement());
        }
    }
}

#[test]
fn every_byte_of_the_second_hello_may_be_altered_once() {
    let config = Config { cookie: true, ..config() };
    every_byte(&config, Client, 1, |pair, _| pair.assert_agreement());
}

#[test]
fn an_altered_retry_request_leads_to_agreement_or_to_failure_but_to_nothing_else() {
    // The client cannot check a cookie. One that was altered is never accepted, and the client has
    // to start anew (RFC 9147 section 5.1).
    let config = Config { cookie: true, ..config() };
    every_byte(&config, Server, 0, |pair, at| {
        if pair.client.is_established() {
            pair.assert_agreement();
        } else {
            assert!(pair.client.failure().is_some(), "byte {at}");
            assert!(!pair.server.association.as_ref().is_some_and(Association::is_established));
        }
    });
}

#[test]
fn a_cut_datagram_is_like_a_lost_one() {
    for (side, n) in [(Client, 0), (Server, 0), (Client, 1), (Server, 1)] {
        for keep in [0, 1, 12, 13, 24, 25, 36, 62, 100] {
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
    let mut pair = Pair::established(config());
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
