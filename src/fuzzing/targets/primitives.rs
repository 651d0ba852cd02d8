//! Values and primitives in JSON, CBOR and XML: each by itself, and all three against each other.

use super::{Oracle, Tape, Trail, Verdict, check};
use crate::wire::primitive::{self, Profile};
use crate::wire::value::{self, Map, Serialisation, Value};

/// Reads a value in one serialisation, writes it, reads it again; then the same with a primitive.
fn one(input: &[u8], serialisation: Serialisation, trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let head = tape.byte();
    let bytes = tape.rest();
    match value::read(bytes, serialisation) {
        Ok(map) => {
            trail.accept("value");
            shape(&map, trail);
            again(&map, serialisation, trail)?;
        }
        Err(malformed) => trail.said("value", &malformed),
    }
    let profile = if head & 1 == 0 { Profile::ACME } else { Profile::FULL_NAMES };
    if head & 2 == 0 {
        request(bytes, serialisation, profile, trail)
    } else {
        response(bytes, serialisation, profile, trail)
    }
}

fn request(bytes: &[u8], as_: Serialisation, profile: Profile, trail: &mut Trail) -> Verdict {
    let request = match primitive::read_request(bytes, as_, &profile) {
        Ok(request) => request,
        Err(refusal) => {
            trail.said("request", &refusal);
            return Ok(());
        }
    };
    trail.accept("request");
    trail.said("operation", &request.operation);
    trail.said("check", &request.check());
    let Ok(written) = primitive::write_request(&request, as_, &profile) else { return Ok(()) };
    let read = primitive::read_request(&written, as_, &profile);
    check(read.as_ref() == Ok(&request), Oracle::RoundTrip, "request", || {
        format!("{request:?} became {read:?}")
    })
}

fn response(bytes: &[u8], as_: Serialisation, profile: Profile, trail: &mut Trail) -> Verdict {
    let response = match primitive::read_response(bytes, as_, &profile) {
        Ok(response) => response,
        Err(refusal) => {
            trail.said("response", &refusal);
            return Ok(());
        }
    };
    trail.accept("response");
    let Ok(written) = primitive::write_response(&response, as_, &profile) else { return Ok(()) };
    let read = primitive::read_response(&written, as_, &profile);
    check(read.as_ref() == Ok(&response), Oracle::RoundTrip, "response", || {
        format!("{response:?} became {read:?}")
    })
}

fn again(map: &Map, serialisation: Serialisation, trail: &mut Trail) -> Verdict {
    let written = match value::write(map, serialisation) {
        Ok(written) => written,
        Err(unwritable) => {
            trail.said("unwritable", &unwritable);
            return Ok(());
        }
    };
    let read = value::read(&written, serialisation);
    check(read.as_ref() == Ok(map), Oracle::RoundTrip, serialisation.word(), || {
        format!("{map:?} became {read:?}")
    })
}

/// What kinds of values stand where.
fn shape(map: &Map, trail: &mut Trail) {
    for (name, value) in map.iter().take(16) {
        trail.size("name", name.len());
        kind(value, trail);
    }
    trail.size("members", map.iter().len());
}

fn kind(value: &Value, trail: &mut Trail) {
    trail.size("depth", value.depth());
    match value {
        Value::List(items) => {
            trail.size("items", items.len());
            items.iter().take(4).for_each(|item| kind(item, trail));
        }
        Value::Map(map) => trail.size("inner", map.iter().len()),
        Value::Text(text) => trail.size("text", text.len()),
        other => trail.said("value", &std::mem::discriminant(other)),
    }
}

pub(in crate::fuzzing) fn json(input: &[u8], trail: &mut Trail) -> Verdict {
    one(input, Serialisation::Json, trail)
}

pub(in crate::fuzzing) fn cbor(input: &[u8], trail: &mut Trail) -> Verdict {
    one(input, Serialisation::Cbor, trail)
}

pub(in crate::fuzzing) fn xml(input: &[u8], trail: &mut Trail) -> Verdict {
    one(input, Serialisation::Xml, trail)
}

/// What is read in one serialisation means the same in the others.
pub(in crate::fuzzing) fn serialisations(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let Some(first) = tape.pick(&Serialisation::ALL) else { return Ok(()) };
    let Ok(request) = primitive::read_request(tape.rest(), first, &Profile::STRICT) else {
        trail.said("refused", &first);
        return Ok(());
    };
    trail.accept("request");
    for other in Serialisation::ALL {
        let written = primitive::write_request(&request, other, &Profile::STRICT);
        trail.said("written", &(first, other, written.as_ref().err()));
        let Ok(written) = written else { continue };
        let read = primitive::read_request(&written, other, &Profile::STRICT);
        check(read.as_ref() == Ok(&request), Oracle::Differential, other.word(), || {
            format!("from {first:?}: {request:?} became {read:?}")
        })?;
    }
    Ok(())
}

/// The same request in all serialisations, and some values at borders.
fn seeds(serialisation: Serialisation) -> Vec<Vec<u8>> {
    const TEXTS: [&str; 5] = [
        r#"{"m2m:rqp":{"op":1,"to":"/id-in/cse-in","fr":"Cone","rqi":"r1","rvi":"4","ty":4,"pc":{"m2m:cin":{"con":"21","lbl":["a","b"],"cnf":"text/plain:0"}}}}"#,
        r#"{"m2m:rqp":{"op":2,"to":"cse-in","fr":"Cone","rqi":"r2","rvi":"3","rcn":6,"fc":{"fu":1,"ty":[3,4],"lbl":["x"],"lim":9}}}"#,
        r#"{"m2m:rqp":{"op":5,"to":"Cone","fr":"/id-in","rqi":"r3","rvi":"4","pc":{"m2m:sgn":{"sur":"/id-in/s","nev":{"net":3,"rep":{"m2m:cin":{"con":"1"}}}}}}}"#,
        r#"{"m2m:rsp":{"rsc":2000,"rqi":"r2","pc":{"m2m:uril":["/id-in/a","/id-in/b"]}}}"#,
        r#"{"m2m:rqp":{"op":3,"to":"x","fr":"S1","rqi":"r","rvi":"2a","rt":{"rtv":3},"pc":{"m2m:cnt":{"mni":18446744073709551615,"et":null,"x":1.5,"y":-9223372036854775808,"z":[true,[]]}}}}"#,
    ];
    let maps =
        TEXTS.iter().filter_map(|text| value::read(text.as_bytes(), Serialisation::Json).ok());
    let bytes = maps.filter_map(|map| value::write(&map, serialisation).ok());
    bytes.flat_map(|bytes| [0, 2].map(|head| [&[head], &bytes[..]].concat())).collect()
}

pub(in crate::fuzzing) fn json_seeds() -> Vec<Vec<u8>> {
    seeds(Serialisation::Json)
}

pub(in crate::fuzzing) fn cbor_seeds() -> Vec<Vec<u8>> {
    seeds(Serialisation::Cbor)
}

pub(in crate::fuzzing) fn xml_seeds() -> Vec<Vec<u8>> {
    seeds(Serialisation::Xml)
}

pub(in crate::fuzzing) fn all_seeds() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (index, serialisation) in (0_u8..).zip(Serialisation::ALL) {
        for seed in seeds(serialisation).into_iter().filter(|seed| seed.first() == Some(&0)) {
            all.push([&[index], &seed[1..]].concat());
        }
    }
    all
}

/// Words of primitives.
pub(in crate::fuzzing) const WORDS: &[&str] = &[
    "{\"m2m:rqp\":{",
    "{\"m2m:rsp\":{",
    "\"op\":",
    "\"to\":",
    "\"fr\":",
    "\"rqi\":",
    "\"rvi\":",
    "\"ty\":",
    "\"pc\":",
    "\"fc\":",
    "\"rcn\":",
    "\"rsc\":",
    "m2m:cin",
    "m2m:cnt",
    "m2m:ae",
    "m2m:sub",
    "m2m:acp",
    "con",
    "lbl",
    "null",
    "true",
    "1e400",
    "-0",
    "\\u0000",
    "\\ud800",
    "[[[[[[[[",
    "{}",
    "[]",
    "\"\"",
    "\u{7f}",
    "\u{feff}",
    "9223372036854775808",
    "0.1e-5",
];

/// Words of CBOR: heads of strings, lists, maps, tags and numbers.
pub(in crate::fuzzing) const CBOR_WORDS: &[&str] = &[
    "gm2m:rqp", "bop", "bto", "bfr", "crqi", "crvi", "bpc", "bty", "\u{1}", "\u{0}", "a", "cabc",
    "\x18", "\x19", "\x1a", "\x1b", "\x38", "\x39",
];

/// Words of XML.
pub(in crate::fuzzing) const XML_WORDS: &[&str] = &[
    "<m2m:rqp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\">",
    "</m2m:rqp>",
    "<op>1</op>",
    "<to>",
    "</to>",
    "<pc>",
    "</pc>",
    "<lbl>a b</lbl>",
    "&amp;",
    "&lt;",
    "&#0;",
    "&#x10ffff;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE a [<!ENTITY x 'y'>]>",
    "<?xml version='1.0'?>",
    "<a/>",
    " rn=\"x\"",
    "xsi:nil=\"true\"",
    "&x;",
];
