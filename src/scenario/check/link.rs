//! Link types: figures of the file over those of the preset.

use super::Checker;
use super::network::Network;
use crate::net::{LinkType, Medium};
use crate::scenario::codes::Code;
use crate::scenario::preset::{names, shipped};
use crate::scenario::quantity::{BitRate, Bytes, Energy};
use crate::scenario::source::{Place, quote};
use crate::scenario::table::Field;
use crate::scenario::words::{LinkTable, OrNone, Probability};
use crate::sim::time::Duration;

/// The least latency of a link to the infrastructure: the simulator's look-ahead.
pub(super) const LOOK_AHEAD_MIN: Duration = Duration::from_micros(1);
/// Bytes of CoAP, oneM2M and record headers that a report has at least besides its content.
const REPORT_HEADERS_LEN_MIN: u64 = 60;

impl Checker<'_> {
    /// The index of the link type that is named, noting that it is used.
    pub(super) fn link(&mut self, field: &Field<String>) -> Option<usize> {
        let at = field.given()?;
        let file = self.file;
        let here = file.link.value().is_some_and(|named| named.0.contains_key(&at.value));
        if !here && shipped().link(&at.value).is_none() {
            self.dangling("link", at, names(&file.link).chain(names(&shipped().link)));
            return None;
        }
        Some(self.links.index(&at.value))
    }

    /// Every used link type, in the order of their indices.
    pub(super) fn finish_links(&mut self, network: &Network) -> Vec<LinkType> {
        let order = self.links.order.clone();
        let links = order.iter().enumerate();
        let links: Vec<_> =
            links.map(|(index, name)| self.finish_link(index, name, network)).collect();
        for (index, size, place) in &network.reports {
            let mtu = links[*index].mtu;
            if u64::from(*size) + REPORT_HEADERS_LEN_MIN > u64::from(mtu) {
                let message =
                    format!("a report of {size} B with its headers exceeds the mtu of {mtu} B");
                self.report.add(Code::ReportTooLong, *place, message);
            }
        }
        links
    }

    fn finish_link(&mut self, index: usize, name: &str, network: &Network) -> LinkType {
        let file = self.file;
        let entry = file.link.value().and_then(|named| named.0.get(name));
        let asked = network.link_asked(index);
        let place = entry.map_or(asked, |entry| entry.key);
        let words = entry.map(|entry| entry.value.clone()).unwrap_or_default();
        let (preset, known) = self.link_preset(name, &words);
        let words = preset.map_or_else(|| words.clone(), |preset| over(words.clone(), preset));
        if words.latency.is_absent() && known {
            self.report
                .add(
                    Code::MissingField,
                    place,
                    format!("the link {} has no `latency`", quote(name)),
                )
                .hint("add `latency = \"20ms\"`, or a `preset`");
        }
        let latency = Duration(words.latency.value().map_or(0, |time| time.value));
        if network.crossing.contains(&index)
            && words.latency.given().is_some()
            && latency < LOOK_AHEAD_MIN
        {
            let place = words.latency.given().map_or(place, |at| at.place);
            let message =
                format!("the link {} leads to the infrastructure without latency", quote(name));
            self.report
                .add(Code::NoLookAhead, place, message)
                .hint("give it at least \"1us\": the simulator looks ahead by this much");
        }
        let chance = |field: &Field<Probability>| field.value().map_or(0.0, |chance| chance.0);
        let energy = |field: &Field<Energy>| field.value().map_or(0.0, |energy| energy.value);
        LinkType {
            name: name.to_owned(),
            latency,
            jitter: Duration(words.jitter.value().map_or(0, |time| time.value)),
            loss: chance(&words.loss),
            duplicate: chance(&words.duplicate),
            rate_up: rate(&words.rate_up, &words.rate),
            rate_down: rate(&words.rate_down, &words.rate),
            mtu: self.bytes(&words.mtu, 64, 65_000, 1_200),
            header: self.bytes(&words.header, 0, 1_000, 48),
            queue: self.bytes(&words.queue, 0, u32::MAX, 64_000),
            medium: Medium {
                tx_uj_per_byte: energy(&words.tx_energy_per_byte),
                rx_uj_per_byte: energy(&words.rx_energy_per_byte),
            },
        }
    }

    /// The preset, and whether its name, if there is one, means something.
    fn link_preset(&mut self, name: &str, words: &LinkTable) -> (Option<&'static LinkTable>, bool) {
        let Some(at) = words.preset.given() else {
            return (shipped().link(name), words.preset.is_absent());
        };
        let found = shipped().link(&at.value);
        if found.is_none() {
            self.dangling("shipped link", at, names(&shipped().link));
        }
        (found, found.is_some())
    }

    /// A number of bytes from `low` to `high`, or `default`.
    pub(super) fn bytes<T>(&mut self, field: &Field<Bytes>, low: T, high: T, default: T) -> T
    where
        T: TryFrom<u64> + PartialOrd + Copy + std::fmt::Display,
    {
        let Some(at) = field.given() else { return default };
        match T::try_from(at.value.value) {
            Ok(value) if low <= value && value <= high => value,
            _ => {
                let message = format!("must be from {low} B to {high} B");
                self.report.add(Code::OutOfRange, at.place, message).label("out of range");
                default
            }
        }
    }
}

/// One direction's rate, or that of both.
fn rate(one: &Field<OrNone<BitRate>>, both: &Field<OrNone<BitRate>>) -> Option<u64> {
    let field = if one.is_absent() { both } else { one };
    field.value().and_then(|rate| rate.0.as_ref()).map(|rate| rate.value)
}

/// The file's figures, and the preset's where the file is silent.
fn over(words: LinkTable, preset: &LinkTable) -> LinkTable {
    let preset = preset.clone();
    let both_given = !words.rate.is_absent();
    let or_rate = |mine: Field<_>, theirs| if both_given { mine } else { mine.or(theirs) };
    LinkTable {
        preset: words.preset,
        latency: words.latency.or(preset.latency),
        jitter: words.jitter.or(preset.jitter),
        loss: words.loss.or(preset.loss),
        duplicate: words.duplicate.or(preset.duplicate),
        rate_up: or_rate(words.rate_up, preset.rate_up),
        rate_down: or_rate(words.rate_down, preset.rate_down),
        rate: words.rate.or(preset.rate),
        mtu: words.mtu.or(preset.mtu),
        header: words.header.or(preset.header),
        queue: words.queue.or(preset.queue),
        tx_energy_per_byte: words.tx_energy_per_byte.or(preset.tx_energy_per_byte),
        rx_energy_per_byte: words.rx_energy_per_byte.or(preset.rx_energy_per_byte),
    }
}

impl Network {
    fn link_asked(&self, index: usize) -> Place {
        self.link_places.get(&index).copied().unwrap_or_default()
    }
}
