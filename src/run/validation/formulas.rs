//! Closed forms of queueing and retransmission. Times of queues are in units of the mean service time.

/// Mean wait of M/G/1 (Pollaczek and Khinchine): load `rho`, squared coefficient of variation `scv`.
pub(super) fn mean_wait(rho: f64, scv: f64) -> f64 {
    rho * (1.0 + scv) / (2.0 * (1.0 - rho))
}

/// The quantile `q` of the wait of M/M/1.
pub(super) fn wait_quantile(rho: f64, q: f64) -> f64 {
    (libm::log(rho / (1.0 - q)) / (1.0 - rho)).max(0.0)
}

/// Erlang's C: the probability of having to wait at `c` servers with load `rho` each.
pub(super) fn erlang_c(c: u32, rho: f64) -> f64 {
    let offered = rho * f64::from(c);
    let blocked = (1..=c).fold(1.0, |b, k| offered * b / (f64::from(k) + offered * b));
    blocked / (1.0 - rho + rho * blocked)
}

/// Mean wait of M/M/c.
pub(super) fn mean_wait_of_many(c: u32, rho: f64) -> f64 {
    erlang_c(c, rho) / (f64::from(c) * (1.0 - rho))
}

/// The quantile `q` of the wait of M/M/c: P(W > t) = C e^{-(c - a) t}.
pub(super) fn wait_quantile_of_many(c: u32, rho: f64, q: f64) -> f64 {
    (libm::log(erlang_c(c, rho) / (1.0 - q)) / (f64::from(c) * (1.0 - rho))).max(0.0)
}

/// P(V > x) of nD/D/1, `n` sources of period `d` with random phases (Roberts and Virtamo 1991); V is the virtual work at
/// a random time. An arriving source sees the others: `n` - 1.
pub(super) fn periodic_wait_above(n: u32, d: f64, x: f64) -> f64 {
    let (all, factorial) = (f64::from(n), |k: f64| libm::lgamma(k + 1.0));
    let term = |k: u32| {
        let k = f64::from(k);
        if k <= x {
            return 0.0;
        }
        let share = (k - x) / d;
        let choices = factorial(all) - factorial(k) - factorial(all - k);
        let weight = choices + k * libm::log(share) + (all - k) * libm::log(1.0 - share);
        libm::exp(weight) * (d - all + x) / (d - k + x)
    };
    (1..=n).map(term).sum()
}

/// Retransmission by a timer that doubles: what one exchange costs where each way loses datagrams.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    /// The first timeout.
    pub(super) first: f64,
    /// The longest.
    pub(super) cap: f64,
    /// Repetitions.
    pub(super) repetitions: i32,
}

impl Timer {
    /// Flights, probability of giving up and mean extra delay of those that succeed, at loss `p` per direction.
    pub(super) fn exchange(self, p: f64) -> (f64, f64, f64) {
        let q = 1.0 - (1.0 - p) * (1.0 - p);
        let given_up = q.powi(self.repetitions + 1);
        let mut delay = 0.0;
        let mut waited = 0.0;
        for k in 0..=self.repetitions {
            delay += q.powi(k) * (1.0 - q) / (1.0 - given_up) * waited;
            waited += (self.first * 2f64.powi(k)).min(self.cap);
        }
        ((1.0 - given_up) / (1.0 - q), given_up, delay)
    }

    /// The same of two exchanges in a row, the second only if the first succeeds.
    pub(super) fn handshake(self, p: f64) -> (f64, f64, f64) {
        let (flights, given_up, delay) = self.exchange(p);
        (flights * (2.0 - given_up), 1.0 - (1.0 - given_up).powi(2), 2.0 * delay)
    }

    /// Transmissions of a flight whose answer takes `delay` and is not lost.
    pub(super) fn transmissions(self, delay: f64) -> u32 {
        let (mut sent, mut waited) = (1, self.first);
        while waited < delay {
            waited += (self.first * 2f64.powi(sent)).min(self.cap);
            sent += 1;
        }
        u32::try_from(sent).unwrap_or(u32::MAX)
    }
}
