//! The handshake in each mode, with nothing going wrong.

use keystorm::association::{Config, KeyExchange, Kind, Operation, Output, Received};
use keystorm::sim::time::{Duration, Time};

use crate::pair::*;

fn with(key_exchange: KeyExchange) -> Config {
    Config { key_exchange, ..config() }
}

#[test]
fn each_mode_establishes_both_ends_with_one_secret() {
    for key_exchange in [KeyExchange::Psk, KeyExchange::PskDhe] {
        let mut pair = Pair::new(with(key_exchange));
        pair.handshake();
        pair.assert_agreement();
        pair.assert_talks();
        assert_eq!(pair.client.outputs[0], Output::Established { resumed: false });
        assert_eq!(pair.server.association().peer_identity(), Some(&b"d"[..]));
        assert_eq!(pair.client.association().peer_identity(), None);
    }
}

#[test]
fn it_takes_four_datagrams_and_each_is_known_for_what_it_is() {
    let mut pair = Pair::new(config());
    pair.handshake();
    assert_eq!(pair.kinds(Client), [Kind::Handshake, Kind::Handshake]);
    assert_eq!(pair.kinds(Server), [Kind::Handshake, Kind::Ack]);
    assert_eq!(pair.server.received, [Received::ClientHello, Received::Finished]);
    assert_eq!(pair.client.received, [Received::ServerFlight, Received::Ack]);
}

#[test]
fn the_server_is_established_by_the_finished_and_the_client_by_its_acknowledgement() {
    let mut pair = Pair::new(config());
    pair.connect();
    let establishment =
        |pair: &Pair<'_>| (pair.client.is_established(), pair.server.is_established());
    pair.run(Duration::from_millis(29));
    assert_eq!(establishment(&pair), (false, false));
    pair.run(Duration::from_millis(1));
    assert_eq!(establishment(&pair), (false, true));
    pair.run(Duration::from_millis(10));
    assert_eq!(establishment(&pair), (true, true));
    assert_eq!(pair.client.association().key_established_at(), Time(40_000_000));
    assert_eq!(pair.client.association().next_timeout(), None);
    assert_eq!(pair.server.association().next_timeout(), None);
}

#[test]
fn application_keys_are_of_epoch_3() {
    let pair = Pair::established(config());
    for end in [&pair.client, &pair.server] {
        assert_eq!(end.association().send_epoch(), 3);
        assert_eq!(end.association().receive_epoch(), 3);
    }
}

#[test]
fn the_same_seeds_make_the_same_bytes() {
    let run = |seed| {
        let mut pair = Pair::seeded(seed, config());
        pair.handshake();
        pair.log.into_iter().map(|sent| sent.bytes).collect::<Vec<_>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn without_forward_secrecy_no_point_is_multiplied_and_with_it_two_at_each_end() {
    for (key_exchange, multiplications) in [(KeyExchange::Psk, 0), (KeyExchange::PskDhe, 2)] {
        let mut pair = Pair::new(with(key_exchange));
        pair.handshake();
        for end in [&pair.client, &pair.server] {
            assert_eq!(end.operations.of(Operation::X25519), multiplications);
            assert_eq!(
                end.operations.of(Operation::Seal),
                if end.received[0] == Received::ClientHello { 2 } else { 1 }
            );
            assert_eq!(
                end.operations.of(Operation::Open),
                if end.received[0] == Received::ClientHello { 1 } else { 2 }
            );
        }
    }
}
