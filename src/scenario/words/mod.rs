//! The words of a scenario file: one struct per table. Their comments are the help texts of the
//! schema.

mod attack;
mod backend;
mod basic;
mod console;
mod custody;
mod custody_attack;
mod file;
mod management;

pub(super) use attack::*;
pub(super) use backend::*;
pub(super) use basic::{
    Amount, Count, Flag, Integer, OrNone, Probability, Seed, Text, Texts, Values,
};
pub(super) use console::*;
pub(super) use custody::*;
pub(super) use custody_attack::*;
pub(super) use file::*;
pub(super) use management::*;
