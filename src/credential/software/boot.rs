//! The check before software runs.

use ed25519_dalek::VerifyingKey;

use super::package::{Package, PackageFault};
use super::tree::{Root, Tree};

/// The highest version that has run: kept where software cannot set it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rollback(u32);

impl Rollback {
    /// The counter itself.
    #[must_use]
    pub const fn version(self) -> u32 {
        self.0
    }

    const fn check(self, version: u32) -> Result<(), PackageFault> {
        if version < self.0 { Err(PackageFault::Rollback) } else { Ok(()) }
    }

    const fn advance(&mut self, version: u32) {
        if version > self.0 {
            self.0 = version;
        }
    }
}

/// What a node checks before it runs a package.
#[derive(Clone, Debug)]
pub enum BootCheck {
    /// Only that there is an image.
    Nothing,
    /// That it was not damaged by accident.
    Crc32,
    /// That the vendor signed it and that it is not older than what has run.
    Signed {
        /// What the node knows of the vendor.
        vendor: Box<VerifyingKey>,
        /// The highest version that has run.
        rollback: Rollback,
    },
}

/// An image that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The version that its header claims.
    pub version: u32,
    /// What was measured: the root of the tree over the bytes that run, not what a header claims.
    pub measured: Root,
    /// The bytes.
    pub image: Vec<u8>,
    tree: Tree,
}

impl Loaded {
    /// Looks whether what runs is still what was started; else the first block that is not.
    #[must_use]
    pub fn first_changed(&self, now: &[u8]) -> Option<usize> {
        self.tree.first_changed(now)
    }
}

impl BootCheck {
    /// A check for software of this vendor.
    #[must_use]
    pub fn signed(vendor: VerifyingKey) -> Self {
        Self::Signed { vendor: Box::new(vendor), rollback: Rollback::default() }
    }

    /// Checks a package and starts it.
    ///
    /// # Errors
    /// If it is not run, and why.
    pub fn boot(&mut self, package: &[u8]) -> Result<Loaded, PackageFault> {
        let package = Package::parse(package)?;
        let version = package.header().version;
        match self {
            Self::Nothing => {}
            Self::Crc32 => package.check_crc32()?,
            Self::Signed { vendor, rollback } => {
                package.check_signature(vendor)?;
                rollback.check(version)?;
                rollback.advance(version);
            }
        }
        let tree = Tree::of(package.image());
        let image = package.image().to_vec();
        Ok(Loaded { version, measured: tree.root(), image, tree })
    }
}
