//! A whole CSE: sequences of requests, over both stores at once, and CoAP messages of any bytes.

use super::{Oracle, Tape, Trail, Verdict, Violation, check};
use crate::onem2m::Service;
use crate::onem2m::cse::{Config, Cse, Hop, Incoming, Output, REFUSALS};
use crate::onem2m::tree::{Memory, Sqlite, Store};
use crate::sim::time::{Duration, Time};
use crate::wire::binding::coap as binding;
use crate::wire::coap::{Kind, Token};
use crate::wire::primitive::{
    Content, FilterCriteria, FilterUsage, Operation, Profile, Release, Request, ResourceType,
    Response, ResultContent, Rsc,
};
use crate::wire::value::{self, Map, Serialisation, Value};

/// Bytes of a step.
pub(in crate::fuzzing) const STEP: usize = 6;
const STEPS_MAX: usize = 24;
/// The reason of another CSE, which ours passes on.
const ELSEWHERE: &str = "refused elsewhere";
/// One input in so many runs over SQLite too.
const BOTH: u8 = 16;

const FROM: [&str; 8] = ["Cone", "Ctwo", "Cadmin", "Cone", "C", "/id-mn", "Cnew", "Cone*"];
const TO: [&str; 20] = [
    "Cone/c",
    "Cone",
    "cse-in",
    "Cone/c/la",
    "Cone/c/ol",
    "Cone/g/fopt",
    "Cone/c/s",
    "Cone/g",
    "Ctwo",
    "Ctwo/c",
    "Cone/c/i",
    "-",
    "..",
    "Cone/../Ctwo",
    "//sp.example/id-in/Cone",
    "/id-mn/x",
    "cnt3",
    "cin4",
    "Cone/p",
    "Cone/d",
];
/// Types and contents of what is created.
const CONTENTS: [(u16, &str); 14] = [
    (4, r#"{"m2m:cin":{"con":"1"}}"#),
    (4, r#"{"m2m:cin":{"rn":"i","con":"0123456789"}}"#),
    (3, r#"{"m2m:cnt":{"rn":"d","mni":2,"mbs":9}}"#),
    (3, r#"{"m2m:cnt":{"mni":4}}"#),
    (9, r#"{"m2m:grp":{"rn":"g","mnm":3,"mid":["Cone/c"]}}"#),
    (23, r#"{"m2m:sub":{"rn":"s","nu":["Cone"],"enc":{"net":[1,3]}}}"#),
    (2, r#"{"m2m:ae":{"api":"Nx","rr":true,"srv":["4"]}}"#),
    (1, r#"{"m2m:acp":{"rn":"p","pv":{"acr":[]},"pvs":{"acr":[{"acor":["Cone"],"acop":63}]}}}"#),
    (14, r#"{"m2m:nod":{"rn":"n","ni":"n"}}"#),
    (16, r#"{"m2m:csr":{"csi":"/id-mn","cb":"/id-mn/cse-mn","rr":false,"srv":["4"]}}"#),
    (4, r#"{"m2m:cin":{}}"#),
    (3, r#"{"m2m:cin":{"con":"1"}}"#),
    (99, r#"{"m2m:x":{}}"#),
    (3, r#"{"m2m:cnt":{"lbl":["a","b"],"et":"20991231T000000"}}"#),
];
/// Attributes that may be added or changed.
const MEMBERS: [(&str, &str); 16] = [
    ("mni", "3"),
    ("mni", "0"),
    ("mbs", "9"),
    ("lbl", "[\"x\"]"),
    ("et", "\"20200101T000000\""),
    ("con", "\"'<\""),
    ("ri", "\"x\""),
    ("cr", "\"Ctwo\""),
    ("acpi", "[\"Cone/p\"]"),
    ("rn", "\"..\""),
    ("mid", "[\"Cone\",\"Ctwo\"]"),
    ("exc", "2"),
    ("nu", "[]"),
    ("zz", "1"),
    ("lbl", "null"),
    ("mia", "1"),
];

/// A CSE with two AEs, a container, a group and a subscription.
struct World<S: Store> {
    cse: Cse<S>,
    now: Time,
    next: u64,
}

impl<S: Store> World<S> {
    fn new(store: S) -> Option<Self> {
        let config = Config {
            administrator: Some("Cadmin".to_owned()),
            remotes: vec!["/id-mn".to_owned()],
            ..Config::infrastructure("//sp.example", "/id-in", "cse-in")
        };
        let mut world = Self { cse: Cse::open(config, store).ok()?, now: Time::ZERO, next: 0 };
        for (from, to, ty, json) in [
            ("Cone", "cse-in", 2, r#"{"m2m:ae":{"rn":"Cone","api":"Nx","rr":true,"srv":["4"]}}"#),
            ("Ctwo", "cse-in", 2, r#"{"m2m:ae":{"rn":"Ctwo","api":"Nx","rr":true,"srv":["4"]}}"#),
            ("Cone", "Cone", 3, r#"{"m2m:cnt":{"rn":"c","mni":3,"mbs":40}}"#),
            ("Cone", "Cone/c", 4, r#"{"m2m:cin":{"rn":"i0","con":"1"}}"#),
            ("Cone", "Cone", 9, r#"{"m2m:grp":{"rn":"g","mnm":3,"mid":["Cone/c"]}}"#),
        ] {
            world.ask(Some(from), made(Operation::Create, from, to, Some(ty), content(json)));
        }
        Some(world)
    }

    /// Asks, and answers what the CSE asks others.
    fn ask(&mut self, hop: Option<&str>, request: Request) -> Option<Response> {
        let mut out = Vec::new();
        let hop = hop.map_or_else(Hop::default, Hop::of);
        self.next += 1;
        self.cse.handle(self.now, &hop, Incoming(self.next), request, &mut out);
        let mut answer = None;
        // Each answer may bring more questions; a CSE that asks without end is a finding.
        for _ in 0..64 {
            let Some(output) = out.pop() else { return answer };
            match output {
                Output::Answer { exchange, response } if exchange == Incoming(self.next) => {
                    answer = Some(*response);
                }
                Output::Send { exchange, .. } => {
                    let response = elsewhere(self.next.is_multiple_of(3));
                    self.cse.answered(self.now, exchange, response, &mut out);
                }
                _ => {}
            }
        }
        answer
    }

    fn digest(&self) -> Option<u64> {
        self.cse.digest().ok()
    }
}

/// What another CSE answers: it is served, or refused with a reason as a CSE gives one.
fn elsewhere(is_refused: bool) -> Response {
    let status = Rsc(if is_refused { 5_103 } else { 2_000 });
    let content = is_refused.then(|| Content::new("m2m:dbg", Value::from(ELSEWHERE)));
    Response { status, content, ..Response::default() }
}

fn content(json: &str) -> Option<Content> {
    Content::from_map(value::read(json.as_bytes(), Serialisation::Json).ok()?).ok()
}

fn made(
    operation: Operation,
    from: &str,
    to: &str,
    ty: Option<u16>,
    content: Option<Content>,
) -> Request {
    Request {
        operation,
        to: to.to_owned(),
        from: (!from.is_empty()).then(|| from.to_owned()),
        request_id: "r".to_owned(),
        release: Some(Release::R4),
        resource_type: ty.map(ResourceType),
        content,
        ..Request::default()
    }
}

/// A request, and who sends it.
fn request([what, from, to, pc, more, rest]: [u8; STEP]) -> (&'static str, Request) {
    let at = |n: u8, len: usize| usize::from(n) % len;
    let (from, to) = (FROM[at(from, FROM.len())], TO[at(to, TO.len())]);
    let (ty, json) = CONTENTS[at(pc, CONTENTS.len())];
    let operation = [
        Operation::Create,
        Operation::Retrieve,
        Operation::Update,
        Operation::Delete,
        Operation::Notify,
    ][at(what, 5)];
    let mut content = content(json);
    if more & 1 == 1
        && let Some(Value::Map(map)) = content.as_mut().map(|content| &mut content.value)
    {
        let (name, json) = MEMBERS[at(more >> 1, MEMBERS.len())];
        let value = format!("{{\"v\":{json}}}");
        let value = value::read(value.as_bytes(), Serialisation::Json).ok();
        if let Some(value) = value.and_then(|mut map: Map| map.remove("v")) {
            map.insert(name, value);
        }
    }
    let (ty, content) = match operation {
        Operation::Create => (Some(ty), content),
        Operation::Update => (None, content),
        _ => (None, None),
    };
    let mut request = made(operation, from, to, ty, content);
    request.result_content =
        (rest & 1 == 1).then(|| ResultContent::from_number(u64::from(rest >> 1 & 15))).flatten();
    if operation == Operation::Retrieve && rest & 0x20 != 0 {
        let usage = FilterUsage::from_number(1);
        let limit = (rest & 0x40 != 0).then_some(u64::from(more));
        request.filter = Some(FilterCriteria { usage, limit, ..FilterCriteria::default() });
    }
    (from, request)
}

/// Sequences of requests.
pub(in crate::fuzzing) fn requests(input: &[u8], trail: &mut Trail) -> Verdict {
    let mut tape = Tape::new(input);
    let head = tape.byte();
    let Some(mut world) = World::new(Memory::default()) else { return Ok(()) };
    let mut other =
        if head % BOTH == BOTH - 1 { Sqlite::in_memory().ok().and_then(World::new) } else { None };
    for _ in 0..STEPS_MAX {
        if tape.is_empty() {
            break;
        }
        let step = std::array::from_fn(|_| tape.byte());
        let (from, request) = request(step);
        let answer = one(&mut world, from, &request, trail)?;
        if let Some(other) = &mut other {
            let twin = one(other, from, &request, trail)?;
            let status = |answer: &Option<Response>| answer.as_ref().map(|it| it.status);
            check(status(&answer) == status(&twin), Oracle::Differential, "stores", || {
                format!("{request:?}: {answer:?} in memory, {twin:?} in SQLite")
            })?;
        }
        if step[5] == 0xff {
            let mut out = Vec::new();
            world.now += Duration::from_secs(u64::from(step[4]));
            world.cse.expired(world.now, &mut out);
        }
    }
    Ok(())
}

/// One request, and what must hold of its answer.
fn one<S: Store>(
    world: &mut World<S>,
    from: &'static str,
    request: &Request,
    trail: &mut Trail,
) -> Result<Option<Response>, Violation> {
    // What is too old for its container goes when somebody asks for the newest or oldest: that is no answer's doing.
    world.ask(Some("Cadmin"), made(Operation::Retrieve, "Cadmin", "Cone/c/la", None, None));
    let before = world.digest();
    let answer = world.ask(Some(from), request.clone());
    let Some(response) = &answer else {
        trail.said("silence", &request.operation);
        return Ok(answer);
    };
    let reason = response.content.as_ref().and_then(|content| content.value.as_text());
    let is_refused = response.status.0 >= 4_000;
    trail.said("answer", &(request.operation, request.resource_type, from));
    trail.size("status", usize::from(response.status.0));
    let known = REFUSALS.iter().position(|refusal| Some(refusal.reason) == reason);
    trail.size("reason", known.map_or(0, |at| 1 << (at % 60)));
    if is_refused && !request.to.contains("fopt") {
        check(world.digest() == before, Oracle::Trace, "refused request", || {
            format!("{request:?}")
        })?;
        let is_reasoned = known.is_some() || reason == Some(ELSEWHERE);
        check(is_reasoned, Oracle::Strictness, "reason", || format!("{response:?}"))?;
        return Ok(answer);
    }
    trail.accept("answer");
    let own = request.to == from || request.to.starts_with(&format!("{from}/"));
    let foreign = ["Cone", "Ctwo"].iter().any(|name| request.to.starts_with(name)) && !own;
    // No policy in this target lets anybody but the creator and the administrator in.
    // Whoever asks for a list is told of what it may see, which may be nothing.
    let may =
        !foreign || from == "Cadmin" || request.to.contains("fopt") || request.filter.is_some();
    check(may || is_refused, Oracle::Access, "another's resource", || {
        format!("{from}: {request:?} -> {}", response.status.0)
    })?;
    after(world, request, trail)?;
    Ok(answer)
}

/// What must be true once a request was carried out: what was deleted is gone, containers keep their bounds.
fn after<S: Store>(world: &mut World<S>, request: &Request, trail: &mut Trail) -> Verdict {
    let look = |world: &mut World<S>, to: &str| {
        world.ask(Some("Cadmin"), made(Operation::Retrieve, "Cadmin", to, None, None))
    };
    if request.operation == Operation::Delete
        && !request.to.contains(['*', 'f'])
        && !request.to.ends_with("la")
        && !request.to.ends_with("ol")
    {
        let gone = look(world, &request.to);
        let status = gone.map_or(0, |response| response.status.0);
        check(status >= 4_000, Oracle::Strictness, "use after delete", || {
            format!("{request:?}: {status}")
        })?;
    }
    let Some(Value::Map(container)) =
        look(world, "Cone/c").and_then(|it| it.content).map(|content| content.value)
    else {
        return Ok(());
    };
    let number = |name| container.get(name).and_then(Value::as_u64);
    let bounded =
        |now, most| number(most).is_none_or(|most| number(now).is_none_or(|now| now <= most));
    trail.size("instances", number("cni").and_then(|n| usize::try_from(n).ok()).unwrap_or(0));
    check(bounded("cni", "mni") && bounded("cbs", "mbs"), Oracle::Strictness, "container", || {
        format!("{container:?}")
    })
}

pub(in crate::fuzzing) fn seeds() -> Vec<Vec<u8>> {
    let with = |steps: &[[u8; STEP]]| {
        let mut bytes = vec![0];
        bytes.extend(steps.iter().flatten());
        bytes
    };
    let mut seeds: Vec<Vec<u8>> =
        (0..14).map(|n| with(&[[0, 0, n % 3, n, 0, 0], [1, 0, 0, 0, 0, 0x21]])).collect();
    seeds.push(with(&[[1, 1, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]]));
    seeds.push(with(&[[0, 0, 0, 0, 0, 0]; 6]));
    seeds.push(with(&[
        [2, 0, 0, 3, 1, 0],
        [1, 0, 3, 0, 0, 0],
        [3, 0, 4, 0, 0, 0],
        [1, 0, 5, 0, 0, 0],
    ]));
    seeds
}

/// CoAP messages of any bytes to a service, from an AE that is registered there.
pub(in crate::fuzzing) fn bytes(input: &[u8], trail: &mut Trail) -> Verdict {
    let Ok(mut service) = Service::new("cse-in") else { return Ok(()) };
    let _ = service.provision("Cone");
    let mut tape = Tape::new(input);
    while !tape.is_empty() {
        let len = usize::from(tape.byte());
        let datagram = tape.take(len);
        let before = service.cse().digest().ok();
        let answer = service.handle_coap(Time::ZERO, "Cone", datagram);
        trail.said("answer", &answer.as_ref().map(|bytes| bytes.first()));
        match answer {
            Ok(answer) => {
                trail.accept("answer");
                let parsed = crate::wire::coap::Message::parse(&answer);
                trail.said("code", &parsed.as_ref().map(|it| it.code));
                check(parsed.is_ok(), Oracle::Strictness, "answer", || format!("{parsed:?}"))?;
                let refused = parsed.is_ok_and(|answer| answer.code.class() >= 4);
                check(
                    !refused || service.cse().digest().ok() == before,
                    Oracle::Trace,
                    "refused message",
                    || format!("{datagram:02x?}"),
                )?;
            }
            Err(reason) => {
                trail.said("rejected", &reason);
                check(
                    service.cse().digest().ok() == before,
                    Oracle::Trace,
                    "rejected message",
                    || format!("{datagram:02x?}"),
                )?;
            }
        }
    }
    Ok(())
}

pub(in crate::fuzzing) fn byte_seeds() -> Vec<Vec<u8>> {
    let Some(token) = Token::new(b"t") else { return Vec::new() };
    let requests = [
        made(Operation::Retrieve, "Cone", "Cone", None, None),
        made(
            Operation::Create,
            "Cone",
            "Cone/data",
            Some(4),
            content(r#"{"m2m:cin":{"con":"1"}}"#),
        ),
        made(Operation::Delete, "Cone", "Cone/data", None, None),
    ];
    let mut whole = Vec::new();
    let mut seeds = Vec::new();
    for (mid, request) in (1..).zip(&requests) {
        for serialisation in [Serialisation::Json, Serialisation::Cbor] {
            let outgoing = binding::write_request(request, serialisation, &Profile::STRICT);
            let Ok(outgoing) = outgoing else { continue };
            let message =
                outgoing.message(binding::Exchange { kind: Kind::Confirmable, mid, token });
            let framed = [&[u8::try_from(message.len()).unwrap_or(u8::MAX)], &message[..]].concat();
            whole.extend_from_slice(&framed);
            seeds.push(framed);
        }
    }
    seeds.push(whole);
    seeds
}
