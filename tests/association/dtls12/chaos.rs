//! Random networks, random bytes, random edits: nothing panics, and whatever is not lost for ever
//! gets through.

use keystorm::association::{Config, Failure, Output, Timers};
use keystorm::sim::time::Duration;
use proptest::prelude::*;

use super::{SUITES, config, with};
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
        suite in prop::sample::select(&SUITES[..]),
        cookie in any::<bool>(),
        mtu in prop_oneof![Just(1_200_u16), 64_u16..200],
        server in any::<bool>(),
        resend_on_duplicate in any::<bool>(),
        carry_over in any::<bool>(),
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
        Config { cookie, mtu, timers, ..with(suite) }
    }
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
    }

    #[test]
    fn random_bytes_disturb_no_state(
        stop in (0_u64..6).prop_map(|n| n * 10 + 5),
        noise in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 1..20),
        kind in prop::sample::select(vec![20_u8, 21, 22, 23, 25]),
        epoch in 0_u8..3,
        // No HelloVerifyRequest: a forged one ends a handshake with a server that wants no cookie.
        message in prop::sample::select(vec![0_u8, 1, 2, 12, 14, 16, 20]),
    ) {
        let mut pair = Pair::new(config());
        pair.connect();
        pair.run(Duration::from_millis(stop));
        for bytes in noise {
            let len = u8::try_from(bytes.len()).unwrap_or_default();
            // The same once more behind a header, and as the body of a message.
            let mut framed = vec![kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 1, 0, 0, len];
            framed.extend_from_slice(&bytes);
            let mut inside = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 1, 0, 0, len + 12];
            inside.extend([message, 0, 0, len, 0, 0, 0, 0, 0, 0, 0, len]);
            inside.extend_from_slice(&bytes);
            for side in [Client, Server] {
                if side == Server && pair.server.association.is_none() {
                    continue;
                }
                for datagram in [&bytes, &framed, &inside] {
                    pair.deliver(side, datagram);
                }
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
        let timers = Timers { server: true, ..config.timers };
        let config = Config { cookie: false, timers, ..config };
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
        // An altered ClientHello may have been answered; then the Finished told, and both gave up.
        if pair.client.is_established() || pair.server.is_established() {
            pair.assert_agreement();
        }
        // Nobody is blamed for what the network did.
        let failed = |output: &Output| matches!(output, Output::Failed(Failure::Misbehaved(_)));
        prop_assert!(!pair.client.outputs.iter().any(failed));
        prop_assert!(!pair.server.outputs.iter().any(failed));
    }
}
