//! Guesses tokens: those before and after one of the attacker's own.

use super::{Pace, Terminal, own_token};
use crate::node::{Hands, Intruder, NodeId};

pub(super) struct Guesser {
    terminal: Terminal,
    pace: Pace,
    own: Option<String>,
    guesses: u32,
}

impl Guesser {
    pub(super) const fn new(terminal: Terminal, pace: Pace) -> Self {
        Self { terminal, pace, own: None, guesses: 0 }
    }
}

impl Intruder for Guesser {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        self.terminal.take(hands);
    }

    fn overheard(&mut self, _: NodeId, bytes: &[u8], hands: &mut Hands<'_>) {
        if self.own.is_none() {
            self.own = own_token(bytes);
            hands.wake_at(hands.now);
        }
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        let Some(own) = self.own.clone() else { return };
        if self.pace.beat(hands)
            && let Some(token) = neighbour(&own, self.guesses)
        {
            self.guesses += 1;
            self.terminal.write(&token, hands);
        }
    }
}

/// The `n`-th token beside this one, read as a number: one less, one more, two less, and so on.
fn neighbour(own: &str, n: u32) -> Option<String> {
    let number = u128::from_str_radix(own, 16).ok()?;
    let distance = u128::from(n / 2 + 1);
    let beside = if n.is_multiple_of(2) {
        number.wrapping_sub(distance)
    } else {
        number.wrapping_add(distance)
    };
    let width = own.len();
    Some(format!("{beside:0width$x}"))
}

#[cfg(test)]
mod tests {
    use super::neighbour;

    #[test]
    fn neighbours_are_nearest_first() {
        let all: Vec<_> = (0..4).filter_map(|n| neighbour("00001003", n)).collect();
        assert_eq!(all, ["00001002", "00001004", "00001001", "00001005"]);
        assert_eq!(neighbour("no number", 0), None);
    }
}
