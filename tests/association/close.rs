//! The end of an association.

use keystorm::association::{Output, Received, Rejection};
use keystorm::sim::time::Duration;

use crate::pair::*;

#[test]
fn a_close_is_told_to_the_peer_and_ends_both() {
    for (side, peer) in [(Client, Server), (Server, Client)] {
        let mut pair = Pair::established(config());
        pair.at(side, |a, config, env| a.close(config, env));
        pair.run(Duration::from_secs(1));
        assert_eq!(pair.end(peer).outputs.last(), Some(&Output::Closed));
        assert_eq!(pair.end(peer).received.last(), Some(&Received::Alert));
        assert!(pair.client.association().is_over() && pair.server.association().is_over());
    }
}

#[test]
fn after_the_end_everything_is_refused_and_nothing_is_sent() {
    let mut pair = Pair::established(config());
    pair.send(Client, b"on its way");
    pair.at(Server, |a, config, env| a.close(config, env));
    let before = pair.log.len();
    pair.run(LONG);
    assert_eq!(pair.server.rejections(), [Rejection::Over]);
    pair.at(Server, |a, config, env| a.close(config, env));
    pair.at(Server, |a, config, env| a.timeout(config, env));
    assert_eq!(pair.log.len(), before);
}

#[test]
fn without_keys_a_close_is_silent() {
    let mut pair = Pair::new(config());
    pair.connect();
    pair.at(Client, |a, config, env| a.close(config, env));
    assert_eq!(pair.log.len(), 1);
    assert!(pair.client.association().is_over());
}
