//! Bytes on the wire and in memory. The flights are those of RFC 6347 with a PSK of a 1-byte identity,
//! the extended master secret as the only extension, and no hint.

use keystorm::association::{Association, Config, Offer, Suite12};

use super::{SUITES, config, with};
use crate::pair::*;

/// The length of a cookie: time 4, MAC 16.
const C: usize = 20;

fn flights(config: Config) -> Vec<usize> {
    let mut pair = Pair::new(config);
    pair.handshake();
    pair.assert_agreement();
    pair.lengths()
}

#[test]
fn ccm_8_takes_73_94_95_67() {
    // ClientHello: record 13, header 12, version 2, random 32, session ID 1, cookie 1, suites 4,
    // compression 2, extensions 2 + 4. ServerHello 69, ServerHelloDone 25. ClientKeyExchange 28,
    // ChangeCipherSpec 14, Finished 29 + 12 + 12 = 53.
    assert_eq!(flights(config()), [73, 69 + 25, 28 + 14 + 53, 14 + 53]);
}

#[test]
fn gcm_adds_8_to_each_flight_with_a_finished() {
    assert_eq!(flights(with(Suite12::PskAes128Gcm)), [73, 94, 95 + 8, 67 + 8]);
}

#[test]
fn a_cookie_of_c_bytes_adds_a_flight_of_28_plus_c_and_c_to_the_second_hello() {
    for (suite, tag) in [(Suite12::PskAes128Ccm8, 0), (Suite12::PskAes128Gcm, 8)] {
        let config = Config { cookie: true, ..with(suite) };
        assert_eq!(flights(config), [73, 28 + C, 73 + C, 94, 95 + tag, 67 + tag]);
    }
}

#[test]
fn an_identity_of_n_bytes_adds_n_minus_1_to_the_third_flight() {
    for n in [1, 2, 48, 128] {
        let identity = vec![b'i'; n];
        let mut pair = Pair::new(config());
        for end in [&mut pair.client, &mut pair.server] {
            end.keys = Keys(vec![(identity.clone(), b"key".to_vec())]);
        }
        pair.connect_with(Offer::Psk(&identity));
        pair.run(LONG);
        assert_eq!(pair.lengths(), [73, 94, 95 + n - 1, 67]);
    }
}

#[test]
fn a_record_of_application_data_adds_29_or_37() {
    for (suite, overhead) in SUITES.into_iter().zip([29, 37]) {
        let mut pair = Pair::established(with(suite));
        for n in [0, 1, 100] {
            pair.send(Client, &vec![7; n]);
            assert_eq!(pair.last().len(), n + overhead);
        }
        let max = pair.client.association().max_data(&with(suite));
        assert_eq!(max, 1_200 - overhead);
    }
}

#[test]
fn an_alert_takes_2_more_than_the_overhead() {
    for (suite, overhead) in SUITES.into_iter().zip([29, 37]) {
        let mut pair = Pair::established(with(suite));
        pair.at(Client, |a, config, env| a.close(config, env));
        assert_eq!(pair.last().len(), 2 + overhead);
    }
}

#[test]
fn an_idle_association_takes_at_most_512_bytes() {
    let pair = Pair::established(config());
    assert!(size_of::<Association>() <= 424, "{}", size_of::<Association>());
    assert_eq!(pair.client.association().idle_size(), size_of::<Association>());
    assert_eq!(pair.server.association().idle_size(), size_of::<Association>() + 1);
}
