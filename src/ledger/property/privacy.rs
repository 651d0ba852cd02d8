//! Unlinkability (U1): what an observer gains over guessing in the linking game.

use super::{Finding, PropertyId};
use crate::ledger::fact::Fact;
use crate::ledger::facts::Facts;
use crate::ledger::statistics::Proportion;
use crate::sim::time::Time;

/// Unlinkability: the advantage is at most `advantage_max` (0 to 1).
///
/// The advantage is abs(2 accuracy - 1), where the accuracy is the mean of the share of right answers
/// among pairs of one actor and among pairs of two: if the game asks as often about either, that is the
/// plain accuracy; if not, an observer that always says the same still gains nothing.
#[must_use]
pub fn u1(facts: &Facts, advantage_max: f64) -> Finding {
    let mut finding = Finding::new(PropertyId::U1, facts.is_complete());
    let mut games = [Proportion::default(); 2];
    let (mut last, mut shown) = (Time::ZERO, Vec::new());
    for (index, at, fact) in facts.iter() {
        let Fact::Guess { pair, linked, .. } = fact else { continue };
        let [first, second] = pair.map(|gid| facts.author(gid).map(|(_, _, author)| author.actor));
        let Some((first, second)) = first.zip(second) else { continue };
        let truth = first == second;
        games[usize::from(truth)].add(*linked == truth);
        (last, shown) = (at, vec![index]);
    }
    finding.count("guesses", games.iter().map(|game| game.of).sum::<u64>());
    let [Some(apart), Some(together)] = games.map(Proportion::share) else { return finding };
    let advantage = (apart + together - 1.0).abs();
    let [low, high] = interval(games);
    finding.measure("advantage", advantage);
    finding.measure("advantage_low", low);
    finding.measure("advantage_high", high);
    if advantage > advantage_max {
        let what = format!("an observer links with an advantage of {advantage:.3}");
        finding.violate(last, &shown, what);
    }
    finding
}

/// The 95 % interval of the advantage: the ends of both intervals together, which is rather too wide.
fn interval(games: [Proportion; 2]) -> [f64; 2] {
    let [(low_a, high_a), (low_b, high_b)] = games.map(Proportion::wilson);
    let (low, high) = (low_a + low_b - 1.0, high_a + high_b - 1.0);
    if low <= 0.0 && high >= 0.0 {
        [0.0, high.max(-low)]
    } else {
        [low.abs().min(high.abs()), low.abs().max(high.abs())]
    }
}
