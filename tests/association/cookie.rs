//! HelloRetryRequest (RFC 9147 section 5.1): the server keeps nothing until the client has shown that
//! it receives at its address.

use keystorm::association::{Config, KeyExchange, Received, Rejection, ServerSecrets};
use keystorm::sim::time::Duration;

use crate::pair::*;

fn with_cookie() -> Config {
    Config { cookie: true, ..config() }
}

/// A pair whose client has sent its second ClientHello, which is lost; and that ClientHello.
fn second_hello<'h>() -> (Pair<'h>, Vec<u8>) {
    let mut pair = Pair::new(with_cookie());
    pair.lose(Client, &[1]);
    pair.connect();
    pair.run(Duration::from_millis(500));
    let hello = pair.sent(Client)[1].bytes.clone();
    (pair, hello)
}

#[test]
fn the_handshake_goes_through_one_more_round_trip() {
    for key_exchange in [KeyExchange::Psk, KeyExchange::PskDhe] {
        let mut pair = Pair::new(Config { key_exchange, ..with_cookie() });
        pair.handshake();
        pair.assert_agreement();
        pair.assert_talks();
        assert_eq!(pair.client.received[0], Received::HelloRetryRequest);
    }
}

#[test]
fn the_server_has_no_association_before_the_cookie_returns() {
    let mut pair = Pair::new(with_cookie());
    pair.connect();
    pair.run(Duration::from_millis(15));
    assert_eq!(pair.sent(Server).len(), 1);
    assert!(pair.server.association.is_none());
}

#[test]
fn a_cookie_is_good_only_for_the_address_that_it_was_made_for() {
    let (mut pair, hello) = second_hello();
    pair.peer = b"192.0.2.2:5684";
    assert_eq!(pair.deliver(Server, &hello), Received::Rejected(Rejection::BadCookie));
    pair.peer = b"192.0.2.1:5684";
    assert_eq!(pair.deliver(Server, &hello), Received::ClientHello);
}

#[test]
fn a_cookie_under_another_secret_is_refused() {
    let (mut pair, hello) = second_hello();
    pair.server.config.server = Some(ServerSecrets { cookie: [1; 32], ticket: [1; 16] });
    assert_eq!(pair.deliver(Server, &hello), Received::Rejected(Rejection::BadCookie));
}

#[test]
fn a_cookie_expires() {
    let (mut pair, hello) = second_hello();
    pair.now += Duration::from_secs(301);
    assert_eq!(pair.deliver(Server, &hello), Received::Rejected(Rejection::ExpiredCookie));
}

#[test]
fn a_cookie_that_was_not_asked_for_is_refused() {
    let (mut pair, hello) = second_hello();
    pair.server.config.cookie = false;
    assert_eq!(pair.deliver(Server, &hello), Received::Rejected(Rejection::BadCookie));
}

#[test]
fn a_server_without_secrets_cannot_ask_for_cookies() {
    let mut pair = Pair::new(Config { server: None, ..with_cookie() });
    pair.connect();
    pair.run(Duration::from_millis(500));
    assert_eq!(pair.server.rejections(), [Rejection::NoServerSecrets]);
}

#[test]
fn a_second_retry_request_is_ignored() {
    let mut pair = Pair::new(with_cookie());
    pair.network(|sent, n| if sent.from == Server && n == 0 { Twice } else { Deliver });
    pair.handshake();
    pair.assert_agreement();
    assert_eq!(pair.client.received[1], Received::Duplicate);
}

#[test]
fn each_datagram_may_be_lost_once() {
    for lost in 0..3 {
        for side in [Client, Server] {
            let mut pair = Pair::new(with_cookie());
            pair.network(
                move |sent, n| if sent.from == side && n == lost { Lose } else { Deliver },
            );
            pair.handshake();
            pair.assert_agreement();
        }
    }
}
