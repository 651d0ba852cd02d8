//! Replayed records (RFC 6347 section 4.1.2.6).

use keystorm::association::{Config, Operation, Received, Rejection};

use super::config;
use crate::pair::*;

#[test]
fn a_record_is_taken_once_and_is_not_even_decrypted_again() {
    let mut pair = Pair::established(config());
    pair.network(|_, _| Lose);
    pair.send(Client, b"open the door");
    let record = pair.last();
    assert_eq!(pair.deliver(Server, &record), Received::Data);
    let opened = pair.server.operations.of(Operation::Open);
    for _ in 0..3 {
        assert_eq!(pair.deliver(Server, &record), Received::Rejected(Rejection::Replayed));
    }
    assert_eq!(pair.server.operations.of(Operation::Open), opened);
    assert_eq!(pair.server.data().len(), 1);
}

#[test]
fn a_record_behind_the_window_is_refused() {
    let mut pair = Pair::established(config());
    pair.network(|_, _| Lose);
    let mut records = Vec::new();
    for _ in 0..70 {
        pair.send(Client, b"x");
        records.push(pair.last());
    }
    assert_eq!(pair.deliver(Server, &records[69]), Received::Data);
    assert_eq!(pair.deliver(Server, &records[5]), Received::Rejected(Rejection::Replayed));
    assert_eq!(pair.deliver(Server, &records[6]), Received::Data);
}

#[test]
fn a_forged_number_does_not_move_the_window() {
    let mut pair = Pair::established(config());
    pair.network(|_, _| Lose);
    pair.send(Client, b"x");
    let record = pair.last();
    let mut forged = record.clone();
    forged[7] = 0x10; // a number far ahead
    assert_eq!(pair.deliver(Server, &forged), Received::Rejected(Rejection::BadRecord));
    assert_eq!(pair.deliver(Server, &record), Received::Data);
}

#[test]
fn without_a_window_a_record_is_taken_again_and_again() {
    let mut pair = Pair::established(Config { replay_window: 0, ..config() });
    pair.network(|_, _| Lose);
    pair.send(Client, b"open the door");
    let record = pair.last();
    for _ in 0..3 {
        assert_eq!(pair.deliver(Server, &record), Received::Data);
    }
}
