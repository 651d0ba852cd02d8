//! Commands that prove themselves: an Ed25519 signature (RFC 8032) of the administrator over the command,
//! its targets, a nonce of the store and the role; approvals of others where much is deleted at once.
//! The place of the keys only knows how to verify: whoever reads it out cannot sign.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::{Action, Authority, Refusal, Role, RoleTable, Verb, check_bounds, put_text};
use crate::credential::KeyBytes;

/// Bytes of a signature.
pub const SIGNATURE_LEN: usize = 64;

/// Bytes of a nonce.
pub const NONCE_LEN: usize = 16;
/// Nonces that are out and those used last, each: older ones are forgotten.
pub const NONCES_MAX: usize = 64;

/// Issued once by the store, good for one command.
pub type Nonce = [u8; NONCE_LEN];

/// Ours: separates the two kinds of signatures from each other and from all else.
const COMMAND_LABEL: &[u8] = b"keystorm management command";
const APPROVAL_LABEL: &[u8] = b"keystorm management approval";

/// A command with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCommand {
    /// Who commands.
    pub administrator: String,
    /// As what.
    pub role: Role,
    /// The nonce that the store issued for this command.
    pub nonce: Nonce,
    /// What is to be done.
    pub action: Action,
    /// The administrator's signature.
    pub signature: [u8; SIGNATURE_LEN],
    /// Approvals by others.
    pub approvals: Vec<Approval>,
}

/// Another administrator's approval of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Who approves.
    pub administrator: String,
    /// Signature over the same command, its nonce included.
    pub signature: [u8; SIGNATURE_LEN],
}

/// What both signatures cover.
fn covered(
    label: &[u8],
    signer: &str,
    commander: &str,
    role: Role,
    nonce: &Nonce,
    action: &Action,
) -> zeroize::Zeroizing<Vec<u8>> {
    let mut bytes = zeroize::Zeroizing::new(label.to_vec());
    put_text(signer, &mut bytes);
    put_text(commander, &mut bytes);
    bytes.push(role as u8);
    bytes.extend(nonce);
    bytes.extend(action.canonical().iter());
    bytes
}

/// An administrator's own side: the key that signs.
#[derive(Clone, Debug)]
pub struct Administrator {
    name: String,
    key: SigningKey,
}

impl Administrator {
    /// The administrator with this name, whose signing key has this seed.
    #[must_use]
    pub fn new(name: &str, seed: &KeyBytes) -> Self {
        Self { name: name.to_owned(), key: SigningKey::from_bytes(seed.expose()) }
    }

    /// A command, signed, without approvals.
    #[must_use]
    pub fn command(&self, role: Role, nonce: Nonce, action: Action) -> SignedCommand {
        let bytes = covered(COMMAND_LABEL, &self.name, &self.name, role, &nonce, &action);
        let signature = self.key.sign(&bytes).to_bytes();
        let (administrator, approvals) = (self.name.clone(), Vec::new());
        SignedCommand { administrator, role, nonce, action, signature, approvals }
    }

    /// This administrator's approval of another's command.
    #[must_use]
    pub fn approve(&self, command: &SignedCommand) -> Approval {
        let SignedCommand { administrator, role, nonce, action, .. } = command;
        let bytes = covered(APPROVAL_LABEL, &self.name, administrator, *role, nonce, action);
        Approval { administrator: self.name.clone(), signature: self.key.sign(&bytes).to_bytes() }
    }
}

/// How many must agree to a deletion in bulk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Targets of one command from which on it is one in bulk.
    pub from_targets: usize,
    /// Administrators who must agree, the commander included.
    pub administrators: usize,
    /// Deletions without a quorum that are let through until one has agreed again: without this limit
    /// a deletion in bulk could be sent as many small ones.
    pub single_deletions: usize,
}

/// Checks signatures, nonces, roles and quorum.
#[derive(Debug)]
pub struct SignedAuthority {
    administrators: BTreeMap<String, (VerifyingKey, Vec<Role>)>,
    roles: RoleTable,
    quorum: Option<Quorum>,
    /// Keys deleted since a quorum last agreed.
    single_deletions: usize,
    issued: VecDeque<Nonce>,
    used: VecDeque<Nonce>,
}

impl SignedAuthority {
    /// An authority without administrators.
    #[must_use]
    pub const fn new(roles: RoleTable, quorum: Option<Quorum>) -> Self {
        Self {
            administrators: BTreeMap::new(),
            roles,
            quorum,
            single_deletions: 0,
            issued: VecDeque::new(),
            used: VecDeque::new(),
        }
    }

    /// Lets an administrator in, with the roles that he or she may take.
    pub fn admit(&mut self, administrator: &Administrator, roles: &[Role]) {
        let known = (administrator.key.verifying_key(), roles.to_vec());
        self.administrators.insert(administrator.name.clone(), known);
    }

    /// Issues a nonce for one command. Of more than [`NONCES_MAX`] that are out, the oldest is void.
    pub fn issue(&mut self, rng: &mut dyn rand_core::Rng) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        remember(&mut self.issued, nonce);
        nonce
    }

    fn check_signature(
        &self,
        who: &str,
        label: &[u8],
        command: &SignedCommand,
        signature: [u8; SIGNATURE_LEN],
    ) -> Result<&[Role], Refusal> {
        let (key, roles) = self.administrators.get(who).ok_or(Refusal::UnknownOriginator)?;
        let SignedCommand { administrator, role, nonce, action, .. } = command;
        let bytes = covered(label, who, administrator, *role, nonce, action);
        let verified = key.verify_strict(&bytes, &Signature::from_bytes(&signature));
        verified.map(|()| &roles[..]).map_err(|_| Refusal::Signature)
    }

    fn check_nonce(&self, nonce: &Nonce) -> Result<(), Refusal> {
        if self.issued.contains(nonce) {
            Ok(())
        } else if self.used.contains(nonce) {
            Err(Refusal::Replayed)
        } else {
            Err(Refusal::NonceUnknown)
        }
    }

    /// Whether the deletion needs a quorum; if so, whether it has one.
    fn check_quorum(&self, command: &SignedCommand) -> Result<bool, Refusal> {
        let Some(quorum) = self.quorum else { return Ok(false) };
        let targets = command.action.targets().len();
        let is_single = targets < quorum.from_targets
            && self.single_deletions + targets <= quorum.single_deletions;
        if command.action.verb() != Verb::Delete || is_single {
            return Ok(false);
        }
        let mut agreed = BTreeSet::from([&command.administrator[..]]);
        for approval in command.approvals.iter().take(self.administrators.len()) {
            let who = &approval.administrator[..];
            let roles = self.check_signature(who, APPROVAL_LABEL, command, approval.signature)?;
            if roles.iter().any(|&role| self.roles.of(role).delete) {
                agreed.insert(who);
            }
        }
        if agreed.len() >= quorum.administrators { Ok(true) } else { Err(Refusal::Quorum) }
    }
}

fn remember(nonces: &mut VecDeque<Nonce>, nonce: Nonce) {
    if nonces.len() == NONCES_MAX {
        nonces.pop_front();
    }
    nonces.push_back(nonce);
}

impl Authority for SignedAuthority {
    type Command = SignedCommand;

    /// The signature comes first: what is not signed spends no nonce.
    fn authorise<'c>(&mut self, command: &'c SignedCommand) -> Result<&'c Action, Refusal> {
        check_bounds(&command.action, &command.administrator)?;
        let who = &command.administrator;
        let held = self.check_signature(who, COMMAND_LABEL, command, command.signature)?;
        let has_role = held.contains(&command.role);
        self.check_nonce(&command.nonce)?;
        if !has_role {
            return Err(Refusal::RoleNotHeld);
        }
        let verb = command.action.verb();
        if !self.roles.of(command.role).allow(verb) {
            return Err(Refusal::NotPermitted);
        }
        let by_quorum = self.check_quorum(command)?;
        self.issued.retain(|nonce| *nonce != command.nonce);
        remember(&mut self.used, command.nonce);
        match verb {
            _ if by_quorum => self.single_deletions = 0,
            Verb::Delete => self.single_deletions += command.action.targets().len(),
            Verb::Read | Verb::Replace => {}
        }
        Ok(&command.action)
    }
}
