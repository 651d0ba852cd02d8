//! Messages for a parser that believes lengths.

use crate::sim::Draws;

/// What a message tries. The attacker has read the program: it knows the sizes of buffers and what stands
/// behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overrun {
    /// A name longer than its buffer, whose end becomes the price.
    Price,
    /// A longer one, whose end becomes the privilege.
    Privilege,
    /// A longer one yet, whose end becomes the number of the function that is called next.
    Code,
    /// A length that wraps in eight bits, and a link that leads the next write elsewhere.
    Wrap,
    /// An echo of more than was sent.
    Read,
    /// Groups inside each other, beyond the stack.
    Nesting,
    /// Elements that lead to themselves.
    Loop,
    /// An address outside all memory.
    Wild,
}

impl Overrun {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Price,
        Self::Privilege,
        Self::Code,
        Self::Wrap,
        Self::Read,
        Self::Nesting,
        Self::Loop,
        Self::Wild,
    ];
}

/// The size of the name's buffer.
const NAME: usize = 32;
/// The size of the note's buffer.
const NOTE: usize = 64;
/// Where the privilege stands.
const PRIVILEGE_AT: u32 = 8_228;

/// A message that tries this.
#[must_use]
pub fn bytes(kind: Overrun, draws: &mut Draws<'_>) -> Vec<u8> {
    let price = u8::try_from(1 + draws.below(9)).unwrap_or(1);
    match kind {
        Overrun::Price => name(&[price, 0, 0, 0], draws),
        Overrun::Privilege => name(&[25, 0, 0, 0, 1], draws),
        Overrun::Code => name(&[25, 0, 0, 0, 0, 0, 0, 0, 1], draws),
        Overrun::Wrap => {
            let mut message = vec![2, 1, 0];
            message.extend(letters(NOTE, draws));
            message.extend(PRIVILEGE_AT.to_le_bytes());
            message.extend([0; 256 - NOTE - 4]);
            message
        }
        Overrun::Read => {
            let count = u8::try_from(60 + draws.below(190)).unwrap_or(60);
            vec![1, 1, b'x', 3, count]
        }
        Overrun::Nesting => [4, 0].repeat(200 + usize::from(price)),
        Overrun::Loop => vec![5, 0],
        Overrun::Wild => vec![6, 0xFF, 0xFF, 0xFF, 0x70 + price],
    }
}

/// A name whose end goes behind its buffer.
fn name(behind: &[u8], draws: &mut Draws<'_>) -> Vec<u8> {
    let length = u8::try_from(NAME + behind.len()).unwrap_or(u8::MAX);
    let mut message = vec![1, length];
    message.extend(letters(NAME, draws));
    message.extend(behind);
    message
}

fn letters(count: usize, draws: &mut Draws<'_>) -> Vec<u8> {
    let mut letter = || b'a' + u8::try_from(draws.below(26)).unwrap_or_default();
    (0..count).map(|_| letter()).collect()
}
