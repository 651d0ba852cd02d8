//! Quantities as places on a scale, for axes of pictures and for searches: a whole number of the smallest
//! unit, and how one would write it.

use super::quantity::{
    FrequencyDimension, RateDimension, SizeDimension, TIME_UNITS, TimeDimension, parse, rate_text,
    size_text, time_text,
};

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Things: whole numbers.
    Count,
    /// A number with a fraction, in billionths.
    Number,
    /// A time, in nanoseconds.
    Time,
    /// A rate, in bits per second.
    Rate,
    /// A size, in bytes.
    Size,
    /// A frequency, in millionths per second.
    Frequency,
}

/// A quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    /// In the smallest unit of its kind.
    pub units: u64,
}

/// Billionths in one.
const NUMBER: f64 = 1e9;
/// Millionths in one.
const FREQUENCY: f64 = 1e6;
/// Beyond this a `f64` is no longer exact.
const UNITS_MAX: f64 = 9e15;

/// A text as a quantity: an integer, a number, or one with a unit.
#[must_use]
pub fn quantity(text: &str) -> Option<(Kind, Quantity)> {
    let text = text.trim();
    let found = |kind, units| Some((kind, Quantity { units }));
    if let Ok(count) = text.parse::<u64>() {
        return found(Kind::Count, count);
    }
    if let Ok(number) = text.parse::<f64>() {
        return found(Kind::Number, whole(number * NUMBER)?);
    }
    if let Ok(time) = parse::<TimeDimension>(text) {
        return found(Kind::Time, time);
    }
    if let Ok(rate) = parse::<RateDimension>(text) {
        return found(Kind::Rate, rate);
    }
    if let Ok(size) = parse::<SizeDimension>(text) {
        return found(Kind::Size, size);
    }
    let frequency = parse::<FrequencyDimension>(text).ok()?;
    found(Kind::Frequency, whole(frequency * FREQUENCY)?)
}

/// `units` as a whole number, if it is one that can be computed with.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn whole(units: f64) -> Option<u64> {
    (0.0..=UNITS_MAX).contains(&units).then(|| units.round() as u64)
}

impl Kind {
    /// As one would write it in a scenario, without loss and without quotes: `6.5s`, `90s`, `2h`, `170kbps`.
    #[must_use]
    pub fn text(self, quantity: Quantity) -> String {
        match self {
            Self::Count => quantity.units.to_string(),
            Self::Number => match self.si(quantity).to_string() {
                number if number.contains('.') => number,
                whole => format!("{whole}.0"),
            },
            Self::Time => shortest(quantity.units),
            Self::Rate => rate_text(quantity.units),
            Self::Size => size_text(quantity.units),
            Self::Frequency => format!("{}/s", self.si(quantity)),
        }
    }

    /// As TOML has it.
    #[must_use]
    pub fn toml(self, quantity: Quantity) -> String {
        let text = self.text(quantity);
        match self {
            Self::Count | Self::Number => text,
            _ => format!("\"{text}\""),
        }
    }

    /// The value in the SI unit.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for axes")]
    pub fn si(self, quantity: Quantity) -> f64 {
        let units = quantity.units as f64;
        match self {
            Self::Count | Self::Rate | Self::Size => units,
            Self::Number | Self::Time => units / 1e9,
            Self::Frequency => units / FREQUENCY,
        }
    }
}

/// A time in the unit in which it is shortest, but at least 1: `6.5s`, not `6500ms`; `90s`, not `1.5min`.
fn shortest(nanos: u64) -> String {
    let units = TIME_UNITS.iter().filter(|(factor, _)| nanos >= *factor);
    let written = units.filter_map(|(factor, unit)| Some((decimal(nanos, *factor)?, unit)));
    let shortest = written.min_by_key(|(number, _)| number.len());
    shortest.map_or_else(|| time_text(nanos), |(number, unit)| format!("{number}{unit}"))
}

/// `units / factor` as a decimal number, if it has at most nine decimals.
fn decimal(units: u64, factor: u64) -> Option<String> {
    let (whole, mut rest) = (units / factor, u128::from(units % factor));
    let mut digits = String::new();
    for _ in 0..9 {
        if rest == 0 {
            break;
        }
        rest *= 10;
        digits.push_str(&(rest / u128::from(factor)).to_string());
        rest %= u128::from(factor);
    }
    let text = if digits.is_empty() { whole.to_string() } else { format!("{whole}.{digits}") };
    (rest == 0).then_some(text)
}

/// The values from `low` to `high` that a search tries, ascending: no two neighbours are farther apart than about a
/// fiftieth of the value on a wide range (a factor of ten and more), or a two-hundredth of a narrow one, and each is
/// one that a person would write. The ends are among them.
#[must_use]
pub fn ladder(low: Quantity, high: Quantity) -> Vec<Quantity> {
    let (low, high) = (low.units, high.units);
    let is_wide = is_wide(low, high);
    let mut rungs = vec![low];
    let mut at = low;
    while at < high {
        let step = if is_wide { round_step(at / 50) } else { round_step((high - low) / 200) };
        // The next multiple of the step, so that odd ends do not make odd values.
        at = (at / step).saturating_add(1).saturating_mul(step).min(high);
        rungs.push(at);
    }
    rungs.into_iter().map(|units| Quantity { units }).collect()
}

/// Is a range so wide that a search goes by factors?
#[must_use]
pub const fn is_wide(low: u64, high: u64) -> bool {
    low > 0 && high / low >= 10
}

/// The largest of 1, 2, 5 times a power of ten that is at most `most`; at least 1.
fn round_step(most: u64) -> u64 {
    let mut power = 1u64;
    while power.checked_mul(10).is_some_and(|next| next <= most) {
        power *= 10;
    }
    let steps = [5, 2, 1].map(|factor| power.saturating_mul(factor));
    steps.into_iter().find(|step| *step <= most).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let (kind, quantity) = quantity(text).unwrap();
        kind.text(quantity)
    }

    #[test]
    fn quantities_are_written_as_a_person_would() {
        for (text, said) in [
            ("6500ms", "6.5s"),
            ("7s", "7s"),
            ("90s", "90s"),
            ("3600s", "1h"),
            ("250ms", "250ms"),
            ("0.0305", "0.0305"),
            ("3.0", "3.0"),
            ("12", "12"),
            ("170kbps", "170kbps"),
            ("1500B", "1500B"),
            ("0.5/s", "0.5/s"),
            ("0s", "0s"),
        ] {
            let said_here = written(text);
            assert_eq!((said_here.as_str(), quantity(&said_here)), (said, quantity(text)));
        }
        for wrong in ["", "soon", "-1", "nan", "1e300", "1 parsec"] {
            assert_eq!(quantity(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ladders_are_fine_short_and_of_round_values() {
        let rungs = |low: &str, high: &str| {
            let ((kind, low), (_, high)) = (quantity(low).unwrap(), quantity(high).unwrap());
            let rungs = ladder(low, high);
            assert!(rungs[0] == low && rungs[rungs.len() - 1] == high);
            for pair in rungs.windows(2) {
                let (at, gap) = (pair[0].units, pair[1].units - pair[0].units);
                let is_fine = if is_wide(low.units, high.units) {
                    gap * 50 <= at
                } else {
                    gap * 200 <= high.units - low.units
                };
                // As fine as it is said, yet ascending, and not many times finer but at the end.
                assert!(gap > 0 && (is_fine || gap == 1), "{pair:?}");
                assert!(
                    gap * 125 >= at || pair[1] == high || !is_wide(low.units, high.units),
                    "{pair:?}"
                );
            }
            rungs.into_iter().map(|rung| kind.text(rung)).collect::<Vec<_>>()
        };
        let seconds = rungs("1s", "60s");
        assert!(seconds.contains(&"6.6s".to_owned()), "{seconds:?}");
        assert_eq!(rungs("1", "9"), ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        assert_eq!(rungs("1", "200").len(), 150);
        assert!(rungs("1ns", "36500d").len() < 3_000);
        assert_eq!(rungs("5s", "5s"), ["5s"]);
        assert!(rungs("0.0", "0.3").contains(&"0.1".to_owned()));
    }
}
