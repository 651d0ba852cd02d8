//! What a server HSM answers to its administrators: the legacy interface loses keys in three ways, the
//! separated one in none; and backups.

use keystorm::credential::store::{
    Hsm, HsmProfile, Interface, KeyStore as _, Powers, Store, TOKEN_KEYS_MAX, TokenRefusal,
    TokenRequest, Work, read_record, unwrap_key,
};
use keystorm::credential::{KeyBytes, Level};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;

use super::{contains, entry, key, name, sealed, stores};

const ALL: Powers = Powers { wrap: true, decrypt: true };
const WRAP: Powers = Powers { wrap: true, decrypt: false };
const DECRYPT: Powers = Powers { wrap: false, decrypt: true };

struct Rack {
    hsm: Hsm,
    rng: ChaCha8Rng,
}

impl Rack {
    fn new(interface: Interface) -> Self {
        let hsm = Hsm::new(HsmProfile::CLOUDHSM_HSM1).administered(interface, key(0xd0));
        let mut rack = Self { hsm, rng: ChaCha8Rng::seed_from_u64(5) };
        for n in 0..10 {
            let entry = entry(&format!("k{n}"), Level::Kpsa);
            rack.hsm.write(entry, key(n), &mut Work::default()).unwrap();
        }
        rack
    }

    fn ask(&mut self, request: &TokenRequest) -> Result<Vec<u8>, TokenRefusal> {
        self.ask_bytes(&request.encode())
    }

    fn ask_bytes(&mut self, bytes: &[u8]) -> Result<Vec<u8>, TokenRefusal> {
        let answer = self.hsm.administer(bytes, &mut self.rng, &mut Work::default());
        answer.map(|bytes| bytes.to_vec())
    }

    fn wrap(&mut self, under: &str) -> Result<Vec<u8>, TokenRefusal> {
        self.ask(&TokenRequest::Wrap { credential: name("k3"), under: name(under) })
    }
}

#[test]
fn a_legacy_token_loses_a_key_by_export_by_wrap_and_decrypt_and_by_a_key_from_outside() {
    let mut rack = Rack::new(Interface::Legacy);
    assert_eq!(rack.ask(&TokenRequest::Export(name("k3"))).unwrap(), [3; 32]);

    rack.ask(&TokenRequest::Generate(name("both"), ALL)).unwrap();
    let wrapped = rack.wrap("both").unwrap();
    assert!(!contains(&wrapped, &[3; 32]));
    let decrypt = TokenRequest::Decrypt { under: name("both"), data: wrapped };
    let clear = rack.ask(&decrypt).unwrap();
    assert_eq!(read_record(&clear), Some((entry("k3", Level::Kpsa), key(3))));

    rack.ask(&TokenRequest::Import(name("mine"), WRAP, key(0x66))).unwrap();
    let wrapped = rack.wrap("mine").unwrap();
    assert_eq!(unwrap_key(&wrapped, &key(0x66)).unwrap().1, key(3));
    assert_eq!(unwrap_key(&wrapped, &key(0x67)), None);
}

#[test]
fn powers_that_are_granted_one_after_the_other_are_a_way_too() {
    let steps = |interface| {
        let mut rack = Rack::new(interface);
        rack.ask(&TokenRequest::Generate(name("turn"), WRAP))?;
        let data = rack.wrap("turn")?;
        rack.ask(&TokenRequest::Grant(name("turn"), DECRYPT))?;
        rack.ask(&TokenRequest::Decrypt { under: name("turn"), data })
    };
    assert!(contains(&steps(Interface::Legacy).unwrap(), &[3; 32]));
    assert_eq!(steps(Interface::Separated), Err(TokenRefusal::Fixed));
}

#[test]
fn a_separated_token_says_no_to_each_of_these_and_why() {
    let mut rack = Rack::new(Interface::Separated);
    assert_eq!(rack.ask(&TokenRequest::Export(name("k3"))), Err(TokenRefusal::NoExport));
    assert_eq!(rack.ask(&TokenRequest::Generate(name("both"), ALL)), Err(TokenRefusal::Conflict));
    let import = TokenRequest::Import(name("mine"), WRAP, key(0x66));
    assert_eq!(rack.ask(&import), Err(TokenRefusal::Imported));
    rack.ask(&TokenRequest::Generate(name("w"), WRAP)).unwrap();
    let data = rack.wrap("w").unwrap();
    let decrypt = TokenRequest::Decrypt { under: name("w"), data };
    assert_eq!(rack.ask(&decrypt), Err(TokenRefusal::Powerless));
    // Nor may another key take the name.
    let again = TokenRequest::Import(name("w"), DECRYPT, key(0x66));
    assert_eq!(rack.ask(&again), Err(TokenRefusal::Fixed));
    for n in 1..TOKEN_KEYS_MAX {
        rack.ask(&TokenRequest::Generate(name(&format!("w{n}")), WRAP)).unwrap();
    }
    let full = rack.ask(&TokenRequest::Generate(name("more"), WRAP));
    assert_eq!(full.unwrap_err().name(), "store_full");
}

#[test]
fn a_backup_opens_in_the_domain_only_and_brings_all_keys_back() {
    let mut rack = Rack::new(Interface::Separated);
    let backup = rack.ask(&TokenRequest::Backup).unwrap();
    for n in 0..10 {
        assert!(!contains(&backup, &[n; 32]));
    }
    let empty = |domain| {
        Hsm::new(HsmProfile::CLOUDHSM_HSM1).administered(Interface::Separated, key(domain))
    };
    let work = &mut Work::default();
    assert_eq!(empty(0xd1).restore(&backup, work), Err(TokenRefusal::Data));
    let mut altered = backup.clone();
    altered[40] ^= 1;
    assert_eq!(empty(0xd0).restore(&altered, work), Err(TokenRefusal::Data));
    let mut other = empty(0xd0);
    assert_eq!(other.restore(&backup, work), Ok(10));
    assert_eq!(other.entries(), rack.hsm.entries());
}

#[test]
fn every_place_restores_what_it_backed_up_and_only_an_hsms_copy_is_safe_to_lose() {
    for mut store in stores() {
        if let Store::Hsm(hsm) = store {
            store = Store::Hsm(Box::new(hsm.administered(Interface::Separated, key(0xd0))));
        }
        let (work, rng) = (&mut Work::default(), &mut ChaCha8Rng::seed_from_u64(1));
        store.keys_mut().write(entry("a", Level::Kpsa), key(0x5a), work).unwrap();
        let backup = store.backup(rng).unwrap();
        assert_eq!(contains(&backup, &[0x5a; 32]), matches!(store, Store::Plain(_)));
        store.keys_mut().erase(b"a", work).unwrap();
        assert_eq!(store.restore(&backup, work), Ok(1), "{:?}", store.keys().kind());
        assert_eq!(store.keys().entries(), [entry("a", Level::Kpsa)]);
        store.restore(b"junk", work).unwrap_err();
    }
    let stranger = sealed();
    let mut file = Store::Sealed(Box::new(sealed()));
    assert_eq!(file.restore(&stranger.storage_image(), &mut Work::default()), Ok(0));
}

/// All keys that come to light in what an interface says: as they are, or once a key is opened with what
/// is known outside.
fn lost(answers: &[Vec<u8>]) -> usize {
    let outside = [key(0x66), KeyBytes::new([0; 32])];
    let is_lost = |answer: &&Vec<u8>| {
        let in_clear = (0..10).any(|n| contains(answer, &[n; 32]));
        in_clear || outside.iter().any(|key| unwrap_key(answer, key).is_some())
    };
    answers.iter().filter(is_lost).count()
}

fn step() -> impl Strategy<Value = (u8, u8, u8, usize)> {
    (0..7u8, 0..4u8, 0..4u8, 0..8usize)
}

/// Does what the steps say: names of wrapping keys are few, and data is what was answered before.
fn run(interface: Interface, steps: &[(u8, u8, u8, usize)]) -> Vec<Vec<u8>> {
    let mut rack = Rack::new(interface);
    let mut answers: Vec<Vec<u8>> = Vec::new();
    for (kind, who, powers, back) in steps {
        let (of, under) = (name(&format!("k{who}")), name(&format!("w{}", who % 2)));
        let powers = Powers { wrap: powers & 1 != 0, decrypt: powers & 2 != 0 };
        let data = answers.iter().rev().nth(*back).cloned().unwrap_or_default();
        let request = match kind {
            0 => TokenRequest::Export(of),
            1 => TokenRequest::Generate(under, powers),
            2 => TokenRequest::Import(under, powers, key(0x66)),
            3 => TokenRequest::Grant(under, powers),
            4 => TokenRequest::Wrap { credential: of, under },
            5 => TokenRequest::Decrypt { under, data },
            _ => TokenRequest::Backup,
        };
        answers.extend(rack.ask(&request));
    }
    answers
}

proptest! {
    #[test]
    fn no_sequence_of_requests_gets_a_key_out_of_a_separated_token(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        prop_assert_eq!(lost(&run(Interface::Separated, &steps)), 0);
    }

    #[test]
    fn no_bytes_do_harm(requests in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20)) {
        let mut rack = Rack::new(Interface::Separated);
        for request in requests {
            if let Ok(answer) = rack.ask_bytes(&request) {
                prop_assert_eq!(lost(&[answer]), 0);
            }
        }
        prop_assert_eq!(rack.hsm.entries().len(), 10);
    }
}

/// The same fuzzing finds the ways out of the legacy token: it is able to.
#[test]
fn random_requests_do_get_keys_out_of_a_legacy_token() {
    let steps: Vec<_> = (0..200u8).map(|n| (n % 6, n % 4, n % 4, usize::from(n) % 3)).collect();
    assert!(lost(&run(Interface::Legacy, &steps)) > 0);
}
