//! The service layer as its peers see it: bytes in, bytes out.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use keystorm::onem2m::cse::Output;
use keystorm::onem2m::tree::address::{self, Place};
use keystorm::onem2m::tree::{Family, Record, Store};
use keystorm::onem2m::{RejectReason, Service, device};
use keystorm::sim::time::Time;
use keystorm::wire::binding::coap::{Exchange, read_response, write_request};
use keystorm::wire::coap::{Code, Kind, Malformed, Message, Token, Writer};
use keystorm::wire::primitive::{
    Content, Operation, Profile, Release, Request, ResourceType, ResultContent, Rsc, Serialisation,
};
use proptest::prelude::*;

const METER: &str = "Cmeter-000007";
const OTHER: &str = "Cmeter-000008";
const HOME: &str = "cse-in/Cmeter-000007/data";
const LATEST: &str = "cse-in/Cmeter-000007/data/la";

/// A CSE with two meters.
fn cse() -> Service {
    let mut cse = Service::new("cse-in").unwrap();
    cse.provision(METER).unwrap();
    cse.provision(OTHER).unwrap();
    cse
}

fn token() -> Token {
    Token::new(&[0xc0, 0xff, 0xee]).unwrap()
}

fn report(mid: u16, content: &str) -> Vec<u8> {
    device::report(&device::Report {
        originator: METER,
        target: HOME,
        mid,
        token: token(),
        request_id: "r1",
        content,
    })
    .unwrap()
}

/// The CREATE of a contentInstance.
fn instance(to: &str, from: &str, request_id: &str, content: &str) -> Request {
    let content = Content::instance(content);
    Request::create(to, from, request_id, ResourceType::CONTENT_INSTANCE, content)
}

/// The bytes of a request.
fn coap(request: &Request, exchange: Exchange) -> Vec<u8> {
    write_request(request, Serialisation::Json, &Profile::STRICT).unwrap().message(exchange)
}

/// The status with which the CSE answers `request` of the meter.
fn status(cse: &mut Service, request: &Request) -> u16 {
    match cse.handle(Time::ZERO, METER, request.clone()) {
        Some(Output::Answer { response, .. }) => response.status.0,
        other => panic!("{other:?}"),
    }
}

/// A meter's container: how many contents it was given, how many bytes it holds, and the latest one.
fn container(cse: &Service, meter: &str) -> (u32, u64, Option<String>) {
    let store = cse.cse().store();
    let target = device::target("cse-in", meter);
    let place = address::resolve(store, &target).unwrap().unwrap();
    let Place::Resource(id) = place else { panic!("{place:?}") };
    let record = Record::decode(&store.node(id).unwrap().unwrap().body).unwrap();
    let counts = record.counts.unwrap();
    let latest = store.last(id, Family::Instances).unwrap().map(|id| {
        let record = Record::decode(&store.node(id).unwrap().unwrap().body).unwrap();
        record.attributes.get("con").unwrap().as_text().unwrap().to_owned()
    });
    (counts.state, counts.bytes, latest)
}

#[test]
fn a_report_is_stored_and_answered() {
    let mut cse = cse();
    let answer = cse.handle_coap(Time::ZERO, METER, &report(0x1234, "21.5")).unwrap();
    let read = device::answer(&answer).unwrap();
    assert_eq!(read, device::Answer { mid: 0x1234, token: token(), status: Rsc::CREATED });
    let message = Message::parse(&answer).unwrap();
    assert_eq!((message.kind, message.code), (Kind::Acknowledgement, Code::CREATED));
    assert_eq!(container(&cse, METER), (1, 4, Some("21.5".into())));
    assert_eq!(container(&cse, OTHER), (0, 0, None));
}

#[test]
fn a_report_of_16_bytes_has_the_size_that_the_planner_counts_with() {
    let bytes = report(1, &device::reading(16, 42));
    // Header and token 7, path 27, format 3, query 6, ty 3, rvi 2, fr 15, rqi 3, marker 1, body 38.
    assert_eq!(bytes.len(), 105);
    let answer = cse().handle_coap(Time::ZERO, METER, &bytes).unwrap();
    // Header and token 7, rvi 4, rqi 3, rsc 4.
    assert_eq!(answer.len(), 18);
}

#[test]
fn readings_have_the_length_that_was_asked_for() {
    assert_eq!(device::reading(16, 42), "0000000000000042");
    assert_eq!(device::reading(2, 12_345), "45");
    assert_eq!(device::reading(0, 7), "");
}

#[test]
fn the_latest_content_can_be_retrieved_by_its_owner() {
    let mut cse = cse();
    cse.handle_coap(Time::ZERO, METER, &report(1, "21.5")).unwrap();
    cse.handle_coap(Time::ZERO, METER, &report(2, "say \"22\"")).unwrap();
    let exchange = Exchange { kind: Kind::Confirmable, mid: 3, token: token() };
    let bytes = coap(&Request::retrieve(LATEST, METER, "r2"), exchange);
    let answer = cse.handle_coap(Time::ZERO, METER, &bytes).unwrap();
    let message = Message::parse(&answer).unwrap();
    let response = read_response(&message, &Profile::STRICT).unwrap();
    assert_eq!((response.status, response.request_id.as_deref()), (Rsc::OK, Some("r2")));
    let content = response.content.unwrap();
    assert_eq!(content.root, "m2m:cin");
    assert_eq!(content.value.as_map().unwrap().get("con"), Some(&"say \"22\"".into()));
}

#[test]
fn an_empty_container_has_no_latest_content() {
    assert_eq!(status(&mut cse(), &Request::retrieve(LATEST, METER, "1")), 4_004);
}

#[test]
fn a_duplicate_gets_the_same_answer_and_is_not_carried_out_again() {
    let mut cse = cse();
    let request = report(7, "1");
    let first = cse.handle_coap(Time::ZERO, METER, &request).unwrap();
    assert_eq!(cse.handle_coap(Time::ZERO, METER, &request), Ok(first.clone()));
    assert_eq!(container(&cse, METER).0, 1);
    // A RETRIEVE in between has no effect, and does not hide the duplicate.
    let exchange = Exchange { kind: Kind::Confirmable, mid: 8, token: token() };
    let retrieve = coap(&Request::retrieve(LATEST, METER, "2"), exchange);
    cse.handle_coap(Time::ZERO, METER, &retrieve).unwrap();
    assert_eq!(cse.handle_coap(Time::ZERO, METER, &request), Ok(first));
    assert_eq!(container(&cse, METER).0, 1);
}

#[test]
fn a_duplicate_of_a_refused_request_is_refused_alike() {
    let mut cse = cse();
    let exchange = Exchange { kind: Kind::Confirmable, mid: 9, token: token() };
    let wrong = instance("cse-in/Cnobody/data", METER, "r1", "1");
    let wrong = coap(&wrong, exchange);
    let first = cse.handle_coap(Time::ZERO, METER, &wrong).unwrap();
    assert_eq!(device::answer(&first).unwrap().status, Rsc::NOT_FOUND);
    cse.provision("Cnobody").unwrap();
    // The status is remembered, the reason is not.
    let again = device::answer(&cse.handle_coap(Time::ZERO, METER, &wrong).unwrap());
    assert_eq!(again, device::answer(&first));
}

#[test]
fn another_message_id_or_another_meter_is_no_duplicate() {
    let mut cse = cse();
    cse.handle_coap(Time::ZERO, METER, &report(7, "1")).unwrap();
    cse.handle_coap(Time::ZERO, METER, &report(8, "2")).unwrap();
    assert_eq!(container(&cse, METER).0, 2);
    let theirs = device::report(&device::Report {
        originator: OTHER,
        target: &device::target("cse-in", OTHER),
        mid: 8,
        token: token(),
        request_id: "r1",
        content: "3",
    });
    cse.handle_coap(Time::ZERO, OTHER, &theirs.unwrap()).unwrap();
    assert_eq!(container(&cse, OTHER).0, 1);
}

#[test]
fn a_new_association_begins_with_fresh_message_ids() {
    let mut cse = cse();
    cse.handle_coap(Time::ZERO, METER, &report(7, "1")).unwrap();
    cse.associated(METER);
    cse.handle_coap(Time::ZERO, METER, &report(7, "2")).unwrap();
    assert_eq!(container(&cse, METER).0, 2);
}

#[test]
fn a_non_confirmable_report_is_answered_once_under_the_cses_own_message_id() {
    let mut cse = cse();
    let exchange = Exchange { kind: Kind::NonConfirmable, mid: 500, token: token() };
    let request = instance(HOME, METER, "r1", "1");
    let request = coap(&request, exchange);
    let answer = device::answer(&cse.handle_coap(Time::ZERO, METER, &request).unwrap()).unwrap();
    assert_eq!((answer.mid, answer.token, answer.status), (0, token(), Rsc::CREATED));
    assert_eq!(
        cse.handle_coap(Time::ZERO, METER, &request),
        Err(RejectReason::DuplicateNonConfirmable)
    );
    assert_eq!(container(&cse, METER).0, 1);
}

#[test]
fn nobody_speaks_for_another() {
    let mut cse = cse();
    // The association says OTHER, the message says METER.
    let answer = cse.handle_coap(Time::ZERO, OTHER, &report(1, "666")).unwrap();
    assert_eq!(device::answer(&answer).unwrap().status, Rsc::ORIGINATOR_HAS_NO_PRIVILEGE);
    assert_eq!(Message::parse(&answer).unwrap().code, Code::FORBIDDEN);
    assert_eq!(container(&cse, METER).0, 0);
    assert_eq!(container(&cse, OTHER).0, 0);
}

#[test]
fn nobody_reaches_into_another_container() {
    let mut cse = cse();
    let theirs = "cse-in/Cmeter-000008/data";
    assert_eq!(status(&mut cse, &instance(theirs, METER, "1", "1")), 4_103);
    let latest = "cse-in/Cmeter-000008/data/la";
    assert_eq!(status(&mut cse, &Request::retrieve(latest, METER, "1")), 4_103);
    assert_eq!(container(&cse, OTHER).0, 0);
}

#[test]
fn what_is_not_there_is_not_found() {
    for (to, expected) in [
        ("cse-in", 4_103),
        ("cse-in/", 4_000),
        ("cse-in/Cmeter-000007", 2_000),
        ("/cse-in/cse-in/Cmeter-000007", 2_000),
        ("/cse-in/-/Cmeter-000007", 2_000),
        ("Cmeter-000007/data", 2_000),
        ("cse-in/Cmeter-000007/data/la/la", 4_004),
        ("cse-in/Cmeter-000007/data/ol", 4_004),
        ("cse-in/Cmeter-000007/else", 4_004),
        ("cse-in/Cmeter-000009/data", 4_004),
        ("cse-inn/Cmeter-000007/data", 4_004),
        ("/id-in/cse-in/Cmeter-000007/data", 5_103),
    ] {
        assert_eq!(status(&mut cse(), &Request::retrieve(to, METER, "1")), expected, "{to}");
    }
}

#[test]
fn operations_and_types_that_do_not_fit_are_told_apart() {
    let create = instance(HOME, METER, "1", "1");
    let with_type = |ty| Request { resource_type: ty, ..create.clone() };
    let with = |operation, to: &'static str| Request { operation, to: to.into(), ..create.clone() };
    let with_rcn =
        |rcn| Request { result_content: ResultContent::from_number(rcn), ..create.clone() };
    for (request, expected) in [
        (create.clone(), 2_001),
        (with_type(None), 4_000),
        (with_type(Some(ResourceType::AE)), 4_000),
        (with_type(Some(ResourceType::CONTAINER)), 4_000),
        (with_type(Some(ResourceType(31))), 5_001),
        (with(Operation::Create, LATEST), 4_005),
        (with(Operation::Update, LATEST), 4_005),
        (with(Operation::Notify, HOME), 4_005),
        (with(Operation::Update, HOME), 4_000),
        (with(Operation::Delete, HOME), 4_000),
        (with(Operation::Delete, LATEST), 4_004),
        (with(Operation::Retrieve, HOME), 4_000),
        (with_rcn(1), 2_001),
        (with_rcn(9), 2_001),
        (with_rcn(4), 4_000),
        (Request { content: None, ..create.clone() }, 4_000),
        (Request { from: None, ..create.clone() }, 4_000),
        (Request { release: None, ..create.clone() }, 4_001),
        (Request { release: Some(Release::R1), ..create.clone() }, 4_001),
        (Request { token_request: Some(true), ..create.clone() }, 5_001),
    ] {
        assert_eq!(status(&mut cse(), &request), expected, "{request:?}");
    }
}

#[test]
fn content_that_is_wrong_or_too_large_leaves_no_trace() {
    let mut cse = cse();
    let mut send = |payload: &[u8]| {
        let mut writer = Writer::new(Kind::Confirmable, Code::POST, 1, token());
        for segment in HOME.split('/') {
            writer.option(11, segment.as_bytes());
        }
        writer.uint(12, 50).uint(267, 4).option(271, b"4");
        let answer = {
            writer.option(279, METER.as_bytes()).option(283, b"r1");
            cse.handle_coap(Time::ZERO, METER, &writer.finish(payload)).unwrap()
        };
        let answer = device::answer(&answer).unwrap().status.0;
        assert_eq!(container(&cse, METER).0, 0);
        cse.associated(METER);
        answer
    };
    assert_eq!(send(b"{"), 4_000);
    assert_eq!(send(br#"{"m2m:cin":{"con":"1","con":"2"}}"#), 4_000);
    assert_eq!(send(br#"{"m2m:cnt":{"rn":"x"}}"#), 4_000);
}

#[test]
fn a_content_that_fits_one_message_is_taken() {
    let mut cse = cse();
    // A CoAP message has at most 2,048 bytes.
    let content = device::reading(1_900, 1);
    let answer = cse.handle_coap(Time::ZERO, METER, &report(1, &content)).unwrap();
    assert_eq!(device::answer(&answer).unwrap().status, Rsc::CREATED);
    assert_eq!(container(&cse, METER).2, Some(content));
}

#[test]
fn bytes_that_are_no_request_are_dropped_under_a_name() {
    let mut cse = cse();
    for (bytes, name) in [
        (&b""[..], "coap_header_truncated"),
        (b"\x80\x02\x00\x01", "coap_version"),
        (b"\x49\x02\x00\x01123456789", "coap_token_length"),
        (b"\x40\x02\x00\x01\xff", "coap_empty_payload"),
        (b"\x60\x00\x00\x01", "not_a_request"),
        (b"\x70\x00\x00\x01", "not_a_request"),
        (b"\x40\x45\x00\x01", "not_a_request"),
    ] {
        assert_eq!(cse.handle_coap(Time::ZERO, METER, bytes).unwrap_err().name(), name);
    }
}

#[test]
fn an_unknown_critical_option_is_answered_by_coap_alone() {
    let mut writer = Writer::new(Kind::Confirmable, Code::GET, 5, token());
    writer.option(9, b"oscore");
    let answer = cse().handle_coap(Time::ZERO, METER, &writer.finish(b"")).unwrap();
    assert_eq!(Message::parse(&answer).unwrap().code, Code::BAD_OPTION);
    assert_eq!(device::answer(&answer).unwrap_err().name(), "answer_no_status");
}

#[test]
fn a_coap_ping_is_answered_with_a_reset() {
    let ping = Writer::empty(Kind::Confirmable, 77);
    assert_eq!(cse().handle_coap(Time::ZERO, METER, &ping), Ok(Writer::empty(Kind::Reset, 77)));
}

#[test]
fn a_device_believes_only_answers() {
    let answer = cse().handle_coap(Time::ZERO, METER, &report(1, "1")).unwrap();
    assert_eq!(device::answer(&report(1, "1")).unwrap_err(), RejectReason::NotAnAnswer);
    let ack = Writer::empty(Kind::Acknowledgement, 1);
    assert_eq!(device::answer(&ack).unwrap_err(), RejectReason::NotAnAnswer);
    // 2.01 turned into 4.04, while RSC still says CREATED.
    let mut changed = answer;
    changed[1] = Code::NOT_FOUND.byte();
    assert_eq!(device::answer(&changed).unwrap_err().name(), "answer_mismatch");
    assert_eq!(
        device::answer(&[0x60]).unwrap_err(),
        RejectReason::Coap(Malformed::HeaderTruncated)
    );
}

proptest! {
    #[test]
    fn no_bytes_bring_a_cse_or_a_device_down(
        at in 0_usize..105, value: u8, cut in 0_usize..105, swap in 0_usize..105,
    ) {
        let mut bytes = report(1, &device::reading(16, 42));
        let len = bytes.len();
        bytes.swap(at, swap);
        bytes[at] = value;
        bytes.truncate(len - cut % len);
        if let Ok(answer) = cse().handle_coap(Time::ZERO, METER, &bytes) {
            // Whatever was answered is itself a message.
            prop_assert!(Message::parse(&answer).is_ok());
            let _ = device::answer(&answer);
        }
    }
}

#[test]
fn a_content_that_its_application_refuses_is_not_stored() {
    let mut cse = cse();
    cse.take_no_content(true);
    let refused = instance(HOME, METER, "r1", "[]");
    assert_eq!(status(&mut cse, &refused), Rsc::BAD_REQUEST.0);
    assert_eq!(container(&cse, METER), (0, 0, None));
    // Whoever may not write at all is told that, and nothing of contents.
    let foreign = instance("cse-in/Cmeter-000008/data", METER, "r2", "[]");
    assert_eq!(status(&mut cse, &foreign), Rsc::ORIGINATOR_HAS_NO_PRIVILEGE.0);
    cse.take_no_content(false);
    assert_eq!(status(&mut cse, &instance(HOME, METER, "r3", "21")), Rsc::CREATED.0);
    assert_eq!(container(&cse, METER).2.as_deref(), Some("21"));
}
