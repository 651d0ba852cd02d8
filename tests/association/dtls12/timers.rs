//! When flights are repeated (RFC 6347 section 4.2.4).

use keystorm::association::{Config, Failure, Timers};
use keystorm::sim::time::{Duration, Time};

use super::config;
use crate::pair::*;

fn with(timers: Timers) -> Config {
    Config { timers, ..config() }
}

/// The seconds at which `side` sent datagrams, rounded down.
fn seconds(pair: &Pair<'_>, side: Side) -> Vec<u64> {
    pair.sent(side).iter().map(|sent| sent.at.0 / 1_000_000_000).collect()
}

#[test]
fn an_unanswered_hello_is_repeated_after_1_s_doubling_up_to_60_s_and_then_given_up() {
    let mut pair = Pair::new(config());
    pair.network(|_, _| Lose);
    pair.handshake();
    assert_eq!(seconds(&pair, Client), [0, 1, 3, 7, 15, 31, 63]);
    assert_eq!(pair.client.failure(), Some(Failure::Unanswered));
    assert!(pair.client.association().is_over());
    assert_eq!(pair.client.association().next_timeout(), None);
}

#[test]
fn a_repeated_flight_goes_out_in_new_records() {
    let mut pair = Pair::new(config());
    pair.lose(Client, &[0, 1, 2]);
    pair.handshake();
    for (n, hello) in pair.sent(Client)[..3].iter().enumerate() {
        assert_eq!(usize::from(hello.bytes[10]), n);
        assert_eq!(hello.bytes[11..], pair.log[0].bytes[11..]);
    }
}

#[test]
fn the_server_repeats_its_flight_only_if_it_may() {
    for (server, repetitions) in [(true, 6), (false, 0)] {
        let mut pair = Pair::new(with(Timers { server, ..Timers::default() }));
        pair.network(|sent, n| if sent.from == Client && n == 0 { Deliver } else { Lose });
        pair.handshake();
        assert_eq!(pair.sent(Server).len(), 1 + repetitions);
        assert_eq!(pair.server.failure(), server.then_some(Failure::Unanswered));
    }
}

/// The first two ClientHellos and the first Finished are lost: when is the Finished repeated?
fn repetition_of_finished(carry_over: bool) -> Duration {
    let timers = Timers { carry_over, server: false, ..Timers::default() };
    let mut pair = Pair::new(with(timers));
    pair.lose(Client, &[0, 1, 3]);
    pair.handshake();
    pair.assert_agreement();
    let client = pair.sent(Client);
    client[4].at.since(client[3].at)
}

#[test]
fn a_backed_off_timeout_is_kept_for_the_next_flight_or_not() {
    assert_eq!(repetition_of_finished(true), Duration::from_secs(4));
    assert_eq!(repetition_of_finished(false), Duration::from_secs(1));
}

#[test]
fn a_postponed_flight_is_repeated_later() {
    let mut pair = Pair::new(config());
    pair.network(|_, _| Lose);
    pair.connect();
    pair.client.association.as_mut().unwrap().postpone(Time::ZERO, Duration::from_secs(2));
    assert_eq!(pair.client.association().next_timeout(), Some(Time(3_000_000_000)));
}

#[test]
fn without_an_initial_timeout_nothing_is_ever_repeated() {
    let mut pair = Pair::new(with(Timers { initial: None, ..Timers::default() }));
    pair.network(|_, _| Lose);
    pair.handshake();
    assert_eq!(pair.log.len(), 1);
    assert_eq!(pair.client.association().next_timeout(), None);
}
