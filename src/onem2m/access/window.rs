//! accessControlWindow: time windows in the extended crontab format (TS-0004 clause 7.4.9.1).
//!
//! Seven fields: second, minute, hour, day of the month, month, day of the week (0 is Sunday), year, all
//! in UTC. A field is `*` or a list of elements; an element is a number, a range `a-b`, or a range or `*`
//! followed by a step `/n`. No crate reads this dialect: the others have five or six fields, names of
//! days, or join the two kinds of day by "or".

use jiff::civil::DateTime;

/// Bytes of a window. With it the number of elements is bounded too.
pub const MAX_WINDOW: usize = 256;

/// The least and the greatest value of each field.
const RANGES: [(u16, u16); FIELDS] =
    [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6), (2_000, 9_999)];
const FIELDS: usize = 7;

/// A recurring span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    fields: [Box<[Element]>; FIELDS],
}

/// Every `step`-th value from `first` to `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Element {
    first: u16,
    last: u16,
    step: u16,
}

/// Why text is no window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowFault {
    /// Longer than [`MAX_WINDOW`].
    #[error("longer than {MAX_WINDOW} bytes")]
    TooLong,
    /// Not seven fields with spaces between them.
    #[error("not seven fields: second, minute, hour, day, month, day of the week, year")]
    Fields,
    /// In this field (1 to 7): neither `*`, a number, a range, nor one of the latter with a step.
    #[error("field {0}: not *, a number, a range a-b, or a range or * with a step /n")]
    Element(usize),
    /// In this field (1 to 7): a number outside the field's range, a range that ends before it begins,
    /// or a step of 0.
    #[error("field {0}: out of range")]
    Range(usize),
}

impl Window {
    /// Reads a window, such as `* 0-5 2,6,10 * * * *`.
    ///
    /// # Errors
    /// Names what is wrong, and in which field.
    pub fn parse(text: &str) -> Result<Self, WindowFault> {
        if text.len() > MAX_WINDOW {
            return Err(WindowFault::TooLong);
        }
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        let mut fields = [const { Vec::new() }; FIELDS];
        for (index, (field, range)) in fields.iter_mut().zip(RANGES).enumerate() {
            let word = words.next().ok_or(WindowFault::Fields)?;
            for element in word.split(',') {
                field.push(Element::parse(element, range, index + 1)?);
            }
        }
        if words.next().is_some() {
            return Err(WindowFault::Fields);
        }
        Ok(Self { fields: fields.map(Vec::into_boxed_slice) })
    }

    /// Whether `time`, in UTC, lies in the window: all seven fields match.
    #[must_use]
    pub fn contains(&self, time: DateTime) -> bool {
        let day_of_week = time.weekday().to_sunday_zero_offset();
        let small =
            [time.second(), time.minute(), time.hour(), time.day(), time.month(), day_of_week];
        let values = small.map(i16::from).into_iter().chain([time.year()]);
        self.fields.iter().zip(values).all(|(field, value)| {
            u16::try_from(value).is_ok_and(|value| field.iter().any(|e| e.contains(value)))
        })
    }
}

impl Element {
    fn parse(text: &str, (least, greatest): (u16, u16), field: usize) -> Result<Self, WindowFault> {
        let number = |text| number(text).ok_or(WindowFault::Element(field));
        let (span, step) = match text.split_once('/') {
            Some((span, step)) if span == "*" || span.contains('-') => (span, number(step)?),
            Some(_) => return Err(WindowFault::Element(field)),
            None => (text, 1),
        };
        let (first, last) = match span.split_once('-') {
            _ if span == "*" => (least, greatest),
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(span)?, number(span)?),
        };
        if first < least || last > greatest || first > last || step == 0 {
            return Err(WindowFault::Range(field));
        }
        Ok(Self { first, last, step })
    }

    fn contains(self, value: u16) -> bool {
        (self.first..=self.last).contains(&value) && (value - self.first).is_multiple_of(self.step)
    }
}

/// One to four decimal digits.
fn number(text: &str) -> Option<u16> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}
