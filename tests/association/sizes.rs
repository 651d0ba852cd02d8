//! Bytes on the wire, equal to the formulas of draft-ietf-iotops-security-protocol-comparison with a
//! 16-byte tag and without connection IDs, and bytes in memory.

use keystorm::association::{Association, Config, KeyExchange};

use crate::pair::*;

/// A configuration with the fewest bytes: the draft's.
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
    assert_eq!(flights(config()), [180, 194, 63, 37]);
}
