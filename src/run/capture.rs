//! Which nodes a capture listens to.

use std::ops::Range;

use crate::scenario::{Plan, nearest, quote};

/// The nodes that a capture listens to: all, one group, or one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection(pub(super) Range<u32>);

/// There is no such node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no node {given} in this scenario\n  hint: {hint}")]
pub struct UnknownNode {
    given: String,
    hint: String,
}

impl Selection {
    /// What `text` means in `plan`: `all`, the name of a group (every node of it), or that of a node,
    /// `GROUP-NUMBER` as in its identity. A group that is called `all` is reached by its nodes only.
    ///
    /// # Errors
    /// If there is no such node or group.
    pub fn find(plan: &Plan, text: &str) -> Result<Self, UnknownNode> {
        let groups = groups(plan);
        if text == "all" {
            return Ok(Self(0..groups.last().map_or(0, |(_, nodes)| nodes.end)));
        }
        let group = |name: &str| groups.iter().find(|(known, _)| *known == name);
        if let Some((_, nodes)) = group(text) {
            return Ok(Self(nodes.clone()));
        }
        let member = text.rsplit_once('-').and_then(|(name, number)| {
            let nodes = &group(name)?.1;
            // As it is written in an identity: `+7` and `07` are no numbers of nodes.
            let member = number.parse::<u32>().ok().filter(|n| n.to_string() == number)?;
            let node = nodes.start.checked_add(member)?;
            nodes.contains(&node).then_some(Self(node..node + 1))
        });
        member.ok_or_else(|| UnknownNode { given: quote(text), hint: hint(&groups, text) })
    }
}

/// The groups with the numbers of their nodes, in the order in which a world is built.
fn groups(plan: &Plan) -> Vec<(&str, Range<u32>)> {
    let cses = plan.cses.iter().map(|cse| (cse.name.as_str(), 1));
    let gateways = plan.gateways.iter().map(|gateway| (gateway.name.as_str(), gateway.count));
    let fleets = plan.fleets.iter().map(|fleet| (fleet.name.as_str(), fleet.count));
    let mut next = 0;
    let numbered = cses.chain(gateways).chain(fleets).map(|(name, count)| {
        let first = next;
        next += count;
        (name, first..next)
    });
    numbered.collect()
}

fn hint(groups: &[(&str, Range<u32>)], text: &str) -> String {
    let number = |text: &str| text.parse::<u32>().ok();
    let (name, member) = match text.rsplit_once('-') {
        Some((name, digits)) if number(digits).is_some() => (name, number(digits)),
        _ => (text, None),
    };
    let known = || groups.iter().map(|(name, _)| *name);
    let Some(near) = nearest(name, known()) else {
        let names: Vec<_> = known().map(quote).collect();
        return format!(
            "`all`, or one of {}, or one node of them such as `{}-0`",
            names.join(", "),
            groups.last().map_or("", |(name, _)| name)
        );
    };
    let last =
        groups.iter().find(|(name, _)| *name == near).map_or(0, |(_, nodes)| nodes.len() - 1);
    match member {
        Some(member) if member as usize <= last => format!("did you mean `{near}-{member}`?"),
        Some(_) => format!("the nodes of `{near}` are `{near}-0` to `{near}-{last}`"),
        None => format!("did you mean `{near}`?"),
    }
}
