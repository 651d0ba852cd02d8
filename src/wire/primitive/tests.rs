//! Vectors: datagrams recorded from a real CSE and its client, and what must be refused.

use proptest::prelude::*;

use super::*;
use crate::wire::coap::{Code, Kind, Message, Token, Writer};

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn exchange() -> Exchange {
    Exchange { kind: Kind::Confirmable, mid: 7, token: Token::new(&[1, 2]).unwrap() }
}

/// CREATE of a contentInstance with Content-Format 10015, and the CSE's answer.
const CREATE: &str = "420200070102b66373652d696e06636f61704145016312271fd1f20441348543636f617042633\
    1ff7b226d326d3a63696e223a207b22636f6e223a20223235227d7d";
const NOT_FOUND: &str = "6284000d0102c132ddea093230323631313232543134323532302c323933353732c134c26331\
    d20b0fa4ff7b226d326d3a646267223a20224e6f207265736f75726365207769746820746869732049443a206373652d\
    696e2f6e6f6e65227d";

#[test]
fn a_recorded_create_reads() {
    let bytes = hex(CREATE);
    let request = Request::from_coap(&Message::parse(&bytes).unwrap()).unwrap();
    assert_eq!(request.operation, Operation::Create);
    assert_eq!(request.to, "cse-in/coapAE/c");
    assert_eq!((request.from, request.request_id), ("Ccoap", "c1"));
    assert_eq!(request.release, Release::R4);
    assert_eq!(request.resource_type, Some(ResourceType::CONTENT_INSTANCE));
    assert_eq!(request.content.as_ref().unwrap().content_instance().unwrap().content, "25");
    assert_eq!(request.to_coap(exchange()).unwrap(), bytes);
}

#[test]
fn recorded_requests_map_to_their_operations() {
    for (bytes, operation, to) in [
        ("420100010102b66373652d696ed1f734864341646d696e426331", Operation::Retrieve, "cse-in"),
        (
            "420100110102b17e0569642d696e066373652d696ed1f734864341646d696e426331",
            Operation::Retrieve,
            "/id-in/cse-in",
        ),
        (
            "4203000b0102b66373652d696e06636f6170414501631132d1f6348543636f6170426331ff7b226d326d3a\
             636e74223a207b226c626c223a205b2278225d7d7d",
            Operation::Update,
            "cse-in/coapAE/c",
        ),
        (
            "420400130102b66373652d696e06636f617041450163d1f7348543636f6170426331",
            Operation::Delete,
            "cse-in/coapAE/c",
        ),
    ] {
        let bytes = hex(&bytes.replace(' ', ""));
        let request = Request::from_coap(&Message::parse(&bytes).unwrap()).unwrap();
        assert_eq!((request.operation, &*request.to), (operation, to));
        if operation != Operation::Update {
            let exchange = Exchange { mid: u16::from(bytes[3]), ..exchange() };
            assert_eq!(request.to_coap(exchange).unwrap(), bytes);
        }
    }
}

#[test]
fn a_recorded_answer_reads() {
    let bytes = hex(NOT_FOUND);
    let response = Response::from_coap(&Message::parse(&bytes).unwrap()).unwrap();
    assert_eq!(response.status, Rsc::NOT_FOUND);
    assert_eq!(response.request_id, Some("c1"));
    assert_eq!(response.release, Some(Release::R4));
}

#[test]
fn recorded_requests_without_release_or_in_cbor_are_refused_by_name() {
    let no_release = hex("4201000f0102b66373652d696ed6ff4341646d696e426331");
    let cbor = hex(
        "420200050102b66373652d696e06636f617041450163113cd1f20441348543636f6170426331ffa1676d326d3a63\
         696ea163636f6e623234"
            .replace(' ', "")
            .as_str(),
    );
    let cbor_wanted =
        hex("420100090102b66373652d696e06636f617041450163026c61613cd1f1348543636f6170426331");
    for (bytes, refusal, rsc) in [
        (no_release, Refusal::Release, Rsc::RELEASE_VERSION_NOT_SUPPORTED),
        (cbor, Refusal::ContentFormat, Rsc::UNSUPPORTED_MEDIA_TYPE),
        (cbor_wanted, Refusal::Accept, Rsc::NOT_ACCEPTABLE),
    ] {
        let found = Request::from_coap(&Message::parse(&bytes).unwrap());
        assert_eq!(found, Err(refusal));
        assert_eq!(refusal.rsc(), Some(rsc));
    }
}

/// A RETRIEVE with these options instead of the usual.
fn with_options(code: Code, options: &[(u16, &[u8])], payload: &[u8]) -> Result<(), Refusal> {
    let mut writer = Writer::new(Kind::Confirmable, code, 1, Token::default());
    for (number, value) in options {
        writer.option(*number, value);
    }
    let bytes = writer.finish(payload);
    Request::from_coap(&Message::parse(&bytes).unwrap()).map(|_| ())
}

#[test]
fn each_refusal_has_its_cause() {
    let long = [b'x'; 256];
    let (path, rvi, fr, rqi) =
        ((11, &b"cse-in"[..]), (271, &b"4"[..]), (279, &b"Ca"[..]), (283, &b"1"[..]));
    let json = (12, &b"2"[..]);
    let get = |options: &[(u16, &[u8])]| with_options(Code::GET, options, b"");
    assert_eq!(get(&[path, rvi, fr, rqi]), Ok(()));
    assert_eq!(get(&[path, (15, b"rcn=1"), rvi, fr, rqi]), Ok(()));
    assert_eq!(get(&[(9, b""), path, rvi, fr, rqi]), Err(Refusal::CriticalOption));
    assert_eq!(get(&[(10, b""), path, rvi, fr, rqi]), Ok(()));
    assert_eq!(get(&[path, rvi, fr, fr, rqi]), Err(Refusal::CriticalOption));
    assert_eq!(get(&[path, rvi, fr, rqi, (291, b"1")]), Err(Refusal::Parameter));
    assert_eq!(get(&[path, rvi, rqi]), Err(Refusal::NoOriginator));
    assert_eq!(get(&[path, rvi, fr]), Err(Refusal::NoRequestIdentifier));
    assert_eq!(get(&[rvi, fr, rqi]), Err(Refusal::Target));
    assert_eq!(get(&[(11, b"~"), rvi, fr, rqi]), Err(Refusal::Target));
    assert_eq!(get(&[(11, b"a/b"), rvi, fr, rqi]), Err(Refusal::Target));
    assert_eq!(get(&[(11, b""), rvi, fr, rqi]), Err(Refusal::OptionValue));
    assert_eq!(get(&[path, rvi, (279, &long), rqi]), Err(Refusal::OptionValue));
    assert_eq!(get(&[path, rvi, (279, b"\xff"), rqi]), Err(Refusal::OptionValue));
    assert_eq!(get(&[path, (271, b"1"), fr, rqi]), Err(Refusal::Release));
    assert_eq!(get(&[path, (267, b"\x04"), rvi, fr, rqi]), Err(Refusal::TypeWithoutCreate));
    assert_eq!(get(&[path, (15, b"fu=1"), rvi, fr, rqi]), Err(Refusal::Query));
    assert_eq!(get(&[path, (15, b"rcn=13"), rvi, fr, rqi]), Err(Refusal::QueryValue));
    assert_eq!(get(&[path, (15, b"rcn=+1"), rvi, fr, rqi]), Err(Refusal::QueryValue));
    assert_eq!(
        with_options(Code::GET, &[path, json, rvi, fr, rqi], b"{}"),
        Err(Refusal::ContentPresence)
    );
    assert_eq!(
        with_options(Code::POST, &[path, (267, b"\x04"), rvi, fr, rqi], b""),
        Err(Refusal::ContentPresence)
    );
    assert_eq!(
        with_options(Code::POST, &[path, json, rvi, fr, rqi], &[b' '; MAX_BODY + 1]),
        Err(Refusal::ContentTooLong)
    );
    assert_eq!(with_options(Code::new(0, 9), &[path, rvi, fr, rqi], b""), Err(Refusal::Method));
    let deep = [path; 64];
    assert_eq!(with_options(Code::GET, &deep[..40], b""), Err(Refusal::Release));
    let wide = [(11, &long[..255]), (11, &long[..255]), (11, &long[..255]), rvi, fr, rqi];
    assert_eq!(get(&wide), Err(Refusal::Target));
}

#[test]
fn what_cannot_be_sent_says_so() {
    let long = "x".repeat(256);
    let send = |to, from| Request::retrieve(to, from, "1").to_coap(exchange());
    assert!(send("cse-in/a", "Ca").is_ok());
    assert_eq!(send("", "Ca"), Err(Unsendable::Target));
    assert_eq!(send("cse-in//a", "Ca"), Err(Unsendable::Target));
    assert_eq!(send(&long, "Ca"), Err(Unsendable::Target));
    assert_eq!(send("cse-in", &long), Err(Unsendable::Identifier));
    assert_eq!(send("cse-in", ""), Err(Unsendable::Identifier));
}

#[test]
fn content_is_read_strictly() {
    let read = |text: &str| ContentInstance::from_json(text.as_bytes()).map(|c| c.content.into());
    let is = |text: &str| Ok::<String, ContentFault>(text.to_owned());
    assert_eq!(read(r#"{"m2m:cin":{"con":"21.5"}}"#), is("21.5"));
    assert_eq!(read(" {\"m2m:cin\" :\n{ \"con\":\"\\u00e9\\\"\" } } "), is("é\""));
    for (text, fault) in [
        ("", ContentFault::Json),
        ("{", ContentFault::Json),
        ("\u{feff}{}", ContentFault::Json),
        (r#"{"m2m:cin":{"con":"1"}} x"#, ContentFault::Json),
        (r#"{"m2m:cin":{"con":"1"}}{}"#, ContentFault::Json),
        (r#"{"m2m:cin":{"con":"1",}}"#, ContentFault::Json),
        (r#"{"m2m:cin":{"con":"\ud800"}}"#, ContentFault::Json),
        ("{}", ContentFault::Root),
        (r#"{"m2m:cnt":{"con":"1"}}"#, ContentFault::Root),
        (r#"{"m2m:cin":{"con":"1"},"x":1}"#, ContentFault::Root),
        (r#"{"m2m:cin":{"con":"1"},"m2m:cin":{"con":"1"}}"#, ContentFault::Repeated),
        (r#"{"m2m:cin":{"con":"1","con":"2"}}"#, ContentFault::Repeated),
        (r#"{"m2m:cin":{"con":"1","ri":"x"}}"#, ContentFault::Attribute),
        (r#"{"m2m:cin":{}}"#, ContentFault::NoContent),
        (r#"{"m2m:cin":{"con":1}}"#, ContentFault::WrongType),
        (r#"{"m2m:cin":{"con":{"con":"1"}}}"#, ContentFault::WrongType),
        (r#"{"m2m:cin":["1"]}"#, ContentFault::WrongType),
        (r#"[["1"]]"#, ContentFault::WrongType),
        ("null", ContentFault::WrongType),
    ] {
        assert_eq!(read(text), Err(fault), "{text}");
    }
    assert_eq!(read(&"[".repeat(MAX_BODY)), Err(ContentFault::WrongType));
    assert_eq!(read(&" ".repeat(MAX_BODY + 1)), Err(ContentFault::TooLong));
}

#[test]
fn status_codes_map_as_ts_0008_has_them() {
    for (rsc, code) in [
        (1_000, "2.03"),
        (1_001, "2.01"),
        (2_000, "2.05"),
        (2_001, "2.01"),
        (2_002, "2.02"),
        (2_004, "2.04"),
        (4_000, "4.00"),
        (4_001, "5.01"),
        (4_004, "4.04"),
        (4_005, "4.05"),
        (4_008, "5.04"),
        (4_015, "4.15"),
        (4_102, "4.06"),
        (4_103, "4.03"),
        (4_105, "4.03"),
        (4_110, "4.00"),
        (4_142, "4.00"),
        (5_000, "5.00"),
        (5_001, "5.01"),
        (5_103, "4.04"),
        (5_105, "4.03"),
        (5_106, "4.00"),
        (5_204, "5.00"),
        (5_207, "4.06"),
        (5_220, "5.03"),
        (6_010, "4.00"),
        (9_999, "5.00"),
    ] {
        assert_eq!(Rsc(rsc).coap().to_string(), code, "{rsc}");
    }
}

proptest! {
    #[test]
    fn no_datagram_panics(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        if let Ok(message) = Message::parse(&bytes) {
            let _ = Request::from_coap(&message);
            let _ = Response::from_coap(&message);
        }
    }

    #[test]
    fn a_changed_datagram_never_panics_nor_lies(
        at in 0_usize..70, value: u8, cut in 0_usize..70,
    ) {
        let mut bytes = hex(CREATE);
        let len = bytes.len();
        bytes[at % len] = value;
        bytes.truncate(len - cut % len);
        if let Ok(message) = Message::parse(&bytes)
            && let Ok(request) = Request::from_coap(&message)
        {
            let again = request.to_coap(Exchange {
                kind: message.kind, mid: message.mid, token: message.token,
            }).unwrap();
            let again = Request::from_coap(&Message::parse(&again).unwrap()).map(|r| r.to.to_string());
            prop_assert_eq!(again, Ok(request.to.to_string()));
        }
    }

    #[test]
    fn no_content_panics(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = ContentInstance::from_json(&bytes);
    }

    #[test]
    fn any_text_survives_as_content(text in "\\PC{0,100}|.{0,100}") {
        let body = ContentInstance { content: Cow::Borrowed(&text) }.to_json();
        prop_assert_eq!(body.content_instance().unwrap().content, &text[..]);
    }
}
