//! Block-wise transfer (RFC 7959): bodies longer than a message, sans-IO.
//!
//! [`slice()`] cuts a body, [`Assembly`] puts one together, [`Assemblies`] keeps several apart and bounded.
//! When to give a transfer up is the caller's to say: it has the clock.

use std::collections::VecDeque;

use crate::wire::coap::{self, Code, Message};
use crate::wire::limits::{MAX_BLOCK_BODY, MAX_BLOCK_TRANSFERS};

/// Block2: a block of a response's body.
pub const BLOCK2: u16 = 23;
/// Block1: a block of a request's body.
pub const BLOCK1: u16 = 27;
/// The largest size exponent: blocks of 1,024 bytes (section 2.2).
pub const MAX_EXPONENT: u8 = 6;
/// The largest block number: 20 bits.
const MAX_NUMBER: u32 = (1 << 20) - 1;

/// The value of a block option (section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// NUM: which block.
    pub number: u32,
    /// M: more blocks follow.
    pub more: bool,
    /// SZX: blocks have 2^(SZX + 4) bytes.
    pub exponent: u8,
}

impl Block {
    /// Reads the value of an option; `None` for more than three bytes or the reserved exponent 7.
    #[must_use]
    pub fn read(value: &[u8]) -> Option<Self> {
        let bits = coap::read_uint(value).filter(|_| value.len() <= 3)?;
        let exponent = u8::try_from(bits & 7).ok().filter(|exponent| *exponent <= MAX_EXPONENT)?;
        Some(Self { number: bits >> 4, more: bits & 8 != 0, exponent })
    }

    /// The value of the option.
    #[must_use]
    pub fn value(self) -> u32 {
        self.number << 4 | u32::from(self.more) << 3 | u32::from(self.exponent & 7)
    }

    /// Bytes of a full block.
    #[must_use]
    pub const fn size(self) -> usize {
        1 << (self.exponent + 4)
    }
}

/// The option stands in the message and says that the payload is not the whole body.
#[must_use]
pub fn is_part(message: &Message<'_>, option: u16) -> bool {
    let block = message.option(option).and_then(Block::read);
    block.is_some_and(|block| block.more || block.number > 0)
}

/// A block of `body` and its option; `None` if the body ends before it or the exponent is reserved.
#[must_use]
pub fn slice(body: &[u8], number: u32, exponent: u8) -> Option<(Block, &[u8])> {
    if exponent > MAX_EXPONENT || number > MAX_NUMBER {
        return None;
    }
    let block = Block { number, more: false, exponent };
    let start = usize::try_from(number).ok()?.checked_mul(block.size())?;
    let rest = body.get(start..).filter(|rest| !rest.is_empty() || start == 0)?;
    let part = rest.get(..block.size()).unwrap_or(rest);
    Some((Block { more: part.len() < rest.len(), ..block }, part))
}

/// Why a block does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockFault {
    /// Blocks before it are missing (section 2.9.2).
    #[error("a block before it is missing")]
    Incomplete,
    /// The body would be longer than [`MAX_BLOCK_BODY`] (section 2.9.3).
    #[error("the body is longer than the limit")]
    TooLarge,
    /// A block that is not the last is not full, or a block is empty.
    #[error("a block has the wrong size")]
    Size,
}

impl BlockFault {
    /// The CoAP code of the answer.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Incomplete => Code::new(4, 8),
            Self::TooLarge => Code::new(4, 13),
            Self::Size => Code::BAD_REQUEST,
        }
    }
}

/// One body being put together, block after block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assembly {
    bytes: Vec<u8>,
}

impl Assembly {
    /// Takes the next block; the body if it was the last one. Block 0 begins anew, and a block that was
    /// taken already changes nothing (section 2.5).
    ///
    /// # Errors
    /// Names what is wrong with the block; the caller drops the transfer.
    pub fn take(&mut self, block: Block, payload: &[u8]) -> Result<Option<Vec<u8>>, BlockFault> {
        let start =
            usize::try_from(block.number).unwrap_or(usize::MAX).saturating_mul(block.size());
        if payload.len() > block.size()
            || block.more && payload.len() < block.size()
            || payload.is_empty() && block.number > 0
        {
            return Err(BlockFault::Size);
        }
        if start == 0 {
            self.bytes.clear();
        }
        let end = start.saturating_add(payload.len());
        if end > MAX_BLOCK_BODY {
            return Err(BlockFault::TooLarge);
        }
        let repeated =
            block.more && self.bytes.get(start..end).is_some_and(|known| known == payload);
        if repeated && start > 0 {
            return Ok(None);
        }
        if start != self.bytes.len() {
            return Err(BlockFault::Incomplete);
        }
        self.bytes.extend_from_slice(payload);
        Ok(if block.more { None } else { Some(std::mem::take(&mut self.bytes)) })
    }
}

/// Bodies under way, by a key of the caller: the peer with the target, as section 2.5 asks.
#[derive(Clone, Debug)]
pub struct Assemblies<K> {
    /// The one that moved last stands last.
    entries: VecDeque<(K, Assembly)>,
}

impl<K> Default for Assemblies<K> {
    fn default() -> Self {
        Self { entries: VecDeque::new() }
    }
}

impl<K: PartialEq> Assemblies<K> {
    /// Takes a block of the transfer with this key. A new transfer beyond [`MAX_BLOCK_TRANSFERS`] drops
    /// the one that has been still for longest, so that transfers given up by their senders hold nothing
    /// for ever.
    ///
    /// # Errors
    /// Names what is wrong with the block; the transfer is dropped.
    pub fn take(
        &mut self,
        key: K,
        block: Block,
        payload: &[u8],
    ) -> Result<Option<Vec<u8>>, BlockFault> {
        let known = self.entries.iter().position(|(known, _)| *known == key);
        let known = known.and_then(|at| self.entries.remove(at));
        if known.is_none() && block.number > 0 {
            return Err(BlockFault::Incomplete);
        }
        let mut assembly = known.map(|(_, assembly)| assembly).unwrap_or_default();
        let body = assembly.take(block, payload)?;
        if body.is_none() {
            if self.entries.len() == MAX_BLOCK_TRANSFERS {
                self.entries.pop_front();
            }
            self.entries.push_back((key, assembly));
        }
        Ok(body)
    }

    /// Transfers under way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u32, more: bool) -> Block {
        Block { number, more, exponent: 0 }
    }

    #[test]
    fn the_value_has_its_three_fields() {
        // RFC 7959 section 3.1: 1/0/128 and the like.
        assert_eq!(Block::read(&[0x16]), Some(Block { number: 1, more: false, exponent: 6 }));
        assert_eq!(Block::read(&[]), Some(block(0, false)));
        assert_eq!(Block::read(&[0x07]), None);
        assert_eq!(Block::read(&[0, 0, 0, 0]), None);
        let largest = Block { number: MAX_NUMBER, more: true, exponent: 6 };
        assert_eq!(Block::read(&largest.value().to_be_bytes()[1..]), Some(largest));
    }

    #[test]
    fn what_is_cut_is_put_together() {
        let body: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        for exponent in 0..=MAX_EXPONENT {
            let mut assembly = Assembly::default();
            let mut number = 0;
            let whole = loop {
                let (block, part) = slice(&body, number, exponent).unwrap();
                if let Some(whole) = assembly.take(block, part).unwrap() {
                    break whole;
                }
                number += 1;
            };
            assert_eq!(whole, body);
            assert!(slice(&body, number + 1, exponent).is_none());
        }
        assert_eq!(slice(&[], 0, 2).unwrap().1, b"");
        assert!(slice(&body, 0, 7).is_none());
    }

    #[test]
    fn a_body_may_end_on_a_border_and_blocks_may_change_their_size() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.take(Block { exponent: 1, ..block(0, true) }, &[1; 32]), Ok(None));
        assert_eq!(assembly.take(block(2, true), &[2; 16]), Ok(None));
        let whole = assembly.take(block(3, false), &[3; 16]).unwrap().unwrap();
        assert_eq!(whole.len(), 64);
    }

    #[test]
    fn each_fault_has_its_cause() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.take(block(1, true), &[0; 16]), Err(BlockFault::Incomplete));
        assert_eq!(assembly.take(block(0, true), &[0; 15]), Err(BlockFault::Size));
        assert_eq!(assembly.take(block(0, false), &[0; 17]), Err(BlockFault::Size));
        assert_eq!(assembly.take(block(0, true), &[7; 16]), Ok(None));
        assert_eq!(assembly.take(block(1, true), &[8; 16]), Ok(None));
        // Repeated as it was: nothing happens. Repeated otherwise: it is no repetition.
        assert_eq!(assembly.take(block(1, true), &[8; 16]), Ok(None));
        assert_eq!(assembly.take(block(1, true), &[9; 16]), Err(BlockFault::Incomplete));
        assert_eq!(assembly.take(block(3, false), &[0; 1]), Err(BlockFault::Incomplete));
        let beyond = Block { number: 64, more: true, exponent: 6 };
        assert_eq!(assembly.take(beyond, &[0; 1_024]), Err(BlockFault::TooLarge));
        assert_eq!(BlockFault::Incomplete.code().to_string(), "4.08");
        assert_eq!(BlockFault::TooLarge.code().to_string(), "4.13");
    }

    #[test]
    fn transfers_are_kept_apart_and_bounded() {
        let mut all = Assemblies::default();
        for key in 0..MAX_BLOCK_TRANSFERS + 1 {
            assert_eq!(all.take(key, block(0, true), &[1; 16]), Ok(None));
        }
        assert_eq!(all.len(), MAX_BLOCK_TRANSFERS);
        // The first was dropped, the last was not.
        assert_eq!(all.take(0, block(1, false), &[2]), Err(BlockFault::Incomplete));
        let whole = all.take(MAX_BLOCK_TRANSFERS, block(1, false), &[2]).unwrap().unwrap();
        assert_eq!(whole.len(), 17);
        assert_eq!(all.len(), MAX_BLOCK_TRANSFERS - 1);
        // A fault drops the transfer.
        assert!(all.take(1, block(1, true), &[0; 3]).is_err());
        assert_eq!(all.len(), MAX_BLOCK_TRANSFERS - 2);
    }
}
