//! Requests and responses: every parameter in every serialisation, and what must be refused.

use super::*;
use crate::wire::value::json;

/// A request with every parameter.
pub(crate) fn full_request() -> Request {
    let text = r#"{"op":1,"to":"/id-in/cse-in","fr":"Cae","rqi":"r1","rvi":"5","ty":3,
        "pc":{"m2m:cnt":{"rn":"c","mni":10,"lbl":["a","b"]}},"rids":["r@x"],"tkns":["t1","t2"],
        "tids":["i1"],"ltids":["l1"],"tqi":true,"ot":"20261122T142520,239402","rqet":"20271122T142520",
        "rset":5000,"oet":-1,"rt":{"rtv":2,"nu":["http://a/b","coap://c"]},"rp":"PT2S","rcn":3,"ec":100,
        "da":false,"gid":"g","fc":{"crb":"20261122T142520","cra":"20251122T142520","ms":"20251122T142520",
        "us":"20251122T142520","sts":1,"stb":0,"exb":"20251122T142520","exa":"20251122T142520",
        "lbl":["x","y"],"clbl":["x"],"palb":["x"],"lbq":"a AND b","ty":[2,3],"chty":[4],"pty":[2],
        "sza":0,"szb":9223372036854775808,"cty":["text/plain:0"],"atr":[{"nm":"cr","val":"C*"}],
        "catr":[{"nm":"cs","val":1}],"patr":[{"nm":"rr","val":true}],"fu":1,"lim":10,"smf":["q"],"fo":2,
        "cfs":1,"cfq":"$.a","lvl":2,"ofst":1,"arp":"la","ops":63,"gmty":1,"geom":"[1.0,2.0]","gsf":1},
        "drt":2,"sqi":false,"grtm":["m"],"gstn":1,"asi":true,"aus":["s"],"auri":false,"omr":["o"],
        "prpi":"p","msu":"u","vsi":"v"}"#;
    read_request(text.as_bytes(), Serialisation::Json, &Profile::STRICT).unwrap()
}

/// A response with every parameter.
pub(crate) fn full_response() -> Response {
    let text = r#"{"rsc":2001,"rqi":"r1","rvi":"4","pc":{"m2m:cin":{"con":"1"}},"to":"Cae","fr":"/id-in",
        "ot":"20261122T142520","rset":"20271122T142520","ec":4,"cnst":1,"cnot":7,
        "ati":{"ltia":[{"lti":"a","tkid":"b"}]},"tqf":{"dasi":{"uri":"x"}},"asri":true,"vsi":"v","msu":"u"}"#;
    read_response(text.as_bytes(), Serialisation::Json, &Profile::STRICT).unwrap()
}

#[test]
fn every_parameter_survives_every_serialisation() {
    let (request, response) = (full_request(), full_response());
    assert_eq!(request.to_map().len(), Request::NAMES.len());
    assert_eq!(response.to_map().len(), Response::NAMES.len());
    assert_eq!(request.filter.as_ref().unwrap().to_map().len(), FilterCriteria::NAMES.len());
    for profile in [Profile::STRICT, Profile::ACME, Profile::OLD] {
        for serialisation in Serialisation::ALL {
            let bytes = write_request(&request, serialisation, &profile).unwrap();
            let back = read_request(&bytes, serialisation, &profile);
            assert_eq!(back.as_ref(), Ok(&request), "{}", String::from_utf8_lossy(&bytes));
            let bytes = write_response(&response, serialisation, &profile).unwrap();
            let back = read_response(&bytes, serialisation, &profile);
            assert_eq!(back.as_ref(), Ok(&response), "{}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn bare_and_wrapped_primitives_are_read_and_the_profile_says_which_is_written() {
    let request = Request::retrieve("cse-in", "Ca", "1");
    let bare = write_request(&request, Serialisation::Json, &Profile::ACME).unwrap();
    assert_eq!(bare, br#"{"op":2,"to":"cse-in","fr":"Ca","rqi":"1","rvi":"4"}"#);
    let wrapped = write_request(&request, Serialisation::Json, &Profile::STRICT).unwrap();
    assert_eq!(wrapped, [br#"{"m2m:rqp":"#, &bare[..], b"}"].concat());
    for bytes in [bare, wrapped] {
        for profile in [Profile::STRICT, Profile::ACME] {
            assert_eq!(read_request(&bytes, Serialisation::Json, &profile).as_ref(), Ok(&request));
        }
    }
}

/// The refusal of a RETRIEVE with these members beside or instead of its own.
fn refusal(members: &str, profile: &Profile) -> Option<Refusal> {
    let text = format!(r#"{{"op":2,"to":"cse-in","fr":"Ca","rqi":"1","rvi":"4"{members}}}"#);
    read_request(text.as_bytes(), Serialisation::Json, profile).err()
}

#[test]
fn each_refusal_has_its_cause() {
    let strict = |members: &str| refusal(members, &Profile::STRICT);
    assert_eq!(strict(""), None);
    let long = "x".repeat(MAX_IDENTIFIER + 1);
    let many = vec!["\"t\""; crate::wire::limits::MAX_ENTRIES + 1].join(",");
    for (members, expected) in [
        (r#","rcn":13"#, Refusal::OutOfRange("rcn")),
        (r#","rcn":-1"#, Refusal::OutOfRange("rcn")),
        (r#","rcn":"1""#, Refusal::WrongType("rcn")),
        (r#","rcn":1.0"#, Refusal::WrongType("rcn")),
        (r#","rcn":null"#, Refusal::WrongType("rcn")),
        (r#","ec":5"#, Refusal::OutOfRange("ec")),
        (r#","ec":1000"#, Refusal::OutOfRange("ec")),
        (r#","ot":"yesterday""#, Refusal::OutOfRange("ot")),
        (r#","ot":1"#, Refusal::WrongType("ot")),
        (r#","rqet":18446744073709551615"#, Refusal::OutOfRange("rqet")),
        (r#","pc":[]"#, Refusal::WrongType("pc")),
        (r#","pc":{}"#, Refusal::OutOfRange("pc")),
        (r#","pc":{"a":1,"b":2}"#, Refusal::OutOfRange("pc")),
        (r#","tkns":"t""#, Refusal::WrongType("tkns")),
        (r#","tkns":["a\nb"]"#, Refusal::OutOfRange("tkns")),
        (r#","fc":{"fu":4}"#, Refusal::OutOfRange("fu")),
        (r#","fc":{"lim":-1}"#, Refusal::OutOfRange("lim")),
        (r#","fc":{"ty":3}"#, Refusal::WrongType("ty")),
        (r#","fc":{"atr":[{"val":1}]}"#, Refusal::Missing("nm")),
        (r#","fc":{"unknown":1}"#, Refusal::Unknown),
        (r#","rt":3"#, Refusal::WrongType("rt")),
        (r#","rt":{"rtv":6}"#, Refusal::OutOfRange("rtv")),
        (r#","ty":3"#, Refusal::TypeAndOperation),
        (r#","nm":"old""#, Refusal::Unknown),
        (r#","OP":2"#, Refusal::Unknown),
        (&format!(r#","tids":[{many}]"#), Refusal::TooLong("tids")),
        (&format!(r#","vsi":"{}""#, "x".repeat(8_193)), Refusal::TooLong("vsi")),
    ] {
        assert_eq!(strict(members), Some(expected), "{members}");
    }
    let read = |text: &str| read_request(text.as_bytes(), Serialisation::Json, &Profile::STRICT);
    for (text, expected) in [
        ("{}".to_owned(), Refusal::Missing("op")),
        (r#"{"op":2,"fr":"C","rqi":"1"}"#.to_owned(), Refusal::Missing("to")),
        (r#"{"op":2,"to":"a","fr":"C"}"#.to_owned(), Refusal::Missing("rqi")),
        (r#"{"op":6,"to":"a","rqi":"1"}"#.to_owned(), Refusal::OutOfRange("op")),
        (r#"{"op":1,"to":"a","rqi":"1"}"#.to_owned(), Refusal::TypeAndOperation),
        (r#"{"op":1,"to":"a","rqi":"1","ty":0}"#.to_owned(), Refusal::OutOfRange("ty")),
        (r#"{"op":1,"to":"a","rqi":"1","ty":65536}"#.to_owned(), Refusal::OutOfRange("ty")),
        (r#"{"op":2,"to":"a","rqi":"1","rvi":"6"}"#.to_owned(), Refusal::Release),
        (r#"{"op":2,"to":"a","rqi":"1","rvi":4}"#.to_owned(), Refusal::WrongType("rvi")),
        (r#"{"op":2,"to":"","rqi":"1"}"#.to_owned(), Refusal::OutOfRange("to")),
        (r#"{"op":2,"to":"a\u0000","rqi":"1"}"#.to_owned(), Refusal::OutOfRange("to")),
        (r#"{"op":2,"to":"a","rqi":""}"#.to_owned(), Refusal::OutOfRange("rqi")),
        (format!(r#"{{"op":2,"to":"a","rqi":"{long}"}}"#), Refusal::TooLong("rqi")),
        (format!(r#"{{"op":2,"to":"a","fr":"{long}","rqi":"1"}}"#), Refusal::TooLong("fr")),
        (format!(r#"{{"op":2,"to":"{long}{long}{long}","rqi":"1"}}"#), Refusal::TooLong("to")),
        (r#"{"m2m:rqp":[]}"#.to_owned(), Refusal::Root),
    ] {
        assert_eq!(read(&text), Err(expected), "{text}");
    }
    assert_eq!(Refusal::Release.rsc(), Rsc::RELEASE_VERSION_NOT_SUPPORTED);
    let xml =
        br#"<m2m:rsp xmlns:m2m="http://www.onem2m.org/xml/protocols"><rsc>2000</rsc></m2m:rsp>"#;
    assert_eq!(read_request(xml, Serialisation::Xml, &Profile::STRICT), Err(Refusal::Root));
    assert_eq!(read_response(xml, Serialisation::Xml, &Profile::STRICT).unwrap().status, Rsc::OK);
    let odd = read_response(br#"{"rsc":999}"#, Serialisation::Json, &Profile::STRICT);
    assert_eq!(odd, Err(Refusal::OutOfRange("rsc")));
}

#[test]
fn unknown_parameters_are_kept_where_the_profile_says_so() {
    assert_eq!(refusal(r#","nm":"old""#, &Profile::OLD), None);
    let text = br#"{"op":2,"to":"a","rqi":"1","nm":"old","fc":{"zz":[1]}}"#;
    let request = read_request(text, Serialisation::Json, &Profile::OLD).unwrap();
    assert_eq!(request.others, json::read(br#"{"nm":"old"}"#).unwrap());
    for serialisation in [Serialisation::Json, Serialisation::Cbor] {
        let bytes = write_request(&request, serialisation, &Profile::OLD).unwrap();
        assert_eq!(read_request(&bytes, serialisation, &Profile::OLD).as_ref(), Ok(&request));
    }
}

#[test]
fn names_in_full_are_read_where_the_profile_says_so() {
    let text = br#"{"operation":"CREATE","to":"cse-in","originator":"Ca","requestIdentifier":"1",
        "releaseVersionIndicator":"3","resourceType":"ContentInstance",
        "primitiveContent":{"m2m:ContentInstance":{"labels":["x"],"content":"1"}},
        "filterCriteria":{"resourceType":"Container"}}"#;
    let request = read_request(text, Serialisation::Json, &Profile::FULL_NAMES).unwrap();
    let short = br#"{"op":1,"to":"cse-in","fr":"Ca","rqi":"1","rvi":"3","ty":4,
        "pc":{"m2m:cin":{"lbl":["x"],"con":"1"}},"fc":{"ty":[3]}}"#;
    assert_eq!(read_request(short, Serialisation::Json, &Profile::STRICT), Ok(request));
    assert_eq!(read_request(text, Serialisation::Json, &Profile::STRICT), Err(Refusal::Unknown));
    let twice = br#"{"op":2,"operation":2,"to":"a","rqi":"1"}"#;
    let read = read_request(twice, Serialisation::Json, &Profile::FULL_NAMES);
    assert_eq!(read, Err(Refusal::Repeated));
}

#[test]
fn status_codes_have_names_and_codes_of_both_transports() {
    for (rsc, name, coap, http) in [
        (1_000, "ACCEPTED", "2.03", 202),
        (1_001, "ACCEPTED_NON_BLOCKING_REQUEST_SYNC", "2.01", 202),
        (2_000, "OK", "2.05", 200),
        (2_001, "CREATED", "2.01", 201),
        (2_002, "DELETED", "2.02", 200),
        (2_004, "UPDATED", "2.04", 200),
        (4_000, "BAD_REQUEST", "4.00", 400),
        (4_001, "RELEASE_VERSION_NOT_SUPPORTED", "5.01", 501),
        (4_004, "NOT_FOUND", "4.04", 404),
        (4_005, "OPERATION_NOT_ALLOWED", "4.05", 405),
        (4_008, "REQUEST_TIMEOUT", "5.04", 504),
        (4_015, "UNSUPPORTED_MEDIA_TYPE", "4.15", 415),
        (4_102, "CONTENTS_UNACCEPTABLE", "4.06", 400),
        (4_103, "ORIGINATOR_HAS_NO_PRIVILEGE", "4.03", 403),
        (4_105, "CONFLICT", "4.03", 409),
        (4_110, "GROUP_MEMBER_TYPE_INCONSISTENT", "4.00", 400),
        (4_116, "ESPRIM_IMPERSONATION_ERROR", "4.00", 400),
        (5_000, "INTERNAL_SERVER_ERROR", "5.00", 500),
        (5_001, "NOT_IMPLEMENTED", "5.01", 501),
        (5_103, "TARGET_NOT_REACHABLE", "4.04", 404),
        (5_105, "RECEIVER_HAS_NO_PRIVILEGE", "4.03", 403),
        (5_106, "ALREADY_EXISTS", "4.00", 409),
        (5_204, "SUBSCRIPTION_VERIFICATION_INITIATION_FAILED", "5.00", 500),
        (5_207, "NOT_ACCEPTABLE", "4.06", 406),
        (5_220, "UNABLE_TO_RECALL_REQUEST", "5.03", 409),
        (6_010, "MAX_NUMBER_OF_MEMBER_EXCEEDED", "4.00", 400),
    ] {
        let rsc = Rsc(rsc);
        assert_eq!(
            (rsc.name(), rsc.coap().to_string().as_str(), rsc.http()),
            (Some(name), coap, http)
        );
    }
    assert_eq!((Rsc(9_999).name(), Rsc(9_999).http()), (None, 500));
}
