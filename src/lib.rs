//! keystorm: a deterministic simulator and fuzzing testbed for the security of oneM2M systems.
//!
//! The rooms, and which of them may import which, are described in `ARCHITECTURE.md`.

pub mod association;
pub mod attack;
pub mod backend;
pub mod credential;
pub mod fuzzing;
pub mod ledger;
pub mod live;
pub mod measure;
pub mod net;
pub mod node;
pub mod onem2m;
#[cfg_attr(not(feature = "planted"), allow(dead_code, reason = "asked for, never there"))]
pub mod planted;
pub mod report;
pub mod run;
#[cfg(test)]
pub(crate) mod sabotage;
pub mod scenario;
pub mod sim;
pub mod wire;
