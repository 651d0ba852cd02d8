//! The MEF: what an enrolment target may fetch.

use keystorm::credential::hierarchy::{Ke, RelativeId};
use keystorm::credential::lifetime::Validity;
use keystorm::credential::mef::{Mef, MefRefusal};
use keystorm::credential::{Choices, FetchedKey, Suid};
use keystorm::sim::time::{Duration, Time};
use proptest::prelude::*;

use super::key;

const ID: RelativeId = RelativeId([0xab; 16]);
const TARGET: &str = "maf.example.com";

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

fn path(suid: u8) -> String {
    format!("/fetchCredentials/{}@mef.example.com/{suid}", "AB".repeat(16))
}

fn mef(fetched_key: FetchedKey) -> Mef {
    let choices = Choices { fetched_key, ..Choices::default() };
    let mut mef = Mef::new("mef.example.com", choices);
    let validity = Validity::from(at(10), Duration::from_secs(10));
    mef.enrol(at(0), "/meter7", (ID, Ke::new(key(0x11))), validity).unwrap();
    mef.grant(ID, TARGET, Suid::RspfMaf).unwrap();
    mef
}

#[test]
fn a_target_fetches_what_the_enrolee_derives_for_it() {
    let ke = Ke::new(key(0x11));
    let fetched = mef(FetchedKey::OwnDerivation).fetch(at(10), TARGET, &path(21)).unwrap();
    assert_eq!(&fetched.credential, ke.km(TARGET).unwrap().bytes());
    assert_eq!(fetched.enrolee, "/meter7");
    assert_eq!(fetched.lifetime.not_after, at(20));

    let fetched = mef(FetchedKey::UsageConstrained).fetch(at(10), TARGET, &path(21)).unwrap();
    let usage = ke.usage(Suid::RspfMaf, TARGET, &Choices::default()).unwrap();
    assert_eq!(&fetched.credential, usage.bytes());
}

#[test]
fn nobody_fetches_what_was_not_granted_to_them() {
    let mef = mef(FetchedKey::default());
    let fetch = |target, suid| mef.fetch(at(10), target, &path(suid)).map(drop);
    assert_eq!(fetch(TARGET, 21), Ok(()));
    assert_eq!(fetch("maf2.example.com", 21), Err(MefRefusal::NotGranted));
    assert_eq!(fetch(TARGET, 22), Err(MefRefusal::NotGranted));
    assert_eq!(fetch(TARGET, 32), Err(MefRefusal::NotGranted));
    assert_eq!(fetch(TARGET, 99), Err(MefRefusal::Usage));
}

#[test]
fn an_enrolment_is_good_in_its_time_only() {
    let mut mef = mef(FetchedKey::default());
    for now in [at(9), at(20)] {
        assert_eq!(mef.fetch(now, TARGET, &path(21)), Err(MefRefusal::Expired));
    }
    let again = |mef: &mut Mef, now| {
        let validity = Validity::from(now, Duration::from_secs(1));
        mef.enrol(now, "/other", (ID, Ke::new(key(1))), validity)
    };
    assert_eq!(again(&mut mef, at(15)), Err(MefRefusal::IdTaken));
    assert_eq!(again(&mut mef, at(20)), Ok(()));
    let granted = mef.fetch(at(20), TARGET, &path(21));
    assert_eq!(granted, Err(MefRefusal::NotGranted), "grants end with their enrolment");
}

#[test]
fn paths_are_read_strictly() {
    let mef = mef(FetchedKey::default());
    let good = path(21);
    let long = format!("{good}{}", "1".repeat(300));
    for bad in [
        "",
        "/fetchCredentials",
        "/fetchCredentials/",
        &good[1..],
        &good.to_lowercase(),
        &good.replace("/21", "/021"),
        &good.replace("/21", "/+21"),
        &good.replace("/21", "/21/"),
        &good.replace("AB@", "@"),
        &long,
    ] {
        assert_eq!(mef.fetch(at(10), TARGET, bad), Err(MefRefusal::Path), "{bad}");
    }
    let other = good.replace("mef.", "mef2.");
    assert_eq!(mef.fetch(at(10), TARGET, &other), Err(MefRefusal::WrongMef));
    let unknown = good.replacen("AB", "AC", 1);
    assert_eq!(mef.fetch(at(10), TARGET, &unknown), Err(MefRefusal::Unknown));
}

#[test]
fn only_keys_of_remote_provisioning_are_granted() {
    let mut mef = mef(FetchedKey::default());
    assert_eq!(mef.grant(ID, TARGET, Suid::MafSaef), Err(MefRefusal::Usage));
    assert_eq!(mef.grant(RelativeId([0; 16]), TARGET, Suid::RspfSaef), Err(MefRefusal::Unknown));
}

proptest! {
    #[test]
    fn no_path_panics_a_mef(path in "(/fetchCredentials/)?\\PC{0,80}", target in any::<String>()) {
        prop_assert!(mef(FetchedKey::default()).fetch(at(10), &target, &path).is_err());
    }
}
