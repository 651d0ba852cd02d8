//! The actors: device, gateway, infrastructure CSE. A node is a processor, its keys, its associations
//! and its service layer; it reports what happens and judges nothing.

mod class;

pub use class::{Class, Cost, FixedTimes, Prices};
