//! Times on the command line: a whole number and a unit, such as `500ms`, `90s`, `10m` or `10min`, `8h`, `7d`.

use std::ops::RangeInclusive;
use std::time::Duration;

use keystorm::sim;

/// The units and their milliseconds; `min` and `ms` before what they end in or begin with.
const UNITS: [(&str, u64); 6] =
    [("ms", 1), ("min", 60_000), ("m", 60_000), ("s", 1_000), ("h", 3_600_000), ("d", 86_400_000)];
const DAY: Duration = Duration::from_secs(86_400);
const SECOND: Duration = Duration::from_secs(1);

/// How long to hunt or to probe: from 1 s to a week.
pub(super) fn of_a_search(text: &str) -> Result<Duration, String> {
    within(text, SECOND..=7 * DAY, "expected a time from 1s to 7d, such as 90s, 10m or 8h")
}

/// How long to fuzz: from 1 ms to 1,000 h.
pub(super) fn of_fuzzing(text: &str) -> Result<Duration, String> {
    let range = Duration::from_millis(1)..=1_000 * DAY / 24;
    within(text, range, "expected a time such as 500ms, 60s, 30min or 8h, at most 1000h")
}

/// How long a live run may last: from 100 ms to two minutes.
pub(super) fn of_a_live_run(text: &str) -> Result<sim::time::Duration, String> {
    let range = Duration::from_millis(100)..=120 * SECOND;
    let time = within(text, range, "expected a time from 100ms to 120s, such as 30s")?;
    Ok(sim::time::Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
}

fn within(text: &str, range: RangeInclusive<Duration>, usage: &str) -> Result<Duration, String> {
    let number = |unit| text.strip_suffix(unit)?.trim().parse::<u64>().ok();
    let found = UNITS.iter().find_map(|(unit, millis)| number(*unit).map(|n| (n, millis)));
    let time = found.map(|(number, millis)| Duration::from_millis(number.saturating_mul(*millis)));
    time.filter(|time| range.contains(time)).ok_or_else(|| usage.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_and_an_end() {
        assert_eq!(of_a_search("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(of_a_search("10min"), of_a_search("600s"));
        assert_eq!(of_a_search("8h"), Ok(Duration::from_secs(28_800)));
        for wrong in
            ["", "10", "0s", "999ms", "8d", "999h", "-1s", "m", "1.5s", "99999999999999999999h"]
        {
            assert!(of_a_search(wrong).is_err(), "{wrong}");
        }
        assert_eq!(of_fuzzing("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(of_fuzzing("1000h"), Ok(1_000 * DAY / 24));
        assert!(of_fuzzing("1001h").is_err() && of_fuzzing("0ms").is_err());
    }

    #[test]
    fn live_runs_are_short() {
        let millis = |text| of_a_live_run(text).map(|time| time.0 / 1_000_000);
        assert_eq!(millis("30s"), Ok(30_000));
        assert_eq!(millis("2min"), Ok(120_000));
        assert_eq!(millis("250ms"), Ok(250));
        for wrong in ["", "30", "0s", "121s", "-1s", "1h", "s", "99999999999999999999s"] {
            assert!(of_a_live_run(wrong).is_err(), "{wrong}");
        }
    }
}
