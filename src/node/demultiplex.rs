//! How a server tells its clients apart by connection ID and address.

use super::event::Packet;
use crate::association::ConnectionId;

/// Bytes of a client's number.
const NUMBER_LEN: usize = size_of::<u32>();
const FITS: &str = "connection IDs are bounded by the scenario";

/// The connection ID of `len` bytes for the client with this number: the number itself, so that it leads to
/// the client's entry without a search. A plan keeps numbers within the length. Associations that follow
/// each other with one client share it, and an observer can link them (RFC 9146 section 8).
pub(super) fn id_of(number: u32, len: usize) -> ConnectionId {
    let number = number.to_be_bytes();
    let mut bytes = vec![0; len.saturating_sub(NUMBER_LEN)];
    bytes.extend_from_slice(&number[NUMBER_LEN.saturating_sub(len)..]);
    ConnectionId::new(&bytes).expect(FITS)
}

/// The number of the client whose connection ID this is, if it can be one.
pub(super) fn number_of(id: &ConnectionId) -> Option<u32> {
    let value = |sum: u32, byte: &u8| Some(sum.checked_mul(256)? | u32::from(*byte));
    id.as_bytes().iter().try_fold(0, value)
}

/// The address that a packet of a client came from, as a cookie is bound to it.
pub(super) fn address_bytes(packet: &Packet) -> Vec<u8> {
    let mut bytes = packet.from.0.to_be_bytes().to_vec();
    // A first address has no number, so that it reads as it did before addresses could change.
    if packet.address > 0 {
        bytes.extend_from_slice(&packet.address.to_be_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_number() {
        for (number, len) in [(0, 1), (255, 1), (256, 2), (77, 8), (u32::MAX, 4), (u32::MAX, 20)] {
            let id = id_of(number, len);
            assert_eq!((id.len(), number_of(&id)), (len, Some(number)));
        }
        assert_eq!(id_of(7, 0), ConnectionId::EMPTY);
        assert_eq!(number_of(&ConnectionId::new(&[1, 0, 0, 0, 0]).unwrap()), None);
    }
}
