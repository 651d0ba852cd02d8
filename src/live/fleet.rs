//! Who takes part in a live run, and the plan of the same population for the simulator.

use super::LiveError;
use crate::association::{Config, Profile};
use crate::net::{LinkType, Medium};
use crate::node::Class;
use crate::scenario::Plan;
use crate::scenario::plan::{Fleet, Registrar, Schedule, Spread};
use crate::sim::Seed;
use crate::sim::time::{Duration, Time};

/// Devices of a live run unless told otherwise, at most.
pub const DEVICES_DEFAULT: u32 = 200;
/// Devices of a live run, at most: each has a socket.
pub const DEVICES_MAX: u32 = 2_000;
/// Bytes of a report of a fleet that has no telemetry in the scenario.
const REPORT_SIZE: u32 = 64;
/// The window of starts takes at most this part of the time limit: the rest is for the work.
const WINDOW_PART: u64 = 4;

/// One device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its identity, the same as in the simulator.
    pub identity: String,
    /// When it starts.
    pub start: Duration,
    /// Bytes of the content of its report.
    pub report: u32,
}

/// The devices of a live run and what they share.
pub struct Population {
    /// The devices.
    pub members: Vec<Member>,
    /// The policy of both ends, without a server's secrets.
    pub config: Config,
    /// The name of the CSEBase, the same as in the simulator.
    pub cse: String,
    /// The window in which devices start.
    pub window: Duration,
    /// The plan of the same devices straight at the same CSE; its class and link are still to be set.
    plan: Plan,
    cse_index: usize,
}

impl Population {
    /// The devices of the first fleet's CSE, fleet by fleet, at most `devices` of them, starting
    /// within a quarter of `limit`.
    ///
    /// # Errors
    /// There are no devices, or they do not all speak the same profile.
    pub fn of(plan: &Plan, devices: Option<u32>, limit: Duration) -> Result<Self, LiveError> {
        let profile = profile_of(plan)?;
        if plan.registers() {
            return Err(LiveError::Registered);
        }
        let cse_index = plan.fleets.first().map(|f| cse_of(plan, f)).ok_or(LiveError::NoDevices)?;
        let mut left = devices.unwrap_or(DEVICES_DEFAULT).min(DEVICES_MAX);
        let mut fleets = Vec::new();
        let (mut mtu, mut window) = (plan.security.association.mtu, Duration::ZERO);
        for fleet in plan.fleets.iter().filter(|fleet| cse_of(plan, fleet) == cse_index) {
            if left == 0 {
                break;
            }
            mtu = mtu.min(mtu_of(plan, fleet));
            let spread = within(fleet, Duration(limit.0 / WINDOW_PART));
            if let Spread::Jitter(own) = spread {
                window = window.max(own);
            }
            let start = Schedule { at: Duration::ZERO, spread };
            let count = fleet.count.min(left);
            left -= count;
            fleets.push(Fleet { count, start, ..fleet.clone() });
        }
        let members = fleets.iter().flat_map(|fleet| members(fleet, plan.seed)).collect();
        let cse = format!("cse-{}-0", plan.cses[cse_index].name);
        let config = Config { mtu, profile, ..plan.security.association.clone() };
        let mut plan = plan.clone();
        plan.duration = limit;
        plan.fleets = fleets;
        Ok(Self { members, config, cse, window, plan, cse_index })
    }

    /// The plan for the simulator: the same devices straight at the same CSE, all on machines of
    /// `class`, over a link of this latency one way; handshakes and nothing else.
    #[must_use]
    pub fn twin(&self, class: Class, latency: Duration) -> Plan {
        let mut plan = self.plan.clone();
        let mut cse = plan.cses[self.cse_index].clone();
        (cse.class, cse.workers, cse.queue) = (0, 1, None);
        plan.cses = vec![cse];
        plan.gateways.clear();
        plan.classes = vec![class];
        plan.links = vec![loopback(self.config.mtu, latency)];
        for fleet in &mut plan.fleets {
            (fleet.class, fleet.link, fleet.via) = (0, 0, None);
            fleet.registrar = Registrar::Cse(0);
            fleet.telemetry = None;
        }
        plan.security.key_lifetime = None;
        plan.security.retry = None;
        plan.events.clear();
        plan.expectations.clear();
        plan
    }
}

/// The profile that all fleets have.
fn profile_of(plan: &Plan) -> Result<Profile, LiveError> {
    let usual = plan.security.association.profile;
    let mut profiles = plan.fleets.iter().map(|fleet| fleet.profile.unwrap_or(usual));
    let first = profiles.next().ok_or(LiveError::NoDevices)?;
    if profiles.all(|profile| profile == first) { Ok(first) } else { Err(LiveError::Profile) }
}

/// The CSE that a fleet's datagrams go to in the end.
fn cse_of(plan: &Plan, fleet: &Fleet) -> usize {
    match (fleet.registrar, fleet.via) {
        (Registrar::Cse(cse), _) => cse,
        (Registrar::Gateway, Some(via)) => plan.gateways[via].cse,
        (Registrar::Gateway, None) => 0,
    }
}

fn mtu_of(plan: &Plan, fleet: &Fleet) -> u16 {
    let access = plan.links[fleet.link].mtu;
    fleet.via.map_or(access, |via| access.min(plan.links[plan.gateways[via].link].mtu))
}

/// The fleet's own spread, drawn uniform and shortened to `limit`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float to integer casts saturate"
)]
fn within(fleet: &Fleet, limit: Duration) -> Spread {
    let window = match fleet.start.spread {
        Spread::AtOnce => return Spread::AtOnce,
        Spread::Jitter(window) | Spread::Slots { window, .. } => window,
        Spread::Poisson(per_second) => Duration((f64::from(fleet.count) / per_second * 1e9) as u64),
    };
    Spread::Jitter(window.at_most(limit))
}

/// The members of a fleet, each with the start that the simulator draws for it.
fn members(fleet: &Fleet, seed: u64) -> Vec<Member> {
    let streams = Seed(seed).streams(&format!("{} start", fleet.name));
    let start = |member| match fleet.start.spread {
        Spread::Jitter(window) => Duration(streams.draws(member, 0, &mut 0).below(window.0)),
        _ => Duration::ZERO,
    };
    let report = fleet.telemetry.map_or(REPORT_SIZE, |telemetry| telemetry.size);
    let member = |member| Member {
        identity: format!("{}-{member}", fleet.name),
        start: start(member),
        report,
    };
    (0..fleet.count).map(member).collect()
}

fn loopback(mtu: u16, latency: Duration) -> LinkType {
    LinkType {
        name: "loopback".to_owned(),
        latency,
        jitter: Duration::ZERO,
        loss: 0.0,
        duplicate: 0.0,
        rate_up: None,
        rate_down: None,
        mtu,
        header: 0,
        queue: 0,
        medium: Medium::default(),
    }
}

/// The moment of a start.
pub(super) fn start_of(member: &Member) -> Time {
    Time::ZERO + member.start
}
