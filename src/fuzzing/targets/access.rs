//! Access-control policies: how they are read, and what they decide, against a twin that decides by brute
//! force from the same JSON.

use std::net::IpAddr;

use jiff::civil::date;

use super::{Oracle, Tape, Trail, Verdict, check};
use crate::onem2m::access::{
    Decision, Home, Identity, Location, Lookup, Membership, Operation, PolicyReader, Question,
    Resource, Window, decide,
};
use serde_json::{Value, json};

/// Any bytes as a policy in JSON, and as a window.
pub(in crate::fuzzing) fn rule(input: &[u8], trail: &mut Trail) -> Verdict {
    trail.said("window", &Window::parse(super::text(input)).err());
    let Ok(set) = serde_json::from_slice::<Value>(input) else {
        trail.said("json", &false);
        return Ok(());
    };
    let strict = PolicyReader::Strict.policy(&set);
    let stored = PolicyReader::Stored.policy(&set);
    trail.said(
        "strict",
        &strict.as_ref().map(|policy| policy.rules.len()).map_err(|fault| fault.what),
    );
    trail.said("stored", &stored.is_ok());
    if let (Ok(strict), Ok(stored)) = (&strict, &stored) {
        trail.accept("policy");
        check(strict == stored, Oracle::Differential, "strict and stored", || format!("{set:?}"))?;
    }
    // A rule that cannot be read never permits.
    let Ok(policy) = stored else { return Ok(()) };
    let Some(home) = home() else { return Ok(()) };
    let asked = Asked::default();
    let decision = decide([&policy], &asked.question(&home), &asked);
    let may = strict.is_ok() || policy.rules.len() > 1;
    check(may || !decision.is_permit(), Oracle::Access, "unreadable rule", || format!("{set:?}"))
}

fn home() -> Option<Home> {
    Home::new("//sp.example", "/id-in")
}

/// The parts from which rules and questions are made.
const ORIGINATORS: [&str; 14] = [
    "all",
    "//sp.example",
    "/id-in/C1",
    "C1",
    "C*",
    "/id-mn/*",
    "//other.example/id-x/C1",
    "S1",
    "/id-in/C1*",
    "//sp.example/id-in/C*1",
    "grp1",
    "role1",
    "/id-mn",
    "//sp.example/id-in/C2",
];
const WHO: [&str; 8] = [
    "//sp.example/id-in/C1",
    "//sp.example/id-in/C2",
    "//sp.example/id-in/C11",
    "//sp.example/id-mn",
    "//sp.example/id-mn/C1",
    "//other.example/id-x/C1",
    "//sp.example/S1",
    "//sp.example.org/id-in/C1",
];
const BLOCKS: [&str; 6] =
    ["10.0.0.0/8", "10.1.2.3", "10.1.0.0/16", "192.0.2.128/25", "0.0.0.0/0", "10.1.2.0/31"];
const ADDRESSES: [[u8; 4]; 5] =
    [[10, 1, 2, 3], [10, 200, 0, 1], [192, 0, 2, 127], [192, 0, 2, 128], [10, 1, 2, 0]];
/// Hours of the day, first and last, as windows and as numbers.
const HOURS: [(u8, u8); 4] = [(0, 11), (12, 12), (13, 23), (0, 23)];

/// A block of addresses and the hours of a day.
type Around = (Option<&'static str>, Option<(u8, u8)>);

/// A rule in plain data.
#[derive(Clone, Debug)]
struct Rule {
    originators: Vec<&'static str>,
    operations: u8,
    authenticated: bool,
    /// Blocks of addresses and hours, each of them or none.
    contexts: Option<Vec<Around>>,
    /// Types of children that may be created.
    children: Option<Vec<u16>>,
}

/// A question in plain data.
#[derive(Clone, Debug)]
struct Asked {
    who: Option<&'static str>,
    operation: u8,
    authenticated: bool,
    address: Option<[u8; 4]>,
    hour: Option<u8>,
    child: u16,
}

impl Default for Asked {
    fn default() -> Self {
        let (who, address) = (Some(WHO[0]), Some(ADDRESSES[0]));
        Self { who, operation: 1, authenticated: true, address, hour: Some(12), child: 3 }
    }
}

impl Rule {
    fn read(tape: &mut Tape<'_>) -> Self {
        let bits = tape.byte();
        let count = usize::from(bits & 3);
        let originators = (0..count).filter_map(|_| tape.pick(&ORIGINATORS)).collect();
        let operations = 1 + tape.byte() % 63;
        let contexts = (bits & 4 != 0).then(|| {
            let count = usize::from(bits >> 6);
            let one = |tape: &mut Tape<'_>| {
                let which = tape.byte();
                let block = if which & 1 == 1 { tape.pick(&BLOCKS) } else { None };
                (block, if which & 2 == 2 { tape.pick(&HOURS) } else { None })
            };
            (0..count).map(|_| one(tape)).collect()
        });
        let children = (bits & 8 != 0).then(|| vec![u16::from(tape.byte() % 5), 3]);
        Self { originators, operations, authenticated: bits & 16 != 0, contexts, children }
    }

    fn value(&self) -> Value {
        let mut rule = json!({"acor": self.originators, "acop": self.operations});
        if self.authenticated {
            rule["acaf"] = true.into();
        }
        if let Some(contexts) = &self.contexts {
            let one = |(block, hours): &(Option<&str>, Option<(u8, u8)>)| {
                let mut context = json!({});
                if let Some(block) = block {
                    context["acip"] = json!({"ipv4": [block]});
                }
                if let Some((from, to)) = hours {
                    context["actw"] = json!([format!("* * {from}-{to} * * * *")]);
                }
                context
            };
            rule["acco"] = contexts.iter().map(one).collect();
        }
        if let Some(children) = &self.children {
            rule["acod"] = json!([{"chty": children}]);
        }
        rule
    }
}

impl Asked {
    fn read(tape: &mut Tape<'_>) -> Self {
        let bits = tape.byte();
        Self {
            who: (bits & 1 == 0).then(|| tape.pick(&WHO)).flatten(),
            operation: 1 << (tape.byte() % 6),
            authenticated: bits & 2 == 0,
            address: (bits & 4 == 0).then(|| tape.pick(&ADDRESSES)).flatten(),
            hour: (bits & 8 == 0).then(|| tape.byte() % 24),
            child: u16::from(tape.byte() % 5),
        }
    }

    fn question<'a>(&self, home: &'a Home) -> Question<'a> {
        let operation = Operation::ALL.into_iter().find(|one| *one as u8 == self.operation);
        let operation = operation.unwrap_or(Operation::ALL[0]);
        let creates = self.operation == 1;
        Question {
            home,
            originator: self.who.and_then(|who| Identity::parse(who, home)),
            authenticated: self.authenticated,
            operation,
            time: self.hour.map(|hour| date(2026, 11, 23).at(hour as i8, 30, 0, 0)),
            address: self.address.map(IpAddr::from),
            location: Location { point: None, country: None },
            target_type: 2,
            content: creates
                .then_some(Resource { resource_type: self.child, specialization: None }),
        }
    }
}

/// The first is in the group, the second has the role.
impl Lookup for Asked {
    fn in_group(&self, who: &Identity, group: &str) -> Membership {
        Membership::from(group == "grp1" && who.to_string() == WHO[0])
    }

    fn has_role(&self, who: &Identity, role: &str) -> bool {
        role == "role1" && who.to_string() == WHO[1]
    }
}

/// Up to four rules and a question: the decision is the twin's.
pub(in crate::fuzzing) fn decision(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let asked = Asked::read(&mut tape);
    let count = usize::from(tape.byte() % 5);
    let rules: Vec<Rule> = (0..count).map(|_| Rule::read(&mut tape)).collect();
    let set = json!({"acr": rules.iter().map(Rule::value).collect::<Vec<_>>()});
    let Some(home) = home() else { return Ok(()) };
    let policy = match PolicyReader::Strict.policy(&set) {
        Ok(policy) => policy,
        Err(fault) => {
            trail.said("fault", &fault.what);
            return Ok(());
        }
    };
    let decision = decide([&policy], &asked.question(&home), &asked);
    match decision {
        Decision::Permit { .. } => trail.accept("permit"),
        Decision::Deny { why, .. } => trail.said("deny", &why),
    }
    let twin = rules.iter().any(|rule| permits(rule, &asked));
    check(decision.is_permit() == twin, Oracle::Access, "decision", || {
        format!("{decision:?}, the twin says {twin}: {rules:?} {asked:?}")
    })
}

/// The twin, from TS-0003 clause 7.1.5 in another style: everything written out as text and numbers.
fn permits(rule: &Rule, asked: &Asked) -> bool {
    let authn = !rule.authenticated || asked.authenticated;
    let origs = rule.originators.iter().any(|entry| names(entry, asked.who));
    let ops = rule.operations / asked.operation % 2 == 1;
    let ctxts = rule.contexts.as_ref().is_none_or(|all| all.iter().any(|one| inside(one, asked)));
    let creates = asked.operation == 1;
    let objd = !creates || rule.children.as_ref().is_none_or(|all| all.contains(&asked.child));
    authn && origs && ops && ctxts && objd
}

fn names(entry: &str, who: Option<&str>) -> bool {
    if entry == "all" {
        return true;
    }
    let Some(who) = who else { return false };
    match entry {
        "grp1" => who == WHO[0],
        "role1" => who == WHO[1],
        "//sp.example" => who.starts_with("//sp.example/"),
        _ => {
            let absolute = match entry.as_bytes() {
                [b'/', b'/', ..] => entry.to_owned(),
                [b'/', ..] => format!("//sp.example{entry}"),
                [b'C', ..] => format!("//sp.example/id-in/{entry}"),
                _ => format!("//sp.example/{entry}"),
            };
            glob(absolute.as_bytes(), who.as_bytes())
        }
    }
}

/// Exponential in the worst case, and plain.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => {
            glob(rest, text)
                || text.first().is_some_and(|c| *c != b'/' && glob(pattern, &text[1..]))
        }
        ([p, pattern @ ..], [t, text @ ..]) => p == t && glob(pattern, text),
        _ => false,
    }
}

fn inside((block, hours): &(Option<&str>, Option<(u8, u8)>), asked: &Asked) -> bool {
    let time =
        hours.is_none_or(|(from, to)| asked.hour.is_some_and(|hour| from <= hour && hour <= to));
    time && block.is_none_or(|block| asked.address.is_some_and(|address| in_block(block, address)))
}

/// The addresses are compared as texts of bits.
fn in_block(block: &str, address: [u8; 4]) -> bool {
    let bits = |bytes: [u8; 4]| bytes.iter().map(|byte| format!("{byte:08b}")).collect::<String>();
    let (start, len) = block.split_once('/').unwrap_or((block, "32"));
    let start: Vec<u8> = start.split('.').filter_map(|part| part.parse().ok()).collect();
    let (Ok(start), Ok(len)) = (<[u8; 4]>::try_from(start), len.parse::<usize>()) else {
        return false;
    };
    bits(start).get(..len) == bits(address).get(..len)
}

pub(in crate::fuzzing) fn rule_seeds() -> Vec<Vec<u8>> {
    [
        r#"{"acr":[{"acor":["Cone","/id-mn/*","all"],"acop":63,"acaf":true}]}"#,
        r#"{"acr":[{"acor":["all"],"acop":2,"acco":[{"actw":["* * 8-17 * * 1-5 *"],"acip":{"ipv4":["10.0.0.0/8"],"ipv6":["2001:db8::/32"]},"aclr":{"accc":["AT"]}}]}]}"#,
        r#"{"acr":[{"acor":["//sp.example"],"acop":1,"acod":[{"ty":2,"chty":[3,4]}],"acco":[{"aclr":{"accr":[48.2,16.3,1000.0]}}]}]}"#,
        "0-59/2 * 1,2,3 * 1-12 0-6 2000-9999",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// Words of policies.
pub(in crate::fuzzing) const WORDS: &[&str] = &[
    "\"acr\":[",
    "{\"acor\":[",
    "\"acop\":",
    "\"acco\":[",
    "\"acod\":[",
    "\"actw\":[",
    "\"acip\":{",
    "\"ipv4\":[",
    "\"ipv6\":[",
    "\"aclr\":{",
    "\"accc\":[",
    "\"accr\":[",
    "\"acaf\":true",
    "\"chty\":[",
    "\"ty\":",
    "\"spty\":{",
    "\"all\"",
    "\"C*\"",
    "\"10.0.0.0/8\"",
    "\"::/0\"",
    "\"* * * * * * *\"",
    "63",
    "64",
    "1-5/2",
    ",",
    "]",
    "}",
];

pub(in crate::fuzzing) fn decision_seeds() -> Vec<Vec<u8>> {
    (0..14_u8)
        .map(|n| {
            vec![0, n % 8, n % 6, n % 5, 12, 3, 2, n << 6 | 5, n, 63, 3, n % 6, 1, 1, n + 1, 62]
        })
        .collect()
}
