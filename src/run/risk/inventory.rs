//! Inventory of shared assets (TR-0008 CM14): what was declared, and what an observer of flows discovers.

use std::collections::{BTreeMap, BTreeSet};

use crate::measure::{Flow, Flows, Group, Recorder, Spot};
use crate::scenario::Plan;
use crate::scenario::plan::{Asset, AssetKind, Part, Target};
use crate::sim::time::Time;

/// An asset of the inventory.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Known {
    pub(super) asset: Asset,
    pub(super) declared: bool,
    pub(super) observed: bool,
    /// Of a group of like nodes that are shared each, this one stands for so many.
    pub(super) alike: u32,
    /// Services that depend on it, by the observed flows: indices of fleets.
    pub(super) services: BTreeSet<usize>,
    /// Services whose associations end there, so that a breach would expose them.
    pub(super) exposed: BTreeSet<usize>,
}

impl Known {
    /// Several services depend on it.
    fn is_shared(&self) -> bool {
        self.services.len() > 1
    }
}

/// The inventory of one variant of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Discovery {
    pub(super) known: Vec<Known>,
    /// Assets that all flows show to be shared.
    pub(super) shared: usize,
    /// Of these, what the observer saw.
    pub(super) seen: usize,
    /// What neither the observer saw nor anybody declared.
    pub(super) missed: Vec<String>,
    /// The names of all that the observer saw, and of all that flows show.
    found: BTreeSet<String>,
    truth: BTreeSet<String>,
}

/// What flows tell: on which spots and groups each fleet depends.
struct Graph {
    /// By fleet.
    spots: Vec<BTreeSet<Spot>>,
    ends: Vec<BTreeSet<u32>>,
}

/// What flows reveal, by name.
type Revealed = BTreeMap<String, Known>;

/// The inventory of `plan` after a run with these notes. A system that is treated is not observed anew, for it does
/// not exist yet: what was known `before` is known of it, and what the treatment itself adds.
pub(super) fn discover(plan: &Plan, recorder: &Recorder, before: Option<&Discovery>) -> Discovery {
    let empty = Flows::new(Time::ZERO, Time::ZERO, 1);
    let flows = recorder.flows.as_deref().unwrap_or(&empty);
    let places = Places::of(plan, &recorder.groups);
    let truth = places.revealed(plan, &Graph::of(plan, &recorder.groups, flows.all()));
    let log = if before.is_some() { flows.all() } else { flows.seen() };
    let graph = Graph::of(plan, &recorder.groups, log);
    let mut found = places.revealed(plan, &graph);
    if let Some(before) = before {
        found.retain(|name, _| before.found.contains(name) || !before.truth.contains(name));
    }
    let mut known: Vec<Known> = plan
        .risk
        .assets
        .iter()
        .map(|asset| {
            let (services, exposed) = places.dependents(&asset.parts, &graph);
            let observed = found.values().any(|other| covers(plan, asset, &other.asset));
            let (asset, declared, alike) = (asset.clone(), true, 1);
            Known { asset, declared, observed, alike, services, exposed }
        })
        .collect();
    let is_declared = |other: &Known| -> bool {
        plan.risk.assets.iter().any(|asset| covers(plan, asset, &other.asset))
    };
    known.extend(found.values().filter(|other| !is_declared(other)).cloned());
    let shared = || truth.iter().filter(|(_, asset)| asset.is_shared());
    // To see an asset with one of its services is not to see that it is shared.
    let is_seen = |name: &String| found.get(name).is_some_and(Known::is_shared);
    let missed = shared().filter(|(name, asset)| !is_seen(name) && !is_declared(asset));
    Discovery {
        known,
        shared: shared().count(),
        seen: shared().filter(|(name, _)| is_seen(name)).count(),
        missed: missed.map(|(name, _)| name.clone()).collect(),
        found: found.keys().cloned().collect(),
        truth: truth.keys().cloned().collect(),
    }
}

/// Whether a declared asset is this very thing: one part, the same.
fn covers(plan: &Plan, declared: &Asset, found: &Asset) -> bool {
    let ([mine], [theirs]) = (declared.parts.as_slice(), found.parts.as_slice()) else {
        return false;
    };
    let alone = members(plan, theirs.target) == 1;
    mine.target == theirs.target && (mine.member == theirs.member || alone)
}

fn members(plan: &Plan, target: Target) -> u32 {
    match target {
        Target::Fleet(index) => plan.fleets[index].count,
        Target::Gateway(index) => plan.gateways[index].count,
        Target::Function(index) => plan.functions[index].count,
        Target::Cse(_) | Target::Link(_) => 1,
    }
}

impl Graph {
    /// In each flow the end of the lower tier depends on the other, and on what that one depends on.
    fn of(plan: &Plan, groups: &[Group], log: &BTreeMap<Flow, u64>) -> Self {
        let tier = |group: u32| groups.get(group as usize).map(|group| group.tier);
        let mut direct: BTreeMap<u32, (BTreeSet<Spot>, BTreeSet<u32>)> = BTreeMap::new();
        for flow in log.keys() {
            let (a, b) = flow.groups;
            let (client, server) = if tier(a) <= tier(b) { (a, b) } else { (b, a) };
            let (spots, servers) = direct.entry(client).or_default();
            spots.insert(flow.spot);
            if client != server {
                servers.insert(server);
            }
        }
        let before = plan.cses.len() + plan.gateways.len();
        let fleets = (0..plan.fleets.len()).map(|fleet| {
            let start = u32::try_from(before + fleet).unwrap_or(u32::MAX);
            closure(start, &direct)
        });
        let (spots, ends) = fleets.unzip();
        Self { spots, ends }
    }
}

/// All spots and servers on which `start` depends, at however many removes.
fn closure(
    start: u32,
    direct: &BTreeMap<u32, (BTreeSet<Spot>, BTreeSet<u32>)>,
) -> (BTreeSet<Spot>, BTreeSet<u32>) {
    let (mut spots, mut ends) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![start];
    while let Some(group) = open.pop() {
        let Some((own, servers)) = direct.get(&group) else { continue };
        spots.extend(own);
        open.extend(servers.iter().filter(|server| ends.insert(**server)));
    }
    (spots, ends)
}

/// Which node is whose, in the order in which a world is built.
struct Places {
    /// Group of the world, what it is in the plan, its first node and its members.
    groups: Vec<(Target, u32, u32)>,
}

impl Places {
    fn of(plan: &Plan, groups: &[Group]) -> Self {
        let targets = (0..plan.cses.len())
            .map(Target::Cse)
            .chain((0..plan.gateways.len()).map(Target::Gateway))
            .chain((0..plan.fleets.len()).map(Target::Fleet))
            .chain((0..plan.functions.len()).map(Target::Function));
        let mut first = 0;
        let numbered = targets.zip(groups).map(|(target, group)| {
            let start = first;
            first += group.count;
            (target, start, group.count)
        });
        Self { groups: numbered.collect() }
    }

    /// The link type that a spot is, or the group of the node.
    fn target(&self, spot: Spot) -> Option<Target> {
        match spot {
            Spot::Link(index) => Some(Target::Link(index as usize)),
            Spot::Node(node) => {
                let within = |(_, first, count): &&(Target, u32, u32)| {
                    (*first..first + count).contains(&node)
                };
                Some(self.groups.iter().find(within)?.0)
            }
        }
    }

    /// A spot belongs to a part of an asset.
    fn is_part(&self, spot: Spot, part: &Part) -> bool {
        let first = self.groups.iter().find(|(target, ..)| *target == part.target);
        let is_member = match (spot, part.member, first) {
            (Spot::Node(node), Some(member), Some((_, first, _))) => node == first + member,
            _ => true,
        };
        is_member && self.target(spot) == Some(part.target)
    }

    /// Groups and links that services use, shared or not: a service that moves to a line of its own takes its risk
    /// along. Of like nodes the first stands for all: who sees one of a group knows how many it has.
    fn revealed(&self, plan: &Plan, graph: &Graph) -> Revealed {
        let spots: BTreeSet<Spot> = graph.spots.iter().flatten().copied().collect();
        let mut revealed = Revealed::new();
        for target in spots.into_iter().filter_map(|spot| self.target(spot)) {
            let is_link = matches!(target, Target::Link(_));
            let part = Part { target, member: (!is_link).then_some(0) };
            let (services, exposed) = self.dependents(&[Part { target, member: None }], graph);
            let (kind, alike) = (kind(plan, target), members(plan, target));
            let name = plan.part_name(&part);
            let per_year = kind.per_year() * f64::from(alike);
            let asset = Asset { name: name.clone(), kind, parts: vec![part], per_year };
            let (declared, observed) = (false, true);
            let known = Known { asset, declared, observed, alike, services, exposed };
            revealed.insert(name, known);
        }
        revealed
    }

    /// Services that use any of these parts, and those whose associations end at one.
    fn dependents(&self, parts: &[Part], graph: &Graph) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let (mut services, mut exposed) = (BTreeSet::new(), BTreeSet::new());
        for (fleet, (spots, ends)) in graph.spots.iter().zip(&graph.ends).enumerate() {
            for part in parts {
                let is_own = part.target == Target::Fleet(fleet);
                let here = |spot: &Spot| self.is_part(*spot, part);
                if !is_own && !spots.iter().any(here) {
                    continue;
                }
                services.insert(fleet);
                let group = self.groups.iter().position(|(target, ..)| *target == part.target);
                let group = group.and_then(|group| u32::try_from(group).ok());
                if is_own || group.is_some_and(|group| ends.contains(&group)) {
                    exposed.insert(fleet);
                }
            }
        }
        (services, exposed)
    }
}

/// What a discovered asset is.
fn kind(plan: &Plan, target: Target) -> AssetKind {
    match target {
        Target::Function(_) => AssetKind::IdentityProvider,
        Target::Link(index) if plan.fleets.iter().any(|fleet| fleet.link == index) => {
            AssetKind::Spectrum
        }
        Target::Link(_) => AssetKind::Backhaul,
        Target::Fleet(_) | Target::Gateway(_) | Target::Cse(_) => AssetKind::Node,
    }
}
