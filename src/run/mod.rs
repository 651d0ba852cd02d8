//! From a plan to an outcome: builds the world, runs it, evaluates what was expected.

mod build;
mod capture;
mod console;
mod custody;
mod end_to_end;
mod estimate;
mod execute;
mod exposure;
pub mod hunt;
mod invade;
mod judge;
mod keys;
pub mod matrix;
mod metrics;
mod outcome;
mod parallel;
mod process;
mod pseudonyms;
mod reference;
pub mod risk;
mod script;
pub mod solve;
pub mod sweep;
#[cfg(test)]
mod tests;
pub mod validation;

pub use capture::{Selection, UnknownNode};
pub use estimate::Estimate;
pub use execute::{CAPTURE_BYTES_MAX, execute, execute_captured};
pub use judge::{Evidence, Judged};
pub use metrics::{holds as metric_holds, lookup};
pub use outcome::{Checked, DigestTrail, Metric, Outcome, Verdict};
