//! Validity at a time, and whose end bounds whose.

use keystorm::credential::Level;
use keystorm::credential::lifetime::{
    Excess, LifetimeError, Status, Validity, granted, is_bound_to_enrolment,
};
use keystorm::sim::time::{Duration, Time};

const HOUR: Duration = Duration::from_secs(3600);

fn at(hours: u64) -> Time {
    Time::ZERO + HOUR.times(hours)
}

#[test]
fn a_key_is_valid_from_its_first_moment_until_just_before_its_expiry() {
    let validity = Validity::from(at(1), HOUR);
    assert_eq!(validity.at(Time(at(1).0 - 1)), Status::NotYet);
    assert_eq!(validity.at(at(1)), Status::Valid);
    assert_eq!(validity.at(Time(at(2).0 - 1)), Status::Valid);
    assert_eq!(validity.at(at(2)), Status::Expired);
}

#[test]
fn what_never_expires_is_valid_at_the_end_of_time() {
    assert_eq!(Validity::ALWAYS.at(Time::NEVER), Status::Valid);
}

#[test]
fn keys_from_an_enrolment_end_with_it() {
    let enrolment = Validity::from(at(0), HOUR.times(10));
    for level in [Level::Km, Level::Kpsa, Level::Usage] {
        let validity = granted(level, at(4), HOUR.times(24), &enrolment, Excess::Shorten).unwrap();
        assert_eq!(validity, Validity { not_before: at(4), not_after: at(10) });
        let refused = granted(level, at(4), HOUR.times(24), &enrolment, Excess::Refuse);
        assert_eq!(refused, Err(LifetimeError::OutlivesEnrolment));
    }
}

#[test]
fn keys_that_fit_into_their_enrolment_are_left_alone() {
    let enrolment = Validity::from(at(0), HOUR.times(10));
    let validity = granted(Level::Km, at(4), HOUR.times(6), &enrolment, Excess::Refuse);
    assert_eq!(validity, Ok(Validity::from(at(4), HOUR.times(6))));
}

#[test]
fn an_enrolment_that_is_over_gives_no_keys() {
    let enrolment = Validity::from(at(1), HOUR);
    for now in [at(0), at(2), at(3)] {
        let refused = granted(Level::Kpsa, now, HOUR, &enrolment, Excess::Shorten);
        assert_eq!(refused, Err(LifetimeError::NoEnrolment));
    }
}

#[test]
fn the_life_of_a_connection_key_is_the_mafs_to_set() {
    assert!(!is_bound_to_enrolment(Level::Kc));
    let enrolment = Validity::from(at(0), HOUR);
    let validity = granted(Level::Kc, at(4), HOUR, &enrolment, Excess::Refuse);
    assert_eq!(validity, Ok(Validity::from(at(4), HOUR)));
}
