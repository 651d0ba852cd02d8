//! Subscriptions and notifications.

use keystorm::onem2m::cse::Hop;
use keystorm::sim::time::Duration;
use keystorm::wire::primitive::{Operation, Request};
use keystorm::wire::value::{Map, Value};

use crate::world::{Any, create, delete, number, over_stores, request, text};

fn fill(world: &mut dyn Any) {
    world.register("Cone");
    world.register("Ctwo");
    world.create("Cone", "Cone", 3, r#"{"m2m:cnt":{"rn":"c"}}"#);
}

fn notification(request: &Request) -> Map {
    assert_eq!(request.operation, Operation::Notify);
    assert_eq!(request.from.as_deref(), Some("/id-in"));
    let content = request.content.as_ref().unwrap();
    assert_eq!(content.root, "m2m:sgn");
    content.value.as_map().unwrap().clone()
}

fn event(request: &Request) -> Map {
    notification(request).get("nev").unwrap().as_map().unwrap().clone()
}

#[test]
fn events_are_told_to_who_asked_for_them() {
    over_stores(|world| {
        fill(world);
        let json = r#"{"m2m:sub":{"rn":"s","nu":["Cone"],"enc":{"net":[1,2,3,4]}}}"#;
        world.create("Cone", "Cone/c", 23, json);
        // The subscriber is the originator itself: nothing to verify.
        assert!(world.sent().is_empty());
        world.create("Cone", "Cone/c", 4, r#"{"m2m:cin":{"con":"7"}}"#);
        let sent = world.sent();
        assert_eq!((sent.len(), sent[0].1.as_deref()), (1, Some("Cone")));
        assert_eq!(text(&notification(&sent[0].2), "sur"), "/id-in/cse-in/Cone/c/s");
        let created = event(&sent[0].2);
        assert_eq!(number(&created, "net"), 3);
        let shown = created.get("rep").unwrap().as_map().unwrap().get("m2m:cin").unwrap();
        assert_eq!(text(shown.as_map().unwrap(), "con"), "7");
        let next = |world: &mut dyn Any| number(&event(&world.sent()[0].2), "net");
        world.try_update("Cone", "Cone/c", r#"{"m2m:cnt":{"lbl":["x"]}}"#);
        assert_eq!(next(world), 1);
        world.try_delete("Cone", "Cone/c/la");
        assert_eq!(next(world), 4);
        world.try_delete("Cone", "Cone/c");
        assert_eq!(next(world), 2);
        // Refused requests tell nothing.
        assert_eq!(world.try_delete("Ctwo", "Cone"), 4_103);
        assert!(world.sent().is_empty());
    });
}

#[test]
fn criteria_and_content_types_hold() {
    over_stores(|world| {
        fill(world);
        for (name, rest) in [
            ("plain", ""),
            ("attribute", r#","enc":{"net":[1],"atr":["mni"]}"#),
            ("child", r#","enc":{"net":[3],"chty":[3]}"#),
            ("changed", r#","nct":2"#),
            ("name", r#","nct":3"#),
        ] {
            let json = format!(r#"{{"m2m:sub":{{"rn":"{name}","nu":["Cone"]{rest}}}}}"#);
            world.create("Cone", "Cone/c", 23, &json);
        }
        world.sent();
        let told = |world: &mut dyn Any| -> Vec<String> {
            let sent = world.sent();
            let names = sent.iter().map(|(_, _, request)| text(&notification(request), "sur"));
            names.map(|sur| sur.rsplit('/').next().unwrap().to_owned()).collect()
        };
        world.create("Cone", "Cone/c", 4, r#"{"m2m:cin":{"con":"7"}}"#);
        assert!(told(world).is_empty());
        world.create("Cone", "Cone/c", 3, r#"{"m2m:cnt":{}}"#);
        assert_eq!(told(world), ["child"]);
        world.try_update("Cone", "Cone/c", r#"{"m2m:cnt":{"mni":9}}"#);
        let sent = world.sent();
        assert_eq!(sent.len(), 4);
        let shown = |at: usize| event(&sent[at].2).get("rep").unwrap().as_map().unwrap().clone();
        let changed = shown(2).get("m2m:cnt").unwrap().as_map().unwrap().clone();
        assert_eq!((changed.len(), number(&changed, "mni")), (1, 9));
        assert_eq!(text(&shown(3), "m2m:uri"), "/id-in/cse-in/Cone/c");
        world.try_update("Cone", "Cone/c", r#"{"m2m:cnt":{"lbl":["x"]}}"#);
        assert_eq!(told(world), ["plain", "changed", "name"]);
    });
}

#[test]
fn strangers_are_asked_first() {
    over_stores(|world| {
        fill(world);
        let digest = world.digest();
        let json = r#"{"m2m:sub":{"nu":["Ctwo","http://127.0.0.1:9/x"]}}"#;
        for (first, second, expected) in [(2_000, 2_000, 2_001), (2_000, 4_103, 5_204)] {
            assert_eq!(world.ask(&Hop::of("Cone"), create("Cone", "Cone/c", 23, json)), None);
            assert_eq!(world.digest(), digest);
            let sent = world.sent();
            let targets: Vec<_> = sent.iter().map(|(_, to, _)| to.as_deref().unwrap()).collect();
            assert_eq!(targets, ["Ctwo", "http://127.0.0.1:9/x"]);
            let asked = notification(&sent[0].2);
            assert_eq!(
                (asked.get("vrq"), text(&asked, "cr").as_str()),
                (Some(&Value::Bool(true)), "/id-in/Cone")
            );
            assert_eq!(world.answer(sent[0].0, first), None);
            let answer = world.answer(sent[1].0, second).unwrap();
            assert_eq!(answer.status.0, expected);
            // An answer that comes twice has no effect.
            assert_eq!(world.answer(sent[1].0, 2_000), None);
            if expected == 2_001 {
                let to = text(answer.content.unwrap().value.as_map().unwrap(), "ri");
                world.try_delete("Cone", &to);
                world.sent();
            }
        }
        // Nobody answers.
        assert_eq!(world.ask(&Hop::of("Cone"), create("Cone", "Cone/c", 23, json)), None);
        assert_eq!(world.pass(Duration::from_secs(31)).unwrap().status.0, 5_204);
    });
}

#[test]
fn targets_that_make_no_sense_are_refused() {
    over_stores(|world| {
        fill(world);
        let digest = world.digest();
        for target in [
            "",
            "Cnobody",
            "cse-in",
            "/id-in",
            "Cone/c",
            "ftp://x",
            "http://",
            "http:///x",
            "file:///etc/passwd",
            "a b",
        ] {
            let json = format!(r#"{{"m2m:sub":{{"nu":["{target}"]}}}}"#);
            assert_eq!(world.try_create("Cone", "Cone/c", 23, &json), 4_000, "{target}");
        }
        for (json, expected) in [
            (r#"{"m2m:sub":{"nu":[]}}"#, 4_000),
            (r#"{"m2m:sub":{}}"#, 4_000),
            (r#"{"m2m:sub":{"nu":["Cone"],"enc":{"net":[8]}}}"#, 5_001),
            (r#"{"m2m:sub":{"nu":["Cone"],"enc":{"om":[{"ops":2}]}}}"#, 5_001),
            (r#"{"m2m:sub":{"nu":["Cone"],"enc":{"zz":1}}}"#, 4_000),
            (r#"{"m2m:sub":{"nu":["Cone"],"nct":9}}"#, 4_000),
            (r#"{"m2m:sub":{"nu":["Cone"],"exc":0}}"#, 4_000),
            (r#"{"m2m:sub":{"nu":["/id-far/Cx"]}}"#, 5_103),
        ] {
            assert_eq!(world.try_create("Cone", "Cone/c", 23, json), expected, "{json}");
        }
        assert_eq!(world.digest(), digest);
    });
}

#[test]
fn a_counted_subscription_ends_by_itself_and_says_so_to_su() {
    over_stores(|world| {
        fill(world);
        world.create(
            "Cone",
            "Cone/c",
            23,
            r#"{"m2m:sub":{"rn":"s","nu":["Cone"],"exc":2,"su":"Ctwo"}}"#,
        );
        let mut change = |label: &str| {
            world.try_update("Cone", "Cone/c", &format!(r#"{{"m2m:cnt":{{"lbl":["{label}"]}}}}"#));
            world.sent().len()
        };
        assert_eq!((change("a"), change("b"), change("c")), (1, 1, 0));
        assert_eq!(world.try_get("Cone", "Cone/c/s"), 4_004);
        world.create("Cone", "Cone/c", 23, r#"{"m2m:sub":{"rn":"t","nu":["Cone"],"su":"Ctwo"}}"#);
        assert_eq!(world.rsc("Cone", delete("Cone", "Cone/c/t")), 2_002);
        let sent = world.sent();
        assert_eq!(sent[0].1.as_deref(), Some("Ctwo"));
        assert_eq!(notification(&sent[0].2).get("sud"), Some(&Value::Bool(true)));
    });
}

#[test]
fn entities_are_notified_through_their_registrar() {
    over_stores(|world| {
        fill(world);
        let notify = |from: &str| Request {
            content: Some(crate::world::content(r#"{"m2m:sgn":{"nev":{}}}"#)),
            ..request(Operation::Notify, from, "Ctwo")
        };
        assert_eq!(world.rsc("Cone", notify("Cone")), 4_103);
        assert_eq!(world.ask(&Hop::of("Cadmin"), notify("Cadmin")), None);
        let sent = world.sent();
        assert_eq!((sent.len(), sent[0].1.as_deref()), (1, Some("Ctwo")));
        assert_eq!(world.answer(sent[0].0, 2_000).unwrap().status.0, 2_000);
    });
}
