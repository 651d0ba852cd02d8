//! HSMs: a secure element in a device, or a module in a data centre. Keys go in and results come out; no
//! method of this file gives key bytes. Only the legacy interface for administrators does, in `token`.

use std::fmt;

use rand_core::Rng;
use zeroize::Zeroizing;

use crate::association::Operations;
use crate::credential::lifetime::Validity;
use crate::credential::software_aes::Block;
use crate::credential::{Choices, Derivation, KeyBytes};
use crate::planted::{self, Defect};
#[cfg(test)]
use crate::sabotage::{Mechanism, is_away};

use super::image::put_entry;
use super::pairing::{HostKey, PAIRING_NONCE_LEN, Pairing, Power};
use super::power::{Hiding, prove};
use super::table::Table;
use super::token::Token;
use super::{
    Attributes, Entry, KeyName, KeyStore, PlainFlash, Probe, Readable as _, ServiceQueue,
    ServiceTimes, StoreError, StoreKind, StoreOperation, Usage, Work, check_parent,
};

/// What an HSM can do in which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HsmProfile {
    /// The name in scenarios and reports.
    pub name: &'static str,
    /// Secure element or server HSM.
    pub is_server: bool,
    /// For how long each operation keeps one unit busy.
    pub times: ServiceTimes,
    /// Keys that fit in.
    pub slots_max: u16,
    /// Units that work at the same time.
    pub units: u16,
    /// Requests in service and waiting.
    pub queue_max: usize,
    /// Proofs on the spot that it gives in its life. More are taken for the work of a probe.
    pub proofs_max: u32,
}

impl HsmProfile {
    /// An ATECC608: 16 slots, one command at a time. The host's driver queues at most 8, and a key is good for
    /// 500 proofs, counted like that chip's limited uses (both our choice).
    pub const ATECC608: Self = Self {
        name: "atecc608",
        is_server: false,
        times: ServiceTimes::ATECC608,
        slots_max: 16,
        units: 1,
        queue_max: 8,
        proofs_max: 500,
    };

    /// AWS CloudHSM hsm1.medium. Slots and queue are our choice.
    pub const CLOUDHSM_HSM1: Self = Self {
        name: "cloudhsm_hsm1",
        is_server: true,
        times: ServiceTimes::CLOUDHSM_HSM1,
        slots_max: u16::MAX,
        units: 1,
        queue_max: 10_000,
        proofs_max: 500,
    };

    /// AWS CloudHSM hsm2m.medium.
    pub const CLOUDHSM_HSM2M: Self =
        Self { name: "cloudhsm_hsm2m", times: ServiceTimes::CLOUDHSM_HSM2M, ..Self::CLOUDHSM_HSM1 };

    /// A queue in front of such an HSM.
    #[must_use]
    pub fn queue(&self) -> ServiceQueue {
        ServiceQueue::new(self.units, self.queue_max)
    }
}

/// An HSM and what its host knows of it. Neither `Clone` nor serialisable; no method returns a key, and
/// nothing that asks for a place that can be read takes one:
///
/// ```compile_fail,E0277
/// use keystorm::credential::store::{Hsm, Readable};
///
/// fn read_from<T: Readable>() {}
/// read_from::<Hsm>();
/// ```
pub struct Hsm {
    profile: HsmProfile,
    /// The host's list of handles.
    table: Table<u16>,
    vault: Vault,
    pairing: Pairing,
    /// Its slots are locked for whoever comes over the pins.
    is_locked: bool,
    /// Proofs given so far.
    proofs: u32,
    /// What administrators can ask for.
    pub(super) token: Token,
}

/// What is inside the chip: keys by handle, and the handles that were given back.
struct Vault {
    keys: Vec<Option<KeyBytes>>,
    free: Vec<u16>,
}

impl Vault {
    const fn new() -> Self {
        Self { keys: Vec::new(), free: Vec::new() }
    }

    fn key(&self, handle: u16) -> Result<&KeyBytes, StoreError> {
        self.keys.get(usize::from(handle)).and_then(Option::as_ref).ok_or(StoreError::Unknown)
    }

    /// A handle that is free, if less than `max` are in use.
    fn take(&mut self, max: u16) -> Result<u16, StoreError> {
        if let Some(handle) = self.free.pop() {
            return Ok(handle);
        }
        let handle = u16::try_from(self.keys.len()).ok().filter(|&handle| handle < max);
        let handle = handle.ok_or(StoreError::Full)?;
        self.keys.push(None);
        Ok(handle)
    }

    fn erase(&mut self, handle: u16) {
        self.keys[usize::from(handle)] = None;
        self.free.push(handle);
    }
}

impl Hsm {
    /// An HSM without keys that serves any host.
    #[must_use]
    pub const fn new(profile: HsmProfile) -> Self {
        Self {
            profile,
            table: Table::new(),
            vault: Vault::new(),
            pairing: Pairing::Unpaired,
            is_locked: false,
            proofs: 0,
            token: Token::new(),
        }
    }

    /// An HSM without keys that serves only the host with this key; it serves it already.
    #[must_use]
    pub const fn paired(profile: HsmProfile, key: HostKey) -> Self {
        let pairing = Pairing::Paired { key, state: Power::Serving };
        Self {
            profile,
            table: Table::new(),
            vault: Vault::new(),
            pairing,
            is_locked: false,
            proofs: 0,
            token: Token::new(),
        }
    }

    /// Pairs it with the host that has this key, in the factory; it serves that host already.
    pub fn pair(&mut self, key: HostKey) {
        self.pairing = Pairing::Paired { key, state: Power::Serving };
    }

    /// Locks its slots, the last that a factory does: from now on only the management port changes a key.
    pub const fn lock_slots(&mut self) {
        self.is_locked = true;
    }

    /// What comes over the pins: these records in the place of all keys. The host's list of handles follows what is in
    /// the element.
    pub(super) fn program(&mut self, image: &[u8]) -> Result<(), StoreError> {
        let is_locked = self.is_locked;
        #[cfg(test)]
        let is_locked = is_locked && !is_away(Mechanism::SlotLock);
        if is_locked {
            return Err(StoreError::SlotLocked);
        }
        let mut work = Work::default();
        for old in self.entries() {
            self.erase(old.name.as_bytes(), &mut work)?;
        }
        let other = PlainFlash::load(image)?;
        for entry in other.entries() {
            let key = other.read(entry.name.as_bytes())?;
            self.write(entry, key, &mut work)?;
        }
        Ok(())
    }

    /// Answers its host's question whether it is still there and still the one that the factory gave it. None if it
    /// is paired with nobody, or serves nobody at the moment.
    pub fn report(&self, nonce: &[u8; PAIRING_NONCE_LEN], work: &mut Work) -> Option<[u8; 32]> {
        work.count(StoreOperation::Mac, 1);
        self.pairing.report(nonce)
    }

    /// What it can do in which time.
    #[must_use]
    pub const fn profile(&self) -> &HsmProfile {
        &self.profile
    }

    /// Power goes and comes again: at a restart, or in another host. A paired HSM does nothing until its
    /// host has answered a challenge.
    pub const fn power_cycle(&mut self) {
        self.pairing.power_cycle();
    }

    /// The challenge to the host; the nonce is random.
    pub const fn challenge(&mut self, nonce: [u8; PAIRING_NONCE_LEN]) {
        self.pairing.challenge(nonce);
    }

    /// The host's answer: see [`HostKey::answer`].
    pub fn answer(&mut self, answer: &[u8; 32], work: &mut Work) -> Result<(), StoreError> {
        work.count(StoreOperation::Mac, 1);
        self.pairing.answer(answer)
    }

    pub(super) fn known(&self, name: &[u8]) -> Result<(&Entry, &KeyBytes), StoreError> {
        self.pairing.check()?;
        let (entry, handle) = self.table.known(name)?;
        Ok((entry, self.vault.key(*handle)?))
    }
}

impl fmt::Debug for Hsm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Hsm");
        shown.field("profile", &self.profile.name).field("keys", &self.table.len());
        shown.finish_non_exhaustive()
    }
}

impl KeyStore for Hsm {
    fn kind(&self) -> StoreKind {
        if self.profile.is_server { StoreKind::ServerHsm } else { StoreKind::DeviceHsm }
    }

    fn attributes(&self, name: &[u8]) -> Option<Attributes> {
        self.table.attributes(name)
    }

    fn entries(&self) -> Vec<Entry> {
        self.table.entries()
    }

    fn write(&mut self, entry: Entry, key: KeyBytes, work: &mut Work) -> Result<(), StoreError> {
        self.pairing.check()?;
        let handle = match self.table.find(entry.name.as_bytes()) {
            Some((_, handle)) => *handle,
            None => self.vault.take(self.profile.slots_max)?,
        };
        work.count(StoreOperation::Write, 1);
        self.vault.keys[usize::from(handle)] = Some(key);
        self.table.put(entry, handle);
        Ok(())
    }

    fn erase(&mut self, name: &[u8], work: &mut Work) -> Result<(), StoreError> {
        self.pairing.check()?;
        let handle = self.table.remove(name).ok_or(StoreError::Unknown)?;
        work.count(StoreOperation::Erase, 1);
        self.vault.erase(handle);
        Ok(())
    }

    fn derive(
        &mut self,
        from: &[u8],
        derivation: &Derivation,
        choices: &Choices,
        (name, validity): (KeyName, Validity),
        work: &mut Work,
    ) -> Result<(), StoreError> {
        let (entry, key) = self.known(from)?;
        let level = check_parent(entry.level, derivation)?;
        let key = derivation.run(key, choices).map_err(|_| StoreError::Text)?;
        work.count(StoreOperation::Kdf, derivation.hmacs());
        self.write(Entry { name, level, validity }, key, work)
    }

    /// The work is the HSM's: nothing is counted for the host's processor.
    fn compute(
        &self,
        name: &[u8],
        usage: &Usage<'_>,
        work: &mut Work,
        _operations: &mut Operations,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let (entry, key) = self.known(name)?;
        usage.check(entry.level)?;
        usage.book(work);
        Ok(usage.run(key, &mut Operations::default()))
    }

    /// Behind masks, and only so many times.
    fn prove(
        &mut self,
        name: &[u8],
        block: &Block,
        chip: &mut dyn Rng,
        probe: Option<&mut Probe>,
        work: &mut Work,
    ) -> Result<Block, StoreError> {
        let (_, key) = self.known(name)?;
        if self.proofs >= self.profile.proofs_max {
            return Err(StoreError::Tampered);
        }
        let answer = prove(key, block, Hiding::FirstOrder, chip, probe);
        self.proofs += 1;
        work.count(StoreOperation::Mac, 1);
        Ok(answer)
    }

    /// The host's list of names and handles.
    fn storage_image(&self) -> Vec<u8> {
        let mut image = b"KSH1".to_vec();
        for (entry, handle) in self.table.iter() {
            put_entry(entry, &mut image);
            image.extend(handle.to_be_bytes());
        }
        image
    }

    fn memory_image(&self) -> Vec<u8> {
        self.storage_image()
    }

    fn memory_image_during(&self, name: &[u8]) -> Vec<u8> {
        if planted::is(Defect::HsmMemory) {
            return self.known(name).map(|(_, key)| key.expose().to_vec()).unwrap_or_default();
        }
        self.storage_image()
    }

    fn service_times(&self) -> &ServiceTimes {
        &self.profile.times
    }
}
