//! The matrix can fail: with the code of a mechanism taken away, the cell that it fills turns.

use super::{FILES, Set, Trial};
use crate::ledger::{Judgement, Verdict};
use crate::run::execute;
use crate::sabotage::{Mechanism, without};
use crate::scenario::{Source, load};

fn judged(path: &str, on: &[u8]) -> Judgement {
    let file = FILES.iter().find(|file| file.path.contains(path)).expect("it is in the catalogue");
    let on: Set = on.iter().copied().collect();
    let trial = Trial { file: *file, on, is_attacked: true, seed: 1 };
    let all = super::trial::countermeasures(file).unwrap();
    trial.run(&all, &|| true).unwrap().unwrap().judgement.unwrap()
}

#[test]
fn cells_turn_when_their_mechanism_is_taken_away() {
    let cells: [(&str, &[u8], Mechanism); 10] = [
        ("t02-chip-erased", &[1], Mechanism::SlotLock),
        ("t03-chip-written", &[1], Mechanism::SlotLock),
        ("t04-server-key", &[2, 3], Mechanism::ExportRefusal),
        ("t07-middle-node", &[7, 19], Mechanism::PrimitiveEncryption),
        ("t08-alteration", &[7], Mechanism::RecordTag),
        ("t10-unauthorised", &[12], Mechanism::PackageSignature),
        ("t18-after-logout", &[24], Mechanism::SessionRevocation),
        ("t18-guessed-password", &[24], Mechanism::LockOut),
        ("t18-stolen-token", &[24], Mechanism::SessionBinding),
        ("t19-defaults", &[25], Mechanism::AccessDecision),
    ];
    for (path, on, mechanism) in cells {
        assert_eq!(judged(path, on).verdict, Verdict::Prevented, "{path} with {on:?}");
        // What the mechanism let through may still raise an alarm.
        let sabotaged = without(mechanism, || judged(path, on));
        assert!(sabotaged.is_violated, "{path} with {on:?} without {mechanism:?}: {sabotaged:?}");
        assert_ne!(sabotaged.verdict, Verdict::Prevented);
    }
}

#[test]
fn the_replay_window_stops_replays_where_nothing_stands_behind_it() {
    let file = FILES.iter().find(|file| file.path.contains("t09-replay")).unwrap();
    let replayed = || {
        let overrides = ["security.request_cache=false".to_owned()];
        let loaded = load(&Source::new(file.path, file.text), &overrides, Some(1));
        let outcome = execute(loaded.unwrap_or_else(|_| panic!("it loads")).plan, 1, &|_| true);
        outcome.evidence.unwrap().attacks[0].judgement.verdict
    };
    assert_eq!(replayed(), Verdict::Prevented);
    assert_eq!(without(Mechanism::ReplayWindow, replayed), Verdict::Succeeded);
}

#[test]
fn rotation_stops_fixation_where_binding_does_not_stand_behind_it() {
    let file = FILES.iter().find(|file| file.path.contains("t18-fixed-token")).unwrap();
    let fixed = || {
        let overrides = ["cse.in.console.bound=false".to_owned()];
        let loaded = load(&Source::new(file.path, file.text), &overrides, Some(1));
        let outcome = execute(loaded.unwrap_or_else(|_| panic!("it loads")).plan, 1, &|_| true);
        outcome.evidence.unwrap().attacks[0].judgement
    };
    assert_eq!(fixed().verdict, Verdict::Prevented);
    // When the victim has logged out, the attacker goes on with a token that is no more, which is noticed.
    assert!(without(Mechanism::SessionRotation, fixed).is_violated);
}

/// What stolen keys opened of a meter whose key exchange is this one, and whether its long-term key opened the past.
fn exposure(key_exchange: &str) -> (f64, bool) {
    let file = FILES.iter().find(|file| file.path.contains("t07-recorded")).unwrap();
    let overrides = [format!("security.key_exchange={key_exchange}")];
    let loaded = load(&Source::new(file.path, file.text), &overrides, Some(1));
    let outcome = execute(loaded.unwrap_or_else(|_| panic!("it loads")).plan, 1, &|_| true);
    let evidence = outcome.evidence.unwrap();
    let finding = &evidence.findings[&crate::ledger::PropertyId::S3];
    assert!(finding.is_complete);
    let mut violations = finding.violations.iter();
    let fell = violations.any(|violation| violation.what.contains("fell with the long-term key"));
    (finding.metrics["opened_max_bytes"], fell)
}

#[test]
fn a_stolen_long_term_key_opens_the_past_only_without_diffie_hellman() {
    let ((with, fell_with), (without, fell_without)) = (exposure("psk_dhe_ke"), exposure("psk_ke"));
    assert!(!fell_with && fell_without);
    // What is left is what was sent under the traffic key that is still in memory.
    assert!(with > 0.0 && with < without / 3.0, "{with} B, {without} B");
}
