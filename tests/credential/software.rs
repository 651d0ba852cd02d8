//! Software of nodes: packages, the checks at boot, attestation and what follows from it.

use keystorm::credential::software::{
    Action, AttestationFault, Attester, BLOCK_LEN, BootCheck, Header, Incident, Package,
    PackageFault, Policy, Standing, Vendor, Verifier,
};
use proptest::prelude::*;

use super::key;

fn vendor() -> Vendor {
    Vendor::new(&key(0x7e))
}

fn image(version: u8) -> Vec<u8> {
    (0..20 * BLOCK_LEN).map(|n| n.to_be_bytes()[7].wrapping_mul(version)).collect()
}

/// What a patient attacker makes of a package: other code, and a header that fits as far as one can make
/// it fit without the vendor's key.
fn patched(package: &[u8]) -> Vec<u8> {
    let (package, own) = (Package::parse(package).unwrap(), Vendor::new(&key(0x66)));
    let mut image = package.image().to_vec();
    image[700..721].copy_from_slice(b"report half the usage");
    let forged = own.package(package.header().version, &image);
    let forged = Package::parse(&forged).unwrap().header();
    Header { signature: package.header().signature, ..forged }.package(&image)
}

fn checks() -> [BootCheck; 3] {
    [BootCheck::Nothing, BootCheck::Crc32, BootCheck::signed(vendor().verifying_key())]
}

#[test]
fn every_check_starts_what_the_vendor_made() {
    for mut check in checks() {
        let loaded = check.boot(&vendor().package(3, &image(3))).unwrap();
        assert_eq!((loaded.version, &loaded.image), (3, &image(3)));
        assert_eq!(loaded.first_changed(&loaded.image), None);
    }
}

#[test]
fn a_patched_image_gets_past_a_checksum_and_not_past_a_signature() {
    let patched = patched(&vendor().package(3, &image(3)));
    let results = checks().map(|mut check| check.boot(&patched).map(|loaded| loaded.version));
    assert_eq!(results, [Ok(3), Ok(3), Err(PackageFault::Signature)]);
}

#[test]
fn an_accident_is_found_by_a_checksum() {
    let mut damaged = vendor().package(3, &image(3));
    let last = damaged.len() - 1;
    damaged[last] ^= 0x10;
    let results = checks().map(|mut check| check.boot(&damaged).err());
    assert_eq!(results, [None, Some(PackageFault::Checksum), Some(PackageFault::Hash)]);
}

#[test]
fn an_old_version_is_signed_and_refused_after_a_newer_one() {
    let (old, new) = (vendor().package(2, &image(2)), vendor().package(3, &image(3)));
    let mut check = BootCheck::signed(vendor().verifying_key());
    for package in [&old, &new, &new] {
        check.boot(package).unwrap();
    }
    assert_eq!(check.boot(&old), Err(PackageFault::Rollback));
    let mut trusting = BootCheck::Crc32;
    trusting.boot(&new).unwrap();
    assert_eq!(trusting.boot(&old).map(|loaded| loaded.version), Ok(2));
    // Nor does a higher number on an old image help, or on none at all.
    let header = Package::parse(&old).unwrap().header();
    let renamed = Header { version: 9, ..header }.package(&image(2));
    assert_eq!(check.boot(&renamed), Err(PackageFault::Signature));
}

/// A node with an attester that starts a package without any check, and its verifier.
fn attested(package: &[u8]) -> (Attester, Verifier) {
    let mut attester = Attester::new(&key(0xa7));
    let genuine = BootCheck::Nothing.boot(&vendor().package(3, &image(3))).unwrap();
    let mut verifier = Verifier::new(attester.verifying_key());
    verifier.expect(genuine.measured, 3);
    attester.measure(&BootCheck::Nothing.boot(package).unwrap());
    (attester, verifier)
}

#[test]
fn an_attestation_tells_what_runs_whatever_the_header_says() {
    let package = vendor().package(3, &image(3));
    let (attester, verifier) = attested(&package);
    assert_eq!(verifier.check(&[1; 16], &attester.quote([1; 16]).encode()), Ok(3));
    let (attester, verifier) = attested(&patched(&package));
    let quote = attester.quote([1; 16]).encode();
    assert_eq!(verifier.check(&[1; 16], &quote), Err(AttestationFault::Mismatch));
    let (attester, verifier) = attested(&vendor().package(2, &image(2)));
    let quote = attester.quote([1; 16]).encode();
    assert_eq!(verifier.check(&[1; 16], &quote), Err(AttestationFault::Mismatch));
}

#[test]
fn an_old_a_foreign_and_an_altered_quote_are_not_believed() {
    let package = vendor().package(3, &image(3));
    let (attester, mut verifier) = attested(&package);
    let recorded = attester.quote([1; 16]).encode();
    assert_eq!(verifier.check(&[2; 16], &recorded), Err(AttestationFault::Stale));
    let mut readdressed = recorded.clone();
    readdressed[..16].copy_from_slice(&[2; 16]);
    assert_eq!(verifier.check(&[2; 16], &readdressed), Err(AttestationFault::Signature));
    let mut foreign = Attester::new(&key(0xa8));
    foreign.measure(&BootCheck::Nothing.boot(&package).unwrap());
    let quote = foreign.quote([1; 16]).encode();
    assert_eq!(verifier.check(&[1; 16], &quote), Err(AttestationFault::Signature));
    assert_eq!(verifier.check(&[1; 16], &recorded[1..]), Err(AttestationFault::Format));
    // Once a newer version is expected, the old one is not.
    verifier.expect([9; 32], 4);
    assert_eq!(verifier.check(&[1; 16], &recorded), Err(AttestationFault::Mismatch));
}

const ACT: Policy = Policy::Act { doubts_max: 2 };
const MISMATCH: Incident = Incident::Fault(AttestationFault::Mismatch);

#[test]
fn other_software_is_shut_out_at_once_and_let_in_again_when_repaired() {
    let (standing, actions) = ACT.step(Standing::Trusted, MISMATCH);
    assert_eq!(standing, Standing::Quarantined);
    assert_eq!(actions, [Action::Log, Action::Quarantine, Action::Repair]);
    assert_eq!(ACT.step(standing, Incident::Silent).0, Standing::Quarantined);
    let (standing, actions) = ACT.step(standing, Incident::Sound);
    assert_eq!((standing, actions), (Standing::Trusted, &[Action::Release][..]));
    let (standing, actions) = Policy::LogOnly.step(Standing::Trusted, MISMATCH);
    assert_eq!((standing, actions), (Standing::Trusted, &[Action::Log][..]));
}

#[test]
fn a_lost_answer_is_asked_for_again_and_many_are_not() {
    let mut standing = Standing::Trusted;
    for doubts in 1..=2 {
        standing = ACT.step(standing, Incident::Silent).0;
        assert_eq!(standing, Standing::Doubted(doubts));
    }
    assert_eq!(ACT.step(standing, Incident::Sound).0, Standing::Trusted);
    assert_eq!(ACT.step(standing, Incident::Silent).0, Standing::Quarantined);
}

proptest! {
    #[test]
    fn no_bytes_do_harm(mut bytes in prop::collection::vec(any::<u8>(), 0..300), named: bool) {
        if let (true, Some(magic)) = (named, bytes.get_mut(..4)) {
            magic.copy_from_slice(b"KSI1");
        }
        for mut check in checks() {
            let is_started = check.boot(&bytes).is_ok();
            let is_checked = matches!(check, BootCheck::Signed { .. });
            prop_assert!(!(is_started && is_checked));
        }
    }

    #[test]
    fn no_altered_byte_is_signed(at in 0usize..20 * BLOCK_LEN + 112, bit in 0..8u8) {
        let mut package = vendor().package(3, &image(3));
        package[at] ^= 1 << bit;
        let mut check = BootCheck::signed(vendor().verifying_key());
        // The checksum is for nodes that know nothing better.
        prop_assert_eq!(check.boot(&package).is_ok(), (12..16).contains(&at));
    }
}
