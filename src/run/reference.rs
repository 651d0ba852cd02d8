//! The policy as it was meant, evaluated from who stands where and apart from every access decision of the
//! system: each device may write to its own container, its registrar keeps house, the head end reads.

use std::collections::BTreeMap;

use crate::ledger::property::Permits;
use crate::ledger::{ActorId, Effect, ResourceId, ResourceKind};
use crate::node::{Layout, NodeId, actor, resource};
use crate::sim::time::Time;

/// Who may do what.
pub(super) struct Reference {
    /// Of containers: whose they are.
    owners: BTreeMap<ResourceId, ActorId>,
    /// What nobody owns in particular is for those who have been given an identity.
    population: u32,
}

impl Reference {
    pub(super) fn new(layout: &Layout) -> Self {
        let population = u32::try_from(layout.places.len()).unwrap_or(u32::MAX);
        let mut owners = BTreeMap::new();
        for device in (0..population).map(NodeId) {
            let place = layout.place(device);
            let reports = layout.telemetry_of(device, Time::ZERO).1.is_some();
            let has_user = layout.group(device).visits.is_some();
            if !(reports || has_user) || place.registrar == device {
                continue;
            }
            for host in [place.registrar, layout.root(device)] {
                owners.insert(resource(host, &layout.container(device)), actor(device));
            }
        }
        Self { owners, population }
    }

    /// The names of the containers that somebody owns.
    pub(super) fn containers(&self, layout: &Layout) -> BTreeMap<ResourceId, String> {
        let named = self
            .owners
            .iter()
            .map(|(container, owner)| (*container, layout.container(NodeId(owner.0))));
        named.collect()
    }
}

impl Permits for Reference {
    fn permits(&self, who: ActorId, effect: &Effect, _: Time) -> bool {
        match self.owners.get(&effect.resource) {
            Some(owner) => {
                *owner == who || (who == effect.resource.host && !effect.changes_state())
            }
            None => effect.resource.kind == ResourceKind::Data && who.0 < self.population,
        }
    }
}
