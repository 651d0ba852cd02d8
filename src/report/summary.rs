//! `summary.json`: the figures of one run, for programs. Its keys are public.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{self, AttackFigures, PropertyFigures};
use crate::measure::{self, ByteClass, Recorder};
use crate::run::{Checked, Metric, Outcome, Verdict};
use crate::scenario::Plan;
use crate::scenario::plan::{Action, Event, Rekey, Spread, Target, Trouble};
use crate::sim::time::{Duration, Time};

/// The figures of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "keystorm summary.json")]
pub struct Summary {
    /// Version of keystorm that ran.
    pub keystorm: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of all randomness.
    pub seed: u64,
    /// Digest of the run, 64 hexadecimal digits.
    pub digest: String,
    /// Did everything hold?
    pub verdict: Verdict,
    /// Virtual seconds.
    pub simulated_s: f64,
    /// Events delivered.
    pub events: u64,
    /// Real seconds; outside the digest.
    pub wall_s: f64,
    /// Events per real second; outside the digest.
    pub events_per_s: f64,
    /// Peak memory of the process, where the platform tells; outside the digest.
    pub peak_rss_bytes: Option<u64>,
    /// The metrics by dotted name.
    pub metrics: BTreeMap<String, Metric>,
    /// Verdicts of security properties.
    pub properties: Vec<PropertyFigures>,
    /// What the scenario says must hold, and does not: properties, or figures of them.
    #[serde(default)]
    pub broken: Vec<String>,
    /// Verdicts of attacks.
    pub attacks: Vec<AttackFigures>,
    /// What the scenario expected.
    pub expectations: Vec<Checked>,
    /// What was run, as far as tables and pictures need it.
    pub setting: Setting,
    /// What went over each link type.
    pub traffic: Vec<Traffic>,
    /// Handshakes that failed at the client, by reason.
    pub failures: BTreeMap<String, u64>,
    /// What was not accepted, by reason.
    pub rejections: BTreeMap<String, u64>,
}

/// What was run, as far as tables and pictures need it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// The question that the scenario answers.
    pub question: Option<String>,
    /// Planned virtual seconds.
    pub duration_s: f64,
    /// Members that hold an association of their own: devices, and gateways that register.
    pub members: u64,
    /// Groups of nodes.
    pub groups: Vec<GroupFacts>,
    /// Moments to mark in pictures, in order of time.
    pub marks: Vec<Mark>,
    /// Start of the first handshake and end of the last.
    pub handshake_span_s: Option<(f64, f64)>,
    /// First trigger and last completion of new keys.
    pub rekey_span_s: Option<(f64, f64)>,
    /// Lengths of the buckets of `series.csv`.
    pub buckets: Buckets,
    /// How long traffic keys are to be used, in seconds; null without a lifetime.
    #[serde(default)]
    pub key_lifetime_s: Option<f64>,
    /// When keys are no longer used, whatever happens; null without such a limit.
    #[serde(default)]
    pub key_hard_limit_s: Option<f64>,
}

/// A group of like nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupFacts {
    /// Its name, as in `load.NAME`.
    pub name: String,
    /// `device`, `gateway` or `cse`.
    pub tier: String,
    /// Nodes.
    pub count: u32,
    /// Servers of each node.
    pub workers: u32,
}

/// A moment to mark in pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// When, in virtual seconds.
    pub at_s: f64,
    /// What, in a few words.
    pub label: String,
}

/// Lengths of the buckets of `series.csv`, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Buckets {
    /// Of utilisation, queue, bytes and completions.
    pub track_s: f64,
    /// Of the busiest node's utilisation; its value is that of the busiest whole second within.
    pub peak_s: f64,
    /// Of percentiles.
    pub band_s: f64,
}

/// What went over one link type, both directions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Traffic {
    /// Name of the link type.
    pub link: String,
    /// Bytes per second that all links of this type carry at most, both directions; null where one has no
    /// limit.
    #[serde(default)]
    pub capacity_bytes_per_s: Option<u64>,
    /// Datagrams sent.
    pub datagrams: u64,
    /// Datagrams lost.
    pub lost: u64,
    /// Bytes by class, headers included.
    pub bytes: BTreeMap<String, u64>,
}

impl Traffic {
    /// Bytes of all classes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.bytes.values().fold(0, |sum, b| sum.saturating_add(*b))
    }
}

impl Summary {
    /// A metric as a number; a count is one, too.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.metrics.get(name)? {
            Metric::Count(n) => Some(*n as f64),
            Metric::Number(x) => *x,
            Metric::Distribution(_) => None,
        }
    }

    /// A metric as a count; 0 if there is none.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        match self.metrics.get(name) {
            Some(Metric::Count(n)) => *n,
            _ => 0,
        }
    }

    /// A metric as a distribution that has values.
    #[must_use]
    pub fn distribution(&self, name: &str) -> Option<&measure::Summary> {
        match self.metrics.get(name)? {
            Metric::Distribution(d) if d.count > 0 => Some(d),
            _ => None,
        }
    }

    /// The first eight digits of the digest.
    #[must_use]
    pub fn digest8(&self) -> String {
        self.digest.chars().take(8).collect()
    }
}

/// The figures of `outcome`.
#[must_use]
pub fn summary(outcome: &Outcome) -> Summary {
    let recorder = &outcome.recorder;
    let wall = outcome.wall_s.max(0.0);
    Summary {
        keystorm: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: outcome.plan.name.clone(),
        seed: outcome.plan.seed,
        digest: outcome.digest.clone(),
        verdict: outcome.verdict,
        simulated_s: outcome.simulated.as_secs_f64(),
        events: outcome.events,
        wall_s: wall,
        events_per_s: if wall > 0.0 { outcome.events as f64 / wall } else { 0.0 },
        peak_rss_bytes: outcome.peak_rss_bytes,
        metrics: outcome.metrics.clone(),
        properties: evidence::properties(outcome),
        broken: evidence::broken(outcome),
        attacks: evidence::attacks(outcome),
        expectations: outcome.expectations.clone(),
        setting: setting(&outcome.plan, recorder),
        traffic: traffic(&outcome.plan, recorder),
        failures: owned(&recorder.counters.failed),
        rejections: owned(&recorder.counters.rejected),
    }
}

/// The JSON schema of `summary.json`.
#[must_use]
pub fn summary_schema() -> schemars::Schema {
    schemars::schema_for!(Summary)
}

fn owned(counts: &BTreeMap<&'static str, u64>) -> BTreeMap<String, u64> {
    counts.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
}

fn setting(plan: &Plan, recorder: &Recorder) -> Setting {
    let devices = plan.fleets.iter().map(|f| u64::from(f.count)).sum::<u64>();
    let registering = plan.gateways.iter().filter(|g| g.registers);
    let seconds =
        |span: Option<(Time, Time)>| span.map(|(a, b)| (a.as_secs_f64(), b.as_secs_f64()));
    Setting {
        question: plan.question.clone(),
        duration_s: plan.duration.as_secs_f64(),
        members: devices + registering.map(|g| u64::from(g.count)).sum::<u64>(),
        groups: recorder
            .groups
            .iter()
            .map(|g| GroupFacts {
                name: g.name.clone(),
                tier: g.tier.name().to_owned(),
                count: g.count,
                workers: g.workers,
            })
            .collect(),
        marks: plan
            .events
            .iter()
            .map(|event| Mark { at_s: event.at.as_secs_f64(), label: label(plan, event) })
            .collect(),
        handshake_span_s: seconds(recorder.handshake_span),
        rekey_span_s: seconds(recorder.rekey_span),
        buckets: super::series::buckets(recorder),
        key_lifetime_s: plan.security.key_lifetime.map(Duration::as_secs_f64),
        key_hard_limit_s: plan.security.key_hard_limit.map(Duration::as_secs_f64),
    }
}

/// An event in a few words: `re-key of meters over 10 min`.
fn label(plan: &Plan, event: &Event) -> String {
    let name = match event.target {
        Target::Fleet(i) => plan.fleets.get(i).map(|f| f.name.as_str()),
        Target::Gateway(i) => plan.gateways.get(i).map(|g| g.name.as_str()),
        Target::Cse(i) => plan.cses.get(i).map(|c| c.name.as_str()),
        Target::Function(i) => plan.functions.get(i).map(|f| f.name.as_str()),
        Target::Link(i) => plan.links.get(i).map(|l| l.name.as_str()),
    }
    .unwrap_or("?");
    let what = match event.action {
        Action::Rekey(Rekey::KeyUpdate) => format!("key update of {name}"),
        Action::Rekey(Rekey::Resume) => format!("resumption of {name}"),
        Action::Rekey(Rekey::Full) => format!("re-key of {name}"),
        Action::Restart => format!("restart of {name}"),
        Action::Expire => format!("keys of {name} expire"),
        Action::Readdress => format!("new addresses of {name}"),
        Action::Change(_) => format!("another setting of {name}"),
        Action::Fail { member } => format!("{} fails", node(name, member)),
        Action::Recover { member } => format!("{} is back", node(name, member)),
        Action::Fault { member, trouble, .. } => {
            let whose = node(name, member);
            match trouble {
                Trouble::Cut => format!("{whose} is cut off"),
                Trouble::Noise(_) => format!("{whose} is disturbed"),
                Trouble::Clock(_) => format!("the clock of {whose} jumps"),
                Trouble::Full => format!("the store of {whose} is full"),
            }
        }
    };
    match event.spread {
        Spread::Jitter(window) | Spread::Slots { window, .. } if window > Duration::ZERO => {
            format!("{what} over {}", super::words::time(window.as_secs_f64()))
        }
        _ => what,
    }
}

/// A group, or one member of it.
fn node(group: &str, member: Option<u32>) -> String {
    member.map_or_else(|| group.to_owned(), |member| format!("{group}-{member}"))
}

/// What all links of this type carry at most, both directions, in bytes per second.
fn capacity(plan: &Plan, name: &str) -> Option<u64> {
    let at = plan.links.iter().position(|link| link.name == name)?;
    let links = plan.fleets.iter().map(|fleet| (fleet.link, fleet.count));
    let links = links.chain(plan.gateways.iter().map(|gateway| (gateway.link, gateway.count)));
    let links = links.chain(plan.functions.iter().map(|function| (function.link, function.count)));
    let count: u64 = links.filter(|(link, _)| *link == at).map(|(_, n)| u64::from(n)).sum();
    let link = &plan.links[at];
    let both = link.rate_up?.saturating_add(link.rate_down?);
    (count > 0).then(|| both.saturating_mul(count) / 8)
}

fn traffic(plan: &Plan, recorder: &Recorder) -> Vec<Traffic> {
    let named = recorder.link_names.iter().zip(&recorder.links);
    named
        .map(|(name, link)| Traffic {
            link: name.clone(),
            capacity_bytes_per_s: capacity(plan, name),
            datagrams: link.datagrams,
            lost: link.lost,
            bytes: ByteClass::ALL
                .into_iter()
                .map(|class| {
                    let values = link.bytes.get(class as usize).map_or(&[][..], |t| t.values());
                    let total = values.iter().fold(0u64, |sum, v| sum.saturating_add(*v));
                    (class.name().to_owned(), total)
                })
                .collect(),
        })
        .collect()
}
