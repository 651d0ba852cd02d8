//! What one run yields, before anyone decides how it looks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Evidence;
use crate::measure::{Recorder, Summary};
use crate::scenario::Plan;
use crate::sim::time::Time;

/// The result of one run.
pub struct Outcome {
    /// What was run.
    pub plan: Plan,
    /// 64 hexadecimal digits over every delivered datagram and the final metrics.
    pub digest: String,
    /// The digest of the datagrams by slice of virtual time.
    pub trail: DigestTrail,
    /// Did everything hold?
    pub verdict: Verdict,
    /// Virtual time when the run ended.
    pub simulated: Time,
    /// Events that the engine delivered.
    pub events: u64,
    /// Real time, in seconds; outside the digest.
    pub wall_s: f64,
    /// Peak memory of the process, in bytes, where the platform tells; outside the digest.
    pub peak_rss_bytes: Option<u64>,
    /// The public metrics by dotted name.
    pub metrics: BTreeMap<String, Metric>,
    /// Everything measured, for series and plots.
    pub recorder: Recorder,
    /// The expectations of the scenario, checked.
    pub expectations: Vec<Checked>,
    /// What truly happened, if facts were kept.
    pub evidence: Option<Evidence>,
}

/// The digest of all delivered datagrams by slice of virtual time: shows where two runs part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestTrail {
    /// The length of a slice in nanoseconds.
    pub slice_ns: u64,
    /// The digest of each slice, 32 hexadecimal digits.
    pub slices: Vec<String>,
}

impl DigestTrail {
    /// The start of the first slice that differs from `other`'s; `None` if no slice does.
    #[must_use]
    pub fn parts_from(&self, other: &Self) -> Option<Time> {
        if self.slice_ns != other.slice_ns {
            return Some(Time::ZERO);
        }
        let longest = self.slices.len().max(other.slices.len());
        let first = (0..longest).find(|i| self.slices.get(*i) != other.slices.get(*i))?;
        Some(Time(self.slice_ns.saturating_mul(first as u64)))
    }
}

/// The value of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Metric {
    /// A count.
    Count(u64),
    /// A quantity in the unit that the metric's name ends in; null where it is not known.
    Number(Option<f64>),
    /// A distribution.
    Distribution(Summary),
}

/// Did everything hold?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every expectation held.
    Held,
    /// At least one did not.
    Failed,
    /// The run was stopped before its end.
    Interrupted,
}

impl Verdict {
    /// Its word, as files have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// One expectation, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// The metric.
    pub metric: String,
    /// The comparison as the file has it.
    pub expected: String,
    /// What the run gave; null if the metric does not exist.
    pub value: Option<f64>,
    /// Whether it held.
    pub held: bool,
}
