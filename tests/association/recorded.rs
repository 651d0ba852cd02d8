//! What a recording opens to whoever gets a key later: by real computation, from the datagrams alone.

use keystorm::association::recorded::{Found, Line, Recording};
use keystorm::association::{Config, KeyExchange, SecretLabel};
use keystorm::sim::time::Duration;

use crate::pair::*;

const KEY: &[u8] = b"a pre-shared key";

fn ke(config: Config) -> Config {
    Config { key_exchange: KeyExchange::Psk, ..config }
}

/// A pair that talked, renewed its keys and talked again, twice.
fn talked(mut pair: Pair<'static>) -> Pair<'static> {
    pair.client.disclosed = Some(Disclosed::default());
    pair.connect();
    pair.run(Duration::from_secs(1));
    pair.assert_agreement();
    for _ in 0..3 {
        pair.assert_talks();
        pair.at(Client, |a, config, env| a.update_keys(config, true, env)).expect("it updates");
        pair.run(Duration::from_secs(1));
    }
    pair
}

/// What this key opens of everything that was sent.
fn opened(pair: &Pair<'_>, psk: &[u8]) -> Vec<Vec<u8>> {
    let (mut recording, mut data) = (Recording::new(psk), Vec::new());
    for sent in &pair.log {
        recording.take(sent.from == Client, &sent.bytes, &mut |found| {
            if let Found::Data(bytes) = found {
                data.push(bytes);
            }
        });
    }
    data
}

/// What was said, in order.
fn said(pair: &Pair<'_>) -> Vec<Vec<u8>> {
    let heard = |end: &End| end.data().iter().map(|data| data.to_vec()).collect::<Vec<_>>();
    let (up, down) = (heard(&pair.server), heard(&pair.client));
    up.into_iter().zip(down).flat_map(|(up, down)| [up, down]).collect()
}

#[test]
fn without_diffie_hellman_the_pre_shared_key_opens_the_whole_past() {
    let with_ids = |client, server| {
        let mut pair = Pair::new(ke(config()));
        pair.client.config.connection_id = client;
        pair.server.config.connection_id = server;
        pair
    };
    let cookie = Config { cookie: true, ..ke(config()) };
    for pair in [
        Pair::new(ke(config())),
        Pair::new(cookie),
        with_ids(Some(0), Some(8)),
        with_ids(Some(3), Some(1)),
    ] {
        let pair = talked(pair);
        assert_eq!(said(&pair).len(), 6);
        assert_eq!(opened(&pair, KEY), said(&pair));
        assert!(opened(&pair, b"another key").is_empty());
    }
}

#[test]
fn with_diffie_hellman_it_opens_nothing() {
    let pair = talked(Pair::new(config()));
    assert_eq!(said(&pair).len(), 6);
    assert!(opened(&pair, KEY).is_empty());
}

#[test]
fn a_traffic_secret_opens_one_direction_from_its_epoch_on() {
    let pair = talked(Pair::new(config()));
    let log = &pair.client.disclosed.as_ref().unwrap().0;
    for updates in 0..3u16 {
        let is_it =
            |entry: &&(SecretLabel, _, Vec<u8>)| entry.0 == SecretLabel::ClientTraffic(updates);
        let (_, _, secret) = log.iter().find(is_it).unwrap();
        let (mut line, mut data) = (Line::new(secret[..].try_into().unwrap()), Vec::new());
        for sent in &pair.log {
            line.take(&sent.bytes, &mut |found| data.push(found));
        }
        let expected: Vec<Found> = pair.server.data()[usize::from(updates)..]
            .iter()
            .map(|bytes| Found::Data(bytes.to_vec()))
            .collect();
        assert_eq!(data, expected);
    }
}

#[test]
fn any_bytes_are_passed_over() {
    let pair = talked(Pair::new(ke(config())));
    let (mut recording, mut line) = (Recording::new(KEY), Line::new(&[7; 32]));
    for (n, sent) in pair.log.iter().enumerate() {
        for cut in 0..sent.bytes.len() {
            let mut bytes = sent.bytes[..cut].to_vec();
            if let Some(byte) = bytes.get_mut(n % cut.max(1)) {
                *byte ^= 0x55;
            }
            recording.take(cut % 2 == 0, &bytes, &mut |_| {});
            line.take(&bytes, &mut |_| {});
        }
    }
}
