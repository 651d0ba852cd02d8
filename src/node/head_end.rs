//! The head end: an application beside an infrastructure CSE that lets devices report to it, and subscribes
//! to what they keep elsewhere. It is an AE like any other: all it does goes through the CSE as requests.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Note;
use super::layout::{Layout, NodeId};
use super::resources::HEAD_END;
use super::work::Work;
use crate::onem2m::requests::{self, Rule};
use crate::onem2m::{Effect, Service, device};
use crate::sim::time::{Duration, Time};
use crate::wire::primitive::{Request, ResourceType, Response, Rsc};
use crate::wire::value::Value;

/// Subscriptions that are asked for at the same time.
const ASKED_MAX: usize = 64;
/// How long after a refusal a subscription is asked for again: the device may not be there yet.
const AGAIN: Duration = Duration::from_secs(15);
/// The name of its policy.
const POLICY: &str = "reports";
/// The name of each of its subscriptions.
const SUBSCRIPTION: &str = "head-end";

/// The application.
#[derive(Default)]
pub(super) struct HeadEnd {
    /// Devices that are to be subscribed to, and from when on.
    wanted: BTreeSet<(Time, NodeId)>,
    asked: BTreeMap<u64, NodeId>,
    last: u64,
}

impl HeadEnd {
    /// The application at `me`, registered; `None` if no fleet needs one there.
    pub(super) fn new(me: NodeId, layout: &Layout, service: &mut Service) -> Option<Self> {
        let own = layout.groups.iter().filter(|group| group.service.head_end == Some(me));
        let mut wanted = BTreeSet::new();
        let mut is_needed = false;
        for group in own {
            is_needed = true;
            let members = (0..group.count).map(|member| NodeId(group.first.0 + member));
            let from = group.service.subscribed;
            wanted.extend(
                from.into_iter()
                    .flat_map(|from| members.clone().map(move |n| (Time::ZERO + from, n))),
            );
        }
        if !is_needed {
            return None;
        }
        register(me, layout, service);
        Some(Self { wanted, ..Self::default() })
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        let has_room = self.asked.len() < ASKED_MAX;
        self.wanted.first().filter(|_| has_room).map(|(from, _)| *from)
    }

    /// The subscriptions that are due, as requests with their numbers.
    pub(super) fn due(&mut self, work: &Work<'_>) -> Vec<(u64, Request)> {
        let mut due = Vec::new();
        while self.next_timeout().is_some_and(|at| at <= work.now) {
            let Some((_, node)) = self.wanted.pop_first() else { break };
            self.last += 1;
            self.asked.insert(self.last, node);
            due.push((self.last, subscription(work.layout, work.node, node, self.last)));
        }
        due
    }

    /// The answer to a subscription.
    pub(super) fn answered(&mut self, number: u64, response: &Response, work: &mut Work<'_>) {
        let Some(node) = self.asked.remove(&number) else { return };
        if response.status.is_success() {
            work.recorder.counters.subscribed += 1;
            return;
        }
        work.refused(response.status);
        // What is there already from before a restart is good.
        if response.status != Rsc::CONFLICT {
            self.wanted.insert((work.now + AGAIN, node));
        }
    }

    /// A request to the application: notifications are taken, nothing else.
    pub(super) fn take(&self, request: &Request, work: &mut Work<'_>) -> Response {
        work.requests += 1;
        let status = match notified(request) {
            Some(reading) => {
                let created = reading.and_then(device::time_of);
                work.note(Note::Notified { created });
                Rsc::OK
            }
            None => Rsc::NOT_IMPLEMENTED,
        };
        Response { status, ..Response::default() }
    }

    /// What it has asked for and not been answered is lost; it will ask again.
    pub(super) fn restart(&mut self, now: Time) {
        let lost = std::mem::take(&mut self.asked);
        self.wanted.extend(lost.into_values().map(|node| (now + AGAIN, node)));
    }
}

/// The content of the contentInstance that a notification shows; `None` if it is no notification of one.
fn notified(request: &Request) -> Option<Option<&str>> {
    let content = request.content.as_ref().filter(|content| content.root == "m2m:sgn")?;
    let event = content.value.as_map()?.get("nev")?.as_map()?;
    let instance = event.get("rep")?.as_map()?.get("m2m:cin")?.as_map()?;
    Some(instance.get("con").and_then(Value::as_text))
}

fn subscription(layout: &Layout, me: NodeId, device: NodeId, number: u64) -> Request {
    let cse = layout.entity(layout.place(device).registrar);
    let container = layout.container(device);
    let to = if container.starts_with('/') { container } else { format!("{cse}/{container}") };
    let target = format!("{}/{HEAD_END}", layout.entity(me));
    requests::subscription(&to, HEAD_END, &format!("h{number}"), SUBSCRIPTION, &target)
}

/// Registers the application, and lets devices make containers and policies below it, and CSEs notify it.
fn register(me: NodeId, layout: &Layout, service: &mut Service) {
    let base = layout.cse_name(me);
    let own = format!("{base}/{HEAD_END}");
    let policy = format!("{own}/{POLICY}");
    let (reporters, cses) = patterns(me, layout);
    let reporters: Vec<&str> = reporters.iter().map(String::as_str).collect();
    let cses: Vec<&str> = cses.iter().map(String::as_str).collect();
    let mut rules = vec![Rule::all(&[HEAD_END])];
    if !reporters.is_empty() {
        let children = &[ResourceType::ACCESS_CONTROL_POLICY, ResourceType::CONTAINER];
        rules.push(Rule { originators: &reporters, operations: requests::CREATE, children });
    }
    if !cses.is_empty() {
        rules.push(Rule { originators: &cses, operations: requests::NOTIFY, children: &[] });
    }
    let steps = [
        requests::application(HEAD_END, &base, "1", true),
        requests::policy(&own, HEAD_END, "2", POLICY, HEAD_END, &rules),
        requests::assign(&own, "m2m:ae", HEAD_END, "3", &policy),
    ];
    for request in steps {
        let mut effects = Vec::new();
        service.ask(Time::ZERO, HEAD_END, 0, request, &mut effects);
        let done = |effect: &Effect| matches!(effect, Effect::Answer { response, .. } if response.status.is_success());
        debug_assert!(effects.iter().all(done), "{effects:?}");
    }
}

/// The originators that report to the head end at `me`, and the CSEs that notify it.
fn patterns(me: NodeId, layout: &Layout) -> (Vec<String>, BTreeSet<String>) {
    let (mut reporters, mut cses) = (Vec::new(), BTreeSet::new());
    for group in layout.groups.iter().filter(|group| group.service.head_end == Some(me)) {
        let registrar = layout.place(group.first).registrar;
        let behind = layout.group(registrar);
        let gateways = format!("/cse-{}-*", behind.name);
        if group.service.reports_up {
            let above = if registrar == me { String::new() } else { format!("{gateways}/") };
            reporters.push(format!("{above}C{}-*", group.name));
        }
        if registrar != me && group.service.subscribed.is_some() && !group.service.reports_up {
            cses.insert(gateways);
        }
    }
    (reporters, cses)
}
