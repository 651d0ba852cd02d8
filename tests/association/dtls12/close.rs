//! The end of an association.

use keystorm::association::{Kind, Output, Received, Rejection};
use keystorm::sim::time::Duration;

use super::config;
use crate::pair::*;

#[test]
fn close_notify_is_answered_by_close_notify_and_ends_both_ends() {
    for (side, other) in [(Client, Server), (Server, Client)] {
        let mut pair = Pair::established(config());
        pair.at(side, |a, config, env| a.close(config, env));
        pair.run(Duration::from_secs(1));
        assert_eq!(pair.end(other).outputs.last(), Some(&Output::Closed));
        assert!(pair.end(side).association().is_over() && pair.end(other).association().is_over());
        assert_eq!(pair.kinds(other).last(), Some(&Kind::Alert));
        assert_eq!(pair.end(side).rejections(), [Rejection::Over]);
        assert_eq!(pair.end(side).association().next_timeout(), None);
    }
}

#[test]
fn a_close_before_there_are_keys_is_silent() {
    let mut pair = Pair::new(config());
    pair.network(|_, _| Lose);
    pair.connect();
    pair.at(Client, |a, config, env| a.close(config, env));
    assert_eq!(pair.log.len(), 1);
    assert!(pair.client.association().is_over());
    let noise = pair.deliver(Client, b"noise");
    assert_eq!(noise, Received::Rejected(Rejection::Over));
}
