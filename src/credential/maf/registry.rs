//! What a MAF knows: its clients, and the keys that they left for others.

use std::collections::BTreeMap;

use crate::credential::hierarchy::{RELATIVE_ID_LEN, RelativeId};
use crate::credential::{KeyBytes, RelativeKeyId, Suid};
use crate::sim::time::{Duration, Time};

use super::{
    ClientRegistered, ClientRegistration, ClientUpdate, KeyRegistered, KeyRegistration,
    KeyRetrieved, KeyUpdate, KeyValue, RelativeKeyIdText,
};

/// What a MAF exported from its association with the client: KcID and Kc (clause 10.3.5).
pub type Exported = (RelativeId, KeyBytes);

/// What a MAF takes in, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MafLimits {
    /// Clients.
    pub clients: usize,
    /// Keys of one client.
    pub keys_per_client: usize,
    /// The longest life of a registration of a client. The standard gives no number.
    pub client_life: Duration,
    /// The longest life of a Kc, which the MAF sets (clause 8.2.2.3). The standard gives no number.
    pub key_life: Duration,
}

impl Default for MafLimits {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Self { clients: 1 << 21, keys_per_client: 64, client_life: DAY.times(365), key_life: DAY }
    }
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Why a MAF does not do what it is asked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
        pub enum MafRefusal {
            $($(#[$doc])* #[error($name)] $variant,)*
        }

        impl MafRefusal {
            /// Every refusal.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in metrics.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

refusals! {
    /// The request is for another MAF.
    WrongMaf = "maf_wrong_maf",
    /// The client is not registered.
    NotRegistered = "maf_not_registered",
    /// The registration of the client is over.
    RegistrationExpired = "maf_registration_expired",
    /// The client is registered already.
    AlreadyRegistered = "maf_already_registered",
    /// No registration, or someone else's.
    NotOwner = "maf_not_owner",
    /// The expiry asked for lies in the past.
    PastExpiry = "maf_past_expiry",
    /// The usage is not one that a MAF hands out keys for.
    Usage = "maf_usage",
    /// Not exactly one target where one is asked for, or none at all.
    Targets = "maf_targets",
    /// No key was given, and none exported.
    NoKey = "maf_no_key",
    /// A key has this RelativeKeyID already.
    IdTaken = "maf_id_taken",
    /// No key has this RelativeKeyID.
    UnknownKey = "maf_unknown_key",
    /// The key has expired.
    KeyExpired = "maf_key_expired",
    /// The asker is not among the targets of the key.
    NotTarget = "maf_not_target",
    /// No room for another client or key.
    Full = "maf_full",
}

#[derive(Debug)]
struct Client {
    reg_id: u64,
    expires: Time,
    admin: String,
    labels: Vec<String>,
    assigned: Option<String>,
}

#[derive(Debug)]
struct Key {
    source: String,
    expires: Time,
    admin: String,
    suid: Suid,
    targets: Vec<String>,
    labels: Vec<String>,
    key: KeyBytes,
}

/// The registry of a MAF.
#[derive(Debug)]
pub struct MafRegistry {
    fqdn: String,
    ids: RelativeKeyId,
    limits: MafLimits,
    clients: BTreeMap<String, Client>,
    keys: BTreeMap<RelativeId, Key>,
    /// How many keys each client has here.
    held: BTreeMap<String, usize>,
    last_reg_id: u64,
}

impl MafRegistry {
    /// A MAF of this name that knows nobody.
    #[must_use]
    pub fn new(fqdn: &str, ids: RelativeKeyId, limits: MafLimits) -> Self {
        let (clients, keys, held) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { fqdn: fqdn.to_owned(), ids, limits, clients, keys, held, last_reg_id: 0 }
    }

    /// Clients and keys that it knows, expired ones included until they are [purged](Self::purge).
    #[must_use]
    pub fn len(&self) -> (usize, usize) {
        (self.clients.len(), self.keys.len())
    }

    /// Whether it knows nobody and nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    /// Registers the client at the other end of the association (clause 8.8.2.3).
    pub fn register_client(
        &mut self,
        now: Time,
        client: &str,
        request: &ClientRegistration,
        assigned: Option<String>,
    ) -> Result<ClientRegistered, MafRefusal> {
        self.check_maf(&request.maf_fqdn)?;
        let expires = granted(now, request.expiration_time, self.limits.client_life)?;
        match self.clients.get(client) {
            Some(known) if known.expires > now => return Err(MafRefusal::AlreadyRegistered),
            None if self.clients.len() >= self.limits.clients => return Err(MafRefusal::Full),
            _ => {}
        }
        self.last_reg_id += 1;
        let record = Client {
            reg_id: self.last_reg_id,
            expires,
            admin: request.admin_fqdn.clone(),
            labels: request.labels.clone(),
            assigned,
        };
        let answer = record.answer(client);
        self.clients.insert(client.to_owned(), record);
        Ok(answer)
    }

    /// Changes the client's own registration (clause 8.8.2.5).
    pub fn update_client(
        &mut self,
        now: Time,
        client: &str,
        request: &ClientUpdate,
    ) -> Result<ClientRegistered, MafRefusal> {
        let life = self.limits.client_life;
        let record = self.own(now, client, request.maf_client_reg_id)?;
        let expires = request.expiration_time.map(|until| granted(now, until, life)).transpose()?;
        record.expires = expires.unwrap_or(record.expires);
        if let Some(labels) = &request.labels {
            record.labels.clone_from(labels);
        }
        if let Some(admin) = &request.admin_fqdn {
            record.admin.clone_from(admin);
        }
        Ok(record.answer(client))
    }

    /// Ends the client's own registration (clause 8.8.2.6). Its keys go with it: that is our reading,
    /// the clause leaves it open.
    pub fn deregister_client(
        &mut self,
        now: Time,
        client: &str,
        reg_id: u64,
    ) -> Result<(), MafRefusal> {
        self.own(now, client, reg_id)?;
        self.clients.remove(client);
        self.keys.retain(|_, key| key.source != client);
        self.held.remove(client);
        Ok(())
    }

    /// Takes in a key (clause 8.8.2.7). Where the request has none, the exported one is meant. An
    /// identifier that the MAF selects is drawn from `rng`.
    pub fn register_key(
        &mut self,
        now: Time,
        client: &str,
        request: &KeyRegistration,
        exported: Option<Exported>,
        rng: &mut dyn rand_core::Rng,
    ) -> Result<KeyRegistered, MafRefusal> {
        self.check_maf(&request.maf_fqdn)?;
        self.registered(now, client)?;
        let held = self.held.get(client).copied().unwrap_or(0);
        check_targets(request.suid, &request.target_ids)?;
        let expires = granted(now, request.expiration_time, self.limits.key_life)?;
        if held >= self.limits.keys_per_client {
            return Err(MafRefusal::Full);
        }
        let (id, key) = match (&request.key_value, exported, self.ids) {
            (Some(KeyValue(key)), _, _) => (self.unused_id(rng), key.clone()),
            (None, Some((id, key)), RelativeKeyId::Exported) => (id, key),
            (None, Some((_, key)), RelativeKeyId::ChosenByMaf) => (self.unused_id(rng), key),
            (None, None, _) => return Err(MafRefusal::NoKey),
        };
        if self.keys.get(&id).is_some_and(|old| old.expires > now) {
            return Err(MafRefusal::IdTaken);
        }
        let KeyRegistration { labels, admin_fqdn: admin, suid, target_ids: targets, .. } =
            request.clone();
        let record = Key { source: client.to_owned(), expires, admin, suid, targets, labels, key };
        let answer = record.answer(id);
        if let Some(old) = self.keys.insert(id, record) {
            self.count(&old.source, -1);
        }
        self.count(client, 1);
        Ok(answer)
    }

    /// Hands a key to one of its targets (clause 8.8.2.8). The asker needs an association with the MAF;
    /// that it is registered, too, is not asked for.
    pub fn retrieve_key(
        &self,
        now: Time,
        asker: &str,
        id: RelativeId,
    ) -> Result<KeyRetrieved, MafRefusal> {
        let key = self.keys.get(&id).ok_or(MafRefusal::UnknownKey)?;
        if !key.targets.iter().any(|target| target == asker) {
            return Err(MafRefusal::NotTarget);
        }
        if key.expires <= now {
            return Err(MafRefusal::KeyExpired);
        }
        Ok(KeyRetrieved {
            expiration_time: key.expires.0,
            source_id: key.source.clone(),
            admin_fqdn: key.admin.clone(),
            suid: key.suid,
            key_value: KeyValue(key.key.clone()),
            labels: key.labels.clone(),
        })
    }

    /// Changes a key of the client's own (clause 8.8.2.9).
    pub fn update_key(
        &mut self,
        now: Time,
        client: &str,
        request: &KeyUpdate,
    ) -> Result<KeyRegistered, MafRefusal> {
        self.registered(now, client)?;
        let (id, life) = (request.relative_key_id.0, self.limits.key_life);
        let key = self.own_key(client, id)?;
        if key.expires <= now {
            return Err(MafRefusal::KeyExpired);
        }
        if let Some(targets) = &request.target_ids {
            check_targets(key.suid, targets)?;
        }
        let expires = request.expiration_time.map(|until| granted(now, until, life)).transpose()?;
        key.expires = expires.unwrap_or(key.expires);
        if let Some(targets) = &request.target_ids {
            key.targets.clone_from(targets);
        }
        if let Some(labels) = &request.labels {
            key.labels.clone_from(labels);
        }
        if let Some(admin) = &request.admin_fqdn {
            key.admin.clone_from(admin);
        }
        Ok(key.answer(id))
    }

    /// Takes a key of the client's own back (clause 8.8.2.10).
    pub fn deregister_key(
        &mut self,
        now: Time,
        client: &str,
        id: RelativeId,
    ) -> Result<(), MafRefusal> {
        self.registered(now, client)?;
        self.own_key(client, id)?;
        self.keys.remove(&id);
        self.count(client, -1);
        Ok(())
    }

    /// Forgets what has expired.
    pub fn purge(&mut self, now: Time) {
        let gone: Vec<RelativeId> =
            self.keys.iter().filter(|(_, key)| key.expires <= now).map(|(id, _)| *id).collect();
        for id in gone {
            if let Some(key) = self.keys.remove(&id) {
                self.count(&key.source, -1);
            }
        }
        self.clients.retain(|_, client| client.expires > now);
    }

    /// The keys that it holds, as they lie in its memory.
    #[must_use]
    pub fn memory_image(&self) -> Vec<u8> {
        self.keys.values().flat_map(|key| *key.key.expose()).collect()
    }

    fn check_maf(&self, fqdn: &str) -> Result<(), MafRefusal> {
        if fqdn == self.fqdn { Ok(()) } else { Err(MafRefusal::WrongMaf) }
    }

    fn registered(&mut self, now: Time, client: &str) -> Result<&mut Client, MafRefusal> {
        let record = self.clients.get_mut(client).ok_or(MafRefusal::NotRegistered)?;
        if record.expires > now { Ok(record) } else { Err(MafRefusal::RegistrationExpired) }
    }

    /// The registration with this identifier, if it is the client's own.
    fn own(&mut self, now: Time, client: &str, reg_id: u64) -> Result<&mut Client, MafRefusal> {
        let record = self.registered(now, client)?;
        if record.reg_id == reg_id { Ok(record) } else { Err(MafRefusal::NotOwner) }
    }

    fn own_key(&mut self, client: &str, id: RelativeId) -> Result<&mut Key, MafRefusal> {
        let key = self.keys.get_mut(&id).ok_or(MafRefusal::UnknownKey)?;
        if key.source == client { Ok(key) } else { Err(MafRefusal::NotOwner) }
    }

    fn count(&mut self, client: &str, by: isize) {
        let held = self.held.entry(client.to_owned()).or_default();
        *held = held.saturating_add_signed(by);
        if *held == 0 {
            self.held.remove(client);
        }
    }

    fn unused_id(&self, rng: &mut dyn rand_core::Rng) -> RelativeId {
        let mut id = RelativeId([0; RELATIVE_ID_LEN]);
        loop {
            rng.fill_bytes(&mut id.0);
            if !self.keys.contains_key(&id) {
                return id;
            }
        }
    }
}

/// Until when: as asked for, but not longer than the MAF allows.
fn granted(now: Time, until: u64, life: Duration) -> Result<Time, MafRefusal> {
    let until = Time(until);
    if until > now { Ok(until.min(now + life)) } else { Err(MafRefusal::PastExpiry) }
}

fn check_targets(suid: Suid, targets: &[String]) -> Result<(), MafRefusal> {
    if !suid.is_from_maf() {
        return Err(MafRefusal::Usage);
    }
    let is_right = if suid.has_one_target() { targets.len() == 1 } else { !targets.is_empty() };
    if is_right { Ok(()) } else { Err(MafRefusal::Targets) }
}

impl Client {
    fn answer(&self, id: &str) -> ClientRegistered {
        ClientRegistered {
            maf_client_reg_id: self.reg_id,
            expiration_time: self.expires.0,
            client_id: id.to_owned(),
            admin_fqdn: self.admin.clone(),
            labels: self.labels.clone(),
            assigned_symm_key_id: self.assigned.clone(),
        }
    }
}

impl Key {
    fn answer(&self, id: RelativeId) -> KeyRegistered {
        KeyRegistered {
            relative_key_id: RelativeKeyIdText(id),
            expiration_time: self.expires.0,
            source_id: self.source.clone(),
            admin_fqdn: self.admin.clone(),
            suid: self.suid,
            target_ids: self.targets.clone(),
            labels: self.labels.clone(),
        }
    }
}
