//! The DTLS codecs: what is written is read back, nothing panics, and every rule has its refusal.

use keystorm::wire::dtls::limits::{MAX_ACKED, MAX_FRAGMENTS, MAX_IDENTITIES, MAX_RECORDS};
use keystorm::wire::dtls::{
    Alert, AlertDescription, ClientHello, ConnectionId, ContentType, Fragment, HandshakeType,
    InnerPlaintext, KeyUpdate, NewConnectionId, NewSessionTicket, ParseError, PskIdentity,
    PskModes, RETRY_RANDOM, Record, RecordNumber, Records, ServerHello, TLS_AES_128_GCM_SHA256,
    UnifiedHeader, VERSION_DTLS13, emit_ack, emit_plaintext_header, fragments, message, parse_ack,
    parse_encrypted_extensions, parse_finished, parse_request_connection_id,
};
use proptest::prelude::*;

fn hello<'a>() -> ClientHello<'a> {
    let psk = PskIdentity { identity: b"d", obfuscated_age: 7, binder: Some([3; 32]) };
    ClientHello {
        random: [1; 32],
        aes_128_gcm_sha256: true,
        dtls13: true,
        modes: Some(PskModes { ke: true, dhe: true }),
        x25519: true,
        key_share: Some([2; 32]),
        cookie: Some(b"cookie"),
        connection_id: ConnectionId::new(b"id"),
        psks: vec![psk],
        binders_len: 35,
    }
}

fn body(emit: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    emit(&mut out);
    out
}

/// The body of the hello with raw bytes for extensions.
fn hello_with(extensions: &[u8]) -> Vec<u8> {
    let mut out = vec![0xfe, 0xfd];
    out.extend([1; 32]);
    out.extend([0, 0, 0, 2, 0x13, 0x01, 1, 0]);
    out.extend(u16::try_from(extensions.len()).expect("it is short").to_be_bytes());
    out.extend(extensions);
    out
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = ClientHello::parse(&bytes);
        let _ = ServerHello::parse(&bytes);
        let _ = NewSessionTicket::parse(&bytes);
        let _ = KeyUpdate::parse(&bytes);
        let _ = Alert::parse(&bytes);
        let _ = InnerPlaintext::parse(&bytes);
        let _ = parse_ack(&bytes);
        let _ = parse_encrypted_extensions(&bytes);
        let _ = parse_finished(&bytes);
        let _ = fragments(&bytes);
        prop_assert!(Records::new(&bytes).count() <= MAX_RECORDS + 1);
    }

    #[test]
    fn no_edit_of_a_message_makes_a_parser_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let ticket = NewSessionTicket { lifetime: 1, age_add: 2, nonce: b"n", ticket: b"ticket" };
        let server = ServerHello { psk: Some(0), key_share: Some([1; 32]), ..ServerHello::new([2; 32]) };
        let retry = ServerHello { cookie: Some(b"c"), ..ServerHello::new(RETRY_RANDOM) };
        for mut bytes in [
            body(|out| hello().emit(out)),
            body(|out| server.emit(out)),
            body(|out| retry.emit(out)),
            body(|out| ticket.emit(out)),
        ] {
            for (at, value) in &edits {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            let _ = ClientHello::parse(&bytes);
            let _ = ServerHello::parse(&bytes);
            let _ = NewSessionTicket::parse(&bytes);
            bytes.truncate(cut.index(bytes.len()));
            let _ = ClientHello::parse(&bytes);
            let _ = ServerHello::parse(&bytes);
            let _ = NewSessionTicket::parse(&bytes);
        }
    }

    #[test]
    fn a_client_hello_is_read_as_it_was_written(
        random: [u8; 32],
        ke: bool,
        dhe in any::<Option<[u8; 32]>>(),
        cookie in prop::option::of(prop::collection::vec(any::<u8>(), 1..256)),
        psks in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 1..512), any::<u32>(), any::<[u8; 32]>()),
            1..=2,
        ),
    ) {
        let list = psks.iter().map(|(identity, obfuscated_age, binder)| PskIdentity {
            identity,
            obfuscated_age: *obfuscated_age,
            binder: Some(*binder),
        });
        let written = ClientHello {
            random,
            aes_128_gcm_sha256: true,
            dtls13: true,
            modes: Some(PskModes { ke: ke || dhe.is_none(), dhe: dhe.is_some() }),
            x25519: dhe.is_some(),
            key_share: dhe,
            cookie: cookie.as_deref(),
            connection_id: None,
            psks: list.collect(),
            binders_len: 2 + 33 * psks.len(),
        };
        let bytes = body(|out| written.emit(out));
        prop_assert_eq!(ClientHello::parse(&bytes), Ok(written));
        for len in 0..bytes.len() {
            prop_assert!(ClientHello::parse(&bytes[..len]).is_err());
        }
    }

    #[test]
    fn a_server_hello_is_read_as_it_was_written(
        random: [u8; 32],
        suite: u16,
        version: Option<u16>,
        key_share: Option<[u8; 32]>,
        psk: Option<u16>,
    ) {
        let connection_id = ConnectionId::new(&random[..usize::from(random[0] % 21)]);
        let written =
            ServerHello { random, suite, version, key_share, psk, connection_id, cookie: None };
        let bytes = body(|out| written.emit(out));
        prop_assert_eq!(ServerHello::parse(&bytes), Ok(written));
    }

    #[test]
    fn a_ticket_is_read_as_it_was_written(
        lifetime: u32,
        age_add: u32,
        nonce in prop::collection::vec(any::<u8>(), 0..256),
        ticket in prop::collection::vec(any::<u8>(), 1..=512),
    ) {
        let written = NewSessionTicket { lifetime, age_add, nonce: &nonce, ticket: &ticket };
        let bytes = body(|out| written.emit(out));
        prop_assert_eq!(NewSessionTicket::parse(&bytes), Ok(written));
    }

    #[test]
    fn an_acknowledgement_is_read_as_it_was_written(
        numbers in prop::collection::vec((any::<u64>(), any::<u64>()), 0..=MAX_ACKED),
    ) {
        let numbers: Vec<_> = numbers
            .into_iter()
            .map(|(epoch, sequence)| RecordNumber { epoch, sequence })
            .collect();
        let bytes = body(|out| emit_ack(&numbers, out));
        prop_assert_eq!(parse_ack(&bytes), Ok(numbers));
    }

    #[test]
    fn fragments_are_read_as_they_were_written(
        parts in prop::collection::vec(
            (any::<u16>(), 0_usize..100, prop::collection::vec(any::<u8>(), 1..50), 0_usize..100),
            1..MAX_FRAGMENTS,
        ),
    ) {
        let written: Vec<_> = parts.iter().map(|(sequence, offset, bytes, more)| Fragment {
            kind: HandshakeType::Finished,
            length: offset + bytes.len() + more,
            sequence: *sequence,
            offset: *offset,
            bytes,
        }).collect();
        let content = body(|out| written.iter().for_each(|fragment| fragment.emit(out)));
        prop_assert_eq!(fragments(&content), Ok(written));
    }

    #[test]
    fn records_of_both_kinds_follow_each_other_in_a_datagram(
        sequence in 0_u64..1 << 48,
        content in prop::collection::vec(any::<u8>(), 0..100),
        ciphertext in prop::collection::vec(any::<u8>(), 17..100),
        epoch: u16,
        long_sequence: bool,
    ) {
        let mut datagram = Vec::new();
        emit_plaintext_header(ContentType::Handshake, sequence, content.len(), &mut datagram);
        datagram.extend(&content);
        for length in [Some(u16::try_from(ciphertext.len()).unwrap()), None] {
            let header = UnifiedHeader { epoch: epoch.into(), connection_id: &[], sequence, long_sequence, length };
            header.emit(&mut datagram);
            datagram.extend(&ciphertext);
        }
        let records: Result<Vec<_>, _> = Records::new(&datagram).collect();
        let records = records.unwrap();
        prop_assert_eq!(records.len(), 3);
        let Record::Plaintext(plaintext) = records[0] else { panic!("it is plaintext") };
        prop_assert_eq!(plaintext.sequence, sequence);
        prop_assert_eq!(plaintext.content, &content[..]);
        for (record, with_length) in records[1..].iter().zip([true, false]) {
            let Record::Protected(record) = record else { panic!("it is protected") };
            prop_assert_eq!(u16::from(record.epoch_bits), epoch & 3);
            prop_assert_eq!(record.header.len(), UnifiedHeader::len(0, long_sequence, with_length));
            prop_assert_eq!(record.ciphertext, &ciphertext[..]);
        }
    }

    #[test]
    fn padding_is_taken_off(content in prop::collection::vec(any::<u8>(), 0..50), zeros in 0_usize..50) {
        let mut bytes = content.clone();
        bytes.push(ContentType::ApplicationData as u8);
        bytes.resize(bytes.len() + zeros, 0);
        let inner = InnerPlaintext::parse(&bytes).unwrap();
        prop_assert_eq!(inner.content_type, ContentType::ApplicationData);
        prop_assert_eq!(inner.content, &content[..]);
    }
}

#[test]
fn the_headers_are_those_of_rfc_9147_figure_3() {
    let header = |long_sequence, length| {
        body(|out| {
            UnifiedHeader { epoch: 7, connection_id: &[], sequence: 0x1234, long_sequence, length }
                .emit(out)
        })
    };
    assert_eq!(header(false, None), [0b0010_0011, 0x34]);
    assert_eq!(header(true, None), [0b0010_1011, 0x12, 0x34]);
    assert_eq!(header(true, Some(0x20)), [0b0010_1111, 0x12, 0x34, 0, 0x20]);
    let plaintext = body(|out| emit_plaintext_header(ContentType::Handshake, 5, 0x102, out));
    assert_eq!(plaintext, [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 5, 1, 2]);
}

#[test]
fn what_is_unknown_in_a_client_hello_is_skipped() {
    // An unknown extension, a grease version beside DTLS 1.3, a group and share of P-256.
    let parsed = hello_with(&[
        0xab, 0xcd, 0, 1, 9, // unknown
        0, 43, 0, 5, 4, 0x0a, 0x0a, 0xfe, 0xfc, // supported_versions
        0, 10, 0, 6, 0, 4, 0, 0x17, 0, 0x1d, // supported_groups
        0, 51, 0, 7, 0, 5, 0, 0x17, 0, 1, 4, // key_share of another group
    ]);
    let parsed = ClientHello::parse(&parsed).unwrap();
    assert!(parsed.dtls13 && parsed.x25519 && parsed.aes_128_gcm_sha256);
    assert_eq!(parsed.key_share, None);
    assert_eq!(parsed.modes, None);
}

#[test]
fn a_client_hello_breaks_each_rule_under_its_own_name() {
    use ParseError as E;
    let says = |extensions: &[u8]| ClientHello::parse(&hello_with(extensions)).err();
    assert_eq!(says(&[]), None);
    assert_eq!(says(&[0xab, 0xcd, 0, 0, 0xab, 0xcd, 0, 0]), Some(E::DuplicateExtension));
    assert_eq!(says(&[0, 43, 0, 1, 0]), Some(E::IllegalValue));
    assert_eq!(says(&[0, 43, 0, 4, 2, 0xfe, 0xfc, 0]), Some(E::Trailing));
    assert_eq!(says(&[0, 43, 0, 9, 2]), Some(E::Truncated));
    assert_eq!(says(&[0, 45, 0, 1, 0]), Some(E::IllegalValue));
    assert_eq!(says(&[0, 44, 0, 2, 0, 0]), Some(E::IllegalValue));
    assert_eq!(says(&[0, 41, 0, 0, 0xab, 0xcd, 0, 0]), Some(E::UnexpectedExtension));
    assert_eq!(says(&[0, 41, 0, 4, 0, 0, 0, 0]), Some(E::IllegalValue));
    let share = [0, 51, 0, 8, 0, 6, 0, 0x1d, 0, 2, 1, 1];
    assert_eq!(says(&share), Some(E::IllegalValue));
    let many: Vec<u8> = (0..33_u8).flat_map(|n| [0xab, n, 0, 0]).collect();
    assert_eq!(says(&many), Some(E::TooLong));

    let mut crowd = hello();
    crowd.psks = vec![crowd.psks[0]; MAX_IDENTITIES + 1];
    assert_eq!(ClientHello::parse(&body(|out| crowd.emit(out))).err(), Some(E::TooLong));
    let mut cookie = body(|out| hello().emit(out));
    cookie[35] = 1; // legacy_cookie, then the rest is off by one
    assert!(ClientHello::parse(&cookie).is_err());
}

#[test]
fn a_server_hello_may_answer_only_what_was_asked() {
    let plain = body(|out| ServerHello::new([1; 32]).emit(out));
    let parsed = ServerHello::parse(&plain).unwrap();
    assert_eq!((parsed.suite, parsed.version), (TLS_AES_128_GCM_SHA256, Some(VERSION_DTLS13)));
    // A cookie belongs into a HelloRetryRequest, a key share and a PSK into a ServerHello.
    let cookie = ServerHello { cookie: Some(b"c"), ..ServerHello::new([1; 32]) };
    let share = ServerHello { key_share: Some([1; 32]), ..ServerHello::new(RETRY_RANDOM) };
    let psk = ServerHello { psk: Some(0), ..ServerHello::new(RETRY_RANDOM) };
    for wrong in [cookie, share, psk] {
        let bytes = body(|out| wrong.emit(out));
        assert_eq!(ServerHello::parse(&bytes), Err(ParseError::UnexpectedExtension));
    }
}

#[test]
fn the_other_messages_break_rules_too() {
    use ParseError as E;
    assert_eq!(parse_encrypted_extensions(&[0, 0]), Ok(()));
    assert_eq!(parse_encrypted_extensions(&[0, 4, 0, 43, 0, 0]), Err(E::UnexpectedExtension));
    assert_eq!(parse_finished(&[0; 33]), Err(E::Trailing));
    assert_eq!(parse_finished(&[0; 31]), Err(E::Truncated));
    assert_eq!(KeyUpdate::parse(&[2]), Err(E::IllegalValue));
    assert_eq!(KeyUpdate::parse(&[1, 0]), Err(E::Trailing));
    assert_eq!(Alert::parse(&[2]), Err(E::Truncated));
    assert_eq!(Alert::parse(&[1, 0]).unwrap(), AlertDescription::CloseNotify);
    assert_eq!(Alert::bytes(AlertDescription::DecryptError), [2, 51]);
    assert_eq!(parse_ack(&[0, 1, 0]), Err(E::Truncated));
    let crowd = vec![RecordNumber { epoch: 0, sequence: 0 }; MAX_ACKED + 1];
    assert_eq!(parse_ack(&body(|out| emit_ack(&crowd, out))), Err(E::TooLong));
    assert_eq!(InnerPlaintext::parse(&[0; 20]), Err(E::IllegalValue));
    assert_eq!(InnerPlaintext::parse(&[1, 99]), Err(E::IllegalValue));
}

#[test]
fn fragments_stay_within_their_message_and_records_within_their_count() {
    use ParseError as E;
    let fragment = |length: usize, offset, bytes| {
        body(|out| {
            let kind = HandshakeType::Finished;
            Fragment { kind, length, sequence: 0, offset, bytes }.emit(out);
        })
    };
    assert_eq!(fragments(&fragment(4, 2, b"abc")), Err(E::IllegalValue));
    assert_eq!(fragments(&fragment(4, 4, b"")), Err(E::IllegalValue));
    assert_eq!(fragments(&fragment(1 << 20, 0, b"abc")), Err(E::TooLong));
    assert_eq!(fragments(&[]), Err(E::Truncated));
    let many = fragment(1, 0, b"a").repeat(MAX_FRAGMENTS + 1);
    assert_eq!(fragments(&many), Err(E::TooLong));
    let mut unknown = fragment(1, 0, b"a");
    unknown[0] = 11; // Certificate: there are none in either profile
    assert_eq!(fragments(&unknown), Err(E::IllegalValue));

    let mut record = body(|out| emit_plaintext_header(ContentType::Handshake, 0, 0, out));
    let many = record.repeat(MAX_RECORDS + 9);
    assert_eq!(Records::new(&many).filter(Result::is_err).count(), 1);
    assert_eq!(Records::new(&many).filter(Result::is_ok).count(), MAX_RECORDS);
    record[3..5].copy_from_slice(&[0, 1]); // another epoch
    assert_eq!(Records::new(&record).next(), Some(Err(E::IllegalValue)));
    let short = [0b0010_0011; 18];
    assert_eq!(Records::new(&short).next(), Some(Err(E::Truncated)));
    let connection_id = [0b0011_0011; 40];
    assert_eq!(Records::new(&connection_id).next(), Some(Err(E::ConnectionId)));
}

#[test]
fn a_message_has_the_tls_header() {
    let bytes = message(HandshakeType::KeyUpdate, |out| KeyUpdate { request: true }.emit(out));
    assert_eq!(bytes, [24, 0, 0, 1, 1]);
}

#[test]
fn a_unified_header_has_the_connection_id_behind_its_first_byte() {
    let header = UnifiedHeader {
        epoch: 3,
        connection_id: b"id",
        sequence: 0x0102,
        long_sequence: true,
        length: Some(17),
    };
    let mut bytes = body(|out| header.emit(out));
    assert_eq!(bytes, b"\x3fid\x01\x02\x00\x11");
    assert_eq!(bytes.len(), UnifiedHeader::len(2, true, true));
    bytes.extend_from_slice(&[9; 17]);
    let mut records = Records::new(&bytes);
    records.expect_connection_ids(2);
    let Some(Ok(Record::Protected(record))) = records.next() else { panic!("it is protected") };
    assert_eq!((record.connection_id, record.header), (Some(&b"id"[..]), &bytes[..7]));
    for len in 0..bytes.len() {
        let mut records = Records::new(&bytes[..len]);
        records.expect_connection_ids(2);
        assert!(!matches!(records.next(), Some(Ok(_))));
    }
}

#[test]
fn hellos_carry_connection_ids_and_their_messages_are_exact() {
    for id in [None, Some(&b""[..]), Some(b"x"), Some(&[7; 20])] {
        let connection_id = id.and_then(ConnectionId::new);
        let hello = ServerHello { connection_id, ..ServerHello::new([1; 32]) };
        let bytes = body(|out| hello.emit(out));
        assert_eq!(ServerHello::parse(&bytes), Ok(hello));
    }
    assert_eq!(ConnectionId::new(&[7; 21]), None);
    let ids = [&b"ab"[..], b""].iter().filter_map(|id| ConnectionId::new(id)).collect();
    let message = NewConnectionId { ids, immediate: true };
    let bytes = body(|out| message.emit(out));
    assert_eq!(bytes, b"\x00\x04\x02ab\x00\x00");
    assert_eq!(NewConnectionId::parse(&bytes), Ok(message));
    for (bytes, error) in [
        (&b"\x00\x00\x00"[..], ParseError::IllegalValue),
        (b"\x00\x00\x02", ParseError::IllegalValue),
        (b"\x00\x02\x02a\x01", ParseError::Truncated),
        (b"\x00\x00\x01\x00", ParseError::Trailing),
        (&[&[0, 9][..], &[0; 9], &[1]].concat(), ParseError::TooLong),
    ] {
        assert_eq!(NewConnectionId::parse(bytes), Err(error), "{bytes:?}");
    }
    assert_eq!(parse_request_connection_id(&[3]), Ok(3));
    assert_eq!(parse_request_connection_id(&[3, 4]), Err(ParseError::Trailing));
}
