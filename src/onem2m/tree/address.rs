//! How resources are named: identifiers, structured and unstructured addresses (TS-0001 clause 7.2).

use super::record::Head;
use super::store::{Id, Node, Store, StoreFault};
use super::types::{Types, ty};
use crate::onem2m::limits::MAX_TREE_DEPTH;

/// The address of the CSEBase that stands for its name (TS-0004 clause 6.2.3).
const CSE_BASE: &str = "-";

/// ri: what the resource is called wherever it is.
///
/// # Errors
/// A failure of the store.
pub fn identifier(store: &impl Store, id: Id) -> Result<String, StoreFault> {
    let node = store.node(id)?.ok_or(StoreFault::Absent)?;
    let head = Head::read(&node.body).ok_or(StoreFault::Damaged)?;
    Ok(identifier_of(id, &node, &head))
}

/// ri of a resource that was read already.
#[must_use]
pub fn identifier_of(id: Id, node: &Node<'_>, head: &Head<'_>) -> String {
    head.alias.map_or_else(|| made(id, node.ty), str::to_owned)
}

/// The place of a resource in memory: small numbers, used again.
#[must_use]
pub const fn place(id: Id) -> u32 {
    let [.., a, b, c, d] = id.0.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// An identifier made from type and place: `cnt17`, or `cnt17-2` when the place was used twice before.
fn made(id: Id, kind: u16) -> String {
    let stem = Types::shipped().numbered(kind).map_or("res", |kind| kind.stem());
    let (generation, place) = (id.0 >> 32, id.0 & u64::from(u32::MAX));
    if generation == 0 { format!("{stem}{place}") } else { format!("{stem}{place}-{generation}") }
}

/// The place that a made identifier names, if a resource of that type is there.
fn find_made(store: &impl Store, text: &str) -> Result<Option<Id>, StoreFault> {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let (place, generation) = digits.split_once('-').unwrap_or((digits, "0"));
    let (Ok(place), Ok(generation)) = (place.parse::<u32>(), generation.parse::<u32>()) else {
        return Ok(None);
    };
    let id = Id(u64::from(generation) << 32 | u64::from(place));
    let Some(node) = store.node(id)? else { return Ok(None) };
    let head = Head::read(&node.body).ok_or(StoreFault::Damaged)?;
    Ok((head.alias.is_none() && made(id, node.ty) == text).then_some(id))
}

/// The resource with this identifier.
///
/// # Errors
/// A failure of the store.
pub fn by_identifier(store: &impl Store, text: &str) -> Result<Option<Id>, StoreFault> {
    store.aliased(text)?.map_or_else(|| find_made(store, text), |id| Ok(Some(id)))
}

/// The child of this name.
///
/// # Errors
/// A failure of the store.
pub fn child(store: &impl Store, parent: Id, name: &str) -> Result<Option<Id>, StoreFault> {
    if let Some(id) = store.named(parent, name)? {
        return Ok(Some(id));
    }
    // A child without a name of its own is called by its identifier.
    let Some(id) = by_identifier(store, name)? else { return Ok(None) };
    let Some(node) = store.node(id)? else { return Ok(None) };
    let head = Head::read(&node.body).ok_or(StoreFault::Damaged)?;
    Ok((node.parent == Some(parent) && head.name.is_none()).then_some(id))
}

/// rn: the name among the siblings.
///
/// # Errors
/// A failure of the store.
pub fn name(store: &impl Store, id: Id) -> Result<String, StoreFault> {
    let node = store.node(id)?.ok_or(StoreFault::Absent)?;
    let head = Head::read(&node.body).ok_or(StoreFault::Damaged)?;
    match head.name {
        Some(name) => Ok(name.to_owned()),
        None => identifier(store, id),
    }
}

/// Whether `text` is its name among the siblings.
fn is_called(store: &impl Store, id: Id, text: &str) -> Result<bool, StoreFault> {
    let node = store.node(id)?.ok_or(StoreFault::Absent)?;
    let head = Head::read(&node.body).ok_or(StoreFault::Damaged)?;
    Ok(head.name.map_or_else(|| identifier_of(id, &node, &head) == text, |name| name == text))
}

/// The structured address relative to the CSE: `cse-in/ae/cnt`.
///
/// # Errors
/// A failure of the store.
pub fn structured(store: &impl Store, id: Id) -> Result<String, StoreFault> {
    let mut names = Vec::with_capacity(4);
    let mut next = Some(id);
    while let Some(id) = next {
        names.push(name(store, id)?);
        if names.len() > MAX_TREE_DEPTH + 1 {
            return Err(StoreFault::Damaged);
        }
        next = store.node(id)?.and_then(|node| node.parent);
    }
    names.reverse();
    Ok(names.join("/"))
}

/// How many resources stand above.
///
/// # Errors
/// A failure of the store.
pub fn depth(store: &impl Store, id: Id) -> Result<usize, StoreFault> {
    let mut depth = 0;
    let mut next = store.node(id)?.and_then(|node| node.parent);
    while let Some(id) = next {
        depth += 1;
        next = store.node(id)?.and_then(|node| node.parent);
    }
    Ok(depth)
}

/// What an address within the CSE leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place<'t> {
    /// A resource.
    Resource(Id),
    /// `la` or `ol` of a container.
    Instance(Id, End),
    /// `fopt` of a group, and the rest of the address, with its slash.
    FanOut(Id, &'t str),
}

/// Which of the instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// la
    Latest,
    /// ol
    Oldest,
}

/// The names that no resource may have, since virtual children have them.
pub const RESERVED: [&str; 4] = ["la", "ol", "fopt", "pcu"];

/// Follows a CSE-relative address, structured or not. Names may follow an identifier.
///
/// # Errors
/// A failure of the store. `None` is no such resource, or no such address.
pub fn resolve<'t>(store: &impl Store, to: &'t str) -> Result<Option<Place<'t>>, StoreFault> {
    let (first, mut rest) =
        to.split_once('/').map_or((to, None), |(first, rest)| (first, Some(rest)));
    let Some(root) = store.root()? else { return Ok(None) };
    let base = first == CSE_BASE || is_called(store, root, first)?;
    let start = if base { Some(root) } else { by_identifier(store, first)? };
    let Some(mut id) = start else { return Ok(None) };
    while let Some(path) = rest {
        let (segment, after) =
            path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let kind = store.node(id)?.map(|node| node.ty);
        match (kind, segment, after) {
            (Some(ty::CNT), "la", None) => return Ok(Some(Place::Instance(id, End::Latest))),
            (Some(ty::CNT), "ol", None) => return Ok(Some(Place::Instance(id, End::Oldest))),
            (Some(ty::GRP), "fopt", _) => {
                let below = path.strip_prefix(segment).unwrap_or_default();
                return Ok(Some(Place::FanOut(id, below)));
            }
            _ => {}
        }
        let Some(found) = child(store, id, segment)? else { return Ok(None) };
        (id, rest) = (found, after);
    }
    Ok(Some(Place::Resource(id)))
}
