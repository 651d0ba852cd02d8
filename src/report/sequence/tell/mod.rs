//! From what truly happened in a run to the story of its attack. Arrows and effects are facts of the ledger;
//! the attacker's own word stands only in the steps that it says it took.

mod choose;
mod scene;
mod words;

use scene::{Scene, note, placed};

use super::{LANES_MAX, Lane, LaneKind, Moment, NoteKind, Story};
use crate::ledger::ActorId;
use crate::run::{self, Evidence, Judged};
use crate::scenario::Plan;

/// The story of the attack that went worst; none if nobody attacked.
#[must_use]
pub fn tell(outcome: &run::Outcome) -> Option<Story> {
    let evidence = outcome.evidence.as_ref()?;
    let judged = evidence.attacks.iter().max_by_key(|judged| judged.judgement.verdict)?;
    Some(Teller { evidence, judged, plan: &outcome.plan }.story())
}

/// What became of an attack, in one sentence.
#[must_use]
pub(in crate::report) fn answer(evidence: &Evidence, judged: &Judged, plan: &Plan) -> String {
    Teller { evidence, judged, plan }.answer()
}

/// What a story is told from.
struct Teller<'a> {
    evidence: &'a Evidence,
    judged: &'a Judged,
    plan: &'a Plan,
}

impl Teller<'_> {
    fn story(&self) -> Story {
        let (facts, steps) = self.decisive();
        let mut scenes: Vec<Scene> = steps.iter().map(|step| self.step(step)).collect();
        scenes.extend(facts.iter().filter_map(|index| self.fact(*index, &facts)));
        scenes.sort_by_key(|scene| scene.at);
        if let Some(violation) = self.violation() {
            let last = scenes.last().filter(|_| !self.is_secrecy());
            let host =
                last.map_or(self.judged.attacker, |scene| scene.who.1.unwrap_or(scene.who.0));
            let text =
                format!("{}: {}", self.judged.property.property().code, self.said(violation));
            let at = scenes.last().map_or(violation.at, |scene| scene.at.max(violation.at));
            scenes.push(note(at, host, text, NoteKind::Violation));
        }
        let lanes = self.lanes(&scenes);
        let told = scenes.len() as u64;
        let all = self.evidence.facts.records().len() + self.evidence.steps.len();
        let left_out = (all as u64 + self.evidence.steps_left_out).saturating_sub(told);
        let place = |who: ActorId| lanes.iter().position(|lane| *lane == who).unwrap_or(LANES_MAX);
        let moments = scenes.into_iter().map(|scene| Moment {
            at: scene.at,
            what: placed(scene.what, place(scene.who.0), place(scene.who.1.unwrap_or(scene.who.0))),
        });
        Story {
            title: self.title(),
            answer: self.answer(),
            verdict: Some(self.judged.judgement.verdict),
            moments: moments.collect(),
            lanes: lanes.into_iter().map(|who| self.lane(who)).collect(),
            left_out,
        }
    }

    /// Victims and other senders, the attacker, then those that receive, as they appear.
    fn lanes(&self, scenes: &[Scene]) -> Vec<ActorId> {
        let me = self.judged.attacker;
        let mut lanes: Vec<ActorId> = Vec::new();
        let add = |who: ActorId, lanes: &mut Vec<ActorId>| {
            if !lanes.contains(&who) {
                lanes.push(who);
            }
        };
        let all =
            || scenes.iter().flat_map(|scene| std::iter::once(scene.who.0).chain(scene.who.1));
        for who in all().filter(|who| self.kind(*who) != LaneKind::Infrastructure && *who != me) {
            add(who, &mut lanes);
        }
        // What happens on the attacker's own desk happens to somebody all the same.
        let victim = self.judged.victims.first().filter(|_| all().all(|who| who == me));
        victim.into_iter().for_each(|victim| add(*victim, &mut lanes));
        add(me, &mut lanes);
        for who in all() {
            add(who, &mut lanes);
        }
        lanes.truncate(LANES_MAX);
        lanes
    }

    fn lane(&self, who: ActorId) -> Lane {
        let kind = self.kind(who);
        let name = match kind {
            LaneKind::Attacker => format!("attacker ({})", self.judged.name),
            _ => self.evidence.names.of(who),
        };
        Lane { name, kind }
    }

    fn kind(&self, who: ActorId) -> LaneKind {
        if who == self.judged.attacker {
            return LaneKind::Attacker;
        }
        if self.judged.victims.contains(&who) {
            return LaneKind::Victim;
        }
        let name = self.evidence.names.of(who);
        let group = name.rsplit_once('-').map_or(name.as_str(), |(group, _)| group);
        let is_fleet = self.plan.fleets.iter().any(|fleet| fleet.name == group);
        if is_fleet { LaneKind::Honest } else { LaneKind::Infrastructure }
    }
}
