//! Where the resources of devices stand, as all who ask for them know.

use super::layout::{Layout, NodeId};
use crate::onem2m::device;
use crate::sim::time::Duration;

/// The AE-ID of the head end.
pub(super) const HEAD_END: &str = "Cheadend";

/// How the members of a group use the service layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceSetting {
    /// They register themselves and make their own resources; otherwise these are provisioned.
    pub registers: bool,
    /// The CSE beside which the head end runs that their resources are made known to.
    pub head_end: Option<NodeId>,
    /// They report to containers below the head end, by way of their registrar.
    pub reports_up: bool,
    /// From when on the head end subscribes to their containers.
    pub subscribed: Option<Duration>,
}

impl Layout {
    /// The address below which `device` keeps its resources, for requests to its registrar.
    pub(super) fn base(&self, device: NodeId) -> String {
        let service = &self.group(device).service;
        match service.head_end.filter(|_| service.reports_up) {
            Some(cse) => format!("{}/{}/{HEAD_END}", self.entity(cse), self.cse_name(cse)),
            None => {
                let cse = self.cse_name(self.place(device).registrar);
                format!("{cse}/{}", self.originator(device))
            }
        }
    }

    /// The name of `device`'s container below its base.
    pub(super) fn container_name(&self, device: NodeId) -> String {
        if self.group(device).service.reports_up {
            format!("data-{}", self.identity(device))
        } else {
            device::CONTAINER.to_owned()
        }
    }

    /// The name of its policy there.
    pub(super) fn policy_name(&self, device: NodeId) -> String {
        if self.group(device).service.reports_up {
            format!("policy-{}", self.identity(device))
        } else {
            "policy".to_owned()
        }
    }

    /// The address of `device`'s container, for requests to its registrar.
    #[must_use]
    pub fn container(&self, device: NodeId) -> String {
        format!("{}/{}", self.base(device), self.container_name(device))
    }

    /// `device` as an originator where its resources are kept.
    #[must_use]
    pub fn originator_there(&self, device: NodeId) -> String {
        let stem = self.originator(device);
        let (service, registrar) = (&self.group(device).service, self.place(device).registrar);
        if service.reports_up && service.head_end != Some(registrar) {
            format!("{}/{stem}", self.entity(registrar))
        } else {
            stem
        }
    }

    /// The head end as an originator where the resources of `device` are kept.
    pub(super) fn reader_there(&self, device: NodeId) -> Option<String> {
        let service = &self.group(device).service;
        let cse = service.head_end?;
        let is_here = service.reports_up || self.place(device).registrar == cse;
        Some(if is_here { HEAD_END.to_owned() } else { format!("{}/{HEAD_END}", self.entity(cse)) })
    }
}
