//! What a search may choose: a key and a range of its values, `KEY=LO..HI`.

use super::codes::Code;
use super::diagnostics::{Diagnostics, sources};
use super::scale::{Kind, Quantity, is_wide, ladder, quantity};
use super::source::{Place, Source, quote};
use super::sweep::{is_reached, labelled};
use super::{Loaded, load_labelled, tree_of};

/// A key and the values that a search tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The dotted path, as `--set` takes it.
    pub key: String,
    /// What the values are.
    pub kind: Kind,
    /// The values, ascending; the ends of the range are the first and the last.
    pub values: Vec<Quantity>,
}

impl Range {
    /// A value as one would write it.
    #[must_use]
    pub fn text(&self, at: usize) -> String {
        self.values.get(at).map_or_else(String::new, |value| self.kind.text(*value))
    }

    /// A value as `--set` takes it.
    #[must_use]
    pub fn set(&self, at: usize) -> String {
        let value = self.values.get(at).map_or_else(String::new, |value| self.kind.toml(*value));
        format!("{}={value}", self.key)
    }

    /// How far the values are apart, in words.
    #[must_use]
    pub fn resolution(&self) -> String {
        let ends = self.values.first().zip(self.values.last());
        let gap = self.values.windows(2).map(|pair| pair[1].units - pair[0].units).max();
        match (ends, gap) {
            (Some((low, high)), _) if is_wide(low.units, high.units) => "2 %".to_owned(),
            (_, Some(gap)) => self.kind.text(Quantity { units: gap }),
            _ => "one value".to_owned(),
        }
    }
}

/// Reads `KEY=LO..HI` for a scenario.
///
/// # Errors
///
/// The scenario does not load, the key is unknown, the range is none, is upside down, or its ends are no values of the key.
pub fn range(source: &Source, overrides: &[String], text: &str) -> Result<Range, Diagnostics> {
    let sets = labelled("--set", overrides);
    let at = 1 + sets.len();
    let all: Vec<Source> = sets.iter().cloned().chain([Source::new("--find", text)]).collect();
    let mut report = Diagnostics::new(sources(source, &all));
    let found = tree_of(source, &sets, &mut report).and_then(|entries| {
        let (key, ends) = text.split_once('=').unwrap_or((text, ""));
        let place = Place { source: at, start: 0, end: key.len() };
        is_reached(key, place, &entries, &mut report).then_some(())?;
        let place = Place { source: at, start: key.len().min(text.len()), end: text.len() };
        match of_ends(key.trim(), ends) {
            Ok(range) => Some(range),
            Err(why) => {
                report
                    .add(Code::Sweep, place, why)
                    .hint("write it like `--find fleet.meters.start.jitter=1s..60s`");
                None
            }
        }
    });
    let Some(range) = found else { return Err(report) };
    for end in [0, range.values.len() - 1] {
        let set = labelled("--find", &[range.set(end)]);
        let all: Vec<Source> = sets.iter().cloned().chain(set).collect();
        let Loaded { .. } = load_labelled(source, &all, None)?;
    }
    Ok(range)
}

fn of_ends(key: &str, ends: &str) -> Result<Range, String> {
    let Some((low, high)) = ends.split_once("..") else {
        return Err("a range is KEY=LO..HI".to_owned());
    };
    let end = |text: &str| {
        quantity(text).ok_or_else(|| {
            format!("{} is no number, time, rate, size or frequency", quote(text.trim()))
        })
    };
    let ((of_low, low_at), (of_high, high_at)) = (end(low)?, end(high.trim_start_matches('='))?);
    let (kind, low_at, high_at) = match (of_low, of_high) {
        (one, other) if one == other => (one, low_at, high_at),
        (Kind::Count, Kind::Number) => (Kind::Number, billionths(low_at)?, high_at),
        (Kind::Number, Kind::Count) => (Kind::Number, low_at, billionths(high_at)?),
        // Zero needs no unit.
        (Kind::Count, other) if low_at.units == 0 => (other, low_at, high_at),
        _ => return Err(format!("{} and {} are of two kinds", quote(low), quote(high))),
    };
    if low_at >= high_at {
        return Err(format!("{} does not lie below {}", quote(low), quote(high)));
    }
    Ok(Range { key: key.to_owned(), kind, values: ladder(low_at, high_at) })
}

fn billionths(count: Quantity) -> Result<Quantity, String> {
    let units = count.units.checked_mul(1_000_000_000).filter(|units| *units < 1 << 53);
    units.map(|units| Quantity { units }).ok_or_else(|| "the number is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Range, String> {
        let source = Source::new("x.toml", include_str!("../../scenarios/quickstart.toml"));
        range(&source, &[], text).map_err(|refused| refused.render(false))
    }

    #[test]
    fn a_range_has_values_that_one_would_write() {
        let range = of("fleet.meters.start.jitter=1s..60s").unwrap();
        assert_eq!(
            (range.text(0), range.text(range.values.len() - 1)),
            ("1s".into(), "1min".into())
        );
        assert_eq!(
            (range.set(0), range.resolution()),
            ("fleet.meters.start.jitter=\"1s\"".into(), "2 %".into())
        );
        let range = of("cse.in.workers=1..8").unwrap();
        assert_eq!((range.values.len(), range.resolution()), (8, "1".to_owned()));
        assert_eq!(range.set(7), "cse.in.workers=8");
        let range = of("link.access.loss=0..0.2").unwrap();
        assert_eq!((range.kind, range.set(0)), (Kind::Number, "link.access.loss=0.0".to_owned()));
    }

    #[test]
    fn what_is_no_range_is_named() {
        for (text, words) in [
            ("fleet.meters.start.jitter", "a range is KEY=LO..HI"),
            ("fleet.meters.start.jitter=60s..1s", "does not lie below"),
            ("fleet.meters.start.jitter=1s..many", "is no number"),
            ("fleet.meters.start.jitter=1s..5MB", "are of two kinds"),
            ("fleet.meters.start.jitter=1..60", "needs a unit"),
            ("fleet.metres.start.jitter=1s..60s", "did you mean `meters`?"),
            ("fleet.meters.start.jitetr=1s..60s", "did you mean `jitter`?"),
            ("cse.in.workers=1s..60s", "takes an integer"),
            ("scenario.seed=1..9", "--seeds"),
        ] {
            let said = of(text).unwrap_err();
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
