//! Policies out of a tree of values: strict, bounded, and with the place of the first fault.

use std::fmt::{self, Display};

use super::address::{AddressFault, Addresses};
use super::originator::Originator;
use super::region::{Country, Point, Region};
use super::rule::{
    Context, MAX_SPECIALIZATION, ObjectDetail, Operations, Policy, Rule, Slot, Specialization,
};
use super::tree::{self, Value};
use super::window::{Window, WindowFault};

/// Rules in one `pv` or `pvs`.
pub const MAX_RULES: usize = 256;
/// Entries of one acor.
pub const MAX_ORIGINATORS: usize = 256;
/// Entries of one acco.
pub const MAX_CONTEXTS: usize = 32;
/// Entries of one actw.
pub const MAX_WINDOWS: usize = 32;
/// Entries of one ipv4 or ipv6.
pub const MAX_ADDRESSES: usize = 256;
/// Entries of one accc.
pub const MAX_COUNTRIES: usize = 256;
/// Entries of one acod.
pub const MAX_OBJECTS: usize = 64;
/// Entries of one chty.
pub const MAX_TYPES: usize = 256;

/// mgmtObj and flexContainer: a rule about them must name the specialization (TS-0003 clause 7.1.5).
const SPECIALIZED: [u16; 2] = [13, 28];

/// `<accessControlPolicy>`: its two sets of rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccessControlPolicy {
    /// pv: for the resources that refer to it.
    pub privileges: Policy,
    /// pvs: for itself.
    pub self_privileges: Policy,
}

/// How to read what may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyReader {
    /// Refuse the whole: for what a request brings.
    Strict,
    /// Keep the place of a rule that cannot be read, as one that never permits: for what is stored.
    Stored,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct Fault {
    /// The way to it, such as `acr[2].acco[0].actw[1]`.
    pub path: String,
    /// The fault.
    pub what: What,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum What {
    /// A mandatory member is not there.
    #[error("missing")]
    Missing,
    /// A member that is not known: it may restrict, so it is not passed over.
    #[error("not known")]
    Unknown,
    /// A value of another kind.
    #[error("must be {0}")]
    Kind(&'static str),
    /// A list with too many entries.
    #[error("more than {0} entries")]
    TooMany(usize),
    /// No identifier, group, role, domain or `all`.
    #[error("not an originator")]
    Originator,
    /// acop beyond 1 to 63.
    #[error("operations must be 1 to 63")]
    Operations,
    /// A time window.
    #[error(transparent)]
    Window(#[from] WindowFault),
    /// An address.
    #[error(transparent)]
    Address(#[from] AddressFault),
    /// accr beyond its ranges.
    #[error("must be latitude (-90 to 90), longitude (-180 to 180) and radius (0 or more)")]
    Circle,
    /// accc beyond two upper-case letters.
    #[error("must be two upper-case letters")]
    Country,
    /// One and only one of two members must be there.
    #[error("must have one of {0} and {1}, and only one")]
    Choice(&'static str, &'static str),
    /// pvs without a rule (TS-0001 clause 9.6.2.0).
    #[error("must have a rule")]
    NoRule,
    /// acod about a specialized type without spty.
    #[error("ty 13 and 28 need spty")]
    NeedsSpecialization,
}

impl From<What> for Fault {
    fn from(what: What) -> Self {
        Self { path: String::new(), what }
    }
}

impl Fault {
    /// The same fault, seen from one level up.
    fn below(mut self, step: impl Display) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{step}{dot}{}", self.path);
        self
    }
}

impl PolicyReader {
    /// Reads the attributes pv and pvs of an `<accessControlPolicy>`; its other attributes are not
    /// looked at.
    ///
    /// # Errors
    /// The first fault.
    pub fn resource(self, attributes: &Value) -> Result<AccessControlPolicy, Fault> {
        let set = |name| {
            let value = tree::member(attributes, name).ok_or(What::Missing);
            let set = value.map_err(Fault::from).and_then(|value| self.policy(value));
            set.map_err(|fault| fault.below(name))
        };
        let (privileges, self_privileges) = (set("pv")?, set("pvs")?);
        if self_privileges.rules.is_empty() {
            return Err(Fault::from(What::NoRule).below("pvs"));
        }
        Ok(AccessControlPolicy { privileges, self_privileges })
    }

    /// Reads one m2m:setOfAcrs: `{"acr": [..]}`; without acr it is empty.
    ///
    /// # Errors
    /// The first fault.
    pub fn policy(self, set: &Value) -> Result<Policy, Fault> {
        only(set, &["acr"])?;
        let rules = optional(set, "acr", |acr| {
            list(acr, MAX_RULES, |value| match (rule(value), self) {
                (Ok(rule), _) => Ok(Slot::Rule(rule)),
                (Err(fault), Self::Stored) => Ok(Slot::Unreadable(fault)),
                (Err(fault), Self::Strict) => Err(fault),
            })
        })?;
        Ok(Policy { rules: rules.unwrap_or_default() })
    }
}

fn rule(value: &Value) -> Result<Rule, Fault> {
    only(value, &["acor", "acop", "acco", "acod", "acaf", "aca"])?;
    Ok(Rule {
        originators: required(value, "acor", |acor| list(acor, MAX_ORIGINATORS, originator))?,
        operations: required(value, "acop", |acop| {
            let bits = tree::unsigned(acop).ok_or(What::Kind("a number"))?;
            Ok(Operations::new(bits).ok_or(What::Operations)?)
        })?,
        contexts: optional(value, "acco", |acco| list(acco, MAX_CONTEXTS, context))?,
        objects: optional(value, "acod", |acod| list(acod, MAX_OBJECTS, object))?,
        authenticated: optional(value, "acaf", flag)?.unwrap_or(false),
        attributes: tree::member(value, "aca").is_some(),
    })
}

fn originator(value: &Value) -> Result<Originator, Fault> {
    Ok(Originator::parse(text(value)?).ok_or(What::Originator)?)
}

fn context(value: &Value) -> Result<Context, Fault> {
    const UNSUPPORTED: [&str; 3] = ["acui", "acec", "acl"];
    only(value, &["actw", "acip", "aclr", "acui", "acec", "acl"])?;
    Ok(Context {
        windows: optional(value, "actw", |actw| {
            list(actw, MAX_WINDOWS, |window| Ok(Window::parse(text(window)?).map_err(What::from)?))
        })?,
        addresses: optional(value, "acip", addresses)?,
        region: optional(value, "aclr", region)?,
        unsupported: UNSUPPORTED.iter().any(|name| tree::member(value, name).is_some()),
    })
}

fn addresses(value: &Value) -> Result<Addresses, Fault> {
    only(value, &["ipv4", "ipv6"])?;
    let v4 = |block: &Value| Ok(Addresses::parse_v4(text(block)?).map_err(What::from)?);
    let v6 = |block: &Value| Ok(Addresses::parse_v6(text(block)?).map_err(What::from)?);
    Ok(Addresses {
        v4: optional(value, "ipv4", |blocks| list(blocks, MAX_ADDRESSES, v4))?.unwrap_or_default(),
        v6: optional(value, "ipv6", |blocks| list(blocks, MAX_ADDRESSES, v6))?.unwrap_or_default(),
    })
}

fn region(value: &Value) -> Result<Region, Fault> {
    only(value, &["accr", "accc"])?;
    let circle = optional(value, "accr", |accr| {
        let numbers = list(accr, 3, |number| Ok(tree::number(number).ok_or(What::Circle)?))?;
        let &[latitude, longitude, radius] = &numbers[..] else { return Err(What::Circle.into()) };
        let centre = Point::new(latitude, longitude);
        Ok(centre.and_then(|centre| Region::circle(centre, radius)).ok_or(What::Circle)?)
    })?;
    let countries = optional(value, "accc", |accc| {
        list(accc, MAX_COUNTRIES, |code| Ok(Country::parse(text(code)?).ok_or(What::Country)?))
    })?;
    Ok(one_of(circle, countries.map(Region::Countries)).ok_or(What::Choice("accr", "accc"))?)
}

fn object(value: &Value) -> Result<ObjectDetail, Fault> {
    only(value, &["ty", "spty", "chty"])?;
    let detail = ObjectDetail {
        resource_type: optional(value, "ty", resource_type)?,
        specialization: optional(value, "spty", specialization)?,
        child_types: required(value, "chty", |chty| list(chty, MAX_TYPES, resource_type))?,
    };
    let specialized = detail.resource_type.is_some_and(|ty| SPECIALIZED.contains(&ty));
    if specialized && detail.specialization.is_none() {
        return Err(What::NeedsSpecialization.into());
    }
    Ok(detail)
}

fn specialization(value: &Value) -> Result<Specialization, Fault> {
    only(value, &["cnd", "mgd"])?;
    let container = optional(value, "cnd", |cnd| {
        let definition = text(cnd)?;
        let fits = (1..=MAX_SPECIALIZATION).contains(&definition.len());
        Ok(fits.then(|| definition.into()).ok_or(What::Kind("a definition of 1 to 256 bytes"))?)
    })?;
    let management = optional(value, "mgd", |mgd| {
        let number = tree::unsigned(mgd).and_then(|number| u32::try_from(number).ok());
        Ok(number.ok_or(What::Kind("a number"))?)
    })?;
    let one = one_of(
        container.map(Specialization::Container),
        management.map(Specialization::Management),
    );
    Ok(one.ok_or(What::Choice("cnd", "mgd"))?)
}

fn resource_type(value: &Value) -> Result<u16, Fault> {
    let number = tree::unsigned(value).and_then(|number| u16::try_from(number).ok());
    Ok(number.ok_or(What::Kind("a resource type"))?)
}

fn text(value: &Value) -> Result<&str, Fault> {
    Ok(tree::text(value).ok_or(What::Kind("text"))?)
}

fn flag(value: &Value) -> Result<bool, Fault> {
    Ok(tree::flag(value).ok_or(What::Kind("true or false"))?)
}

fn one_of<T>(first: Option<T>, second: Option<T>) -> Option<T> {
    first.xor(second)
}

/// An object with no members but these.
fn only(value: &Value, known: &[&str]) -> Result<(), Fault> {
    let mut members = tree::members(value).ok_or(What::Kind("an object"))?;
    match members.find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => Err(Fault::from(What::Unknown).below(Short(name))),
        None => Ok(()),
    }
}

fn optional<'v, T>(
    value: &'v Value,
    name: &str,
    read: impl FnOnce(&'v Value) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    tree::member(value, name).map(read).transpose().map_err(|fault| fault.below(name))
}

fn required<'v, T>(
    value: &'v Value,
    name: &str,
    read: impl FnOnce(&'v Value) -> Result<T, Fault>,
) -> Result<T, Fault> {
    optional(value, name, read)?.ok_or_else(|| Fault::from(What::Missing).below(name))
}

fn list<'v, T>(
    value: &'v Value,
    max: usize,
    read: impl Fn(&'v Value) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let items = tree::items(value).ok_or(What::Kind("a list"))?;
    if items.len() > max {
        return Err(What::TooMany(max).into());
    }
    let item = |(index, item)| read(item).map_err(|fault| fault.below(format_args!("[{index}]")));
    items.iter().enumerate().map(item).collect()
}

/// A name that a stranger chose: its first characters, without control characters.
struct Short<'a>(&'a str);

impl Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 32;
        self.0.chars().take(SHOWN).try_for_each(|c| write!(f, "{}", c.escape_debug()))
    }
}
