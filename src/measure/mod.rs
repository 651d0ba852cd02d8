//! What a run costs: distributions, series over time, counters. Everything here merges without regard
//! to order, in integers, so that the figures do not depend on how sites were spread over threads.

mod band;
mod distribution;
mod flows;
mod recorder;
mod tape;
mod track;

pub use band::Band;
pub use distribution::{Distribution, Summary};
pub use flows::{Flow, Flows, Spot};
pub use recorder::{
    ByteClass, Counters, Group, GroupRecord, HsmRecord, LinkRecord, Recorder, ServiceRecord, Tier,
};
pub use tape::{Fate, Frame, Item, Seen, Tape};
pub use track::{Fold, Track};
