//! Discovery: filter criteria, limits, and what the originator may find.

use keystorm::onem2m::cse::Hop;
use keystorm::sim::time::Duration;
use keystorm::wire::primitive::{
    AttributeMatch, DesiredIdType, FilterCriteria, FilterOperation, FilterUsage, Request,
    ResourceType, Timestamp,
};
use keystorm::wire::value::Value;

use crate::world::{Any, over_stores, retrieve};

fn fill(world: &mut dyn Any) {
    world.register("Cone");
    world.register("Ctwo");
    world.create("Cone", "Cone", 3, r#"{"m2m:cnt":{"rn":"a","lbl":["x","y"]}}"#);
    world.pass(Duration::from_secs(10));
    world.create("Cone", "Cone", 3, r#"{"m2m:cnt":{"rn":"b","lbl":["y"],"mni":7}}"#);
    world.create(
        "Cone",
        "Cone/a",
        4,
        r#"{"m2m:cin":{"rn":"i","con":"12345","cnf":"text/plain:0"}}"#,
    );
    world.create("Ctwo", "Ctwo", 3, r#"{"m2m:cnt":{"rn":"a","lbl":["x"]}}"#);
}

fn discovery(from: &str, to: &str, filter: FilterCriteria) -> Request {
    let filter = FilterCriteria { usage: Some(FilterUsage::Discovery), ..filter };
    Request { filter: Some(filter), ..retrieve(from, to) }
}

/// What is found, in order.
fn find(world: &mut dyn Any, filter: FilterCriteria) -> Vec<String> {
    let response = world.ask(&Hop::of("Cone"), discovery("Cone", "cse-in", filter)).unwrap();
    assert_eq!(response.status.0, 2_000, "{response:?}");
    let content = response.content.unwrap();
    assert_eq!(content.root, "m2m:uril");
    let list = content.value.as_list().unwrap();
    list.iter().map(|value| value.as_text().unwrap().to_owned()).collect()
}

/// Criteria that are combined, and what they find.
fn combined() -> Vec<(FilterCriteria, Vec<&'static str>)> {
    let none = FilterCriteria::default;
    let text = |text: &str| Some(vec![text.to_owned()]);
    let (a, i) = ("cse-in/Cone/a", "cse-in/Cone/a/i");
    vec![
        (
            FilterCriteria {
                labels: text("x"),
                resource_types: Some(vec![ResourceType(4)]),
                operation: Some(FilterOperation::Or),
                ..none()
            },
            vec![a, i],
        ),
        (
            FilterCriteria {
                labels: text("y"),
                attributes: attribute("mni", Value::Integer(7)),
                operation: Some(FilterOperation::Xor),
                ..none()
            },
            vec![a],
        ),
        (
            FilterCriteria {
                labels: text("x"),
                resource_types: Some(vec![ResourceType(4)]),
                ..none()
            },
            vec![],
        ),
        // What would end a statement in a database that were asked by text.
        (FilterCriteria { labels: text("x' OR '1'='1"), ..none() }, vec![]),
        (FilterCriteria { labels: text("%"), ..none() }, vec![]),
    ]
}

fn attribute(name: &str, value: Value) -> Option<Vec<AttributeMatch>> {
    let name = name.to_owned();
    Some(vec![AttributeMatch { name, value: Some(value), ..AttributeMatch::default() }])
}

/// Criteria, and what they find.
fn cases() -> Vec<(FilterCriteria, Vec<&'static str>)> {
    let none = FilterCriteria::default;
    let text = |text: &str| Some(vec![text.to_owned()]);
    let stamp = |text| Some(Timestamp::new(text).unwrap());
    let (ae, a, b, i) = ("cse-in/Cone", "cse-in/Cone/a", "cse-in/Cone/b", "cse-in/Cone/a/i");
    let cases: Vec<(FilterCriteria, Vec<&str>)> = vec![
        (none(), vec![ae, a, i, b]),
        (FilterCriteria { labels: text("x"), ..none() }, vec![a]),
        (FilterCriteria { labels: Some(vec!["x".into(), "y".into()]), ..none() }, vec![a, b]),
        (FilterCriteria { resource_types: Some(vec![ResourceType(4)]), ..none() }, vec![i]),
        (FilterCriteria { created_after: stamp("20260101T000005"), ..none() }, vec![i, b]),
        (FilterCriteria { created_before: stamp("20260101T000005"), ..none() }, vec![ae, a]),
        (FilterCriteria { modified_since: stamp("20260101T000005"), ..none() }, vec![a, i, b]),
        (
            FilterCriteria {
                size_above: Some(5),
                resource_types: Some(vec![ResourceType(4)]),
                ..none()
            },
            vec![i],
        ),
        (
            FilterCriteria {
                size_below: Some(5),
                resource_types: Some(vec![ResourceType(4)]),
                ..none()
            },
            vec![],
        ),
        (FilterCriteria { state_tag_bigger: Some(0), ..none() }, vec![a, i]),
        (FilterCriteria { content_types: text("text/plain:0"), ..none() }, vec![i]),
        (FilterCriteria { attributes: attribute("mni", Value::Integer(7)), ..none() }, vec![b]),
        (FilterCriteria { attributes: attribute("con", Value::from("1*5")), ..none() }, vec![i]),
        (FilterCriteria { attributes: attribute("con", Value::from("1*6")), ..none() }, vec![]),
        (FilterCriteria { level: Some(1), ..none() }, vec![ae]),
        (FilterCriteria { level: Some(2), ..none() }, vec![ae, a, b]),
        (FilterCriteria { limit: Some(2), ..none() }, vec![ae, a]),
        (FilterCriteria { limit: Some(2), offset: Some(3), ..none() }, vec![i, b]),
    ];
    cases
}

#[test]
fn each_criterion_finds_its_own() {
    let cases = [cases(), combined()].concat();
    over_stores(|world| {
        fill(world);
        for (filter, expected) in &cases {
            assert_eq!(find(world, filter.clone()), *expected, "{filter:?}");
        }
    });
}

#[test]
fn what_is_not_evaluated_is_refused() {
    let none = FilterCriteria::default;
    over_stores(|world| {
        fill(world);
        for filter in [
            FilterCriteria { labels_query: Some("x".into()), ..none() },
            FilterCriteria { content_query: Some("$".into()), ..none() },
            FilterCriteria { child_labels: Some(vec!["x".into()]), ..none() },
            FilterCriteria { relative_path: Some("la".into()), ..none() },
        ] {
            assert_eq!(world.rsc("Cone", discovery("Cone", "cse-in", filter)), 5_001);
        }
        for filter in [
            FilterCriteria { limit: Some(0), ..none() },
            FilterCriteria { level: Some(0), ..none() },
            FilterCriteria { offset: Some(0), ..none() },
        ] {
            assert_eq!(world.rsc("Cone", discovery("Cone", "cse-in", filter)), 4_000);
        }
    });
}

#[test]
fn a_part_says_that_it_is_one_and_names_are_as_asked_for() {
    over_stores(|world| {
        fill(world);
        let filter = FilterCriteria { limit: Some(2), ..FilterCriteria::default() };
        let response = world.ask(&Hop::of("Cone"), discovery("Cone", "cse-in", filter)).unwrap();
        assert_eq!(response.content_offset, Some(3));
        let mut request = discovery("Cone", "Cone/a", FilterCriteria::default());
        request.desired_id_type = Some(DesiredIdType::Unstructured);
        let response = world.ask(&Hop::of("Cone"), request).unwrap();
        let content = response.content.unwrap();
        let found = content.value.as_list().unwrap()[0].as_text().unwrap().to_owned();
        assert!(found.starts_with("cin"), "{found}");
        assert_eq!(world.try_get("Cone", &found), 2_000);
    });
}
