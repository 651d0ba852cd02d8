//! Each row of the tables of TS-0003 clauses 7.1.3 and 7.1.5, by hand.

use keystorm::onem2m::access::{Decision, Denial, Home, Identity, Membership, Place};
use serde_json::{Value, json};

use crate::{Ask, home};

fn set(rule: Value) -> [Value; 1] {
    [json!({"acr": [rule]})]
}

/// The decision as `Ok`, or the reason of the denial.
fn say(ask: &Ask, rule: Value) -> Result<(), Denial> {
    match ask.decide(&set(rule)) {
        Decision::Permit { .. } => Ok(()),
        Decision::Deny { why, .. } => Err(why),
    }
}

#[test]
fn table_7_1_5_1_authentication() {
    let rows = [
        (Some(true), true, Ok(())),
        (Some(true), false, Err(Denial::NotAuthenticated)),
        (Some(false), true, Ok(())),
        (Some(false), false, Ok(())),
        (None, true, Ok(())),
        (None, false, Ok(())),
    ];
    for (acaf, authenticated, expected) in rows {
        let mut rule = json!({"acor": ["all"], "acop": 63});
        if let Some(acaf) = acaf {
            rule["acaf"] = json!(acaf);
        }
        assert_eq!(say(&Ask { authenticated, ..Ask::plain() }, rule), expected);
    }
}

/// Table 7.1.3-2 and the text around it. Originator, entry, whether it is admitted.
#[test]
fn table_7_1_3_2_originators() {
    let rows = [
        ("//m2msp.org/myCSEID", "//m2msp.org/myCSEID", true),
        ("//m2msp.org/myCSEID", "//*/myCSEID", true),
        ("//m2msp.org/myCSEID7", "//*/myCSE*", true),
        ("//m2msp.org/yourCSE", "//*/myCSE*", false),
        ("//sp.example/myCSEID", "/myCSEID", true),
        ("//m2msp.org/myCSEID", "/myCSEID", false),
        ("//sp.example/myCSE2", "/myCSE*", true),
        ("//sp.example/myCSE", "/myCSE*", true),
        ("//m2msp.org/S988", "//m2msp.org/S988", true),
        ("//m2msp.org/myCSEID/C9886", "//*/myCSEID/C9886", true),
        ("//m2msp.org/myCSE1/C9886", "//*/myCSE*/C9886", true),
        ("//sp.example/myCSEID/C9886", "/myCSEID/C98*", true),
        ("//sp.example/myCSE/C98", "/myCSE*/C98*", true),
        ("//sp.example/SmyAE3", "/SmyAE*", true),
        // The reach of `*` ends at the next `/`.
        ("//sp.example/myCSE/C98", "/myCSE*", false),
        ("//sp.example/myCSE/C98", "/*", false),
        ("//sp.example/myCSE", "/*/*", false),
        ("//a.example/b/C1", "//*/C1", false),
        // An SP domain covers its own entities, takes no wildcard, and does not cover other domains.
        ("//m2msp.org/x", "//m2msp.org", true),
        ("//m2msp.org/x/C1", "//m2msp.org", true),
        ("//m2msp.org.evil/x", "//m2msp.org", false),
        ("//sub.m2msp.org/x", "//m2msp.org", false),
        ("//m2msp.org/x", "//*", false),
        ("//m2msp.org/x", "//M2MSP.org", false),
        // Stems are relative to the hosting CSE.
        ("//sp.example/id-in/C1", "C1", true),
        ("//sp.example/mn/C1", "C1", false),
        ("//sp.example/S1", "S1", true),
        ("//sp.example/id-in/C1", "C*", true),
        ("//sp.example/id-in/C1", "*", false),
        ("//sp.example/id-in/C1", "all", true),
        ("//sp.example/id-in/C1", "ALL", false),
        ("//sp.example/id-in/C1", "a*", false),
        ("//sp.example/id-in/C1", "c1", false),
    ];
    for (who, entry, admitted) in rows {
        let ask = Ask { originator: Some(who.to_owned()), ..Ask::plain() };
        let expected = if admitted { Ok(()) } else { Err(Denial::Originator) };
        assert_eq!(say(&ask, json!({"acor": [entry], "acop": 63})), expected, "{who} by {entry}");
    }
}

#[test]
fn an_originator_without_identity_is_admitted_by_all_alone() {
    let ask = Ask { originator: None, ..Ask::plain() };
    assert_eq!(say(&ask, json!({"acor": ["all"], "acop": 63})), Ok(()));
    for entry in ["/*/*", "C*", "//sp.example", "role1"] {
        let ask = Ask { roles: vec!["role1".into()], ..ask.clone() };
        assert_eq!(say(&ask, json!({"acor": [entry], "acop": 63})), Err(Denial::Originator));
    }
}

#[test]
fn groups_and_roles() {
    let ask = Ask {
        roles: vec!["123@das.example".into(), "role*".into()],
        groups: vec![
            ("cse-in/grp".into(), Membership::Member),
            ("/id-in/grp".into(), Membership::NotMember),
            ("/id-in/lost".into(), Membership::Unavailable),
            ("/id-in/g*".into(), Membership::Member),
        ],
        ..Ask::plain()
    };
    let rows = [
        (json!(["123@das.example"]), Ok(())),
        (json!(["cse-in/grp"]), Ok(())),
        (json!(["/id-in/grp"]), Err(Denial::Originator)),
        (json!(["/id-in/lost"]), Err(Denial::GroupUnavailable)),
        (json!(["/id-in/lost", "C1"]), Ok(())),
        (json!(["/id-in/unknown"]), Err(Denial::Originator)),
        // No wildcards in groups and roles, even if something of that name is there.
        (json!(["role*"]), Err(Denial::Originator)),
        (json!(["/id-in/g*"]), Err(Denial::Originator)),
    ];
    for (acor, expected) in rows {
        assert_eq!(say(&ask, json!({"acor": acor, "acop": 63})), expected, "{acor}");
    }
}

#[test]
fn operations_bit_by_bit() {
    for operation in [1, 2, 4, 8, 16, 32_u8] {
        for acop in 1..=63_u8 {
            let ask = Ask { operation, content: Some((3, None)), ..Ask::plain() };
            let expected = if acop & operation != 0 { Ok(()) } else { Err(Denial::Operation) };
            assert_eq!(say(&ask, json!({"acor": ["all"], "acop": acop})), expected);
        }
    }
}

#[test]
fn contexts_part_by_part() {
    let plain = Ask::plain();
    let blind = Ask { time: None, address: None, point: None, country: None, ..Ask::plain() };
    let rows = [
        (json!([]), &plain, Err(Denial::NoContext)),
        (json!([{}]), &plain, Ok(())),
        (json!([{}]), &blind, Ok(())),
        (json!([{"actw": ["56 34 12 23 11 1 2026"]}]), &plain, Ok(())),
        (json!([{"actw": ["57 34 12 23 11 1 2026"]}]), &plain, Err(Denial::Time)),
        (json!([{"actw": ["* * * 23 * 0 *"]}]), &plain, Err(Denial::Time)),
        (json!([{"actw": []}]), &plain, Err(Denial::Time)),
        (json!([{"actw": ["* * * * * * *"]}]), &blind, Err(Denial::TimeUnknown)),
        (json!([{"acip": {"ipv4": ["10.0.0.0/8"]}}]), &plain, Ok(())),
        (json!([{"acip": {"ipv4": ["10.2.0.0/16"]}}]), &plain, Err(Denial::Address)),
        (json!([{"acip": {"ipv6": ["::/0"]}}]), &plain, Err(Denial::Address)),
        (json!([{"acip": {}}]), &plain, Err(Denial::Address)),
        (json!([{"acip": {"ipv4": ["0.0.0.0/0"]}}]), &blind, Err(Denial::AddressUnknown)),
        (json!([{"aclr": {"accc": ["KR", "AT"]}}]), &plain, Ok(())),
        (json!([{"aclr": {"accc": ["KR"]}}]), &plain, Err(Denial::Location)),
        (json!([{"aclr": {"accc": ["AT"]}}]), &blind, Err(Denial::LocationUnknown)),
        (json!([{"aclr": {"accr": [48.2, 16.37, 0]}}]), &plain, Ok(())),
        (json!([{"aclr": {"accr": [48.2, 16.38, 700]}}]), &plain, Err(Denial::Location)),
        (json!([{"aclr": {"accr": [48.2, 16.38, 800]}}]), &plain, Ok(())),
        (json!([{"acui": ["u"]}]), &plain, Err(Denial::UnsupportedContext)),
        (json!([{"acec": {}}]), &plain, Err(Denial::UnsupportedContext)),
        (json!([{"acl": 3}]), &plain, Err(Denial::UnsupportedContext)),
        // One context is enough; the parts of one must all hold.
        (json!([{"acl": 3}, {}]), &plain, Ok(())),
        (
            json!([{"actw": ["* * 13 * * * *"]}, {"aclr": {"accc": ["KR"]}}]),
            &plain,
            Err(Denial::Location),
        ),
        (
            json!([{"actw": ["* * 12 * * * *"], "aclr": {"accc": ["KR"]}}]),
            &plain,
            Err(Denial::Location),
        ),
    ];
    for (acco, ask, expected) in rows {
        let rule = json!({"acor": ["all"], "acop": 63, "acco": acco});
        assert_eq!(say(ask, rule), expected, "{acco}");
    }
    let abroad = Ask { country: Some("KR".into()), point: None, ..Ask::plain() };
    let circle =
        json!({"acor": ["all"], "acop": 63, "acco": [{"aclr": {"accr": [48.2, 16.37, 1e9]}}]});
    assert_eq!(say(&abroad, circle), Err(Denial::LocationUnknown));
}

#[test]
fn object_details_part_by_part() {
    let instance = Ask::create(4);
    let mut firmware = Ask { target: 14, ..Ask::create(13) };
    firmware.content = Some((13, Some(json!({"mgd": 1001}))));
    let vague = Ask { target: 14, ..Ask::create(13) };
    let rows = [
        (json!([]), &instance, Err(Denial::NoObject)),
        (json!([{"chty": [4]}]), &instance, Ok(())),
        (json!([{"chty": [3, 23]}]), &instance, Err(Denial::ChildType)),
        (json!([{"chty": []}]), &instance, Err(Denial::ChildType)),
        (json!([{"ty": 3, "chty": [4]}]), &instance, Ok(())),
        (json!([{"ty": 2, "chty": [4]}]), &instance, Err(Denial::TargetType)),
        (json!([{"ty": 2, "chty": [4]}, {"ty": 3, "chty": [4]}]), &instance, Ok(())),
        // spty is compared with the content (clause 7.1.5).
        (json!([{"spty": {"mgd": 1001}, "chty": [13]}]), &firmware, Ok(())),
        (json!([{"spty": {"mgd": 1002}, "chty": [13]}]), &firmware, Err(Denial::Specialization)),
        (json!([{"spty": {"cnd": "1001"}, "chty": [13]}]), &firmware, Err(Denial::Specialization)),
        (
            json!([{"spty": {"mgd": 1001}, "chty": [13]}]),
            &vague,
            Err(Denial::SpecializationUnknown),
        ),
        (
            json!([{"ty": 14, "spty": {"mgd": 1001}, "chty": [4]}]),
            &firmware,
            Err(Denial::ChildType),
        ),
    ];
    for (acod, ask, expected) in rows {
        let rule = json!({"acor": ["all"], "acop": 63, "acod": acod});
        assert_eq!(say(ask, rule), expected, "{acod}");
        // They count for CREATE alone.
        let retrieve = Ask { operation: 2, ..ask.clone() };
        assert_eq!(say(&retrieve, json!({"acor": ["all"], "acop": 63, "acod": acod})), Ok(()));
    }
    let nothing = Ask { content: None, ..Ask::create(4) };
    let rule = json!({"acor": ["all"], "acop": 63, "acod": [{"chty": [4]}]});
    assert_eq!(say(&nothing, rule), Err(Denial::ChildType));
}

#[test]
fn a_rule_for_some_attributes_never_permits() {
    let rule = json!({"acor": ["all"], "acop": 63, "aca": ["lbl"]});
    assert_eq!(say(&Ask::plain(), rule), Err(Denial::Attributes));
}

#[test]
fn permit_overrides_across_rules_and_policies_and_names_the_first() {
    let no = json!({"acor": ["//other.example"], "acop": 63});
    let yes = json!({"acor": ["all"], "acop": 2});
    let sets =
        [json!({"acr": [no]}), json!({}), json!({"acr": [no, yes, yes]}), json!({"acr": [yes]})];
    let permit = Decision::Permit { rule: Place { policy: 2, rule: 1 } };
    assert_eq!(Ask::plain().decide(&sets), permit);
}

#[test]
fn a_denial_names_the_rule_that_came_furthest() {
    assert_eq!(Ask::plain().decide(&[]), Decision::Deny { why: Denial::NoRule, rule: None });
    let sets = [
        json!({"acr": [{"acor": ["S1"], "acop": 63}]}),
        json!({"acr": [
            {"acor": ["all"], "acop": 1},
            {"acor": ["all"], "acop": 2, "acco": [{"acip": {"ipv4": ["1.1.1.1"]}}]},
            {"acor": ["all"], "acop": 2, "acco": [{"actw": []}]},
        ]}),
    ];
    let rule = Some(Place { policy: 1, rule: 1 });
    assert_eq!(Ask::plain().decide(&sets), Decision::Deny { why: Denial::Address, rule });
}

#[test]
fn spellings_of_one_identity_are_equal() {
    let home = home();
    let parse = |text: &str| Identity::parse(text, &home);
    let same = ["C1", "/id-in/C1", "//sp.example/id-in/C1"].map(|text| parse(text).unwrap());
    assert!(same.iter().all(|id| *id == same[0] && id.to_string() == "//sp.example/id-in/C1"));
    assert_eq!(parse("S1"), parse("/S1"));
    assert_ne!(parse("/mn/C1"), parse("C1"));
    let long = format!("C{}", "x".repeat(512));
    let wrong = [
        "",
        "/",
        "//",
        "///",
        "C*",
        "/id-in/",
        "//sp.example",
        "a1",
        "/a/b/c",
        "C 1",
        "C1/x",
        "/é",
        &long,
    ];
    for text in wrong {
        assert_eq!(parse(text), None, "{text}");
    }
    assert_eq!(Home::new("sp.example", "/id-in"), None);
    assert_eq!(Home::new("//sp.example", "id-in"), None);
    assert_eq!(Home::new("//sp/x", "/id-in"), None);
}
