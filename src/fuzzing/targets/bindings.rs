//! CoAP, HTTP, MQTT topics, and filter criteria in queries.

use super::{Oracle, Tape, Trail, Verdict, check, text};
use crate::wire::binding::{coap as binding, http, mqtt};
use crate::wire::coap::{Code, Kind, MAX_OPTIONS, Message, Token, Writer, option};
use crate::wire::primitive::{Operation, Profile, Request};
use crate::wire::value::Serialisation;

const PROFILES: [Profile; 4] = [Profile::STRICT, Profile::ACME, Profile::OLD, Profile::FULL_NAMES];

fn profile(byte: u8) -> Profile {
    PROFILES[usize::from(byte) % PROFILES.len()]
}

/// A CoAP message, and the primitive in it.
pub(in crate::fuzzing) fn coap(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let profile = profile(tape.byte());
    let bytes = tape.rest();
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(malformed) => {
            trail.said("coap", &malformed);
            return Ok(());
        }
    };
    trail.accept("coap");
    let mut count = 0;
    let mut last = 0;
    for (number, value) in message.options() {
        count += 1;
        check(number >= last, Oracle::Strictness, "options out of order", || format!("{number}"))?;
        last = number;
        trail.size("option", usize::from(number));
        trail.size("value", value.len());
        trail.said("block", &binding::block::Block::read(value).is_some());
    }
    check(message.emit() == bytes, Oracle::RoundTrip, "coap message", || {
        format!("{message:?} with {count} options")
    })?;
    check(count <= MAX_OPTIONS, Oracle::Strictness, "too many options", || format!("{count}"))?;
    let request = binding::read_request(&message, &profile);
    trail.said("request", &request.as_ref().err());
    trail.said("response", &binding::read_response(&message, &profile).err());
    if let Ok(request) = request {
        trail.accept("request");
        same_target(&request, trail)?;
    }
    Ok(())
}

/// What is read can be said in the words of a primitive, and means the same there.
fn same_target(request: &Request, trail: &mut Trail) -> Verdict {
    let written =
        crate::wire::primitive::write_request(request, Serialisation::Json, &Profile::ACME);
    trail.said("written", &written.is_ok());
    let Ok(written) = written else { return Ok(()) };
    let keeps = Profile { unknown: crate::wire::primitive::Unknown::Keep, ..Profile::ACME };
    let read = crate::wire::primitive::read_request(&written, Serialisation::Json, &keeps);
    check(read.as_ref() == Ok(request), Oracle::Differential, "binding and primitive", || {
        format!("{request:?} became {read:?}")
    })
}

pub(in crate::fuzzing) fn coap_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![vec![0], vec![0, 0x40, 1, 0, 1], vec![0, 0x60, 0, 0, 7]];
    let request = Request::retrieve("/id-in/cse-in/Cone", "Cone", "r1");
    for (index, profile) in (0_u8..).zip(&PROFILES) {
        let Some(token) = Token::new(b"token") else { continue };
        let mut writer = Writer::new(Kind::Confirmable, Code::GET, 7, token);
        writer.option(option::URI_PATH, b"~").option(option::URI_PATH, b"id-in");
        writer.option(option::URI_QUERY, b"fu=1").uint(option::CONTENT_FORMAT, 50);
        seeds.push([&[index], &writer.finish(b"{}")[..]].concat());
        if let Ok(outgoing) = binding::write_request(&request, Serialisation::Json, profile) {
            let exchange = binding::Exchange { kind: Kind::Confirmable, mid: 3, token };
            seeds.push([&[index], &outgoing.message(exchange)[..]].concat());
        }
    }
    seeds
}

/// An HTTP message.
pub(in crate::fuzzing) fn http(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let profile = profile(tape.byte());
    let bytes = tape.rest();
    let length = http::length(bytes);
    trail.said("length", &length);
    if let Ok(Some(length)) = length {
        check(length <= bytes.len(), Oracle::Strictness, "message longer than its bytes", || {
            format!("{length} of {}", bytes.len())
        })?;
    }
    trail.said("response", &http::read_response(bytes, &profile).err());
    let (envelope, called) = http::read_call(bytes, &profile);
    trail.said("envelope", &envelope);
    let request = http::read_request(bytes, &profile);
    check(request == called, Oracle::Differential, "read_call and read_request", || {
        format!("{request:?} and {called:?}")
    })?;
    match request {
        Ok(request) => {
            trail.accept("request");
            again(&request, &profile, trail)
        }
        Err(refusal) => {
            trail.said("request", &refusal);
            Ok(())
        }
    }
}

fn again(request: &Request, profile: &Profile, trail: &mut Trail) -> Verdict {
    let written = http::write_request(request, "cse.example", Serialisation::Json, profile);
    trail.said("written", &written.as_ref().err());
    let Ok(written) = written else { return Ok(()) };
    let read = http::read_request(&written, profile);
    check(read.as_ref() == Ok(request), Oracle::RoundTrip, "http request", || {
        format!("{request:?} became {read:?}")
    })
}

pub(in crate::fuzzing) fn http_seeds() -> Vec<Vec<u8>> {
    let texts = [
        "GET /~/id-in/cse-in/Cone?fu=1&lbl=a+b HTTP/1.1\r\nHost: x\r\nX-M2M-Origin: Cone\r\nX-M2M-RI: r\r\nX-M2M-RVI: 4\r\n\r\n",
        "POST /cse-in HTTP/1.1\r\nHost: x\r\nX-M2M-Origin: C\r\nX-M2M-RI: r\r\nX-M2M-RVI: 4\r\nContent-Type: application/json;ty=2\r\nContent-Length: 30\r\n\r\n{\"m2m:ae\":{\"api\":\"N\",\"rr\":0}} ",
        "HTTP/1.1 201 Created\r\nX-M2M-RSC: 2001\r\nX-M2M-RI: r\r\nContent-Length: 0\r\n\r\n",
    ];
    texts.iter().map(|text| [&[0], text.as_bytes()].concat()).collect()
}

/// Words of HTTP.
pub(in crate::fuzzing) const HTTP_WORDS: &[&str] = &[
    "GET ",
    "POST ",
    "PUT ",
    "DELETE ",
    " HTTP/1.1\r\n",
    "Host: x\r\n",
    "X-M2M-Origin: ",
    "X-M2M-RI: ",
    "X-M2M-RVI: ",
    "X-M2M-RSC: ",
    "X-M2M-RET: ",
    "X-M2M-OT: ",
    "X-M2M-RTU: ",
    "Content-Type: ",
    "application/json",
    "application/vnd.onem2m-res+json",
    ";ty=",
    "Content-Length: ",
    "Accept: ",
    "Connection: close\r\n",
    "Transfer-Encoding: chunked\r\n",
    "\r\n\r\n",
    "/~/",
    "/_/",
    "%2e%2e",
    "%00",
    "?fu=1",
    "&lbl=",
    "&atr=",
    "&rcn=",
    "+",
    "&",
];

/// A topic of MQTT.
pub(in crate::fuzzing) fn mqtt_topic(input: &[u8], trail: &mut Trail) -> Verdict {
    let input = text(input);
    match mqtt::Topic::read(input) {
        Ok(topic) => {
            trail.accept("topic");
            trail.said("topic", &(topic.purpose, topic.serialisation, topic.answer().is_some()));
            let written = topic.text();
            let read = mqtt::Topic::read(&written);
            check(read.as_ref() == Ok(&topic), Oracle::RoundTrip, "topic", || {
                format!("{topic:?} became {read:?}")
            })?;
            let wild = written.contains(['+', '#', '\0']);
            check(!wild, Oracle::Strictness, "wildcard in a topic", || written.clone())?;
        }
        Err(refusal) => trail.said("topic", &refusal),
    }
    trail.said("level", &mqtt::level(input).is_some());
    if let Some(filters) = mqtt::subscriptions(input) {
        trail.accept("subscriptions");
        let sound =
            filters.iter().all(|it| it.matches('+').count() == 1 && it.matches('#').count() == 1);
        check(sound, Oracle::Strictness, "wildcards of a subscription", || format!("{filters:?}"))?;
    }
    Ok(())
}

pub(in crate::fuzzing) fn mqtt_seeds() -> Vec<Vec<u8>> {
    [
        "/oneM2M/req/Cone/id-in/json",
        "/oneM2M/resp/Cone/id-in/cbor",
        "site/a/oneM2M/reg_req/C/id-in:x/xml",
        "/id-in/Cone",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// Words of topics.
pub(in crate::fuzzing) const MQTT_WORDS: &[&str] = &[
    "/oneM2M/",
    "req/",
    "resp/",
    "reg_req/",
    "reg_resp/",
    "json",
    "cbor",
    "xml",
    "/",
    "+",
    "#",
    ":",
    "\0",
    "Cone",
    "id-in",
];

/// Filter criteria in the query of a request.
pub(in crate::fuzzing) fn filter(input: &[u8], trail: &mut Trail) -> Verdict {
    let query: String = text(input).chars().filter(char::is_ascii_graphic).collect();
    let message = format!(
        "GET /cse-in?{query} HTTP/1.1\r\nHost: x\r\nX-M2M-Origin: C\r\nX-M2M-RI: r\r\nX-M2M-RVI: 4\r\n\r\n"
    );
    let request = http::read_request(message.as_bytes(), &Profile::STRICT);
    match request {
        Ok(request) => {
            check(request.operation != Operation::Create, Oracle::Strictness, "operation", || {
                format!("a GET became {request:?}")
            })?;
            trail.accept("query");
            trail.said("filter", &request.filter);
            again(&request, &Profile::STRICT, trail)?;
            same_target(&request, trail)
        }
        Err(refusal) => {
            trail.said("refusal", &refusal);
            Ok(())
        }
    }
}

pub(in crate::fuzzing) fn filter_seeds() -> Vec<Vec<u8>> {
    [
        "fu=1&ty=2+3&lbl=a&lim=5&lvl=2&ofst=1",
        "crb=20260101T000000&cra=20250101T000000,5&sza=1&szb=9",
        "atr=pi,x&atr=rn,y&fo=1&rcn=6",
        "cty=application%2Fjson&ops=63&sts=1&stb=2&arp=la",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// Words of queries.
pub(in crate::fuzzing) const FILTER_WORDS: &[&str] = &[
    "fu=1",
    "fu=2",
    "ty=",
    "lbl=",
    "atr=",
    "crb=",
    "cra=",
    "ms=",
    "us=",
    "exb=",
    "exa=",
    "sza=",
    "szb=",
    "cty=",
    "lim=",
    "lvl=",
    "ofst=",
    "fo=",
    "rcn=",
    "ops=",
    "arp=",
    "rt=",
    "drt=",
    "pc=",
    "20260101T000000",
    "&",
    "+",
    "%2B",
    "%",
    ",",
    "=",
    "18446744073709551615",
    "clbl=",
    "palb=",
    "lbq=",
];
