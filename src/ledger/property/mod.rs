//! The properties: pure functions from facts to findings. None asks which attack ran or which mechanism
//! was on.

mod authentication;
mod availability;
mod execution;
mod integrity;
mod privacy;
mod secrecy;
mod table;

use std::collections::BTreeMap;

use crate::sim::time::Time;

pub use authentication::{Provisioned, a1, a2, a3, a4, a5, a6, k1};
pub use availability::{Breach, Budget, Service, b1, d1, v1};
pub use execution::{Images, e1, x1, x2, x3};
pub use integrity::{Permits, i1, z1};
pub use privacy::u1;
pub use secrecy::{s1, s2, s3};
pub use table::{Property, PropertyId};

/// Violations that a finding tells one by one; more are only counted.
pub const VIOLATIONS_MAX: usize = 1_000;

/// What a property says about a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The property.
    pub property: PropertyId,
    /// Where it does not hold, in the order of the facts; the first [`VIOLATIONS_MAX`].
    pub violations: Vec<Violation>,
    /// How often it does not hold.
    pub count: u64,
    /// Figures, by name; the last word of a name is the unit where there is one.
    pub metrics: BTreeMap<String, f64>,
    /// Everything that could violate it was looked at. If not, that it holds proves nothing.
    pub is_complete: bool,
}

/// A place where a property does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When.
    pub at: Time,
    /// What happened, for people.
    pub what: String,
    /// The facts that show it, by their indices.
    pub facts: Vec<usize>,
}

impl Finding {
    pub(super) const fn new(property: PropertyId, is_complete: bool) -> Self {
        Self { property, violations: Vec::new(), count: 0, metrics: BTreeMap::new(), is_complete }
    }

    /// The property holds, as far as was looked.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.count == 0
    }

    /// A figure, if the property measures it.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.get(name).copied()
    }

    pub(super) fn violate(&mut self, at: Time, facts: &[usize], what: impl Into<String>) {
        self.count += 1;
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { at, what: what.into(), facts: facts.to_vec() });
        }
    }

    pub(super) fn measure(&mut self, name: impl Into<String>, value: f64) {
        self.metrics.insert(name.into(), value);
    }

    pub(super) fn count(&mut self, name: impl Into<String>, count: impl TryInto<u64>) {
        self.measure(name, float(count.try_into().unwrap_or(u64::MAX)));
    }
}

/// For figures; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "figures, not times or counts that go on")]
pub(super) const fn float(count: u64) -> f64 {
    count as f64
}

/// Part of whole; none of nothing.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| float(part) / float(whole))
}
