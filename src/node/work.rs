//! One job while it is being done: what it may use, what it costs, what comes of it.

use rand_core::Rng;

use super::capture::Secrets;
use super::chronicle::{self, Chronicle};
use super::event::{Done, Note, Packet};
use super::keyring::Keyring;
use super::layout::{Layout, NodeId};
use super::messenger::Letter;
use crate::association::{Env, KeyLog, Kind, Operation, Operations, Output, Received, Rejection};
use crate::credential::KeyBytes;
use crate::credential::lifetime::Status;
use crate::credential::store::{Entry, QueueFull, StoreError, Work as StoreWork};
use crate::ledger::{About, NodeFacts};
use crate::measure::{ByteClass, Recorder};
use crate::sim::time::{Duration, Time};

/// Steps of an interpreter that cost as much as one oneM2M request: an estimate, a request being some
/// microseconds of parsing and a step some nanoseconds.
const STEPS_OF_A_REQUEST: u64 = 1_000;

/// A job in progress.
pub(super) struct Work<'a> {
    pub(super) layout: &'a Layout,
    /// The node that works.
    pub(super) node: NodeId,
    /// Its address as a client.
    pub(super) address: u16,
    /// When the job started.
    pub(super) now: Time,
    pub(super) recorder: &'a mut Recorder,
    /// What truly happens is written down here.
    pub(super) chronicle: &'a mut Chronicle,
    /// The node's long-term keys.
    pub(super) keyring: &'a mut Keyring,
    /// What the places of its two factors were asked to do.
    pub(super) store_work: (StoreWork, StoreWork),
    /// Why the last call got no key.
    pub(super) refusal: Option<StoreError>,
    /// The identity for which the last call found no key.
    pub(super) unknown: Option<Box<[u8]>>,
    /// The node's randomness.
    pub(super) rng: &'a mut dyn Rng,
    /// Outputs of the association that is being called; empty between calls.
    pub(super) out: Vec<Output>,
    /// What the real code reports to have done.
    pub(super) operations: Operations,
    /// oneM2M requests and responses built or handled.
    pub(super) requests: u64,
    /// Steps of interpreters behind the CSE.
    pub(super) steps: u64,
    /// What the datagram turned out to be, if the job was one.
    pub(super) received: Option<Received>,
    /// Datagrams that are to be handled again, now that something else is known.
    pub(super) again: Vec<Packet>,
    /// Messages of the service layer that are still to be protected.
    pub(super) letters: Vec<Letter>,
    /// What the CSE of this node reads and writes, where somebody reads along.
    pub(super) overheard: Option<Vec<Vec<u8>>>,
    /// What becomes visible at the end.
    pub(super) done: Done,
}

impl Work<'_> {
    /// Calls an association with everything it may use.
    pub(super) fn call<T>(&mut self, call: impl FnOnce(&mut Env<'_>) -> T) -> T {
        let now = self.clock();
        let hmacs = self.keyring.pseudonyms().map_or(0, |names| names.advance(now));
        self.operations.count(Operation::Hmac, hmacs);
        let keys = self.keyring.handshake_keys(now, self.node, self.layout);
        let mut secrets = Secrets::of(&mut self.recorder.tape, self.layout, self.node);
        let mut env = Env {
            now: self.now,
            rng: self.rng,
            keys: &keys,
            operations: &mut self.operations,
            out: &mut self.out,
            key_log: secrets.as_mut().map(|secrets| secrets as &mut dyn KeyLog),
        };
        let result = call(&mut env);
        self.store_work.0.add(&keys.work());
        self.store_work.1.add(&keys.second_work());
        self.refusal = keys.refusal();
        self.unknown = keys.unknown();
        result
    }

    /// Puts a key into the node's store.
    pub(super) fn write(&mut self, entry: Entry, key: KeyBytes) -> Result<(), StoreError> {
        self.keyring.store_mut().write(entry, key, &mut self.store_work.0)
    }

    /// Takes a key out of the node's store, if it is there.
    pub(super) fn erase(&mut self, name: &[u8]) {
        let _ = self.keyring.store_mut().erase(name, &mut self.store_work.0);
    }

    /// Whether the node has a key of this name that is valid now.
    pub(super) fn has_valid_key(&self, name: &str) -> bool {
        let known = self.keyring.store().attributes(name.as_bytes());
        known.is_some_and(|known| known.validity.at(self.clock()) == Status::Valid)
    }

    /// An association did not accept a datagram. If that was for want of a key, the reason is the store's.
    pub(super) fn reject_datagram(&mut self, rejection: Rejection) {
        let reason = match (rejection, self.refusal) {
            (Rejection::UnknownIdentity, Some(refusal)) => no_key(refusal),
            _ => rejection.name(),
        };
        self.reject(reason);
    }

    /// A datagram to the registrar leaves at the end of the job.
    pub(super) fn send(&mut self, to: NodeId, class: ByteClass, bytes: Vec<u8>) {
        self.send_to((to, self.address), class, bytes);
    }

    /// A datagram leaves at the end of the job; with the other node goes the address of the client's end.
    pub(super) fn send_to(
        &mut self,
        (to, address): (NodeId, u16),
        class: ByteClass,
        bytes: Vec<u8>,
    ) {
        self.done.packets.push(Packet { from: self.node, to, address, class, bytes });
    }

    /// Something to be written down at the end of the job.
    pub(super) fn note(&mut self, note: Note) {
        self.done.notes.push(note);
    }

    /// Something was not accepted.
    pub(super) fn reject(&mut self, reason: &'static str) {
        self.recorder.reject(reason);
        let about = About::Datagram(chronicle::actor(self.node));
        if let Some(mut facts) = self.facts() {
            facts.refuse(reason, about, reason);
        }
    }

    /// What the node's clock says: keys are valid or not by it.
    pub(super) fn clock(&self) -> Time {
        self.layout.clock(self.node, self.now)
    }

    /// The handle for facts; none if nobody keeps them.
    pub(super) fn facts(&mut self) -> Option<NodeFacts<'_>> {
        self.chronicle.node(self.now)
    }

    /// The CSE reads or writes a message: who reads along in this node has it too.
    pub(super) fn overhear(&mut self, bytes: &[u8]) {
        if let Some(overheard) = &mut self.overheard {
            overheard.push(bytes.to_vec());
        }
    }

    /// How long the job waits for HSMs.
    pub(super) fn wait_for_hsm(&mut self) -> Duration {
        let group = self.layout.place(self.node).group as usize;
        let (first, second) = std::mem::take(&mut self.store_work);
        let record = &mut self.recorder.hsms[group];
        match self.keyring.serve(self.now, &first, &second, record) {
            Ok(waited) => waited,
            Err(QueueFull) => {
                self.reject(StoreError::Busy.name());
                Duration::ZERO
            }
        }
    }

    /// What the job costs on this node's processor.
    pub(super) fn cost(&self) -> Duration {
        let class = self.layout.class(self.node);
        let requests = self.requests + self.steps / STEPS_OF_A_REQUEST;
        match self.received {
            Some(received) => class.event_cost(received, &self.operations, requests),
            None => class.own_cost(&self.operations, requests),
        }
    }
}

/// Why there is no key for a handshake, as metrics call it.
pub(super) const fn no_key(refusal: StoreError) -> &'static str {
    match refusal {
        StoreError::Unknown => Rejection::UnknownIdentity.name(),
        StoreError::Expired => "key_expired",
        StoreError::NotYet => "key_not_yet_valid",
        other => other.name(),
    }
}

/// What the bytes of a datagram are booked as; `handshake` is the class of the handshake in progress.
pub(super) const fn byte_class(kind: Kind, handshake: ByteClass) -> ByteClass {
    match kind {
        Kind::Handshake => handshake,
        Kind::Retransmission => ByteClass::Retransmission,
        Kind::KeyUpdate => ByteClass::Rekey,
        Kind::Application => ByteClass::Telemetry,
        Kind::Ack | Kind::Ticket | Kind::ConnectionId | Kind::Alert => ByteClass::Ack,
    }
}
