//! The matrix can fail: with the code of a mechanism taken away, the cell that it fills turns.

use super::{FILES, Set, Trial};
use crate::ledger::Verdict;
use crate::sabotage::{Mechanism, without};

fn verdict(path: &str, on: u8) -> Verdict {
    let file = FILES.iter().find(|file| file.path.contains(path)).expect("it is in the catalogue");
    let trial = Trial { file: *file, on: Set::from([on]), is_attacked: true, seed: 1 };
    let all = super::trial::countermeasures(file).unwrap();
    trial.run(&all, &|| true).unwrap().unwrap().judgement.unwrap().verdict
}

#[test]
fn cells_turn_when_their_mechanism_is_taken_away() {
    for (path, on, mechanism) in
        [("t09-replay", 10, Mechanism::ReplayWindow), ("t08-alteration", 7, Mechanism::RecordTag)]
    {
        assert_eq!(verdict(path, on), Verdict::Prevented, "{path} with CM{on}");
        let sabotaged = without(mechanism, || verdict(path, on));
        assert_eq!(sabotaged, Verdict::Succeeded, "{path} with CM{on} without {mechanism:?}");
    }
}
