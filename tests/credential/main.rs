//! oneM2M credentials: hierarchy, identifiers, lifetimes, stores, commands, MAF and MEF.

#![allow(clippy::unwrap_used, reason = "a test program")]

mod assurance;
mod command;
mod handshake;
mod hierarchy;
mod identifier;
mod lifetime;
mod maf;
mod mef;
mod seal;
mod software;
mod store;
mod token;
mod transport;

use keystorm::credential::lifetime::Validity;
use keystorm::credential::store::{
    Entry, Hsm, HsmProfile, KeyName, PlainFlash, SealParameters, SealedFile, Store, Work,
};
use keystorm::credential::{KeyBytes, Level};

/// 32 times the same byte.
pub(crate) fn key(byte: u8) -> KeyBytes {
    KeyBytes::new([byte; 32])
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn name(text: &str) -> KeyName {
    KeyName::new(text).unwrap()
}

/// An entry that is good at all times.
pub(crate) fn entry(text: &str, level: Level) -> Entry {
    Entry { name: name(text), level, validity: Validity::ALWAYS }
}

pub(crate) fn sealed() -> SealedFile {
    let parameters = SealParameters::LIGHT;
    SealedFile::create(b"passphrase", [3; 16], parameters, &mut Work::default()).unwrap()
}

/// One of each place, empty.
pub(crate) fn stores() -> [Store; 4] {
    [
        Store::Plain(PlainFlash::new()),
        Store::Sealed(Box::new(sealed())),
        Store::Hsm(Box::new(Hsm::new(HsmProfile::ATECC608))),
        Store::Hsm(Box::new(Hsm::new(HsmProfile::CLOUDHSM_HSM1))),
    ]
}

pub(crate) fn contains(image: &[u8], bytes: &[u8]) -> bool {
    image.windows(bytes.len()).any(|window| window == bytes)
}
