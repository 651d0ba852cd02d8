//! The decision itself (TS-0003 clauses 7.1.4 and 7.1.5).

use super::question::{Lookup, Membership, Question};
use super::rule::{Context, ObjectDetail, Operation, Policy, Rule, Slot};
use crate::planted::{self, Defect};
#[cfg(test)]
use crate::sabotage::{Mechanism, is_away};

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The request may be carried out.
    Permit {
        /// The first rule that permits it.
        rule: Place,
    },
    /// It may not.
    Deny {
        /// What the rule that came furthest lacked.
        why: Denial,
        /// That rule, the first of several; `None` if there is none at all.
        rule: Option<Place>,
    },
}

impl Decision {
    /// Whether the request may be carried out.
    #[must_use]
    pub const fn is_permit(self) -> bool {
        matches!(self, Self::Permit { .. })
    }
}

/// A rule among the policies that were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the policy.
    pub policy: usize,
    /// Index of the rule in it.
    pub rule: usize,
}

/// Why a rule does not permit, in the order in which its parts are looked at: greater is further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denial {
    /// There is no rule.
    NoRule,
    /// The rule could not be read.
    Unreadable,
    /// acaf: the originator does not count as authenticated.
    NotAuthenticated,
    /// acor: the originator is not among them.
    Originator,
    /// acor: a group that the originator may be in cannot be retrieved.
    GroupUnavailable,
    /// acop: another operation.
    Operation,
    /// acco is an empty list.
    NoContext,
    /// acco holds acui, acec or acl, which have no meaning here.
    UnsupportedContext,
    /// actw: at another time.
    Time,
    /// actw: the time is not known.
    TimeUnknown,
    /// acip: from another address.
    Address,
    /// acip: the address is not known.
    AddressUnknown,
    /// aclr: from another region.
    Location,
    /// aclr: the location is not known, or not in the kind that the rule asks for.
    LocationUnknown,
    /// acod is an empty list.
    NoObject,
    /// acod: the target has another type.
    TargetType,
    /// acod: the content has another specialization.
    Specialization,
    /// acod: the specialization of the content is not known.
    SpecializationUnknown,
    /// acod: a child of this type may not be created, or the type is not known.
    ChildType,
    /// aca limits the rule to some attributes.
    Attributes,
}

impl Denial {
    /// The name in reports and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoRule => "no_rule",
            Self::Unreadable => "unreadable",
            Self::NotAuthenticated => "not_authenticated",
            Self::Originator => "originator",
            Self::GroupUnavailable => "group_unavailable",
            Self::Operation => "operation",
            Self::NoContext => "no_context",
            Self::UnsupportedContext => "unsupported_context",
            Self::Time => "time",
            Self::TimeUnknown => "time_unknown",
            Self::Address => "address",
            Self::AddressUnknown => "address_unknown",
            Self::Location => "location",
            Self::LocationUnknown => "location_unknown",
            Self::NoObject => "no_object",
            Self::TargetType => "target_type",
            Self::Specialization => "specialization",
            Self::SpecializationUnknown => "specialization_unknown",
            Self::ChildType => "child_type",
            Self::Attributes => "attributes",
        }
    }
}

/// Decides a request by all `policies` that apply to its target. Permit overrides.
#[must_use]
pub fn decide<'p>(
    policies: impl IntoIterator<Item = &'p Policy>,
    question: &Question<'_>,
    lookup: &impl Lookup,
) -> Decision {
    #[cfg(test)]
    if is_away(Mechanism::AccessDecision) {
        return Decision::Permit { rule: Place { policy: 0, rule: 0 } };
    }
    let mut furthest = (Denial::NoRule, None);
    for (policy, rules) in policies.into_iter().enumerate() {
        for (rule, slot) in rules.rules.iter().enumerate() {
            let place = Place { policy, rule };
            let why = match slot {
                Slot::Unreadable(_) => Denial::Unreadable,
                Slot::Rule(rule) => match permits(rule, question, lookup) {
                    Ok(()) => return Decision::Permit { rule: place },
                    Err(why) => why,
                },
            };
            if why > furthest.0 {
                furthest = (why, Some(place));
            }
        }
    }
    Decision::Deny { why: furthest.0, rule: furthest.1 }
}

/// res_acr: the parts in the order of the formula.
fn permits(rule: &Rule, question: &Question<'_>, lookup: &impl Lookup) -> Result<(), Denial> {
    let is_passed =
        planted::is(Defect::AccessUnauthenticated) && question.operation == Operation::Delete;
    if rule.authenticated && !question.authenticated && !is_passed {
        return Err(Denial::NotAuthenticated);
    }
    originator(rule, question, lookup)?;
    if !rule.operations.contains(question.operation) {
        return Err(Denial::Operation);
    }
    if let Some(contexts) = &rule.contexts {
        any(contexts, Denial::NoContext, |context| in_context(context, question))?;
    }
    if let (Some(objects), Operation::Create) = (&rule.objects, question.operation) {
        any(objects, Denial::NoObject, |object| of_object(object, question))?;
    }
    if rule.attributes { Err(Denial::Attributes) } else { Ok(()) }
}

/// One of `items` is enough. If none is: how far the best of them came, `none` for no item.
fn any<T>(
    items: &[T],
    none: Denial,
    check: impl Fn(&T) -> Result<(), Denial>,
) -> Result<(), Denial> {
    let mut furthest = none;
    for item in items {
        match check(item) {
            Ok(()) => return Ok(()),
            Err(why) => furthest = furthest.max(why),
        }
    }
    Err(furthest)
}

/// res_origs
fn originator(rule: &Rule, question: &Question<'_>, lookup: &impl Lookup) -> Result<(), Denial> {
    any(&rule.originators, Denial::Originator, |entry| {
        match entry.admits(question.originator.as_ref(), question.home, lookup) {
            Membership::Member => Ok(()),
            Membership::NotMember => Err(Denial::Originator),
            Membership::Unavailable => Err(Denial::GroupUnavailable),
        }
    })
}

/// res_context: time, then address, then location.
fn in_context(context: &Context, question: &Question<'_>) -> Result<(), Denial> {
    if context.unsupported {
        return Err(Denial::UnsupportedContext);
    }
    if let Some(windows) = &context.windows {
        match question.time {
            None if planted::is(Defect::AccessTimeOpen) => {}
            None => return Err(Denial::TimeUnknown),
            Some(time) => {
                holds(windows.iter().any(|window| window.contains(time)), Denial::Time)?;
            }
        }
    }
    if let Some(addresses) = &context.addresses {
        let address = question.address.ok_or(Denial::AddressUnknown)?;
        holds(addresses.contain(address), Denial::Address)?;
    }
    if let Some(region) = &context.region {
        let inside = region.contains(question.location).ok_or(Denial::LocationUnknown)?;
        holds(inside, Denial::Location)?;
    }
    Ok(())
}

/// res_objdetails: type of the target, specialization of the content, type of the content.
fn of_object(object: &ObjectDetail, question: &Question<'_>) -> Result<(), Denial> {
    let content = question.content.ok_or(Denial::ChildType)?;
    if let Some(target) = object.resource_type {
        holds(target == question.target_type, Denial::TargetType)?;
    }
    if let Some(wanted) = &object.specialization {
        let given = content.specialization.ok_or(Denial::SpecializationUnknown)?;
        holds(wanted == given, Denial::Specialization)?;
    }
    holds(object.child_types.contains(&content.resource_type), Denial::ChildType)
}

const fn holds(condition: bool, otherwise: Denial) -> Result<(), Denial> {
    if condition { Ok(()) } else { Err(otherwise) }
}
