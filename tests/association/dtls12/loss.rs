//! Loss, repetition and reordering: every flight is repeated until its answer comes.

use keystorm::association::{Config, Kind, Received, Rejection, Timers};
use keystorm::sim::time::Duration;

use super::config;
use crate::pair::*;

const EACH: [(Side, usize); 4] = [(Client, 0), (Client, 1), (Server, 0), (Server, 1)];

#[test]
fn the_loss_of_any_one_datagram_costs_one_timeout() {
    for (side, n) in EACH {
        let mut pair = Pair::new(config());
        pair.network(move |sent, m| if (sent.from, m) == (side, n) { Lose } else { Deliver });
        pair.connect();
        pair.run(Duration::from_millis(1_100));
        pair.assert_agreement();
        pair.assert_talks();
    }
}

#[test]
fn each_datagram_of_a_handshake_with_cookie_may_be_lost_once() {
    for lost in 0..3 {
        for side in [Client, Server] {
            let mut pair = Pair::new(Config { cookie: true, ..config() });
            pair.network(
                move |sent, n| {
                    if sent.from == side && n == lost { Lose } else { Deliver }
                },
            );
            pair.handshake();
            pair.assert_agreement();
        }
    }
}

#[test]
fn the_handshake_survives_when_only_the_client_has_a_timer() {
    for (side, n) in EACH {
        let timers = Timers { server: false, ..Timers::default() };
        let mut pair = Pair::new(Config { timers, ..config() });
        pair.network(move |sent, m| if (sent.from, m) == (side, n) { Lose } else { Deliver });
        pair.handshake();
        pair.assert_agreement();
    }
}

#[test]
fn any_one_datagram_may_come_twice() {
    for (side, n) in EACH {
        let mut pair = Pair::new(config());
        pair.network(move |sent, m| if (sent.from, m) == (side, n) { Twice } else { Deliver });
        pair.handshake();
        pair.assert_agreement();
        pair.assert_talks();
    }
}

#[test]
fn the_servers_last_flight_is_sent_again_when_the_clients_is() {
    let mut pair = Pair::new(config());
    pair.lose(Server, &[1, 2]);
    pair.handshake();
    pair.assert_agreement();
    assert_eq!(pair.server.count(Received::Duplicate), 2);
    use Kind::{Handshake, Retransmission};
    assert_eq!(
        pair.kinds(Server),
        [Handshake, Handshake, Retransmission, Retransmission],
        "the last flight has no timer of its own"
    );
    // Record 1, 2, 3 of epoch 1 hold the same Finished; a nonce is never used twice.
    let flights = pair.sent(Server);
    for (n, flight) in flights[1..].iter().enumerate() {
        assert_eq!(flight.bytes.len(), 67);
        assert_eq!(usize::from(flight.bytes[14 + 10]), n);
    }
}

#[test]
fn nobody_else_can_make_the_server_repeat_its_last_flight() {
    let mut pair = Pair::established(config());
    let flight = pair.sent(Client)[1].bytes.clone();
    let before = pair.log.len();
    for _ in 0..3 {
        // The same bytes: the plaintext tells nothing, and the Finished is a replay.
        assert_eq!(pair.deliver(Server, &flight), Received::Duplicate);
    }
    assert_eq!(pair.log.len(), before);
}

#[test]
fn data_that_overtakes_the_servers_finished_is_dropped_by_name() {
    let mut pair = Pair::new(config());
    pair.network(|sent, n| match (sent.from, n) {
        (Server, 1) => Late(Duration::from_millis(100)),
        _ => Deliver,
    });
    pair.connect();
    pair.run(Duration::from_millis(35));
    pair.send(Server, b"early");
    pair.run(Duration::from_millis(500));
    pair.assert_agreement();
    assert!(pair.client.data().is_empty());
    assert_eq!(pair.client.rejections(), [Rejection::UnknownEpoch]);
    pair.assert_talks();
}

#[test]
fn reordered_data_is_delivered_as_it_comes() {
    let mut pair = Pair::established(config());
    let first = pair.sent(Client).len();
    pair.network(move |_, n| if n == first { Late(Duration::from_millis(50)) } else { Deliver });
    for text in [b"a", b"b", b"c"] {
        pair.send(Client, text);
    }
    pair.run(Duration::from_secs(1));
    assert_eq!(pair.server.data(), [b"b", b"c", b"a"]);
}

#[test]
fn a_repeated_server_flight_makes_the_client_repeat_its_own_only_if_it_may() {
    for (resend_on_duplicate, flights) in [(true, 2), (false, 1)] {
        let timers = Timers { resend_on_duplicate, initial: None, ..Timers::default() };
        let mut pair = Pair::new(Config { timers, ..config() });
        pair.lose(Client, &[1, 2]);
        pair.connect();
        pair.run(Duration::from_millis(50));
        let flight = pair.sent(Server)[0].bytes.clone();
        assert_eq!(pair.deliver(Client, &flight), Received::Duplicate);
        assert_eq!(pair.sent(Client).len(), 1 + flights);
    }
}
