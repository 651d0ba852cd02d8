//! A site of the world: a gateway with its devices, or the infrastructure.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::actor::{Actor, Reach};
use super::chronicle::Chronicle;
use super::client::Client;
use super::enrolment::Enrolment;
use super::event::Event;
use super::intruder::{Consequence, Intruders, Placement, Scene};
use super::keyring::Keyring;
use super::layout::{Layout, NodeId, Timed};
use super::processor::Processor;
use super::reporter::Reporter;
use super::server::Server;
use super::transit::Port;
use super::visitor::Visitor;
use crate::association::Config;
use crate::ledger::{ActorId, CostKind};
use crate::measure::Recorder;
use crate::onem2m::end_to_end::{Originator, Recipient};
use crate::onem2m::session::Sessions;
use crate::sim::time::Time;
use crate::sim::{Context, Origin, Site};

/// Nodes that one thread runs together.
pub struct NodeSite {
    layout: Arc<Layout>,
    number: u32,
    actors: Vec<Actor>,
    chronicle: Chronicle,
    intruders: Intruders,
}

/// What a node is made of.
pub struct NodeParts {
    /// Which node.
    pub id: NodeId,
    /// Servers of its processor.
    pub workers: u32,
    /// Jobs that may wait.
    pub queue: Option<u32>,
    /// What it does with handshakes while it is overloaded.
    pub triage: super::Triage,
    /// How many nodes have it as their parent.
    pub children: usize,
    /// Its long-term keys.
    pub keyring: Keyring,
    /// Its clients by their numbers and its policy towards each group, if it is a server.
    pub server: Option<(Vec<NodeId>, Vec<Timed<Config>>)>,
    /// How its keys and software are looked after, where that matters.
    pub custody: Option<Box<super::Custody>>,
    /// What protects its reports end to end, if something does.
    pub originator: Option<Box<Originator>>,
    /// What opens such reports, if some are for it.
    pub recipient: Option<Recipient>,
    /// The sessions of its console, if it has one.
    pub console: Option<Sessions>,
    /// The password of its user, if it is a terminal.
    pub password: Option<String>,
}

impl NodeSite {
    /// The site with this number, without nodes. `keeps_facts`: its ledger is on.
    #[must_use]
    pub fn new(number: u32, layout: Arc<Layout>, keeps_facts: bool) -> Self {
        let chronicle = Chronicle::new(number, keeps_facts);
        let intruders = Intruders::default();
        Self { layout, number, actors: Vec::new(), chronicle, intruders }
    }

    /// Adds an attacker; its number in the site.
    pub fn invade(&mut self, placement: Placement) -> u32 {
        for node in &placement.taps {
            if let Some(actor) = self.actors.get_mut(self.layout.place(*node).local as usize) {
                actor.is_tapped = true;
            }
        }
        if let Some(node) = placement.inside
            && let Some(actor) = self.actors.get_mut(self.layout.place(node).local as usize)
        {
            actor.is_watched = true;
        }
        self.intruders.add(placement, &self.layout)
    }

    /// What the site wrote down.
    pub const fn chronicle_mut(&mut self) -> &mut Chronicle {
        &mut self.chronicle
    }

    /// What the site wrote down; it writes no more.
    pub fn take_chronicle(&mut self) -> Chronicle {
        std::mem::replace(&mut self.chronicle, Chronicle::new(self.number, false))
    }

    /// Adds the node whose place in the layout is next in this site.
    pub fn add(&mut self, parts: NodeParts) {
        let layout = &self.layout;
        let place = layout.place(parts.id);
        debug_assert_eq!(place.local as usize, self.actors.len());
        let mut server =
            parts.server.map(|(nodes, configs)| Server::new(parts.id, nodes, configs, layout));
        if let (Some(recipient), Some(host)) =
            (parts.recipient, server.as_mut().and_then(Server::host))
        {
            host.open_with(recipient);
        }
        if let (Some(sessions), Some(host)) =
            (parts.console, server.as_mut().and_then(Server::host))
        {
            host.open_console(sessions);
        }
        let is_client = place.registrar != parts.id;
        let enrols = is_client && layout.group(parts.id).route.is_some();
        let telemetry = layout.telemetry_of(parts.id, Time::ZERO).1;
        let registers = layout.group(parts.id).service.registers;
        self.actors.push(Actor {
            id: parts.id,
            origin: Origin::new(parts.id.0),
            processor: Processor::new(parts.workers, parts.queue),
            port: Port::new(parts.children),
            keyring: parts.keyring,
            client: is_client.then(|| Client::new(place.registrar, enrols)),
            enrolment: enrols.then(|| Box::new(Enrolment::new())),
            server: server.map(Box::new),
            reporter: telemetry.map(|(_, size)| {
                Reporter::new(size, layout.group(parts.id).is_sensitive, registers)
                    .protected_by(parts.originator)
            }),
            visitor: layout
                .group(parts.id)
                .visits
                .zip(parts.password)
                .map(|(visits, password)| Box::new(Visitor::new(visits, password))),
            cursor: 0,
            generation: 0,
            has_started: false,
            is_down: false,
            buckets: BTreeMap::new(),
            gate: super::triage::Gate::new(parts.triage),
            failures: super::backoff::Failures::default(),
            address: 0,
            report_due: Time::ZERO,
            is_tapped: false,
            is_watched: false,
            has_recovered: false,
            custody: parts.custody,
        });
    }

    /// The keys of the node with this index in the site.
    pub fn keyring_mut(&mut self, local: u32) -> Option<&mut Keyring> {
        Some(&mut self.actors.get_mut(local as usize)?.keyring)
    }

    /// Makes the node with this index in the site use the key of this name towards its registrar, as if it had
    /// come from an enrolment.
    pub fn use_key(&mut self, local: u32, name: &str) {
        if let Some(client) = self.actors.get_mut(local as usize).and_then(|a| a.client.as_mut()) {
            client.use_key(name.into());
        }
    }

    /// The bytes that the node with this index in the site keeps when power is off: what a thief of its flash
    /// or disk reads.
    #[must_use]
    pub fn storage_image(&self, local: u32) -> Option<Vec<u8>> {
        Some(self.actors.get(local as usize)?.keyring.storage_image())
    }

    /// The bytes of keys that it has in memory: those of its store, as far as they lie there, and the raw
    /// keys of its associations.
    #[must_use]
    pub fn memory_image(&self, local: u32) -> Option<Vec<u8>> {
        Some(self.actors.get(local as usize)?.memory_image())
    }

    /// Writes down what is only known at the end, `now`.
    pub fn close(&mut self, now: Time, recorder: &mut Recorder) {
        for actor in &mut self.actors {
            let layout = &*self.layout;
            let group = layout.place(actor.id).group as usize;
            let record = &mut recorder.loads[group];
            let busy = actor.processor.close(record);
            let radio = layout.uplink(actor.id).map_or(0.0, |(_, link)| {
                link.medium.energy_uj(actor.port.sent, actor.port.received)
            });
            let joules = busy.as_secs_f64() * layout.class(actor.id).active_w + radio / 1e6;
            record.energy.record(nanojoules(joules));
            if let Some(mut facts) = self.chronicle.engine(now) {
                facts.cost(ActorId(actor.id.0), CostKind::Nanojoules, nanojoules(joules));
            }
            if let Some(client) = &actor.client {
                client.stop_using_keys(now, layout.key_lifetime_of(actor.id, now), recorder);
            }
        }
    }
}

/// Lets what attackers asked for happen.
pub(super) fn schedule(consequences: Vec<Consequence>, context: &mut Context<'_, Event, Recorder>) {
    for Consequence { key, site, target, event } in consequences {
        context.schedule(key, site, target, event);
    }
}

/// Whole nanojoules, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float to integer casts saturate"
)]
fn nanojoules(joules: f64) -> u64 {
    (joules * 1e9 + 0.5) as u64
}

impl Site for NodeSite {
    type Event = Event;
    type Recorder = Recorder;

    fn handle(&mut self, target: u32, event: Event, context: &mut Context<'_, Event, Recorder>) {
        if let Event::Intruder(nudge) = event {
            let mut scene = Scene {
                now: context.now,
                site: self.number,
                layout: &self.layout,
                chronicle: &mut self.chronicle,
                actors: Some(&mut self.actors),
            };
            let consequences = self.intruders.nudge(target, nudge, &mut scene);
            return schedule(consequences, context);
        }
        let Some(actor) = self.actors.get_mut(target as usize) else { return };
        if let Some(tape) = &mut context.recorder.tape {
            tape.begin(context.key);
        }
        if let Event::Arrive(packet) = &event {
            let mut place =
                [packet.from.0, packet.to.0, actor.id.0, packet.class as u32].map(u64::from);
            place[0] |= u64::from(packet.address) << 32;
            context.digest.add(context.now, place, &packet.bytes);
        }
        let Self { layout, number, chronicle, intruders, .. } = self;
        actor.handle(event, &mut Reach { layout, site: *number, chronicle, intruders, context });
    }

    /// A server works for each of its clients; any other node for itself.
    fn weight(&self) -> u64 {
        self.actors.iter().map(|actor| 1 + actor.server.as_ref().map_or(0, |s| s.clients())).sum()
    }
}
