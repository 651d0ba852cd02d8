//! Bytes on the wire, equal to the formulas of draft-ietf-iotops-security-protocol-comparison with a
//! 16-byte tag and without connection IDs, and bytes in memory.

use keystorm::association::{Association, Config, KeyExchange, Offer};

use crate::pair::*;

/// The draft's configuration: the fewest bytes.
fn psk() -> Config {
    Config { key_exchange: KeyExchange::Psk, ..config() }
}

fn flights(config: Config) -> Vec<usize> {
    let mut pair = Pair::new(config);
    pair.handshake();
    pair.assert_agreement();
    pair.lengths()
}

#[test]
fn psk_ke_takes_130_154_63_and_its_acknowledgement_37() {
    assert_eq!(flights(psk()), [130, 154, 63, 37]);
}

#[test]
fn psk_dhe_ke_adds_50_to_the_first_flight_and_40_to_the_second() {
    // supported_groups 8 and key_share 42; key_share 40.
    assert_eq!(flights(config()), [130 + 50, 154 + 40, 63, 37]);
}

#[test]
fn an_identity_of_n_bytes_adds_n_minus_1_to_the_first_flight() {
    for n in [1, 2, 48, 128] {
        let identity = vec![b'i'; n];
        let mut pair = Pair::new(psk());
        for end in [&mut pair.client, &mut pair.server] {
            end.keys = Keys(vec![(identity.clone(), b"key".to_vec())]);
        }
        pair.connect_with(Offer::Psk(&identity));
        pair.run(LONG);
        assert_eq!(pair.lengths(), [130 + n - 1, 154, 63, 37]);
    }
}

#[test]
fn a_16_bit_sequence_number_adds_1_to_every_protected_record() {
    let config = Config { long_sequence: true, ..psk() };
    assert_eq!(flights(config), [130, 154 + 1, 63 + 1, 37 + 1]);
}

#[test]
fn an_explicit_length_adds_2_to_every_protected_record() {
    let config = Config { explicit_length: true, ..psk() };
    assert_eq!(flights(config), [130, 154 + 2, 63 + 2, 37 + 2]);
}

#[test]
fn a_cookie_of_c_bytes_adds_a_flight_of_77_plus_c_and_6_plus_c_to_the_second_hello() {
    const C: usize = 72; // time 8, hash 32, MAC 32
    let config = Config { cookie: true, ..psk() };
    assert_eq!(flights(config), [130, 77 + C, 130 + 6 + C, 154, 63, 37]);
}

#[test]
fn a_key_update_takes_32_and_its_acknowledgement_37() {
    let mut pair = Pair::established(psk());
    let before = pair.log.len();
    pair.at(Client, |a, config, env| a.update_keys(config, false, env)).unwrap();
    pair.run(LONG);
    assert_eq!(pair.lengths()[before..], [32, 37]);
}

#[test]
fn a_record_of_application_data_adds_19() {
    for (long_sequence, explicit_length, overhead) in
        [(false, false, 19), (true, false, 20), (false, true, 21), (true, true, 22)]
    {
        let config = Config { long_sequence, explicit_length, ..psk() };
        let mut pair = Pair::established(config);
        for n in [0, 1, 100] {
            pair.send(Client, &vec![7; n]);
            assert_eq!(pair.last().len(), n + overhead);
        }
    }
}

#[test]
fn an_alert_takes_21() {
    let mut pair = Pair::established(psk());
    pair.at(Client, |a, config, env| a.close(config, env));
    assert_eq!(pair.last().len(), 21);
}

#[test]
fn an_idle_association_takes_at_most_512_bytes() {
    // Raw keys for three epochs, two secrets, a few counters; AES is expanded for every record.
    assert!(size_of::<Association>() <= 424, "{}", size_of::<Association>());
    // The only thing on the heap is the identity, at the server: up to 88 bytes fit.
    let pair = Pair::established(config());
    assert_eq!(pair.client.association().idle_size(), size_of::<Association>());
    assert_eq!(pair.server.association().idle_size(), size_of::<Association>() + 1);
}
