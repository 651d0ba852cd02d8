//! Levels of assurance for the authentication of entities (TR-0008 clause 6.4.1.1, after ISO/IEC 29115),
//! as data: what a level asks for, the mechanisms that keystorm sets for it, and the words that explain
//! it.

use super::store::StoreKind;
use crate::association::KeyExchange;

/// A level of assurance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loa {
    /// Minimal confidence: the same entity as before.
    One,
    /// Some confidence: one factor.
    Two,
    /// High confidence: two factors.
    Three,
    /// Very high confidence: two factors in tamper-resistant hardware.
    Four,
}

/// Something that an entity proves itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Factor {
    /// A key that was accepted when it was first seen.
    FirstUse,
    /// A key that was provisioned for this entity.
    Provisioned,
    /// A second, independent key in another place.
    Second,
}

/// How a store is managed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Management {
    /// Commands are believed by the name of their originator.
    Named,
    /// Commands are signed, fresh and bound to a role.
    Signed,
}

/// The mechanisms of a deployment that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mechanisms {
    /// Where long-term keys live.
    pub store: StoreKind,
    /// What an entity proves itself with.
    pub factors: &'static [Factor],
    /// The key exchange of associations.
    pub key_exchange: KeyExchange,
    /// Records that may come out of order; 0 takes replays.
    pub replay_window: u8,
    /// How keys are managed.
    pub management: Management,
    /// A secure element serves one host only.
    pub is_paired: bool,
}

/// A level, what it asks for, and what keystorm sets for it.
#[derive(Debug)]
pub struct Preset {
    /// The level.
    pub level: Loa,
    /// The code of `keystorm explain`.
    pub code: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// What it is and what follows from it, in prose.
    pub explanation: &'static str,
    /// The mechanisms that reach it.
    pub mechanisms: Mechanisms,
}

/// A mechanism that falls short of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shortfall {
    /// Stored credentials are not protected.
    StoreUnprotected,
    /// Keys are not in tamper-resistant hardware.
    StoreNotTamperResistant,
    /// Keys are accepted when first seen.
    NotProvisioned,
    /// There is only one factor.
    OneFactor,
    /// Associations have no forward secrecy, so what they protected opens with the long-term key.
    NoForwardSecrecy,
    /// Replays are accepted.
    NoReplayProtection,
    /// Management commands are believed.
    ManagementUnproven,
    /// A secure element works in any host.
    ElementUnpaired,
}

impl Shortfall {
    /// The name in diagnostics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StoreUnprotected => "store_unprotected",
            Self::StoreNotTamperResistant => "store_not_tamper_resistant",
            Self::NotProvisioned => "not_provisioned",
            Self::OneFactor => "one_factor",
            Self::NoForwardSecrecy => "no_forward_secrecy",
            Self::NoReplayProtection => "no_replay_protection",
            Self::ManagementUnproven => "management_unproven",
            Self::ElementUnpaired => "element_unpaired",
        }
    }
}

/// The four levels, lowest first.
pub const PRESETS: [Preset; 4] = [
    Preset {
        level: Loa::One,
        code: "LOA1",
        title: "minimal confidence: the same entity as last time",
        explanation: "Level of assurance 1 (TR-0008 clause 6.4.1.1) gives minimal confidence in a claimed \
            identity, but some confidence that the entity is the same over consecutive authentications. \
            It is for cases where a wrong identity does minimal harm.\n\
            Here: the key is accepted when it is first seen and must stay the same from then on. It lies \
            in plain flash, and management commands are believed by name.\n\
            Holds: the same key as before. May fail: agreement at the first contact (A2), secrecy of the \
            key after a theft of the flash (S1).",
        mechanisms: Mechanisms {
            store: StoreKind::PlainFlash,
            factors: &[Factor::FirstUse],
            key_exchange: KeyExchange::Psk,
            replay_window: 64,
            management: Management::Named,
            is_paired: false,
        },
    },
    Preset {
        level: Loa::Two,
        code: "LOA2",
        title: "some confidence: one factor, proven, and stored under protection",
        explanation: "Level of assurance 2 (TR-0008 clause 6.4.1.1) gives some confidence; it is for \
            moderate risk. One factor is enough. The entity proves control of its credential in a secure \
            protocol, and stored credentials are protected against attacks.\n\
            Here: one provisioned key, proven in a DTLS handshake, kept in a file sealed with Argon2id \
            and AES-GCM; management commands are signed.\n\
            Holds: agreement against an attacker on the network (A3), secrecy of the key after a theft \
            of the stored file (S1). May fail: S1 against an attacker who reads the memory of the \
            running device, and forward secrecy.",
        mechanisms: Mechanisms {
            store: StoreKind::SealedFile,
            factors: &[Factor::Provisioned],
            key_exchange: KeyExchange::Psk,
            replay_window: 64,
            management: Management::Signed,
            is_paired: false,
        },
    },
    Preset {
        level: Loa::Three,
        code: "LOA3",
        title: "high confidence: two factors, everything sensitive protected in transit and at rest",
        explanation: "Level of assurance 3 (TR-0008 clause 6.4.1.1) gives high confidence; it is for \
            substantial risk. Authentication has several factors, and everything sensitive in it is \
            protected in transit and at rest.\n\
            Here: two independent keys in two places, both needed for a handshake; sealed files; an \
            ephemeral key exchange, so that no stored key opens recorded traffic. The TR leaves open \
            what several factors are between two machines: that they are two keys is an assumption of \
            keystorm.\n\
            Holds: one key revealed leads to no association; data stays secret on the wire and in the \
            store (S2, S3). May fail: S1 against an attacker with the memory of the running device.",
        mechanisms: Mechanisms {
            store: StoreKind::SealedFile,
            factors: &[Factor::Provisioned, Factor::Second],
            key_exchange: KeyExchange::PskDhe,
            replay_window: 64,
            management: Management::Signed,
            is_paired: false,
        },
    },
    Preset {
        level: Loa::Four,
        code: "LOA4",
        title: "very high confidence: level 3 with all keys in tamper-resistant hardware",
        explanation: "Level of assurance 4 (TR-0008 clause 6.4.1.1) gives very high confidence; it is for \
            high risk. It asks for level 3 and, in addition, for tamper-resistant hardware for all \
            sensitive data such as keys.\n\
            Here: both keys live in HSMs that compute and never export, and the secure element serves \
            only the host that it is paired with. Each handshake waits for the element: about 0.3 s \
            with an ATECC608 and two factors.\n\
            Holds: neither the flash nor the memory of a node yields a long-term key (S1). Costs: time \
            and energy per handshake, and a second secure element or attested key.",
        mechanisms: Mechanisms {
            store: StoreKind::DeviceHsm,
            factors: &[Factor::Provisioned, Factor::Second],
            key_exchange: KeyExchange::PskDhe,
            replay_window: 64,
            management: Management::Signed,
            is_paired: true,
        },
    },
];

impl Loa {
    /// The level of a code such as `LOA3`, in any letter case.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let preset = PRESETS.iter().find(|preset| preset.code.eq_ignore_ascii_case(code))?;
        Some(preset.level)
    }

    /// What it asks for and what is set for it.
    #[must_use]
    pub const fn preset(self) -> &'static Preset {
        &PRESETS[self as usize]
    }

    /// What these mechanisms lack for this level; nothing if they reach it.
    #[must_use]
    pub fn shortfalls(self, mechanisms: &Mechanisms) -> Vec<Shortfall> {
        use Shortfall::{
            ElementUnpaired, ManagementUnproven, NoForwardSecrecy, NoReplayProtection,
            NotProvisioned, OneFactor, StoreNotTamperResistant, StoreUnprotected,
        };
        let is_hsm = matches!(mechanisms.store, StoreKind::DeviceHsm | StoreKind::ServerHsm);
        let has = |factor| mechanisms.factors.contains(&factor);
        let is_plain = mechanisms.store == StoreKind::PlainFlash;
        let is_lonely = mechanisms.store == StoreKind::DeviceHsm && !mechanisms.is_paired;
        let rules = [
            (Self::Two, is_plain, StoreUnprotected),
            (Self::Two, !has(Factor::Provisioned), NotProvisioned),
            (Self::Two, mechanisms.replay_window == 0, NoReplayProtection),
            (Self::Two, mechanisms.management == Management::Named, ManagementUnproven),
            (Self::Three, !has(Factor::Second), OneFactor),
            (Self::Three, mechanisms.key_exchange == KeyExchange::Psk, NoForwardSecrecy),
            (Self::Four, !is_hsm, StoreNotTamperResistant),
            (Self::Four, is_lonely, ElementUnpaired),
        ];
        let missing =
            rules.into_iter().filter(|(from, is_missing, _)| self >= *from && *is_missing);
        missing.map(|(_, _, shortfall)| shortfall).collect()
    }

    /// The highest level that these mechanisms reach. Level 1 asks for nothing.
    #[must_use]
    pub fn reached_by(mechanisms: &Mechanisms) -> Self {
        let reached = |level: &Self| level.shortfalls(mechanisms).is_empty();
        [Self::Four, Self::Three, Self::Two].into_iter().find(reached).unwrap_or(Self::One)
    }
}
