//! A device's side of the service layer: it sets up its resources, then reports. One confirmable CoAP request at a
//! time (RFC 7252 section 4.2), the rest waits.

use std::collections::VecDeque;

use super::client::Client;
use super::event::Note;
use super::exchange::{Due, Exchange};
use super::layout::NodeId;
use super::work::Work;
use crate::onem2m::device;
use crate::onem2m::requests::{self, CREATE, RETRIEVE, Rule};
use crate::sim::time::{Duration, Time};
use crate::wire::binding::Unsendable;
use crate::wire::coap::Token;
use crate::wire::primitive::{Request, ResourceType, Rsc};

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
    pub(super) const fn new(size: u32, is_sensitive: bool, registers: bool) -> Self {
        Self {
            size,
            is_sensitive,
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
        let Some(request) = self.message(message, work) else { return };
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
        let is_sensitive = self.is_sensitive && self.step == Step::Report;
        work.authored(&request, client.registrar(), reader.as_slice(), is_sensitive);
        let exchange = Exchange::new(message, request, work.now, work.rng);
        self.outstanding = Some(Box::new((self.step, created, exchange)));
    }

    /// An answer came over the association.
    pub(super) fn receive(&mut self, bytes: &[u8], client: &mut Client, work: &mut Work<'_>) {
        work.requests += 1;
        let answer = match device::answer(bytes) {
            Ok(answer) => answer,
            Err(reason) => return work.reject(reason.name()),
        };
        match self.outstanding.take_if(|outstanding| outstanding.2.mid == answer.mid) {
            Some(outstanding) if answer.status.is_success() => {
                let (step, created, _) = *outstanding;
                match step {
                    Step::Report => {
                        work.note(Note::Answered { created });
                        work.settled_report(answer.mid.into(), true);
                    }
                    Step::Register => work.recorder.counters.registered += 1,
                    Step::Policy | Step::Container => {}
                }
                self.step = step.next();
            }
            Some(outstanding) => self.refused(outstanding.0, answer.status, work),
            None => work.reject("unexpected_answer"),
        }
        self.send_next(client, work);
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

    /// The request of the present step, in a message.
    fn message(&self, message: u16, work: &mut Work<'_>) -> Option<Vec<u8>> {
        let bytes = match self.step {
            Step::Report => self.reading(message, work)?,
            step => requests::confirmable(&set_up(step, message, work), message),
        };
        bytes.inspect_err(|_| work.reject("report_too_long")).ok()
    }

    /// The report itself: the time of the reading in milliseconds, in as many digits as it has bytes, or what
    /// the application of its group expects.
    fn reading(&self, message: u16, work: &Work<'_>) -> Option<Result<Vec<u8>, Unsendable>> {
        let layout = work.layout;
        let member = layout.place(work.node).member;
        let planted = self.planted.front().cloned();
        let own = || layout.group(work.node).form.content(member, u64::from(message));
        let digits = || device::reading(self.size as usize, work.now.0 / 1_000_000);
        let content = planted.as_ref().and_then(|planted| planted.content.clone());
        let content = content.or_else(own).unwrap_or_else(digits);
        let of = planted.as_ref().and_then(|planted| planted.at).unwrap_or(work.node);
        let is_disguised = planted.is_some_and(|planted| planted.is_disguised);
        let who = if is_disguised { of } else { work.node };
        Some(device::report(&device::Report {
            originator: &layout.originator(who),
            target: &layout.container(of),
            mid: message,
            token: Token::new(&message.to_be_bytes())?,
            request_id: &format!("{message}"),
            content: &content,
        }))
    }

    /// All volatile state is lost: the device does not know whether it has registered.
    pub(super) fn restart(&mut self) {
        let fresh = Self::new(self.size, self.is_sensitive, self.registers);
        *self = Self { next_message: self.next_message, ..fresh };
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
