//! The DTLS 1.2 codecs: what is written is read back, nothing panics, and every rule has its refusal.

use keystorm::wire::dtls::limits::MAX_RECORDS;
use keystorm::wire::dtls::{
    Alert, AlertDescription, ClientHello12, ConnectionId, Content12, ParseError, Records12,
    ServerHello12, VERSION_DTLS12, emit_client_key_exchange, emit_header_12,
    emit_hello_verify_request, parse_client_key_exchange, parse_finished_12,
    parse_hello_verify_request, parse_inner_plaintext_12, parse_server_key_exchange,
};
use proptest::prelude::*;

fn body(emit: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    emit(&mut out);
    out
}

fn hello<'a>() -> ClientHello12<'a> {
    ClientHello12 {
        dtls12: true,
        random: [1; 32],
        cookie: b"cookie",
        suites: &[0xc0, 0xa8],
        extended_master_secret: true,
        renegotiation_info: true,
        connection_id: ConnectionId::new(b"id"),
    }
}

/// The body of a ClientHello with raw bytes for extensions.
fn hello_with(version: u16, extensions: &[u8]) -> Vec<u8> {
    let mut out = version.to_be_bytes().to_vec();
    out.extend([1; 32]);
    out.extend([0, 0, 0, 2, 0xc0, 0xa8, 1, 0]);
    out.extend(u16::try_from(extensions.len()).expect("it is short").to_be_bytes());
    out.extend(extensions);
    out
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        id in 0_usize..4,
    ) {
        let _ = ClientHello12::parse(&bytes);
        let _ = ClientHello12::parameters(&bytes);
        let _ = ServerHello12::parse(&bytes);
        let _ = parse_hello_verify_request(&bytes);
        let _ = parse_client_key_exchange(&bytes);
        let _ = parse_server_key_exchange(&bytes);
        let _ = parse_finished_12(&bytes);
        let _ = Alert::parse_with_level(&bytes);
        prop_assert!(Records12::new(&bytes, id).count() <= MAX_RECORDS + 1);
    }

    #[test]
    fn no_edit_of_a_message_makes_a_parser_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = body(|out| hello().emit(out));
        for (at, value) in &edits {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        let _ = ClientHello12::parse(&bytes);
        let _ = ServerHello12::parse(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _ = ClientHello12::parse(&bytes);
        let _ = ClientHello12::parameters(&bytes);
    }

    #[test]
    fn hellos_are_read_as_they_were_written(
        random: [u8; 32],
        cookie in prop::collection::vec(any::<u8>(), 0..256),
        suites in prop::collection::vec(1_u8..0xff, 1..8),
        extended_master_secret: bool,
        renegotiation_info: bool,
        id in prop::option::of(prop::collection::vec(any::<u8>(), 0..=20)),
    ) {
        let suites: Vec<u8> = suites.into_iter().flat_map(|low| [0xc0, low]).collect();
        let written = ClientHello12 {
            dtls12: true,
            random,
            cookie: &cookie,
            suites: &suites,
            extended_master_secret,
            renegotiation_info,
            connection_id: id.as_deref().and_then(ConnectionId::new),
        };
        let bytes = body(|out| written.emit(out));
        prop_assert_eq!(ClientHello12::parse(&bytes), Ok(written));
        // Cut behind the compression methods it is a ClientHello without extensions.
        let bare = 2 + 32 + 1 + 1 + cookie.len() + 2 + suites.len() + 2;
        for len in (0..bytes.len()).filter(|&len| len != bare) {
            prop_assert!(ClientHello12::parse(&bytes[..len]).is_err());
        }
        let answer = ServerHello12 {
            version: VERSION_DTLS12,
            random,
            suite: 0xc0a8,
            extended_master_secret,
            renegotiation_info,
            connection_id: id.as_deref().and_then(ConnectionId::new),
        };
        let bytes = body(|out| answer.emit(out));
        prop_assert_eq!(ServerHello12::parse(&bytes), Ok(answer));
    }

    #[test]
    fn the_parameters_are_all_but_cookie_and_extensions(
        cookie in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let other = ClientHello12 { cookie: &cookie, connection_id: None, ..hello() };
        let (a, b) = (body(|out| hello().emit(out)), body(|out| other.emit(out)));
        prop_assert_eq!(ClientHello12::parameters(&a), ClientHello12::parameters(&b));
    }

    #[test]
    fn a_record_is_read_as_it_was_written(
        epoch in 1_u16..,
        sequence in 0_u64..1 << 48,
        id in prop::collection::vec(any::<u8>(), 1..=20),
        content in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let kind = Content12::WithConnectionId;
        let mut bytes = body(|out| emit_header_12(kind, epoch, sequence, &id, content.len(), out));
        bytes.extend_from_slice(&content);
        let record = Records12::new(&bytes, id.len()).next().unwrap().unwrap();
        prop_assert_eq!((record.content_type, record.epoch), (kind, epoch));
        prop_assert_eq!((record.sequence, record.connection_id), (sequence, &id[..]));
        prop_assert_eq!(record.body, &content[..]);
        let refused = Records12::new(&bytes, 0).next();
        prop_assert_eq!(refused, Some(Err(ParseError::ConnectionId)));
    }
}

#[test]
fn a_version_is_older_the_higher_its_number() {
    for (version, dtls12) in [(0xfefd, true), (0xfefc, true), (0xfeff, false), (0x0303, false)] {
        let bytes = hello_with(version, &[]);
        assert_eq!(ClientHello12::parse(&bytes).unwrap().dtls12, dtls12, "{version:x}");
    }
}

#[test]
fn supported_versions_alone_says_which_versions_are_acceptable() {
    let only_13 = hello_with(0xfefd, &[0, 43, 0, 3, 2, 0xfe, 0xfc]);
    assert!(!ClientHello12::parse(&only_13).unwrap().dtls12);
    let both = hello_with(0xfefd, &[0, 43, 0, 5, 4, 0xfe, 0xfc, 0xfe, 0xfd]);
    assert!(ClientHello12::parse(&both).unwrap().dtls12);
}

#[test]
fn extensions_that_may_not_be_are_refused() {
    let says = |extensions: &[u8]| ClientHello12::parse(&hello_with(0xfefd, extensions)).err();
    assert_eq!(says(&[0, 23, 0, 0, 0, 23, 0, 0]), Some(ParseError::DuplicateExtension));
    assert_eq!(says(&[0, 23, 0, 1, 0]), Some(ParseError::Trailing));
    assert_eq!(says(&[0xff, 1, 0, 2, 1, 0]), Some(ParseError::IllegalValue));
    assert_eq!(says(&[0x12, 0x34, 0, 1, 0]), None);
    let long = [&[0, 54, 0, 22, 21][..], &[7; 21]].concat();
    assert_eq!(says(&long), Some(ParseError::TooLong));
}

#[test]
fn the_short_messages_are_exact() {
    let request = body(|out| emit_hello_verify_request(b"cookie", out));
    assert_eq!(request, b"\xfe\xff\x06cookie");
    assert_eq!(parse_hello_verify_request(&request), Ok(&b"cookie"[..]));
    let exchange = body(|out| emit_client_key_exchange(b"\xff\0", out));
    assert_eq!(parse_client_key_exchange(&exchange), Ok(&b"\xff\0"[..]));
    assert_eq!(parse_client_key_exchange(b"\0\x01ab"), Err(ParseError::Trailing));
    let long = body(|out| emit_client_key_exchange(&[7; 513], out));
    assert_eq!(parse_client_key_exchange(&long), Err(ParseError::TooLong));
    assert_eq!(parse_finished_12(&[7; 12]), Ok([7; 12]));
    assert_eq!(parse_finished_12(&[7; 11]), Err(ParseError::Truncated));
    assert_eq!(parse_finished_12(&[7; 13]), Err(ParseError::Trailing));
    let (fatal, alert) = Alert::parse_with_level(&[1, 0]).unwrap();
    assert!(!fatal && alert == AlertDescription::CloseNotify);
}

#[test]
fn records_of_other_versions_and_types_are_refused() {
    let says = |bytes: &[u8]| Records12::new(bytes, 1).next().unwrap().err();
    assert_eq!(says(&[0x2f; 40]), Some(ParseError::WrongVersion));
    assert_eq!(says(&[22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Some(ParseError::WrongVersion));
    assert_eq!(says(&[24; 40]), Some(ParseError::IllegalValue));
    let plain = body(|out| emit_header_12(Content12::WithConnectionId, 0, 0, b"i", 0, out));
    assert_eq!(says(&plain), Some(ParseError::ConnectionId));
}

#[test]
fn padding_is_taken_off_and_the_true_type_is_the_last_byte_that_is_not_zero() {
    let says = parse_inner_plaintext_12;
    assert_eq!(says(b"ab\x17"), Ok((Content12::ApplicationData, &b"ab"[..])));
    assert_eq!(says(b"ab\x17\0\0\0"), Ok((Content12::ApplicationData, &b"ab"[..])));
    assert_eq!(says(b"\x15"), Ok((Content12::Alert, &b""[..])));
    for bad in [&b""[..], b"\0\0", b"ab\x19", b"ab\x01"] {
        assert_eq!(says(bad), Err(ParseError::IllegalValue));
    }
    assert_eq!(says(&[23; (1 << 14) + 2]), Err(ParseError::TooLong));
}
