//! Expectations: a metric that exists, and a bound in its unit.

use std::collections::BTreeMap;

use super::Checker;
use crate::scenario::codes::Code;
use crate::scenario::metric::{self, Unit};
use crate::scenario::plan::{Expectation, Relation};
use crate::scenario::quantity::{self, EnergyDimension, SizeDimension, TimeDimension};
use crate::scenario::source::{Place, nearest, quote};

/// Comparisons by sign; longer signs first.
const RELATIONS: [(&str, Relation); 6] = [
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("==", Relation::Equal),
    ("<", Relation::Less),
    (">", Relation::Greater),
    ("=", Relation::Equal),
];

impl Checker<'_> {
    /// What must hold, in the order of the metrics' names.
    pub(super) fn expectations(&mut self) -> Vec<Expectation> {
        let file = self.file;
        let Some(table) = file.expect.given() else { return Vec::new() };
        let groups: Vec<_> = super::group_names(file).map(|(_, name, _)| name).collect();
        let links = self.links.order.clone();
        let links: Vec<_> = links.iter().map(String::as_str).collect();
        let known = metric::all(&groups, &links);
        let mut expectations = Vec::new();
        for (name, entry) in &table.value.0 {
            let Some(unit) = metric::unit(name, &known) else {
                self.no_metric(name, entry.key, &known);
                continue;
            };
            match bound(&entry.value, unit) {
                Ok((relation, bound)) => expectations.push(Expectation {
                    metric: name.clone(),
                    relation,
                    bound,
                    text: entry.value.trim().to_owned(),
                }),
                Err((code, message)) => {
                    let message = format!("{}: {message}", quote(name));
                    self.report
                        .add(code, entry.place, message)
                        .hint("write it like \"< 30s\", \"<= 0.7\" or \"= 0\"");
                }
            }
        }
        expectations
    }

    fn no_metric(&mut self, name: &str, place: Place, known: &BTreeMap<String, Unit>) {
        let known = || known.keys().map(String::as_str);
        let message = format!("there is no metric {}", quote(name));
        self.report.add(Code::UnknownMetric, place, message).label("unknown metric").hint_with(
            || match nearest(name, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`keystorm explain KS0402` names the families of metrics".to_owned(),
            },
        );
    }
}

/// The comparison and its bound in the metric's own unit.
fn bound(text: &str, unit: Unit) -> Result<(Relation, f64), (Code, String)> {
    let text = text.trim();
    let found = RELATIONS.into_iter().find(|(sign, _)| text.starts_with(sign));
    let Some((sign, relation)) = found else {
        return Err((Code::Expectation, "the comparison is missing".to_owned()));
    };
    let value = text[sign.len()..].trim();
    if let Ok(number) = value.parse::<f64>() {
        return if number.is_finite() {
            Ok((relation, number))
        } else {
            Err((Code::Expectation, "the bound must be a finite number".to_owned()))
        };
    }
    let wrong = |fault: quantity::Fault| (Code::BoundUnit, fault.message);
    #[expect(clippy::cast_precision_loss, reason = "a bound is compared, not counted")]
    let number = match unit {
        Unit::Seconds => quantity::parse::<TimeDimension>(value).map_err(wrong)? as f64 / 1e9,
        Unit::Joules => quantity::parse::<EnergyDimension>(value).map_err(wrong)? / 1e6,
        Unit::Bytes => quantity::parse::<SizeDimension>(value).map_err(wrong)? as f64,
        Unit::Fraction | Unit::Count => match value
            .strip_suffix('%')
            .map(|value| value.trim().parse())
        {
            Some(Ok(percent)) if unit == Unit::Fraction && f64::is_finite(percent) => {
                percent / 100.0
            }
            _ => return Err((Code::BoundUnit, format!("{} is not a plain number", quote(value)))),
        },
    };
    Ok((relation, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_come_in_the_metrics_unit() {
        assert_eq!(bound("< 30s", Unit::Seconds), Ok((Relation::Less, 30.0)));
        assert_eq!(bound(">= 250 ms", Unit::Seconds), Ok((Relation::AtLeast, 0.25)));
        assert_eq!(bound("= 0", Unit::Count), Ok((Relation::Equal, 0.0)));
        assert_eq!(bound("<=70%", Unit::Fraction), Ok((Relation::AtMost, 0.7)));
        assert_eq!(bound("> 2mJ", Unit::Joules), Ok((Relation::Greater, 0.002)));
        assert_eq!(bound("< 5MB", Unit::Bytes), Ok((Relation::Less, 5e6)));
    }

    #[test]
    fn other_bounds_are_refused() {
        let code = |text, unit| bound(text, unit).map_err(|(code, _)| code);
        assert_eq!(code("30s", Unit::Seconds), Err(Code::Expectation));
        assert_eq!(code("< nan", Unit::Seconds), Err(Code::Expectation));
        assert_eq!(code("< 30s", Unit::Count), Err(Code::BoundUnit));
        assert_eq!(code("< 5 parsecs", Unit::Seconds), Err(Code::BoundUnit));
        assert_eq!(code("< 5%", Unit::Count), Err(Code::BoundUnit));
        assert_eq!(code("<", Unit::Count), Err(Code::BoundUnit));
    }
}
