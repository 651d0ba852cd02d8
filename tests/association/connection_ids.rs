//! Connection IDs in both profiles (RFC 9146, RFC 9147 section 9): lengths, bytes, refusals, and whether a
//! peer has a new address.

use keystorm::association::{
    Accept, Association, Config, ConnectionId, KeyExchange, Offer, Peek, Profile, Received,
    Rejection, Suite12, peek, peek_connection_id,
};
use keystorm::sim::time::Duration;
use proptest::prelude::*;

use crate::pair::*;

/// Every way to make an association.
fn profiles() -> [Config; 4] {
    let dtls12 = |suite| Config { profile: Profile::Dtls12 { suite }, ..config() };
    [
        config(),
        Config { key_exchange: KeyExchange::Psk, ..config() },
        dtls12(Suite12::PskAes128Ccm8),
        dtls12(Suite12::PskAes128Gcm),
    ]
}

const LENGTHS: [Option<u8>; 5] = [None, Some(0), Some(1), Some(8), Some(20)];

/// A pair whose ends want IDs of these lengths.
fn pair(config: &Config, client: Option<u8>, server: Option<u8>) -> Pair<'static> {
    let mut pair = Pair::new(config.clone());
    pair.client.config.connection_id = client;
    pair.server.config.connection_id = server;
    pair
}

fn established(config: &Config, client: Option<u8>, server: Option<u8>) -> Pair<'static> {
    let mut pair = pair(config, client, server);
    pair.connect();
    pair.run(Duration::from_secs(1));
    pair.assert_agreement();
    pair
}

/// Each profile with a server that wants 8 bytes, and a client that wants none.
fn usual() -> impl Iterator<Item = Pair<'static>> {
    profiles().into_iter().map(|config| established(&config, Some(0), Some(8)))
}

#[test]
fn ends_want_any_lengths_and_those_that_want_none_send_those_of_the_other() {
    for config in profiles() {
        for client in LENGTHS {
            for server in LENGTHS {
                let mut pair = established(&config, client, server);
                pair.assert_talks();
                let both = client.and(server).is_some();
                let length = |wanted: Option<u8>| wanted.filter(|_| both).map_or(0, usize::from);
                let (c, s) = (pair.client.association(), pair.server.association());
                assert_eq!(c.own_connection_id().len(), length(client));
                assert_eq!(s.own_connection_id().len(), length(server));
                assert_eq!(c.own_connection_id(), s.peer_connection_id());
                assert_eq!(s.own_connection_id(), c.peer_connection_id());
                assert!(c.idle_size() <= 512 && s.idle_size() <= 512);
            }
        }
    }
}

#[test]
fn without_the_option_nothing_is_larger() {
    for config in profiles() {
        let plain = established(&config, None, None);
        let offered = established(&config, None, Some(8));
        assert_eq!(plain.lengths(), offered.lengths());
        assert_eq!(plain.client.association().idle_size(), size_of::<Association>());
    }
}

/// The figures of draft-ietf-iotops-security-protocol-comparison for IDs of one byte, with a tag of 16
/// bytes instead of 8, and with the acknowledgement that it leaves out.
#[test]
fn one_byte_ids_cost_6_7_1_in_the_handshake_of_dtls_13() {
    let [dhe, psk, ..] = profiles();
    for (config, lengths) in
        [(psk, [136, 153 + 8, 56 + 8, 38]), (dhe, [186, 153 + 40 + 8, 56 + 8, 38])]
    {
        assert_eq!(established(&config, Some(1), Some(1)).lengths(), lengths);
    }
}

/// The same draft: 12 and 13 bytes of overhead with a tag of 8 bytes in DTLS 1.3; 31 and 32 in DTLS 1.2
/// (which it has one too low, since it forgets the inner type).
#[test]
fn a_record_costs_the_id_and_in_dtls_12_one_byte_more() {
    let overheads = [12 + 8, 12 + 8, 31, 31 + 8];
    for (config, overhead) in profiles().into_iter().zip(overheads) {
        for len in [1, 2, 8, 20] {
            let mut pair = established(&config, Some(0), Some(len));
            for n in [0, 1, 100] {
                pair.send(Client, &vec![7; n]);
                assert_eq!(pair.last().len(), n + overhead + usize::from(len) - 1);
                pair.send(Server, &vec![7; n]);
                let saved = if overhead > 30 { 2 } else { 1 };
                assert_eq!(pair.last().len(), n + overhead - saved, "the client wants none");
            }
        }
    }
}

#[test]
fn a_handshake_with_ids_goes_through_cookies_loss_and_small_datagrams() {
    for config in profiles() {
        for (mtu, cookie) in [(64, false), (100, false), (1200, true)] {
            let config = Config { mtu, cookie, ..config.clone() };
            let mut pair = pair(&config, Some(20), Some(20));
            pair.network(|_, n| if [1, 4].contains(&n) { Lose } else { Deliver });
            pair.handshake();
            pair.calm();
            pair.assert_agreement();
            pair.send(Client, b"short");
            pair.run(LONG);
            assert_eq!(pair.server.data(), [b"short"]);
            let limit = usize::from(mtu).max(64 + 20);
            assert!(pair.log.iter().all(|sent| sent.bytes.len() <= limit), "{:?}", pair.lengths());
        }
    }
}

#[test]
fn every_datagram_under_keys_has_the_id_and_is_found_by_it() {
    for (client, server) in [(0, 8), (8, 1), (20, 20)] {
        for config in profiles() {
            let mut pair = established(&config, Some(client), Some(server));
            pair.assert_talks();
            for (side, len) in [(Client, server), (Server, client)] {
                let id = pair.end(side).association().peer_connection_id();
                assert_eq!(id.len(), usize::from(len));
                for (n, sent) in pair.sent(side).iter().enumerate() {
                    let found = peek_connection_id(&sent.bytes, len.into());
                    let first = n == 0 || (side == Server && found.is_none() && n == 1);
                    assert_eq!(found, Some(id).filter(|id| !first && !id.is_empty()).or(found));
                    if n >= 2 && len > 0 {
                        assert_eq!(found, Some(id));
                        assert!(matches!(peek(&sent.bytes), Some(Peek::Protected { .. })));
                    }
                }
            }
        }
    }
}

#[test]
fn a_server_may_choose_the_id_of_each_association() {
    let id = ConnectionId::new(b"slot 7").unwrap();
    for config in profiles() {
        let mut pair = pair(&config, Some(0), Some(6));
        pair.network(|_, _| Lose);
        pair.connect();
        let hello = pair.last();
        let end = &mut pair.server;
        let mut out = Vec::new();
        let mut env = keystorm::association::Env {
            now: pair.now,
            rng: &mut end.rng,
            keys: &end.keys,
            operations: &mut end.operations,
            out: &mut out,
            key_log: None,
        };
        let accepted = Association::accept_as(&end.config, id, b"", &hello, &mut env);
        let Accept::Association(association) = accepted else { panic!("the hello is good") };
        assert_eq!(association.own_connection_id(), id);
        let bare = Config { connection_id: None, ..end.config.clone() };
        let accepted = Association::accept_as(&bare, id, b"", &hello, &mut env);
        let Accept::Association(association) = accepted else { panic!("the hello is good") };
        assert!(association.own_connection_id().is_empty(), "the option decides");
    }
}

#[test]
fn resumption_and_new_handshakes_negotiate_anew() {
    let config = Config { tickets: 1, ..config() };
    let mut first = established(&config, Some(8), Some(8));
    let ids = first.server.association().own_connection_id();
    let ticket = first.client.tickets().remove(0);
    first.client.outputs.clear();
    first.server.outputs.clear();
    first.server.association = None;
    first.connect_with(Offer::Ticket(&ticket));
    first.run(LONG);
    first.assert_agreement();
    first.assert_talks();
    assert_eq!(first.server.association().own_connection_id().len(), 8);
    assert_ne!(first.server.association().own_connection_id(), ids);
    // The other side may have lost its liking for them.
    first.server.config.connection_id = None;
    first.client.outputs.clear();
    first.server.outputs.clear();
    first.server.association = None;
    first.connect_with(Offer::Ticket(&ticket));
    first.run(LONG);
    first.assert_agreement();
    first.assert_talks();
    assert!(first.client.association().peer_connection_id().is_empty());
}

#[test]
fn key_updates_keep_the_ids() {
    let mut pair = established(&config(), Some(1), Some(8));
    let before = pair.log.len();
    pair.at(Client, |a, config, env| a.update_keys(config, true, env)).unwrap();
    pair.run(LONG);
    assert_eq!(pair.lengths()[before], 32 + 8);
    assert_eq!(pair.client.association().send_epoch(), 4);
    for _ in 0..3 {
        pair.at(Server, |a, config, env| a.update_keys(config, true, env)).unwrap();
        pair.run(LONG);
        pair.assert_talks();
    }
    assert!(pair.client.rejections().is_empty() && pair.server.rejections().is_empty());
}

/// Delivers to the server, and tells whether the datagram may move the client's address.
fn moves(pair: &mut Pair<'_>, datagram: &[u8]) -> (Received, bool) {
    let before = pair.server.association().newest();
    let received = pair.deliver(Server, datagram);
    (received, pair.server.association().newest() > before)
}

#[test]
fn only_a_record_newer_than_all_before_moves_an_address() {
    for replay_window in [64, 0] {
        for config in profiles() {
            let config = Config { replay_window, ..config };
            let mut pair = established(&config, Some(0), Some(8));
            pair.network(|_, _| Lose);
            let mut records = Vec::new();
            for _ in 0..4 {
                pair.send(Client, b"valve");
                records.push(pair.last());
            }
            assert_eq!(moves(&mut pair, &records[1]), (Received::Data, true));
            // Overtaken: its data counts, its address does not.
            assert_eq!(moves(&mut pair, &records[0]), (Received::Data, false));
            // Replayed, with and without a window.
            assert!(!moves(&mut pair, &records[1]).1);
            assert!(!moves(&mut pair, &records[0]).1);
            // Forged.
            let mut forged = records[3].clone();
            *forged.last_mut().unwrap() ^= 1;
            let bad = Received::Rejected(Rejection::BadRecord);
            assert_eq!(moves(&mut pair, &forged), (bad, false));
            assert_eq!(moves(&mut pair, &records[3]), (Received::Data, true));
            assert_eq!(moves(&mut pair, &records[2]), (Received::Data, false));
        }
    }
}

#[test]
fn a_record_of_an_older_epoch_moves_no_address() {
    let mut pair = established(&config(), Some(0), Some(8));
    pair.network(|_, _| Lose);
    // The data overtakes the key update that was sent before it.
    pair.at(Client, |a, config, env| a.update_keys(config, false, env)).unwrap();
    let update = pair.last();
    pair.send(Client, b"sent after the update, under the old keys");
    let data = pair.last();
    assert_eq!(moves(&mut pair, &data), (Received::Data, true));
    assert_eq!(moves(&mut pair, &update), (Received::KeyUpdate, false));
    pair.send(Client, b"late");
    let late = pair.last();
    pair.calm();
    pair.run(LONG);
    assert_eq!(pair.client.association().send_epoch(), 4);
    pair.send(Client, b"under the new keys");
    let new = pair.last();
    assert_eq!(moves(&mut pair, &new), (Received::Data, true));
    assert_eq!(moves(&mut pair, &late), (Received::Data, false));
}

/// Where the connection ID stands in a record under keys.
fn id_at(record: &[u8]) -> usize {
    if record[0] == 25 { 11 } else { 1 }
}

#[test]
fn a_wrong_a_missing_and_an_uncalled_for_id_are_named() {
    for mut pair in usual() {
        pair.network(|_, _| Lose);
        pair.send(Client, b"data");
        let record = pair.last();
        let at = id_at(&record);
        for n in at..at + 8 {
            let mut wrong = record.clone();
            wrong[n] ^= 0x40;
            let unknown = Received::Rejected(Rejection::UnknownConnectionId);
            assert_eq!(moves(&mut pair, &wrong), (unknown, false));
        }
        let mut missing = record.clone();
        missing.drain(at..at + 8);
        if at == 1 {
            missing[0] &= !0x10;
        } else {
            missing[0] = 23;
        }
        let named = Received::Rejected(Rejection::MissingConnectionId);
        assert_eq!(moves(&mut pair, &missing), (named, false));
        for len in 0..record.len() {
            let (received, moved) = moves(&mut pair, &record[..len]);
            assert!(matches!(received, Received::Rejected(_)) && !moved, "{len} {received:?}");
        }
        assert_eq!(moves(&mut pair, &record), (Received::Data, true));
    }
    for config in profiles() {
        let mut with = established(&config, Some(0), Some(8));
        with.send(Client, b"data");
        let mut without = established(&config, None, None);
        let named = Received::Rejected(Rejection::ConnectionId);
        assert_eq!(without.deliver(Server, &with.last()), named);
    }
}

#[test]
fn behind_a_wrong_id_the_rest_of_a_datagram_is_lost() {
    let explicit = Config { explicit_length: true, ..config() };
    let mut pair = established(&explicit, Some(0), Some(8));
    pair.network(|_, _| Lose);
    pair.send(Client, b"first");
    let mut first = pair.last();
    pair.send(Client, b"second");
    let second = pair.last();
    first[1] ^= 1;
    let unknown = Received::Rejected(Rejection::UnknownConnectionId);
    assert_eq!(pair.deliver(Server, &[&first[..], &second].concat()), unknown);
    assert!(pair.server.data().is_empty());
    first[1] ^= 1;
    pair.deliver(Server, &[first, second].concat());
    assert_eq!(pair.server.data().len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever becomes of datagrams with IDs, nothing panics, and the association goes on.
    #[test]
    fn altered_datagrams_harm_nothing(
        which in 0_usize..4,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        len in 0_usize..=20,
    ) {
        let config = profiles().into_iter().nth(which).unwrap();
        let mut pair = established(&config, Some(20), Some(8));
        let datagrams: Vec<_> = pair.log.iter().map(|sent| (sent.from, sent.bytes.clone())).collect();
        for (from, mut bytes) in datagrams {
            for (at, value) in &edits {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            bytes.truncate(cut.index(bytes.len() + 1));
            let _ = peek_connection_id(&bytes, len);
            let _ = peek(&bytes);
            let to = if from == Client { Server } else { Client };
            pair.deliver(to, &bytes);
        }
        pair.run(LONG);
        pair.assert_talks();
    }
}
