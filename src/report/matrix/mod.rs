//! The matrix of threats and countermeasures: plain data, and how it is shown to people and programs.

mod csv;
mod data;
mod heat;
mod journal;
mod json;
mod of;
mod page;
mod text;
mod write;

#[cfg(test)]
mod tests;

pub use csv::csv;
pub use data::{Cell, Loss, Matrix, Row};
pub use heat::svg;
pub use journal::{FILE as JOURNAL, Journal};
pub use json::{Cost, Entry, entries};
pub use page::page;
pub use text::{headline, text};
pub use write::{PICTURE, write};

use super::words::{of_metric, percent};
use crate::ledger::{Paired, Proportion, Verdict};

/// One letter for each verdict.
const fn letter(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Prevented => "P",
        Verdict::Mitigated => "M",
        Verdict::Detected => "D",
        Verdict::Succeeded => "S",
        Verdict::Vacuous => "V",
        Verdict::Invalid => "?",
    }
}

/// What a verdict means for people.
const fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Prevented => "a mechanism stopped the attack",
        Verdict::Mitigated => "the loss is within its bound",
        Verdict::Detected => "an alarm came in time",
        Verdict::Succeeded => "nothing stopped the attack",
        Verdict::Vacuous => "the attack never began",
        Verdict::Invalid => "proves nothing",
    }
}

/// `88.6 % to 100 %`.
fn interval(share: Proportion) -> String {
    let (low, high) = share.wilson();
    format!("{} to {}", percent(low), percent(high))
}

/// A cost with its sign: `+12 B`.
fn cost(name: &str, value: f64) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    format!("{sign}{}", of_metric(name, value))
}

/// A cost with its interval.
fn cost_interval(name: &str, paired: &Paired) -> Option<String> {
    let (low, high) = paired.interval?;
    Some(format!("{} to {}", cost(name, low), cost(name, high)))
}
