//! The client's end of associations: the one in use, and one that is being made to replace it.

use rand_core::Rng;

use super::event::{Note, Rekey};
use super::layout::NodeId;
use super::work::{Work, byte_class, no_key};
use crate::association::{
    Association, ConnectError, Failure, Kind, Offer, Output, Profile, Received, Ticket,
};
use crate::credential::store::StoreError;
use crate::ledger::Role;
use crate::measure::{ByteClass, Recorder};
use crate::sim::time::{Duration, Time};

/// A node's side towards its registrar.
pub(super) struct Client {
    registrar: NodeId,
    identity: Identity,
    /// Failures in a row under the present identity.
    failures: u8,
    current: Option<Association>,
    pending: Option<Box<Pending>>,
    ticket: Option<Box<Ticket>>,
    wanted: Option<Wanted>,
    /// When the traffic keys in use were made.
    keys_since: Time,
    /// When they are to be renewed.
    renew_at: Time,
    /// Requests and bytes sent under them.
    used: (u64, u64),
    /// The earliest wake-up that is scheduled.
    pub(super) wake: Time,
}

/// A handshake in progress.
struct Pending {
    association: Association,
    started: Time,
    class: ByteClass,
    resumes: bool,
    /// The parameters that the ledger knows of it.
    noted: Option<[u8; 32]>,
}

/// New keys that an event asked for.
#[derive(Clone, Copy)]
struct Wanted {
    trigger: Time,
    /// For a key update: whether our keys and the peer's are new.
    update: Option<(bool, bool)>,
}

/// Under which identity a client proves itself.
#[derive(Debug)]
enum Identity {
    /// The node's own, with the provisioned key.
    Own,
    /// This one, towards a function.
    Function(Box<str>),
    /// The one that it goes by for the time being, with the provisioned key.
    Pseudonym(Box<str>),
    /// The one that an enrolment yields; none before the first, or after it proved useless.
    Enrolled(Option<Box<str>>),
}

/// Failures in a row after which an enrolled key is taken to be useless.
pub(super) const FAILURES_MAX: u8 = 3;

/// What became of the client in a job, as far as the node must act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// An association is ready for use.
    Established,
    /// No handshake is in progress and none succeeded.
    Failed,
    /// The same, for want of a key that an enrolment would yield.
    KeyNeeded,
}

impl Client {
    /// Towards a registrar; with a key from an enrolment if `enrols`.
    pub(super) const fn new(registrar: NodeId, enrols: bool) -> Self {
        let identity = if enrols { Identity::Enrolled(None) } else { Identity::Own };
        Self::with(registrar, identity)
    }

    /// Towards a MAF or MEF.
    pub(super) const fn to_function(function: NodeId, identity: Box<str>) -> Self {
        Self::with(function, Identity::Function(identity))
    }

    const fn with(registrar: NodeId, identity: Identity) -> Self {
        Self {
            registrar,
            identity,
            failures: 0,
            current: None,
            pending: None,
            ticket: None,
            wanted: None,
            keys_since: Time::ZERO,
            renew_at: Time::NEVER,
            used: (0, 0),
            wake: Time::NEVER,
        }
    }

    /// Policies on the life of traffic keys are for associations with registrars: those with functions are
    /// short, or carry little.
    const fn is_to_function(&self) -> bool {
        matches!(self.identity, Identity::Function(_))
    }

    pub(super) const fn registrar(&self) -> NodeId {
        self.registrar
    }

    /// An association is ready for application data.
    pub(super) const fn is_ready(&self) -> bool {
        self.current.is_some()
    }

    /// A handshake is in progress.
    pub(super) const fn is_connecting(&self) -> bool {
        self.pending.is_some()
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        let current = self.current.as_ref().and_then(Association::next_timeout);
        let pending = self.pending.as_ref().and_then(|p| p.association.next_timeout());
        let renewal = (self.renew_at < Time::NEVER).then_some(self.renew_at);
        [current, pending, renewal].into_iter().flatten().min()
    }

    /// An enrolment yielded a key of this name: it is used from now on, at once for the association that is
    /// wanted, or for new keys in the place of those in use. The name of the key before is handed back.
    pub(super) fn enrolled(
        &mut self,
        name: Box<str>,
        work: &mut Work<'_>,
    ) -> (Option<Box<str>>, Option<Change>) {
        self.failures = 0;
        let old = match std::mem::replace(&mut self.identity, Identity::Enrolled(Some(name))) {
            Identity::Enrolled(old) => old,
            Identity::Own | Identity::Function(_) | Identity::Pseudonym(_) => None,
        };
        let change = if self.current.is_some() && self.wanted.is_none() {
            self.rekey(Rekey::Full, work.now, work)
        } else {
            self.retry(work)
        };
        (old, change)
    }

    /// It proves itself with the key that it was provisioned with, under its own name.
    pub(super) const fn goes_by_own_name(&self) -> bool {
        matches!(self.identity, Identity::Own)
    }

    /// Uses the key of this name from now on.
    pub(super) fn use_key(&mut self, name: Box<str>) {
        self.identity = Identity::Enrolled(Some(name));
    }

    /// Goes by this name from now on. What there is with the registrar under the one before ends: associations and
    /// tickets would link the two.
    pub(super) fn go_by(&mut self, name: Box<str>, work: &mut Work<'_>) {
        let lifetime = work.layout.key_lifetime_of(work.node, work.now);
        self.stop_using_keys(work.now, lifetime, work.recorder);
        self.renew_at = Time::NEVER;
        self.pending = None;
        self.ticket = None;
        self.close(work);
        self.identity = Identity::Pseudonym(name);
    }

    /// Forgets the enrolled key; its name is handed back.
    pub(super) fn forget_key(&mut self) -> Option<Box<str>> {
        match &mut self.identity {
            Identity::Enrolled(name) => name.take(),
            Identity::Own | Identity::Function(_) | Identity::Pseudonym(_) => None,
        }
    }

    /// Keying material of the association in use; false if there is none.
    pub(super) fn export(&self, label: &str, out: &mut [u8], work: &mut Work<'_>) -> bool {
        let Some(association) = &self.current else { return false };
        let operations = &mut work.operations;
        association.export_without_context(label.as_bytes(), out, operations).is_ok()
    }

    /// Ends the association in use; the peer is told.
    pub(super) fn close(&mut self, work: &mut Work<'_>) {
        let config = work.layout.group(work.node).association.at(work.now).1;
        if let Some(mut current) = self.current.take() {
            work.call(|env| current.close(config, env));
        }
        self.settle(work);
    }

    /// The raw keys of its associations, as they lie in memory.
    pub(super) fn memory_image(&self, out: &mut Vec<u8>) {
        let pending = self.pending.as_ref().map(|pending| &pending.association);
        for association in self.current.iter().chain(pending) {
            association.memory_image(out);
        }
        if let Some(ticket) = &self.ticket {
            out.extend(ticket.psk);
        }
    }

    /// Makes a first association, unless one is there or on its way.
    pub(super) fn start(&mut self, work: &mut Work<'_>) -> Option<Change> {
        if self.current.is_some() || self.pending.is_some() {
            return None;
        }
        let class = if self.wanted.is_some() { ByteClass::Rekey } else { ByteClass::Handshake };
        self.handshake(false, class, work)
    }

    /// Tries again after a failure: for the new keys that are still wanted, or for an association at all.
    pub(super) fn retry(&mut self, work: &mut Work<'_>) -> Option<Change> {
        if self.wanted.is_some() && self.pending.is_none() {
            return self.handshake(false, ByteClass::Rekey, work);
        }
        self.start(work)
    }

    /// Replaces an association that the peer no longer answers, by the cheapest handshake possible.
    pub(super) fn reconnect(&mut self, work: &mut Work<'_>) -> Option<Change> {
        self.drop_current(work);
        if self.pending.is_some() {
            return None;
        }
        self.handshake(self.ticket.is_some(), ByteClass::Rekey, work)
    }

    /// Makes new keys, as was asked for at `trigger`.
    pub(super) fn rekey(
        &mut self,
        how: Rekey,
        trigger: Time,
        work: &mut Work<'_>,
    ) -> Option<Change> {
        work.recorder.counters.rekey_requested += 1;
        if self.wanted.replace(Wanted { trigger, update: None }).is_some() {
            // An earlier request was still open; this one takes its place.
            work.recorder.counters.rekey_failed += 1;
        }
        if self.pending.is_some() {
            return None;
        }
        match (how, &self.current) {
            (Rekey::KeyUpdate, Some(_)) => self.update_keys(work),
            (Rekey::Resume, _) => self.handshake(self.ticket.is_some(), ByteClass::Rekey, work),
            _ => self.handshake(false, ByteClass::Rekey, work),
        }
    }

    /// Protects application data; false if there is no association.
    pub(super) fn send(&mut self, data: &[u8], work: &mut Work<'_>) -> bool {
        let has_limit = !self.is_to_function();
        let Some(association) = &mut self.current else { return false };
        let config = work.layout.group(work.node).association.at(work.now).1;
        let age = work.now.since(self.keys_since);
        let limit = work.layout.key_hard_limit.filter(|_| has_limit);
        if limit.is_some_and(|limit| age > limit) {
            work.reject("key_hard_limit");
            return false;
        }
        let sent = work.call(|env| association.send(config, data, env)).is_ok();
        self.settle(work);
        if sent {
            work.sent_inside(work.node, self.registrar, data);
        }
        if sent && !self.is_to_function() {
            work.recorder.key_age.record(age.0);
            self.used = (self.used.0 + 1, self.used.1 + data.len() as u64);
            self.renew_if_used_up(work);
        }
        sent
    }

    /// A datagram from the registrar. Application data is handed back.
    pub(super) fn receive(
        &mut self,
        bytes: &[u8],
        work: &mut Work<'_>,
    ) -> (Vec<Vec<u8>>, Option<Change>) {
        let config = work.layout.group(work.node).association.at(work.now).1;
        let mut received = None;
        if let Some(pending) = &mut self.pending {
            received = Some(work.call(|env| pending.association.receive(config, bytes, env)));
        }
        if let (None | Some(Received::Rejected(_)), Some(current)) = (received, &mut self.current) {
            received = Some(work.call(|env| current.receive(config, bytes, env)));
            if received == Some(Received::KeyUpdate) {
                self.peer_updated(work);
            }
        }
        match received {
            None => work.reject("no_association"),
            Some(Received::Rejected(reason)) => work.reject_datagram(reason),
            Some(_) => {}
        }
        work.received = received;
        self.settle(work)
    }

    /// A timer of an association ran out.
    pub(super) fn timeout(&mut self, work: &mut Work<'_>) -> Option<Change> {
        let config = work.layout.group(work.node).association.at(work.now).1;
        if let Some(pending) = &mut self.pending {
            work.call(|env| pending.association.timeout(config, env));
        }
        if let Some(current) = &mut self.current {
            work.call(|env| current.timeout(config, env));
        }
        let change = self.settle(work).1;
        if self.renew_at <= work.now {
            return self.renew(work).or(change);
        }
        change
    }

    /// The flights of the last call leave `by` later than the call was made: so do their timers.
    pub(super) fn postpone(&mut self, by: Duration, now: Time) {
        if let Some(pending) = &mut self.pending {
            pending.association.postpone(now, by);
        }
        if let Some(current) = &mut self.current {
            current.postpone(now, by);
        }
    }

    /// The keys with the registrar are no longer valid; a ticket made under them neither.
    pub(super) fn expire(
        &mut self,
        now: Time,
        lifetime: Option<Duration>,
        recorder: &mut Recorder,
    ) {
        self.stop_using_keys(now, lifetime, recorder);
        self.current = None;
        self.renew_at = Time::NEVER;
        self.ticket = None;
    }

    /// All volatile state is lost.
    pub(super) fn restart(
        &mut self,
        now: Time,
        lifetime: Option<Duration>,
        recorder: &mut Recorder,
    ) {
        self.expire(now, lifetime, recorder);
        self.pending = None;
        self.wake = Time::NEVER;
    }

    /// Books how long the keys in use were used beyond their lifetime.
    pub(super) fn stop_using_keys(
        &self,
        now: Time,
        lifetime: Option<Duration>,
        recorder: &mut Recorder,
    ) {
        let lifetime = lifetime.filter(|_| !self.is_to_function());
        if let (Some(lifetime), Some(_)) = (lifetime, &self.current) {
            let overdue = now.since(self.keys_since + lifetime);
            recorder.counters.overdue_ns += u128::from(overdue.0);
        }
    }

    /// New keys are in use: plans when they are to be renewed.
    fn begin_keys(&mut self, work: &mut Work<'_>) {
        self.keys_since = work.now;
        self.used = (0, 0);
        self.renew_at = Time::NEVER;
        if self.is_to_function() {
            return;
        }
        let Some(share) = work.layout.renewal.and_then(|renewal| renewal.share) else { return };
        let lifetime = work.layout.key_lifetime_of(work.node, work.now);
        let Some(lifetime) = lifetime else { return };
        self.renew_at = work.now + fraction(lifetime, share, work.rng);
    }

    fn renew_if_used_up(&mut self, work: &mut Work<'_>) {
        let Some(renewal) = work.layout.renewal else { return };
        let (records, bytes) = self.used;
        let reached = |used: u64, limit: Option<u64>| limit.is_some_and(|limit| used >= limit);
        if reached(records, renewal.records) || reached(bytes, renewal.bytes) {
            self.renew(work);
        }
    }

    /// Makes new keys of the client's own accord, unless some are being made.
    fn renew(&mut self, work: &mut Work<'_>) -> Option<Change> {
        self.renew_at = Time::NEVER;
        let renewal = work.layout.renewal?;
        if self.wanted.is_some() || self.pending.is_some() || self.current.is_none() {
            return None;
        }
        self.used = (0, 0);
        self.rekey(renewal.how, work.now, work)
    }

    fn drop_current(&mut self, work: &mut Work<'_>) {
        let lifetime = work.layout.key_lifetime_of(work.node, work.now);
        self.stop_using_keys(work.now, lifetime, work.recorder);
        self.current = None;
    }

    fn handshake(
        &mut self,
        resumes: bool,
        class: ByteClass,
        work: &mut Work<'_>,
    ) -> Option<Change> {
        let config = work.layout.group(work.node).association.at(work.now).1;
        let identity = match &self.identity {
            Identity::Own => work.layout.identity(work.node),
            Identity::Function(name)
            | Identity::Pseudonym(name)
            | Identity::Enrolled(Some(name)) => name.to_string(),
            Identity::Enrolled(None) => return Some(Change::KeyNeeded),
        };
        let offer = match &self.ticket {
            Some(ticket) if resumes => Offer::Ticket(ticket),
            _ => Offer::Psk(identity.as_bytes()),
        };
        if matches!(config.profile, Profile::Dtls12 { .. }) {
            work.uses_psk(&identity);
        }
        match work.call(|env| Association::connect(config, offer, env)) {
            Ok(association) => {
                let started = work.now;
                let pending = Pending { association, started, class, resumes, noted: None };
                self.pending = Some(Box::new(pending));
                self.settle(work).1
            }
            Err(ConnectError::UnknownIdentity)
                if matches!(self.identity, Identity::Enrolled(_))
                    && work.refusal != Some(StoreError::Busy) =>
            {
                Some(Change::KeyNeeded)
            }
            Err(ConnectError::UnknownIdentity) => {
                let reason = work.refusal.map_or("unknown_identity", no_key);
                self.failed(reason, work)
            }
            Err(ConnectError::BadIdentity) => self.failed("bad_identity", work),
            Err(ConnectError::NoTickets) => self.failed("no_tickets", work),
        }
    }

    fn update_keys(&mut self, work: &mut Work<'_>) -> Option<Change> {
        let config = work.layout.group(work.node).association.at(work.now).1;
        let association = self.current.as_mut()?;
        match work.call(|env| association.update_keys(config, true, env)) {
            Ok(()) => {
                if let Some(wanted) = &mut self.wanted {
                    wanted.update = Some((false, false));
                }
                self.settle(work).1
            }
            Err(_) => self.handshake(false, ByteClass::Rekey, work),
        }
    }

    /// Acts on the outputs of the last call.
    fn settle(&mut self, work: &mut Work<'_>) -> (Vec<Vec<u8>>, Option<Change>) {
        if let Some(pending) = self.pending.as_mut().filter(|_| work.chronicle.is_on()) {
            pending.note(self.registrar, work);
        }
        let mut data = Vec::new();
        let mut change = None;
        let mut outputs = std::mem::take(&mut work.out);
        let mut flight = None;
        for output in outputs.drain(..) {
            match output {
                Output::Datagram { kind, bytes } => {
                    flight = flight.or_else(|| self.flight(kind));
                    let class = self.pending.as_ref().map_or(ByteClass::Rekey, |p| p.class);
                    work.send(self.registrar, byte_class(kind, class), bytes);
                }
                Output::Established { resumed } => change = self.established(resumed, work),
                Output::Failed(reason) => change = self.over(reason, work),
                Output::Closed => change = self.over(Failure::Alerted(0), work),
                Output::KeysUpdated { .. } => self.own_updated(work),
                Output::Data(bytes) => data.push(bytes),
                Output::Ticket(ticket) => self.ticket = Some(Box::new(ticket)),
            }
        }
        work.out = outputs;
        if let Some(first) = flight {
            work.recorder.flight(work.now, first);
        }
        (data, change)
    }

    /// Whether a datagram belongs to a flight of the handshake, and if so, whether it is sent for the
    /// first time.
    const fn flight(&self, kind: Kind) -> Option<bool> {
        match kind {
            Kind::Handshake => Some(true),
            Kind::Retransmission if self.pending.is_some() => Some(false),
            _ => None,
        }
    }

    fn established(&mut self, resumed: bool, work: &mut Work<'_>) -> Option<Change> {
        let pending = self.pending.take()?;
        self.failures = 0;
        self.drop_current(work);
        let commit = (pending.started, true);
        work.agreed(&pending.association, Role::Client, Some(self.registrar), commit);
        work.settled(pending.started.0, true, true);
        self.current = Some(pending.association);
        let is_first = self.keys_since == Time::ZERO;
        self.begin_keys(work);
        work.note(Note::Established { started: pending.started, resumed, is_first });
        if let Some(wanted) = self.wanted.take() {
            work.note(Note::Rekeyed { trigger: wanted.trigger });
        }
        Some(Change::Established)
    }

    /// The association that was called last is over: the pending one if there is one.
    fn over(&mut self, reason: Failure, work: &mut Work<'_>) -> Option<Change> {
        match self.pending.take() {
            Some(pending) if pending.association.is_over() => {
                if pending.resumes {
                    // A ticket that the server does not take is no use; the PSK itself may be.
                    self.ticket = None;
                    return self.handshake(false, pending.class, work);
                }
                self.failed(reason.name(), work)
            }
            pending => {
                self.pending = pending;
                self.drop_current(work);
                if self.pending.is_some() {
                    return None;
                }
                self.handshake(self.ticket.is_some(), ByteClass::Rekey, work)
            }
        }
    }

    fn failed(&mut self, reason: &'static str, work: &mut Work<'_>) -> Option<Change> {
        work.settled(work.now.0, true, false);
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_MAX
            && let Some(useless) = self.forget_key()
        {
            work.erase(useless.as_bytes());
        }
        *work.recorder.counters.failed.entry(reason).or_default() += 1;
        if work.layout.retry.is_none() && self.wanted.take().is_some() {
            work.recorder.counters.rekey_failed += 1;
        }
        Some(Change::Failed)
    }

    fn own_updated(&mut self, work: &mut Work<'_>) {
        let lifetime = work.layout.key_lifetime_of(work.node, work.now);
        self.stop_using_keys(work.now, lifetime, work.recorder);
        self.begin_keys(work);
        if let Some(current) = &self.current {
            work.uses_secret(current, Some(self.registrar));
        }
        self.updated(work, |own, _| *own = true);
    }

    fn peer_updated(&mut self, work: &mut Work<'_>) {
        self.updated(work, |_, peer| *peer = true);
    }

    fn updated(&mut self, work: &mut Work<'_>, set: impl FnOnce(&mut bool, &mut bool)) {
        let Some(Wanted { trigger, update: Some((own, peer)) }) = &mut self.wanted else { return };
        set(own, peer);
        if *own && *peer {
            let trigger = *trigger;
            self.wanted = None;
            work.note(Note::Rekeyed { trigger });
        }
    }
}

impl Pending {
    /// The ledger hears of the run as soon as its parameters are known: before the other end can finish. In DTLS 1.2 they
    /// may come to be others while the handshake goes on, as the server's flight proves nothing before its Finished.
    fn note(&mut self, peer: NodeId, work: &mut Work<'_>) {
        if work.facts().is_none() {
            return;
        }
        let known = self.association.fingerprint();
        if known.is_some() && known != self.noted {
            self.noted = known;
            work.agreed(&self.association, Role::Client, Some(peer), (self.started, false));
        }
    }
}

/// A share of `lifetime`, uniform between the two of `share`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share below 1 of a time; float to integer casts saturate"
)]
pub(super) fn fraction(lifetime: Duration, share: (f64, f64), rng: &mut dyn Rng) -> Duration {
    let unit = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    Duration((lifetime.0 as f64 * (share.0 + (share.1 - share.0) * unit)) as u64)
}
