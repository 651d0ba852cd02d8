//! Two CSEs: an AE at a middle node, the infrastructure above it.

use keystorm::onem2m::cse::{Config, Cse, Hop, Incoming, Outgoing, Output};
use keystorm::sim::time::{Duration, Time};
use keystorm::wire::primitive::{FilterCriteria, FilterUsage, Request, Response};

use crate::world::{self, attributes, create, number, retrieve, text};

/// MN-CSE and IN-CSE, joined by what each sends to the other.
struct Pair {
    middle: Cse,
    infrastructure: Cse,
    now: Time,
    /// What left the pair.
    away: Vec<(Option<String>, Request)>,
}

fn pair() -> Pair {
    let middle = Config {
        kind: 2,
        registrar: Some("/id-in".into()),
        administrator: Some("Cadmin".into()),
        ..Config::infrastructure("//sp.example", "/id-mn", "cse-mn")
    };
    let mut pair = Pair {
        middle: Cse::new(middle).unwrap(),
        infrastructure: Cse::new(world::config()).unwrap(),
        now: Time(1_000_000_000),
        away: Vec::new(),
    };
    let json =
        r#"{"m2m:csr":{"rn":"mn","csi":"/id-mn","cb":"/id-mn/cse-mn","rr":true,"srv":["4"]}}"#;
    let registration = create("/id-mn", "/id-in/cse-in", 16, json);
    assert_eq!(pair.above(&Hop::of("/id-mn"), registration).status.0, 2_001);
    let json = r#"{"m2m:ae":{"rn":"ae","api":"Nx","rr":true,"srv":["4"]}}"#;
    assert_eq!(pair.below("Cae", create("Cae", "cse-mn", 2, json)).status.0, 2_001);
    assert_eq!(
        pair.below("Cae", create("Cae", "cse-mn/ae", 3, r#"{"m2m:cnt":{"rn":"c"}}"#)).status.0,
        2_001
    );
    pair
}

impl Pair {
    /// A request to the middle node over the association of `identity`.
    fn below(&mut self, identity: &str, request: Request) -> Response {
        let mut out = Vec::new();
        self.middle.handle(self.now, &Hop::of(identity), Incoming(1), request, &mut out);
        self.run(true, out).expect("an answer")
    }

    /// A request to the infrastructure.
    fn above(&mut self, hop: &Hop<'_>, request: Request) -> Response {
        let mut out = Vec::new();
        self.infrastructure.handle(self.now, hop, Incoming(1), request, &mut out);
        self.run(false, out).expect("an answer")
    }

    /// Carries messages between the two until nothing is left. Answers to `Incoming(1)` are the result;
    /// those to other numbers go back to the other CSE.
    fn run(&mut self, middle: bool, out: Vec<Output>) -> Option<Response> {
        let mut queue: Vec<(bool, Output)> =
            out.into_iter().map(|output| (middle, output)).collect();
        let mut result = None;
        while let Some((at_middle, output)) = queue.pop() {
            let mut out = Vec::new();
            let other = match output {
                Output::Answer { exchange: Incoming(1), response } => {
                    result = Some(*response);
                    continue;
                }
                Output::Answer { exchange, response } => {
                    let to = self.cse(!at_middle);
                    to.1.answered(to.0, Outgoing(exchange.0 - 2), *response, &mut out);
                    !at_middle
                }
                Output::Send { exchange, to, request } => {
                    let (from, to_cse) =
                        if at_middle { ("/id-mn", "/id-in") } else { ("/id-in", "/id-mn") };
                    if to.entity.as_deref() != Some(to_cse) {
                        self.away.push((to.entity, *request));
                        continue;
                    }
                    let target = self.cse(!at_middle);
                    let incoming = Incoming(exchange.0 + 2);
                    target.1.handle(target.0, &Hop::of(from), incoming, *request, &mut out);
                    !at_middle
                }
                Output::Silent { .. } => continue,
            };
            queue.extend(out.into_iter().map(|output| (other, output)));
        }
        result
    }

    fn cse(&mut self, middle: bool) -> (Time, &mut Cse) {
        (self.now, if middle { &mut self.middle } else { &mut self.infrastructure })
    }
}

#[test]
fn requests_go_to_the_cse_that_hosts_the_target_and_answers_come_back() {
    let mut pair = pair();
    let response = pair.above(&Hop::of("Cadmin"), retrieve("Cadmin", "/id-mn/cse-mn/ae/c"));
    // Cadmin of the infrastructure is not registered, so it has no way.
    assert_eq!(response.status.0, 4_103);
    let json = r#"{"m2m:ae":{"api":"Nx","rr":true,"srv":["4"]}}"#;
    pair.above(&Hop::of("Capp"), create("Capp", "cse-in", 2, json));
    let denied = pair.above(&Hop::of("Capp"), retrieve("Capp", "/id-mn/cse-mn/ae/c"));
    assert_eq!(denied.status.0, 4_103);
    // A policy at the middle node names the originator as it is known there.
    let policy = world::policy("p", "/id-in/Capp", 63);
    assert_eq!(pair.below("Cadmin", create("Cadmin", "cse-mn", 1, &policy)).status.0, 2_001);
    let update = world::update("Cae", "ae/c", r#"{"m2m:cnt":{"acpi":["cse-mn/p"]}}"#);
    let update = Request { to: "cse-mn/ae/c".into(), ..update };
    assert_eq!(pair.below("Cae", update).status.0, 2_004);
    for to in ["/id-mn/cse-mn/ae/c", "/id-mn/-/ae/c", "//sp.example/id-mn/cse-mn/ae/c"] {
        let response = pair.above(&Hop::of("Capp"), retrieve("Capp", to));
        assert_eq!(response.status.0, 2_000, "{to}");
        assert_eq!(text(&attributes(response), "rn"), "c");
    }
    let json = r#"{"m2m:cin":{"con":"5"}}"#;
    let made = pair.above(&Hop::of("Capp"), create("Capp", "/id-mn/cse-mn/ae/c", 4, json));
    assert_eq!((made.status.0, made.request_id.as_deref()), (2_001, Some("r")));
    // Discovery from outside names what it finds by SP-relative addresses.
    let filter =
        FilterCriteria { usage: Some(FilterUsage::Discovery), ..FilterCriteria::default() };
    let request = Request { filter: Some(filter), ..retrieve("Capp", "/id-mn/cse-mn") };
    let found = pair.above(&Hop::of("Capp"), request).content.unwrap();
    let list = found.value.as_list().unwrap();
    assert_eq!(list[0].as_text(), Some("/id-mn/cse-mn/ae/c"));
    for found in list {
        let response = pair.above(&Hop::of("Capp"), retrieve("Capp", found.as_text().unwrap()));
        assert_eq!(response.status.0, 2_000);
    }
}

#[test]
fn what_nobody_knows_goes_up_and_ends_there() {
    let mut pair = pair();
    let response = pair.below("Cae", retrieve("Cae", "/id-far/x"));
    assert_eq!(response.status.0, 5_103);
    let response = pair.below("Cae", retrieve("Cae", "/id-in/cse-in/nothing"));
    assert_eq!(response.status.0, 4_004);
    let response = pair.below("Cae", retrieve("Cae", "/id-in/cse-in"));
    assert_eq!(response.status.0, 4_103);
    // From below, the infrastructure does not send back down what came from there.
    let hop = Hop::of("/id-mn");
    let back = pair.above(&hop, retrieve("/id-mn/Cae", "/id-mn/cse-mn/ae"));
    assert_eq!(back.status.0, 5_103);
}

#[test]
fn fan_out_reaches_members_elsewhere_and_gives_up_on_those_that_are_silent() {
    let mut pair = pair();
    let json = r#"{"m2m:ae":{"api":"Nx","rr":true,"srv":["4"]}}"#;
    pair.above(&Hop::of("Capp"), create("Capp", "cse-in", 2, json));
    let json = r#"{"m2m:grp":{"rn":"g","mnm":4,"mid":["Capp","/id-mn/cse-mn/ae/c"]}}"#;
    pair.above(&Hop::of("Capp"), create("Capp", "Capp", 9, json));
    let statuses = |response: Response| -> Vec<u64> {
        let map = attributes(response);
        let list = map.get("m2m:rsp").unwrap().as_list().unwrap();
        list.iter().map(|one| number(one.as_map().unwrap(), "rsc")).collect()
    };
    let response = pair.above(&Hop::of("Capp"), retrieve("Capp", "Capp/g/fopt"));
    assert_eq!(statuses(response), [2_000, 4_103]);
    // The same, while the middle node says nothing.
    let mut out = Vec::new();
    let request = retrieve("Capp", "Capp/g/fopt");
    pair.infrastructure.handle(pair.now, &Hop::of("Capp"), Incoming(1), request, &mut out);
    assert!(matches!(out.as_slice(), [Output::Send { .. }]));
    out.clear();
    let later = pair.now + Duration::from_secs(30);
    assert_eq!(pair.infrastructure.next_timeout(), Some(later));
    pair.infrastructure.expired(later, &mut out);
    let [Output::Answer { response, .. }] = out.as_slice() else { panic!("{out:?}") };
    assert_eq!(statuses((**response).clone()), [2_000, 5_107]);
}

#[test]
fn only_cses_that_are_expected_register_and_only_once() {
    let mut pair = pair();
    let json = |csi: &str| {
        format!(r#"{{"m2m:csr":{{"csi":"{csi}","cb":"{csi}/x","rr":true,"srv":["4"]}}}}"#)
    };
    let mut register = |hop: &str, csi: &str| {
        pair.above(&Hop::of(hop), create(hop, "cse-in", 16, &json(csi))).status.0
    };
    assert_eq!(register("/id-mn", "/id-mn"), 4_117);
    assert_eq!(register("/id-mn", "/id-in"), 4_000);
    assert_eq!(register("/id-other", "/id-other"), 4_103);
    assert_eq!(register("/id-other", "/id-mn"), 4_000);
    assert_eq!(register("Cae", "/id-mn"), 4_000);
}
