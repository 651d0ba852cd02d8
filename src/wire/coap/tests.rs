//! Vectors and laws of the codec.

use proptest::prelude::*;

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap())
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn refused(text: &str) -> Malformed {
    Message::parse(&hex(text)).unwrap_err()
}

#[test]
fn the_example_of_rfc_7252_appendix_a_reads_and_writes() {
    // Figure 16: GET coap://server/temperature, MID 0x7d34, and its piggybacked answer "22.3 C".
    let request = hex("40017d34 bb74656d7065726174757265");
    let read = Message::parse(&request).unwrap();
    assert_eq!((read.kind, read.code, read.mid), (Kind::Confirmable, Code::GET, 0x7d34));
    assert_eq!(read.option(option::URI_PATH), Some(&b"temperature"[..]));
    assert_eq!(read.emit(), request);
    let answer = hex("60457d34 ff32322e332043");
    let read = Message::parse(&answer).unwrap();
    assert_eq!((read.kind, read.code), (Kind::Acknowledgement, Code::CONTENT));
    assert_eq!(read.payload, b"22.3 C");
    assert_eq!(read.emit(), answer);
}

#[test]
fn deltas_and_lengths_use_the_one_encoding_that_section_3_1_gives() {
    for (number, len) in [(0, 0), (12, 12), (13, 13), (268, 268), (269, 269), (65_535, 1_034)] {
        let mut writer = Writer::new(Kind::Confirmable, Code::GET, 1, Token::default());
        writer.option(number, &vec![7; len]);
        let bytes = writer.finish(b"");
        let read = Message::parse(&bytes).unwrap();
        assert_eq!(read.options().collect::<Vec<_>>(), [(number, &vec![7; len][..])]);
        assert_eq!(read.emit(), bytes);
    }
}

#[test]
fn every_misdeed_has_its_name() {
    use Malformed::*;
    let cases = [
        ("", HeaderTruncated),
        ("400100", HeaderTruncated),
        ("00010001", Version),
        ("80010001", Version),
        ("49010001 000000000000000000", TokenLength),
        ("4f010001 000000000000000000", TokenLength),
        ("44010001 0000", TokenTruncated),
        ("40200001", ReservedCode),
        ("40600001", ReservedCode),
        ("40c00001", ReservedCode),
        ("40ff0001", ReservedCode),
        ("41000001 aa", EmptyWithContent),
        ("40000001 00", EmptyWithContent),
        ("40000001 ff00", EmptyWithContent),
        ("50000001", EmptyNonConfirmable),
        ("70450001", ResetWithContent),
        ("60010001", AcknowledgedRequest),
        ("40010001 f0", ReservedNibble),
        ("40010001 0f", ReservedNibble),
        ("40010001 d0", OptionTruncated),
        ("40010001 e000", OptionTruncated),
        ("40010001 0e00", OptionTruncated),
        ("40010001 b374 65", OptionTruncated),
        ("40010001 e0feff 00 e0 0000", OptionNumber),
        ("40010001 e0ffff", OptionNumber),
        ("40010001 0e ffff", OptionTooLong),
        ("40010001 ff", EmptyPayload),
        ("40010001 b161 ff", EmptyPayload),
    ];
    for (bytes, name) in cases {
        assert_eq!(refused(bytes), name, "{bytes}");
    }
    assert_eq!(refused(&format!("40010001{}", "00".repeat(65))), TooManyOptions);
    assert_eq!(refused(&format!("40010001ff{}", "00".repeat(MAX_MESSAGE))), TooLong);
    assert!(Message::parse(&hex(&format!("40010001{}", "00".repeat(64)))).is_ok());
}

#[test]
fn names_of_reasons_are_distinct() {
    let names: std::collections::BTreeSet<_> = Malformed::ALL.map(Malformed::name).into();
    assert_eq!(names.len(), Malformed::ALL.len());
}

#[test]
fn empty_messages_read() {
    for (kind, bytes) in [
        (Kind::Confirmable, "40001234"),
        (Kind::Acknowledgement, "60001234"),
        (Kind::Reset, "70001234"),
    ] {
        let read = Message::parse(&hex(bytes)).map(|message| message.kind);
        assert_eq!(read, Ok(kind));
        assert_eq!(Writer::empty(kind, 0x1234), hex(bytes));
    }
}

#[test]
fn integers_are_written_in_their_shortest_form() {
    for (value, bytes) in [(0, "c0"), (60, "c13c"), (10_015, "c2271f"), (1 << 24, "c401000000")] {
        let mut writer = Writer::new(Kind::Confirmable, Code::GET, 1, Token::default());
        writer.uint(option::CONTENT_FORMAT, value);
        let message = writer.finish(b"");
        assert_eq!(message[4..], hex(bytes));
        let read = Message::parse(&message).unwrap().option(option::CONTENT_FORMAT);
        assert_eq!(read.and_then(read_uint), Some(value));
    }
    assert_eq!(read_uint(&[0; 5]), None);
    assert_eq!(read_uint(&[0, 0, 7]), Some(7));
}

#[test]
fn codes_display_with_their_point() {
    assert_eq!(Code::CREATED.to_string(), "2.01");
    assert_eq!(Code::UNSUPPORTED_FORMAT.to_string(), "4.15");
    assert_eq!(Code::new(4, 3).byte(), 0x83);
}

/// Bytes that are often messages: a plausible header, then anything.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    (0x40_u8..=0x78, prop::sample::select(vec![0_u8, 1, 2, 65, 69, 132]), any::<[u8; 2]>())
        .prop_flat_map(|(first, code, mid)| {
            prop::collection::vec(any::<u8>(), 0..40)
                .prop_map(move |rest| [&[first, code, mid[0], mid[1]][..], &rest].concat())
        })
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = Message::parse(&bytes);
    }

    #[test]
    fn what_is_read_is_written_back_exactly(bytes in likely()) {
        if let Ok(message) = Message::parse(&bytes) {
            prop_assert_eq!(message.emit(), bytes);
        }
    }

    #[test]
    fn what_is_written_is_read_back_exactly(
        mid: u16,
        token in prop::collection::vec(any::<u8>(), 0..=MAX_TOKEN),
        mut options in prop::collection::vec(
            (any::<u16>(), prop::collection::vec(any::<u8>(), 0..300)), 0..6),
        payload in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        options.sort_by_key(|(number, _)| *number);
        let token = Token::new(&token).unwrap();
        let mut writer = Writer::new(Kind::Confirmable, Code::POST, mid, token);
        for (number, value) in &options {
            writer.option(*number, value);
        }
        let bytes = writer.finish(&payload);
        prop_assume!(bytes.len() <= MAX_MESSAGE);
        let read = Message::parse(&bytes).unwrap();
        let found: Vec<_> = read.options().map(|(n, value)| (n, value.to_vec())).collect();
        prop_assert_eq!(found, options);
        prop_assert_eq!((read.mid, read.token, read.payload), (mid, token, &payload[..]));
    }
}
