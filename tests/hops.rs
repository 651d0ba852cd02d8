//! Two CSEs that exchange CoAP messages as nodes do: what is refused on the way leaves no trace, what is lost is
//! repeated and has its effect once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use keystorm::onem2m::cse::{Config, Outgoing};
use keystorm::onem2m::requests::{self, Rule};
use keystorm::onem2m::{DOMAIN, Effect, Service, device};
use keystorm::sim::time::Time;
use keystorm::wire::primitive::{Content, Request, ResourceType, Response, Rsc};

/// Peers of the gateway by number: the infrastructure, then devices. The gateway is peer 1 of the other.
const ABOVE: u32 = 0;
const GATEWAY: u32 = 1;

/// A gateway's CSE with two devices, and the infrastructure above it.
struct World {
    middle: Service,
    top: Service,
    /// Message IDs of devices and of the gateway.
    mid: u16,
}

impl World {
    fn new() -> Self {
        let middle = Config {
            kind: 2,
            registrar: Some("/top".into()),
            association_required: true,
            ..Config::infrastructure(DOMAIN, "/mid", "mid")
        };
        let top = Config {
            remotes: vec!["/mid".into()],
            association_required: true,
            ..Config::infrastructure(DOMAIN, "/top", "top")
        };
        let (middle, top) = (Service::with(middle).unwrap(), Service::with(top).unwrap());
        let mut world = Self { middle, top, mid: 0 };
        world.middle.parallel(ABOVE);
        world.top.parallel(GATEWAY);
        let register = requests::remote_cse("/mid", "mid", "top", "1");
        assert_eq!(world.gateway_asks(&register).0, 2_001);
        let app = requests::application("Capp", "top", "1", true);
        assert_eq!(world.local(app).0, 2_001);
        for device in ["Ca", "Cb"] {
            let register = requests::application(device, "mid", "1", false);
            assert_eq!(world.device_asks(device, device, &register).0, 2_001);
        }
        world
    }

    fn next(&mut self) -> u16 {
        self.mid += 1;
        self.mid
    }

    /// A request of an application beside the infrastructure.
    fn local(&mut self, request: Request) -> Rsc {
        let mut effects = Vec::new();
        self.top.ask(Time::ZERO, "Capp", 7, request, &mut effects);
        match effects.remove(0) {
            Effect::Answer { response, .. } => response.status,
            other => panic!("{other:?}"),
        }
    }

    /// A request of a device to the gateway, over the association of `proven`; `from` is its number.
    fn device_asks(&mut self, device: &str, proven: &str, request: &Request) -> Rsc {
        let peer = if device == "Ca" { 1 } else { 2 };
        let mid = self.next();
        let bytes = requests::confirmable(request, mid).unwrap();
        let mut effects = Vec::new();
        self.middle.receive(Time::ZERO, peer, proven, &bytes, &mut effects).unwrap();
        let (answered, bytes) = self.settle(effects).expect("an answer");
        assert_eq!(answered, peer);
        device::answer(&bytes).unwrap().status
    }

    /// Carries the gateway's requests up and answers down until a message for a device is left.
    fn settle(&mut self, effects: Vec<Effect>) -> Option<(u32, Vec<u8>)> {
        let mut queue = effects;
        while let Some(effect) = queue.pop() {
            match effect {
                Effect::Message { peer, bytes } => return Some((peer, bytes)),
                Effect::Request { exchange, to, request } => {
                    assert_eq!(to.entity.as_deref(), Some("/top"));
                    let response = self.up(&request).1;
                    self.middle.answered(Time::ZERO, exchange, response, &mut queue);
                }
                Effect::Answer { .. } => {}
            }
        }
        None
    }

    /// A request over the gateway's association with the infrastructure: message and answer.
    fn up(&mut self, request: &Request) -> (Vec<u8>, Response) {
        let mid = self.next();
        let bytes = requests::confirmable(request, mid).unwrap();
        let mut effects = Vec::new();
        self.top.receive(Time::ZERO, GATEWAY, "/mid", &bytes, &mut effects).unwrap();
        let answer = effects.into_iter().find_map(|effect| match effect {
            Effect::Message { peer: GATEWAY, bytes } => Some(bytes),
            _ => None,
        });
        (bytes, device::response(&answer.expect("an answer")).unwrap().1)
    }

    fn gateway_asks(&mut self, request: &Request) -> Rsc {
        self.up(request).1.status
    }

    /// The application lets the devices of the gateway make policies and containers below it, as `Ca` does.
    fn container_of_a(&mut self) {
        let children = &[ResourceType::ACCESS_CONTROL_POLICY, ResourceType::CONTAINER];
        let devices = Rule { originators: &["/mid/C*"], operations: requests::CREATE, children };
        let rules = [Rule::all(&["Capp"]), devices];
        let policy = requests::policy("top/Capp", "Capp", "2", "p", "Capp", &rules);
        assert_eq!(self.local(policy).0, 2_001);
        let assign = requests::assign("top/Capp", "m2m:ae", "Capp", "3", "top/Capp/p");
        assert_eq!(self.local(assign).0, 2_004);
        let base = "/top/top/Capp";
        let own = [Rule::all(&["/mid/Ca"])];
        let policy = requests::policy(base, "Ca", "4", "pa", "/mid/Ca", &own);
        assert_eq!(self.device_asks("Ca", "Ca", &policy).0, 2_001);
        let container = requests::container(base, "Ca", "5", "a", "/top/top/Capp/pa");
        assert_eq!(self.device_asks("Ca", "Ca", &container).0, 2_001);
    }

    fn digests(&self) -> (u64, u64) {
        (self.middle.cse().digest().unwrap(), self.top.cse().digest().unwrap())
    }
}

fn report(to: &str, from: &str) -> Request {
    Request::create(to, from, "r", ResourceType::CONTENT_INSTANCE, Content::instance("1"))
}

#[test]
fn a_report_crosses_two_hops_and_only_its_owner_may_make_it() {
    let mut world = World::new();
    world.container_of_a();
    let to = "/top/top/Capp/a";
    assert_eq!(world.device_asks("Ca", "Ca", &report(to, "Ca")).0, 2_001);
    let before = world.digests();
    // Another device of the same gateway: the policy at the infrastructure says no, and the answer comes back.
    assert_eq!(world.device_asks("Cb", "Cb", &report(to, "Cb")).0, 4_103);
    // It says that it is the other: its own gateway compares with the association.
    assert_eq!(world.device_asks("Cb", "Cb", &report(to, "Ca")).0, 4_103);
    assert_eq!(world.device_asks("Cb", "Cb", &report(to, "/mid/Ca")).0, 4_103);
    // A stranger of whom the gateway knows nothing.
    assert_eq!(world.device_asks("Cz", "Cz", &report(to, "Cz")).0, 4_103);
    assert_eq!(world.digests(), before);
    // The other way round it is the same.
    assert_eq!(world.device_asks("Ca", "Ca", &report(to, "Ca")).0, 2_001);
    assert_ne!(world.digests(), before);
}

#[test]
fn a_gateway_speaks_for_its_own_only() {
    let mut world = World::new();
    world.container_of_a();
    let before = world.digests();
    for from in ["Capp", "/top/Capp", "/top", "/top/Cnobody"] {
        assert_eq!(world.gateway_asks(&report("top/Capp/a", from)).0, 4_103, "{from}");
    }
    // Another CSE's entity is not this container's owner either.
    assert_eq!(world.gateway_asks(&report("top/Capp/a", "/far/Ca")).0, 4_103);
    assert_eq!(world.digests(), before);
}

#[test]
fn a_repeated_message_between_cses_has_its_effect_once() {
    let mut world = World::new();
    world.container_of_a();
    let (first, answer) = world.up(&report("top/Capp/a", "/mid/Ca"));
    assert_eq!(answer.status.0, 2_001);
    // Others follow, and then the first comes again: its acknowledgement was lost.
    for _ in 0..40 {
        assert_eq!(world.up(&report("top/Capp/a", "/mid/Ca")).1.status.0, 2_001);
    }
    let before = world.digests();
    let mut effects = Vec::new();
    let taken = world.top.receive(Time::ZERO, GATEWAY, "/mid", &first, &mut effects).unwrap();
    assert_eq!(taken, None);
    let [Effect::Message { peer: GATEWAY, bytes }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(device::response(bytes).unwrap().1.status.0, 2_001);
    assert_eq!(world.digests(), before);
}

#[test]
fn a_restart_forgets_what_waits_and_keeps_resources() {
    let mut world = World::new();
    world.container_of_a();
    let before = world.digests();
    let bytes = requests::confirmable(&report("/top/top/Capp/a", "Ca"), 9).unwrap();
    let mut effects = Vec::new();
    world.middle.receive(Time::ZERO, 1, "Ca", &bytes, &mut effects).unwrap();
    let [Effect::Request { exchange, .. }] = &effects[..] else { panic!("{effects:?}") };
    let exchange: Outgoing = *exchange;
    world.middle.restart();
    effects.clear();
    // The answer to what was handed on before finds nobody.
    let late = Response { status: Rsc::CREATED, ..Response::default() };
    world.middle.answered(Time::ZERO, exchange, late, &mut effects);
    assert_eq!(effects, []);
    assert_eq!(world.digests(), before);
    assert_eq!(world.device_asks("Ca", "Ca", &report("/top/top/Capp/a", "Ca")).0, 2_001);
}
