//! An end speaks one version of DTLS and never slips into the other.

use keystorm::association::{Config, Failure, Received, Rejection};
use keystorm::wire::dtls::{
    HandshakeType, ServerHello, ServerHello12, VERSION_DTLS12, emit_hello_verify_request,
};

use super::config;
use super::refusals::datagram;
use crate::pair::{self, *};

fn dtls13() -> Config {
    pair::config()
}

#[test]
fn a_client_of_one_version_and_a_server_of_the_other_do_not_meet() {
    for cookie in [false, true] {
        for (client, server) in [(dtls13(), config()), (config(), dtls13())] {
            let mut pair = Pair::new(Config { cookie, ..server });
            pair.client.config = client;
            pair.handshake();
            assert_eq!(pair.server.rejections(), [Rejection::WrongVersion; 7]);
            assert!(pair.sent(Server).is_empty());
            assert!(pair.server.association.is_none());
            assert_eq!(pair.client.failure(), Some(Failure::Unanswered));
        }
    }
}

/// What a client with this configuration says to this message of a server.
fn client_says(config: Config, kind: HandshakeType, body: &[u8]) -> Received {
    let mut pair = Pair::new(config);
    pair.network(|_, _| Lose);
    pair.connect();
    let received = pair.deliver(Client, &datagram(kind, 0, body));
    assert_eq!(pair.log.len(), 1, "a refusal is silent");
    received
}

#[test]
fn a_client_refuses_the_messages_of_the_other_version_by_name() {
    let mut hello13 = Vec::new();
    ServerHello { psk: Some(0), ..ServerHello::new([2; 32]) }.emit(&mut hello13);
    let received = client_says(config(), HandshakeType::ServerHello, &hello13);
    assert_eq!(received, Received::Rejected(Rejection::WrongVersion));

    let mut hello12 = Vec::new();
    ServerHello12 {
        version: VERSION_DTLS12,
        random: [2; 32],
        suite: 0xc0a8,
        extended_master_secret: false,
        renegotiation_info: false,
        connection_id: None,
    }
    .emit(&mut hello12);
    let received = client_says(dtls13(), HandshakeType::ServerHello, &hello12);
    assert_eq!(received, Received::Rejected(Rejection::MissingExtension));

    let mut request = Vec::new();
    emit_hello_verify_request(b"cookie", &mut request);
    let received = client_says(dtls13(), HandshakeType::HelloVerifyRequest, &request);
    assert_eq!(received, Received::Rejected(Rejection::UnexpectedMessage));
}

#[test]
fn records_of_the_other_version_are_refused() {
    let (mut old, mut new) = (Pair::established(config()), Pair::established(dtls13()));
    old.network(|_, _| Lose);
    new.network(|_, _| Lose);
    for side in [Client, Server] {
        new.send(side, b"x");
        let received = old.deliver(side, &new.last());
        assert_eq!(received, Received::Rejected(Rejection::WrongVersion));
        old.send(side, b"x");
        let received = new.deliver(side, &old.last());
        assert_eq!(received, Received::Rejected(Rejection::Malformed));
    }
}
