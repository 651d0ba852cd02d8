//! Every combination of the optional members, and many random policies: the decision and the model agree.

use keystorm::onem2m::access::Membership;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::{Ask, model};

/// A member that is absent, or present with one of these values.
fn absent_or(values: &[Value]) -> Vec<Option<Value>> {
    std::iter::once(None).chain(values.iter().cloned().map(Some)).collect()
}

fn object(members: &[(&str, Option<Value>)]) -> Value {
    let present =
        members.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
    Value::Object(present.collect::<Map<_, _>>())
}

/// acco: absent, empty, or one context with each part absent, fitting, not fitting.
fn contexts() -> Vec<Option<Value>> {
    let windows = absent_or(&[json!(["* * 12 * * 1 2026"]), json!(["* * 13 * * * *"]), json!([])]);
    let addresses =
        absent_or(&[json!({"ipv4": ["10.0.0.0/8"]}), json!({"ipv4": ["10.1.2.4"]}), json!({})]);
    let regions = absent_or(&[json!({"accc": ["AT"]}), json!({"accr": [48.0, 16.0, 1000.0]})]);
    let mut all = absent_or(&[json!([])]);
    for window in &windows {
        for address in &addresses {
            for region in &regions {
                for user in absent_or(&[json!(["u1"])]) {
                    let context = object(&[
                        ("actw", window.clone()),
                        ("acip", address.clone()),
                        ("aclr", region.clone()),
                        ("acui", user),
                    ]);
                    all.push(Some(json!([context])));
                }
            }
        }
    }
    all
}

/// acod: absent, empty, or one detail with each part absent, fitting, not fitting.
fn objects() -> Vec<Option<Value>> {
    let mut all = absent_or(&[json!([])]);
    for ty in absent_or(&[json!(3), json!(2)]) {
        for spty in absent_or(&[json!({"mgd": 1001}), json!({"mgd": 1002}), json!({"cnd": "x"})]) {
            for chty in [json!([13, 4]), json!([4]), json!([])] {
                all.push(Some(json!([object(&[
                    ("ty", ty.clone()),
                    ("spty", spty.clone()),
                    ("chty", Some(chty)),
                ])])));
            }
        }
    }
    all
}

#[test]
fn all_combinations_of_optional_members_agree_with_the_model() {
    let mut asks = vec![Ask::plain(), Ask::create(13), Ask::create(4)];
    asks[1].content = Some((13, Some(json!({"mgd": 1001}))));
    for known in [true, false] {
        let mut ask = asks[usize::from(known)].clone();
        ask.authenticated = false;
        asks.push(ask);
    }
    let mut blind = asks[1].clone();
    (blind.time, blind.address, blind.point, blind.country) = (None, None, None, None);
    asks.push(blind);
    let (mut cases, mut permits) = (0, 0);
    for acaf in absent_or(&[json!(true), json!(false)]) {
        for acco in contexts() {
            for acod in objects() {
                let rule = object(&[
                    ("acor", Some(json!(["/id-in/C*"]))),
                    ("acop", Some(json!(3))),
                    ("acaf", acaf.clone()),
                    ("acco", acco.clone()),
                    ("acod", acod),
                ]);
                let sets = [json!({"acr": [rule]})];
                for ask in &asks {
                    let expected = model::permits(&sets, ask);
                    assert_eq!(ask.decide(&sets).is_permit(), expected, "{} {ask:?}", sets[0]);
                    cases += 1;
                    permits += u32::from(expected);
                }
            }
        }
    }
    assert_eq!(cases, 3 * contexts().len() * objects().len() * 6);
    assert!(permits > 500, "{permits} of {cases}");
}

fn originators() -> impl Strategy<Value = Value> {
    let entries = [
        "all",
        "//sp.example",
        "//other.example",
        "//*/id-in/C1",
        "//sp.*/id*/C*",
        "//*",
        "/id-in",
        "/id-*",
        "/id-in/C1",
        "/id-in/C*1",
        "/*/C*",
        "/S*",
        "C1",
        "C*",
        "S1",
        "*",
        "/*",
        "C*2*",
        "/id-in/grp",
        "cse-in/grp",
        "role1@das",
        "Cgroup",
        "//sp.example/mn/C2",
        "/S988",
        "//sp.example/S988",
    ];
    prop::collection::vec(select(entries.to_vec()), 0..4).prop_map(|entries| json!(entries))
}

fn field(least: u64, greatest: u64) -> impl Strategy<Value = String> {
    let element =
        (least..=greatest, least..=greatest, 1..9_u64, 0..6).prop_map(move |(a, b, step, form)| {
            match form {
                0 => "*".to_owned(),
                1 => format!("*/{step}"),
                2 => format!("{a}"),
                3 => format!("{}-{}/{step}", a.min(b), a.max(b)),
                _ => format!("{}-{}", a.min(b), a.max(b)),
            }
        });
    prop::collection::vec(element, 1..3).prop_map(|elements| elements.join(","))
}

fn window() -> impl Strategy<Value = String> {
    let clock = (field(0, 59), field(0, 59), field(0, 23));
    let days = (field(1, 31), field(1, 12), field(0, 6), field(2_020, 2_030));
    (clock, days).prop_map(|((s, m, h), (d, mo, w, y))| format!("{s} {m} {h} {d} {mo} {w} {y}"))
}

fn context() -> impl Strategy<Value = Value> {
    let v4 = (0..4_u8, 0..=32_u8).prop_map(|(x, length)| format!("10.{x}.2.3/{length}"));
    let v6 = (0..4_u16, 0..=128_u8).prop_map(|(x, length)| format!("fd00:{x}::1/{length}"));
    let addresses =
        prop::option::of((prop::collection::vec(v4, 0..3), prop::collection::vec(v6, 0..3)))
            .prop_map(|both| both.map(|(v4, v6)| json!({"ipv4": v4, "ipv6": v6})));
    let circle =
        (-90.0..90.0, -180.0..180.0, 0.0..2e7_f64).prop_map(|(n, e, r)| json!({"accr": [n, e, r]}));
    let countries = prop::collection::vec(select(&["AT", "DE", "KR"][..]), 0..3);
    let region = prop_oneof![circle, countries.prop_map(|codes| json!({"accc": codes}))];
    let windows = prop::option::of(prop::collection::vec(window(), 0..3));
    let other = prop::option::weighted(0.1, select(&["acui", "acec", "acl"][..]));
    (windows, addresses, prop::option::of(region), other).prop_map(|(actw, acip, aclr, other)| {
        let mut members = vec![("actw", actw.map(|w| json!(w))), ("acip", acip), ("aclr", aclr)];
        members.extend(other.map(|name| (name, Some(json!(1)))));
        object(&members)
    })
}

fn detail() -> impl Strategy<Value = Value> {
    let spty = select(vec![None, Some(json!({"mgd": 1001})), Some(json!({"cnd": "org.x"}))]);
    let ty = prop::option::of(select(&[2_u16, 3, 5][..]));
    let chty = prop::collection::vec(select(&[3_u16, 4, 13, 28][..]), 0..3);
    (ty, spty, chty).prop_map(|(ty, spty, chty)| {
        object(&[("ty", ty.map(|ty| json!(ty))), ("spty", spty), ("chty", Some(json!(chty)))])
    })
}

fn rule() -> impl Strategy<Value = Value> {
    let acco = prop::option::of(prop::collection::vec(context(), 0..3));
    let acod = prop::option::of(prop::collection::vec(detail(), 0..3));
    let aca = prop::option::weighted(0.05, Just(json!(["lbl"])));
    (originators(), 1..=63_u8, acco, acod, prop::option::of(any::<bool>()), aca).prop_map(
        |(acor, acop, acco, acod, acaf, aca)| {
            object(&[
                ("acor", Some(acor)),
                ("acop", Some(json!(acop))),
                ("acco", acco.map(|acco| json!(acco))),
                ("acod", acod.map(|acod| json!(acod))),
                ("acaf", acaf.map(|acaf| json!(acaf))),
                ("aca", aca),
            ])
        },
    )
}

fn ask() -> impl Strategy<Value = Ask> {
    let who = select(vec![
        None,
        Some("//sp.example/id-in/C1"),
        Some("//sp.example/id-in/Cgroup"),
        Some("//sp.example/id-in"),
        Some("//sp.example/S988"),
        Some("//sp.example/mn/C2"),
        Some("//other.example/id-in/C1"),
    ]);
    let group = select(vec![Membership::Member, Membership::NotMember, Membership::Unavailable]);
    let names = select(&["/id-in/grp", "cse-in/grp", "Cgroup", "C1"][..]);
    let address = prop_oneof![
        (0..4_u8).prop_map(|x| format!("10.{x}.2.3")),
        (0..4_u16).prop_map(|x| format!("fd00:{x}::1")),
    ];
    let contents = select(vec![
        (3, None),
        (4, None),
        (13, Some(json!({"mgd": 1001}))),
        (28, Some(json!({"cnd": "org.x"}))),
        (13, None),
    ]);
    let point = prop::option::of((-90.0..90.0, -180.0..180.0));
    let country = prop::option::of(select(&["AT", "KR"][..]));
    (
        (who, any::<bool>(), select(&[1_u8, 1, 2, 4, 8, 16, 32][..])),
        (
            prop::option::of(1_577_836_800..1_924_991_999_u64),
            prop::option::of(address),
            point,
            country,
        ),
        (select(&[2_u16, 3, 5][..]), contents, any::<bool>(), names, group),
    )
        .prop_map(
            |((who, authenticated, operation), (time, address, point, country), rest)| {
                let (target, content, role, group, membership) = rest;
                Ask {
                    originator: who.map(str::to_owned),
                    authenticated,
                    operation,
                    time,
                    address: address.map(|address| address.parse().unwrap()),
                    point,
                    country: country.map(str::to_owned),
                    target,
                    content: (operation == 1).then_some(content),
                    roles: if role { vec!["role1@das".to_owned()] } else { Vec::new() },
                    groups: vec![(group.to_owned(), membership)],
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn random_policies_agree_with_the_model(
        sets in prop::collection::vec(prop::collection::vec(rule(), 0..4), 0..3),
        ask in ask(),
    ) {
        let sets: Vec<Value> = sets.into_iter().map(|rules| json!({"acr": rules})).collect();
        prop_assert_eq!(ask.decide(&sets).is_permit(), model::permits(&sets, &ask));
    }

    #[test]
    fn windows_agree_with_the_model(window in window(), seconds in 1_577_836_800..1_924_991_999_u64) {
        let set = [json!({"acr": [{"acor": ["all"], "acop": 63, "acco": [{"actw": [window]}]}]})];
        let ask = Ask { time: Some(seconds), ..Ask::plain() };
        prop_assert_eq!(ask.decide(&set).is_permit(), model::window(&window, seconds));
    }
}
