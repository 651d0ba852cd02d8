//! Who asks, and whether it may say so (TS-0003 clauses 7.1.2 and 7.2).

use super::refusal::{
    ASSOCIATION, FOREIGN, IMPERSONATION, NO_ORIGINATOR, ORIGINATOR, REGISTRATION, Refusal,
};
use super::task::Asker;
use super::{Cse, Hop};
use crate::onem2m::access::{Home, Identity};
use crate::onem2m::limits::MAX_STEM;
use crate::onem2m::tree::{Store, ty};
use crate::wire::primitive::{Operation, Request};

/// What `fr` may be when an AE registers for the first time: the CSE, or the service provider, is to
/// choose its identifier.
const UNASSIGNED: [&str; 2] = ["C", "S"];

/// Reads an identifier; `None` for what is none.
pub(super) fn parse(text: &str, home: &Home) -> Option<Identity> {
    Identity::parse(text, home).filter(|_| text.len() <= 2 * MAX_STEM)
}

impl<S: Store> Cse<S> {
    /// The originator of a request that came over `hop`.
    pub(super) fn asker(&self, hop: &Hop<'_>, request: &Request) -> Result<Asker, Refusal> {
        if hop.identity.is_none() && self.config.association_required {
            return Err(ASSOCIATION);
        }
        let proven = match hop.identity {
            Some(text) => Some(parse(text, &self.home).ok_or(ORIGINATOR)?),
            None => None,
        };
        let mut asker = Asker { address: hop.address, ..Asker::default() };
        let proven_short = proven.as_ref().map(|identity| self.short(identity));
        let over_cse = proven_short.as_deref().is_some_and(|id| self.is_cse(id));
        let registration = request.operation == Operation::Create
            && request.resource_type.is_some_and(|kind| kind.0 == ty::AE);
        match request.from.as_deref() {
            None if registration && !over_cse => {}
            None => return Err(NO_ORIGINATOR),
            Some(from) if UNASSIGNED.contains(&from) => {
                if !registration || over_cse {
                    return Err(ORIGINATOR);
                }
                asker.short = None;
            }
            // The usual case, read once: an entity over its own association, by the name authenticated.
            Some(from) if hop.identity == Some(from) && !over_cse => {
                asker.identity = proven;
                asker.short.clone_from(&proven_short);
                asker.proven = proven_short;
                asker.authenticated = true;
                return Ok(asker);
            }
            Some(from) => {
                let identity = parse(from, &self.home).ok_or(ORIGINATOR)?;
                asker.short = Some(self.short(&identity));
                asker.identity = Some(identity);
            }
        }
        if over_cse {
            self.check_cse(&mut asker, proven_short, request)?;
            asker.authenticated |= hop.end_to_end;
            return Ok(asker);
        }
        // An entity's own association: From is whom it authenticated (clause 7.2).
        if let (Some(proven), Some(identity)) = (&proven, &asker.identity)
            && proven != identity
        {
            return Err(IMPERSONATION);
        }
        asker.authenticated = proven.is_some() || hop.end_to_end;
        asker.proven = proven_short;
        Ok(asker)
    }

    /// A hop between CSEs: From may be anybody beyond it, but none of ours, and the CSE is registered or
    /// about to register.
    fn check_cse(
        &self,
        asker: &mut Asker,
        hop: Option<String>,
        request: &Request,
    ) -> Result<(), Refusal> {
        let short = asker.short.as_deref().ok_or(NO_ORIGINATOR)?;
        let Some(cse) = hop else { return Err(ORIGINATOR) };
        if short == self.config.cse_id
            || !short.starts_with('/') && self.store.aliased(short)?.is_some()
        {
            return Err(FOREIGN);
        }
        let local = format!("{}/", self.config.cse_id);
        if short.starts_with(&local) || short.starts_with('C') {
            return Err(FOREIGN);
        }
        let registers = request.operation == Operation::Create
            && request.resource_type.is_some_and(|kind| kind.0 == ty::CSR)
            && short == cse;
        let known = self.remotes.contains_key(&cse) || self.config.registrar.as_ref() == Some(&cse);
        if !known && !registers {
            return Err(REGISTRATION);
        }
        // The registered CSE itself is authenticated by its association; who is behind it, end to end.
        asker.authenticated = short == cse;
        asker.hop = Some(cse);
        Ok(())
    }

    /// The form in which identifiers are kept: the AE-ID stem for AEs of this CSE and for AEs whose stem
    /// the service provider assigned; SP-relative in this domain; else absolute.
    pub(super) fn short(&self, identity: &Identity) -> String {
        let (domain, first, second) = identity.segments();
        if self.config.domain.strip_prefix("//") != Some(domain) {
            return identity.to_string();
        }
        match second {
            Some(stem) if self.config.cse_id.strip_prefix('/') == Some(first) => stem.to_owned(),
            Some(second) => format!("/{first}/{second}"),
            // An AE-ID that the service provider assigned.
            None if first.starts_with('S') => first.to_owned(),
            None => format!("/{first}"),
        }
    }

    /// An SP-relative or absolute identifier of one segment is a CSE's, unless it is an AE-ID stem.
    pub(super) fn is_cse(&self, short: &str) -> bool {
        let segments = short.trim_start_matches('/').split('/').count();
        let absolute = short.starts_with("//");
        short.starts_with('/') && segments == if absolute { 2 } else { 1 }
    }

    /// The form in which an originator is known outside this CSE.
    pub(super) fn outside(&self, short: &str) -> String {
        match short {
            _ if short.starts_with('/') => short.to_owned(),
            _ if short.starts_with('S') => format!("/{short}"),
            _ => format!("{}/{short}", self.config.cse_id),
        }
    }
}
