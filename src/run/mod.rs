//! From a plan to an outcome: builds the world, runs it, evaluates what was expected.

mod outcome;

pub use outcome::{Checked, Metric, Outcome, Verdict};
