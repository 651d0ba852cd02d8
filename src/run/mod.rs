//! From a plan to an outcome: builds the world, runs it, evaluates what was expected.

mod build;
mod estimate;
mod execute;
mod keys;
mod metrics;
mod outcome;
mod process;
mod script;
#[cfg(test)]
mod tests;

pub use estimate::Estimate;
pub use execute::execute;
pub use metrics::lookup;
pub use outcome::{Checked, DigestTrail, Metric, Outcome, Verdict};
