//! The bindings: what is written reads back, recorded datagrams keep their bytes, and what must be refused.

use super::coap::{Exchange, Outgoing, block};
use super::mqtt::{Purpose, Topic};
use super::websocket::{Frame, Primitive};
use super::*;
use crate::wire::coap::{Code, Kind, Message, Token, Writer};
use crate::wire::primitive::{
    self, CoapOptions, Content, FilterCriteria, FilterUsage, Operation, Profile, Request,
    ResourceType, Response, ResponseType, ResponseTypeValue, Rsc, Serialisation, Unknown,
};
use crate::wire::value::{Fault, Malformed, Map, Value};

const STRICT: &Profile = &Profile::STRICT;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn exchange() -> Exchange {
    Exchange { kind: Kind::Confirmable, mid: 7, token: Token::new(&[1, 2]).unwrap() }
}

/// A request with whatever header fields, options and queries can carry.
fn rich_request() -> Request {
    let uris = vec!["http://a/b?c=d".to_owned(), "coap://e".to_owned()];
    let filter = FilterCriteria {
        usage: Some(FilterUsage::Discovery),
        labels: Some(vec!["one".to_owned(), "two".to_owned()]),
        resource_types: Some(vec![ResourceType(3), ResourceType(4)]),
        limit: Some(5),
        ..FilterCriteria::default()
    };
    let map = br#"{"op":2,"to":"//sp.example.com/id-in/cse in","fr":"/id-in/Cae","rqi":"r-1","rvi":"5",
        "ot":"20261122T142520,239402","rqet":"20271122T142520","rset":5000,"oet":"20271122T142520",
        "rp":"PT2S","rcn":4,"ec":100,"gid":"g1","drt":2,"tqi":true,"vsi":"v w","tkns":["t1","t2"],
        "grtm":["m1","m2"],"aus":["s"],"omr":["o"],"prpi":"p","msu":"u","rids":["r1"],
        "pc":{"m2m:atrl":["lbl","cs"]},"fc":{"atr":[{"nm":"cr","val":"C*"},{"nm":"mni","val":5}]}}"#;
    let mut request = primitive::read_request(map, Serialisation::Json, STRICT).unwrap();
    let attributes = request.filter.take().unwrap().attributes;
    request.filter = Some(FilterCriteria { attributes, ..filter });
    request.response_type = Some(ResponseType {
        value: Some(ResponseTypeValue::NonBlockingAsync),
        notification_uris: Some(uris),
        ..ResponseType::default()
    });
    request
}

fn notification() -> Request {
    Request {
        operation: Operation::Notify,
        content: Some(Content::new("m2m:sgn", Value::Map(Map::of("vrq", Value::Bool(true))))),
        ..Request::retrieve("/", "/id-in", "1")
    }
}

fn create(con: &str) -> Request {
    Request::create("cse-in/ae", "Cae", "1", ResourceType::CONTENT_INSTANCE, Content::instance(con))
}

fn over_coap(outgoing: &Outgoing, profile: &Profile) -> Result<Request, Refusal> {
    let bytes = outgoing.message(exchange());
    coap::read_request(&Message::parse(&bytes).unwrap(), profile)
}

#[test]
fn requests_read_back_from_coap_and_http() {
    for request in [rich_request(), notification(), create("a+b&c=d%é\r\n")] {
        for serialisation in Serialisation::ALL {
            let outgoing = coap::write_request(&request, serialisation, STRICT).unwrap();
            assert_eq!(over_coap(&outgoing, STRICT).as_ref(), Ok(&request));
            let bytes = http::write_request(&request, "h:80", serialisation, STRICT).unwrap();
            let back = http::read_request(&bytes, STRICT);
            assert_eq!(back.as_ref(), Ok(&request), "{}", String::from_utf8_lossy(&bytes));
            assert_eq!(http::length(&bytes), Ok(Some(bytes.len())));
            assert_eq!(http::length(&bytes[..bytes.len() - 1]), Ok(None));
        }
    }
}

#[test]
fn responses_read_back_from_coap_and_http() {
    let text =
        br#"{"rsc":2001,"rqi":"r1","rvi":"4","pc":{"m2m:cin":{"con":"1"}},"ot":"20261122T142520",
        "rset":"20271122T142520","ec":4,"cnst":1,"cnot":7,"vsi":"v","msu":"u","asri":true}"#;
    let response = primitive::read_response(text, Serialisation::Json, STRICT).unwrap();
    for serialisation in Serialisation::ALL {
        let outgoing = coap::write_response(&response, serialisation, STRICT).unwrap();
        let bytes = outgoing.message(exchange());
        let back = coap::read_response(&Message::parse(&bytes).unwrap(), STRICT);
        assert_eq!(back.as_ref(), Ok(&response));
        let bytes = http::write_response(&response, serialisation, STRICT).unwrap();
        assert_eq!(http::read_response(&bytes, STRICT).as_ref(), Ok(&response));
    }
}

#[test]
fn recorded_datagrams_keep_their_bytes() {
    // From a client of a real CSE: CREATE with Content-Format 10015, RETRIEVE, SP-relative RETRIEVE, DELETE.
    for datagram in [
        "420200070102b66373652d696e06636f61704145016312271fd1f20441348543636f6170426331ff7b226d326d3a63\
         696e223a207b22636f6e223a20223235227d7d",
        "420100010102b66373652d696ed1f734864341646d696e426331",
        "420100110102b17e0569642d696e066373652d696ed1f734864341646d696e426331",
        "420400130102b66373652d696e06636f617041450163d1f7348543636f6170426331",
    ] {
        let bytes = hex(&datagram.replace(' ', ""));
        let message = Message::parse(&bytes).unwrap();
        let request = coap::read_request(&message, STRICT).unwrap();
        let outgoing = coap::write_request(&request, Serialisation::Json, STRICT).unwrap();
        let exchange = Exchange { mid: message.mid, ..exchange() };
        let written = outgoing.message(exchange);
        // The client put spaces into its JSON; all else is the same.
        let spaceless =
            |bytes: &[u8]| bytes.iter().copied().filter(|b| *b != b' ').collect::<Vec<_>>();
        assert_eq!(spaceless(&written), spaceless(&bytes));
    }
}

#[test]
fn the_generations_of_coap_options_do_not_understand_each_other() {
    let request = create("1");
    let current = coap::write_request(&request, Serialisation::Json, STRICT).unwrap();
    let old_profile = Profile { unknown: Unknown::Refuse, ..Profile::OLD };
    assert_eq!(old_profile.coap, CoapOptions::Old);
    let old = coap::write_request(&request, Serialisation::Json, &old_profile).unwrap();
    assert_eq!(over_coap(&old, &old_profile).as_ref(), Ok(&request));
    assert_eq!(over_coap(&current, &old_profile), Err(Refusal::CriticalOption));
    assert!(over_coap(&old, STRICT).is_err());
}

/// The refusal of a CoAP request with these options.
fn coap_refusal(code: Code, options: &[(u16, &[u8])], payload: &[u8]) -> Option<Refusal> {
    let mut writer = Writer::new(Kind::Confirmable, code, 1, Token::default());
    for (number, value) in options {
        writer.option(*number, value);
    }
    let bytes = writer.finish(payload);
    coap::read_request(&Message::parse(&bytes).unwrap(), STRICT).err()
}

#[test]
fn hostile_coap_requests_are_refused_by_name() {
    let long = [b'x'; 256];
    let (path, rvi, fr, rqi) =
        ((11, &b"cse-in"[..]), (271, &b"4"[..]), (279, &b"Ca"[..]), (283, &b"1"[..]));
    let json = (12, &b"2"[..]);
    let get = |options: &[(u16, &[u8])]| coap_refusal(Code::GET, options, b"");
    let missing = |name| Some(Refusal::Primitive(primitive::Refusal::Missing(name)));
    assert_eq!(get(&[path, rvi, fr, rqi]), None);
    assert_eq!(get(&[path, (15, b"rcn=1"), rvi, fr, rqi]), None);
    assert_eq!(get(&[(9, b""), path, rvi, fr, rqi]), Some(Refusal::CriticalOption));
    assert_eq!(get(&[(10, b""), path, rvi, fr, rqi]), None);
    assert_eq!(get(&[path, rvi, fr, fr, rqi]), Some(Refusal::CriticalOption));
    assert_eq!(get(&[path, rvi, fr]), missing("rqi"));
    assert_eq!(get(&[rvi, fr, rqi]), Some(Refusal::Target));
    for segment in [&b"~"[..], b"_", b"a/b", b"..", b".", b"a\0"] {
        assert_eq!(get(&[(11, segment), rvi, fr, rqi]), Some(Refusal::Target), "{segment:?}");
    }
    assert_eq!(get(&[(11, b""), rvi, fr, rqi]), Some(Refusal::OptionValue));
    assert_eq!(get(&[path, rvi, (279, &long), rqi]), Some(Refusal::OptionValue));
    assert_eq!(get(&[path, rvi, (279, b"\xff"), rqi]), Some(Refusal::OptionValue));
    assert_eq!(get(&[path, (267, b"\x01\x02\x03"), rvi, fr, rqi]), Some(Refusal::OptionValue));
    assert_eq!(
        get(&[path, (271, b"6"), fr, rqi]),
        Some(Refusal::Primitive(primitive::Refusal::Release))
    );
    assert_eq!(
        get(&[path, (267, b"\x04"), rvi, fr, rqi]),
        Some(Refusal::Primitive(primitive::Refusal::TypeAndOperation))
    );
    for query in [&b"rcn"[..], b"rcn=", b"rcn=x", b"rcn=+1", b"=1", b"lim=1+2", b"tqi=maybe"] {
        assert_eq!(get(&[path, (15, query), rvi, fr, rqi]), Some(Refusal::Query), "{query:?}");
    }
    let disagree = [path, (15, b"rcn=1"), (15, b"rcn=2"), rvi, fr, rqi];
    assert_eq!(get(&disagree), Some(Refusal::Disagreement("rcn")));
    assert_eq!(get(&[path, (17, b"\x2a"), rvi, fr, rqi]), Some(Refusal::Accept));
    assert_eq!(get(&[path, (27, b"\x07"), rvi, fr, rqi]), Some(Refusal::OptionValue));
    assert_eq!(get(&[path, (27, b"\x08"), rvi, fr, rqi]), Some(Refusal::Block));
    let with = |code, options: &[(u16, &[u8])], body: &[u8]| coap_refusal(code, options, body);
    assert_eq!(with(Code::GET, &[path, json, rvi, fr, rqi], b"{}"), Some(Refusal::ContentPresence));
    assert_eq!(with(Code::PUT, &[path, rvi, fr, rqi], b"{}"), Some(Refusal::ContentFormat));
    assert_eq!(
        with(Code::PUT, &[path, (12, b"*"), rvi, fr, rqi], b"{}"),
        Some(Refusal::ContentFormat)
    );
    assert_eq!(with(Code::new(0, 9), &[path, rvi, fr, rqi], b""), Some(Refusal::Method));
    let malformed = Malformed { fault: Fault::Truncated, at: 1 };
    assert_eq!(with(Code::PUT, &[path, json, rvi, fr, rqi], b"{"), Some(malformed.into()));
    assert_eq!(Refusal::Disagreement("fr").rsc(), Some(Rsc::BAD_REQUEST));
    assert_eq!(Refusal::CriticalOption.coap(), Code::BAD_OPTION);
}

#[test]
fn whole_primitives_in_the_payload_have_to_agree_with_the_options() {
    let body = br#"{"m2m:rqp":{"op":2,"to":"cse-in","fr":"Ca","rqi":"1","rvi":"5"}}"#;
    let preq = (12, &b"\x27\x17"[..]);
    let post = |options: &[(u16, &[u8])]| coap_refusal(Code::POST, options, body);
    assert_eq!(post(&[preq]), None);
    assert_eq!(post(&[(11, b"cse-in"), preq, (279, b"Ca")]), None);
    assert_eq!(post(&[(11, b"cse-mn"), preq]), Some(Refusal::Disagreement("to")));
    assert_eq!(post(&[preq, (279, b"Cb")]), Some(Refusal::Disagreement("fr")));
    assert_eq!(coap_refusal(Code::PUT, &[preq], body), Some(Refusal::Method));
}

#[test]
fn answers_of_coap_are_believed_only_if_their_codes_agree() {
    let response = Response { status: Rsc::NOT_FOUND, ..Response::default() };
    let outgoing = coap::write_response(&response, Serialisation::Json, STRICT).unwrap();
    let mut bytes = outgoing.message(exchange());
    let read = |bytes: &[u8]| coap::read_response(&Message::parse(bytes).unwrap(), STRICT);
    assert_eq!(read(&bytes), Ok(response));
    bytes[1] = Code::CONTENT.byte();
    assert_eq!(read(&bytes), Err(Refusal::StatusMismatch));
    let bare = Writer::new(Kind::Confirmable, Code::NOT_FOUND, 1, Token::default()).finish(b"");
    assert_eq!(read(&bare), Err(Refusal::NoStatus));
}

#[test]
fn long_bodies_travel_in_blocks() {
    let request = create(&"0123456789".repeat(500));
    let outgoing = coap::write_request(&request, Serialisation::Cbor, STRICT).unwrap();
    let mut transfers = block::Assemblies::default();
    for number in 0.. {
        let bytes = outgoing.block(exchange(), number, 5).unwrap();
        let message = Message::parse(&bytes).unwrap();
        if number == 0 {
            assert_eq!(coap::read_request(&message, STRICT), Err(Refusal::Block));
        }
        let part = block::Block::read(message.option(block::BLOCK1).unwrap()).unwrap();
        if let Some(body) = transfers.take("peer", part, message.payload).unwrap() {
            assert_eq!(coap::read_request_of(&message, &body, STRICT), Ok(request));
            break;
        }
    }
    assert!(outgoing.block(exchange(), 100, 5).is_none());
}

/// The refusal of an HTTP request.
fn http_refusal(text: &str) -> Option<Refusal> {
    http::read_request(text.as_bytes(), STRICT).err()
}

/// An HTTP request line and a body among sound header fields.
fn message(line: &str, fields: &str, body: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: h\r\nX-M2M-Origin: Ca\r\nX-M2M-RI: 1\r\nX-M2M-RVI: 4\r\n{fields}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn hostile_http_framing_is_refused_by_name() {
    let sound = message("GET /cse-in", "", "");
    assert_eq!(http_refusal(&sound), None);
    let many: String = (0..65).map(|index| format!("A{index}: b\r\n")).collect();
    for (text, refusal) in [
        (String::new(), Refusal::HttpTruncated),
        (sound.trim_end().to_owned(), Refusal::HttpTruncated),
        (format!("{sound}GET /x HTTP/1.1\r\n\r\n"), Refusal::HttpTrailing),
        (sound.replace("Length: 0", "Length: 5"), Refusal::HttpTruncated),
        (sound.replace("Length: 0", "Length: +0"), Refusal::HttpContentLength),
        (sound.replace("Length: 0", "Length: 0x0"), Refusal::HttpContentLength),
        (sound.replace("Length: 0", "Length: 0, 0"), Refusal::HttpContentLength),
        (sound.replace("Length: 0", "Length: 999999999"), Refusal::HttpBodyTooLong),
        (sound.replace("Length: 0", "Length: 99999999999999999999999"), Refusal::HttpBodyTooLong),
        (message("GET /cse-in", "Content-Length: 0\r\n", ""), Refusal::HttpContentLength),
        (
            message("POST /cse-in", "Transfer-Encoding: chunked\r\n", ""),
            Refusal::HttpTransferEncoding,
        ),
        (sound.replace("HTTP/1.1", "HTTP/1.0"), Refusal::HttpVersion),
        (sound.replace("HTTP/1.1", "HTTP/2.0"), Refusal::HttpVersion),
        (sound.replace("Host: h\r\n", ""), Refusal::HttpHost),
        (sound.replace("Host: h\r\n", "Host: h\r\nHost: i\r\n"), Refusal::HttpHost),
        (sound.replace("Host: h", "Host : h"), Refusal::HttpSyntax),
        (sound.replace("Host: h", "Host: h\r\n folded"), Refusal::HttpSyntax),
        (sound.replace("Host: h", "Host: h\0"), Refusal::HttpSyntax),
        (sound.replace("GET ", "G@T "), Refusal::HttpSyntax),
        (sound.replace("GET ", "PATCH "), Refusal::Method),
        (sound.replace("GET ", "OPTIONS "), Refusal::Method),
        (message("GET /cse-in", &many, ""), Refusal::HttpTooManyHeaders),
        (message(&format!("GET /{}", "x".repeat(9_000)), "", ""), Refusal::HttpHeadTooLong),
        (
            message("GET /x", &format!("A: {}\r\n", "b".repeat(20_000)), ""),
            Refusal::HttpHeadTooLong,
        ),
        ("HTTP/1.1 200 OK\r\n\r\n".to_owned(), Refusal::HttpSyntax),
    ] {
        assert_eq!(http_refusal(&text), Some(refusal), "{}", &text[..text.len().min(200)]);
    }
}

#[test]
fn hostile_http_requests_are_refused_by_name() {
    let get = |target: &str| http_refusal(&message(&format!("GET {target}"), "", ""));
    let fields = |fields: &str| http_refusal(&message("GET /cse-in", fields, ""));
    for target in [
        "/",
        "/a//b",
        "/a/",
        "//a",
        "/../a",
        "/a/./b",
        "/%2e%2e/a",
        "/a%2fb",
        "/~",
        "/_/",
        "*",
        "a",
    ] {
        assert_eq!(get(target), Some(Refusal::Target), "{target}");
    }
    for target in ["/%", "/%4", "/%zz", "/%ff", "/a?rcn=%g1", "/a?%=1"] {
        assert_eq!(get(target), Some(Refusal::PercentEncoding), "{target}");
    }
    for target in
        ["/a?", "/a?x", "/a?&", "/a?rcn=", "/a?rcn=one", "/a?lim=-", "/a?a%20b=1", "/a?ty=x"]
    {
        assert_eq!(get(target), Some(Refusal::Query), "{target}");
    }
    assert_eq!(get("/a?rcn=1&rcn=4"), Some(Refusal::Disagreement("rcn")));
    assert_eq!(get("/a?lbl=x&lbl=y"), None);
    assert_eq!(get("/a?fr=Cb"), Some(Refusal::Disagreement("fr")));
    assert_eq!(fields("X-M2M-Origin: Cb\r\n"), Some(Refusal::Disagreement("fr")));
    assert_eq!(fields("X-M2M-EC: urgent\r\n"), Some(Refusal::HttpHeader));
    assert_eq!(fields("X-M2M-Unknown: 1\r\n"), Some(Refusal::HttpHeader));
    // No answer could echo a control character in a header.
    assert_eq!(fields("X-M2M-VSI: \u{80}\r\n"), Some(Refusal::HttpHeader));
    assert_eq!(fields("Accept: text/html\r\n"), Some(Refusal::Accept));
    assert_eq!(fields("Accept: text/html, */*;q=0.1\r\n"), None);
    let post = |kind: &str, body: &str| {
        http_refusal(&message("POST /cse-in", &format!("Content-Type: {kind}\r\n"), body))
    };
    let body = r#"{"m2m:cnt":{}}"#;
    assert_eq!(post("application/json;ty=3", body), None);
    assert_eq!(post("Application/JSON; charset=UTF-8; ty=3", body), None);
    assert_eq!(post("text/plain;ty=3", body), Some(Refusal::ContentFormat));
    assert_eq!(post("application/json;charset=latin1", body), Some(Refusal::ContentFormat));
    assert_eq!(post("application/json;ty=3;ty=4", body), Some(Refusal::HttpHeader));
    assert_eq!(post("application/json;ty=three", body), Some(Refusal::HttpHeader));
    assert_eq!(http_refusal(&message("PUT /a", "", body)), Some(Refusal::ContentFormat));
    let kind = "Content-Type: application/json\r\n";
    assert_eq!(http_refusal(&message("GET /a", kind, body)), Some(Refusal::ContentPresence));
    let whole = r#"{"m2m:rqp":{"op":2,"to":"cse-in","fr":"Ca","rqi":"1","rvi":"4"}}"#;
    assert_eq!(post("application/vnd.onem2m-preq+json", whole), None);
    let other = whole.replace("\"Ca\"", "\"Cb\"");
    let refused = post("application/vnd.onem2m-preq+json", &other);
    assert_eq!(refused, Some(Refusal::Disagreement("fr")));
}

#[test]
fn answers_of_http_are_believed_only_if_their_codes_agree() {
    let read = |text: &str| http::read_response(text.as_bytes(), STRICT);
    let sound = "HTTP/1.1 404 Not Found\r\nX-M2M-RSC: 4004\r\nX-M2M-RI: 1\r\n\r\n";
    assert_eq!(read(sound).unwrap().status, Rsc::NOT_FOUND);
    assert_eq!(read(&sound.replace("404 ", "200 ")), Err(Refusal::StatusMismatch));
    assert_eq!(read(&sound.replace("X-M2M-RSC: 4004\r\n", "")), Err(Refusal::NoStatus));
    assert_eq!(read("GET / HTTP/1.1\r\n\r\n"), Err(Refusal::HttpSyntax));
}

#[test]
fn what_cannot_be_sent_says_so() {
    let send = |to: &str| {
        let request = Request::retrieve(to, "Ca", "1");
        coap::write_request(&request, Serialisation::Json, STRICT).map(|_| ())
    };
    assert_eq!(send("cse-in/a"), Ok(()));
    for to in ["", "cse-in//a", "a/", "..", "~/a", "_", "///a", &"x".repeat(256)] {
        assert_eq!(send(to), Err(Unsendable::Target), "{to}");
    }
    let with = |request: Request| {
        let coap = coap::write_request(&request, Serialisation::Json, STRICT).map(|_| ());
        let http = http::write_request(&request, "h", Serialisation::Json, STRICT).map(|_| ());
        (coap.is_ok(), http.is_ok())
    };
    let base = || Request::retrieve("a", "Ca", "1");
    let tokens = Some(vec!["a+b".to_owned(), "c".to_owned()]);
    // CoAP has no escapes, HTTP has.
    assert_eq!(with(Request { tokens, ..base() }), (false, true));
    assert_eq!(with(Request { vendor: Some("v".repeat(300)), ..base() }), (false, true));
    assert_eq!(with(Request { content: Some(Content::instance("1")), ..base() }), (false, false));
    assert_eq!(with(Request { from: Some("C\r\nX: y".to_owned()), ..base() }), (true, false));
    let filter = |name: &str, value: Value| {
        let text = format!(r#"{{"op":2,"to":"a","rqi":"1","fc":{{"atr":[{{"nm":"{name}"}}]}}}}"#);
        let mut request =
            primitive::read_request(text.as_bytes(), Serialisation::Json, STRICT).unwrap();
        request.filter.as_mut().unwrap().attributes.as_mut().unwrap()[0].value = Some(value);
        with(request)
    };
    assert_eq!(filter("cr", Value::from("x")), (true, true));
    // It would read as the label filter, or as a number.
    assert_eq!(filter("lbl", Value::from("x")), (false, false));
    assert_eq!(filter("cs", Value::from("1")), (false, false));
    assert!(http::write_request(&base(), "h\r\nX: y", Serialisation::Json, STRICT).is_err());
}

#[test]
fn topics_are_read_and_written() {
    let topic = Topic::new(Purpose::Request, "/id-mn/Cae", "/id-in", Serialisation::Json).unwrap();
    assert_eq!(topic.text(), "/oneM2M/req/id-mn:Cae/id-in/json");
    assert_eq!(Topic::read(&topic.text()).as_ref(), Ok(&topic));
    assert_eq!(topic.answer().unwrap().text(), "/oneM2M/resp/id-mn:Cae/id-in/json");
    assert_eq!(topic.answer().unwrap().answer(), None);
    let prefixed = Topic::read("/site/1/oneM2M/reg_req/cred/id-in/cbor").unwrap();
    assert_eq!((prefixed.prefix.as_str(), prefixed.purpose), ("/site/1", Purpose::Registration));
    assert_eq!(prefixed.text(), "/site/1/oneM2M/reg_req/cred/id-in/cbor");
    assert_eq!(mqtt::subscriptions("/id-in").unwrap()[0], "/oneM2M/req/+/id-in/#");
    for text in [
        "",
        "/",
        "oneM2M/req/a/b/json",
        "/oneM2M/req/a/b",
        "/oneM2M/req/a/b/yaml",
        "/oneM2M/ask/a/b/json",
        "/oneM2M/req/+/b/json",
        "/oneM2M/req/a/#",
        "/oneM2M/req//b/json",
        "/oneM2M/req/a/b/json/",
        "/onem2m/req/a/b/json",
        "/oneM2M/req/a/b/c/json",
        "/x/+/oneM2M/req/a/b/json",
    ] {
        assert_eq!(Topic::read(text), Err(Refusal::Topic), "{text}");
    }
    for identifier in ["", "/", "a+b", "a#", "a//b\0"] {
        assert_eq!(mqtt::level(identifier), None, "{identifier}");
    }
}

#[test]
fn topic_and_payload_name_one_originator() {
    let request = Request::retrieve("cse-in", "Cae", "1");
    let topic = Topic::new(Purpose::Request, "Cae", "/id-in", Serialisation::Cbor).unwrap();
    let payload = mqtt::write_request(&topic, &request, STRICT).unwrap();
    assert_eq!(mqtt::read_request(&topic, &payload, STRICT).as_ref(), Ok(&request));
    let other = Topic { originator: "Cbe".to_owned(), ..topic.clone() };
    assert_eq!(mqtt::read_request(&other, &payload, STRICT), Err(Refusal::Disagreement("fr")));
    let registration = Topic { purpose: Purpose::Registration, ..other };
    assert!(mqtt::read_request(&registration, &payload, STRICT).is_ok());
    let answer = topic.answer().unwrap();
    assert_eq!(mqtt::read_request(&answer, &payload, STRICT), Err(Refusal::Topic));
    let response = Response { request_id: Some("1".to_owned()), ..Response::default() };
    let payload = mqtt::write_response(&answer, &response, STRICT).unwrap();
    assert_eq!(mqtt::read_response(&answer, &payload, STRICT), Ok(response));
    assert_eq!(mqtt::read_response(&topic, &payload, STRICT), Err(Refusal::Topic));
}

#[test]
fn websocket_messages_are_requests_or_responses() {
    let request = Primitive::Request(Box::new(rich_request()));
    let response = Primitive::Response(Box::default());
    for serialisation in Serialisation::ALL {
        let word = websocket::subprotocol(serialisation);
        assert_eq!(websocket::serialisation(word), Some(serialisation));
        for profile in [Profile::STRICT, Profile::ACME] {
            for primitive in [&request, &response] {
                let (frame, payload) =
                    websocket::write(primitive, serialisation, &profile).unwrap();
                let back = websocket::read(frame, &payload, serialisation, &profile);
                assert_eq!(back.as_ref(), Ok(primitive));
                let other = if frame == Frame::Text { Frame::Binary } else { Frame::Text };
                let refused = websocket::read(other, &payload, serialisation, &profile);
                assert_eq!(refused, Err(Refusal::Frame));
            }
        }
    }
    let read =
        |text: &str| websocket::read(Frame::Text, text.as_bytes(), Serialisation::Json, STRICT);
    assert_eq!(read("{}"), Err(Refusal::NoPrimitive));
    assert!(matches!(read("[]"), Err(Refusal::Primitive(primitive::Refusal::Malformed(_)))));
    assert_eq!(websocket::serialisation("onem2m.json"), None);
}
