//! The key hierarchy and its derivations (TS-0003 clause 10.3).
//!
//! Each level is a type, and each derivation a method of the level it starts from, so that a key of one
//! purpose cannot be used for another by mistake. Stores, which must keep the key to themselves, run the
//! same derivations as data: [`Derivation`].

use std::fmt;

use zeroize::Zeroizing;

use super::{
    Choices, E2eSalt, KEY_LEN, KeyBytes, PairwiseFromKc, RandEncoding, SessionKeyFit, Suid,
    SuidEncoding, TextError, normalised,
};

/// Exporter label of Ke and RelativeKeID (clause 10.3.1).
pub const BOOTSTRAP_LABEL: &str = "EXPORTER-oneM2M-Bootstrap";
/// Exporter label of Kc and KcID (clause 10.3.1).
pub const CONNECTION_LABEL: &str = "EXPORTER-oneM2M-Connection";
/// Exporter label of pairwiseE2EKey (clauses 10.3.1 and 8.7).
pub const ESCERTKE_LABEL: &str = "EXPORTER-oneM2M-ESCertKE";
/// Bytes of every export: a relative identifier and a key (clause 10.3.1).
pub const EXPORT_LEN: usize = RELATIVE_ID_LEN + KEY_LEN;
/// Bytes of an exported relative identifier.
pub const RELATIVE_ID_LEN: usize = 16;
/// Bytes of an ESPrim random value (clause 8.4.2).
pub const RAND_LEN: usize = 16;

const KM_LABEL: &str = "oneM2M Enrolment Key to Master Credential derivation";
const KPSA_LABEL: &str = "oneM2M Enrolment Key to Provisioned Secure Connection Key derivation";
const USAGE_LABEL: &str = "oneM2M Enrolment Key to Usage-Constrained Symmetric Key derivation";
const SESSION_LABEL: &str = "oneM2M HMAC-SHA256 sessionESPrimKey derivation algorithm";
/// Ours: see [`PairwiseFromKc::Labelled`].
const PAIRWISE_LABEL: &str = "oneM2M Connection Key to Pairwise ESPrim Key derivation";

/// The levels of the hierarchy: what a key is, and so what it may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Kpm: pre-provisioned, between enrolee and MEF (clause 8.3.2.1).
    Kpm = 1,
    /// Ke: enrolment key, between enrolee and MEF (clause 10.3.1).
    Ke = 2,
    /// Km: master credential, with a MAF (clause 10.3.2).
    Km = 3,
    /// Kpsa: provisioned key of a security association (clause 10.3.3).
    Kpsa = 4,
    /// Kc: connection key from a MAF (clause 10.3.1).
    Kc = 5,
    /// Usage-constrained symmetric key (clause 10.3.7).
    Usage = 6,
    /// Pairwise key of ESPrim (clause 8.4.2).
    Pairwise = 7,
    /// Session key of ESPrim (clause 10.3.8.2).
    Session = 8,
    /// Ke2e_master (clause 10.3.6).
    E2eMaster = 9,
    /// One of the end-to-end keys T(1) to T(4) (clause 10.3.6).
    E2e = 10,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 10] = [
        Self::Kpm,
        Self::Ke,
        Self::Km,
        Self::Kpsa,
        Self::Kc,
        Self::Usage,
        Self::Pairwise,
        Self::Session,
        Self::E2eMaster,
        Self::E2e,
    ];

    /// The level with this code, as stores write it.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|&level| level as u8 == code)
    }

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kpm => "kpm",
            Self::Ke => "ke",
            Self::Km => "km",
            Self::Kpsa => "kpsa",
            Self::Kc => "kc",
            Self::Usage => "usage_constrained",
            Self::Pairwise => "pairwise_esprim",
            Self::Session => "session_esprim",
            Self::E2eMaster => "e2e_master",
            Self::E2e => "e2e",
        }
    }

    /// A key of this level authenticates a (D)TLS handshake as its pre-shared key.
    #[must_use]
    pub const fn is_handshake_key(self) -> bool {
        matches!(self, Self::Kpm | Self::Km | Self::Kpsa | Self::Kc | Self::Usage)
    }

    /// A key of this level computes authentication codes over messages. Levels that keys are derived
    /// from do not: HMAC under Ke over a chosen message would be Km.
    #[must_use]
    pub const fn is_mac_key(self) -> bool {
        matches!(self, Self::E2e)
    }
}

macro_rules! levels {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(KeyBytes);

        impl $name {
            /// A key of this level with these bytes.
            #[must_use]
            pub const fn new(bytes: KeyBytes) -> Self {
                Self(bytes)
            }

            /// The key without its level.
            #[must_use]
            pub const fn bytes(&self) -> &KeyBytes {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

levels! {
    /// Pre-provisioned key between enrolee and MEF (clause 8.3.2.1).
    Kpm,
    /// Enrolment key (clause 10.3.1).
    Ke,
    /// Master credential (clause 10.3.2).
    Km,
    /// Provisioned key of a security association (clause 10.3.3).
    Kpsa,
    /// Connection key (clause 10.3.1).
    Kc,
    /// Usage-constrained symmetric key (clause 10.3.7).
    UsageKey,
    /// Pairwise ESPrim key (clause 8.4.2), and pairwiseE2EKey of an ESCertKE export (clause 8.7).
    PairwiseKey,
    /// ESPrim session key (clause 10.3.8.2).
    SessionKey,
    /// Master of the end-to-end keys (clause 10.3.6).
    E2eMaster,
}

/// An exported relative identifier: 128 bits, not secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelativeId(pub [u8; RELATIVE_ID_LEN]);

/// Takes a 48-byte export apart: bytes 0 to 15 are the relative identifier, 16 to 47 the key (clause
/// 10.3.1). The array that was passed is the caller's to erase.
#[must_use]
pub fn split_export(export: &[u8; EXPORT_LEN]) -> (RelativeId, KeyBytes) {
    let mut id = [0; RELATIVE_ID_LEN];
    let mut key = Zeroizing::new([0; KEY_LEN]);
    id.copy_from_slice(&export[..RELATIVE_ID_LEN]);
    key.copy_from_slice(&export[RELATIVE_ID_LEN..]);
    (RelativeId(id), KeyBytes::new(*key))
}

/// What an end-to-end key is for: i and label_i of T(i) (clause 10.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum E2eUse {
    /// T(1): message authentication.
    MessageAuthentication = 1,
    /// T(2): message confidentiality.
    MessageConfidentiality = 2,
    /// T(3): attribute authenticity.
    AttributeAuthenticity = 3,
    /// T(4): attribute confidentiality.
    AttributeConfidentiality = 4,
}

impl E2eUse {
    /// T(1) to T(4), in order.
    pub const ALL: [Self; 4] = [
        Self::MessageAuthentication,
        Self::MessageConfidentiality,
        Self::AttributeAuthenticity,
        Self::AttributeConfidentiality,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::MessageAuthentication => "E2E Message Authentication Key",
            Self::MessageConfidentiality => "E2E Message Confidentiality Key",
            Self::AttributeAuthenticity => "E2E Attribute Authenticity Key",
            Self::AttributeConfidentiality => "E2E Attribute Confidentiality Key",
        }
    }
}

/// A derivation as data, so that it can be run where the key is and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// Ke to Km for this MAF-ID (clause 10.3.2).
    Km {
        /// The MAF-ID: its FQDN.
        maf: String,
    },
    /// Ke to Kpsa for this Enrolee-B-ID (clause 10.3.3).
    Kpsa {
        /// The identifier of enrolee B.
        enrolee_b: String,
    },
    /// Ke to the key that is good for one usage at one target (clause 10.3.7).
    Usage {
        /// What the key may be used for.
        suid: Suid,
        /// The enrolment target.
        target: String,
    },
    /// Kc to a pairwise ESPrim key (clause 8.4.2).
    Pairwise,
    /// Pairwise to session ESPrim key (clause 10.3.8.2).
    Session {
        /// Value of receiverESPrimRandObject.
        receiver: [u8; RAND_LEN],
        /// Value of originatorESPrimRandObject.
        originator: [u8; RAND_LEN],
    },
    /// Kpsa to Ke2e_master (clause 10.3.6).
    E2eMaster,
    /// Ke2e_master to one of the T(i) (clause 10.3.6).
    E2e(E2eUse),
}

impl Derivation {
    /// The level it starts from.
    #[must_use]
    pub const fn parent(&self) -> Level {
        match self {
            Self::Km { .. } | Self::Kpsa { .. } | Self::Usage { .. } => Level::Ke,
            Self::Pairwise => Level::Kc,
            Self::Session { .. } => Level::Pairwise,
            Self::E2eMaster => Level::Kpsa,
            Self::E2e(_) => Level::E2eMaster,
        }
    }

    /// The level it gives.
    #[must_use]
    pub const fn child(&self) -> Level {
        match self {
            Self::Km { .. } => Level::Km,
            Self::Kpsa { .. } => Level::Kpsa,
            Self::Usage { .. } => Level::Usage,
            Self::Pairwise => Level::Pairwise,
            Self::Session { .. } => Level::Session,
            Self::E2eMaster => Level::E2eMaster,
            Self::E2e(_) => Level::E2e,
        }
    }

    /// HMACs that it takes: what a secure element is busy with.
    #[must_use]
    pub const fn hmacs(&self) -> u32 {
        match self {
            Self::E2e(which) => *which as u32,
            _ => 1,
        }
    }

    /// Runs it on the bytes of a key whose level is [`parent`](Self::parent).
    pub fn run(&self, parent: &KeyBytes, choices: &Choices) -> Result<KeyBytes, TextError> {
        let labelled = |label: &str, text: &str| {
            Ok(parent.hmac(&[label.as_bytes(), normalised(text)?.as_bytes()]))
        };
        match self {
            Self::Km { maf } => labelled(KM_LABEL, maf),
            Self::Kpsa { enrolee_b } => labelled(KPSA_LABEL, enrolee_b),
            Self::Usage { suid, target } => {
                let suid = encoded_suid(*suid, choices.suid_encoding);
                let target = normalised(target)?;
                Ok(parent.hmac(&[USAGE_LABEL.as_bytes(), &suid, target.as_bytes()]))
            }
            Self::Pairwise => Ok(match choices.pairwise_from_kc {
                PairwiseFromKc::Labelled => parent.hmac(&[PAIRWISE_LABEL.as_bytes()]),
                PairwiseFromKc::Direct => parent.clone(),
            }),
            Self::Session { receiver, originator } => {
                let receiver = encoded_rand(receiver, choices.rand_encoding);
                let originator = encoded_rand(originator, choices.rand_encoding);
                Ok(parent.hmac(&[&receiver, &originator, SESSION_LABEL.as_bytes()]))
            }
            Self::E2eMaster => Ok(e2e_master(parent, &choices.e2e_salt)),
            Self::E2e(which) => Ok(e2e_key(parent, *which)),
        }
    }
}

fn encoded_suid(suid: Suid, encoding: SuidEncoding) -> Vec<u8> {
    match encoding {
        SuidEncoding::Decimal => suid.code().to_string().into_bytes(),
        SuidEncoding::Byte => vec![suid.code()],
        SuidEncoding::Word => u32::from(suid.code()).to_be_bytes().to_vec(),
    }
}

fn encoded_rand(value: &[u8; RAND_LEN], encoding: RandEncoding) -> Vec<u8> {
    match encoding {
        RandEncoding::Raw => value.to_vec(),
        RandEncoding::Hex => super::text::hex(value, super::HexCase::Upper).into_bytes(),
    }
}

/// HMAC-Hash(Salt, Kpsa): the salt is the key and Kpsa the message, as in RFC 5869 section 2.2.
fn e2e_master(kpsa: &KeyBytes, salt: &E2eSalt) -> KeyBytes {
    match salt {
        E2eSalt::Zero => KeyBytes::new([0; KEY_LEN]).hmac(&[kpsa.expose()]),
        E2eSalt::Given(salt) => super::key::hmac_with(salt, &[kpsa.expose()]),
    }
}

/// T(i) = HMAC(Ke2e_master, T(i-1) || label_i || i), T(0) being empty.
fn e2e_key(master: &KeyBytes, which: E2eUse) -> KeyBytes {
    let first = E2eUse::MessageAuthentication;
    let mut key = master.hmac(&[first.label().as_bytes(), &[first as u8]]);
    for next in E2eUse::ALL.into_iter().skip(1).take_while(|&next| next <= which) {
        key = master.hmac(&[key.expose(), next.label().as_bytes(), &[next as u8]]);
    }
    key
}

impl Ke {
    /// The master credential for `maf` (clause 10.3.2).
    pub fn km(&self, maf: &str) -> Result<Km, TextError> {
        Derivation::Km { maf: maf.to_owned() }.run(&self.0, &Choices::default()).map(Km)
    }

    /// The key of a security association with `enrolee_b` (clause 10.3.3).
    pub fn kpsa(&self, enrolee_b: &str) -> Result<Kpsa, TextError> {
        let derivation = Derivation::Kpsa { enrolee_b: enrolee_b.to_owned() };
        derivation.run(&self.0, &Choices::default()).map(Kpsa)
    }

    /// The key for one usage at one enrolment target (clause 10.3.7).
    pub fn usage(
        &self,
        suid: Suid,
        target: &str,
        choices: &Choices,
    ) -> Result<UsageKey, TextError> {
        Derivation::Usage { suid, target: target.to_owned() }.run(&self.0, choices).map(UsageKey)
    }
}

impl Kpsa {
    /// The master of the end-to-end keys (clause 10.3.6).
    #[must_use]
    pub fn e2e_master(&self, choices: &Choices) -> E2eMaster {
        E2eMaster(e2e_master(&self.0, &choices.e2e_salt))
    }
}

impl E2eMaster {
    /// One of the T(i) (clause 10.3.6).
    #[must_use]
    pub fn key(&self, which: E2eUse) -> KeyBytes {
        e2e_key(&self.0, which)
    }
}

impl Kc {
    /// The pairwise ESPrim key (clause 8.4.2).
    pub fn pairwise(&self, choices: &Choices) -> Result<PairwiseKey, TextError> {
        Derivation::Pairwise.run(&self.0, choices).map(PairwiseKey)
    }
}

impl PairwiseKey {
    /// The session key for these two random values (clause 10.3.8.2).
    pub fn session(
        &self,
        receiver: [u8; RAND_LEN],
        originator: [u8; RAND_LEN],
        choices: &Choices,
    ) -> Result<SessionKey, TextError> {
        Derivation::Session { receiver, originator }.run(&self.0, choices).map(SessionKey)
    }
}

impl SessionKey {
    /// The key of an AEAD algorithm whose keys have `len` bytes: 16, 24 or 32 (clause 8.4.3). `None` if
    /// the choice does not allow that length.
    #[must_use]
    pub fn for_algorithm(&self, len: usize, fit: SessionKeyFit) -> Option<&[u8]> {
        match (fit, len) {
            (_, KEY_LEN) => Some(self.0.expose()),
            (SessionKeyFit::Leading, 16 | 24) => Some(&self.0.expose()[..len]),
            _ => None,
        }
    }
}
