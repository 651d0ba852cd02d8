//! What a run would cost, from its plan alone.

use crate::association::KeyExchange;
use crate::scenario::Plan;
use crate::scenario::plan::{Action, Enrolment, Fleet, FunctionKind, Registrar, Rekey, Target};

/// What a run would cost, about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Devices.
    pub devices: u64,
    /// Gateways.
    pub gateways: u64,
    /// Infrastructure CSEs.
    pub cses: u64,
    /// Handshakes, retransmissions not counted.
    pub handshakes: u64,
    /// Events of the engine, retransmissions not counted.
    pub events: u64,
    /// Peak memory in bytes.
    pub memory_bytes: f64,
    /// Real time on one core in seconds.
    pub wall_s: f64,
}

/// Datagrams of a handshake: three flights and the acknowledgement.
const HANDSHAKE_DATAGRAMS: u64 = 4;
/// Datagrams of a key update in both directions: two updates, each acknowledged.
const UPDATE_DATAGRAMS: u64 = 4;
/// Datagrams of a report: request and answer.
const REPORT_DATAGRAMS: u64 = 2;
/// Requests by which a device that registers sets itself up: AE, policy, container.
const SET_UP: u64 = 3;
/// Events of a datagram at each node that it reaches: arrival, and the end of its job.
const EVENTS_PER_HOP: u64 = 2;
/// Measured on one x86 server core with SHA extensions, release build: seconds of a handshake, both
/// ends, all layers.
const HANDSHAKE_PSK_S: f64 = 60e-6;
const HANDSHAKE_DHE_S: f64 = 200e-6;
/// Seconds of a protected request or update, both ends.
const RECORD_S: f64 = 10e-6;
/// Seconds of a request that policies decide, protected, both ends.
const DECIDED_S: f64 = 40e-6;
/// Seconds of an event besides its cryptography.
const EVENT_S: f64 = 0.6e-6;
/// Bytes of a device with its association, its end at the server, and its first events.
const DEVICE_BYTES: f64 = 3_500.0;
/// Bytes of a device that comes by its key from a MAF or MEF, besides: what these and its registrar keep of
/// it, and its share of a storm's queue.
const ENROLLED_BYTES: f64 = 5_000.0;
/// Bytes of the resources of a device that registers, besides.
const REGISTERED_BYTES: f64 = 2_000.0;
/// Bytes of a gateway.
const GATEWAY_BYTES: f64 = 20_000.0;
/// Bytes of the process with its recorders.
const BASE_BYTES: f64 = 24e6;

impl Estimate {
    /// The estimate for `plan`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn of(plan: &Plan) -> Self {
        let mut all = Self {
            gateways: plan.gateways.iter().map(|g| u64::from(g.count)).sum(),
            cses: plan.cses.len() as u64,
            ..Self::default()
        };
        let mut light = 0;
        let mut decided = 0;
        let mut enrolled = 0;
        let mut registered = 0;
        for fleet in &plan.fleets {
            let count = u64::from(fleet.count);
            all.devices += count;
            all.associate(count, hops(fleet));
            for _ in 0..functions(plan, fleet) {
                all.associate(count, hops(fleet) + 1);
                enrolled += count;
            }
            if let Some(telemetry) = fleet.telemetry {
                let reports = count * (plan.duration.0 / telemetry.interval.0.max(1));
                light += reports;
                all.events += reports * (1 + REPORT_DATAGRAMS * hops(fleet) * EVENTS_PER_HOP);
                let further = if fleet.service.reports_up { reports } else { 0 };
                let told = if fleet.service.subscribed.is_some() { reports } else { 0 };
                decided += all.between_cses(fleet, further + told);
            }
            if fleet.service.registers {
                let set_up = count * SET_UP;
                decided += set_up;
                all.events += set_up * (1 + REPORT_DATAGRAMS * hops(fleet) * EVENTS_PER_HOP);
                let further = if fleet.service.reports_up { count * (SET_UP - 1) } else { 0 };
                let told = if fleet.service.subscribed.is_some() { count } else { 0 };
                decided += all.between_cses(fleet, further + told);
                registered += count;
            }
        }
        for gateway in plan.gateways.iter().filter(|gateway| gateway.registers) {
            all.associate(u64::from(gateway.count), 1);
        }
        for event in &plan.events {
            let (members, hops) = members(plan, event.target);
            match event.action {
                Action::Rekey(Rekey::KeyUpdate) => {
                    light += members;
                    all.events += members * (1 + UPDATE_DATAGRAMS * hops * EVENTS_PER_HOP);
                }
                _ => all.associate(members, hops),
            }
            if let (Action::Expire, Target::Fleet(index)) = (event.action, event.target)
                && functions(plan, &plan.fleets[index]) > 0
            {
                all.associate(members, hops + 1);
            }
        }
        let each = match plan.security.association.key_exchange {
            KeyExchange::Psk => HANDSHAKE_PSK_S,
            KeyExchange::PskDhe => HANDSHAKE_DHE_S,
        };
        all.wall_s =
            all.handshakes as f64 * each + light as f64 * RECORD_S + all.events as f64 * EVENT_S;
        all.wall_s += decided as f64 * DECIDED_S;
        all.memory_bytes =
            BASE_BYTES + all.devices as f64 * DEVICE_BYTES + all.gateways as f64 * GATEWAY_BYTES;
        all.memory_bytes += enrolled as f64 * ENROLLED_BYTES;
        all.memory_bytes += registered as f64 * REGISTERED_BYTES;
        all
    }

    /// Requests between a gateway's CSE and that of the infrastructure, and their answers. Returns how many.
    const fn between_cses(&mut self, fleet: &Fleet, requests: u64) -> u64 {
        if !matches!(fleet.registrar, Registrar::Gateway) {
            return 0;
        }
        // The timer of each is an event too.
        self.events += requests * (1 + REPORT_DATAGRAMS * EVENTS_PER_HOP);
        requests
    }

    fn associate(&mut self, members: u64, hops: u64) {
        self.handshakes += members;
        self.events += members * (1 + HANDSHAKE_DATAGRAMS * hops * EVENTS_PER_HOP);
    }
}

/// Functions that a device turns to before its first association.
fn functions(plan: &Plan, fleet: &Fleet) -> u64 {
    let has_maf = plan.functions.iter().any(|function| function.kind == FunctionKind::Maf);
    match fleet.enrolment {
        Enrolment::Provisioned => 0,
        Enrolment::Maf => 1,
        Enrolment::Mef | Enrolment::Network => 1 + u64::from(has_maf),
    }
}

/// Links between a device and its registrar.
const fn hops(fleet: &Fleet) -> u64 {
    match (fleet.via, fleet.registrar) {
        (Some(_), Registrar::Cse(_)) => 2,
        _ => 1,
    }
}

fn members(plan: &Plan, target: Target) -> (u64, u64) {
    match target {
        Target::Fleet(index) => (u64::from(plan.fleets[index].count), hops(&plan.fleets[index])),
        Target::Gateway(index) => (u64::from(plan.gateways[index].count), 1),
        Target::Cse(_) | Target::Function(_) | Target::Link(_) => (0, 0),
    }
}
