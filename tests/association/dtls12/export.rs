//! Exported keys (RFC 5705).

use keystorm::association::{Operations, SendError};

use super::{SUITES, config, with};
use crate::pair::*;

type Export<'a> = Option<&'a [u8]>;

fn export(pair: &Pair<'_>, side: Side, label: &[u8], context: Export<'_>) -> Vec<u8> {
    let association = if side == Client { &pair.client } else { &pair.server }.association();
    let (mut out, operations) = ([0; 48], &mut Operations::default());
    match context {
        Some(context) => association.export(label, context, &mut out, operations),
        None => association.export_without_context(label, &mut out, operations),
    }
    .expect("an established association exports");
    out.to_vec()
}

#[test]
fn both_ends_export_the_same_and_other_labels_and_contexts_give_others() {
    for suite in SUITES {
        let pair = Pair::established(with(suite));
        let mut all = Vec::new();
        for label in [&b"EXPORTER-oneM2M-Bootstrap"[..], b"EXPORTER-oneM2M-Connection"] {
            for context in [None, Some(&b""[..]), Some(b"c")] {
                let exported = export(&pair, Client, label, context);
                assert_eq!(exported, export(&pair, Server, label, context));
                all.push(exported);
            }
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count, "no context differs from an empty one");
    }
}

#[test]
fn two_associations_export_different_keys() {
    let (a, b) = (Pair::established(config()), {
        let mut pair = Pair::seeded(9, config());
        pair.handshake();
        pair
    });
    assert_ne!(export(&a, Client, b"x", None), export(&b, Client, b"x", None));
}

#[test]
fn labels_of_the_handshake_are_refused() {
    let pair = Pair::established(config());
    let mut out = [0; 48];
    let operations = &mut Operations::default();
    let refused = pair.client.association().export(b"master secret", b"", &mut out, operations);
    assert_eq!(refused, Err(SendError::BadExport));
}

#[test]
fn nothing_is_exported_before_or_after() {
    let mut pair = Pair::new(config());
    pair.connect();
    let export = |pair: &Pair<'_>| {
        let operations = &mut Operations::default();
        pair.client.association().export(b"x", b"", &mut [0; 48], operations)
    };
    assert_eq!(export(&pair), Err(SendError::NotEstablished));
    pair.run(LONG);
    assert_eq!(export(&pair), Ok(()));
    pair.at(Client, |a, config, env| a.close(config, env));
    assert_eq!(export(&pair), Err(SendError::NotEstablished));
}
