//! What a server does with a datagram of a peer that it does not know.

use keystorm::association::{Received, Rejection};
use proptest::prelude::*;

use crate::pair::*;

#[test]
fn only_a_hello_is_accepted() {
    let mut pair = Pair::established(config());
    pair.send(Client, b"data");
    let log: Vec<_> = pair.log.iter().map(|sent| sent.bytes.clone()).collect();
    let mut fresh = Pair::new(config());
    assert_eq!(fresh.deliver(Server, &log[1]), Received::Rejected(Rejection::UnexpectedMessage));
    assert_eq!(fresh.deliver(Server, &log[2]), Received::Rejected(Rejection::UnknownEpoch));
    assert_eq!(fresh.deliver(Server, &log[4]), Received::Rejected(Rejection::UnknownEpoch));
    assert_eq!(fresh.deliver(Server, &[]), Received::Rejected(Rejection::Malformed));
    assert!(fresh.server.association.is_none());
    assert_eq!(fresh.deliver(Server, &log[0]), Received::ClientHello);
}

#[test]
fn every_rejection_has_its_own_name() {
    let mut names: Vec<_> = Rejection::ALL.iter().map(|rejection| rejection.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Rejection::ALL.len());
    let is_snake_case = |name: &&str| name.chars().all(|c| c == '_' || c.is_ascii_lowercase());
    assert!(names.iter().all(is_snake_case));
}

proptest! {
    #[test]
    fn any_bytes_are_answered_by_a_name(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cookie in any::<bool>(),
    ) {
        let mut pair = Pair::new(keystorm::association::Config { cookie, ..config() });
        let received = pair.deliver(Server, &bytes);
        prop_assert!(matches!(received, Received::Rejected(_)));
        prop_assert!(pair.log.is_empty());
    }
}
