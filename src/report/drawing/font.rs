//! How wide words are, and how they are broken into lines. No font is at hand: the widths are those of the
//! wider of Inter and DejaVu Sans, so that words fit in whichever font a viewer has.

use crate::report::words::tame;

/// A line is so many times as high as its letters.
pub(crate) const LEADING: f64 = 1.3;
/// Attempts to make lines of like length, each with 5 % less room.
const BALANCE_STEPS: usize = 14;
/// Characters of foreign text that are looked at.
const LENGTH_MAX: usize = 600;

/// Advance widths of the printable ASCII characters, in thousandths of the size.
#[rustfmt::skip]
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 638, 951, 780, 275, 391, 391, 500, 838, 318, 461, 318, 357,
    637, 637, 637, 637, 643, 637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 531,
    1000, 685, 687, 728, 771, 632, 587, 775, 752, 295, 543, 656, 563, 890, 753, 788,
    635, 788, 695, 638, 643, 742, 685, 989, 686, 665, 686, 391, 357, 391, 838, 500,
    500, 613, 635, 559, 635, 616, 361, 635, 634, 278, 278, 580, 278, 975, 634, 612,
    635, 635, 412, 523, 393, 634, 592, 818, 592, 592, 542, 637, 337, 637, 838,
];
/// The same of bold letters.
#[rustfmt::skip]
const BOLD: [u16; 95] = [
    349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 565, 838, 380, 469, 380, 390,
    696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 581,
    1031, 774, 763, 753, 831, 684, 684, 821, 837, 373, 570, 775, 638, 996, 837, 851,
    733, 851, 771, 721, 683, 813, 774, 1104, 771, 725, 726, 458, 390, 458, 838, 500,
    500, 675, 716, 593, 716, 679, 436, 716, 712, 343, 343, 666, 343, 1042, 712, 688,
    716, 716, 494, 596, 479, 712, 652, 924, 646, 652, 583, 712, 374, 712, 838,
];

/// The width of `text` at `size`, rather too much than too little.
pub(crate) fn width(text: &str, size: f64, is_bold: bool) -> f64 {
    let table = if is_bold { &BOLD } else { &REGULAR };
    let em = text.chars().map(|c| {
        let place = u32::from(c).checked_sub(32).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| table.get(place)) {
            Some(width) => f64::from(*width) / 1e3,
            None => beyond_ascii(c),
        }
    });
    em.sum::<f64>() * size
}

/// The width of a character beyond ASCII, in units of the size.
fn beyond_ascii(c: char) -> f64 {
    match c {
        '·' => 0.38,
        'µ' | 'é' | 'ä' | 'ö' | 'ü' => 0.74,
        '−' | '≤' | '≥' | '×' | '±' => 0.84,
        '\u{2010}'..='\u{22ff}' | '\u{a0}'..='\u{ff}' => 1.05,
        '\u{100}'..='\u{24f}' => 1.6,
        _ => 2.1,
    }
}

/// `text` in lines that each fit `room`, at most `most`; what does not fit ends in an ellipsis.
pub(crate) fn wrapped(text: &str, size: f64, is_bold: bool, room: f64, most: usize) -> Vec<String> {
    let text = tame(text, LENGTH_MAX);
    let fits = |line: &str| width(line, size, is_bold) <= room;
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if fits(&longer) {
            line = longer;
            continue;
        }
        if lines.len() + 1 >= most {
            let rest: Vec<&str> = std::iter::once(longer.as_str()).chain(words).collect();
            lines.push(cut(&rest.join(" "), size, is_bold, room));
            return lines;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        line = broken(word, &fits, &mut lines, most);
    }
    if !line.is_empty() {
        lines.push(cut(&line, size, is_bold, room));
    }
    lines
}

/// The same in as many lines, but of about the same length.
pub(crate) fn balanced(
    text: &str,
    size: f64,
    is_bold: bool,
    room: f64,
    most: usize,
) -> Vec<String> {
    let mut lines = wrapped(text, size, is_bold, room, most);
    let is_whole = |lines: &[String]| !lines.last().is_some_and(|line| line.ends_with('…'));
    if lines.len() < 2 || !is_whole(&lines) {
        return lines;
    }
    let (whole, mut narrow) = (lines.join(" "), room);
    for _ in 0..BALANCE_STEPS {
        narrow *= 0.95;
        let closer = wrapped(text, size, is_bold, narrow, most);
        if closer.len() != lines.len() || closer.join(" ") != whole {
            break;
        }
        lines = closer;
    }
    lines
}

/// Breaks a word that is longer than a line; answers what is left of it.
fn broken(
    word: &str,
    fits: &impl Fn(&str) -> bool,
    lines: &mut Vec<String>,
    most: usize,
) -> String {
    let mut line = String::new();
    for c in word.chars() {
        line.push(c);
        if !fits(&line) && line.chars().count() > 1 && lines.len() + 1 < most {
            line.pop();
            // Names break behind a mark, if they have one there.
            let at = line.rfind(['-', '/', '_', '.', '=', ':']).map_or(line.len(), |at| at + 1);
            let rest = line.split_off(at);
            lines.push(std::mem::replace(&mut line, format!("{rest}{c}")));
        }
    }
    line
}

/// As much of `text` as fits `room`.
pub(crate) fn cut(text: &str, size: f64, is_bold: bool, room: f64) -> String {
    let mut limit = text.chars().count().min(LENGTH_MAX);
    let mut out = tame(text, limit);
    while limit > 1 && width(&out, size, is_bold) > room {
        limit -= 1;
        out = tame(text, limit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_nothing_but_at_the_end() {
        let text = "the gateway accepts the same report a second time";
        let lines = wrapped(text, 14.0, false, 120.0, 9);
        assert!(
            lines.len() > 2 && lines.iter().all(|l| width(l, 14.0, false) <= 120.0),
            "{lines:?}"
        );
        assert_eq!(lines.join(" "), text);
        let even = balanced(text, 14.0, false, 200.0, 9);
        assert_eq!(even.join(" "), text);
        let short = wrapped(text, 14.0, false, 120.0, 2);
        assert!(short.len() == 2 && short[1].ends_with('…'), "{short:?}");
        let long = wrapped(&"x".repeat(60), 14.0, true, 120.0, 3);
        assert_eq!(long.len(), 3);
        assert!(long.iter().all(|l| width(l, 14.0, true) <= 120.0), "{long:?}");
        assert!(wrapped("", 14.0, true, 120.0, 3).is_empty());
        assert_eq!(
            wrapped("gateway-on-the-roof", 14.0, true, 90.0, 3),
            ["gateway-", "on-the-", "roof"]
        );
    }
}
