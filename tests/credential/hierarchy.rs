//! Every level and derivation against known answers; what is left open in the standard, both ways.

use keystorm::credential::hierarchy::{
    BOOTSTRAP_LABEL, CONNECTION_LABEL, E2eMaster, E2eUse, ESCERTKE_LABEL, Kc, Ke, Kpm, Kpsa,
    PairwiseKey, SessionKey, split_export,
};
use keystorm::credential::{
    Choices, Derivation, E2eSalt, ExporterContext, KeyBytes, Level, PairwiseFromKc, RandEncoding,
    SessionKeyFit, Suid, SuidEncoding, TEXT_MAX, TextError, normalised,
};
use proptest::prelude::*;

use super::{hex, key};

fn ke() -> Ke {
    Ke::new(key(0x11))
}

#[test]
fn an_enrolment_key_gives_the_master_credential_of_a_maf() {
    let km = ke().km("maf.example.com").unwrap();
    assert_eq!(
        hex(km.bytes().expose()),
        "a27f2425addc6965703aee8b1e81f8b130de174820d9e5896df42e8964689142"
    );
}

#[test]
fn two_ways_of_writing_one_maf_give_one_key() {
    assert_eq!(ke().km("\u{ff4d}af.example.com").unwrap(), ke().km("maf.example.com").unwrap());
}

#[test]
fn normalisation_composes_and_folds_compatibility_forms_but_keeps_case() {
    assert_eq!(normalised("e\u{301}\u{fb01}\u{2460}").unwrap(), "\u{e9}fi1");
    assert_ne!(ke().km("MAF.example.com").unwrap(), ke().km("maf.example.com").unwrap());
}

#[test]
fn an_enrolment_key_gives_the_key_of_a_security_association() {
    let kpsa = ke().kpsa("/in-cse").unwrap();
    assert_eq!(
        hex(kpsa.bytes().expose()),
        "aa21461f33f73d5ab6c5fcdc4e30247f303fd19568aa2da836d7e2d29cf1638b"
    );
}

#[test]
fn a_usage_constrained_key_takes_its_suid_as_decimal_text_unless_told_otherwise() {
    let with = |suid_encoding| {
        let choices = Choices { suid_encoding, ..Choices::default() };
        hex(ke().usage(Suid::RspfMaf, "maf.example.com", &choices).unwrap().bytes().expose())
    };
    assert_eq!(
        with(SuidEncoding::Decimal),
        "c22ddbbb65dcf88751f97bbc2fce4f651108e5f488c174de69015e5285c4b6e5"
    );
    assert_ne!(with(SuidEncoding::Byte), with(SuidEncoding::Decimal));
    assert_ne!(with(SuidEncoding::Word), with(SuidEncoding::Byte));
}

#[test]
fn the_end_to_end_keys_form_a_chain_of_four() {
    let master = E2eMaster::new(key(0x33));
    let keys = E2eUse::ALL.map(|which| hex(master.key(which).expose()));
    assert_eq!(
        keys,
        [
            "74b3f683d01f6fee78323c89414dacbf5286a2c3719593b0e891f400ccf1356c",
            "8abe275a6e03115d46d38fdcfa47e99052ac78636ae75f68a21496dd953aafb4",
            "6a228f6249b2cd7d67969a687913b3ac693c2d8f70ad23be8c31e9364fc91b87",
            "0290b6e8720a1462ef69084d524e86d3a5b656b72abb6b26c8e1a8678748aa08",
        ]
    );
}

#[test]
fn the_salt_of_the_end_to_end_master_is_a_choice() {
    let kpsa = Kpsa::new(key(0x44));
    let with = |e2e_salt| kpsa.e2e_master(&Choices { e2e_salt, ..Choices::default() });
    // An HMAC key is padded with zeros, so that no salt, zeros and nothing at all are the same.
    assert_eq!(with(E2eSalt::Zero), with(E2eSalt::Given(vec![])));
    assert_ne!(with(E2eSalt::Zero), with(E2eSalt::Given(b"salt".to_vec())));
}

#[test]
fn a_session_key_binds_both_random_values_in_their_order() {
    let pairwise = PairwiseKey::new(key(0x22));
    let session = |receiver, originator, rand_encoding| {
        let choices = Choices { rand_encoding, ..Choices::default() };
        let session = pairwise.session([receiver; 16], [originator; 16], &choices).unwrap();
        hex(session.bytes().expose())
    };
    let expected = "3e15dda6432fa58eabd15957484ae89f1a01cf8b44ef1d7075a7b2bf927e7179";
    assert_eq!(session(0xaa, 0xbb, RandEncoding::Raw), expected);
    assert_ne!(session(0xbb, 0xaa, RandEncoding::Raw), expected);
    assert_ne!(session(0xaa, 0xbb, RandEncoding::Hex), expected);
}

#[test]
fn a_session_key_fits_shorter_algorithms_only_by_choice() {
    let session = SessionKey::new(key(7));
    for len in [16, 24] {
        assert_eq!(session.for_algorithm(len, SessionKeyFit::ExactOnly), None);
        assert_eq!(session.for_algorithm(len, SessionKeyFit::Leading), Some(&[7; 32][..len]));
    }
    assert_eq!(session.for_algorithm(32, SessionKeyFit::ExactOnly), Some(&[7; 32][..]));
    assert_eq!(session.for_algorithm(20, SessionKeyFit::Leading), None);
}

#[test]
fn a_pairwise_key_from_the_connection_key_is_labelled_or_the_key_itself() {
    let kc = Kc::new(key(5));
    let with = |pairwise_from_kc| {
        kc.pairwise(&Choices { pairwise_from_kc, ..Choices::default() }).unwrap()
    };
    assert_eq!(with(PairwiseFromKc::Direct).bytes(), kc.bytes());
    assert_ne!(with(PairwiseFromKc::Labelled).bytes(), kc.bytes());
}

#[test]
fn an_export_is_an_identifier_and_a_key() {
    let export: [u8; 48] = std::array::from_fn(|i| u8::try_from(i).unwrap());
    let (id, key) = split_export(&export);
    assert_eq!(id.0, export[..16]);
    assert_eq!(key.expose(), &export[16..]);
}

#[test]
fn exporter_labels_are_those_of_the_standard() {
    assert_eq!(BOOTSTRAP_LABEL, "EXPORTER-oneM2M-Bootstrap");
    assert_eq!(CONNECTION_LABEL, "EXPORTER-oneM2M-Connection");
    assert_eq!(ESCERTKE_LABEL, "EXPORTER-oneM2M-ESCertKE");
}

#[test]
fn an_exporter_context_is_absent_or_empty() {
    assert_eq!(ExporterContext::None.bytes(), None);
    assert_eq!(ExporterContext::Empty.bytes(), Some(&[][..]));
}

#[test]
fn nobody_and_everybody_are_no_names() {
    assert_eq!(ke().km(""), Err(TextError::Empty));
    assert_eq!(ke().km(&"m".repeat(TEXT_MAX + 1)), Err(TextError::TooLong));
    assert!(ke().km(&"m".repeat(TEXT_MAX)).is_ok());
}

#[test]
fn debug_output_shows_no_key() {
    let shown = format!("{:?} {:?} {:?}", key(0xab), Kpm::new(key(0xab)), ke());
    assert_eq!(shown, "KeyBytes(..) Kpm(..) Ke(..)");
}

#[test]
fn a_derivation_as_data_gives_what_the_typed_method_gives() {
    let choices = Choices::default();
    let derivation = Derivation::Kpsa { enrolee_b: "/in-cse".to_owned() };
    assert_eq!((derivation.parent(), derivation.child()), (Level::Ke, Level::Kpsa));
    let run = derivation.run(ke().bytes(), &choices).unwrap();
    assert_eq!(&run, ke().kpsa("/in-cse").unwrap().bytes());
}

#[test]
fn a_key_that_others_are_derived_from_makes_no_codes_over_chosen_messages() {
    let parents = [
        Derivation::Km { maf: String::new() },
        Derivation::Pairwise,
        Derivation::E2eMaster,
        Derivation::E2e(E2eUse::MessageAuthentication),
        Derivation::Session { receiver: [0; 16], originator: [0; 16] },
    ];
    for derivation in parents {
        assert!(!derivation.parent().is_mac_key(), "{derivation:?}");
    }
}

#[test]
fn codes_of_levels_and_usages_are_read_back() {
    for level in Level::ALL {
        assert_eq!(Level::from_code(level as u8), Some(level));
    }
    for &suid in Suid::ALL {
        assert_eq!(Suid::from_code(suid.code()), Some(suid));
    }
    assert_eq!((Level::from_code(0), Suid::from_code(31)), (None, None));
}

proptest! {
    #[test]
    fn any_text_derives_a_key_or_is_refused_by_name(text in any::<String>(), bytes: [u8; 32]) {
        let ke = Ke::new(KeyBytes::new(bytes));
        prop_assert_eq!(ke.km(&text).is_ok(), (1..=TEXT_MAX).contains(&text.len()));
        if let Ok(once) = normalised(&text) {
            // Normalising again changes nothing.
            let twice = normalised(&once);
            prop_assert!(twice == Ok(once) || twice == Err(TextError::TooLong));
        }
    }
}
