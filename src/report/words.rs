//! How quantities are said to people: a unit on every number, no more digits than it deserves.

/// Units of time and the seconds in each, largest first.
const LONG: [(f64, &str); 3] = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min")];

/// A span of time: `850 µs`, `86.1 ms`, `4.25 s`, `4 min 58 s`, `2 h 5 min`.
#[must_use]
pub fn time(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "-".to_owned();
    }
    let (sign, s) = if seconds < 0.0 { ("-", -seconds) } else { ("", seconds) };
    if s == 0.0 {
        return "0 s".to_owned();
    }
    // What would round up to 60 s is said in minutes.
    let text = if s < 0.999_5e-6 {
        format!("{} ns", digits(s * 1e9))
    } else if s < 0.999_5e-3 {
        format!("{} µs", digits(s * 1e6))
    } else if s < 0.999_5 {
        format!("{} ms", digits(s * 1e3))
    } else if s < 59.95 {
        format!("{} s", digits(s))
    } else {
        long(s)
    };
    format!("{sign}{text}")
}

/// The two largest units of a span of a minute or more.
fn long(s: f64) -> String {
    let (big, small) = match s {
        _ if s < 3_599.5 => (2, (1.0, "s")),
        _ if s < 86_370.0 => (1, LONG[2]),
        _ => (0, LONG[1]),
    };
    let (size, name) = LONG[big];
    let smalls = (s / small.0).round();
    let per_big = size / small.0;
    let whole = (smalls / per_big).floor();
    let rest = smalls - whole * per_big;
    if rest < 0.5 {
        format!("{} {name}", grouped(whole))
    } else {
        format!("{} {name} {rest:.0} {}", grouped(whole), small.1)
    }
}

/// Three significant digits, thousands in groups, without idle zeros: `86.1`, `4.25`, `1,230`.
#[must_use]
pub(super) fn digits(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let size = value.abs();
    let text = match size {
        _ if size == 0.0 => return "0".to_owned(),
        _ if size >= 99.95 => return grouped(value.round()),
        _ if size >= 9.995 => format!("{value:.1}"),
        _ if size >= 0.000_1 => format!("{value:.*}", decimals(size)),
        _ => return format!("{value:.2e}"),
    };
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text.as_str()
    };
    text.to_owned()
}

/// Decimals that leave three significant digits of a value from 0.0001 to 10.
fn decimals(size: f64) -> usize {
    match size {
        _ if size >= 0.999_5 => 2,
        _ if size >= 0.099_95 => 3,
        _ if size >= 0.009_995 => 4,
        _ if size >= 0.000_999_5 => 5,
        _ => 6,
    }
}

/// A whole number with its thousands in groups: `1,234,567`.
#[must_use]
pub fn count(value: u64) -> String {
    group(&value.to_string())
}

/// A rounded number with its thousands in groups; powers of ten beyond 15 digits.
fn grouped(value: f64) -> String {
    if value.abs() >= 1e15 {
        return format!("{value:.2e}");
    }
    let text = format!("{:.0}", value.abs());
    format!("{}{}", if value < 0.0 { "-" } else { "" }, group(&text))
}

fn group(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 3);
    for (i, c) in text.chars().enumerate() {
        if i > 0 && (text.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A share of one: `43 %`, `4.3 %`, `0.05 %`; just below the whole it never says `100 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "-".to_owned();
    }
    let p = share * 100.0;
    match p {
        _ if p == 0.0 => "0 %".to_owned(),
        _ if (99.5..100.0).contains(&p) => format!("{:.2} %", (p * 100.0).floor() / 100.0),
        _ if p.abs() >= 9.95 => format!("{} %", grouped(p.round())),
        _ if p.abs() >= 0.095 => format!("{p:.1} %"),
        _ if p.abs() >= 0.01 => format!("{p:.2} %"),
        _ => "< 0.01 %".to_owned(),
    }
}

/// Bytes in decimal units: `812 B`, `12.3 kB`.
#[must_use]
pub fn bytes(value: f64) -> String {
    scaled(value, "B")
}

/// A quantity with a decimal prefix where it is large: `12.3 kB`, `1.2 MJ`.
#[must_use]
pub(super) fn scaled(value: f64, unit: &str) -> String {
    let size = value.abs();
    let (scale, prefix) = match size {
        _ if size >= 999.5e9 => (1e12, "T"),
        _ if size >= 999.5e6 => (1e9, "G"),
        _ if size >= 999.5e3 => (1e6, "M"),
        _ if size >= 999.5 => (1e3, "k"),
        _ => (1.0, ""),
    };
    format!("{} {prefix}{unit}", digits(value / scale))
}

/// The value of a metric in the unit that its dotted name says.
#[must_use]
pub fn of_metric(name: &str, value: f64) -> String {
    let unit = |suffix: &str| name.split('.').any(|word| word.ends_with(suffix));
    if name.ends_with(".count") {
        digits(value)
    } else if unit("_device_s") {
        format!("{} device seconds", digits(value))
    } else if unit("_s") && (59.95..120.0).contains(&value) {
        // A bound is often a minute: "1 min" would hide on which side.
        format!("{} s", digits(value))
    } else if unit("_s") {
        time(value)
    } else if unit("_ms") {
        time(value / 1e3)
    } else if unit("_j") {
        energy(value)
    } else if unit("bytes") {
        bytes(value)
    } else if unit("_fraction") || name.contains("utilisation") {
        percent(value)
    } else {
        digits(value)
    }
}

/// Energy: `3.2 µJ`, `12 mJ`, `4.2 kJ`.
#[must_use]
pub fn energy(joules: f64) -> String {
    let size = joules.abs();
    match size {
        _ if size == 0.0 || size >= 0.999_5 => scaled(joules, "J"),
        _ if size >= 0.999_5e-3 => format!("{} mJ", digits(joules * 1e3)),
        _ => format!("{} µJ", digits(joules * 1e6)),
    }
}

/// At most `limit` characters of foreign text for a line or a picture: without control characters, and
/// without those that change the direction of reading (Unicode 16 section 23.2).
#[must_use]
pub(super) fn tame(text: &str, limit: usize) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_unfit = |c: char| c.is_control() || turns(c) || matches!(c, '\u{fffe}' | '\u{ffff}');
    let clean = |c: char| if is_unfit(c) { ' ' } else { c };
    let mut chars = text.chars().map(clean);
    let mut out: String = chars.by_ref().take(limit).collect();
    if chars.next().is_some() {
        out.pop();
        out.push('…');
    }
    out
}

/// A word as a POSIX shell takes it: in quotation marks, unless it needs none.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:%+@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_carry_their_unit() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (0.000_85, "850 µs"),
            (0.086_12, "86.1 ms"),
            (0.999_7, "1 s"),
            (4.25, "4.25 s"),
            (59.96, "1 min"),
            (298.2, "4 min 58 s"),
            (3_599.9, "1 h"),
            (7_500.0, "2 h 5 min"),
            (86_399.0, "1 d"),
            (-30.0, "-30 s"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(time(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn shares_never_round_up_to_the_whole() {
        assert_eq!(percent(0.999_96), "99.99 %");
        assert_eq!(percent(0.43), "43 %");
        assert_eq!(percent(0.043), "4.3 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.0), "0 %");
    }

    #[test]
    fn metrics_say_their_unit() {
        assert_eq!(of_metric("rekey.time_s.p99", 29.13), "29.1 s");
        assert_eq!(of_metric("rekey.time_s.p99", 60.31), "60.3 s");
        assert_eq!(of_metric("rekey.time_s.count", 29_000.0), "29,000");
        assert_eq!(of_metric("load.in.utilisation_peak_1s", 0.94), "94 %");
        assert_eq!(of_metric("link.lte.bytes", 12_345_678.0), "12.3 MB");
        assert_eq!(of_metric("energy.meters_j.p99", 0.012), "12 mJ");
        assert_eq!(of_metric("rekey.failed", 1_234.0), "1,234");
    }

    #[test]
    fn foreign_text_is_tamed() {
        assert_eq!(tame("a\u{1b}[31mb\n", 20), "a [31mb ");
        assert_eq!(tame("a\u{202e}b", 20), "a b");
        assert_eq!(tame("abcdef", 4), "abc…");
    }
}
