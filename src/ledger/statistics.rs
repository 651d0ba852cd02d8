//! Proportions with Wilson intervals, and differences of pairs.

use super::property::{float, share};

/// The two-sided 95 % point of the normal distribution.
const Z: f64 = 1.96;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proportion {
    /// So many.
    pub count: u64,
    /// Of so many.
    pub of: u64,
}

impl Proportion {
    /// One more case, which counts or not.
    pub fn add(&mut self, counts: bool) {
        self.count += u64::from(counts);
        self.of += 1;
    }

    /// The share, 0 to 1; none of nothing.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        share(self.count, self.of)
    }

    /// The Wilson 95 % interval of the share (E. B. Wilson, 1927); of nothing, all from 0 to 1.
    #[must_use]
    pub fn wilson(self) -> (f64, f64) {
        let Some(p) = self.share() else { return (0.0, 1.0) };
        let n = float(self.of);
        let scale = 1.0 + Z * Z / n;
        let centre = (p + Z * Z / (2.0 * n)) / scale;
        let half = Z / scale * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        ((centre - half).max(0.0), (centre + half).min(1.0))
    }
}

/// Differences of pairs, one for each seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// The mean.
    pub mean: f64,
    /// The 95 % interval of the mean, by Student's t; none of fewer than three pairs.
    pub interval: Option<(f64, f64)>,
    /// The largest difference, and its seed.
    pub worst: (u64, f64),
}

impl Paired {
    /// What `differences` (by seed) say; none of nothing.
    #[must_use]
    pub fn of(differences: &[(u64, f64)]) -> Option<Self> {
        let n = float(differences.len() as u64);
        let worst = differences.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let mean = differences.iter().map(|(_, value)| value).sum::<f64>() / n;
        let squares: f64 =
            differences.iter().map(|(_, value)| (value - mean) * (value - mean)).sum();
        let interval = (differences.len() > 2).then(|| {
            let half = student_95(n - 1.0) * (squares / (n - 1.0) / n).sqrt();
            (mean - half, mean + half)
        });
        Some(Self { mean, interval, worst })
    }
}

/// The two-sided 95 % point of Student's t with `freedom` >= 2 degrees of freedom: the expansion about the
/// normal distribution (Abramowitz and Stegun 26.7.5), within 1 % from 3 degrees on.
fn student_95(freedom: f64) -> f64 {
    let z = 1.959_964;
    let (z2, z3) = (z * z, z * z * z);
    let (z5, z7, z9) = (z3 * z2, z3 * z2 * z2, z3 * z3 * z3);
    let terms = [
        (z3 + z) / 4.0,
        (5.0 * z5 + 16.0 * z3 + 3.0 * z) / 96.0,
        (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / 384.0,
        (79.0 * z9 + 776.0 * z7 + 1_482.0 * z5 - 1_920.0 * z3 - 945.0 * z) / 92_160.0,
    ];
    let mut power = 1.0;
    terms.into_iter().fold(z, |sum, term| {
        power *= freedom;
        sum + term / power
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_gives_the_published_bounds() {
        for (n, bound) in [(30, 0.886), (100, 0.963), (400, 0.990)] {
            let (low, high) = Proportion { count: n, of: n }.wilson();
            assert!((low - bound).abs() < 5e-4, "{n}: {low}");
            assert!((low - float(n) / (float(n) + Z * Z)).abs() < 1e-12);
            assert!((high - 1.0).abs() < 1e-12, "{high}");
            let (low, high) = Proportion { count: 0, of: n }.wilson();
            assert!(low == 0.0 && (high - (1.0 - bound)).abs() < 5e-4);
        }
        // 81 of 263: Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I.
        let (low, high) = Proportion { count: 81, of: 263 }.wilson();
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        assert_eq!(Proportion::default().wilson(), (0.0, 1.0));
    }

    #[test]
    fn student_has_the_tabled_points() {
        for (freedom, point) in
            [(3.0, 3.182), (5.0, 2.571), (10.0, 2.228), (29.0, 2.045), (99.0, 1.984)]
        {
            let ours = student_95(freedom);
            assert!((ours / point - 1.0).abs() < 0.01, "{freedom}: {ours}");
        }
    }

    #[test]
    fn pairs_give_mean_interval_and_worst_seed() {
        let paired = Paired::of(&[(1, 1.0), (2, 3.0), (3, 2.0), (4, 2.0)]).unwrap();
        assert_eq!((paired.mean, paired.worst), (2.0, (2, 3.0)));
        let (low, high) = paired.interval.unwrap();
        // Standard error sqrt(2/3)/2 = 0.408, t = 3.182.
        assert!((low - 0.70).abs() < 0.02 && (high - 3.30).abs() < 0.02, "{low} {high}");
        assert_eq!(Paired::of(&[(1, 1.0)]).unwrap().interval, None);
        assert_eq!(Paired::of(&[]), None);
    }
}
