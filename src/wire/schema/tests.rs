//! The tables that ship are well formed, and a flaw in a table is found.

use super::*;

#[test]
fn the_tables_that_ship_are_well_formed() {
    let schema = Schema::read(ATTRIBUTES, RESOURCES).unwrap();
    assert!(schema.attributes().len() > 650 && schema.resources().len() > 80);
    assert_eq!(Schema::shipped().attributes().len(), schema.attributes().len());
}

#[test]
fn types_depend_on_the_place() {
    let kind = |parent, member| {
        let kind = Schema::shipped().kind(parent, member).unwrap();
        (kind.base, kind.list)
    };
    assert_eq!(kind("m2m:cnt", "lbl"), (Base::Text, true));
    assert_eq!(kind("m2m:cin", "con"), (Base::Any, false));
    assert_eq!(kind("m2m:cin", "ty"), (Base::Integer, false));
    assert_eq!(kind("fc", "ty"), (Base::Integer, true));
    assert_eq!(kind("fc", "atr"), (Base::Object, true));
    assert_eq!(kind("enc", "atr"), (Base::Text, true));
    assert_eq!(kind("enc", "net"), (Base::Integer, true));
    assert_eq!(kind("nev", "net"), (Base::Integer, false));
    assert_eq!(kind("m2m:sub", "enc"), (Base::Object, false));
    assert_eq!(kind("encs", "enc"), (Base::Object, true));
    assert_eq!(kind("m2m:ae", "loc"), (Base::Object, false));
    assert_eq!(kind("m2m:dvi", "loc"), (Base::Text, false));
    assert_eq!(kind("m2m:agr", "m2m:rsp"), (Base::Object, true));
    assert_eq!(kind("m2m:rqp", "tkns"), (Base::Text, true));
    assert_eq!(Schema::shipped().kind("cod:colour", "red"), None);
}

#[test]
fn names_in_full_have_short_ones() {
    let schema = Schema::shipped();
    assert_eq!(schema.short("labels"), Some("lbl"));
    assert_eq!(schema.short("requestIdentifier"), Some("rqi"));
    assert_eq!(schema.resource_named("ContentInstance").unwrap().number, 4);
    assert_eq!(schema.resource("m2m:bat").unwrap().definition, Some(1_006));
    let rules = schema.attribute("CIN", "con").unwrap();
    assert_eq!((rules.create, rules.update), (Presence::Optional, Presence::NotPermitted));
    assert_eq!(schema.attribute("CIN", "ri").unwrap().create, Presence::NotPermitted);
}

#[test]
fn a_flaw_is_named_with_its_line() {
    let read = |attributes, resources| Schema::read(attributes, resources).unwrap_err();
    assert_eq!(read("# c\nri\tx\n", "").line, 2);
    let row = "a\tb\twhatever\t-\t-\t1\tO\tO\tOA\tALL";
    assert_eq!(read(row, ""), Flawed { line: 1, what: "the type is not known" });
    assert_eq!(read("a\tb\tstring\t-\t-\t1\tX\tO\tOA\tALL", "").what, "the presence is not known");
    assert_eq!(
        read("a\tb\tstring\t-\t-\t7\tO\tO\tOA\tALL", "").what,
        "the cardinality is not known"
    );
    assert_eq!(read("", "CIN\tm2m:cin\tX\tfour\t-").what, "the type is no number");
}
