//! Axes: a range and the few round numbers in it that are worth a label.

use crate::report::words;

/// A range of values with its labelled ticks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    /// Where it begins.
    pub(super) from: f64,
    /// Where it ends; beyond `from`.
    pub(super) to: f64,
    /// Values with their labels, ascending, all within.
    pub(super) ticks: Vec<(f64, String)>,
}

/// Round times of a clock, in seconds.
const CLOCK: [f64; 16] = [
    10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0,
    21_600.0, 43_200.0, 86_400.0, 172_800.0,
];
/// The same with wider steps.
const ROUGH_CLOCK: [f64; 6] = [60.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 864_000.0];
/// Ticks that an axis may have, whatever it is asked for.
const MAX_TICKS: usize = 24;

impl Axis {
    /// Seconds from `from` to at least `to`, labelled as distance from `zero`; about `wanted` ticks.
    pub(super) fn time(from: f64, to: f64, zero: f64, wanted: usize) -> Self {
        let to = to.max(from + f64::max(1e-6, from * 1e-6));
        let step = time_step((to - from) / wanted.max(1) as f64);
        let whole = zero + ((to - zero) / step - 1e-9).ceil() * step;
        let half = zero + ((to - zero) / step * 2.0 - 1e-9).ceil() * step / 2.0;
        let to = if whole - to <= 0.15 * (to - from) { whole } else { half };
        let first = ((from - zero) / step - 1e-9).ceil();
        let ticks = (0..MAX_TICKS).map(|i| (first + i as f64) * step);
        let ticks = ticks.take_while(|t| zero + t <= to + step * 1e-6);
        let ticks = ticks.map(|t| (zero + t, words::time(rounded(t, step)))).collect();
        Self { from, to, ticks }
    }

    /// From zero to at least `to`, each label made by `say`; about `wanted` ticks.
    pub(super) fn linear(to: f64, wanted: usize, say: impl Fn(f64) -> String) -> Self {
        let to = if to.is_finite() && to > 0.0 { to } else { 1.0 };
        let step = round_step(to / wanted.max(1) as f64);
        let top = (to / step - 1e-9).ceil() * step;
        let ticks = (0..MAX_TICKS).map(|i| rounded(i as f64 * step, step));
        let ticks = ticks.take_while(|t| *t <= top + step * 1e-6).map(|t| (t, say(t))).collect();
        Self { from: 0.0, to: top, ticks }
    }

    /// Shares from zero to the whole, or to a part of it where `peak` is small.
    pub(super) fn share(peak: f64, wanted: usize) -> Self {
        if peak < 0.3 {
            let say = |share: f64| format!("{} %", words::digits(rounded(share * 100.0, 0.01)));
            return Self::linear((peak * 1.15).max(1e-4), wanted, say);
        }
        let step = if wanted >= 5 { 0.25 } else { 0.5 };
        let ticks = (0..=4).map(|i| f64::from(i) * step).take_while(|t| *t <= 1.0);
        Self { from: 0.0, to: 1.06, ticks: ticks.map(|t| (t, words::percent(t))).collect() }
    }

    /// Powers of ten of seconds from `low` to `high`; places on it are logarithms.
    pub(super) fn log_time(low: f64, high: f64) -> Self {
        let (from, to) = (log(low), log(high).max(log(low) + 0.1));
        let decades = (from.floor().max(-12.0), to.ceil().min(13.0));
        let wide = to - from;
        let mut ticks = Vec::new();
        let mut decade = decades.0;
        let decades = (decades.0, decades.1.min(1.0));
        while decade <= decades.1 && ticks.len() < MAX_TICKS {
            let steps: &[f64] = match (wide < 2.2, decade < 1.0) {
                (true, true) => &[1.0, 2.0, 5.0],
                (true, false) => &[1.0, 2.0],
                _ => &[1.0],
            };
            for step in steps {
                let at = decade + step.log10();
                if (from - 1e-9..=to + 1e-9).contains(&at) {
                    ticks.push((at, words::time(rounded(10f64.powf(at), 10f64.powf(decade)))));
                }
            }
            decade += if wide > 8.0 { 2.0 } else { 1.0 };
        }
        let minutes = if wide < 2.2 { &CLOCK[3..] } else { &ROUGH_CLOCK[..] };
        let minutes = minutes.iter().map(|s| (s.log10(), words::time(*s)));
        ticks.extend(minutes.filter(|(at, _)| (from..=to).contains(at)));
        Self { from, to, ticks }
    }

    /// Is `value` within?
    pub(super) fn holds(&self, value: f64) -> bool {
        (self.from..=self.to).contains(&value)
    }
}

/// The place of a time on a logarithmic axis.
pub(super) fn log(seconds: f64) -> f64 {
    seconds.max(1e-9).log10()
}

/// Removes what floating point left behind of a multiple of `step`.
fn rounded(value: f64, step: f64) -> f64 {
    let digits = (3.0 - step.log10().floor()).clamp(0.0, 15.0);
    let scale = 10f64.powf(digits);
    let value = (value * scale).round() / scale;
    if value == 0.0 { 0.0 } else { value }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `least`.
fn round_step(least: f64) -> f64 {
    let least = least.clamp(1e-12, 1e30);
    let power = 10f64.powf((least * (1.0 - 1e-9)).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|s| s * power);
    steps.into_iter().find(|s| *s >= least * (1.0 - 1e-9)).unwrap_or(power * 10.0)
}

/// The smallest step of a clock that is at least `least` seconds.
fn time_step(least: f64) -> f64 {
    if least <= 5.0 {
        return round_step(least.max(1e-6));
    }
    let days = || 86_400.0 * round_step(least / 86_400.0);
    CLOCK.into_iter().find(|s| *s >= least).unwrap_or_else(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn a_short_storm_of_a_long_run_has_a_short_axis() {
        let axis = Axis::time(0.0, 6.3, 0.0, 8);
        assert_eq!((axis.from, axis.to), (0.0, 7.0));
        assert_eq!(labels(&axis), ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s", "7 s"]);
    }

    #[test]
    fn times_before_the_trigger_are_negative() {
        let axis = Axis::time(3_540.0, 4_210.0, 3_600.0, 6);
        assert_eq!(labels(&axis)[..3], ["0 s", "2 min", "4 min"]);
        let axis = Axis::time(3_500.0, 3_800.0, 3_600.0, 5);
        assert_eq!(labels(&axis)[..3], ["-1 min", "0 s", "1 min"]);
    }

    #[test]
    fn ticks_stay_few_and_within_whatever_is_asked() {
        for (from, to) in [(0.0, 0.0), (0.0, 1e12), (1e12, 1e12), (5.0, 1.0), (0.0, 1e-9)] {
            let axis = Axis::time(from, to, 0.0, 8);
            assert!(axis.to > axis.from && axis.ticks.len() <= MAX_TICKS);
        }
        for to in [0.0, 1e-300, 1e30, f64::NAN, f64::INFINITY] {
            assert!(Axis::linear(to, 5, words::bytes).ticks.len() <= MAX_TICKS);
        }
        assert_eq!(labels(&Axis::log_time(0.01, 10.0)), ["10 ms", "100 ms", "1 s", "10 s"]);
        assert_eq!(labels(&Axis::log_time(8.0, 130.0)), ["10 s", "20 s", "1 min", "2 min"]);
        assert!(Axis::log_time(1e-9, 1e12).ticks.len() <= MAX_TICKS);
    }
}
