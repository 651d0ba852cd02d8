//! One actor, whatever its tier: a processor, and as many of a client's end, a server's end and a
//! reporter as its place in the system asks for.

use std::collections::BTreeMap;

use super::backoff::Failures;
use super::bucket::Bucket;
use super::capture;
use super::chronicle::{self, Chronicle};
use super::client::{Change, Client};
use super::enrolment::{Enrolment, Progress};
use super::event::{Alarm, Command, Done, Event, Note, Packet};
use super::fetcher::Fetcher;
use super::host::Host;
use super::intruder::{Consequence, Intruders, Scene, Way};
use super::layout::{Layout, NodeId};
use super::messenger::{self, Letter};
use super::processor::Processor;
use super::reporter::Reporter;
use super::server::Server;
use super::transit::{Port, log_flow};
use super::triage::Gate;
use super::visitor::Visitor;
use super::work::Work;
use crate::association::{Operation, Operations};
use crate::backend::Sent;
use crate::ledger::{About, ActorId, ClassId, Request, RequestId};
use crate::measure::{Recorder, Spot};
use crate::sim::time::{Duration, Time};
use crate::sim::{Context, Origin};

/// Draws of an actor's own decisions and of its associations.
pub(super) const OWN_DRAWS: u8 = 0;

/// Draw of a device's phase of reporting.
const PHASE_DRAWS: u8 = 3;

/// Draws of a device's pauses and phases after changes of name: so many words for each change.
const RENAMING_DRAWS: u8 = 4;
const WORDS_OF_A_NAME: u64 = 4;

/// Reason of losing what reaches a node that failed.
const NODE_DOWN: &str = "node_down";
/// Reason of a gateway that takes no more from a device behind it.
const RATE_LIMIT: &str = "rate_limit";
/// Reason of a server that lets no more handshakes begin at the moment.
const ADMISSION: &str = "admission";
/// Reason of a server that drops a ClientHello which has waited too long.
const STALE_HELLO: &str = "stale_hello";

/// What waits for the processor.
#[derive(Debug)]
pub(super) enum Job {
    Packet(Packet),
    Command(Command),
    Alarm(Alarm),
}

/// A device, a gateway or an infrastructure CSE.
pub(super) struct Actor {
    pub(super) id: NodeId,
    pub(super) origin: Origin,
    pub(super) processor: Processor<Job>,
    pub(super) port: Port,
    pub(super) keyring: super::Keyring,
    pub(super) client: Option<Client>,
    pub(super) server: Option<Box<Server>>,
    pub(super) enrolment: Option<Box<Enrolment>>,
    pub(super) reporter: Option<Reporter>,
    pub(super) visitor: Option<Box<Visitor>>,
    /// Words drawn so far from the actor's own stream.
    pub(super) cursor: u64,
    /// How often it was restarted.
    pub(super) generation: u32,
    /// It was told to start.
    pub(super) has_started: bool,
    /// It failed and is not back.
    pub(super) is_down: bool,
    /// How much each device behind it may still send, if it limits them.
    pub(super) buckets: BTreeMap<NodeId, Bucket>,
    /// What it does with handshakes while it is overloaded, if anything.
    pub(super) gate: Option<Box<Gate>>,
    /// Handshakes of its own that failed since the last that did not.
    pub(super) failures: Failures,
    /// Its address as a client.
    pub(super) address: u16,
    /// When its next report is due, where a change of name may put that off.
    pub(super) report_due: Time,
    /// An attacker sits on its link.
    pub(super) is_tapped: bool,
    /// An attacker reads along in it.
    pub(super) is_watched: bool,
    /// It was served since nothing fails any more.
    pub(super) has_recovered: bool,
    /// How its keys and software are looked after, where that matters.
    pub(super) custody: Option<Box<super::Custody>>,
}

/// What an actor can reach while something happens to it.
pub(super) struct Reach<'a, 'b> {
    pub(super) layout: &'a Layout,
    /// The number of the site.
    pub(super) site: u32,
    pub(super) chronicle: &'a mut Chronicle,
    pub(super) intruders: &'a mut Intruders,
    pub(super) context: &'a mut Context<'b, Event, Recorder>,
}

impl Reach<'_, '_> {
    /// Lets `event` happen to the actor itself.
    pub(super) fn schedule_own(&mut self, actor: &mut Actor, at: Time, event: Event) {
        let place = self.layout.place(actor.id);
        self.context.schedule(actor.origin.key(at), place.site, place.local, event);
    }

    /// Lets the intruders at this site see something; what they want in consequence is scheduled.
    fn show<T>(
        &mut self,
        what: impl FnOnce(&mut Intruders, &mut Scene<'_>) -> (T, Vec<Consequence>),
    ) -> T {
        let mut scene = Scene {
            now: self.context.now,
            site: self.site,
            layout: self.layout,
            chronicle: self.chronicle,
            actors: None,
        };
        let (answer, consequences) = what(self.intruders, &mut scene);
        super::site::schedule(consequences, self.context);
        answer
    }

    /// A packet passes the link of `actor`, where an attacker sits: what goes on.
    pub(super) fn tap(&mut self, actor: &Actor, way: Way, packet: Packet) -> Option<Packet> {
        let local = self.layout.place(actor.id).local;
        self.show(|intruders, scene| intruders.passing((local, actor.id), way, packet, scene))
    }

    /// The CSE of `node` reads or writes a message, where an attacker reads along.
    fn overhear(&mut self, node: NodeId, bytes: &[u8]) {
        self.show(|intruders, scene| ((), intruders.overheard(node, bytes, scene)));
    }

    /// Bytes leave `node` for a host outside the system.
    fn leave(&mut self, node: NodeId, sent: &Sent) {
        self.show(|intruders, scene| ((), intruders.received(node, sent, scene)));
    }
}

impl Actor {
    pub(super) fn handle(&mut self, event: Event, reach: &mut Reach<'_, '_>) {
        match event {
            Event::Arrive(packet)
                if self.is_tapped && self.is_from_above(&packet, reach.layout) =>
            {
                if let Some(packet) = reach.tap(self, Way::Down, packet) {
                    self.arrive(packet, reach);
                }
            }
            Event::Arrive(packet) | Event::Injected(Way::Down, packet) => {
                self.arrive(packet, reach)
            }
            Event::Injected(Way::Up, packet) => Port::transmit(self, packet, reach),
            // Attackers are no nodes: the site deals with them.
            Event::Intruder(_) => {}
            // What was pending when it failed is lost, and nothing is armed until it is back.
            Event::Wake(_) if self.is_down => {}
            Event::Wake(alarm) => self.wake(alarm, reach),
            Event::Command(command) => self.command(command, reach),
            Event::Done(done) => {
                if done.generation == self.generation {
                    self.note_queue(reach);
                    self.processor.release();
                    self.finish(*done, reach);
                    self.work_off(reach);
                }
            }
        }
    }

    fn is_from_above(&self, packet: &Packet, layout: &Layout) -> bool {
        layout.place(packet.from).parent != self.id
    }

    fn arrive(&mut self, packet: Packet, reach: &mut Reach<'_, '_>) {
        if self.is_stale(&packet, reach.layout) {
            // The NAT has no entry for it any more.
            return reach.context.recorder.reject("old_address");
        }
        self.port.arrived(self.id, &packet, reach.layout);
        if packet.to != self.id && reach.layout.is_root(self.id) {
            return Port::send(self, packet, reach);
        }
        if self.is_down {
            return reach.context.recorder.reject(NODE_DOWN);
        }
        if self.is_beyond_rate(&packet, reach) {
            return;
        }
        if reach.layout.is_infrastructure(self.id) {
            let (spot, now) = (Spot::Node(self.id.0), reach.context.now);
            log_flow(reach.context.recorder, reach.layout, now, spot, &packet);
        }
        self.submit(Job::Packet(packet), reach);
    }

    /// A device behind this gateway sends more than its share, if there is one: the packet goes no further.
    fn is_beyond_rate(&mut self, packet: &Packet, reach: &mut Reach<'_, '_>) -> bool {
        let Some(rate) = reach.layout.group(self.id).rate_limit else { return false };
        if self.is_from_above(packet, reach.layout) {
            return false;
        }
        let now = reach.context.now;
        if self.buckets.entry(packet.from).or_default().take(rate, now) {
            return false;
        }
        reach.context.recorder.reject(RATE_LIMIT);
        if let Some(mut facts) = reach.chronicle.engine(now) {
            facts.refuse(RATE_LIMIT, About::Datagram(ActorId(self.id.0)), RATE_LIMIT);
        }
        true
    }

    /// The bytes of keys that it has in memory: those of its store, as far as they lie there, and the raw
    /// keys of its associations.
    pub(super) fn memory_image(&self) -> Vec<u8> {
        let mut image = self.keyring.memory_image();
        if let Some(client) = &self.client {
            client.memory_image(&mut image);
        }
        if let Some(server) = &self.server {
            server.memory_image(&mut image);
        }
        if let Some(reporter) = &self.reporter {
            reporter.memory_image(&mut image);
        }
        image
    }

    /// It is an answer of the registrar to an address that this node no longer has.
    fn is_stale(&self, packet: &Packet, layout: &Layout) -> bool {
        let answer = packet.to == self.id && packet.from == layout.place(self.id).registrar;
        answer && packet.address != self.address
    }

    fn submit(&mut self, job: Job, reach: &mut Reach<'_, '_>) {
        let now = reach.context.now;
        let admitted = match (&mut self.gate, &job) {
            (Some(gate), Job::Packet(packet)) => gate.admit(&packet.bytes, now),
            _ => Some(false),
        };
        let Some(goes_first) = admitted else {
            reach.context.recorder.reject(ADMISSION);
            return;
        };
        if self.processor.enqueue(now, job, goes_first).is_err() {
            reach.context.recorder.reject("queue_full");
            return;
        }
        self.work_off(reach);
        self.note_queue(reach);
    }

    fn note_queue(&self, reach: &mut Reach<'_, '_>) {
        let waiting = self.processor.waiting() as u64;
        let group = reach.layout.place(self.id).group as usize;
        reach.context.recorder.loads[group].queue.add(reach.context.now, waiting);
    }

    /// Starts jobs while servers are idle.
    fn work_off(&mut self, reach: &mut Reach<'_, '_>) {
        let group = reach.layout.place(self.id).group as usize;
        let now = reach.context.now;
        loop {
            let record = &mut reach.context.recorder.loads[group];
            let Some((waited, job)) = self.processor.next(now, record) else { return };
            if let (Some(gate), Job::Packet(packet)) = (&self.gate, &job)
                && gate.is_stale(&packet.bytes, waited)
            {
                reach.context.recorder.reject(STALE_HELLO);
                continue;
            }
            let (cost, mut done) = self.perform(job, reach);
            done.generation = self.generation;
            if cost == Duration::ZERO {
                self.finish(done, reach);
                continue;
            }
            self.processor.occupy(now, cost, &mut reach.context.recorder.loads[group]);
            reach.schedule_own(self, now + cost, Event::Done(Box::new(done)));
        }
    }

    /// What a job did becomes visible.
    fn finish(&mut self, done: Done, reach: &mut Reach<'_, '_>) {
        let now = reach.context.now;
        let recorder = &mut *reach.context.recorder;
        let mut served = Vec::new();
        for note in done.notes {
            match note {
                Note::Established { started, resumed, is_first } => {
                    recorder.handshake_done(started, now, resumed, is_first);
                }
                Note::Notified { created } => recorder.notified(created, now),
                Note::Rekeyed { trigger } => recorder.rekey_done(trigger, now),
                Note::Answered { created } => {
                    recorder.message_done(created, now);
                    let calm = reach.layout.calm.filter(|calm| created >= *calm);
                    if let (Some(calm), false) = (calm, self.has_recovered) {
                        self.has_recovered = true;
                        recorder.recovered.push((self.id.0, now.since(calm)));
                    }
                    if self.count_served(created, now, reach.layout, recorder) {
                        served.push(created);
                    }
                }
                Note::Enrolled { started } => recorder.enrolment_done(started, now),
            }
        }
        if let Some(tape) = &mut recorder.tape {
            for (to, bytes) in done.inside {
                capture::inside(tape, reach.layout, self.id, to, bytes);
            }
        }
        for due in served {
            self.settle(due, true, reach);
        }
        for packet in done.packets {
            Port::send(self, packet, reach);
        }
        for sent in done.outside {
            reach.leave(self.id, &sent);
        }
    }

    /// A report that was due at `created` is answered: in time, if that counts, or too late.
    fn count_served(
        &self,
        created: Time,
        now: Time,
        layout: &Layout,
        recorder: &mut Recorder,
    ) -> bool {
        let in_time = layout.group(self.id).deadline.is_some_and(|most| now.since(created) <= most);
        let counts = in_time && layout.counts(self.id, created);
        recorder.services[layout.place(self.id).group as usize].served += u64::from(counts);
        counts
    }

    /// Does a job with the real code; returns what it costs and what becomes visible at its end.
    fn perform(&mut self, job: Job, reach: &mut Reach<'_, '_>) -> (Duration, Done) {
        let layout = reach.layout;
        let forwarded = match job {
            Job::Packet(packet) if packet.to != self.id => packet,
            job => return self.perform_own(job, reach),
        };
        let done = Done { packets: vec![forwarded], ..Done::default() };
        (layout.class(self.id).forward_cost(), done)
    }

    fn perform_own(&mut self, job: Job, reach: &mut Reach<'_, '_>) -> (Duration, Done) {
        let layout = reach.layout;
        let now = reach.context.now;
        let place = layout.place(self.id);
        let streams = &layout.groups[place.group as usize].streams;
        let mut cursor = self.cursor;
        let mut rng = streams.draws(place.member, OWN_DRAWS, &mut cursor);
        let mut keyring = std::mem::take(&mut self.keyring);
        let mut work = Work {
            layout,
            node: self.id,
            address: self.address,
            now,
            recorder: reach.context.recorder,
            chronicle: reach.chronicle,
            keyring: &mut keyring,
            store_work: Default::default(),
            refusal: None,
            unknown: None,
            rng: &mut rng,
            out: Vec::new(),
            operations: Operations::default(),
            requests: 0,
            steps: 0,
            received: None,
            again: Vec::new(),
            letters: Vec::new(),
            overheard: self.is_watched.then(Vec::new),
            done: Done::default(),
        };
        let (change, touched) = self.dispatch(job, &mut work);
        self.post(&mut work);
        let (cost, wait) = (work.cost(), work.wait_for_hsm());
        let Work { operations, done, recorder, again, overheard, .. } = work;
        recorder.count_operations(operations.counts());
        let cost = layout.class(self.id).varied(cost, &mut rng) + wait;
        drop(rng);
        self.cursor = cursor;
        self.keyring = keyring;
        for bytes in overheard.into_iter().flatten() {
            reach.overhear(self.id, &bytes);
        }
        // Handled again as jobs of their own, behind those that wait.
        for packet in again {
            if self.processor.enqueue(now, Job::Packet(packet), false).is_err() {
                reach.context.recorder.reject("queue_full");
            }
        }
        self.follow_up(change, touched, cost, reach);
        (cost, done)
    }

    /// The job itself. Returns what became of the client, and which client's number the server dealt
    /// with.
    fn dispatch(&mut self, job: Job, work: &mut Work<'_>) -> (Option<Change>, Option<u32>) {
        match job {
            Job::Packet(packet) => self.receive(&packet, work),
            Job::Alarm(Alarm::Server(client)) => {
                if let Some(server) = &mut self.server {
                    server.timeout(client, work);
                }
                (None, Some(client))
            }
            Job::Alarm(Alarm::Client) => {
                let change = self.client.as_mut().and_then(|client| client.timeout(work));
                (self.follow(change, work), None)
            }
            Job::Alarm(Alarm::Request) => {
                let change = self.request_timeout(work);
                (self.follow(change, work), None)
            }
            Job::Alarm(Alarm::Visitor) => {
                let change = self.visit_timeout(work);
                (self.follow(change, work), None)
            }
            Job::Alarm(Alarm::Enrolment) => {
                let progress = self.enrolment.as_mut().map(|enrolment| enrolment.timeout(work));
                (self.enrolment_progressed(progress, work), None)
            }
            Job::Alarm(Alarm::Fetcher) => {
                if let Some(fetcher) = self.fetcher() {
                    fetcher.timeout(work);
                }
                (None, None)
            }
            Job::Alarm(Alarm::Service) => {
                let registrar_is_dead = self.host().is_some_and(|host| host.timeout(work));
                let client = self.client.as_mut().filter(|_| registrar_is_dead);
                let change = client.and_then(|client| client.reconnect(work));
                (self.follow(change, work), None)
            }
            Job::Command(command) => {
                let change = self.obey(command, work);
                // Without protection there is nothing to wait for.
                if change == Some(Change::Established) {
                    self.established(work);
                }
                (self.follow(change, work), None)
            }
        }
    }

    /// Hands the messages of the service layer to the associations with those for whom they are. What finds
    /// none is lost, as on the way; requests are repeated.
    fn post(&mut self, work: &mut Work<'_>) {
        for Letter { peer, bytes } in std::mem::take(&mut work.letters) {
            work.overhear(&bytes);
            match (peer.checked_sub(messenger::client(0)), &mut self.client, &mut self.server) {
                (None, Some(client), _) => {
                    let sent = client.send(&bytes, work);
                    if !sent {
                        work.reject("no_association");
                    }
                }
                (Some(number), _, Some(server)) => server.send(number, &bytes, work),
                _ => {}
            }
        }
    }

    fn host(&mut self) -> Option<&mut Host> {
        self.server.as_mut()?.host()
    }

    fn fetcher(&mut self) -> Option<&mut Fetcher> {
        self.server.as_mut()?.fetcher.as_deref_mut()
    }

    /// A client without a key begins its enrolment.
    fn follow(&mut self, change: Option<Change>, work: &mut Work<'_>) -> Option<Change> {
        if change != Some(Change::KeyNeeded) {
            return change;
        }
        let progress = self.enrolment.as_mut().map(|enrolment| enrolment.begin(work));
        self.enrolment_progressed(progress, work)
    }

    /// A client with a new key uses it.
    fn enrolment_progressed(
        &mut self,
        progress: Option<Progress>,
        work: &mut Work<'_>,
    ) -> Option<Change> {
        match (progress, &mut self.client) {
            (Some(Progress::Ready(name)), Some(client)) => {
                let (old, change) = client.enrolled(name, work);
                if let Some(old) = old {
                    work.erase(old.as_bytes());
                }
                // A new key may be over already by this node's clock. Another one at once would be no better: it
                // tries again later, as after any failure.
                if change == Some(Change::KeyNeeded) { Some(Change::Failed) } else { change }
            }
            (Some(Progress::Failed), _) => Some(Change::Failed),
            _ => None,
        }
    }

    fn receive(&mut self, packet: &Packet, work: &mut Work<'_>) -> (Option<Change>, Option<u32>) {
        if let Some(client) = self.client.as_mut().filter(|c| c.registrar() == packet.from) {
            let (data, change) = client.receive(&packet.bytes, work);
            if let Some(reporter) = &mut self.reporter {
                for bytes in &data {
                    reporter.receive(bytes, client, work);
                }
            }
            if let Some(visitor) = &mut self.visitor {
                data.iter().for_each(|bytes| visitor.receive(bytes, work));
            }
            if change == Some(Change::Established) {
                self.established(work);
            }
            if let Some(host) = self.host() {
                for bytes in &data {
                    host.receive_from_above(bytes, work);
                }
            }
            return (self.follow(change, work), None);
        }
        if let Some(enrolment) = self.enrolment.as_mut().filter(|e| e.talks_to(packet.from)) {
            let progress = Some(enrolment.receive(&packet.bytes, work));
            return (self.enrolment_progressed(progress, work), None);
        }
        if let Some(fetcher) = self.fetcher().filter(|f| f.talks_to(packet.from)) {
            fetcher.receive(packet.from, &packet.bytes, work);
            return (None, None);
        }
        if let Some(server) = &mut self.server {
            return (None, server.receive(packet, work));
        }
        // A device leaves a function when it has its key; the answer to its close_notify comes later.
        let is_late = work.layout.function_of(packet.from).is_some();
        work.reject(if is_late { "association_closed" } else { "not_addressed" });
        (None, None)
    }

    /// There is an association with the registrar: what waited for it goes on.
    fn established(&mut self, work: &mut Work<'_>) {
        if let (Some(reporter), Some(client)) = (&mut self.reporter, &mut self.client) {
            reporter.send_next(client, work);
        }
        if let Some(host) = self.host() {
            host.associated_above(work);
        }
    }

    fn request_timeout(&mut self, work: &mut Work<'_>) -> Option<Change> {
        let client = self.client.as_mut()?;
        let dead = self.reporter.as_mut()?.timeout(client, work);
        if dead { client.reconnect(work) } else { None }
    }

    fn visit_timeout(&mut self, work: &mut Work<'_>) -> Option<Change> {
        let client = self.client.as_mut()?;
        let dead = self.visitor.as_mut()?.timeout(client, work);
        if dead { client.reconnect(work) } else { None }
    }

    fn obey(&mut self, command: Command, work: &mut Work<'_>) -> Option<Change> {
        if command == Command::CheckElement {
            self.check_element(work);
            return None;
        }
        let client = self.client.as_mut()?;
        match command {
            Command::Start => {
                renamed(client, work);
                client.start(work)
            }
            Command::Rename => {
                renamed(client, work);
                self.address = self.address.wrapping_add(1);
                None
            }
            Command::Retry => client.retry(work),
            Command::Rekey { how, trigger } => client.rekey(how, trigger, work),
            Command::Report { .. } => {
                self.reporter.as_mut()?.report(client, work);
                None
            }
            Command::Visit => {
                self.visitor.as_mut()?.send_planted(client, work);
                None
            }
            Command::Restart
            | Command::Fail
            | Command::Recover
            | Command::Readdress
            | Command::Restore
            | Command::Attest
            | Command::CheckElement
            | Command::Retime
            | Command::ReportNow
            | Command::Deadline { .. }
            | Command::Expire
            | Command::ExpireClients { .. } => None,
        }
    }

    /// What is not work but happens to the actor takes effect at once; the rest waits its turn.
    fn command(&mut self, command: Command, reach: &mut Reach<'_, '_>) {
        let layout = reach.layout;
        match command {
            Command::Fail => {
                self.restart(reach);
                self.is_down = true;
            }
            Command::Recover => self.recover(reach),
            // A node that is down cannot be told anything; it starts again when it is back.
            Command::Restart | Command::Rekey { .. } | Command::Retry | Command::Visit
                if self.is_down => {}
            Command::Restart => self.restart(reach),
            Command::Restore => self.restore(),
            Command::Attest => self.attested(reach),
            Command::CheckElement => {
                let next = reach.context.now + super::custody::ELEMENT_CHECK;
                reach.schedule_own(self, next, Event::Command(command));
                if !self.is_down {
                    self.submit(Job::Command(command), reach);
                }
            }
            Command::Readdress => self.address = self.address.wrapping_add(1),
            Command::Expire => {
                let now = reach.context.now;
                if let Some(client) = &mut self.client {
                    client.expire(
                        now,
                        layout.key_lifetime_of(self.id, now),
                        reach.context.recorder,
                    );
                    if let Some(name) = client.forget_key() {
                        self.keyring.erase(name.as_bytes());
                    }
                }
            }
            Command::ExpireClients { group } => {
                let keyring = &mut self.keyring;
                if let Some(server) = &mut self.server {
                    server.expire(group, layout, |name| keyring.erase(name));
                }
            }
            Command::Rename => self.rename(reach),
            Command::Report { since } => self.report(since, reach),
            Command::ReportNow => {
                self.submit(Job::Command(Command::Report { since: Time::NEVER }), reach);
            }
            Command::Retime if self.has_started => self.first_report(reach),
            Command::Retime => {}
            Command::Deadline { due } => self.settle(due, false, reach),
            Command::Start => {
                self.has_started = true;
                self.first_visit(reach);
                if !self.is_down {
                    self.submit(Job::Command(command), reach);
                }
                self.first_report(reach);
                self.plan_renaming(reach);
            }
            Command::Rekey { .. } | Command::Retry | Command::Visit => {
                self.submit(Job::Command(command), reach)
            }
        }
    }

    /// A report is due, and in an interval the next one.
    fn report(&mut self, since: Time, reach: &mut Reach<'_, '_>) {
        let (layout, now) = (reach.layout, reach.context.now);
        let (from, Some((interval, _))) = layout.telemetry_of(self.id, now) else { return };
        let is_put_off = layout.group(self.id).renaming.is_some() && now != self.report_due;
        if from != since || is_put_off {
            return;
        }
        self.report_due = now + interval;
        if layout.counts(self.id, now) {
            let group = layout.place(self.id).group as usize;
            reach.context.recorder.services[group].offered += 1;
            if let (true, Some(deadline)) =
                (reach.chronicle.is_on(), layout.group(self.id).deadline)
            {
                let over = Event::Command(Command::Deadline { due: now });
                reach.schedule_own(self, now + deadline, over);
            }
        }
        if !self.is_down {
            self.submit(Job::Command(Command::Report { since }), reach);
        }
        reach.schedule_own(self, now + interval, Event::Command(Command::Report { since }));
    }

    /// Writes down what became of the report that was due at `due`; what is written first counts.
    fn settle(&self, due: Time, is_served: bool, reach: &mut Reach<'_, '_>) {
        let class = ClassId(u16::try_from(reach.layout.place(self.id).group).unwrap_or(u16::MAX));
        let (request, actor) = (RequestId(due.0), ActorId(self.id.0));
        let request = Request { request, actor, class, is_authentication: false };
        let Some(mut facts) = reach.chronicle.engine(reach.context.now) else { return };
        if is_served {
            facts.served(request);
        } else {
            facts.deadline(request);
        }
    }

    /// Reports begin within one interval of the start, each device at a phase of its own.
    fn first_report(&mut self, reach: &mut Reach<'_, '_>) {
        let layout = reach.layout;
        let (since, telemetry) = layout.telemetry_of(self.id, reach.context.now);
        if let Some((interval, _)) = telemetry {
            let place = layout.place(self.id);
            let streams = &layout.groups[place.group as usize].streams;
            let phase = streams.draws(place.member, PHASE_DRAWS, &mut 0).below(interval.0);
            let at = reach.context.now + Duration(phase);
            self.report_due = at;
            reach.schedule_own(self, at, Event::Command(Command::Report { since }));
        }
    }

    /// Visits begin within one interval of the start, each terminal at a phase of its own.
    fn first_visit(&mut self, reach: &Reach<'_, '_>) {
        let layout = reach.layout;
        let group = layout.group(self.id);
        if let (Some(visitor), Some(visits)) = (&mut self.visitor, group.visits) {
            let member = layout.place(self.id).member;
            let phase = group.streams.draws(member, PHASE_DRAWS, &mut 0).below(visits.interval.0);
            visitor.start(reach.context.now + Duration(phase));
        }
    }

    /// The next change of name, if there is one to come.
    fn plan_renaming(&mut self, reach: &mut Reach<'_, '_>) {
        if let Some(renaming) = reach.layout.group(self.id).renaming {
            let at = renaming.next(reach.context.now);
            reach.schedule_own(self, at, Event::Command(Command::Rename));
        }
    }

    /// It takes its next name and address. After a pause it is back, and reports at another phase: else times would
    /// link what was before to what comes.
    fn rename(&mut self, reach: &mut Reach<'_, '_>) {
        let (layout, now) = (reach.layout, reach.context.now);
        let Some(renaming) = layout.group(self.id).renaming else { return };
        self.plan_renaming(reach);
        if self.is_down {
            return;
        }
        self.submit(Job::Command(Command::Rename), reach);
        let place = layout.place(self.id);
        let streams = &layout.groups[place.group as usize].streams;
        let mut cursor = renaming.epoch(now).wrapping_mul(WORDS_OF_A_NAME);
        let mut draws = streams.draws(place.member, RENAMING_DRAWS, &mut cursor);
        let back = now + Duration(draws.below(renaming.pause.0));
        reach.schedule_own(self, back, Event::Command(Command::Retry));
        if let (since, Some((interval, _))) = layout.telemetry_of(self.id, now) {
            self.report_due = back + Duration(draws.below(interval.0));
            let report = Event::Command(Command::Report { since });
            reach.schedule_own(self, self.report_due, report);
        }
    }

    /// It is back, as after a restart at this moment; a client that had been started starts again.
    fn recover(&mut self, reach: &mut Reach<'_, '_>) {
        if !std::mem::take(&mut self.is_down) {
            return;
        }
        self.restart(reach);
        if self.has_started {
            self.submit(Job::Command(Command::Start), reach);
        }
    }

    /// The operator has asked what runs here, and asks again later.
    fn attested(&mut self, reach: &mut Reach<'_, '_>) {
        let (now, layout) = (reach.context.now, reach.layout);
        let fault = self.attest(layout);
        if let (Some(fault), Some(mut facts)) = (fault, reach.chronicle.node(now)) {
            let me = chronicle::actor(self.id);
            facts.alarm(chronicle::actor(layout.root(self.id)), fault.name(), About::Actor(me));
        }
        if self.is_quarantined()
            && let Some(client) = &mut self.client
        {
            client.restart(now, layout.key_lifetime, reach.context.recorder);
            self.keyring.erase(layout.identity(self.id).as_bytes());
        }
        if let Some(interval) = layout.attestation {
            reach.schedule_own(self, now + interval, Event::Command(Command::Attest));
        }
    }

    fn restart(&mut self, reach: &mut Reach<'_, '_>) {
        self.generation += 1;
        self.failures = Failures::default();
        self.processor.reset();
        let now = reach.context.now;
        let lifetime = reach.layout.key_lifetime_of(self.id, now);
        self.take_name_from_slot(reach.layout);
        if let Some(client) = &mut self.client {
            client.restart(now, lifetime, reach.context.recorder);
        }
        if let Some(server) = &mut self.server {
            server.restart(self.id, now, reach.layout);
        }
        if let Some(reporter) = &mut self.reporter {
            reporter.restart();
        }
        if let Some(visitor) = &mut self.visitor {
            visitor.restart(now);
        }
        if let Some(enrolment) = &mut self.enrolment {
            enrolment.restart();
        }
    }

    /// Timers start when flights leave; failed clients try again.
    fn follow_up(
        &mut self,
        change: Option<Change>,
        touched: Option<u32>,
        cost: Duration,
        reach: &mut Reach<'_, '_>,
    ) {
        let now = reach.context.now;
        if cost > Duration::ZERO {
            if let Some(client) = &mut self.client {
                client.postpone(cost, now);
            }
            if let Some(enrolment) = &mut self.enrolment {
                enrolment.postpone(cost, now);
            }
            if let Some(fetcher) = self.fetcher() {
                fetcher.postpone(cost, now);
            }
            if let Some(peer) = touched.and_then(|n| self.server.as_mut()?.peer(n)) {
                peer.postpone(cost, now);
            }
        }
        if change == Some(Change::Established) {
            self.failures = Failures::default();
        }
        if let (Some(Change::Failed), Some(retry)) = (change, reach.layout.retry) {
            let place = reach.layout.place(self.id);
            let streams = &reach.layout.groups[place.group as usize].streams;
            let mut draws = streams.draws(place.member, OWN_DRAWS, &mut self.cursor);
            let backoff = &reach.layout.backoff;
            let wait = self.failures.wait(retry, backoff, |bound| draws.below(bound));
            drop(draws);
            if let Some(wait) = wait {
                reach.schedule_own(self, now + wait, Event::Command(Command::Retry));
            }
        }
        for alarm in [
            Alarm::Client,
            Alarm::Request,
            Alarm::Visitor,
            Alarm::Enrolment,
            Alarm::Fetcher,
            Alarm::Service,
        ] {
            self.arm(alarm, reach);
        }
        if let Some(client) = touched {
            self.arm(Alarm::Server(client), reach);
        }
    }

    /// The deadline of `alarm`, and the wake-up that is scheduled for it.
    fn deadline(&mut self, alarm: Alarm) -> Option<(Option<Time>, &mut Time)> {
        match alarm {
            Alarm::Client => {
                self.client.as_mut().map(|client| (client.next_timeout(), &mut client.wake))
            }
            Alarm::Request => {
                self.reporter.as_mut().map(|reporter| (reporter.next_timeout(), &mut reporter.wake))
            }
            Alarm::Visitor => {
                let visitor = self.visitor.as_mut()?;
                Some((visitor.next_timeout(), &mut visitor.wake))
            }
            Alarm::Enrolment => {
                let enrolment = self.enrolment.as_mut()?;
                Some((enrolment.next_timeout(), &mut enrolment.wake))
            }
            Alarm::Fetcher => {
                let fetcher = self.fetcher()?;
                Some((fetcher.next_timeout(), &mut fetcher.wake))
            }
            Alarm::Service => {
                let host = self.host()?;
                Some((host.next_timeout(), &mut host.wake))
            }
            Alarm::Server(number) => {
                let peer = self.server.as_mut()?.peer(number)?;
                Some((peer.next_timeout(), &mut peer.wake))
            }
        }
    }

    /// Schedules a wake-up for `alarm` unless an earlier one is scheduled.
    fn arm(&mut self, alarm: Alarm, reach: &mut Reach<'_, '_>) {
        let Some((Some(deadline), wake)) = self.deadline(alarm) else { return };
        if deadline < *wake {
            *wake = deadline;
            reach.schedule_own(self, deadline.max(reach.context.now), Event::Wake(alarm));
        }
    }

    fn wake(&mut self, alarm: Alarm, reach: &mut Reach<'_, '_>) {
        let now = reach.context.now;
        let Some((deadline, wake)) = self.deadline(alarm) else { return };
        if now < *wake {
            return;
        }
        *wake = Time::NEVER;
        match deadline {
            Some(deadline) if deadline <= now => self.submit(Job::Alarm(alarm), reach),
            _ => self.arm(alarm, reach),
        }
    }
}

/// The client goes by the name of the present, where names change.
fn renamed(client: &mut Client, work: &mut Work<'_>) {
    let now = work.clock();
    let Some((name, hmacs)) = work.keyring.pseudonyms().and_then(|names| names.take(now)) else {
        return;
    };
    work.operations.count(Operation::Hmac, hmacs);
    client.go_by(name.into(), work);
    let me = chronicle::actor(work.node);
    if let Some(mut facts) = work.facts() {
        facts.refuse("pseudonym_rotation", About::Actor(me), "another name");
    }
}
