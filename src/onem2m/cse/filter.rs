//! Filter criteria (TS-0004 clause 7.3.3.17): which resources a RETRIEVE is about.
//!
//! Values of one criterion are alternatives, but for `atr`, whose entries all have to match. `fo` says how
//! the criteria combine. A criterion that is not evaluated here is refused: to pass over it would find
//! more than was asked for.

use super::attributes;
use super::refusal::{FILTER_LATER, RANGE, Refusal};
use crate::onem2m::limits::DEFAULT_LIFETIME_MS;
use crate::onem2m::tree::{Head, time, ty};
use crate::wire::primitive::{FilterCriteria, FilterOperation, Timestamp};
use crate::wire::schema::text_of;
use crate::wire::value::Value;

/// Conditions, ready to be evaluated.
#[derive(Debug)]
pub(super) struct Filter {
    conditions: Vec<Condition>,
    operation: FilterOperation,
}

#[derive(Debug)]
enum Condition {
    Created(Bound),
    Modified(Bound),
    Expires(Bound),
    State(Bound),
    Size(Bound),
    Types(Vec<u16>),
    Labels(Vec<String>),
    ContentTypes(Vec<String>),
    Attribute(String, String),
}

/// Half of the numbers.
#[derive(Clone, Copy, Debug)]
enum Bound {
    Below(u64),
    AtLeast(u64),
    Above(u64),
}

impl Bound {
    const fn holds(self, number: u64) -> bool {
        match self {
            Self::Below(bound) => number < bound,
            Self::AtLeast(bound) => number >= bound,
            Self::Above(bound) => number > bound,
        }
    }
}

impl Filter {
    /// Reads the conditions.
    pub(super) fn new(criteria: &FilterCriteria) -> Result<Self, Refusal> {
        check(criteria)?;
        let c = criteria;
        let moment = |stamp: &Timestamp| time::parse(stamp.as_str()).ok_or(RANGE);
        let mut conditions = Vec::new();
        for (stamp, condition) in [
            (
                &c.created_before,
                (|at| Condition::Created(Bound::Below(at))) as fn(u64) -> Condition,
            ),
            (&c.created_after, |at| Condition::Created(Bound::Above(at))),
            (&c.modified_since, |at| Condition::Modified(Bound::Above(at))),
            (&c.unmodified_since, |at| Condition::Modified(Bound::Below(at))),
            (&c.expire_before, |at| Condition::Expires(Bound::Below(at))),
            (&c.expire_after, |at| Condition::Expires(Bound::Above(at))),
        ] {
            if let Some(stamp) = stamp {
                conditions.push(condition(moment(stamp)?));
            }
        }
        for (number, condition) in [
            (c.state_tag_smaller, (|n| Condition::State(Bound::Below(n))) as fn(u64) -> Condition),
            (c.state_tag_bigger, |n| Condition::State(Bound::Above(n))),
            (c.size_above, |n| Condition::Size(Bound::AtLeast(n))),
            (c.size_below, |n| Condition::Size(Bound::Below(n))),
        ] {
            conditions.extend(number.map(condition));
        }
        if let Some(types) = &c.resource_types {
            conditions.push(Condition::Types(types.iter().map(|kind| kind.0).collect()));
        }
        conditions.extend(c.labels.clone().map(Condition::Labels));
        conditions.extend(c.content_types.clone().map(Condition::ContentTypes));
        for wanted in c.attributes.iter().flatten() {
            let value = wanted.value.as_ref().and_then(text_of).ok_or(RANGE)?;
            conditions.push(Condition::Attribute(wanted.name.clone(), value));
        }
        Ok(Self { conditions, operation: c.operation.unwrap_or(FilterOperation::And) })
    }

    /// Whether a resource meets the conditions; without any, it does.
    pub(super) fn admits(&self, kind: u16, head: &Head<'_>) -> bool {
        let mut holds = self.conditions.iter().map(|condition| condition.holds(kind, head));
        match self.operation {
            _ if self.conditions.is_empty() => true,
            FilterOperation::And => holds.all(|holds| holds),
            FilterOperation::Or => holds.any(|holds| holds),
            FilterOperation::Xor => holds.filter(|holds| *holds).count() == 1,
        }
    }
}

/// Refuses what is not evaluated.
fn check(c: &FilterCriteria) -> Result<(), Refusal> {
    let later = c.child_labels.is_some()
        || c.parent_labels.is_some()
        || c.labels_query.is_some()
        || c.child_types.is_some()
        || c.parent_types.is_some()
        || c.child_attributes.is_some()
        || c.parent_attributes.is_some()
        || c.semantics.is_some()
        || c.content_syntax.is_some()
        || c.content_query.is_some()
        || c.relative_path.is_some()
        || c.operations.is_some()
        || c.geometry_type.is_some()
        || c.geometry.is_some()
        || c.geometry_function.is_some()
        || !c.others.is_empty();
    if later { Err(FILTER_LATER) } else { Ok(()) }
}

impl Condition {
    fn holds(&self, kind: u16, head: &Head<'_>) -> bool {
        let number = |name| head.attribute(name).and_then(|value: Value| value.as_u64());
        let within = |bound: &Bound, number: Option<u64>| number.is_some_and(|n| bound.holds(n));
        match self {
            Self::Created(bound) => bound.holds(head.created),
            Self::Modified(bound) => bound.holds(head.modified),
            Self::Expires(bound) => {
                let default = head.created.saturating_add(DEFAULT_LIFETIME_MS);
                kind != ty::CB && bound.holds(head.expires.unwrap_or(default))
            }
            Self::State(bound) => {
                let state = head.counts.map(|counts| u64::from(counts.state));
                within(bound, state.or_else(|| number("st")))
            }
            Self::Size(bound) => {
                let size = head.attribute("con").map(|con| attributes::size(&con) as u64);
                within(bound, size.or_else(|| head.counts.map(|counts| counts.bytes)))
            }
            Self::Types(types) => types.contains(&kind),
            Self::Labels(labels) => match head.attribute("lbl") {
                Some(Value::List(own)) => {
                    own.iter().filter_map(Value::as_text).any(|own| labels.iter().any(|l| l == own))
                }
                _ => false,
            },
            Self::ContentTypes(types) => match head.attribute("cnf") {
                Some(Value::Text(own)) => types.contains(&own),
                _ => false,
            },
            Self::Attribute(name, wanted) => has(head, name, wanted),
        }
    }
}

/// Whether an attribute, or one of its elements, has this value; `*` stands for any text.
fn has(head: &Head<'_>, name: &str, wanted: &str) -> bool {
    let equals = |value: &Value| text_of(value).is_some_and(|text| matches(wanted, &text));
    match (name, head.attribute(name)) {
        ("rn", _) => head.name.is_some_and(|own| matches(wanted, own)),
        (_, Some(Value::List(items))) => items.iter().any(equals),
        (_, Some(value)) => equals(&value),
        (_, None) => false,
    }
}

/// Between two `*`, the first place is as good as any: linear in both lengths.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inside = text.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
    inside.is_some_and(|inside| {
        let mut parts = middle.split('*');
        parts.try_fold(inside, |left, part| left.split_once(part).map(|(_, after)| after)).is_some()
    })
}
