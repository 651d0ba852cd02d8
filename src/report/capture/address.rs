//! The addresses and names of nodes in a capture, which follow from their numbers alone.

use std::net::Ipv6Addr;

use etherparse::PacketBuilder;

use crate::measure::{Frame, Group, Seen};

/// Port of CoAP over DTLS at servers (RFC 7252 section 6.2).
const COAPS: u16 = 5_684;
/// Port of CoAP at servers (RFC 7252 section 6.1).
const COAP: u16 = 5_683;
/// Port of every client: the first dynamic one (RFC 6335 section 6). Each client has an address of its
/// own and one registrar.
const CLIENT: u16 = 49_152;
/// The same for what is inside: on the port of the datagrams, an analyser that decrypts them would take
/// each message for a repetition of the other.
const CLIENT_INSIDE: u16 = 49_153;
const HOP_LIMIT: u8 = 64;
/// What fits one UDP datagram over IPv6. Longer ones, which no link would carry, are shown cut.
const PAYLOAD_MAX: usize = 65_535 - 8;

/// The address of a node: in a unique local network (RFC 4193) whose global ID reads KSTOR.
pub(super) const fn ipv6(node: u32) -> Ipv6Addr {
    let [a, b, c, d] = node.to_be_bytes();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Ipv6Addr::new(0xfd4b, 0x5354, 0x4f52, 0, 0, 1, high, low)
}

/// The hardware address of a node: locally administered.
const fn mac(node: u32) -> [u8; 6] {
    let [a, b, c, d] = node.to_be_bytes();
    [2, 0, a, b, c, d]
}

/// The name of a node, as in its identity. Groups number their nodes one after the other.
pub(super) fn name(groups: &[Group], node: u32) -> Option<String> {
    let mut member = node;
    for group in groups {
        if member < group.count {
            return Some(format!("{}-{member}", group.name));
        }
        member -= group.count;
    }
    None
}

/// The bytes of a frame on its interface, and how long they would be uncut.
pub(super) fn bytes(frame: &Frame) -> (Vec<u8>, usize) {
    let payload = &frame.bytes[..frame.bytes.len().min(PAYLOAD_MAX)];
    let (from, to) = (ipv6(frame.from).octets(), ipv6(frame.to).octets());
    let (client, server) =
        if frame.seen == Seen::Inside { (CLIENT_INSIDE, COAP) } else { (CLIENT, COAPS) };
    let ports = if frame.by_client { (client, server) } else { (server, client) };
    let ip = match frame.seen {
        Seen::Link { sender, receiver, .. } => {
            PacketBuilder::ethernet2(mac(sender), mac(receiver)).ipv6(from, to, HOP_LIMIT)
        }
        Seen::Inside => PacketBuilder::ipv6(from, to, HOP_LIMIT),
    };
    let packet = ip.udp(ports.0, ports.1);
    let mut bytes = Vec::with_capacity(packet.size(payload.len()));
    // Writing to memory succeeds, and the payload fits.
    let written = packet.write(&mut bytes, payload);
    debug_assert!(written.is_ok(), "{written:?}");
    let uncut = bytes.len() + frame.bytes.len() - payload.len();
    (bytes, uncut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Fate, Tier};

    #[test]
    fn every_node_has_a_name_and_addresses_of_its_own() {
        let group = |name: &str, count| Group {
            name: name.to_owned(),
            tier: Tier::Device,
            count,
            workers: 1,
        };
        let groups = [group("in", 1), group("gw", 2), group("meters", 70_000)];
        let names = [0, 1, 2, 3, 70_002].map(|node| name(&groups, node).unwrap());
        assert_eq!(names, ["in-0", "gw-0", "gw-1", "meters-0", "meters-69999"]);
        assert_eq!(name(&groups, 70_003), None);
        assert_eq!(ipv6(70_002).to_string(), "fd4b:5354:4f52::1:1:1172");
        assert_eq!(mac(70_002), [2, 0, 0, 1, 0x11, 0x72]);
    }

    #[test]
    fn what_is_too_long_for_udp_is_cut_and_says_how_long_it_was() {
        let seen = Seen::Link { link: 0, sender: 1, receiver: 2, fate: Fate::Arrives };
        let frame = Frame { seen, from: 1, to: 3, by_client: true, bytes: vec![0; 70_000] };
        let (bytes, uncut) = bytes(&frame);
        assert_eq!((bytes.len(), uncut), (14 + 40 + 65_535, 14 + 40 + 8 + 70_000));
    }
}
