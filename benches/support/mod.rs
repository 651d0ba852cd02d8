//! What the benches share.

pub mod floor;
pub mod measure;
pub mod pair;
