//! Levels of assurance as data.

use keystorm::association::KeyExchange;
use keystorm::credential::assurance::{Factor, Loa, Management, Mechanisms, PRESETS, Shortfall};
use keystorm::credential::store::StoreKind;

#[test]
fn each_preset_reaches_its_own_level_and_no_higher_one() {
    for preset in &PRESETS {
        assert_eq!(Loa::reached_by(&preset.mechanisms), preset.level, "{}", preset.code);
        assert_eq!(preset.level.shortfalls(&preset.mechanisms), []);
    }
}

#[test]
fn levels_are_found_by_code() {
    assert_eq!(Loa::from_code("LOA3"), Some(Loa::Three));
    assert_eq!(Loa::from_code("loa4"), Some(Loa::Four));
    assert_eq!(Loa::from_code("LOA5"), None);
    for preset in &PRESETS {
        assert_eq!(preset.level.preset().code, preset.code);
    }
}

#[test]
fn each_explanation_names_its_level_its_clause_and_what_it_leaves_open() {
    for (n, preset) in PRESETS.iter().enumerate() {
        let start = format!("Level of assurance {} (TR-0008 clause 6.4.1.1)", n + 1);
        assert!(preset.explanation.starts_with(&start), "{}", preset.code);
        for part in ["\nHere: ", "\nHolds: "] {
            assert!(preset.explanation.contains(part), "{} {part}", preset.code);
        }
        assert!(!preset.explanation.contains("  "), "no run of spaces");
    }
}

#[test]
fn every_mechanism_that_is_taken_away_is_missed_by_name() {
    let full = Loa::Four.preset().mechanisms;
    let cases = [
        (Mechanisms { store: StoreKind::SealedFile, ..full }, Shortfall::StoreNotTamperResistant),
        (Mechanisms { factors: &[Factor::Provisioned], ..full }, Shortfall::OneFactor),
        (
            Mechanisms { factors: &[Factor::FirstUse, Factor::Second], ..full },
            Shortfall::NotProvisioned,
        ),
        (Mechanisms { key_exchange: KeyExchange::Psk, ..full }, Shortfall::NoForwardSecrecy),
        (Mechanisms { replay_window: 0, ..full }, Shortfall::NoReplayProtection),
        (Mechanisms { management: Management::Named, ..full }, Shortfall::ManagementUnproven),
        (Mechanisms { is_paired: false, ..full }, Shortfall::ElementUnpaired),
    ];
    for (mechanisms, shortfall) in cases {
        assert_eq!(Loa::Four.shortfalls(&mechanisms), [shortfall], "{}", shortfall.name());
    }
    let plain = Mechanisms { store: StoreKind::PlainFlash, ..full };
    assert_eq!(Loa::Two.shortfalls(&plain), [Shortfall::StoreUnprotected]);
    assert_eq!(Loa::reached_by(&plain), Loa::One);
}
