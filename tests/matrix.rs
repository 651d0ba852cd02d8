//! Each threat of the catalogue as an experiment at a few seeds: with nothing against it, it succeeds; with each of
//! its countermeasures it ends as the catalogue says; in peace nobody raises an alarm.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test program")]

use keystorm::ledger::PropertyId;
use keystorm::ledger::Verdict::{self, Detected, Mitigated, Prevented, Succeeded};
use keystorm::run::execute;
use keystorm::run::matrix::{FILES, Row, Set, run};
use keystorm::scenario::{Source, load};

/// Seeds of each cell; the full catalogue takes 30.
const SEEDS: u64 = 3;

/// Threat, countermeasures in force, and how the attack ends then.
const EXPECTED: &[(u8, &[u8], Verdict)] = &[
    (7, &[7], Prevented),
    (7, &[9], Mitigated),
    (7, &[11], Prevented),
    (7, &[19], Prevented),
    (8, &[7], Prevented),
    (8, &[8], Prevented),
    (8, &[9], Mitigated),
    (9, &[10], Prevented),
    (13, &[19], Prevented),
    (14, &[19], Prevented),
    (1, &[1], Prevented),
    (1, &[11], Mitigated),
    (2, &[1], Prevented),
    (2, &[5], Detected),
    (2, &[6], Prevented),
    (3, &[1], Prevented),
    (3, &[6], Prevented),
    // A database is read past the rules, and a legacy interface past the HSM.
    (4, &[2], Succeeded),
    (4, &[3], Succeeded),
    (4, &[2, 3], Prevented),
    (5, &[2], Mitigated),
    (5, &[6], Prevented),
    (5, &[2, 6], Prevented),
    (6, &[4], Prevented),
    (10, &[12], Prevented),
    (10, &[13], Detected),
    (10, &[12, 13], Prevented),
    (15, &[5], Prevented),
    (18, &[24], Prevented),
    (19, &[25], Prevented),
    (20, &[26], Mitigated),
    (16, &[22], Prevented),
    (17, &[23], Prevented),
    (21, &[22], Prevented),
    (21, &[27], Mitigated),
    (21, &[22, 27], Prevented),
    (22, &[28], Prevented),
    (11, &[14], Succeeded),
    (11, &[15], Succeeded),
    (11, &[16], Succeeded),
    (11, &[14, 15, 16], Prevented),
    (12, &[17], Succeeded),
    (12, &[18], Succeeded),
    (12, &[17, 18], Prevented),
];

/// The same for single scenarios of a threat that end otherwise.
const ELSEWHERE: &[(&str, &[u8], Verdict)] = &[
    // Protection of links ends in the gateway that somebody took.
    ("t07-middle-node", &[19], Succeeded),
    ("t07-middle-node", &[7], Prevented),
    ("t07-middle-node", &[7, 19], Prevented),
    // What no linter finds costs one component.
    ("t19-parser", &[25], Mitigated),
    ("t19-paths", &[25], Mitigated),
];

fn rows() -> Vec<Row> {
    run(FILES, SEEDS, 2, &|_| None, &|_| true).unwrap_or_else(|refused| panic!("{refused}"))
}

#[test]
fn every_row_ends_as_the_catalogue_says() {
    let mut wrong = Vec::new();
    for row in rows() {
        for set in row.sets() {
            let list: Vec<u8> = set.iter().copied().collect();
            let cell = format!("T{} with {list:?}", row.file.threat);
            let here =
                |(path, on, _): &&(&str, &[u8], _)| row.file.path.contains(path) && *on == list;
            let elsewhere = ELSEWHERE.iter().find(here).map(|(.., verdict)| verdict);
            let expected =
                EXPECTED.iter().find(|(threat, on, _)| *threat == row.file.threat && *on == list);
            let Some(verdict) = elsewhere.or_else(|| expected.map(|(.., verdict)| verdict)) else {
                wrong.push(format!("{cell}: nothing is expected"));
                continue;
            };
            match row.experiment(&set).outcome() {
                Ok(outcome) if outcome.verdict != *verdict => {
                    wrong.push(format!("{cell}: {:?}, not {verdict:?}", outcome.verdict));
                }
                Ok(outcome) if outcome.false_alarms.count + outcome.false_alarms_off.count > 0 => {
                    wrong.push(format!("{cell}: an alarm in peace"));
                }
                Ok(_) => {}
                Err(fault) => wrong.push(format!("{cell}: {fault}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (threat, on, _) in EXPECTED {
        let known = FILES.iter().any(|file| file.threat == *threat);
        assert!(known, "T{threat} with {on:?} is expected, but has no scenario");
    }
}

#[test]
fn the_same_trial_has_the_same_digest_and_facts_do_not_change_it() {
    let rows = rows();
    let again = self::rows();
    for (row, other) in rows.iter().zip(&again) {
        assert_eq!(row.notes, other.notes, "T{}", row.file.threat);
    }
    let none = Set::new();
    assert!(rows.iter().all(|row| row.notes.iter().any(|note| note.on == none)));
}

/// How the attack of a shipped scenario ends with these overrides, and what an observer gains over guessing.
fn linked(overrides: &[&str]) -> (Verdict, f64) {
    let file = FILES.iter().find(|file| file.path.contains("t07-linking")).unwrap();
    let overrides: Vec<String> = overrides.iter().map(|word| (*word).to_owned()).collect();
    let loaded = load(&Source::new(file.path, file.text), &overrides, Some(1));
    let plan = loaded.unwrap_or_else(|faults| panic!("{}", faults.render(false))).plan;
    let evidence = execute(plan, 1, &|_| true).evidence.unwrap();
    let finding = &evidence.findings[&PropertyId::U1];
    (evidence.attacks[0].judgement.verdict, finding.metric("advantage").unwrap())
}

/// Each thing that a device shows links its messages on its own.
#[test]
fn an_observer_links_by_whatever_stays() {
    let (verdict, advantage) = linked(&[]);
    assert!(verdict == Prevented && advantage < 0.1, "{advantage}");
    let (verdict, advantage) = linked(&["fleet.meters.pseudonyms.on=false"]);
    assert!(verdict == Succeeded && advantage > 0.95, "{advantage}");
    // The name changes, the number of the client in each record does not.
    let (verdict, advantage) = linked(&["security.connection_id=4"]);
    assert!(verdict == Succeeded && advantage > 0.95, "{advantage}");
}
