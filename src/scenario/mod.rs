//! What was asked: the words of a scenario file, and the checked [`Plan`] made from them.

pub mod plan;

pub use plan::Plan;
