//! Where long-term keys live, and what a level of assurance sets and asks for.

use super::Checker;
use super::network::Network;
use crate::association::{Config, KeyExchange, Profile};
use crate::credential::assurance::{Factor, Loa, Mechanisms, Shortfall};
use crate::credential::store::{HsmProfile, StoreKind};
use crate::scenario::codes::Code;
use crate::scenario::plan::StorePlace;
use crate::scenario::source::{Place, quote};
use crate::scenario::table::Field;
use crate::scenario::words::{HsmWord, LoaWord, SecurityTable, StoreWord};

/// The words of one group, or of `[security]`, that say where its keys live.
#[derive(Clone, Copy)]
pub(super) struct StoreWords<'w> {
    pub(super) store: &'w Field<StoreWord>,
    pub(super) hsm: &'w Field<HsmWord>,
}

/// Where a group's keys live, and where the file says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupKeys {
    pub(super) place: StorePlace,
    pub(super) at: Option<Place>,
    /// An own protocol of the group, and where the file says so.
    pub(super) profile: Option<(Profile, Place)>,
}

impl Checker<'_> {
    fn security_words(&self) -> Option<&SecurityTable> {
        self.file.security.value()
    }

    /// The level of assurance that the file asks for.
    pub(super) fn assurance(&self) -> Option<Loa> {
        self.security_words()?.assurance.value().map(|word| word.level())
    }

    /// What the level of assurance sets where the file says nothing.
    pub(super) fn preset_mechanisms(&self) -> Option<&'static Mechanisms> {
        self.assurance().map(|level| &level.preset().mechanisms)
    }

    /// Where the keys of a group live: as it says itself, as `[security]` says, as the level of assurance
    /// asks for, or in plain flash.
    pub(super) fn store_of(&mut self, words: StoreWords<'_>, is_server: bool) -> GroupKeys {
        let file = self.file;
        let common = file.security.value();
        let own = words.store.given().map(|at| (at.value, at.place));
        let general = common.and_then(|c| c.store.given()).map(|at| (at.value, at.place));
        let preset = self.preset_mechanisms().map(|mechanisms| match mechanisms.store {
            StoreKind::PlainFlash => StoreWord::Flash,
            StoreKind::SealedFile => StoreWord::Sealed,
            StoreKind::DeviceHsm | StoreKind::ServerHsm => StoreWord::Hsm,
        });
        let said = own.or(general);
        let word = said.map(|(word, _)| word).or(preset).unwrap_or(StoreWord::Flash);
        let model = words.hsm.value().or_else(|| common.and_then(|c| c.hsm.value()));
        let model = match (words.hsm.given(), word) {
            (Some(at), StoreWord::Flash | StoreWord::Sealed) => {
                self.report
                    .add(Code::Assurance, at.place, "an `hsm` without `store = \"hsm\"`")
                    .hint("add `store = \"hsm\"`, or leave the `hsm` out");
                None
            }
            _ => {
                model.filter(|model| words.hsm.value().is_some() || model.is_server() == is_server)
            }
        };
        let default = if is_server { HsmProfile::CLOUDHSM_HSM2M } else { HsmProfile::ATECC608 };
        let place = match word {
            StoreWord::Flash => StorePlace::Flash,
            StoreWord::Sealed => StorePlace::Sealed,
            StoreWord::Hsm => StorePlace::Hsm(model.map_or(default, |model| model.profile())),
        };
        GroupKeys { place, at: said.map(|(_, place)| place), profile: None }
    }

    /// Every group reaches the level of assurance that the file asks for.
    pub(super) fn check_assurance(&mut self, network: &Network, association: &Config) {
        let (Some(level), Some(preset)) = (self.assurance(), self.preset_mechanisms()) else {
            return;
        };
        for (name, keys) in &network.keys {
            let profile = keys.profile.map_or(association.profile, |(profile, _)| profile);
            let key_exchange = match profile {
                Profile::Dtls13 => association.key_exchange,
                Profile::Dtls12 { .. } | Profile::Plain => KeyExchange::Psk,
            };
            let factors: &[Factor] = if self.second_factor() {
                &[Factor::Provisioned, Factor::Second]
            } else {
                &[Factor::Provisioned]
            };
            let mechanisms = Mechanisms {
                store: keys.place.kind(),
                factors,
                key_exchange,
                replay_window: association.replay_window,
                ..*preset
            };
            for shortfall in level.shortfalls(&mechanisms) {
                self.short_of(level, name, keys, shortfall);
            }
        }
    }

    /// Whether two factors are asked for.
    pub(super) fn second_factor(&self) -> bool {
        let said = self.security_words().and_then(|words| words.second_factor.value().copied());
        said.unwrap_or_else(|| {
            self.preset_mechanisms().is_some_and(|m| m.factors.contains(&Factor::Second))
        })
    }

    fn short_of(&mut self, level: Loa, name: &str, keys: &GroupKeys, shortfall: Shortfall) {
        let file = self.file;
        let Some(words) = file.security.value() else { return };
        let code = level.preset().code;
        let common = |place: Option<Place>, message: String, hint: &'static str| {
            (place, format!("{code} does not hold: {message}"), hint)
        };
        let (place, message, hint) = match shortfall {
            Shortfall::StoreUnprotected | Shortfall::StoreNotTamperResistant => common(
                keys.at,
                format!("the keys of {} lie in {}", quote(name), keys.place.kind().name()),
                "leave out `store`: the level of assurance sets it",
            ),
            Shortfall::OneFactor => common(
                words.second_factor.given().map(|at| at.place),
                "there is only one factor".to_owned(),
                "leave out `second_factor`: the level of assurance sets it",
            ),
            Shortfall::NoForwardSecrecy => {
                let exchange = words.key_exchange.given().map(|at| at.place);
                let profile = words.profile.given().map(|at| at.place);
                let place = keys.profile.map(|(_, place)| place).or(exchange).or(profile);
                let message = format!("associations of {} have no forward secrecy", quote(name));
                common(place, message, "use \"dtls13\" with \"psk_dhe_ke\"")
            }
            Shortfall::NoReplayProtection => common(
                words.replay_window.given().map(|at| at.place),
                "replays are accepted".to_owned(),
                "leave out `replay_window`",
            ),
            // These are not for a file to say.
            Shortfall::NotProvisioned
            | Shortfall::ManagementUnproven
            | Shortfall::ElementUnpaired => return,
        };
        let fallback = words.assurance.given().map_or_else(Place::default, |at| at.place);
        self.report.add(Code::Assurance, place.unwrap_or(fallback), message).hint(hint);
    }

    /// An HSM has a slot for each key that is known before the run.
    pub(super) fn check_slots(&mut self, network: &Network, name: &str, keys: u64) {
        let Some((_, known)) = network.keys.iter().find(|(group, _)| group == name) else { return };
        let StorePlace::Hsm(profile) = known.place else { return };
        if keys > u64::from(profile.slots_max) {
            let message = format!(
                "{} needs {keys} keys, and its {} has {} slots",
                quote(name),
                profile.name,
                profile.slots_max
            );
            self.report
                .add(Code::Assurance, known.at.unwrap_or_default(), message)
                .hint("use another HSM or store for it, or fewer clients");
        }
    }
}

impl LoaWord {
    /// The level that it names.
    const fn level(self) -> Loa {
        match self {
            Self::One => Loa::One,
            Self::Two => Loa::Two,
            Self::Three => Loa::Three,
            Self::Four => Loa::Four,
        }
    }
}

impl HsmWord {
    const fn is_server(self) -> bool {
        self.profile().is_server
    }

    /// What such an HSM can do.
    const fn profile(self) -> HsmProfile {
        match self {
            Self::Atecc608 => HsmProfile::ATECC608,
            Self::CloudhsmHsm1 => HsmProfile::CLOUDHSM_HSM1,
            Self::CloudhsmHsm2m => HsmProfile::CLOUDHSM_HSM2M,
        }
    }
}
