//! When flights are repeated (RFC 9147 section 5.8).

use keystorm::association::{Config, Failure, Kind, Timers};
use keystorm::sim::time::{Duration, Time};

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
fn it_fails_when_the_last_repetition_had_its_time() {
    let mut pair = Pair::new(config());
    pair.network(|_, _| Lose);
    pair.connect();
    pair.run(Duration::from_secs(63 + 60) - Duration::from_nanos(1));
    assert_eq!(pair.client.failure(), None);
    pair.run(Duration::from_nanos(1));
    assert_eq!(pair.client.failure(), Some(Failure::Unanswered));
}

#[test]
fn the_number_of_repetitions_and_the_cap_are_settings() {
    let timers = Timers {
        initial: Some(Duration::from_secs(9)),
        max: Duration::from_secs(20),
        retransmissions: 4,
        ..Timers::default()
    };
    let mut pair = Pair::new(with(timers));
    pair.network(|_, _| Lose);
    pair.handshake();
    assert_eq!(seconds(&pair, Client), [0, 9, 27, 47, 67]);
}

#[test]
fn without_an_initial_timeout_nothing_is_ever_repeated() {
    let mut pair = Pair::new(with(Timers { initial: None, ..Timers::default() }));
    pair.network(|_, _| Lose);
    pair.handshake();
    assert_eq!(pair.log.len(), 1);
    assert_eq!(pair.client.association().next_timeout(), None);
    assert_eq!(pair.client.failure(), None);
}

#[test]
fn a_call_before_the_timeout_does_nothing() {
    let mut pair = Pair::new(config());
    pair.network(|_, _| Lose);
    pair.connect();
    pair.now = Time(999_999_999);
    pair.at(Client, |a, config, env| a.timeout(config, env));
    assert_eq!(pair.log.len(), 1);
    pair.now = Time(1_000_000_000);
    pair.at(Client, |a, config, env| a.timeout(config, env));
    assert_eq!(pair.log.len(), 2);
}

/// The first two ClientHellos and the first Finished are lost: when is the Finished repeated?
fn repetition_of_finished(carry_over: bool) -> Duration {
    let mut pair = Pair::new(with(Timers { carry_over, ..Timers::default() }));
    pair.lose(Client, &[0, 1, 3]);
    pair.handshake();
    pair.assert_agreement();
    let client = pair.sent(Client);
    assert_eq!(client[3].kind, Kind::Handshake);
    client[4].at.since(client[3].at)
}

#[test]
fn a_backed_off_timeout_is_kept_for_the_next_flight() {
    // 1 s and 2 s passed without an answer; the third ClientHello was given 4 s.
    let mut pair = Pair::new(with(Timers { server: false, ..Timers::default() }));
    pair.lose(Client, &[0, 1, 3]);
    pair.handshake();
    let client = pair.sent(Client);
    assert_eq!(client[4].at.since(client[3].at), Duration::from_secs(4));
}

#[test]
fn without_carry_over_each_flight_starts_anew() {
    assert_eq!(repetition_of_finished(false), Duration::from_secs(1));
}

#[test]
fn the_server_repeats_its_flight_only_if_it_may() {
    for (server, repetitions) in [(true, 6), (false, 0)] {
        let mut pair = Pair::new(with(Timers { server, ..Timers::default() }));
        // The client hears nothing, and says nothing more.
        pair.network(|sent, n| if sent.from == Client && n == 0 { Deliver } else { Lose });
        pair.handshake();
        assert_eq!(pair.sent(Server).len(), 1 + repetitions);
        let failure = server.then_some(Failure::Unanswered);
        assert_eq!(pair.server.failure(), failure);
    }
}

#[test]
fn a_slow_answer_makes_the_client_repeat_without_any_loss() {
    // Answers take 5 s: repetitions at 1 s and 3 s, and no more.
    let mut pair = Pair::new(with(Timers { server: false, ..Timers::default() }));
    pair.network(
        |sent, _| {
            if sent.from == Server { Late(Duration::from_secs(5)) } else { Deliver }
        },
    );
    pair.connect();
    pair.run(Duration::from_secs(4));
    assert_eq!(seconds(&pair, Client), [0, 1, 3]);
    pair.run(LONG);
    pair.assert_agreement();
}
