//! Messages in parts (RFC 6347 section 4.2.3).

use keystorm::association::{Config, Offer, Received, Rejection};
use keystorm::sim::time::Duration;

use super::{SUITES, config, with};
use crate::pair::*;

fn small(mtu: u16) -> Config {
    Config { mtu, ..config() }
}

#[test]
fn a_small_mtu_is_kept_by_every_datagram_and_the_handshake_completes() {
    for suite in SUITES {
        for mtu in [64, 65, 70, 80, 93, 94, 95, 100, 150] {
            let mut pair = Pair::new(Config { mtu, ..with(suite) });
            let identity = vec![b'i'; 100];
            for end in [&mut pair.client, &mut pair.server] {
                end.keys = Keys(vec![(identity.clone(), b"key".to_vec())]);
            }
            pair.connect_with(Offer::Psk(&identity));
            pair.run(LONG);
            pair.assert_agreement();
            assert!(pair.lengths().iter().all(|&len| len <= usize::from(mtu)), "{mtu}");
        }
    }
}

#[test]
fn fragments_may_come_in_reverse_order() {
    let mut pair = Pair::new(small(64));
    pair.network(|_, n| {
        Late(Duration::from_millis(100 - 10 * u64::try_from(n).unwrap_or_default().min(9)))
    });
    pair.handshake();
    pair.assert_agreement();
}

#[test]
fn a_server_that_asks_for_cookies_takes_no_fragmented_hello() {
    let mut pair = Pair::new(Config { cookie: true, ..small(64) });
    pair.connect();
    pair.run(Duration::from_millis(500));
    assert!(pair.server.rejections().contains(&Rejection::FragmentedHello));
    assert!(pair.server.association.is_none());
}

#[test]
fn a_server_waits_for_the_rest_of_a_hello_only_so_long() {
    let mut pair = Pair::new(small(64));
    pair.network(|sent, n| if sent.from == Client && n == 0 { Deliver } else { Lose });
    pair.connect();
    pair.run(Duration::from_secs(59));
    assert!(pair.server.association.is_some() && pair.server.failure().is_none());
    pair.run(Duration::from_secs(2));
    assert!(pair.server.failure().is_some());
}

#[test]
fn a_repeated_fragment_is_a_duplicate() {
    let mut pair = Pair::new(small(64));
    pair.network(|sent, n| if sent.from == Server && n == 0 { Twice } else { Deliver });
    pair.handshake();
    pair.assert_agreement();
    assert!(pair.client.count(Received::Fragment) > 0);
}
