//! An object: members in order, each name once.

use super::Value;

/// Members in the order in which they were added, with unique names. Equality does not ask for the order:
/// the members of an object have none in JSON and CBOR.
#[derive(Clone, Debug, Default)]
pub struct Map {
    members: Vec<(String, Value)>,
}

impl Map {
    /// An object without members.
    #[must_use]
    pub const fn new() -> Self {
        Self { members: Vec::new() }
    }

    /// An object with one member.
    #[must_use]
    pub fn of(name: &str, value: Value) -> Self {
        Self { members: vec![(name.to_owned(), value)] }
    }

    /// An object of these members.
    ///
    /// # Errors
    /// Gives back the first name that stands there twice.
    pub fn from_members(members: Vec<(String, Value)>) -> Result<Self, String> {
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(pair[0].to_owned()),
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
    pub fn insert(&mut self, name: impl Into<String>, value: Value) -> Option<Value> {
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
        self.members.iter().map(|(name, value)| (name.as_str(), value))
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

impl IntoIterator for Map {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

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
