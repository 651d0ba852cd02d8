//! The tree of resources of a CSE (TS-0001 clause 9): what a resource is, how it is named, where it is kept.
//!
//! A [`Store`] keeps [`Record`]s as compact strings of bytes; [`Memory`] is the fast one, [`Sqlite`] the
//! one that lasts. What the attributes mean is for `onem2m::cse`.

pub mod address;
mod memory;
mod record;
mod sqlite;
mod store;
pub mod time;
mod types;

pub use memory::Memory;
pub use record::{Counts, Head, Record, recount};
pub use sqlite::Sqlite;
pub use store::{Entry, Family, Id, Node, Store, StoreFault};
pub use types::{Flawed, Type, Types, UNIVERSAL, ty};
