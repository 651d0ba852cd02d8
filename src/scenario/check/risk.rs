//! Shared assets, treatments and contexts of use.

use super::Checker;
use super::network::Network;
use crate::scenario::codes::Code;
use crate::scenario::plan::{
    Asset, AssetKind, Battery, ContextOfUse, Excess, Part, Risk, Treatment, Weight,
};
use crate::scenario::source::{At, Place, quote};
use crate::scenario::table::{Entry, Field};
use crate::scenario::words::{
    Amount, AssetTable, AssetWord, BatteryTable, ContextTable, ExcessTable, File, ObserveTable,
    RiskTable, Texts, TreatmentTable, WeightTable, WeightsWord,
};
use crate::sim::time::Duration;

/// How far the sum of shares may be from 1.
const SHARE_SLACK: f64 = 1e-6;
/// Most treatments of one scenario.
const TREATMENTS_MAX: usize = 32;

/// Names of assets, treatments and contexts, with their places.
pub(super) fn names(file: &File) -> impl Iterator<Item = (&String, Place)> {
    let assets = file.asset.value().into_iter().flat_map(|named| &named.0);
    let treatments = file.treatment.value().into_iter().flat_map(|named| &named.0);
    let contexts = file.context.value().into_iter().flat_map(|named| &named.0);
    assets
        .map(|(name, entry)| (name, entry.key))
        .chain(treatments.map(|(name, entry)| (name, entry.key)))
        .chain(contexts.map(|(name, entry)| (name, entry.key)))
}

/// What a fleet's service is worth.
pub(super) fn weight(field: &Field<WeightTable>) -> Weight {
    let Some(words) = field.value() else { return Weight::default() };
    let of = |field: &Field<Amount>| field.value().map_or(1.0, |amount| amount.0);
    Weight {
        confidentiality: of(&words.confidentiality),
        integrity: of(&words.integrity),
        availability: of(&words.availability),
    }
}

/// What a device lives on.
pub(super) fn battery(field: &Field<BatteryTable>) -> Option<Battery> {
    let words = field.value()?;
    let years = words.years.value()?.0;
    Some(Battery { joules: words.energy.value()?.value / 1e6, years })
}

impl Checker<'_> {
    /// What is known for an assessment of risk.
    pub(super) fn risk(&mut self, network: &Network) -> Risk {
        let file = self.file;
        let mut risk = file.risk.given().map_or_else(Risk::default, |at| self.setting(at));
        let assets = file.asset.value().into_iter().flat_map(|named| &named.0);
        risk.assets = assets.filter_map(|(name, entry)| self.asset(name, entry, network)).collect();
        let treatments = file.treatment.value().into_iter().flat_map(|named| &named.0);
        risk.treatments = treatments.filter_map(|(name, entry)| treatment(name, entry)).collect();
        if let (true, Some(at)) = (risk.treatments.len() > TREATMENTS_MAX, file.treatment.given()) {
            let message = format!("there are more than {TREATMENTS_MAX} treatments");
            self.report.add(Code::Risk, at.place, message);
        }
        let contexts = file.context.value().into_iter().flat_map(|named| &named.0);
        risk.contexts = contexts.filter_map(|(name, entry)| self.context(name, entry)).collect();
        let sum: f64 = risk.contexts.iter().map(|context| context.share).sum();
        if let Some(at) = file.context.given()
            && !risk.contexts.is_empty()
            && (sum - 1.0).abs() > SHARE_SLACK
        {
            let message = format!("the shares of the contexts add up to {sum}, not to 1");
            self.report.add(Code::Risk, at.place, message);
        }
        risk
    }

    fn setting(&mut self, at: &At<RiskTable>) -> Risk {
        let words = &at.value;
        let time = |field: &Field<crate::scenario::quantity::TimeSpan>| {
            field.value().map(|time| Duration(time.value))
        };
        let (moment, outage) = (time(&words.at), time(&words.outage));
        let end = moment.unwrap_or_default().0.saturating_add(outage.unwrap_or_default().0);
        if Duration(end) > self.duration {
            self.report.add(Code::Risk, at.place, "the outage ends after the run");
        }
        let observe = words.observe.value();
        Risk {
            at: moment,
            outage,
            observe: observe.map(|words| self.window(words)),
            one_in: observe.and_then(|words| words.one_in.value()).map_or(1, |number| number.0),
            budget: words.budget.value().map(|amount| amount.0),
            currency: words.currency.value().cloned(),
            is_treated: words.treat.value().copied().unwrap_or(false),
            is_uniform: words.weights.value() == Some(&WeightsWord::Uniform),
            overload: words.overload.value().and_then(|words| self.excess(words)),
            ..Risk::default()
        }
    }

    fn excess(&mut self, words: &ExcessTable) -> Option<Excess> {
        let per_second = words.per_second.value()?.0;
        Some(Excess { per_second, size: self.bytes(&words.size, 1, 1_200, 1_000) })
    }

    fn window(&mut self, words: &ObserveTable) -> (Duration, Duration) {
        let from = words.from.value().map_or(Duration::ZERO, |time| Duration(time.value));
        let until = words.until.value().map_or(self.duration, |time| Duration(time.value));
        if let Some(at) = words.until.given().filter(|_| until <= from) {
            self.report.add(Code::Risk, at.place, "nobody looks: this is not after `from`");
        }
        (from, until)
    }

    fn asset(&mut self, name: &str, entry: &Entry<AssetTable>, network: &Network) -> Option<Asset> {
        let words = &entry.value;
        let mut parts = Vec::new();
        for at in list(&words.members) {
            parts.extend(self.part(at, network));
        }
        for at in list(&words.links) {
            let target = self.used_link(at);
            parts.extend(target.map(|target| Part { target, member: None }));
        }
        if list(&words.members).is_empty() && list(&words.links).is_empty() {
            let message = format!("nothing stops when the asset {} fails", quote(name));
            self.report.add(Code::Risk, entry.key, message).hint("give it `members` or `links`");
        }
        let kind = words.kind.value()?.kind();
        let per_year = words.per_year.value().map_or_else(|| kind.per_year(), |amount| amount.0);
        Some(Asset { name: name.to_owned(), kind, parts, per_year })
    }

    /// A group, or one node of a group: `GROUP-NUMBER`.
    fn part(&mut self, at: &At<String>, network: &Network) -> Option<Part> {
        if let Some(target) = network.named(&at.value) {
            return Some(Part { target, member: None });
        }
        let node = at.value.rsplit_once('-').and_then(|(group, number)| {
            let target = network.named(group)?;
            let member = number.parse::<u32>().ok().filter(|n| n.to_string() == number)?;
            (member < network.count(target)).then_some(Part { target, member: Some(member) })
        });
        let file = self.file;
        let known: Vec<_> = super::group_names(file).map(|(_, known, _)| known).collect();
        if node.is_none() && !known.contains(&at.value.as_str()) {
            self.dangling("group or node", at, known);
        }
        node
    }

    fn context(&mut self, name: &str, entry: &Entry<ContextTable>) -> Option<ContextOfUse> {
        let at = entry.value.share.given()?;
        let share = at.value.0;
        if share <= 0.0 || share > 1.0 {
            self.report.add(Code::Risk, at.place, "a share is above 0 and at most 1");
        }
        Some(ContextOfUse { name: name.to_owned(), share, set: texts(&entry.value.set) })
    }
}

fn treatment(name: &str, entry: &Entry<TreatmentTable>) -> Option<Treatment> {
    let cost = entry.value.cost.value()?.0;
    Some(Treatment { name: name.to_owned(), cost, set: texts(&entry.value.set) })
}

fn list(field: &Field<Texts>) -> &[At<String>] {
    field.value().map_or(&[], |texts| &texts.0)
}

fn texts(field: &Field<Texts>) -> Vec<String> {
    list(field).iter().map(|at| at.value.clone()).collect()
}

impl AssetWord {
    const fn kind(self) -> AssetKind {
        match self {
            Self::Backhaul => AssetKind::Backhaul,
            Self::Premises => AssetKind::Premises,
            Self::IdentityProvider => AssetKind::IdentityProvider,
            Self::Spectrum => AssetKind::Spectrum,
            Self::Staff => AssetKind::Staff,
            Self::DataCentre => AssetKind::DataCentre,
            Self::Node => AssetKind::Node,
        }
    }
}
