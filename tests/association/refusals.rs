//! What is refused, and by which name.

use keystorm::association::{
    Association, Config, ConnectError, Env, Failure, KeyExchange, Offer, Operations, Received,
    Rejection, SendError,
};
use keystorm::sim::time::{Duration, Time};
use keystorm::wire::dtls::{
    AlertDescription, ClientHello, ContentType, Fragment, HandshakeType, PskIdentity, PskModes,
    ServerHello, emit_plaintext_header,
};

use crate::pair::*;

/// A datagram with one plaintext record of one whole handshake message.
fn datagram(kind: HandshakeType, sequence: u16, body: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    Fragment { kind, length: body.len(), sequence, offset: 0, bytes: body }.emit(&mut content);
    let mut datagram = Vec::new();
    emit_plaintext_header(ContentType::Handshake, 0, content.len(), &mut datagram);
    datagram.extend_from_slice(&content);
    datagram
}

/// What a server says to this ClientHello.
fn server_says(edit: impl FnOnce(&mut ClientHello<'_>)) -> Received {
    let psk = PskIdentity { identity: b"d", obfuscated_age: 0, binder: Some([0; 32]) };
    let mut hello = ClientHello {
        random: [1; 32],
        aes_128_gcm_sha256: true,
        dtls13: true,
        modes: Some(PskModes { ke: false, dhe: true }),
        x25519: true,
        key_share: Some([9; 32]),
        cookie: None,
        connection_id: None,
        psks: vec![psk],
        binders_len: 35,
    };
    edit(&mut hello);
    let mut body = Vec::new();
    hello.emit(&mut body);
    let mut pair = Pair::new(config());
    let received = pair.deliver(Server, &datagram(HandshakeType::ClientHello, 0, &body));
    assert!(pair.log.is_empty(), "a refusal is silent");
    received
}

#[test]
fn a_server_names_what_it_misses_in_a_hello() {
    use Received::Rejected;
    assert_eq!(server_says(|_| {}), Rejected(Rejection::BadBinder));
    assert_eq!(server_says(|hello| hello.dtls13 = false), Rejected(Rejection::WrongVersion));
    let modes = Some(PskModes { ke: true, dhe: false });
    assert_eq!(server_says(|hello| hello.modes = modes), Rejected(Rejection::WrongMode));
    assert_eq!(server_says(|hello| hello.modes = None), Rejected(Rejection::MissingExtension));
    assert_eq!(server_says(|hello| hello.key_share = None), Rejected(Rejection::MissingExtension));
    assert_eq!(server_says(|hello| hello.x25519 = false), Rejected(Rejection::MissingExtension));
    assert_eq!(server_says(|hello| hello.psks.clear()), Rejected(Rejection::MissingExtension));
    assert_eq!(server_says(|hello| hello.cookie = Some(b"?")), Rejected(Rejection::BadCookie));
    let stranger = |hello: &mut ClientHello<'_>| hello.psks[0].identity = b"stranger";
    assert_eq!(server_says(stranger), Rejected(Rejection::UnknownIdentity));
    let ticket = |hello: &mut ClientHello<'_>| hello.psks[0].identity = &[7; 100];
    assert_eq!(server_says(ticket), Rejected(Rejection::BadTicket));
}

/// What a client says to this ServerHello.
fn client_says(edit: impl FnOnce(&mut ServerHello<'_>)) -> Received {
    let mut hello =
        ServerHello { key_share: Some([9; 32]), psk: Some(0), ..ServerHello::new([2; 32]) };
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
    assert_eq!(client_says(|hello| hello.version = None), Rejected(Rejection::MissingExtension));
    let version = Some(0xfefd);
    assert_eq!(client_says(|hello| hello.version = version), Rejected(Rejection::WrongVersion));
    assert_eq!(client_says(|hello| hello.suite = 0x1302), Rejected(Rejection::WrongSuite));
    assert_eq!(client_says(|hello| hello.psk = None), Rejected(Rejection::MissingExtension));
    assert_eq!(client_says(|hello| hello.psk = Some(1)), Rejected(Rejection::WrongPsk));
    assert_eq!(client_says(|hello| hello.key_share = None), Rejected(Rejection::WrongMode));
    let zero = Some([0; 32]);
    assert_eq!(client_says(|hello| hello.key_share = zero), Rejected(Rejection::WeakKeyShare));
    let retry = |hello: &mut ServerHello<'_>| {
        *hello = ServerHello::new(keystorm::wire::dtls::RETRY_RANDOM);
    };
    assert_eq!(client_says(retry), Rejected(Rejection::BadRetry));
}

#[test]
fn a_wrong_key_is_found_by_the_binder_and_answered_by_silence() {
    let mut pair = Pair::new(config());
    pair.client.keys = Keys(vec![(b"d".to_vec(), b"another key".to_vec())]);
    pair.handshake();
    assert!(pair.server.association.is_none());
    assert_eq!(pair.server.rejections(), [Rejection::BadBinder; 7]);
    assert!(pair.sent(Server).is_empty());
    assert_eq!(pair.client.failure(), Some(Failure::Unanswered));
}

#[test]
fn a_server_with_another_key_is_not_believed() {
    // It knows the key of the binder from nowhere; suppose it skips that check by holding a key
    // under which the rest is made: here, a flight of another handshake.
    let mut other = Pair::seeded(5, config());
    other.handshake();
    let flight = other.sent(Server)[0].bytes.clone();
    let mut pair = Pair::new(config());
    pair.network(|_, _| Lose);
    pair.connect();
    assert_eq!(pair.deliver(Client, &flight), Received::Fragment);
    assert_eq!(pair.sent(Client).len(), 1);
    pair.calm();
    pair.run(LONG);
    pair.assert_agreement();
}

#[test]
fn ends_with_different_modes_do_not_meet() {
    let mut pair = Pair::new(config());
    pair.client.config.key_exchange = KeyExchange::Psk;
    pair.handshake();
    assert_eq!(pair.server.rejections()[0], Rejection::WrongMode);
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
    let mut pair = Pair::established(Config { mtu: 100, ..config() });
    let max = pair.client.association().max_data(&config());
    assert_eq!(max, 1_200 - 19);
    let send =
        |pair: &mut Pair<'_>, n| pair.at(Client, |a, config, env| a.send(config, &vec![1; n], env));
    assert_eq!(send(&mut pair, 82), Err(SendError::TooLong));
    assert_eq!(send(&mut pair, 81), Ok(()));
    assert_eq!(pair.last().len(), 100);
}

#[test]
fn alerts_acknowledgements_and_data_without_protection_are_noise() {
    let mut pair = Pair::established(config());
    for content_type in [ContentType::Alert, ContentType::Ack] {
        for side in [Client, Server] {
            let mut noise = Vec::new();
            emit_plaintext_header(content_type, 9, 2, &mut noise);
            noise.extend([2, AlertDescription::UnexpectedMessage as u8]);
            assert_eq!(pair.deliver(side, &noise), Received::Rejected(Rejection::Unprotected));
        }
    }
    pair.assert_talks();
}

#[test]
fn a_record_with_a_connection_id_is_refused_by_name() {
    let mut pair = Pair::established(config());
    let record = [0b0011_0011; 40];
    assert_eq!(pair.deliver(Server, &record), Received::Rejected(Rejection::ConnectionId));
}

#[test]
fn records_of_an_unknown_epoch_are_refused_by_name() {
    let mut pair = Pair::established(config());
    let record = [0b0010_0001; 40];
    assert_eq!(pair.deliver(Server, &record), Received::Rejected(Rejection::UnknownEpoch));
    let record = [0b0010_0011; 40];
    assert_eq!(pair.deliver(Server, &record), Received::Rejected(Rejection::BadRecord));
}

#[test]
fn a_hello_does_not_disturb_an_established_client() {
    let mut pair = Pair::established(config());
    let hello = pair.log[0].bytes.clone();
    let received = pair.deliver(Client, &hello);
    assert_eq!(received, Received::Rejected(Rejection::UnexpectedMessage));
    pair.run(Duration::from_secs(1));
    pair.assert_talks();
}
