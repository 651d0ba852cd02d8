//! Requests that are refused leave no trace, whatever is in them.

use keystorm::onem2m::cse::{Hop, REFUSALS};
use keystorm::wire::primitive::{
    FilterCriteria, FilterUsage, Moment, Operation, Release, Request, ResourceType, ResponseType,
    ResponseTypeValue, ResultContent, Timestamp,
};
use keystorm::wire::value::{Map, Value};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::world::{Any, content, create, over_stores, retrieve};

fn fill(world: &mut dyn Any) {
    world.register("Cone");
    world.register("Ctwo");
    world.create("Cone", "Cone", 3, r#"{"m2m:cnt":{"rn":"c","mni":3,"mbs":9}}"#);
    world.create("Cone", "Cone/c", 4, r#"{"m2m:cin":{"rn":"i","con":"1"}}"#);
    world.create("Cone", "Cone", 9, r#"{"m2m:grp":{"rn":"g","mnm":3,"mid":["Ctwo","Cone/c"]}}"#);
    world.create(
        "Cone",
        "Cone/c",
        23,
        r#"{"m2m:sub":{"rn":"s","nu":["Cone"],"enc":{"net":[1,3]}}}"#,
    );
    world.create("Cadmin", "cse-in", 14, r#"{"m2m:nod":{"rn":"n","ni":"n"}}"#);
}

fn no_response() -> Option<ResponseType> {
    let value = Some(ResponseTypeValue::NoResponse);
    Some(ResponseType { value, ..ResponseType::default() })
}

/// Requests with something wrong, and how each is refused.
fn bad_requests() -> Vec<(Request, u16)> {
    let good = || create("Cone", "Cone/c", 4, r#"{"m2m:cin":{"con":"1"}}"#);
    let response_type =
        |value| Some(ResponseType { value: Some(value), ..ResponseType::default() });
    let stamp = |text| Some(Moment::At(Timestamp::new(text).unwrap()));
    vec![
        (Request { release: None, ..good() }, 4_001),
        (Request { release: Some(Release::R1), ..good() }, 4_001),
        (Request { from: None, ..good() }, 4_000),
        (Request { from: Some("not an id".into()), ..good() }, 4_000),
        (Request { from: Some("Cone*".into()), ..good() }, 4_000),
        (Request { from: Some("C".into()), ..good() }, 4_000),
        (Request { request_expires: stamp("20200101T000000"), ..good() }, 4_008),
        (Request { request_expires: Some(Moment::After(0)), ..good() }, 4_008),
        (Request { request_expires: Some(Moment::After(-5)), ..good() }, 4_008),
        (Request { request_expires: Some(Moment::Duration("PT2S".into())), ..good() }, 4_000),
        (
            Request { response_type: response_type(ResponseTypeValue::NonBlockingSync), ..good() },
            5_206,
        ),
        (
            Request { response_type: response_type(ResponseTypeValue::NonBlockingAsync), ..good() },
            5_001,
        ),
        (Request { execution_time: Some(Moment::After(9)), ..good() }, 5_001),
        (Request { semantic_query: Some(true), ..good() }, 5_001),
        (Request { tokens: Some(vec!["t".into()]), ..good() }, 5_001),
        (Request { resource_type: None, ..good() }, 4_000),
        (Request { content: None, ..good() }, 4_000),
        (Request { filter: Some(FilterCriteria::default()), ..good() }, 4_000),
        (Request { result_content: Some(ResultContent::ChildResources), ..good() }, 4_000),
        (
            Request { content: Some(content(r#"{"m2m:cin":{"con":"1","ri":"x"}}"#)), ..good() },
            4_000,
        ),
        (Request { content: Some(content(r#"{"m2m:cin":{"con":"1","cs":9}}"#)), ..good() }, 4_000),
        (
            Request { content: Some(content(r#"{"m2m:cin":{"con":"1","cr":"Ctwo"}}"#)), ..good() },
            4_000,
        ),
        (
            Request {
                content: Some(content(r#"{"m2m:cin":{"con":"1","et":"20200101T000000"}}"#)),
                ..good()
            },
            4_000,
        ),
        (
            Request { content: Some(content(r#"{"m2m:cin":{"con":"1","lbl":[1]}}"#)), ..good() },
            4_000,
        ),
        (Request { content: Some(content(r#"{"m2m:cin":[]}"#)), ..good() }, 4_000),
        (Request { to: "Cone/c/la".into(), ..good() }, 4_005),
        (Request { to: "Cone/nothing".into(), ..good() }, 4_004),
        (Request { content: good().content, ..retrieve("Cone", "Cone/c") }, 4_000),
    ]
}

#[test]
fn each_class_of_bad_request_has_its_status() {
    let good = || create("Cone", "Cone/c", 4, r#"{"m2m:cin":{"con":"1"}}"#);
    let cases = bad_requests();
    over_stores(|world| {
        fill(world);
        let digest = world.digest();
        for (request, expected) in &cases {
            let response = world.ask(&Hop::of("Cone"), request.clone()).unwrap();
            assert_eq!(response.status.0, *expected, "{request:?}");
            let reason = response.content.unwrap();
            let known = REFUSALS.iter().any(|known| Some(known.reason) == reason.value.as_text());
            assert!(reason.root == "m2m:dbg" && known, "{reason:?}");
            assert_eq!(world.digest(), digest, "{request:?}");
        }
        let silent = Request { response_type: no_response(), ..good() };
        assert_eq!(world.ask(&Hop::of("Cone"), silent), None);
        assert_ne!(world.digest(), digest);
    });
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        prop_oneof![Just(0), Just(-1), Just(i64::MIN), Just(i64::MAX), 0..9_i64]
            .prop_map(Value::Integer),
        Just(Value::Unsigned(u64::MAX)),
        any::<f64>().prop_filter_map("finite", Value::float),
        prop::sample::select(vec![
            "",
            "Cone",
            "Ctwo",
            "cse-in",
            "Cone/c",
            "' OR 1=1 --",
            "\u{0}",
            "<script>",
            "*",
            "/id-in/Cone",
            "20260101T000000",
            "20991231T000000",
            "all",
            "http://127.0.0.1/",
            "../..",
            "la",
            "x",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec((name(), inner), 0..4).prop_map(map),
        ]
    })
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "rn", "ri", "pi", "ty", "ct", "lt", "et", "lbl", "acpi", "cr", "con", "mni", "mbs", "mia",
        "cni", "api", "rr", "srv", "poa", "aei", "pv", "pvs", "acr", "acor", "acop", "mid", "mnm",
        "mt", "macp", "nu", "enc", "net", "nct", "exc", "csi", "cb", "mgd", "ni", "cnf", "st",
        "cstn", "zz",
    ])
}

fn map(members: Vec<(&'static str, Value)>) -> Value {
    let mut map = Map::new();
    for (name, value) in members {
        map.insert(name, value);
    }
    Value::Map(map)
}

fn any_request() -> impl Strategy<Value = (Option<&'static str>, Request)> {
    let targets = vec![
        "cse-in",
        "-",
        "Cone",
        "Cone/c",
        "Cone/c/i",
        "Cone/c/la",
        "Cone/c/ol",
        "Cone/g",
        "Cone/g/fopt",
        "Cone/g/fopt/la",
        "Cone/c/s",
        "Ctwo",
        "cse-in/n",
        "/id-in/Cone",
        "/id-mn/x",
        "//sp.example/id-in/Cone",
        "//evil/x/y",
        "",
        "/",
        "..",
        "Cone/../Ctwo",
        "Cone//c",
        "acp1",
        "cnt3",
        "cin4-9",
        "x",
    ];
    let from =
        vec!["Cone", "Ctwo", "Cadmin", "Cnew", "C", "S", "/id-mn", "/id-mn/Cx", "/id-in", "", "*"];
    let hops = vec![None, Some("Cone"), Some("Ctwo"), Some("Cadmin"), Some("/id-mn")];
    let roots = vec![
        "m2m:cnt", "m2m:cin", "m2m:ae", "m2m:acp", "m2m:grp", "m2m:sub", "m2m:csr", "m2m:nod",
        "m2m:fwr", "m2m:mgo",
    ];
    (
        prop::sample::select(hops),
        1_u64..6,
        prop::sample::select(targets),
        prop::sample::select(from),
        prop::option::of(prop::sample::select(vec![1_u16, 2, 3, 4, 5, 9, 13, 14, 16, 23, 99])),
        prop::option::of((prop::sample::select(roots), value())),
        prop::option::of(0_u64..13),
        prop::option::of(1_u64..4),
    )
        .prop_map(|(hop, operation, to, from, ty, pc, rcn, fu)| {
            let request = Request {
                operation: Operation::from_number(operation).unwrap(),
                to: to.to_owned(),
                from: (!from.is_empty()).then(|| from.to_owned()),
                request_id: "r".into(),
                release: Some(Release::R4),
                resource_type: ty.map(ResourceType),
                content: pc
                    .map(|(root, value)| keystorm::wire::primitive::Content::new(root, value)),
                result_content: rcn.and_then(ResultContent::from_number),
                filter: fu.map(|usage| FilterCriteria {
                    usage: FilterUsage::from_number(usage),
                    ..FilterCriteria::default()
                }),
                ..Request::default()
            };
            (hop, request)
        })
}

/// A request that would be carried out, with up to two attributes more or other ones.
fn nearly_right() -> impl Strategy<Value = (Option<&'static str>, Request)> {
    let templates = vec![
        ("Cone/c", 4, r#"{"m2m:cin":{"con":"1"}}"#),
        ("Cone/c", 4, r#"{"m2m:cin":{"con":"0123456789"}}"#),
        ("Cone/c", 23, r#"{"m2m:sub":{"nu":["Cone"],"enc":{"net":[1]}}}"#),
        ("Cone", 3, r#"{"m2m:cnt":{"mni":4}}"#),
        ("Cone", 9, r#"{"m2m:grp":{"mnm":3,"mid":["Cone"]}}"#),
        ("Cone", 1, r#"{"m2m:acp":{"pv":{"acr":[]},"pvs":{"acr":[{"acor":["Cone"],"acop":63}]}}}"#),
        ("cse-in", 2, r#"{"m2m:ae":{"api":"Nx","rr":true,"srv":["4"]}}"#),
        ("Cone/c", 0, r#"{"m2m:cnt":{"mbs":9}}"#),
        ("Cone/g", 0, r#"{"m2m:grp":{"mid":["Cone","Ctwo"]}}"#),
        ("Cone/c/s", 0, r#"{"m2m:sub":{"exc":3}}"#),
        ("Cone", 0, r#"{"m2m:ae":{"apn":"x"}}"#),
    ];
    let more = prop::collection::vec((name(), value()), 0..3);
    (prop::sample::select(templates), more, prop::option::of(0_u64..13)).prop_map(
        |((to, ty, json), more, rcn)| {
            let mut request = create("Cone", to, ty, json);
            if ty == 0 {
                request.operation = Operation::Update;
                request.resource_type = None;
            }
            if let Some(Value::Map(map)) = request.content.as_mut().map(|pc| &mut pc.value) {
                for (name, value) in more {
                    map.insert(name, value);
                }
            }
            request.result_content = rcn.and_then(ResultContent::from_number);
            (Some("Cone"), request)
        },
    )
}

/// Whatever is refused, in any state of the tree, leaves it as it was; and nothing is refused in words of
/// its own making.
#[test]
fn refused_requests_leave_the_tree_as_it_was() {
    let cases = if cfg!(debug_assertions) { 60 } else { 400 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let refused = std::cell::Cell::new(0);
    TestRunner::new(config)
        .run(
            &prop::collection::vec(prop_oneof![any_request(), nearly_right()], 1..20),
            |requests| {
                over_stores(|world| {
                    fill(world);
                    for (hop, request) in &requests {
                        let before = world.digest();
                        let hop = hop.map_or_else(Hop::default, Hop::of);
                        let response = world.ask(&hop, request.clone());
                        for (exchange, _, _) in world.sent() {
                            world.answer(exchange, 5_103);
                        }
                        let fan_out = request.to.contains("fopt");
                        if response.as_ref().is_some_and(|r| r.status.0 >= 4_000) && !fan_out {
                            refused.set(refused.get() + 1);
                            assert_eq!(world.digest(), before, "{request:?}");
                            let dbg = response.unwrap().content.unwrap();
                            assert!(REFUSALS.iter().any(|r| Some(r.reason) == dbg.value.as_text()));
                        }
                    }
                });
                Ok(())
            },
        )
        .unwrap();
    assert!(refused.get() > cases, "too few refusals to mean anything");
}
