//! A device's side of the service layer: it sets up its resources, then reports. One confirmable CoAP request at a
//! time (RFC 7252 section 4.2), the rest waits.

use std::collections::VecDeque;

use super::client::Client;
use super::event::Note;
use super::exchange::{Due, Exchange};
use super::layout::NodeId;
use super::work::Work;
use crate::onem2m::device;
use crate::onem2m::end_to_end::Originator;
use crate::onem2m::requests::{self, CREATE, RETRIEVE, Rule};
use crate::sim::time::{Duration, Time};
use crate::wire::primitive::{Content, Request, ResourceType, Rsc};

/// Reports that may wait while there is no association; older ones are given up first.
const BACKLOG: usize = 8;
/// Contents that whoever holds a device may have it report later.
const PLANTED_MAX: usize = 64;
/// How long after a refusal a device tries to set up its resources again, and up to as much again.
const AGAIN: Duration = Duration::from_secs(10);

/// What a device has to do before it may report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Register at its CSE.
    Register,
    /// Make the policy of its container.
    Policy,
    /// Make its container.
    Container,
    /// Nothing: it reports.
    Report,
}

impl Step {
    const fn next(self) -> Self {
        match self {
            Self::Register => Self::Policy,
            Self::Policy => Self::Container,
            Self::Container | Self::Report => Self::Report,
        }
    }
}

/// A report that an attacker puts into the mouth of a device that it holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Planted {
    /// What it says; its own reading if nothing else.
    pub(super) content: Option<String>,
    /// Whose container it goes to, if not its own.
    pub(super) at: Option<NodeId>,
    /// It names the owner of that container as its originator.
    pub(super) is_disguised: bool,
}

/// What a device reports and what it still waits for.
pub(super) struct Reporter {
    size: u32,
    is_sensitive: bool,
    /// What protects reports end to end.
    originator: Option<Box<Originator>>,
    next_message: u16,
    registers: bool,
    step: Step,
    backlog: VecDeque<Time>,
    /// What whoever holds the device wants it to report.
    planted: VecDeque<Planted>,
    /// What the request that waits for its answer is for, when its report was made, and the request.
    outstanding: Option<Box<(Step, Time, Exchange)>>,
    /// Nothing is sent before.
    not_before: Time,
    /// The earliest wake-up that is scheduled.
    pub(super) wake: Time,
}

impl Reporter {
    /// Protects reports end to end, if there is something to do it with.
    pub(super) fn protected_by(mut self, originator: Option<Box<Originator>>) -> Self {
        self.originator = originator;
        self
    }

    /// The bytes of keys that it has in memory.
    pub(super) fn memory_image(&self, out: &mut Vec<u8>) {
        if let Some(originator) = &self.originator {
            originator.memory_image(out);
        }
    }

    pub(super) const fn new(size: u32, is_sensitive: bool, registers: bool) -> Self {
        Self {
            size,
            is_sensitive,
            originator: None,
            next_message: 0,
            registers,
            step: if registers { Step::Register } else { Step::Report },
            backlog: VecDeque::new(),
            planted: VecDeque::new(),
            outstanding: None,
            not_before: Time::ZERO,
            wake: Time::NEVER,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        let again = (self.not_before > Time::ZERO).then_some(self.not_before);
        self.outstanding.as_ref().map(|outstanding| outstanding.2.deadline).or(again)
    }

    /// The next report says this. False if too much is waiting already.
    pub(super) fn plant(&mut self, report: Planted) -> bool {
        let has_room = self.planted.len() < PLANTED_MAX;
        if has_room {
            self.planted.push_back(report);
        }
        has_room
    }

    /// A report is due.
    pub(super) fn report(&mut self, client: &mut Client, work: &mut Work<'_>) {
        if self.backlog.len() == BACKLOG {
            self.backlog.pop_front();
            work.reject("backlog_full");
        }
        self.backlog.push_back(work.now);
        self.send_next(client, work);
    }

    /// Sends what comes next, if nothing else is on its way: a step of the set-up, or the oldest report that
    /// waits.
    pub(super) fn send_next(&mut self, client: &mut Client, work: &mut Work<'_>) {
        if self.outstanding.is_some() || !client.is_ready() || work.now < self.not_before {
            return;
        }
        self.not_before = Time::ZERO;
        let created = match self.step {
            Step::Report => {
                let Some(created) = self.backlog.pop_front() else { return };
                created
            }
            _ => work.now,
        };
        let message = self.next_message;
        self.next_message = message.wrapping_add(1);
        let Some((means, request)) = self.message(message, work) else { return };
        work.requests += 1;
        if !client.send(&request, work) {
            if self.step == Step::Report {
                self.backlog.push_front(created);
            }
            return;
        }
        work.recorder.counters.message_sent += u64::from(self.step == Step::Report);
        if self.step == Step::Report {
            self.planted.pop_front();
        }
        let reader = work.layout.group(work.node).service.head_end;
        let is_report = self.step == Step::Report;
        let keeper = work.layout.keeper(work.node);
        let recipient = if is_report { keeper } else { client.registrar() };
        work.authored(&means, recipient, reader.as_slice(), self.is_sensitive && is_report);
        let exchange = Exchange::new(message, request, work.now, work.rng);
        self.outstanding = Some(Box::new((self.step, created, exchange)));
    }

    /// An answer came over the association.
    pub(super) fn receive(&mut self, bytes: &[u8], client: &mut Client, work: &mut Work<'_>) {
        work.requests += 1;
        let (mid, mut response) = match device::response(bytes) {
            Ok(read) => read,
            Err(reason) => return work.reject(reason.name()),
        };
        match self.outstanding.take_if(|outstanding| outstanding.2.mid == mid) {
            Some(outstanding) => {
                let (step, created, _) = *outstanding;
                if let Some(originator) = self.originator.as_mut().filter(|_| step == Step::Report)
                {
                    work.requests += 1;
                    match originator.open(response, work.now, &mut work.operations) {
                        Ok(inner) => response = inner,
                        // Whoever wrote this answer is not the CSE: the report counts as not answered.
                        Err(fault) => {
                            work.reject(fault.name());
                            return self.send_next(client, work);
                        }
                    }
                }
                self.settle(step, created, (mid, response.status), work);
            }
            None => work.reject("unexpected_answer"),
        }
        self.send_next(client, work);
    }

    /// A request of this step was answered.
    fn settle(
        &mut self,
        step: Step,
        created: Time,
        (mid, status): (u16, Rsc),
        work: &mut Work<'_>,
    ) {
        if !status.is_success() {
            return self.refused(step, status, work);
        }
        match step {
            Step::Report => {
                work.note(Note::Answered { created });
                work.settled_report(mid.into(), true);
            }
            Step::Register => work.recorder.counters.registered += 1,
            Step::Policy | Step::Container => {}
        }
        self.step = step.next();
    }

    /// What is there already is as good as new. If its resources are gone, the device sets them up again.
    fn refused(&mut self, step: Step, status: Rsc, work: &mut Work<'_>) {
        work.refused(status);
        let is_there = matches!(status, Rsc::ALREADY_REGISTERED | Rsc::CONFLICT);
        if step == Step::Report {
            work.reject("refused_by_cse");
            if self.registers && status == Rsc::NOT_FOUND {
                self.step = Step::Register;
            }
        } else if is_there {
            self.step = step.next();
        } else {
            let more = u128::from(work.rng.next_u64()) * u128::from(AGAIN.0);
            self.not_before = work.now + AGAIN + Duration(u64::try_from(more >> 64).unwrap_or(0));
        }
    }

    /// The answer is late: repeats the request, or gives it up. True if the association seems dead.
    pub(super) fn timeout(&mut self, client: &mut Client, work: &mut Work<'_>) -> bool {
        let Some(outstanding) = &mut self.outstanding else {
            self.send_next(client, work);
            return false;
        };
        match outstanding.2.due(work.now) {
            Due::Nothing => false,
            Due::Repeat => {
                let _ = client.send(&outstanding.2.request, work);
                false
            }
            Due::GiveUp => {
                work.settled_report(outstanding.2.mid.into(), false);
                self.outstanding = None;
                work.reject("unanswered");
                true
            }
        }
    }

    /// The request of the present step, and the message that brings it.
    fn message(&mut self, message: u16, work: &mut Work<'_>) -> Option<(Request, Vec<u8>)> {
        let request = match self.step {
            Step::Report => self.reading(message, work),
            step => set_up(step, message, work),
        };
        let who = self.speaker(work.node);
        let Some(originator) = self.originator.as_mut().filter(|_| self.step == Step::Report)
        else {
            let bytes = requests::confirmable(&request, message);
            let bytes = bytes.inspect_err(|_| work.reject("report_too_long")).ok()?;
            return Some((request, bytes));
        };
        let who = work.layout.originator_there(who);
        let inner = Request { from: Some(who), ..request.clone() };
        work.requests += 1;
        let (rng, from) = (&mut *work.rng, request.from.unwrap_or_default());
        let fresh = || {
            let mut value = [0; 16];
            rng.fill_bytes(&mut value);
            value
        };
        let outer = originator.seal(&inner, &from, work.now, fresh, &mut work.operations);
        let outer = outer.inspect_err(|fault| work.reject(fault.name())).ok()?;
        let bytes = requests::confirmable(&outer, message);
        let bytes = bytes.inspect_err(|_| work.reject("report_too_long")).ok()?;
        Some((inner, bytes))
    }

    /// Whom the next report of `me` names as its originator.
    fn speaker(&self, me: NodeId) -> NodeId {
        let disguised = self.planted.front().filter(|planted| planted.is_disguised);
        disguised.and_then(|planted| planted.at).unwrap_or(me)
    }

    /// The report itself: the time of the reading in milliseconds, in as many digits as it has bytes, or what
    /// the application of its group expects.
    fn reading(&self, message: u16, work: &Work<'_>) -> Request {
        let layout = work.layout;
        let member = layout.place(work.node).member;
        let planted = self.planted.front();
        let own = || layout.group(work.node).form.content(member, u64::from(message));
        let digits = || device::reading(self.size as usize, work.now.0 / 1_000_000);
        let content = planted.and_then(|planted| planted.content.clone());
        let content = content.or_else(own).unwrap_or_else(digits);
        let of = planted.and_then(|planted| planted.at).unwrap_or(work.node);
        Request::create(
            &layout.container(of),
            &layout.originator(self.speaker(work.node)),
            &message.to_string(),
            ResourceType::CONTENT_INSTANCE,
            Content::instance(&content),
        )
    }

    /// All volatile state is lost: the device does not know whether it has registered.
    pub(super) fn restart(&mut self) {
        let fresh = Self::new(self.size, self.is_sensitive, self.registers);
        let mut originator = self.originator.take();
        if let Some(originator) = &mut originator {
            originator.restart();
        }
        *self = Self { next_message: self.next_message, originator, ..fresh };
    }
}

/// The request of one step of the set-up.
fn set_up(step: Step, message: u16, work: &Work<'_>) -> Request {
    let (layout, node) = (work.layout, work.node);
    let originator = layout.originator(node);
    let (base, name) = (layout.base(node), layout.policy_name(node));
    let id = message.to_string();
    match step {
        Step::Policy => {
            let owner = layout.originator_there(node);
            let reader = layout.reader_there(node);
            let readers: Vec<&str> = reader.iter().map(String::as_str).collect();
            let own = [owner.as_str()];
            let mut rules = vec![Rule::all(&own)];
            if !readers.is_empty() {
                let subscriptions = &[ResourceType::SUBSCRIPTION];
                rules.push(Rule { originators: &readers, operations: RETRIEVE, children: &[] });
                rules.push(Rule {
                    originators: &readers,
                    operations: CREATE,
                    children: subscriptions,
                });
            }
            requests::policy(&base, &originator, &id, &name, &owner, &rules)
        }
        Step::Container => {
            let policy = format!("{base}/{name}");
            requests::container(&base, &originator, &id, &layout.container_name(node), &policy)
        }
        Step::Register | Step::Report => {
            let registrar = layout.place(node).registrar;
            requests::application(&originator, &layout.cse_name(registrar), &id, false)
        }
    }
}
