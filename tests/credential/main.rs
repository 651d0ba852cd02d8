//! oneM2M credentials: hierarchy, identifiers, lifetimes, stores, commands, MAF and MEF.

#![allow(clippy::unwrap_used, reason = "a test program")]

mod hierarchy;

use keystorm::credential::KeyBytes;

/// 32 times the same byte.
pub(crate) fn key(byte: u8) -> KeyBytes {
    KeyBytes::new([byte; 32])
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
