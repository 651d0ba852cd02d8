//! Records that come again (RFC 9147 section 4.5.1).

use keystorm::association::{Config, Received, Rejection};

use crate::pair::*;

fn sent_record(replay_window: u8) -> (Pair<'static>, Vec<u8>) {
    let mut pair = Pair::established(Config { replay_window, ..config() });
    pair.send(Client, b"open the valve");
    let record = pair.last();
    pair.run(LONG);
    (pair, record)
}

#[test]
fn with_the_window_a_record_is_taken_once() {
    let (mut pair, record) = sent_record(64);
    assert_eq!(pair.deliver(Server, &record), Received::Rejected(Rejection::Replayed));
    assert_eq!(pair.server.data().len(), 1);
}

#[test]
fn without_the_window_a_record_is_taken_again_and_again() {
    let (mut pair, record) = sent_record(0);
    for _ in 0..3 {
        assert_eq!(pair.deliver(Server, &record), Received::Data);
    }
    assert_eq!(pair.server.data(), [b"open the valve"; 4]);
}

#[test]
fn a_record_that_is_overtaken_by_more_than_the_window_is_lost() {
    for (ahead, taken) in [(63, true), (64, false)] {
        let mut pair = Pair::established(config());
        pair.network(|_, _| Lose);
        pair.send(Client, b"old");
        let old = pair.last();
        pair.calm();
        for _ in 0..ahead {
            pair.send(Client, b"new");
        }
        pair.run(LONG);
        let expected = if taken { Received::Data } else { Received::Rejected(Rejection::Replayed) };
        assert_eq!(pair.deliver(Server, &old), expected);
    }
}

#[test]
fn sequence_numbers_go_on_past_what_the_header_holds() {
    for long_sequence in [false, true] {
        let mut pair = Pair::established(Config { long_sequence, ..config() });
        for n in 0..1_000_u32 {
            pair.send(Client, &n.to_be_bytes());
        }
        pair.run(LONG);
        assert_eq!(pair.server.data().len(), 1_000);
        assert_eq!(pair.client.association().sealed(), Some(1_000));
    }
}
