//! What a CSE is told at its start.

use crate::onem2m::tree::time::Epoch;
use crate::wire::primitive::Release;

/// Who a CSE is, and whom it lets in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The M2M-SP-ID, such as `//sp.example.com`.
    pub domain: String,
    /// The CSE-ID, such as `/id-in`.
    pub cse_id: String,
    /// The name of the CSEBase, such as `cse-in`.
    pub name: String,
    /// cst: 1 IN-CSE, 2 MN-CSE, 3 ASN-CSE.
    pub kind: u8,
    /// The CSE-ID of the CSE that this one is registered with. What is not known here goes there.
    pub registrar: Option<String>,
    /// Where that CSE is reached.
    pub registrar_addresses: Vec<String>,
    /// Where this CSE is reached (poa).
    pub addresses: Vec<String>,
    /// An originator who may do everything with whatever has no policy of its own. It gets a policy like
    /// any other would; no code asks for its name.
    pub administrator: Option<String>,
    /// Everybody may do everything with whatever has no policy of its own: a fresh installation that nobody
    /// closed.
    pub open: bool,
    /// The CSEs that may register, by CSE-ID.
    pub remotes: Vec<String>,
    /// AEs register only where the policies of the CSEBase let them create; else any AE may.
    pub closed: bool,
    /// Requests without a security association are refused.
    pub association_required: bool,
    /// Where virtual time begins on the calendar.
    pub epoch: Epoch,
}

impl Config {
    /// The releases whose requests are served.
    pub const RELEASES: [Release; 4] = [Release::R2a, Release::R3, Release::R4, Release::R5];

    /// Whether an address is that of the CSEBase: CSE-relative, SP-relative or absolute (TS-0001 clause 7.2).
    #[must_use]
    pub fn is_base(&self, to: &str) -> bool {
        let relative = to.strip_prefix(self.domain.as_str()).unwrap_or(to);
        let below =
            relative.strip_prefix(self.cse_id.as_str()).and_then(|rest| rest.strip_prefix('/'));
        below.unwrap_or(relative) == self.name
    }

    /// An IN-CSE by itself.
    #[must_use]
    pub fn infrastructure(domain: &str, cse_id: &str, name: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            cse_id: cse_id.to_owned(),
            name: name.to_owned(),
            kind: 1,
            registrar: None,
            registrar_addresses: Vec::new(),
            addresses: Vec::new(),
            administrator: None,
            open: false,
            remotes: Vec::new(),
            closed: false,
            association_required: false,
            epoch: Epoch::default(),
        }
    }
}

/// Why a CSE does not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartFault {
    /// The M2M-SP-ID or the CSE-ID has another form than `//sp.example.com` and `/id-in`.
    #[error("the domain or the CSE-ID has another form than //sp.example.com and /id-in")]
    Identity,
    /// The name of the CSEBase is no resource name.
    #[error("the name of the CSEBase is no resource name")]
    Name,
    /// The administrator is no originator.
    #[error("the administrator is no originator")]
    Administrator,
    /// The store holds the resources of another CSE.
    #[error("the store holds the resources of another CSE")]
    OtherCse,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::onem2m::tree::StoreFault),
}
