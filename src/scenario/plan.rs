//! The checked plan of a run: every name resolved, every default filled in, nothing left to refuse.

pub use super::risk::{Asset, AssetKind, ContextOfUse, Excess, Part, Risk, Treatment, Weight};
use crate::association::{Config, KeyExchange, Profile};
use crate::backend::{Setting, management};
use crate::credential::store::{HsmProfile, StoreKind};
use crate::ledger::PropertyId;
use crate::net::LinkType;
pub use crate::node::{Rekey, Renewal};

pub use crate::attack::Attack;
pub use crate::node::CustodySetting;
pub use crate::node::FunctionKind;
use crate::node::{Backoff, Class, Renaming, Triage};
pub use crate::node::{Noise, Trouble, Visits};
use crate::onem2m::session;
use crate::sim::time::{Duration, Time};

/// A run, ready to be built.
#[derive(Clone)]
pub struct Plan {
    /// The scenario's name: letters, digits and dashes.
    pub name: String,
    /// The question that the scenario answers (its first comment), if it has one.
    pub question: Option<String>,
    /// The seed of all randomness.
    pub seed: u64,
    /// The run ends here at the latest.
    pub duration: Duration,
    /// Device classes, referred to by index.
    pub classes: Vec<Class>,
    /// Link types, referred to by index.
    pub links: Vec<LinkType>,
    /// Infrastructure CSEs (IN-CSE), referred to by index.
    pub cses: Vec<Cse>,
    /// Groups of gateways (MN-CSE), referred to by index.
    pub gateways: Vec<Gateway>,
    /// Fleets of devices (ADN), referred to by index.
    pub fleets: Vec<Fleet>,
    /// MAFs and MEFs.
    pub functions: Vec<Function>,
    /// The applications behind CSEs.
    pub backends: Vec<Backend>,
    /// How associations are made and kept.
    pub security: Security,
    /// How keys, software and secrets are looked after beside their stores.
    pub custody: CustodySetting,
    /// How the management ports of CSEs are configured, if they have any.
    pub management: Option<management::Setting>,
    /// What happens on purpose, in order of time.
    pub events: Vec<Event>,
    /// The threat of TR-0008 that it shows.
    pub threat: Option<u8>,
    /// Who attacks.
    pub attacks: Vec<Attack>,
    /// The attacks take place.
    pub is_attacked: bool,
    /// The countermeasures that it can be run with and without.
    pub countermeasures: Vec<Countermeasure>,
    /// What must hold at the end.
    pub expectations: Vec<Expectation>,
    /// What must not be violated, whoever attacks.
    pub hold: Vec<Invariant>,
    /// How soon everybody must be served again once faults have ceased.
    pub recovery: Option<Recovery>,
    /// What is known for an assessment of risk; a run takes no notice of it.
    pub risk: Risk,
}

/// Something that must not be violated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Invariant {
    /// The property.
    pub property: PropertyId,
    /// Only this figure of it, which must stay 0; else all of it.
    pub metric: Option<String>,
}

impl std::fmt::Display for Invariant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.property.property().code;
        match &self.metric {
            Some(metric) => write!(f, "{code}.{metric}"),
            None => f.write_str(code),
        }
    }
}

/// How soon everybody must be served again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// From when on nothing fails any more.
    pub after: Time,
    /// How soon after that.
    pub within: Duration,
}

/// An application behind an infrastructure CSE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Its name.
    pub name: String,
    /// Index into [`Plan::cses`].
    pub cse: usize,
    /// Index into [`Plan::fleets`]: whose contents it uses.
    pub fleet: usize,
    /// What it is.
    pub setting: Setting,
}

/// A countermeasure of TR-0008 in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countermeasure {
    /// Its number.
    pub number: u8,
    /// It is in force.
    pub is_on: bool,
    /// What is different without it, as `KEY=VALUE`.
    pub off: Vec<String>,
    /// The mechanisms whose refusals are its work; any if there are none.
    pub refuses: Vec<String>,
}

impl Plan {
    /// Facts are kept, so that attacks can be judged.
    #[must_use]
    pub const fn keeps_facts(&self) -> bool {
        !self.attacks.is_empty() || self.threat.is_some() || !self.hold.is_empty()
    }

    /// A linter closes policies that let everybody do everything.
    #[must_use]
    pub fn closes_policies(&self) -> bool {
        self.management.is_some_and(|port| port.linter == management::Linter::Close)
    }

    /// An attack is judged by what stolen keys open (property S3).
    #[must_use]
    pub fn asks_for_exposure(&self) -> bool {
        self.attacks.iter().any(|attack| attack.violates.contains(&PropertyId::S3))
    }

    /// Some entities register themselves.
    #[must_use]
    pub fn registers(&self) -> bool {
        self.fleets.iter().any(|fleet| fleet.service.registers)
    }

    /// A CSE has a console.
    #[must_use]
    pub fn has_console(&self) -> bool {
        self.cses.iter().any(|cse| cse.console.is_some())
    }

    /// The name of a group or link type.
    ///
    /// # Panics
    /// If the plan has no such group or link type.
    #[must_use]
    pub fn target_name(&self, target: Target) -> &str {
        match target {
            Target::Fleet(index) => &self.fleets[index].name,
            Target::Gateway(index) => &self.gateways[index].name,
            Target::Cse(index) => &self.cses[index].name,
            Target::Function(index) => &self.functions[index].name,
            Target::Link(index) => &self.links[index].name,
        }
    }

    /// The name of a part of an asset, as a file has it.
    ///
    /// # Panics
    /// If the plan has no such group or link type.
    #[must_use]
    pub fn part_name(&self, part: &Part) -> String {
        let name = self.target_name(part.target);
        part.member.map_or_else(|| name.to_owned(), |member| format!("{name}-{member}"))
    }
}

/// One infrastructure CSE.
#[derive(Clone, Debug, PartialEq)]
pub struct Cse {
    /// Its name: the group of its metrics.
    pub name: String,
    /// Index into [`Plan::classes`].
    pub class: usize,
    /// Servers that share its one queue; at least 1.
    pub workers: u32,
    /// Jobs that may wait; more are dropped. `None`: no limit but memory.
    pub queue: Option<u32>,
    /// What it does with handshakes while it is overloaded.
    pub triage: Triage,
    /// How sessions are looked after at its console, if it has one.
    pub console: Option<session::Policy>,
    /// Where its long-term keys live.
    pub store: StorePlace,
}

/// Where long-term keys live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StorePlace {
    /// Raw bytes in flash or on disk.
    #[default]
    Flash,
    /// A sealed file, unlocked at the start with a secret of the node's own.
    Sealed,
    /// An HSM.
    Hsm(HsmProfile),
}

impl StorePlace {
    /// Which kind of place it is.
    #[must_use]
    pub const fn kind(&self) -> StoreKind {
        match self {
            Self::Flash => StoreKind::PlainFlash,
            Self::Sealed => StoreKind::SealedFile,
            Self::Hsm(HsmProfile { is_server: true, .. }) => StoreKind::ServerHsm,
            Self::Hsm(_) => StoreKind::DeviceHsm,
        }
    }
}

/// A group of like MAFs or MEFs.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name: the group of its metrics.
    pub name: String,
    /// Which of the two.
    pub kind: FunctionKind,
    /// How many; at least 1. Each takes its share of the clients.
    pub count: u32,
    /// Index into [`Plan::classes`].
    pub class: usize,
    /// Index into [`Plan::links`]: to the rest of the infrastructure.
    pub link: usize,
    /// Servers of each; at least 1.
    pub workers: u32,
    /// Jobs that may wait in each.
    pub queue: Option<u32>,
    /// Where its long-term keys live.
    pub store: StorePlace,
}

/// How a device comes by the key of its association (TS-0003 clauses 8.2.2 and 8.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enrolment {
    /// It is there from the start.
    #[default]
    Provisioned,
    /// From a MAF, with a provisioned Km.
    Maf,
    /// From a MEF, with a provisioned Kpm; then by way of a MAF, if there is one.
    Mef,
    /// Like `Mef`, with a key that an underlying network lends.
    Network,
}

/// A group of like gateways.
#[derive(Clone, Debug, PartialEq)]
pub struct Gateway {
    /// Its name: the group of its metrics.
    pub name: String,
    /// How many; at least 1.
    pub count: u32,
    /// Index into [`Plan::classes`].
    pub class: usize,
    /// Servers of each gateway; at least 1.
    pub workers: u32,
    /// Jobs that may wait in each gateway.
    pub queue: Option<u32>,
    /// Index into [`Plan::links`]: the backhaul.
    pub link: usize,
    /// Index into [`Plan::cses`]: where datagrams go up to, and its registrar.
    pub cse: usize,
    /// It holds an association of its own with the CSE (a registrar of devices, MN-CSE); otherwise it
    /// only forwards.
    pub registers: bool,
    /// Datagrams a second that it takes from each device behind it; `None`: any number.
    pub rate_limit: Option<f64>,
    /// When it first starts, if it registers.
    pub start: Schedule,
    /// Where its long-term keys live.
    pub store: StorePlace,
}

/// A fleet of like devices.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    /// Its name: the group of its metrics.
    pub name: String,
    /// How many; at least 1.
    pub count: u32,
    /// Index into [`Plan::classes`].
    pub class: usize,
    /// Index into [`Plan::links`]: the access link, to the gateway or straight to the CSE.
    pub link: usize,
    /// The gateways that the devices sit behind: device `i` behind gateway `i mod count`.
    pub via: Option<usize>,
    /// With whom each device has its association.
    pub registrar: Registrar,
    /// The protocol of its associations, if it is not that of [`Plan::security`].
    pub profile: Option<Profile>,
    /// The length of the connection IDs that its registrar wants in its datagrams; `None`: none are
    /// negotiated.
    pub connection_id: Option<u8>,
    /// When each device first starts.
    pub start: Schedule,
    /// What each device reports.
    pub telemetry: Option<Telemetry>,
    /// How people use its devices, terminals of their registrar's console.
    pub visits: Option<Visits>,
    /// How it comes by the key of its association.
    pub enrolment: Enrolment,
    /// How its devices come by their resources, and where these are.
    pub service: Service,
    /// Its devices protect their reports from themselves to the CSE of the head end.
    pub end_to_end: bool,
    /// How its devices change the names of their associations, if they do.
    pub renaming: Option<Renaming>,
    /// Where its long-term keys live.
    pub store: StorePlace,
    /// Whose service it is.
    pub tenant: Option<String>,
    /// What its service is worth, for an assessment of risk.
    pub weight: Weight,
    /// What its devices live on.
    pub battery: Option<Battery>,
}

/// What a device lives on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Battery {
    /// Energy, in joules.
    pub joules: f64,
    /// How long it must last (property B1), in years.
    pub years: f64,
}

/// How the devices of a fleet use the service layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// They register themselves and make their own resources (TS-0001 clause 10.2.2), and so do the gateways
    /// that are their registrars; otherwise AEs and containers are there from the start.
    pub registers: bool,
    /// They report to the head end, an application beside the infrastructure CSE, by way of their registrar.
    pub reports_up: bool,
    /// From when on the head end subscribes to their containers.
    pub subscribed: Option<Duration>,
}

/// With whom a device has its association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registrar {
    /// The gateway that it sits behind (`via`).
    Gateway,
    /// An infrastructure CSE, by index into [`Plan::cses`]; gateways in between only forward.
    Cse(usize),
}

/// A schedule: when each member of a group acts, counted from a common moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// The common moment, from the start of the run or from the event's time.
    pub at: Duration,
    /// How members are spread after it.
    pub spread: Spread,
}

/// How members of a group are spread in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// All at once.
    AtOnce,
    /// Uniform in `[0, window)`, drawn anew by each member from its own stream.
    Jitter(Duration),
    /// Slots of length `slot` within `window`, chosen by a hash of the member's identity.
    Slots {
        /// The whole window.
        window: Duration,
        /// One slot.
        slot: Duration,
    },
    /// A Poisson process of this many starts per second.
    Poisson(f64),
}

/// Periodic reports: oneM2M CREATE of a contentInstance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// Time between two reports of one device; phases are uniform.
    pub interval: Duration,
    /// Bytes of the content.
    pub size: u32,
    /// An answer that comes later than this after its report was due is no service; `None`: nobody counts.
    pub deadline: Option<Duration>,
    /// Only the device, the CSE that keeps its reports and the head end may know the content.
    pub is_sensitive: bool,
}

/// Who has the same pre-shared key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeySharing {
    /// Nobody but a device and its registrar.
    #[default]
    Pair,
    /// All devices of a fleet, and their registrars.
    Fleet,
    /// Everybody, attackers included.
    Everybody,
}

/// How associations are made and kept.
#[derive(Clone)]
pub struct Security {
    /// The policy of both ends; a server's secrets are filled in when the world is built. Its length of
    /// connection IDs is that of servers: clients want none.
    pub association: Config,
    /// Life of traffic keys by policy; using older ones counts as overdue. `None`: no limit.
    pub key_lifetime: Option<Duration>,
    /// Nothing is sent under keys older than this. `None`: no limit.
    pub key_hard_limit: Option<Duration>,
    /// New keys before the old ones are too old.
    pub renewal: Option<Renewal>,
    /// After a failed association a device tries again this much later (and uniform up to as much
    /// again); `None`: never.
    pub retry: Option<Duration>,
    /// How that wait grows from failure to failure.
    pub backoff: Backoff,
    /// CSEs remember more than the last request of each device.
    pub request_cache: bool,
    /// Everybody may do everything with resources that have no policy of their own.
    pub open_access: bool,
    /// CSEs believe whom a request names as its originator.
    pub believes_originators: bool,
    /// Who has the same pre-shared key.
    pub keys: KeySharing,
    /// Handshakes with long-term keys need a second key from a second place of the same kind.
    pub second_factor: bool,
    /// Life of a key that a MAF hands out.
    pub kc_lifetime: Duration,
    /// Handshakes that a server has in progress at the same time. `None`: no limit.
    pub half_open: Option<u32>,
}

/// Something that happens on purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: Time,
    /// Where.
    pub target: Target,
    /// What.
    pub action: Action,
    /// How the members react in time; `at` within it is zero.
    pub spread: Spread,
}

/// A group of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Index into [`Plan::fleets`].
    Fleet(usize),
    /// Index into [`Plan::gateways`].
    Gateway(usize),
    /// Index into [`Plan::cses`].
    Cse(usize),
    /// Index into [`Plan::functions`].
    Function(usize),
    /// Index into [`Plan::links`]: every use of this link type.
    Link(usize),
}

/// What happens to a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Each member makes new keys with its registrar.
    Rekey(Rekey),
    /// All volatile state is lost; members of fleets and gateways start again.
    Restart,
    /// The keys of the members' associations are no longer valid at either end; members must make a
    /// full handshake.
    Expire,
    /// Each member's datagrams come from a new address (a NAT rebinding).
    Readdress,
    /// The members, or this one of them, lose all volatile state and are gone until they recover; a link
    /// carries nothing.
    Fail {
        /// Only this one.
        member: Option<u32>,
    },
    /// Another level of protection and reporting; each member makes a new association under it.
    Change(Change),
    /// They are back, as after a restart.
    Recover {
        /// Only this one.
        member: Option<u32>,
    },
    /// Something about the members, or this one of them, is out of order; a link: about every use of it.
    Fault {
        /// Only this one.
        member: Option<u32>,
        /// What.
        trouble: Trouble,
        /// For how long.
        lasts: Duration,
    },
}

/// What is different for a fleet from now on, at both ends; what is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Key exchange of new associations.
    pub key_exchange: Option<KeyExchange>,
    /// Records that may arrive out of order.
    pub replay_window: Option<u8>,
    /// Life of traffic keys.
    pub key_lifetime: Option<Duration>,
    /// Time between two reports of one device.
    pub interval: Option<Duration>,
}

impl Change {
    /// It concerns the association, so that a new one is made.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.key_exchange.is_some() || self.replay_window.is_some() || self.key_lifetime.is_some()
    }
}

impl Action {
    /// It is about the keys of the target's own associations as a client, or about its address there.
    #[must_use]
    pub const fn needs_keys(self) -> bool {
        matches!(self, Self::Rekey(_) | Self::Expire | Self::Readdress | Self::Change(_))
    }
}

/// `"METRIC" = "< VALUE"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Dotted name of a metric, such as `rekey.time_s.p99`.
    pub metric: String,
    /// The comparison.
    pub relation: Relation,
    /// The bound in the metric's own SI unit.
    pub bound: f64,
    /// As it stands in the file, for people.
    pub text: String,
}

/// A comparison of a metric with a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    Greater,
}
