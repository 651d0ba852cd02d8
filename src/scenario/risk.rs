//! What a plan says for an assessment of risk: shared assets, how often they fail, treatments, contexts of use.

use super::plan::Target;
use crate::sim::time::Duration;

/// What is known for an assessment of risk.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Risk {
    /// When an asset fails in simulation; `None`: after a third of the run.
    pub at: Option<Duration>,
    /// For how long; `None`: a sixth of the run.
    pub outage: Option<Duration>,
    /// When an observer of flows looks: from, and until before; `None`: all the time.
    pub observe: Option<(Duration, Duration)>,
    /// One datagram in so many is seen; 0 and 1: each.
    pub one_in: u32,
    /// What treatments may cost together; `None`: any sum.
    pub budget: Option<f64>,
    /// What costs are counted in.
    pub currency: Option<String>,
    /// Runs take the treatments that the assessment chooses.
    pub is_treated: bool,
    /// All services count alike.
    pub is_uniform: bool,
    /// Gateways do not fail: devices behind them send this much.
    pub overload: Option<Excess>,
    /// Shared assets that somebody declared, by name.
    pub assets: Vec<Asset>,
    /// What might be done, by name.
    pub treatments: Vec<Treatment>,
    /// In which contexts the system is used, by name.
    pub contexts: Vec<ContextOfUse>,
}

/// What each device of a service sends that is no longer its owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// Datagrams a second.
    pub per_second: u32,
    /// Bytes of each.
    pub size: u32,
}

/// Something on which several services depend.
#[derive(Clone, Debug, PartialEq)]
pub struct Asset {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: AssetKind,
    /// What stops working when it fails.
    pub parts: Vec<Part>,
    /// How often it fails in a year.
    pub per_year: f64,
}

/// A group, one member of it, or all links of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The group or link type.
    pub target: Target,
    /// Only this member.
    pub member: Option<u32>,
}

/// What a shared asset is (TR-0008 clause 6.1.12 names these).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssetKind {
    /// A line from the field to the infrastructure.
    Backhaul,
    /// A building with its power and cooling.
    Premises,
    /// What hands out keys: a MAF or MEF.
    IdentityProvider,
    /// A radio channel.
    Spectrum,
    /// People who keep something going.
    Staff,
    /// A data centre.
    DataCentre,
    /// One machine.
    Node,
}

impl AssetKind {
    /// The word in a file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Backhaul => "backhaul",
            Self::Premises => "premises",
            Self::IdentityProvider => "identity_provider",
            Self::Spectrum => "spectrum",
            Self::Staff => "staff",
            Self::DataCentre => "data_centre",
            Self::Node => "node",
        }
    }

    /// Failures a year where nobody says: round estimates of this project, no data. Who knows better declares it.
    #[must_use]
    pub const fn per_year(self) -> f64 {
        match self {
            Self::Backhaul => 4.0,
            Self::Premises => 0.5,
            Self::Spectrum | Self::Staff => 2.0,
            Self::IdentityProvider | Self::Node => 1.0,
            Self::DataCentre => 0.2,
        }
    }
}

/// Something that might be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Treatment {
    /// Its name.
    pub name: String,
    /// What it costs a year.
    pub cost: f64,
    /// What it changes in the scenario, as `KEY=VALUE`.
    pub set: Vec<String>,
}

/// A context of use, such as a season.
#[derive(Clone, Debug, PartialEq)]
pub struct ContextOfUse {
    /// Its name.
    pub name: String,
    /// Its share of the year, above 0 to 1.
    pub share: f64,
    /// What it changes in the scenario, as `KEY=VALUE`.
    pub set: Vec<String>,
}

/// What a service is worth in each respect; 1 is usual, 0 nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight {
    /// That nobody reads along.
    pub confidentiality: f64,
    /// That nobody changes anything.
    pub integrity: f64,
    /// That it is there.
    pub availability: f64,
}

impl Default for Weight {
    fn default() -> Self {
        Self { confidentiality: 1.0, integrity: 1.0, availability: 1.0 }
    }
}
