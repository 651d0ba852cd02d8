//! Repeated messages: the answer that was lost is given again, and nothing happens twice.

use keystorm::association::{Config, Kind, Peek, Received, Rejection, Timers, peek};
use keystorm::sim::time::Duration;

use crate::pair::*;

/// A pair after the server's first flight, which the client has not seen.
fn answered<'h>(config: Config) -> (Pair<'h>, Vec<u8>) {
    let mut pair = Pair::new(config);
    pair.lose(Server, &[0]);
    pair.connect();
    pair.run(Duration::from_millis(100));
    pair.calm();
    let hello = pair.log[0].bytes.clone();
    (pair, hello)
}

#[test]
fn a_repeated_hello_gets_the_same_flight_again() {
    let (mut pair, hello) = answered(config());
    assert_eq!(pair.deliver(Server, &hello), Received::Duplicate);
    let flights = pair.sent(Server);
    assert_eq!(flights[1].kind, Kind::Retransmission);
    assert_eq!(flights[1].bytes.len(), flights[0].bytes.len());
    // The same ServerHello in another record; the rest is protected under another number.
    assert_eq!(flights[1].bytes[13..117], flights[0].bytes[13..117]);
    assert_ne!(flights[1].bytes[117..], flights[0].bytes[117..]);
    pair.run(LONG);
    pair.assert_agreement();
}

#[test]
fn a_repeated_hello_gets_nothing_once_the_finished_came() {
    let mut pair = Pair::established(config());
    let hello = pair.log[0].bytes.clone();
    let before = pair.log.len();
    assert_eq!(pair.deliver(Server, &hello), Received::Duplicate);
    assert_eq!(pair.log.len(), before);
    pair.assert_talks();
}

#[test]
fn a_repeated_hello_is_told_from_that_of_a_new_handshake() {
    let mut pair = Pair::established(config());
    let hello = pair.log[0].bytes.clone();
    let mut other = Pair::seeded(9, config());
    other.connect();
    let new = other.log[0].bytes.clone();
    let Some(Peek::ClientHello { random }) = peek(&new) else { panic!("it is a ClientHello") };
    assert!(!pair.server.association().began_with(&random));
    let Some(Peek::ClientHello { random }) = peek(&hello) else { panic!("it is a ClientHello") };
    assert!(pair.server.association().began_with(&random));
    assert_eq!(pair.deliver(Server, &new), Received::Rejected(Rejection::OtherHello));
    pair.assert_talks();
}

#[test]
fn a_peek_tells_protected_records_and_noise() {
    let mut pair = Pair::established(config());
    pair.send(Client, b"data");
    let data = pair.last();
    assert_eq!(peek(&data), Some(Peek::Protected { epoch_bits: 3 }));
    let finished = &pair.sent(Client)[1].bytes;
    assert_eq!(peek(finished), Some(Peek::Protected { epoch_bits: 2 }));
    assert_eq!(peek(&pair.sent(Server)[0].bytes), Some(Peek::Plaintext));
    assert_eq!(peek(b""), None);
    assert_eq!(peek(b"GET / HTTP/1.1"), None);
}

#[test]
fn a_repeated_finished_is_acknowledged_again_and_establishes_nothing_twice() {
    let mut pair = Pair::new(config());
    pair.lose(Server, &[1, 2, 3]);
    pair.handshake();
    pair.assert_agreement();
    assert_eq!(pair.server.count(Received::Finished), 1);
    assert_eq!(pair.server.count(Received::Duplicate), 3);
    assert_eq!(pair.kinds(Server)[1..], [Kind::Ack; 4]);
}

#[test]
fn every_datagram_may_come_twice() {
    let mut pair = Pair::new(Config { tickets: 1, ..config() });
    pair.network(|_, _| Twice);
    pair.handshake();
    pair.assert_agreement();
    pair.assert_talks();
    assert_eq!(pair.server.data().len(), 1);
    assert_eq!(pair.client.data().len(), 1);
    assert_eq!(pair.client.tickets().len(), 1);
}

/// How many datagrams a client sends when a server's flight comes again, authentic, while it waits
/// for the acknowledgement of its Finished.
fn answers_to_a_repeated_flight(resend_on_duplicate: bool) -> usize {
    let timers = Timers { resend_on_duplicate, ..Timers::default() };
    let mut pair = Pair::new(Config { timers, ..config() });
    pair.network(|sent, n| match (sent.from, n) {
        (Client, 1) => Lose,
        _ => Deliver,
    });
    pair.connect();
    pair.run(Duration::from_millis(50));
    let before = pair.log.len();
    pair.network(|_, _| Lose);
    let hello = pair.log[0].bytes.clone();
    assert_eq!(pair.deliver(Server, &hello), Received::Duplicate);
    let flight = pair.last();
    assert_eq!(pair.deliver(Client, &flight), Received::Duplicate);
    pair.log.len() - before - 1
}

#[test]
fn a_client_repeats_its_finished_on_a_repeated_flight_only_if_it_may() {
    assert_eq!(answers_to_a_repeated_flight(true), 1);
    assert_eq!(answers_to_a_repeated_flight(false), 0);
}
