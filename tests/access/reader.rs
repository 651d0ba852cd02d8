//! Policies out of JSON: what is refused, where, and what becomes of rules that cannot be read.

use keystorm::onem2m::access::{Decision, Denial, MAX_RULES, Place, PolicyReader, Slot};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Ask;

fn fault(rule: Value) -> String {
    PolicyReader::Strict.policy(&json!({"acr": [rule]})).unwrap_err().to_string()
}

#[test]
fn faults_say_where_and_what() {
    let with = |name: &str, value: Value| {
        let mut rule = json!({"acor": ["all"], "acop": 63});
        rule[name] = value;
        fault(rule)
    };
    let context = |context: Value| with("acco", json!([{}, context]));
    let cases = [
        (fault(json!({"acop": 1})), "acr[0].acor: missing"),
        (fault(json!({"acor": []})), "acr[0].acop: missing"),
        (fault(json!([])), "acr[0]: must be an object"),
        (with("acop", json!(0)), "acr[0].acop: operations must be 1 to 63"),
        (with("acop", json!(64)), "acr[0].acop: operations must be 1 to 63"),
        (with("acop", json!("1")), "acr[0].acop: must be a number"),
        (with("acop", json!(-1)), "acr[0].acop: must be a number"),
        (with("acor", json!("all")), "acr[0].acor: must be a list"),
        (with("acor", json!(["all", ""])), "acr[0].acor[1]: not an originator"),
        (with("acor", json!(["a b"])), "acr[0].acor[0]: not an originator"),
        (with("acaf", json!(1)), "acr[0].acaf: must be true or false"),
        (with("acxx", json!(1)), "acr[0].acxx: not known"),
        (with("x\n\u{1b}", json!(1)), "acr[0].x\\n\\u{1b}: not known"),
        (with("acod", json!([{"ty": 3}])), "acr[0].acod[0].chty: missing"),
        (with("acod", json!([{"ty": 13, "chty": [1]}])), "acr[0].acod[0]: ty 13 and 28 need spty"),
        (
            with("acod", json!([{"spty": {}, "chty": []}])),
            "acr[0].acod[0].spty: must have one of cnd and mgd, and only one",
        ),
        (
            with("acod", json!([{"chty": [70_000]}])),
            "acr[0].acod[0].chty[0]: must be a resource type",
        ),
        (
            context(json!({"actw": ["* * *"]})),
            "acr[0].acco[1].actw[0]: not seven fields: second, minute, hour, day, month, day of the week, year",
        ),
        (
            context(json!({"acip": {"ipv4": ["1.2.3.4", "x"]}})),
            "acr[0].acco[1].acip.ipv4[1]: not an address with an optional prefix length, such as 10.125.0.0/16",
        ),
        (context(json!({"acip": {"ipv5": []}})), "acr[0].acco[1].acip.ipv5: not known"),
        (
            context(json!({"aclr": {}})),
            "acr[0].acco[1].aclr: must have one of accr and accc, and only one",
        ),
        (
            context(json!({"aclr": {"accr": [0, 0, 0], "accc": []}})),
            "acr[0].acco[1].aclr: must have one of accr and accc, and only one",
        ),
        (
            context(json!({"aclr": {"accr": [0, 0]}})),
            "acr[0].acco[1].aclr.accr: must be latitude (-90 to 90), longitude (-180 to 180) and radius (0 or more)",
        ),
        (
            context(json!({"aclr": {"accr": [0, 0, -1]}})),
            "acr[0].acco[1].aclr.accr: must be latitude (-90 to 90), longitude (-180 to 180) and radius (0 or more)",
        ),
        (
            context(json!({"aclr": {"accc": ["at"]}})),
            "acr[0].acco[1].aclr.accc[0]: must be two upper-case letters",
        ),
    ];
    for (said, expected) in cases {
        assert_eq!(said, expected);
    }
}

#[test]
fn too_many_rules_are_refused_before_they_are_read() {
    let rules = vec![Value::Null; MAX_RULES + 1];
    for reader in [PolicyReader::Strict, PolicyReader::Stored] {
        let fault = reader.policy(&json!({"acr": rules})).unwrap_err();
        assert_eq!(fault.to_string(), "acr: more than 256 entries");
    }
}

#[test]
fn both_sets_are_read_and_pvs_is_never_empty() {
    let rule = json!({"acor": ["all"], "acop": 2});
    let whole = json!({"rn": "acp", "pv": {"acr": []}, "pvs": {"acr": [rule]}});
    let policy = PolicyReader::Strict.resource(&whole).unwrap();
    assert_eq!((policy.privileges.rules.len(), policy.self_privileges.rules.len()), (0, 1));
    let say = |value: Value| PolicyReader::Strict.resource(&value).unwrap_err().to_string();
    assert_eq!(say(json!({"pv": {}})), "pvs: missing");
    assert_eq!(say(json!({"pv": {}, "pvs": {}})), "pvs: must have a rule");
    assert_eq!(say(json!({"pv": {"acr": [1]}, "pvs": {}})), "pv.acr[0]: must be an object");
}

#[test]
fn a_stored_rule_that_cannot_be_read_permits_nothing_and_hides_nothing() {
    let bad = json!({"acor": ["all"], "acop": 63, "acco": [{"actw": ["daily"]}]});
    let good = json!({"acor": ["all"], "acop": 2});
    let read = |rules: Value| PolicyReader::Stored.policy(&json!({"acr": rules})).unwrap();
    let only_bad = read(json!([bad]));
    assert!(matches!(&only_bad.rules[..], [Slot::Unreadable(_)]));
    let deny = Decision::Deny { why: Denial::Unreadable, rule: Some(Place { policy: 0, rule: 0 }) };
    assert_eq!(Ask::plain().decide_policies(&[only_bad]), deny);
    let permit = Decision::Permit { rule: Place { policy: 0, rule: 1 } };
    assert_eq!(Ask::plain().decide_policies(&[read(json!([bad, good]))]), permit);
}

/// JSON of any shape, with the names of rules in it.
fn anything() -> impl Strategy<Value = Value> {
    let names = [
        "acr", "acor", "acop", "acco", "acod", "acaf", "actw", "acip", "aclr", "accr", "ipv4",
        "chty",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(names.to_vec()), inner, 0..5)
                .prop_map(|map| Value::Object(
                    map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
                )),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_ends_in_a_policy_or_a_fault(value in anything()) {
        let _ = PolicyReader::Strict.resource(&value);
        let _ = PolicyReader::Strict.policy(&value);
        let _ = PolicyReader::Stored.policy(&json!({"acr": [value]}));
    }
}
