//! Timestamps in basic ISO 8601, UTC (TS-0004 clause 6.3), as milliseconds since 1970 and back.

use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::sim::time::Time;

/// Where virtual time begins on the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Milliseconds from 1970-01-01T00:00:00Z to [`Time::ZERO`].
    pub unix_ms: u64,
}

impl Epoch {
    /// A moment in milliseconds since 1970.
    #[must_use]
    pub const fn at(self, now: Time) -> u64 {
        self.unix_ms.saturating_add(now.0 / 1_000_000)
    }

    /// The virtual time of a moment in milliseconds since 1970.
    #[must_use]
    pub const fn time(self, unix_ms: u64) -> Time {
        Time(unix_ms.saturating_sub(self.unix_ms).saturating_mul(1_000_000))
    }
}

impl Default for Epoch {
    /// 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self { unix_ms: 1_767_225_600_000 }
    }
}

/// The date and time, in UTC; `None` beyond the year 9999.
#[must_use]
pub fn civil(unix_ms: u64) -> Option<DateTime> {
    let time = jiff::Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
    Some(Offset::UTC.to_datetime(time))
}

/// `YYYYMMDDTHHMMSS`, with `,mmm` if there are milliseconds.
#[must_use]
pub fn text(unix_ms: u64) -> String {
    let time = civil(unix_ms).unwrap_or(DateTime::MAX);
    let mut text = String::with_capacity(19);
    let year = time.year().unsigned_abs();
    put(&mut text, year / 100);
    put(&mut text, year % 100);
    put(&mut text, time.month().unsigned_abs().into());
    put(&mut text, time.day().unsigned_abs().into());
    text.push('T');
    put(&mut text, time.hour().unsigned_abs().into());
    put(&mut text, time.minute().unsigned_abs().into());
    put(&mut text, time.second().unsigned_abs().into());
    let millis = (unix_ms % 1_000) as u16;
    if millis != 0 {
        text.push(',');
        text.push(digit(millis / 100));
        put(&mut text, millis % 100);
    }
    text
}

/// The last decimal digit of a number.
fn digit(number: u16) -> char {
    char::from(b'0' + u8::try_from(number % 10).unwrap_or(0))
}

/// Two digits, of a number below 100.
fn put(text: &mut String, number: u16) {
    text.push(digit(number / 10));
    text.push(digit(number));
}

/// The moment that a timestamp names; further decimals than the third are dropped. `None` for text that
/// is no timestamp of 1970 or later.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let (main, fraction) = text.split_once(',').unwrap_or((text, ""));
    let (date, clock) = main.split_once('T')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if date.len() != 8 || clock.len() != 6 || !digits(date) || !digits(clock) || !digits(fraction) {
        return None;
    }
    if fraction.len() > 9 || fraction.is_empty() && text.contains(',') {
        return None;
    }
    let part = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
    let year = date.get(..4)?.parse::<i16>().ok()?;
    // A leap second counts as the second before it.
    let second = part(clock, 4, 6)?.min(59);
    let date = jiff::civil::Date::new(year, part(date, 4, 6)?, part(date, 6, 8)?).ok()?;
    let time = jiff::civil::Time::new(part(clock, 0, 2)?, part(clock, 2, 4)?, second, 0).ok()?;
    let whole = Offset::UTC.to_timestamp(date.to_datetime(time)).ok()?.as_millisecond();
    let mut millis = 0;
    for digit in fraction.bytes().chain([b'0'; 3]).take(3) {
        millis = millis * 10 + u64::from(digit - b'0');
    }
    Some(u64::try_from(whole).ok()? + millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_read_back() {
        for (ms, expected) in [
            (0, "19700101T000000"),
            (1_767_225_600_000, "20260101T000000"),
            (1_709_210_096_007, "20240229T123456,007"),
        ] {
            assert_eq!(text(ms), expected);
            assert_eq!(parse(expected), Some(ms));
        }
        assert_eq!(parse("20240229T123456,1"), Some(1_709_210_096_100));
        for wrong in [
            "20230229T000000",
            "20240229T",
            "20240229T1234567",
            "20240229T123456,",
            "19691231T235959",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
