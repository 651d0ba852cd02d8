//! Groups and their fan-out.

use keystorm::onem2m::cse::Hop;
use keystorm::wire::value::{Map, Value};

use crate::world::{Any, attributes, create, number, over_stores, policy, retrieve};

fn fill(world: &mut dyn Any) {
    for ae in ["Cone", "Ctwo"] {
        world.register(ae);
        world.create(ae, ae, 3, r#"{"m2m:cnt":{"rn":"c"}}"#);
    }
    let group = r#"{"m2m:grp":{"rn":"g","mt":3,"mnm":4,"mid":["cse-in/Cone/c","cse-in/Ctwo/c"]}}"#;
    world.create("Cone", "Cone", 9, group);
}

/// The statuses in an aggregated answer.
fn statuses(map: &Map) -> Vec<u64> {
    let list = map.get("m2m:rsp").unwrap().as_list().unwrap();
    list.iter().map(|one| number(one.as_map().unwrap(), "rsc")).collect()
}

#[test]
fn members_are_checked() {
    over_stores(|world| {
        fill(world);
        let group = world.get("Cone", "Cone/g");
        assert_eq!((number(&group, "cnm"), group.get("mtv")), (2, Some(&Value::Bool(true))));
        let mut make = |json: &str| world.try_create("Cone", "Cone", 9, json);
        assert_eq!(make(r#"{"m2m:grp":{"mt":3,"mnm":4,"mid":["Cone"]}}"#), 4_110);
        assert_eq!(make(r#"{"m2m:grp":{"mnm":1,"mid":["Cone","Ctwo"]}}"#), 6_010);
        assert_eq!(make(r#"{"m2m:grp":{"mnm":4,"mid":["Cone","Cone"]}}"#), 4_000);
        assert_eq!(make(r#"{"m2m:grp":{"mnm":4,"mid":["Cnobody"]}}"#), 4_000);
        assert_eq!(make(r#"{"m2m:grp":{"mnm":0,"mid":[]}}"#), 4_000);
        assert_eq!(make(r#"{"m2m:grp":{"mnm":4,"mid":["/id-mn/x"],"mt":3}}"#), 2_001);
    });
}

#[test]
fn each_member_answers_by_its_own_policies() {
    over_stores(|world| {
        fill(world);
        let response = world.ask(&Hop::of("Cone"), retrieve("Cone", "Cone/g/fopt")).unwrap();
        assert_eq!(
            (response.status.0, response.content.as_ref().unwrap().root.as_ref()),
            (2_000, "m2m:agr")
        );
        assert_eq!(statuses(&attributes(response)), [2_000, 4_103]);
        let json = r#"{"m2m:cin":{"con":"1"}}"#;
        let response = world.ask(&Hop::of("Cone"), create("Cone", "Cone/g/fopt", 4, json)).unwrap();
        assert_eq!(statuses(&attributes(response)), [2_001, 4_103]);
        let response = world.ask(&Hop::of("Cone"), retrieve("Cone", "Cone/g/fopt/la")).unwrap();
        assert_eq!(statuses(&attributes(response)), [2_000, 4_103]);
        assert_eq!(world.try_get("Ctwo", "Cone/g/fopt"), 4_103);
        // macp opens the fan-out, not the members.
        world.create("Cadmin", "cse-in", 1, &policy("p", "Ctwo", 2));
        let json = r#"{"m2m:grp":{"macp":["cse-in/p"]}}"#;
        assert_eq!(world.try_update("Cone", "Cone/g", json), 2_004);
        let response = world.ask(&Hop::of("Ctwo"), retrieve("Ctwo", "Cone/g/fopt")).unwrap();
        assert_eq!(statuses(&attributes(response)), [4_103, 2_000]);
        assert_eq!(world.try_get("Cone", "Cone/g/fopt"), 4_103);
    });
}

#[test]
fn loops_and_empty_groups_end() {
    over_stores(|world| {
        fill(world);
        world.create("Cone", "Cone", 9, r#"{"m2m:grp":{"rn":"h","mnm":4,"mid":["Cone/g/fopt"]}}"#);
        let json = r#"{"m2m:grp":{"mid":["Cone/h/fopt","Cone/c"],"mt":null}}"#;
        assert_eq!(world.try_update("Cone", "Cone/g", json), 4_000);
        world.create(
            "Cone",
            "Cone",
            9,
            r#"{"m2m:grp":{"rn":"i","mnm":4,"mid":["Cone/h/fopt","Cone/c"]}}"#,
        );
        assert_eq!(
            world.try_update("Cone", "Cone/h", r#"{"m2m:grp":{"mid":["Cone/i/fopt"]}}"#),
            2_004
        );
        let response = world.ask(&Hop::of("Cone"), retrieve("Cone", "Cone/h/fopt")).unwrap();
        let outer = attributes(response);
        let inner = outer.get("m2m:rsp").unwrap().as_list().unwrap()[0].as_map().unwrap().clone();
        let content = inner.get("pc").unwrap().as_map().unwrap().get("m2m:agr").unwrap();
        assert_eq!(statuses(content.as_map().unwrap()), [4_104, 2_000]);
        assert_eq!(world.try_update("Cone", "Cone/h", r#"{"m2m:grp":{"mid":[]}}"#), 2_004);
        assert_eq!(world.try_get("Cone", "Cone/h/fopt"), 4_109);
    });
}
