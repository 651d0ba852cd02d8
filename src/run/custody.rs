//! How the nodes of a plan look after keys, software and secrets: administrators, packages, passwords.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::Rng as _;

use crate::backend::Canary;
use crate::backend::management::{self, DEFAULT_ACCOUNTS};
use crate::credential::KeyBytes;
use crate::credential::at_rest::PasswordTable;
use crate::credential::command::{
    Administrator, NamedAuthority, Port, Quorum, Role, RoleTable, SignedAuthority,
};
use crate::credential::software::{Attester, BootCheck, Policy, Vendor, Verifier};
use crate::credential::store::{HostKey, Store};
use crate::ledger::{About, ContentDigest, SecretClass};
use crate::node::{
    Backup, Boot, Chronicle, Commands, Custody, CustodySetting, Keyring, Layout, NodeId, Software,
    actor, image_digest,
};
use crate::scenario::{Plan, surroundings};
use crate::sim::Seed;
use crate::sim::time::Time;

/// Bytes of the software of a device: small, so that a run stays short.
const IMAGE_LEN: usize = 4_096;
/// Versions of that software: an old one, and the present one.
const VERSIONS: [u32; 2] = [1, 2];
/// The administrators of a system.
const ADMINISTRATORS: [&str; 3] = ["manager", "deputy", "auditor"];
/// What people choose: passwords of the users of a server. The last is that of a program.
const PASSWORDS: [(&str, &str); 5] = [
    ("ann", "Summer2024"),
    ("bob", "welcome"),
    ("cem", "gateway12"),
    ("dee", "4711"),
    ("backup-job", "9f1c7be2-0d55"),
];

/// Draws of the factory: keys of administrators, vendors, hosts.
struct Factory<'a> {
    plan: &'a Plan,
    layout: &'a Layout,
}

impl Factory<'_> {
    /// A secret of the factory for this purpose; `member` tells those of one purpose apart.
    fn secret(&self, purpose: &str, member: u32) -> KeyBytes {
        let mut key = [0; 32];
        let streams = Seed(self.plan.seed).streams(&format!("factory {purpose}"));
        streams.draws(member, 0, &mut 0).fill_bytes(&mut key);
        KeyBytes::new(key)
    }

    fn port(&self) -> Port {
        let all = [Role::Auditor, Role::Operator, Role::Custodian];
        match self.plan.custody.commands {
            Commands::Named => {
                let names = ADMINISTRATORS.map(|name| (name.to_owned(), all.to_vec()));
                let originators = BTreeMap::from(names);
                Port::Named(NamedAuthority { originators, roles: RoleTable::default() })
            }
            Commands::Signed => {
                let quorum = Quorum { from_targets: 2, administrators: 2, single_deletions: 1 };
                let mut authority = SignedAuthority::new(RoleTable::default(), Some(quorum));
                for (name, n) in ADMINISTRATORS.iter().zip(0..) {
                    let seed = self.secret("administrator", n);
                    authority.admit(&Administrator::new(name, &seed), &all);
                }
                Port::Signed(Box::new(authority))
            }
        }
    }

    fn vendor(&self) -> Vendor {
        Vendor::new(&self.secret("vendor", 0))
    }

    /// A package as the vendor ships it.
    fn package(&self, version: u32) -> Vec<u8> {
        let mut image = vec![0; IMAGE_LEN];
        let streams = Seed(self.plan.seed).streams("factory software");
        streams.draws(version, 0, &mut 0).fill_bytes(&mut image);
        self.vendor().package(version, &image)
    }

    fn software(&self, node: NodeId) -> Software {
        let custody = &self.plan.custody;
        let check = match custody.boot {
            Boot::Nothing => BootCheck::Nothing,
            Boot::Crc32 => BootCheck::Crc32,
            Boot::Signed => BootCheck::signed(self.vendor().verifying_key()),
        };
        let attester = Attester::new(&self.secret("attester", node.0));
        let mut verifier = Verifier::new(attester.verifying_key());
        let present = BootCheck::Nothing.boot(&self.package(VERSIONS[1]));
        if let Ok(present) = present {
            verifier.expect(present.measured, VERSIONS[1]);
        }
        let policy = match custody.attestation {
            Some(_) => Policy::Act { doubts_max: 2 },
            None => Policy::LogOnly,
        };
        Software::new(check, attester, verifier, policy)
    }

    fn passwords(&self, node: NodeId, chronicle: &mut Chronicle) -> PasswordTable {
        let mut table = PasswordTable::new(self.plan.custody.passwords);
        let streams = Seed(self.plan.seed).streams("factory salts");
        let mut cursor = 0;
        let mut salts = streams.draws(node.0, 0, &mut cursor);
        for (user, password) in PASSWORDS {
            if table.set(user, password, &mut salts).is_ok()
                && let Some(mut facts) = chronicle.engine(Time::ZERO)
            {
                facts.create(SecretClass::Password, &[actor(node)], password.as_bytes());
            }
        }
        if self.plan.management.is_some_and(|port| port.has_default_account) {
            let (user, password) = DEFAULT_ACCOUNTS[0];
            // Everybody knows it: it is no secret of the ledger's. The words fit the table.
            let _ = table.set(user, password, &mut salts);
        }
        table
    }

    /// The management port, started; what its linter found is written down.
    fn management(
        &self,
        node: NodeId,
        accounts: &PasswordTable,
        chronicle: &mut Chronicle,
    ) -> Option<management::Port> {
        let around = surroundings(&self.plan.security);
        let mut key = [0; 16];
        key.copy_from_slice(&self.secret("port", node.0).expose()[..16]);
        // A parser that cannot be set up is a defect that every test of the backend would show.
        let port =
            management::Port::start(self.plan.management?, &around, accounts, Canary(key)).ok()?;
        if let Some(mut facts) = chronicle.node(Time::ZERO) {
            for finding in port.findings() {
                facts.refuse("start_linter", About::Actor(actor(node)), finding.name());
            }
        }
        Some(port)
    }
}

/// The groups of which nodes have interfaces for management, software and users: those at which attacks are
/// aimed that use them, whether they take place or not.
pub(super) fn custodial(plan: &Plan) -> BTreeSet<&str> {
    let aimed = plan.attacks.iter().filter(|attack| attack.program.needs_custody());
    aimed.map(|attack| attack.victims.group.as_str()).collect()
}

/// What `node` has; its keys are in `keyring` already.
pub(super) fn custody(
    plan: &Plan,
    layout: &Layout,
    node: NodeId,
    keyring: &mut Keyring,
    chronicle: &mut Chronicle,
) -> Box<Custody> {
    let factory = Factory { plan, layout };
    let setting: &CustodySetting = &plan.custody;
    let mut custody = Custody::new(factory.port());
    let is_server = layout.group(node).is_cse;
    if let Store::Hsm(hsm) = keyring.place_mut() {
        if is_server {
            hsm.set_administration(setting.interface, factory.secret("domain", 0));
        } else {
            hsm.lock_slots();
            if setting.is_paired {
                let key = HostKey::new(factory.secret("pairing", node.0));
                custody.host_key = Some(key.clone());
                hsm.pair(key);
            }
        }
    }
    if is_server {
        let passwords = factory.passwords(node, chronicle);
        custody.management = factory.management(node, &passwords, chronicle);
        custody.passwords = Some(passwords);
        if let Some(restored_after) = setting.restore {
            let streams = Seed(plan.seed).streams("factory backup");
            let mut cursor = 0;
            let mut rng = streams.draws(node.0, 0, &mut cursor);
            let bytes = keyring.place_mut().backup(&mut rng).ok();
            custody.backup = bytes.map(|bytes| Backup { bytes, restored_after });
        }
    } else if factory.layout.place(node).registrar != node {
        let mut software = factory.software(node);
        let started = software.start(&factory.package(VERSIONS[1]));
        if let (Ok(loaded), Some(mut facts)) = (started, chronicle.node(Time::ZERO)) {
            facts.exec(actor(node), image_digest(&loaded));
        }
        custody.software = Some(software);
    }
    Box::new(custody)
}

/// The version of each image that the vendor made, by its digest in the ledger.
pub(super) fn authorised(plan: &Plan, layout: &Layout) -> BTreeMap<ContentDigest, u64> {
    let factory = Factory { plan, layout };
    let loaded = |version: u32| {
        let loaded = BootCheck::Nothing.boot(&factory.package(version)).ok()?;
        Some((image_digest(&loaded), u64::from(version)))
    };
    VERSIONS.into_iter().filter_map(loaded).collect()
}

/// The package that the vendor shipped last and the one before: anybody who bought a device has both.
pub(super) fn public_packages(plan: &Plan, layout: &Layout) -> Vec<Vec<u8>> {
    let factory = Factory { plan, layout };
    VERSIONS.into_iter().map(|version| factory.package(version)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The experiments rest on it: a list of words finds all but the password of the program.
    #[test]
    fn people_choose_what_can_be_guessed() {
        let all: Vec<String> = crate::attack::guess::candidates().collect();
        let is_weak = PASSWORDS.map(|(_, password)| all.iter().any(|guess| guess == password));
        assert_eq!(is_weak, [true, true, true, true, false]);
    }
}
