//! The words of a scenario file: one struct per table. Their comments are the help texts of the
//! schema.

mod attack;
mod basic;
mod file;

pub(super) use attack::*;
pub(super) use basic::{Amount, Count, Flag, Integer, OrNone, Probability, Seed, Text, Texts};
pub(super) use file::*;
