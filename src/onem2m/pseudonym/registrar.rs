//! The registrar's table: from pseudonyms that are valid now to their devices.

use std::collections::{BTreeMap, BTreeSet};

use super::{Pseudonym, Rotation, Secret};
use crate::sim::time::Time;

/// Devices of one registrar.
pub const MAX_DEVICES: usize = 4_000_000;
/// Epochs before the current one, or after it, that can be kept valid.
pub const MAX_SPAN: u8 = 16;

/// Whose pseudonym it is, and of which epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// The device, by the number that it was enrolled with.
    pub device: u32,
    /// The epoch.
    pub epoch: u64,
}

/// There are [`MAX_DEVICES`] already, or this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no room for the device, or it is enrolled already")]
pub struct Full;

/// All secrets, and a table of the pseudonyms that are valid now. A look-up computes no HMAC and takes
/// time logarithmic in the size of the table, whatever is looked up.
#[derive(Debug)]
pub struct Registrar {
    rotation: Rotation,
    /// Epochs that stay valid after the rotation.
    behind: u64,
    /// Epochs that are valid before it: clocks that are fast, uses that the registrar did not see.
    ahead: u64,
    /// The epoch that all devices were brought to.
    reached: u64,
    devices: BTreeMap<u32, Device>,
    table: BTreeSet<(Pseudonym, Holder)>,
}

#[derive(Debug)]
struct Device {
    secret: Secret,
    /// The epochs in the table: from the first on, and before the second.
    epochs: (u64, u64),
}

impl Registrar {
    /// A registrar without devices. Pseudonyms of `behind` earlier and `ahead` later epochs are valid
    /// too, each at most [`MAX_SPAN`]: the overlap.
    #[must_use]
    pub fn new(rotation: Rotation, behind: u8, ahead: u8) -> Self {
        Self {
            rotation,
            behind: behind.min(MAX_SPAN).into(),
            ahead: ahead.min(MAX_SPAN).into(),
            reached: 0,
            devices: BTreeMap::new(),
            table: BTreeSet::new(),
        }
    }

    /// Enrols a device. One that rotates by count starts at its first epoch.
    ///
    /// # Errors
    /// If there is no room, or the device is enrolled already.
    pub fn enrol(&mut self, device: u32, secret: Secret, now: Time) -> Result<(), Full> {
        if self.devices.len() >= MAX_DEVICES || self.devices.contains_key(&device) {
            return Err(Full);
        }
        let epoch = self.epoch(now).unwrap_or(0);
        self.devices.insert(device, Device { secret, epochs: (0, 0) });
        self.move_to(device, epoch);
        Ok(())
    }

    /// Forgets a device: its pseudonyms resolve no more.
    pub fn withdraw(&mut self, device: u32) {
        self.move_to_none(device);
        self.devices.remove(&device);
    }

    /// Brings the table to `now`, for rotation by time: one HMAC for each device and epoch passed, at
    /// most `behind` + `ahead` + 1, and as many again to take old ones out. To be called before look-ups; within
    /// an epoch it costs nothing. How many HMACs it took.
    pub fn advance(&mut self, now: Time) -> u64 {
        let Some(epoch) = self.epoch(now).filter(|epoch| *epoch > self.reached) else { return 0 };
        self.reached = epoch;
        let devices: Vec<u32> = self.devices.keys().copied().collect();
        devices.into_iter().map(|device| self.move_to(device, epoch)).sum()
    }

    /// Whose pseudonym this is. Nobody's if it is none that is valid now. Several holders if pseudonyms
    /// collide (with 128 bits: a chance of 2^-64 or so for 2^32 of them): the association that
    /// authenticates the device then decides.
    pub fn resolve(&self, pseudonym: Pseudonym) -> impl Iterator<Item = Holder> + '_ {
        let least = Holder { device: 0, epoch: 0 };
        let greatest = Holder { device: u32::MAX, epoch: u64::MAX };
        self.table.range((pseudonym, least)..=(pseudonym, greatest)).map(|(_, holder)| *holder)
    }

    /// The device has proven, under a key of its own, that it is this holder: for rotation by count its
    /// table moves to that epoch. Never backwards.
    pub fn confirm(&mut self, holder: Holder) {
        if matches!(self.rotation, Rotation::Count(_)) {
            self.move_to(holder.device, holder.epoch);
        }
    }

    /// Pseudonyms in the table.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether the table is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    fn epoch(&self, now: Time) -> Option<u64> {
        match self.rotation {
            Rotation::Time(span) => Some(now.0 / span.0),
            Rotation::Count(_) => None,
        }
    }

    fn range(&self, epoch: u64) -> (u64, u64) {
        (epoch.saturating_sub(self.behind), epoch.saturating_add(self.ahead).saturating_add(1))
    }

    /// Moves the epochs of a device in the table forward. How many HMACs that took.
    fn move_to(&mut self, device: u32, epoch: u64) -> u64 {
        let (first, end) = self.range(epoch);
        let Some(entry) = self.devices.get_mut(&device) else { return 0 };
        let (old_first, old_end) = entry.epochs;
        if end <= old_end {
            return 0;
        }
        entry.epochs = (first, end);
        let secret = entry.secret.clone();
        for epoch in old_first..old_end.min(first) {
            self.table.remove(&(secret.pseudonym(epoch), Holder { device, epoch }));
        }
        for epoch in first.max(old_end)..end {
            self.table.insert((secret.pseudonym(epoch), Holder { device, epoch }));
        }
        old_end.min(first).saturating_sub(old_first) + (end - first.max(old_end))
    }

    fn move_to_none(&mut self, device: u32) {
        let Some(entry) = self.devices.get(&device) else { return };
        for epoch in entry.epochs.0..entry.epochs.1 {
            let pseudonym = entry.secret.pseudonym(epoch);
            self.table.remove(&(pseudonym, Holder { device, epoch }));
        }
    }
}
