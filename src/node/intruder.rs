//! Where an adversary touches the world: on the links of nodes that it sits at, in nodes that it breaks into,
//! and at the places of its own from which it sends. It is given bytes and nothing else.
//!
//! An intruder belongs to one site. It sits on the link between a node of that site and its parent: it sees
//! what goes up as it leaves the node, and what comes down before the node does. Intruders of one attack in
//! several sites send each other messages of their own ([`Hands::tell`]).

use std::collections::BTreeMap;

use super::actor::Actor;
use super::chronicle::{Chronicle, Deed, Step};
use super::event::{Command, Event, Packet};
use super::layout::{Layout, NodeId};
use super::reporter::Planted;
use crate::association::{Peek, peek};
use crate::backend::Sent;
use crate::ledger::{About, ActorId, NodeFacts, SourceId};
use crate::onem2m::end_to_end;
use crate::sim::time::{Duration, Time};
use crate::sim::{Draws, Key, Origin, StreamKey};
use crate::wire::binding::coap::{read_request, read_response};
use crate::wire::coap::Message;
use crate::wire::primitive::{Content, Profile};

/// Which way a datagram goes over a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Towards the infrastructure.
    Up,
    /// Towards the device.
    Down,
}

/// What becomes of a datagram that passes an intruder. To delay, duplicate or answer one, drop or pass it
/// and [inject](Hands::inject) others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It goes on.
    Pass,
    /// It goes no further.
    Drop,
    /// These bytes go on in its place.
    Replace(Vec<u8>),
}

/// An attack program at one place. Each function says what it does there and then; what it knows is what
/// it was given.
pub trait Intruder: Send {
    /// The attack begins here.
    fn begin(&mut self, hands: &mut Hands<'_>);

    /// A datagram passes the link of `at`.
    fn passing(&mut self, at: NodeId, way: Way, packet: &Packet, hands: &mut Hands<'_>) -> Answer {
        let _ = (at, way, packet, hands);
        Answer::Pass
    }

    /// The time has come that was asked for by [`Hands::wake_at`].
    fn wake(&mut self, hands: &mut Hands<'_>) {
        let _ = hands;
    }

    /// The CSE of `node`, in which it reads along, reads or writes a message: what was under protection on the links
    /// is not here. See [`Placement::inside`].
    fn overheard(&mut self, node: NodeId, bytes: &[u8], hands: &mut Hands<'_>) {
        let _ = (node, bytes, hands);
    }

    /// Bytes from `node` arrive at a host of its own outside the system, see [`Placement::hosts`].
    fn received(&mut self, node: NodeId, host: &str, bytes: &[u8], hands: &mut Hands<'_>) {
        let _ = (node, host, bytes, hands);
    }
}

/// An intruder and where it sits.
pub struct Placement {
    /// Who it is in the ledger.
    pub attacker: ActorId,
    /// The site.
    pub site: u32,
    /// The nodes of that site on whose links it sits.
    pub taps: Vec<NodeId>,
    /// The names of its own hosts outside the system, to which nodes of the site may send.
    pub hosts: Vec<String>,
    /// The node of that site in whose software it reads along.
    pub inside: Option<NodeId>,
    /// When it begins; before, it sees nothing.
    pub at: Time,
    /// Its randomness, and its number in the stream: every intruder of a world has its own number.
    pub streams: (StreamKey, u32),
    /// What it does.
    pub program: Box<dyn Intruder>,
}

/// What happens to an intruder.
#[derive(Debug)]
pub enum Nudge {
    /// It begins.
    Begin,
    /// The time that it asked for.
    Wake,
}

/// The intruders of a site.
#[derive(Default)]
pub(super) struct Intruders {
    all: Vec<Placed>,
    /// By the index of a node in the site: who sits on its link.
    taps: BTreeMap<u32, Vec<usize>>,
}

struct Placed {
    attacker: ActorId,
    origin: Origin,
    has_begun: bool,
    streams: (StreamKey, u32),
    cursor: u64,
    hosts: Vec<String>,
    inside: Option<NodeId>,
    program: Box<dyn Intruder>,
}

/// What an intruder asked for.
#[derive(Debug)]
enum Wish {
    Wake(Time),
    Operate { at: Time, node: NodeId, command: Command },
    Inject { at: NodeId, way: Way, after: Duration, packet: Packet },
    Report(NodeId),
}

/// What an intruder can do at one moment.
pub struct Hands<'a> {
    /// The present.
    pub now: Time,
    /// Public facts: who stands where, which protocol is spoken. It holds no key and no state.
    pub layout: &'a Layout,
    /// Its randomness.
    pub rng: Draws<'a>,
    attacker: ActorId,
    chronicle: &'a mut Chronicle,
    /// The nodes of the site, while none of them is at work.
    actors: Option<&'a mut [Actor]>,
    wishes: &'a mut Vec<Wish>,
}

impl Hands<'_> {
    /// It takes the bytes of a datagram to its memory.
    pub fn observe(&mut self, at: NodeId, way: Way, bytes: &[u8]) {
        if let Some(mut facts) = self.chronicle.attacker(self.now, self.attacker) {
            facts.observe(source(at, way), bytes);
        }
        if let Some(Peek::Protected { .. }) = peek(bytes)
            && let Some(mut facts) = self.chronicle.engine(self.now)
        {
            facts.refuse(SEALED, About::Datagram(ActorId(at.0)), "encrypted");
        }
    }

    /// It takes a message of the service layer, as the software of `node` has it, to its memory.
    pub fn observe_message(&mut self, node: NodeId, bytes: &[u8]) {
        self.see_inside(node, bytes);
        let message = Message::parse(bytes).ok();
        let content = message.and_then(|message| content_of(&message));
        if end_to_end::object(content.as_ref()).is_some()
            && let Some(mut facts) = self.chronicle.engine(self.now)
        {
            facts.refuse(SEALED_PRIMITIVE, About::Datagram(ActorId(node.0)), "encrypted");
        }
    }

    /// It hands in `bytes` as the value of a secret of `about`.
    pub fn exhibit(&mut self, about: NodeId, bytes: &[u8]) {
        if let Some(mut facts) = self.chronicle.attacker(self.now, self.attacker) {
            facts.exhibit(ActorId(about.0), bytes);
        }
    }

    /// It says what it does: the trace of the attack.
    pub fn step(&mut self, deed: Deed, what: impl Into<String>, between: Option<(NodeId, NodeId)>) {
        let (at, attacker) = (self.now, self.attacker);
        self.chronicle.step(Step { at, attacker, deed, what: what.into(), between });
    }

    /// Calls [`Intruder::wake`] at this time.
    pub fn wake_at(&mut self, at: Time) {
        self.wishes.push(Wish::Wake(at));
    }

    /// Puts a datagram on the link of `at`, a node of this site, `after` from now: it leaves upwards as if
    /// the node had sent it, or reaches the node as if it had come down. What it says of its sender is the
    /// attacker's choice.
    pub fn inject(&mut self, at: NodeId, way: Way, after: Duration, packet: Packet) {
        self.wishes.push(Wish::Inject { at, way, after, packet });
    }

    /// Takes over a node of its own or of somebody else: what that node does is no longer its owner's.
    pub fn corrupt(&mut self, node: NodeId) {
        let (now, attacker) = (self.now, self.attacker);
        if let Some(mut facts) = self.chronicle.engine(now) {
            facts.corrupt(ActorId(node.0), attacker);
        }
    }

    /// A device of this site that it holds reports this content next, over its own association. False if the
    /// device does not report, or has too much to say already.
    pub fn speak(&mut self, node: NodeId, content: &str) -> bool {
        self.plant(node, Planted { content: Some(content.to_owned()), ..Planted::default() })
    }

    /// A device of this site that it holds reports to the container of `owner` next, over its own association;
    /// `is_disguised`: and names the owner as the originator. False as for [`speak`](Self::speak).
    pub fn trespass(&mut self, node: NodeId, owner: NodeId, is_disguised: bool) -> bool {
        self.plant(node, Planted { content: None, at: Some(owner), is_disguised })
    }

    fn plant(&mut self, node: NodeId, report: Planted) -> bool {
        let reporter = self.actor(node).and_then(|actor| actor.reporter.as_mut());
        let is_planted = reporter.is_some_and(|reporter| reporter.plant(report));
        if is_planted {
            self.wishes.push(Wish::Report(node));
        }
        is_planted
    }

    /// It takes bytes that `node` sent to a host of its own to its memory.
    pub fn observe_outside(&mut self, node: NodeId, bytes: &[u8]) {
        if let Some(mut facts) = self.chronicle.attacker(self.now, self.attacker) {
            facts.observe(outside(node), bytes);
        }
    }

    /// The bytes that `node` keeps when power is off; none if it is not in this site. They are observed.
    pub fn storage_image(&mut self, node: NodeId) -> Option<Vec<u8>> {
        let image = self.actor(node)?.keyring.storage_image();
        self.see_inside(node, &image);
        Some(image)
    }

    /// The bytes of keys that `node` has in memory; none if it is not in this site. They are observed.
    pub fn memory_image(&mut self, node: NodeId) -> Option<Vec<u8>> {
        let image = self.actor(node)?.memory_image();
        self.see_inside(node, &image);
        Some(image)
    }

    /// Who it is.
    pub(super) const fn who(&self) -> ActorId {
        self.attacker
    }

    /// What the site writes down, for the referee of a game.
    pub(super) const fn chronicle(&mut self) -> &mut Chronicle {
        self.chronicle
    }

    /// The handle for what mechanisms of nodes say about what the intruder does to them.
    pub(super) fn node_facts(&mut self) -> Option<NodeFacts<'_>> {
        self.chronicle.node(self.now)
    }

    /// The operator of a node of this site does something there, as soon as the setting says.
    pub(super) fn command_at(&mut self, at: Time, node: NodeId, command: Command) {
        self.wishes.push(Wish::Operate { at, node, command });
    }

    pub(super) fn see_inside(&mut self, node: NodeId, image: &[u8]) {
        if let Some(mut facts) = self.chronicle.attacker(self.now, self.attacker) {
            facts.observe(inside(node), image);
        }
    }

    /// The node itself, for actions on its hardware and interfaces.
    pub(super) fn actor(&mut self, node: NodeId) -> Option<&mut Actor> {
        let local = self.layout.place(node).local as usize;
        let actor = self.actors.as_deref_mut()?.get_mut(local)?;
        (actor.id == node).then_some(actor)
    }
}

/// What keeps an observer of a protected record from reading it. That nothing leaked is for property S2 to
/// say; this only names the mechanism that stood in the way.
const SEALED: &str = "record_protection";

/// The same where the primitive inside a message is protected, whoever hands it on.
const SEALED_PRIMITIVE: &str = "primitive_protection";

/// The content of a request or response in a CoAP message.
fn content_of(message: &Message<'_>) -> Option<Content> {
    if message.code.is_request() {
        read_request(message, &Profile::STRICT).ok()?.content
    } else {
        read_response(message, &Profile::STRICT).ok()?.content
    }
}

/// One direction of a link as a place where bytes are seen.
const fn source(at: NodeId, way: Way) -> SourceId {
    SourceId(at.0 * 4 + way as u32)
}

/// The node on whose link something was seen, and whether it went up; none if it was seen elsewhere.
#[must_use]
pub const fn tapped(source: SourceId) -> Option<(NodeId, bool)> {
    match source.0 % 4 {
        0 => Some((NodeId(source.0 / 4), true)),
        1 => Some((NodeId(source.0 / 4), false)),
        _ => None,
    }
}

/// The inside of a node as a place where bytes are seen.
const fn inside(node: NodeId) -> SourceId {
    SourceId(node.0 * 4 + 2)
}

/// What a node sends to hosts outside the system.
const fn outside(node: NodeId) -> SourceId {
    SourceId(node.0 * 4 + 3)
}

/// What the world is asked for by intruders: events, and where.
pub(super) struct Consequence {
    pub(super) key: Key,
    pub(super) site: u32,
    pub(super) target: u32,
    pub(super) event: Event,
}

impl Intruders {
    /// Adds an intruder of this site; its number there.
    pub(super) fn add(&mut self, placement: Placement, layout: &Layout) -> u32 {
        let number = self.all.len();
        for node in &placement.taps {
            self.taps.entry(layout.place(*node).local).or_default().push(number);
        }
        self.all.push(Placed {
            attacker: placement.attacker,
            // Below the script, above all nodes.
            origin: Origin::new(u32::MAX - 1 - placement.streams.1),
            has_begun: false,
            streams: placement.streams,
            cursor: 0,
            hosts: placement.hosts,
            inside: placement.inside,
            program: placement.program,
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// A packet passes the link of the node with this index in the site: the bytes that go on, if any do.
    pub(super) fn passing(
        &mut self,
        (local, at): (u32, NodeId),
        way: Way,
        mut packet: Packet,
        scene: &mut Scene<'_>,
    ) -> (Option<Packet>, Vec<Consequence>) {
        let mut more = Vec::new();
        let numbers = self.taps.get(&local).cloned().unwrap_or_default();
        for number in numbers {
            let Some(placed) = self.all.get_mut(number).filter(|placed| placed.has_begun) else {
                continue;
            };
            let mut wishes = Vec::new();
            let mut answer = Answer::Pass;
            placed.with(scene, &mut wishes, |program, hands| {
                answer = program.passing(at, way, &packet, hands);
            });
            more.extend(scene.consequences(number, &mut placed.origin, wishes));
            match answer {
                Answer::Pass => {}
                Answer::Drop => return (None, more),
                Answer::Replace(bytes) => packet.bytes = bytes,
            }
        }
        (Some(packet), more)
    }

    /// The CSE of `node` reads or writes a message: who reads along there has it.
    pub(super) fn overheard(
        &mut self,
        node: NodeId,
        bytes: &[u8],
        scene: &mut Scene<'_>,
    ) -> Vec<Consequence> {
        let mut more = Vec::new();
        for (number, placed) in self.all.iter_mut().enumerate() {
            if !placed.has_begun || placed.inside != Some(node) {
                continue;
            }
            let mut wishes = Vec::new();
            placed.with(scene, &mut wishes, |program, hands| program.overheard(node, bytes, hands));
            more.extend(scene.consequences(number, &mut placed.origin, wishes));
        }
        more
    }

    /// Bytes leave `node` for a host outside the system: whose it is receives them.
    pub(super) fn received(
        &mut self,
        node: NodeId,
        sent: &Sent,
        scene: &mut Scene<'_>,
    ) -> Vec<Consequence> {
        let mut more = Vec::new();
        for (number, placed) in self.all.iter_mut().enumerate() {
            if !placed.has_begun || !placed.hosts.contains(&sent.host) {
                continue;
            }
            let mut wishes = Vec::new();
            placed.with(scene, &mut wishes, |program, hands| {
                program.received(node, &sent.host, &sent.bytes, hands);
            });
            more.extend(scene.consequences(number, &mut placed.origin, wishes));
        }
        more
    }

    /// Something happens to an intruder.
    pub(super) fn nudge(
        &mut self,
        number: u32,
        nudge: Nudge,
        scene: &mut Scene<'_>,
    ) -> Vec<Consequence> {
        let number = number as usize;
        let Some(placed) = self.all.get_mut(number) else { return Vec::new() };
        let mut wishes = Vec::new();
        placed.has_begun |= matches!(nudge, Nudge::Begin);
        placed.with(scene, &mut wishes, |program, hands| match nudge {
            Nudge::Begin => program.begin(hands),
            Nudge::Wake => program.wake(hands),
        });
        scene.consequences(number, &mut placed.origin, wishes)
    }
}

/// The surroundings of an intruder.
pub(super) struct Scene<'a> {
    pub(super) now: Time,
    pub(super) site: u32,
    pub(super) layout: &'a Layout,
    pub(super) chronicle: &'a mut Chronicle,
    pub(super) actors: Option<&'a mut [Actor]>,
}

impl Placed {
    fn with(
        &mut self,
        scene: &mut Scene<'_>,
        wishes: &mut Vec<Wish>,
        call: impl FnOnce(&mut dyn Intruder, &mut Hands<'_>),
    ) {
        let (streams, member) = &self.streams;
        let mut hands = Hands {
            now: scene.now,
            layout: scene.layout,
            rng: streams.draws(*member, 0, &mut self.cursor),
            attacker: self.attacker,
            chronicle: scene.chronicle,
            actors: scene.actors.as_deref_mut(),
            wishes,
        };
        call(&mut *self.program, &mut hands);
    }
}

impl Scene<'_> {
    fn consequences(
        &self,
        number: usize,
        origin: &mut Origin,
        wishes: Vec<Wish>,
    ) -> Vec<Consequence> {
        let own = u32::try_from(number).unwrap_or(u32::MAX);
        let of = |wish| match wish {
            Wish::Wake(at) => (at.max(self.now), self.site, own, Event::Intruder(Nudge::Wake)),
            Wish::Operate { at, node, command } => {
                let local = self.layout.place(node).local;
                (at.max(self.now), self.site, local, Event::Command(command))
            }
            Wish::Inject { at, way, after, packet } => {
                let local = self.layout.place(at).local;
                (self.now + after, self.site, local, Event::Injected(way, packet))
            }
            Wish::Report(node) => {
                let local = self.layout.place(node).local;
                (self.now, self.site, local, Event::Command(Command::ReportNow))
            }
        };
        let all = wishes.into_iter().map(of);
        all.map(|(at, site, target, event)| Consequence {
            key: origin.key(at),
            site,
            target,
            event,
        })
        .collect()
    }
}
