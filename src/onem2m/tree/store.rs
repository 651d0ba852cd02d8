//! What a tree of resources needs of the place where they are kept.

use std::borrow::Cow;

/// A resource's place in its store, never used for another resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u64);

/// The two lists of children that a resource has, each in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// contentInstances.
    Instances,
    /// All others.
    Others,
}

impl Family {
    /// The list that a child of this type is in.
    #[must_use]
    pub const fn of(ty: u16) -> Self {
        if ty == super::types::ty::CIN { Self::Instances } else { Self::Others }
    }
}

/// A resource as it is kept.
#[derive(Clone, Debug)]
pub struct Node<'s> {
    /// Its parent; `None` for the CSEBase.
    pub parent: Option<Id>,
    /// ty
    pub ty: u16,
    /// The bytes of its [`Record`](super::Record).
    pub body: Cow<'s, [u8]>,
}

/// A resource to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its parent; `None` for the CSEBase.
    pub parent: Option<Id>,
    /// ty
    pub ty: u16,
    /// The bytes of its [`Record`](super::Record); name and alias in there are what it is found by.
    pub body: &'a [u8],
}

/// Why a store did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// It cannot hold more.
    #[error("the store is full")]
    Full,
    /// There is no resource in this place.
    #[error("no such resource")]
    Absent,
    /// What it holds cannot be understood.
    #[error("a resource is damaged")]
    Damaged,
    /// The database under it failed.
    #[error("the database failed: {0}")]
    Database(String),
}

/// The place where resources are kept.
pub trait Store {
    /// The CSEBase.
    ///
    /// # Errors
    /// Any failure of the store; so for all other functions.
    fn root(&self) -> Result<Option<Id>, StoreFault>;

    /// A resource.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn node(&self, id: Id) -> Result<Option<Node<'_>>, StoreFault>;

    /// Keeps a new resource as the last of its parent's children.
    ///
    /// # Errors
    /// [`StoreFault::Full`], [`StoreFault::Absent`] without that parent.
    fn insert(&mut self, entry: Entry<'_>) -> Result<Id, StoreFault>;

    /// Other bytes for a resource; its name and alias stay what they are.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn replace(&mut self, id: Id, body: &[u8]) -> Result<(), StoreFault>;

    /// Changes some of a resource's bytes, not their number.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn patch(&mut self, id: Id, change: impl FnOnce(&mut [u8])) -> Result<(), StoreFault>;

    /// Drops a resource that has no children.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn remove(&mut self, id: Id) -> Result<(), StoreFault>;

    /// The child that was kept with this name.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn named(&self, parent: Id, name: &str) -> Result<Option<Id>, StoreFault>;

    /// The resource that was kept with this alias.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn aliased(&self, alias: &str) -> Result<Option<Id>, StoreFault>;

    /// The oldest child.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn first(&self, parent: Id, family: Family) -> Result<Option<Id>, StoreFault>;

    /// The newest child.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn last(&self, parent: Id, family: Family) -> Result<Option<Id>, StoreFault>;

    /// The next younger sibling of the same family.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn next(&self, id: Id) -> Result<Option<Id>, StoreFault>;

    /// The subscriptions among the children, oldest first.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn subscriptions(&self, parent: Id) -> Result<Vec<Id>, StoreFault>;

    /// How many resources there are.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn count(&self) -> Result<u64, StoreFault>;

    /// What follows belongs together, up to [`commit`](Self::commit) or [`rollback`](Self::rollback).
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn begin(&mut self) -> Result<(), StoreFault> {
        Ok(())
    }

    /// What belongs together is done.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn commit(&mut self) -> Result<(), StoreFault> {
        Ok(())
    }

    /// What belongs together is undone, by a store that can.
    ///
    /// # Errors
    /// See [`root`](Self::root).
    fn rollback(&mut self) -> Result<(), StoreFault> {
        Ok(())
    }
}
