//! A confirmable request that waits for its answer (RFC 7252 section 4.2).

use rand_core::Rng;

use crate::sim::time::{Duration, Time};

/// ACK_TIMEOUT of RFC 7252 section 4.8.
const ACK_TIMEOUT: Duration = Duration::from_secs(2);
/// MAX_RETRANSMIT of RFC 7252 section 4.8.
const MAX_RETRANSMIT: u8 = 4;

/// A request on its way.
pub(super) struct Exchange {
    pub(super) mid: u16,
    pub(super) request: Vec<u8>,
    repeated: u8,
    timeout: Duration,
    pub(super) deadline: Time,
}

/// What is to be done about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing yet.
    Nothing,
    /// It is to be sent again.
    Repeat,
    /// It is given up.
    GiveUp,
}

impl Exchange {
    /// A request that is sent at `now`. Its first timeout is uniform between ACK_TIMEOUT and 1.5 times that
    /// (ACK_RANDOM_FACTOR).
    pub(super) fn new(mid: u16, request: Vec<u8>, now: Time, rng: &mut dyn Rng) -> Self {
        let wide = u128::from(rng.next_u64()) * u128::from(ACK_TIMEOUT.0 / 2);
        let timeout = ACK_TIMEOUT + Duration(u64::try_from(wide >> 64).unwrap_or(0));
        Self { mid, request, repeated: 0, timeout, deadline: now + timeout }
    }

    /// What is due at `now`; a repetition counts as made.
    pub(super) fn due(&mut self, now: Time) -> Due {
        if self.deadline > now {
            return Due::Nothing;
        }
        if self.repeated == MAX_RETRANSMIT {
            return Due::GiveUp;
        }
        self.repeated += 1;
        self.timeout = self.timeout.times(2);
        self.deadline = now + self.timeout;
        Due::Repeat
    }
}
