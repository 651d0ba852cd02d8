//! What was said over real sockets as a capture: the messages alone, in packets that are made up around them.

use std::borrow::Cow;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use etherparse::PacketBuilder;
use pcap_file::pcapng::PcapNgBlock as _;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{DataLink, Endianness};

/// Bytes of a TCP segment.
const SEGMENT: usize = 1_400;
/// Bytes of one UDP datagram.
const DATAGRAM_MAX: usize = 65_507;
/// Port of the first exchange on our side; each has its own.
const FIRST_PORT: u16 = 49_152;
const HOP_LIMIT: u8 = 64;
/// Bytes of a receive window, for dissectors.
const WINDOW: u16 = u16::MAX;

/// A capture of messages: where the other end is, when (nanoseconds), whether by us, and what. A message of ours that
/// follows one of theirs begins another connection.
///
/// # Errors
/// None that memory does not make.
pub fn exchange_capture(
    spoken: &[(SocketAddr, u64, bool, Vec<u8>)],
    udp: bool,
    about: &str,
) -> io::Result<Vec<u8>> {
    let section = SectionHeaderBlock {
        endianness: Endianness::Little,
        options: vec![
            SectionHeaderOption::Comment(about.to_owned().into()),
            SectionHeaderOption::UserApplication(
                concat!("keystorm ", env!("CARGO_PKG_VERSION")).into(),
            ),
        ],
        ..SectionHeaderBlock::default()
    };
    let interface = InterfaceDescriptionBlock {
        linktype: DataLink::RAW,
        snaplen: 0,
        options: vec![InterfaceDescriptionOption::IfTsResol(9)],
    };
    let failed = |error: pcap_file::PcapError| io::Error::other(error);
    let mut writer = PcapNgWriter::with_section_header(Vec::new(), section).map_err(failed)?;
    writer.write_block(&interface.into_block()).map_err(failed)?;
    let (mut port, mut last, mut sequence) = (FIRST_PORT, false, [1_u32, 1]);
    for (peer, when, ours, bytes) in spoken {
        if *ours && !last {
            port = port.checked_add(1).unwrap_or(FIRST_PORT);
            sequence = [1, 1];
        }
        last = *ours;
        let size = if udp { DATAGRAM_MAX } else { SEGMENT };
        for part in bytes.chunks(size) {
            let data = packet(*peer, port, *ours, udp, sequence, part)?;
            let block = EnhancedPacketBlock {
                interface_id: 0,
                timestamp: Duration::from_nanos(*when),
                original_len: u32::try_from(data.len()).unwrap_or(u32::MAX),
                data: Cow::Owned(data),
                options: Vec::new(),
            };
            writer.write_block(&block.into_block()).map_err(failed)?;
            let own = if *ours { &mut sequence[0] } else { &mut sequence[1] };
            *own = own.wrapping_add(u32::try_from(part.len()).unwrap_or(0));
        }
    }
    Ok(writer.into_inner())
}

fn packet(
    peer: SocketAddr,
    port: u16,
    ours: bool,
    udp: bool,
    [own, theirs]: [u32; 2],
    part: &[u8],
) -> io::Result<Vec<u8>> {
    let (from, to) = if ours { (port, peer.port()) } else { (peer.port(), port) };
    let (next, seen) = if ours { (own, theirs) } else { (theirs, own) };
    let builder = match peer.ip() {
        IpAddr::V4(ip) => {
            let here =
                if ip.is_loopback() { Ipv4Addr::LOCALHOST } else { Ipv4Addr::new(192, 0, 2, 1) };
            let (a, b) = if ours { (here, ip) } else { (ip, here) };
            PacketBuilder::ipv4(a.octets(), b.octets(), HOP_LIMIT)
        }
        IpAddr::V6(ip) => {
            let (a, b) = if ours { (Ipv6Addr::LOCALHOST, ip) } else { (ip, Ipv6Addr::LOCALHOST) };
            PacketBuilder::ipv6(a.octets(), b.octets(), HOP_LIMIT)
        }
    };
    let mut bytes = Vec::with_capacity(part.len() + 60);
    let written = if udp {
        builder.udp(from, to).write(&mut bytes, part)
    } else {
        builder.tcp(from, to, next, WINDOW).ack(seen).psh().write(&mut bytes, part)
    };
    written.map_err(io::Error::other)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_holds_what_was_said() {
        let peer: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        let spoken = [
            (peer, 1, true, b"GET / HTTP/1.1\r\n\r\n".to_vec()),
            (peer, 2, false, vec![b'x'; 5_000]),
        ];
        let capture = exchange_capture(&spoken, false, "a test").unwrap();
        let mut reader = pcap_file::pcapng::PcapNgReader::new(capture.as_slice()).unwrap();
        let mut packets = 0;
        while let Some(block) = reader.next_block() {
            packets += usize::from(block.unwrap().into_enhanced_packet().is_some());
        }
        assert_eq!(packets, 1 + 4);
    }
}
