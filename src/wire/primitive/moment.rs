//! Times in primitives: m2m:timestamp and m2m:absRelTimestamp (TS-0004 clause 6.3).

use super::{Flaw, Parameter, Unknown};
use crate::wire::value::Value;

/// Digits after the comma of a timestamp.
const MAX_FRACTION: usize = 9;

/// A time in basic ISO 8601, UTC: `YYYYMMDDTHHMMSS`, with up to nine decimals after a comma.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(String);

impl Timestamp {
    /// The timestamp that `text` is, with every field in its range.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let (main, fraction) = match text.split_once(',') {
            Some((main, fraction)) => (main, Some(fraction)),
            None => (text, None),
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (date, time) = main.split_once('T')?;
        let well_formed = date.len() == 8 && time.len() == 6 && digits(date) && digits(time);
        let fraction =
            fraction.is_none_or(|part| (1..=MAX_FRACTION).contains(&part.len()) && digits(part));
        if !well_formed || !fraction {
            return None;
        }
        let field = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
        let (year, month, day) = (field(date, 0, 4)?, field(date, 4, 6)?, field(date, 6, 8)?);
        let (hour, minute, second) = (field(time, 0, 2)?, field(time, 2, 4)?, field(time, 4, 6)?);
        // 60: a leap second.
        let sound =
            (1..=days(year, month)).contains(&day) && hour < 24 && minute < 60 && second <= 60;
        sound.then(|| Self(text.to_owned()))
    }

    /// As it stands in a message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Days of a month; 0 if there is no such month.
const fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

impl Parameter for Timestamp {
    fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
        Self::new(value.as_text().ok_or(Flaw::Type)?).ok_or(Flaw::Range)
    }

    fn write(&self) -> Option<Value> {
        Some(Value::from(self.as_str()))
    }
}

/// A time, or how long from now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A time.
    At(Timestamp),
    /// Milliseconds from now; written as a number, read as a number or its digits.
    After(i64),
    /// An ISO 8601 duration such as `PT2S`. Not in m2m:absRelTimestamp, but real CSEs take it (for rp).
    Duration(String),
}

impl Moment {
    fn from_text(text: &str) -> Option<Self> {
        if let Some(time) = Timestamp::new(text) {
            return Some(Self::At(time));
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(Self::After);
        }
        is_duration(text).then(|| Self::Duration(text.to_owned()))
    }
}

/// `PnYnMnDTnHnMnS` or `PnW`, with at least one part and each part at most once, in this order.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    let parts = |text: &str, units: &str| {
        let mut units = units.chars();
        let mut digits = 0;
        for letter in text.chars() {
            if letter.is_ascii_digit() {
                digits += 1;
            } else if digits == 0 || digits > 9 || !units.any(|unit| unit == letter) {
                return false;
            } else {
                digits = 0;
            }
        }
        digits == 0
    };
    let weeks = time.is_none() && !date.is_empty() && parts(date, "W");
    let dated =
        parts(date, "YMD") && time.is_none_or(|time| !time.is_empty() && parts(time, "HMS"));
    weeks || dated && !(date.is_empty() && time.is_none())
}

impl Parameter for Moment {
    fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
        match value {
            Value::Integer(number) => Ok(Self::After(number)),
            Value::Unsigned(_) => Err(Flaw::Range),
            Value::Text(text) => Self::from_text(&text).ok_or(Flaw::Range),
            _ => Err(Flaw::Type),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(match self {
            Self::At(time) => Value::from(time.as_str()),
            Self::After(number) => Value::Integer(*number),
            Self::Duration(text) => Value::Text(text.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_their_fields_in_range() {
        for text in
            ["20261122T143001", "20261122T143001,615471", "20240229T235960", "99991231T000000"]
        {
            assert_eq!(Timestamp::new(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "20261122",
            "20261122T1430",
            "2026-11-22T14:30:01",
            "20261322T143001",
            "20261100T143001",
            "20260229T143001",
            "20261122T243001",
            "20261122T146001",
            "20261122T143061",
            "20261122T143001,",
            "20261122T143001.5",
            "20261122T143001Z",
            "20261122T143001,1234567890",
            "+0261122T143001",
        ] {
            assert_eq!(Timestamp::new(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_times_milliseconds_or_durations() {
        let read = |text: &str| Moment::from_text(text);
        assert_eq!(read("5000"), Some(Moment::After(5_000)));
        assert_eq!(read("-1"), Some(Moment::After(-1)));
        assert_eq!(read("PT2S"), Some(Moment::Duration("PT2S".to_owned())));
        assert!(matches!(read("20261122T143001"), Some(Moment::At(_))));
        for text in ["P1Y2M3DT4H5M6S", "P1W", "P3D"] {
            assert!(read(text).is_some(), "{text}");
        }
        for text in
            ["", "P", "PT", "P1", "PT1D", "P1S", "P1D2Y", "soon", "99999999999999999999", "P1DT"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
