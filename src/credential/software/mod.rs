//! Software that a node executes: images with a manifest, the check at boot, and attestation.
//!
//! A package is what a vendor ships and a node stores: a header and the image behind it. Every header
//! carries everything that any check looks at (version, CRC-32, root of a SHA-256 tree, signature), so
//! that nodes that check differently run the same packages. What a node checks is its [`BootCheck`].

mod attest;
mod boot;
mod package;
mod policy;
mod tree;

pub use attest::{ATTEST_NONCE_LEN, AttestationFault, Attester, QUOTE_LEN, Quote, Verifier};
pub use boot::{BootCheck, Loaded, Rollback};
pub use package::{HEADER_LEN, Header, IMAGE_MAX, Package, PackageFault, Vendor};
pub use policy::{Action, Incident, Policy, Standing};
pub use tree::{BLOCK_LEN, Root, Tree};
