//! What every place has in common, and what only some can do.

use keystorm::association::{Operation, Operations, PskStore as _, early_secret};
use keystorm::credential::hierarchy::{E2eUse, Ke};
use keystorm::credential::lifetime::Validity;
use keystorm::credential::store::{
    HandshakeKeys, HostKey, Hsm, HsmProfile, KeyName, KeyStore, PlainFlash, QueueFull, Readable,
    ServiceQueue, ServiceTimes, Store, StoreError, StoreKind, StoreOperation, Usage, Work,
};
use keystorm::credential::{Choices, Derivation, KeyBytes, Level};
use keystorm::sim::time::{Duration, Time};
use proptest::prelude::*;

use super::{contains, entry, hex, key, name, stores};

fn early(store: &Store, of: &str) -> Result<Vec<u8>, StoreError> {
    let usage = Usage::EarlySecret { factor: None };
    let (work, operations) = (&mut Work::default(), &mut Operations::default());
    store.keys().compute(of.as_bytes(), &usage, work, operations).map(|bytes| bytes.to_vec())
}

#[test]
fn every_place_computes_the_same_from_the_same_key() {
    let expected = early_secret(&[0x4b; 32], &mut Operations::default());
    for mut store in stores() {
        store.keys_mut().write(entry("a", Level::Kc), key(0x4b), &mut Work::default()).unwrap();
        assert_eq!(early(&store, "a").unwrap(), expected, "{:?}", store.keys().kind());
        assert_eq!(early(&store, "b"), Err(StoreError::Unknown));
    }
}

#[test]
fn a_key_written_again_replaces_the_old_one_and_an_erased_one_is_gone() {
    for mut store in stores() {
        let work = &mut Work::default();
        for byte in [1, 2] {
            store.keys_mut().write(entry("a", Level::Km), key(byte), work).unwrap();
        }
        let expected = early_secret(&[2; 32], &mut Operations::default());
        assert_eq!(early(&store, "a").unwrap(), expected);
        assert_eq!(store.keys().entries(), [entry("a", Level::Km)]);
        store.keys_mut().erase(b"a", work).unwrap();
        assert_eq!(early(&store, "a"), Err(StoreError::Unknown));
        assert_eq!(store.keys_mut().erase(b"a", work), Err(StoreError::Unknown));
        assert_eq!(work.of(StoreOperation::Write), 2);
        assert_eq!(work.of(StoreOperation::Erase), 1);
    }
}

#[test]
fn the_hierarchy_can_be_derived_inside_any_place() {
    let kpsa = Ke::new(key(0x11)).kpsa("/in-cse").unwrap();
    let t1 = kpsa.e2e_master(&Choices::default()).key(E2eUse::MessageAuthentication);
    for mut store in stores() {
        let (work, choices) = (&mut Work::default(), &Choices::default());
        store.keys_mut().write(entry("ke", Level::Ke), key(0x11), work).unwrap();
        let mut steps = |from: &str, derivation: &Derivation, into: &str| {
            let into = (name(into), Validity::ALWAYS);
            store.keys_mut().derive(from.as_bytes(), derivation, choices, into, work)
        };
        let to_kpsa = Derivation::Kpsa { enrolee_b: "/in-cse".to_owned() };
        assert_eq!(steps("x", &to_kpsa, "kpsa"), Err(StoreError::Unknown));
        steps("ke", &to_kpsa, "kpsa").unwrap();
        steps("kpsa", &Derivation::E2eMaster, "e2e").unwrap();
        steps("e2e", &Derivation::E2e(E2eUse::MessageAuthentication), "t1").unwrap();
        assert_eq!(steps("kpsa", &to_kpsa, "y"), Err(StoreError::Usage), "Kpsa is no Ke");
        let nobody = Derivation::Kpsa { enrolee_b: String::new() };
        assert_eq!(steps("ke", &nobody, "z"), Err(StoreError::Text));

        let mac = Usage::Mac { message: b"reading" };
        let code = store.keys().compute(b"t1", &mac, work, &mut Operations::default()).unwrap();
        assert_eq!(&code[..], t1.hmac(&[b"reading"]).expose());
    }
}

#[test]
fn a_key_of_one_purpose_is_not_lent_for_another() {
    for mut store in stores() {
        let work = &mut Work::default();
        store.keys_mut().write(entry("ke", Level::Ke), key(1), work).unwrap();
        // HMAC under Ke over the right message would be Km.
        let mac = Usage::Mac { message: b"oneM2M Enrolment Key to Master Credential derivation" };
        let result = store.keys().compute(b"ke", &mac, work, &mut Operations::default());
        assert_eq!(result, Err(StoreError::Usage));
        assert_eq!(early(&store, "ke"), Err(StoreError::Usage));
    }
}

#[test]
fn flash_and_sealed_files_can_be_read_and_hsms_cannot() {
    for mut store in stores() {
        store.keys_mut().write(entry("a", Level::Kc), key(9), &mut Work::default()).unwrap();
        let is_hsm = matches!(store.keys().kind(), StoreKind::DeviceHsm | StoreKind::ServerHsm);
        assert_eq!(store.readable().is_none(), is_hsm);
        if let Some(readable) = store.readable() {
            assert_eq!(readable.read(b"a"), Ok(key(9)));
        }
    }
}

#[test]
fn images_show_keys_only_where_they_lie_open() {
    for mut store in stores() {
        store.keys_mut().write(entry("a", Level::Kc), key(0x6b), &mut Work::default()).unwrap();
        let bytes = [0x6b; 32];
        let keys = store.keys();
        let open = keys.kind() == StoreKind::PlainFlash;
        assert_eq!(contains(&keys.storage_image(), &bytes), open, "{:?}", keys.kind());
        assert_eq!(contains(&keys.memory_image(), &bytes), open, "{:?}", keys.kind());
        // In the middle of a use, a sealed file has its key in the open, an HSM does not.
        let in_use = open || keys.kind() == StoreKind::SealedFile;
        assert_eq!(contains(&keys.memory_image_during(b"a"), &bytes), in_use);
        assert!(contains(&keys.storage_image(), b"a"), "names are no secret");
        assert!(!format!("{store:?}").contains("107"), "debug output shows no key");
    }
}

#[test]
fn a_key_deleted_from_flash_stays_readable_until_its_page_is_erased() {
    let (mut flash, work) = (PlainFlash::new(), &mut Work::default());
    flash.write(entry("a", Level::Kc), key(0x6b), work).unwrap();
    flash.write(entry("b", Level::Kc), key(0x6c), work).unwrap();
    flash.erase(b"a", work).unwrap();
    assert!(contains(&flash.storage_image(), &[0x6b; 32]));
    flash.compact();
    assert!(!contains(&flash.storage_image(), &[0x6b; 32]));
    assert_eq!(flash.read(b"b"), Ok(key(0x6c)));
}

#[test]
fn flash_that_is_written_without_end_does_not_grow_without_end() {
    let (mut flash, work) = (PlainFlash::new(), &mut Work::default());
    for n in 0..1_000_u32 {
        flash.write(entry("kc", Level::Kc), key(n.to_be_bytes()[3]), work).unwrap();
    }
    assert!(flash.storage_image().len() < 70 * 53 + 4);
    assert_eq!(flash.read(b"kc"), Ok(key(231)));
}

#[test]
fn a_flash_image_is_read_back_at_the_next_start() {
    let (mut flash, work) = (PlainFlash::new(), &mut Work::default());
    flash.write(entry("b", Level::Kpm), key(2), work).unwrap();
    flash.write(entry("a", Level::Kc), key(1), work).unwrap();
    flash.write(entry("a", Level::Kc), key(3), work).unwrap();
    let again = PlainFlash::load(&flash.storage_image()).unwrap();
    assert_eq!(again.entries(), flash.entries());
    assert_eq!(again.read(b"a"), Ok(key(3)));
    assert_eq!(again.storage_image(), flash.storage_image());
}

#[test]
fn a_secure_element_has_as_many_slots_as_it_has() {
    let (mut hsm, work) = (Hsm::new(HsmProfile::ATECC608), &mut Work::default());
    for n in 0..16 {
        hsm.write(entry(&format!("k{n}"), Level::Kc), key(n), work).unwrap();
    }
    let one_more = hsm.write(entry("k16", Level::Kc), key(16), work);
    assert_eq!(one_more, Err(StoreError::Full));
    hsm.write(entry("k3", Level::Kc), key(99), work).expect("replacing takes no slot");
    hsm.erase(b"k3", work).unwrap();
    hsm.write(entry("k16", Level::Kc), key(16), work).expect("an erased slot is free");
}

#[test]
fn work_in_an_hsm_takes_its_time_and_none_of_the_hosts() {
    let (mut hsm, mut work) = (Hsm::new(HsmProfile::ATECC608), Work::default());
    hsm.write(entry("a", Level::Kc), key(1), &mut work).unwrap();
    assert_eq!(work.time(hsm.service_times()), Duration::from_millis(45));
    let (mut work, mut operations) = (Work::default(), Operations::default());
    let usage = Usage::EarlySecret { factor: None };
    hsm.compute(b"a", &usage, &mut work, &mut operations).unwrap();
    assert_eq!(work.time(hsm.service_times()), Duration::from_millis(99));
    assert_eq!(operations, Operations::default());

    let mut flash = PlainFlash::new();
    flash.write(entry("a", Level::Kc), key(1), &mut work).unwrap();
    flash.compute(b"a", &usage, &mut work, &mut operations).unwrap();
    assert_eq!(operations.of(Operation::Hmac), 1);
    assert_eq!(work.time(flash.service_times()), Duration::ZERO);
}

#[test]
fn a_server_hsm_of_250_operations_a_second_serves_250_in_a_second() {
    let mut queue = HsmProfile::CLOUDHSM_HSM1.queue();
    let each = ServiceTimes::CLOUDHSM_HSM1.of(StoreOperation::Kdf);
    let last = (0..250).map(|_| queue.submit(Time::ZERO, each).unwrap()).max();
    assert_eq!(last, Some(Time::ZERO + Duration::from_secs(1)));
    assert_eq!(queue.len(Time::ZERO + Duration::from_millis(500)), 125);
    assert!(queue.is_empty(Time::ZERO + Duration::from_secs(1)));
}

#[test]
fn units_share_a_queue_and_a_full_queue_turns_away() {
    let mut queue = ServiceQueue::new(2, 3);
    let service = Duration::from_millis(10);
    let at = |ms| Time::ZERO + Duration::from_millis(ms);
    assert_eq!(queue.submit(at(0), service), Ok(at(10)));
    assert_eq!(queue.submit(at(1), service), Ok(at(11)));
    assert_eq!(queue.submit(at(2), service), Ok(at(20)));
    assert_eq!(queue.submit(at(3), service), Err(QueueFull));
    assert_eq!(queue.submit(at(10), service), Ok(at(21)));
}

#[test]
fn a_paired_element_is_silent_in_another_host() {
    let work = &mut Work::default();
    let host = HostKey::new(key(0x50));
    let mut hsm = Hsm::paired(HsmProfile::ATECC608, HostKey::new(key(0x50)));
    hsm.write(entry("a", Level::Kc), key(1), work).unwrap();
    let use_it = |hsm: &Hsm| {
        let usage = Usage::EarlySecret { factor: None };
        hsm.compute(b"a", &usage, &mut Work::default(), &mut Operations::default()).map(drop)
    };
    assert_eq!(use_it(&hsm), Ok(()));

    hsm.power_cycle();
    assert_eq!(use_it(&hsm), Err(StoreError::Unpaired));
    let thief = HostKey::new(key(0x51));
    hsm.challenge([1; 16]);
    assert_eq!(hsm.answer(&thief.answer(&[1; 16]), work), Err(StoreError::Unpaired));
    assert_eq!(use_it(&hsm), Err(StoreError::Unpaired));
    // A challenge is answered once, and an old answer is no answer to a new one.
    assert_eq!(hsm.answer(&host.answer(&[1; 16]), work), Err(StoreError::Unpaired));
    hsm.challenge([2; 16]);
    assert_eq!(hsm.answer(&host.answer(&[1; 16]), work), Err(StoreError::Unpaired));
    hsm.challenge([3; 16]);
    assert_eq!(hsm.answer(&host.answer(&[3; 16]), work), Ok(()));
    assert_eq!(use_it(&hsm), Ok(()));
}

#[test]
fn keys_are_there_for_a_handshake_only_while_they_are_valid() {
    let second = Duration::from_secs(1);
    let at = |n| Time::ZERO + second.times(n);
    for mut store in stores() {
        let mut kc = entry("kc", Level::Kc);
        kc.validity = Validity::from(at(10), second.times(10));
        store.keys_mut().write(kc, key(1), &mut Work::default()).unwrap();
        for (now, refusal) in
            [(9, Some(StoreError::NotYet)), (10, None), (19, None), (20, Some(StoreError::Expired))]
        {
            let keys = HandshakeKeys::new(store.keys(), at(now));
            let operations = &mut Operations::default();
            let secret = keystorm::association::PskStore::early_secret(&keys, b"kc", operations);
            assert_eq!((secret.is_none(), keys.refusal()), (refusal.is_some(), refusal));
        }
    }
}

#[test]
fn the_master_secret_of_dtls_1_2_is_that_of_a_plain_psk() {
    // Computed apart from this code: P_SHA256 over 00 20, 32 zeros, 00 20, 32 times 4b, with the label
    // "master secret" and a seed of 64 times 5e.
    let expected = "49ed1873264348553c59f65d54b95fbd1f5de2679df3f3fe28d9ca8f3ac3\
         3ecd005c998a79984a69018c7a7e676c4631";
    for mut store in stores() {
        store.keys_mut().write(entry("a", Level::Kpsa), key(0x4b), &mut Work::default()).unwrap();
        let keys = HandshakeKeys::new(store.keys(), Time::ZERO);
        let operations = &mut Operations::default();
        let secret = keys.master_secret_12(b"a", b"master secret", &[0x5e; 64], operations);
        assert_eq!(hex(&secret.unwrap()), expected);
        assert_eq!(keys.work().of(StoreOperation::Kdf), 1);
    }
}

#[test]
fn names_and_counts_are_bounded() {
    assert_eq!(KeyName::new(""), Err(StoreError::Name));
    assert_eq!(KeyName::new(&"n".repeat(129)), Err(StoreError::Name));
    assert!(KeyName::new(&"n".repeat(128)).is_ok());
}

proptest! {
    #[test]
    fn flash_of_any_size_holds_what_was_written_last(
        steps in prop::collection::vec((0_u8..60, any::<Option<u8>>()), 0..300),
    ) {
        let (mut flash, work) = (PlainFlash::new(), &mut Work::default());
        let mut model = std::collections::BTreeMap::new();
        for (name, byte) in steps {
            let name = format!("key-{name}");
            match byte {
                Some(byte) => {
                    flash.write(entry(&name, Level::Kc), key(byte), work).unwrap();
                    model.insert(name, byte);
                }
                None => {
                    let erased = flash.erase(name.as_bytes(), work);
                    prop_assert_eq!(erased.is_ok(), model.remove(&name).is_some());
                }
            }
        }
        let again = PlainFlash::load(&flash.storage_image()).unwrap();
        for store in [&flash, &again] {
            let names: Vec<String> =
                store.entries().iter().map(|entry| entry.name.as_str().to_owned()).collect();
            prop_assert_eq!(&names, &model.keys().cloned().collect::<Vec<_>>());
            for (name, byte) in &model {
                prop_assert_eq!(store.read(name.as_bytes()), Ok(key(*byte)));
            }
        }
    }
}

proptest! {
    #[test]
    fn no_image_panics_a_reader_of_flash(mut bytes: Vec<u8>, with_magic: bool) {
        if with_magic {
            bytes.splice(0..0, *b"KSF1\xa5\x05");
        }
        let _ = PlainFlash::load(&bytes);
    }

    #[test]
    fn a_flash_image_with_one_byte_changed_is_refused_or_read_without_harm(
        at in 0_usize..120,
        to: u8,
    ) {
        let (mut flash, work) = (PlainFlash::new(), &mut Work::default());
        for name in ["one", "two"] {
            flash.write(entry(name, Level::Kc), KeyBytes::new([1; 32]), work).unwrap();
        }
        let mut image = flash.storage_image();
        let at = at % image.len();
        image[at] = to;
        if let Ok(read) = PlainFlash::load(&image) {
            let mut again = PlainFlash::load(&read.storage_image()).unwrap();
            again.compact();
        }
    }
}
