//! Exported keying material (RFC 8446 section 7.5).

use keystorm::association::{Operations, SendError};

use crate::pair::*;

fn export(end: &End, label: &[u8], context: &[u8]) -> [u8; 48] {
    let mut out = [0; 48];
    end.association()
        .export(label, context, &mut out, &mut Operations::default())
        .expect("it exports");
    out
}

#[test]
fn both_ends_export_the_same_and_every_label_context_and_handshake_another() {
    let pair = Pair::established(config());
    let mut other = Pair::seeded(3, config());
    other.handshake();
    let a = export(&pair.client, b"EXPORTER-oneM2M-Bootstrap", b"");
    assert_eq!(a, export(&pair.server, b"EXPORTER-oneM2M-Bootstrap", b""));
    assert_ne!(a, export(&pair.client, b"EXPORTER-oneM2M-Connection", b""));
    assert_ne!(a, export(&pair.client, b"EXPORTER-oneM2M-Bootstrap", b"x"));
    assert_ne!(a, export(&other.client, b"EXPORTER-oneM2M-Bootstrap", b""));
}

#[test]
fn key_updates_do_not_change_what_is_exported() {
    let mut pair = Pair::established(config());
    let before = pair.client.exported();
    pair.at(Client, |a, config, env| a.update_keys(config, true, env)).unwrap();
    pair.run(LONG);
    pair.assert_agreement();
    assert_eq!(pair.client.exported(), before);
}

#[test]
fn nothing_is_exported_before_the_handshake_is_complete_or_after_the_end() {
    let mut pair = Pair::new(config());
    pair.connect();
    let export = |pair: &Pair<'_>, label: &[u8]| {
        pair.client.association().export(label, b"", &mut [0; 32], &mut Operations::default())
    };
    assert_eq!(export(&pair, b"x"), Err(SendError::NotEstablished));
    pair.run(LONG);
    assert_eq!(export(&pair, b"x"), Ok(()));
    assert_eq!(export(&pair, &[b'x'; 250]), Err(SendError::BadExport));
    pair.at(Client, |a, config, env| a.close(config, env));
    assert_eq!(export(&pair, b"x"), Err(SendError::NotEstablished));
}
