//! The first datagram of a peer.

use keystorm::association::{Peek, Received, Rejection, peek};

use super::config;
use crate::pair::*;

#[test]
fn what_is_no_hello_makes_no_association() {
    let mut pair = Pair::established(config());
    pair.network(|_, _| Lose);
    pair.send(Client, b"x");
    let (flight, data) = (pair.sent(Client)[1].bytes.clone(), pair.last());
    pair.server.association = None;
    let mut says = |bytes: &[u8]| pair.deliver(Server, bytes);
    assert_eq!(says(&flight), Received::Rejected(Rejection::UnexpectedMessage));
    assert_eq!(says(&data), Received::Rejected(Rejection::UnknownEpoch));
    assert_eq!(says(&flight[28..]), Received::Rejected(Rejection::Unprotected));
    assert_eq!(says(b""), Received::Rejected(Rejection::Malformed));
    assert_eq!(says(b"x"), Received::Rejected(Rejection::Malformed));
}

#[test]
fn a_datagram_tells_what_it_is() {
    let mut pair = Pair::established(config());
    pair.network(|_, _| Lose);
    pair.send(Client, b"x");
    let hello = &pair.log[0].bytes;
    let Some(Peek::ClientHello { random }) = peek(hello) else { panic!("it is a ClientHello") };
    assert!(pair.client.association().began_with(&random));
    assert!(pair.server.association().began_with(&random));
    assert_eq!(peek(&pair.log[1].bytes), Some(Peek::Plaintext));
    assert_eq!(peek(&pair.log[2].bytes), Some(Peek::Plaintext));
    assert_eq!(peek(&pair.last()), Some(Peek::Protected { epoch_bits: 1 }));
}
