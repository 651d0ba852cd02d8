//! Resources in memory: 56 bytes and one string of bytes each, found by place without a search.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::Hasher as _;

use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

use super::record::Head;
use super::store::{Entry, Family, Id, Node, Store, StoreFault};
use super::types::ty;

/// No place.
const NONE: u32 = u32::MAX;
/// Resources in one piece of memory.
const CHUNK: usize = 4_096;

/// A place, with a resource in it or free.
#[derive(Debug, Default)]
struct Slot {
    /// How often the place was used before.
    generation: u32,
    parent: u32,
    before: u32,
    after: u32,
    /// First and last of the instances, then of the other children.
    ends: [[u32; 2]; 2],
    ty: u16,
    /// `None` if the place is free.
    body: Option<Box<[u8]>>,
}

/// The store. Its tables are found by a keyed hash and never walked, so that the key shows in nothing.
#[derive(Debug)]
pub struct Memory {
    key: [u64; 2],
    chunks: Vec<Vec<Slot>>,
    free: Vec<u32>,
    used: u64,
    root: u32,
    names: HashTable<u32>,
    aliases: HashTable<u32>,
    subscriptions: BTreeMap<u32, Vec<u32>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new([0x6b65_7973_746f_726d, 0x6f6e_654d_324d_2e00])
    }
}

impl Memory {
    /// An empty store. A secret `key` keeps strangers from choosing names that collide.
    #[must_use]
    pub const fn new(key: [u64; 2]) -> Self {
        Self {
            key,
            chunks: Vec::new(),
            free: Vec::new(),
            used: 0,
            root: NONE,
            names: HashTable::new(),
            aliases: HashTable::new(),
            subscriptions: BTreeMap::new(),
        }
    }

    fn slot(&self, at: u32) -> Option<&Slot> {
        self.chunks.get(at as usize / CHUNK)?.get(at as usize % CHUNK)
    }

    fn slot_mut(&mut self, at: u32) -> Option<&mut Slot> {
        self.chunks.get_mut(at as usize / CHUNK)?.get_mut(at as usize % CHUNK)
    }

    /// The place of a resource that is still there.
    fn find(&self, id: Id) -> Option<(u32, &Slot)> {
        let (generation, at) = parts(id);
        let slot = self.slot(at)?;
        (slot.generation == generation && slot.body.is_some()).then_some((at, slot))
    }

    fn id(&self, at: u32) -> Option<Id> {
        let slot = self.slot(at)?;
        Some(Id(u64::from(slot.generation) << 32 | u64::from(at)))
    }

    fn hash(&self, parent: u32, text: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.key[0], self.key[1]);
        hasher.write_u32(parent);
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    fn head(&self, at: u32) -> Option<Head<'_>> {
        Head::read(self.slot(at)?.body.as_deref()?)
    }

    fn is_named(&self, at: u32, parent: u32, name: &str) -> bool {
        self.slot(at).is_some_and(|slot| slot.parent == parent)
            && self.head(at).is_some_and(|head| head.name == Some(name))
    }

    fn is_aliased(&self, at: u32, alias: &str) -> bool {
        self.head(at).is_some_and(|head| head.alias == Some(alias))
    }

    /// A free place, a used one first.
    fn place(&mut self) -> Result<u32, StoreFault> {
        if let Some(at) = self.free.pop() {
            return Ok(at);
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            // The first one grows as it must: most CSEs of a simulation are small.
            let room = if self.chunks.is_empty() { 16 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        let before = (self.chunks.len() - 1) * CHUNK;
        let chunk = self.chunks.last_mut().ok_or(StoreFault::Full)?;
        let at = u32::try_from(before + chunk.len()).map_err(|_| StoreFault::Full)?;
        if at == NONE {
            return Err(StoreFault::Full);
        }
        chunk.push(Slot::default());
        Ok(at)
    }

    /// Enters a resource into the tables.
    fn enter(&mut self, at: u32, name: Option<&str>, alias: Option<&str>) {
        let parent = self.slot(at).map_or(NONE, |slot| slot.parent);
        for (is_name, text) in [(true, name), (false, alias)] {
            let Some(text) = text else { continue };
            let hash = self.hash(if is_name { parent } else { NONE }, text);
            let mut table =
                std::mem::take(if is_name { &mut self.names } else { &mut self.aliases });
            table.insert_unique(hash, at, |&at| self.rehash(at, is_name));
            *if is_name { &mut self.names } else { &mut self.aliases } = table;
        }
    }

    fn rehash(&self, at: u32, is_name: bool) -> u64 {
        let head = self.head(at);
        let text = head.and_then(|head| if is_name { head.name } else { head.alias });
        let parent = self.slot(at).map_or(NONE, |slot| slot.parent);
        self.hash(if is_name { parent } else { NONE }, text.unwrap_or_default())
    }

    /// Takes a resource out of the tables.
    fn leave(&mut self, at: u32) {
        let hashes = [true, false].map(|is_name| self.rehash(at, is_name));
        let [names, aliases] = hashes;
        if let Ok(entry) = self.names.find_entry(names, |&found| found == at) {
            entry.remove();
        }
        if let Ok(entry) = self.aliases.find_entry(aliases, |&found| found == at) {
            entry.remove();
        }
    }

    /// Sets what stands before and after in a list of children.
    fn link(&mut self, parent: u32, family: usize, before: u32, after: u32) {
        match self.slot_mut(before) {
            Some(slot) => slot.after = after,
            None => self.set_end(parent, family, 0, after),
        }
        match self.slot_mut(after) {
            Some(slot) => slot.before = before,
            None => self.set_end(parent, family, 1, before),
        }
    }

    fn set_end(&mut self, parent: u32, family: usize, end: usize, at: u32) {
        let ends = self.slot_mut(parent).and_then(|slot| slot.ends.get_mut(family));
        if let Some(end) = ends.and_then(|ends| ends.get_mut(end)) {
            *end = at;
        }
    }

    fn end(&self, parent: Id, family: Family, end: usize) -> Result<Option<Id>, StoreFault> {
        let (_, slot) = self.find(parent).ok_or(StoreFault::Absent)?;
        let at = slot.ends.get(family as usize).and_then(|ends| ends.get(end));
        Ok(at.and_then(|at| self.id(*at)))
    }
}

fn parts(id: Id) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = id.0.to_be_bytes();
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
}

impl Store for Memory {
    fn root(&self) -> Result<Option<Id>, StoreFault> {
        Ok(self.id(self.root))
    }

    fn node(&self, id: Id) -> Result<Option<Node<'_>>, StoreFault> {
        let Some((_, slot)) = self.find(id) else { return Ok(None) };
        let body = slot.body.as_deref().map(Cow::Borrowed).unwrap_or_default();
        Ok(Some(Node { parent: self.id(slot.parent), ty: slot.ty, body }))
    }

    fn insert(&mut self, entry: Entry<'_>) -> Result<Id, StoreFault> {
        let head = Head::read(entry.body).ok_or(StoreFault::Damaged)?;
        let parent = match entry.parent {
            Some(parent) => self.find(parent).ok_or(StoreFault::Absent)?.0,
            None if self.root == NONE => NONE,
            None => return Err(StoreFault::Full),
        };
        let family = Family::of(entry.ty) as usize;
        let before =
            self.slot(parent).and_then(|slot| slot.ends.get(family)).map_or(NONE, |e| e[1]);
        let at = self.place()?;
        let slot = self.slot_mut(at).ok_or(StoreFault::Full)?;
        *slot = Slot {
            generation: slot.generation,
            parent,
            before,
            after: NONE,
            ends: [[NONE; 2]; 2],
            ty: entry.ty,
            body: Some(entry.body.into()),
        };
        if parent == NONE {
            self.root = at;
        } else {
            self.link(parent, family, before, at);
            self.set_end(parent, family, 1, at);
        }
        self.enter(at, head.name, head.alias);
        if entry.ty == ty::SUB {
            self.subscriptions.entry(parent).or_default().push(at);
        }
        self.used += 1;
        self.id(at).ok_or(StoreFault::Full)
    }

    fn replace(&mut self, id: Id, body: &[u8]) -> Result<(), StoreFault> {
        let (at, _) = self.find(id).ok_or(StoreFault::Absent)?;
        let slot = self.slot_mut(at).ok_or(StoreFault::Absent)?;
        match &mut slot.body {
            Some(old) if old.len() == body.len() => old.copy_from_slice(body),
            other => *other = Some(body.into()),
        }
        Ok(())
    }

    fn patch(&mut self, id: Id, change: impl FnOnce(&mut [u8])) -> Result<(), StoreFault> {
        let (at, _) = self.find(id).ok_or(StoreFault::Absent)?;
        let slot = self.slot_mut(at).ok_or(StoreFault::Absent)?;
        slot.body.as_deref_mut().map(change).ok_or(StoreFault::Absent)
    }

    fn remove(&mut self, id: Id) -> Result<(), StoreFault> {
        let (at, slot) = self.find(id).ok_or(StoreFault::Absent)?;
        let (parent, before, after, kind) = (slot.parent, slot.before, slot.after, slot.ty);
        self.leave(at);
        if parent == NONE {
            self.root = NONE;
        } else {
            self.link(parent, Family::of(kind) as usize, before, after);
        }
        if kind == ty::SUB
            && let Some(all) = self.subscriptions.get_mut(&parent)
        {
            all.retain(|other| *other != at);
            if all.is_empty() {
                self.subscriptions.remove(&parent);
            }
        }
        let slot = self.slot_mut(at).ok_or(StoreFault::Absent)?;
        slot.body = None;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(at);
        self.used -= 1;
        Ok(())
    }

    fn named(&self, parent: Id, name: &str) -> Result<Option<Id>, StoreFault> {
        let (parent, _) = self.find(parent).ok_or(StoreFault::Absent)?;
        let hash = self.hash(parent, name);
        let found = self.names.find(hash, |&at| self.is_named(at, parent, name));
        Ok(found.and_then(|at| self.id(*at)))
    }

    fn aliased(&self, alias: &str) -> Result<Option<Id>, StoreFault> {
        let found = self.aliases.find(self.hash(NONE, alias), |&at| self.is_aliased(at, alias));
        Ok(found.and_then(|at| self.id(*at)))
    }

    fn first(&self, parent: Id, family: Family) -> Result<Option<Id>, StoreFault> {
        self.end(parent, family, 0)
    }

    fn last(&self, parent: Id, family: Family) -> Result<Option<Id>, StoreFault> {
        self.end(parent, family, 1)
    }

    fn next(&self, id: Id) -> Result<Option<Id>, StoreFault> {
        let (_, slot) = self.find(id).ok_or(StoreFault::Absent)?;
        Ok(self.id(slot.after))
    }

    fn subscriptions(&self, parent: Id) -> Result<Vec<Id>, StoreFault> {
        let (parent, _) = self.find(parent).ok_or(StoreFault::Absent)?;
        let all = self.subscriptions.get(&parent).map(Vec::as_slice).unwrap_or_default();
        Ok(all.iter().filter_map(|at| self.id(*at)).collect())
    }

    fn count(&self) -> Result<u64, StoreFault> {
        Ok(self.used)
    }
}
