//! The MAF: registrations, keys, and who gets them.

use keystorm::credential::hierarchy::RelativeId;
use keystorm::credential::maf::{
    ClientRegistered, ClientRegistration, ClientUpdate, Exported, KeyRegistered, KeyRegistration,
    KeyRetrieved, KeyUpdate, KeyValue, MESSAGE_MAX, MafLimits, MafRefusal, MafRegistry,
    MessageError, RelativeKeyIdText, read, write,
};
use keystorm::credential::{RelativeKeyId, Suid};
use keystorm::sim::time::{Duration, Time};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::key;

const MAF: &str = "maf.example.com";
const A: &str = "/meter7";
const B: &str = "/gateway1";
const HOUR: Duration = Duration::from_secs(3600);

fn at(hours: u64) -> Time {
    Time::ZERO + HOUR.times(hours)
}

fn client_request() -> ClientRegistration {
    ClientRegistration {
        maf_fqdn: MAF.to_owned(),
        expiration_time: at(100).0,
        labels: vec!["meters".to_owned()],
        admin_fqdn: "admin.example.com".to_owned(),
    }
}

fn key_request() -> KeyRegistration {
    KeyRegistration {
        maf_fqdn: MAF.to_owned(),
        expiration_time: at(10).0,
        labels: vec![],
        admin_fqdn: "admin.example.com".to_owned(),
        suid: Suid::MafSaef,
        target_ids: vec![B.to_owned()],
        key_value: None,
    }
}

fn exported() -> Option<Exported> {
    Some((RelativeId([0xcc; 16]), key(0x4b)))
}

struct Maf {
    registry: MafRegistry,
    rng: ChaCha8Rng,
}

impl Maf {
    fn new(ids: RelativeKeyId) -> Self {
        Self::limited(ids, MafLimits { clients: 2, keys_per_client: 2, ..MafLimits::default() })
    }

    fn limited(ids: RelativeKeyId, limits: MafLimits) -> Self {
        let registry = MafRegistry::new(MAF, ids, limits);
        Self { registry, rng: ChaCha8Rng::seed_from_u64(1) }
    }

    /// With A registered.
    fn ready(ids: RelativeKeyId) -> Self {
        let mut maf = Self::new(ids);
        maf.client(A).unwrap();
        maf
    }

    fn client(&mut self, who: &str) -> Result<ClientRegistered, MafRefusal> {
        self.registry.register_client(at(0), who, &client_request(), None)
    }

    fn key(
        &mut self,
        now: Time,
        who: &str,
        request: &KeyRegistration,
        exported: Option<Exported>,
    ) -> Result<KeyRegistered, MafRefusal> {
        self.registry.register_key(now, who, request, exported, &mut self.rng)
    }

    /// A leaves the exported key for B.
    fn leave_key(&mut self) -> RelativeId {
        self.key(at(1), A, &key_request(), exported()).unwrap().relative_key_id.0
    }
}

#[test]
fn a_key_left_by_one_client_is_fetched_by_its_target() {
    let mut maf = Maf::ready(RelativeKeyId::Exported);
    let registered = maf.key(at(1), A, &key_request(), exported()).unwrap();
    assert_eq!(registered.relative_key_id.0, RelativeId([0xcc; 16]));
    assert_eq!(registered.source_id, A);
    assert_eq!(registered.expiration_time, at(10).0);
    let id = registered.relative_key_id.0;
    let retrieved = maf.registry.retrieve_key(at(2), B, id).unwrap();
    assert_eq!(retrieved.key_value, KeyValue(key(0x4b)));
    assert_eq!((retrieved.source_id, retrieved.suid), (A.to_owned(), Suid::MafSaef));
}

#[test]
fn nobody_else_gets_it_its_owner_included() {
    let mut maf = Maf::ready(RelativeKeyId::Exported);
    let id = maf.leave_key();
    for asker in [A, "/gateway2", "", "/gateway1/"] {
        assert_eq!(maf.registry.retrieve_key(at(2), asker, id), Err(MafRefusal::NotTarget));
    }
}

#[test]
fn a_key_is_not_handed_out_after_its_expiry() {
    let mut maf = Maf::ready(RelativeKeyId::Exported);
    let id = maf.leave_key();
    assert!(maf.registry.retrieve_key(Time(at(10).0 - 1), B, id).is_ok());
    assert_eq!(maf.registry.retrieve_key(at(10), B, id), Err(MafRefusal::KeyExpired));
    maf.registry.purge(at(10));
    assert_eq!(maf.registry.retrieve_key(at(10), B, id), Err(MafRefusal::UnknownKey));
}

#[test]
fn an_unknown_key_is_unknown() {
    let maf = Maf::ready(RelativeKeyId::Exported);
    let refused = maf.registry.retrieve_key(at(1), B, RelativeId([9; 16]));
    assert_eq!(refused, Err(MafRefusal::UnknownKey));
}

#[test]
fn the_identifier_of_a_key_is_the_exporters_or_the_mafs() {
    let mut maf = Maf::ready(RelativeKeyId::ChosenByMaf);
    let id = maf.leave_key();
    assert_ne!(id, RelativeId([0xcc; 16]));
    assert_eq!(maf.registry.retrieve_key(at(2), B, id).unwrap().key_value, KeyValue(key(0x4b)));
}

#[test]
fn a_key_that_the_client_gives_is_taken_and_named_by_the_maf() {
    for ids in [RelativeKeyId::Exported, RelativeKeyId::ChosenByMaf] {
        let mut maf = Maf::ready(ids);
        let request = KeyRegistration { key_value: Some(KeyValue(key(5))), ..key_request() };
        let registered = maf.key(at(1), A, &request, exported()).unwrap();
        let id = registered.relative_key_id.0;
        assert_ne!(id, RelativeId([0xcc; 16]), "nothing exported has this key");
        assert_eq!(maf.registry.retrieve_key(at(2), B, id).unwrap().key_value, KeyValue(key(5)));
    }
}

#[test]
fn a_key_registration_is_refused_by_name() {
    let base = key_request;
    let targets = |n: usize| (0..n).map(|n| format!("/t{n}")).collect::<Vec<_>>();
    let cases = [
        (KeyRegistration { maf_fqdn: "maf2".to_owned(), ..base() }, MafRefusal::WrongMaf),
        (KeyRegistration { suid: Suid::RspfSaef, ..base() }, MafRefusal::Usage),
        (KeyRegistration { target_ids: targets(0), ..base() }, MafRefusal::Targets),
        (KeyRegistration { target_ids: targets(2), ..base() }, MafRefusal::Targets),
        (
            KeyRegistration { suid: Suid::MafEsdataSignature, target_ids: vec![], ..base() },
            MafRefusal::Targets,
        ),
        (KeyRegistration { expiration_time: at(1).0, ..base() }, MafRefusal::PastExpiry),
    ];
    for (request, refusal) in cases {
        let mut maf = Maf::ready(RelativeKeyId::Exported);
        assert_eq!(maf.key(at(1), A, &request, exported()), Err(refusal), "{request:?}");
        assert_eq!(maf.registry.len(), (1, 0));
    }
    let mut maf = Maf::ready(RelativeKeyId::Exported);
    assert_eq!(maf.key(at(1), A, &key_request(), None), Err(MafRefusal::NoKey));
    assert_eq!(maf.key(at(1), B, &key_request(), exported()), Err(MafRefusal::NotRegistered));
    let late = KeyRegistration { expiration_time: at(200).0, ..key_request() };
    assert_eq!(maf.key(at(100), A, &late, exported()), Err(MafRefusal::RegistrationExpired));
    maf.leave_key();
    assert_eq!(maf.key(at(1), A, &key_request(), exported()), Err(MafRefusal::IdTaken));
}

#[test]
fn data_keys_may_have_many_targets() {
    let mut maf = Maf::ready(RelativeKeyId::Exported);
    let targets = vec![B.to_owned(), "/app".to_owned()];
    let request =
        KeyRegistration { suid: Suid::MafEsdataEncryption, target_ids: targets, ..key_request() };
    let id = maf.key(at(1), A, &request, exported()).unwrap().relative_key_id.0;
    assert!(maf.registry.retrieve_key(at(2), "/app", id).is_ok());
    assert!(maf.registry.retrieve_key(at(2), B, id).is_ok());
}

#[test]
fn the_maf_shortens_what_is_asked_for_too_long() {
    let limits = MafLimits { key_life: HOUR, client_life: HOUR.times(2), ..MafLimits::default() };
    let mut maf = Maf::limited(RelativeKeyId::Exported, limits);
    assert_eq!(maf.client(A).unwrap().expiration_time, at(2).0);
    let registered = maf.key(at(1), A, &key_request(), exported()).unwrap();
    assert_eq!(registered.expiration_time, at(2).0);
}

#[test]
fn a_registration_is_its_clients_own() {
    let mut maf = Maf::ready(RelativeKeyId::Exported);
    let (a, b) = (1, maf.client(B).unwrap().maf_client_reg_id);
    assert_ne!(a, b);
    let update = ClientUpdate {
        maf_client_reg_id: b,
        expiration_time: Some(at(5).0),
        labels: Some(vec![]),
        admin_fqdn: Some("other.example.com".to_owned()),
    };
    assert_eq!(maf.registry.update_client(at(1), A, &update), Err(MafRefusal::NotOwner));
    assert_eq!(maf.registry.deregister_client(at(1), A, b), Err(MafRefusal::NotOwner));
    let changed = maf.registry.update_client(at(1), B, &update).unwrap();
    assert_eq!(
        (changed.expiration_time, changed.admin_fqdn),
        (at(5).0, "other.example.com".into())
    );
    assert!(changed.labels.is_empty());
    assert_eq!(maf.registry.deregister_client(at(1), B, b), Ok(()));
    assert_eq!(maf.registry.deregister_client(at(1), B, b), Err(MafRefusal::NotRegistered));
}

#[test]
fn a_client_registers_once_and_again_when_that_is_over() {
    let mut maf = Maf::ready(RelativeKeyId::Exported);
    assert_eq!(maf.client(A), Err(MafRefusal::AlreadyRegistered));
    let later = ClientRegistration { expiration_time: at(300).0, ..client_request() };
    assert!(maf.registry.register_client(at(100), A, &later, None).is_ok());
    let other = ClientRegistration { maf_fqdn: "maf2".to_owned(), ..client_request() };
    let refused = maf.registry.register_client(at(0), B, &other, None);
    assert_eq!(refused, Err(MafRefusal::WrongMaf));
}

#[test]
fn a_key_is_its_clients_own_to_change_and_take_back() {
    let mut maf = Maf::ready(RelativeKeyId::Exported);
    maf.client(B).unwrap();
    let id = maf.leave_key();
    let update = KeyUpdate {
        relative_key_id: RelativeKeyIdText(id),
        expiration_time: Some(at(3).0),
        labels: None,
        admin_fqdn: None,
        target_ids: Some(vec!["/gateway2".to_owned()]),
    };
    assert_eq!(maf.registry.update_key(at(2), B, &update), Err(MafRefusal::NotOwner));
    assert_eq!(maf.registry.deregister_key(at(2), B, id), Err(MafRefusal::NotOwner));
    let none = KeyUpdate { target_ids: Some(vec![]), ..update.clone() };
    assert_eq!(maf.registry.update_key(at(2), A, &none), Err(MafRefusal::Targets));
    let changed = maf.registry.update_key(at(2), A, &update).unwrap();
    assert_eq!(changed.expiration_time, at(3).0);
    assert_eq!(maf.registry.retrieve_key(at(2), B, id), Err(MafRefusal::NotTarget));
    assert!(maf.registry.retrieve_key(at(2), "/gateway2", id).is_ok());
    assert_eq!(maf.registry.update_key(at(3), A, &update), Err(MafRefusal::KeyExpired));
    assert_eq!(maf.registry.deregister_key(at(3), A, id), Ok(()));
    assert_eq!(maf.registry.deregister_key(at(3), A, id), Err(MafRefusal::UnknownKey));
}

#[test]
fn a_client_that_leaves_takes_its_keys_along() {
    let mut maf = Maf::ready(RelativeKeyId::Exported);
    let id = maf.leave_key();
    maf.registry.deregister_client(at(2), A, 1).unwrap();
    assert_eq!(maf.registry.retrieve_key(at(2), B, id), Err(MafRefusal::UnknownKey));
    assert!(maf.registry.is_empty());
}

#[test]
fn clients_and_keys_are_bounded_and_room_comes_back() {
    let mut maf = Maf::ready(RelativeKeyId::ChosenByMaf);
    maf.client(B).unwrap();
    assert_eq!(maf.client("/third"), Err(MafRefusal::Full));
    let id = maf.leave_key();
    maf.leave_key();
    assert_eq!(maf.key(at(1), A, &key_request(), exported()), Err(MafRefusal::Full));
    maf.registry.deregister_key(at(1), A, id).unwrap();
    maf.leave_key();
    maf.registry.purge(at(10));
    assert_eq!(maf.registry.len(), (2, 0));
    let late = KeyRegistration { expiration_time: at(20).0, ..key_request() };
    assert!(maf.key(at(11), A, &late, exported()).is_ok());
    maf.registry.purge(at(100));
    assert!(maf.registry.is_empty());
}

#[test]
fn messages_are_written_with_the_names_of_the_standard() {
    let request = KeyRegistration { key_value: Some(KeyValue(key(0xab))), ..key_request() };
    let json = write(&request).unwrap();
    assert_eq!(
        str::from_utf8(&json).unwrap(),
        format!(
            r#"{{"mafFQDN":"maf.example.com","expirationTime":36000000000000,"adminFQDN":"admin.example.com","SUID":32,"targetIDs":["/gateway1"],"keyValue":"{}"}}"#,
            "AB".repeat(32)
        )
    );
    assert_eq!(read::<KeyRegistration>(&json), Ok(request.clone()));
    assert!(!format!("{request:?}").contains("171"), "debug output shows no key");
}

#[test]
fn messages_are_read_strictly() {
    let good = r#"{"mafFQDN":"m","expirationTime":1,"adminFQDN":"a","SUID":32,"targetIDs":["t"]}"#;
    assert!(read::<KeyRegistration>(good.as_bytes()).is_ok());
    let long = format!("\"{}\"", "t".repeat(256));
    let many = vec!["\"t\""; 257].join(",");
    let bad = [
        good.replace("\"SUID\"", "\"suid\""),
        good.replace("32", "31"),
        good.replace("32", "\"32\""),
        good.replace("\"m\"", "\"\""),
        good.replace("\"m\"", "null"),
        good.replace("\"m\"", &long),
        good.replace("\"t\"", &long),
        good.replace("\"t\"", &many),
        good.replace(":1,", ":-1,"),
        good.replace(":1,", ":1.5,"),
        good.replace('}', ",\"more\":1}"),
        good.replace('}', ",\"SUID\":32}"),
        good.replace('}', ",\"keyValue\":\"AB\"}"),
        good.replace('}', &format!(",\"keyValue\":\"{}\"}}", "ab".repeat(32))),
        good.replace("\"adminFQDN\":\"a\",", ""),
        format!("{good} {good}"),
        "[".repeat(10_000),
    ];
    for text in bad {
        let result = read::<KeyRegistration>(text.as_bytes());
        assert_eq!(result, Err(MessageError::Malformed), "{text}");
    }
    let blank = " ".repeat(MESSAGE_MAX + 1);
    assert_eq!(read::<KeyRegistration>(blank.as_bytes()), Err(MessageError::TooLong));
}

#[test]
fn every_answer_survives_its_json() {
    let mut maf = Maf::new(RelativeKeyId::Exported);
    let assigned = Some("meter7@maf.example.com".to_owned());
    let client = maf.registry.register_client(at(0), A, &client_request(), assigned).unwrap();
    assert_eq!(read::<ClientRegistered>(&write(&client).unwrap()), Ok(client));
    let registered = maf.key(at(1), A, &key_request(), exported()).unwrap();
    assert_eq!(read::<KeyRegistered>(&write(&registered).unwrap()), Ok(registered.clone()));
    let id = registered.relative_key_id.0;
    let retrieved = maf.registry.retrieve_key(at(2), B, id).unwrap();
    assert_eq!(read::<KeyRetrieved>(&write(&retrieved).unwrap()), Ok(retrieved));
}

proptest! {
    #[test]
    fn no_bytes_panic_a_reader(bytes: Vec<u8>, at in 0_usize..90, to: u8) {
        let _ = read::<ClientRegistration>(&bytes);
        let _ = read::<KeyRegistered>(&bytes);
        let mut json = write(&key_request()).unwrap().to_vec();
        let at = at % json.len();
        json[at] = to;
        if let Ok(request) = read::<KeyRegistration>(&json) {
            prop_assert_eq!(read::<KeyRegistration>(&write(&request).unwrap()), Ok(request));
        }
    }
}
