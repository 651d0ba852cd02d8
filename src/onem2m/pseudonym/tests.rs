//! Rotation, overlap, collisions, and whether two pseudonyms tell anything of each other.

use std::collections::BTreeSet;

use super::*;

fn secret(device: u32) -> Secret {
    let mut bytes = [7; 32];
    bytes[..4].copy_from_slice(&device.to_be_bytes());
    Secret::new(KeyBytes::new(bytes))
}

fn hours(n: u64) -> Time {
    Time::ZERO + Duration::from_secs(n * 3_600)
}

fn hourly() -> Rotation {
    Rotation::Time(Span::new(Duration::from_secs(3_600)).unwrap())
}

fn who(registrar: &Registrar, pseudonym: Pseudonym) -> Vec<u32> {
    registrar.resolve(pseudonym).map(|holder| holder.device).collect()
}

/// Python: hmac.new(bytes(4) + b"\x07" * 28, b"keystorm pseudonym 1" + bytes(7) + b"\x05", "sha256").
#[test]
fn the_independent_vector() {
    assert_eq!(secret(0).pseudonym(5).ae_id_stem(), VECTOR);
}
const VECTOR: &str = "SEwy3blsncgq2eR-DEcmZ7Q";

#[test]
fn stems_are_read_back_and_nothing_else_is() {
    let pseudonym = secret(1).pseudonym(2);
    let stem = pseudonym.ae_id_stem();
    assert_eq!((stem.len(), Pseudonym::from_ae_id_stem(&stem)), (23, Some(pseudonym)));
    for wrong in ["", "S", "C", &stem[1..], &stem[..22], &format!("{stem}A"), &format!("{stem}=")] {
        assert_eq!(Pseudonym::from_ae_id_stem(wrong), None, "{wrong}");
    }
}

#[test]
fn rotation_by_time_with_overlap() {
    let mut registrar = Registrar::new(hourly(), 1, 1);
    let mut device = Generator::new(secret(3), hourly(), 0);
    registrar.enrol(3, secret(3), hours(10)).unwrap();
    assert_eq!(registrar.enrol(3, secret(4), hours(10)), Err(Full));
    let old = device.next(hours(10));
    assert_eq!(device.next(Time(hours(11).0 - 1)), old);
    let new = device.next(hours(11));
    assert_ne!(new, old);
    // A device whose clock is an epoch fast is known; so is the old pseudonym an epoch later.
    assert_eq!((who(&registrar, old), who(&registrar, new)), (vec![3], vec![3]));
    // One HMAC for the name that comes in, and one for the name that goes out.
    assert_eq!((registrar.advance(hours(11)), registrar.advance(hours(11))), (2, 0));
    assert_eq!((who(&registrar, old), registrar.len()), (vec![3], 3));
    registrar.advance(hours(12));
    assert_eq!((who(&registrar, old), who(&registrar, new)), (vec![], vec![3]));
    // Never backwards, and far forwards without growing.
    registrar.advance(hours(5));
    assert_eq!((who(&registrar, new), registrar.len()), (vec![3], 3));
    registrar.advance(hours(5_000));
    assert_eq!((who(&registrar, device.next(hours(5_001))), registrar.len()), (vec![3], 3));
    registrar.withdraw(3);
    assert!(registrar.is_empty());
}

#[test]
fn rotation_by_count_follows_what_devices_prove() {
    let rotation = Rotation::Count(NonZeroU64::new(3).unwrap());
    let mut registrar = Registrar::new(rotation, 1, 2);
    registrar.enrol(1, secret(1), Time::ZERO).unwrap();
    let mut device = Generator::new(secret(1), rotation, 0);
    let mut seen = Vec::new();
    for use_of in 0..30 {
        let pseudonym = device.next(Time::ZERO);
        let holder = registrar.resolve(pseudonym).next().unwrap();
        assert_eq!(holder, Holder { device: 1, epoch: use_of / 3 });
        registrar.confirm(holder);
        seen.push(pseudonym);
    }
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), 10);
    // Of ten epochs the last two still resolve; an old holder does not move the table back.
    registrar.confirm(Holder { device: 1, epoch: 2 });
    assert_eq!(distinct.iter().filter(|p| !who(&registrar, ***p).is_empty()).count(), 2);
    // A device that slept goes on where it stopped; one that ran too far ahead is not known.
    let mut restarted = Generator::new(secret(1), rotation, device.uses());
    assert_eq!(who(&registrar, restarted.next(Time::ZERO)), [1]);
    let mut lost = Generator::new(secret(1), rotation, 36);
    assert!(who(&registrar, lost.next(Time::ZERO)).is_empty());
    registrar.withdraw(1);
    assert!(registrar.is_empty());
}

/// Two devices with one secret collide in every epoch.
#[test]
fn holders_of_colliding_pseudonyms_are_all_named() {
    let mut registrar = Registrar::new(hourly(), 0, 0);
    registrar.enrol(1, secret(9), hours(0)).unwrap();
    registrar.enrol(2, secret(9), hours(0)).unwrap();
    registrar.enrol(3, secret(3), hours(0)).unwrap();
    let pseudonym = secret(9).pseudonym(0);
    assert_eq!(who(&registrar, pseudonym), [1, 2]);
    registrar.withdraw(1);
    assert_eq!(who(&registrar, pseudonym), [2]);
    registrar.advance(hours(1));
    assert_eq!(who(&registrar, secret(9).pseudonym(1)), [2]);
}

#[test]
fn strangers_resolve_to_nobody() {
    let mut registrar = Registrar::new(hourly(), 1, 1);
    for device in 0..100 {
        registrar.enrol(device, secret(device), hours(0)).unwrap();
    }
    assert_eq!(registrar.len(), 200);
    for bytes in [[0; 16], [0xff; 16]] {
        assert!(who(&registrar, Pseudonym::from_bytes(bytes)).is_empty());
    }
    assert!(who(&registrar, secret(100).pseudonym(0)).is_empty());
}

/// Every bit is set half of the time and differs half of the time, between epochs of one device just as
/// between devices; no two share more than chance allows. Bounds are six standard deviations.
#[test]
fn pseudonyms_tell_nothing_of_each_other() {
    let n = 4_000_u32;
    let epochs: Vec<_> = (0..n).map(|epoch| secret(1).pseudonym(epoch.into())).collect();
    let devices: Vec<_> = (0..n).map(|device| secret(device).pseudonym(1)).collect();
    for set in [&epochs, &devices] {
        let words: Vec<u128> = set.iter().map(|p| u128::from_be_bytes(*p.bytes())).collect();
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), set.len());
        let deviation = 6.0 * (f64::from(n) / 4.0).sqrt();
        for bit in 0..128 {
            let ones = words.iter().filter(|word| *word >> bit & 1 == 1).count();
            assert!((ones as f64 - f64::from(n) / 2.0).abs() < deviation, "bit {bit}: {ones}");
        }
        let neighbours = words.windows(2).map(|pair| (pair[0] ^ pair[1]).count_ones());
        let mean = f64::from(neighbours.sum::<u32>()) / f64::from(n - 1);
        assert!((mean - 64.0).abs() < 6.0 * (32.0 / f64::from(n)).sqrt(), "mean distance {mean}");
        // The longest common prefix of any two: 2 log2(n) = 24 bits by chance, 40 with one in 2^17.
        let mut sorted = words.clone();
        sorted.sort_unstable();
        let longest = sorted.windows(2).map(|pair| (pair[0] ^ pair[1]).leading_zeros()).max();
        assert!(longest < Some(40), "{longest:?}");
    }
}
