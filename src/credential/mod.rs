//! oneM2M credentials: the key hierarchy of TS-0003, its identifiers and derivations, the places where
//! keys live, the commands that manage them, and the functions that hand them out (MAF, MEF).
//!
//! Everything here is pure and sans-IO: time and randomness are arguments. Text and numbers that the
//! standard leaves open are [`Choices`], each documented where it is made.
//!
//! A countermeasure is another mechanism, never a flag: a store that cannot export has no method for it,
//! a command that needs a signature is another type than one that is believed by its name.

pub mod assurance;
pub mod at_rest;
mod choice;
pub mod command;
pub mod gba;
pub mod hierarchy;
pub mod identifier;
mod key;
pub mod lifetime;
pub mod maf;
pub mod mef;
pub mod software;
pub mod software_aes;
pub mod store;
mod suid;
mod text;
pub mod transport;

pub use choice::{
    Choices, E2eSalt, ExporterContext, FetchedKey, HexCase, PairwiseFromKc, RandEncoding,
    RelativeKeyId, SessionKeyFit, SuidEncoding,
};
pub use hierarchy::{Derivation, Level};
pub use key::{KEY_LEN, KeyBytes, WELL_KNOWN_KEY};
pub use suid::Suid;
pub use text::{TEXT_MAX, TextError, normalised};
