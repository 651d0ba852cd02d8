//! Applications behind a node's CSE: their checks stand before its store, they are handed each content that it has
//! stored, and what truly came of it is written down.

use rand_core::Rng as _;

use super::chronicle::{actor, content_digest, request_in};
use super::layout::{ApplicationSetting, Layout, NodeId};
use super::work::Work;
use crate::backend::{Application, Canary, Outcome, Refusal};
use crate::ledger::{About, ContentDigest, Effect, Message, Operation, ResourceId, ResourceKind};
use crate::onem2m::device;

/// Draws of the canaries of a node's applications: this and the following, one for each.
const CANARY_DRAWS: u8 = 64;

/// The applications behind one CSE.
#[derive(Default)]
pub(super) struct Applications(Vec<(usize, Application)>);

impl Applications {
    pub(super) fn new(me: NodeId, layout: &Layout) -> Self {
        let numbered = layout.applications.iter().enumerate();
        let own = numbered.filter(|(_, one)| one.cse == me);
        // An interpreter that cannot be set up is a defect that every test of the backend would show.
        let start = |(number, one): (usize, &ApplicationSetting)| {
            Some((number, Application::new(one.setting, canary(layout, number)).ok()?))
        };
        Self(own.filter_map(start).collect())
    }

    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The content that a message of `claimed` brings, if there is an application for it.
    pub(super) fn brought(&self, claimed: &str, bytes: &[u8], layout: &Layout) -> Option<Brought> {
        if self.is_empty() {
            return None;
        }
        let device = layout.entity_named(claimed)?;
        let request = request_in(bytes)?;
        let content = device::content_of(&request)?.to_owned();
        let digest = content_digest(&request);
        Some(Brought { device, content, digest })
    }

    /// What an application has against a content, before the CSE stores it.
    pub(super) fn objection(&self, brought: &Brought, layout: &Layout) -> Option<Refusal> {
        let mut meant = self.0.iter().filter(|(number, _)| brought.is_for(*number, layout));
        meant.find_map(|(_, application)| application.admit(&brought.content).err())
    }

    /// The CSE has stored the content.
    pub(super) fn take(&mut self, brought: &Brought, work: &mut Work<'_>) {
        for (number, application) in &mut self.0 {
            if brought.is_for(*number, work.layout)
                && let Ok(outcome) = application.take(&brought.content)
            {
                work.used(*number, brought.device, brought.digest, outcome);
            }
        }
    }
}

/// A content of a device, and the message that it came in.
pub(super) struct Brought {
    device: NodeId,
    content: String,
    digest: ContentDigest,
}

impl Brought {
    fn is_for(&self, number: usize, layout: &Layout) -> bool {
        let group = layout.place(self.device).group;
        layout.applications.get(number).is_some_and(|setting| setting.group == group)
    }
}

/// The secret of an application that no content may reach.
fn canary(layout: &Layout, number: usize) -> Canary {
    let mut bytes = [0; 16];
    if let Some(setting) = layout.applications.get(number) {
        let place = layout.place(setting.cse);
        let purpose = CANARY_DRAWS.saturating_add(u8::try_from(number).unwrap_or(u8::MAX));
        let streams = &layout.group(setting.cse).streams;
        streams.draws(place.member, purpose, &mut 0).fill_bytes(&mut bytes);
    }
    Canary(bytes)
}

/// The secrets of all applications, and whose they are.
#[must_use]
pub fn secrets(layout: &Layout) -> Vec<(NodeId, Vec<u8>)> {
    let numbered = layout.applications.iter().enumerate();
    let of = |(number, one): (usize, &ApplicationSetting)| {
        let secrets = one.setting.secrets(canary(layout, number));
        secrets.into_iter().map(|secret| (one.cse, secret)).collect::<Vec<_>>()
    };
    numbered.flat_map(of).collect()
}

impl Work<'_> {
    /// A mechanism of an application held what `brought` brings, and the CSE did not store it.
    pub(super) fn objected(&mut self, brought: &Brought, refusal: Refusal) {
        self.held(brought.digest, refusal);
    }

    fn held(&mut self, content: ContentDigest, refusal: Refusal) {
        self.recorder.reject(refusal.mechanism);
        if let Some(mut facts) = self.facts() {
            facts.refuse(refusal.mechanism, About::Message(content), refusal.reason);
        }
    }

    /// An application behind this CSE used a content of `device`.
    fn used(&mut self, number: usize, device: NodeId, content: ContentDigest, outcome: Outcome) {
        let (node, me) = (self.node, actor(self.node));
        self.steps += outcome.steps;
        self.done.outside.extend(outcome.sent);
        if let Some(refusal) = outcome.refusal {
            self.held(content, refusal);
        }
        let Some(mut facts) = self.facts() else { return };
        if let Some((sink, level)) = outcome.interpreted {
            facts.interpret(me, sink, level);
        }
        if let Some(bound) = outcome.exceeded {
            facts.exceed(me, bound);
        }
        if outcome.denied > 0 {
            facts.alarm(me, "storage_authoriser", About::Actor(actor(device)));
        }
        if let Some(function) = outcome.wrong_code {
            facts.exec(me, ContentDigest::of(&[function.as_bytes()]));
        }
        for touch in outcome.touched {
            let before = ContentDigest::of(&[touch.what.as_bytes()]);
            facts.effect(Effect {
                resource: inside(node, number, &touch.what),
                operation: if touch.is_changed { Operation::Update } else { Operation::Retrieve },
                before,
                after: if touch.is_changed { content } else { before },
                cause: Some(Message::of(content)),
                actor: None,
                claimed: Some(actor(device)),
            });
        }
    }
}

/// Something of an application that is nobody's to reach from outside.
fn inside(host: NodeId, number: usize, what: &str) -> ResourceId {
    let number = number.to_be_bytes();
    let ContentDigest([a, b, c, d, ..]) = ContentDigest::of(&[&number, what.as_bytes()]);
    let index = u32::from_be_bytes([a, b, c, d]);
    ResourceId { host: actor(host), kind: ResourceKind::Configuration, index }
}
