//! The parts on their own: whole days of minutes, whole blocks of addresses, wildcards, distances.

use keystorm::onem2m::access::{Addresses, Decision, Denial, Point, Window, WindowFault};
use proptest::prelude::*;
use serde_json::json;

use crate::{Ask, model};

#[test]
fn windows_hold_minute_by_minute() {
    // Two days across the end of a leap February, each minute.
    let windows = [
        "* 0-5 2,6,10 * * * *",
        "* * 8-20 * * * *",
        "* * 0-23/2 * * * *",
        "0 */7 * 29 2 * 2024",
        "* * * */3 * * *",
        "* * * * * 5 *",
        "* 30-59/10,3 * 1 3 5,6 2000-2024/4",
    ];
    for text in windows {
        let window = Window::parse(text).unwrap();
        let mut inside = 0;
        for seconds in (1_709_164_800..1_709_164_800 + 2 * 86_400).step_by(60) {
            let [s, m, h, d, mo, _, y] = model::moment(seconds).map(|n| i16::try_from(n).unwrap());
            let small = |n: i16| i8::try_from(n).unwrap();
            let time =
                jiff::civil::date(y, small(mo), small(d)).at(small(h), small(m), small(s), 0);
            assert_eq!(window.contains(time), model::window(text, seconds), "{text} {time}");
            inside += u32::from(window.contains(time));
        }
        assert!((1..2_880).contains(&inside), "{text}: {inside}");
    }
}

#[test]
fn what_is_no_window_is_refused_with_its_field() {
    let long = format!("{}* * * * * * *", " ".repeat(256));
    let cases = [
        ("", WindowFault::Fields),
        ("* * * * * *", WindowFault::Fields),
        ("* * * * * * * *", WindowFault::Fields),
        ("*\t* * * * * *", WindowFault::Element(1)),
        ("60 * * * * * *", WindowFault::Range(1)),
        ("* 5-2 * * * * *", WindowFault::Range(2)),
        ("* * 24 * * * *", WindowFault::Range(3)),
        ("* * * 0 * * *", WindowFault::Range(4)),
        ("* * * * 13 * *", WindowFault::Range(5)),
        ("* * * * * 7 *", WindowFault::Range(6)),
        ("* * * * * * 1999", WindowFault::Range(7)),
        ("* * * * * * 10000", WindowFault::Element(7)),
        ("*/0 * * * * * *", WindowFault::Range(1)),
        ("5/2 * * * * * *", WindowFault::Element(1)),
        ("1-2-3 * * * * * *", WindowFault::Element(1)),
        ("1,,2 * * * * * *", WindowFault::Element(1)),
        ("** * * * * * *", WindowFault::Element(1)),
        ("-1 * * * * * *", WindowFault::Element(1)),
        ("+1 * * * * * *", WindowFault::Element(1)),
        ("* * * * Jan * *", WindowFault::Element(5)),
        (&long, WindowFault::TooLong),
    ];
    for (text, fault) in cases {
        assert_eq!(Window::parse(text), Err(fault), "{text}");
    }
}

#[test]
fn blocks_hold_address_by_address() {
    let count = |block: &str, around: u32| {
        let blocks = Addresses { v4: vec![Addresses::parse_v4(block).unwrap()], v6: Vec::new() };
        let all = (around..around + 65_536).map(|n| std::net::Ipv4Addr::from(n).into());
        all.filter(|&address| blocks.contain(address)).count()
    };
    let around = u32::from(std::net::Ipv4Addr::new(10, 1, 0, 0));
    for (length, size) in
        [(32, 1), (31, 2), (29, 8), (24, 256), (17, 32_768), (16, 65_536), (0, 65_536)]
    {
        assert_eq!(count(&format!("10.1.2.3/{length}"), around), size);
    }
    assert_eq!(count("10.1.2.3", around), 1);
    assert_eq!(count("10.2.2.3/16", around), 0);
}

#[test]
fn what_is_no_block_is_refused() {
    let v4 = [
        "",
        "10.0.0",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "010.0.0.0/8",
        " 10.0.0.0",
        "10.0.0.0/8/8",
        "::/0",
        "10.0.0.256",
        "10.0.0.0/-1",
        "10.0.0.0/8 ",
        "ten",
    ];
    for text in v4 {
        assert!(Addresses::parse_v4(text).is_err(), "{text}");
    }
    for text in ["", "::/129", "fe80::1%eth0", "1.2.3.4", "::1/ 8", ":::", "fd00::/008", "[::1]"] {
        assert!(Addresses::parse_v6(text).is_err(), "{text}");
    }
    let v6 = ["::/0", "Fadf:ddd0::/32", "abcd:ffff:abb0:aaaa::/64", "::1"];
    assert!(v6.iter().all(|text| Addresses::parse_v6(text).is_ok()));
}

#[test]
fn a_mapped_address_is_its_ipv4_address() {
    let set = |acip| [json!({"acr": [{"acor": ["all"], "acop": 63, "acco": [{"acip": acip}]}]})];
    let ask = Ask { address: Some("::ffff:10.1.2.3".parse().unwrap()), ..Ask::plain() };
    assert!(ask.decide(&set(json!({"ipv4": ["10.0.0.0/8"]}))).is_permit());
    assert!(!ask.decide(&set(json!({"ipv6": ["::/0"]}))).is_permit());
}

#[test]
fn known_distances() {
    let point = |north, east| Point::new(north, east).unwrap();
    let quarter = std::f64::consts::FRAC_PI_2 * 6_371_008.8;
    let cases = [
        (point(0.0, 0.0), point(0.0, 0.0), 0.0),
        (point(0.0, 0.0), point(90.0, 123.0), quarter),
        (point(90.0, 0.0), point(-90.0, 45.0), 2.0 * quarter),
        (point(0.0, 179.0), point(0.0, -179.0), quarter / 45.0),
        (point(10.0, -180.0), point(10.0, 180.0), 0.0),
    ];
    for (from, to, metres) in cases {
        assert!(
            (from.distance_m(to) - metres).abs() < 1e-6,
            "{from:?} {to:?} {}",
            from.distance_m(to)
        );
    }
    for (north, east) in [(90.1, 0.0), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
        assert_eq!(Point::new(north, east), None);
    }
}

/// The bits of a distance, so that another platform's arithmetic would show.
#[test]
fn distances_are_the_same_to_the_bit() {
    let vienna = Point::new(48.208_2, 16.373_8).unwrap();
    let seoul = Point::new(37.566_5, 126.978).unwrap();
    // 8 274 577.8 m
    assert_eq!(vienna.distance_m(seoul).to_bits(), 0x415f_90a4_71c1_9b0c);
}

proptest! {
    #[test]
    fn distances_agree_with_vectors(
        a in (-90.0..90.0, -180.0..180.0),
        b in (-90.0..90.0, -180.0..180.0),
    ) {
        let ours = Point::new(a.0, a.1).unwrap().distance_m(Point::new(b.0, b.1).unwrap());
        // Near the antipode the haversine loses half its digits: some 0.1 m.
        prop_assert!((ours - model::distance(a, b)).abs() < 0.5);
    }

    #[test]
    fn wildcards_agree_with_naive_recursion(
        pattern in prop::collection::vec("[ab*]{1,5}", 1..3),
        who in prop::collection::vec("[ab]{1,6}", 1..3),
    ) {
        let (pattern, who) = (format!("/{}", pattern.join("/")), format!("//sp.example/{}", who.join("/")));
        let set = [json!({"acr": [{"acor": [pattern], "acop": 63}]})];
        let decision = Ask { originator: Some(who.clone()), ..Ask::plain() }.decide(&set);
        let absolute: Vec<char> = format!("//sp.example{pattern}").chars().collect();
        let expected = model::glob(&absolute, &who.chars().collect::<Vec<_>>());
        prop_assert_eq!(decision.is_permit(), expected);
        if !expected {
            let is_orig = matches!(decision, Decision::Deny { why: Denial::Originator, .. });
            prop_assert!(is_orig);
        }
    }
}
