//! An object: members in order, each name once.

use std::borrow::Cow;

use super::Value;

/// The name of a member: one that the code or a table knows is not copied.
pub type Name = Cow<'static, str>;

/// Members in the order in which they were added, with unique names. Equality does not ask for the order:
/// the members of an object have none in JSON and CBOR.
#[derive(Clone, Debug, Default)]
pub struct Map {
    members: Vec<(Name, Value)>,
}

impl Map {
    /// An object without members.
    #[must_use]
    pub const fn new() -> Self {
        Self { members: Vec::new() }
    }

    /// An object with one member.
    #[must_use]
    pub fn of(name: impl Into<Name>, value: Value) -> Self {
        Self { members: vec![(name.into(), value)] }
    }

    /// An object of these members.
    ///
    /// # Errors
    /// Gives back the first name that stands there twice.
    pub fn from_members(members: Vec<(Name, Value)>) -> Result<Self, String> {
        let repeated = if members.len() <= FEW { repeated_of_few } else { repeated_of_many };
        match repeated(&members) {
            Some(name) => Err(name.to_owned()),
            None => Ok(Self { members }),
        }
    }

    /// How many members it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// It has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The member with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// Sets a member; gives back what it had been.
    pub fn insert(&mut self, name: impl Into<Name>, value: Value) -> Option<Value> {
        let name = name.into();
        match self.members.iter_mut().find(|(found, _)| *found == name) {
            Some((_, old)) => Some(std::mem::replace(old, value)),
            None => {
                self.members.push((name, value));
                None
            }
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.members.iter().position(|(found, _)| found == name)?;
        Some(self.members.remove(at).1)
    }

    /// The members in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.members.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The only member, if there is just one.
    #[must_use]
    pub fn single(&self) -> Option<(&str, &Value)> {
        match self.members.as_slice() {
            [(name, value)] => Some((name, value)),
            _ => None,
        }
    }
}

/// Up to so many names are compared one by one, which needs no memory.
const FEW: usize = 32;

/// A name that stands there twice. Only names that fall on the same of 64 bits are compared.
fn repeated_of_few(members: &[(Name, Value)]) -> Option<&str> {
    let mut seen = 0_u64;
    for (at, (name, _)) in members.iter().enumerate() {
        let bit = 1 << bit_of(name.as_bytes());
        let before = members.get(..at).unwrap_or_default();
        if seen & bit != 0 && before.iter().any(|(other, _)| other == name) {
            return Some(name);
        }
        seen |= bit;
    }
    None
}

/// Length, first and last letter tell most short names apart.
fn bit_of(name: &[u8]) -> u32 {
    let letter = |letter: Option<&u8>| letter.map_or(0, |letter| u32::from(*letter));
    let mixed = letter(name.first()) * 7 + letter(name.last()) * 3 + letter(name.get(1));
    (mixed ^ u32::try_from(name.len()).unwrap_or(0) << 4) & 63
}

/// The same for names that a stranger may have chosen in any number.
fn repeated_of_many(members: &[(Name, Value)]) -> Option<&str> {
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

impl IntoIterator for Map {
    type Item = (Name, Value);
    type IntoIter = std::vec::IntoIter<(Name, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        let sorted = |map: &'_ Self| {
            let mut order: Vec<usize> = (0..map.members.len()).collect();
            order.sort_unstable_by_key(|at| map.members.get(*at).map(|(name, _)| name.clone()));
            order
        };
        // The usual case first: the same order.
        self.members == other.members
            || self.len() == other.len()
                && sorted(self)
                    .into_iter()
                    .zip(sorted(other))
                    .all(|(ours, theirs)| self.members.get(ours) == other.members.get(theirs))
    }
}
