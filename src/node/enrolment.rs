//! How a device comes by the key that it has its association with: from a MAF, from a MEF, or from one
//! after the other (TS-0003 clauses 8.2.2.3, 8.3.2.1 and 8.8.2).
//!
//! A step is an association with a function and a few requests over it; then that association is closed,
//! since the next key must come from another. What is learned lies in the node's store and survives a
//! restart, as in flash.

use zeroize::Zeroizing;

use super::caller::{Caller, Refused, Reply};
use super::client::{Change, FAILURES_MAX};
use super::event::Note;
use super::fetcher::refusal;
use super::function::Kind;
use super::layout::NodeId;
use super::work::Work;
use crate::credential::hierarchy::{
    BOOTSTRAP_LABEL, CONNECTION_LABEL, EXPORT_LEN, RelativeId, split_export,
};
use crate::credential::identifier::{Fqdn, MafKeyId};
use crate::credential::lifetime::Validity;
use crate::credential::maf::{
    ClientRegistered, ClientRegistration, KeyRegistered, KeyRegistration, MafRefusal, read,
};
use crate::credential::mef::{EnrolmentAnswer, EnrolmentRequest};
use crate::credential::store::{Entry, KeyName, StoreError};
use crate::credential::transport::Call;
use crate::credential::{Choices, Derivation, HexCase, KeyBytes, Level, Suid};
use crate::sim::time::{Duration, Time};

/// What a client asks for as the life of its registration; a MAF may grant less.
const REGISTRATION_LIFE: Duration = Duration::from_secs(365 * 24 * 3_600);
/// The name of Ke in the store.
const KE_NAME: &str = "ke";

/// How the members of a group come by the key of their association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Their credential with the next function comes from a MEF; otherwise it is provisioned.
    pub mef: bool,
    /// Their key comes from a MAF; otherwise it is derived from the enrolment with the MEF.
    pub maf: bool,
}

/// The state of one device's enrolment.
pub(super) struct Enrolment {
    /// The association with the function that is being asked.
    caller: Option<Box<Caller>>,
    step: Step,
    /// When the enrolment in progress began.
    started: Time,
    /// The name of the key for the MAF, if it came from a MEF.
    km: Option<Box<str>>,
    registered_until: Time,
    /// Failures in a row.
    failures: u8,
    /// When the key is to be replaced before its end.
    pub(super) renew_at: Time,
    /// The earliest wake-up that is scheduled.
    pub(super) wake: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Idle,
    /// Association and enrolment exchange with a MEF.
    Mef,
    /// Association with a MAF and client registration.
    Register,
    /// Key registration.
    Key,
}

/// What came of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It goes on.
    Underway,
    /// The key for the registrar has this name.
    Ready(Box<str>),
    /// It failed.
    Failed,
}

impl Enrolment {
    pub(super) const fn new() -> Self {
        Self {
            caller: None,
            step: Step::Idle,
            started: Time::ZERO,
            km: None,
            registered_until: Time::ZERO,
            failures: 0,
            renew_at: Time::NEVER,
            wake: Time::NEVER,
        }
    }

    /// Whether `node` is the function that is being asked.
    pub(super) fn talks_to(&self, node: NodeId) -> bool {
        self.caller.as_ref().is_some_and(|caller| caller.function() == node)
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        let caller = self.caller.as_ref().and_then(|caller| caller.next_timeout());
        let renewal = (self.renew_at < Time::NEVER).then_some(self.renew_at);
        [caller, renewal].into_iter().flatten().min()
    }

    pub(super) fn postpone(&mut self, by: Duration, now: Time) {
        if let Some(caller) = &mut self.caller {
            caller.postpone(by, now);
        }
    }

    /// Begins, unless it has begun.
    pub(super) fn begin(&mut self, work: &mut Work<'_>) -> Progress {
        if self.step != Step::Idle {
            return Progress::Underway;
        }
        self.started = work.now;
        self.renew_at = Time::NEVER;
        let Some(route) = work.layout.group(work.node).route else { return Progress::Failed };
        if route.maf && (!route.mef || self.has_km(work)) {
            return self.associate(Kind::Maf, work);
        }
        self.associate(Kind::Mef, work)
    }

    fn has_km(&self, work: &Work<'_>) -> bool {
        self.km.as_ref().is_some_and(|name| work.has_valid_key(name))
    }

    /// A datagram of the function.
    pub(super) fn receive(&mut self, bytes: &[u8], work: &mut Work<'_>) -> Progress {
        let Some(caller) = &mut self.caller else { return Progress::Underway };
        let (replies, change) = caller.receive(bytes, work);
        self.proceed(replies, change, work)
    }

    /// A timer ran out.
    pub(super) fn timeout(&mut self, work: &mut Work<'_>) -> Progress {
        if self.renew_at <= work.now {
            return self.begin(work);
        }
        let Some(caller) = &mut self.caller else { return Progress::Underway };
        let (replies, change) = caller.timeout(work);
        self.proceed(replies, change, work)
    }

    fn associate(&mut self, kind: Kind, work: &mut Work<'_>) -> Progress {
        let layout = work.layout;
        let Some(number) = layout.function_for(work.node, kind) else {
            return self.failed("function_unreachable", work);
        };
        let function = &layout.functions[number as usize];
        let own = || layout.identity_at(work.node, number).into();
        let (step, identity, call) = match kind {
            Kind::Mef => (Step::Mef, own(), self.enrol(work)),
            Kind::Maf => {
                let identity = self.km.clone().unwrap_or_else(own);
                if self.registered_until > work.clock() {
                    (Step::Key, identity, key_registration(&function.fqdn, work))
                } else {
                    (Step::Register, identity, client_registration(&function.fqdn, work))
                }
            }
        };
        self.step = step;
        let caller = self.caller.insert(Box::new(Caller::new(function.node, identity)));
        let replies = caller.call(Box::default(), call, work);
        self.proceed(replies, None, work)
    }

    fn proceed(
        &mut self,
        replies: Vec<Reply>,
        change: Option<Change>,
        work: &mut Work<'_>,
    ) -> Progress {
        let mut progress = Progress::Underway;
        for reply in replies {
            progress = self.replied(reply, work);
        }
        // A failed association ends every call, so a failure without a reply is none of ours.
        debug_assert!(change != Some(Change::KeyNeeded), "functions are given a name");
        progress
    }

    fn replied(&mut self, reply: Reply, work: &mut Work<'_>) -> Progress {
        let result = match (self.step, reply.outcome) {
            (Step::Idle, _) => return Progress::Underway,
            (Step::Mef, Ok(bytes)) => self.enrolled(&bytes, work),
            (Step::Register, Ok(bytes)) => self.registered(&bytes, work),
            (Step::Key, Ok(bytes)) => self.key_registered(&bytes, work),
            (Step::Register, Err(Refused::Answer(text)))
                if text == MafRefusal::AlreadyRegistered.name() =>
            {
                // A registration that outlived the memory of it.
                self.register_key(work)
            }
            (Step::Key, Err(Refused::Answer(text)))
                if text == MafRefusal::NotRegistered.name()
                    || text == MafRefusal::RegistrationExpired.name() =>
            {
                self.registered_until = Time::ZERO;
                Err(refusal(&Refused::Answer(text)))
            }
            (_, Err(refused)) => Err(refusal(&refused)),
        };
        result.unwrap_or_else(|reason| self.failed(reason, work))
    }

    /// The enrolment exchange is over: both ends export Ke, and the next key comes from it.
    fn enrolled(&mut self, bytes: &[u8], work: &mut Work<'_>) -> Result<Progress, &'static str> {
        let answer: EnrolmentAnswer = read(bytes).map_err(|error| error.name())?;
        let (relative, ke) = self.export(BOOTSTRAP_LABEL, work)?;
        let (target, _) = self.target(work).ok_or("function_unreachable")?;
        let host = answer.ke_id.split_once('@').map_or("", |(_, host)| host);
        let name = key_id(relative, host)?;
        if name != answer.ke_id {
            return Err("enrolment_other_key");
        }
        let validity = Validity { not_before: Time::ZERO, not_after: Time(answer.expiration_time) };
        let route = work.layout.group(work.node).route;
        let via_maf = route.is_some_and(|route| route.maf);
        let derivation = if via_maf {
            Derivation::Km { maf: target }
        } else {
            Derivation::Kpsa { enrolee_b: target }
        };
        store_ke(ke, &derivation, &name, validity, work).map_err(|error| error.name())?;
        self.leave(work);
        if via_maf {
            if let Some(old) = self.km.replace(name.into()) {
                work.erase(old.as_bytes());
            }
            return Ok(self.associate(Kind::Maf, work));
        }
        Ok(self.ready(name.into(), validity.not_after, work))
    }

    fn registered(&mut self, bytes: &[u8], work: &mut Work<'_>) -> Result<Progress, &'static str> {
        let answer: ClientRegistered = read(bytes).map_err(|error| error.name())?;
        self.registered_until = Time(answer.expiration_time);
        self.register_key(work)
    }

    fn register_key(&mut self, work: &mut Work<'_>) -> Result<Progress, &'static str> {
        self.step = Step::Key;
        let fqdn = self.function_name(work).ok_or("function_unreachable")?;
        let call = key_registration(&fqdn, work);
        let caller = self.caller.as_mut().ok_or("function_unreachable")?;
        let replies = caller.call(Box::default(), call, work);
        Ok(self.proceed(replies, None, work))
    }

    /// The MAF has the key that both ends export: it is ours, too.
    fn key_registered(
        &mut self,
        bytes: &[u8],
        work: &mut Work<'_>,
    ) -> Result<Progress, &'static str> {
        let answer: KeyRegistered = read(bytes).map_err(|error| error.name())?;
        let (_, kc) = self.export(CONNECTION_LABEL, work)?;
        let host = self.function_name(work).ok_or("function_unreachable")?;
        let name = key_id(answer.relative_key_id.0, &host)?;
        let until = Time(answer.expiration_time);
        let validity = Validity { not_before: Time::ZERO, not_after: until };
        let entry = entry(&name, Level::Kc, validity).map_err(|error| error.name())?;
        work.write(entry, kc).map_err(|error| error.name())?;
        self.leave(work);
        Ok(self.ready(name.into(), until, work))
    }

    /// 48 bytes of the association with the function, taken apart.
    fn export(
        &self,
        label: &str,
        work: &mut Work<'_>,
    ) -> Result<(RelativeId, KeyBytes), &'static str> {
        let mut export = Zeroizing::new([0; EXPORT_LEN]);
        let client = self.caller.as_ref().map(|caller| &caller.client);
        let exported = client.is_some_and(|client| client.export(label, &mut *export, work));
        if exported { Ok(split_export(&export)) } else { Err("no_association") }
    }

    fn ready(&mut self, name: Box<str>, until: Time, work: &mut Work<'_>) -> Progress {
        self.step = Step::Idle;
        self.failures = 0;
        work.note(Note::Enrolled { started: self.started });
        if let Some(share) = work.layout.renewal.and_then(|renewal| renewal.share) {
            self.renew_at =
                work.now + super::client::fraction(until.since(work.clock()), share, work.rng);
        }
        Progress::Ready(name)
    }

    fn failed(&mut self, reason: &'static str, work: &mut Work<'_>) -> Progress {
        self.step = Step::Idle;
        self.caller = None;
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_MAX
            && let Some(useless) = self.km.take()
        {
            // Perhaps the MAF does not take it any more: it comes anew from the MEF.
            work.erase(useless.as_bytes());
        }
        *work.recorder.counters.enrolment_failed.entry(reason).or_default() += 1;
        Progress::Failed
    }

    /// Ends the association with the function.
    fn leave(&mut self, work: &mut Work<'_>) {
        if let Some(mut caller) = self.caller.take() {
            caller.close(work);
        }
    }

    fn function_name(&self, work: &Work<'_>) -> Option<String> {
        let caller = self.caller.as_ref()?;
        let function = work.layout.function_of(caller.function())?;
        Some(function.fqdn.clone())
    }

    /// For whom the next credential is derived, and what it is for.
    fn target(&self, work: &Work<'_>) -> Option<(String, Suid)> {
        let layout = work.layout;
        if layout.group(work.node).route?.maf {
            let number = layout.function_for(work.node, Kind::Maf)?;
            return Some((layout.functions[number as usize].fqdn.clone(), Suid::RspfMaf));
        }
        Some((layout.entity(layout.place(work.node).registrar), Suid::RspfSaef))
    }

    fn enrol(&self, work: &Work<'_>) -> Call {
        let (target, suid) = self.target(work).unwrap_or((String::new(), Suid::RspfSaef));
        Call::Enrol(EnrolmentRequest { target, suid })
    }

    /// All volatile state is lost.
    pub(super) fn restart(&mut self) {
        self.caller = None;
        self.step = Step::Idle;
        self.renew_at = Time::NEVER;
        self.wake = Time::NEVER;
    }
}

fn client_registration(fqdn: &str, work: &Work<'_>) -> Call {
    Call::RegisterClient(ClientRegistration {
        maf_fqdn: fqdn.to_owned(),
        expiration_time: (work.clock() + REGISTRATION_LIFE).0,
        labels: Vec::new(),
        admin_fqdn: fqdn.to_owned(),
    })
}

fn key_registration(fqdn: &str, work: &Work<'_>) -> Call {
    let layout = work.layout;
    Call::RegisterKey(KeyRegistration {
        maf_fqdn: fqdn.to_owned(),
        expiration_time: (work.clock() + layout.kc_lifetime).0,
        labels: Vec::new(),
        admin_fqdn: fqdn.to_owned(),
        suid: Suid::MafSaef,
        target_ids: vec![layout.entity(layout.place(work.node).registrar)],
        key_value: None,
    })
}

/// `hexBinary(relative)@host`: the form of a KeID and of a MAF Key Identifier.
pub(super) fn key_id(relative: RelativeId, host: &str) -> Result<String, &'static str> {
    let host = Fqdn::parse(host).map_err(|error| error.name())?;
    Ok(MafKeyId { relative, host }.text(HexCase::Upper))
}

fn entry(name: &str, level: Level, validity: Validity) -> Result<Entry, StoreError> {
    Ok(Entry { name: KeyName::new(name)?, level, validity })
}

/// Keeps Ke, and derives from it what the next step needs, where it is kept.
fn store_ke(
    ke: KeyBytes,
    derivation: &Derivation,
    name: &str,
    validity: Validity,
    work: &mut Work<'_>,
) -> Result<(), StoreError> {
    work.write(entry(KE_NAME, Level::Ke, validity)?, ke)?;
    let into = (KeyName::new(name)?, validity);
    let Work { keyring, store_work, .. } = work;
    let choices = Choices::default();
    keyring.store_mut().derive(KE_NAME.as_bytes(), derivation, &choices, into, &mut store_work.0)
}
