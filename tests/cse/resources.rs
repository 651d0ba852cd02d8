//! Registration, and create, retrieve, update, delete of each type.

use keystorm::onem2m::cse::{Cse, Hop};
use keystorm::onem2m::tree::{Sqlite, Types};
use keystorm::sim::time::Duration;
use keystorm::wire::primitive::ResultContent;

use crate::world::{Any, World, attributes, config, create, number, over_stores, retrieve, text};

const AE: &str = r#"{"m2m:ae":{"api":"Nx","rr":false,"srv":["4"]}}"#;

#[test]
fn aes_register_by_the_rules() {
    over_stores(|world| {
        // The CSE chooses.
        let ae = attributes(world.ask(&Hop::default(), create("C", "cse-in", 2, AE)).unwrap());
        assert_eq!(text(&ae, "aei"), text(&ae, "ri"));
        assert!(text(&ae, "aei").starts_with('C') && text(&ae, "aei").len() > 1);
        assert_eq!(text(&ae, "rn"), text(&ae, "ri"));
        assert_eq!(text(&ae, "pi"), "id-in");
        let sp = attributes(world.ask(&Hop::default(), create("S", "cse-in", 2, AE)).unwrap());
        assert!(text(&sp, "aei").starts_with('S'));
        let none = attributes(world.ask(&Hop::default(), create("", "cse-in", 2, AE)).unwrap());
        assert!(text(&none, "aei").starts_with('C'));
        // The association binds an identity.
        let bound =
            attributes(world.ask(&Hop::of("Cbound"), create("C", "cse-in", 2, AE)).unwrap());
        assert_eq!(text(&bound, "aei"), "Cbound");
        // It chooses itself, once.
        assert_eq!(world.try_create("Cmine", "cse-in", 2, AE), 2_001);
        assert_eq!(world.try_create("Cmine", "cse-in", 2, AE), 4_117);
        assert_eq!(text(&world.get("Cmine", "Cmine"), "aei"), "Cmine");
        let digest = world.digest();
        for (from, json, expected) in [
            ("Xmine", AE, 4_000),
            ("Cno", r#"{"m2m:ae":{"api":"x","rr":false,"srv":["4"]}}"#, 4_000),
            ("Cno", r#"{"m2m:ae":{"rr":false,"srv":["4"]}}"#, 4_000),
            ("Cno", r#"{"m2m:ae":{"api":"Nx","rr":false,"srv":["4"],"aei":"Cyes"}}"#, 4_000),
            ("Cno", r#"{"m2m:ae":{"api":"Nx","rr":0,"srv":["4"]}}"#, 4_000),
            ("Cno", r#"{"m2m:ae":{"rn":"la","api":"Nx","rr":false,"srv":["4"]}}"#, 4_000),
            ("Cno", r#"{"m2m:ae":{"rn":"a/b","api":"Nx","rr":false,"srv":["4"]}}"#, 4_000),
            ("Cno", r#"{"m2m:ae":{"rn":"Cmine","api":"Nx","rr":false,"srv":["4"]}}"#, 4_117),
        ] {
            let status =
                world.ask(&Hop::default(), create(from, "cse-in", 2, json)).unwrap().status.0;
            assert_eq!(status, expected, "{from} {json}");
            assert_eq!(world.digest(), digest, "{from} {json}");
        }
    });
}

#[test]
fn a_name_stands_once_among_siblings() {
    over_stores(|world| {
        world.register("Cae");
        world.create("Cae", "Cae", 3, r#"{"m2m:cnt":{"rn":"data"}}"#);
        assert_eq!(world.try_create("Cae", "Cae", 3, r#"{"m2m:cnt":{"rn":"data"}}"#), 4_105);
        let unnamed = world.create("Cae", "Cae", 3, r#"{"m2m:cnt":{}}"#);
        let name = text(&unnamed, "rn");
        let again = format!(r#"{{"m2m:cnt":{{"rn":"{name}"}}}}"#);
        assert_eq!(world.try_create("Cae", "Cae", 3, &again), 4_105);
        let address = format!("cse-in/Cae/{name}");
        assert_eq!(text(&world.get("Cae", &address), "ri"), text(&unnamed, "ri"));
    });
}

#[test]
fn every_form_of_an_address_leads_to_the_resource() {
    over_stores(|world| {
        world.register("Cae");
        let made = world.create("Cae", "cse-in/Cae", 3, r#"{"m2m:cnt":{"rn":"data"}}"#);
        let ri = text(&made, "ri");
        for to in [
            "cse-in/Cae/data".to_owned(),
            "-/Cae/data".to_owned(),
            "Cae/data".to_owned(),
            "/id-in/cse-in/Cae/data".to_owned(),
            "/id-in/-/Cae/data".to_owned(),
            "//sp.example/id-in/cse-in/Cae/data".to_owned(),
            format!("/id-in/{ri}"),
            format!("//sp.example/id-in/{ri}"),
            ri.clone(),
        ] {
            assert_eq!(text(&world.get("Cae", &to), "ri"), ri, "{to}");
        }
        for (to, expected) in [
            ("cse-in/Cae/data/", 4_000),
            ("cse-in//data", 4_000),
            ("cse-in/./Cae", 4_000),
            ("cse-in/Cae/../Cae", 4_000),
            ("/", 4_000),
            ("//sp.example", 4_000),
            ("data", 4_004),
            ("cse-in/cae/data", 4_004),
            ("//other.example/id-in/cse-in", 5_103),
            ("/id-other/cse-in", 5_103),
        ] {
            assert_eq!(world.try_get("Cae", to), expected, "{to}");
        }
    });
}

#[test]
fn every_type_is_created_updated_and_deleted() {
    let policy =
        r#"{"m2m:acp":{"rn":"x","pv":{"acr":[]},"pvs":{"acr":[{"acor":["Cae"],"acop":63}]}}}"#;
    let types = [
        (
            3,
            "cnt",
            "Cae",
            r#"{"m2m:cnt":{"rn":"x","mni":5}}"#,
            r#"{"m2m:cnt":{"mni":null,"mbs":9}}"#,
        ),
        (1, "acp", "Cae", policy, r#"{"m2m:acp":{"pv":{"acr":[{"acor":["all"],"acop":2}]}}}"#),
        (
            9,
            "grp",
            "Cae",
            r#"{"m2m:grp":{"rn":"x","mnm":3,"mid":["Cae"]}}"#,
            r#"{"m2m:grp":{"gn":"g"}}"#,
        ),
        (23, "sub", "Cae", r#"{"m2m:sub":{"rn":"x","nu":["Cae"]}}"#, r#"{"m2m:sub":{"exc":7}}"#),
        (14, "nod", "cse-in", r#"{"m2m:nod":{"rn":"x","ni":"n"}}"#, r#"{"m2m:nod":{"ni":"m"}}"#),
    ];
    over_stores(|world| {
        world.register("Cae");
        for (ty, stem, parent, json, change) in types {
            let from = if parent == "Cae" { "Cae" } else { "Cadmin" };
            let made = world.create(from, parent, ty, json);
            assert!(text(&made, "ri").starts_with(stem), "{made:?}");
            assert_eq!(number(&made, "ty"), u64::from(ty));
            for name in ["rn", "ri", "pi", "ct", "lt", "et"] {
                assert!(!text(&made, name).is_empty(), "{stem} {name}");
            }
            let to = format!("{parent}/x");
            assert_eq!(world.get(from, &to), made, "{stem}");
            world.pass(Duration::from_secs(1));
            assert_eq!(world.try_update(from, &to, change), 2_004, "{stem}");
            let changed = world.get(from, &to);
            assert_ne!(text(&changed, "lt"), text(&changed, "ct"));
            let root = change.split('"').nth(1).unwrap();
            assert_eq!(
                world.try_update(from, &to, &format!(r#"{{"{root}":{{"ri":"y"}}}}"#)),
                4_000
            );
            assert_eq!(
                world.try_update(from, &to, &format!(r#"{{"{root}":{{"zz":"y"}}}}"#)),
                4_000
            );
            assert_eq!(world.try_update(from, &to, &format!(r#"{{"{root}":{{}}}}"#)), 4_000);
            assert_eq!(world.try_delete(from, &to), 2_002);
            assert_eq!(world.try_get(from, &to), 4_004);
        }
        assert_eq!(world.try_delete("Cadmin", "cse-in"), 4_005);
        assert_eq!(world.try_update("Cadmin", "cse-in", r#"{"m2m:cb":{"lbl":["x"]}}"#), 4_005);
    });
}

#[test]
fn management_objects_are_told_by_their_definition() {
    over_stores(|world| {
        world.create("Cadmin", "cse-in", 14, r#"{"m2m:nod":{"rn":"n","ni":"n"}}"#);
        let mut make = |json: &str| world.try_create("Cadmin", "cse-in/n", 13, json);
        let firmware =
            r#"{"m2m:fwr":{"rn":"f","mgd":1001,"vr":"1","fwn":"a","url":"http://x","ud":false}}"#;
        assert_eq!(make(firmware), 2_001);
        assert_eq!(make(r#"{"dcfg:crds":{"mgd":1029,"pur":"a","crid":"i"}}"#), 2_001);
        for definition in [1_025, 1_026] {
            let json =
                format!(r#"{{"m2m:mgo":{{"mgd":{definition},"fqdn":"maf.example","port":5684}}}}"#);
            assert_eq!(make(&json), 2_001);
        }
        assert_eq!(make(r#"{"m2m:fwr":{"mgd":1002,"vr":"1"}}"#), 4_000);
        assert_eq!(make(r#"{"m2m:mgo":{"mgd":1001,"vr":"1"}}"#), 4_000);
        assert_eq!(make(r#"{"m2m:mgo":{"mgd":1025,"a b":1}}"#), 4_000);
        assert_eq!(text(&world.get("Cadmin", "cse-in/n/f"), "vr"), "1");
    });
}

#[test]
fn children_stand_where_their_type_may() {
    let types = Types::shipped();
    over_stores(|world| {
        world.register("Cae");
        world.create("Cae", "Cae", 3, r#"{"m2m:cnt":{"rn":"c"}}"#);
        assert!(!types.numbered(3).unwrap().may_have(2));
        let cin = r#"{"m2m:cin":{"con":"1"}}"#;
        assert_eq!(world.try_create("Cae", "Cae", 4, cin), 4_108);
        assert_eq!(world.try_create("Cae", "Cae", 2, AE), 4_108);
        assert_eq!(world.try_create("Cae", "Cae/c", 5, r#"{"m2m:cb":{"csi":"/x"}}"#), 4_005);
        assert_eq!(world.try_create("Cae", "Cae/c", 30_000, r#"{"m2m:x":{}}"#), 5_001);
        assert_eq!(world.try_create("Cae", "Cae/c", 4, r#"{"m2m:cnt":{}}"#), 4_000);
        world.create("Cae", "Cae/c", 4, r#"{"m2m:cin":{"rn":"i","con":"1"}}"#);
        assert_eq!(world.try_create("Cae", "Cae/c/i", 23, r#"{"m2m:sub":{"nu":["Cae"]}}"#), 5_203);
        assert_eq!(world.try_update("Cae", "Cae/c/i", r#"{"m2m:cin":{"lbl":["x"]}}"#), 4_005);
    });
}

#[test]
fn containers_keep_their_bounds() {
    over_stores(|world| {
        world.register("Cae");
        world.create("Cae", "Cae", 3, r#"{"m2m:cnt":{"rn":"c","mni":2,"mbs":10}}"#);
        assert_eq!(world.try_get("Cae", "Cae/c/la"), 4_004);
        for con in ["1", "22", "333"] {
            world.create("Cae", "Cae/c", 4, &format!(r#"{{"m2m:cin":{{"con":"{con}"}}}}"#));
        }
        let container = world.get("Cae", "Cae/c");
        assert_eq!((number(&container, "cni"), number(&container, "cbs")), (2, 5));
        assert_eq!(number(&container, "st"), 3);
        assert_eq!(text(&world.get("Cae", "Cae/c/la"), "con"), "333");
        assert_eq!(text(&world.get("Cae", "Cae/c/ol"), "con"), "22");
        world.create("Cae", "Cae/c", 4, r#"{"m2m:cin":{"con":"88888888"}}"#);
        let container = world.get("Cae", "Cae/c");
        assert_eq!((number(&container, "cni"), number(&container, "cbs")), (1, 8));
        assert_eq!(
            world.try_create("Cae", "Cae/c", 4, r#"{"m2m:cin":{"con":"01234567890"}}"#),
            5_207
        );
        assert_eq!(number(&world.get("Cae", "Cae/c"), "cni"), 1);
        assert_eq!(world.try_update("Cae", "Cae/c", r#"{"m2m:cnt":{"mbs":7}}"#), 2_004);
        assert_eq!(number(&world.get("Cae", "Cae/c"), "cni"), 0);
        assert_eq!(world.try_create("Cae", "Cae/c", 4, r#"{"m2m:cin":{}}"#), 4_000);
        assert_eq!(world.try_update("Cae", "Cae/c", r#"{"m2m:cnt":{"mni":0}}"#), 2_004);
        assert_eq!(world.try_create("Cae", "Cae/c", 4, r#"{"m2m:cin":{"con":"1"}}"#), 5_207);
        // Age.
        world.create("Cae", "Cae", 3, r#"{"m2m:cnt":{"rn":"d","mia":60}}"#);
        world.create("Cae", "Cae/d", 4, r#"{"m2m:cin":{"con":"old"}}"#);
        world.pass(Duration::from_secs(30));
        world.create("Cae", "Cae/d", 4, r#"{"m2m:cin":{"con":"new"}}"#);
        assert_eq!(text(&world.get("Cae", "Cae/d/ol"), "con"), "old");
        world.pass(Duration::from_secs(31));
        assert_eq!(text(&world.get("Cae", "Cae/d/ol"), "con"), "new");
        assert_eq!(world.try_delete("Cae", "Cae/d/la"), 2_002);
        let container = world.get("Cae", "Cae/d");
        assert_eq!((number(&container, "cni"), number(&container, "cbs")), (0, 0));
    });
}

#[test]
fn what_expires_goes_with_all_below_it() {
    over_stores(|world| {
        world.register("Cae");
        let before = world.count();
        let json = r#"{"m2m:cnt":{"rn":"c","et":"20260101T000100"}}"#;
        world.create("Cae", "Cae", 3, json);
        world.create("Cae", "Cae/c", 4, r#"{"m2m:cin":{"con":"1"}}"#);
        assert_eq!(world.count(), before + 2);
        world.pass(Duration::from_secs(58));
        assert_eq!(world.try_get("Cae", "Cae/c"), 2_000);
        world.pass(Duration::from_secs(2));
        assert_eq!(world.try_get("Cae", "Cae/c"), 4_004);
        assert_eq!(world.count(), before);
        assert_eq!(world.try_create("Cae", "Cae", 3, json), 4_000);
    });
}

#[test]
fn answers_contain_what_was_asked_for() {
    over_stores(|world| {
        world.register("Cae");
        let mut ask = |number: u64| {
            let mut request = create("Cae", "Cae", 3, r#"{"m2m:cnt":{"lbl":["l"]}}"#);
            request.result_content = ResultContent::from_number(number);
            world.ask(&Hop::of("Cae"), request).unwrap()
        };
        assert_eq!(ask(0).content, None);
        let address = ask(2).content.unwrap();
        assert_eq!(address.root, "m2m:uri");
        assert!(address.value.as_text().unwrap().starts_with("cse-in/Cae/cnt"));
        let both = ask(3).content.unwrap();
        assert!(both.value.as_map().unwrap().get("m2m:cnt").is_some());
        let changed = attributes(ask(9));
        assert!(changed.get("ri").is_some() && changed.get("lbl").is_none());
        for (number, expected) in [(4, 4_000), (8, 4_000)] {
            assert_eq!(ask(number).status.0, expected);
        }
        let mut ask = |number: u64| {
            let mut request = retrieve("Cae", "Cae");
            request.result_content = ResultContent::from_number(number);
            world.ask(&Hop::of("Cae"), request).unwrap()
        };
        let nested = attributes(ask(4));
        let children = nested.get("m2m:cnt").unwrap().as_list().unwrap().len();
        assert!(children >= 4 && nested.get("api").is_some());
        let references = attributes(ask(5));
        assert_eq!(references.get("ch").unwrap().as_list().unwrap().len(), children);
        assert_eq!(ask(6).content.unwrap().root, "m2m:rrl");
        assert!(attributes(ask(8)).get("api").is_none());
        assert_eq!((ask(0).status.0, ask(7).status.0, ask(9).status.0), (4_000, 5_001, 4_000));
    });
}

#[test]
fn a_sqlite_store_outlives_the_cse() {
    let folder = std::env::temp_dir().join(format!("keystorm-cse-{}", std::process::id()));
    let _ = std::fs::remove_file(&folder);
    let mut world = World::of(Cse::open(config(), Sqlite::open(&folder).unwrap()).unwrap());
    world.register("Cae");
    world.create("Cae", "Cae", 3, r#"{"m2m:cnt":{"rn":"c","et":"20260101T000100"}}"#);
    let digest = world.digest();
    drop(world);
    let mut world = World::of(Cse::open(config(), Sqlite::open(&folder).unwrap()).unwrap());
    assert_eq!(world.digest(), digest);
    assert_eq!(world.try_get("Cae", "Cae/c"), 2_000);
    world.pass(Duration::from_secs(100));
    assert_eq!(world.try_get("Cae", "Cae/c"), 4_004);
    drop(world);
    let other = keystorm::onem2m::cse::Config { cse_id: "/id-other".into(), ..config() };
    assert!(Cse::open(other, Sqlite::open(&folder).unwrap()).is_err());
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", folder.display()));
    }
}
