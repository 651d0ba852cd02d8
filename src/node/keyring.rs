//! A node's long-term keys: the places where they live, and the queues of those that are HSMs.

use super::layout::{Layout, NodeId};
use super::pseudonyms::Pseudonyms;
use crate::credential::KeyBytes;
use crate::credential::store::{
    Entry, HandshakeKeys, KeyStore, QueueFull, ServiceQueue, Store, StoreError, StoreOperation,
    Work as StoreWork,
};
use crate::measure::HsmRecord;
use crate::sim::time::{Duration, Time};

/// The keys of one node.
///
/// An HSM is called synchronously: the server of the processor that called it waits for the answer, so that
/// a job takes the time of its own work and, on top, that of the HSM with its queue. What the job sends
/// leaves at the end of both.
#[derive(Debug, Default)]
pub struct Keyring {
    store: Store,
    /// The place of the second factor.
    second: Option<Box<Store>>,
    /// The names under which the keys are asked for, where these change.
    pseudonyms: Option<Box<Pseudonyms>>,
    /// Of HSMs only.
    queues: Option<Box<Queues>>,
}

#[derive(Debug)]
struct Queues {
    first: Option<ServiceQueue>,
    second: Option<ServiceQueue>,
}

impl Keyring {
    /// Keys in `store`; with `second`, the key of the same name there has to contribute to handshakes.
    #[must_use]
    pub fn new(store: Store, second: Option<Store>) -> Self {
        let queue = |store: &Store| store.hsm_profile().map(|profile| profile.queue());
        let queues = Queues { first: queue(&store), second: second.as_ref().and_then(queue) };
        let has_queue = queues.first.is_some() || queues.second.is_some();
        let queues = has_queue.then(|| Box::new(queues));
        Self { store, second: second.map(Box::new), pseudonyms: None, queues }
    }

    /// The place of the first factor.
    pub(super) fn store(&self) -> &dyn KeyStore {
        self.store.keys()
    }

    /// The place of the first factor, to change it.
    pub(super) fn store_mut(&mut self) -> &mut dyn KeyStore {
        self.store.keys_mut()
    }

    /// The place of the first factor itself.
    pub fn place_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// A key as it goes into handshakes, if the mechanisms let it be read.
    pub(super) fn readable_key(&self, name: &str) -> Option<KeyBytes> {
        if self.second.is_some() {
            return None;
        }
        self.store.readable()?.read(name.as_bytes()).ok()
    }

    /// Puts a key into the place of the first factor, outside any job: what happens in a factory, or in an
    /// attack.
    pub fn provision(&mut self, entry: Entry, key: KeyBytes) -> Result<(), StoreError> {
        self.store_mut().write(entry, key, &mut StoreWork::default())
    }

    /// Takes a key out, if it is there.
    pub(super) fn erase(&mut self, name: &[u8]) {
        let _ = self.store_mut().erase(name, &mut StoreWork::default());
    }

    /// The keys for one call of an association of `me` at `now`.
    pub(super) fn handshake_keys<'a>(
        &'a mut self,
        now: Time,
        me: NodeId,
        layout: &'a Layout,
    ) -> HandshakeKeys<'a> {
        let is_busy = self.is_busy(now);
        let keys = HandshakeKeys::new(self.store.keys(), now).while_busy(is_busy);
        let keys = match &self.second {
            Some(second) => keys.with_second_factor(second.keys()),
            None => keys,
        };
        match &self.pseudonyms {
            Some(names) => keys.known_as(Box::new(move |name| names.in_store(name, me, layout))),
            None => keys,
        }
    }

    /// The names under which its keys are asked for, if these change.
    pub fn rename(&mut self, pseudonyms: Option<Box<Pseudonyms>>) {
        self.pseudonyms = pseudonyms;
    }

    /// The same, to use them.
    pub(super) fn pseudonyms(&mut self) -> Option<&mut Pseudonyms> {
        self.pseudonyms.as_deref_mut()
    }

    /// The node that goes by this name, as `me` knows.
    pub(super) fn whose(&self, name: &[u8], me: NodeId) -> Option<NodeId> {
        self.pseudonyms.as_ref()?.whose(name, me)
    }

    fn is_busy(&mut self, now: Time) -> bool {
        let Some(queues) = &mut self.queues else { return false };
        let queues = [&mut queues.first, &mut queues.second];
        queues.into_iter().flatten().any(|queue| queue.is_full(now))
    }

    /// Lets the HSMs do what a job at `now` asked of them; how long the job waits for them. The second
    /// factor's turn comes first, since the first needs its result.
    pub(super) fn serve(
        &mut self,
        now: Time,
        work: &StoreWork,
        second_work: &StoreWork,
        record: &mut HsmRecord,
    ) -> Result<Duration, QueueFull> {
        let Some(queues) = &mut self.queues else { return Ok(Duration::ZERO) };
        let turns = [
            (self.second.as_deref(), &mut queues.second, second_work),
            (Some(&self.store), &mut queues.first, work),
        ];
        let mut waited = Duration::ZERO;
        for (store, queue, work) in turns {
            let (Some(store), Some(queue)) = (store, queue) else { continue };
            let service = work.time(store.keys().service_times());
            if service == Duration::ZERO {
                continue;
            }
            let done = queue.submit(now, service)?;
            let span = done.since(now);
            record.wait.record(span.0 - service.0);
            record.busy.add_span(Time(done.0 - service.0), done);
            for operation in StoreOperation::ALL {
                record.operations[operation as usize] += u64::from(work.of(operation));
            }
            waited += span;
        }
        Ok(waited)
    }

    /// The bytes that the host keeps when power is off: what a thief of its flash or disk reads.
    #[must_use]
    pub fn storage_image(&self) -> Vec<u8> {
        let mut image = self.store.keys().storage_image();
        if let Some(second) = &self.second {
            image.extend(second.keys().storage_image());
        }
        image
    }

    /// The bytes that its stores have in the host's memory while the key with this name is used: at the
    /// borders between the steps of a handshake.
    #[must_use]
    pub fn memory_image_during(&self, name: &[u8]) -> Vec<u8> {
        let mut image = self.store.keys().memory_image_during(name);
        if let Some(second) = &self.second {
            image.extend(second.keys().memory_image_during(name));
        }
        image
    }

    /// The bytes that its stores have in the host's memory between two jobs.
    #[must_use]
    pub fn memory_image(&self) -> Vec<u8> {
        let mut image = self.store.keys().memory_image();
        if let Some(second) = &self.second {
            image.extend(second.keys().memory_image());
        }
        image
    }
}
