//! Packages: a header and the image behind it.

#[cfg(test)]
use crate::sabotage::{Mechanism, is_away};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::tree::{Root, Tree};
use crate::credential::KeyBytes;

/// Bytes of a header.
pub const HEADER_LEN: usize = 4 + 4 + 4 + 4 + 32 + 64;
/// The largest image, in bytes: 16 MiB.
pub const IMAGE_MAX: usize = 1 << 24;

const MAGIC: [u8; 4] = *b"KSI1";
/// Ours: separates this signature from all others.
const LABEL: &[u8] = b"keystorm software manifest";

/// What stands before an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its version: higher is newer.
    pub version: u32,
    /// Its bytes.
    pub len: u32,
    /// CRC-32 (IEEE 802.3) of the image: finds accidents.
    pub crc32: u32,
    /// The root of its tree.
    pub root: Root,
    /// The vendor's Ed25519 signature over version, length and root.
    pub signature: [u8; 64],
}

/// Why bytes are no package, or not a good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum PackageFault {
    /// No header.
    #[error("not a package")]
    Format,
    /// The image has not the length that the header says, or is too large.
    #[error("the image has another length")]
    Length,
    /// The CRC-32 is another one.
    #[error("the CRC-32 does not match")]
    Checksum,
    /// The hashes are not those of the image.
    #[error("the hash does not match")]
    Hash,
    /// The signature is not the vendor's.
    #[error("the signature is not the vendor's")]
    Signature,
    /// An older version than one that has run here.
    #[error("an older version than one that has run")]
    Rollback,
}

impl PackageFault {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Format => "image_format",
            Self::Length => "image_length",
            Self::Checksum => "image_checksum",
            Self::Hash => "image_hash",
            Self::Signature => "image_signature",
            Self::Rollback => "image_rollback",
        }
    }
}

/// A package, taken apart and not yet believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package<'a> {
    header: &'a [u8; HEADER_LEN],
    image: &'a [u8],
}

impl<'a> Package<'a> {
    /// Takes bytes apart.
    ///
    /// # Errors
    /// If there is no header, or the image has another length than it says.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PackageFault> {
        let (header, image) = bytes.split_first_chunk().ok_or(PackageFault::Format)?;
        let package = Self { header, image };
        if !header.starts_with(&MAGIC) {
            return Err(PackageFault::Format);
        }
        let is_whole = image.len() <= IMAGE_MAX && package.header().len as usize == image.len();
        if is_whole { Ok(package) } else { Err(PackageFault::Length) }
    }

    /// What the header says.
    #[must_use]
    pub fn header(&self) -> Header {
        let word = |at: usize| u32::from_be_bytes(std::array::from_fn(|n| self.header[at + n]));
        Header {
            version: word(4),
            len: word(8),
            crc32: word(12),
            root: std::array::from_fn(|n| self.header[16 + n]),
            signature: std::array::from_fn(|n| self.header[48 + n]),
        }
    }

    /// The image.
    #[must_use]
    pub const fn image(&self) -> &'a [u8] {
        self.image
    }

    /// Whether the CRC-32 is that of the image.
    ///
    /// # Errors
    /// If it is not.
    pub fn check_crc32(&self) -> Result<(), PackageFault> {
        let is_right = crc32fast::hash(self.image) == self.header().crc32;
        if is_right { Ok(()) } else { Err(PackageFault::Checksum) }
    }

    /// Whether the vendor has signed this version of this image.
    ///
    /// # Errors
    /// If not.
    pub fn check_signature(&self, vendor: &VerifyingKey) -> Result<(), PackageFault> {
        #[cfg(test)]
        if is_away(Mechanism::PackageSignature) {
            return Ok(());
        }
        let header = self.header();
        if Tree::of(self.image).root() != header.root {
            return Err(PackageFault::Hash);
        }
        let signature = Signature::from_bytes(&header.signature);
        let covered = covered(header.version, header.len, &header.root);
        let verified = vendor.verify_strict(&covered, &signature);
        verified.map_err(|_| PackageFault::Signature)
    }
}

fn covered(version: u32, len: u32, root: &Root) -> Vec<u8> {
    [LABEL, &version.to_be_bytes(), &len.to_be_bytes(), root].concat()
}

impl Header {
    /// A package of this header and an image, whether they fit or not.
    #[must_use]
    pub fn package(&self, image: &[u8]) -> Vec<u8> {
        let Self { version, len, crc32, root, signature } = self;
        let words = [*version, *len, *crc32].map(u32::to_be_bytes);
        [&MAGIC[..], &words.concat(), root, signature, image].concat()
    }
}

/// Who makes software for nodes.
#[derive(Clone, Debug)]
pub struct Vendor(SigningKey);

impl Vendor {
    /// The vendor whose signing key has this seed.
    #[must_use]
    pub fn new(seed: &KeyBytes) -> Self {
        Self(SigningKey::from_bytes(seed.expose()))
    }

    /// What nodes know of the vendor.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.0.verifying_key()
    }

    /// Makes a package. Images of more than [`IMAGE_MAX`] bytes are refused by those who read it.
    #[must_use]
    pub fn package(&self, version: u32, image: &[u8]) -> Vec<u8> {
        let len = u32::try_from(image.len()).unwrap_or(u32::MAX);
        let root = Tree::of(image).root();
        let signature = self.0.sign(&covered(version, len, &root)).to_bytes();
        let crc32 = crc32fast::hash(image);
        Header { version, len, crc32, root, signature }.package(image)
    }
}
