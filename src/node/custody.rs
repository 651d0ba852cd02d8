//! How a node's keys, software and secrets are looked after beside the store itself, and what somebody can
//! do who reaches its interfaces or holds it in hand. Whatever is done, bytes go in and bytes come out; the
//! node's own mechanism decides, and writes down what it did.

use std::collections::BTreeMap;

use rand_core::Rng as _;

use super::actor::Actor;
use super::event::{Command, Rekey};
use super::intruder::Hands;
use super::layout::{Layout, NodeId};
use super::work::Work;
use crate::association::{Operations, PskStore as _};
use crate::credential::Level;
use crate::credential::at_rest::{Hashing, PasswordTable};
use crate::credential::command::{Answer, Done, Message, Port, Verb};
use crate::credential::software::{
    AttestationFault, Attester, BootCheck, Incident, Loaded, PackageFault, Policy, Standing,
    Verifier,
};
use crate::credential::software_aes::Block;
use crate::credential::store::{
    HandshakeKeys, HostKey, Interface, KeyName, PAIRING_NONCE_LEN, Probe, Store, StoreError,
    Work as StoreWork,
};
use crate::ledger::{
    About, ActorId, ContentDigest, Effect, NodeFacts, Operation, ResourceId, ResourceKind,
};
use crate::sim::Draws;
use crate::sim::time::{Duration, Time};

/// Draws of a node's management: nonces and the randomness of its HSM.
const CUSTODY_DRAWS: u8 = 20;
/// Draws of the noise and the masks of its chips.
const CHIP_DRAWS: u8 = 21;
/// Draws of a host's questions to its element.
const HOST_DRAWS: u8 = 22;

/// How often a host that is paired with its element asks whether it is still there.
pub const ELEMENT_CHECK: Duration = Duration::from_secs(10);

/// How management commands are authorised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commands {
    /// By the name of their originator.
    Named,
    /// By a signature, a nonce and a role; deletions in bulk by two of three.
    #[default]
    Signed,
}

/// What is checked before software runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Boot {
    /// Nothing.
    Nothing,
    /// A checksum.
    Crc32,
    /// The vendor's signature, and that the version is not an older one.
    #[default]
    Signed,
}

/// How keys, software and secrets are looked after, in the whole system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustodySetting {
    /// How management commands are authorised.
    pub commands: Commands,
    /// What HSMs of servers answer to their administrators.
    pub interface: Interface,
    /// Elements of devices serve one host only.
    pub is_paired: bool,
    /// Servers keep a backup of their keys, from which their operator restores them so long after a loss.
    pub restore: Option<Duration>,
    /// What devices check before software runs.
    pub boot: Boot,
    /// Devices are asked what they run, so often, and shut out if it is something else.
    pub attestation: Option<Duration>,
    /// How servers hash the passwords of their users.
    pub passwords: Hashing,
}

impl CustodySetting {
    /// What slows a guess down here: 64 KiB and one pass, so that a run stays short. The figures of RFC 9106
    /// are a thousand times as dear.
    pub const ARGON2ID: Hashing = Hashing::Argon2id { memory_kib: 64, passes: 1 };
}

impl Default for CustodySetting {
    fn default() -> Self {
        Self {
            commands: Commands::Signed,
            interface: Interface::Separated,
            is_paired: true,
            restore: None,
            boot: Boot::Signed,
            attestation: None,
            passwords: Self::ARGON2ID,
        }
    }
}

/// What a node has of all that.
pub struct Custody {
    /// Where management commands arrive.
    pub port: Port,
    /// The host's half of the pairing with its element.
    pub host_key: Option<HostKey>,
    /// The copy of its keys.
    pub backup: Option<Backup>,
    /// Its software; servers have none of interest here.
    pub software: Option<Software>,
    /// The passwords of its users.
    pub passwords: Option<PasswordTable>,
    /// Where its operator manages it.
    pub management: Option<crate::backend::management::Port>,
    cursor: u64,
    chip_cursor: u64,
    host_cursor: u64,
    is_tampered: bool,
    /// The element did not answer its host when it was asked last.
    is_element_missing: bool,
}

/// A copy of the keys of a server.
pub struct Backup {
    /// What its place made of them.
    pub bytes: Vec<u8>,
    /// So long after a loss its operator has put them back.
    pub restored_after: Duration,
}

/// The software of a device, and who watches it.
pub struct Software {
    /// What is checked.
    pub check: BootCheck,
    /// What measures and answers.
    pub attester: Attester,
    /// What its operator expects.
    pub verifier: Verifier,
    /// What is done about it.
    pub policy: Policy,
    standing: Standing,
}

impl Software {
    /// Nothing runs yet.
    #[must_use]
    pub const fn new(
        check: BootCheck,
        attester: Attester,
        verifier: Verifier,
        policy: Policy,
    ) -> Self {
        Self { check, attester, verifier, policy, standing: Standing::Trusted }
    }

    /// Starts a package, if the check lets it.
    ///
    /// # Errors
    /// If it does not.
    pub fn start(&mut self, package: &[u8]) -> Result<Loaded, PackageFault> {
        let loaded = self.check.boot(package)?;
        self.attester.measure(&loaded);
        Ok(loaded)
    }
}

/// The digest of an image as the ledger knows it.
#[must_use]
pub fn image_digest(loaded: &Loaded) -> ContentDigest {
    ContentDigest::of(&[&loaded.measured])
}

impl Custody {
    /// With a port and nothing else.
    #[must_use]
    pub const fn new(port: Port) -> Self {
        Self {
            port,
            host_key: None,
            backup: None,
            software: None,
            passwords: None,
            management: None,
            cursor: 0,
            chip_cursor: 0,
            host_cursor: 0,
            is_tampered: false,
            is_element_missing: false,
        }
    }
}

/// The slot of the key with this name.
fn slot(host: NodeId, name: &[u8]) -> ResourceId {
    let ContentDigest([a, b, c, d, ..]) = ContentDigest::of(&[name]);
    let index = u32::from_be_bytes([a, b, c, d]);
    ResourceId { host: ActorId(host.0), kind: ResourceKind::Slot, index }
}

/// The image of a node.
const fn image(host: NodeId) -> ResourceId {
    ResourceId { host: ActorId(host.0), kind: ResourceKind::Image, index: 0 }
}

fn draws<'a>(layout: &'a Layout, node: NodeId, purpose: u8, cursor: &'a mut u64) -> Draws<'a> {
    layout.group(node).streams.draws(layout.place(node).member, purpose, cursor)
}

/// What is in a slot now: the digest of what handshakes derive from it, which an element computes too. For the
/// ledger alone; it costs the node nothing.
fn content(store: &Store, name: &[u8], now: Time) -> ContentDigest {
    let keys = HandshakeKeys::new(store.keys(), now);
    let secret = keys.early_secret(name, &mut Operations::default());
    secret.map_or(ContentDigest::ABSENT, |secret| ContentDigest::of(&[&secret]))
}

/// The slots that a management message names.
fn named_in(message: &[u8]) -> Vec<KeyName> {
    match Message::decode(message) {
        Ok(Message::Named(command)) => command.action.targets().to_vec(),
        Ok(Message::Signed(command)) => command.action.targets().to_vec(),
        _ => Vec::new(),
    }
}

/// The names of all keys in a place.
fn names_in(store: &Store) -> Vec<KeyName> {
    store.keys().entries().into_iter().map(|entry| entry.name).collect()
}

/// What stands under these names.
fn contents(store: &Store, names: &[KeyName], now: Time) -> Vec<ContentDigest> {
    names.iter().map(|name| content(store, name.as_bytes(), now)).collect()
}

/// What `who` did to a slot, by what was in it before and is in it now; nothing if it neither changed nor read it.
fn note_slot(
    resource: ResourceId,
    who: ActorId,
    [before, after]: [ContentDigest; 2],
    is_read: bool,
    facts: &mut NodeFacts<'_>,
) {
    let operation = match (before == after, after == ContentDigest::ABSENT) {
        (true, _) if is_read => Operation::Retrieve,
        (true, _) => return,
        (false, true) => Operation::Delete,
        (false, false) => Operation::Update,
    };
    facts.effect(Effect {
        resource,
        operation,
        before,
        after,
        cause: None,
        actor: Some(who),
        claimed: None,
    });
}

/// Interfaces and hardware of the nodes of this site.
impl Hands<'_> {
    /// Sends a management message to `node`; what it answers is observed.
    pub fn manage(&mut self, node: NodeId, message: &[u8]) -> Option<Vec<u8>> {
        let (layout, who, now) = (self.layout, self.who(), self.now);
        let Actor { custody, keyring, .. } = self.actor(node)?;
        let custody = custody.as_mut()?;
        let mut rng = draws(layout, node, CUSTODY_DRAWS, &mut custody.cursor);
        let (store, names) = (keyring.place_mut(), named_in(message));
        let before = contents(store, &names, now);
        let served = custody.port.serve(message, store, &mut rng, &mut StoreWork::default());
        let after = contents(store, &names, now);
        drop(rng);
        let is_bulk = matches!(&served.asked, Some((Verb::Delete, names)) if names.len() > 1);
        if let Some(mut facts) = self.node_facts() {
            if let Some(refusal) = served.refusal {
                let about = match served.asked.as_ref().map(|(_, names)| &names[..]) {
                    Some([name]) => About::Resource(slot(node, name.as_bytes())),
                    _ => About::Actor(ActorId(node.0)),
                };
                facts.refuse(refusal.name(), about, refusal.name());
            }
            let is_read = matches!(served.answer, Answer::Done(Done::Read(_)));
            for ((name, before), after) in names.iter().zip(before).zip(after) {
                let slot = slot(node, name.as_bytes());
                note_slot(slot, who, [before, after], is_read, &mut facts);
            }
        }
        if is_bulk && served.refusal.is_none() {
            self.keys_lost(node);
        }
        let bytes = served.answer.encode().to_vec();
        self.see_inside(node, &bytes);
        Some(bytes)
    }

    /// The keys of a server are gone: its operator is told, who restores them in time if there is a backup.
    fn keys_lost(&mut self, node: NodeId) {
        let now = self.now;
        let Some(actor) = self.actor(node) else { return };
        let Some(backup) = actor.custody.as_ref().and_then(|custody| custody.backup.as_ref())
        else {
            return;
        };
        let at = now + backup.restored_after;
        self.command_at(at, node, Command::Restore);
    }

    /// Asks the HSM of a server for something, as one of its administrators does; the answer is observed.
    pub fn administer(&mut self, node: NodeId, request: &[u8]) -> Option<Vec<u8>> {
        let layout = self.layout;
        let Actor { custody, keyring, .. } = self.actor(node)?;
        let custody = custody.as_mut()?;
        let Store::Hsm(hsm) = keyring.place_mut() else { return None };
        let mut rng = draws(layout, node, CUSTODY_DRAWS, &mut custody.cursor);
        let answer = hsm.administer(request, &mut rng, &mut StoreWork::default());
        drop(rng);
        match answer {
            Ok(bytes) => {
                self.see_inside(node, &bytes);
                Some(bytes.to_vec())
            }
            Err(refusal) => {
                let about = About::Actor(ActorId(node.0));
                if let Some(mut facts) = self.node_facts() {
                    facts.refuse(refusal.name(), about, refusal.name());
                    facts.alarm(ActorId(node.0), "token_refusal", about);
                }
                None
            }
        }
    }

    /// Lets `node` prove on the spot that it has its key, with a probe beside its chip.
    pub fn prove(&mut self, node: NodeId, block: &Block, probe: &mut Probe) -> Option<Block> {
        let (layout, name) = (self.layout, self.layout.identity(node));
        let Actor { custody, keyring, .. } = self.actor(node)?;
        let custody = custody.as_mut()?;
        let mut chip = draws(layout, node, CHIP_DRAWS, &mut custody.chip_cursor);
        let store = keyring.place_mut().keys_mut();
        let proof =
            store.prove(name.as_bytes(), block, &mut chip, Some(probe), &mut StoreWork::default());
        drop(chip);
        let is_first = !std::mem::replace(&mut custody.is_tampered, proof.is_err());
        let refusal = match proof {
            Ok(answer) => return Some(answer),
            Err(refusal) => refusal,
        };
        if let Some(mut facts) = self.node_facts().filter(|_| is_first) {
            let about = About::Resource(slot(node, name.as_bytes()));
            facts.refuse(refusal.name(), about, refusal.name());
            if refusal == StoreError::Tampered {
                facts.alarm(ActorId(node.0), "tamper", About::Actor(ActorId(node.0)));
            }
        }
        None
    }

    /// What is in the memory of `node` now, the key in use included while a handshake is in progress.
    pub fn snapshot(&mut self, node: NodeId) -> Option<Vec<u8>> {
        let name = self.layout.identity(node);
        let image = self.actor(node)?.memory_image_during(&name);
        self.see_inside(node, &image);
        Some(image)
    }

    /// Has code in `node` ask the place of the keys for the key itself; what comes back is observed.
    pub fn over_read(&mut self, node: NodeId) -> Option<Vec<u8>> {
        let name = self.layout.identity(node);
        let store = self.actor(node)?.keyring.place_mut();
        let key = store.readable().map(|store| store.read(name.as_bytes()));
        if let Some(key) = key {
            let key = key.ok()?.expose().to_vec();
            self.see_inside(node, &key);
            return Some(key);
        }
        let about = About::Resource(slot(node, name.as_bytes()));
        if let Some(mut facts) = self.node_facts() {
            facts.refuse("slot_not_readable", about, "slot_not_readable");
        }
        None
    }

    /// Takes the element out of `node`, which goes on without its keys. None if there is none. Nobody is told: a host
    /// that is paired with it finds out when it asks next.
    pub fn pull_element(&mut self, node: NodeId) -> Option<Store> {
        let place = self.actor(node)?.keyring.place_mut();
        if !matches!(place, Store::Hsm(_)) {
            return None;
        }
        let mut element = std::mem::take(place);
        if let Store::Hsm(hsm) = &mut element {
            hsm.power_cycle();
        }
        Some(element)
    }

    /// Writes `image` over the chip with the keys of `node`, with a programmer on its pins, and switches the node off
    /// and on.
    ///
    /// # Errors
    /// If the chip does not take it, or the host does not believe what it reads. None if `node` is not in this site.
    pub fn program(&mut self, node: NodeId, image: &[u8]) -> Option<Result<(), StoreError>> {
        let (who, now) = (self.who(), self.now);
        let actor = self.actor(node)?;
        let store = actor.keyring.place_mut();
        let mut names: Vec<KeyName> = names_in(store);
        let before = contents(store, &names, now);
        let before: BTreeMap<KeyName, ContentDigest> = names.iter().cloned().zip(before).collect();
        let written = store.program(image);
        names.extend(names_in(store));
        names.sort();
        names.dedup();
        let after = contents(store, &names, now);
        if let Some(mut facts) = self.node_facts() {
            for (name, after) in names.iter().zip(after) {
                let before = before.get(name).copied().unwrap_or(ContentDigest::ABSENT);
                note_slot(slot(node, name.as_bytes()), who, [before, after], false, &mut facts);
            }
            if let Err(refusal) = written {
                facts.refuse(refusal.name(), About::Actor(ActorId(node.0)), refusal.name());
            }
        }
        self.command_at(now, node, Command::Restart);
        self.command_at(now, node, Command::Rekey { how: Rekey::Full, trigger: now });
        Some(written)
    }

    /// Puts an element of `owner` under power in another host, which answers its challenge, if it has one,
    /// as well as it can. Whether the element serves.
    pub fn power_up(
        &mut self,
        owner: NodeId,
        element: &mut Store,
        answer: impl FnOnce(&[u8; PAIRING_NONCE_LEN]) -> [u8; 32],
    ) -> bool {
        let (layout, Store::Hsm(hsm)) = (self.layout, element) else { return false };
        // The element's own randomness, not that of whoever holds it.
        let mut nonce = [0; PAIRING_NONCE_LEN];
        if let Some(custody) = self.actor(owner).and_then(|actor| actor.custody.as_mut()) {
            draws(layout, owner, CHIP_DRAWS, &mut custody.chip_cursor).fill_bytes(&mut nonce);
        }
        hsm.challenge(nonce);
        let Err(refusal) = hsm.answer(&answer(&nonce), &mut StoreWork::default()) else {
            return true;
        };
        if let Some(mut facts) = self.node_facts() {
            let about = About::Actor(ActorId(owner.0));
            facts.refuse(refusal.name(), about, refusal.name());
        }
        false
    }

    /// Writes a package into `node` and restarts it; whether it runs.
    pub fn load_software(&mut self, node: NodeId, package: &[u8]) -> bool {
        let Some(actor) = self.actor(node) else { return false };
        let software = actor.custody.as_mut().and_then(|custody| custody.software.as_mut());
        let Some(software) = software else { return false };
        let started = software.start(package);
        if let Some(mut facts) = self.node_facts() {
            match &started {
                Ok(loaded) => facts.exec(ActorId(node.0), image_digest(loaded)),
                Err(fault) => {
                    facts.refuse(fault.name(), About::Resource(image(node)), fault.name());
                }
            }
        }
        started.is_ok()
    }

    /// Copies the table of passwords of `node`; it is observed.
    pub fn steal_passwords(&mut self, node: NodeId) -> Option<Vec<u8>> {
        let custody = self.actor(node)?.custody.as_ref()?;
        let table = custody.passwords.as_ref()?.storage_image();
        self.see_inside(node, &table);
        Some(table)
    }
}

impl Actor {
    /// Its memory now: while a handshake is in progress, with the key that it uses.
    fn memory_image_during(&self, name: &str) -> Vec<u8> {
        let is_busy = self.client.as_ref().is_some_and(super::client::Client::is_connecting);
        let mut image = self.memory_image();
        if is_busy {
            image.extend(self.keyring.memory_image_during(name.as_bytes()));
        }
        image
    }

    /// A device that starts proves itself with what stands in its slot: if that is the key of somebody else only, as that.
    pub(super) fn take_name_from_slot(&mut self, layout: &Layout) {
        let keys = self.keyring.store();
        let Some(client) = self.client.as_mut().filter(|client| client.goes_by_own_name()) else {
            return;
        };
        if self.custody.is_none() || keys.attributes(layout.identity(self.id).as_bytes()).is_some()
        {
            return;
        }
        let other = keys.entries().into_iter().find(|entry| entry.level == Level::Kpsa);
        if let Some(other) = other {
            client.use_key(other.name.as_str().into());
        }
    }

    /// A host that is paired with its element asks it whether it is still there, and raises an alarm if nobody answers
    /// or somebody else does.
    pub(super) fn check_element(&mut self, work: &mut Work<'_>) {
        let (layout, me) = (work.layout, self.id);
        let Some(custody) = &mut self.custody else { return };
        let Some(host_key) = &custody.host_key else { return };
        let mut nonce = [0; PAIRING_NONCE_LEN];
        draws(layout, me, HOST_DRAWS, &mut custody.host_cursor).fill_bytes(&mut nonce);
        let report = match work.keyring.place_mut() {
            Store::Hsm(hsm) => hsm.report(&nonce, &mut work.store_work.0),
            Store::Plain(_) | Store::Sealed(_) => None,
        };
        let is_missing = !report.is_some_and(|report| host_key.knows(&nonce, &report));
        let was_missing = std::mem::replace(&mut custody.is_element_missing, is_missing);
        let me = ActorId(me.0);
        if is_missing
            && !was_missing
            && let Some(mut facts) = work.facts()
        {
            facts.alarm(me, "element_missing", About::Actor(me));
        }
    }

    /// The operator puts back what the backup of this server holds.
    pub(super) fn restore(&mut self) {
        let backup = self.custody.as_ref().and_then(|custody| custody.backup.as_ref());
        if let Some(Backup { bytes, .. }) = backup {
            // A backup that does not open is as good as none: the keys stay lost.
            let _ = self.keyring.place_mut().restore(bytes, &mut StoreWork::default());
        }
    }

    /// The operator asks what runs here, and draws the consequences. None if all is well, else what is wrong.
    pub(super) fn attest(&mut self, layout: &Layout) -> Option<AttestationFault> {
        let id = self.id;
        let custody = self.custody.as_mut()?;
        let software = custody.software.as_mut()?;
        let mut nonce = [0; 16];
        draws(layout, id, CUSTODY_DRAWS, &mut custody.cursor).fill_bytes(&mut nonce);
        let quote = software.attester.quote(nonce).encode();
        let fault = software.verifier.check(&nonce, &quote).err();
        let incident = fault.map_or(Incident::Sound, Incident::Fault);
        software.standing = software.policy.step(software.standing, incident).0;
        fault
    }

    /// It was shut out.
    pub(super) fn is_quarantined(&self) -> bool {
        let software = self.custody.as_ref().and_then(|custody| custody.software.as_ref());
        software.is_some_and(|software| software.standing == Standing::Quarantined)
    }
}

/// The name of a key in a slot, for those who write commands.
#[must_use]
pub fn key_name(layout: &Layout, node: NodeId) -> Option<KeyName> {
    KeyName::new(&layout.identity(node)).ok()
}
