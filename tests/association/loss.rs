//! Loss and reordering: every flight is repeated until its answer comes.

use keystorm::association::{Config, Kind, Received, Timers};
use keystorm::sim::time::Duration;

use crate::pair::*;

#[test]
fn the_loss_of_any_one_datagram_costs_one_timeout() {
    for (side, n) in [(Client, 0), (Client, 1), (Server, 0), (Server, 1)] {
        let mut pair = Pair::new(config());
        pair.network(move |sent, m| if (sent.from, m) == (side, n) { Lose } else { Deliver });
        pair.connect();
        pair.run(Duration::from_millis(1_100));
        pair.assert_agreement();
        pair.assert_talks();
    }
}

#[test]
fn the_handshake_survives_when_only_the_client_has_a_timer() {
    for (side, n) in [(Client, 0), (Client, 1), (Server, 0), (Server, 1)] {
        let timers = Timers { server: false, ..Timers::default() };
        let mut pair = Pair::new(Config { timers, ..config() });
        pair.network(move |sent, m| if (sent.from, m) == (side, n) { Lose } else { Deliver });
        pair.handshake();
        pair.assert_agreement();
    }
}

#[test]
fn a_repeated_flight_goes_out_in_new_records() {
    let mut pair = Pair::new(config());
    pair.lose(Client, &[0, 1, 2]);
    pair.handshake();
    let hellos = pair.sent(Client);
    // Plaintext record numbers 0, 1, 2; all else is the same.
    for (n, hello) in hellos[..3].iter().enumerate() {
        assert_eq!(usize::from(hello.bytes[10]), n);
        assert_eq!(hello.bytes[11..], hellos[0].bytes[11..]);
        let kind = if n == 0 { Kind::Handshake } else { Kind::Retransmission };
        assert_eq!(hello.kind, kind);
    }
}

#[test]
fn a_lost_acknowledgement_of_the_finished_is_sent_again_when_the_finished_is() {
    let mut pair = Pair::new(config());
    pair.lose(Server, &[1]);
    pair.handshake();
    pair.assert_agreement();
    assert_eq!(pair.server.count(Received::Duplicate), 1);
    assert_eq!(pair.kinds(Server), [Kind::Handshake, Kind::Ack, Kind::Ack]);
}

#[test]
fn data_of_the_server_tells_a_client_that_its_finished_arrived() {
    let mut pair = Pair::new(config());
    pair.lose(Server, &[1]);
    pair.connect();
    pair.run(Duration::from_millis(50));
    assert!(!pair.client.is_established() && pair.server.is_established());
    pair.send(Server, b"hello");
    pair.run(Duration::from_millis(50));
    pair.assert_agreement();
    assert_eq!(pair.client.data(), [b"hello"]);
    pair.assert_talks();
}

#[test]
fn data_that_overtakes_the_acknowledgement_is_delivered() {
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
    assert_eq!(pair.client.data(), [b"early"]);
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
