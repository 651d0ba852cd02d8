//! The M2M enrolment function (TS-0003 clause 8.3.2.1): it keeps enrolment keys and derives from them
//! what an enrolment target may have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::hierarchy::{Ke, RelativeId};
use super::identifier::KeId;
use super::lifetime::{Status, Validity};
use super::maf::{KeyValue, MessageError, read, write};
use super::{Choices, FetchedKey, KeyBytes, Suid};
use crate::sim::time::Time;

/// Enrolments that a MEF keeps.
pub const ENROLMENTS_MAX: usize = 1 << 21;
/// Grants of one enrolment.
pub const GRANTS_MAX: usize = 256;
/// The longest path of a request.
pub const PATH_MAX: usize = 256;

/// Why a MEF does not do what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum MefRefusal {
    /// The path is not `/fetchCredentials/KeID/SUID`.
    #[error("not a path of /fetchCredentials")]
    Path,
    /// The KeID is of another MEF.
    #[error("an enrolment at another MEF")]
    WrongMef,
    /// No enrolment has this KeID.
    #[error("no such enrolment")]
    Unknown,
    /// The enrolment is over, or has not begun.
    #[error("the enrolment is not valid at this time")]
    Expired,
    /// The asker may not have a key of this usage.
    #[error("not granted to this target")]
    NotGranted,
    /// The usage is not one of remote provisioning.
    #[error("not a usage of remote provisioning")]
    Usage,
    /// An enrolment has this identifier already.
    #[error("an enrolment has this identifier already")]
    IdTaken,
    /// No room for another enrolment or grant.
    #[error("no room")]
    Full,
    /// The asker's identifier is empty or too long for a derivation.
    #[error("an identifier that nothing can be derived for")]
    Text,
}

impl MefRefusal {
    /// Every refusal.
    pub const ALL: [Self; 9] = [
        Self::Path,
        Self::WrongMef,
        Self::Unknown,
        Self::Expired,
        Self::NotGranted,
        Self::Usage,
        Self::IdTaken,
        Self::Full,
        Self::Text,
    ];

    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Path => "mef_path",
            Self::WrongMef => "mef_wrong_mef",
            Self::Unknown => "mef_unknown",
            Self::Expired => "mef_expired",
            Self::NotGranted => "mef_not_granted",
            Self::Usage => "mef_usage",
            Self::IdTaken => "mef_id_taken",
            Self::Full => "mef_full",
            Self::Text => "mef_text",
        }
    }
}

/// What a target gets: the credential, whose it is, and how long it is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The key.
    pub credential: KeyBytes,
    /// The enrolee that has it, too.
    pub enrolee: String,
    /// Its life: that of the enrolment, at most (clause 10.7).
    pub lifetime: Validity,
}

/// What an enrolee tells the MEF over the association that it bootstrapped from (clause 8.3.2.1: its
/// indications). The standard's short names are not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// For whom a credential is to be derived: a MAF-ID, or the identifier of enrolee B.
    #[serde(rename = "targetID")]
    pub target: String,
    /// What that credential is for.
    #[serde(rename = "SUID")]
    pub suid: Suid,
}

/// The MEF's instructions: how the enrolment is called, and until when it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentAnswer {
    /// The KeID.
    #[serde(rename = "keID")]
    pub ke_id: String,
    /// The enrolment expiry, in nanoseconds of virtual time.
    #[serde(rename = "expirationTime")]
    pub expiration_time: u64,
}

/// A fetched credential as a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FetchedMessage {
    #[serde(rename = "credential")]
    credential: KeyValue,
    #[serde(rename = "enroleeID")]
    enrolee: String,
    /// In nanoseconds of virtual time.
    #[serde(rename = "lifetime")]
    lifetime: (u64, u64),
}

impl Fetched {
    /// The answer to `/fetchCredentials` as a message.
    pub fn to_message(&self) -> Result<Zeroizing<Vec<u8>>, MessageError> {
        let Validity { not_before, not_after } = self.lifetime;
        write(&FetchedMessage {
            credential: KeyValue(self.credential.clone()),
            enrolee: self.enrolee.clone(),
            lifetime: (not_before.0, not_after.0),
        })
    }

    /// Reads such an answer.
    pub fn from_message(bytes: &[u8]) -> Result<Self, MessageError> {
        let message: FetchedMessage = read(bytes)?;
        let (from, to) = message.lifetime;
        Ok(Self {
            credential: message.credential.0,
            enrolee: message.enrolee,
            lifetime: Validity { not_before: Time(from), not_after: Time(to) },
        })
    }
}

#[derive(Debug)]
struct Enrolment {
    enrolee: String,
    ke: Ke,
    validity: Validity,
    grants: Vec<(String, Suid)>,
}

/// A MEF.
#[derive(Debug)]
pub struct Mef {
    fqdn: String,
    choices: Choices,
    enrolments: BTreeMap<RelativeId, Enrolment>,
}

impl Mef {
    /// A MEF of this name without enrolments.
    #[must_use]
    pub fn new(fqdn: &str, choices: Choices) -> Self {
        Self { fqdn: fqdn.to_owned(), choices, enrolments: BTreeMap::new() }
    }

    /// Takes in what an association with an enrolee exported. An old enrolment of that identifier must be
    /// over.
    pub fn enrol(
        &mut self,
        now: Time,
        enrolee: &str,
        (id, ke): (RelativeId, Ke),
        validity: Validity,
    ) -> Result<(), MefRefusal> {
        match self.enrolments.get(&id) {
            Some(old) if old.validity.at(now) != Status::Expired => Err(MefRefusal::IdTaken),
            None if self.enrolments.len() >= ENROLMENTS_MAX => Err(MefRefusal::Full),
            _ => {
                let enrolee = enrolee.to_owned();
                let enrolment = Enrolment { enrolee, ke, validity, grants: Vec::new() };
                self.enrolments.insert(id, enrolment);
                Ok(())
            }
        }
    }

    /// Lets a target have the key of one usage.
    pub fn grant(&mut self, id: RelativeId, target: &str, suid: Suid) -> Result<(), MefRefusal> {
        if !suid.is_from_rspf() {
            return Err(MefRefusal::Usage);
        }
        let enrolment = self.enrolments.get_mut(&id).ok_or(MefRefusal::Unknown)?;
        if enrolment.grants.len() >= GRANTS_MAX {
            return Err(MefRefusal::Full);
        }
        enrolment.grants.push((target.to_owned(), suid));
        Ok(())
    }

    /// Answers `/fetchCredentials/KeID/SUID`, asked by the target at the other end of an association.
    pub fn fetch(&self, now: Time, target: &str, path: &str) -> Result<Fetched, MefRefusal> {
        let (id, suid) = self.read_path(path)?;
        if id.host.as_str() != self.fqdn {
            return Err(MefRefusal::WrongMef);
        }
        let enrolment = self.enrolments.get(&id.relative).ok_or(MefRefusal::Unknown)?;
        if !enrolment.grants.iter().any(|(to, what)| to == target && *what == suid) {
            return Err(MefRefusal::NotGranted);
        }
        if enrolment.validity.at(now) != Status::Valid {
            return Err(MefRefusal::Expired);
        }
        let (enrolee, lifetime) = (enrolment.enrolee.clone(), enrolment.validity);
        Ok(Fetched { credential: self.credential(&enrolment.ke, suid, target)?, enrolee, lifetime })
    }

    /// The enrolment keys, as they lie in its memory.
    #[must_use]
    pub fn memory_image(&self) -> Vec<u8> {
        self.enrolments.values().flat_map(|enrolment| *enrolment.ke.bytes().expose()).collect()
    }

    fn read_path(&self, path: &str) -> Result<(KeId, Suid), MefRefusal> {
        if path.len() > PATH_MAX {
            return Err(MefRefusal::Path);
        }
        let rest = path.strip_prefix("/fetchCredentials/").ok_or(MefRefusal::Path)?;
        let (id, suid) = rest.split_once('/').ok_or(MefRefusal::Path)?;
        let id = KeId::parse(id, self.choices.hex_case).map_err(|_| MefRefusal::Path)?;
        let is_number = suid.len() == 2 && suid.bytes().all(|c| c.is_ascii_digit());
        let code = suid.parse().ok().filter(|_| is_number).ok_or(MefRefusal::Path)?;
        Ok((id, Suid::from_code(code).ok_or(MefRefusal::Usage)?))
    }

    /// The enrolee derives the same from its own Ke.
    fn credential(&self, ke: &Ke, suid: Suid, target: &str) -> Result<KeyBytes, MefRefusal> {
        let key = match (suid, self.choices.fetched_key) {
            (Suid::RspfMaf, FetchedKey::OwnDerivation) => {
                ke.km(target).map(|key| key.bytes().clone())
            }
            (Suid::RspfSaef, FetchedKey::OwnDerivation) => {
                ke.kpsa(target).map(|key| key.bytes().clone())
            }
            _ => ke.usage(suid, target, &self.choices).map(|key| key.bytes().clone()),
        };
        key.map_err(|_| MefRefusal::Text)
    }
}
