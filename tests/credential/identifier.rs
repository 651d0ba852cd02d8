//! Identifiers: read strictly, written back exactly.

use keystorm::credential::HexCase;
use keystorm::credential::hierarchy::RelativeId;
use keystorm::credential::identifier::{
    CredentialId, CredentialType, Fqdn, IdentifierError, KEY_ID_MAX, KeId, KmId, KpmId, KpsaId,
    MafKeyId,
};
use proptest::prelude::*;

const RELATIVE: &str = "000102030405060708090A0B0C0D0E0F";

#[test]
fn a_ke_id_is_32_digits_and_the_host_of_the_mef() {
    let text = format!("{RELATIVE}@mef.example.com");
    let id = KeId::parse(&text, HexCase::Upper).unwrap();
    assert_eq!(id.relative, RelativeId(std::array::from_fn(|i| u8::try_from(i).unwrap())));
    assert_eq!(id.host.as_str(), "mef.example.com");
    assert_eq!(id.text(HexCase::Upper), text);
    assert_eq!(id.text(HexCase::Lower), format!("{}@mef.example.com", RELATIVE.to_lowercase()));
}

#[test]
fn the_other_letter_case_is_another_identifier() {
    let text = format!("{RELATIVE}@maf.example.com");
    assert_eq!(MafKeyId::parse(&text, HexCase::Lower), Err(IdentifierError::HexCase));
    assert_eq!(
        MafKeyId::parse(&text.to_lowercase(), HexCase::Upper),
        Err(IdentifierError::HexCase)
    );
    assert!(MafKeyId::parse(&text.to_lowercase(), HexCase::Lower).is_ok());
}

#[test]
fn every_misdeed_in_a_key_identifier_has_a_name() {
    let long_label = format!("a@{}", "b".repeat(64));
    let too_long = format!("{}@h", "a".repeat(KEY_ID_MAX - 1));
    let cases = [
        ("meter7", IdentifierError::NoAt),
        ("@maf", IdentifierError::EmptyRelative),
        ("me ter@maf", IdentifierError::RelativeCharacter),
        ("m\u{e9}ter@maf", IdentifierError::RelativeCharacter),
        ("meter@", IdentifierError::Fqdn),
        ("meter@maf..com", IdentifierError::Fqdn),
        ("meter@maf.com.", IdentifierError::Fqdn),
        ("meter@-maf.com", IdentifierError::Fqdn),
        ("meter@maf-.com", IdentifierError::Fqdn),
        ("meter@ma_f", IdentifierError::Fqdn),
        ("meter@maf@mef", IdentifierError::Fqdn),
        (&long_label, IdentifierError::Fqdn),
        (&too_long, IdentifierError::TooLong),
    ];
    for (text, error) in cases {
        assert_eq!(KmId::parse(text), Err(error), "{text}");
        assert_eq!(KpmId::parse(text), Err(error), "{text}");
        assert_eq!(KpsaId::parse(text), Err(error), "{text}");
    }
    for text in ["00@h", "0g0102030405060708090A0B0C0D0E0F@h", &format!("{RELATIVE}0@h")] {
        assert_eq!(KeId::parse(text, HexCase::Upper), Err(IdentifierError::NotHex), "{text}");
    }
    assert!(KmId::parse(&too_long[1..]).is_ok(), "the limit itself is allowed");
}

#[test]
fn a_host_name_alone_may_be_longer_than_in_an_identifier() {
    let labels = [&"a".repeat(63)[..]; 4].join(".");
    assert!(Fqdn::parse(&labels[..253]).is_ok());
    assert_eq!(Fqdn::parse(&labels), Err(IdentifierError::TooLong));
}

#[test]
fn the_relative_part_of_a_km_id_disregards_letter_case() {
    let parse = |text| KmId::parse(text).unwrap();
    let id = parse("Meter.7@maf.example.com");
    assert!(id.is_same(&parse("mETER.7@maf.example.com")));
    assert!(!id.is_same(&parse("Meter.8@maf.example.com")));
    assert!(!id.is_same(&parse("Meter.7@maf2.example.com")));
    assert_ne!(id, parse("mETER.7@maf.example.com"), "as bytes they differ");
    assert_eq!((id.relative(), id.host().as_str()), ("Meter.7", "maf.example.com"));
}

#[test]
fn a_credential_id_says_what_it_identifies() {
    let id = CredentialId::parse("11-meter-7@maf.example.com").unwrap();
    assert_eq!((id.kind(), id.value()), (CredentialType::Km, "meter-7@maf.example.com"));
    assert_eq!(id.to_string(), "11-meter-7@maf.example.com");
    assert_eq!(CredentialId::parse("32-/in-cse").unwrap().kind(), CredentialType::CseCertificate);
    let maf_key = format!("12-{RELATIVE}@maf.example.com");
    assert_eq!(CredentialId::parse(&maf_key).unwrap().kind(), CredentialType::Kpsa);
}

#[test]
fn every_misdeed_in_a_credential_id_has_a_name() {
    let too_long = format!("32-{}", "a".repeat(256));
    let cases = [
        ("", IdentifierError::NoType),
        ("10", IdentifierError::NoType),
        ("1-a@b", IdentifierError::NoType),
        ("010-a@b", IdentifierError::NoType),
        ("+1-a@b", IdentifierError::NoType),
        ("17-a@b", IdentifierError::UnknownType),
        ("99-a@b", IdentifierError::UnknownType),
        ("32-", IdentifierError::EmptyValue),
        ("32-a b", IdentifierError::ValueCharacter),
        ("32-a\0", IdentifierError::ValueCharacter),
        ("10-ab", IdentifierError::NoAt),
        ("12-a@b c", IdentifierError::Fqdn),
        (&too_long, IdentifierError::TooLong),
    ];
    for (text, error) in cases {
        assert_eq!(CredentialId::parse(text), Err(error), "{text}");
    }
    assert!(CredentialId::parse(&too_long[..too_long.len() - 1]).is_ok());
}

#[test]
fn every_type_of_credential_is_read_back() {
    for &kind in CredentialType::ALL {
        let id = CredentialId::new(kind, "a@b").unwrap();
        assert_eq!(CredentialId::parse(&id.to_string()), Ok(id));
    }
}

/// Text that is often nearly an identifier.
fn nearly() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9]{0,3}-?[a-zA-Z0-9._-]{0,40}@?[a-z0-9.-]{0,90}",
        "[0-9A-Fa-f]{30,34}@[a-z0-9.-]{0,20}",
        "\\PC{0,140}",
    ]
}

proptest! {
    #[test]
    fn what_is_read_is_written_back_exactly_and_nothing_panics(text in nearly()) {
        for case in [HexCase::Upper, HexCase::Lower] {
            if let Ok(id) = KeId::parse(&text, case) {
                prop_assert_eq!(id.text(case), text.clone());
            }
            if let Ok(id) = MafKeyId::parse(&text, case) {
                prop_assert_eq!(id.text(case), text.clone());
            }
        }
        if let Ok(id) = KmId::parse(&text) {
            prop_assert_eq!(id.to_string(), text.clone());
            prop_assert!(text.len() <= KEY_ID_MAX);
        }
        if let Ok(id) = CredentialId::parse(&text) {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn every_relative_identifier_survives_its_text(relative: [u8; 16]) {
        let host = Fqdn::parse("maf.example.com").unwrap();
        let id = MafKeyId { relative: RelativeId(relative), host };
        for case in [HexCase::Upper, HexCase::Lower] {
            prop_assert_eq!(MafKeyId::parse(&id.text(case), case), Ok(id.clone()));
        }
    }
}
