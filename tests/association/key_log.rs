//! The secrets that both ends disclose to whoever is to read along.

use keystorm::association::{Config, Peek, SecretLabel, Suite12, peek};
use keystorm::sim::time::Duration;

use crate::dtls12;
use crate::pair::*;

/// A handshake and two key updates, if there are any, with a log at both ends; also the random of the
/// ClientHello.
fn logged(config: Config, updates: usize) -> (Pair<'static>, [u8; 32]) {
    let mut pair = Pair::new(config);
    pair.client.disclosed = Some(Disclosed::default());
    pair.server.disclosed = Some(Disclosed::default());
    pair.handshake();
    for _ in 0..updates {
        pair.at(Client, |a, config, env| a.update_keys(config, true, env))
            .expect("it is established");
        pair.run(Duration::from_secs(5));
    }
    let Some(Peek::ClientHello { random }) = peek(&pair.log[0].bytes) else {
        panic!("a ClientHello comes first")
    };
    (pair, random)
}

/// Secrets by label, each of the true length and with the true random or the beginning of it.
fn secrets(end: &mut End, random: &[u8; 32]) -> Vec<(SecretLabel, Vec<u8>)> {
    let mut log = end.disclosed.take().expect("there is a log").0;
    log.sort();
    for (label, told, _) in &log {
        let whole = !matches!(label, SecretLabel::ClientTraffic(_) | SecretLabel::ServerTraffic(_));
        assert_eq!(told, &random[..if whole { 32 } else { 8 }], "{label}");
    }
    log.into_iter().map(|(label, _, secret)| (label, secret)).collect()
}

#[test]
fn both_ends_of_dtls_13_disclose_the_same_secrets_each_once_and_all_different() {
    let (mut pair, random) = logged(config(), 2);
    let client = secrets(&mut pair.client, &random);
    assert_eq!(client, secrets(&mut pair.server, &random));
    let labels: Vec<_> = client.iter().map(|(label, _)| label.to_string()).collect();
    let expected = [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "CLIENT_TRAFFIC_SECRET_1",
        "CLIENT_TRAFFIC_SECRET_2",
        "SERVER_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_1",
        "SERVER_TRAFFIC_SECRET_2",
    ];
    assert_eq!(labels, expected);
    let mut values: Vec<_> = client.into_iter().map(|(_, secret)| secret).collect();
    values.sort();
    values.dedup();
    assert_eq!(values.len(), expected.len());
    assert!(values.iter().all(|secret| secret.len() == 32));
}

#[test]
fn both_ends_of_dtls_12_disclose_the_master_secret() {
    let (mut pair, random) = logged(dtls12::with(Suite12::PskAes128Ccm8), 0);
    let client = secrets(&mut pair.client, &random);
    assert_eq!(client, secrets(&mut pair.server, &random));
    let [(SecretLabel::Master12, master)] = &client[..] else { panic!("{client:?}") };
    assert_eq!((master.len(), SecretLabel::Master12.to_string()), (48, "CLIENT_RANDOM".to_owned()));
}

#[test]
fn a_log_changes_nothing_that_goes_over_the_network() {
    let bytes = |pair: &Pair<'_>| pair.log.iter().map(|s| s.bytes.clone()).collect::<Vec<_>>();
    let mut silent = Pair::new(config());
    silent.handshake();
    let (pair, _) = logged(config(), 0);
    assert_eq!(bytes(&silent), bytes(&pair));
    assert_eq!(silent.client.operations, pair.client.operations);
}
