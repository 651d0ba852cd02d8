//! What is refused, and by which name.

use keystorm::association::{
    Association, ConnectError, Env, Failure, Offer, Operations, Received, Rejection, SendError,
    Suite12,
};
use keystorm::sim::time::{Duration, Time};
use keystorm::wire::dtls::{
    ClientHello12, ConnectionId, Content12, Fragment, HandshakeType, ServerHello12, VERSION_DTLS12,
    emit_header_12,
};

use super::{config, with};
use crate::pair::*;

const CCM_8: [u8; 2] = [0xc0, 0xa8];

/// A datagram with one plaintext record of one whole handshake message.
pub(super) fn datagram(kind: HandshakeType, sequence: u16, body: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    Fragment { kind, length: body.len(), sequence, offset: 0, bytes: body }.emit(&mut content);
    let mut datagram = Vec::new();
    emit_header_12(Content12::Handshake, 0, 0, &[], content.len(), &mut datagram);
    datagram.extend_from_slice(&content);
    datagram
}

/// What a server says to this ClientHello.
fn server_says(edit: impl FnOnce(&mut ClientHello12<'_>)) -> Received {
    let mut hello = ClientHello12 {
        dtls12: true,
        random: [1; 32],
        cookie: &[],
        suites: &CCM_8,
        extended_master_secret: true,
        renegotiation_info: false,
        connection_id: None,
    };
    edit(&mut hello);
    let mut body = Vec::new();
    hello.emit(&mut body);
    let mut pair = Pair::new(config());
    let received = pair.deliver(Server, &datagram(HandshakeType::ClientHello, 0, &body));
    let accepted = received == Received::ClientHello;
    assert_eq!(pair.log.len(), usize::from(accepted), "a refusal is silent");
    received
}

#[test]
fn a_server_names_what_it_misses_in_a_hello() {
    use Received::Rejected;
    assert_eq!(server_says(|_| {}), Received::ClientHello);
    assert_eq!(server_says(|hello| hello.renegotiation_info = true), Received::ClientHello);
    assert_eq!(server_says(|hello| hello.suites = &[0, 0xa8]), Rejected(Rejection::WrongSuite));
    let many = |hello: &mut ClientHello12<'_>| hello.suites = &[0, 1, 0xc0, 0xa8, 0, 0xff];
    assert_eq!(server_says(many), Received::ClientHello);
    let bare = |hello: &mut ClientHello12<'_>| hello.extended_master_secret = false;
    assert_eq!(server_says(bare), Rejected(Rejection::MissingExtension));
    assert_eq!(server_says(|hello| hello.cookie = b"?"), Rejected(Rejection::BadCookie));
    assert_eq!(server_says(|hello| hello.suites = &[1]), Rejected(Rejection::Malformed));
}

#[test]
fn a_server_answers_the_signal_against_renegotiation() {
    // RFC 5746 section 3.6: by the empty extension, 5 bytes.
    let mut pair = Pair::new(config());
    let hello = ClientHello12 {
        dtls12: true,
        random: [1; 32],
        cookie: &[],
        suites: &[0xc0, 0xa8, 0, 0xff],
        extended_master_secret: true,
        renegotiation_info: false,
        connection_id: None,
    };
    let mut body = Vec::new();
    hello.emit(&mut body);
    pair.deliver(Server, &datagram(HandshakeType::ClientHello, 0, &body));
    assert_eq!(pair.last().len(), 94 + 5);
}

/// What a client says to this ServerHello.
fn client_says(edit: impl FnOnce(&mut ServerHello12)) -> Received {
    let mut hello = ServerHello12 {
        version: VERSION_DTLS12,
        random: [2; 32],
        suite: 0xc0a8,
        extended_master_secret: true,
        renegotiation_info: false,
        connection_id: None,
    };
    edit(&mut hello);
    let mut body = Vec::new();
    hello.emit(&mut body);
    let mut pair = Pair::new(config());
    pair.network(|_, _| Lose);
    pair.connect();
    let received = pair.deliver(Client, &datagram(HandshakeType::ServerHello, 0, &body));
    assert_eq!(pair.log.len(), 1, "a refusal is silent");
    received
}

#[test]
fn a_client_names_what_is_wrong_with_a_server_hello() {
    use Received::Rejected;
    assert_eq!(client_says(|_| {}), Received::Fragment);
    assert_eq!(client_says(|hello| hello.version = 0xfeff), Rejected(Rejection::WrongVersion));
    assert_eq!(client_says(|hello| hello.suite = 0x00a8), Rejected(Rejection::WrongSuite));
    let bare = |hello: &mut ServerHello12| hello.extended_master_secret = false;
    assert_eq!(client_says(bare), Rejected(Rejection::MissingExtension));
    let unasked = |hello: &mut ServerHello12| hello.connection_id = ConnectionId::new(b"id");
    assert_eq!(client_says(unasked), Rejected(Rejection::UnexpectedExtension));
    // Not asked for either, but harmless, and sent by some servers in any case.
    assert_eq!(client_says(|hello| hello.renegotiation_info = true), Received::Fragment);
}

#[test]
fn a_server_flight_out_of_order_or_malformed_is_refused() {
    let mut pair = Pair::new(config());
    pair.network(|_, _| Lose);
    pair.connect();
    for (kind, sequence, body, rejection) in [
        (HandshakeType::ServerHelloDone, 0, &b""[..], Rejection::UnexpectedMessage),
        (HandshakeType::ServerHello, 0, b"?", Rejection::Malformed),
        (HandshakeType::HelloVerifyRequest, 0, &[0xfe, 0xff, 0], Rejection::Malformed),
        (HandshakeType::ServerHello, 3, b"?", Rejection::TooFarAhead),
        (HandshakeType::ClientKeyExchange, 0, b"?", Rejection::UnexpectedMessage),
        (HandshakeType::Finished, 0, &[0; 12], Rejection::UnexpectedMessage),
    ] {
        let received = pair.deliver(Client, &datagram(kind, sequence, body));
        assert_eq!(received, Received::Rejected(rejection), "{kind:?}");
    }
    pair.calm();
    pair.run(LONG);
    pair.assert_agreement();
}

#[test]
fn a_wrong_key_is_found_when_the_finished_does_not_open() {
    let mut pair = Pair::new(config());
    pair.client.keys = Keys(vec![(b"d".to_vec(), b"another key".to_vec())]);
    pair.handshake();
    assert!(!pair.server.is_established());
    assert!(pair.server.rejections().contains(&Rejection::BadRecord));
    assert_eq!(pair.client.failure(), Some(Failure::Unanswered));
    assert_eq!(pair.server.failure(), Some(Failure::Unanswered));
}

#[test]
fn an_unknown_identity_is_refused_in_silence() {
    let mut pair = Pair::new(config());
    pair.server.keys = Keys(vec![(b"e".to_vec(), b"a pre-shared key".to_vec())]);
    pair.handshake();
    assert!(pair.server.rejections().contains(&Rejection::UnknownIdentity));
    assert_eq!(pair.client.failure(), Some(Failure::Unanswered));
}

#[test]
fn identities_are_compared_as_bytes() {
    // RFC 4279 section 5.1 makes them UTF-8; TS-0003 10.4 has hexadecimal ones in either case.
    for (client, server) in [(&b"AB@maf"[..], &b"ab@maf"[..]), (b"\xff", b"\xfe"), (b"d", b"d\0")] {
        let mut pair = Pair::new(config());
        pair.client.keys = Keys(vec![(client.to_vec(), b"key".to_vec())]);
        pair.server.keys = Keys(vec![(server.to_vec(), b"key".to_vec())]);
        pair.connect_with(Offer::Psk(client));
        pair.run(Duration::from_millis(100));
        assert_eq!(pair.server.rejections()[0], Rejection::UnknownIdentity);
    }
    let mut pair = Pair::new(config());
    for end in [&mut pair.client, &mut pair.server] {
        end.keys = Keys(vec![(b"\xff\0\xc0".to_vec(), b"key".to_vec())]);
    }
    pair.connect_with(Offer::Psk(b"\xff\0\xc0"));
    pair.run(LONG);
    pair.assert_agreement();
}

#[test]
fn ends_with_different_suites_do_not_meet() {
    let mut pair = Pair::new(config());
    pair.client.config = with(Suite12::PskAes128Gcm);
    pair.handshake();
    assert_eq!(pair.server.rejections()[0], Rejection::WrongSuite);
    assert_eq!(pair.client.failure(), Some(Failure::Unanswered));
}

#[test]
fn a_client_cannot_start_without_a_key_or_with_a_strange_identity() {
    let keys = Keys(vec![]);
    let connect = |identity: &[u8]| {
        let mut pair = Pair::new(config());
        let mut env = Env {
            now: Time::ZERO,
            rng: &mut pair.client.rng,
            keys: &keys,
            operations: &mut Operations::default(),
            out: &mut Vec::new(),
            key_log: None,
        };
        Association::connect(&config(), Offer::Psk(identity), &mut env).err()
    };
    assert_eq!(connect(b"d"), Some(ConnectError::UnknownIdentity));
    assert_eq!(connect(b""), Some(ConnectError::BadIdentity));
    assert_eq!(connect(&[7; 129]), Some(ConnectError::BadIdentity));
}

#[test]
fn nothing_can_be_sent_before_the_handshake_is_complete_or_after_the_end() {
    let mut pair = Pair::new(config());
    pair.connect();
    let send = |pair: &mut Pair<'_>| pair.at(Client, |a, config, env| a.send(config, b"x", env));
    let update =
        |pair: &mut Pair<'_>| pair.at(Client, |a, config, env| a.update_keys(config, false, env));
    assert_eq!(send(&mut pair), Err(SendError::NotEstablished));
    assert_eq!(update(&mut pair), Err(SendError::NotEstablished));
    pair.run(LONG);
    assert_eq!(send(&mut pair), Ok(()));
    pair.at(Client, |a, config, env| a.close(config, env));
    assert_eq!(send(&mut pair), Err(SendError::NotEstablished));
    assert_eq!(update(&mut pair), Err(SendError::NotEstablished));
}

#[test]
fn data_must_fit_a_datagram() {
    let mut pair = Pair::established(config());
    let send =
        |pair: &mut Pair<'_>, n| pair.at(Client, |a, config, env| a.send(config, &vec![1; n], env));
    assert_eq!(send(&mut pair, 1_172), Err(SendError::TooLong));
    assert_eq!(send(&mut pair, 1_171), Ok(()));
    assert_eq!(pair.last().len(), 1_200);
}

#[test]
fn alerts_and_data_without_protection_are_noise() {
    let mut pair = Pair::established(config());
    for content_type in [Content12::Alert, Content12::ApplicationData] {
        for side in [Client, Server] {
            let mut noise = Vec::new();
            emit_header_12(content_type, 0, 9, &[], 2, &mut noise);
            noise.extend([2, 40]);
            assert_eq!(pair.deliver(side, &noise), Received::Rejected(Rejection::Unprotected));
        }
    }
    pair.assert_talks();
}

#[test]
fn records_of_an_unknown_epoch_or_form_are_refused_by_name() {
    let mut pair = Pair::established(config());
    let record = |epoch, len: usize| {
        let mut record = Vec::new();
        emit_header_12(Content12::ApplicationData, epoch, 9, &[], len, &mut record);
        record.resize(record.len() + len, 7);
        record
    };
    let mut says = |bytes: &[u8]| pair.deliver(Server, bytes);
    assert_eq!(says(&record(2, 40)), Received::Rejected(Rejection::UnknownEpoch));
    assert_eq!(says(&record(1, 40)), Received::Rejected(Rejection::BadRecord));
    assert_eq!(says(&record(1, 15)), Received::Rejected(Rejection::Malformed));
    let mut with_id = record(1, 40);
    with_id[0] = 25;
    assert_eq!(says(&with_id), Received::Rejected(Rejection::ConnectionId));
    let mut other = record(1, 40);
    other[2] = 0xfc;
    assert_eq!(says(&other), Received::Rejected(Rejection::WrongVersion));
}

#[test]
fn a_change_cipher_spec_at_the_wrong_time_says_nothing() {
    let mut pair = Pair::new(config());
    pair.connect();
    let mut change = Vec::new();
    emit_header_12(Content12::ChangeCipherSpec, 0, 77, &[], 1, &mut change);
    change.push(1);
    assert_eq!(pair.deliver(Client, &change), Received::Fragment);
    pair.run(Duration::from_millis(15));
    assert_eq!(pair.deliver(Server, &change), Received::Fragment);
    pair.run(LONG);
    pair.assert_agreement();
    let last = change.len() - 1;
    change[last] = 2;
    assert_eq!(pair.deliver(Client, &change), Received::Rejected(Rejection::Malformed));
}

#[test]
fn a_hello_does_not_disturb_what_is_established() {
    let mut pair = Pair::established(config());
    let hello = pair.log[0].bytes.clone();
    let received = pair.deliver(Client, &hello);
    assert_eq!(received, Received::Rejected(Rejection::UnexpectedMessage));
    let before = pair.log.len();
    assert_eq!(pair.deliver(Server, &hello), Received::Duplicate);
    let mut other = hello;
    other[30] ^= 1;
    assert_eq!(pair.deliver(Server, &other), Received::Rejected(Rejection::OtherHello));
    assert_eq!(pair.log.len(), before);
    pair.assert_talks();
}

#[test]
fn a_finished_without_change_cipher_spec_is_refused() {
    // RFC 5246 section 7.4.9. The flight of the client: key exchange 28, change 14, Finished 53.
    let mut pair = Pair::new(config());
    pair.network(|sent, n| if sent.from == Client && n == 1 { Lose } else { Deliver });
    pair.connect();
    pair.run(Duration::from_millis(25));
    let flight = pair.sent(Client)[1].bytes.clone();
    let mut early = flight[28..42].to_vec();
    assert_eq!(pair.deliver(Server, &early), Received::Fragment);
    early.extend_from_slice(&flight[..28]);
    early.extend_from_slice(&flight[42..]);
    pair.deliver(Server, &early);
    assert_eq!(pair.deliver(Server, &flight[42..]), Received::Rejected(Rejection::UnknownEpoch));
    assert!(!pair.server.is_established());
    pair.deliver(Server, &flight[28..]);
    assert!(pair.server.is_established());
}
