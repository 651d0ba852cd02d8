//! What one run yields, before anyone decides how it looks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::{Recorder, Summary};
use crate::scenario::Plan;
use crate::sim::time::{Duration, Time};

/// The result of one run.
pub struct Outcome {
    /// What was run.
    pub plan: Plan,
    /// 64 hexadecimal digits over every delivered datagram and the final metrics.
    pub digest: String,
    /// The digest of the datagrams by slice of virtual time, to find where two runs part.
    pub digest_slices: Vec<String>,
    /// The length of such a slice.
    pub digest_slice: Duration,
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
