//! The targets, by what they look at.

pub(super) mod access;
pub(super) mod association;
pub(super) mod bindings;
pub(super) mod canary;
pub(super) mod dtls;
pub(super) mod esprim;
pub(super) mod files;
pub(super) mod identifiers;
pub(super) mod keys;
pub(super) mod primitives;
pub(super) mod service;
pub(super) mod sinks;
pub(super) mod traces;

use super::tape::{Tape, text};
use super::target::check;
use super::{Oracle, Trail, Violation};

/// What a target says.
type Verdict = Result<(), Violation>;
