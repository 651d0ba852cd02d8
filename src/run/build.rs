//! Builds the world of a plan: places, keys, sites, and everything that is known to happen.

use std::sync::Arc;

use super::console::{password, sessions};
use super::custody::{custodial, custody, public_packages};
use super::invade::{Attacker, invade, write_down_canaries, write_down_keys};
use super::keys::{Provisioner, enrolees, server_secrets};
use super::script::Script;
use crate::association::Config;
use crate::backend::Form;
use crate::measure::{Group, Recorder, Tier};
use crate::node::{
    ApplicationSetting, Fault, Function, FunctionKind, GroupSetting, Layout, NodeId, NodeParts,
    NodeSite, Place, Route, ServiceSetting, Timed, Triage, Trouble, Whom,
};
use crate::scenario::Plan;
use crate::scenario::plan::{
    Action, Enrolment, Event, Fleet, Registrar, Service, StorePlace, Target,
};
use crate::sim::time::{Duration, Time};
use crate::sim::{Engine, Seed};

/// Servers keep their addresses: clients send connection IDs, and want none themselves.
const DEVICES_WANT_NONE: u8 = 0;
/// Devices without a gateway share sites of this many.
const DIRECT_SITE: u32 = 256;

/// A world, ready to run.
pub(super) struct World {
    pub(super) engine: Engine<NodeSite>,
    /// The groups, for the recorder.
    pub(super) groups: Vec<Group>,
    /// Units of the HSMs of each group.
    pub(super) hsm_units: Vec<u64>,
    /// Where everybody stands.
    pub(super) layout: Arc<Layout>,
    /// Who attacks.
    pub(super) attackers: Vec<Attacker>,
}

impl World {
    /// The world of `plan`, with its first events.
    pub(super) fn build(plan: &Plan) -> Self {
        Self::build_with(plan, |_, _| {})
    }

    /// The same, with something done to the sites before they start.
    pub(super) fn build_with(plan: &Plan, prepare: impl FnOnce(&Layout, &mut [NodeSite])) -> Self {
        let mut map = Map::draw(plan);
        let custodial = custodial(plan);
        if !custodial.is_empty() {
            map.layout.packages = public_packages(plan, &map.layout);
        }
        let keeps_facts = plan.keeps_facts();
        let layout = Arc::new(map.layout);
        let mut sites: Vec<_> = (0..map.sites)
            .map(|number| NodeSite::new(number, Arc::clone(&layout), keeps_facts))
            .collect();
        let mut clients = clients_by_registrar(&layout);
        let children = children(&layout);
        let seed = Seed(plan.seed);
        let second_factor = plan.security.second_factor;
        let networks = plan.fleets.iter().filter(|fleet| fleet.enrolment == Enrolment::Network);
        let provisioner = Provisioner {
            layout: &layout,
            seed,
            second_factor,
            sharing: plan.security.keys,
            networks: networks.map(|fleet| fleet.name.as_str()).collect(),
            enrolees: enrolees(&layout),
        };
        for (index, place) in layout.places.iter().enumerate() {
            let id = node_id(index);
            let spec = &map.specs[place.group as usize];
            let served = std::mem::take(&mut clients[index]);
            let mut keyring = provisioner.keyring(id, spec.store, spec.serves, &served);
            keyring.rename(provisioner.pseudonyms(id, &served));
            let custody = custodial.contains(&layout.group(id).name.as_str()).then(|| {
                let chronicle = sites[place.site as usize].chronicle_mut();
                custody(plan, &layout, id, &mut keyring, chronicle)
            });
            let console =
                sessions(plan, &layout, (id, &served), sites[place.site as usize].chronicle_mut());
            let server = spec.serves.then(|| (served, server_configs(&layout, id, seed)));
            sites[place.site as usize].add(NodeParts {
                id,
                workers: spec.workers,
                queue: spec.queue,
                triage: spec.triage,
                children: children[index],
                keyring,
                server,
                custody,
                originator: provisioner.originator(id),
                recipient: provisioner.recipient(id),
                console,
                password: password(&layout, id),
            });
        }
        if keeps_facts {
            write_down_keys(&provisioner, &mut sites);
            write_down_canaries(&layout, &mut sites);
        }
        let (attackers, beginnings) = invade(plan, &layout, &mut sites);
        prepare(&layout, &mut sites);
        let mut engine = Engine::new(sites, map.lookahead);
        Script::new(plan, &layout, seed).write(&beginnings, &mut engine);
        let hsm_units = hsm_units(&map.specs, &map.groups, second_factor);
        drop(provisioner);
        Self { engine, hsm_units, groups: map.groups, layout, attackers }
    }

    /// An empty recorder for this world.
    pub(super) fn recorder(groups: &[Group], hsm_units: &[u64], plan: &Plan) -> Recorder {
        let links = plan.links.iter().map(|link| link.name.clone()).collect();
        let mut recorder = Recorder::new(groups.to_vec(), links);
        for (hsm, units) in recorder.hsms.iter_mut().zip(hsm_units) {
            hsm.units = *units;
        }
        recorder
    }
}

/// Units of the HSMs of each group.
fn hsm_units(specs: &[Spec], groups: &[Group], second_factor: bool) -> Vec<u64> {
    let units = specs.iter().zip(groups).map(|(spec, group)| {
        let StorePlace::Hsm(profile) = spec.store else { return 0 };
        let places = if second_factor { 2 } else { 1 };
        u64::from(profile.units) * u64::from(group.count) * places
    });
    units.collect()
}

/// What members of a group are made of.
struct Spec {
    workers: u32,
    queue: Option<u32>,
    triage: Triage,
    serves: bool,
    store: StorePlace,
}

/// Where everybody stands.
struct Map {
    layout: Layout,
    groups: Vec<Group>,
    specs: Vec<Spec>,
    sites: u32,
    lookahead: Duration,
}

impl Map {
    fn draw(plan: &Plan) -> Self {
        let layout = Layout {
            places: Vec::new(),
            groups: Vec::new(),
            classes: plan.classes.clone(),
            links: plan.links.clone(),
            key_lifetime: plan.security.key_lifetime,
            key_hard_limit: plan.security.key_hard_limit,
            renewal: plan.security.renewal,
            retry: plan.security.retry,
            backoff: plan.security.backoff,
            functions: Vec::new(),
            applications: Vec::new(),
            kc_lifetime: plan.security.kc_lifetime,
            half_open: plan.security.half_open,
            registers: plan.registers(),
            request_cache: plan.security.request_cache,
            open_access: plan.security.open_access && !plan.closes_policies(),
            believes_originators: plan.security.believes_originators,
            faults: faults(plan),
            calm: plan.recovery.map(|recovery| recovery.after),
            end: Time::ZERO + plan.duration,
            attestation: plan.custody.attestation,
            writes_down_sessions: plan.asks_for_exposure(),
            packages: Vec::new(),
        };
        let (groups, specs) = (Vec::new(), Vec::new());
        let mut map = Self { layout, groups, specs, sites: 1, lookahead: Duration::MAX };
        let mut locals = vec![0u32];
        map.place_cses(plan, &mut locals);
        map.place_gateways(plan, &mut locals);
        map.place_fleets(plan, &mut locals);
        map.place_functions(plan, &mut locals);
        map.place_applications(plan);
        change_settings(plan, &mut map.layout);
        map.sites = u32::try_from(locals.len()).expect("sites are counted in 32 bits");
        number_clients(&mut map.layout);
        map
    }

    /// What devices report is what the application expects that uses it.
    fn place_applications(&mut self, plan: &Plan) {
        for backend in &plan.backends {
            let group = plan.cses.len() + plan.gateways.len() + backend.fleet;
            if let Some(setting) = self.layout.groups.get_mut(group) {
                setting.form = backend.setting.form();
            }
            self.layout.applications.push(ApplicationSetting {
                name: backend.name.clone(),
                cse: node_id(backend.cse),
                group: u32::try_from(group).expect("groups are few"),
                setting: backend.setting,
            });
        }
    }

    fn place_cses(&mut self, plan: &Plan, locals: &mut [u32]) {
        for cse in &plan.cses {
            let group = self.group(plan, &cse.name, Tier::Cse, 1, cse.workers, cse.class, None);
            self.specs.push(Spec {
                workers: cse.workers,
                queue: cse.queue,
                triage: cse.triage,
                serves: true,
                store: cse.store,
            });
            self.layout.groups[group as usize].console = cse.console;
            let id = node_id(self.layout.places.len());
            self.place(group, 0, 0, locals, id, id);
        }
    }

    /// MAFs and MEFs stand beside the CSEs.
    fn place_functions(&mut self, plan: &Plan, locals: &mut [u32]) {
        for function in &plan.functions {
            let tier = match function.kind {
                FunctionKind::Maf => Tier::Maf,
                FunctionKind::Mef => Tier::Mef,
            };
            let (count, workers, queue) = (function.count, function.workers, function.queue);
            let link = Some(function.link);
            let group =
                self.group(plan, &function.name, tier, count, workers, function.class, link);
            self.specs.push(Spec {
                workers,
                queue,
                triage: Triage::default(),
                serves: true,
                store: function.store,
            });
            for member in 0..count {
                let node = node_id(self.layout.places.len());
                let fqdn = format!("{}-{member}.example", tier.name());
                self.layout.functions.push(Function { kind: function.kind, node, fqdn });
                self.place(group, member, 0, locals, node, node);
            }
        }
    }

    fn place_gateways(&mut self, plan: &Plan, locals: &mut Vec<u32>) {
        for gateway in &plan.gateways {
            let (name, count, workers) = (&gateway.name, gateway.count, gateway.workers);
            let link = Some(gateway.link);
            let group = self.group(plan, name, Tier::Gateway, count, workers, gateway.class, link);
            self.layout.groups[group as usize].rate_limit = gateway.rate_limit;
            self.specs.push(Spec {
                workers,
                queue: gateway.queue,
                triage: Triage::default(),
                serves: gateway.registers,
                store: gateway.store,
            });
            self.lookahead = self.lookahead.min(plan.links[gateway.link].latency);
            let cse = node_id(gateway.cse);
            for member in 0..count {
                locals.push(0);
                let site = locals.len() - 1;
                let registrar =
                    if gateway.registers { cse } else { node_id(self.layout.places.len()) };
                self.place(group, member, site, locals, cse, registrar);
            }
        }
    }

    fn place_fleets(&mut self, plan: &Plan, locals: &mut Vec<u32>) {
        let first_gateway = |index: usize| {
            let before: u32 = plan.gateways[..index].iter().map(|g| g.count).sum();
            plan.cses.len() + before as usize
        };
        for fleet in &plan.fleets {
            let (name, count) = (&fleet.name, fleet.count);
            let link = Some(fleet.link);
            let group = self.group(plan, name, Tier::Device, count, 1, fleet.class, link);
            let setting = &mut self.layout.groups[group as usize];
            if let Some(profile) = fleet.profile {
                setting.association.all_mut().for_each(|config| config.profile = profile);
            }
            setting.server_id_len = fleet.connection_id;
            let id = fleet.connection_id.map(|_| DEVICES_WANT_NONE);
            setting.association.all_mut().for_each(|config| config.connection_id = id);
            setting.route = route(plan, fleet.enrolment);
            setting.service = service(plan, fleet);
            setting.visits = fleet.visits;
            setting.telemetry = Timed::new(fleet.telemetry.map(|t| (t.interval, t.size)));
            setting.deadline = fleet.telemetry.and_then(|t| t.deadline);
            setting.is_sensitive = fleet.telemetry.is_some_and(|t| t.is_sensitive);
            setting.end_to_end = fleet.end_to_end;
            setting.renaming = fleet.renaming;
            if let (true, Some(via), Registrar::Gateway) =
                (fleet.service.registers, fleet.via, fleet.registrar)
            {
                self.layout.groups[plan.cses.len() + via].service.registers = true;
            }
            let setting = &mut self.layout.groups[group as usize];
            if let Some(via) = fleet.via {
                let backhaul = plan.links[plan.gateways[via].link].mtu;
                let configs = setting.association.all_mut();
                configs.for_each(|config| config.mtu = config.mtu.min(backhaul));
            } else {
                self.lookahead = self.lookahead.min(plan.links[fleet.link].latency);
            }
            self.specs.push(Spec {
                workers: 1,
                queue: None,
                triage: Triage::default(),
                serves: false,
                store: fleet.store,
            });
            for member in 0..count {
                let (parent, site) = match (fleet.via, fleet.registrar) {
                    (Some(via), _) => {
                        let number = member % plan.gateways[via].count;
                        let gateway = first_gateway(via) + number as usize;
                        (node_id(gateway), self.layout.places[gateway].site as usize)
                    }
                    (None, Registrar::Cse(cse)) => {
                        if member % DIRECT_SITE == 0 {
                            locals.push(0);
                        }
                        (node_id(cse), locals.len() - 1)
                    }
                    (None, Registrar::Gateway) => unreachable!("a plan names the gateway as `via`"),
                };
                let registrar = match fleet.registrar {
                    Registrar::Gateway => parent,
                    Registrar::Cse(cse) => node_id(cse),
                };
                self.place(group, member, site, locals, parent, registrar);
            }
        }
    }

    fn group(
        &mut self,
        plan: &Plan,
        name: &str,
        tier: Tier,
        count: u32,
        workers: u32,
        class: usize,
        link: Option<usize>,
    ) -> u32 {
        let mut association = plan.security.association.clone();
        let server_id_len = association.connection_id;
        association.connection_id = server_id_len.map(|_| DEVICES_WANT_NONE);
        if let Some(link) = link {
            association.mtu = association.mtu.min(plan.links[link].mtu);
        }
        self.layout.groups.push(GroupSetting {
            name: name.to_owned(),
            class,
            link,
            streams: Seed(plan.seed).streams(name),
            association: Timed::new(association),
            server_id_len,
            telemetry: Timed::new(None),
            key_lifetime: Timed::new(None),
            rate_limit: None,
            deadline: None,
            is_sensitive: false,
            end_to_end: false,
            renaming: None,
            form: Form::default(),
            first: node_id(self.layout.places.len()),
            count,
            is_cse: matches!(tier, Tier::Cse | Tier::Gateway),
            route: None,
            service: ServiceSetting::default(),
            console: None,
            visits: None,
        });
        self.groups.push(Group { name: name.to_owned(), tier, count, workers });
        u32::try_from(self.groups.len() - 1).expect("groups are few")
    }

    fn place(
        &mut self,
        group: u32,
        member: u32,
        site: usize,
        locals: &mut [u32],
        parent: NodeId,
        registrar: NodeId,
    ) {
        let local = locals[site];
        locals[site] += 1;
        let site = u32::try_from(site).expect("sites are counted in 32 bits");
        self.layout.places.push(Place {
            group,
            member,
            site,
            local,
            parent,
            child: 0,
            registrar,
            client: 0,
        });
    }
}

/// How the devices of a fleet use the service layer: the head end is beside the CSE at the top.
fn service(plan: &Plan, fleet: &Fleet) -> ServiceSetting {
    let Service { registers, reports_up, subscribed } = fleet.service;
    let top = match (fleet.registrar, fleet.via) {
        (Registrar::Cse(cse), _) => Some(cse),
        (Registrar::Gateway, via) => via.map(|via| plan.gateways[via].cse),
    };
    let is_needed = reports_up || subscribed.is_some();
    let head_end = top.filter(|_| is_needed).map(node_id);
    ServiceSetting { registers, head_end, reports_up, subscribed }
}

/// The functions that a device turns to.
fn route(plan: &Plan, enrolment: Enrolment) -> Option<Route> {
    let has_maf = plan.functions.iter().any(|function| function.kind == FunctionKind::Maf);
    match enrolment {
        Enrolment::Provisioned => None,
        Enrolment::Maf => Some(Route { mef: false, maf: true }),
        Enrolment::Mef | Enrolment::Network => Some(Route { mef: true, maf: has_maf }),
    }
}

/// What changes for fleets in the course of the run, at both ends.
fn change_settings(plan: &Plan, layout: &mut Layout) {
    for event in &plan.events {
        let (Action::Change(change), Target::Fleet(fleet)) = (event.action, event.target) else {
            continue;
        };
        let group = &mut layout.groups[plan.cses.len() + plan.gateways.len() + fleet];
        group.association.change(event.at, |config| {
            config.key_exchange = change.key_exchange.unwrap_or(config.key_exchange);
            config.replay_window = change.replay_window.unwrap_or(config.replay_window);
        });
        if change.key_lifetime.is_some() {
            group.key_lifetime.change(event.at, |lifetime| *lifetime = change.key_lifetime);
        }
        if let Some(interval) = change.interval {
            group.telemetry.change(event.at, |telemetry| {
                *telemetry = telemetry.map(|(_, size)| (interval, size));
            });
        }
    }
}

/// What is out of order, and when. A link type that fails is cut until its next recovery, or for ever.
fn faults(plan: &Plan) -> Vec<Fault> {
    let fault = |event: &Event| match (event.action, event.target) {
        (Action::Fault { member, trouble, lasts }, target) => Some(Fault {
            whom: whom(plan, target, member),
            from: event.at,
            until: event.at + lasts,
            trouble,
        }),
        (Action::Fail { .. }, target @ Target::Link(_)) => Some(Fault {
            whom: whom(plan, target, None),
            from: event.at,
            until: recovery(plan, target, event.at),
            trouble: Trouble::Cut,
        }),
        _ => None,
    };
    plan.events.iter().filter_map(fault).collect()
}

/// When `target`, which fails at `from`, is back.
fn recovery(plan: &Plan, target: Target, from: Time) -> Time {
    let is_back = |event: &&Event| {
        event.target == target && event.at >= from && matches!(event.action, Action::Recover { .. })
    };
    plan.events.iter().find(is_back).map_or(Time::NEVER, |event| event.at)
}

fn whom(plan: &Plan, target: Target, member: Option<u32>) -> Whom {
    let gateways = plan.cses.len();
    let fleets = gateways + plan.gateways.len();
    let of_group =
        |index: usize| Whom::Group(u32::try_from(index).expect("groups are few"), member);
    match target {
        Target::Link(index) => Whom::Link(index),
        Target::Cse(index) => of_group(index),
        Target::Gateway(index) => of_group(gateways + index),
        Target::Fleet(index) => of_group(fleets + index),
        Target::Function(index) => of_group(fleets + plan.fleets.len() + index),
    }
}

fn node_id(index: usize) -> NodeId {
    NodeId(u32::try_from(index).expect("nodes are counted in 32 bits"))
}

/// Numbers the children of each parent in the order of their ids, and the clients of each registrar by
/// group name and member, the order in which a key table is searched.
fn number_clients(layout: &mut Layout) {
    let mut order: Vec<usize> = (0..layout.places.len()).collect();
    let mut next = vec![0u32; layout.places.len()];
    for number in 0..layout.functions.len() {
        let node = layout.functions[number].node;
        layout.places[node.index()].child = u32::try_from(number).expect("functions are few");
    }
    // The first ends of a CSE lead to the functions.
    for (index, next) in next.iter_mut().enumerate() {
        *next = u32::try_from(ends_to_functions(layout, index)).expect("functions are few");
    }
    for index in 0..layout.places.len() {
        let parent = layout.places[index].parent;
        if parent.index() != index {
            layout.places[index].child = next[parent.index()];
            next[parent.index()] += 1;
        }
    }
    order.sort_by_key(|index| {
        let place = &layout.places[*index];
        (layout.groups[place.group as usize].name.clone(), place.member)
    });
    next.fill(0);
    for index in order {
        let registrar = layout.places[index].registrar;
        if registrar.index() != index {
            layout.places[index].client = next[registrar.index()];
            next[registrar.index()] += 1;
        }
    }
}

/// Ends of a CSE that lead to functions.
fn ends_to_functions(layout: &Layout, index: usize) -> usize {
    let node = node_id(index);
    let is_cse = layout.is_root(node) && layout.function_of(node).is_none();
    if is_cse { layout.functions.len() } else { 0 }
}

/// How many ends down each node has: one for each child, and a CSE one for each function.
fn children(layout: &Layout) -> Vec<usize> {
    let mut children: Vec<usize> =
        (0..layout.places.len()).map(|index| ends_to_functions(layout, index)).collect();
    for (index, place) in layout.places.iter().enumerate() {
        if place.parent.index() != index {
            children[place.parent.index()] += 1;
        }
    }
    children
}

/// The clients of each node, by their numbers.
fn clients_by_registrar(layout: &Layout) -> Vec<Vec<NodeId>> {
    let mut clients: Vec<Vec<NodeId>> = vec![Vec::new(); layout.places.len()];
    for (index, place) in layout.places.iter().enumerate() {
        if place.registrar.index() != index {
            clients[place.registrar.index()].push(node_id(index));
        }
    }
    for served in &mut clients {
        served.sort_by_key(|client| layout.place(*client).client);
    }
    clients
}

/// What a server says to clients of each group.
fn server_configs(layout: &Layout, id: NodeId, seed: Seed) -> Vec<Timed<Config>> {
    let secrets = server_secrets(layout, id, seed);
    // A function numbers its clients as they come: their IDs might outgrow any length.
    let has_ids = layout.function_of(id).is_none();
    let with_secrets = |group: &GroupSetting| {
        group.association.map(|association| Config {
            server: Some(secrets.clone()),
            connection_id: group.server_id_len.filter(|_| has_ids),
            ..association.clone()
        })
    };
    layout.groups.iter().map(with_secrets).collect()
}
