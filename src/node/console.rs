//! The console of a node's CSE: people log in there and make requests in the names of their accounts, each of which
//! is an AE of that CSE. Who they are, sessions say (`onem2m::session`); what they may, the CSE.

use std::collections::{BTreeMap, VecDeque};

use super::chronicle::{actor, content_digest};
use super::layout::NodeId;
use super::work::Work;
use crate::association::{Association, Operation};
use crate::ledger::About;
use crate::onem2m::session::message::{self, Ask, Call, Reply};
use crate::onem2m::session::{Alarm, BINDING_LABEL, Binding, Channel, Refusal, Sessions};
use crate::wire::coap::Message;
use crate::wire::primitive::Request;

/// Addresses that the log keeps.
const LOG_MAX: usize = 8;
/// Bytes of an address that the log keeps.
const LINE_MAX: usize = 96;

/// Requests of the console to its CSE have these numbers, and up.
pub(super) const NUMBERS: u64 = 1 << 62;

/// The console.
pub(super) struct Console {
    sessions: Sessions,
    log: VecDeque<String>,
    /// The latest message of each client and its answer (RFC 7252 section 4.5).
    answered: BTreeMap<u32, (u16, u32, Vec<u8>)>,
    next: u64,
}

/// What is to be done about a message.
pub(super) enum Outcome {
    /// This is the answer.
    Answer(Vec<u8>),
    /// The CSE is asked under this number, and its answer told with [`Console::told`].
    Ask(u64, Box<Request>),
}

/// Who sent a message, and over what.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    /// The number of the client.
    pub(super) client: u32,
    /// The entity that its association authenticated.
    pub(super) subject: &'a str,
    /// What its association is known by.
    pub(super) binding: Option<Binding>,
}

impl Console {
    pub(super) const fn new(sessions: Sessions) -> Self {
        Self { sessions, log: VecDeque::new(), answered: BTreeMap::new(), next: NUMBERS }
    }

    /// What both ends of an association can compute and nobody else can; none without protection.
    pub(super) fn binding(end: &Association, work: &mut Work<'_>) -> Option<Binding> {
        let mut binding = Binding::default();
        let label = BINDING_LABEL.as_bytes();
        let exported = end.export_without_context(label, &mut binding, &mut work.operations);
        exported.is_ok().then_some(binding)
    }

    /// A message of a client.
    pub(super) fn receive(
        &mut self,
        visit: Visit<'_>,
        bytes: &[u8],
        work: &mut Work<'_>,
    ) -> Option<Outcome> {
        let read = Message::parse(bytes).inspect_err(|fault| work.reject(fault.name()));
        let message = read.ok()?;
        let (mid, sum) = (message.mid, message.checksum());
        if let Some((last, of, answer)) = self.answered.get(&visit.client)
            && (*last, *of) == (mid, sum)
        {
            work.recognised();
            return Some(Outcome::Answer(answer.clone()));
        }
        self.note(&message);
        let carriage = self.sessions.policy().carriage;
        let reply = match message::read(&message, carriage) {
            Ok(call) => match self.serve(call, visit, work) {
                Ok(Served::Reply(reply)) => reply,
                Ok(Served::Ask(request)) => {
                    self.next += 1;
                    return Some(Outcome::Ask(self.next, request));
                }
                Err(refusal) => Reply::Refused(refusal.name().to_owned()),
            },
            Err(fault) => {
                work.reject(fault.name());
                Reply::Refused(fault.name().to_owned())
            }
        };
        Some(Outcome::Answer(self.answer(visit.client, &message, &reply)))
    }

    /// The answer to the message `bytes`, now that it is known.
    pub(super) fn told(&mut self, client: u32, bytes: &[u8], reply: &Reply) -> Option<Vec<u8>> {
        let message = Message::parse(bytes).ok()?;
        Some(self.answer(client, &message, reply))
    }

    /// Sessions and what was answered are lost.
    pub(super) fn restart(&mut self) {
        self.sessions.restart();
        self.answered.clear();
    }

    fn answer(&mut self, client: u32, message: &Message<'_>, reply: &Reply) -> Vec<u8> {
        let answer = message::write_reply(reply, message);
        self.answered.insert(client, (message.mid, message.checksum(), answer.clone()));
        answer
    }

    fn note(&mut self, message: &Message<'_>) {
        if self.log.len() == LOG_MAX {
            self.log.pop_front();
        }
        self.log.push_back(message::address(message).chars().take(LINE_MAX).collect());
    }

    fn serve(
        &mut self,
        call: Call,
        visit: Visit<'_>,
        work: &mut Work<'_>,
    ) -> Result<Served, Refusal> {
        let channel = Channel { subject: visit.subject, binding: visit.binding };
        let (now, token) = (work.now, call.token.as_deref());
        let served = match &call.ask {
            Ask::Visit => {
                let token = self.sessions.visit(now, &channel, work.rng);
                token.map(Reply::Token).map(Served::Reply)
            }
            Ask::Login { account, password } => {
                let credentials = (account.as_str(), password.as_str());
                let token = self.sessions.login(now, &channel, credentials, token, work.rng);
                self.price(token.as_ref().err().copied(), work);
                token.map(Reply::Token).map(Served::Reply)
            }
            Ask::Logout => {
                let token = token.ok_or(Refusal::Absent);
                let over = token.and_then(|token| self.sessions.logout(now, &channel, token));
                over.map(|()| Served::Reply(Reply::Done))
            }
            Ask::Log => {
                let token = token.ok_or(Refusal::Absent);
                let account = token.and_then(|token| self.sessions.resume(now, &channel, token));
                account.map(|_| Served::Reply(Reply::Log(self.shown())))
            }
            Ask::Request(request) => {
                let token = token.ok_or(Refusal::Absent);
                let account = token.and_then(|token| self.sessions.resume(now, &channel, token));
                // Whoever the request names, it is made in the name of the account.
                account.map(|account| {
                    Served::Ask(Box::new(Request { from: Some(account), ..(**request).clone() }))
                })
            }
        };
        for alarm in self.sessions.take_alarms() {
            sounded(alarm, &call, visit.subject, work);
        }
        served.inspect_err(|refusal| refused(*refusal, &call, visit.subject, work))
    }

    /// A password was checked, unless the account was locked.
    fn price(&self, refusal: Option<Refusal>, work: &mut Work<'_>) {
        if refusal != Some(Refusal::Locked) {
            work.operations.count(Operation::Sha256Block, self.sessions.password_work());
        }
        if refusal.is_none() {
            work.recorder.counters.session_logins += 1;
        }
    }

    fn shown(&self) -> String {
        self.log.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// What a call led to.
enum Served {
    Reply(Reply),
    Ask(Box<Request>),
}

/// Whoever sends as `subject` is refused.
fn refused(refusal: Refusal, call: &Call, subject: &str, work: &mut Work<'_>) {
    work.recorder.reject(refusal.name());
    let about = match &call.ask {
        Ask::Request(request) => About::Message(content_digest(request)),
        _ => About::Actor(actor(whose(subject, work))),
    };
    if let Some(mut facts) = work.facts() {
        facts.refuse(refusal.name(), about, refusal.name());
    }
}

/// A detector speaks about whoever sends as `subject`. A lock-out is false if it shuts out the owner.
fn sounded(alarm: Alarm, call: &Call, subject: &str, work: &mut Work<'_>) {
    if alarm == Alarm::LockOut {
        let owner = matches!(&call.ask, Ask::Login { account, .. } if account == subject);
        work.recorder.counters.lock_outs += 1;
        work.recorder.counters.false_lock_outs += u64::from(owner);
    }
    let (me, about) = (actor(work.node), About::Actor(actor(whose(subject, work))));
    if let Some(mut facts) = work.facts() {
        facts.alarm(me, alarm.name(), about);
    }
}

/// The node that sends as `subject`; this one if that is nobody in the world.
fn whose(subject: &str, work: &Work<'_>) -> NodeId {
    work.layout.entity_named(subject).unwrap_or(work.node)
}
