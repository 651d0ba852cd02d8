//! Key updates (RFC 9147 section 8).

use keystorm::association::{Config, Failure, Kind, Output, Received, SendError};
use keystorm::sim::time::Duration;

use crate::pair::*;

fn epochs(pair: &Pair<'_>) -> [(u64, u64); 2] {
    [&pair.client, &pair.server].map(|end| {
        let association = end.association();
        (association.send_epoch(), association.receive_epoch())
    })
}

fn update(pair: &mut Pair<'_>, side: Side, request: bool) -> Result<(), SendError> {
    pair.at(side, |association, config, env| association.update_keys(config, request, env))
}

#[test]
fn one_direction_moves_to_the_next_epoch_once_the_peer_acknowledges() {
    for (side, after) in [(Client, [(4, 3), (3, 4)]), (Server, [(3, 4), (4, 3)])] {
        let mut pair = Pair::established(config());
        update(&mut pair, side, false).unwrap();
        let sender = if side == Client { 0 } else { 1 };
        pair.run(Duration::from_millis(10));
        assert_eq!(epochs(&pair)[sender].0, 3, "the new keys wait for the acknowledgement");
        pair.run(Duration::from_millis(10));
        assert_eq!(epochs(&pair), after);
        assert_eq!(pair.end(side).outputs.last(), Some(&Output::KeysUpdated { epoch: 4 }));
        pair.assert_talks();
    }
}

#[test]
fn a_request_moves_both_directions() {
    let mut pair = Pair::established(config());
    let before = pair.log.len();
    update(&mut pair, Client, true).unwrap();
    pair.run(LONG);
    assert_eq!(epochs(&pair), [(4, 4), (4, 4)]);
    // KeyUpdate; its acknowledgement with the answering KeyUpdate; the acknowledgement of that.
    assert_eq!(pair.log.len() - before, 3);
    assert_eq!(pair.log[before + 1].kind, Kind::KeyUpdate);
    pair.assert_talks();
}

#[test]
fn updates_that_cross_answer_each_other() {
    for request in [false, true] {
        let mut pair = Pair::established(config());
        update(&mut pair, Client, request).unwrap();
        update(&mut pair, Server, request).unwrap();
        pair.run(LONG);
        assert_eq!(epochs(&pair), [(4, 4), (4, 4)]);
        pair.assert_talks();
    }
}

#[test]
fn only_one_update_is_under_way_at_a_time() {
    let mut pair = Pair::established(config());
    update(&mut pair, Client, false).unwrap();
    assert!(pair.client.association().is_updating());
    assert_eq!(update(&mut pair, Client, false), Err(SendError::UpdatePending));
    pair.run(LONG);
    assert_eq!(update(&mut pair, Client, false), Ok(()));
}

#[test]
fn a_lost_update_and_a_lost_acknowledgement_are_repaired_by_the_timer() {
    for side in [Client, Server] {
        let mut pair = Pair::established(config());
        let n = pair.sent(side).len();
        pair.network(move |sent, m| if (sent.from, m) == (side, n) { Lose } else { Deliver });
        update(&mut pair, Client, false).unwrap();
        pair.run(Duration::from_millis(900));
        assert!(pair.client.association().is_updating());
        pair.run(Duration::from_millis(200));
        assert_eq!(epochs(&pair), [(4, 3), (3, 4)]);
        assert_eq!(pair.server.count(Received::KeyUpdate), 1);
        pair.assert_talks();
    }
}

#[test]
fn while_the_acknowledgement_is_missing_data_of_the_old_epoch_is_received() {
    let mut pair = Pair::established(config());
    let n = pair.sent(Server).len();
    pair.network(move |sent, m| if (sent.from, m) == (Server, n) { Lose } else { Deliver });
    update(&mut pair, Client, false).unwrap();
    pair.run(Duration::from_millis(100));
    pair.send(Client, b"still epoch 3");
    pair.run(Duration::from_millis(100));
    assert_eq!(pair.server.data(), [b"still epoch 3"]);
}

#[test]
fn data_of_the_old_epoch_that_was_overtaken_by_the_new_is_received() {
    let mut pair = Pair::established(config());
    pair.network(|_, _| Lose);
    pair.send(Client, b"late");
    let late = pair.last();
    pair.calm();
    update(&mut pair, Client, false).unwrap();
    pair.run(LONG);
    pair.assert_talks();
    assert_eq!(pair.deliver(Server, &late), Received::Data);
    // One more update, and the keys of that record are gone.
    pair.network(|_, _| Lose);
    pair.send(Client, b"too late");
    let late = pair.last();
    pair.calm();
    for _ in 0..2 {
        update(&mut pair, Client, false).unwrap();
        pair.run(LONG);
    }
    assert!(matches!(pair.deliver(Server, &late), Received::Rejected(_)));
}

#[test]
fn an_update_that_is_never_acknowledged_fails_the_association() {
    let mut pair = Pair::established(config());
    pair.network(|_, _| Lose);
    update(&mut pair, Client, false).unwrap();
    pair.run(LONG);
    assert_eq!(pair.client.failure(), Some(Failure::Unanswered));
    assert!(pair.client.association().is_over());
}

#[test]
fn the_record_limit_brings_an_update_about() {
    let mut pair = Pair::established(Config { record_limit: 5, ..config() });
    for n in 1..=12 {
        pair.send(Client, b"x");
        pair.run(Duration::from_secs(1));
        // The KeyUpdate is the sixth record of epoch 3; afterwards the count begins anew.
        assert_eq!(pair.client.association().send_epoch(), 3 + n / 5, "{n}");
    }
    assert_eq!(pair.server.data().len(), 12);
}

#[test]
fn forty_updates_wrap_the_epoch_bits_ten_times() {
    let mut pair = Pair::established(config());
    for n in 1..=40 {
        update(&mut pair, if n % 2 == 0 { Client } else { Server }, n % 3 == 0).unwrap();
        pair.run(Duration::from_secs(1));
        pair.assert_talks();
    }
    let [(client_sends, client_receives), (server_sends, server_receives)] = epochs(&pair);
    assert_eq!(client_sends, server_receives);
    assert_eq!(server_sends, client_receives);
    assert!(client_sends > 20);
}

#[test]
fn the_time_of_the_keys_is_that_of_their_first_use() {
    let mut pair = Pair::established(config());
    let established = pair.client.association().key_established_at();
    let now = pair.now;
    update(&mut pair, Client, false).unwrap();
    pair.run(LONG);
    assert!(established < now);
    let since = pair.client.association().key_established_at();
    assert_eq!(since, now + LATENCY + LATENCY);
}
