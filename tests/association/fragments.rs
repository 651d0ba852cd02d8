//! Small datagrams: messages are cut, put together again, and acknowledged in parts
//! (RFC 9147 sections 5.5 and 7).

use keystorm::association::{Config, KeyExchange, Kind, Received, Rejection, Timers};
use keystorm::sim::time::Duration;

use crate::pair::*;

fn small(mtu: u16) -> Config {
    Config { mtu, tickets: 1, ..config() }
}

#[test]
fn the_handshake_goes_through_datagrams_of_any_size() {
    for mtu in [0, 64, 65, 80, 100, 120, 150, 194, 1_200, u16::MAX] {
        let mut pair = Pair::new(small(mtu));
        pair.handshake();
        pair.assert_agreement();
        pair.assert_talks();
        assert_eq!(pair.client.tickets().len(), 1, "{mtu}");
        let largest = pair.lengths().into_iter().max().unwrap();
        assert!(largest <= usize::from(mtu).max(64), "{largest} > {mtu}");
        assert!(pair.log.iter().all(|sent| sent.kind != Kind::Retransmission), "{mtu}");
    }
}

#[test]
fn the_parts_of_a_flight_fill_their_datagrams() {
    let mut pair = Pair::new(Config { mtu: 80, ..config() });
    pair.handshake();
    // 142 bytes of ClientHello body in pieces of at most 80 - 13 - 12.
    assert_eq!(pair.lengths()[..3], [80, 80, 13 + 12 + 155 - 2 * 55]);
}

#[test]
fn the_first_part_of_a_hello_makes_an_association_that_waits() {
    let mut pair = Pair::new(small(80));
    pair.lose(Client, &[1, 4, 7, 10, 13, 16, 19]);
    pair.connect();
    pair.run(Duration::from_millis(100));
    assert!(pair.server.association().next_timeout().is_some());
    assert_eq!(pair.server.received, [Received::ClientHello, Received::Fragment]);
    pair.run(LONG);
    assert!(pair.server.association().is_over());
}

#[test]
fn with_cookies_a_hello_must_come_in_one_datagram() {
    let mut pair = Pair::new(Config { cookie: true, ..small(80) });
    pair.connect();
    pair.run(Duration::from_millis(500));
    assert_eq!(pair.server.rejections()[0], Rejection::FragmentedHello);
    assert!(pair.server.association.is_none());
}

#[test]
fn parts_may_be_lost_late_or_repeated() {
    for fate in [Lose, Twice, Late(Duration::from_millis(300))] {
        for side in [Client, Server] {
            for n in 0..6 {
                let mut pair = Pair::new(small(80));
                pair.network(
                    move |sent, m| {
                        if (sent.from, m) == (side, n) { fate } else { Deliver }
                    },
                );
                pair.handshake();
                pair.assert_agreement();
                assert_eq!(pair.client.tickets().len(), 1);
            }
        }
    }
}

#[test]
fn a_retransmission_cut_to_another_size_fits_what_came_before() {
    let mut pair = Pair::new(small(100));
    pair.lose(Client, &[1]);
    pair.connect();
    pair.run(Duration::from_millis(500));
    pair.client.config.mtu = 73;
    pair.server.config.mtu = 81;
    pair.calm();
    pair.run(LONG);
    pair.assert_agreement();
}

#[test]
fn a_partial_acknowledgement_makes_the_server_repeat_only_what_is_missing() {
    let config = Config { key_exchange: KeyExchange::Psk, mtu: 76, ..config() };
    let mut pair = Pair::new(config.clone());
    // The server's flight: ServerHello, the rest of it with EncryptedExtensions, Finished. The last
    // is lost.
    pair.connect();
    pair.run(Duration::from_millis(15));
    let flight = pair.sent(Server).len();
    let mut pair = Pair::new(config);
    pair.network(
        move |sent, n| {
            if sent.from == Server && n == flight - 1 { Lose } else { Deliver }
        },
    );
    pair.connect();
    // A quarter of the timeout after the first protected part the client tells what it has.
    pair.run(Duration::from_millis(400));
    assert!(pair.kinds(Client).contains(&Kind::Ack));
    assert_eq!(pair.server.count(Received::Ack), 1);
    let again = pair.log.iter().filter(|s| s.from == Server && s.kind == Kind::Retransmission);
    assert_eq!(again.count(), 1);
    pair.assert_agreement();
}

#[test]
fn what_is_missing_comes_even_without_a_timer_at_the_server() {
    for n in 0..5 {
        let timers = Timers { server: false, ..Timers::default() };
        let mut pair = Pair::new(Config { timers, ..small(80) });
        pair.network(move |sent, m| if (sent.from, m) == (Server, n) { Lose } else { Deliver });
        pair.handshake();
        pair.assert_agreement();
    }
}
