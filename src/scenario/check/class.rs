//! Device classes: figures of the file over those of the preset.

use super::Checker;
use crate::node::{Class, Cost, FixedTimes, Prices, Variation};
use crate::scenario::codes::Code;
use crate::scenario::preset::{names, shipped};
use crate::scenario::quantity::{Price, TimeSpan};
use crate::scenario::source::{At, Place, enumerate, quote};
use crate::scenario::table::Field;
use crate::scenario::words::{ClassTable, FixedTable, KeyExchangeWord, ProfileWord, VariationWord};
use crate::sim::time::Duration;

/// What a class must be able to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Pass datagrams on.
    Forwarder,
    /// Hold associations.
    Endpoint,
    /// The same, on a battery.
    Device,
}

impl Checker<'_> {
    /// The index of the class that is named, noting that it is used.
    pub(super) fn class(&mut self, field: &Field<String>, role: Role) -> Option<usize> {
        let at = field.given()?;
        let file = self.file;
        let here = file.class.value().is_some_and(|named| named.0.contains_key(&at.value));
        if !here && shipped().class(&at.value).is_none() {
            self.dangling("class", at, names(&file.class).chain(names(&shipped().class)));
            return None;
        }
        let index = self.classes.index(&at.value);
        let noted = self.roles.entry(index).or_insert((role, at.place));
        if role > noted.0 {
            *noted = (role, at.place);
        }
        Some(index)
    }

    /// Every used class, in the order of their indices.
    pub(super) fn finish_classes(&mut self) -> Vec<Class> {
        let order = self.classes.order.clone();
        order.iter().enumerate().map(|(index, name)| self.finish_class(index, name)).collect()
    }

    fn finish_class(&mut self, index: usize, name: &str) -> Class {
        let file = self.file;
        let entry = file.class.value().and_then(|named| named.0.get(name));
        let (role, asked) = self.roles[&index];
        let place = entry.map_or(asked, |entry| entry.key);
        let words = entry.map(|entry| entry.value.clone()).unwrap_or_default();
        let (preset, known) = self.class_preset(name, &words);
        let fixed = words.fixed.given().cloned();
        if let Some(fixed) = &fixed {
            self.one_kind_of_cost(&words, fixed.place);
        }
        let merged = preset.map_or_else(|| words.clone(), |preset| over(words.clone(), preset));
        let cost = match &fixed {
            Some(fixed) => Cost::Fixed(fixed_times(&fixed.value)),
            None if words.fixed.is_absent() => {
                if known {
                    self.missing_prices(name, &merged, role, place);
                }
                Cost::Operations(prices(&merged))
            }
            None => Cost::Fixed(FixedTimes::default()),
        };
        if role == Role::Device && merged.active_power.is_absent() && fixed.is_none() && known {
            self.report
                .add(
                    Code::NoPower,
                    place,
                    format!("the class {} has no figure for its power", quote(name)),
                )
                .hint("set `active_power`; \"0W\" says that it does not matter");
        }
        let active_w = merged.active_power.value().map_or(0.0, |power| power.value);
        Class { name: name.to_owned(), cost, active_w }
    }

    /// The preset, and whether its name, if there is one, means something.
    fn class_preset(
        &mut self,
        name: &str,
        words: &ClassTable,
    ) -> (Option<&'static ClassTable>, bool) {
        let Some(at) = words.preset.given() else {
            return (shipped().class(name), words.preset.is_absent());
        };
        let found = shipped().class(&at.value);
        if found.is_none() {
            self.dangling("shipped class", at, names(&shipped().class));
        }
        (found, found.is_some())
    }

    fn one_kind_of_cost(&mut self, words: &ClassTable, place: Place) {
        let Some((name, _)) = price_fields(words).into_iter().find(|(_, price)| !price.is_absent())
        else {
            return;
        };
        let message = format!("fixed service times leave no use for the price `{name}`");
        self.report
            .add(Code::FixedAndPrices, place, message)
            .hint("keep either the fixed times or the prices");
    }

    fn missing_prices(&mut self, name: &str, words: &ClassTable, role: Role, place: Place) {
        let security = self.file.security.value();
        let exchange = security.and_then(|security| security.key_exchange.value());
        let changes = self.file.event.value().into_iter().flat_map(|list| &list.0);
        let mut changes = changes.filter_map(|event| event.value.change.value());
        let curves = exchange != Some(&KeyExchangeWord::Psk)
            || changes.any(|to| to.key_exchange.value() == Some(&KeyExchangeWord::PskDhe));
        let ccm = self.has_ccm();
        let needed = |price: &str| match price {
            "datagram" => true,
            "x25519" => role > Role::Forwarder && curves,
            "ccm" | "ccm_byte" => role > Role::Forwarder && ccm,
            _ => role > Role::Forwarder,
        };
        let missing: Vec<_> = price_fields(words)
            .into_iter()
            .filter(|(price, field)| field.is_absent() && needed(price))
            .map(|(price, _)| price)
            .collect();
        if missing.is_empty() {
            return;
        }
        let hint = if missing == ["x25519"] {
            "set `x25519`, or take `security.key_exchange = \"psk_ke\"`".to_owned()
        } else {
            "set them, or take a `preset`, or `fixed` service times".to_owned()
        };
        self.report
            .add(
                Code::MissingPrice,
                place,
                format!("the class {} has no price for {}", quote(name), enumerate(missing)),
            )
            .hint(hint);
    }
}

impl Checker<'_> {
    /// Some association is protected by AES-CCM.
    fn has_ccm(&self) -> bool {
        let security = self.file.security.value();
        let fleets = self.file.fleet.value().into_iter().flat_map(|named| named.0.values());
        let own = fleets.filter_map(|entry| entry.value.profile.value());
        let mut profiles = own.chain(security.and_then(|security| security.profile.value()));
        profiles.any(|profile| *profile == ProfileWord::Dtls12Ccm8)
    }
}

/// The price fields by their words.
fn price_fields(words: &ClassTable) -> [(&'static str, &Field<Price>); 10] {
    [
        ("sha256_block", &words.sha256_block),
        ("aead", &words.aead),
        ("aead_byte", &words.aead_byte),
        ("ccm", &words.ccm),
        ("ccm_byte", &words.ccm_byte),
        ("aes_block", &words.aes_block),
        ("x25519", &words.x25519),
        ("message", &words.message),
        ("datagram", &words.datagram),
        ("request", &words.request),
    ]
}

/// The file's figures, and the preset's where the file is silent.
fn over(words: ClassTable, preset: &ClassTable) -> ClassTable {
    let preset = preset.clone();
    ClassTable {
        preset: words.preset,
        active_power: words.active_power.or(preset.active_power),
        sha256_block: words.sha256_block.or(preset.sha256_block),
        aead: words.aead.or(preset.aead),
        aead_byte: words.aead_byte.or(preset.aead_byte),
        ccm: words.ccm.or(preset.ccm),
        ccm_byte: words.ccm_byte.or(preset.ccm_byte),
        aes_block: words.aes_block.or(preset.aes_block),
        x25519: words.x25519.or(preset.x25519),
        message: words.message.or(preset.message),
        datagram: words.datagram.or(preset.datagram),
        request: words.request.or(preset.request),
        fixed: words.fixed,
    }
}

fn fixed_times(words: &FixedTable) -> FixedTimes {
    let time = |field: &Field<TimeSpan>| {
        Duration(field.given().map_or(0, |at: &At<TimeSpan>| at.value.value))
    };
    FixedTimes {
        hello: time(&words.hello),
        finished: time(&words.finished),
        duplicate: time(&words.duplicate),
        datagram: time(&words.datagram),
        key_update: time(&words.key_update),
        message: time(&words.message),
        variation: match words.variation.value() {
            Some(VariationWord::Exponential) => Variation::Exponential,
            Some(VariationWord::Hyperexponential) => Variation::Hyperexponential,
            Some(VariationWord::None) | None => Variation::None,
        },
    }
}

fn prices(words: &ClassTable) -> Prices {
    let price = |field: &Field<Price>| field.value().map_or(0.0, |price| price.value);
    Prices {
        sha256_block_ns: price(&words.sha256_block),
        aead_ns: price(&words.aead),
        aead_byte_ns: price(&words.aead_byte),
        ccm_ns: price(&words.ccm),
        ccm_byte_ns: price(&words.ccm_byte),
        aes_block_ns: price(&words.aes_block),
        x25519_ns: price(&words.x25519),
        message_ns: price(&words.message),
        datagram_ns: price(&words.datagram),
        request_ns: price(&words.request),
    }
}
