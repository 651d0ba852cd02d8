//! Cases in which each request is sound and only their meaning is in question: what was deleted, what belongs to
//! somebody else, what a policy says, groups and notifications that lead back to themselves.

use std::net::{IpAddr, Ipv4Addr};

use super::case::{Case, Expect};
use super::dice::Dice;
use super::oracle::{Oracle, Owed};
use super::stage::{Stage, TYPES, Type, container, entity, rules};
use crate::onem2m::access::{
    Decision, Home, Identity, Location, Nobody, Operation as Access, PolicyReader, Question,
    Resource, decide,
};
use crate::wire::primitive::{Operation, Request};
use crate::wire::value::{Map, Value};

/// The domain that relative identifiers are read in. All that the probe writes are relative, so any will do.
const DOMAIN: &str = "//probe.invalid";

fn case(
    stage: &Stage,
    class: &'static str,
    operation: &'static str,
    of: Type,
    requests: &[Request],
    expect: Expect,
) -> Option<Case> {
    let shots: Option<Vec<_>> = requests.iter().map(|request| stage.shot(request)).collect();
    let shots = shots?;
    Some(Case {
        class,
        operation,
        of,
        about: "sequence".to_owned(),
        setup: stage.build(of),
        focus: shots.len().checked_sub(1)?,
        shots,
        owed: Owed::Answer,
        expect,
    })
}

fn labels(text: &str) -> Map {
    Map::of("lbl", Value::List(vec![Value::from(text)]))
}

/// Valid requests about a type: made, retrieved, changed, found, deleted.
pub(super) fn benign(stage: &Stage, of: Type) -> Option<Case> {
    let place = stage.place(of);
    let mut discover = stage.request(Operation::Retrieve, &stage.entity());
    discover.filter = Some(crate::wire::primitive::FilterCriteria {
        usage: crate::wire::primitive::FilterUsage::from_number(1),
        ..Default::default()
    });
    let mut requests = vec![stage.request(Operation::Retrieve, &place), discover];
    if !matches!(of.number, 4 | 30) {
        requests.push(stage.update(of, labels("probe")));
    }
    requests.push(stage.request(Operation::Delete, &place));
    requests.push(stage.request(Operation::Retrieve, &place));
    let mut case = case(stage, "benign", "sequence", of, &requests, Expect::Sound)?;
    case.expect = Expect::Denied(
        Oracle::UseAfterDelete,
        "a resource that was deleted is retrieved all the same",
    );
    Some(case)
}

/// A request about what was deleted before, or what was below it.
pub(super) fn after_delete(stage: &Stage, of: Type, dice: &mut Dice) -> Option<Case> {
    let place = stage.place(of);
    let gone = match of.number {
        2 | 3 => format!("{place}/below"),
        _ => place.clone(),
    };
    let mut requests = Vec::new();
    if gone != place {
        let child = stage.create(&place, container(), Map::of("rn", Value::from("below")));
        requests.push(child);
    }
    requests.push(stage.request(Operation::Delete, &place));
    let focus = match dice.below(4) {
        0 => stage.request(Operation::Retrieve, &gone),
        1 => stage.request(Operation::Delete, &gone),
        2 => stage.create(&gone, container(), Map::of("rn", Value::from("late"))),
        _ => Request { to: gone, ..stage.update(of, labels("late")) },
    };
    let operation = word(focus.operation);
    requests.push(focus);
    let expect =
        Expect::Denied(Oracle::UseAfterDelete, "a request about a deleted resource succeeds");
    case(stage, "after_delete", operation, of, &requests, expect)
}

const fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "create",
        Operation::Retrieve => "retrieve",
        Operation::Update => "update",
        Operation::Delete => "delete",
        Operation::Notify => "notify",
    }
}

/// Another originator, registered or not, or one that only looks like the owner, and the owner's resource.
pub(super) fn foreign(stage: &Stage, of: Type, dice: &mut Dice) -> Option<Case> {
    let place = stage.place(of);
    let mut focus = match dice.below(4) {
        0 | 1 => stage.request(Operation::Retrieve, &place),
        2 => stage.update(of, labels("foreign")),
        _ => stage.request(Operation::Delete, &place),
    };
    let owner = &stage.owner;
    let names = [
        stage.other.clone(),
        stage.other.clone(),
        "Cksnobody".to_owned(),
        owner.to_lowercase(),
        owner.to_uppercase(),
        format!("{owner}x"),
        format!("/{owner}"),
        format!("{owner}\u{200b}"),
    ];
    let who = dice.pick(&names)?.clone();
    // In capitals it may be the same.
    if who == *owner {
        return None;
    }
    let about = if who == stage.other || who == "Cksnobody" { "another" } else { "look_alike" };
    focus.from = Some(who);
    let operation = word(focus.operation);
    let look = stage.request(Operation::Retrieve, &place);
    let why = "an originator without any privilege succeeds with the resource of another";
    let mut case = case(
        stage,
        "foreign",
        operation,
        of,
        &[look, focus],
        Expect::Denied(Oracle::Foreign, why),
    )?;
    about.clone_into(&mut case.about);
    case.setup.extend(stage.shot(&stage.register_other()));
    Some(case)
}

/// One rule, drawn from the parts of clause 7.1.5 that leave nothing to implementations.
fn rule(stage: &Stage, dice: &mut Dice) -> (Value, String) {
    let (owner, other) = (stage.owner.as_str(), stage.other.as_str());
    let stem = other.get(..other.len() - 1).unwrap_or_default();
    let wild = format!("{stem}*");
    let who: &[&str] = match dice.below(6) {
        0 => &[owner],
        1 => &[other],
        2 => &["all"],
        3 => &["Cksnobody", other],
        4 => &["Cksnobody"],
        _ => &[wild.as_str()],
    };
    let operations = u64::try_from(dice.below(63)).unwrap_or(0) + 1;
    let mut text = format!("acor {who:?}, acop {operations}");
    let Value::Map(set) = rules(who, operations) else { return (Value::Null, text) };
    let Some(Value::List(mut list)) = set.get("acr").cloned() else { return (Value::Null, text) };
    let Some(Value::Map(rule)) = list.first_mut() else { return (Value::Null, text) };
    let one = |name: &'static str, value: Value| Value::Map(Map::of(name, value));
    let texts = |text: &str| Value::List(vec![Value::from(text)]);
    let context = match dice.below(8) {
        0 => Some(("actw * * * * * * *", one("actw", texts("* * * * * * *")))),
        1 => Some(("actw * * * * * * 2001", one("actw", texts("* * * * * * 2001")))),
        2 => Some(("acip 127.0.0.0/8", one("acip", one("ipv4", texts("127.0.0.0/8"))))),
        3 => Some(("acip 192.0.2.1", one("acip", one("ipv4", texts("192.0.2.1"))))),
        _ => None,
    };
    if let Some((about, context)) = context {
        rule.insert("acco", Value::List(vec![context]));
        text.push_str(&format!(", {about}"));
    }
    if dice.once_in(4) {
        let child = *dice.pick(&[3_u64, 4, 23]).unwrap_or(&3);
        let detail = Map::of("chty", Value::List(vec![Value::from(child)]));
        rule.insert("acod", Value::List(vec![Value::Map(detail)]));
        text.push_str(&format!(", acod chty {child}"));
    }
    (one("acr", Value::List(list)), text)
}

/// Asks our own decision. `None` if the rules cannot be read, or are read in several ways.
fn decided(
    stage: &Stage,
    set: &Value,
    who: &str,
    operation: Access,
    creates: Option<u16>,
) -> Option<bool> {
    let home = Home::new(DOMAIN, "/probe-cse")?;
    let value = serde_json::to_value(set).ok()?;
    let policy = PolicyReader::Strict.policy(&value).ok()?;
    let address =
        if stage.at.ip().is_loopback() { Some(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { None };
    let question = Question {
        home: &home,
        originator: Some(Identity::parse(who, &home)?),
        authenticated: false,
        operation,
        time: Some(jiff::civil::date(2026, 1, 1).at(12, 0, 0, 0)),
        address,
        location: Location::default(),
        target_type: 3,
        content: creates.map(|resource_type| Resource { resource_type, specialization: None }),
    };
    Some(matches!(decide([&policy], &question, &Nobody), Decision::Permit { .. }))
}

/// A policy of the probe's own, a container that it governs, and somebody who wants something with it.
pub(super) fn access(stage: &Stage, dice: &mut Dice) -> Option<Case> {
    let (set, mut about) = rule(stage, dice);
    let of_policy = *TYPES.iter().find(|found| found.number == 1)?;
    let mut policy = stage.example(of_policy, false);
    policy.insert("rn", Value::from("p"));
    policy.insert("pv", set.clone());
    let mut attributes = Map::of("rn", Value::from("c"));
    let reference = Value::Text(format!("{}/p", stage.entity()));
    attributes.insert("acpi", Value::List(vec![reference]));
    let place = format!("{}/c", stage.entity());
    let who = dice.pick(&[stage.owner.clone(), stage.other.clone(), stage.other.clone()])?.clone();
    let (mut focus, operation, creates) = match dice.below(5) {
        0 => (stage.request(Operation::Retrieve, &place), Access::Retrieve, None),
        1 => {
            let update = stage.update(container(), labels("access"));
            (Request { to: place, ..update }, Access::Update, None)
        }
        2 => (stage.request(Operation::Delete, &place), Access::Delete, None),
        3 => (stage.create(&place, container(), Map::new()), Access::Create, Some(3)),
        _ => {
            let instance = *TYPES.iter().find(|found| found.number == 4)?;
            let made = stage.example(instance, false);
            (stage.create(&place, instance, made), Access::Create, Some(4))
        }
    };
    focus.from = Some(who.clone());
    let permit = decided(stage, &set, &who, operation, creates)?;
    about.push_str(if who == stage.owner {
        ", asked by the creator"
    } else {
        ", asked by another"
    });
    let word = word(focus.operation);
    let requests = [
        stage.create(&stage.entity(), of_policy, policy),
        stage.create(&stage.entity(), container(), attributes),
        focus,
    ];
    let mut case =
        case(stage, "access", word, entity(), &requests, Expect::Decision(permit, about.clone()))?;
    case.about = kinds(&about);
    case.setup.extend(stage.shot(&stage.register_other()));
    Some(case)
}

/// What parts a rule has, without their values: findings of one kind are one.
fn kinds(about: &str) -> String {
    let has = |word: &&&str| about.contains(**word);
    let words = ["\"all\"", "*\"", "actw", "acip", "acod", "creator"];
    let found: Vec<&str> = words.iter().filter(has).copied().collect();
    if found.is_empty() { "plain".to_owned() } else { found.join("+").replace(['"', '*'], "") }
}

/// A policy whose owner locks itself out, and then asks for it.
pub(super) fn lockout(stage: &Stage, dice: &mut Dice) -> Option<Case> {
    let of = *TYPES.iter().find(|found| found.number == 1)?;
    let set = match dice.below(3) {
        0 => rules(&["Cksnobody"], 63),
        1 => rules(&[&stage.owner], 8),
        _ => rules(&[&stage.other], 63),
    };
    let lock = stage.update(of, Map::of("pvs", set));
    let look = stage.request(Operation::Retrieve, &stage.place(of));
    let expect = Expect::Decision(false, "pvs no longer names the originator".to_owned());
    case(stage, "lockout", "retrieve", of, &[lock, look], expect)
}

/// A group with itself or its own fan-out among its members, asked to fan out.
pub(super) fn group_loop(stage: &Stage, dice: &mut Dice) -> Option<Case> {
    let of = *TYPES.iter().find(|found| found.number == 9)?;
    let group = format!("{}/g", stage.entity());
    let member = match dice.below(3) {
        0 => group.clone(),
        1 => format!("{group}/fopt"),
        _ => stage.entity(),
    };
    let mut attributes = Map::of("rn", Value::from("g"));
    attributes.insert("mnm", Value::from(10));
    let members = vec![Value::Text(stage.entity()), Value::Text(member)];
    attributes.insert("mid", Value::List(members));
    let make = stage.create(&stage.entity(), of, attributes);
    let mut join =
        stage.update(of, Map::of("mid", Value::List(vec![Value::Text(format!("{group}/fopt"))])));
    join.to.clone_from(&group);
    let ask = stage.request(Operation::Retrieve, &format!("{group}/fopt"));
    case(stage, "group_loop", "retrieve", entity(), &[make, join, ask], Expect::Sound)
}

/// A subscription whose notifications go to the target itself, and something to be told of. One notification: the
/// target of it tells nobody.
pub(super) fn self_notification(stage: &Stage, dice: &mut Dice) -> Option<Case> {
    let of = *TYPES.iter().find(|found| found.number == 23)?;
    let place = stage.place(container());
    let scheme = stage.binding.word();
    let back = [
        format!("{scheme}://{}/{}", stage.at, stage.entity()),
        format!("{scheme}://{}/{}", stage.at, stage.base),
        stage.entity(),
        format!("{scheme}://{}/", stage.at),
        "http://127.0.0.1:1/".to_owned(),
        "x-scheme://y".to_owned(),
    ];
    let nu = Value::List(vec![Value::Text(dice.pick(&back)?.clone())]);
    let mut attributes = Map::of("rn", Value::from("s"));
    attributes.insert("nu", nu);
    let tell = stage.update(container(), labels("told"));
    let requests = [stage.create(&place, of, attributes), tell];
    let mut case =
        case(stage, "self_notification", "create", container(), &requests, Expect::Sound)?;
    case.about = "nu".to_owned();
    Some(case)
}
