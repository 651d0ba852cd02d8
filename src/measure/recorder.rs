//! What one thread writes down while it runs its sites; the recorders of all threads merge at the end.

use std::collections::BTreeMap;

use super::{Band, Distribution, Flows, Fold, Tape, Track};
use crate::sim::time::{Duration, Time};

/// A tier of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Devices (ADN).
    Device,
    /// Gateways (MN-CSE).
    Gateway,
    /// Infrastructure CSEs (IN-CSE).
    Cse,
    /// M2M authentication functions.
    Maf,
    /// M2M enrolment functions.
    Mef,
}

impl Tier {
    /// Every tier, from the field to the infrastructure.
    pub const ALL: [Self; 5] = [Self::Device, Self::Gateway, Self::Cse, Self::Maf, Self::Mef];

    /// The name in `load.GROUP` and `population.GROUP`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Gateway => "gateway",
            Self::Cse => "cse",
            Self::Maf => "maf",
            Self::Mef => "mef",
        }
    }
}

/// A group of like nodes, as the file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its tier.
    pub tier: Tier,
    /// Nodes in it.
    pub count: u32,
    /// Servers of each node's processor.
    pub workers: u32,
}

/// What the bytes on a link were for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ByteClass {
    /// First transmissions of a first association's handshake.
    Handshake,
    /// Anything of an association that was sent again.
    Retransmission,
    /// First transmissions that make new keys: KeyUpdate, resumption, a handshake after a trigger.
    Rekey,
    /// oneM2M requests and responses.
    Telemetry,
    /// Acknowledgements, tickets and alerts.
    Ack,
}

impl ByteClass {
    /// Every class, in the order in which a plot stacks them.
    pub const ALL: [Self; 5] =
        [Self::Telemetry, Self::Handshake, Self::Rekey, Self::Ack, Self::Retransmission];

    /// The name in series and plots.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Retransmission => "retransmission",
            Self::Rekey => "rekey",
            Self::Telemetry => "telemetry",
            Self::Ack => "ack",
        }
    }
}

/// Load of one group's processors.
#[derive(Clone, Debug)]
pub struct GroupRecord {
    /// Busy nanoseconds of all its servers, by time.
    pub busy: Track,
    /// The busiest node of the group in each whole second, busy nanoseconds of its servers.
    pub peak_1s: Track,
    /// The longest queue of any of its nodes, by time; jobs in service not counted.
    pub queue: Track,
    /// How long each job waited for a server, in nanoseconds.
    pub wait: Distribution,
    /// Energy of each node, in nanojoules.
    pub energy: Distribution,
}

/// Load of the HSMs of one group's nodes.
#[derive(Clone, Debug)]
pub struct HsmRecord {
    /// Units of all its HSMs together; 0 if it has none.
    pub units: u64,
    /// Busy nanoseconds of all units, by time.
    pub busy: Track,
    /// How long each request waited for a unit, in nanoseconds.
    pub wait: Distribution,
    /// What they did, by the number of the operation.
    pub operations: [u64; 6],
}

/// Traffic of one link type, both directions.
#[derive(Clone, Debug)]
pub struct LinkRecord {
    /// Bytes sent, headers included, by class and time.
    pub bytes: Vec<Track>,
    /// Datagrams sent.
    pub datagrams: u64,
    /// Datagrams lost, for whatever reason.
    pub lost: u64,
}

/// How one fleet is served: reports of its devices, those left out that could not be answered in time before the
/// end of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceRecord {
    /// Reports that were due, whatever the device's state.
    pub offered: u64,
    /// Of these, answered with success within the deadline.
    pub served: u64,
}

/// Plain counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Handshakes that completed at the client.
    pub established: u64,
    /// Of these, from a ticket.
    pub resumed: u64,
    /// Handshakes that failed at the client, by reason.
    pub failed: BTreeMap<&'static str, u64>,
    /// New keys asked for by an event (re-key, restart, expiry), per member.
    pub rekey_requested: u64,
    /// Of these, done.
    pub rekey_completed: u64,
    /// Of these, given up.
    pub rekey_failed: u64,
    /// Client flights sent, first transmissions and repetitions.
    pub flights_sent: u64,
    /// Client flights sent for the first time.
    pub flights_needed: u64,
    /// Client flights that reached a server.
    pub flights_reached: u64,
    /// Of these, duplicates of one that had come before.
    pub flights_duplicate: u64,
    /// oneM2M requests sent for the first time.
    pub message_sent: u64,
    /// oneM2M requests answered with success.
    pub message_delivered: u64,
    /// What was not accepted, by reason: records, requests, jobs.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Operations of the association, by name.
    pub operations: BTreeMap<&'static str, u64>,
    /// Enrolments that failed, by reason.
    pub enrolment_failed: BTreeMap<&'static str, u64>,
    /// Handshakes that a server postponed until it had the key.
    pub postponed: u64,
    /// Requests that MAFs handled, repetitions not counted.
    pub maf_requests: u64,
    /// Requests that MEFs handled, repetitions not counted.
    pub mef_requests: u64,
    /// Entities that registered themselves and were not known before.
    pub registered: u64,
    /// Subscriptions that the head end was granted.
    pub subscribed: u64,
    /// Notifications that reached the head end.
    pub notified: u64,
    /// Requests that CSEs took, at each hop, by the number of the operation less one.
    pub requests: [u64; 5],
    /// Requests that their originators had refused, by response status code.
    pub refused: BTreeMap<u16, u64>,
    /// Logins at consoles that succeeded.
    pub session_logins: u64,
    /// Accounts that consoles locked.
    pub lock_outs: u64,
    /// Of these, locked for their owners.
    pub false_lock_outs: u64,
    /// Nanoseconds during which devices used keys beyond their lifetime.
    pub overdue_ns: u128,
}

/// Everything that is measured.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// The groups, by the index that the world gives them.
    pub groups: Vec<Group>,
    /// Their loads, by the same index.
    pub loads: Vec<GroupRecord>,
    /// Loads of their HSMs, by the same index.
    pub hsms: Vec<HsmRecord>,
    /// How their members are served, by the same index.
    pub services: Vec<ServiceRecord>,
    /// Names of the link types.
    pub link_names: Vec<String>,
    /// Their traffic, by the same index.
    pub links: Vec<LinkRecord>,
    /// Plain counts.
    pub counters: Counters,
    /// Handshake time at the client, start to done, in nanoseconds.
    pub handshake: Distribution,
    /// The same by the time of completion.
    pub handshake_band: Band,
    /// Completed handshakes by time.
    pub established: Track,
    /// Client flights sent, first transmissions and repetitions, by time.
    pub flights: Track,
    /// Those of them that were sent for the first time.
    pub flights_needed: Track,
    /// Start of the first handshake, and end of the last one that gave a member its first association.
    pub handshake_span: Option<(Time, Time)>,
    /// Time from the trigger to new keys, in nanoseconds.
    pub rekey: Distribution,
    /// Members with new keys, by time.
    pub rekeyed: Track,
    /// First trigger and last completion.
    pub rekey_span: Option<(Time, Time)>,
    /// Message latency, creation to answer, in nanoseconds.
    pub message: Distribution,
    /// The same by the time of completion.
    pub message_band: Band,
    /// Time from the need of a key to the key, in nanoseconds.
    pub enrolment: Distribution,
    /// From a report's creation to its notification, in nanoseconds, where the content tells.
    pub notification: Distribution,
    /// Completed enrolments by time.
    pub enrolled: Track,
    /// Start of the first enrolment and end of the last.
    pub enrolment_span: Option<(Time, Time)>,
    /// Age of the traffic keys whenever a device used them for a request, in nanoseconds.
    pub key_age: Distribution,
    /// Devices that were served since nothing failed any more, and how soon; only where somebody asks.
    pub recovered: Vec<(u32, Duration)>,
    /// What a capture keeps, if one was asked for; no figure comes from it.
    pub tape: Option<Box<Tape>>,
    /// Who talks to whom and over what, if that was asked for; no figure comes from it.
    pub flows: Option<Box<Flows>>,
}

impl Recorder {
    /// Empty.
    #[must_use]
    pub fn new(groups: Vec<Group>, link_names: Vec<String>) -> Self {
        let load = GroupRecord {
            busy: Track::adaptive(Fold::Sum),
            peak_1s: Track::fixed(Fold::Max, Duration::from_secs(1)),
            queue: Track::adaptive(Fold::Max),
            wait: Distribution::default(),
            energy: Distribution::default(),
        };
        let hsm = HsmRecord {
            units: 0,
            busy: Track::adaptive(Fold::Sum),
            wait: Distribution::default(),
            operations: [0; 6],
        };
        let link = LinkRecord {
            bytes: vec![Track::adaptive(Fold::Sum); ByteClass::ALL.len()],
            datagrams: 0,
            lost: 0,
        };
        Self {
            loads: vec![load; groups.len()],
            hsms: vec![hsm; groups.len()],
            services: vec![ServiceRecord::default(); groups.len()],
            links: vec![link; link_names.len()],
            groups,
            link_names,
            counters: Counters::default(),
            handshake: Distribution::default(),
            handshake_band: Band::default(),
            established: Track::adaptive(Fold::Sum),
            flights: Track::adaptive(Fold::Sum),
            flights_needed: Track::adaptive(Fold::Sum),
            handshake_span: None,
            rekey: Distribution::default(),
            rekeyed: Track::adaptive(Fold::Sum),
            rekey_span: None,
            message: Distribution::default(),
            message_band: Band::default(),
            enrolment: Distribution::default(),
            notification: Distribution::default(),
            enrolled: Track::adaptive(Fold::Sum),
            enrolment_span: None,
            key_age: Distribution::default(),
            recovered: Vec::new(),
            tape: None,
            flows: None,
        }
    }

    /// One more of what was not accepted.
    pub fn reject(&mut self, reason: &'static str) {
        *self.counters.rejected.entry(reason).or_default() += 1;
    }

    /// A client sent a flight of a handshake, for the first time or again.
    pub fn flight(&mut self, now: Time, is_first: bool) {
        self.counters.flights_sent += 1;
        self.counters.flights_needed += u64::from(is_first);
        self.flights.add(now, 1);
        self.flights_needed.add(now, u64::from(is_first));
    }

    /// A handshake that began at `start` is done at the client; `is_first` if it never had an association.
    pub fn handshake_done(&mut self, start: Time, now: Time, resumed: bool, is_first: bool) {
        self.counters.established += 1;
        self.counters.resumed += u64::from(resumed);
        self.handshake.record(now.since(start).0);
        self.handshake_band.record(now, now.since(start).0);
        self.established.add(now, 1);
        if is_first {
            widen(&mut self.handshake_span, start, now);
        }
    }

    /// A member has the new keys that were asked for at `trigger`.
    pub fn rekey_done(&mut self, trigger: Time, now: Time) {
        self.counters.rekey_completed += 1;
        self.rekey.record(now.since(trigger).0);
        self.rekeyed.add(now, 1);
        widen(&mut self.rekey_span, trigger, now);
    }

    /// An enrolment that began at `start` is done.
    pub fn enrolment_done(&mut self, start: Time, now: Time) {
        self.enrolment.record(now.since(start).0);
        self.enrolled.add(now, 1);
        widen(&mut self.enrolment_span, start, now);
    }

    /// A request made at `created` was answered with success.
    pub fn message_done(&mut self, created: Time, now: Time) {
        self.counters.message_delivered += 1;
        self.message.record(now.since(created).0);
        self.message_band.record(now, now.since(created).0);
    }

    /// A notification of a content made at `created` reached its target.
    pub fn notified(&mut self, created: Option<Time>, now: Time) {
        self.counters.notified += 1;
        if let Some(created) = created {
            self.notification.record(now.since(created).0);
        }
    }

    /// A datagram on `link` went no further.
    pub fn lost(&mut self, link: usize, reason: &'static str) {
        self.links[link].lost += 1;
        self.reject(reason);
    }

    /// Operations that an association reports, by name.
    pub fn count_operations(&mut self, operations: impl Iterator<Item = (&'static str, u64)>) {
        for (name, count) in operations.filter(|(_, count)| *count > 0) {
            *self.counters.operations.entry(name).or_default() += count;
        }
    }

    /// `len` bytes (headers included) were sent over `link`.
    pub fn sent(&mut self, link: usize, class: ByteClass, now: Time, len: u64) {
        let record = &mut self.links[link];
        record.bytes[class as usize].add(now, len);
        record.datagrams += 1;
    }

    /// Gives all tracks one width and all bands one width, so that their buckets can be compared.
    pub fn align(&mut self) {
        let mut tracks: Vec<&mut Track> =
            vec![&mut self.established, &mut self.rekeyed, &mut self.enrolled];
        tracks.extend(self.loads.iter_mut().flat_map(|load| [&mut load.busy, &mut load.queue]));
        tracks.extend(self.links.iter_mut().flat_map(|link| &mut link.bytes));
        let width = tracks.iter().map(|track| track.width()).max().unwrap_or_default();
        tracks.into_iter().for_each(|track| track.coarsen_to(width));
        let bands = [&mut self.handshake_band, &mut self.message_band];
        let bands = bands.map(|band| {
            band.settle();
            band
        });
        let width = bands.iter().map(|band| band.width()).max().unwrap_or_default();
        bands.into_iter().for_each(|band| band.coarsen_to(width));
    }

    /// Adds all of `other`, which was made for the same plan.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.loads.iter_mut().zip(&other.loads) {
            mine.busy.merge(&theirs.busy);
            mine.peak_1s.merge(&theirs.peak_1s);
            mine.queue.merge(&theirs.queue);
            mine.wait.merge(&theirs.wait);
            mine.energy.merge(&theirs.energy);
        }
        for (mine, theirs) in self.hsms.iter_mut().zip(&other.hsms) {
            mine.busy.merge(&theirs.busy);
            mine.wait.merge(&theirs.wait);
            let counts = mine.operations.iter_mut().zip(theirs.operations);
            counts.for_each(|(mine, theirs)| *mine += theirs);
        }
        for (mine, theirs) in self.services.iter_mut().zip(&other.services) {
            mine.offered += theirs.offered;
            mine.served += theirs.served;
        }
        if let (Some(mine), Some(theirs)) = (&mut self.flows, &other.flows) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.links.iter_mut().zip(&other.links) {
            for (track, more) in mine.bytes.iter_mut().zip(&theirs.bytes) {
                track.merge(more);
            }
            mine.datagrams += theirs.datagrams;
            mine.lost += theirs.lost;
        }
        self.counters.merge(&other.counters);
        self.handshake.merge(&other.handshake);
        self.handshake_band.merge(&other.handshake_band);
        self.established.merge(&other.established);
        self.flights.merge(&other.flights);
        self.flights_needed.merge(&other.flights_needed);
        self.rekey.merge(&other.rekey);
        self.rekeyed.merge(&other.rekeyed);
        self.message.merge(&other.message);
        self.message_band.merge(&other.message_band);
        self.recovered.extend(other.recovered);
        self.key_age.merge(&other.key_age);
        self.enrolment.merge(&other.enrolment);
        self.enrolled.merge(&other.enrolled);
        self.notification.merge(&other.notification);
        if let Some((from, to)) = other.enrolment_span {
            widen(&mut self.enrolment_span, from, to);
        }
        if let Some((from, to)) = other.handshake_span {
            widen(&mut self.handshake_span, from, to);
        }
        if let Some((from, to)) = other.rekey_span {
            widen(&mut self.rekey_span, from, to);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.tape, other.tape) {
            mine.merge(*theirs);
        }
    }
}

impl Counters {
    fn merge(&mut self, other: &Self) {
        self.established += other.established;
        self.resumed += other.resumed;
        self.rekey_requested += other.rekey_requested;
        self.rekey_completed += other.rekey_completed;
        self.rekey_failed += other.rekey_failed;
        self.flights_sent += other.flights_sent;
        self.flights_needed += other.flights_needed;
        self.flights_reached += other.flights_reached;
        self.flights_duplicate += other.flights_duplicate;
        self.message_sent += other.message_sent;
        self.message_delivered += other.message_delivered;
        self.overdue_ns += other.overdue_ns;
        self.postponed += other.postponed;
        self.maf_requests += other.maf_requests;
        self.mef_requests += other.mef_requests;
        self.registered += other.registered;
        self.subscribed += other.subscribed;
        self.notified += other.notified;
        self.session_logins += other.session_logins;
        self.lock_outs += other.lock_outs;
        self.false_lock_outs += other.false_lock_outs;
        for (mine, theirs) in self.requests.iter_mut().zip(other.requests) {
            *mine += theirs;
        }
        for (status, count) in &other.refused {
            *self.refused.entry(*status).or_default() += count;
        }
        merge_counts(&mut self.enrolment_failed, &other.enrolment_failed);
        merge_counts(&mut self.failed, &other.failed);
        merge_counts(&mut self.rejected, &other.rejected);
        merge_counts(&mut self.operations, &other.operations);
    }
}

fn merge_counts(mine: &mut BTreeMap<&'static str, u64>, theirs: &BTreeMap<&'static str, u64>) {
    for (name, count) in theirs {
        *mine.entry(name).or_default() += count;
    }
}

fn widen(span: &mut Option<(Time, Time)>, from: Time, to: Time) {
    let (first, last) = span.unwrap_or((from, to));
    *span = Some((first.min(from), last.max(to)));
}
