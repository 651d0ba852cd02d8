//! What is known to happen before a run starts: first starts, reports, and the events of the plan.

use sha2::{Digest as _, Sha256};

use super::custody::custodial;
use super::invade::Beginning;
use crate::node::{Command, ELEMENT_CHECK, Event, Layout, NodeId, NodeSite, Nudge, Rekey};
use crate::scenario::Plan;
use crate::scenario::plan::{Action, Event as Planned, Schedule, Spread, Target};
use crate::sim::time::{Duration, Time};
use crate::sim::{Engine, Origin, Seed, StreamKey};

/// The origin of everything that no node causes.
const SCRIPT: u32 = u32::MAX;

/// Turns a plan's schedules into first events.
pub(super) struct Script<'a> {
    plan: &'a Plan,
    layout: &'a Layout,
    seed: Seed,
    origin: Origin,
}

impl<'a> Script<'a> {
    pub(super) const fn new(plan: &'a Plan, layout: &'a Layout, seed: Seed) -> Self {
        Self { plan, layout, seed, origin: Origin::new(SCRIPT) }
    }

    pub(super) fn write(mut self, beginnings: &[Beginning], engine: &mut Engine<NodeSite>) {
        let cses = self.plan.cses.len();
        for (index, gateway) in self.plan.gateways.iter().enumerate() {
            if gateway.registers {
                self.starts(engine, cses + index, gateway.start);
            }
        }
        for (index, fleet) in self.plan.fleets.iter().enumerate() {
            let group = cses + self.plan.gateways.len() + index;
            self.starts(engine, group, fleet.start);
        }
        for (number, event) in self.plan.events.iter().enumerate() {
            self.event(engine, event, number);
        }
        if let Some(first) = self.plan.custody.attestation {
            for index in 0..self.plan.fleets.len() {
                let group = cses + self.plan.gateways.len() + index;
                let at = Time::ZERO + first;
                self.tell(engine, group, at, Spread::AtOnce, "attest", |_| Command::Attest);
            }
        }
        if self.plan.custody.is_paired {
            self.element_checks(engine);
        }
        for Beginning { at, site, number } in beginnings {
            engine.schedule(self.origin.key(*at), *site, *number, Event::Intruder(Nudge::Begin));
        }
    }

    /// Hosts that are paired with their elements ask them, each from a first time of its own on.
    fn element_checks(&mut self, engine: &mut Engine<NodeSite>) {
        let custodial = custodial(self.plan);
        let spread = Spread::Jitter(ELEMENT_CHECK);
        for index in 0..self.layout.groups.len() {
            let group = &self.layout.groups[index];
            if custodial.contains(group.name.as_str()) && !group.is_cse {
                self.tell(engine, index, Time::ZERO, spread, "element", |_| Command::CheckElement);
            }
        }
    }

    fn starts(&mut self, engine: &mut Engine<NodeSite>, group: usize, start: Schedule) {
        let at = Time::ZERO + start.at;
        self.tell(engine, group, at, start.spread, "start", |_| Command::Start);
    }

    fn event(&mut self, engine: &mut Engine<NodeSite>, event: &Planned, number: usize) {
        let Some(group) = self.group(event.target) else { return };
        let name = format!("event {number}");
        let trigger = event.at;
        let members = matches!(event.target, Target::Fleet(_) | Target::Gateway(_));
        let how = match event.action {
            Action::Rekey(how) => how,
            Action::Readdress => {
                return self
                    .tell(engine, group, trigger, event.spread, &name, |_| Command::Readdress);
            }
            // Faults are part of the layout.
            Action::Fault { .. } => return,
            Action::Fail { member } => {
                return self.tell_some(engine, group, member, trigger, Command::Fail);
            }
            Action::Recover { member } => {
                return self.tell_some(engine, group, member, trigger, Command::Recover);
            }
            Action::Change(change) => {
                if change.interval.is_some() {
                    self.tell(engine, group, trigger, Spread::AtOnce, &name, |_| Command::Retime);
                }
                if !change.is_secure() {
                    return;
                }
                Rekey::Full
            }
            Action::Restart => {
                self.tell(engine, group, trigger, Spread::AtOnce, &name, |_| Command::Restart);
                Rekey::Full
            }
            Action::Expire => {
                self.expire_servers(engine, group, trigger);
                self.tell(engine, group, trigger, Spread::AtOnce, &name, |_| Command::Expire);
                Rekey::Full
            }
        };
        if members {
            self.tell(engine, group, trigger, event.spread, &name, |_| Command::Rekey {
                how,
                trigger,
            });
        }
    }

    /// The servers of a group's members forget their keys.
    fn expire_servers(&mut self, engine: &mut Engine<NodeSite>, group: usize, at: Time) {
        let group = u32::try_from(group).expect("groups are few");
        let mut servers: Vec<NodeId> = self
            .layout
            .places
            .iter()
            .filter(|place| place.group == group)
            .map(|place| place.registrar)
            .collect();
        servers.sort_unstable();
        servers.dedup();
        for server in servers {
            self.schedule(engine, server, at, Command::ExpireClients { group });
        }
    }

    /// Tells each member of a group something, spread in time after `at`.
    fn tell(
        &mut self,
        engine: &mut Engine<NodeSite>,
        group: usize,
        at: Time,
        spread: Spread,
        purpose: &str,
        command: impl Fn(NodeId) -> Command,
    ) {
        let name = &self.layout.groups[group].name;
        let streams = self.seed.streams(&format!("{name} {purpose}"));
        let mut arrivals = Arrivals { spread, streams, sum: 0.0 };
        for index in 0..self.layout.places.len() {
            let place = self.layout.places[index];
            if place.group as usize == group {
                let node = NodeId(u32::try_from(index).expect("nodes are counted in 32 bits"));
                let offset = arrivals.offset(place.member, &self.layout.identity(node));
                self.schedule(engine, node, at + offset, command(node));
            }
        }
    }

    fn schedule(
        &mut self,
        engine: &mut Engine<NodeSite>,
        node: NodeId,
        at: Time,
        command: Command,
    ) {
        let place = self.layout.place(node);
        engine.schedule(self.origin.key(at), place.site, place.local, Event::Command(command));
    }

    /// Tells all members of a group something at once, or one of them.
    fn tell_some(
        &mut self,
        engine: &mut Engine<NodeSite>,
        group: usize,
        member: Option<u32>,
        at: Time,
        command: Command,
    ) {
        let setting = &self.layout.groups[group];
        let (first, count) = (setting.first.0, setting.count);
        for number in (0..count).filter(|number| member.is_none_or(|only| only == *number)) {
            self.schedule(engine, NodeId(first + number), at, command);
        }
    }

    /// The index of a group; a link is none, its failures are faults of the layout.
    fn group(&self, target: Target) -> Option<usize> {
        Some(match target {
            Target::Link(_) => return None,
            Target::Cse(index) => index,
            Target::Gateway(index) => self.plan.cses.len() + index,
            Target::Fleet(index) => self.plan.cses.len() + self.plan.gateways.len() + index,
            Target::Function(index) => {
                let before = self.plan.cses.len() + self.plan.gateways.len();
                before + self.plan.fleets.len() + index
            }
        })
    }
}

/// When the members of a group act, one after the other.
struct Arrivals {
    spread: Spread,
    streams: StreamKey,
    /// Of a Poisson process: seconds so far.
    sum: f64,
}

impl Arrivals {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float to integer casts saturate"
    )]
    fn offset(&mut self, member: u32, identity: &str) -> Duration {
        let mut cursor = 0;
        let mut draws = self.streams.draws(member, 0, &mut cursor);
        match self.spread {
            Spread::AtOnce => Duration::ZERO,
            Spread::Jitter(window) => Duration(draws.below(window.0)),
            Spread::Slots { window, slot } => {
                let slots = (window.0 / slot.0.max(1)).max(1);
                slot.times(hash(identity) % slots)
            }
            Spread::Poisson(per_second) => {
                self.sum += draws.exponential() / per_second;
                Duration((self.sum * 1e9) as u64)
            }
        }
    }
}

/// The hash that gives each identity its slot: the first 8 bytes of its SHA-256.
fn hash(identity: &str) -> u64 {
    let hash: [u8; 32] = Sha256::digest(identity.as_bytes()).into();
    hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
