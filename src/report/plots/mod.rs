//! Pictures of a run, from the data of its folder. Figures are data; [`style`] draws them.

mod amplification;
mod axis;
mod elements;
mod exposure;
mod figure;
mod frontier;
mod hysteresis;
mod latency;
mod layout;
mod load;
mod pareto;
mod risk;
mod secured;
mod style;
mod sweep;
mod traffic;
mod view;

use super::error::FolderError;
use super::read::Data;
use super::summary::Summary;
use super::words::{count, tame};

/// A picture as SVG, or why there is none.
pub(crate) type Picture = Result<String, &'static str>;

/// All pictures by name.
pub(crate) fn all(data: &Data) -> Result<Vec<(&'static str, Picture)>, FolderError> {
    let view = view::View::of(data);
    let figures = [
        ("load", load::figure(data, &view)),
        ("traffic", traffic::figure(data, &view)),
        ("secured", secured::figure(data)),
        ("latency", latency::figure(data, &view)),
        ("elements", elements::figure(data, &view)),
        ("amplification", amplification::figure(data, &view)),
        ("hysteresis", hysteresis::figure(data, &view)),
        ("exposure", exposure::figure(data)),
    ];
    let drawn = figures.into_iter().map(|(name, figure)| {
        Ok(match figure {
            Ok(figure) => (name, Ok(style::svg(name, &figure)?)),
            Err(why) => (name, Err(why)),
        })
    });
    drawn.collect()
}

/// The picture of an assessment of risk.
pub(crate) fn risk(assessment: &crate::run::risk::Assessment) -> Result<String, FolderError> {
    style::svg("risk", &risk::figure(assessment))
}

/// The pictures of a sweep by name, as far as its points lie along something.
pub(crate) fn sweep(
    table: &crate::run::sweep::Table,
) -> Result<Vec<(&'static str, String)>, FolderError> {
    let figures = [
        ("sweep", sweep::figure(table)),
        ("frontier", frontier::figure(table)),
        ("pareto", pareto::figure(table)),
    ];
    let drawn = figures.into_iter().filter_map(|(name, figure)| Some((name, figure?)));
    drawn.map(|(name, figure)| Ok((name, style::svg(name, &figure)?))).collect()
}

/// Setting, seed and digest.
fn subtitle(summary: &Summary) -> String {
    let members = match summary.setting.members {
        1 => "1 member".to_owned(),
        n => format!("{} members", count(n)),
    };
    format!(
        "{} · {members} · seed {} · digest {}",
        tame(&summary.scenario, 60),
        summary.seed,
        tame(&summary.digest8(), 8)
    )
}
