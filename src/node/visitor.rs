//! A terminal: somebody logs in at the console of its registrar, makes requests there in the name of their account,
//! and logs out, again and again.

use std::collections::VecDeque;

use super::chronicle::{actor, content_digest};
use super::client::Client;
use super::event::{Command, Note};
use super::exchange::{Due, Exchange};
use super::intruder::Hands;
use super::layout::{Layout, NodeId};
use super::work::Work;
use crate::onem2m::device;
use crate::onem2m::session::Refusal;
use crate::onem2m::session::message::{self, Ask, Call, Carriage, Reply};
use crate::sim::time::{Duration, Time};
use crate::wire::coap::Message;
use crate::wire::primitive::{Content, Request, ResourceType};

/// Calls that whoever holds a terminal may have it make at once.
const PLANTED_MAX: usize = 64;
/// Bytes of what a terminal writes.
const READING_LEN: usize = 16;
/// How a token stands in the file in which a terminal keeps it.
const JAR: &str = "session=";

/// How people use the terminals of a fleet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visits {
    /// The time between two logins of one terminal.
    pub interval: Duration,
    /// Requests between login and logout.
    pub requests: u32,
    /// The time between two of them.
    pub pause: Duration,
    /// The probability that a password is mistyped.
    pub typos: f64,
}

/// What comes next in a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Login,
    Request,
    Logout,
}

/// A terminal's side of a console.
pub(super) struct Visitor {
    visits: Visits,
    password: String,
    /// The file with its token.
    jar: Option<String>,
    step: Step,
    /// Requests of the present visit that are still to be made.
    left: u32,
    /// When the present visit began; [`Time::NEVER`] between two.
    begun: Time,
    /// When that step is due.
    due: Time,
    next_message: u16,
    outstanding: Option<Exchange>,
    /// What whoever holds the terminal wants it to send.
    planted: VecDeque<Vec<u8>>,
    /// The earliest wake-up that is scheduled.
    pub(super) wake: Time,
}

impl Visitor {
    pub(super) const fn new(visits: Visits, password: String) -> Self {
        Self {
            visits,
            password,
            jar: None,
            step: Step::Login,
            left: visits.requests,
            begun: Time::NEVER,
            due: Time::NEVER,
            next_message: 0,
            outstanding: None,
            planted: VecDeque::new(),
            wake: Time::NEVER,
        }
    }

    /// The first visit is due then.
    pub(super) const fn start(&mut self, at: Time) {
        self.due = at;
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        let answer = self.outstanding.as_ref().map(|outstanding| outstanding.deadline);
        answer.or_else(|| (self.due < Time::NEVER).then_some(self.due))
    }

    /// Something is due. True if the association seems dead.
    pub(super) fn timeout(&mut self, client: &mut Client, work: &mut Work<'_>) -> bool {
        if let Some(outstanding) = &mut self.outstanding {
            return match outstanding.due(work.now) {
                Due::Nothing => false,
                Due::Repeat => {
                    let _ = client.send(&outstanding.request, work);
                    false
                }
                Due::GiveUp => {
                    self.outstanding = None;
                    self.leave(work.now);
                    work.reject("unanswered");
                    true
                }
            };
        }
        if self.due <= work.now {
            self.go_on(client, work);
        }
        false
    }

    /// Sends what whoever holds the terminal wants it to.
    pub(super) fn send_planted(&mut self, client: &mut Client, work: &mut Work<'_>) {
        for bytes in std::mem::take(&mut self.planted) {
            work.requests += 1;
            let _ = client.send(&bytes, work);
        }
    }

    /// An answer came over the association.
    pub(super) fn receive(&mut self, bytes: &[u8], work: &mut Work<'_>) {
        work.requests += 1;
        work.overhear(bytes);
        let Some((mid, reply)) = message::read_reply(bytes) else {
            return work.reject("unexpected_answer");
        };
        // Others are for whoever made the terminal call.
        if self.outstanding.take_if(|outstanding| outstanding.mid == mid).is_some() {
            work.note(Note::Answered { created: self.due });
            self.settle(&reply, work);
        }
    }

    /// All volatile state is lost, the token included; the user comes again at the next visit.
    pub(super) fn restart(&mut self, now: Time) {
        let has_started = self.next_timeout().is_some();
        let fresh = Self::new(self.visits, std::mem::take(&mut self.password));
        *self = Self { next_message: self.next_message, begun: self.begun, ..fresh };
        if has_started {
            self.leave(now);
        }
    }

    /// The next step of the visit.
    fn go_on(&mut self, client: &mut Client, work: &mut Work<'_>) {
        let mid = self.next_message;
        let call = self.call(mid, work);
        let carriage = work.layout.carriage(client.registrar());
        let Ok(bytes) = message::write(&call, carriage, mid) else {
            return work.reject("report_too_long");
        };
        work.requests += 1;
        self.due = work.now;
        self.begun = self.begun.min(work.now);
        if !client.is_ready() || !client.send(&bytes, work) {
            self.due = work.now + self.visits.pause;
            return;
        }
        if let Ask::Request(request) = &call.ask {
            work.authored(request, client.registrar(), &[], false);
        }
        work.recorder.counters.message_sent += 1;
        self.next_message = mid.wrapping_add(1);
        self.outstanding = Some(Exchange::new(mid, bytes, work.now, work.rng));
    }

    fn call(&self, mid: u16, work: &mut Work<'_>) -> Call {
        let (layout, me) = (work.layout, work.node);
        let ask = match self.step {
            Step::Login => {
                let is_typo = f64::from(work.rng.next_u32()) < self.visits.typos * 2f64.powi(32);
                let slip = if is_typo { "#" } else { "" };
                let password = format!("{}{slip}", self.password);
                Ask::Login { account: layout.originator(me), password }
            }
            Step::Request => {
                let content = device::reading(READING_LEN, work.now.0 / 1_000_000);
                let id = format!("{}-{mid}", layout.identity(me));
                Ask::Request(Box::new(layout.entry(me, &id, &content)))
            }
            Step::Logout => Ask::Logout,
        };
        Call { token: self.jar.clone(), ask }
    }

    fn settle(&mut self, reply: &Reply, work: &mut Work<'_>) {
        let step = match (self.step, reply) {
            (Step::Login, Reply::Token(token)) => {
                self.jar = Some(token.clone());
                Step::Request
            }
            (Step::Login, Reply::Refused(why)) if why == Refusal::Password.name() => Step::Login,
            (Step::Request, Reply::Status(status)) => {
                if !status.is_success() {
                    work.reject("refused_by_cse");
                }
                self.left = self.left.saturating_sub(1);
                Step::Request
            }
            // The session is over: the user has to log in again.
            (Step::Request, Reply::Refused(_)) => {
                self.jar = None;
                Step::Login
            }
            _ => return self.leave(work.now),
        };
        self.step = if step == Step::Request && self.left == 0 { Step::Logout } else { step };
        self.due = work.now + self.visits.pause;
    }

    /// The visit is over, however it ended.
    fn leave(&mut self, now: Time) {
        self.jar = None;
        self.step = Step::Login;
        self.left = self.visits.requests;
        let next = self.begun.min(now) + self.visits.interval;
        self.begun = Time::NEVER;
        self.due = if next > now { next } else { now + self.visits.interval };
    }
}

impl Layout {
    /// Where the console of `cse` looks for tokens.
    #[must_use]
    pub fn carriage(&self, cse: NodeId) -> Carriage {
        self.group(cse).console.map_or_else(Carriage::default, |policy| policy.carriage)
    }

    /// The request in which somebody writes into the container of the account of `owner`, by this identifier.
    #[must_use]
    pub fn entry(&self, owner: NodeId, id: &str, content: &str) -> Request {
        let (to, from) = (self.container(owner), self.originator(owner));
        let content = Content::instance(content);
        Request::create(&to, &from, id, ResourceType::CONTENT_INSTANCE, content)
    }
}

/// Terminals of this site.
impl Hands<'_> {
    /// The file in which the terminal `node` keeps its token; it is observed. None if it is no terminal.
    pub fn jar(&mut self, node: NodeId) -> Option<Vec<u8>> {
        let visitor = self.actor(node)?.visitor.as_ref()?;
        let file = visitor.jar.as_deref().map(jar_with).unwrap_or_default();
        self.see_inside(node, &file);
        Some(file)
    }

    /// Writes the file in which the terminal `node` keeps its token, while nobody is logged in there: a page of the
    /// attacker's that the user opens, in a neighbouring domain, can do that. False if somebody is, or it is no file
    /// of this kind.
    pub fn toss(&mut self, node: NodeId, file: &[u8]) -> bool {
        let token = str::from_utf8(file).ok().and_then(token_in);
        let visitor = self.actor(node).and_then(|actor| actor.visitor.as_mut());
        let Some((visitor, token)) = visitor.filter(|visitor| visitor.jar.is_none()).zip(token)
        else {
            return false;
        };
        visitor.jar = Some(token.to_owned());
        true
    }

    /// Sends a message to the console over the association of the terminal `node`. A request in it is the attacker's,
    /// whatever it says. False if `node` is no terminal, or has too much to send.
    pub fn call_console(&mut self, node: NodeId, bytes: Vec<u8>) -> bool {
        let (layout, now, who) = (self.layout, self.now, self.who());
        let registrar = layout.place(node).registrar;
        let visitor = self.actor(node).and_then(|actor| actor.visitor.as_mut());
        let Some(visitor) = visitor.filter(|visitor| visitor.planted.len() < PLANTED_MAX) else {
            return false;
        };
        let message = Message::parse(&bytes).ok();
        let call = message.and_then(|m| message::read(&m, layout.carriage(registrar)).ok());
        visitor.planted.push_back(bytes);
        if let (Some(Ask::Request(request)), Some(mut facts)) =
            (call.map(|call| call.ask), self.node_facts())
        {
            let content = content_digest(&request);
            facts.author(who, who, actor(registrar), content, false);
        }
        self.command_at(now, node, Command::Visit);
        true
    }
}

/// The token in the file of a terminal.
#[must_use]
pub fn token_in(jar: &str) -> Option<&str> {
    jar.strip_prefix(JAR)?.lines().next().filter(|token| !token.is_empty())
}

/// The file of a terminal with this token.
#[must_use]
pub fn jar_with(token: &str) -> Vec<u8> {
    format!("{JAR}{token}\n").into_bytes()
}
