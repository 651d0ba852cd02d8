//! Which program makes the runs.

use std::fs;

use sha2::{Digest as _, Sha256};

/// What makes the runs: this version and this very program. Another build runs everything again.
pub(super) fn build() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let program = std::env::current_exe().and_then(fs::read);
    let digest = program.map(|bytes| Sha256::digest(&bytes));
    let digest = digest.map(|digest| digest.iter().take(8).map(|b| format!("{b:02x}")).collect());
    format!("{version} {}", digest.unwrap_or_else(|_| "unknown".to_owned()))
}
