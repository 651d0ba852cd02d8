//! A peer that has the keys and breaks the protocol: the association ends, with an alert and a name.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::*;
use crate::association::{
    Accept, Config, Env, Failure, Kind, Offer, Operations, Output, PskStore, Received, Rejection,
    Secret, Suite12, early_secret,
};
use crate::sim::time::Time;
use crate::wire::dtls::{Content12, Fragment, HandshakeType};

struct OneKey;

impl PskStore for OneKey {
    fn early_secret(&self, _: &[u8], operations: &mut Operations) -> Option<Secret> {
        Some(early_secret(b"key", operations))
    }

    fn master_secret_12(
        &self,
        _: &[u8],
        label: &[u8],
        seed: &[u8],
        operations: &mut Operations,
    ) -> Option<[u8; 48]> {
        Some(master_secret_12(b"key", label, seed, operations))
    }
}

const SUITE: Suite12 = Suite12::PskAes128Ccm8;

/// Calls `f` with surroundings; returns what came out.
fn with<R>(f: impl FnOnce(&Config, &mut Env<'_>) -> R) -> (R, Vec<Output>) {
    let mut out = Vec::new();
    let mut env = Env {
        now: Time::ZERO,
        rng: &mut ChaCha8Rng::seed_from_u64(1),
        keys: &OneKey,
        operations: &mut Operations::default(),
        out: &mut out,
        key_log: None,
    };
    let result = f(&Config::default(), &mut env);
    (result, out)
}

fn datagram(outputs: &[Output]) -> Vec<u8> {
    let bytes = outputs.iter().find_map(|output| match output {
        Output::Datagram { bytes, .. } => Some(bytes.clone()),
        _ => None,
    });
    bytes.expect("a datagram came out")
}

fn receive(end: &mut Dtls12, bytes: &[u8]) -> (Received, Vec<Output>) {
    with(|config, env| end.receive(config, bytes, env))
}

struct Ends {
    client: Dtls12,
    server: Dtls12,
}

/// A handshake up to the client's flight, which is returned undelivered.
fn midway() -> (Ends, Vec<u8>) {
    let (client, out) = with(|config, env| {
        Dtls12::connect(config, SUITE, Offer::Psk(b"id"), env).expect("it can start")
    });
    let mut client = client;
    let hello = datagram(&out);
    let (accepted, out) = with(|config, env| Dtls12::accept(config, SUITE, None, b"", &hello, env));
    let Accept::Association(server) = accepted else { panic!("the ClientHello is good") };
    let (_, out) = receive(&mut client, &datagram(&out));
    (Ends { client, server }, datagram(&out))
}

fn established() -> Ends {
    let (mut ends, flight) = midway();
    let (_, out) = receive(&mut ends.server, &flight);
    receive(&mut ends.client, &datagram(&out));
    assert!(ends.client.is_established() && ends.server.is_established());
    ends
}

/// A record under the sending keys of `from`.
fn record(from: &mut Dtls12, content_type: Content12, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    from.channel.record(1, content_type, content, &mut out, &mut Operations::default());
    out
}

fn message(kind: HandshakeType, sequence: u16, length: usize, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Fragment { kind, length, sequence, offset: 0, bytes }.emit(&mut out);
    out
}

/// The datagram ends the association of the receiver, by this name, and with an alert.
#[track_caller]
fn ends_it(to: &mut Dtls12, datagram: &[u8], rejection: Rejection) {
    let (received, out) = receive(to, datagram);
    assert_eq!(received, Received::Rejected(rejection));
    assert_eq!(out.last(), Some(&Output::Failed(Failure::Misbehaved(rejection))));
    let alert = |output: &Output| matches!(output, Output::Datagram { kind: Kind::Alert, .. });
    assert!(out.iter().any(alert));
    assert!(to.is_over());
}

/// The client's flight with another message in place of its Finished.
fn flight_with(client: &mut Dtls12, flight: &[u8], content: &[u8]) -> Vec<u8> {
    let mut altered = flight[..29 + 14].to_vec();
    altered.extend(record(client, Content12::Handshake, content));
    altered
}

#[test]
fn a_client_finished_that_does_not_verify() {
    let (Ends { mut client, mut server }, flight) = midway();
    let zeros = message(HandshakeType::Finished, 2, 12, &[0; 12]);
    let altered = flight_with(&mut client, &flight, &zeros);
    ends_it(&mut server, &altered, Rejection::BadFinished);
}

#[test]
fn a_server_finished_that_does_not_verify() {
    let (Ends { mut client, mut server }, flight) = midway();
    let (_, out) = receive(&mut server, &flight);
    let mut altered = datagram(&out)[..14].to_vec();
    let zeros = message(HandshakeType::Finished, 2, 12, &[0; 12]);
    altered.extend(record(&mut server, Content12::Handshake, &zeros));
    ends_it(&mut client, &altered, Rejection::BadFinished);
}

#[test]
fn a_finished_that_does_not_parse() {
    for (content, rejection) in [
        (message(HandshakeType::Finished, 2, 11, &[0; 11]), Rejection::Malformed),
        (message(HandshakeType::Finished, 3, 12, &[0; 12]), Rejection::TooFarAhead),
        (message(HandshakeType::Finished, 2, 3_000, &[0; 12]), Rejection::TooLong),
        (vec![99; 12], Rejection::Malformed),
    ] {
        let (Ends { mut client, mut server }, flight) = midway();
        let altered = flight_with(&mut client, &flight, &content);
        ends_it(&mut server, &altered, rejection);
    }
}

#[test]
fn messages_out_of_place_under_keys() {
    use HandshakeType as H;
    for kind in [H::ServerHello, H::ClientKeyExchange, H::ClientHello, H::KeyUpdate] {
        let (Ends { mut client, mut server }, flight) = midway();
        let altered = flight_with(&mut client, &flight, &message(kind, 2, 1, &[0]));
        ends_it(&mut server, &altered, Rejection::UnexpectedMessage);
    }
    let Ends { mut client, mut server } = established();
    let change = record(&mut client, Content12::ChangeCipherSpec, &[1]);
    ends_it(&mut server, &change, Rejection::UnexpectedMessage);
}

#[test]
fn data_before_the_finished_is_dropped() {
    let (Ends { mut client, mut server }, flight) = midway();
    let mut early = flight[..29 + 14].to_vec();
    early.extend(record(&mut client, Content12::ApplicationData, b"early"));
    let (_, out) = receive(&mut server, &early);
    assert!(out.is_empty());
    let (received, out) = receive(&mut server, &flight);
    assert_eq!(received, Received::Finished);
    assert!(out.contains(&Output::Established { resumed: false }));
}

#[test]
fn renegotiation_is_refused_and_ends_nothing() {
    let Ends { mut client, mut server } = established();
    let hello = message(HandshakeType::ClientHello, 3, 1, &[0]);
    let hello = record(&mut client, Content12::Handshake, &hello);
    let refused = (Received::Rejected(Rejection::Renegotiation), Vec::new());
    assert_eq!(receive(&mut server, &hello), refused);
    let request = message(HandshakeType::HelloRequest, 3, 0, &[]);
    let request = record(&mut server, Content12::Handshake, &request);
    assert_eq!(receive(&mut client, &request), refused);
    assert!(client.is_established() && server.is_established());
}

#[test]
fn a_fatal_alert_fails_the_association_and_a_warning_does_not() {
    let Ends { mut client, mut server } = established();
    let warning = record(&mut client, Content12::Alert, &[1, 100]);
    assert_eq!(receive(&mut server, &warning), (Received::Alert, Vec::new()));
    assert!(server.is_established());
    let fatal = record(&mut client, Content12::Alert, &[2, 80]);
    let failed = vec![Output::Failed(Failure::Alerted(80))];
    assert_eq!(receive(&mut server, &fatal), (Received::Alert, failed));
    assert!(server.is_over());
}

#[test]
fn keys_that_are_used_up_protect_nothing_more() {
    let Ends { mut client, .. } = established();
    client.channel.exhaust();
    let (sent, out) = with(|config, env| client.send(config, b"x", env));
    assert_eq!(sent, Err(crate::association::SendError::KeysExhausted));
    assert!(out.is_empty());
}
