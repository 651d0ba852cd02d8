//! Who may: policies as resources, the default, and the identity that an association proves.

use keystorm::onem2m::cse::{Config, Cse, Hop};
use keystorm::wire::primitive::Operation;

use crate::world::{Any, World, config, create, over_stores, policy, request, retrieve};

const CNT: &str = r#"{"m2m:cnt":{"rn":"c"}}"#;

fn two_aes(world: &mut dyn Any) {
    world.register("Cone");
    world.register("Ctwo");
    world.create("Cone", "Cone", 3, CNT);
}

#[test]
fn without_a_policy_the_creator_may_and_nobody_else() {
    over_stores(|world| {
        two_aes(world);
        assert_eq!(world.try_get("Cone", "Cone/c"), 2_000);
        assert_eq!(world.try_get("Cone", "Cone"), 2_000);
        for to in ["Cone", "Cone/c", "Cone/c/la", "cse-in"] {
            assert_eq!(world.try_get("Ctwo", to), 4_103, "{to}");
        }
        assert_eq!(world.try_create("Ctwo", "Cone", 3, r#"{"m2m:cnt":{}}"#), 4_103);
        assert_eq!(world.try_update("Ctwo", "Cone/c", r#"{"m2m:cnt":{"lbl":["x"]}}"#), 4_103);
        assert_eq!(world.try_delete("Ctwo", "Cone/c"), 4_103);
        assert_eq!(world.try_get("Cadmin", "Cone/c"), 2_000);
        // Who created something in the tree of another has it for itself, and not for third parties.
        world.create("Cadmin", "Cone", 3, r#"{"m2m:cnt":{"rn":"d"}}"#);
        world.create("Cadmin", "cse-in", 14, r#"{"m2m:nod":{"rn":"n","ni":"n"}}"#);
        assert_eq!(
            (world.try_get("Cone", "Cone/d"), world.try_get("Ctwo", "Cone/d")),
            (2_000, 4_103)
        );
        assert_eq!(world.try_get("Ctwo", "cse-in/n"), 4_103);
        // A custodian.
        let json = r#"{"m2m:cnt":{"cstn":"Ctwo"}}"#;
        assert_eq!(world.try_update("Cone", "Cone/c", json), 2_004);
        assert_eq!(world.try_get("Ctwo", "Cone/c"), 2_000);
        assert_eq!(world.try_get("Ctwo", "Cone"), 4_103);
    });
}

/// Asks for something and gives back the status.
type Ask = fn(&mut dyn Any) -> u16;

#[test]
fn each_operation_needs_its_bit() {
    let operations: [(u8, Ask); 5] = [
        (1, |world| world.try_create("Ctwo", "Cone/c", 4, r#"{"m2m:cin":{"con":"1"}}"#)),
        (2, |world| world.try_get("Ctwo", "Cone/c")),
        (4, |world| world.try_update("Ctwo", "Cone/c", r#"{"m2m:cnt":{"lbl":["x"]}}"#)),
        (3, |world| world.try_create("Ctwo", "Cone/c", 23, r#"{"m2m:sub":{"nu":["Ctwo"]}}"#)),
        (8, |world| world.try_delete("Ctwo", "Cone/c")),
    ];
    over_stores(|world| {
        two_aes(world);
        world.create("Cadmin", "cse-in", 1, &policy("p", "Ctwo", 1));
        assert_eq!(
            world.try_update("Cone", "Cone/c", r#"{"m2m:cnt":{"acpi":["cse-in/p"]}}"#),
            2_004
        );
        // The policy takes the place of the default, for the creator too.
        assert_eq!(world.try_get("Cone", "Cone/c"), 4_103);
        for (needed, ask) in operations {
            for granted in 0..6 {
                let bits = 63 ^ (1 << granted);
                let json = policy("p", "Ctwo", bits).replace(r#""rn":"p","#, "");
                assert_eq!(world.try_update("Cadmin", "cse-in/p", &json), 2_004);
                let granted = bits & needed == needed;
                if needed == 8 && granted {
                    continue;
                }
                let expected = if granted { 2 } else { 4 };
                assert_eq!(ask(world) / 1_000, expected, "{needed} of {bits}");
            }
        }
    });
}

#[test]
fn policies_reach_downwards_until_another_takes_over() {
    over_stores(|world| {
        two_aes(world);
        world.create("Cadmin", "cse-in", 1, &policy("p", "Ctwo", 63));
        world.create("Cadmin", "cse-in", 1, &policy("q", "Cone", 63));
        world.create("Cone", "Cone/c", 3, CNT);
        assert_eq!(
            world.try_update("Cone", "Cone/c", r#"{"m2m:cnt":{"acpi":["cse-in/p"]}}"#),
            2_004
        );
        assert_eq!(world.try_get("Ctwo", "Cone/c/c"), 2_000);
        assert_eq!(world.try_get("Ctwo", "Cone"), 4_103);
        assert_eq!(world.try_create("Ctwo", "Cone/c/c", 4, r#"{"m2m:cin":{"con":"1"}}"#), 2_001);
        assert_eq!(world.try_get("Ctwo", "Cone/c/c/la"), 2_000);
        // Who may change which policies hold is for the policies' own privileges to say.
        let json = r#"{"m2m:cnt":{"acpi":["cse-in/q"]}}"#;
        assert_eq!(world.try_update("Ctwo", "Cone/c", json), 4_103);
        assert_eq!(world.try_update("Cadmin", "Cone/c", json), 2_004);
        assert_eq!(world.try_get("Ctwo", "Cone/c/c"), 4_103);
        assert_eq!(world.try_get("Cone", "Cone/c/c"), 2_000);
        // A policy that is gone permits nobody.
        assert_eq!(world.try_delete("Cadmin", "cse-in/q"), 2_002);
        assert_eq!(world.try_get("Cone", "Cone/c/c"), 4_103);
        assert_eq!(world.try_get("Cadmin", "Cone/c/c"), 4_103);
    });
}

#[test]
fn policies_are_changed_by_themselves_alone() {
    over_stores(|world| {
        two_aes(world);
        world.create("Cadmin", "cse-in", 1, &policy("p", "Cone", 63));
        for (json, expected) in [
            (r#"{"m2m:cnt":{"acpi":["cse-in/p"],"lbl":["x"]}}"#, 4_000),
            (r#"{"m2m:cnt":{"acpi":["cse-in/nothing"]}}"#, 4_000),
            (r#"{"m2m:cnt":{"acpi":["cse-in/Cone"]}}"#, 4_000),
            (r#"{"m2m:cnt":{"acpi":["/id-other/p"]}}"#, 4_000),
            (r#"{"m2m:cnt":{"acpi":"cse-in/p"}}"#, 4_000),
        ] {
            assert_eq!(world.try_update("Cone", "Cone/c", json), expected, "{json}");
        }
        // pv lets Cone do everything, pvs lets only the administrator.
        for status in [
            world.try_get("Cone", "cse-in/p"),
            world.try_update("Cone", "cse-in/p", r#"{"m2m:acp":{"lbl":["x"]}}"#),
            world.try_delete("Cone", "cse-in/p"),
        ] {
            assert_eq!(status, 4_103);
        }
        for rules in
            ["{}", r#"{"acr":[{"acor":["all"],"acop":64}]}"#, r#"{"acr":[{"acor":[1],"acop":1}]}"#]
        {
            let json = format!(r#"{{"m2m:acp":{{"pvs":{rules}}}}}"#);
            assert_eq!(world.try_update("Cadmin", "cse-in/p", &json), 4_000, "{rules}");
        }
    });
}

#[test]
fn groups_of_originators_are_looked_up() {
    over_stores(|world| {
        two_aes(world);
        let group = r#"{"m2m:grp":{"rn":"g","mnm":4,"mid":["Cone"]}}"#;
        world.create("Cadmin", "cse-in", 9, group);
        world.create("Cadmin", "cse-in", 1, &policy("p", "cse-in/g", 2));
        assert_eq!(
            world.try_update("Cone", "Cone/c", r#"{"m2m:cnt":{"acpi":["cse-in/p"]}}"#),
            2_004
        );
        assert_eq!(
            (world.try_get("Cone", "Cone/c"), world.try_get("Ctwo", "Cone/c")),
            (2_000, 4_103)
        );
        let json = r#"{"m2m:grp":{"mid":["Ctwo"]}}"#;
        assert_eq!(world.try_update("Cadmin", "cse-in/g", json), 2_004);
        assert_eq!(
            (world.try_get("Cone", "Cone/c"), world.try_get("Ctwo", "Cone/c")),
            (4_103, 2_000)
        );
    });
}

#[test]
fn nobody_speaks_under_another_name() {
    over_stores(|world| {
        two_aes(world);
        let digest = world.digest();
        for from in
            ["Ctwo", "Cadmin", "/id-in/Ctwo", "//sp.example/id-in/Ctwo", "/id-in", "Sone", "cone"]
        {
            let status = world.ask(&Hop::of("Cone"), retrieve(from, "Ctwo")).unwrap().status.0;
            assert!(matches!(status, 4_103 | 4_000), "{from} {status}");
        }
        for from in ["Cone", "/id-in/Cone", "//sp.example/id-in/Cone"] {
            let status = world.ask(&Hop::of("Cone"), retrieve(from, "Cone")).unwrap().status.0;
            assert_eq!(status, 2_000, "{from}");
        }
        // Over a CSE's association From may be anybody, but none of ours.
        for from in ["Cone", "/id-in/Cone", "//sp.example/id-in/Cadmin", "Cadmin", "/id-in"] {
            let response = world.ask(&Hop::of("/id-mn"), retrieve(from, "Cone")).unwrap();
            assert_eq!(response.status.0, 4_103, "{from}");
        }
        // A CSE that is not registered hands nothing on.
        let response = world.ask(&Hop::of("/id-mn"), retrieve("/id-mn/Cx", "Cone")).unwrap();
        assert_eq!(response.status.0, 4_103);
        assert_eq!(world.digest(), digest);
    });
}

#[test]
fn a_rule_may_ask_for_authentication_and_a_cse_for_associations() {
    over_stores(|world| {
        two_aes(world);
        let json = policy("p", "Cone", 63).replacen(r#""acop":63"#, r#""acop":63,"acaf":true"#, 1);
        world.create("Cadmin", "cse-in", 1, &json);
        assert_eq!(
            world.try_update("Cone", "Cone/c", r#"{"m2m:cnt":{"acpi":["cse-in/p"]}}"#),
            2_004
        );
        assert_eq!(world.try_get("Cone", "Cone/c"), 2_000);
        let bare = world.ask(&Hop::default(), retrieve("Cone", "Cone/c")).unwrap();
        assert_eq!(bare.status.0, 4_103);
        let proven = Hop { end_to_end: true, ..Hop::default() };
        assert_eq!(world.ask(&proven, retrieve("Cone", "Cone/c")).unwrap().status.0, 2_000);
    });
    let closed = Config { association_required: true, closed: true, ..config() };
    let mut world = World::of(Cse::new(closed).unwrap());
    let bare = world.ask(&Hop::default(), request(Operation::Retrieve, "Cadmin", "cse-in"));
    assert_eq!(bare.unwrap().status.0, 4_107);
    let json = r#"{"m2m:ae":{"api":"Nx","rr":true,"srv":["4"]}}"#;
    assert_eq!(world.rsc("Cone", create("Cone", "cse-in", 2, json)), 4_103);
}
