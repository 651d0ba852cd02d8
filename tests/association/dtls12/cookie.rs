//! HelloVerifyRequest (RFC 6347 section 4.2.1): the server keeps nothing until the client has shown
//! that it receives at its address.

use keystorm::association::{Config, Received, Rejection, ServerSecrets};
use keystorm::sim::time::Duration;

use super::config;
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
    let mut pair = Pair::new(with_cookie());
    pair.handshake();
    pair.assert_agreement();
    pair.assert_talks();
    assert_eq!(pair.client.received[0], Received::HelloRetryRequest);
    // The numbers of messages go on, and records take that of the ClientHello.
    let server = pair.sent(Server);
    assert_eq!((server[0].bytes[13], server[1].bytes[13]), (3, 2));
    assert_eq!((server[0].bytes[18], server[1].bytes[18]), (0, 1));
    assert_eq!((server[0].bytes[10], server[1].bytes[10]), (0, 1));
}

#[test]
fn the_server_has_no_association_before_the_cookie_returns() {
    let mut pair = Pair::new(with_cookie());
    pair.connect();
    pair.run(Duration::from_millis(15));
    assert_eq!(pair.sent(Server).len(), 1);
    assert!(pair.server.association.is_none());
}

/// The cookie does not count, so the server asks for another.
#[track_caller]
fn asks_again(pair: &mut Pair<'_>, hello: &[u8]) {
    let before = pair.log.len();
    assert_eq!(pair.deliver(Server, hello), Received::ClientHello);
    assert!(pair.server.association.is_none());
    assert_eq!(pair.log.len(), before + 1);
    assert_eq!(pair.last().len(), 48);
}

#[test]
fn a_cookie_is_good_only_for_the_address_that_it_was_made_for() {
    let (mut pair, hello) = second_hello();
    pair.peer = b"192.0.2.2:5684";
    asks_again(&mut pair, &hello);
    pair.peer = b"192.0.2.1:5684";
    assert_eq!(pair.deliver(Server, &hello), Received::ClientHello);
    assert!(pair.server.association.is_some());
}

#[test]
fn a_cookie_is_good_only_for_the_parameters_that_it_was_made_for() {
    let (mut pair, hello) = second_hello();
    for at in [27, 58] {
        let mut altered = hello.clone();
        altered[at] ^= 1; // the random
        asks_again(&mut pair, &altered);
    }
}

#[test]
fn a_cookie_under_another_secret_is_not_good() {
    let (mut pair, hello) = second_hello();
    pair.server.config.server = Some(ServerSecrets { cookie: [1; 32], ticket: [1; 16] });
    asks_again(&mut pair, &hello);
}

#[test]
fn a_cookie_expires() {
    let (mut pair, hello) = second_hello();
    pair.now += Duration::from_secs(302);
    asks_again(&mut pair, &hello);
}

#[test]
fn a_client_whose_cookie_expired_gets_another_one_and_goes_on() {
    let (mut pair, _) = second_hello();
    pair.server.config.server = Some(ServerSecrets { cookie: [1; 32], ticket: [1; 16] });
    pair.run(LONG);
    pair.assert_agreement();
    assert_eq!(pair.client.count(Received::HelloRetryRequest), 2);
}

#[test]
fn a_client_answers_no_more_than_three_requests() {
    let mut pair = Pair::new(with_cookie());
    let mut secret = 0;
    // The server never knows its cookie again.
    pair.connect();
    for _ in 0..40 {
        secret += 1;
        pair.server.config.server = Some(ServerSecrets { cookie: [secret; 32], ticket: [1; 16] });
        pair.run(Duration::from_millis(20));
    }
    assert!(pair.server.association.is_none());
    assert_eq!(pair.client.count(Received::HelloRetryRequest), 3);
    assert_eq!(pair.client.rejections()[0], Rejection::BadRetry);
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
fn a_second_verify_request_is_ignored() {
    let mut pair = Pair::new(with_cookie());
    pair.network(|sent, n| if sent.from == Server && n == 0 { Twice } else { Deliver });
    pair.handshake();
    pair.assert_agreement();
    assert_eq!(pair.client.received[1], Received::Duplicate);
}

#[test]
fn a_forged_verify_request_only_delays() {
    let mut pair = Pair::new(with_cookie());
    pair.network(|sent, n| {
        if sent.from == Server && n == 0 {
            sent.bytes[40] ^= 1;
        }
        Deliver
    });
    pair.handshake();
    pair.assert_agreement();
}
