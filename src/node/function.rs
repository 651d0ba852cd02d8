//! What a MAF or MEF does with the requests of its clients.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::enrolment::key_id;
use super::work::Work;
use crate::association::Association;
use crate::credential::hierarchy::{
    BOOTSTRAP_LABEL, CONNECTION_LABEL, EXPORT_LEN, Ke, RelativeId, split_export,
};
use crate::credential::lifetime::Validity;
use crate::credential::maf::{MafLimits, MafRegistry, write};
use crate::credential::mef::{EnrolmentAnswer, Mef};
use crate::credential::transport::{Asked, Call};
use crate::credential::{Choices, KeyBytes, RelativeKeyId};
use crate::sim::time::Duration;

/// Which function a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// M2M authentication function.
    Maf,
    /// M2M enrolment function.
    Mef,
}

/// The life of an enrolment with a MEF. The standard gives no number.
const ENROLMENT_LIFE: Duration = Duration::from_secs(365 * 24 * 3_600);
/// Registrations before expired ones are looked for.
const PURGE_MIN: usize = 1_024;

/// A MAF or MEF.
pub(super) struct Function {
    registry: Registry,
    /// The last answer to each client, by its number: a request that is repeated is answered alike
    /// (RFC 7252 section 4.5).
    answered: BTreeMap<u32, (u16, Vec<u8>)>,
    purge_at: usize,
}

enum Registry {
    Maf(MafRegistry),
    Mef { mef: Mef, fqdn: String },
}

/// An answer, or the name of a refusal.
type Outcome = Result<Zeroizing<Vec<u8>>, &'static str>;

impl Function {
    pub(super) fn new(kind: Kind, fqdn: &str, kc_lifetime: Duration) -> Self {
        let registry = match kind {
            Kind::Maf => {
                let limits = MafLimits { key_life: kc_lifetime, ..MafLimits::default() };
                Registry::Maf(MafRegistry::new(fqdn, RelativeKeyId::Exported, limits))
            }
            Kind::Mef => {
                Registry::Mef { mef: Mef::new(fqdn, Choices::default()), fqdn: fqdn.to_owned() }
            }
        };
        Self { registry, answered: BTreeMap::new(), purge_at: PURGE_MIN }
    }

    /// A new association of a client: message IDs count within one association (RFC 7252 section 9.1.1).
    pub(super) fn associated(&mut self, client: u32) {
        self.answered.remove(&client);
    }

    /// Answers a request of `subject`, the identity that `association` authenticated.
    pub(super) fn handle(
        &mut self,
        client: u32,
        subject: &str,
        request: &[u8],
        association: &Association,
        work: &mut Work<'_>,
    ) -> Result<Vec<u8>, &'static str> {
        let asked = Asked::parse(request).map_err(|error| error.name())?;
        if let Some((mid, answer)) = self.answered.get(&client)
            && *mid == asked.mid
        {
            return Ok(answer.clone());
        }
        let outcome = match &asked.call {
            Ok(call) => self.carry_out(call, subject, association, work),
            Err(error) => Err(error.name()),
        };
        if let Err(reason) = outcome {
            work.reject(reason);
        }
        let answer = asked.answer(outcome.as_ref().map(|bytes| &bytes[..]).map_err(|name| *name));
        self.answered.insert(client, (asked.mid, answer.clone()));
        Ok(answer)
    }

    fn carry_out(
        &mut self,
        call: &Call,
        subject: &str,
        association: &Association,
        work: &mut Work<'_>,
    ) -> Outcome {
        let counters = &mut work.recorder.counters;
        match &mut self.registry {
            Registry::Maf(registry) => {
                counters.maf_requests += 1;
                let (_, keys) = registry.len();
                if keys >= self.purge_at {
                    registry.purge(work.clock());
                    self.purge_at = (2 * registry.len().1).max(PURGE_MIN);
                }
                ask_maf(registry, call, subject, association, work)
            }
            Registry::Mef { mef, fqdn } => {
                counters.mef_requests += 1;
                ask_mef(mef, fqdn, call, subject, association, work)
            }
        }
    }

    /// The keys of others that it has in its memory.
    pub(super) fn memory_image(&self) -> Vec<u8> {
        match &self.registry {
            Registry::Maf(registry) => registry.memory_image(),
            Registry::Mef { mef, .. } => mef.memory_image(),
        }
    }
}

fn ask_maf(
    registry: &mut MafRegistry,
    call: &Call,
    subject: &str,
    association: &Association,
    work: &mut Work<'_>,
) -> Outcome {
    let now = work.clock();
    let refused = |error: crate::credential::maf::MafRefusal| error.name();
    let written = match call {
        Call::RegisterClient(request) => {
            write(&registry.register_client(now, subject, request, None).map_err(refused)?)
        }
        Call::RegisterKey(request) => {
            let exported = export(association, CONNECTION_LABEL, work);
            let registered = registry.register_key(now, subject, request, exported, work.rng);
            write(&registered.map_err(refused)?)
        }
        Call::RetrieveKey(id) => write(&registry.retrieve_key(now, subject, *id).map_err(refused)?),
        Call::Enrol(_) | Call::Fetch(_) => return Err("function_path"),
    };
    written.map_err(|error| error.name())
}

fn ask_mef(
    mef: &mut Mef,
    fqdn: &str,
    call: &Call,
    subject: &str,
    association: &Association,
    work: &mut Work<'_>,
) -> Outcome {
    let now = work.clock();
    match call {
        Call::Enrol(request) => {
            let (id, ke) = export(association, BOOTSTRAP_LABEL, work).ok_or("no_association")?;
            let validity = Validity::from(now, ENROLMENT_LIFE);
            let enrolled = mef.enrol(now, subject, (id, Ke::new(ke)), validity);
            enrolled.map_err(|error| error.name())?;
            mef.grant(id, &request.target, request.suid).map_err(|error| error.name())?;
            let expiration_time = validity.not_after.0;
            let answer = EnrolmentAnswer { ke_id: key_id(id, fqdn)?, expiration_time };
            write(&answer).map_err(|error| error.name())
        }
        Call::Fetch(path) => {
            let fetched = mef.fetch(now, subject, path).map_err(|error| error.name())?;
            fetched.to_message().map_err(|error| error.name())
        }
        _ => Err("function_path"),
    }
}

/// 48 bytes of an association, taken apart.
fn export(
    association: &Association,
    label: &str,
    work: &mut Work<'_>,
) -> Option<(RelativeId, KeyBytes)> {
    let mut export = Zeroizing::new([0; EXPORT_LEN]);
    let operations = &mut work.operations;
    association.export_without_context(label.as_bytes(), &mut *export, operations).ok()?;
    Some(split_export(&export))
}
