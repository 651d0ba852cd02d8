//! Random networks, random bytes, random edits: nothing panics, and whatever is not lost for ever
//! gets through.

use keystorm::association::{Config, Failure, KeyExchange, Output, Timers};
use keystorm::sim::time::Duration;
use proptest::prelude::*;

use crate::pair::*;

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Deliver),
        2 => Just(Lose),
        1 => Just(Twice),
        1 => (0_u64..3_000).prop_map(|ms| Late(Duration::from_millis(ms))),
    ]
}

prop_compose! {
    fn configs()(
        dhe in any::<bool>(),
        cookie in any::<bool>(),
        tickets in 0_u8..3,
        mtu in prop_oneof![Just(1_200_u16), 64_u16..300],
        server in any::<bool>(),
        resend_on_duplicate in any::<bool>(),
        carry_over in any::<bool>(),
        long_sequence in any::<bool>(),
        explicit_length in any::<bool>(),
    ) -> Config {
        let timers = Timers {
            server,
            resend_on_duplicate,
            carry_over,
            max: Duration::from_secs(4),
            retransmissions: 200,
            ..Timers::default()
        };
        // With cookies a ClientHello must fit one datagram.
        let mtu = if cookie { 1_200 } else { mtu };
        let key_exchange = if dhe { KeyExchange::PskDhe } else { KeyExchange::Psk };
        let rest = config();
        Config { key_exchange, cookie, tickets, mtu, timers, long_sequence, explicit_length, ..rest }
    }
}

/// Where to stop a handshake before bytes are thrown at it.
fn stages() -> impl Strategy<Value = u64> {
    (0_u64..6).prop_map(|n| n * 10 + 5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_network_that_loses_repeats_and_delays_only_delays_the_handshake(
        config in configs(),
        seed in any::<u32>(),
        fates in prop::collection::vec(fate(), 1..60),
    ) {
        let mut pair = Pair::seeded(seed.into(), config);
        let mut fates = fates.into_iter();
        pair.network(move |_, _| fates.next().unwrap_or(Deliver));
        pair.connect();
        pair.run(Duration::from_secs(900));
        pair.assert_agreement();
        pair.calm();
        pair.assert_talks();
        prop_assert_eq!(pair.client.tickets().len(), usize::from(pair.server.config.tickets));
    }

    #[test]
    fn key_updates_get_through_such_a_network_too(
        config in configs(),
        fates in prop::collection::vec(fate(), 1..60),
        updates in prop::collection::vec((any::<bool>(), any::<bool>(), 0_u64..3_000), 1..12),
    ) {
        let mut pair = Pair::established(config);
        pair.run(LONG);
        let mut fates = fates.into_iter();
        pair.network(move |_, _| fates.next().unwrap_or(Deliver));
        for (client, request, wait) in updates {
            let side = if client { Client } else { Server };
            let _ = pair.at(side, |a, config, env| a.update_keys(config, request, env));
            pair.at(side, |a, config, env| a.send(config, b"meanwhile", env)).unwrap();
            pair.run(Duration::from_millis(wait));
        }
        pair.run(Duration::from_secs(900));
        pair.assert_agreement();
        pair.calm();
        pair.assert_talks();
        let (client, server) = (pair.client.association(), pair.server.association());
        prop_assert_eq!(client.send_epoch(), server.receive_epoch());
        prop_assert_eq!(server.send_epoch(), client.receive_epoch());
    }

    #[test]
    fn random_bytes_disturb_no_state(
        stop in stages(),
        noise in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 1..20),
        first in prop::sample::select(vec![21_u8, 22, 26, 0x2e, 0x2f, 0x22, 0x23]),
    ) {
        let mut pair = Pair::new(Config { tickets: 1, ..config() });
        pair.connect();
        pair.run(Duration::from_millis(stop));
        for mut bytes in noise {
            for side in [Client, Server] {
                if side == Server && pair.server.association.is_none() {
                    continue;
                }
                pair.deliver(side, &bytes);
                if let Some(byte) = bytes.first_mut() {
                    *byte = first;
                }
                pair.deliver(side, &bytes);
            }
        }
        pair.run(LONG);
        pair.assert_agreement();
        pair.assert_talks();
    }

    #[test]
    fn edited_datagrams_disturb_no_state(
        config in configs(),
        edits in prop::collection::vec((0_usize..12, any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let config = Config { cookie: false, ..config };
        let mut pair = Pair::new(config);
        let mut count = 0;
        pair.network(move |sent, _| {
            for (_, at, mask) in edits.iter().filter(|(n, ..)| *n == count) {
                let at = at.index(sent.bytes.len());
                sent.bytes[at] ^= mask;
            }
            count += 1;
            Deliver
        });
        pair.connect();
        pair.run(Duration::from_secs(900));
        pair.assert_agreement();
        // Nobody is blamed for what the network did.
        let failed = |output: &Output| matches!(output, Output::Failed(Failure::Misbehaved(_)));
        prop_assert!(!pair.client.outputs.iter().any(failed));
        prop_assert!(!pair.server.outputs.iter().any(failed));
    }
}
