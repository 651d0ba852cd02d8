//! A peer that has the keys and breaks the protocol: the association ends, with an alert and a name.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::machine::Dtls13;
use super::protection::Shape;
use super::*;
use crate::sim::time::Time;
use crate::wire::dtls::{ContentType, Fragment, HandshakeType, NewConnectionId};

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

const SHAPE: Shape =
    Shape { connection_id: ConnectionId::EMPTY, long_sequence: false, with_length: false };

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

fn datagrams(outputs: &[Output]) -> Vec<Vec<u8>> {
    let mut list = Vec::new();
    for output in outputs {
        if let Output::Datagram { bytes, .. } = output {
            list.push(bytes.clone());
        }
    }
    list
}

fn receive(end: &mut Dtls13, bytes: &[u8]) -> (Received, Vec<Output>) {
    with(|config, env| end.receive(config, bytes, env))
}

struct Ends {
    client: Dtls13,
    server: Dtls13,
}

/// A handshake up to the server's flight, which is returned undelivered.
fn midway() -> (Ends, Vec<u8>) {
    midway_with(None, None)
}

/// The same; the ends want connection IDs of these lengths.
fn midway_with(client_id: Option<u8>, server_id: Option<ConnectionId>) -> (Ends, Vec<u8>) {
    let (client, out) = with(|config, env| {
        let config = Config { connection_id: client_id, ..config.clone() };
        Dtls13::connect(&config, Offer::Psk(b"id"), env).expect("it can start")
    });
    let hello = datagrams(&out).remove(0);
    let (accepted, out) = with(|config, env| Dtls13::accept(config, server_id, b"", &hello, env));
    let Accept::Association(server) = accepted else { panic!("the ClientHello is good") };
    (Ends { client, server }, datagrams(&out).remove(0))
}

fn established() -> Ends {
    established_with(None, None)
}

fn established_with(client_id: Option<u8>, server_id: Option<ConnectionId>) -> Ends {
    let (mut ends, flight) = midway_with(client_id, server_id);
    let (_, out) = receive(&mut ends.client, &flight);
    let (_, out) = receive(&mut ends.server, &datagrams(&out)[0]);
    receive(&mut ends.client, &datagrams(&out)[0]);
    assert!(ends.client.is_established() && ends.server.is_established());
    ends
}

/// A record under the sending keys of `from`.
fn record(from: &mut Dtls13, content_type: ContentType, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let operations = &mut Operations::default();
    let epoch = from.sending.epoch();
    let shape = Shape { connection_id: from.sending.id(epoch), ..SHAPE };
    from.sending.record(epoch, shape, content_type, content, &mut out, operations);
    out
}

fn handshake(kind: HandshakeType, sequence: u16, length: usize, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Fragment { kind, length, sequence, offset: 0, bytes }.emit(&mut out);
    out
}

/// The record ends the association of the receiver, by this name, and with an alert.
#[track_caller]
fn ends_it(to: &mut Dtls13, record: &[u8], rejection: Rejection) {
    let (received, out) = receive(to, record);
    assert_eq!(received, Received::Rejected(rejection));
    assert_eq!(out.last(), Some(&Output::Failed(Failure::Misbehaved(rejection))));
    let alert = |output: &Output| matches!(output, Output::Datagram { kind: Kind::Alert, .. });
    assert!(out.iter().any(alert));
    assert!(to.is_over());
}

/// A client's handshake record ends an established server.
#[track_caller]
fn handshake_ends_server(content: &[u8], rejection: Rejection) {
    let Ends { mut client, mut server } = established();
    let record = record(&mut client, ContentType::Handshake, content);
    ends_it(&mut server, &record, rejection);
}

#[test]
fn messages_that_do_not_parse() {
    use HandshakeType::KeyUpdate;
    handshake_ends_server(b"", Rejection::Malformed);
    handshake_ends_server(&[99; 12], Rejection::Malformed);
    handshake_ends_server(&handshake(KeyUpdate, 2, 1, &[7]), Rejection::Malformed);
    handshake_ends_server(&handshake(KeyUpdate, 2, 3_000, &[0; 100]), Rejection::TooLong);
    let mut two = handshake(KeyUpdate, 2, 9, &[0]);
    two.extend(handshake(KeyUpdate, 2, 8, &[0]));
    handshake_ends_server(&two, Rejection::ContradictoryFragment);
}

#[test]
fn messages_out_of_place() {
    use HandshakeType as H;
    for kind in [H::NewSessionTicket, H::EncryptedExtensions, H::ServerHello, H::Finished] {
        handshake_ends_server(&handshake(kind, 2, 1, &[0]), Rejection::UnexpectedMessage);
    }
    let Ends { mut client, mut server } = established();
    let hello = handshake(H::ClientHello, 3, 1, &[0]);
    let record = record(&mut server, ContentType::Handshake, &hello);
    ends_it(&mut client, &record, Rejection::UnexpectedMessage);
}

#[test]
fn a_message_behind_the_key_update_of_its_epoch() {
    let Ends { mut client, mut server } = established();
    let update = |n| handshake(HandshakeType::KeyUpdate, n, 1, &[0]);
    let first = record(&mut client, ContentType::Handshake, &update(2));
    assert_eq!(receive(&mut server, &first).0, Received::KeyUpdate);
    // RFC 9147 section 8: it terminates the post-handshake stream of its epoch.
    let second = record(&mut client, ContentType::Handshake, &update(3));
    ends_it(&mut server, &second, Rejection::UnexpectedMessage);
}

#[test]
fn a_client_finished_that_does_not_verify() {
    let (Ends { mut client, mut server }, flight) = midway();
    // The client gets the ServerHello, and with it the keys, but not the rest.
    receive(&mut client, &flight[..flight.len() - 77]);
    let zeros = handshake(HandshakeType::Finished, 1, 32, &[0; 32]);
    let record = record(&mut client, ContentType::Handshake, &zeros);
    ends_it(&mut server, &record, Rejection::BadFinished);
}

#[test]
fn a_server_finished_that_does_not_verify() {
    let (Ends { mut client, mut server }, flight) = midway();
    receive(&mut client, &flight[..flight.len() - 77]);
    let mut content = handshake(HandshakeType::EncryptedExtensions, 1, 2, &[0, 0]);
    content.extend(handshake(HandshakeType::Finished, 2, 32, &[0; 32]));
    let record = record(&mut server, ContentType::Handshake, &content);
    ends_it(&mut client, &record, Rejection::BadFinished);
}

#[test]
fn application_data_under_handshake_keys() {
    let (Ends { mut client, mut server }, flight) = midway();
    receive(&mut client, &flight[..flight.len() - 77]);
    let record = record(&mut client, ContentType::ApplicationData, b"early");
    ends_it(&mut server, &record, Rejection::UnexpectedMessage);
}

#[test]
fn a_server_flight_without_encrypted_extensions() {
    let (Ends { mut client, mut server }, flight) = midway();
    receive(&mut client, &flight[..flight.len() - 77]);
    let finished = handshake(HandshakeType::Finished, 1, 32, &[0; 32]);
    let record = record(&mut server, ContentType::Handshake, &finished);
    ends_it(&mut client, &record, Rejection::UnexpectedMessage);
}

#[test]
fn an_alert_fails_the_association_and_a_canceling_user_does_not() {
    let Ends { mut client, mut server } = established();
    let canceled = record(&mut client, ContentType::Alert, &[1, 90]);
    assert_eq!(receive(&mut server, &canceled).0, Received::Alert);
    assert!(server.is_established());
    let alert = record(&mut client, ContentType::Alert, &[2, 80]);
    let (received, out) = receive(&mut server, &alert);
    assert_eq!(received, Received::Alert);
    assert_eq!(out, [Output::Failed(Failure::Alerted(80))]);
}

#[test]
fn messages_too_far_ahead_are_neither_kept_nor_acknowledged() {
    let Ends { mut client, mut server } = established();
    let far = handshake(HandshakeType::KeyUpdate, 2 + 8, 1, &[0]);
    let far = record(&mut client, ContentType::Handshake, &far);
    assert_eq!(
        receive(&mut server, &far),
        (Received::Rejected(Rejection::TooFarAhead), Vec::new())
    );
    assert!(server.is_established());
}

/// NewConnectionId with these IDs, as message 2 of a client or a server without tickets.
fn new_ids(sequence: u16, ids: &[&[u8]], immediate: bool) -> Vec<u8> {
    let ids = ids.iter().filter_map(|id| ConnectionId::new(id)).collect();
    let mut body = Vec::new();
    NewConnectionId { ids, immediate }.emit(&mut body);
    handshake(HandshakeType::NewConnectionId, sequence, body.len(), &body)
}

#[test]
fn new_connection_ids_are_taken_at_once_or_left_alone() {
    let id = ConnectionId::new(b"server");
    for (immediate, used) in [(true, &b"fresh"[..]), (false, &b"server"[..])] {
        let mut ends = established_with(Some(0), id);
        let message = new_ids(3, &[b"fresh", b"spare"], immediate);
        let record = record(&mut ends.server, ContentType::Handshake, &message);
        let (received, out) = receive(&mut ends.client, &record);
        assert_eq!(received, Received::ConnectionId);
        // Its acknowledgement has the ID already.
        assert_eq!(datagrams(&out)[0][1..=used.len()], *used);
        assert_eq!(ends.client.ids().theirs.as_bytes(), used);
    }
}

#[test]
fn who_asks_for_connection_ids_gets_none_and_an_answer() {
    let id = ConnectionId::new(b"server");
    let mut ends = established_with(Some(0), id);
    let request = handshake(HandshakeType::RequestConnectionId, 2, 1, &[3]);
    let record = record(&mut ends.client, ContentType::Handshake, &request);
    let (received, out) = receive(&mut ends.server, &record);
    assert_eq!(received, Received::ConnectionId);
    assert!(matches!(out[..], [Output::Datagram { kind: Kind::ConnectionId, .. }]));
    let (received, out) = receive(&mut ends.client, &datagrams(&out)[0]);
    assert_eq!(received, Received::ConnectionId);
    assert_eq!(ends.client.ids().theirs.as_bytes(), b"server");
    assert_eq!(receive(&mut ends.server, &datagrams(&out)[0]).0, Received::Ack);
    assert!(ends.server.flight.is_none() && !ends.server.is_over());
}

#[test]
fn messages_about_connection_ids_end_an_association_that_has_none() {
    let request = handshake(HandshakeType::RequestConnectionId, 2, 1, &[1]);
    let mut ends = established();
    let asks = record(&mut ends.client, ContentType::Handshake, &request);
    ends_it(&mut ends.server, &asks, Rejection::UnexpectedMessage);
    let mut ends = established();
    let brings = record(&mut ends.server, ContentType::Handshake, &new_ids(3, &[b"x"], true));
    ends_it(&mut ends.client, &brings, Rejection::UnexpectedMessage);
    // The server wants IDs and the client none: a client has none to give, a server none to ask for.
    let id = ConnectionId::new(b"server");
    let mut ends = established_with(Some(0), id);
    let brings = record(&mut ends.client, ContentType::Handshake, &new_ids(2, &[b"x"], true));
    ends_it(&mut ends.server, &brings, Rejection::UnexpectedMessage);
    let mut ends = established_with(Some(0), id);
    let request = handshake(HandshakeType::RequestConnectionId, 3, 1, &[1]);
    let asks = record(&mut ends.server, ContentType::Handshake, &request);
    ends_it(&mut ends.client, &asks, Rejection::UnexpectedMessage);
    // None to be used at once, and a body that does not parse.
    for message in
        [new_ids(3, &[], true), handshake(HandshakeType::NewConnectionId, 3, 3, &[0, 0, 7])]
    {
        let mut ends = established_with(Some(0), id);
        let brings = record(&mut ends.server, ContentType::Handshake, &message);
        ends_it(&mut ends.client, &brings, Rejection::Malformed);
    }
}
