//! The three serialisations: what is written reads back, one in the other, and what must be refused.

use proptest::prelude::*;

use super::*;

fn json(text: &str) -> Map {
    json::read(text.as_bytes()).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let pairs = digits.chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn json_fault(text: &str) -> Fault {
    read(text.as_bytes(), Serialisation::Json).unwrap_err().fault
}

fn cbor_fault(text: &str) -> Fault {
    read(&hex(text), Serialisation::Cbor).unwrap_err().fault
}

fn xml_fault(text: &str) -> Fault {
    read(text.as_bytes(), Serialisation::Xml).unwrap_err().fault
}

/// An XML document with this content in a contentInstance.
fn cin(inner: &str) -> String {
    format!(r#"<m2m:cin xmlns:m2m="http://www.onem2m.org/xml/protocols">{inner}</m2m:cin>"#)
}

#[test]
fn numbers_keep_their_kind() {
    let map =
        json(r#"{"a":-9223372036854775808,"b":18446744073709551615,"c":1.0,"d":1e20,"e":-0}"#);
    assert_eq!(map.get("a"), Some(&Value::Integer(i64::MIN)));
    assert_eq!(map.get("b"), Some(&Value::Unsigned(u64::MAX)));
    assert_eq!(map.get("c"), Some(&Value::Float(1.0)));
    assert_eq!(map.get("d"), Some(&Value::Float(1e20)));
    assert_eq!(json::read(&json::write(&map).unwrap()), Ok(map.clone()));
    assert_eq!(cbor::read(&cbor::write(&map).unwrap()), Ok(map));
}

#[test]
fn hostile_json_is_refused_by_name() {
    for (text, fault) in [
        ("", Fault::Truncated),
        ("{", Fault::Truncated),
        (r#"{"a":1"#, Fault::Truncated),
        ("[1]", Fault::NotAnObject),
        ("null", Fault::NotAnObject),
        (r#""text""#, Fault::NotAnObject),
        (r#"{"a":1,"a":2}"#, Fault::Repeated),
        (r#"{"a":{"b":1,"b":1}}"#, Fault::Repeated),
        (r#"{"a":1,"\u0061":2}"#, Fault::Repeated),
        (r#"{"a":NaN}"#, Fault::Syntax),
        (r#"{"a":Infinity}"#, Fault::Syntax),
        (r#"{"a":1e999}"#, Fault::NumberRange),
        (r#"{"a":18446744073709551616}"#, Fault::NumberRange),
        (r#"{"a":-9223372036854775809}"#, Fault::NumberRange),
        (r#"{"k":"1e5 \" {","a":[1,100000000000000000000]}"#, Fault::NumberRange),
        (r#"{"a":01}"#, Fault::Syntax),
        (r#"{"a":1,}"#, Fault::Syntax),
        (r#"{"a":/* c */1}"#, Fault::Syntax),
        ("{'a':1}", Fault::Syntax),
        (r#"{"a":1} x"#, Fault::Trailing),
        (r#"{"a":1}{"#, Fault::Trailing),
        (r#"{"a":"\ud800"}"#, Fault::Syntax),
        (r#"{"a":"\udc00\ud800"}"#, Fault::Syntax),
        ("{\"a\":\"\0\"}", Fault::Syntax),
        ("\u{feff}{}", Fault::Syntax),
    ] {
        assert_eq!(json_fault(text), fault, "{text}");
    }
    assert_eq!(
        read(b"{\"a\":\"\xff\"}", Serialisation::Json).unwrap_err(),
        Malformed { fault: Fault::Utf8, at: 6 }
    );
    // A NUL that is written as one is text like other text.
    assert_eq!(json(r#"{"a":"\u0000"}"#).get("a"), Some(&Value::from("\0")));
}

#[test]
fn refusals_have_a_place() {
    let at = |text: &str| json::read(text.as_bytes()).unwrap_err().at;
    assert_eq!(at("{\n \"a\": x}"), 8);
    assert_eq!(at(r#"{"a":[1,99999999999999999999]}"#), 8);
    assert_eq!(cbor::read(&hex("a1 61 61 9f ff")).unwrap_err().at, 3);
    assert!(xml::read(cin("<con>&x;</con>").as_bytes()).unwrap_err().at > 60);
}

#[test]
fn limits_hold_in_every_serialisation() {
    let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(json(&nested(crate::wire::limits::MAX_DEPTH - 1)).iter().len(), 1);
    for depth in [crate::wire::limits::MAX_DEPTH, 1_000, 100_000] {
        assert_eq!(json_fault(&nested(depth)), Fault::Depth);
        assert_eq!(cbor_fault(&format!("a1 61 61 {} 01", "81 ".repeat(depth))), Fault::Depth);
    }
    let elements = |depth: usize| cin(&format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth)));
    assert_eq!(xml_fault(&elements(crate::wire::limits::MAX_DEPTH)), Fault::Depth);
    let items = |count: usize| format!("{{\"a\":[{}0]}}", "0,".repeat(count - 1));
    assert!(json::read(items(crate::wire::limits::MAX_ITEMS).as_bytes()).is_ok());
    assert_eq!(json_fault(&items(crate::wire::limits::MAX_ITEMS + 1)), Fault::ListTooLong);
    let zeros = "00".repeat(crate::wire::limits::MAX_ITEMS + 1);
    assert_eq!(cbor_fault(&format!("a1 61 61 99 4001 {zeros}")), Fault::ListTooLong);
    let labels = cin(&format!("<lbl>{}</lbl>", "a ".repeat(crate::wire::limits::MAX_ITEMS + 1)));
    assert_eq!(xml_fault(&labels), Fault::ListTooLong);
    let members = |count: usize| {
        let all: Vec<String> = (0..count).map(|index| format!("\"m{index}\":0")).collect();
        format!("{{{}}}", all.join(","))
    };
    assert!(json::read(members(crate::wire::limits::MAX_MEMBERS).as_bytes()).is_ok());
    assert_eq!(json_fault(&members(crate::wire::limits::MAX_MEMBERS + 1)), Fault::TooManyMembers);
    let name = "n".repeat(crate::wire::limits::MAX_NAME + 1);
    assert_eq!(json_fault(&format!("{{\"{name}\":0}}")), Fault::NameTooLong);
    let long = " ".repeat(crate::wire::limits::MAX_INPUT + 1);
    for serialisation in Serialisation::ALL {
        assert_eq!(read(long.as_bytes(), serialisation).unwrap_err().fault, Fault::TooLong);
    }
}

#[test]
fn hostile_cbor_is_refused_by_name() {
    for (text, fault) in [
        ("", Fault::Truncated),
        ("a1", Fault::LengthBomb),
        ("a1 61 61", Fault::Truncated),
        ("a1 61 61 19 01", Fault::Truncated),
        ("a1 01 01", Fault::NameNotText),
        ("a1 41 61 01", Fault::NameNotText),
        ("a1 f6 01", Fault::NameNotText),
        ("bf 61 61 01 ff", Fault::IndefiniteLength),
        ("a1 61 61 9f 01 ff", Fault::IndefiniteLength),
        ("a1 61 61 7f 61 61 ff", Fault::IndefiniteLength),
        ("a1 7f 61 61 ff 01", Fault::IndefiniteLength),
        ("a1 61 61 5f ff", Fault::IndefiniteLength),
        ("a1 61 61 9b 00 00 00 01 00 00 00 00", Fault::LengthBomb),
        ("a1 61 61 9b ff ff ff ff ff ff ff ff", Fault::LengthBomb),
        ("bb 7f ff ff ff ff ff ff ff", Fault::LengthBomb),
        ("a1 61 61 7b 00 00 00 00 ff ff ff ff", Fault::Truncated),
        ("a1 61 61 c1 00", Fault::Tag),
        ("a1 61 61 d8 1c 80", Fault::Tag),
        ("a1 c0 61 61 01", Fault::Tag),
        ("a1 61 61 41 00", Fault::Type),
        ("a1 61 61 f7", Fault::Type),
        ("a1 61 61 e0", Fault::Type),
        ("a1 61 61 ff", Fault::Syntax),
        ("a1 61 61 1c", Fault::Syntax),
        ("a1 61 61 3b ff ff ff ff ff ff ff ff", Fault::NumberRange),
        ("a1 61 61 f9 7c 00", Fault::NotFinite),
        ("a1 61 61 fa 7f c0 00 00", Fault::NotFinite),
        ("a1 61 61 fb ff f0 00 00 00 00 00 00", Fault::NotFinite),
        ("a1 61 61 61 ff", Fault::Utf8),
        ("a1 61 ff 00", Fault::Utf8),
        ("a2 61 61 01 61 61 01", Fault::Repeated),
        ("a1 61 61 01 00", Fault::Trailing),
        ("80", Fault::NotAnObject),
    ] {
        assert_eq!(cbor_fault(text), fault, "{text}");
    }
    // Many lists that each claim what is left: together they claim more than there is.
    let nest = format!("a1 61 61 {}", "98 20 ".repeat(30));
    assert_eq!(cbor_fault(&nest), Fault::LengthBomb);
    // Half and single floats read as what they are.
    assert_eq!(cbor::read(&hex("a1 61 61 f9 3e 00")).unwrap().get("a"), Some(&Value::Float(1.5)));
}

#[test]
fn xml_takes_types_from_the_tables() {
    let text = r#"<?xml version="1.0" encoding="UTF-8"?>
        <m2m:sub xmlns:m2m="http://www.onem2m.org/xml/protocols" rn="s&lt;1">
          <!-- a comment -->
          <lbl>one two</lbl><nu>http://a http://b</nu><nct>1</nct>
          <enc><net>1 3</net><atr>lbl</atr></enc><nse>true</nse><psn> 7 </psn><et/>
        </m2m:sub>"#;
    let expected = r#"{"m2m:sub":{"rn":"s<1","lbl":["one","two"],"nu":["http://a","http://b"],"nct":1,
        "enc":{"net":[1,3],"atr":["lbl"]},"nse":true,"psn":7,"et":""}}"#;
    assert_eq!(xml::read(text.as_bytes()).unwrap(), json(expected));
    let acp = r#"<m:acp xmlns:m="http://www.onem2m.org/xml/protocols"><pv><acr><acor>a b</acor><acop>63</acop></acr>
        </pv><pvs><acr><acor>c</acor><acop>1</acop></acr><acr><acor/><acop>2</acop></acr></pvs></m:acp>"#;
    let expected = r#"{"m2m:acp":{"pv":{"acr":[{"acor":["a","b"],"acop":63}]},
        "pvs":{"acr":[{"acor":["c"],"acop":1},{"acor":[],"acop":2}]}}}"#;
    assert_eq!(xml::read(acp.as_bytes()).unwrap(), json(expected));
}

#[test]
fn xml_writes_what_it_reads() {
    for text in [
        r#"{"m2m:cin":{"con":"a <b> & \"c\" \r\n\t'd'  ","rn":"x \t y"}}"#,
        r#"{"m2m:cin":{"con":25}}"#,
        r#"{"m2m:cin":{"con":{"voltage":5.03,"batteryLevel":34,"on":false,"id":18446744073709551615}}}"#,
        r#"{"m2m:cin":{"con":""}}"#,
        r#"{"m2m:ae":{"lbl":null,"srv":["3","4"],"rr":true,"poa":[]}}"#,
        r#"{"m2m:ae":{"lbl":"not a list"}}"#,
        r#"{"m2m:ae":{"rr":"true"}}"#,
        r#"{"m2m:uril":["a/b","c"]}"#,
        r#"{"m2m:dbg":"text"}"#,
        r#"{"hd:door":{"opn":1.5,"many":["a","b"]}}"#,
        r#"{"m2m:sgn":{"nev":{"net":3,"rep":{"m2m:cin":{"rn":"r","con":"n1","cs":2}}},"sur":"/id/sub"}}"#,
    ] {
        let map = json(text);
        let written = xml::write(&map).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(xml::read(&written), Ok(map), "{}", String::from_utf8_lossy(&written));
    }
}

#[test]
fn what_has_no_form_in_xml_is_not_written() {
    for text in [
        r#"{"cin":{"con":"1"}}"#,
        r#"{"m2m:cin":{"con":"1"},"m2m:cnt":{}}"#,
        r#"{"m2m:cin":{"con":"\u0001"}}"#,
        r#"{"m2m:cin":{"con":"\uffff"}}"#,
        r#"{"m2m:cnt":{"lbl":["two words"]}}"#,
        r#"{"m2m:cnt":{"lbl":[""]}}"#,
        r#"{"m2m:cin":{"con":["alone"]}}"#,
        r#"{"m2m:cin":{"a b":1}}"#,
        r#"{"nn:cin":{"a":1}}"#,
        r#"{"m2m:acp":{"pv":{"acr":[]}}}"#,
        r#"{"m2m:unknown":["one","two"]}"#,
        r#"{"m2m:acp":{"pv":{"acr":{"acor":["a"],"acop":1}}}}"#,
    ] {
        assert!(xml::write(&json(text)).is_err(), "{text}");
    }
}

#[test]
fn hostile_xml_is_refused_by_name() {
    let laughs = r#"<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><m2m:cin>&b;</m2m:cin>"#;
    for (text, fault) in [
        ("", Fault::Truncated),
        ("text", Fault::Syntax),
        (laughs, Fault::Doctype),
        ("<m2m:cin>", Fault::Namespace),
        ("<cin/>", Fault::NotAnObject),
        (r#"<m2m:cin xmlns:m2m="http://example.com/other"/>"#, Fault::Namespace),
        (r#"<cin xmlns="http://www.onem2m.org/xml/protocols"/>"#, Fault::Namespace),
        (r#"<?xml version="1.1"?><a/>"#, Fault::Declaration),
        (r#"<?xml version="1.0" encoding="UTF-16"?><a/>"#, Fault::Declaration),
        ("<?php x ?>", Fault::Instruction),
        (&cin("<con>1"), Fault::Syntax),
        (&cin("<con>1</cno>"), Fault::Syntax),
        (&cin("<con>&unknown;</con>"), Fault::Entity),
        (&cin("<con>&#0;</con>"), Fault::Character),
        (&cin("<con>&#xD800;</con>"), Fault::Character),
        (&cin("<con>&#x1;</con>"), Fault::Character),
        (&cin("<con>\u{1}</con>"), Fault::Character),
        (&cin("<con>1</con><con>2</con>"), Fault::Repeated),
        (&cin("text<con>1</con>"), Fault::Mixed),
        (&cin("<con>1</con>text"), Fault::Mixed),
        (&cin("<cs>many</cs>"), Fault::Lexical),
        (&cin("<cs>+1</cs>"), Fault::Lexical),
        (&cin("<cs>1 2</cs>"), Fault::Lexical),
        (&cin("<con x=\"1\">1</con>"), Fault::XmlAttribute),
        (&cin("<con rn=\"1\">1</con>"), Fault::XmlAttribute),
        (&cin("<x:con>1</x:con>"), Fault::Namespace),
        (&cin("<1con>1</1con>"), Fault::Name),
        (&cin("<?php x ?>"), Fault::Instruction),
        (&(cin("") + "<a/>"), Fault::Trailing),
        (&(cin("") + "text"), Fault::Trailing),
    ] {
        assert_eq!(xml_fault(text), fault, "{text}");
    }
    // `rn` as attribute and as element.
    let twice =
        r#"<m2m:cin xmlns:m2m="http://www.onem2m.org/xml/protocols" rn="a"><rn>b</rn></m2m:cin>"#;
    assert_eq!(xml_fault(twice), Fault::Repeated);
    let entity = r#"<m2m:cin xmlns:m2m="http://www.onem2m.org/xml/protocols" rn="&x;"/>"#;
    assert_eq!(xml_fault(entity), Fault::Entity);
    assert_eq!(read(b"<a>\xff</a>", Serialisation::Xml).unwrap_err().fault, Fault::Utf8);
}

#[test]
fn objects_are_equal_whatever_the_order() {
    assert_eq!(json(r#"{"a":1,"b":{"c":2,"d":3}}"#), json(r#"{"b":{"d":3,"c":2},"a":1}"#));
    assert_ne!(json(r#"{"a":1,"b":2}"#), json(r#"{"a":1,"c":2}"#));
    assert_ne!(json(r#"{"a":1,"b":2}"#), json(r#"{"a":1}"#));
}

/// Any value, nested a little.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::Float),
        "[a-z0-9 ]{0,12}".prop_map(Value::Text),
        ".{0,8}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec(("[a-z]{1,4}", inner), 0..4).prop_map(|members| {
                let mut map = Map::new();
                for (name, value) in members {
                    map.insert(name, value);
                }
                Value::Map(map)
            }),
        ]
    })
}

proptest! {
    #[test]
    fn json_and_cbor_carry_any_value(value in any_value()) {
        let map = Map::of("x", value);
        let json = json::write(&map).unwrap();
        let cbor = cbor::write(&map).unwrap();
        prop_assert_eq!(json::read(&json), Ok(map.clone()));
        prop_assert_eq!(cbor::read(&cbor), Ok(map));
        prop_assert_eq!(json::write(&cbor::read(&cbor).unwrap()).unwrap(), json);
    }

    #[test]
    fn what_xml_writes_reads_back(value in any_value(), name in "con|lbl|cs|enc|pv|pc|unknown") {
        let map = Map::of("m2m:cin", Value::Map(Map::of(name, value)));
        if let Ok(written) = xml::write(&map) {
            prop_assert_eq!(xml::read(&written), Ok(map));
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for serialisation in Serialisation::ALL {
            let _ = read(&bytes, serialisation);
        }
    }

    #[test]
    fn no_markup_panics(text in "[<>/a-c:=\"'&;#! x-]{0,60}") {
        let _ = read(cin(&text).as_bytes(), Serialisation::Xml);
        let _ = read(text.as_bytes(), Serialisation::Xml);
    }
}
