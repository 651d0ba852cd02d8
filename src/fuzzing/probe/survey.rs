//! What the target serves: its CSEBase, the AEs that the probe works with, and the resource types that it makes.

use super::answer::Answer;
use super::engine::Engine;
use super::exchange::Heard;
use super::setting::{ProbeError, Target};
use super::stage::{Stage, TYPES};
use crate::wire::primitive::Operation;
use crate::wire::value::Serialisation;

/// The stage over one binding.
pub(super) fn stage(engine: &Engine<'_>, target: &Target) -> Stage {
    let setting = engine.setting;
    let mark = setting.seed & 0xffff;
    let letter = target.binding.word().get(..1).unwrap_or_default();
    Stage {
        base: target.base.clone(),
        owner: format!("Cks{mark:04x}Ow{letter}"),
        other: format!("Cks{mark:04x}Oth"),
        binding: target.binding,
        at: target.at,
        form: Serialisation::Json,
        release: setting.release,
    }
}

impl Engine<'_> {
    /// Looks at the CSEBase, registers the other AE, and tries each type.
    pub(super) fn survey(&mut self) -> Result<(), ProbeError> {
        for target in &self.setting.targets {
            self.look(target)?;
        }
        self.register_other()?;
        let stages = self.stages.clone();
        let Some(first) = stages.first() else { return Ok(()) };
        for of in TYPES {
            let heard = self.prepare(first, of);
            let made =
                heard.last().and_then(Heard::answer).is_some_and(|answer| answer.is_success());
            if of.number == 2 && !made {
                let what = heard
                    .last()
                    .and_then(Heard::answer)
                    .map_or_else(|| "no answer".to_owned(), said);
                return Err(ProbeError::NoEntity(first.owner.clone(), what));
            }
            if made {
                self.types.push(of);
            } else {
                self.without.insert(of.name);
            }
        }
        Ok(())
    }

    fn look(&mut self, target: &Target) -> Result<(), ProbeError> {
        let setting = self.setting;
        let stage = stage(self, target);
        let mut request = stage.request(Operation::Retrieve, &target.base);
        request.from = Some(self.setting.originator.clone());
        let place = || format!("{}://{}", target.binding.word(), target.at);
        let refused = |what: String| ProbeError::NoCse {
            at: place(),
            base: target.base.clone(),
            originator: setting.originator.clone(),
            what,
        };
        let Some(shot) = stage.shot(&request) else {
            return Err(refused("that is no address of a CSEBase".to_owned()));
        };
        let heard = self.send(&shot, target.at);
        match heard.answer() {
            None => Err(ProbeError::Silent(place())),
            Some(answer) if answer.is_success() => {
                self.stages.push(stage);
                Ok(())
            }
            Some(answer) => Err(refused(said(answer))),
        }
    }

    /// Registers the AE of somebody else, which has no right to anything.
    pub(super) fn register_other(&mut self) -> Result<(), ProbeError> {
        let Some(first) = self.stages.first().cloned() else { return Ok(()) };
        let Some(shot) = first.shot(&first.register_other()) else { return Ok(()) };
        let answer = self.send(&shot, first.at).answer();
        // From an earlier campaign it may be there.
        match answer {
            Some(answer) if answer.is_success() || matches!(answer.rsc, Some(4_117 | 4_105)) => {
                Ok(())
            }
            Some(answer) => Err(ProbeError::NoEntity(first.other, said(answer))),
            None => Err(ProbeError::Silent(first.at.to_string())),
        }
    }
}

fn said(answer: Answer) -> String {
    match answer.rsc {
        Some(rsc) => format!("RSC {rsc}"),
        None => format!("status {} without a response status code", answer.transport),
    }
}
