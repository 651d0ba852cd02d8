//! The handshake with each suite, with nothing going wrong.

use keystorm::association::Association;
use keystorm::association::{
    Config, ConnectError, Env, Kind, Offer, Operation, Operations, Output, Received, SendError,
    Ticket,
};
use keystorm::sim::time::{Duration, Time};

use super::{SUITES, config, with};
use crate::pair::*;

#[test]
fn each_suite_establishes_both_ends_with_one_secret() {
    for suite in SUITES {
        for cookie in [false, true] {
            let mut pair = Pair::new(Config { cookie, ..with(suite) });
            pair.handshake();
            pair.assert_agreement();
            pair.assert_talks();
            assert_eq!(pair.client.outputs[0], Output::Established { resumed: false });
            assert_eq!(pair.server.association().peer_identity(), Some(&b"d"[..]));
            assert_eq!(pair.client.association().peer_identity(), None);
        }
    }
}

#[test]
fn it_takes_four_datagrams_and_each_is_known_for_what_it_is() {
    let mut pair = Pair::new(config());
    pair.handshake();
    assert_eq!(pair.kinds(Client), [Kind::Handshake, Kind::Handshake]);
    assert_eq!(pair.kinds(Server), [Kind::Handshake, Kind::Handshake]);
    assert_eq!(pair.server.received, [Received::ClientHello, Received::Finished]);
    assert_eq!(pair.client.received, [Received::ServerFlight, Received::Finished]);
}

#[test]
fn the_server_is_established_by_the_clients_finished_and_the_client_by_the_servers() {
    let mut pair = Pair::new(config());
    pair.connect();
    let establishment =
        |pair: &Pair<'_>| (pair.client.is_established(), pair.server.is_established());
    pair.run(Duration::from_millis(25));
    assert_eq!(establishment(&pair), (false, false));
    pair.run(Duration::from_millis(10));
    assert_eq!(establishment(&pair), (false, true));
    pair.run(Duration::from_millis(10));
    assert_eq!(establishment(&pair), (true, true));
    assert_eq!(pair.server.association().key_established_at(), Time(30_000_000));
    assert_eq!(pair.client.association().key_established_at(), Time(40_000_000));
    assert_eq!(pair.client.association().next_timeout(), None);
    assert_eq!(pair.server.association().next_timeout(), None);
}

#[test]
fn both_directions_use_epoch_1_from_then_on() {
    let mut pair = Pair::new(config());
    pair.connect();
    assert_eq!(pair.client.association().send_epoch(), 0);
    pair.run(LONG);
    for end in [&pair.client, &pair.server] {
        assert_eq!((end.association().send_epoch(), end.association().receive_epoch()), (1, 1));
        assert_eq!(end.association().sealed(), Some(1));
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let bytes = |seed| {
        let mut pair = Pair::seeded(seed, config());
        pair.handshake();
        pair.assert_talks();
        pair.log.iter().map(|sent| sent.bytes.clone()).collect::<Vec<_>>()
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

#[test]
fn the_work_is_counted() {
    let mut pair = Pair::new(config());
    pair.handshake();
    for end in [&pair.client, &pair.server] {
        let of = |operation| end.operations.of(operation);
        // Master secret 4, key block 4, two verify data of 2 each.
        assert_eq!(of(Operation::Hmac), 12);
        assert_eq!((of(Operation::CcmSeal), of(Operation::CcmOpen)), (1, 1));
        assert_eq!((of(Operation::Seal), of(Operation::AeadByte)), (0, 0));
        assert_eq!(of(Operation::AesKey), 2);
        assert_eq!(of(Operation::X25519), 0);
        // Additional data 13, header 12, verify data 12; sealed and opened.
        assert_eq!(of(Operation::CcmByte), 2 * 37);
    }
}

#[test]
fn there_are_no_key_updates_and_no_tickets() {
    let mut pair = Pair::established(Config { tickets: 2, ..config() });
    for side in [Client, Server] {
        let update = pair.at(side, |a, config, env| a.update_keys(config, true, env));
        assert_eq!(update, Err(SendError::NoKeyUpdate));
        assert!(!pair.end(side).association().is_updating());
    }
    assert!(pair.client.tickets().is_empty());
    let ticket = Ticket {
        identity: vec![1; 40],
        psk: [2; 32],
        age_add: 0,
        received: Time::ZERO,
        lifetime: Duration::from_secs(1),
    };
    let (config, operations, out) = (config(), &mut Operations::default(), &mut Vec::new());
    let mut env = Env {
        now: Time::ZERO,
        rng: &mut pair.client.rng,
        keys: &pair.client.keys,
        operations,
        out,
        key_log: None,
    };
    let refused = Association::connect(&config, Offer::Ticket(&ticket), &mut env).err();
    assert_eq!(refused, Some(ConnectError::NoTickets));
}

#[test]
fn new_keys_come_from_a_fresh_handshake() {
    let mut pair = Pair::established(config());
    let old = pair.client.exported();
    pair.client.association = None;
    pair.server.association = None;
    pair.client.outputs.clear();
    pair.server.outputs.clear();
    pair.handshake();
    pair.assert_agreement();
    pair.assert_talks();
    assert_ne!(pair.client.exported(), old);
}
